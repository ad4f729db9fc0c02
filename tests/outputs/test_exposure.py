"""Exposure, and cells against outcome, on data that a test makes."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from durable.contracts.results import TOTAL, Result
from durable.jdm.parameters import SCORE
from durable.outputs.ard import Ard
from durable.outputs.cells_outcome import OUTPUT
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.exposure import OUTPUT as EXPOSURE
from durable.plan import Plan, PlanError
from tests.derive.build import date, plan, subject
from tests.derive.events import adsl, child, derived, event, never_infused
from tests.derive.laboratory import adlb, sample
from tests.derive.lymphodepleted import adex, dose
from tests.outputs.analysed import results_of

pytestmark = pytest.mark.requirement("KIN-04", "PLN-02")


def total(results: list[Result]) -> dict[tuple[str, ...], Result]:
    return {
        (*row.parameter, row.statistic): row
        for row in results
        if (row.group_by, row.group) == TOTAL
    }


# --- exposure -------------------------------------------------------------------------------------


def exposure(
    subjects: list[dict[str, Any]],
    cells: list[float],
    doses: list[dict[str, Any]] | None = None,
    apheresis: list[pd.Timestamp | None] | None = None,
    **section: Any,
) -> dict[tuple[str, ...], Result]:
    frame = adsl(subjects).assign(CELLSKG=cells, RFICDT=date(-40))
    frame["LDFL"] = frame["LDDT"].notna().map({True: "Y", False: "N"})
    if apheresis is not None:
        frame["APHDT"] = pd.to_datetime(pd.Series(apheresis, index=frame.index))
    made = None if doses is None else adex(frame, doses)
    datasets = AnalysisDatasets(adsl=frame, adex=made)
    return total(list(results_of(["t_exposure"], datasets, plan(exposure=section))))


def test_attrition_from_consent_to_infusion() -> None:
    """One infused; one lymphodepleted only, so a half of those lymphodepleted; one neither."""
    subjects = [child("A"), never_infused("B"), never_infused("C", LDDT=None)]
    found = exposure(subjects, [1e7, math.nan, math.nan])
    counts = {name: found[name, "n"].value for name in ("CONSENTED", "LYMPHODEPLETED", "INFUSED")}
    assert counts == {"CONSENTED": 3, "LYMPHODEPLETED": 2, "INFUSED": 1}
    assert found["LOST_BEFORE_LD", "n"].value == 1
    assert found["LOST_AFTER_LD", "percent"].value == 50
    days = [found[name, "median"].value for name in ("CONSENT_TO_LD", "LD_TO_INFUSION")]
    assert days == [35, 5]


def test_the_tolerance_holds_its_limits() -> None:
    """80 and 120 % of 1e7 are within 20 %, 79.9 and 120.1 % are not; one dose is not recorded."""
    cells = [0.8e7, 1.2e7, 0.799e7, 1.201e7, math.nan]
    found = exposure([child(name) for name in "ABCDE"], cells)
    assert (found["AS_PLANNED", "n"].value, found["AS_PLANNED", "percent"].value) == (2, 50)
    assert found["OF_PLANNED", "n_unknown"].value == 1
    assert found["RECEIVED", "n_not_recorded"].value == 1
    assert found["OF_PLANNED", "max"].value == pytest.approx(120.1)


def test_a_level_that_is_no_dose_has_the_one_of_the_plan_or_none() -> None:
    subjects = [child("A", DOSELVL="2")]
    assert math.isnan(exposure(subjects, [9e6])["OF_PLANNED", "median"].value)
    planned = exposure(subjects, [9e6], planned_cells_per_kg={"2": 1e7})
    assert planned["OF_PLANNED", "median"].value == pytest.approx(90)


@pytest.mark.parametrize("level", ["1e7", "1x10^7", "1 \u00d7 10\u2077 cells/kg", "10,000,000"])
def test_a_level_that_is_named_with_its_dose_has_that_one(level: str) -> None:
    found = exposure([child("A", DOSELVL=level)], [9e6])
    assert found["OF_PLANNED", "median"].value == pytest.approx(90)


def test_a_planned_dose_that_the_plan_gives_is_named() -> None:
    """The heading of the column says 1 x 10^7; the percentages are of 9 x 10^6."""
    planned = {"planned_cells_per_kg": {"1e7": 9e6, "2": 2.55e7}}
    notes = list(EXPOSURE.tables[0].footnotes(plan(exposure=planned)))
    assert "Planned dose (10^6 cells/kg): 1 x 10^7 cells/kg: 9; Dose level 2: 25.5." in notes
    assert len(list(EXPOSURE.tables[0].footnotes(plan(exposure={})))) == len(notes) - 1


def test_nobody_infused_has_no_dose() -> None:
    found = exposure([never_infused("A")], [math.nan])
    assert found["RECEIVED", "n"].value == 0
    assert math.isnan(found["RECEIVED", "median"].value)
    assert math.isnan(found["AS_PLANNED", "percent"].value)


def test_apheresis_and_the_days_before_and_after_it() -> None:
    """Of three one had apheresis 16 days after consent, 19 days before lymphodepletion."""
    subjects = [child("A"), never_infused("B"), never_infused("C", LDDT=None)]
    cells = [1e7, math.nan, math.nan]
    found = exposure(subjects, cells, apheresis=[date(-24), None, None])
    assert found["APHERESED", "n"].value == 1
    assert found["APHERESED", "percent"].value == pytest.approx(100 / 3)
    names = ("CONSENT_TO_APHERESIS", "APHERESIS_TO_LD")
    assert [found[name, "median"].value for name in names] == [16, 19]
    assert [found[name, "n"].value for name in names] == [1, 1]


def test_without_the_column_nothing_is_said_of_apheresis() -> None:
    assert not any("APHERES" in key[0] for key in exposure([child("A")], [1e7]))


# --- doses of lymphodepletion -------------------------------------------------------------------

FLU = "fludarabine (mg/m2)"


def three(name: str, amount: float = 30, medicine: str = "fludarabine") -> list[dict[str, Any]]:
    return [dose(day, amount, name, medicine=medicine) for day in (-5, -4, -3)]


def test_total_doses_of_those_who_received_the_medicine() -> None:
    """A 90, B 60, C 30 on one day, D nothing: three of four, median 60, 1 to 3 days."""
    doses = [*three("A"), *three("B", 20), dose(-5, 30, "C")]
    found = exposure([child(name) for name in "ABCD"], [1e7] * 4, doses)
    received = [found["LD_RECEIVED", FLU, name].value for name in ("n", "percent")]
    assert received == [3, 75]
    totals = [found["LD_TOTAL", FLU, name].value for name in ("n", "median", "min", "max")]
    assert totals == [3, 60, 30, 90]
    assert [found["LD_DAYS", FLU, name].value for name in ("min", "max")] == [1, 3]
    assert not any("PLANNED" in key[0] and key[0].startswith("LD") for key in found)


def test_the_tolerance_of_total_doses_holds_its_limits() -> None:
    """72 and 108 of 90 are within 20 %, 71.7 and 108.3 are not; one total is not known."""
    amounts = {"A": 24, "B": 36, "C": 23.9, "D": 36.1, "E": math.nan}
    doses = [record for name, amount in amounts.items() for record in three(name, amount)]
    subjects = [child(name) for name in amounts]
    found = exposure(subjects, [1e7] * 5, doses, planned_lymphodepletion={"Fludarabine": 90})
    as_planned = [found["LD_AS_PLANNED", FLU, name].value for name in ("n", "percent")]
    assert as_planned == [2, 50]
    assert found["LD_TOTAL", FLU, "n_not_recorded"].value == 1
    assert found["LD_OF_PLANNED", FLU, "n"].value == 4
    assert found["LD_OF_PLANNED", FLU, "max"].value == pytest.approx(108.3 / 90 * 100)


def test_a_planned_medicine_that_nobody_received_has_its_rows() -> None:
    planned = {"bendamustine": 180, "fludarabine": 90}
    found = exposure([child("A")], [1e7], three("A"), planned_lymphodepletion=planned)
    assert found["LD_RECEIVED", "bendamustine", "n"].value == 0
    assert math.isnan(found["LD_OF_PLANNED", "bendamustine", "median"].value)
    assert math.isnan(found["LD_AS_PLANNED", "bendamustine", "percent"].value)
    assert [key[1] for key in found if key[0] == "LD_RECEIVED" and key[2] == "n"] == [
        *("bendamustine", FLU),
    ]


def test_one_subject_has_no_standard_deviation_and_nobody_no_dose() -> None:
    found = exposure([child("A")], [1e7], three("A"))
    assert found["LD_TOTAL", FLU, "mean"].value == 90
    assert math.isnan(found["LD_TOTAL", FLU, "sd"].value)
    empty = exposure([child("A")], [1e7], [], planned_lymphodepletion={"fludarabine": 90})
    assert empty["LD_RECEIVED", "fludarabine", "percent"].value == 0
    assert math.isnan(empty["LD_TOTAL", "fludarabine", "median"].value)
    assert not any(key[0] == "LD_RECEIVED" for key in exposure([child("A")], [1e7], []))


def test_who_was_never_infused_counts_among_those_who_received_it() -> None:
    found = exposure([never_infused("A")], [math.nan], three("A"))
    assert found["LD_RECEIVED", FLU, "n"].value == 1
    assert found["LD_TOTAL", FLU, "median"].value == 90


def test_a_planned_medicine_is_named_once() -> None:
    with pytest.raises(PlanError, match="planned_lymphodepletion"):
        plan(exposure={"planned_lymphodepletion": {"Fludarabine": 90, "fludarabine": 75}})


# --- cells against outcome ------------------------------------------------------------------------


def outcome(
    cells: list[float],
    scores: list[float],
    events: list[Any] | None = [],  # noqa: B006
    reasons: dict[str, str] | None = None,
    b_cells: list[dict[str, Any]] | None = None,
    **section: Any,
) -> dict[tuple[str, ...], Result]:
    """Cmax and score at month 3 of subjects S1, S2, ...; improved from a score of 30 on.

    `events` is None where the study has no table of adverse events.
    """
    the_plan = plan(cells_outcome={"visit": "M3"} | section)
    return total(outcome_results(the_plan, cells, scores, events, reasons, b_cells))


def outcome_results(
    the_plan: Plan,
    cells: list[float],
    scores: list[float],
    events: list[Any] | None,
    reasons: dict[str, str] | None = None,
    b_cells: list[dict[str, Any]] | None = None,
) -> list[Result]:
    """Results of t_cells_outcome, of all its columns."""
    names = [f"S{place}" for place in range(1, len(cells) + 1)]
    subjects = [child(name) for name in names]
    status = pd.DataFrame({"USUBJID": names, "AVISIT": "M3", "ANL01FL": "Y", "AVAL": scores})
    improved = status.assign(
        PARAMCD="IMPR",
        AVAL=[math.nan if math.isnan(score) else float(score >= 30) for score in scores],
        REASON=[(reasons or {}).get(name) for name in names],
    )
    adrs = pd.concat([status.assign(PARAMCD=SCORE.paramcd, REASON=None), improved])
    adpp = pd.DataFrame(
        {"USUBJID": names, "PARCAT1": "flow", "PARCAT2": "cells/uL", "PARCAT3": "CMAX"}
    ).assign(AVAL=cells)
    datasets = AnalysisDatasets(
        adsl=adsl(subjects), adrs=adrs, adpp=adpp,
        adae=None if events is None else derived(events, subjects),
        adlb=None if b_cells is None else adlb(b_cells, *map(subject, names)),
    )  # fmt: skip
    return list(results_of(["t_cells_outcome"], datasets, the_plan))


def crs(name: str, grade: int | None, day: int = 3) -> Any:
    return event(day, day + 2, name, aesi="CRS", astct_grade=grade)


def test_the_correlation_with_the_score_is_of_those_with_both() -> None:
    """Ranks 1 2 3 4 5 and 2 1 4 3 5 of five; the sixth has no score, the seventh no cells."""
    found = outcome([1, 2, 3, 4, 5, 9, math.nan], [20, 10, 60, 50, 90, math.nan, 70])
    assert found["CMAX", "SCORE", "n"].value == 5
    assert found["CMAX", "SCORE", "rho"].value == pytest.approx(0.8)
    assert found["CMAX", "n"].value == 6


def test_b_cells_at_the_visit_those_below_quantification_at_the_lowest_rank() -> None:
    """S1 200, S2 60, S3 and S4 below 1: ranks 4 3 1.5 1.5 against cells 1 2 3 4, rho -0.9487.

    S5 has a result outside the window, S6 one whose limit of quantification is above aplasia.
    """
    counts = [(90, 200.0, 1), (90, 60.0, 1), (90, None, 1), (90, None, 1), (130, 9.0, 1)]
    rows = [
        sample(day, value, "BCELL", subject_id=f"S{who}", below_lloq="NY"[value is None], lloq=lloq)
        for who, (day, value, lloq) in enumerate([*counts, (90, None, 60)], 1)
    ]
    found = outcome([1, 2, 3, 4, 5, 0], [90] * 6, b_cells=rows)
    assert found["CMAX", "BCELL", "n"].value == 5
    assert found["CMAX", "APLASIA", "n"].value == 2
    assert [found["CMAX", "NO_APLASIA", name].value for name in ("n", "min", "max")] == [3, 0, 2]
    later = outcome([1, 2, 3, 4, 5, 0], [90] * 6, b_cells=rows, depletion_visit="M6")
    assert later["CMAX", "BCELL", "n"].value == 0
    four = outcome([1, 2, 3, 4], [90] * 4, b_cells=rows[:4])
    assert four["CMAX", "BCELL", "rho"].value == pytest.approx(-4.5 / math.sqrt(5 * 4.5))


def test_without_laboratory_there_is_no_outcome_of_b_cells() -> None:
    found = outcome([1, 2], [90, 20])
    assert {key[1] for key in found if len(key) > 2} == {
        *("SCORE", "CRS", "IMPROVED", "NOT_IMPROVED", "CRS_NONE", "CRS_ANY"),
    }


def test_without_adverse_events_there_is_no_outcome_of_cytokine_release() -> None:
    """Nobody counts as with CRS, nor as without: the events are not known."""
    found = outcome([1, 2], [90, 20], events=None)
    assert {key[1] for key in found if len(key) > 2} == {"SCORE", "IMPROVED", "NOT_IMPROVED"}


def test_footnotes_speak_of_the_outcomes_that_the_study_records() -> None:
    response = {"reinfusion": {"as_new_therapy": True}}
    the_plan = plan(cells_outcome={"visit": "M3"}, response=response)
    b_cells = [sample(90, 200.0, "BCELL", subject_id="S1", lloq=1)]

    def notes(events: list[Any] | None, *laboratory: list[dict[str, Any]]) -> list[str]:
        results = outcome_results(the_plan, [1, 2], [90, 20], events, None, *laboratory)
        (table, *_) = OUTPUT.tables
        return list(OUTPUT.notes(table, Ard.from_results(results), the_plan))[2:-1]

    assert notes([], b_cells) == [
        "B cells: result at M3, 0 below quantification; aplasia: below 50.",
        "CRS: treatment-emergent, entire follow-up; without a grade it is in no correlation. After"
        " a second infusion neither cells nor CRS count.",
    ]
    assert notes(None) == ["After a second infusion cells do not count."]


def test_cells_by_outcome_have_the_decimals_that_the_smallest_needs() -> None:
    """0.05 improved, 0 and 2 not: 0.0500 and 2.0000, never 0.1 or 0.0 for 0.05."""
    the_plan = plan(cells_outcome={"visit": "M3"})
    results = outcome_results(the_plan, [0.05, 0, 2], [90, 20, 10], None)
    rows = OUTPUT.table_rows(OUTPUT.tables[1], Ard.from_results(results), the_plan)
    shown = [(row.label, row.cells[-1]) for row in rows if row.cells and row.label != "n"]
    assert shown == [
        *(("Median", "0.0500"), ("Minimum", "0.0500"), ("Maximum", "0.0500")),
        *(("Median", "1.0000"), ("Minimum", "0.0000"), ("Maximum", "2.0000")),
    ]


def test_the_pending_are_in_no_group_of_response_and_the_missing_are_not_improved() -> None:
    reasons = {"S3": "PENDING", "S4": "NOT ASSESSED"}
    found = outcome([1, 2, 3, 4], [90, 0, math.nan, math.nan], reasons=reasons)
    assert found["CMAX", "IMPROVED", "n"].value == 1
    ends = [found["CMAX", "NOT_IMPROVED", name].value for name in ("min", "max")]
    assert ends == [2, 4]


def test_cytokine_release_at_its_worst_grade_and_without_one() -> None:
    """S1 none, S2 grade 1 then 3, S3 grade 2, S4 of no grade: in no correlation, but with CRS."""
    events = [crs("S2", 1), crs("S2", 3, 8), crs("S3", 2), crs("S4", None)]
    found = outcome([1, 3, 2, 4], [90] * 4, events)
    assert (found["CMAX", "CRS", "n"].value, found["CMAX", "CRS", "rho"].value) == (3, 1)
    assert found["CMAX", "CRS_NONE", "n"].value == 1
    assert found["CMAX", "CRS_ANY", "n"].value == 3
    early = outcome([1, 3, 2, 4], [90] * 4, events, crs_window_days=5)
    assert early["CMAX", "CRS", "rho"].value == pytest.approx(0.5)


def test_one_subject_has_no_correlation() -> None:
    found = outcome([5], [90])
    assert found["CMAX", "SCORE", "n"].value == 1
    assert math.isnan(found["CMAX", "SCORE", "rho"].value)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"visit": "M6"}, "cells_outcome.visit: found 'M6'"),
        ({"visit": "M3", "depletion_visit": "D15"}, "cells_outcome.depletion_visit: found 'D15'"),
        ({"visit": "M3", "parameters": ["AUC0_30"]}, "cells_outcome.parameters[0]"),
    ],
)
def test_a_visit_and_a_parameter_have_to_be_analysed(section: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError) as refused:
        plan(cells_outcome=section)
    assert said in str(refused.value)
