"""Stage ``analyse``: from the analysis datasets to every number of the outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/``; write ``ard.csv`` and the points of the figures, ``figures/f_*.csv``.

    Parameters
    ----------
    cores
        With two or more, a part of the outputs and of the figures is made beside the others
        (`analysis.analyse`, `point_files.write_points`).
    """
    from durable.contracts.results import to_csv
    from durable.figures import point_files
    from durable.files import write_text
    from durable.outputs import analysis
    from durable.outputs.datasets import ResultsFolder, read_datasets

    infused = len(ResultsFolder(folder, plan).dataset("adsl", [], SAFFL=["Y"]))
    records = [*analysis.records(plan), *point_files.records(plan, infused)]
    datasets = read_datasets(folder, plan, records, sensitivity=bool(plan.sensitivity))
    results = analysis.analyse(datasets, plan, cores=cores)
    write_text(folder / "ard.csv", to_csv(results))
    point_files.write_points(replace(datasets, results=results), plan, folder, cores=cores)
