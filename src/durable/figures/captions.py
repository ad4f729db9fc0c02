"""The captions of the figures: heading, and footnotes from the plan."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from durable.figures import FigureEntry
from durable.figures.point_files import shown_figures
from durable.figures.spec import Caption, DrawnFigure, FigureSpec
from durable.language import _
from durable.outputs import definitions
from durable.plan import Plan
from durable.stage import STAGES


def figures_drawn(plan: Plan, folder: Path) -> list[DrawnFigure]:
    """The figures of a folder of results that the plan shows and that have an SVG, in its order."""
    figures = [drawn_figure(entry, plan, folder) for entry in shown_figures(plan, folder)]
    return [figure for figure in figures if figure.file("svg").is_file()]


def drawn_figure(entry: FigureEntry, plan: Plan, folder: Path) -> DrawnFigure:
    """A figure of a folder of results, with its caption; whether its files exist is not checked."""
    return DrawnFigure(
        f"f_{entry.name}",
        caption_of(entry.load(), plan),
        folder / "figures",
        appendix=entry.appendix,
    )


def caption_of(spec: FigureSpec, plan: Plan) -> Caption:
    """The caption of a figure, with the number, title and footnotes that the plan gives it.

    The last note is the source line.
    """
    shell = plan.outputs.shell(f"f_{spec.name}")
    digest = plan.digest(STAGES["figures"].sections)
    source = _("{datasets}; plotted values in {file}").format(
        datasets=_(spec.source), file=f"f_{spec.name}.csv"
    )
    return Caption(
        _("Figure {number}").format(number=shell.shown_number),
        shell.title or spec.shown_title,
        _(spec.population),
        _("data cut-off {date}").format(date=plan.analysis.data_cutoff),
        (
            *spec.footnotes(plan),
            *shell.footnotes,
            definitions.source(plan, digest, source, _program(spec)),
        ),
        draft=plan.analysis.status == "draft",
    )


def _program(spec: FigureSpec) -> str:
    """Module that draws a figure."""
    function = spec.draw.func if isinstance(spec.draw, partial) else spec.draw
    return str(function.__module__)
