"""Pages of the audit and of the comparison; whatever comes from data is escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable.pages import render_page

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Section:
    """A heading with a table or a figure under it."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str = ""
    bad: Collection[int] = ()
    """Rows to mark."""
    figure: Markup | None = None
    """Markup made here."""


def page(
    title: str,
    verdict: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    *,
    good: bool,
) -> str:
    """A page that stands alone: a sentence, facts, and sections."""
    return render_page(
        "audit.html.jinja", title=title, verdict=verdict, facts=facts, sections=sections, good=good
    )
