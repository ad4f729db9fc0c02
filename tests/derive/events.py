"""Small studies of adverse events, written with days since infusion."""

from __future__ import annotations

from typing import Any

import pandas as pd

from durable.contracts.adam.adae import adae_schema as contract
from durable.contracts.tables import NATIVE_COLUMNS
from durable.derive import adae
from durable.plan import Safety
from tests.derive.build import INFUSION, date

_DATES = ("LDDT", "TRTSDT", "EOSDT", "LSTALVDT", "DTHDT", "CUTDT")
_NUMBERS = ("ctcae_grade", "astct_grade")


def child(name: str = "S1", **given: Any) -> dict[str, Any]:
    """A subject of ADSL, infused on day 0 and followed to the cut-off on day 1000."""
    return {
        "STUDYID": "NCT",
        "USUBJID": name,
        "SUBJID": name,
        "TRT01P": "CD19 CAR-T 1e7",
        "TRT01A": "CD19 CAR-T 1e7",
        "PART": "A",
        "DOSELVL": "1e7",
        "LDDT": date(-5),
        "TRTSDT": INFUSION,
        "LSTALVDT": date(1000),
        "DTHDT": None,
        "EOSDT": None,
        "CUTDT": date(1000),
        "ENRLFL": "Y",
        "SAFFL": "Y",
    } | given


def never_infused(name: str, **given: Any) -> dict[str, Any]:
    return child(name, TRTSDT=None, TRT01A=None, SAFFL="N") | given


def event(start: int | None, end: int | None = None, name: str = "S1", **given: Any) -> Any:
    """An event from one day to another; grade 1 unless said otherwise."""
    return {
        "subject_id": name,
        "term": "as reported",
        "preferred_term": "Rash",
        "system_organ_class": "Skin",
        "start_date": None if start is None else date(start),
        "end_date": None if end is None else date(end),
        "ctcae_grade": 1,
        "serious": "N",
        "related": "N",
        "dlt": "N",
    } | given


def adsl(subjects: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(subjects, columns=list(child()))
    return frame.astype(dict.fromkeys(_DATES, "datetime64[ns]"))


def table(events: list[dict[str, Any]]) -> pd.DataFrame:
    """The validated table; what is not given is missing."""
    partial = [f"{name}_date_partial" for name in ("start", "end")]
    native = list(NATIVE_COLUMNS["adverse_events"])
    frame = pd.DataFrame(events, columns=[*native, *partial]).assign(
        ae_id=[f"AE-{i}" for i, _ in enumerate(events)], source_row=range(2, len(events) + 2)
    )
    frame = frame.astype(dict.fromkeys(("start_date", "end_date"), "datetime64[ns]"))
    frame = frame.astype(dict.fromkeys(_NUMBERS, "float64"))
    text = [c for c in (*native, *partial) if c not in ("start_date", "end_date", *_NUMBERS)]
    return frame.assign(**{c: frame[c].astype(object).where(frame[c].notna(), None) for c in text})


def derived(
    events: list[dict[str, Any]], subjects: list[dict[str, Any]] | None = None, **safety: Any
) -> pd.DataFrame:
    """ADAE, against its contract."""
    rule = Safety(**safety)
    dataset = adae.derive(adsl([child()] if subjects is None else subjects), table(events), rule)
    return contract(rule.windows_days).validate(dataset)
