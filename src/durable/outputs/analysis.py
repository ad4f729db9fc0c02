"""The analysis: every result of the outputs from the datasets, as the dataset ``ard.csv``."""

from __future__ import annotations

from pathlib import Path

from durable.contracts.results import Result, to_csv
from durable.files import write_text
from durable.outputs import OUTPUTS
from durable.outputs.datasets import AnalysisDatasets, read_datasets
from durable.outputs.output import Results
from durable.plan import Plan
from durable.processes import can_fork, forked_pool

#: After the outputs that have a place of their own.
_LAST = 1_000


def analyse(datasets: AnalysisDatasets, plan: Plan, *, cores: int = 1) -> list[Result]:
    """All results of an analysis, in the order of ``ard.csv``.

    Parameters
    ----------
    datasets
        The analysis datasets; an output is left out where the study lacks the one it needs.
    plan
        The analysis plan.
    cores
        With two or more, the sensitivity analyses, which take as long as all else, are analysed in
        a process of their own.
    """
    functions = _in_order()
    if not plan.sensitivity or not can_fork(cores):
        return [result for function in functions for result in function(datasets, plan)]
    # Before the fork, which then has it: its import is a second.
    import lifelines  # noqa: F401

    apart = [function for function, of_sensitivity in functions.items() if of_sensitivity]
    with forked_pool(1, "analyses the sensitivity analyses") as pool:
        waiting = {function: pool.submit(_listed, function, datasets, plan) for function in apart}
        found = {
            function: list(function(datasets, plan))
            for function in functions
            if function not in apart
        }
        found |= {function: task.result() for function, task in waiting.items()}
    return [result for function in functions for result in found[function]]


def _listed(function: Results, datasets: AnalysisDatasets, plan: Plan) -> list[Result]:
    return list(function(datasets, plan))


def _in_order() -> dict[Results, bool]:
    """Functions of the outputs in the order of ``ard.csv``, and which are of sensitivity."""
    places: list[tuple[int, Results, bool]] = []
    for entry in OUTPUTS:
        functions = entry.load().results
        for place, function in zip(entry.ard or [_LAST] * len(functions), functions, strict=True):
            places.append((place, function, entry.of_sensitivity))
    # The sort is stable: those without a place of their own stay in the order of the outputs.
    ordered = sorted(places, key=lambda place: place[0])
    return {function: of_sensitivity for _, function, of_sensitivity in ordered}


def read_for_outputs(folder: Path, plan: Plan) -> AnalysisDatasets:
    """The datasets in ``adam/`` of an analysis, as far as its outputs read them."""
    filters = [rule for entry in OUTPUTS for rule in entry.load().records(plan)]
    return read_datasets(folder, filters, sensitivity=bool(plan.sensitivity))


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/``, write ``ard.csv``."""
    results = analyse(read_for_outputs(folder, plan), plan, cores=cores)
    write_text(folder / "ard.csv", to_csv(results))
