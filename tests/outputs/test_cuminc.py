"""Cumulative incidence of the end of response: causes in force, estimates, and who is at risk."""

from __future__ import annotations

from math import exp, isnan, log, nan, sqrt
from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import Result
from durable.figures.cuminc import points
from durable.jdm.response import Response
from durable.outputs.ard import Ard, TableResults
from durable.outputs.cuminc import OUTPUT, causes_in_force
from durable.outputs.datasets import AnalysisDatasets
from tests.derive.build import plan
from tests.outputs.analysed import parameter_of, results_of

MONTH = 30.4375
EVENTS = {"R": "RECURRENCE", "P": "PROGRESSION", "D": "DEATH", "T": "NEW SYSTEMIC THERAPY"}


def datasets(*ends: tuple[int, str]) -> AnalysisDatasets:
    """Durations of response of subjects of one dose level; C is censored."""
    names = [f"S{i}" for i in range(len(ends))]
    adtte = pd.DataFrame(
        {
            "USUBJID": names,
            "PARAMCD": "DOR",
            "AVAL": [float(day) for day, _ in ends],
            "CNSR": [int(how == "C") for _, how in ends],
            "EVNTDESC": [EVENTS.get(how, "ONGOING AT DATA CUT-OFF") for _, how in ends],
        }
    )
    adsl = pd.DataFrame({"USUBJID": names, "SAFFL": "Y"})
    return AnalysisDatasets(adsl=adsl, adtte=adtte)


def results(*ends: tuple[int, str], **sections: Any) -> dict[tuple[str, str], Result]:
    found = results_of(["t_cuminc"], datasets(*ends), plan(groups=[], **sections))
    return {(parameter_of(row), row.statistic): row for row in found}


#: Ten in remission: recurrences on days 60 and 200, a death on day 100, two censored on day 150.
TEN = ((60, "R"), (100, "D"), (150, "C"), (150, "C"), (200, "P"), *((400, "C"),) * 5)


def test_incidence_at_a_month_by_hand():
    found = results(*TEN)
    # 1/10; then 8/10 x 1/6 more on day 200, of the six still at risk.
    recurrence = found["RECURRENCE", "incidence_M12"]
    assert found["RECURRENCE", "incidence_M6"].value == pytest.approx(0.1)
    assert recurrence.value == pytest.approx(0.1 + 0.8 / 6)
    assert found["DEATH", "incidence_M12"].value == pytest.approx(0.1)
    assert [found["RECURRENCE", f"{kind}_event"].value for kind in ("n", "percent")] == [2, 20]
    assert [found["DOR", f"at_risk_M{month}"].value for month in (3, 6, 12)] == [9, 6, 5]
    # Before the first event without censoring: variance p (1 - p) / n, limits on log(-log p).
    month_6 = found["RECURRENCE", "incidence_M6"]
    spread = 1.959963984540054 * sqrt(0.1 * 0.9 / 10) / (0.1 * abs(log(0.1)))
    expected = [exp(log(0.1) * exp(spread)), exp(log(0.1) * exp(-spread))]
    assert [month_6.lower, month_6.upper] == pytest.approx(expected)


def test_a_cause_without_an_event_is_estimated_without_an_interval():
    row = results(*TEN)["NEW_THERAPY", "incidence_M6"]
    assert (row.value, isnan(row.lower), row.note) == (0, True, "no event before: no interval")


def test_past_the_last_time_nothing_is_estimated_but_within_the_tolerance():
    found = results(*TEN)
    assert isnan(found["DEATH", "incidence_M18"].value)
    assert found["DEATH", "incidence_M18"].note == "after the last observed time"
    near = results((300, "R"), (360, "C"))["RECURRENCE", "incidence_M12"]
    assert (near.value, near.note) == (
        0.5, "as of day 360, the last observed time, within landmark_tolerance_days"
    )  # fmt: skip


