"""Probability of being in remission over time: who is in which state, and the limits."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import Result
from durable.figures.inresponse import points
from durable.outputs.ard import Ard, TableResults
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.inresponse import OUTPUT
from tests.derive.build import ACTIVE, FLARING, INACTIVE, date, derived, plan, subject, visit
from tests.outputs.analysed import results_of


def of_children(*children: list[tuple[int, dict[str, Any]]], **given: Any) -> AnalysisDatasets:
    """Children with the assessments of each; `died` and `rescued` name days by child."""
    died, rescued = given.pop("died", {}), given.pop("rescued", {})
    names = [f"S{i}" for i in range(len(children))]
    visits = [visit(-6, ACTIVE, name) for name in names]
    visits += [
        visit(day, values, name)
        for name, child in zip(names, children, strict=True)
        for day, values in child
    ]
    subjects = [
        subject(name, death_date=date(died[i]) if i in died else None)
        for i, name in enumerate(names)
    ]
    therapies = [
        {"subject_id": names[i], "therapy": "x", "start_date": date(day), "new_systemic": "Y"}
        for i, day in rescued.items()
    ]
    found = derived(subjects, visits, therapies, cutoff=800, **given)
    return AnalysisDatasets(adsl=found.adsl, adrs=found.adrs, adtte=found.adtte)


def statistics(found: AnalysisDatasets, **sections: Any) -> dict[str, Result]:
    rows = results_of(["t_inresponse"], found, plan(groups=[], **sections))
    return {row.statistic: row for row in rows}


LASTING = [(day, INACTIVE) for day in (60, 180, 365)]
LOST = [(60, INACTIVE), (180, FLARING), (270, FLARING), (365, FLARING)]
LATE = [(60, FLARING), (180, INACTIVE), (365, INACTIVE)]
NEVER = [(day, FLARING) for day in (60, 180, 365)]


def test_the_share_in_remission_at_a_month_by_hand():
    found = statistics(of_children(LASTING, LOST, LATE, NEVER))
    assert [found[f"n_{n}"].value for n in ("subjects", "entered", "ended", "failed")] == [
        4, 3, 1, 0
    ]  # fmt: skip
    # Month 3 (day 91.3): two of four. Month 6 (day 182.6): one is lost, one has entered.
    assert found["in_remission_M3"].value == pytest.approx(0.5)
    assert found["in_remission_M6"].value == pytest.approx(0.5)
    assert [found[f"{n}_M6"].value for n in ("at_risk", "waiting")] == [2, 1]
    # 61 to 365 days of one, 61 to 181 of another, 181 to 365 of the third, of four.
    assert found["in_remission_M12"].value == pytest.approx(0.5)


def test_the_expected_time_is_the_area_by_hand():
    found = statistics(of_children(LASTING, LOST, LATE, NEVER), statistics={"rmst_months": 12})
    days = (365.25 - 61) + (181 - 61) + (365.25 - 181)
    assert found["time_in_remission_M12"].value == pytest.approx(days / 4 / 30.4375)


def test_death_before_remission_is_a_failure():
    found = statistics(of_children(LASTING, NEVER[:1], died={1: 100}))
    assert [found[f"n_{n}"].value for n in ("entered", "failed")] == [1, 1]


@pytest.mark.parametrize(
    ("strategy", "entered", "failed"),
    [("composite", 1, 1), ("hypothetical", 1, 0), ("treatment_policy", 2, 0)],
)
def test_new_therapy_before_remission_is_what_the_plan_says(strategy, entered, failed):
    response = {"new_therapy": strategy}
    found = statistics(
        of_children(LASTING, LATE, rescued={1: 100}, response=response), response=response
    )
    assert [found[f"n_{n}"].value for n in ("entered", "failed")] == [entered, failed]


def test_nobody_and_one_subject_have_no_interval():
    nobody = statistics(of_children())
    assert nobody["n_subjects"].value == 0
    assert isnan(nobody["in_remission_M6"].value)
    assert isnan(nobody["time_in_remission_M24"].value)
    one = statistics(of_children(LASTING))["in_remission_M6"]
    assert (one.value, isnan(one.lower), isnan(one.upper)) == (1, True, True)


def test_past_the_last_observation_of_a_state_nothing_is_estimated():
    found = statistics(of_children(LASTING, NEVER[:2]))
    # Who waited was last seen on day 180: whether it is in remission later nobody knows.
    assert found["in_remission_M6"].note == (
        "as of day 181, the last observed time, within landmark_tolerance_days"
    )
    assert isnan(found["in_remission_M9"].value)
    assert found["in_remission_M9"].note == "after the last observed time"


def test_replicates_and_seed_are_those_of_the_plan():
    children = of_children(LASTING, LOST, LATE, NEVER, LATE)
    drawn = {"bootstrap_replicates": 100, "bootstrap_seed": 5}
    first, again = (statistics(children, statistics=drawn) for _ in range(2))
    assert first["in_remission_M6"] == again["in_remission_M6"]
    notes = " ".join(OUTPUT.tables[0].footnotes(plan(statistics=drawn)))
    assert "percentile bootstrap over subjects (100 samples, seed 5)" in notes


def test_the_table_begins_with_the_probability():
    the_plan = plan(groups=[])
    rows = list(results_of(["t_inresponse"], of_children(LASTING, NEVER), the_plan))
    found = TableResults(Ard.from_results(rows), OUTPUT.name, the_plan.outputs)
    shown = [(row.label, row.cells) for row in OUTPUT.tables[0].rows(found, the_plan)]
    assert shown[:4] == [
        ("All infused", ("2",)),
        ("Probability of being in remission, %", ()),
        ("Month 6", ("50.0",)),
        ("95% CI", ("(0.0, 100.0)",)),
    ]
    assert shown[-3:] == [
        ("entered remission", ("1 (50.0)",)),
        ("left it (events of the duration of response)", ("0 (0.0)",)),
        ("failed before remission", ("0 (0.0)",)),
    ]


def test_the_points_of_the_figure_end_with_what_can_be_estimated():
    found = points(of_children(LASTING, NEVER[:2]), plan(groups=[]))
    curve = found.query("kind == 'curve'")
    assert (curve["time"] * 30.4375).round(6).tolist() == [0, 61, 181]
    assert curve["probability"].tolist() == [0, 0.5, 0.5]
    counts = found.query("kind == 'risk'")
    assert counts["n_waiting"].tolist()[:3] == [2, 1, 0]
    empty = points(of_children(), plan(groups=[]))
    assert pd.isna(empty.query("kind == 'curve'")["probability"]).all()
