"""Deviations from the protocol: each category at its limits, a step beyond, and without data."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from durable.derive.deviation_records import StudyRecords
from durable.derive.deviations import derive
from durable.derive.doses import outside_in_words
from durable.plan import PlanError
from tests.derive.build import ACTIVE, INFUSION, date, plan, subject, table, visit
from tests.derive.deviating import addv_of, adsl_of, deviating, unjudged

pytestmark = pytest.mark.requirement("DEV-01", "PLN-02")

NOT_INFUSED = {"infusion_date": None, "cells_per_kg": None}


def single(addv: pd.DataFrame) -> dict[str, Any]:
    """The only record."""
    assert len(addv) == 1
    record: dict[str, Any] = addv.iloc[0].to_dict()
    return record


# --- dose -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "deviates"),
    [(0.8e7, False), (1.2e7, False), (1e7, False), (7_999_999, True), (12_000_001, True)],
)
def test_a_dose_of_exactly_20_percent_more_or_less_is_within(cells: float, deviates: bool) -> None:
    addv = addv_of([subject(cells_per_kg=cells)], dose={})
    assert deviating(addv) == ["S1"] * deviates
    assert unjudged(addv) == []


@pytest.mark.parametrize(
    ("tolerance", "cells", "deviates"),
    [(0.29, 1.29e7, False), (0.07, 0.93e7, False), (0.07, 0.929e7, True), (0, 10_000_001, True)],
)
def test_the_limit_is_the_decimal_of_the_plan(
    tolerance: float, cells: float, deviates: bool
) -> None:
    """100 x 0.29 is below 29 in binary, and 100 x 0.07 above 7."""
    addv = addv_of([subject(cells_per_kg=cells)], dose={"tolerance": tolerance})
    assert deviating(addv) == ["S1"] * deviates


def test_a_deviating_dose_says_what_was_planned_and_what_was_given() -> None:
    record = single(addv_of([subject(cells_per_kg=5e6)], dose={}))
    assert record["DVPLAN"] == "10 x 10^6 cells/kg, at most 20% more or less"
    assert record["DVTERM"] == "5 x 10^6 cells/kg, 50% of the planned dose"
    assert (record["ADT"], record["ADY"]) == (INFUSION, 1)
    assert (record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"]) == (
        *("subjects", "cells_per_kg"),
        2,
    )


def test_a_dose_that_is_not_recorded_or_has_no_plan_is_not_assessable() -> None:
    subjects = [
        subject("A", cells_per_kg=None),
        subject("B", cells_per_kg=1e7, dose_level="2"),
        subject("C", cells_per_kg=1e7, dose_level=None),
        subject("D", cells_per_kg=1e7),
    ]
    addv = addv_of(subjects, dose={})
    assert unjudged(addv) == ["A", "B", "C"]
    reasons = ["dose not recorded", "planned dose not known", "planned dose not known"]
    assert addv["DVTERM"].tolist() == reasons
    assert addv["DVIMPFL"].isna().all()


def test_a_level_has_the_dose_of_the_section_exposure() -> None:
    sections = {"exposure": {"planned_cells_per_kg": {"2": 1e6}}}
    given = [subject(cells_per_kg=1e7, dose_level="2")]
    assert deviating(addv_of(given, sections=sections, dose={})) == ["S1"]


# --- lymphodepletion ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "shown"),
    [(12_000_001, "120.00001"), (7_999_999, "79.99999"), (12_500_000, "125"), (3_000_000, "30")],
)
def test_a_dose_outside_the_tolerance_is_shown_with_the_digits_that_say_so(
    cells: int, shown: str
) -> None:
    """Planned 10 x 10^6, at most 20 % more or less: 120 % would be no deviation."""
    assert outside_in_words(cells / 1e5, 0.2) == shown
    record = single(addv_of([subject(cells_per_kg=cells)], dose={}))
    assert record["DVTERM"].endswith(f", {shown}% of the planned dose")


@pytest.mark.parametrize(
    ("begun", "found"),
    [
        (-1, None),
        (-14, None),
        (-15, "begun 15 days before infusion"),
        (0, "begun on the day of infusion"),
        (3, "begun 3 days after infusion"),
        (None, "no date recorded"),
    ],
)
def test_lymphodepletion_begins_from_1_to_14_days_before_the_infusion(
    begun: int | None, found: str | None
) -> None:
    begins = None if begun is None else date(begun)
    addv = addv_of([subject(lymphodepletion_date=begins)], lymphodepletion={})
    assert addv["DVTERM"].tolist() == ([found] if found else [])
    assert deviating(addv) == ["S1"] * bool(found)


def test_without_the_column_lymphodepletion_is_not_assessable() -> None:
    absent = {"subjects": ["lymphodepletion_date"]}
    given = [subject(lymphodepletion_date=None)]
    addv = addv_of(given, not_in_file=absent, lymphodepletion={})
    assert (deviating(addv), unjudged(addv)) == ([], ["S1"])


def therapy(name: str, start: int, who: str = "S1", **given: Any) -> dict[str, Any]:
    return {
        "subject_id": who,
        "therapy": name,
        "start_date": date(start),
        "new_systemic": "N",
    } | given


BY_MEDICINES = {
    "recorded_as": "medicines",
    "medicines": ["fludarabine", "cyclophosphamide"],
    "days": 7,
}


@pytest.mark.parametrize(
    ("days", "missing"),
    [
        ((-7, -1), None),
        ((-8, -1), "fludarabine"),
        ((-7, 0), "cyclophosphamide"),
        ((-8, 0), "fludarabine; cyclophosphamide"),
    ],
)
def test_each_medicine_of_lymphodepletion_begins_in_the_days_before_the_infusion(
    days: tuple[int, int], missing: str | None
) -> None:
    given = [therapy("Fludarabine", days[0]), therapy("CYCLOPHOSPHAMIDE", days[1])]
    addv = addv_of([subject()], therapies=given, lymphodepletion=BY_MEDICINES)
    assert addv["DVTERM"].tolist() == ([f"not begun then: {missing}"] if missing else [])


def test_without_a_table_of_therapies_the_medicines_are_not_assessable() -> None:
    addv = addv_of([subject()], lymphodepletion=BY_MEDICINES)
    assert single(addv)["DVTERM"] == "no table therapies"
    assert unjudged(addv) == ["S1"]


def test_another_child_s_medicines_do_not_count() -> None:
    given = [therapy(name, -5, "B") for name in BY_MEDICINES["medicines"]]
    subjects = [subject("A"), subject("B")]
    assert deviating(addv_of(subjects, therapies=given, lymphodepletion=BY_MEDICINES)) == ["A"]


# --- number infused -------------------------------------------------------------------------------


def test_who_is_infused_beyond_the_planned_number_is_the_last_by_date() -> None:
    """B and C are infused on one day, after D; A is not infused: of three planned, none is beyond;
    of two planned, the later identifier of the last day."""
    subjects = [
        subject("A", **NOT_INFUSED),
        subject("B", infusion_date=date(9)),
        subject("C", infusion_date=date(9)),
        subject("D"),
    ]
    assert deviating(addv_of(subjects, number_infused={"planned": 3})) == []
    record = single(addv_of(subjects, number_infused={"planned": 2}))
    assert (record["USUBJID"], record["DVTERM"]) == ("C", "number 3 by date of infusion")
    assert deviating(addv_of(subjects, number_infused={"planned": 1})) == ["B", "C"]


# --- visit out of window --------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "deviates"), [(24, True), (25, False), (31, False), (32, True)])
def test_the_window_of_a_visit_holds_its_first_and_its_last_day(day: int, deviates: bool) -> None:
    """D28 is on day 28 with a window of 3 days."""
    addv = addv_of([subject()], [visit(day, ACTIVE, visit="D28")], visit_window={})
    assert deviating(addv) == ["S1"] * deviates
    if deviates:
        record = single(addv)
        assert record["DVPLAN"] == "days 25 to 31 after infusion"
        assert record["DVTERM"] == f"day {day} after infusion"
        assert (record["AVISIT"], record["ADY"]) == ("D28", day + 1)
        assert record["DVIMPFL"] is None


def test_unscheduled_assessments_and_those_before_infusion_have_no_window() -> None:
    visits = [visit(-20, ACTIVE, visit="SCREENING"), visit(40, ACTIVE, visit="UNS")]
    assert addv_of([subject()], visits, visit_window={}).empty


def test_a_label_that_is_not_scheduled_is_not_assessable() -> None:
    record = single(addv_of([subject()], [visit(40, ACTIVE, visit="WEEK 6")], visit_window={}))
    assert record["DVSTAT"] == "NOT ASSESSABLE"
    assert record["DVTERM"] == "label WEEK 6 on day 40 after infusion"


def test_a_label_counts_whatever_its_spelling() -> None:
    addv = addv_of([subject()], [visit(40, ACTIVE, visit="d28 ")], visit_window={})
    assert deviating(addv) == ["S1"]


def test_only_the_visits_of_the_plan_are_judged() -> None:
    visits = [visit(40, ACTIVE, visit="D28"), visit(45, ACTIVE, visit="M2")]
    addv = addv_of([subject()], visits, visit_window={"visits": ["M2"]})
    assert addv["AVISIT"].tolist() == ["M2"]


def test_without_a_table_of_visits_nobody_can_be_judged() -> None:
    subjects = [subject("A"), subject("B", **NOT_INFUSED)]
    addv = addv_of(subjects, visit_window={}, core_set={"visits": ["M2"]})
    assert addv["USUBJID"].tolist() == ["A", "A"]
    assert unjudged(addv) == ["A", "A"]


# --- core set -------------------------------------------------------------------------------------

AT_M2 = {"core_set": {"visits": ["M2"]}}


def test_a_complete_core_set_in_the_window_is_no_deviation() -> None:
    """M2 is on day 60 with a window of 14 days; the first form lacks a measure, the second none."""
    lacking = ACTIVE | {"cmas": None}
    for days in ((46, 74), (74, 46)):
        visits = [visit(days[0], lacking, visit="M2"), visit(days[1], ACTIVE, visit="M2")]
        assert addv_of([subject()], visits, **AT_M2).empty


@pytest.mark.parametrize("day", [45, 75])
def test_a_core_set_outside_the_window_is_missing(day: int) -> None:
    record = single(addv_of([subject()], [visit(day, ACTIVE, visit="M2")], **AT_M2))
    assert record["DVTERM"] == "no assessment in the window"
    assert (record["AVISIT"], record["ADT"]) == ("M2", date(74))
    assert (record["SRCDOM"], record["SRCVAR"]) == ("subjects", "infusion_date")


def test_an_incomplete_core_set_names_its_missing_measures() -> None:
    """Of three forms the one with the fewest missing, the closest to day 60, the earlier."""
    two, one = ACTIVE | {"cmas": None, "das": None}, ACTIVE | {"chaq": None}
    days = [(60, two), (52, one), (68, one)]
    visits = [visit(day, values, visit="M2") for day, values in days]
    record = single(addv_of([subject()], visits, **AT_M2))
    assert (record["ADT"], record["DVTERM"]) == (date(52), "missing: CHAQ")
    assert (record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"]) == ("visits", "chaq", 3)
    both = single(addv_of([subject()], visits[:1], **AT_M2))
    assert (both["DVTERM"], both["SRCVAR"]) == ("missing: CMAS; DAS", "cmas")


def test_an_unscheduled_assessment_counts_where_the_plan_says_so() -> None:
    visits = [visit(60, ACTIVE, visit="UNS")]
    assert deviating(addv_of([subject()], visits, **AT_M2)) == ["S1"]
    sections = {"response": {"improvement": {"unscheduled": True}}}
    assert addv_of([subject()], visits, sections=sections, **AT_M2).empty


def test_any_enzyme_with_its_limit_is_the_enzyme_of_the_core_set() -> None:
    sections = {"response": {"core_set": "imacs"}}
    aldolase = ACTIVE | {"ck": None, "aldolase": 5.0, "aldolase_uln": 7.6}
    without_limit = ACTIVE | {"ck_uln": None}
    for values, missing in ((aldolase, []), (without_limit, ["missing: muscle enzyme"])):
        addv = addv_of([subject()], [visit(60, values, visit="M2")], sections=sections, **AT_M2)
        assert addv["DVTERM"].tolist() == missing


@pytest.mark.parametrize(
    ("given", "cutoff", "due"),
    [
        ({}, 74, True),
        ({}, 73, False),
        ({"death_date": date(74)}, 1000, False),
        ({"death_date": date(75)}, 1000, True),
        ({"withdrawal_date": date(74)}, 1000, False),
        ({"withdrawal_date": date(75)}, 1000, True),
        ({"last_contact_date": date(40)}, 1000, True),
    ],
)
def test_the_core_set_is_due_once_the_window_has_closed_on_the_living_in_the_study(
    given: dict[str, Any], cutoff: int, due: bool
) -> None:
    addv = addv_of([subject(**given)], [], cutoff=cutoff, **AT_M2)
    assert deviating(addv) == ["S1"] * due
    unknown = addv_of([subject(**given)], None, cutoff=cutoff, **AT_M2)
    assert unjudged(unknown) == ["S1"] * due


# --- prohibited medicines -------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "deviates"), [(-1, False), (0, True), (30, True), (31, False)])
def test_a_new_systemic_therapy_from_the_day_of_infusion_to_the_last_day_of_the_plan(
    start: int, deviates: bool
) -> None:
    given = [therapy("abatacept", start, new_systemic="Y")]
    addv = addv_of([subject()], therapies=given, prohibited={"days": 30})
    assert deviating(addv) == ["S1"] * deviates
    if deviates:
        record = single(addv)
        assert record["DVPLAN"] == "no new systemic therapy after infusion"
        assert record["DVTERM"] == f"abatacept from {date(start):%Y-%m-%d}"
        assert (record["ADT"], record["SRCVAR"]) == (date(start), "new_systemic")


def test_a_permitted_reason_is_no_deviation() -> None:
    given = [
        therapy("abatacept", 40, new_systemic="Y", reason="Recurrence"),
        therapy("rituximab", 50, new_systemic="Y", reason=None),
    ]
    addv = addv_of([subject()], therapies=given, prohibited={"permitted_reasons": ["recurrence"]})
    assert single(addv)["DVTERM"].startswith("rituximab")


CLASSES = {"new_systemic": False, "classes": ["jak"]}


@pytest.mark.parametrize(
    ("start", "end", "deviates"),
    [(-90, None, True), (-90, 0, True), (-90, -1, False), (5, 9, True)],
)
def test_a_class_in_use_on_or_after_the_day_of_infusion(
    start: int, end: int | None, deviates: bool
) -> None:
    ends = None if end is None else date(end)
    given = [therapy("tofacitinib", start, end_date=ends, **{"class": "jak"})]
    addv = addv_of([subject()], therapies=given, prohibited=CLASSES)
    assert deviating(addv) == ["S1"] * deviates
    if deviates:
        record = single(addv)
        assert record["ADT"] == date(max(start, 0))
        assert record["DVPLAN"] == "no JAK inhibitors after infusion"


def test_a_medicine_without_a_class_is_not_assessable() -> None:
    given = [therapy("unknown", 5), therapy("ended before", -50, end_date=date(-1))]
    addv = addv_of([subject()], therapies=given, prohibited=CLASSES)
    record = single(addv)
    assert record["DVSTAT"] == "NOT ASSESSABLE"
    assert record["DVTERM"] == "unknown from 2024-01-06: class not recorded"
    # A name that is prohibited decides without the class.
    named = CLASSES | {"medicines": ["Unknown"]}
    assert deviating(addv_of([subject()], therapies=given, prohibited=named)) == ["S1"]


def test_one_therapy_is_one_deviation_however_many_rules_it_breaks() -> None:
    given = [therapy("tofacitinib", 5, new_systemic="Y", **{"class": "jak"})]
    rules = {"classes": ["jak"], "medicines": ["tofacitinib"]}
    record = single(addv_of([subject()], therapies=given, prohibited=rules))
    assert record["SRCVAR"] == "new_systemic"


def test_a_date_in_part_is_that_of_the_plan_and_is_listed_as_recorded() -> None:
    """Read as the first day after infusion that it can mean (partial_dates)."""
    therapies = table("therapies", [therapy("abatacept", 0, new_systemic="Y")])
    therapies["start_date_partial"] = "2024-01"
    study = StudyRecords.of_tables(adsl_of([subject()]), {"therapies": therapies})
    addv = derive(study, plan(deviations={"eligibility": False, "prohibited": {}}))
    assert addv["DVTERM"].tolist() == ["abatacept from 2024-01"]
    assert addv["ADT"].tolist() == [INFUSION]


def test_without_a_table_of_therapies_medicines_are_not_assessable() -> None:
    assert unjudged(addv_of([subject()], prohibited={})) == ["S1"]


# --- eligibility ----------------------------------------------------------------------------------


def criteria(*records: tuple[str, str, str, str | None, str | None]) -> pd.DataFrame:
    """Records of ADIE: subject, criterion, answer, violated, counted."""
    names = ["USUBJID", "IETESTCD", "ANSWER", "VIOLFL", "ANL01FL"]
    frame = pd.DataFrame(list(records), columns=names)
    return frame.assign(
        SCRNDT=date(-40),
        IEWAIVER=None,
        SRCDOM="screening",
        SRCVAR="lvef",
        SRCSEQ=pd.array([7] * len(frame), "Int64"),
    )


def test_each_violated_criterion_of_the_attempt_that_counts_is_a_deviation() -> None:
    adie = criteria(
        ("A", "I06", "N", "Y", "Y"),
        ("A", "E11", "Y", "Y", "Y"),
        ("A", "I01", "N", "Y", None),
        ("B", "I06", "Y", None, "Y"),
        ("C", "I06", "N", "Y", "Y"),
    )
    subjects = [subject("A"), subject("B"), subject("C", **NOT_INFUSED)]
    addv = addv_of(subjects, adie=adie, eligibility=True)
    assert addv["USUBJID"].tolist() == ["A", "A"]
    assert addv["DVPLAN"].str[:3].tolist() == ["I06", "E11"]
    assert addv["ADY"].tolist() == [-40, -40]
    assert addv["SRCSEQ"].tolist() == [7, 7]


def test_a_waived_violation_says_so_and_one_without_a_row_has_the_subject_s() -> None:
    adie = criteria(("A", "I06", "N", "Y", "Y")).assign(
        IEWAIVER="Y", SRCSEQ=pd.array([None], "Int64")
    )
    record = single(addv_of([subject("A")], adie=adie, eligibility=True))
    assert record["DVTERM"] == "violated, waived by the site"
    assert (record["SRCDOM"], record["SRCSEQ"]) == ("subjects", 2)


def test_undecided_criteria_and_no_screening_are_not_assessable() -> None:
    adie = criteria(("A", "I06", "U", None, "Y"), ("A", "E04", "U", None, "Y"))
    addv = addv_of([subject("A"), subject("B")], adie=adie, eligibility=True)
    found = ["not decided by the data: I06, E04", "not screened"]
    assert addv["DVTERM"].tolist() == found
    assert unjudged(addv) == ["A", "B"]
    without = addv_of([subject("A")], eligibility=True)
    assert single(without)["DVTERM"] == "no table screening"


# --- all categories -------------------------------------------------------------------------------

EVERY: dict[str, Any] = {
    "eligibility": True,
    "dose": {},
    "lymphodepletion": {},
    "number_infused": {"planned": 1},
    "visit_window": {},
    "core_set": {},
    "prohibited": {},
}


def test_without_an_infusion_there_is_no_deviation() -> None:
    visits = [visit(40, ACTIVE, visit="D28")]
    given = [therapy("abatacept", 5, new_systemic="Y")]
    assert addv_of([subject(**NOT_INFUSED)], visits, given, **EVERY).empty


def test_the_records_of_a_subject_are_numbered_by_date() -> None:
    subjects = [subject("A", cells_per_kg=5e6, lymphodepletion_date=None)]
    visits = [visit(40, ACTIVE, "A", visit="D28")]
    adie = criteria(("A", "I06", "N", "Y", "Y"))
    addv = addv_of(subjects, visits, [], adie=adie, **EVERY)
    assert addv["ASEQ"].tolist() == [1, 2, 3, 4, 5, 6]
    assert addv["DVDECOD"].tolist() == [
        "ELIGIBILITY CRITERION VIOLATED",
        "DOSE OUTSIDE THE TOLERANCE",
        "INFUSED WITHOUT LYMPHODEPLETION",
        "VISIT OUT OF WINDOW",
        "CORE SET INCOMPLETE",
        "CORE SET INCOMPLETE",
    ]
    assert addv["AVISIT"].tolist() == [None, None, None, "D28", "M2", "M3"]


def test_which_categories_are_important_is_a_key() -> None:
    subjects = [subject(cells_per_kg=5e6, lymphodepletion_date=None)]
    addv = addv_of(subjects, dose={}, lymphodepletion={}, important=["dose"])
    flags = dict(zip(addv["DVDECOD"], addv["DVIMPFL"], strict=True))
    assert flags == {"DOSE OUTSIDE THE TOLERANCE": "Y", "INFUSED WITHOUT LYMPHODEPLETION": None}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"eligibility": False}, "at least one category"),
        ({"core_set": {"visits": ["M4"]}}, "deviations.core_set.visits[0]: found 'M4'"),
        ({"visit_window": {"visits": ["M4"]}}, "deviations.visit_window.visits[0]: found 'M4'"),
        ({"lymphodepletion": {"recorded_as": "medicines"}}, "medicines"),
        ({"lymphodepletion": {"medicines": ["fludarabine"]}}, "medicines"),
        ({"prohibited": {"new_systemic": False}}, "new_systemic, classes or medicines"),
        ({"dose": {"tolerance": 1}}, "deviations.dose.tolerance"),
        ({"number_infused": {}}, "deviations.number_infused.planned"),
        ({"important": ["weight"]}, "deviations.important[0]"),
    ],
)
def test_a_section_that_cannot_be_judged_is_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError) as refused:
        plan(deviations=section)
    assert said in str(refused.value)
