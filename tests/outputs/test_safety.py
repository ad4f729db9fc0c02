"""Safety tables: who is counted, at which grade, and what follows from no event."""

from __future__ import annotations

import csv
import datetime as dt
import time
from collections import defaultdict
from math import isnan
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.contracts.adam.adae import adae_schema as contract
from durable.contracts.results import join_parameter, split_parameter, to_csv
from durable.derive import adae, datasets
from durable.intake import check, cutoff
from durable.outputs.ae_crs import OUTPUT as CRS
from durable.outputs.ard import Ard
from durable.outputs.dlt import next_step
from durable.plan import Safety, load
from durable.plan.inputs import Input
from tests.derive.build import date, plan
from tests.derive.events import adsl, child, derived, event, never_infused, table
from tests.outputs.analysed import safety_results

pytestmark = pytest.mark.requirement("SAF-01", "SAF-03")

ROOT = Path(__file__).parents[2]


def study(events, subjects, variables=("dose_level",), **rule):
    """Value of every row of the tables: output, group, parameter, statistic."""
    records = derived(events, subjects, **rule)
    frame = adsl(subjects)
    rows = safety_results(frame, records, Safety(**rule), variables)
    return {(r.output, r.group, join_parameter(r.parameter), r.statistic): r for r in rows}


def total(found, output, parameter, statistic):
    return found[output, "Total", parameter, statistic].value


def grades(found, output, parameter):
    """Subjects by worst grade: missing, then 1 to 5."""
    names = ("missing", "1", "2", "3", "4", "5")
    return [total(found, output, parameter, f"n_grade_{name}") for name in names]


def parameters(found, output):
    return list(dict.fromkeys(key[2] for key in found if key[0] == output and key[2]))


#: Outputs that cannot be made without adverse events.
OF_EVENTS = ("t_ae_overview", "t_ae_soc_pt", "t_ae_crs", "t_aesi", "t_dlt")
TWO = [child("S1"), child("S2")]
PROLONGED = "DERIVED|PROLONGED_CYTOPENIA"


def test_a_subject_counts_once_at_the_worst_grade_and_every_event_counts():
    found = study([event(1), event(2, ctcae_grade=3), event(9, name="S2", ctcae_grade=2)], TWO)
    assert total(found, "t_ae_overview", "D28|ANY", "n_subjects") == 2
    assert total(found, "t_ae_overview", "D28|ANY", "n_events") == 3
    assert total(found, "t_ae_overview", "D28|ANY", "percent") == 100
    assert grades(found, "t_ae_overview", "D28|ANY") == [0, 0, 1, 1, 0, 0]
    assert grades(found, "t_ae_soc_pt", "D28|Skin|Rash") == [0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("what", "category"),
    [
        ({"related": "Y"}, "RELATED"), ({"serious": "Y"}, "SERIOUS"),
        ({"ctcae_grade": 3}, "GRADE3"),
        ({"ctcae_grade": 4, "related": "Y"}, "RELATED_GRADE3"), ({"ctcae_grade": 5}, "FATAL"),
        ({"outcome": "FATAL"}, "FATAL"), ({"dlt": "Y"}, "DLT"), ({"aesi": "CRS"}, "AESI"),
    ],
)  # fmt: skip
def test_each_category_of_the_overview_counts_its_events_only(what, category):
    found = study([event(1, **what), event(1, name="S2")], TWO)
    assert total(found, "t_ae_overview", f"D28|{category}", "n_subjects") == 1
    assert total(found, "t_ae_overview", "D28|ANY", "n_subjects") == 2


def test_related_and_severe_are_of_the_same_event():
    found = study([event(1, related="Y"), event(1, ctcae_grade=4)], [child()])
    assert total(found, "t_ae_overview", "D28|RELATED_GRADE3", "n_subjects") == 0


def test_an_unknown_grade_is_listed_and_severe_only_in_the_sensitivity_row():
    events = [
        event(1, ctcae_grade=None),
        event(2, name="S2"),
        event(3, name="S2", ctcae_grade=None),
    ]
    found = study(events, TWO)
    assert grades(found, "t_ae_overview", "D28|ANY") == [1, 1, 0, 0, 0, 0]
    assert total(found, "t_ae_overview", "D28|GRADE3", "n_subjects") == 0
    assert grades(found, "t_ae_overview", "D28|GRADE3_MISSING_AS_3") == [0, 0, 0, 2, 0, 0]
    found = study(events, TWO, missing_grade=4)
    assert grades(found, "t_ae_overview", "D28|GRADE3_MISSING_AS_4") == [0, 0, 0, 0, 2, 0]


def test_windows_are_nested_and_events_before_infusion_are_apart():
    found = study([event(d) for d in (-2, 0, 28, 29, 90, 91)], [child()])
    events = {p: total(found, "t_ae_overview", f"{p}|ANY", "n_events") for p in ("D28", "D90")}
    assert events == {"D28": 2, "D90": 4}
    assert total(found, "t_ae_overview", "ALL|ANY", "n_events") == 5
    assert total(found, "t_ae_overview", "PRE|ANY", "n_events") == 1


def test_subjects_never_infused_are_in_no_denominator_but_their_events_are_told():
    subjects = [child(), never_infused("S8"), never_infused("S9")]
    found = study([event(1, name="S9", ctcae_grade=3)], subjects)
    assert total(found, "t_ae_overview", "", "n_infused") == 1
    assert total(found, "t_ae_overview", "ALL|ANY", "n_subjects") == 0
    assert total(found, "t_ae_overview", "PRE|ANY", "n_subjects") == 0
    assert total(found, "t_ae_overview", "NOT_INFUSED|ANY", "n_denominator") == 2
    assert total(found, "t_ae_overview", "NOT_INFUSED|ANY", "percent") == 50
    assert grades(found, "t_ae_overview", "NOT_INFUSED|ANY") == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize(("n", "bound"), [(10, 0.2589), (6, 0.3930), (3, 0.6316)])
