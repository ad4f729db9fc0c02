"""The chunk files of a simulation, summed: the same numbers however the trials were divided.

Read batch by batch, so that memory does not grow with the number of trials. Counts are whole
numbers and sums are exact, so neither order nor number of the chunks changes a result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from durable.errors import UserError
from durable.simulate.sums import exact_sums

if TYPE_CHECKING:
    import pyarrow as pa

#: Scenario, definition, estimate, method.
Key = tuple[str, str, str, str]
Truth = Mapping[tuple[str, str], float]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: Rows read at once.
_BATCH = 2**17
_NAMES = ("SCENARIO", "DEFN", "ESTIMATE", "METHOD")
_NUMBERS = ("TRIAL", "N", "X", "VALUE", "LOWER", "UPPER")
#: The estimate whose values are counted one by one, for their median.
MEDIAN = "median DOR"
PRIMARY = "primary"
_AGAIN = "remove the folder and simulate again"


@dataclass
class Tally:
    """What is known of one estimate over the trials."""

    trials: int = 0
    counted: int = 0
    """Trials with at least one subject (N > 0)."""
    estimable: int = 0
    """With a value."""
    intervals: int = 0
    """With a lower or an upper limit."""
    open_upper: int = 0
    """With a lower limit only."""
    covered: int = 0
    """Intervals that hold the true value; an open limit holds everything on its side."""
    bounded: int = 0
    """With both limits."""
    sums: Counter[str] = field(default_factory=Counter)
    """Exact sums (Fraction) of `trial`, `trial²`, and of `value` and `width` and their squares."""
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Trials by N and X."""
    by_value: Counter[float] = field(default_factory=Counter)
    """Trials by value, of the median."""

    def add(self, other: Tally) -> None:
        """Take in other trials."""
        for name in ("trials", "counted", "estimable", "intervals", "open_upper", "covered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.bounded += other.bounded
        for name, total in other.sums.items():
            self.sums[name] += total
        self.pairs.update(other.pairs)
        self.by_value.update(other.by_value)


def tally_chunks(files: Iterable[Path], truth: Truth) -> dict[Key, Tally]:
    """Tallies of every estimate in the chunk files.

    Parameters
    ----------
    files
        Chunk files, in any order.
    truth
        True value by scenario and estimate; without one nothing covers.

    Returns
    -------
    dict
        One tally a key, the keys sorted.
    """
    found: dict[Key, Tally] = {}
    for path in files:
        for batch in _batches(path):
            for key, tally in _tallies(batch, truth):
                found.setdefault(key, Tally()).add(tally)
    return dict(sorted(found.items()))


def refuse_incomplete(
    tallies: Mapping[Key, Tally], trials: int, expected: Iterable[tuple[str, str]]
) -> None:
    """Refuse chunks in which a trial is missing or counted twice.

    The number of trials, their sum and their sum of squares are those of 0 ... `trials` - 1.

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
    there = {key[:2] for key in tallies}
    if absent := [pair for pair in expected if pair not in there]:
        raise UserError(f"simulation/chunks: nothing of {', '.join(absent[0])}: {_AGAIN}")
    whole = range(trials)
    once = (trials, sum(whole), sum(trial * trial for trial in whole))
    for key, tally in tallies.items():
        if (tally.trials, tally.sums["trial"], tally.sums["trial²"]) != once:
            raise UserError(
                f"simulation/chunks: {', '.join(key)}: not each of the {trials:,} trials once"
                f" ({tally.trials:,} rows): {_AGAIN}"
            )


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, read_dictionary=list(_NAMES)) as file:
        yield from file.iter_batches(_BATCH, columns=[*_NAMES, *_NUMBERS])


def _tallies(batch: pa.RecordBatch, truth: Truth) -> Iterator[tuple[Key, Tally]]:
    keys, group = _groups(batch)
    number = {name: _column(batch, name) for name in _NUMBERS}
    true = np.array([truth.get((key[0], key[2]), np.nan) for key in keys])[group]
    value, lower, upper = (number[name] for name in ("VALUE", "LOWER", "UPPER"))
    low, high, known = ~np.isnan(lower), ~np.isnan(upper), ~np.isnan(value)
    # A comparison with a missing limit is false, so an open limit excludes nothing.
    covers = (low | high) & ~np.isnan(true) & ~(lower > true) & ~(upper < true)
    counts = {
        "trials": np.ones(len(group), dtype=bool),
        "counted": number["N"] > 0,
        "estimable": known,
        "intervals": low | high,
        "open_upper": low & ~high,
        "covered": covers,
        "bounded": low & high,
    }
    size = len(keys)
    totals = {name: np.bincount(group[rows], minlength=size) for name, rows in counts.items()}
    sums = {
        name: exact_sums(group[rows], values, size)
        for name, rows, values in _summed(number["TRIAL"], value, upper - lower)
    }
    for place, key in enumerate(keys):
        rows = group == place
        yield (
            key,
            Tally(
                **{name: int(total[place]) for name, total in totals.items()},
                sums=Counter({name: total[place] for name, total in sums.items()}),
                pairs=_pairs(number["N"][rows], number["X"][rows]),
                by_value=_distinct(value[rows & known]) if key[2] == MEDIAN else Counter(),
            ),
        )


def _summed(trial: Any, value: Any, width: Any) -> Iterator[tuple[str, Bools, Any]]:
    """Name, rows and numbers of what is summed, each with its square."""
    for name, numbers in (("trial", trial), ("value", value), ("width", width)):
        rows = ~np.isnan(numbers)
        yield name, rows, numbers[rows]
        yield f"{name}²", rows, numbers[rows] ** 2


def _groups(batch: pa.RecordBatch) -> tuple[list[Key], Ints]:
    """The distinct keys of a batch, and which of them each row has."""
    code = np.zeros(batch.num_rows, dtype=np.int64)
    names: list[list[str]] = []
    for column in _NAMES:
        array = batch.column(column)
        names.append(array.dictionary.to_pylist())
        code = code * max(len(names[-1]), 1) + array.indices.to_numpy()
    distinct, group = np.unique(code, return_inverse=True)
    places = np.unravel_index(distinct, [max(len(values), 1) for values in names])
    keys = [
        (names[0][a], names[1][b], names[2][c], names[3][d])
        for a, b, c, d in zip(*(place.tolist() for place in places), strict=True)
    ]
    return keys, group.astype(np.int64)


def _column(batch: pa.RecordBatch, name: str) -> Any:
    return batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64)


def _pairs(n: Any, x: Any) -> Counter[tuple[int, int]]:
    """Trials by N and X; as one number each, which is sorted faster than pairs."""
    width = int(x.max(initial=0)) + 1
    found, counts = np.unique((n * width + x).astype(np.int64), return_counts=True)
    pairs = (divmod(code, width) for code in found.tolist())
    return Counter(dict(zip(pairs, counts.tolist(), strict=True)))


def _distinct(values: Any) -> Counter[float]:
    found, counts = np.unique(values, return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))
