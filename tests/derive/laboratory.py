"""Small laboratory studies, written with days since infusion."""

from __future__ import annotations

from typing import Any

import pandas as pd

from durable.contracts.adam.adlb import ADLB
from durable.contracts.tables import NATIVE_COLUMNS
from durable.derive.adsl import describe_subjects, without_assessments
from durable.derive.laboratory import derive
from durable.derive.trial import Trial
from durable.jdm.response import Baseline
from durable.plan import Laboratory
from durable.schedule import DEFAULT_SCHEDULE
from tests.derive.build import INFUSION, date, subject, table

_TEXT = ("subject_id", "sample_time", "test", "unit", "below_lloq")
_NUMBERS = ("value", "lloq", "lower_limit", "upper_limit")
_UNITS = {test.code: test.unit for test in Laboratory().tests}


def sample(day: int, value: float | None, test: str = "NEUT", **given: Any) -> dict[str, Any]:
    """A result in the unit of the test, its lower limit of normal far below."""
    return {
        "subject_id": "S1",
        "sample_date": date(day),
        "test": test,
        "unit": _UNITS.get(test, "?"),
        "value": value,
        "below_lloq": "N",
        "lower_limit": 0.01,
    } | given


def samples(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The validated table."""
    frame = pd.DataFrame(rows, columns=[*NATIVE_COLUMNS["laboratory"]])
    kinds = dict.fromkeys(_TEXT, object) | dict.fromkeys(_NUMBERS, float)
    frame = frame.astype(kinds | {"sample_date": "datetime64[ns]"})
    return frame.assign(source_row=range(2, len(rows) + 2))


def subjects(*rows: dict[str, Any]) -> pd.DataFrame:
    """ADSL of a study without assessments."""
    trial = Trial("NCT", (INFUSION + pd.Timedelta(days=1000)).date(), DEFAULT_SCHEDULE)
    validated = table("subjects", list(rows) or [subject()])
    validated = validated.assign(study_subject_id=validated["subject_id"])
    none = table("therapies", []).set_index("subject_id")
    return without_assessments(describe_subjects(trial, validated, none))


def adlb(
    rows: list[dict[str, Any]],
    *who: dict[str, Any],
    baseline: Baseline = Baseline(),  # noqa: B008
    **laboratory: Any,
) -> pd.DataFrame:
    """ADLB of these results, validated."""
    plan = Laboratory.model_validate(laboratory)
    dataset = derive(subjects(*who), samples(rows), plan, DEFAULT_SCHEDULE, baseline)
    validated: pd.DataFrame = ADLB.validate(dataset)
    return validated
