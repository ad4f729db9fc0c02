"""Sensitivity analyses of a study of eight children, worked out by hand."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pandas as pd
import pytest
import yaml

from durable.contracts.results import Result
from durable.derive import datasets
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.figures.sensitivity import panels
from durable.outputs import analysis
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets, read_datasets
from durable.outputs.sensitivity import OUTPUT
from durable.plan import Plan, load
from tests.derive.build import ACTIVE, FLARING, INACTIVE, date, subject, visit
from tests.derive.build import plan as plan_of
from tests.outputs.analysed import NONE, give_tables, results_of

ROOT = Path(__file__).parents[2]
MONTH = 30.4375
DAYS = (30, 60, 90, 120, 150, 180)
SCHEDULE = [{"visit": f"M{i}", "day": day, "window": 10} for i, day in enumerate(DAYS, start=1)]
# Physician global by 20 % of its range scores 15, CMAS by 3 of 52 scores 10: 25, short of 30.
ALMOST = ACTIVE | {"physician_global": 4.0, "cmas": 33.0}
# CHQ-PhS by 22.5 % of its range adds 5.
JUST = ALMOST | {"chq_phs": 39.0}

# Assessments of each child by day since infusion.
COURSES = {
    "lost": {30: INACTIVE, 60: INACTIVE, 90: FLARING, 120: FLARING, 150: FLARING},
    "treated": dict.fromkeys(DAYS, INACTIVE),  # new systemic therapy on day 100
    "died": {30: INACTIVE, 60: INACTIVE},  # three assessments missed, death on day 160
    "blip": dict.fromkeys(DAYS, INACTIVE) | {90: FLARING},
    "brief": {30: INACTIVE, 60: FLARING, 90: FLARING},
    "unseen": {30: ACTIVE, 90: ACTIVE, 120: ACTIVE},  # nothing at month 2
    "almost": {60: ALMOST},
    "just": {60: JUST},
}
# Durations in days, + censored: brief 31, lost 61, treated 71, died 131, blip 151+.
PRIMARY = {"n_subjects": 5, "n_event": 4, "median": 71, "landmark_M1": 1, "landmark_M3": 0.4}
NAMED = """
remission_printo:
  title: T
  response: {remission: {rule: printo}}
remission_confirmed:
  title: T
  response: {remission: {confirmation: true}}
remission_drug_free:
  title: T
  response: {remission: {glucocorticoid_max_mg_kg: 0, immunosuppressant_free: true}}
remission_investigator:
  title: T
  response: {remission: {rule: investigator}}
recurrence_unconfirmed:
  title: T
  response: {recurrence: {consecutive: 1}}
recurrence_investigator:
  title: T
  response: {recurrence: {confirmed_loss: false}}
new_therapy_event:
  title: T
  response: {new_therapy: composite}
new_therapy_censored:
  title: T
  response: {new_therapy: hypothetical}
new_therapy_ignored:
  title: T
  response: {new_therapy: treatment_policy}
registry_literal:
  title: T
  response:
    recurrence: {consecutive: 1, worsening: {enabled: true}}
    new_therapy: treatment_policy
missed_fda:
  title: T
  response: {missed_assessments: {applies_to_death: true, applies_to_new_therapy: true}}
observed_case:
  title: T
  response: {improvement: {missing: observed}}
best_case:
  title: T
  response: {improvement: {missing: improved}}
worst_case:
  title: T
  response: {improvement: {missing: non_improved}}
chq_phs_zero:
  title: T
  response: {improvement: {enzyme_component: zero}}
chq_phs_maximum:
  title: T
  response: {improvement: {enzyme_component: maximum}}
interval_censored:
  title: T
  statistics: {dor_estimator: turnbull}
