"""Stage ``analyse``: from the analysis datasets to every number of the outputs."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/``; write ``ard.csv`` and the points of the figures, ``figures/f_*.csv``.

    Parameters
    ----------
    cores
        With two or more, the sensitivity analyses are analysed beside the primary one.
    """
    from durable.figures import point_files
    from durable.outputs import analysis

    analysis.run(plan, folder, cores=cores)
    point_files.run(plan, folder)
