"""The data of the figures of each subject's course: days since infusion, nothing left out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import Result
from durable.derive.datasets import Datasets
from durable.figures import monitoring
from durable.figures.core_set import measure_values
from durable.figures.quantiles import visit_quantiles
from durable.figures.spider import score_quantiles, scores
from durable.figures.swimmer import lanes
from durable.figures.waterfall import best_scores
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.new_therapy import day_of_new_therapy
from tests.derive.build import ACTIVE, INACTIVE, UNKNOWN, date, derived, plan, subject, visit


def marks(datasets: Datasets, **response: Any) -> dict[str, list[tuple[str, float, float]]]:
    """Start and end of every mark of the swimmer, by subject; `response` are keys of the plan."""
    infused = datasets.adsl.set_index("SUBJID")
    adrs, adtte = datasets.adrs, datasets.adtte
    improvements = adrs.loc[(adrs["PARAMCD"] == "IMPR") & (adrs["AVAL"] == 1)]
    new_therapy = day_of_new_therapy(datasets.adsl, adrs, plan(response=response).response)
    frame = lanes(infused, improvements, adtte.loc[adtte["PARAMCD"] == "DOR"], new_therapy)
    return {
        str(name): list(zip(rows["kind"], rows["start_day"], rows["end_day"], strict=True))
        for name, rows in frame.groupby("subject", sort=False)
    }


def of(adrs: pd.DataFrame, code: str) -> pd.DataFrame:
    return adrs.loc[adrs["PARAMCD"] == code]


def course(*visits: tuple[int, dict[str, Any]], **given: Any) -> Datasets:
    rows = [visit(-10, ACTIVE), *(visit(day, values) for day, values in visits)]
    return derived([subject(**({"last_contact_date": date(200)} | given))], rows)


def test_a_bar_ends_at_the_last_contact_and_the_arrow_says_that_it_goes_on() -> None:
    found = marks(course((60, INACTIVE), (90, INACTIVE)))["S1"]
    assert found == [
        ("bar", 0, 200),
        ("remission", 60, 90),
        ("improvement", 60, 60),
        ("improvement", 90, 90),
        ("remission_start", 60, 60),
        ("ongoing", 200, 200),
    ]


def test_a_death_after_withdrawal_is_drawn_on_its_own_day() -> None:
    left = {"withdrawal_date": date(100), "death_date": date(150), "last_contact_date": date(150)}
    found = marks(course((60, INACTIVE), **left))["S1"]
    assert ("bar", 0, 150) in found
    assert ("withdrawal", 100, 100) in found
    assert ("death", 150, 150) in found
    assert "ongoing" not in [kind for kind, *_ in found]


def test_new_therapy_is_drawn_whether_or_not_it_is_the_event() -> None:
    therapy = {"subject_id": "S1", "therapy": "tofacitinib", "new_systemic": "Y"}
    given = [therapy | {"start_date": date(day)} for day in (120, 110, -20)]
    rows = [visit(-10, ACTIVE), visit(60, INACTIVE), visit(130, INACTIVE)]
    contact = subject(last_contact_date=date(200))
    for strategy in ("composite", "treatment_policy"):
        found = marks(derived([contact], rows, given, response={"new_therapy": strategy}))
        assert [mark for mark in found["S1"] if mark[0] == "new_therapy"] == [
            ("new_therapy", 110, 110)
        ]


@pytest.mark.parametrize(("counts", "expected"), [(True, [("new_therapy", 90, 90)]), (False, [])])
def test_an_increase_of_glucocorticoids_is_marked_where_it_counts_as_new_therapy(
    counts: bool, expected: list[tuple[str, float, float]]
) -> None:
    doses = {-10: 1.0, 60: 0.1, 90: 0.8, 180: 0.9}
    rows = [
        visit(day, (INACTIVE if day > 0 else ACTIVE) | {"glucocorticoid_mg_kg": dose})
        for day, dose in doses.items()
    ]
    # 0.8 is 0.7 mg/kg more than the lowest dose, 0.1 on day 60.
    stated = {"glucocorticoid_increase": {"by_mg_kg": 0.5, "as_new_therapy": counts}}
    found = marks(derived([subject()], rows, response=stated), **stated)
    assert [mark for mark in found["S1"] if mark[0] == "new_therapy"] == expected


def test_longest_follow_up_comes_first() -> None:
    subjects = [subject(f"S{i}", last_contact_date=date(100 * i)) for i in (1, 3, 2)]
    assert list(marks(derived(subjects, []))) == ["S3", "S2", "S1"]


def test_a_score_that_cannot_be_calculated_interrupts_the_line() -> None:
    frame = scores(of(course((60, INACTIVE), (90, UNKNOWN), (180, INACTIVE)).adrs, "TIS"), ["S1"])
    assert frame["day"].tolist() == [0, 60, 90, 180]
    assert frame["tis"].isna().tolist() == [False, False, True, False]


def test_an_infused_subject_without_an_assessment_has_the_score_of_the_infusion_alone() -> None:
    datasets = derived([subject("S1"), subject("S2")], [visit(-10, ACTIVE), visit(60, INACTIVE)])
    frame = scores(of(datasets.adrs, "TIS"), ["S1", "S2"])
    assert frame["subject"].tolist() == ["S1", "S1", "S2"]
    assert frame["day"].tolist() == [0, 60, 0]


def test_the_best_score_is_of_its_first_visit_and_a_subject_without_one_is_not_left_out() -> None:
    rows = [visit(-10, ACTIVE), visit(60, INACTIVE), visit(90, INACTIVE)]
    rows += [visit(-10, ACTIVE, "S0"), visit(60, UNKNOWN, "S0")]
    datasets = derived([subject("S0"), subject("S1")], rows)
    group = datasets.adsl.set_index("SUBJID")["DOSELVL"]
    frame = best_scores(of(datasets.adrs, "TIS"), group)
    best = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "TIS", "AVAL"].max()
    assert frame["subject"].tolist() == ["S1", "S0"]
    assert frame["best_tis"].iloc[0] == best > 90
    assert frame["visit"].tolist() == ["M2", ""]
    assert pd.isna(frame["best_tis"].iloc[1])
    assert frame["level"].tolist() == ["major", ""]


def test_figures_of_few_subjects_are_the_same_from_categories_as_from_text() -> None:
    rows = [visit(-10, ACTIVE), visit(45, INACTIVE, visit="UNS"), visit(60, ACTIVE)]
    datasets = derived([subject()], rows)
    group = datasets.adsl.set_index("SUBJID")["DOSELVL"]
    text = of(datasets.adrs, "TIS")
    text = text.assign(AVISIT=text["AVISIT"].where(text["AVISIT"] != "UNS"))
    names = ["SUBJID", "PARAMCD", "AVISIT", "AVALC", "REASON"]
    categories = text.astype(dict.fromkeys(names, "category"))
    for frame in (best_scores(text, group), best_scores(categories, group)):
        assert frame[["subject", "visit", "level"]].to_numpy().tolist() == [["S1", "UNS", "major"]]
    for frame in (scores(text, ["S1"]), scores(categories, ["S1"])):
        assert frame["visit"].tolist() == ["", "UNS", "M2"]
        assert frame["day"].tolist() == [0, 45, 60]


def test_each_measure_of_the_core_set_has_its_recorded_values() -> None:
    datasets = course((60, INACTIVE))
    frame = measure_values(datasets.adrs, plan())
    assert list(frame["measure"].drop_duplicates()) == [
        "Physician global assessment",
        "Parent global assessment",
        "CMAS",
        "CHAQ",
        "CHQ-PhS",
        "DAS",
    ]
    cmas = frame.loc[frame["measure"] == "CMAS"]
    assert list(zip(cmas["day"], cmas["value"], strict=True)) == [(-10, 30), (60, 51)]


def test_scores_of_many_are_quantiles_at_the_target_day_of_the_visit() -> None:
    # Physician global 6 at baseline; 0, 1, 2, 3 and 4 around day 60.
    people = [f"S{i}" for i in range(5)]
    rows = [visit(-10, ACTIVE, name) for name in people]
    rows += [
        visit(58 + i, ACTIVE | {"physician_global": float(i)}, name)
        for i, name in enumerate(people)
    ]
    adrs = derived([subject(name) for name in people], rows).adrs
    found = visit_quantiles(of(adrs, "PHYS")).set_index(["subject", "day"])["value"]
    assert found.loc["median"].tolist() == [6.0, 2.0]
    assert found.loc["upper quartile"].to_dict() == {0.0: 6.0, 60.0: 3.0}
    assert found.loc["95th percentile"].tolist() == [6.0, pytest.approx(3.8)]
    # Changes of 60, 50, 40, 30 and 20 % of the scale score 20, 20, 17.5, 17.5 and 15.
    score = score_quantiles(of(adrs, "TIS")).query("subject == 'median'")
    assert list(zip(score["day"], score["tis"], strict=True)) == [(0, 0.0), (60, 17.5)]


def test_a_rule_called_as_a_word_of_the_results_is_no_point_of_the_course() -> None:
    results = [
        Result("t_monitoring", "primary", "total", "Total", parameter, "probability_above", 0.5)
        for parameter in (("M3",), ("M3", "AFTER", "1"), ("RULE", "AFTER"))
    ]
    datasets = AnalysisDatasets(adsl=pd.DataFrame(), results=results)
    assert len(monitoring.points(datasets, plan())) == 1
