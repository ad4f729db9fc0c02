"""The captions of the figures: heading, and footnotes from the plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from durable.figures import FIGURES
from durable.figures.point_files import drawn_figures
from durable.figures.spec import Caption, FigureSpec
from durable.plan import Plan
from durable.stages import STAGES


def captions(plan: Plan, folder: Path) -> Iterator[tuple[str, Caption]]:
    """Name and caption of every figure that was made, in the order of their numbers."""
    for entry in drawn_figures(folder):
        yield entry.name, caption_of(entry.load(), plan)


def caption_of(spec: FigureSpec, plan: Plan) -> Caption:
    """Heading and footnotes of a figure."""
    number = [entry.name for entry in FIGURES].index(spec.name) + 1
    digest = plan.digest(STAGES["figures"].sections)[:12]
    source = f"Source: {spec.source}; points in f_{spec.name}.csv. Plan {digest}."
    study = f"{plan.study.id}. {plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}"
    return Caption(
        f"Figure {number}",
        spec.title,
        f"Population: {spec.population}",
        study,
        (*spec.footnotes(plan), source),
    )
