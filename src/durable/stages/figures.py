"""Stage ``figures``: draws the figures from their points."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``figures/f_*.csv``; write each figure as SVG and as PNG.

    Parameters
    ----------
    cores
        Figures drawn at a time.
    """
    from durable.figures.drawings import draw_all

    draw_all(plan, folder, workers=cores)
