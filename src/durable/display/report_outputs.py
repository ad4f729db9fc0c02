"""The tables and figures as the page of the report arranges them: a figure beside its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from durable.contents import BESIDE, SECTIONS, section_of
from durable.deliveries import Delivery, asked_for
from durable.figures.spec import DrawnFigure
from durable.outputs.table import Table
from durable.plan import Plan


@dataclass(frozen=True)
class Shown:
    """A table or a figure on the page."""

    output: Table | DrawnFigure
    is_open: bool
    """Whether it is unfolded when the page opens: a main table, and the first figure beside it.

    A supplement is not, nor a figure that is a document of its own.
    """
    files: tuple[tuple[str, str], ...]
    """Files of the output: name of the form (``RTF``), and path from the page."""

    @property
    def name(self) -> str:
        """Name of the output, ``t_dor``; also its anchor on the page."""
        return self.output.name

    @property
    def heading(self) -> str:
        """``Table 14.2.1. Disease improvement rate``, or so of a figure.

        The title alone for a table without a number.
        """
        output = self.output
        return output.heading if isinstance(output, Table) else output.caption.heading

    @property
    def is_table(self) -> bool:
        """Whether the output is a table: else it is a figure."""
        return isinstance(self.output, Table)


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    title: str
    """In English; the page shows it in its own language."""
    shown: tuple[Shown, ...]

    @property
    def anchor(self) -> str:
        """Anchor of the section on the page: the title in lower case, with hyphens."""
        return self.title.lower().replace(" ", "-")


def sections(
    tables: Sequence[Table], figures: Sequence[DrawnFigure], plan: Plan
) -> Iterator[Section]:
    """The sections that have anything to show, each with its tables and figures in their order.

    A figure stands behind its main table, and both before the table's supplement; a figure whose
    table is not shown stands at the end of its section.
    """
    documents = plan.outputs.documents
    for title in SECTIONS.values():
        section_tables = [table for table in tables if section_of(table.name) == title]
        remaining_figures = [figure for figure in figures if section_of(figure.name) == title]
        shown: list[Shown] = []
        for table in section_tables:
            is_main = not table.name.endswith("_s")
            shown.append(Shown(table, is_main, tuple(_table_files(table, documents))))
            beside = [
                figure for figure in remaining_figures if BESIDE.get(figure.name) == table.name
            ]
            for i, figure in enumerate(beside):
                shown.append(Shown(figure, i == 0, tuple(_figure_files(figure, documents))))
                remaining_figures.remove(figure)
        shown += [
            Shown(f, not f.appendix, tuple(_figure_files(f, documents))) for f in remaining_figures
        ]
        if shown:
            yield Section(title, tuple(shown))


def _table_files(table: Table, documents: Sequence[str]) -> Iterator[tuple[str, str]]:
    for form in ("rtf", *(("docx",) if "docx" in documents else ()), "html", "csv"):
        yield form.upper(), f"tables/{table.name}.{form}"


def _figure_files(figure: DrawnFigure, documents: Sequence[str]) -> Iterator[tuple[str, str]]:
    drawn = ("svg",) if figure.appendix else ("svg", "png")
    for form in (*(("pdf",) if "pdf" in documents else ()), *drawn, "csv"):
        yield form.upper(), f"figures/{figure.name}.{form}"


def deliveries(plan: Plan) -> list[tuple[Delivery, list[str], list[str]]]:
    """The deliveries that the plan asks for, each with its files and its patterns of files.

    Both are paths in the results; a pattern has a name in braces: ``export/xpt/{dataset}.xpt``.
    """
    chosen = asked_for((*plan.outputs.documents, *plan.outputs.datasets))
    return [
        (
            delivery,
            [file for file in delivery.files if "{" not in file],
            [file for file in delivery.files if "{" in file],
        )
        for delivery in chosen
    ]