def test_no_event_has_the_exact_one_sided_bound(n, bound):
    """1 - .05^(1/n): domain facts 7."""
    found = study([], [child(f"S{i}") for i in range(n)])
    row = found["t_ae_overview", "Total", "D28|SERIOUS", "upper"]
    assert row.value == pytest.approx(bound, abs=5e-5)
    assert row.note == "one-sided 95% upper confidence limit, no events"
    assert total(found, "t_deaths", "D28", "upper") == row.value
    assert total(found, "t_aesi", "ICANS", "upper") == row.value


def test_what_occurred_has_no_such_bound():
    found = study([event(1)], [child()])
    assert ("t_ae_overview", "Total", "D28|ANY", "upper") not in found
    assert ("t_ae_overview", "Total", "D28|SERIOUS", "upper") in found


def test_without_any_event_every_count_is_zero_and_no_term_is_shown():
    found = study([], TWO)
    infused = {k: r for k, r in found.items() if k[2] != "NOT_INFUSED|ANY"}
    names = ("n_subjects", "n_events", "percent")
    assert {r.value for k, r in infused.items() if k[3] in names} == {0}
    # Nobody was left out before infusion: there is no percentage of nobody.
    assert isnan(total(found, "t_ae_overview", "NOT_INFUSED|ANY", "percent"))
    assert parameters(found, "t_ae_soc_pt") == []
    assert total(found, "t_ae_soc_pt", "", "n_infused") == 2
    assert np.isnan(total(found, "t_ae_crs", "CRS", "onset_median"))


def test_without_any_infused_subject_nothing_can_be_estimated():
    found = study([], [never_infused("S1")])
    assert total(found, "t_ae_overview", "", "n_infused") == 0
    for output, parameter in (("t_ae_overview", "D28|ANY"), ("t_deaths", "ALL"), ("t_dlt", "ALL")):
        assert np.isnan(total(found, output, parameter, "percent"))
        assert np.isnan(total(found, output, parameter, "upper"))


def test_a_group_without_the_event_has_rows_of_zero_in_the_same_order():
    found = study([event(1)], [child("S1"), child("S2", DOSELVL="3e7")])
    assert found["t_ae_soc_pt", "3e7", "D28|Skin|Rash", "n_subjects"].value == 0
    assert found["t_ae_soc_pt", "3e7", "D28|Skin|Rash", "upper"].value == pytest.approx(0.95)
    of = {group: [k[2] for k in found if k[:2] == ("t_ae_soc_pt", group)] for group in
          ("1e7", "3e7", "Total")}  # fmt: skip
    assert list(dict.fromkeys(of["1e7"])) == list(dict.fromkeys(of["3e7"]))
    assert list(dict.fromkeys(of["1e7"])) == list(dict.fromkeys(of["Total"]))


def test_classes_and_terms_come_by_subjects_in_total_then_by_name():
    def of(subject, term, soc):
        return event(1, name=subject, preferred_term=term, system_organ_class=soc)

    events = [
        of("S1", "Rash", "Skin"), of("S1", "Rash", "Skin"), of("S1", "Rash", "Skin"),
        of("S1", "Ulcer", "Skin"), of("S2", "Ulcer", "Skin"), of("S1", "Acne", "Skin"),
        of("S3", "Fever", "General"), of("S1", "Nausea", "Gut"),
    ]  # fmt: skip
    found = study(events, [child(f"S{i}") for i in range(1, 4)], windows_days=(28,))
    expected = ["Skin|", "Skin|Ulcer", "Skin|Acne", "Skin|Rash", "General|", "General|Fever"]
    expected += ["Gut|", "Gut|Nausea"]
    shown = [f"{window}|{name}" for window in ("D28", "ALL") for name in expected]
    assert parameters(found, "t_ae_soc_pt") == shown


def test_a_class_counts_a_subject_with_two_terms_once():
    found = study([event(1), event(1, preferred_term="Ulcer", ctcae_grade=2)], [child()])
    assert total(found, "t_ae_soc_pt", "D28|Skin|", "n_subjects") == 1
    assert total(found, "t_ae_soc_pt", "D28|Skin|", "n_events") == 2
    assert grades(found, "t_ae_soc_pt", "D28|Skin|") == [0, 0, 1, 0, 0, 0]


def test_crs_is_graded_by_astct_and_has_onset_and_duration():
    events = [
        event(2, 4, aesi="CRS", ctcae_grade=4, astct_grade=1),
        event(8, None, aesi="CRS", ctcae_grade=4, astct_grade=2),
        event(5, 14, "S2", aesi="CRS", ctcae_grade=1, astct_grade=None),
        event(-1, 3, "S2", aesi="CRS", astct_grade=5),
    ]
    found = study(events, TWO)
    assert total(found, "t_ae_crs", "CRS", "n_subjects") == 2
    assert total(found, "t_ae_crs", "CRS", "n_events") == 3
    assert grades(found, "t_ae_crs", "CRS") == [1, 0, 1, 0, 0, 0]
    assert grades(found, "t_aesi", "CRS") == [0, 1, 0, 0, 1, 0]
    named = ("onset_median", "onset_min", "onset_max", "duration_median", "duration_min",
             "duration_max", "n_ongoing")  # fmt: skip
    values = [total(found, "t_ae_crs", "CRS", name) for name in named]
    assert values == [3.5, 2, 5, 6.5, 3, 10, 1]
    assert total(found, "t_ae_crs", "ICANS", "n_subjects") == 0


