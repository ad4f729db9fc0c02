"""Writes the deliveries that the plan asks for, from the results of the analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

from durable.deliveries import asked_for
from durable.display.key_results import Bound, Opening, opening
from durable.display.layout import Layout, lay_out
from durable.display.listing_layout import listing_layouts
from durable.display.report_summary import summary
from durable.display.tables import all_tables
from durable.export.datasets import Dataset, read_datasets
from durable.export.delivered_sources import read_delivered_sources, with_delivered_sources
from durable.export.transport import Change, fit_to_xpt
from durable.figures.captions import drawn_figure, figures_drawn
from durable.figures.point_files import shown_figures
from durable.figures.spec import DrawnFigure
from durable.language import ENGLISH, current_language, language
from durable.outputs.ard import Ard, read_ard
from durable.outputs.datasets import ResultsFolder
from durable.outputs.definition_list import definition_list
from durable.outputs.table import Table
from durable.plan import Plan


@dataclass(frozen=True)
class FinishedAnalysis:
    """The results that deliveries are made from, each read when first asked for."""

    plan: Plan
    folder: Path
    """Folder of results."""

    @cached_property
    def ard(self) -> Ard:
        """The analysis results."""
        return read_ard(self.folder)

    @cached_property
    def tables(self) -> list[Table]:
        """The tables, in the order of their numbers."""
        return all_tables(self.ard, self.plan, self.folder)

    @cached_property
    def layouts(self) -> list[Layout]:
        """The tables in pages, in the order of their numbers."""
        return [lay_out(table) for table in self.tables]

    @cached_property
    def listings(self) -> dict[str, list[Layout]]:
        """The parts of each listing in pages, by its name, in the order of their numbers."""
        return listing_layouts(self.plan, self.folder)

    @property
    def listing_layouts(self) -> list[Layout]:
        """The parts of all listings in pages."""
        return [layout for parts in self.listings.values() for layout in parts]

    @cached_property
    def definitions(self) -> Layout:
        """The list of definitions in pages, which ends a document."""
        return lay_out(definition_list(self.plan, ResultsFolder(self.folder, self.plan).names))

    @cached_property
    def opening(self) -> Opening | None:
        """The key results in pages, which open the document of all tables and figures."""
        pages = [figure.page_count for figure in self.bound_figures]
        results = summary(self.ard, self.plan)
        return opening(results, Bound(self.layouts, pages, self.definitions))

    @cached_property
    def figures(self) -> list[DrawnFigure]:
        """The figures in the order of their numbers."""
        return figures_drawn(self.plan, self.folder)

    @property
    def bound_figures(self) -> list[DrawnFigure]:
        """The figures that are bound together with the tables: without those of a document each."""
        return [figure for figure in self.figures if not figure.appendix]

    @property
    def appendices(self) -> list[DrawnFigure]:
        """The figures that are a document each."""
        entries = shown_figures(self.plan, self.folder)
        return [drawn_figure(one, self.plan, self.folder) for one in entries if one.appendix]

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The analysis datasets with the description of their variables."""
        found = list(read_datasets(self.folder, self.plan))
        delivered = read_delivered_sources(self.folder)
        if delivered is None:
            return found
        return [with_delivered_sources(dataset, delivered) for dataset in found]

    @cached_property
    def transport(self) -> list[tuple[Dataset, list[Change]]]:
        """The datasets as SAS transport files hold them, with what had to change for that."""
        return [fit_to_xpt(dataset, self.plan.outputs.xpt_text) for dataset in self.datasets]

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Names of the datasets of the analysis, in lower case."""
        return ResultsFolder(self.folder, self.plan).names

    def delivers(self, name: str) -> bool:
        """Whether the plan asks for a delivery.

        Parameters
        ----------
        name
            ``rtf``, ``xpt`` or another one of `durable.deliveries.DELIVERIES`; False for any other.
        """
        return name in self.asked

    @property
    def asked(self) -> tuple[str, ...]:
        """Names of the deliveries that the plan asks for."""
        return (*self.plan.outputs.documents, *self.plan.outputs.datasets)


def deliver(plan: Plan, folder: Path) -> None:
    """Write every delivery that the plan asks for: documents in the language of the outputs.

    What a reviewer's programs read, and what describes it, is English in any language.

    Parameters
    ----------
    plan
        The analysis plan.
    folder
        Folder of results.
    """
    spoken = current_language()
    # What was read in one language is not shown in another.
    analyses = {name: FinishedAnalysis(plan, folder) for name in (spoken, ENGLISH)}
    for delivery in asked_for(analyses[ENGLISH].asked):
        name = spoken if delivery.key == "documents" else ENGLISH
        with language(name):
            import_module(f"durable.export.{delivery.module}").write(analyses[name])
