"""The captions of the figures: heading, and footnotes from the plan."""

from __future__ import annotations

from pathlib import Path

from durable.figures import FIGURES
from durable.figures.point_files import figures_with_points
from durable.figures.spec import Caption, DrawnFigure, FigureSpec
from durable.plan import Plan
from durable.stage import STAGES


def figures_drawn(plan: Plan, folder: Path) -> list[DrawnFigure]:
    """Every drawn figure of a folder of results, in the order of their numbers."""
    figures = [
        DrawnFigure(f"f_{entry.name}", caption_of(entry.load(), plan), folder / "figures")
        for entry in figures_with_points(folder)
    ]
    return [figure for figure in figures if figure.file("svg").is_file()]


def caption_of(spec: FigureSpec, plan: Plan) -> Caption:
    """Heading and footnotes of a figure."""
    number = [entry.name for entry in FIGURES].index(spec.name) + 1
    digest = plan.digest(STAGES["figures"].sections)[:12]
    source = f"Source: {spec.source}; plotted values in f_{spec.name}.csv. Plan {digest}."
    study = f"{plan.study.id}. {plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}"
    return Caption(
        f"Figure {number}",
        spec.title,
        f"Population: {spec.population}",
        study,
        (*spec.footnotes(plan), source),
    )
