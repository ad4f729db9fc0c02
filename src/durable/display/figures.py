"""Stage ``figures``: draw each figure whose points the analysis has written (docs/figures.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from durable.cores import each
from durable.figures import (
    forest,
    kinetics,
    km,
    notes,
    spider,
    swimmer,
    trajectories,
    waterfall,
)
from durable.figures.points import Points, read_points
from durable.figures.style import Caption, save, settings
from durable.plan import Plan
from durable.stages import STAGES


@dataclass(frozen=True)
class Kind:
    """A figure: its file, its heading and what draws it."""

    name: str
    title: str
    population: str
    source: str
    """Dataset that the points come from."""
    columns: tuple[str, ...]
    draw: Callable[[Points, Plan, Caption], Figure]
    notes: Callable[[Plan], tuple[str, ...]]
    """Definitions and methods behind the figure, from the plan."""


#: In the order of their numbers, which do not change when a figure is absent.
KINDS = (
    Kind(
        "km_dor",
        "Duration of response (Kaplan-Meier)",
        "Subjects in remission",
        "ADTTE, PARAMCD DOR",
        km.COLUMNS,
        partial(km.draw, origin="Months since first remission"),
        notes.survival,
    ),
    Kind(
        "km_efs",
        "Event-free survival (Kaplan-Meier)",
        "All infused subjects",
        "ADTTE, PARAMCD EFS",
        km.COLUMNS,
        partial(km.draw, origin="Months since infusion"),
        notes.survival,
    ),
    Kind(
        "swimmer",
        "Course of each subject (swimmer plot)",
        "All infused subjects",
        "ADSL, ADRS, ADTTE",
        swimmer.COLUMNS,
        swimmer.draw,
        notes.course,
    ),
    Kind(
        "tis",
        "Total Improvement Score over time",
        "All infused subjects",
        "ADRS, PARAMCD TIS",
        spider.COLUMNS,
        spider.draw,
        notes.scores,
    ),
    Kind(
        "waterfall",
        "Best Total Improvement Score of each subject (waterfall plot)",
        "All infused subjects",
        "ADRS, PARAMCD TIS",
        waterfall.COLUMNS,
        waterfall.draw,
        notes.best_scores,
    ),
    Kind(
        "csm",
        "Core set measures over time",
        "All infused subjects",
        "ADRS",
        trajectories.COLUMNS,
        trajectories.draw,
        notes.measures,
    ),
    Kind(
        "kinetics",
        "Cellular kinetics",
        "All infused subjects",
        "ADPC",
        kinetics.COLUMNS,
        kinetics.draw,
        notes.profiles,
    ),
    Kind(
        "sensitivity",
        "Sensitivity analyses (forest plot)",
        "All infused subjects; duration of response: subjects in remission",
        "analysis results dataset (ard.csv)",
        forest.COLUMNS,
        forest.draw,
        notes.variants,
    ),
)


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Draw every ``figures/f_*.csv`` that is there, as SVG and as PNG beside it.

    Parameters
    ----------
    cores
        Processes to draw in.
    """
    waiting = _present(folder)
    with settings():

        def write(one: tuple[Kind, Path]) -> None:
            kind, points = one
            figure, caption = draw(kind, points, plan)
            save(figure, points.with_suffix(""), caption)

        try:
            each(write, waiting, cores)
        except Exception:
            # What a fork fails at, or is killed at, is drawn here, which says what is wrong.
            for one in waiting:
                write(one)


def drawn(plan: Plan, folder: Path) -> Iterator[tuple[Path, Figure, Caption]]:
    """Every figure whose ``figures/f_*.csv`` is there, with that file; one at a time."""
    with settings():
        for kind, points in _present(folder):
            yield points, *draw(kind, points, plan)


def _present(folder: Path) -> list[tuple[Kind, Path]]:
    found = [(kind, folder / "figures" / f"f_{kind.name}.csv") for kind in KINDS]
    return [(kind, points) for kind, points in found if points.is_file()]


def draw(kind: Kind, path: Path, plan: Plan) -> tuple[Figure, Caption]:
    """Draw one figure from its CSV; `settings` have to be in force."""
    caption = caption_of(kind, plan)
    return kind.draw(read_points(path, kind.columns), plan, caption), caption


def caption_of(kind: Kind, plan: Plan) -> Caption:
    """Heading and footnotes of a figure."""
    number = KINDS.index(kind) + 1
    digest = plan.digest(STAGES["figures"].plan)[:12]
    source = f"Source: {kind.source}; points in f_{kind.name}.csv. Plan {digest}."
    study = f"{plan.study.id}. {plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}"
    return Caption(
        f"Figure {number}",
        kind.title,
        f"Population: {kind.population}",
        study,
        (*kind.notes(plan), source),
    )