"""
VARIANTS = yaml.safe_load(NAMED)
#: Variants that state what the primary definition is here.
SAME = {"new_therapy_event", "worst_case"}
Rows = dict[tuple[str, str, str], tuple[float, float, float, str]]


def analysed(folder: Path, plan: Plan) -> Rows:
    """The stages derive, variants and sensitivity on the study: rows of t_sensitivity."""
    children = [subject(name, last_contact_date=date(200)) for name in COURSES]
    children[2]["death_date"] = date(160)
    visits = [visit(-10, ACTIVE, name) for name in COURSES]
    for name, course in COURSES.items():
        visits += [visit(day, values, name) for day, values in course.items()]
    visits[1 + len(COURSES)]["investigator_assessment"] = "remission"  # of lost, on day 60
    rescue = {"subject_id": "treated", "therapy": "X", "start_date": date(100), "new_systemic": "Y"}
    give_tables(folder, subjects=children, visits=visits, therapies=[rescue])
    datasets.run(plan, folder)
    datasets.run_sensitivity(plan, folder)
    return {
        (r.analysis, r.parameter[0], r.statistic): (r.value, r.lower, r.upper, r.note)
        for r in sensitivity(plan, folder)
    }


def sensitivity(plan: Plan, folder: Path) -> list[Result]:
    """The results of t_sensitivity."""
    datasets = read_datasets(folder, plan, analysis.records(plan), sensitivity=True)
    return list(results_of(["t_sensitivity"], datasets, plan))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(
        analysis={"id": "test", "data_cutoff": "2024-12-31"},
        schedule=SCHEDULE,
        response={"improvement": {"visits": ["M2"]}},
        statistics={"sensitivity_landmarks_months": [1, 3], "bootstrap_replicates": 100},
        sensitivity=VARIANTS,
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Rows:
    return analysed(tmp_path_factory.mktemp("study"), plan)


def durability(found: Rows, name: str) -> dict[str, float]:
    """Counts, median in days, and rates of DOR."""
    values = {k: v[0] for (analysis, p, k), v in found.items() if (analysis, p) == (name, "DOR")}
    return values | {"median": values["median"] * MONTH}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("primary", PRIMARY),
        # Rash is no loss: brief 61+, treated 71, lost 121+, died 131, blip 151+: S = 3/4, 3/8.
        ("remission_printo", {"n_event": 2, "median": 131, "landmark_M3": 0.75}),
        # Without brief: 61, 71, 131, 151+: S = 1/2 from 71 to 131.
        ("remission_confirmed", {"n_subjects": 4, "n_event": 3, "median": 101}),
        # lost alone, from day 60.
        ("remission_investigator", {"n_subjects": 1}),
        # blip too: 31, 61, 61, 71, 131.
        ("recurrence_unconfirmed", {"n_event": 5, "median": 61, "landmark_M3": 0.2}),
        # lost 121+ and brief 61+.
        ("recurrence_investigator", {"n_event": 2, "median": 131, "landmark_M3": 0.75}),
        # treated 61+, the last assessment before: S = 4/5, 3/5 and 3/10 at 131.
        ("new_therapy_censored", {"n_event": 3, "median": 131, "landmark_M3": 0.6}),
        # treated 151+.
        ("new_therapy_ignored", {"n_event": 3, "median": 131, "landmark_M3": 0.6}),
        # died 31+: S = 4/5, 8/15, 4/15.
        ("missed_fda", {"n_event": 3, "median": 71, "landmark_M3": 4 / 15}),
        # brief 31, lost and blip 61, died 131, treated 151+: S = 4/5, 2/5, 1/5.
        ("registry_literal", {"n_event": 4, "median": 61, "landmark_M3": 0.4}),
        # Doses are not recorded: nobody is known to be off drugs.
        ("remission_drug_free", {"n_subjects": 0}),
    ],
)
def test_duration_under_each_definition(found: Rows, name: str, expected: dict[str, float]) -> None:
    actual = durability(found, name)
    assert {k: actual[k] for k in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "improved", "of"),
    [
        # Month 2: lost, treated, died, blip, brief and just improved, almost not, unseen missing.
        ("primary", 6, 8),
        ("observed_case", 6, 7),
        ("best_case", 7, 8),
        ("worst_case", 6, 8),
        ("chq_phs_zero", 5, 8),
        ("chq_phs_maximum", 7, 8),
    ],
)
def test_improvement_under_each_definition(found: Rows, name: str, improved: int, of: int) -> None:
    assert found[name, "M2", "n_improved"][0] == improved
    assert found[name, "M2", "n_denominator"][0] == of
    assert found[name, "M2", "rate"][0] == improved / of


def test_interval_censored_duration_says_what_the_visits_leave_open(found: Rows) -> None:
    # brief in (1, 31], lost in (31, 61], treated at 71 and died at 131 exactly, blip after 151.
    assert found["interval_censored", "DOR", "median"][0] * MONTH == pytest.approx(71)
    assert found["interval_censored", "DOR", "landmark_M3"][0] == pytest.approx(0.4)
    highest, _, _, note = found["interval_censored", "DOR", "landmark_M1"]
    assert (highest, note) == (pytest.approx(1), "between 0.800 and 1.000")


def between_visits(*bounds: tuple[int, int, int]) -> dict[str, Result]:
    """Results of DOR by Turnbull, month 6 and 12, from low, day and CNSR of each child."""
    low, days, cnsr = (list(column) for column in zip(*bounds, strict=True))
    start = pd.Timestamp("2024-01-01")
    adtte = pd.DataFrame({"PARAMCD": "DOR", "AVAL": days, "CNSR": cnsr, "STARTDT": start})
    adtte["LOWDT"] = start + pd.to_timedelta(pd.Series(low) - 1, unit="D")
    adtte = pd.concat(adtte.assign(PARAMCD=endpoint.code) for endpoint in STANDARD_ENDPOINTS)
    adrs = pd.DataFrame({"PARAMCD": [], "AVISIT": [], "AVAL": [], "REASON": []})
    the_plan = plan_of(
        statistics={"sensitivity_landmarks_months": [6, 12], "bootstrap_replicates": 100},
        sensitivity={"tb": {"title": "T", "statistics": {"dor_estimator": "turnbull"}}},
    )
    datasets = AnalysisDatasets(
        adsl=NONE, adrs=adrs, adtte=adtte, variant_adrs=adrs.assign(ANALYSIS="tb"),
        variant_adtte=adtte.assign(ANALYSIS="tb"),
    )  # fmt: skip
    results = results_of(["t_sensitivity"], datasets, the_plan)
    return {r.statistic: r for r in results if (r.analysis, r.parameter) == ("tb", ("DOR",))}


def test_before_any_event_a_rate_between_visits_has_no_limits() -> None:
    """Five followed to day 400, one with the event between day 370 and 400: 100% at month 12."""
    found = between_visits(*[(400, 400, 1)] * 5, (370, 400, 0))
    for name in ("landmark_M6", "landmark_M12"):
        rate = found[name]
        assert (rate.value, isnan(rate.lower), isnan(rate.upper)) == (1, True, True)
        assert rate.note == "no event before: no interval"


def test_where_all_had_the_event_a_rate_between_visits_has_no_limits() -> None:
    """Six between day 90 and 100, one by day 400: 0%, no limits. Apart from them: 1 of 7."""
    rate = between_visits(*[(90, 100, 0)] * 6, (90, 400, 0))["landmark_M6"]
    assert (rate.value, isnan(rate.lower), isnan(rate.upper)) == (0, True, True)
    rate = between_visits(*[(90, 100, 0)] * 6, (380, 400, 0))["landmark_M6"]
    assert rate.value == pytest.approx(1 / 7)
    assert rate.lower < 1 / 7 < rate.upper


@pytest.mark.parametrize("name", sorted(SAME))
def test_a_variant_that_states_the_primary_definition_equals_the_primary(
    found: Rows, name: str
) -> None:
    def values(analysis: str) -> dict[tuple[str, str], list[object]]:
        return {
            key[1:]: ["NE" if isinstance(v, float) and isnan(v) else v for v in row]
            for key, row in found.items()
            if key[0] == analysis
        }

    assert values(name) == values("primary")
    assert values("best_case") != values("primary")


def test_a_new_variant_is_three_lines_of_yaml_and_no_code(tmp_path: Path) -> None:
    text = """
