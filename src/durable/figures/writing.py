"""The files of the figures: points, drawings, and drawings as pages of a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from durable.cores import each
from durable.figures import FIGURES, FigureEntry, figures_of
from durable.figures.points import read_points
from durable.figures.spec import AnalysisData, Caption, FigureSpec
from durable.figures.style import save, save_pdf, settings
from durable.files import write_csv
from durable.plan import Plan
from durable.stages import STAGES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_points(plan: Plan, folder: Path) -> None:
    """Read ``adam/`` and ``ard.csv``; write ``figures/f_NAME.csv`` of each figure."""
    data = AnalysisData(folder)
    datasets = {path.stem for path in (folder / "adam").glob("*.parquet")}
    for entry in figures_of(plan, datasets):
        write_csv(points_file(folder, entry), entry.load().points(data, plan))


def draw_all(plan: Plan, folder: Path, *, workers: int = 1) -> None:
    """Draw every ``figures/f_NAME.csv`` that is there, as SVG and as PNG beside it.

    Parameters
    ----------
    plan
        The analysis plan.
    folder
        Folder of results.
    workers
        Processes to draw in.
    """
    waiting = _present(folder)
    with settings():

        def write(entry: FigureEntry) -> None:
            path = points_file(folder, entry)
            figure, caption = draw(entry.load(), path, plan)
            save(figure, path.with_suffix(""), caption)

        try:
            each(write, waiting, workers)
        except Exception:
            # What a fork fails at, or is killed at, is drawn here, which says what is wrong.
            for one in waiting:
                write(one)


def draw_pages(plan: Plan, folder: Path) -> None:
    """Draw every ``figures/f_NAME.csv`` that is there, as PDF beside it."""
    with settings():
        for entry in _present(folder):
            path = points_file(folder, entry)
            figure, caption = draw(entry.load(), path, plan)
            save_pdf(figure, path.with_suffix(".pdf"), caption)


def points_file(folder: Path, entry: FigureEntry) -> Path:
    """The file of a figure's points."""
    return folder / "figures" / f"f_{entry.name}.csv"


def _present(folder: Path) -> list[FigureEntry]:
    return [entry for entry in FIGURES if points_file(folder, entry).is_file()]


def draw(spec: FigureSpec, path: Path, plan: Plan) -> tuple[Figure, Caption]:
    """One figure drawn from its CSV, with its caption; `settings` have to be in force."""
    caption = caption_of(spec, plan)
    return spec.draw(read_points(path, spec.columns), plan, caption), caption


def captions(plan: Plan, folder: Path) -> Iterator[tuple[str, Caption]]:
    """Name and caption of every figure that was made, in the order of their numbers."""
    for entry in _present(folder):
        yield entry.name, caption_of(entry.load(), plan)


def caption_of(spec: FigureSpec, plan: Plan) -> Caption:
    """Heading and footnotes of a figure."""
    number = [entry.name for entry in FIGURES].index(spec.name) + 1
    digest = plan.digest(STAGES["figures"].plan)[:12]
    source = f"Source: {spec.source}; points in f_{spec.name}.csv. Plan {digest}."
    study = f"{plan.study.id}. {plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}"
    return Caption(
        f"Figure {number}",
        spec.title,
        f"Population: {spec.population}",
        study,
        (*spec.footnotes(plan), source),
    )
