"""Contracts of the native input tables: kind, rule and label of every column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from durable.contracts.columns import NATIVE_COLUMNS
from durable.jdm.measures import ENZYMES
from durable.jdm.response import Ranges, Scale
from durable.sections import FIRST_YEAR, LAST_YEAR

Kind = Literal["text", "number", "integer", "date", "time"]

YES_NO = ("Y", "N")
ASSESSMENTS = ("remission", "improved", "stable", "recurrence", "progression")
MEASURES = ("physician_global", "parent_global", "cmas", "mmt8", "chaq", "chq_phs", "das")


@dataclass(frozen=True)
class Column:
    """What one cell of a column may hold."""

    kind: Kind = "text"
    required: bool = False
    partial: bool = False
    """Whether a date may lack its day, or its month and day: there is a rule that imputes it."""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above: float | None = None

    @property
    def expected(self) -> str:
        """The rule in words, for a message to the site."""
        if self.allowed:
            return f"one of {', '.join(self.allowed)}"
        if self.kind == "date":
            less = " (YYYY-MM or YYYY where no more is known)" if self.partial else ""
            return f"a date as YYYY-MM-DD{less}, from {FIRST_YEAR} to {LAST_YEAR}"
        if self.kind == "time":
            return "a time as HH:MM"
        if self.kind == "text":
            return "text"
        noun = "a whole number" if self.kind == "integer" else "a number"
        if self.above is not None:
            return f"{noun} above {self.above:g}"
        if self.low is not None and self.high is not None:
            return f"{noun} from {self.low:g} to {self.high:g}"
        return noun if self.low is None else f"{noun} of at least {self.low:g}"


_TEXT, _NEEDED = Column(), Column(required=True)
_DATE, _DAY = Column("date"), Column("date", required=True)
_PARTIAL = Column("date", partial=True)
_FLAG = Column(allowed=YES_NO)
_GRADE = Column("integer", low=1, high=5)
_NOT_NEGATIVE = Column("number", low=0)
_POSITIVE = Column("number", above=0)

_FIXED: dict[str, dict[str, Column]] = {
    "subjects": {
        "subject_id": _NEEDED,
        "part": Column(allowed=("A", "B")),
        "dose_level": _TEXT,
        "sex": Column(allowed=("M", "F")),
        "age_years": Column("number", low=0, high=120),
        "consent_date": _DATE,
        "lymphodepletion_date": _DATE,
        "infusion_date": _DATE,
        "cells_per_kg": _POSITIVE,
        "last_contact_date": _DATE,
        "death_date": _DATE,
        "withdrawal_date": _DATE,
        "withdrawal_reason": _TEXT,
    },
    "visits": {
        "subject_id": _NEEDED,
        "visit": _NEEDED,
        "visit_date": _DAY,
        **dict.fromkeys(ENZYMES, _NOT_NEGATIVE),
        **{f"{e}_uln": _POSITIVE for e in ENZYMES},
        "glucocorticoid_mg_kg": _NOT_NEGATIVE,
        "immunosuppressant": _FLAG,
        "investigator_assessment": Column(allowed=ASSESSMENTS),
        "jdmai1": _NOT_NEGATIVE,
        "jdmai2": _NOT_NEGATIVE,
    },
    "therapies": {
        "subject_id": _NEEDED,
        "therapy": _NEEDED,
        "start_date": _DAY,
        "end_date": _DATE,
        "new_systemic": Column(allowed=YES_NO, required=True),
        "reason": _TEXT,
    },
    "adverse_events": {
        "subject_id": _NEEDED,
        "ae_id": _NEEDED,
        "term": _TEXT,
        "preferred_term": _NEEDED,
        "system_organ_class": _NEEDED,
        "start_date": _PARTIAL,
        "end_date": _PARTIAL,
        "ctcae_grade": _GRADE,
        "astct_grade": _GRADE,
        "serious": _FLAG,
        "related": _FLAG,
        "dlt": _FLAG,
        "aesi": _TEXT,
        "outcome": _TEXT,
        "ae_seq": Column("integer", low=1),
    },
    "kinetics": {
        "subject_id": _NEEDED,
        "sample_date": _DAY,
        "sample_time": Column("time"),
        "nominal_day": Column("integer"),
        "assay": _NEEDED,
        "unit": _NEEDED,
        "value": _NOT_NEGATIVE,
        "below_lloq": _FLAG,
        "lloq": _POSITIVE,
    },
}

#: Columns that identify a record; two records with the same are one too many.
KEYS: dict[str, tuple[str, ...]] = {
    "subjects": ("subject_id",),
    "visits": ("subject_id", "visit", "visit_date"),
    "therapies": ("subject_id", "therapy", "start_date"),
    "adverse_events": ("subject_id", "ae_id"),
    "kinetics": ("subject_id", "assay", "sample_date", "sample_time"),
}


def columns(table: str, ranges: Ranges) -> dict[str, Column]:
    """Rules of a table's columns, in their order; measures as their configured scale."""
    found = dict(_FIXED[table])
    if table == "visits":
        for measure in (*MEASURES, "extramuscular"):
            scale: Scale = getattr(ranges, measure)
            found[measure] = Column("number", low=scale.min, high=scale.max)
    return {name: found[name] for name in NATIVE_COLUMNS[table]}


def partial(column: str) -> str:
    """Name of the column that holds the text of dates recorded in part; None where whole."""
    return f"{column}_partial"


def columns_needed(table: str) -> frozenset[str]:
    """Columns of a table whose every cell must be filled."""
    return frozenset(name for name, rule in _FIXED[table].items() if rule.required)


_DTYPES = {"text": object, "time": object, "date": "datetime64[ns]"}


@cache
def schema(table: str, ranges: Ranges) -> Any:
    """The contract of a typed table for pandera; each check's error is ``rule|expectation``."""
    import pandera.pandas as pa

    def column(rule: Column) -> Any:
        checks = []
        if rule.allowed:
            checks.append(pa.Check.isin(rule.allowed, error=f"not_allowed|{rule.expected}"))
        for limit, check in (
            (rule.low, pa.Check.ge),
            (rule.high, pa.Check.le),
            (rule.above, pa.Check.gt),
        ):
            if limit is not None:
                checks.append(check(limit, error=f"out_of_range|{rule.expected}"))
        if rule.kind == "date":
            years = pa.Check(
                lambda date: date.dt.year.between(FIRST_YEAR, LAST_YEAR),
                error=f"out_of_range|{rule.expected}",
            )
            checks.append(years)
        dtype = _DTYPES.get(rule.kind, "float64")
        return pa.Column(dtype, checks, nullable=not rule.required)

    native = columns(table, ranges)
    rules = {name: column(rule) for name, rule in native.items()}
    rules |= {partial(n): pa.Column(object, nullable=True) for n, r in native.items() if r.partial}
    rules["source_row"] = pa.Column("int64")
    return pa.DataFrameSchema(rules, strict=True, ordered=True, name=table)
