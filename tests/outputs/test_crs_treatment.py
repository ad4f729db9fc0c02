"""How subjects with CRS and ICANS were treated, where the study records it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from durable.contracts.results import Result
from durable.outputs.datasets import AnalysisDatasets
from tests.derive.build import date, plan, subject
from tests.derive.laboratory import subjects
from tests.outputs.analysed import parameter_of, results_of


def event(name: str, interest: str = "CRS", **given: Any) -> dict[str, Any]:
    """An event of three days from day 3 on."""
    return {
        "USUBJID": name,
        "TRTEMFL": "Y",
        "AESI": interest,
        "ASTCTGR": 1,
        "AETOXGR": 1,
        "AOUT": None,
        "ADAY": 3,
        "ASTDT": date(3),
        "AENDT": date(5),
        "ASTDTF": None,
        "AENDTF": None,
        "ADURN": 3.0,
        "ONGOFL": None,
    } | given


def treated(*events: dict[str, Any]) -> dict[tuple[str, str], Result]:
    people = [subject(name) for name in ("S1", "S2", "S3")]
    adae = pd.DataFrame(events, columns=list(dict.fromkeys(k for e in events for k in e)))
    datasets = AnalysisDatasets(adsl=subjects(*people), adae=adae)
    found = results_of(["t_ae_crs"], datasets, plan(groups=[]))
    return {(parameter_of(row), row.statistic): row for row in found if row.group == "Total"}


def test_a_subject_counts_once_where_any_event_was_treated_so() -> None:
    found = treated(
        event("S1", TOCIFL="N"), event("S1", TOCIFL="Y"), event("S2", TOCIFL="N"),
        event("S3", "ICANS", TOCIFL="Y"),
    )  # fmt: skip
    assert found["CRS", "n_tocilizumab"].value == 1
    assert found["CRS", "percent_tocilizumab"].value == 50
    assert found["ICANS", "percent_tocilizumab"].value == 100
    assert found["CRS", "n_tocilizumab_unknown"].value == 0


def test_what_is_not_recorded_is_no_no() -> None:
    found = treated(event("S1", ICUFL=None), event("S2", ICUFL="N"))
    assert found["CRS", "n_icu"].value == 0
    assert found["CRS", "n_icu_unknown"].value == 1


def test_without_the_columns_there_is_no_row_and_without_an_event_no_percentage() -> None:
    assert not [name for _, name in treated(event("S1")) if "tocilizumab" in name]
    found = treated(event("S1", CSTERFL="Y"))
    assert found["ICANS", "n_corticosteroid"].value == 0
    assert pd.isna(found["ICANS", "percent_corticosteroid"].value)
