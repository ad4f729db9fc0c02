"""``t_deviations`` and ``l_deviations`` on data that a test makes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from durable.contracts.results import TOTAL
from durable.files import write_parquet
from durable.language import language
from durable.outputs import output_named, tables_of
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets, ResultsFolder
from durable.outputs.definition_list import definitions_in_force
from durable.outputs.listings.deviations import LISTING
from durable.plan import Plan
from tests.derive.build import ACTIVE, date, plan, subject, visit
from tests.derive.deviating import Rows, addv_of, adsl_of
from tests.outputs.analysed import name_tables, results_of

pytestmark = pytest.mark.requirement("DEV-01", "PLN-03")

SECTION: dict[str, Any] = {"eligibility": False, "dose": {}, "visit_window": {}}
COUNTS = ("n", "n_deviations", "n_not_assessable")
#: A: half the dose, and two visits out of window. B: one visit out of window, no dose recorded.
#: C: no dose recorded. D: nothing.
SUBJECTS = [
    subject("A", cells_per_kg=5e6, part="A"),
    subject("B", cells_per_kg=None, part="A"),
    subject("C", cells_per_kg=None, part="B"),
    subject("D", cells_per_kg=1e7, part="B"),
]
VISITS = [
    visit(32, ACTIVE, "A", visit="D28"),
    visit(75, ACTIVE, "A", visit="M2"),
    visit(24, ACTIVE, "B", visit="D28"),
    visit(28, ACTIVE, "D", visit="D28"),
]


def analysed(
    subjects: Rows = SUBJECTS, visits: Rows | None = VISITS, section: dict[str, Any] = SECTION
) -> tuple[AnalysisDatasets, Plan]:
    the_plan = plan(deviations=section, groups=["part"])
    addv = addv_of(subjects, visits, **section)
    return AnalysisDatasets(adsl=adsl_of(subjects), addv=addv), the_plan


def counts(
    group: tuple[str, str] = TOTAL, **given: Any
) -> dict[tuple[str, ...], tuple[float, ...]]:
    """Subjects, deviations and subjects not assessable, by parameter."""
    datasets, the_plan = analysed(**given)
    rows = [r for r in results_of(["t_deviations"], datasets, the_plan) if _group(r) == group]
    found = {(*r.parameter, r.statistic): r.value for r in rows}
    parameters = dict.fromkeys(r.parameter for r in rows if r.parameter != ("",) and r.parameter)
    return {one: tuple(found[*one, name] for name in COUNTS) for one in parameters}


def _group(result: Any) -> tuple[str, str]:
    return result.group_by, result.group


def test_a_deviation_outweighs_what_is_not_assessable() -> None:
    """B deviates by a visit and counts as such, whatever the dose; of C nothing is known of the
    dose, so that C may or may not deviate; D does not."""
    assert counts() == {
        ("ANY",): (2, 4, 1),
        ("IMPORTANT",): (1, 1, 2),
        ("CATEGORY", "DOSE"): (1, 1, 2),
        ("CATEGORY", "VISIT_WINDOW"): (2, 3, 0),
    }


def test_each_column_has_its_own_subjects() -> None:
    of_a, of_b = counts(("part", "A")), counts(("part", "B"))
    assert (of_a["ANY",], of_b["ANY",]) == ((2, 4, 0), (0, 0, 1))


def test_nobody_infused_has_no_percentage() -> None:
    nobody = [subject("A", infusion_date=None, cells_per_kg=None)]
    assert counts(subjects=nobody) == dict.fromkeys(counts(), (0, 0, 0))
    datasets, the_plan = analysed(subjects=nobody)
    results = list(results_of(["t_deviations"], datasets, the_plan))
    assert all(math.isnan(r.value) for r in results if r.statistic.startswith("percent"))


def test_without_visits_and_doses_everybody_is_not_assessable() -> None:
    given = [subject(name, cells_per_kg=None) for name in "AB"]
    assert counts(subjects=given, visits=None)["ANY",] == (0, 0, 2)


def shown() -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Label and total of each row, and the footnotes."""
    datasets, the_plan = analysed()
    output = output_named("t_deviations")
    ard = Ard.from_results(list(results_of(["t_deviations"], datasets, the_plan)))
    (table,) = output.tables
    rows = output.table_rows(table, ard, the_plan)
    return [(row.label, *row.cells[-1:]) for row in rows], output.notes(table, ard, the_plan)


