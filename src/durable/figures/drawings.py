"""The drawings of the figures, from the files of their points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from durable.figures import FigureEntry
from durable.figures.captions import caption_of
from durable.figures.doses import RANK
from durable.figures.point_files import points_file, shown_figures
from durable.figures.points import read_points
from durable.figures.saving import save, save_pdf
from durable.figures.spec import Caption, FigureSpec
from durable.figures.style import settings
from durable.figures.typefaces import type_families
from durable.plan import Plan
from durable.processes import can_fork, forked_pool

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_all(plan: Plan, folder: Path, *, workers: int = 1) -> None:
    """Draw every ``figures/f_NAME.csv`` that exists and that the plan shows, as SVG and PNG.

    The drawings lie beside the CSV; an appendix has no PNG.

    Parameters
    ----------
    plan
        The analysis plan.
    folder
        Folder of results.
    workers
        Processes to draw in. Two take the same CPU time for the figures of the demo as one (6 s),
        so that they gain where a second core is free.

    Raises
    ------
    UserError
        Where the points of a figure lack a column, a process was killed, or no installed font has
        the signs of the language.
    """
    entries = shown_figures(plan, folder)
    write = partial(_write_drawing, plan, folder)
    with _type_and_settings(plan, folder):
        if not can_fork(min(workers, len(entries))):
            for entry in entries:
                write(entry)
            return
        _import_what_draws()
        # That with the most points, which takes longest, first: the processes end together.
        entries.sort(key=lambda entry: points_file(folder, entry).stat().st_size, reverse=True)
        with forked_pool(workers, "draws figures") as pool:
            list(pool.map(write, entries))


@contextmanager
def _type_and_settings(plan: Plan, folder: Path) -> Iterator[None]:
    """The settings of drawings in force, with a type that has the signs of all points."""
    paths = [points_file(folder, entry) for entry in shown_figures(plan, folder)]
    texts = (path.read_text(encoding="utf-8") for path in paths)
    with type_families(plan, texts) as families, settings(families):
        yield


def _import_what_draws() -> None:
    """Import what every process draws with, so that a fork has it and the fonts already."""
    for module in ("figure", "backends.backend_agg", "backends.backend_svg"):
        import_module(f"matplotlib.{module}")


def _write_drawing(plan: Plan, folder: Path, entry: FigureEntry) -> None:
    path = points_file(folder, entry)
    pages, caption = draw(entry.load(), path, plan)
    save(pages, path.with_suffix(""), caption, entry.forms)


def draw_pages(plan: Plan, folder: Path) -> None:
    """Draw every ``figures/f_NAME.csv`` that exists and that the plan shows, as PDF beside it."""
    with _type_and_settings(plan, folder):
        for entry in shown_figures(plan, folder):
            path = points_file(folder, entry)
            pages, caption = draw(entry.load(), path, plan)
            save_pdf(pages, path.with_suffix(".pdf"), caption)


def draw(spec: FigureSpec, path: Path, plan: Plan) -> tuple[list[Figure], Caption]:
    """Pages of a figure drawn from its CSV, and its caption; `settings` have to be in force."""
    caption = caption_of(spec, plan)
    return spec.draw_pages(read_points(path, spec.columns, (RANK,)), plan, caption), caption