def test_the_probabilities_and_being_free_of_all_causes_add_to_one():
    ends = ((30, "R"), (70, "T"), (90, "D"), (150, "C"), (180, "R"), (400, "C"))
    found = results(*ends)
    total = sum(found[c, "incidence_M12"].value for c in ("RECURRENCE", "DEATH", "NEW_THERAPY"))
    assert total == pytest.approx(1 - 3 / 6 * 1 / 2)


def test_new_therapy_competes_only_where_it_is_an_event():
    for strategy, causes in (
        ("composite", ("RECURRENCE", "DEATH", "NEW_THERAPY")),
        ("hypothetical", ("RECURRENCE", "DEATH")),
        ("treatment_policy", ("RECURRENCE", "DEATH")),
    ):
        response = Response.model_validate({"new_therapy": {"duration": strategy}})
        assert causes_in_force(response) == causes
    assert not [table.title for table in OUTPUT.tables if "therapy" in table.title]


def test_the_plan_chooses_variance_and_scale():
    aalen = results(*TEN, over_time={"incidence_variance": "aalen", "incidence_ci": "plain"})
    row = aalen["RECURRENCE", "incidence_M6"]
    # R 4.2.2, cmprsk 2.2-11: the variance at 1/10 is 0.01 by Aalen's formula.
    assert row.upper - row.value == pytest.approx(1.959963984540054 * 0.1)
    notes = " ".join(
        OUTPUT.tables[0].footnotes(
            plan(over_time={"incidence_variance": "aalen", "incidence_ci": "plain"})
        )
    )
    assert "Pointwise 95% CIs (plain; Aalen's variance)" in notes


@pytest.mark.parametrize("ends", [(), ((50, "R"),), ((50, "C"),), ((50, "R"),) * 3])
def test_none_one_and_all_at_once(ends):
    found = results(*ends)
    assert found["DOR", "n_subjects"].value == len(ends)
    row = found["RECURRENCE", "incidence_M3"]
    assert isnan(row.value)
    assert isnan(row.lower)


def test_one_subject_with_an_event_has_an_incidence_of_one_without_limits():
    row = results((92, "R"))["RECURRENCE", "incidence_M3"]
    assert (row.value, isnan(row.lower), isnan(row.upper)) == (0, True, True)
    row = results((80, "R"))["RECURRENCE", "incidence_M3"]
    assert (row.value, isnan(row.lower), isnan(row.upper)) == (1, True, True)


def test_the_table_has_a_block_a_cause_and_the_subjects_at_risk():
    the_plan = plan(groups=[])
    rows = list(results_of(["t_cuminc"], datasets(*TEN), the_plan))
    found = TableResults(Ard.from_results(rows), OUTPUT.name, the_plan.outputs)
    shown = [(row.label, row.cells) for row in OUTPUT.tables[0].rows(found, the_plan)]
    assert shown[:5] == [
        ("Subjects with remission", ("10",)),
        ("Recurrence or progression", ()),
        ("Subjects with event, n (%)", ("2 (20.0)",)),
        ("Cumulative incidence, %", ()),
        ("Month 6", ("10.0",)),
    ]
    assert shown[-3:] == [
        ("Subjects at risk, n", ()), ("Month 6", ("6",)), ("Month 12", ("5",))
    ]  # fmt: skip


def test_the_points_of_the_figure_are_steps_and_counts():
    found = points(datasets(*TEN), plan(groups=[]))
    curve = found.query("kind == 'curve' and cause == 'RECURRENCE'")
    assert curve["incidence"].round(4).tolist() == [0, 0.1, 0.1, 0.1, 0.2333, 0.2333]
    assert (curve["time"] * MONTH).round(6).tolist() == [0, 60, 100, 150, 200, 400]
    counts = found.query("kind == 'risk' and cause == 'RECURRENCE'")
    assert counts["n_risk"].tolist() == [10, 9, 6, 5, 5, 0, 0]
    assert counts["n_event"].tolist() == [0, 1, 1, 2, 2, 2, 2]
    assert points(datasets(), plan(groups=[])).query("kind == 'curve'").empty
    assert nan != curve["lower"].iloc[1]
