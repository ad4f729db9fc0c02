"""The points of forest figures: analyses side by side, a panel a parameter (docs/figures.md)."""

from __future__ import annotations

from math import isnan

import pandas as pd

from durable.contracts.results import Result

Row = tuple[str, str, str, Result]
"""Name of the analysis, its title, the panel, the result."""


def points(rows: list[Row]) -> pd.DataFrame:
    """The figure's columns: durations in months, rates in percent."""
    scale = [100 if "%" in panel else 1 for _, _, panel, _ in rows]
    frame = pd.DataFrame(
        {
            "analysis": [analysis for analysis, _, _, _ in rows],
            "title": [title for _, title, _, _ in rows],
            "parameter": [panel for _, _, panel, _ in rows],
            "estimate": [row.value * k for (*_, row), k in zip(rows, scale, strict=True)],
            "lower": [row.lower * k for (*_, row), k in zip(rows, scale, strict=True)],
            "upper": [row.upper * k for (*_, row), k in zip(rows, scale, strict=True)],
        }
    )
    values = frame[["estimate", "lower", "upper"]].map(lambda v: "NE" if isnan(v) else f"{v:.1f}")
    text = values["estimate"] + " (" + values["lower"] + ", " + values["upper"] + ")"
    return frame.assign(text=text.replace("NE (NE, NE)", "NE"))


def panel(row: Result) -> str | None:
    """Panel that shows a result; None for one that is not shown."""
    if row.parameter == "DOR" and row.statistic == "median":
        return "DOR, median (months)"
    if row.parameter == "DOR" and row.statistic.startswith("landmark_M"):
        return f"DOR, event-free at month {row.statistic.removeprefix('landmark_M')} (%)"
    if row.statistic == "rate":
        return f"Improved at {row.parameter} (%)"
    return None