def test_crs_is_told_by_dose_level_whatever_the_groups():
    subjects = [child("S1"), child("S2", DOSELVL="3e7")]
    found = study([event(2, name="S2", aesi="CRS", astct_grade=1)], subjects, variables=("part",))
    groups_of = {output: list(dict.fromkeys(k[1] for k in found if k[0] == output)) for output in
                 ("t_ae_crs", "t_aesi")}  # fmt: skip
    assert groups_of == {"t_ae_crs": ["1e7", "3e7", "A", "Total"], "t_aesi": ["A", "Total"]}
    counts = [found["t_ae_crs", g, "CRS", "n_grade_1"].value for g in groups_of["t_ae_crs"]]
    assert counts == [0, 1, 1, 1]


def test_a_label_like_the_derived_one_is_counted_apart():
    found = study([event(1, aesi="PROLONGED_CYTOPENIA")], [child()])
    assert total(found, "t_aesi", "PROLONGED_CYTOPENIA", "n_subjects") == 1
    assert total(found, "t_aesi", PROLONGED, "n_subjects") == 0


def test_mild_is_grade_1_or_2_at_worst():
    events = [event(1, name=f"S{i}", ctcae_grade=g) for i, g in enumerate([1, 2, 2, 3, None])]
    found = study([*events, event(2, name="S2", ctcae_grade=4)], [child(f"S{i}") for i in range(5)])
    assert total(found, "t_ae_soc_pt", "D28|Skin|Rash", "n_grade_1_2") == 2
    assert total(found, "t_ae_soc_pt", "D28|Skin|Rash", "percent_grade_1_2") == 40


def test_special_interest_has_a_row_per_recorded_label_and_for_long_cytopenia():
    events = [event(5, 60, aesi="CYTOPENIA", ctcae_grade=3), event(-1, aesi="HLH")]
    found = study(events, [child()])
    rows = ["CRS", "CYTOPENIA", "HLH", "ICANS", PROLONGED]
    assert parameters(found, "t_aesi") == rows
    counts = [total(found, "t_aesi", row, "n_subjects") for row in rows]
    assert counts == [0, 1, 0, 0, 1]


def test_deaths_are_counted_from_infusion_whatever_the_cause():
    dead = [child(f"S{day}", DTHDT=date(day)) for day in (28, 29, 500)]
    found = study([], [child(), *dead])
    counts = {w: total(found, "t_deaths", w, "n_deaths") for w in ("D28", "D90", "ALL")}
    assert counts == {"D28": 1, "D90": 2, "ALL": 3}
    assert total(found, "t_deaths", "ALL", "percent") == 75


@pytest.mark.parametrize(
    ("given", "undated"),
    [
        ({"ctcae_grade": 5}, 1),
        ({"outcome": "FATAL"}, 1),
        ({"outcome": "\u6b7b\u4ea1"}, 1),
        ({"ctcae_grade": 4, "outcome": "not recovered"}, None),
    ],
)
def test_a_fatal_event_without_a_date_of_death_is_told_beside_the_deaths(given, undated):
    """S1 has the event on day 8 and no date of death, S2 died on day 40 of one: one death, and one
    more that no count of deaths holds."""
    subjects = [child(), child("S2", DTHDT=date(40))]
    found = study([event(8, **given), event(30, 40, name="S2", ctcae_grade=5)], subjects)
    assert total(found, "t_deaths", "ALL", "n_deaths") == 1
    row = found.get(("t_deaths", "Total", "ALL", "n_fatal_undated"))
    assert (row and row.value) == undated
    if row:
        assert row.note.startswith("fatal event without a date of death")


@pytest.mark.parametrize(
    ("evaluable", "toxic", "said"),
    [
        (0, 0, "treat or follow more"), (2, 0, "treat or follow more"),
        (2, 1, "treat or follow more"), (2, 2, "stop"), (3, 0, "escalate"), (3, 1, "expand"),
        (5, 1, "expand"), (6, 1, "escalate"), (6, 0, "escalate"), (3, 2, "stop"), (6, 2, "stop"),
    ],
)  # fmt: skip
def test_3_plus_3_says_what_comes_next(evaluable, toxic, said):
    assert next_step(evaluable, toxic).startswith(said)


def test_evaluable_is_who_was_followed_through_the_window_or_had_a_toxicity_in_it():
    subjects = [
        child("followed", LSTALVDT=date(28)),
        child("short", LSTALVDT=date(27)),
        child("toxic", LSTALVDT=date(10)),
        child("late", LSTALVDT=date(60)),
        child("dead", LSTALVDT=date(5), DTHDT=date(5)),
    ]
    events = [
        event(4, 5, name="dead", ctcae_grade=5, dlt="N"),
        event(3, name="toxic", dlt="Y"),
        event(4, name="toxic", dlt="Y"),
        event(29, name="late", dlt="Y"),
        event(-1, name="followed", dlt="Y"),
    ]
    found = study(events, subjects)
    names = ("n_infused", "n_evaluable", "n_dlt")
    assert [found["t_dlt", "1e7", "A", name].value for name in names] == [5, 3, 1]
    assert found["t_dlt", "1e7", "A", "next"].note == (
        "1 of 3 evaluable with a dose-limiting toxicity: expand the dose level to 6 evaluable;"
        " 1 death within 28 days recorded as not dose-limiting"
    )
    assert study(events, subjects, dlt_window_days=29)["t_dlt", "1e7", "A", "n_dlt"].value == 2


