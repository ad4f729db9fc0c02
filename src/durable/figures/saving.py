"""Drawings as files: the same bytes for the same points and plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.figures.spec import STACK_END, STACKED, Caption
from durable.figures.style import DPI
from durable.files import atomic_path, write_text
from durable.language import _

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Size of a drawing as matplotlib writes it.
_SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')


def save(
    pages: Sequence[Figure], stem: Path, caption: Caption, forms: Sequence[str] = ("svg", "png")
) -> None:
    """Write a figure as files named ``stem``: the same bytes for the same points and plan.

    Several pages lie below one another in both; `DrawnFigure.pages` takes the SVG apart again.

    Parameters
    ----------
    pages
        The pages of the figure, all of one size.
    stem
        The files without their ending.
    caption
        Caption of the figure.
    forms
        ``svg``, and ``png`` where that is wanted; the SVG is written in any case.

    Raises
    ------
    ValueError
        Where the pages are not of one size.
    """
    import matplotlib

    if len({tuple(page.get_size_inches()) for page in pages}) > 1:
        raise ValueError(f"{stem.name}: pages of several sizes")
    if caption.draft:
        _mark_drafts(pages)
    with matplotlib.rc_context({"svg.hashsalt": stem.name}):
        drawings = []
        for number, page in enumerate(pages, start=1):
            name = stem.name if number == 1 else f"{stem.name}-page{number}"
            drawings.append(accessible(_svg(page), name, caption.of_page(number, len(pages))))
        write_text(stem.with_suffix(".svg"), _stacked_svg(drawings, caption))
        if "png" in forms:
            with atomic_path(stem.with_suffix(".png")) as aside:
                _save_png(pages, aside)


def _mark_drafts(pages: Sequence[Figure]) -> None:
    """The word DRAFT across each page, faint and over the drawing: axes hide what is behind."""
    for page in pages:
        page.text(
            *(0.5, 0.5, _("DRAFT")),
            fontsize=90,
            color="black",
            alpha=0.07,
            rotation=30,
            ha="center",
            va="center",
            gid="watermark",
        )


def _svg(figure: Figure) -> str:
    text = StringIO()
    unmarked = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(text, format="svg", metadata=unmarked)
    return text.getvalue()


def _stacked_svg(drawings: Sequence[str], caption: Caption) -> str:
    """SVGs of one size below one another, as one; an only one as it is."""
    if len(drawings) == 1:
        return drawings[0]
    size = _SIZE.search(drawings[0])
    if size is None:
        raise ValueError("an SVG without its size")
    width, height = (float(length) for length in size.groups())
    total = f"{height * len(drawings):g}"
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}pt" height="{total}pt"'
        f' viewBox="0 0 {width:g} {total}" version="1.1">\n'
        f" <title>{escape(caption.heading)}</title>\n"
    ]
    for i, drawing in enumerate(drawings):
        _, page = drawing.split("\n", 1)
        # Within another drawing lengths are in its units, which are points.
        page = _SIZE.sub(r'width="\1" height="\2"', page, count=1)
        parts.append(f'{STACKED}{i * height:g}"{page.removeprefix("<svg")}')
    return "".join([*parts, STACK_END])


def _save_png(pages: Sequence[Figure], path: Path) -> None:
    # A higher level takes longer and, of drawings, makes no smaller file.
    level = {"compress_level": 3}
    kept: dict[str, Any] = {"metadata": {"Software": None}, "pil_kwargs": level}
    if len(pages) == 1:
        pages[0].savefig(path, format="png", dpi=DPI, **kept)
        return
    from PIL import Image

    images = []
    for page in pages:
        drawn = BytesIO()
        page.savefig(drawn, format="png", dpi=DPI, **kept)
        images.append(Image.open(drawn))
    width, height = images[0].size
    stack = Image.new("RGB", (width, height * len(images)))
    for i, image in enumerate(images):
        stack.paste(image.convert("RGB"), (0, i * height))
    stack.save(path, format="PNG", dpi=(DPI, DPI), **level)


def save_pdf(pages: Sequence[Figure], path: Path, caption: Caption) -> None:
    """Write the pages of a figure as a PDF: the same bytes for the same points and plan."""
    from matplotlib.backends.backend_pdf import PdfPages

    if caption.draft:
        _mark_drafts(pages)
    named = {"Title": caption.heading}
    undated = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    with atomic_path(path) as aside, PdfPages(aside, metadata={**named, **undated}) as file:
        for page in pages:
            file.savefig(page)


def accessible(svg: str, name: str, caption: Caption) -> str:
    """An SVG with a title and description, and with identifiers that are unique to the figure.

    So several figures can stand in one HTML page. The document type, which names a file on the
    network, is left out. `name` stands before each identifier; ValueError for a text without
    ``<svg``.
    """
    start = svg.index("<svg ")
    end = svg.index(">", start)
    body = _rename_identifiers(svg[end + 1 :], name)
    title, description = escape(caption.heading), escape(caption.text)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'{svg[start:end]} role="img" aria-labelledby="{name}-title {name}-desc">\n'
        f' <title id="{name}-title">{title}</title>\n'
        f' <desc id="{name}-desc">{description}</desc>{body}'
    )


def _rename_identifiers(svg: str, name: str) -> str:
    """Identifiers and what refers to them with the figure's name ahead; the like are numbered."""
    times: Counter[str] = Counter()

    def id_attribute(match: re.Match[str]) -> str:
        times[match[1]] += 1
        number = f"-{times[match[1]]}" if times[match[1]] > 1 else ""
        return f'id="{name}-{match[1]}{number}'

    svg = re.sub(r'\bid="([^"]*)', id_attribute, svg)
    return svg.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
