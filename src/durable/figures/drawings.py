"""The drawings of the figures, from the files of their points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from durable.cores import each
from durable.figures import FIGURES, FigureEntry
from durable.figures.point_files import points_file
from durable.figures.points import read_points
from durable.figures.spec import Caption, FigureSpec
from durable.figures.style import save, save_pdf, settings
from durable.plan import Plan
from durable.stages import STAGES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Draw the figures whose points were written, with so many processes."""
    draw_all(plan, folder, workers=cores)


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