def test_the_rule_looks_at_its_part_and_the_total_at_all_parts():
    subjects = [child(f"A{i}") for i in range(3)] + [child("B1", PART="B")]
    events = [event(3, name="B1", dlt="Y")]
    found = study(events, subjects)
    assert found["t_dlt", "1e7", "A", "n_dlt"].value == 0
    assert found["t_dlt", "1e7", "A", "next"].note.endswith("escalate")
    assert total(found, "t_dlt", "ALL", "n_dlt") == 1
    assert total(found, "t_dlt", "ALL", "n_evaluable") == 4
    found = study(events, subjects, escalation="none", escalation_part="B")
    assert found["t_dlt", "1e7", "B", "n_dlt"].value == 1
    assert not [key for key in found if key[3] == "next"]


def test_without_a_table_of_events_only_deaths_are_reported_and_the_rest_says_why():
    frame = adsl(TWO)
    rows = safety_results(frame, None, Safety(), ())
    notes = {row.output: row.note for row in rows if not row.parameter}
    assert notes.pop("t_deaths") == ""
    assert notes == dict.fromkeys(OF_EVENTS, "no adverse_events table in this study")
    assert {row.output for row in rows if row.parameter} == {"t_deaths"}


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ({}, [2, 1]),
        ({"missing_related": "related"}, [2, 1]),
        ({"missing_related": "not_related"}, [1, 0]),
    ],
)
def test_a_relation_not_recorded_counts_as_the_plan_says_and_is_told(rule, counts):
    """S1 related; S2 not recorded, grade 3."""
    events = [event(1, related="Y"), event(2, name="S2", related=None, ctcae_grade=3)]
    found = study(events, TWO, **rule)
    names = ("D28|RELATED", "D28|RELATED_GRADE3")
    assert [total(found, "t_ae_overview", name, "n_subjects") for name in names] == counts
    row = found["t_ae_overview", "Total", "D28|RELATED", "n_events_missing"]
    assert row.value == 1
    assert row.note == f"counted as {rule.get('missing_related', 'related').replace('_', ' ')}"


def test_the_registered_window_is_also_of_those_followed_through_it():
    """Cut-off on day 1000 of the first; 6 of 11 were followed 28 days.

    In: followed; seen on day 28 exactly; died on day 10 or 28; withdrawn on day 5 and dead on day
    28. Out: infused four days before the cut-off; lost on day 27, with an event; withdrawn on day
    20 and heard of later, or dead by a register on day 300, or on day 29.
    """
    subjects = [
        child("long"),
        child("exactly", LSTALVDT=date(28)),
        child("died", LSTALVDT=date(60), DTHDT=date(10)),
        child("other", CUTDT=date(28), LSTALVDT=date(28)),
        child("just", DTHDT=date(28)),
        child("new", CUTDT=date(4), LSTALVDT=date(4)),
        child("lost", LSTALVDT=date(27)),
        child("left", LSTALVDT=date(40), EOSDT=date(20)),
        child("register", LSTALVDT=date(20), EOSDT=date(20), DTHDT=date(300)),
        child("next day", LSTALVDT=date(20), EOSDT=date(20), DTHDT=date(29)),
        child("within", LSTALVDT=date(5), EOSDT=date(5), DTHDT=date(28)),
    ]
    events = [event(3, name=name, ctcae_grade=3) for name in ("long", "died", "lost", "new")]
    found = study(events, subjects)
    assert total(found, "t_ae_overview", "D28|GRADE3", "n_subjects") == 4
    assert total(found, "t_ae_overview", "D28|GRADE3", "percent") == pytest.approx(400 / 11)
    assert total(found, "t_ae_overview", "D28_FOLLOWED|GRADE3", "n_denominator") == 6
    assert total(found, "t_ae_overview", "D28_FOLLOWED|GRADE3", "n_subjects") == 2
    assert total(found, "t_ae_overview", "D28_FOLLOWED|GRADE3", "percent") == pytest.approx(200 / 6)
    # Nobody of six: 1 - .05^(1/6).
    bound = total(found, "t_ae_overview", "D28_FOLLOWED|SERIOUS", "upper")
    assert bound == pytest.approx(0.3930, abs=5e-5)


def test_events_between_lymphodepletion_and_infusion_have_a_row():
    """Lymphodepletion on day -5: its day is in the period, the day of infusion after it."""
    subjects = [child(), child("S2", LDDT=None)]
    events = [event(day) for day in (-6, -5, -1, 0)] + [event(-1, name="S2")]
    found = study(events, subjects)
    names = ("ANY", "BEFORE_LYMPHODEPLETION", "LYMPHODEPLETION", "LYMPHODEPLETION_UNKNOWN")
    counts = [total(found, "t_ae_overview", f"PRE|{name}", "n_events") for name in names]
    assert counts == [4, 1, 2, 1]


@pytest.mark.parametrize("outcome", ["recovered", "RECOVERED/RESOLVED", "Recovered with sequelae",
                                     "\u75ca\u6108"])  # fmt: skip
def test_what_recovered_without_an_end_is_not_ongoing(outcome):
    events = [event(2, aesi="CRS", outcome=outcome), event(3, name="S2", aesi="CRS")]
    found = study(events, TWO)
    assert total(found, "t_ae_crs", "CRS", "n_ongoing") == 1
    assert total(found, "t_ae_crs", "CRS", "n_end_unknown") == 1
    assert np.isnan(total(found, "t_ae_crs", "CRS", "duration_median"))


