"""The analysis: every result of the outputs from the datasets, as the dataset ``ard.csv``."""

from __future__ import annotations

from pathlib import Path

from durable.contracts.results import Result, to_csv
from durable.files import write_text
from durable.outputs import OUTPUTS
from durable.outputs.datasets import AnalysisDatasets, read_datasets
from durable.outputs.output import Results
from durable.plan import Plan

#: After the outputs that have a place of their own.
_LAST = 1_000


def analyse(datasets: AnalysisDatasets, plan: Plan) -> list[Result]:
    """All results of an analysis, in the order of ``ard.csv``.

    Parameters
    ----------
    datasets
        The analysis datasets; an output is left out where the study lacks the one it needs.
    plan
        The analysis plan.
    """
    return [result for results in _in_order() for result in results(datasets, plan)]


def _in_order() -> list[Results]:
    places: list[tuple[int, Results]] = []
    for entry in OUTPUTS:
        functions = entry.load().results
        places += zip(entry.ard or [_LAST] * len(functions), functions, strict=True)
    # The sort is stable: those without a place of their own stay in the order of the outputs.
    return [results for _, results in sorted(places, key=lambda place: place[0])]


def read_for_outputs(folder: Path, plan: Plan) -> AnalysisDatasets:
    """The datasets in ``adam/`` of an analysis, as far as its outputs read them."""
    filters = [rule for entry in OUTPUTS for rule in entry.load().records(plan)]
    return read_datasets(folder, filters, sensitivity=bool(plan.sensitivity))


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``, write ``ard.csv``."""
    write_text(folder / "ard.csv", to_csv(analyse(read_for_outputs(folder, plan), plan)))
