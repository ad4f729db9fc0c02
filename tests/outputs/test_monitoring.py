"""Interim rules on data that a test makes: who is evaluable, what is decided, what is shown."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import Result
from durable.outputs import output_named
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan, PlanError
from tests.derive.build import date, plan
from tests.derive.events import adsl, child, derived, event
from tests.outputs.analysed import results_of

pytestmark = pytest.mark.requirement("MON-01", "MON-02", "MON-03", "PLN-02")

RATE = {"visit": "M3", "null_rate": 0.4, "maximum_subjects": 10}
#: What a subject can be at a visit: AVAL and REASON.
YES, NO, PENDING = (1.0, None), (0.0, None), (math.nan, "PENDING")
MISSED, DIED = (math.nan, "NOT ASSESSED"), (math.nan, "DIED")
Status = tuple[float, str | None]


def status(*subjects: Status, visit: str = "M3") -> pd.DataFrame:
    """Records of the improvement status of subjects S1, S2, ... at a visit."""
    rows = [
        {
            "USUBJID": f"S{place}",
            "PARAMCD": "IMPR",
            "AVISIT": visit,
            "ANL01FL": "Y",
            "AVAL": value,
            "REASON": reason,
        }
        for place, (value, reason) in enumerate(subjects, start=1)
    ]
    return pd.DataFrame(rows).astype({"AVAL": float, "REASON": object})


def improvement(*subjects: Status, days: Any = None, **monitoring: Any) -> list[Result]:
    """Results of the monitored rate; subjects are infused one after another."""
    order = days or range(len(subjects))
    infused = [child(f"S{i}", TRTSDT=date(day)) for i, day in enumerate(order, start=1)]
    the_plan = plan(monitoring={"improvement": RATE} | monitoring)
    datasets = AnalysisDatasets(adsl=adsl(infused), adrs=status(*subjects))
    return list(results_of(["t_monitoring"], datasets, the_plan))


def by_key(results: list[Result]) -> dict[tuple[str, ...], Result]:
    return {(*row.parameter, row.statistic): row for row in results}


# --- improvement ----------------------------------------------------------------------------------


def test_subjects_pending_are_not_evaluable_and_missing_ones_are() -> None:
    """Of five: improved, not, missed, died, pending. One of four is evaluable and improved; P(rate
    above 40 %) is that of at most one among five of such a rate: 0.33696."""
    found = by_key(improvement(YES, NO, MISSED, DIED, PENDING))
    assert [found["M3", n].value for n in ("n_improved", "n_evaluable", "n_pending")] == [1, 4, 1]
    assert found["M3", "probability_above"].value == pytest.approx(0.6**5 + 5 * 0.4 * 0.6**4)
    assert found["M3", "rate"].value == 0.25


def test_the_course_follows_the_order_of_infusion() -> None:
    """The third was infused first: improved, then not, then not."""
    found = by_key(improvement(NO, NO, YES, days=[5, 9, 1]))
    course = [found["M3", "AFTER", n, "n_improved"].value for n in ("1", "2", "3")]
    assert course == [1, 1, 1]
    assert found["M3", "AFTER", "1", "probability_above"].value == pytest.approx(1 - 0.4**2)
    assert ("M3", "AFTER", "4", "n_improved") not in found


@pytest.mark.parametrize(
    ("subjects", "monitoring", "decision"),
    [
        ([YES] * 3 + [NO] * 2, {}, "continue"),
        ([NO] * 5, {}, "stop for futility"),
        ([YES] * 6 + [NO] * 4, {}, "success criterion met"),
        ([YES] * 5 + [NO] * 5, {}, "success criterion not met"),
        ([YES] * 6 + [NO] * 6, {}, "success criterion not met"),  # two beyond the planned ten
        ([YES] * 6, {"improvement": RATE | {"stop_if_predictive_above": 0.99}},
         "stop for efficacy"),
        ([YES] * 6, {}, "continue"),
        ([PENDING] * 3, {}, "no recommendation, no evaluable subject"),
    ],
)  # fmt: skip
def test_decisions_at_the_data_cut_off(
    subjects: list[Status], monitoring: dict[str, Any], decision: str
) -> None:
    found = by_key(improvement(*subjects, **monitoring))
    assert found["M3", "decision"].note == decision


@pytest.mark.parametrize(
    ("outcomes", "rules", "predicted"),
    [
        # Two of four are needed, so both to come: under Beta(1, 3) a mean p^2 of 2/20.
        (
            (NO, NO),
            {"null_rate": 0.2, "maximum_subjects": 4, "stop_if_predictive_below": 0.1},
            0.1,
        ),
        # Three of five are needed, so not none of three: under Beta(3, 1) 1 - 1/20.
        (
            (YES, YES),
            {"null_rate": 0.3, "maximum_subjects": 5, "stop_if_predictive_above": 0.95},
            0.95,
        ),
    ],
)
def test_a_prediction_that_equals_a_limit_neither_is_below_nor_above_it(
    outcomes: tuple[Status, ...], rules: dict[str, float], predicted: float
) -> None:
    found = by_key(improvement(*outcomes, improvement={"visit": "M3"} | rules))
    assert found["M3", "predictive_probability"].value == pytest.approx(predicted)
    assert found["M3", "decision"].note == "continue"


def test_a_posterior_that_equals_a_limit_does_not_stop() -> None:
    """One of one: P(rate > 0.8) = 1 - 0.8^2 = 0.36, which is not below 0.36."""
    rule = {"visit": "M3", "rate_above": 0.8, "stop_if_probability_below": 0.36}
    found = by_key(improvement(YES, decisions={"unlikely": rule}))
    assert found["RULE", "unlikely", "decision"].note == "continue"


def test_nothing_is_estimated_of_nobody() -> None:
    found = by_key(improvement(PENDING))
    for name in ("rate", "probability_above", "predictive_probability"):
        assert math.isnan(found["M3", name].value)


@pytest.mark.parametrize(
    ("subjects", "decision"),
    [
        ([YES] * 4 + [NO] * 2, "continue"),
        ([YES] * 3 + [NO] * 2 + [PENDING], "not yet decided, 1 pending"),
        ([YES] * 2 + [NO] * 3 + [PENDING], "stop"),
    ],
)
def test_a_rule_of_a_number_waits_for_the_pending_who_can_reach_it(
    subjects: list[Status], decision: str
) -> None:
    rule = {"few": {"visit": "M3", "stop_if_fewer_than": 4}}
    found = by_key(improvement(*subjects, decisions=rule))
    assert found["RULE", "few", "decision"].note == decision


def test_a_rule_of_a_probability_at_its_own_rate() -> None:
    """One of five: P(rate above 50 %) is that of at most one among six: 7/64."""
    rule = {"low": {"visit": "M3", "stop_if_probability_below": 0.11, "rate_above": 0.5}}
    found = by_key(improvement(YES, NO, NO, NO, NO, decisions=rule))
    assert found["RULE", "low", "probability_above"].value == pytest.approx(7 / 64)
    assert found["RULE", "low", "decision"].note == "stop"


def shown(name: str, results: list[Result], the_plan: Plan, table: str = "") -> dict[str, Any]:
    """Cells of a table by the label of their row."""
    output = output_named(name)
    rows = output.table_rows(output.table(table or name), Ard.from_results(results), the_plan)
    return {row.label: row.cells for row in rows}


def test_the_table_shows_planned_looks_and_those_not_yet_reached() -> None:
    looks = {"improvement": RATE | {"looks": [2, 5]}}
    rows = shown("t_monitoring", improvement(YES, YES, NO, **looks), plan(monitoring=looks))
    assert rows["n = 2"] == ("2/2 (100.0)", "93.6", "87.9", "continue")
    assert rows["n = 5"] == ("", "", "", "not yet reached")
    assert "n = 3" not in rows
    assert rows["At the data cut-off"] == ("2/3 (66.7)", "82.1", "65.2", "continue")


def test_the_table_of_nobody_says_so() -> None:
    the_plan = plan(monitoring={"improvement": RATE})
    rows = shown("t_monitoring", improvement(PENDING), the_plan)
    assert rows["At the data cut-off"] == (
        *("0/0 (NE)", "NE", "NE"), "no recommendation, no evaluable subject",
    )  # fmt: skip


# --- safety boundaries ----------------------------------------------------------------------------


CRS = {"event": "crs", "acceptable_rate": 0.1, "unacceptable_rate": 0.4, "maximum_subjects": 5}


def safety(
    events: list[Any], subjects: list[dict[str, Any]], **section: Any
) -> dict[tuple[str, ...], Result]:
    the_plan = plan(monitoring={"safety": {"s": CRS | section}})
    datasets = AnalysisDatasets(adsl=adsl(subjects), adae=derived(events, subjects))
    return by_key(list(results_of(["t_safety_boundary"], datasets, the_plan)))


def crs(day: int, name: str, grade: int | None = 3) -> Any:
    return event(day, day + 3, name, aesi="CRS", astct_grade=grade, ctcae_grade=1)


def test_who_is_evaluable_for_cytokine_release_and_what_counts() -> None:
    """A: grade 3. B: grade 2 only. C: of no grade. D: grade 3 on day 29. E: withdrew on day 9.
    F: died on day 9. G: withdrew on day 9 with grade 4."""
    withdrawn = {"EOSDT": date(9), "LSTALVDT": date(9)}
    subjects = [
        *(child(name) for name in "ABCD"),
        child("E", **withdrawn),
        child("F", DTHDT=date(9), LSTALVDT=date(9)),
        child("G", **withdrawn),
    ]
    events = [crs(2, "A"), crs(2, "B", 2), crs(2, "C", None), crs(29, "D"), crs(3, "G", 4)]
    found = safety(events, subjects)
    assert [found["s", n].value for n in ("n_event", "n_evaluable", "n_grade_missing")] == [2, 6, 1]
    wider = safety(events, subjects, window_days=30, least_grade=2)
    assert [wider["s", n].value for n in ("n_event", "n_evaluable")] == [4, 6]


def test_a_boundary_that_was_reached_stays_reached() -> None:
    """The first two of five have the event: both rules stop at two of two, and would not at two
    of five by the Pocock-type rule alone."""
    subjects = [child(name, TRTSDT=date(place)) for place, name in enumerate("ABCDE")]
    found = safety([crs(5, "A"), crs(5, "B")], subjects, stop_if_probability_above=0.97)
    assert found["s", "first_reached_pocock"].note == "reached at n = 2"
    assert found["s", "first_reached_pocock"].value == 2
    assert found["s", "stop_from_pocock"].value == 3
    assert [found["s", str(n), "n_event"].value for n in range(1, 6)] == [1, 2, 2, 2, 2]


def test_the_probability_of_ever_stopping_of_a_trial_of_two() -> None:
    """At a rate of 10 %: two of two, 1 %; one of two would stop 19 % of the trials."""
    found = safety([], [child()], maximum_subjects=2)
    assert found["s", "2", "pocock"].value == 2
    assert math.isnan(found["s", "1", "pocock"].value)
    assert found["s", "stops_if_acceptable_pocock"].value == pytest.approx(0.01)
    assert found["s", "stops_if_unacceptable_pocock"].value == pytest.approx(0.16)
    assert found["s", "first_reached_pocock"].note == "not reached"


def test_subjects_beyond_the_boundary_are_not_monitored_and_nobody_is_said_to_be() -> None:
    two = [child("A"), child("B")]
    assert safety([], two, maximum_subjects=1)["s", "first_reached_pocock"].note == (
        "not monitored beyond n = 1"
    )
    early = child(LSTALVDT=date(3), CUTDT=date(3))
    found = safety([], [early])
    assert found["s", "first_reached_pocock"].note == "no evaluable subject"
    assert math.isnan(found["s", "rate"].value)
    assert math.isnan(found["s", "probability_above"].value)


def test_dose_limiting_toxicities_are_those_of_their_table() -> None:
    """A death that nobody assessed counts."""
    subjects = [child("A"), child("B", DTHDT=date(9), LSTALVDT=date(9))]
    found = safety([], subjects, event="dlt")
    assert [found["s", n].value for n in ("n_event", "n_evaluable")] == [1, 2]
    assert ("s", "n_grade_missing") not in found


# --- escalation -----------------------------------------------------------------------------------


def escalation(
    subjects: list[dict[str, Any]], toxic: str = "", planned: Any = None, **section: Any
) -> dict[tuple[str, ...], Result]:
    """Results by group and parameter; the subjects named have a dose-limiting toxicity."""
    exposure = {"exposure": {"planned_cells_per_kg": planned}} if planned else {}
    the_plan = plan(monitoring={"escalation": section}, **exposure)
    events = [event(3, 5, name, dlt="Y") for name in toxic]
    datasets = AnalysisDatasets(adsl=adsl(subjects), adae=derived(events, subjects))
    results = results_of(["t_escalation"], datasets, the_plan)
    return {(row.group, *row.parameter, row.statistic): row for row in results}


def at_level(names: str, level: str | None) -> list[dict[str, Any]]:
    return [child(name, DOSELVL=level) for name in names]


def test_the_decisions_of_two_dose_levels() -> None:
    """0 of 3, then 2 of 3 of the higher level: 3+3 stops, the others go down; the MTD is the lower
    one, as 0.0161 is nearer to 30 % than 2.05/3.1 = 0.661."""
    found = escalation([*at_level("ABC", "1e7"), *at_level("DEF", "3e7")], "DE")
    decided = {
        (level, rule): found[level, "A", rule].note
        for level in ("1e7", "3e7")
        for rule in ("three_plus_three", "boin", "mtpi2")
    }
    assert decided == {
        ("1e7", "three_plus_three"): "escalate",
        ("1e7", "boin"): "escalate",
        ("1e7", "mtpi2"): "escalate",
        ("3e7", "three_plus_three"): "stop, the maximum tolerated dose is exceeded",
        ("3e7", "boin"): "de-escalate",
        ("3e7", "mtpi2"): "de-escalate",
    }
    assert found["3e7", "A", "isotonic"].value == pytest.approx(2.05 / 3.1)
    assert (found["Total", "MTD", "mtd"].value, found["Total", "MTD", "mtd"].note) == (1, "1e7")


LOW, MEDIUM, HIGH = "ABC", "DEFGHI", "JKL"


@pytest.mark.parametrize(
    ("levels", "planned"),
    [
        (("1e6", "3e6", "1e7"), None),
        (("1x10^6", "3x10^6", "1x10^7"), None),
        (("low", "medium", "high"), {"low": 1e6, "medium": 3e6, "high": 1e7}),
    ],
)
def test_the_dose_estimated_does_not_depend_on_how_levels_are_written(
    levels: tuple[str, ...], planned: dict[str, float] | None
) -> None:
    """0 of 3, 4 of 6 and 1 of 3: the upper two are pooled, and the middle one is eliminated."""
    by_level = zip((LOW, MEDIUM, HIGH), levels, strict=True)
    subjects = [one for names, level in by_level for one in at_level(names, level)]
    found = escalation(subjects, "DEFGJ", planned, target=0.3)
    rates = [found[level, "A", "isotonic"].value for level in levels]
    assert rates[0] < rates[1] == rates[2]
    assert (found["Total", "MTD", "mtd"].value, found["Total", "MTD", "mtd"].note) == (1, levels[0])


def test_no_dose_is_estimated_where_the_order_of_the_levels_is_not_known() -> None:
    found = escalation([*at_level("ABC", "low"), *at_level("DEF", "high")], "DE")
    assert math.isnan(found["low", "A", "isotonic"].value)
    assert math.isnan(found["high", "A", "isotonic"].value)
    dose = found["Total", "MTD", "mtd"]
    assert math.isnan(dose.value)
    assert dose.note.startswith("NE: the order of the dose levels is not known")
    assert found["high", "A", "boin"].note == "de-escalate"


def test_one_evaluable_subject_and_none_of_a_level() -> None:
    """One of one without a toxicity: 3+3 waits for three, the others escalate."""
    early = child("B", DOSELVL="3e7", LSTALVDT=date(3))
    found = escalation([child("A", DOSELVL="1e7"), early])
    assert found["1e7", "A", "three_plus_three"].note == (
        "treat or follow more subjects until 3 are evaluable"
    )
    assert found["1e7", "A", "boin"].note == "escalate"
    assert found["3e7", "A", "boin"].note == "no decision, no evaluable subject"
    assert math.isnan(found["3e7", "A", "isotonic"].value)
    assert found["Total", "MTD", "mtd"].note == "1e7"


@pytest.mark.parametrize(
    ("day", "counted", "doubt"),
    [
        (12, 1, "1 death within 28 days without a recorded assessment, counted as dose-limiting"),
        (35, 0, "1 death later of an event begun within 28 days, not assessed"),
    ],
)
def test_no_rule_escalates_past_a_death_that_nobody_assessed(
    day: int, counted: int, doubt: str
) -> None:
    """1 or 0 of 6 with a toxicity: each rule escalates once the death is adjudicated, not before;
    with 1 of 3 BOIN and mTPI-2 stay."""
    for names, counts in (("ABCEF", "6"), ("AB", "3")):
        subjects = [*at_level(names, "1e7"), child("D", DOSELVL="1e7", DTHDT=date(day))]
        fatal = event(10, day, "D", ctcae_grade=5, outcome="fatal", dlt=None)
        datasets = AnalysisDatasets(adsl=adsl(subjects), adae=derived([fatal], subjects))
        results = results_of(["t_escalation"], datasets, plan(monitoring={"escalation": {}}))
        found = {row.statistic: row for row in results if row.group == "1e7"}
        assert (found["n_dlt"].value, f"{found['n_evaluable'].value:.0f}") == (counted, counts)
        escalates = counts == "6" or not counted
        for rule in ("boin", "mtpi2"):
            expected = f"adjudicate first ({doubt})" + ("" if escalates else "; as counted, stay")
            assert found[rule].note == expected
        step = "" if escalates else "; as counted, expand the dose level to 6 evaluable"
        assert found["three_plus_three"].note == f"adjudicate first ({doubt}){step}"


def test_all_toxic_at_the_lowest_level_tolerates_no_dose() -> None:
    found = escalation(at_level("ABC", "1e7"), "ABC")
    assert found["1e7", "A", "boin"].note == "eliminate this level and those above"
    assert math.isnan(found["Total", "MTD", "mtd"].value)


def test_subjects_of_another_part_or_without_a_level_are_in_no_line() -> None:
    other = [child("D", PART="B", DOSELVL="3e7"), *at_level("E", None)]
    found = escalation([*at_level("ABC", "1e7"), *other])
    assert {key[0] for key in found} == {"1e7", "Total"}


def test_the_decision_table_and_the_dose_in_the_tables() -> None:
    section = {"escalation": {"table_subjects": 3}}
    the_plan = plan(monitoring=section)
    subjects = at_level("ABC", "1e7")
    datasets = AnalysisDatasets(adsl=adsl(subjects), adae=derived([], subjects))
    results = list(results_of(["t_escalation"], datasets, the_plan))
    rows = shown("t_escalation", results, the_plan, "t_escalation_s")
    assert rows["n = 3"] == ("<= 0", ">= 2", "<= 0", ">= 2", ">= 3", "<= 0", ">= 2", ">= 3")
    assert rows["n = 1"][:2] == ("none", "none")
    last = list(shown("t_escalation", results, the_plan))[-1]
    assert last.endswith("if escalation ended at the data cut-off: 1 x 10^7 cells/kg")


# --- the plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("monitoring", "said"),
    [
        ({"improvement": RATE | {"visit": "M6"}}, "monitoring.improvement.visit: found 'M6'"),
        ({"improvement": RATE | {"looks": [5, 3]}}, "looks in ascending order"),
        ({"improvement": RATE | {"looks": [11]}}, "looks up to maximum_subjects, 10"),
        ({"improvement": RATE | {"stop_if_predictive_above": 0.01}}, "higher than"),
        ({"improvement": RATE, "decisions": {"d": {"visit": "M9", "stop_if_fewer_than": 1}}},
         "monitoring.decisions.d.visit: found 'M9'"),
        ({"decisions": {"d": {"visit": "M3", "stop_if_fewer_than": 1}}}, "only with improvement"),
        ({"safety": {"s": CRS | {"unacceptable_rate": 0.1}}}, "unacceptable_rate higher than"),
        ({"safety": {"s": CRS | {"event": "dlt", "window_days": 30}}}, "only of crs and icans"),
        ({"escalation": {"boin_toxic": 0.2}}, "boin_toxic above it"),
        ({"escalation": {"mtpi2_below": 0.3}}, "an interval of mTPI-2"),
    ],
)  # fmt: skip
def test_mistakes_in_the_plan_are_told(monitoring: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError) as refused:
        plan(monitoring=monitoring)
    assert said in str(refused.value)
