"""How much of a configuration that a person wrote a draft finds, in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from durable.contracts.tables import INPUT_TABLES, NATIVE_COLUMNS
from durable.inspection.drafting import StudyDraft, draft_study
from durable.inspection.sheets import read_sheets
from durable.inspection.writing import write_draft
from durable.intake.check import examine
from durable.plan import load, parse
from durable.stage import STAGES
from tests.intake.exports import EXPORTS
from tests.intake.package import packaged
from tests.intake.study import DEMO, ROOT, Study

Raw = dict[str, Any]


@dataclass(frozen=True)
class Drafted:
    """A draft of files, and the inputs that a person wrote for them."""

    study: StudyDraft
    written: Raw
    folder: Path

    @property
    def inputs(self) -> Raw:
        return dict(self.study.plan["inputs"])


#: Tables of the exports: none has laboratory results one a row.
EXPORTED = ("subjects", "visits", "therapies", "adverse_events", "kinetics")


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drafted]:
    found = {}
    for name, write in EXPORTS.items():
        folder = tmp_path_factory.mktemp(name)
        written = write(folder)
        found[name] = Drafted(draft_study(read_sheets([folder])), written, folder)
    return found


def sources(section: Mapping[str, Any], table: str) -> dict[str, Any]:
    """By native column what a section reads it from."""
    given = section.get("columns", {})
    found = {name: given.get(name, name) for name in NATIVE_COLUMNS[table]}
    longs = [section.get("long"), *(join.get("long") for join in section.get("join", []))]
    for long in filter(None, longs):
        found |= {column: f"test {test}" for test, column in long["tests"].items()}
    return found


def agreement(drafted: Drafted) -> Iterator[tuple[str, str]]:
    """Columns that the draft reads as the person did."""
    for table in EXPORTED:
        ours, theirs = drafted.inputs.get(table, {}), drafted.written[table]
        read = sources(ours, table)
        for column, foreign in sources(theirs, table).items():
            if read[column] == foreign:
                yield table, column


ALL = sum(len(NATIVE_COLUMNS[table]) for table in EXPORTED)


@pytest.mark.parametrize("name", ["rave", "redcap", "hospital", "wide"])
def test_every_column_is_read_as_a_person_wrote_it(name: str, drafts: dict[str, Drafted]) -> None:
    # A dose whose name says no unit (REDCap: cm_dose) is left to a person.
    unsaid = {("therapies", "dose")} if name == "redcap" else set()
    read = set(agreement(drafts[name]))
    assert len(read | unsaid) == ALL == 95
    assert not read & unsaid


def test_the_tables_of_an_analysis_package_are_found(drafts: dict[str, Drafted]) -> None:
    inputs = drafts["adam"].inputs
    assert sorted(inputs) == sorted(EXPORTED)
    assert {name: inputs[name]["columns"]["subject_id"] for name in EXPORTED} == dict.fromkeys(
        EXPORTED, "USUBJID"
    )
    assert [Path(one["path"]).name for one in inputs["visits"]["files"]] == ["adqs.csv", "adlb.csv"]
    assert len(inputs["visits"]["long"]["tests"]) == 16


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("rave", ("skip_rows", "join")),
        ("redcap", ("where",)),
        ("hospital", ("sheet", "header_row")),
        ("wide", ("delimiter", "stack", "long")),
    ],
)
def test_the_shape_of_each_file_is_that_of_a_person(
    name: str, keys: tuple[str, ...], drafts: dict[str, Drafted]
) -> None:
    drafted = drafts[name]
    for table in EXPORTED:
        ours, theirs = parse_inputs(drafted.inputs, table), parse_inputs(drafted.written, table)
        for key in ("path", "files", *(key for key in keys if key not in ("join", "where"))):
            assert getattr(ours, key) == getattr(theirs, key), (table, key)
        for mine, given in zip(ours.join, theirs.join, strict=True):
            assert mine.by == given.by
            assert mine.long == given.long
        chosen = {key: set(texts) for key, texts in theirs.where.items()}
        assert {key: set(texts) for key, texts in ours.where.items()} == chosen


def parse_inputs(inputs: Raw, table: str) -> Any:
    plan = {"analysis": {"id": "x", "data_cutoff": "2026-01-01"}, "study": {"id": "x"}}
    return getattr(parse(plan | {"inputs": inputs}).inputs, table)


def test_dates_of_each_export_are_read(drafts: dict[str, Drafted]) -> None:
    forms = {
        name: drafts[name].inputs["subjects"].get("dates") for name in ("rave", "hospital", "wide")
    }
    assert forms == {
        "rave": ["DD-MMM-YYYY"],
        "hospital": ["YYYY\u5e74M\u6708D\u65e5"],
        "wide": ["DD/MM/YYYY"],
    }
    assert drafts["wide"].inputs["visits"]["numbers"] == {"decimal": ","}


def test_values_are_mapped_where_their_meaning_is_known(drafts: dict[str, Drafted]) -> None:
    hospital = drafts["hospital"].inputs
    assert hospital["subjects"]["values"] == {"sex": {"\u5973": "F", "\u7537": "M"}}
    seen = drafts["hospital"].inputs["visits"]["values"]["investigator_assessment"]
    written = drafts["hospital"].written["visits"]["values"]["investigator_assessment"]
    assert seen.items() <= written.items()
    redcap = drafts["redcap"]
    assert redcap.inputs["visits"]["values"] == redcap.written["visits"]["values"]
    # 1 and 2 say nothing.
    assert "values" not in redcap.inputs["subjects"]
    assert "subjects.sex: which of M, F is '1' 7x, '2' 5x?" in " ".join(redcap.study.questions)


@pytest.mark.parametrize("name", ["rave", "hospital", "wide"])
def test_a_draft_that_leaves_no_doubt_has_no_errors_in_the_data(
    name: str, drafts: dict[str, Drafted]
) -> None:
    study = drafts[name].study
    assert study.checked.startswith("durable check finds 1 error(s) and")
    assert "subjects.reinfusion_date: 1 error(s) reinfusion_undefined." in " ".join(study.questions)
    assert errors_once_reinfusion_is_defined(study).empty


@pytest.mark.parametrize("name", EXPORTS)
def test_the_text_of_a_draft_is_a_plan(name: str, drafts: dict[str, Drafted]) -> None:
    path = drafts[name].folder / "draft.yaml"
    path.write_text(write_draft(drafts[name].study, []), encoding="utf-8")
    plan = load(path)
    assert plan.inputs == parse(drafts[name].study.plan).inputs
    path.unlink()


def errors_once_reinfusion_is_defined(study: StudyDraft) -> pd.DataFrame:
    """Errors in the data where the draft says how a second infusion counts."""
    response = study.plan.get("response", {}) | {"reinfusion": {"as_new_therapy": True}}
    plan = parse(study.plan | {"response": response})
    return examine(plan.restrict_to(STAGES["check"].sections)).queries.query("severity == 'error'")


def test_the_demo_is_drafted_in_full() -> None:
    study = draft_study(read_sheets([DEMO]))
    written = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    given = study.plan["inputs"]
    assert {name: Path(given[name]["path"]).name for name in given} == {
        name: Path(source["path"]).name for name, source in written["inputs"].items()
    }
    assert all(list(section) == ["path"] for section in given.values())
    assert study.plan["schedule"] == written["schedule"]
    assert [question.partition(". ")[0] for question in study.questions] == [
        "Days and windows of the schedule are usual ones: put the protocol's.",
        "subjects.reinfusion_date: 1 error(s) reinfusion_undefined",
    ]
    assert errors_once_reinfusion_is_defined(study).empty


def test_a_package_is_drafted_in_full(tmp_path: Path) -> None:
    packaged(tmp_path, "xpt")
    study = draft_study(read_sheets([tmp_path]))
    assert study.plan["inputs"] == {
        "sdtm": {
            "folder": str(tmp_path),
            "tables": [
                name
                for name, table in INPUT_TABLES.items()
                if table.sdtm is not None and not table.sdtm.when_named
            ],
            "values": {"visits": {"visit": {"UNSCHEDULED": "UNS"}}},
        }
    }
    assert study.checked.startswith("durable check finds 0 error(s) and")


def test_no_identifier_and_no_free_text_is_printed(drafts: dict[str, Drafted]) -> None:
    demo = Study(drafts["rave"].folder)
    hidden = {row[0] for row in demo.cells("subjects")[1:]}
    hidden |= {row[2] for row in demo.cells("adverse_events")[1:]}
    for drafted in drafts.values():
        text = write_draft(drafted.study, [])
        assert not [value for value in hidden if value in text]
