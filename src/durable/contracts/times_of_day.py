"""Times of day as recorded, HH:MM or HH:MM:SS. Light to import."""

from __future__ import annotations

from typing import Any

import pandas as pd


def seconds_of_day(times: pd.Series[Any]) -> pd.Series[float]:
    """Seconds since midnight of times, HH:MM or HH:MM:SS; NaN where there is none."""
    codes, distinct = pd.factorize(times)
    parts = (text.split(":") for text in distinct)
    values = [sum(float(part) * 60 ** (2 - i) for i, part in enumerate(one)) for one in parts]
    return pd.Series([*values, None], dtype=float).take(codes).set_axis(times.index)