@pytest.mark.parametrize("end", [None, 12])
@pytest.mark.parametrize(("grade", "outcome"), [(4, "fatal"), (5, None), (5, "recovered")])
def test_a_fatal_event_is_neither_resolved_nor_ongoing(end, grade, outcome):
    """S1 died of the event of day 3, with or without its end on day 12; S2 was ill for 4 days."""
    events = [
        event(3, end, aesi="CRS", ctcae_grade=grade, outcome=outcome),
        event(3, 6, "S2", aesi="CRS", outcome="recovered"),
    ]
    found = study(events, TWO)
    names = ("n_fatal", "n_ongoing", "n_end_unknown", "n_duration_imputed", "duration_median",
             "duration_max", "onset_median")  # fmt: skip
    values = [total(found, "t_ae_crs", "CRS", name) for name in names]
    assert values == [1, 0, 0, 0, 4, 4, 3]
    assert total(found, "t_ae_crs", "ICANS", "n_fatal") == 0


@pytest.mark.parametrize(("outcome", "rows"), [("fatal", ["1"]), ("recovered", [])])
def test_fatal_events_have_a_row_and_a_footnote_where_there_are_any(outcome, rows):
    frame = adsl(TWO)
    adae = derived([event(3, 12, aesi="CRS", outcome=outcome)], TWO)
    ard = Ard.from_results(safety_results(frame, adae, Safety()))
    shown = CRS.table_rows(CRS.tables[0], ard, plan())
    assert [row.cells[-1] for row in shown if row.label == "Fatal events"] == rows
    notes = CRS.notes(CRS.tables[0], ard, plan())
    assert sum(note.startswith("Fatal: of CTCAE grade 5") for note in notes) == len(rows)


@pytest.mark.parametrize("outcome", ["not recovered", "recovering/resolving", "unknown", None, "?"])
def test_what_is_not_known_to_be_over_is_ongoing_without_an_end(outcome):
    found = study([event(2, aesi="CRS", outcome=outcome)], TWO)
    assert total(found, "t_ae_crs", "CRS", "n_ongoing") == 1


def test_a_cytopenia_recovered_on_an_unknown_day_is_not_prolonged_but_told():
    events = [
        event(5, aesi="CYTOPENIA", ctcae_grade=3, outcome="recovered"),
        event(5, name="S2", aesi="CYTOPENIA", ctcae_grade=3),
    ]
    found = study(events, TWO)
    assert total(found, "t_aesi", PROLONGED, "n_subjects") == 1  # S2: present while followed
    assert total(found, "t_aesi", PROLONGED, "n_end_unknown") == 1


def test_imputed_dates_are_in_no_onset_and_no_duration():
    """Exact: S1 day 4 to 6 (3 days). S2 by the month, so on day 0; S3 by the month of its end.

    S4 has an exact onset on day 2 and an imputed one on day 0, which may have been the first.
    """
    month = f"{date(0):%Y-%m}"
    events = [
        event(4, 6, aesi="CRS"),
        event(None, 9, "S2", aesi="CRS", start_date_partial=month),
        event(6, None, "S3", aesi="CRS", end_date_partial=f"{date(60):%Y-%m}"),
        event(2, 3, "S4", aesi="CRS"),
        event(None, 1, "S4", aesi="CRS", start_date_partial=month),
    ]
    found = study(events, [child(f"S{i}") for i in range(1, 5)])
    names = ("onset_median", "onset_min", "onset_max", "n_onset_imputed")
    assert [total(found, "t_ae_crs", "CRS", name) for name in names] == [5, 4, 6, 2]
    names = ("duration_median", "duration_max", "n_duration_imputed", "n_ongoing")
    assert [total(found, "t_ae_crs", "CRS", name) for name in names] == [2.5, 3, 3, 0]
    assert found["t_ae_crs", "Total", "CRS", "onset_median"].note == "2 imputed, left out"
    assert total(found, "t_ae_overview", "D28|ANY", "n_subjects") == 4  # in their windows


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Investigations", "ALT|AST increased"), ("Investigations|ALT", "AST increased")),
        (("A|", "B"), ("A", "|B")),
        (("A\\", "|B"), ("A", "\\|B")),
    ],
)
def test_terms_with_bars_are_rows_of_their_own(first, second):
    events = [
        event(1, name=name, system_organ_class=soc, preferred_term=term)
        for name, (soc, term) in zip(("S1", "S2"), (first, second), strict=True)
    ]
    found = study(events, TWO, windows_days=(28,))
    assert to_csv(found.values())
    rows = [split_parameter(name) for name in parameters(found, "t_ae_soc_pt")]
    assert {row[1:] for row in rows} == {first, second, (first[0], ""), (second[0], "")}
    counts = {k[2]: r.value for k, r in found.items() if k[0] == "t_ae_soc_pt" and
              k[1] == "Total" and k[3] == "n_subjects"}  # fmt: skip
    assert set(counts.values()) == {1}


def test_a_label_written_as_the_derived_parameter_is_another():
    found = study([event(1, aesi=PROLONGED)], [child()])
    assert total(found, "t_aesi", "DERIVED\\|PROLONGED_CYTOPENIA", "n_subjects") == 1
    assert total(found, "t_aesi", PROLONGED, "n_subjects") == 0


def test_only_who_consented_is_in_the_denominator_of_the_never_infused():
    """Two left out, one of them without consent: 1."""
    subjects = [child(), never_infused("S8"), never_infused("S9", ENRLFL="N")]
    found = study([event(-1, name="S8")], subjects)
    assert total(found, "t_ae_overview", "NOT_INFUSED|ANY", "n_denominator") == 1
    assert total(found, "t_ae_overview", "NOT_INFUSED|ANY", "percent") == 100


