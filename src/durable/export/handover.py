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
        """The analysis results of ``ard.csv``."""
        return read_ard(self.folder)

    @cached_property
    def tables(self) -> list[Table]:
        """The tables that are shown, in the order of their numbers."""
        return all_tables(self.ard, self.plan, self.folder)

    @cached_property
    def layouts(self) -> list[Layout]:
        """The tables in pages, in the order of their numbers."""
        return [lay_out(table) for table in self.tables]

    @cached_property
    def listings(self) -> dict[str, list[Layout]]:
        """The parts of each listing in pages, by the name of the listing, in their order."""
        return listing_layouts(self.plan, self.folder)

    @property
    def listing_layouts(self) -> list[Layout]:
        """The parts of all listings in pages, one list."""
        return [layout for parts in self.listings.values() for layout in parts]

    @cached_property
    def definitions(self) -> Layout:
        """The list of definitions in pages, the last part of a document."""
        return lay_out(definition_list(self.plan, ResultsFolder(self.folder, self.plan).names))

    @cached_property
    def opening(self) -> Opening | None:
        """The key results in pages, first in the document of all tables and figures; or None."""
        pages = [figure.page_count for figure in self.bound_figures]
        results = summary(self.ard, self.plan)
        return opening(results, Bound(self.layouts, pages, self.definitions))

    @cached_property
    def figures(self) -> list[DrawnFigure]:
        """The figures that were drawn, in the order of their numbers."""
        return figures_drawn(self.plan, self.folder)

    @property
    def bound_figures(self) -> list[DrawnFigure]:
        """The figures that are bound with the tables: all but `appendices`."""
        return [figure for figure in self.figures if not figure.appendix]

    @property
    def appendices(self) -> list[DrawnFigure]:
        """The figures that are a document of their own each, as the patient profiles."""
        entries = shown_figures(self.plan, self.folder)
        return [drawn_figure(one, self.plan, self.folder) for one in entries if one.appendix]

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The analysis datasets with the metadata of their variables, as they are delivered.

        Of a study delivered as an SDTM package SRCDOM, SRCVAR and SRCSEQ name domain, variable and
        --SEQ (`with_delivered_sources`).
        """
        datasets = list(read_datasets(self.folder, self.plan))
        delivered = read_delivered_sources(self.folder)
        if delivered is None:
            return datasets
        return [with_delivered_sources(dataset, delivered) for dataset in datasets]

    @cached_property
    def transport(self) -> list[tuple[Dataset, list[Change]]]:
        """The datasets as SAS transport files hold them, each with the values that it changes."""
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
        return name in self.delivery_names

    @property
    def delivery_names(self) -> tuple[str, ...]:
        """Names of the deliveries that the plan asks for, documents before datasets."""
        return (*self.plan.outputs.documents, *self.plan.outputs.datasets)


def deliver(plan: Plan, folder: Path) -> None:
    """Write every delivery that the plan asks for: documents in the language of the outputs.

    Datasets, their metadata and programs are English, whatever the language of the outputs.

    Parameters
    ----------
    plan
        The analysis plan.
    folder
        Folder of results.
    """
    output_language = current_language()
    # What was read in one language is not shown in another.
    analyses = {name: FinishedAnalysis(plan, folder) for name in (output_language, ENGLISH)}
    for delivery in asked_for(analyses[ENGLISH].delivery_names):
        name = output_language if delivery.key == "documents" else ENGLISH
        with language(name):
            import_module(f"durable.export.{delivery.module}").write(analyses[name])
