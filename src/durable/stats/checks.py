"""Arguments of the estimators as arrays, refused with their first offending position.

What is refused raises a ValueError.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def as_times(name: str, values: npt.ArrayLike) -> Floats:
    """Times as an array of floats; refused where missing, infinite or negative."""
    times = as_floats(name, values)
    refuse(~(np.isfinite(times) & (times >= 0)), name, times, "missing, infinite or negative")
    return times


def as_events(values: npt.ArrayLike) -> Bools:
    """Event indicator, True for an event; refused unless 0, 1, False or True."""
    codes = as_floats("event", values)
    refuse((codes != 0) & (codes != 1), "event", codes, "not 0, 1, False or True")
    return np.asarray(codes == 1)


def as_floats(name: str, values: npt.ArrayLike) -> Floats:
    """Numbers as an array of floats, missing as NaN; text and dates are refused, never converted.

    A single number is an array of one.
    """
    if values is None:
        raise ValueError(f"{name}: missing")
    series = pd.Series(values)
    if series.dtype == object:
        series = series.mask(series.isna(), math.nan)
        known = series.map(lambda value: isinstance(value, Real)).to_numpy(np.bool_)
        refuse(~known, name, series.to_numpy(), "not a number")
        series = series.astype(np.float64)
    if not pd.api.types.is_numeric_dtype(series):
        raise ValueError(f"{name}[0]: {series.iloc[0]!s} is not a number")
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=math.nan))


def check_lengths(arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Refuse arrays, by the names of their arguments, whose lengths differ."""
    sizes = {name: array.size for name, array in arrays.items()}
    name, shortest = min(sizes.items(), key=lambda item: item[1])
    if shortest < max(sizes.values()):
        lengths = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"{name}[{shortest}]: absent; the lengths differ ({lengths})")


def refuse(bad: Bools, name: str, values: npt.NDArray[Any], why: str) -> None:
    """Refuse values of which any is `bad`, naming the first such by its position, from 0."""
    if bad.any():
        first = int(bad.argmax())
        raise ValueError(f"{name}[{first}]: {values[first]!s} is {why}")


def check_between_0_and_1(name: str, value: float) -> None:
    """Refuse a probability that is not between 0 and 1: 0, 1 and NaN are refused too."""
    if not 0 < value < 1:
        raise ValueError(f"{name}: {value} is not between 0 and 1")


def check_choice(name: str, value: str, choices: Any) -> None:
    """Refuse a text that is none of the values of `choices`, a Literal."""
    if value not in get_args(choices):
        raise ValueError(f"{name}: {value!r} is none of {', '.join(get_args(choices))}")
