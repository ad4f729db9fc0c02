"""Counts, percentages and summaries that the results of several outputs have."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import Statistic
from durable.stats.summaries import summarise

SUMMARY = ("n", "mean", "sd", "median", "q1", "q3", "min", "max")


def percent(count: float, total: float) -> float:
    """`count` in percent of `total`; NaN where `total` is 0."""
    return 100 * count / total if total else nan


def count_with_percent(count: int, total: int, name: str = "") -> Iterator[Statistic]:
    """``n`` and ``percent``, NaN of a total of 0; with a name ``n_name`` and ``percent_name``."""
    suffix = f"_{name}" if name else ""
    yield Statistic(f"n{suffix}", count)
    yield Statistic(f"percent{suffix}", percent(count, total))


def summary(values: npt.NDArray[np.number[Any]], prefix: str = "") -> Iterator[Statistic]:
    """The statistics of `SUMMARY`; with a prefix ``n_tis``, ``tis_mean`` ...

    NaN among the values is missing; a statistic is NaN where too few are known.
    """
    statistics = summarise(values)
    for name in SUMMARY:
        label = name if not prefix else f"n_{prefix}" if name == "n" else f"{prefix}_{name}"
        yield Statistic(label, getattr(statistics, name))


def counted_events(records: pd.DataFrame) -> Iterator[Statistic]:
    """``n_subjects`` and ``n_event`` (CNSR is 0) of the records of one endpoint in ADTTE."""
    yield Statistic("n_subjects", len(records))
    yield Statistic("n_event", int((records["CNSR"] == 0).sum()))
