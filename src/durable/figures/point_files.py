"""The points of the figures, as files: what a drawing shows, and where a reader looks it up."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from durable.figures import FIGURES, FigureEntry, figures_of
from durable.figures.doses import with_ranks
from durable.files import write_csv
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.plan import Plan
from durable.processes import done_beside


def records(plan: Plan, infused: int) -> list[RecordFilter]:
    """Filters of ADRS for all figures, of so many infused subjects: they read what passes any."""
    return [rule for entry in FIGURES for rule in entry.load().records(plan, infused)]


def write_points(datasets: AnalysisDatasets, plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Write ``figures/f_NAME.csv`` of every figure that the analysis has.

    Parameters
    ----------
    datasets
        Datasets and results of the analysis.
    plan
        The analysis plan.
    folder
        Folder of results.
    cores
        With two or more, a second process writes every other file. The files are the same.
    """
    entries = figures_of(plan, datasets.available)
    arguments = datasets, plan, folder
    with done_beside(cores, "writes points of figures", _write_points, entries[1::2], *arguments):
        _write_points(entries[::2], *arguments)


def _write_points(
    entries: Iterable[FigureEntry], datasets: AnalysisDatasets, plan: Plan, folder: Path
) -> None:
    levels = set(datasets.infused_subjects["DOSELVL"].fillna(""))
    for entry in entries:
        points = entry.load().points(datasets, plan)
        write_csv(points_file(folder, entry), with_ranks(points, levels))


def points_file(folder: Path, entry: FigureEntry) -> Path:
    """Path of ``figures/f_NAME.csv``, the points of a figure in a folder of results."""
    return folder / "figures" / f"f_{entry.name}.csv"


def figures_with_points(folder: Path) -> list[FigureEntry]:
    """The figures whose file of points exists, in the order of their numbers."""
    return [entry for entry in FIGURES if points_file(folder, entry).is_file()]


def shown_figures(plan: Plan, folder: Path) -> list[FigureEntry]:
    """The figures whose file of points exists and that the plan shows, in its order."""
    entries = {f"f_{entry.name}": entry for entry in figures_with_points(folder)}
    return [entries[name] for name in plan.outputs.select(entries)]
