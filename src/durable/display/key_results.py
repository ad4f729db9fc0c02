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
    """The parts of a document behind its contents, in their order."""

    layouts: Sequence[Layout]
    """The tables in pages."""
    figure_pages: Sequence[int]
    """Number of pages of each figure."""
    closing: Layout
    """The list of definitions."""


@dataclass(frozen=True)
class Opening:
    """The key results in pages, the first part of a document."""

    layout: Layout
    tables: Mapping[str, str]
    """Name of the table of each result, by the label of the result."""


def opening(results: Sequence[Result], bound: Bound) -> Opening | None:
    """Key results in pages, in front of the contents; None where no table has such a result.

    Each result has the number and page of its table, and the page of its definition.

    Parameters
    ----------
    results
        The results of the summary of the report; those whose table is not in the document are left
        out.
    bound
        The document behind the opening; its pages are numbered after those of the opening.
    """
    tables = {layout.table.name for layout in bound.layouts}
    shown = [result for result in results if result.table in tables]
    if not shown:
        return None
    # How many pages it takes does not depend on the numbers in it.
    blank = lay_out(_table(shown, bound, 0))
    layout = lay_out(_table(shown, bound, len(blank.pages)))
    return Opening(layout, {result.label: result.table for result in shown})


def _table(results: Sequence[Result], bound: Bound, front_pages: int) -> Table:
    numbers = first_pages(bound.layouts, bound.figure_pages, bound.closing, front_pages)
    tables = [layout.table for layout in bound.layouts]
    places = {table.name: (table.number, n) for table, n in zip(tables, numbers, strict=False)}
    rows = [
        row
        for result in results
        for row in _rows(
            result, *places[result.table], numbers[-1] + _page_of_term(result.term, bound.closing)
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
