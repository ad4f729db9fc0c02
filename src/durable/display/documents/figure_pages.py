"""Stage ``figure_pages``: the figures as PDF."""

from __future__ import annotations

from pathlib import Path

from durable.config.model import Plan
from durable.display.figures import KINDS, draw
from durable.display.plots.style import save_pdf, settings


def run(plan: Plan, folder: Path) -> None:
    """Draw every ``figures/f_*.csv`` that is there."""
    with settings():
        for kind in KINDS:
            points = folder / "figures" / f"f_{kind.name}.csv"
            if points.is_file():
                figure, caption = draw(kind, points, plan)
                save_pdf(figure, points.with_suffix(".pdf"), caption)
