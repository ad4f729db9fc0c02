"""The listing for narratives: every serious or fatal event and every death, with what was known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from durable.files import write_parquet
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.narratives import (
    DEATH,
    FATAL,
    LISTING,
    NO_EVENTS,
    NO_THERAPIES,
    SERIOUS,
)
from durable.plan import Plan
from tests.derive.build import plan
from tests.outputs.analysed import name_tables

INFUSION = pd.Timestamp("2024-01-10")
NOT_A_TIME = pd.Timestamp("NaT")


def day(study_day: int) -> pd.Timestamp:
    """Date of a study day; day 1 is that of the infusion."""
    return INFUSION + pd.Timedelta(days=study_day - 1)


def subject(name: str, died: int | None = None) -> dict[str, object]:
    dates = dict.fromkeys(("RFICDT", "LDDT", "NSTDT", "EOSDT"), NOT_A_TIME)
    return {
        "USUBJID": f"S-1-{name}",
        "SUBJID": name,
        "PART": "A",
        "DOSELVL": "1e7",
        "AGE": 9.0,
        "SEX": "F",
        "CELLSKG": 9_610_000.0,
        "TRTSDT": INFUSION,
        "LSTALVDT": day(300),
        "DCSREAS": None,
        "DTHDT": day(died) if died else NOT_A_TIME,
        "DTHDY": died,
        "DTHFL": "Y" if died else None,
        "SRCDOM": "subjects",
        "SRCVAR": "subject_id",
        "SRCSEQ": 2,
        **dates,
    }


def event(name: str, number: int, onset: int, **given: object) -> dict[str, object]:
    return {
        "USUBJID": f"S-1-{name}",
        "AEID": f"AE-{number}",
        "AETERM": f"term {number}",
        "AEDECOD": f"Term {number}",
        "AEBODSYS": "Class",
        "ASTDT": day(onset),
        "ASTDTF": None,
        "ASTDY": onset,
        "AENDT": NOT_A_TIME,
        "AENDTF": None,
        "ADURN": float("nan"),
        "AETOXGR": 3,
        "ASTCTGR": None,
        "AESER": "N",
        "AEREL": "Y",
        "AEDLT": None,
        "AESI": None,
        "AEOUT": None,
        "AOUT": None,
        "ONGOFL": "Y",
        "APHASE": "AFTER INFUSION",
        "TRTEMFL": "Y",
        "SRCDOM": "adverse_events",
        "SRCVAR": "start_date",
        "SRCSEQ": number + 1,
    } | given


EVENTS = [
    event("001", 1, 5),
    event("001", 2, 40, AESER="Y"),
    event("001", 3, 90, AETOXGR=5, AESER=None),
    event("002", 4, 20, AESER="Y", AETOXGR=None),
    event("002", 5, 200, AESER="N", AOUT="FATAL"),
]
ASSESSED = [
    ("TIS", 30, 60.0, "MODERATE"),
    ("TIS", 38, 60.0, "MODERATE"),
    ("TIS", 41, 95.0, "MAJOR"),
    ("REMIS", 30, None, "N"),
    ("REMIS", 40, None, "U"),
    ("REMIS", 41, None, "Y"),
]
THERAPIES = [
    ("prednisolone", -100, 39, "N"),
    ("methotrexate", -50, 40, "N"),
    ("rituximab", -9, -2, "Y"),
    ("abatacept", 41, None, "Y"),
]


def written(folder: Path, *tables: str) -> ResultsFolder:
    """A study of two subjects, the first of whom died, made from these input tables."""
    adam = folder / "adam"
    adsl = pd.DataFrame([subject("001", died=95), subject("002")])
    write_parquet(adam / "adsl.parquet", adsl.astype({"DTHDY": "Int64"}))
    adae = pd.DataFrame(EVENTS).astype({"AETOXGR": "Int64", "ASTCTGR": "Int64"})
    write_parquet(adam / "adae.parquet", adae)
    adrs = [("S-1-001", code, day(seen), value, text) for code, seen, value, text in ASSESSED]
    names = ["USUBJID", "PARAMCD", "ADT", "AVAL", "AVALC"]
    write_parquet(adam / "adrs.parquet", pd.DataFrame(adrs, columns=names))
    given = pd.DataFrame(
        [
            ("001", name, day(start), day(end) if end else NOT_A_TIME, new)
            for name, start, end, new in THERAPIES
        ],
        columns=["subject_id", "therapy", "start_date", "end_date", "new_systemic"],
    )
    name_tables(folder, "subjects", *tables)
    write_parquet(folder / "validated" / "therapies.parquet", given)
    return ResultsFolder(folder, plan())


@pytest.fixture
def the_plan() -> Plan:
    return plan()


ALL_TABLES = ("visits", "adverse_events", "therapies")


def test_serious_events_fatal_ones_and_deaths_have_a_record_each(
    tmp_path: Path, the_plan: Plan
) -> None:
    table = LISTING.table(written(tmp_path, *ALL_TABLES), the_plan)
    kinds = [tuple(row) for row in table[["SUBJID", "AEID", "KIND", "ADY"]].fillna("").to_numpy()]
    assert kinds == [
        ("001", "AE-2", SERIOUS, 40),
        ("001", "AE-3", FATAL, 90),
        ("001", "", DEATH, 95),
        ("002", "AE-4", SERIOUS, 20),
        ("002", "AE-5", FATAL, 200),
    ]
    assert table["ADT"].tolist() == [day(40), day(90), day(95), day(20), day(200)]


def test_what_was_known_on_the_day_of_onset_is_given_and_nothing_later(
    tmp_path: Path, the_plan: Plan
) -> None:
    """Of a score seen twice the earlier; a therapy that ended on the day itself, not before."""
    table = LISTING.table(written(tmp_path, *ALL_TABLES), the_plan)
    first, second = table.iloc[0], table.iloc[1]
    assert (first["BESTSCOR"], first["BESTDT"]) == (60, day(30))
    assert (first["REMSTAT"], first["REMSTDT"]) == ("U", day(40))
    assert (second["BESTSCOR"], second["BESTDT"], second["REMSTAT"]) == (95, day(41), "Y")
    assert first["THERAPY"] == "methotrexate (2023-11-20 to 2024-02-18)"
    assert second["THERAPY"] == "abatacept (2024-02-19, ongoing)"
    # Not the one before the infusion.
    assert first["NEWTHER"] == second["NEWTHER"] == "abatacept (2024-02-19, ongoing)"
    assert first["OTHSAE"] == "Term 3 (day 90)"
    assert table.iloc[2]["OTHSAE"] == "Term 2 (day 40); Term 3 (day 90)"
    assert table.iloc[3][["BESTSCOR", "REMSTAT", "THERAPY", "NEWTHER"]].isna().all()


def test_each_record_names_the_row_that_it_is_of(tmp_path: Path, the_plan: Plan) -> None:
    table = LISTING.table(written(tmp_path, *ALL_TABLES), the_plan)
    sources = table[["SRCDOM", "SRCVAR", "SRCSEQ"]].to_numpy().tolist()
    assert sources[0] == ["adverse_events", "start_date", 3]
    assert sources[2] == ["subjects", "death_date", 2]


def test_a_study_with_subjects_alone_has_its_deaths(tmp_path: Path, the_plan: Plan) -> None:
    table = LISTING.table(written(tmp_path), the_plan)
    assert table[["SUBJID", "KIND", "ADY"]].to_numpy().tolist() == [["001", DEATH, 95]]
    assert "BESTSCOR" not in table
    assert pd.isna(table.loc[0, "AEDECOD"])
    assert table.loc[0, ["THERAPY", "NEWTHER", "OTHSAE"]].tolist() == [
        *(NO_THERAPIES, NO_THERAPIES, NO_EVENTS)
    ]
