"""ADEX of small studies, written with days since infusion."""

from __future__ import annotations

from typing import Any

import pandas as pd

from durable.contracts.adam.adex import ADEX
from durable.derive.lymphodepletion import derive
from tests.derive.build import date, table


def dose(day: int, amount: float | None, name: str = "S1", **given: Any) -> dict[str, Any]:
    """A dose of fludarabine in mg/m2 on a day, unless something else is given."""
    return {
        "subject_id": name,
        "administration_date": date(day),
        "medicine": "fludarabine",
        "dose": amount,
        "unit": "mg/m2",
    } | given


def adex(adsl: pd.DataFrame, doses: list[dict[str, Any]]) -> pd.DataFrame:
    """ADEX of the subjects, against its contract."""
    typed = table("lymphodepletion", doses).astype({"dose": "float64"})
    dataset: pd.DataFrame = ADEX.validate(derive(adsl, typed))
    return dataset
