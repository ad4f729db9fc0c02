"""Virtual trials: the definitions see their truth, and each is analysed as a trial on its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from durable.contracts.table_schema import table_schema
from durable.derive.assessments import assess
from durable.derive.datasets import Derivation
from durable.derive.durations import DOR
from durable.derive.trial import Trial, ValidatedTables
from durable.outputs.improvement import improvement_rate
from durable.outputs.time_to_event import duration_statistics
from durable.plan import Plan, PlanError, Scenario
from durable.simulate import chunk, virtual
from durable.simulate.chunk import chunk_estimates
from durable.simulate.design import Design, scheduled_visits
from durable.simulate.estimates import Definition, definitions
from durable.simulate.profiles import ACTIVE, IMPROVED, REMISSION, profiles
from durable.simulate.virtual import BLOCK, draws_of_trials, virtual_trials
from tests.derive.build import plan

#: Everything that can go wrong in a trial.
TROUBLED = {
    "improvement": {"M2": 0.6, "M3": 0.7},
    "dor_median_months": 6,
    "false_loss": 0.1,
    "recurrence_recorded": 0.5,
    "deaths_per_month": 0.02,
    "dropout_per_month": 0.03,
    "missed_visit": 0.15,
    "jitter_days": 5,
}
VARIANTS: dict[str, Any] = {
    "confirmed": {"response": {"remission": {"confirmation": True}}},
    "investigator": {"response": {"remission": {"rule": "investigator"}}},
    "unconfirmed": {"response": {"recurrence": {"consecutive": 1}}},
    "observed": {"response": {"improvement": {"missing": "observed"}}},
    "at_90_percent": {"statistics": {"conf_level": 0.9, "km_ci": "log", "quantile_rule": "sas"}},
}


def simulated(scenario: dict[str, Any], **sections: Any) -> Plan:
    simulation = {"trials": 2, "chunks": 1, "scenarios": {"s": scenario}}
    return plan(simulation=simulation | sections.pop("simulation", {}), **sections)


def drawn(the_plan: Plan, trials: int = 2) -> ValidatedTables:
    """The first trials of scenario s."""
    design = Design.of_plan(the_plan, "s")
    draws = draws_of_trials(design, the_plan.require_simulation().seed, np.arange(trials))
    return virtual_trials(design, draws, profiles(the_plan.response))


def of_trial(table: pd.DataFrame, trial: int, subjects: int = 10) -> pd.DataFrame:
    number = table["subject_id"].astype(int) // subjects
    return table.loc[number == trial].reset_index(drop=True)


def analysed(
    tables: ValidatedTables, trial: int, the_plan: Plan, rule: Definition
) -> Iterator[Any]:
    """Estimate, value and limits of one trial by the stages of the analysis; times in months."""
    month = the_plan.statistics.days_per_month
    own = ValidatedTables(of_trial(tables.subjects, trial), of_trial(tables.visits, trial), None)
    schedule = Design.of_plan(the_plan, "s").schedule
    datasets = Derivation(Trial("S", virtual.CUTOFF, schedule), own).datasets(rule.response)
    status = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "IMPR"]
    for visit in rule.response.improvement.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        rates = improvement_rate(at_visit, rule.response, rule.statistics.conf_level)
        found = {rate.name: rate for rate in rates}
        counts = found["n_denominator"].value, found["n_improved"].value
        rate = found["rate"]
        yield f"rate {visit}", *counts, (rate.value, rate.lower, rate.upper)
    records = datasets.adtte.loc[datasets.adtte["PARAMCD"] == "DOR"]
    by = the_plan.model_copy(update={"response": rule.response, "statistics": rule.statistics})
    rows = {
        row.name: (row.value, row.lower, row.upper) for row in duration_statistics(records, DOR, by)
    }
    counts = rows["n_subjects"][0], rows["n_event"][0]
    yield "median DOR", *counts, tuple(value * month for value in rows["median"])
    for mark in rule.statistics.landmarks_months:
        yield f"DOR at {mark:g} months", *counts, rows[f"landmark_M{mark:g}"]


@pytest.mark.parametrize(("core_set", "variants"), [("printo", VARIANTS), ("imacs", {})])
def test_each_trial_gets_the_estimates_of_an_analysis_of_its_own(
    core_set: str, variants: dict[str, Any]
) -> None:
    the_plan = simulated(TROUBLED, response={"core_set": core_set}, sensitivity=variants)
    tables, rows = (
        drawn(the_plan),
        chunk_estimates(the_plan, 0).set_index(["DEFN", "TRIAL", "ESTIMATE"]),
    )
    compared = 0
    for definition in definitions(the_plan):
        for trial in range(2):
            for estimate, n, x, limits in analysed(tables, trial, the_plan, definition):
                row = rows.loc[(definition.name, trial, estimate)]
                assert (row["N"], row["X"]) == (n, x)
                found = row[["VALUE", "LOWER", "UPPER"]].astype(float)
                # Months and back to days is not exact; all else is.
                rounding = 1e-15 if estimate == "median DOR" else 0
                np.testing.assert_allclose(found, limits, rtol=rounding, atol=0)
                compared += 1
    assert compared == len(rows) == (1 + len(variants)) * 2 * (2 + 1 + 6)


def test_the_tables_are_as_the_checks_of_real_ones_want_them() -> None:
    the_plan = simulated(TROUBLED | {"dose_levels": {"1": 3, "2": 7}})
    tables = drawn(the_plan)
    for name in ("subjects", "visits"):
        table_schema(name, the_plan.response.ranges).validate(getattr(tables, name))
    by_level = tables.subjects.groupby("dose_level").size()
    assert by_level.to_dict() == {"1": 6, "2": 14}
    assert not tables.visits.duplicated(["subject_id", "visit"]).any()


def test_the_definitions_see_exactly_the_state_of_the_disease() -> None:
    """Without missing visits, whoever the uniform number calls improved is, and nobody else."""
    scenario = {"improvement": {"M2": 0.6, "M3": 0.3}, "jitter_days": 3, "accrual_months": 0}
    the_plan = simulated(scenario)
    tables = drawn(the_plan, BLOCK)
    frame = assess(tables.subjects, tables.visits, the_plan.schedule, the_plan.response)
    draws = draws_of_trials(Design.of_plan(the_plan, "s"), 6569472, np.arange(BLOCK))
    for visit, probability in scenario["improvement"].items():  # type: ignore[attr-defined]
        at_visit = frame.loc[frame["avisit"] == visit]
        improved = (at_visit["tis"] >= 30).to_numpy().reshape(BLOCK, 10)
        assert (improved == (draws.response < probability)).all()
    post = frame.loc[frame["post"]]
    seen = post["remission"] == 1
    assert (seen == (post["investigator_assessment"] == "remission")).all()
    ever = seen.groupby(post["subject_id"]).any().to_numpy().reshape(BLOCK, 10)
    assert not ever[draws.response >= 0.7].any()
    # Of those improved throughout, all but the few whose remission falls between two visits.
    assert 0.9 < ever[draws.response < 0.3].mean() < 1


@pytest.mark.parametrize(
    "rule", ["printo", "modified_printo", "jdmai1", "jdmai2", "tis", "investigator"]
)
def test_remission_is_seen_as_it_is_by_every_rule(rule: str) -> None:
    scenario = {"improvement": {"M2": 0.6, "M3": 0.7}}
    the_plan = simulated(scenario, response={"remission": {"rule": rule}})
    tables = drawn(the_plan, 10)
    frame = assess(tables.subjects, tables.visits, the_plan.schedule, the_plan.response)
    recorded = frame["investigator_assessment"] == "remission"
    assert 0.2 < recorded.mean() < 0.6
    assert (frame["remission"] == recorded).loc[frame["post"]].all()


def test_remission_begins_and_ends_when_it_should() -> None:
    """All remit on the day after the last visit without improvement; half recur within a year."""
    scenario = {
        "improvement": {"M2": 0.0, "M3": 1.0},
        "remission_probability": 1.0,
        "remission_median_months": 1e-6,
        "dor_median_months": 12,
        "every_months": 1,
        "accrual_months": 0,
    }
    tables = drawn(simulated(scenario), BLOCK)
    visits = tables.visits.merge(tables.subjects[["subject_id", "infusion_date"]])
    day = (visits["visit_date"] - visits["infusion_date"]).dt.days
    remission = visits["investigator_assessment"] == "remission"
    assert remission.loc[day == 60].sum() == 0
    # From day 61 on; a median of 12 months leaves 0.5^(29/365.25) = 94.6 % on day 90.
    assert remission.loc[day == 90].mean() == pytest.approx(0.946, abs=3 * 0.0032)
    assert remission.loc[day == 425].mean() == pytest.approx(0.5 ** (364 / 365.25), abs=3 * 0.0071)
    recurred = visits["investigator_assessment"] == "recurrence"
    assert (recurred == ~remission).loc[day >= 61].all()


def test_deaths_and_withdrawals_end_the_visits_at_their_rates() -> None:
    scenario = TROUBLED | {"accrual_months": 0, "follow_up_months": 12}
    tables = drawn(simulated(scenario), BLOCK)
    subjects = tables.subjects.set_index("subject_id")
    end = subjects["death_date"].fillna(subjects["withdrawal_date"])
    # Of either, at a hazard of 0.05 a month for 12 months: 1 - exp(-0.6), two in five a death.
    assert end.notna().mean() == pytest.approx(0.4512, abs=3 * 0.007)
    assert subjects["death_date"].notna().sum() / end.notna().sum() == pytest.approx(0.4, abs=0.03)
    assert not (subjects["death_date"].notna() & subjects["withdrawal_date"].notna()).any()
    last = tables.visits.groupby("subject_id")["visit_date"].max()
    assert (last <= end.fillna(pd.Timestamp(virtual.CUTOFF))).all()
    # Baseline is there always; of the eight visits, M18 and M24 come after the cut-off.
    assert (tables.visits["visit"] == "BASELINE").sum() == BLOCK * 10
    assert not tables.visits["visit"].isin(["M18", "M24"]).any()


def rows_of(the_plan: Plan) -> pd.DataFrame:
    chunks = [chunk_estimates(the_plan, k) for k in range(the_plan.require_simulation().chunks)]
    order = ["SCENARIO", "DEFN", "TRIAL", "ESTIMATE", "METHOD"]
    return pd.concat(chunks).sort_values(order, ignore_index=True)


def test_rows_do_not_depend_on_chunks_nor_on_other_scenarios(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(virtual, "BLOCK", 15)
    monkeypatch.setattr(chunk, "BLOCK", 15)
    scenarios = {"s": TROUBLED, "t": TROUBLED | {"missed_visit": 0.3}}

    def with_chunks(number: int, **changed: Any) -> pd.DataFrame:
        given = {"trials": 25, "chunks": number, "scenarios": scenarios}
        return rows_of(plan(simulation=given | changed))

    whole = with_chunks(1)
    assert len(whole) == 2 * 25 * 9
    # Nor on how many trials are derived together: here 10 trials of 10 subjects with 9 assessments.
    monkeypatch.setattr(chunk, "_ASSESSMENTS", 900)
    for number in (3, 8):
        pd.testing.assert_frame_equal(with_chunks(number), whole, check_exact=True)
    alone = with_chunks(2, scenarios={"t": scenarios["t"]}, trials=20)
    first = whole.loc[(whole["SCENARIO"] == "t") & (whole["TRIAL"] < 20)]
    pd.testing.assert_frame_equal(alone, first.reset_index(drop=True), check_exact=True)
    assert not with_chunks(1, scenarios={"t": scenarios["t"]}, trials=20, seed=1).equals(alone)


def test_a_chunk_without_trials_is_an_empty_table_of_the_same_form() -> None:
    the_plan = simulated(TROUBLED, simulation={"chunks": 2})
    some, none = chunk_estimates(the_plan, 0), chunk_estimates(the_plan, 1)
    assert len(some) == 2 * 9
    assert len(none) == 0
    assert none.dtypes.equals(some.dtypes)


def test_states_stand_at_the_ends_of_the_scales() -> None:
    found = profiles(plan().response)
    states = {name: [found[name][s] for s in (ACTIVE, IMPROVED, REMISSION)] for name in found}
    assert (states["cmas"][0], states["cmas"][2]) == (0.0, 52.0)
    assert (states["physician_global"][0], states["physician_global"][2]) == (10.0, 0.0)
    # Normal and in remission at 150 U/L; active at 15 times ULN above it.
    assert (states["ck"][0], states["ck"][2], states["ck_uln"][0]) == (2400.0, 150.0, 150.0)
    # The lowest score of 30 or more: 20 for DAS, 10 for CHAQ.
    measures = ("physician_global", "parent_global", "cmas", "chaq", "chq_phs", "das")
    assert [m for m in measures if states[m][1] == states[m][2]] == ["chaq", "das"]
    # 32.5 + 10 + 7.5 + 20 = 70.
    major = profiles(plan(response={"improvement": {"level": "major"}}).response)
    best = [m for m in measures if major[m][IMPROVED] == major[m][REMISSION]]
    assert best == ["cmas", "chaq", "chq_phs", "das"]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            {"remission": {"criteria": {"physician_global_max": 10, "at_least": 1}}},
            "the worst value of every measure is not seen as such; expected active",
        ),
        (
            {
                "ranges": {"cmas": 40},
                "remission": {"rule": "tis", "tis_min": 70, "criteria": {"cmas_min": 37}},
            },
            None,
        ),
        (
            {
                "improvement": {"level": "major"},
                "remission": {"rule": "tis", "tis_min": 70},
            },
            "expected to tell improvement from remission",
        ),
    ],
)
def test_refuses_definitions_that_no_virtual_data_can_meet(
    response: dict[str, Any], message: str | None
) -> None:
    rule = plan(response=response).response
    if message is None:
        assert profiles(rule)["chaq"][REMISSION] == 0
        return
    with pytest.raises(PlanError, match=message):
        profiles(rule)


def test_visits_at_another_spacing_follow_the_last_one_of_the_rate() -> None:
    scenario = Scenario.model_validate(
        {
            "improvement": {"M2": 0.5, "M3": 0.5},
            "every_months": 3.0,
            "follow_up_months": 12.0,
            "accrual_months": 0.0,
        }
    )
    found = scheduled_visits(scenario, plan().schedule, 30.4375)
    # 90 + 91.3, + 182.6, + 273.9 (363.9); the next would lie after 365.25 days.
    days = [(visit.visit, visit.day, visit.window) for visit in found[3:]]
    assert days == [("EVERY-1", 181, 14), ("EVERY-2", 273, 14), ("EVERY-3", 364, 14)]
    assert [visit.visit for visit in found[:3]] == ["D28", "M2", "M3"]
    monthly = scheduled_visits(
        scenario.model_copy(update={"every_months": 1.0}), plan().schedule, 30.4375
    )
    gaps = [b.first_day - a.last_day for a, b in itertools.pairwise(monthly)]
    assert min(gaps) >= 1
