"""Stage ``figure_pages``: the figures as PDF."""

from __future__ import annotations

from pathlib import Path

from durable.display.figures import drawn
from durable.figures.style import save_pdf
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Draw every ``figures/f_*.csv`` that is there."""
    for points, figure, caption in drawn(plan, folder):
        save_pdf(figure, points.with_suffix(".pdf"), caption)
