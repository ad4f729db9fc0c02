"""Small studies, written with days since infusion, for the tests of the derivation."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.derive.adrs import categories_to_text
from durable.derive.datasets import Datasets, Derivation
from durable.derive.trial import Trial, ValidatedTables
from durable.plan import Plan, parse

INFUSION = pd.Timestamp("2024-01-01")

# Active disease at baseline, and a child in remission by the modified PRINTO rule.
ACTIVE = {
    "physician_global": 6.0,
    "parent_global": 6.0,
    "cmas": 30.0,
    "mmt8": 60.0,
    "chaq": 1.5,
    "chq_phs": 30.0,
    "das": 12.0,
    "extramuscular": 5.0,
    "ck": 900.0,
    "ck_uln": 150.0,
}
INACTIVE = {
    "physician_global": 0.1,
    "parent_global": 0.2,
    "cmas": 51.0,
    "mmt8": 80.0,
    "chaq": 0.0,
    "chq_phs": 50.0,
    "das": 1.0,
    "extramuscular": 0.0,
    "ck": 90.0,
    "ck_uln": 150.0,
}
# Improved but with rash: no remission.
FLARING = INACTIVE | {"physician_global": 2.0, "extramuscular": 1.0}
UNKNOWN = dict.fromkeys(INACTIVE)


def date(day: int) -> pd.Timestamp:
    return INFUSION + pd.Timedelta(days=day)


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A validated table from partial rows; what is not given is missing."""
    columns = INPUT_TABLES[name].columns
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    for column in columns:
        values = frame[column.name]
        match column.kind:
            case "date":
                typed = pd.to_datetime(values).astype("datetime64[ns]")
            case "text" | "time":
                typed = values.astype(object).where(values.notna(), None)
            case "number" | "integer":
                typed = values.astype(float)
        frame[column.name] = typed
    frame["source_row"] = range(2, len(frame) + 2)
    return frame


def subject(name: str = "S1", **given: Any) -> dict[str, Any]:
    return {
        "subject_id": name,
        "part": "A",
        "dose_level": "1e7",
        "consent_date": date(-30),
        "lymphodepletion_date": date(-5),
        "infusion_date": INFUSION,
    } | given


def visit(day: int, values: dict[str, Any], name: str = "S1", **given: Any) -> dict[str, Any]:
    return {"subject_id": name, "visit": "V", "visit_date": date(day), **values} | given


def plan(**sections: Any) -> Plan:
    return parse(
        {
            "analysis": {"id": "test", "data_cutoff": "2026-12-31"},
            "study": {"id": "S-1"},
            "inputs": {"subjects": {"path": "s.csv"}, "visits": {"path": "v.csv"}},
        }
        | sections
    )


def derived(
    subjects: list[dict[str, Any]],
    visits: list[dict[str, Any]],
    therapies: list[dict[str, Any]] | None = None,
    cutoff: int = 1000,
    **sections: Any,
) -> Datasets:
    """The datasets at a data cut-off so many days after the infusion, all text as text."""
    the_plan = plan(**sections)
    trial = Trial("NCT", (INFUSION + dt.timedelta(days=cutoff)).date(), the_plan.schedule)
    tables = ValidatedTables(
        table("subjects", subjects),
        table("visits", visits),
        None if therapies is None else table("therapies", therapies),
    )
    datasets = Derivation(trial, tables).datasets(the_plan.response)
    return replace(datasets, adrs=categories_to_text(datasets.adrs))


def tte(datasets: Datasets, parameter: str = "DOR", name: str = "S1") -> dict[str, Any]:
    """The time-to-event record of a subject, dates as days since infusion."""
    rows = datasets.adtte
    row = rows.loc[(rows["PARAMCD"] == parameter) & (rows["USUBJID"] == name)].iloc[0]
    record: dict[str, Any] = row.to_dict()
    for column in ("STARTDT", "ADT", "LOWDT"):
        record[column] = (record[column] - INFUSION).days
    return record


def ends_of(
    parameter: str,
    visits: list[dict[str, Any]],
    therapies: list[dict[str, Any]] | None = None,
    cutoff: int = 200,
    who: dict[str, int] | None = None,
    **response: Any,
) -> tuple[str, int, int, float]:
    """EVNTDESC, CNSR, ADT and AVAL of one subject's record, whose dates are days too."""
    dated = {name: date(day) for name, day in (who or {}).items()}
    datasets = derived([subject(**dated)], visits, therapies, cutoff=cutoff, response=response)
    row = tte(datasets, parameter)
    return row["EVNTDESC"], row["CNSR"], row["ADT"], row["AVAL"]


def new_therapy(day: int) -> dict[str, Any]:
    """A new systemic therapy of the first subject."""
    return {
        "subject_id": "S1", "therapy": "rituximab", "start_date": date(day), "new_systemic": "Y"
    }  # fmt: skip


def status(datasets: Datasets, code: str, name: str = "S1") -> list[Any]:
    """Text values of a parameter in time order."""
    rows = datasets.adrs
    return rows.loc[(rows["PARAMCD"] == code) & (rows["USUBJID"] == name), "AVALC"].tolist()