sensitivity:
  both:
    title: Remission confirmed and new therapy ignored
    response: {remission: {confirmation: true}, new_therapy: treatment_policy}
  level:
    title: Level 90 %
    statistics: {conf_level: 0.9}
"""
    plan = plan_of(
        schedule=SCHEDULE, response={"improvement": {"visits": ["M2"]}}, **yaml.safe_load(text)
    )
    found = analysed(tmp_path, plan)
    # lost 61, died 131, treated 151+, blip 151+: S = 3/4, 1/2 to the end, and so no median (SAS).
    actual = durability(found, "both")
    assert (actual["n_subjects"], actual["n_event"]) == (4, 2)
    assert isnan(actual["median"])
    # Clopper-Pearson, 6 of 8, level 0.9.
    rate, lower, upper, _ = found["level", "M2", "rate"]
    assert (rate, round(lower, 4), round(upper, 4)) == (0.75, 0.4003, 0.9536)
    forest = panels(sensitivity(plan, tmp_path), plan)
    assert "Remission confirmed and new therapy ignored" in forest["title"].to_list()


def shown(
    plan: Plan, folder: Path, name: str
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], str]:
    """Headings, cells by label, and footnotes of a table on the study."""
    analysed(folder, plan)
    ard, sensitivity_table = Ard.from_results(sensitivity(plan, folder)), OUTPUT.table(name)
    rows = OUTPUT.table_rows(sensitivity_table, ard, plan)
    notes = " ".join(OUTPUT.notes(sensitivity_table, ard, plan))
    return OUTPUT.columns(sensitivity_table, ard, plan), {r.label: r.cells for r in rows}, notes


def varied(**sensitivity: dict[str, object]) -> Plan:
    """Primary: month 2, landmark month 1, level 95%."""
    return plan_of(
        schedule=SCHEDULE,
        response={"improvement": {"visits": ["M2"]}},
        statistics={"sensitivity_landmarks_months": [1]},
        sensitivity=sensitivity,
    )


def test_an_analysis_of_another_visit_has_a_column_of_its_own(tmp_path: Path) -> None:
    """Month 2: 6 of 8 improved. Month 3: treated, and the three that flare but score 30 or more."""
    plan = varied(third={"title": "Month 3", "response": {"improvement": {"visits": ["M3"]}}})
    headings, rows, notes = shown(plan, tmp_path, "t_sensitivity_s")
    assert headings == (
        *("Improved at M2, n/N (%)", "M2, exact 95% CI"),
        *("Improved at M3, n/N (%)", "M3, exact 95% CI"),
    )
    assert rows["Primary analysis"] == ("6/8 (75.0)", "(34.9, 96.8)", "", "")
    assert rows["Month 3"][:2] == ("", "")
    assert rows["Month 3"][2:] == ("4/8 (50.0)", "(15.7, 84.3)")
    assert "Empty: a month or visit that the analysis does not have." in notes


def test_an_analysis_of_other_landmarks_has_columns_of_its_own(tmp_path: Path) -> None:
    """Brief 31, lost 61, treated 71, died 131, blip 151+: all at month 1, 2 of 5 at month 3."""
    statistics = {"sensitivity_landmarks_months": [3]}
    plan = varied(third={"title": "Month 3", "statistics": statistics})
    headings, rows, _ = shown(plan, tmp_path, "t_sensitivity")
    assert headings[4:] == ("Month 1, %", "Month 1, 95% CI", "Month 3, %", "Month 3, 95% CI")
    assert rows["Primary analysis"][4:] == ("100.0", "NE", "", "")
    assert rows["Month 3"][4:7] == ("", "", "40.0")


def test_a_mark_of_any_analysis_is_explained(tmp_path: Path) -> None:
    """The primary analysis has a tolerance of 30 days and the quantiles of SAS."""
    rules = {"landmark_tolerance_days": 60, "quantile_rule": "r"}
    _, _, notes = shown(varied(r={"title": "R", "statistics": rules}), tmp_path, "t_sensitivity")
    assert "‡: estimated at most 30 or 60 days past the last time." in notes
    assert "†: the curve stays at this level to the end of follow-up;" in notes
    level = varied(level={"statistics": {"conf_level": 0.9}})
    _, _, usual = shown(level, tmp_path, "t_sensitivity")
    assert "‡: estimated at most 30 days past the last time." in usual
    assert "†" not in usual


def test_where_levels_differ_each_row_states_its_own(tmp_path: Path) -> None:
    """Exact limits of 6 of 8: 34.9 and 96.8 of 95%, 40.0 and 95.4 of 90%."""
    plan = varied(level={"title": "Other level", "statistics": {"conf_level": 0.9}})
    headings, rows, notes = shown(plan, tmp_path, "t_sensitivity_s")
    assert headings == ("Improved at M2, n/N (%)", "M2, exact CI")
    assert rows == {
        "Primary analysis (95% CI)": ("6/8 (75.0)", "(34.9, 96.8)"),
        "Other level (90% CI)": ("6/8 (75.0)", "(40.0, 95.4)"),
    }
    assert "Empty" not in notes
    names = OUTPUT.columns(OUTPUT.table("t_sensitivity"), Ard(), plan)
    assert names[3:] == ("Median, CI", "Month 1, %", "Month 1, CI")


@pytest.mark.parametrize("file", ["config.yaml", "final.yaml"])
def test_the_demo_runs_every_variant_in_three_lines(file: str) -> None:
    path = ROOT / "config" / file
    configured = load(path).sensitivity
    assert load(path).redundant == ()
    for name, variant in VARIANTS.items():
        if name in SAME:
            continue
        assert configured[name].response == variant.get("response", {})
        assert configured[name].statistics == variant.get("statistics", {})
    section = path.read_text().split("\nsensitivity:\n")[1].split("\n\n")[0]
    lines = [line for line in section.splitlines() if line.startswith(" ")]
    assert len(lines) == 3 * len(configured)
