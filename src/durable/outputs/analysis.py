"""The analysis: every result of the outputs from the datasets, as the rows of ``ard.csv``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from durable.contracts.results import Result
from durable.outputs import ORDER_OF_ROWS, OUTPUTS
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.output import Results, result_rows
from durable.plan import Plan
from durable.processes import can_fork, forked_pool


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
    parts = _parts(plan, datasets.names)
    apart = [part for part in parts if part.of_sensitivity]
    if not (plan.sensitivity and apart and can_fork(cores)):
        return [row for part in parts for row in _rows(part, datasets, plan)]
    # Before the fork, which then has it: its import is a second.
    import lifelines  # noqa: F401

    with forked_pool(1, "analyses the sensitivity analyses") as pool:
        waiting = {part: pool.submit(_rows, part, datasets, plan) for part in apart}
        found = {part: _rows(part, datasets, plan) for part in parts if part not in waiting}
        found |= {part: task.result() for part, task in waiting.items()}
    return [row for part in parts for row in found[part]]


@dataclass(frozen=True)
class _Part:
    """Rows that stand together in ``ard.csv``: those of one function of an output."""

    output: str
    results: Results
    of_sensitivity: bool


def _parts(plan: Plan, datasets: Collection[str]) -> list[_Part]:
    """The parts of ``ard.csv`` in their order, of the outputs that the analysis has."""
    entries = {entry.name: entry for entry in OUTPUTS if entry.exists(plan, datasets)}
    new = (name for name in entries if name not in ORDER_OF_ROWS)
    parts = []
    for place in (*ORDER_OF_ROWS, *new):
        name, _, function = place.partition(".")
        if name not in entries:
            continue
        results = getattr(entries[name].load(), function or "results")
        parts.append(_Part(name, results, entries[name].of_sensitivity))
    return parts


def _rows(part: _Part, datasets: AnalysisDatasets, plan: Plan) -> list[Result]:
    return list(result_rows(part.output, part.results, datasets, plan))


def records(plan: Plan) -> list[RecordFilter]:
    """Records of ADRS that the outputs read."""
    return [rule for entry in OUTPUTS if entry.asked(plan) for rule in entry.load().records(plan)]