def test_the_table_says_what_cannot_be_judged() -> None:
    rows, notes = shown()
    assert rows == [
        ("Subjects with any deviation", "2 (50.0)"),
        ("number of deviations", "4"),
        ("not assessable", "1 (25.0)"),
        ("Subjects with an important deviation", "1 (25.0)"),
        ("number of deviations", "1"),
        ("not assessable", "2 (50.0)"),
        ("Subjects with a deviation, by category",),
        ("Dose deviating by more than 20% from the planned dose", "1 (25.0)"),
        ("number of deviations", "1"),
        ("not assessable", "2 (50.0)"),
        ("Visit out of window", "2 (50.0)"),
        ("number of deviations", "3"),
    ]
    assert len(notes) <= 5
    assert "every category but: Visit out of window" in notes[0]


def test_every_key_of_the_section_is_in_the_definitions() -> None:
    """Each limit changed: the sentences of the list of definitions change with it."""

    def definitions(**section: Any) -> tuple[str, ...]:
        return dict(definitions_in_force(plan(deviations=section), {"adsl", "addv"}))[
            "Protocol deviations"
        ]

    full: dict[str, Any] = {
        "dose": {"tolerance": 0.2},
        "lymphodepletion": {"days": 14},
        "number_infused": {"planned": 10},
        "visit_window": {},
        "core_set": {"visits": ["M2"]},
        "prohibited": {"days": 90},
    }
    changed: list[dict[str, Any]] = [
        {"eligibility": False},
        {"dose": {"tolerance": 0.3}},
        {"lymphodepletion": {"days": 7}},
        {"lymphodepletion": {"recorded_as": "medicines", "medicines": ["fludarabine"]}},
        {"number_infused": {"planned": 12}},
        {"visit_window": {"visits": ["M3"]}},
        {"core_set": {"visits": ["M2", "M3"]}},
        {"prohibited": {"days": 60}},
        {"prohibited": {"days": 90, "classes": ["jak"]}},
        {"prohibited": {"days": 90, "medicines": ["abatacept"]}},
        {"prohibited": {"days": 90, "permitted_reasons": ["recurrence"]}},
        {"prohibited": {"days": 90, "new_systemic": False, "classes": ["jak"]}},
        {"important": ["dose"]},
    ]
    texts = [definitions(**full), *(definitions(**full | change) for change in changed)]
    assert len(set(texts)) == len(texts)


def test_without_the_section_there_is_neither_table_nor_listing() -> None:
    assert "t_deviations" not in tables_of(plan(), {"adsl", "adrs"})
    assert "t_deviations" in tables_of(plan(deviations={}), {"adsl", "addv"})


def test_the_listing_has_each_record_with_what_was_planned_and_found(tmp_path: Path) -> None:
    datasets, the_plan = analysed()
    write_parquet(tmp_path / "adam" / "addv.parquet", datasets.require("addv"))
    name_tables(tmp_path, "subjects", "visits")
    listed = LISTING.table(ResultsFolder(tmp_path, the_plan), the_plan)
    assert listed["SUBJID"].tolist() == ["A", "A", "A", "B", "B", "C"]
    first = listed.iloc[1]
    assert first["DVPLAN"] == "days 25 to 31 after infusion"
    assert first["DVTERM"] == "day 32 after infusion"
    assert (first["ADT"], first["ADY"]) == (date(32), 33)


def test_the_listing_speaks_the_language_of_the_outputs() -> None:
    columns = {column.name: column for column in LISTING.columns(plan(deviations=SECTION))}
    found, planned = columns["DVTERM"].shown, columns["DVPLAN"].shown
    assert found is not None
    assert planned is not None
    with language("zh"):
        texts = [
            found("missing: CMAS; parent global"),
            found("abatacept from 2024-01-06: class not recorded"),
            planned("I06: Function of heart, kidneys, liver and lungs"),
        ]
    assert all(text != text.encode("ascii", "ignore").decode() for text in texts)
    assert "CMAS" in texts[0]
    assert "parent" not in texts[0]
    assert "abatacept" in texts[1]
    assert "heart" not in texts[2]
