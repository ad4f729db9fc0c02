"""Drawings as files: the same bytes for the same points and plan."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.figures.spec import Caption
from durable.figures.style import DPI
from durable.files import atomic_path, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, stem: Path, caption: Caption) -> None:
    """Write ``stem.svg`` and ``stem.png``: the same bytes for the same points and plan."""
    import matplotlib

    name = stem.name
    with matplotlib.rc_context({"svg.hashsalt": name}):
        text = StringIO()
        unmarked = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=unmarked)
        write_text(stem.with_suffix(".svg"), accessible(text.getvalue(), name, caption))
        with atomic_path(stem.with_suffix(".png")) as aside:
            # A higher level takes longer and, of drawings, makes no smaller file.
            level = {"compress_level": 3}
            kept: dict[str, Any] = {"metadata": {"Software": None}, "pil_kwargs": level}
            figure.savefig(aside, format="png", dpi=DPI, **kept)


def save_pdf(figure: Figure, path: Path, caption: Caption) -> None:
    """Write a figure as a PDF of one page: the same bytes for the same points and plan."""
    named = {"Title": caption.heading}
    undated = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    with atomic_path(path) as aside:
        figure.savefig(aside, format="pdf", metadata={**named, **undated})


def accessible(svg: str, name: str, caption: Caption) -> str:
    """An SVG with a title and description, and with identifiers that are unique to the figure.

    So several figures can stand in one HTML page. The document type, which names a file on the
    network, is left out.
    """
    start = svg.index("<svg ")
    end = svg.index(">", start)
    body = _with_own_identifiers(svg[end + 1 :], name)
    title, about = escape(caption.heading), escape(caption.text)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'{svg[start:end]} role="img" aria-labelledby="{name}-title {name}-desc">\n'
        f' <title id="{name}-title">{title}</title>\n'
        f' <desc id="{name}-desc">{about}</desc>{body}'
    )


def _with_own_identifiers(svg: str, name: str) -> str:
    """Identifiers and what refers to them with the figure's name ahead; the like are numbered."""
    times: Counter[str] = Counter()

    def renamed(match: re.Match[str]) -> str:
        times[match[1]] += 1
        number = f"-{times[match[1]]}" if times[match[1]] > 1 else ""
        return f'id="{name}-{match[1]}{number}'

    svg = re.sub(r'\bid="([^"]*)', renamed, svg)
    return svg.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
