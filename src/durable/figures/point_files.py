"""The points of the figures, as files: what a drawing shows, and where a reader looks it up."""

from __future__ import annotations

from pathlib import Path

from durable.figures import FIGURES, FigureEntry, figures_of
from durable.files import write_csv
from durable.outputs.datasets import ResultsFolder
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/`` and ``ard.csv``; write ``figures/f_NAME.csv`` of each figure."""
    write_points(ResultsFolder(folder), plan, folder)


def write_points(data: ResultsFolder, plan: Plan, folder: Path) -> None:
    """Write the points of every figure that the analysis has.

    Parameters
    ----------
    data
        Datasets and results of the analysis.
    plan
        The analysis plan.
    folder
        Folder of results; the files go to its folder ``figures``.
    """
    for entry in figures_of(plan, data.names):
        write_csv(points_file(folder, entry), entry.load().points(data, plan))


def points_file(folder: Path, entry: FigureEntry) -> Path:
    """The file of a figure's points."""
    return folder / "figures" / f"f_{entry.name}.csv"


def figures_with_points(folder: Path) -> list[FigureEntry]:
    """The figures whose points were written, in the order of their numbers."""
    return [entry for entry in FIGURES if points_file(folder, entry).is_file()]
