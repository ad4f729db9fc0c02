"""The glucocorticoid dose by visit: which assessments, of whom, and what is not estimable."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import Result
from durable.derive.adrs import categories_to_text
from durable.derive.datasets import Derivation
from durable.derive.trial import Trial, ValidatedTables
from durable.figures.glucocorticoid import dose_over_time
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.glucocorticoid import OUTPUT
from tests.derive.build import ACTIVE, INACTIVE, UNKNOWN, derived, plan, subject, table, visit

SCHEDULE = [{"visit": "M2", "day": 60, "window": 14}, {"visit": "M3", "day": 90, "window": 14}]
RESPONSE: dict[str, Any] = {"drug_free": {}}


def dosed(day: int, dose: float | None, name: str = "S1", values: Any = INACTIVE) -> dict[str, Any]:
    return visit(day, values, name, glucocorticoid_mg_kg=dose)


def found(visits: list[dict[str, Any]], people: int = 2, **drug_free: Any) -> dict[str, Result]:
    """The statistics of all subjects by visit and name; `S1` and `S2` are infused."""
    sections = {"response": {"drug_free": drug_free}, "schedule": SCHEDULE, "groups": []}
    subjects = [subject(f"S{i + 1}") for i in range(people)]
    datasets = derived(subjects, visits, **sections)
    analysed = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    rows = list(OUTPUT.rows(analysed, plan(**sections)))
    return {f"{row.parameter[0]} {row.statistic}": row for row in rows}


COURSE = [
    dosed(-10, 0.5, values=ACTIVE),
    dosed(60, 0.2),
    dosed(90, 0.0),
    dosed(-8, 0.3, "S2", ACTIVE),
    dosed(58, 0.1, "S2"),
    dosed(93, 0.1, "S2"),
]


def test_the_dose_at_each_visit_and_its_change() -> None:
    """Baseline 0.5 and 0.3; month 2: 0.2 and 0.1, changes -0.3 and -0.2; month 3: 0 and 0.1."""
    rows = found(COURSE)
    value = {name: row.value for name, row in rows.items()}
    assert (value["BASELINE n"], value["BASELINE mean"]) == (2, pytest.approx(0.4))
    assert value["BASELINE sd"] == pytest.approx(0.1 * 2**0.5)
    assert (value["M2 mean"], value["M2 min"], value["M2 max"]) == pytest.approx((0.15, 0.1, 0.2))
    assert (value["M2 n_change"], value["M2 change_mean"]) == (2, pytest.approx(-0.25))
    assert (value["M2 n_free"], value["M3 n_free"], value["M3 percent_free"]) == (0, 1, 50)
    assert "BASELINE n_change" not in value


def test_a_dose_of_at_most_the_limit_counts_as_free() -> None:
    rows = found(COURSE, glucocorticoid_max_mg_kg=0.1)
    assert [rows[f"{visit} n_free"].value for visit in ("M2", "M3")] == [1, 2]


def test_a_dose_that_is_not_recorded_is_not_counted_and_not_imputed() -> None:
    """S2 has no dose at the baseline, S1 none at month 3."""
    visits = [*COURSE[:2], dosed(90, None), dosed(-8, None, "S2", ACTIVE), *COURSE[4:]]
    value = {name: row.value for name, row in found(visits).items()}
    assert [value[f"{v} n"] for v in ("BASELINE", "M2", "M3")] == [1, 2, 1]
    assert [value[f"{v} n_change"] for v in ("M2", "M3")] == [1, 0]
    assert value["M3 percent_free"] == 0
    assert isnan(value["M3 change_mean"])


def test_of_one_subject_there_is_no_deviation_and_of_nobody_no_mean() -> None:
    value = {name: row.value for name, row in found(COURSE[:2], people=1).items()}
    assert (value["M2 n"], value["M2 mean"]) == (1, 0.2)
    assert isnan(value["M2 sd"])
    assert value["M3 n"] == 0
    assert isnan(value["M3 mean"])
    assert isnan(value["M3 percent_free"])


def test_of_several_assessments_the_one_that_stands_for_the_visit_is_used() -> None:
    """Day 59 is closer to day 60, but its score cannot be calculated; unscheduled ones are not."""
    visits = [
        COURSE[0],
        dosed(59, 0.4, values=UNKNOWN),
        dosed(55, 0.3),
        dosed(60, 0.1) | {"visit": "UNS"},
    ]
    assert found(visits, people=1)["M2 mean"].value == 0.3


def test_without_the_section_there_are_no_rows_and_no_records() -> None:
    datasets = derived([subject()], COURSE[:3])
    assert "GCDOSE" not in set(datasets.adrs["PARAMCD"])
    analysed = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    assert list(OUTPUT.rows(analysed, plan())) == []


def test_records_of_the_dose_hold_the_baseline_and_their_source() -> None:
    datasets = derived([subject()], COURSE[:3], response=RESPONSE)
    doses = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "GCDOSE"]
    assert doses["AVAL"].tolist() == [0.5, 0.2, 0.0]
    assert doses["BASE"].tolist() == [0.5] * 3
    assert doses["SRCVAR"].tolist() == ["glucocorticoid_mg_kg"] * 3
    assert doses["SRCSEQ"].tolist() == [2, 3, 4]


def test_the_records_of_improvement_keep_their_numbers_in_a_sensitivity_analysis() -> None:
    """They are derived alone there: their places among all records are counted."""
    sections = plan(response=RESPONSE, schedule=SCHEDULE)
    tables = ValidatedTables(table("subjects", [subject()]), table("visits", COURSE[:2]), None)
    derivation = Derivation(Trial.of_plan(sections), tables)
    whole = categories_to_text(derivation.datasets(sections.response).adrs)
    alone = categories_to_text(derivation.improvement(sections.response))
    expected = whole.loc[whole["PARAMCD"] == "IMPR"].reset_index(drop=True)
    assert expected["AVISIT"].tolist() == ["M2", "M3"]
    pd.testing.assert_frame_equal(alone.reset_index(drop=True), expected, check_dtype=False)


def test_the_figure_shows_every_recorded_dose_by_day() -> None:
    visits = [*COURSE[:2], dosed(75, None), dosed(90, 0.0)]
    adrs = derived([subject()], visits, response=RESPONSE).adrs
    doses = dose_over_time(adrs.loc[adrs["PARAMCD"] == "GCDOSE"])
    assert doses["day"].tolist() == [-10, 60, 90]
    assert doses["dose"].tolist() == [0.5, 0.2, 0.0]
    assert doses["subject"].unique().tolist() == ["S1"]


def test_the_table_has_a_row_a_visit_and_ne_where_nothing_can_be_estimated() -> None:
    sections = {"response": RESPONSE, "schedule": SCHEDULE, "groups": []}
    datasets = derived([subject()], COURSE[:2], **sections)
    analysed = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    the_plan = plan(**sections)
    ard = Ard.from_results(OUTPUT.rows(analysed, the_plan))
    shown = OUTPUT.table_rows(OUTPUT.tables[0], ard, the_plan)
    assert [(row.label, *row.cells[:5]) for row in shown] == [
        ("Baseline", "1", "0.50 (NE)", "0.50", "0.50, 0.50", "0 (0.0)"),
        ("M2", "1", "0.20 (NE)", "0.20", "0.20, 0.20", "0 (0.0)"),
        ("M3", "0", "NE", "NE", "NE", "0"),
    ]
