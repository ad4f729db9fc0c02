"""The analysis: every result of the outputs from the datasets, as the rows of ``ard.csv``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from durable.contracts.results import Result
from durable.outputs import ORDER_OF_ROWS, OUTPUTS
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.output import Results, result_rows
from durable.plan import Plan
from durable.processes import can_fork, done_beside


def analyse(datasets: AnalysisDatasets, plan: Plan, *, cores: int = 1) -> list[Result]:
    """All results of an analysis, in the order of ``ard.csv``.

    Parameters
    ----------
    datasets
        The analysis datasets; an output is left out where the study lacks the one it needs.
    plan
        The analysis plan.
    cores
        With two or more, half of the work is done in a process of its own: the sensitivity
        analyses; without them the outputs that do not share their estimates with a figure.
    """
    parts = _parts(plan, datasets.names)
    of_sensitivity = [part for part in parts if part.of_sensitivity]
    apart = of_sensitivity or [part for part in parts if not part.of_durations]
    others = [part for part in parts if part not in apart]
    if can_fork(cores) and datasets.adtte is not None:
        # Before the fork, which then has it: its import is a second.
        import lifelines  # noqa: F401
    with done_beside(cores, "analyses the outputs", _rows, apart, datasets, plan) as beside:
        rows = _rows(others, datasets, plan)
    found = dict(zip([*others, *apart], [*rows, *beside.result()], strict=True))
    return [row for part in parts for row in found[part]]


@dataclass(frozen=True)
class _Part:
    """Rows that stand together in ``ard.csv``: those of one function of an output."""

    output: str
    results: Results
    of_sensitivity: bool
    of_durations: bool


def _parts(plan: Plan, datasets: Collection[str]) -> list[_Part]:
    """The parts of ``ard.csv`` in their order, of the outputs that the analysis has."""
    entries = {entry.name: entry for entry in OUTPUTS if entry.exists(plan, datasets)}
    new = (name for name in entries if name not in ORDER_OF_ROWS)
    parts = []
    for place in (*ORDER_OF_ROWS, *new):
        name, _, function = place.partition(".")
        if name not in entries:
            continue
        output = entries[name].load()
        results = getattr(output, function or "results")
        of_durations = "ADTTE" in output.datasets
        parts.append(_Part(name, results, entries[name].of_sensitivity, of_durations))
    return parts


def _rows(parts: Iterable[_Part], datasets: AnalysisDatasets, plan: Plan) -> list[list[Result]]:
    return [list(result_rows(part.output, part.results, datasets, plan)) for part in parts]


def records(plan: Plan) -> list[RecordFilter]:
    """Records of ADRS that the outputs read."""
    return [rule for entry in OUTPUTS if entry.asked(plan) for rule in entry.load().records(plan)]
