"""The analysis: every result of the outputs from the datasets, as the rows of ``ard.csv``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from durable.contracts.results import Result
from durable.outputs import ORDER_OF_ROWS, OUTPUTS
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.output import Results, result_rows
from durable.plan import Plan
from durable.processes import done_beside


def analyse(datasets: AnalysisDatasets, plan: Plan, *, cores: int = 1) -> list[Result]:
    """All results of an analysis, in the order of ``ard.csv``.

    Parameters
    ----------
    datasets
        The analysis datasets; an output is left out where the study lacks one that it needs.
    plan
        The analysis plan.
    cores
        With two or more, a second process makes every output that does not read ADTTE, while this
        one loads what estimates durations. The results are the same.
    """
    parts = _parts(plan, datasets.available)
    beside_parts = [part for part in parts if not part.of_durations]
    main_parts = [part for part in parts if part.of_durations]
    with done_beside(cores, "analyses the outputs", _rows, beside_parts, datasets, plan) as beside:
        rows = _rows(main_parts, datasets, plan)
    by_part = dict(zip([*main_parts, *beside_parts], [*rows, *beside.result()], strict=True))
    return [row for part in parts for row in by_part[part]]


@dataclass(frozen=True)
class _Part:
    """Rows that stand together in ``ard.csv``: those of one function of an output."""

    output: str
    results: Results
    of_durations: bool


def _parts(plan: Plan, available: Collection[str]) -> list[_Part]:
    """The parts of ``ard.csv`` in their order, of the outputs that the analysis has."""
    entries = {entry.name: entry for entry in OUTPUTS if entry.exists(plan, available)}
    new = (name for name in entries if name not in ORDER_OF_ROWS)
    parts = []
    for ordered_name in (*ORDER_OF_ROWS, *new):
        name, _, function = ordered_name.partition(".")
        if name not in entries:
            continue
        output = entries[name].load()
        results = getattr(output, function or "results")
        of_durations = "ADTTE" in output.datasets
        parts.append(_Part(name, results, of_durations))
    return parts


def _rows(parts: Iterable[_Part], datasets: AnalysisDatasets, plan: Plan) -> list[list[Result]]:
    return [list(result_rows(part.output, part.results, datasets, plan)) for part in parts]


def records(plan: Plan) -> list[RecordFilter]:
    """Filters of ADRS for the outputs that the plan asks for: they read what passes any of them."""
    return [rule for entry in OUTPUTS if entry.asked(plan) for rule in entry.load().records(plan)]
