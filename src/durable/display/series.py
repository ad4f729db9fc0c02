"""The tables, the figure and the page of a series of data cut-offs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from durable.display.tables import write_table
from durable.figures import forest
from durable.figures.points import read_points
from durable.figures.saving import save
from durable.figures.spec import SAFETY_SET, Caption, DrawnFigure
from durable.figures.style import settings
from durable.figures.typefaces import type_families
from durable.files import write_text
from durable.language import N_, _
from durable.outputs import entry_of_table, tables_of_series
from durable.outputs.ard import read_ard
from durable.outputs.definition_list import definitions_in_force
from durable.outputs.page_head import page_head
from durable.outputs.table import Table
from durable.outputs.tables import Sources, make_table
from durable.pages import render_page
from durable.plan import Plan
from durable.plan.cutoffs import analysis_ids
from durable.registry import dataset_names
from durable.stage import STAGES

_TITLE = N_("Estimates by data cut-off (forest plot)")

_NOTES = (
    N_(
        "Each cut-off is applied to the current input files: a record that was entered or corrected"
        " later is included at every cut-off that its date allows. An analysis as performed at the"
        " time has a results folder of its own; snakemake compare reports the differences."
    ),
    N_(
        "The analyses share subjects: the estimates are not independent, and the confidence"
        " intervals are not adjusted for multiple looks."
    ),
)


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv`` and ``analyses.csv``; write ``tables/``, ``figures/``, ``series.html``."""
    shown = list(tables(plan, folder))
    for table in shown:
        write_table(table, folder, page_head(plan, study(plan)))
    points = folder / "figures" / "f_series.csv"
    caption = _caption(plan)
    with type_families(plan) as families, settings(families):
        figure = forest.draw(read_points(points, forest.COLUMNS), plan, caption)
        save([figure], points.with_suffix(""), caption)
    write_text(folder / "series.html", _page(plan, folder, shown))


def tables(plan: Plan, folder: Path) -> Iterator[Table]:
    """The tables of the report that a series shows, with a column for each data cut-off.

    Parameters
    ----------
    folder
        Folder of the series, with its ``ard.csv``.
    """
    ard = read_ard(folder)
    input_files = sources(folder)
    digest = plan.digest(STAGES["series"].sections)
    for name in tables_of_series(plan):
        output = entry_of_table(name).load()
        table = output.table(name)
        if table.by_cutoff is not None:
            table = replace(table, rows=table.by_cutoff)
        shown = make_table(output, table, ard, plan, input_files, digest)
        yield replace(
            shown,
            title=_("{title}, by data cut-off").format(title=shown.title),
            subtitles=(
                _("{population}; {cutoffs}").format(
                    population=_(table.population or output.population), cutoffs=_cutoffs(plan)
                ),
            ),
            footnotes=(*notes(), *shown.footnotes),
        )


def sources(folder: Path) -> Sources:
    """Input files of the analyses by table, as ``validated/sources.json`` has them.

    Parameters
    ----------
    folder
        Folder of the series, in the results of the analysis whose input files are read.
    """
    input_files: Sources = json.loads(
        (folder.parent / "validated" / "sources.json").read_text("utf-8")
    )
    return input_files


def study(plan: Plan) -> str:
    """Title of the analysis and its data cut-offs, for the head of pages."""
    return _("{title}, {cutoffs}").format(title=plan.analysis.title, cutoffs=_cutoffs(plan))


def _cutoffs(plan: Plan) -> str:
    return _("data cut-offs {dates}").format(dates=", ".join(map(str, analysis_ids(plan))))


def notes() -> tuple[str, ...]:
    """Footnotes of every table of a series, in the language in force."""
    return tuple(map(_, _NOTES))


def _caption(plan: Plan) -> Caption:
    """The caption of the figure; its definitions are in the list of definitions of the page."""
    digest = plan.digest(STAGES["series"].sections)[:12]
    return Caption(
        _("Figure {number}").format(number=1),
        _(_TITLE),
        _("Population: {population}; duration of response: subjects in remission").format(
            population=_(SAFETY_SET)
        ),
        study(plan),
        (
            _("Bold, and dashed line: the analysis at {date}.").format(
                date=plan.analysis.data_cutoff
            ),
            _(
                "Improvement rates: subjects whose visit window is still open count as not"
                " improved. The estimates are not independent."
            ),
            _("Source: plotted values in {file}. Plan {digest}.").format(
                file="series/figures/f_series.csv", digest=digest
            ),
        ),
    )


def _page(plan: Plan, folder: Path, shown: list[Table]) -> str:
    with (folder / "analyses.csv").open(encoding="utf-8", newline="") as file:
        analyses = list(csv.DictReader(file))
    return render_page(
        "series.html.jinja",
        plan=plan,
        analyses=analyses,
        notes=notes(),
        tables=shown,
        figures=[DrawnFigure("f_series", _caption(plan), folder / "figures")],
        definitions=list(definitions_in_force(plan, dataset_names(sources(folder), plan))),
        digest=plan.digest(STAGES["series"].sections),
    )
