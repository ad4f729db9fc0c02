"""The score and the measures at each visit: who is counted, limits, and new systemic therapy."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest

from durable.contracts.results import Result
from durable.outputs.ard import Ard, TableResults
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.new_therapy import day_of_new_therapy
from durable.outputs.response_visits import OUTPUT
from durable.plan import Plan
from tests.derive.build import ACTIVE, FLARING, INACTIVE, date, derived, plan, subject, visit
from tests.outputs.analysed import parameter_of, results_of

#: Physician global at month 2: 2, 4 and 9, mean 5, variance 13.
GLOBALS = {"S1": 2.0, "S2": 4.0, "S3": 9.0}
THERAPY = {
    "subject_id": "S2", "therapy": "rituximab", "start_date": date(50), "new_systemic": "Y"
}  # fmt: skip


def results(therapies: list[dict[str, Any]] | None = None, **sections: Any) -> list[Result]:
    """Three children of one dose level, assessed before the infusion and at month 2."""
    visits = [visit(-6, ACTIVE, name) for name in GLOBALS]
    visits += [visit(60, INACTIVE | {"physician_global": x}, name) for name, x in GLOBALS.items()]
    datasets = derived([subject(name) for name in GLOBALS], visits, therapies, cutoff=200)
    found = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    return list(results_of(["t_response_visits"], found, plan(groups=[], **sections)))


def statistics(rows: list[Result], parameter: str) -> dict[str, Result]:
    return {row.statistic: row for row in rows if parameter_of(row) == parameter}


def test_mean_and_limits_of_three_values_by_hand():
    found = statistics(results(), "PHYS|M2")
    assert (found["n_infused"].value, found["n"].value) == (3, 3)
    mean = found["mean"]
    # t(0.975, 2) = 4.302653; 4.302653 x sqrt(13 / 3) = 8.956685
    assert (mean.value, mean.lower, mean.upper) == pytest.approx((5, -3.956685, 13.956685))
    assert found["sd"].value == pytest.approx(13**0.5)
    assert [found[name].value for name in ("median", "min", "max")] == [4, 2, 9]


def test_the_baseline_is_summarised_and_equal_values_have_no_limits():
    found = statistics(results(), "PHYS|BASELINE")
    assert (found["n"].value, found["mean"].value, found["sd"].value) == (3, 6, 0)
    assert isnan(found["mean"].lower)
    assert isnan(found["mean"].upper)


def test_a_visit_without_anybody_is_counted_and_not_estimated():
    found = statistics(results(), "TIS|M3")
    assert (found["n"].value, found["n_new_therapy"].value) == (0, 0)
    assert all(isnan(found[name].value) for name in ("mean", "sd", "median", "min", "max"))


@pytest.mark.parametrize(
    ("rule", "n", "mean"), [("included", 3, 5), ("excluded", 2, 5.5)]
)  # fmt: skip
def test_assessments_after_new_therapy_are_counted_and_used_as_the_plan_says(rule, n, mean):
    found = statistics(results([THERAPY], over_time={"after_new_therapy": rule}), "PHYS|M2")
    assert (found["n"].value, found["n_new_therapy"].value) == (n, 1)
    assert found["mean"].value == mean


def test_an_assessment_on_the_day_that_therapy_began_lies_before_it():
    found = statistics(results([THERAPY | {"start_date": date(60)}]), "PHYS|M2")
    assert found["n_new_therapy"].value == 0


@pytest.mark.parametrize(("counts", "after"), [(True, 2), (False, 0)])
def test_an_increase_of_glucocorticoids_that_counts_as_new_therapy_is_one(counts, after):
    """S1 from 0.1 to 1 mg/kg on day 30, S2 on the day of month 2, S3 never.

    S1 alone is assessed after it at month 2; at month 3 S1 and S2 are.
    """
    doses = {"S1": (0.1, 1.0, 1.0), "S2": (0.1, 0.1, 1.0), "S3": (0.1, 0.1, 0.1)}
    visits = [
        visit(day, values | {"glucocorticoid_mg_kg": dose, "physician_global": GLOBALS[name]}, name)
        for name, (before, early, late) in doses.items()
        for day, values, dose in (
            *((-6, ACTIVE, before), (30, FLARING, early)),
            *((60, INACTIVE, late), (90, INACTIVE, late)),
        )
    ]
    response = {"glucocorticoid_increase": {"by_mg_kg": 0.5, "as_new_therapy": counts}}
    datasets = derived([subject(name) for name in doses], visits, cutoff=200, response=response)
    found = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    the_plan = plan(groups=[], response=response, over_time={"after_new_therapy": "excluded"})
    rows = list(results_of(["t_response_visits"], found, the_plan))
    assert statistics(rows, "PHYS|M3")["n_new_therapy"].value == after
    assert statistics(rows, "PHYS|M3")["n"].value == 3 - after
    assert statistics(rows, "PHYS|M2")["n_new_therapy"].value == after / 2


def test_the_earlier_of_therapy_and_increase_counts():
    """Therapy on day 50, the increase on day 90: month 2 lies after the therapy."""
    dose = {"glucocorticoid_mg_kg": 0.1}
    visits = [visit(-6, ACTIVE | dose, "S2"), visit(60, INACTIVE | dose, "S2")]
    visits += [visit(90, INACTIVE | {"glucocorticoid_mg_kg": 1.0}, "S2")]
    response = {"glucocorticoid_increase": {"by_mg_kg": 0.5, "as_new_therapy": True}}
    datasets = derived([subject("S2")], visits, [THERAPY], cutoff=200, response=response)
    the_plan = plan(response=response)
    day = day_of_new_therapy(datasets.adsl, datasets.adrs, the_plan.response)
    assert day.to_list() == [51]


def table(name: str, rows: list[Result], the_plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    results = TableResults(Ard.from_results(rows), OUTPUT.name, the_plan.outputs)
    return [(row.label, row.cells) for row in OUTPUT.table(name).rows(results, the_plan)]


def test_the_main_table_has_a_row_a_visit_and_the_supplement_leaves_empty_visits_out():
    rows, the_plan = results([THERAPY]), plan(groups=[])
    shown = dict(table("t_response_visits", rows, the_plan))
    assert list(shown) == [visit.visit for visit in the_plan.schedule]
    assert shown["M3"] == ("0/3", "NE", "NE", "NE", "NE", "NE", "0")
    assert (shown["M2"][0], shown["M2"][-1]) == ("3/3", "1")
    further = table("t_response_visits_s", rows, the_plan)
    start = further.index(("Physician global", ()))
    assert further[start : start + 13] == [
        ("Physician global", ()),
        ("Baseline", ()),
        ("n", ("3",)),
        ("Mean (SD)", ("6.0 (0.0)",)),
        ("95% CI of the mean", ("NE",)),
        ("Median", ("6.0",)),
        ("Min, max", ("6.0, 6.0",)),
        ("M2", ()),
        ("n", ("3",)),
        ("Mean (SD)", ("5.0 (3.6)",)),
        ("95% CI of the mean", ("(-4.0, 14.0)",)),
        ("Median", ("4.0",)),
        ("Min, max", ("2.0, 9.0",)),
    ]
    assert further[start + 13] == ("after new systemic therapy, n", ("1",))


def test_the_footnote_names_the_strategy():
    for rule, word in (("included", "treatment policy"), ("excluded", "while on treatment")):
        notes = OUTPUT.tables[0].footnotes(plan(over_time={"after_new_therapy": rule}))
        assert f"are {rule} ({word} strategy)" in " ".join(notes)
