"""Stage ``figure_pages``: the figures as PDF."""

from __future__ import annotations

from pathlib import Path

from durable.figures.drawings import draw_pages
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Draw every ``figures/f_*.csv`` that is there."""
    draw_pages(plan, folder)
