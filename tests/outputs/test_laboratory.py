"""Tables of the laboratory from a few results each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import Result
from durable.derive.b_cells import derive
from durable.outputs.b_cells import OUTPUT
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import BCells
from tests.derive.build import date, plan, subject
from tests.derive.laboratory import adlb, sample, subjects
from tests.outputs.analysed import give_tables, parameter_of, results_of

PEOPLE = [subject("S1"), subject("S2"), subject("S3")]


def results(
    output: str,
    rows: list[dict[str, Any]],
    events: list[dict[str, Any]] | None = None,
    folder: Path | None = None,
    **rules: Any,
) -> dict[tuple[str, str], Result]:
    """Statistics of the Total column, by parameter and name; `rules` of the section laboratory."""
    adsl, laboratory = subjects(*PEOPLE), adlb(rows, *PEOPLE, **rules)
    adae = None if events is None else pd.DataFrame(events)
    datasets = AnalysisDatasets(
        adsl=adsl,
        adlb=laboratory,
        adbc=derive(adsl, laboratory, BCells()),
        adae=adae,
        folder=folder,
    )
    found = results_of([output], datasets, plan(groups=[]))
    return {(parameter_of(row), row.statistic): row for row in found if row.group == "Total"}


def value(found: dict[tuple[str, str], Result], parameter: str, statistic: str) -> float:
    return found[parameter, statistic].value


def of(
    name: str, day: int, number: float | None, test: str = "NEUT", **more: Any
) -> dict[str, Any]:
    return sample(day, number, test, subject_id=name, **more)


def test_values_and_changes_of_a_visit_are_of_those_with_a_result() -> None:
    rows = [of("S1", -7, 4.0), of("S1", 28, 2.0), of("S2", 28, 3.0), of("S3", -7, 1.0)]
    found = results("t_laboratory", rows)
    assert value(found, "NEUT|BASELINE", "n") == 2
    assert value(found, "NEUT|D28", "n") == 2
    assert value(found, "NEUT|D28", "mean") == 2.5
    assert value(found, "NEUT|D28", "chg_n") == 1
    assert value(found, "NEUT|D28", "chg_median") == -2.0
    # One value has no standard deviation.
    one = results("t_laboratory", rows[:2])
    assert pd.isna(value(one, "NEUT|D28", "sd"))


def test_a_visit_without_a_result_in_the_study_has_no_row() -> None:
    found = results("t_laboratory", [of("S1", 28, 2.0)])
    assert {parameter for parameter, _ in found} == {"", "NEUT|D28"}


def test_a_shift_counts_each_subject_once_at_the_worst_grade_of_the_window() -> None:
    rows = [
        *(of("S1", day, x, lower_limit=1.8) for day, x in ((-7, 2), (10, 0.9), (20, 0.4), (40, 2))),
        *(of("S2", day, x, lower_limit=1.8) for day, x in ((-7, 1.6), (10, 1.4), (60, 0.4))),
    ]
    found = results("t_lab_shift", rows)
    assert value(found, "NEUT|D28|0", "n_4") == 1
    assert value(found, "NEUT|D28|1", "n_2") == 1
    assert value(found, "NEUT|ALL|1", "n_4") == 1
    # S3 has neither a baseline nor a result.
    assert value(found, "NEUT|ALL|none", "n_none") == 1
    assert sum(value(found, f"NEUT|D28|{grade}", "n") for grade in ("0", "1", "none")) == 3


def test_a_grade_that_no_value_tells_is_a_column_of_its_own() -> None:
    rows = [of("S1", -7, 2.0, lower_limit=None), of("S1", 10, 1.9, lower_limit=None)]
    found = results("t_lab_shift", rows)
    assert value(found, "NEUT|D28|unknown", "n_unknown") == 1


B_CELLS = [
    of("S1", -7, 300, "BCELL"),
    of("S1", 14, 0, "BCELL"),
    of("S1", 90, 200, "BCELL"),
    of("S1", 120, 200, "BCELL"),
    of("S2", -7, 20, "BCELL"),
    of("S2", 14, 0, "BCELL"),
    of("S2", 60, 0, "BCELL"),
]


def infection(name: str, day: int, grade: int) -> dict[str, Any]:
    return {
        "USUBJID": name,
        "TRTEMFL": "Y",
        "AESI": "INFECTION",
        "ASTDT": date(day),
        "AETOXGR": grade,
    }


def test_aplasia_and_recovery_count_the_infused_and_those_in_aplasia() -> None:
    found = results("t_bcells", B_CELLS)
    assert value(found, "", "n_infused") == 3
    assert value(found, "BCAPL", "n_measured") == 2
    assert value(found, "BCAPL", "n_low_at_baseline") == 1
    assert value(found, "BCAPL", "n_event") == 2
    assert value(found, "BCAPL", "day_median") == 14
    assert value(found, "BCREC", "n_subjects") == 2
    assert value(found, "BCREC", "n_event") == 1
    assert value(found, "BCREC", "n_censored_ongoing") == 1
    # Days 61 censored and 91 an event: nobody is left, and the median is the event.
    assert value(found, "BCREC", "median") == pytest.approx(91 / 30.4375)


@pytest.mark.parametrize(("lloq", "low"), [(60, 0), (50, 1)])
def test_a_baseline_below_quantification_is_judged_as_a_later_result(lloq: int, low: int) -> None:
    """Below 60, put at 30, may be 55, and is no aplasia; below 50, put at 50, is aplasia."""
    imputed = "half" if lloq == 60 else "limit"
    rows = [of("S1", day, None, "BCELL", below_lloq="Y", lloq=lloq) for day in (-7, 14)]
    found = results("t_bcells", rows, below_lloq=imputed)
    assert value(found, "BCAPL", "n_low_at_baseline") == low
    assert value(found, "BCAPL", "n_event") == low


@pytest.mark.parametrize(
    ("day", "counts"), [(13, 0), (14, 1), (89, 1), (90, 0)], ids=lambda value: str(value)
)
def test_an_infection_counts_from_the_first_result_in_aplasia_to_before_recovery(
    day: int, counts: int
) -> None:
    found = results("t_bcells", B_CELLS, [infection("S1", day, 3)])
    assert value(found, "INFECTION", "n_events") == counts
    assert value(found, "INFECTION", "n_severe") == counts


def test_without_recovery_infections_count_to_the_last_result() -> None:
    found = results("t_bcells", B_CELLS, [infection("S2", 60, 1), infection("S2", 61, 1)])
    assert value(found, "INFECTION", "n_events") == 1
    assert value(found, "INFECTION", "percent_any") == 50


@pytest.mark.parametrize(("day", "counts"), [(14, 1), (89, 1), (90, 0)])
def test_before_a_recovery_that_is_not_confirmed_infections_count_as_before_one_that_is(
    day: int, counts: int
) -> None:
    """The last result of S1, of day 120, is not there yet: that of day 90 is not confirmed."""
    rows = [row for row in B_CELLS if row is not B_CELLS[3]]
    found = results("t_bcells", rows, [infection("S1", day, 3)])
    assert value(found, "BCREC", "n_censored_unconfirmed") == 1
    assert value(found, "INFECTION", "n_events") == counts


def test_without_adverse_events_there_is_no_row_of_infections() -> None:
    found = results("t_bcells", B_CELLS)
    assert not [parameter for parameter, _ in found if parameter == "INFECTION"]


def test_immunoglobulin_given_is_counted_where_therapies_are_recorded(tmp_path: Path) -> None:
    given = {
        "subject_id": "S1",
        "therapy": "immunoglobulin, intravenous",
        "start_date": date(30),
        "new_systemic": "N",
    }
    give_tables(tmp_path, subjects=PEOPLE, therapies=[given])
    found = results("t_bcells", B_CELLS, folder=tmp_path)
    assert value(found, "IMMUNOGLOBULIN", "n_replaced") == 1


def test_without_therapies_nobody_is_counted_as_not_given_immunoglobulin(tmp_path: Path) -> None:
    give_tables(tmp_path, subjects=PEOPLE)
    found = results("t_bcells", B_CELLS, folder=tmp_path)
    assert ("IMMUNOGLOBULIN", "n_replaced") not in found


def test_without_results_nothing_is_estimated() -> None:
    found = results("t_bcells", [])
    assert value(found, "BCAPL", "n_measured") == 0
    assert value(found, "BCREC", "n_subjects") == 0
    assert pd.isna(value(found, "BCREC", "median"))
    assert value(found, "IMMUNOGLOBULIN", "n") == 0


def test_immunoglobulin_counts_whatever_the_case_of_its_name(tmp_path: Path) -> None:
    """S1 by another spelling than that of the plan, S2 until before the infusion, S3 not at all."""
    columns = ("subject_id", "therapy", "start_date", "end_date")
    given = [
        ("S1", "Immunoglobulin,  Intravenous", date(5), None),
        ("S2", "immunoglobulin, intravenous", date(-30), date(-1)),
        ("S3", "immunoglobulin, subcutaneous", date(5), None),
    ]
    therapies = [dict(zip(columns, row, strict=True), new_systemic="N") for row in given]
    give_tables(tmp_path, subjects=PEOPLE, therapies=therapies)
    found = results("t_bcells", B_CELLS, folder=tmp_path)
    assert value(found, "IMMUNOGLOBULIN", "n_replaced") == 1


def test_the_lowest_immunoglobulin_is_after_the_infusion() -> None:
    rows = [of("S1", day, x, "IGG", lower_limit=6) for day, x in ((-7, 2), (28, 5), (60, 9))]
    found = results("t_bcells", rows)
    assert value(found, "IMMUNOGLOBULIN", "min") == 5
    assert value(found, "IMMUNOGLOBULIN", "n_low") == 1


@pytest.mark.parametrize(
    ("imputed", "lloq", "low"),
    [("half", 0.1, 0), ("zero", 0.1, 0), ("limit", 0.07, 1), ("half", 0.05, 1)],
)
def test_immunoglobulin_below_quantification_is_low_where_any_such_value_is(
    imputed: str, lloq: float, low: int
) -> None:
    """Below 0.1, put at 0.05 or at 0, may be 0.08; below 0.07, put at 0.07, is below 0.07."""
    rows = [of("S1", 28, None, "IGG", lower_limit=0.07, below_lloq="Y", lloq=lloq)]
    found = results("t_bcells", rows, below_lloq=imputed)
    assert value(found, "IMMUNOGLOBULIN", "n") == 1
    assert value(found, "IMMUNOGLOBULIN", "n_low") == low


def counts(name: str, *days: int, value: float) -> list[dict[str, Any]]:
    return [of(name, day, value) for day in days]


def test_a_grade_of_haematotoxicity_is_shown_where_unknown_days_cannot_change_it() -> None:
    rows = [
        *counts("S1", 0, 6, 12, 18, 24, 30, value=2.0),
        # Ten days between two results.
        *counts("S2", 0, 11, 17, 23, 30, value=2.0),
    ]
    found = results("t_icaht", rows)
    assert value(found, "EARLY", "n_grade_0") == 1
    assert value(found, "EARLY", "n_unknown") == 1
    assert value(found, "EARLY", "n_none") == 1
    assert value(found, "EARLY", "n_severe_lowest") == 0
    # Ten days below 100 per microlitre are of grade 3.
    assert value(found, "EARLY", "n_severe_highest") == 1
    assert value(found, "EARLY", "days_n") == 1
    assert value(found, "EARLY", "days_max") == 0


def test_late_haematotoxicity_needs_two_days_with_a_result() -> None:
    rows = [*counts("S1", 31, 100, value=0.4), *counts("S2", 30, 60, 101, value=0.4)]
    found = results("t_icaht", rows)
    assert value(found, "LATE", "n_grade_3") == 1
    assert value(found, "LATE", "n_none") == 2
    assert value(found, "LATE", "n_severe") == 1


def test_marks_of_the_time_to_recovery_are_explained() -> None:
    """A rate at a month past the last result bears a mark, as in any table of Kaplan-Meier."""
    (table,) = OUTPUT.tables
    rules = {"landmark_tolerance_days": 45, "quantile_rule": "r"}
    *_, said = table.footnotes(plan(statistics=rules))
    assert "\u2021: estimated at most 45 days past the last time. \u2020: the curve stays" in said
