"""The data cut-off: what was not known on that day is not in the validated tables."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.contracts.partial_dates import partial_column
from durable.contracts.tables import INPUT_TABLES
from durable.intake.cutoff import COLUMNS, apply
from tests.intake.study import Study, cell

pytestmark = pytest.mark.requirement("DAT-04")

CUTOFF = dt.date(2024, 6, 30)
DAY, NEXT = pd.Timestamp("2024-06-30"), pd.Timestamp("2024-07-01")
DATED = {
    "visits": "visit_date",
    "therapies": "start_date",
    "adverse_events": "start_date",
    "laboratory": "sample_date",
    "kinetics": "sample_date",
}


def table(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    """Typed rows of a table; dates given as ISO text; subject S1 and row 2 on, unless given."""
    columns = INPUT_TABLES[name].columns
    names = [*(column.name for column in columns), "source_row"]
    if name == "adverse_events":
        names += ["start_date_partial", "end_date_partial"]
    frame = pd.DataFrame(
        [{"subject_id": "S1", **row, "source_row": n} for n, row in enumerate(rows, start=2)],
        columns=names,
    )
    dates = [column.name for column in columns if column.kind == "date"]
    return frame.astype(dict.fromkeys(dates, "datetime64[ns]"))


def study(
    subject: dict[str, Any] | None = None, **others: list[dict[str, Any]]
) -> dict[str, pd.DataFrame]:
    tables = {"subjects": table("subjects", {"consent_date": "2024-01-01"} | (subject or {}))}
    return tables | {name: table(name, *rows) for name, rows in others.items()}


def lines(readout: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(readout[COLUMNS].itertuples(index=False, name=None))


@pytest.mark.parametrize("name", DATED)
def test_a_record_of_the_day_is_kept_and_one_of_the_next_removed(name: str) -> None:
    dates = [{DATED[name]: "2024-06-30"}, {DATED[name]: "2024-07-01"}]
    kept, readout = apply(study(**{name: dates}), CUTOFF)
    assert kept[name][DATED[name]].tolist() == [DAY]
    assert lines(readout) == [(name, "S1", 3, DATED[name], "2024-07-01", "record removed")]


def test_a_subject_who_consents_later_is_not_there_nor_is_any_record_of_hers() -> None:
    tables = study({"consent_date": "2024-07-01"}, therapies=[{"start_date": "2020-01-01"}])
    kept, readout = apply(tables, CUTOFF)
    assert kept["subjects"].empty
    assert kept["therapies"].empty
    assert lines(readout) == [
        ("subjects", "S1", 2, "consent_date", "2024-07-01", "record removed"),
        ("therapies", "S1", 2, "subject_id", "S1", "record removed: not yet enrolled"),
    ]


def test_a_death_after_the_cut_off_is_a_subject_alive() -> None:
    kept, readout = apply(study({"death_date": "2024-07-01"}), CUTOFF)
    assert kept["subjects"]["death_date"].isna().all()
    assert lines(readout) == [("subjects", "S1", 2, "death_date", "2024-07-01", "emptied")]


def test_a_death_on_the_day_is_a_death() -> None:
    kept, readout = apply(study({"death_date": "2024-06-30"}), CUTOFF)
    assert kept["subjects"]["death_date"].tolist() == [DAY]
    assert readout.empty


def test_a_withdrawal_after_the_cut_off_goes_with_its_reason() -> None:
    later = {"withdrawal_date": "2024-07-01", "withdrawal_reason": "moved"}
    kept, readout = apply(study(later), CUTOFF)
    assert kept["subjects"][["withdrawal_date", "withdrawal_reason"]].isna().all(axis=None)
    assert lines(readout) == [
        ("subjects", "S1", 2, "withdrawal_date", "2024-07-01", "emptied"),
        ("subjects", "S1", 2, "withdrawal_reason", "moved", "emptied"),
    ]


def test_an_infusion_after_the_cut_off_goes_with_its_cells() -> None:
    later = {
        "lymphodepletion_date": "2024-06-28",
        "infusion_date": "2024-07-03",
        "cells_per_kg": 30360000.0,
    }
    kept, readout = apply(study(later), CUTOFF)
    assert kept["subjects"]["lymphodepletion_date"].tolist() == [pd.Timestamp("2024-06-28")]
    assert kept["subjects"][["infusion_date", "cells_per_kg"]].isna().all(axis=None)
    assert lines(readout) == [
        ("subjects", "S1", 2, "infusion_date", "2024-07-03", "emptied"),
        ("subjects", "S1", 2, "cells_per_kg", "30360000", "emptied"),
    ]


def test_a_second_infusion_after_the_cut_off_goes_with_its_cells() -> None:
    second = {"infusion_date": "2024-01-01", "cells_per_kg": 1e7}
    second |= {"reinfusion_date": "2024-07-01", "reinfusion_cells_per_kg": 9800000.0}
    kept, readout = apply(study(second), CUTOFF)
    assert kept["subjects"]["infusion_date"].notna().all()
    columns = ["reinfusion_date", "reinfusion_cells_per_kg"]
    assert kept["subjects"][columns].isna().all(axis=None)
    assert lines(readout) == [
        ("subjects", "S1", 2, "reinfusion_date", "2024-07-01", "emptied"),
        ("subjects", "S1", 2, "reinfusion_cells_per_kg", "9800000", "emptied"),
    ]


def test_contact_after_the_cut_off_was_contact_on_the_day() -> None:
    kept, readout = apply(study({"last_contact_date": "2025-01-01"}), CUTOFF)
    assert kept["subjects"]["last_contact_date"].tolist() == [DAY]
    assert lines(readout) == [
        ("subjects", "S1", 2, "last_contact_date", "2025-01-01", "set to the cut-off")
    ]


@pytest.mark.parametrize("part", ["", "2024-07"], ids=["whole", "in part"])
def test_what_happens_after_the_cut_off_is_not_known_at_screening(part: str) -> None:
    """A test or vaccine is not yet there; an infection that ends later is on at the cut-off."""
    dates = ("blood_hcg_date", "live_vaccine_date", "infection_systemic_last_date")
    row = {"attempt": 1, "screening_date": "2024-06-01", "birth_date": "2015-01-01"}
    screened = table("screening", row | {"blood_hcg": "POS", "blood_hcg_date": "2024-07-01"})
    screened = screened.assign(
        **dict.fromkeys(dates, pd.NaT if part else NEXT),
        **{partial_column(name): pd.Series([part or None], dtype=object) for name in dates},
    ).astype(dict.fromkeys(dates, "datetime64[ns]"))
    kept, readout = apply(study() | {"screening": screened}, CUTOFF)
    (record,) = kept["screening"].to_dict("records")
    assert record["infection_systemic_last_date"] == DAY
    emptied = ("blood_hcg", *dates[:2], *map(partial_column, dates))
    assert [name for name in emptied if pd.notna(record[name])] == []
    assert record["birth_date"] == pd.Timestamp("2015-01-01")
    recorded = part or "2024-07-01"
    assert sorted(lines(readout)) == [
        ("screening", "S1", 2, "blood_hcg", "POS", "emptied"),
        ("screening", "S1", 2, "blood_hcg_date", recorded, "emptied"),
        ("screening", "S1", 2, dates[2], recorded, "set to the cut-off"),
        ("screening", "S1", 2, "live_vaccine_date", recorded, "emptied"),
    ]


def test_a_therapy_or_event_that_ends_later_is_ongoing() -> None:
    spans = {"start_date": "2024-06-01", "end_date": "2024-07-01"}
    kept, readout = apply(
        study(therapies=[spans], adverse_events=[spans | {"ctcae_grade": 2.0, "outcome": "well"}]),
        CUTOFF,
    )
    assert kept["therapies"]["end_date"].isna().all()
    assert kept["adverse_events"][["end_date", "outcome"]].isna().all(axis=None)
    assert kept["adverse_events"]["ctcae_grade"].tolist() == [2.0]
    assert lines(readout) == [
        ("therapies", "S1", 2, "end_date", "2024-07-01", "emptied"),
        ("adverse_events", "S1", 2, "end_date", "2024-07-01", "emptied"),
        ("adverse_events", "S1", 2, "outcome", "well", "emptied"),
    ]


def test_an_event_that_ended_on_the_day_has_ended() -> None:
    spans = {"start_date": "2024-06-01", "end_date": "2024-06-30", "outcome": "recovered"}
    kept, readout = apply(study(adverse_events=[spans]), CUTOFF)
    assert kept["adverse_events"]["end_date"].tolist() == [DAY]
    assert kept["adverse_events"]["outcome"].tolist() == ["recovered"]
    assert readout.empty


@pytest.mark.parametrize("end", ["2024-07-01", None])
def test_an_event_that_was_fatal_only_later_has_no_grade_yet(end: str | None) -> None:
    grades = {"ctcae_grade": 5.0, "astct_grade": 5.0}
    event = {"start_date": "2024-06-20", "end_date": end, "outcome": "FATAL"} | grades
    tables = study({"death_date": "2024-07-01"}, adverse_events=[event])
    kept, readout = apply(tables, CUTOFF)
    changed = kept["adverse_events"][["end_date", *grades, "outcome"]]
    assert changed.isna().all(axis=None)
    assert ("adverse_events", "S1", 2, "astct_grade", "5", "emptied") in lines(readout)
    assert ("adverse_events", "S1", 2, "ctcae_grade", "5", "emptied") in lines(readout)
    assert ("adverse_events", "S1", 2, "outcome", "FATAL", "emptied") in lines(readout)


def test_an_event_that_was_fatal_by_the_cut_off_stays_so() -> None:
    event = {
        "start_date": "2024-06-20",
        "end_date": "2024-06-30",
        "ctcae_grade": 5.0,
        "outcome": "fatal",
    }
    kept, readout = apply(study({"death_date": "2024-06-30"}, adverse_events=[event]), CUTOFF)
    assert kept["adverse_events"]["ctcae_grade"].tolist() == [5.0]
    assert kept["adverse_events"]["outcome"].tolist() == ["fatal"]
    assert readout.empty


@pytest.mark.parametrize(
    ("start", "kept"), [("2024-06", True), ("2024", True), ("2024-07", False), ("2025", False)]
)
def test_a_start_recorded_in_part_counts_by_the_first_day_it_can_mean(
    start: str, kept: bool
) -> None:
    tables, readout = apply(study(adverse_events=[{"start_date_partial": start}]), CUTOFF)
    assert tables["adverse_events"]["start_date_partial"].tolist() == ([start] if kept else [])
    removed = [("adverse_events", "S1", 2, "start_date", start, "record removed")]
    assert lines(readout) == ([] if kept else removed)


@pytest.mark.parametrize(("end", "kept"), [("2024-06", True), ("2024", True), ("2024-07", False)])
def test_an_end_recorded_in_part_is_emptied_where_it_can_only_be_later(
    end: str, kept: bool
) -> None:
    event = {"start_date": "2024-06-01", "end_date_partial": end, "outcome": "recovered"}
    tables, readout = apply(study(adverse_events=[event]), CUTOFF)
    events = tables["adverse_events"]
    assert events["end_date_partial"].fillna("").tolist() == [end if kept else ""]
    assert events["outcome"].fillna("").tolist() == ["recovered" if kept else ""]
    emptied = [
        ("adverse_events", "S1", 2, "end_date", end, "emptied"),
        ("adverse_events", "S1", 2, "outcome", "recovered", "emptied"),
    ]
    assert lines(readout) == ([] if kept else emptied)


@pytest.mark.parametrize(
    ("infusion", "end", "kept"),
    [
        ("2024-06-30", None, True),  # it may follow the infusion
        ("2024-07-01", "2024-06-30", True),  # it had ended
        ("2024-07-01", None, False),
        (None, "2024-07-01", False),
    ],
)
def test_an_event_without_a_start_is_kept_where_something_places_it(
    infusion: str | None, end: str | None, kept: bool
) -> None:
    tables, readout = apply(
        study({"infusion_date": infusion}, adverse_events=[{"end_date": end}]), CUTOFF
    )
    assert len(tables["adverse_events"]) == kept
    removed = (
        "adverse_events",
        "S1",
        2,
        "start_date",
        "",
        "record removed: not known to have begun",
    )
    assert (removed in lines(readout)) == (not kept)


def test_the_input_tables_are_left_as_they_are() -> None:
    tables = study({"death_date": "2024-07-01"}, visits=[{"visit_date": "2024-07-01"}])
    before = {name: frame.copy() for name, frame in tables.items()}
    apply(tables, CUTOFF)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_a_later_cut_off_never_has_fewer_records(tmp_path: Path) -> None:
    demo = Study(tmp_path)
    demo.check()
    names = ("subjects", *DATED)
    tables = {name: pd.read_parquet(demo.results / "checked" / f"{name}.parquet") for name in names}
    sizes = [
        {name: len(frame) for name, frame in apply(tables, day)[0].items()}
        for day in (dt.date(2023, 1, 1), dt.date(2023, 6, 30), CUTOFF, dt.date(2030, 1, 1))
    ]
    assert sizes[0]["subjects"] == 0
    for earlier, later in itertools.pairwise(sizes):
        assert all(earlier[name] <= later[name] for name in names)
    assert sizes[-1] == {name: len(frame) for name, frame in tables.items()}


def test_the_demo_at_the_interim_lists_what_was_cut(tmp_path: Path) -> None:
    demo = Study(tmp_path)
    demo.check()
    demo.cut()
    readout = pd.read_csv(demo.results / "validated" / "data_cut.csv", dtype=str)
    removed = readout[readout["action"] == "record removed"]
    # By the dates in data/demo/*.csv after 2024-06-30, counted without the package.
    later = {
        name: sum(
            row[demo.cells(name)[0].index(column)] > "2024-06-30" for row in demo.cells(name)[1:]
        )
        for name, column in DATED.items()
    }
    assert removed["table"].value_counts().to_dict() == {n: c for n, c in later.items() if c}
    withdrawn = readout[readout["column"] == "withdrawal_date"]
    assert withdrawn[["subject_id", "row", "value"]].to_numpy().tolist() == [
        ["CQ-011", "12", "2024-10-24"]
    ]
    validated = pd.read_parquet(demo.results / "validated" / "visits.parquet")
    assert validated["visit_date"].max() <= DAY


def test_findings_that_are_warnings_only_do_not_stop_the_cut(tmp_path: Path) -> None:
    demo = Study(tmp_path)
    cell("visits", 6, "cmas", "")(demo)
    demo.check()
    assert demo.refused() is None
