"""The first page of a bound document: the key results, where each stands, and where defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from durable.display.layout import Layout, first_pages, lay_out
from durable.display.report_summary import Result
from durable.language import _
from durable.outputs.table import Row, Table


@dataclass(frozen=True)
class Bound:
    """What is bound together in a document."""

    layouts: Sequence[Layout]
    """The tables in pages."""
    figure_pages: Sequence[int]
    """How many pages each figure has."""
    closing: Layout
    """The list of definitions."""


@dataclass(frozen=True)
class Opening:
    """The first page."""

    layout: Layout
    tables: Mapping[str, str]
    """Name of the table of each result, by its label."""


def opening(results: Sequence[Result], bound: Bound) -> Opening | None:
    """The page in front of the contents; None where no table of the document has such a result.

    Parameters
    ----------
    results
        The results of the report's summary.
    bound
        The document behind it, whose pages are numbered on.
    """
    tables = {layout.table.name for layout in bound.layouts}
    shown = [one for one in results if one.table in tables]
    if not shown:
        return None
    # How many pages it takes does not depend on the numbers in it.
    blank = lay_out(_table(shown, bound, 0))
    layout = lay_out(_table(shown, bound, len(blank.pages)))
    return Opening(layout, {one.label: one.table for one in shown})


def _table(results: Sequence[Result], bound: Bound, before: int) -> Table:
    numbers = first_pages(bound.layouts, bound.figure_pages, bound.closing, before)
    tables = [layout.table for layout in bound.layouts]
    places = {table.name: (table.number, n) for table, n in zip(tables, numbers, strict=False)}
    rows = [
        row
        for one in results
        for row in _rows(
            one, *places[one.table], numbers[-1] + _page_of_term(one.term, bound.closing)
        )
    ]
    return Table(
        name="key_results",
        number="",
        title=_("Key results"),
        subtitles=(),
        columns=(_("Estimate"), _("Table"), _("Page"), _("Defined on page")),
        rows=tuple(rows),
        stub=_("Result"),
    )


def _rows(result: Result, number: str, page: int, defined: int) -> Iterator[Row]:
    yield Row(result.label, (result.figure, number, str(page), str(defined)), strong=True)
    for detail in filter(None, result.details):
        yield Row(detail, ("", "", "", ""), indent=1)


def _page_of_term(term: str, closing: Layout) -> int:
    """On which page of the list of definitions a term stands, the first being 0."""
    begins = _("{term}: {sentences}").format(term=term, sentences="")
    for i, page in enumerate(closing.pages):
        if any(note.startswith(begins) for note in page.notes):
            return i
    return 0