EVENTS = st.builds(
    lambda who, what, day, grade, **flags: event(
        day, name=f"S{who}", ctcae_grade=grade, preferred_term=what,
        system_organ_class=f"{what[0]} disorders", **flags,
    ),
    who=st.integers(1, 4),
    what=st.sampled_from(["Aa", "Ab", "Ba", "Bb"]),
    day=st.integers(-5, 120),
    grade=st.sampled_from([None, 1, 2, 3, 4, 5]),
    related=st.sampled_from(["Y", "N", None]),
    serious=st.sampled_from(["Y", "N", None]),
)  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(EVENTS, max_size=12))
def test_counts_agree_with_each_other(events):
    subjects = [child(f"S{i}", DOSELVL=f"{i % 2 + 1}e7") for i in range(1, 5)]
    found = study(events, subjects)
    assert to_csv(found.values()).count("\n") == len(found) + 1
    n = {key[:3]: row.value for key, row in found.items() if key[3] == "n_subjects"}
    for key, count in n.items():
        assert count <= found[*key, "n_events"].value
        names = ("missing", "1", "2", "3", "4", "5")
        assert sum(found[*key, f"n_grade_{name}"].value for name in names) == count
        output, group, parameter = key
        levels = [n[output, g, parameter] for g in ("1e7", "2e7", "Total") if (output, g) in
                  {k[:2] for k in n} and (output, g, parameter) in n]  # fmt: skip
        if len(levels) == 3:
            assert levels[0] + levels[1] == levels[2]
        if output == "t_ae_soc_pt":
            window, soc, _ = split_parameter(parameter)
            assert count <= n[output, group, f"{window}|{soc}|"]
            assert count <= n["t_ae_overview", group, f"{window}|ANY"]
        if output == "t_ae_overview" and parameter.startswith("D28|"):
            wider = [n[output, group, parameter.replace("D28", w)] for w in ("D90", "ALL")]
            assert count <= wider[0] <= wider[1]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(EVENTS, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_file_changes_nothing(events, random):
    subjects = [child(f"S{i}") for i in range(1, 5)]
    shuffled = random.sample(events, len(events))
    assert to_csv(study(events, subjects).values()) == to_csv(study(shuffled, subjects).values())


# The demo, counted again from its files with nothing but lists and dictionaries.

DEMO = ROOT / "data" / "demo"
WINDOWS = {"D28": 28, "D90": 90, "ALL": 10**6}
GRADES = ("missing", "1", "2", "3", "4", "5")


def demo_rows(name):
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day_of(text):
    return dt.date.fromisoformat(text) if text else None


def known_at(cutoff_day):
    """Infused subjects and the events after infusion, before it and of others, at the cut-off."""
    subjects, after, before, others = {}, [], [], []
    for row in demo_rows("subjects"):
        if row["infusion_date"]:
            death = day_of(row["death_date"])
            row["death"] = death if death and death <= cutoff_day else None
            row["infused"] = day_of(row["infusion_date"])
            subjects[row["subject_id"]] = row
    for row in demo_rows("adverse_events"):
        start, end = day_of(row["start_date"]), day_of(row["end_date"])
        if start > cutoff_day:
            continue
        end = end if end and end <= cutoff_day else None
        row["days"] = None if end is None else (end - start).days + 1
        row["grade"], row["astct"] = (int(row[f"{k}_grade"] or 0) for k in ("ctcae", "astct"))
        if row["subject_id"] not in subjects:
            others.append(row)
            continue
        infused = subjects[row["subject_id"]]["infused"]
        row["day"] = (start - infused).days
        row["lasts"] = 10**6 if end is None else (end - infused).days
        (after if row["day"] >= 0 else before).append(row)
    return subjects, after, before, others


def counted(events, n, grade="grade"):
    """The statistics of one row of a table."""
    worst = defaultdict(int)
    for row in events:
        worst[row["subject_id"]] = max(worst[row["subject_id"]], row[grade])
    values = {
        "n_subjects": len(worst),
        "percent": 100 * len(worst) / n,
        "n_events": len(events),
    }
    for place, name in enumerate(GRADES):
        count = sum(value == place for value in worst.values())
        values |= {f"n_grade_{name}": count, f"percent_grade_{name}": 100 * count / n}
    for name, grades in (("1_2", (1, 2)), ("3_5", (3, 4, 5))):
        count = sum(value in grades for value in worst.values())
        values |= {f"n_grade_{name}": count, f"percent_grade_{name}": 100 * count / n}
    return values if worst else values | {"upper": 1 - 0.05 ** (1 / n)}


CATEGORIES = {
    "ANY": lambda row: True,
    "RELATED": lambda row: row["related"] != "N",
    "SERIOUS": lambda row: row["serious"] == "Y",
    "GRADE3": lambda row: row["grade"] >= 3,
    "RELATED_GRADE3": lambda row: row["grade"] >= 3 and row["related"] != "N",
    "FATAL": lambda row: row["grade"] == 5 or row["outcome"] == "fatal",
    "DLT": lambda row: row["dlt"] == "Y",
    "AESI": lambda row: row["aesi"] != "",
}


def expected_overview(after, before, n):
    # All infused of the demo were followed for more than 28 days: the rows say the same.
    for window, last in (*WINDOWS.items(), ("D28_FOLLOWED", 28)):
        inside = [row for row in after if row["day"] <= last]
        more = {"n_denominator": n} if window == "D28_FOLLOWED" else {}
        for name, holds in CATEGORIES.items():
            # No relation is missing in the demo.
            other = {"n_events_missing": 0} if name == "RELATED" and not more else {}
            values = counted([row for row in inside if holds(row)], n)
            yield f"{window}|{name}", values | more | other
        imputed = [row | {"grade": row["grade"] or 3} for row in inside]
        severe = [row for row in imputed if row["grade"] >= 3]
        yield f"{window}|GRADE3_MISSING_AS_3", counted(severe, n) | more
    yield "PRE|ANY", counted(before, n)
    # CQ-001 had apheresis on 2023-01-24 and lymphodepletion from 2023-02-09 on; CQ-007 was nauseous
    # on 2023-08-18, a day after its lymphodepletion began.
    early = [row for row in before if row["subject_id"] == "CQ-001"]
    yield "PRE|BEFORE_LYMPHODEPLETION", counted(early, n)
    late = [row for row in before if row["subject_id"] == "CQ-007"]
    yield "PRE|LYMPHODEPLETION", counted(late, n)
    yield "PRE|LYMPHODEPLETION_UNKNOWN", counted([], n)


def expected_terms(everyone, after, n):
    """Rows in the order of the total, whatever the group."""

    def by_count(key, events):
        of = defaultdict(list)
        for row in events:
            of[row[key]].append(row)
        return sorted(of.items(), key=lambda i: (-len({r["subject_id"] for r in i[1]}), i[0]))

    for window, last in WINDOWS.items():
        part = [row for row in after if row["day"] <= last]
        total_part = [row for row in everyone if row["day"] <= last]
        for soc, of_soc in by_count("system_organ_class", total_part):
            mine = [row for row in part if row["system_organ_class"] == soc]
            yield f"{window}|{soc}|", counted(mine, n)
            for term, _ in by_count("preferred_term", of_soc):
                these = [row for row in mine if row["preferred_term"] == term]
                yield f"{window}|{soc}|{term}", counted(these, n)


def expected_interest(everyone, before, after, n):
    labels = {row["aesi"] for row in [*everyone, *before]} - {""} | {"CRS", "ICANS", "CYTOPENIA"}
    for label in sorted(labels):
        yield label, counted([row for row in after if row["aesi"] == label], n)
    low = [row for row in after if row["aesi"] == "CYTOPENIA"]
    long = [row for row in low if row["grade"] >= 3 and row["lasts"] > 28]
    yield "DERIVED|PROLONGED_CYTOPENIA", counted(long, n) | {"n_end_unknown": 0}


def spread(name, values):
    found = (median(values), min(values), max(values)) if values else (None, None, None)
    return {f"{name}_{k}": v for k, v in zip(("median", "min", "max"), found, strict=True)}


def expected_neurotoxicity(after, n):
    for label in ("CRS", "ICANS"):
        events = [row for row in after if row["aesi"] == label]
        first = defaultdict(lambda: 10**6)
        for row in events:
            first[row["subject_id"]] = min(first[row["subject_id"]], row["day"])
        lasted = [row["days"] for row in events if row["days"] is not None]
        values = counted(events, n, "astct") | spread("onset", list(first.values()))
        values |= spread("duration", lasted)
        who = {row["subject_id"] for row in events}
        for name in ("tocilizumab", "corticosteroid", "icu"):
            treated = len({row["subject_id"] for row in events if row[name] == "Y"})
            share = 100 * treated / len(who) if who else None
            # Of every event of the demo it is recorded.
            values |= {f"n_{name}": treated, f"percent_{name}": share, f"n_{name}_unknown": 0}
        yield (
            label,
            values
            | {
                "n_ongoing": len(events) - len(lasted),
                **dict.fromkeys(("n_onset_imputed", "n_duration_imputed", "n_end_unknown"), 0),
                "n_fatal": 0,
            },
        )


def expected_deaths(subjects, n):
    days = [(s["death"] - s["infused"]).days for s in subjects if s["death"]]
    for window, last in WINDOWS.items():
        count = sum(day <= last for day in days)
        values = {"n_deaths": count, "percent": 100 * count / n}
        yield window, values if count else values | {"upper": 1 - 0.05 ** (1 / n)}


def expected_toxicity(after, n):
    """All infused of the demo were followed for more than 28 days, and nobody died in them."""
    toxic = len({r["subject_id"] for r in after if r["dlt"] == "Y" and r["day"] <= 28})
    values = {"n_infused": n, "n_evaluable": n, "n_dlt": toxic, "percent": 100 * toxic / n}
    values |= {"n_dlt_unassessed_death": 0, "n_death_not_limiting": 0}
    return values if toxic else values | {"upper": 1 - 0.05 ** (1 / n)}


def expected_of_the_demo(cutoff_day):
    subjects, after, before, others = known_at(cutoff_day)
    columns = [(k, v) for k in ("dose_level", "part") for v in sorted({s[k] for s in
               subjects.values()})]  # fmt: skip
    rows = {}

    def put(output, group_by, group, of_table):
        for parameter, values in of_table:
            for name, value in values.items():
                rows[output, group_by, group, parameter, name] = value

    for group_by, group in [*columns, ("total", "Total")]:
        within = {k: s for k, s in subjects.items() if group == "Total" or s[group_by] == group}
        n = len(within)
        mine, early = (
            [row for row in events if row["subject_id"] in within] for events in (after, before)
        )
        tables = {
            "t_ae_overview": expected_overview(mine, early, n),
            "t_ae_soc_pt": expected_terms(after, mine, n),
            "t_aesi": expected_interest(after, before, mine, n),
            "t_ae_crs": expected_neurotoxicity(mine, n),
            "t_deaths": expected_deaths(within.values(), n),
            "t_dlt": [("ALL", expected_toxicity(mine, n))],
        }
        for output, of_table in tables.items():
            if output != "t_dlt":
                bound = {} if output == "t_deaths" else {"upper": 1 - 0.05 ** (1 / n)}
                put(output, group_by, group, [("", {"n_infused": n} | bound)])
            put(output, group_by, group, of_table)
    for level in ("1e7", "3e7"):
        who = {k for k, s in subjects.items() if s["part"] == "A" and s["dose_level"] == level}
        mine = [row for row in after if row["subject_id"] in who]
        values = expected_toxicity(mine, len(who)) | {"next": None}
        put("t_dlt", "dose_level", level, [("A", values)])
    # Two of the twelve who consented were not infused.
    values = counted(others, 2) | {"n_denominator": 2}
    put("t_ae_overview", "total", "Total", [("NOT_INFUSED|ANY", values)])
    return rows


@pytest.fixture(scope="module", params=["config", "final"])
def demo(request, tmp_path_factory):
    """The plan and the results of the safety tables."""
    plan = load(ROOT / "config" / f"{request.param}.yaml")
    paths = {
        name: table.model_copy(update={"path": str(ROOT / table.path)})
        for name, table in plan.inputs
        if isinstance(table, Input)
    }
    plan = plan.model_copy(update={"inputs": plan.inputs.model_copy(update=paths)})
    folder = tmp_path_factory.mktemp(request.param)
    for stage in (check, cutoff, datasets, adae):
        stage.run(plan, folder)
    frames = (pd.read_parquet(folder / "adam" / f"{name}.parquet") for name in ("adsl", "adae"))
    return plan, safety_results(*frames, plan.safety, plan.groups)


def test_every_number_of_the_demo_equals_one_counted_by_hand(demo):
    plan, found = demo
    expected = expected_of_the_demo(plan.analysis.data_cutoff)
    values = {
        (r.output, r.group_by, r.group, join_parameter(r.parameter), r.statistic): r.value
        for r in found
    }
    assert set(values) == set(expected)
    differing = {
        key: (value, expected[key])
        for key, value in values.items()
        if (None if np.isnan(value) else pytest.approx(value, abs=1e-12)) != expected[key]
    }
    assert differing == {}


def test_rows_of_the_demo_come_in_the_order_of_the_total(demo):
    plan, found = demo
    expected = expected_of_the_demo(plan.analysis.data_cutoff)
    for output in ("t_ae_soc_pt", "t_ae_crs"):
        for group in ("1e7", "3e7", "A", "B", "Total"):
            of = dict.fromkeys(
                join_parameter(r.parameter) for r in found if (r.output, r.group) == (output, group)
            )
            by_hand = dict.fromkeys(k[3] for k in expected if (k[0], k[2]) == (output, group))
            assert list(of) == list(by_hand)


def test_the_demo_says_what_its_readme_says(demo):
    _, found = demo
    values = {(r.output, r.group, join_parameter(r.parameter), r.statistic): r for r in found}
    assert values["t_aesi", "Total", "DERIVED|PROLONGED_CYTOPENIA", "n_subjects"].value == 1
    assert values["t_dlt", "Total", "ALL", "n_dlt"].value == 1
    assert values["t_dlt", "3e7", "A", "next"].note == (
        "0 of 3 evaluable with a dose-limiting toxicity: escalate"
    )
    assert values["t_ae_overview", "Total", "D28|ANY", "n_subjects"].value == 9
    assert values["t_deaths", "Total", "ALL", "n_deaths"].value == 1
    assert values["t_ae_crs", "Total", "ICANS", "n_grade_1"].value == 1


def test_300_subjects_with_20000_events_take_less_than_5_seconds():
    draw = np.random.default_rng(7)
    subjects = [child(f"S{i:03}", DOSELVL=f"{1 + i % 3}e7", PART="AB"[i % 2]) for i in range(300)]
    n = 20_000
    term = draw.integers(0, 250, n)
    events = pd.DataFrame(
        {
            "subject_id": [f"S{i:03}" for i in draw.integers(0, 300, n)],
            "preferred_term": [f"Term {i}" for i in term],
            "system_organ_class": [f"Class {i % 26}" for i in term],
            "start_date": date(0) + pd.to_timedelta(draw.integers(-10, 700, n), unit="D"),
            "ctcae_grade": draw.choice([np.nan, 1, 2, 3, 4], n),
            "aesi": draw.choice([None, "CRS", "CYTOPENIA", "INFECTION"], n),
            "related": draw.choice(["Y", "N"], n),
        }
    )
    frame, recorded = adsl(subjects), table([]).reindex(range(n)).assign(**events)
    recorded["end_date"] = recorded["start_date"] + pd.Timedelta(days=5)
    recorded = recorded.assign(
        start_date=recorded["start_date"].astype("datetime64[ns]"),
        end_date=recorded["end_date"].astype("datetime64[ns]"),
        ae_id=[f"AE-{i}" for i in range(n)],
        source_row=range(2, n + 2),
    ).drop(columns=["start_date_partial", "end_date_partial"])
    rule = Safety()
    began = time.process_time()
    records = contract(rule.windows_days).validate(adae.derive(frame, recorded, rule))
    text = to_csv(safety_results(frame, records, rule, ("dose_level", "part")))
    assert time.process_time() - began < 5
    assert len(records) == n
    assert text.count("\n") > 250 * 3 * 6 * 12
