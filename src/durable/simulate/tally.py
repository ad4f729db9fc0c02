"""The chunk files of a simulation, summed: the same numbers however the trials were divided.

Read batch by batch, so that memory does not grow with the number of trials. Counts are whole
numbers and sums are exact, so neither order nor number of the chunks changes a result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from durable.errors import UserError
from durable.simulate.keys import MEDIAN, Key
from durable.simulate.sums import exact_sum

if TYPE_CHECKING:
    import pandas as pd

#: True value by scenario and estimate.
Truth = Mapping[tuple[str, str], float]

#: Rows read at once.
_BATCH = 2**17
_KEY = ["SCENARIO", "DEFN", "ESTIMATE", "METHOD"]
_NUMBERS = ["TRIAL", "N", "X", "VALUE", "LOWER", "UPPER"]
_AGAIN = "remove the folder and simulate again"


@dataclass
class Tally:
    """Counts and exact sums of one estimate over the trials."""

    trials: int = 0
    counted: int = 0
    """Trials with at least one subject (N > 0)."""
    estimable: int = 0
    """Trials with a value."""
    intervals: int = 0
    """Trials with a lower or an upper limit."""
    open_upper: int = 0
    """Trials with a lower limit only."""
    covered: int = 0
    """Intervals that hold the true value; an open limit holds everything on its side."""
    bounded: int = 0
    """Trials with both limits."""
    sums: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    """Exact sums, by name, of `trial` (the number of the trial), `value` and `width` (of intervals
    with both limits), and of their squares (`trial²`)."""
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Trials by N and X."""
    by_value: Counter[float] = field(default_factory=Counter)
    """Trials by value, of the median."""

    def add(self, tally: Tally) -> None:
        """Add the counts and sums of other trials of the same estimate to these."""
        for name, value in vars(tally).items():
            if isinstance(value, dict):
                for key, number in value.items():
                    getattr(self, name)[key] += number
            else:
                setattr(self, name, getattr(self, name) + value)


def tally_chunks(files: Iterable[Path], truth: Truth) -> dict[Key, Tally]:
    """Tallies of every estimate in the chunk files.

    Parameters
    ----------
    files
        Chunk files, in any order.
    truth
        True values; an interval without one covers nothing.

    Returns
    -------
    dict
        One tally a key, the keys sorted.
    """
    tallies: dict[Key, Tally] = {}
    for path in files:
        for batch in _batches(path):
            columns = {name: batch[name].to_numpy() for name in _NUMBERS}
            groups: dict[Any, Any] = batch.groupby(_KEY, observed=True).indices
            for names, rows in groups.items():
                key = Key(*names)
                true = truth.get((key.scenario, key.estimate), np.nan)
                numbers = {name: column[rows] for name, column in columns.items()}
                tally = _tally(numbers, true, by_value=key.estimate == MEDIAN)
                tallies.setdefault(key, Tally()).add(tally)
    return dict(sorted(tallies.items()))


def refuse_incomplete(
    tallies: Mapping[Key, Tally], trials: int, expected: Iterable[tuple[str, str]]
) -> None:
    """Refuse chunks in which a trial is missing or counted twice, as far as sums tell.

    The number of trials of each estimate, their sum and their sum of squares are those of
    0 ... `trials` - 1. An estimate of which no chunk has a row is not missed here.

    Parameters
    ----------
    tallies
        What was gathered.
    trials
        Trials of the plan.
    expected
        Scenarios and definitions of the plan.

    Raises
    ------
    UserError
        Naming the first scenario and definition that is absent, or estimate whose trials are not
        these.
    """
    present = {(key.scenario, key.definition) for key in tallies}
    if absent := [pair for pair in expected if pair not in present]:
        raise UserError(f"simulation/chunks: nothing of {', '.join(absent[0])}: {_AGAIN}")
    numbers = range(trials)
    once = [trials, sum(numbers), sum(trial * trial for trial in numbers)]
    for key, tally in tallies.items():
        if [tally.trials, tally.sums["trial"], tally.sums["trial²"]] != once:
            raise UserError(
                f"simulation/chunks: {', '.join(key)}: not each of the {trials:,} trials once"
                f" ({tally.trials:,} rows): {_AGAIN}"
            )


def _batches(path: Path) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, read_dictionary=_KEY) as file:
        for batch in file.iter_batches(_BATCH, columns=[*_KEY, *_NUMBERS]):
            yield batch.to_pandas()


def _tally(rows: dict[str, npt.NDArray[Any]], true: float, *, by_value: bool) -> Tally:
    """What some trials say of one estimate; its values one by one with `by_value`."""
    value, lower, upper = (rows[name] for name in ("VALUE", "LOWER", "UPPER"))
    has_lower, has_upper, known = ~np.isnan(lower), ~np.isnan(upper), ~np.isnan(value)
    # A comparison with a missing limit is false, so an open limit excludes nothing.
    covers = (has_lower | has_upper) & ~np.isnan(true) & ~(lower > true) & ~(upper < true)
    bounded = has_lower & has_upper
    width = (upper - lower)[bounded]
    summed = {"trial": rows["TRIAL"].astype(float), "value": value[known], "width": width}
    squares = {f"{name}²": numbers**2 for name, numbers in summed.items()}
    return Tally(
        trials=len(value),
        counted=int((rows["N"] > 0).sum()),
        estimable=int(known.sum()),
        intervals=int((has_lower | has_upper).sum()),
        open_upper=int((has_lower & ~has_upper).sum()),
        covered=int(covers.sum()),
        bounded=int(bounded.sum()),
        sums={name: exact_sum(numbers) for name, numbers in (summed | squares).items()},
        pairs=Counter(zip(rows["N"].tolist(), rows["X"].tolist(), strict=True)),
        by_value=Counter(value[known].tolist()) if by_value else Counter(),
    )
