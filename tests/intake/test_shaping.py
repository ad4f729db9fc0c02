"""Tables made of several files and rows: joined, stacked, pivoted, queried; and what is told."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from durable.intake.findings import Findings
from durable.intake.needs import Needs
from durable.intake.shaping.table import SourceReader
from durable.plan import FileForm, Input, PlanError, parse
from tests.intake.study import ROOT

THERAPY = "subject_id,therapy,start_date,end_date,new_systemic,reason\n"
NOTHING_NEEDED = Needs({"therapies": {}})


class Made:
    """The therapies made from some files."""

    def __init__(
        self,
        folder: Path,
        written: dict[str, str],
        needed: Needs = NOTHING_NEEDED,
        **keys: Any,
    ) -> None:
        for name, text in written.items():
            (folder / name).write_text(text)
        for key in ("path", "sql"):
            if key in keys:
                keys[key] = str(folder / keys[key])
        for key in ("files", "join"):
            if key in keys:
                keys[key] = [_placed(folder, given) for given in keys[key]]
        sources = {
            name.partition(".")[0]: FileForm(path=str(folder / name))
            for name in keys.pop("sources", ())
        }
        findings = Findings()
        reader = SourceReader(findings, sources=sources)
        self.recorded, self.about = reader.table("therapies", Input(**keys), needed)
        reader.report_unused()
        self.queries = findings.frame()

    @property
    def told(self) -> list[str]:
        return self.queries["message"].tolist()

    def rows(self, *names: str) -> list[tuple[str, ...]]:
        frame = self.recorded.text[list(names)].astype(object)
        return list(frame.itertuples(index=False, name=None))


def _placed(folder: Path, given: Any) -> Any:
    if isinstance(given, str):
        return str(folder / given)
    return given | {"path": str(folder / given["path"])}


def test_several_files_one_below_the_other(tmp_path: Path) -> None:
    files = {
        "a.csv": THERAPY + "1,mtx,2024-01-01,,N,\n",
        "b.csv": THERAPY + "2,ivig,2024-02-01,,Y,\n",
    }
    made = Made(tmp_path, files, files=["a.csv", "b.csv"])
    assert made.told == []
    assert made.rows("subject_id", "source_row") == [("1", 1), ("2", 2)]
    place = made.recorded.origin["therapy"]
    assert place.astype(object).to_numpy().tolist() == [["a.csv", 2], ["b.csv", 2]]
    assert made.about["records"] == {"therapies.files[0]": 1, "therapies.files[1]": 1}


def test_one_of_several_files_may_have_a_header_alone(tmp_path: Path) -> None:
    files = {"a.csv": THERAPY, "b.csv": THERAPY + "2,ivig,2024-02-01,,Y,\n"}
    made = Made(tmp_path, files, files=["a.csv", "b.csv"])
    assert made.told == [
        "a.csv: no record, though other files of the table have some; expected at least one"
    ]
    place = made.recorded.origin["therapy"]
    assert place.astype(object).to_numpy().tolist() == [["b.csv", 2]]
    assert made.about["records"] == {"therapies.files[0]": 0, "therapies.files[1]": 1}


def test_one_of_several_files_of_which_nothing_is_selected_is_told(tmp_path: Path) -> None:
    """A site that spells the event otherwise would be missing without a word."""
    head = "event," + THERAPY
    files = {
        "a.csv": head + "Month 2,1,mtx,2024-01-01,,N,\n",
        "b.csv": head + "month_2,2,ivig,2024-02-01,,Y,\nmonth_3,2,mtx,2024-03-01,,N,\n",
    }
    made = Made(tmp_path, files, files=["a.csv", "b.csv"], where={"event": ["Month 2"]})
    assert made.rows("subject_id", "therapy") == [("1", "mtx")]
    assert made.told == [
        "b.csv: none of its 2 record(s) is selected (inputs.therapies.where, where_not), though"
        " some of other files are; expected at least one"
    ]
    made = Made(tmp_path, files, files=["a.csv", "b.csv"], where={"event": ["Month 3"]})
    assert [told for told in made.told if told.startswith("b.csv: none")] == []


def test_a_record_spelt_otherwise_than_those_selected_is_told(tmp_path: Path) -> None:
    head = "event," + THERAPY
    files = {"a.csv": head + "Month 2,1,mtx,2024-01-01,,N,\nmonth  2,1,ivig,2024-02-01,,Y,\n"
             "Month 3,1,gc,2024-02-01,,N,\n month 2,1,jak,2024-02-02,,N,\n"}  # fmt: skip
    made = Made(tmp_path, files, path="a.csv", where={"event": ["Month 2"]})
    assert made.rows("therapy") == [("mtx",)]
    spelling = "a.csv, row {}: event is {} in 1 record(s), first here; expected Month 2, as {}"
    key = "inputs.therapies.where.event"
    assert made.told == [
        spelling.format(3, "month  2", key + " (U+006D LATIN SMALL LETTER M, U+0020 SPACE instead"
                        " of U+004D LATIN CAPITAL LETTER M)"),
        spelling.format(5, "month 2", key),
    ]  # fmt: skip
    made = Made(tmp_path, files, path="a.csv", where_not={"event": ["month 2"]})
    assert made.rows("therapy") == [("mtx",), ("ivig",), ("gc",)]
    assert made.queries["rule"].tolist() == ["spelling_varies", "spelling_varies"]


def test_a_file_says_what_its_name_alone_holds(tmp_path: Path) -> None:
    head = "subject_id,what,start_date\n"
    files = {"mtx.csv": head + "1,a,2024-01-01\n,,\n", "ivig.csv": head + "1,b,2024-02-01\n"}
    given = [
        {"path": "mtx.csv", "constant": {"therapy": "methotrexate", "new_systemic": "N"}},
        {"path": "ivig.csv", "constant": {"therapy": "immunoglobulins"}},
    ]
    made = Made(tmp_path, files, files=given, columns={"reason": "what", "therapy": "drug"})
    assert made.rows("subject_id", "therapy", "new_systemic", "reason") == [
        ("1", "methotrexate", "N", "a"),
        ("1", "immunoglobulins", "", "b"),
    ]
    # A row that holds nothing of its own is an empty one.
    assert made.told == ["mtx.csv, row 3: an empty row; expected a record"]
    declared = ["therapy is 'methotrexate' in mtx.csv", "new_systemic is 'N' in mtx.csv",
                "therapy is 'immunoglobulins' in ivig.csv"]  # fmt: skip
    assert made.about["declared"] == declared
    given[0] = {"path": "mtx.csv", "constant": {"reason": "x"}}
    made = Made(tmp_path, files, files=given, columns={"reason": "what", "therapy": "drug"})
    assert not made.recorded.readable
    key = "inputs.therapies.files[0].constant"
    assert made.told[0] == f"mtx.csv: column what is in the file; expected it there or in {key}"


def test_the_number_of_a_row_identifies_it(tmp_path: Path) -> None:
    text = "subject_id,therapy,start_date\n1,mtx,2024-01-01\n,,\n1,ivig,2024-02-01\n"
    made = Made(tmp_path, {"cm.csv": text}, path="cm.csv", row_number="reason")
    assert made.rows("therapy", "reason") == [("mtx", "2"), ("ivig", "4")]
    assert made.about["declared"] == ["reason is the number of the row"]
    files = {"a.csv": text.replace(",,\n", ""), "b.csv": text.replace(",,\n", "")}
    made = Made(tmp_path, files, files=[{"path": name} for name in files], row_number="reason")
    assert made.rows("therapy", "reason") == [
        ("mtx", "1"), ("ivig", "2"), ("mtx", "3"), ("ivig", "4"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"path": "a.csv", "row_number": "cmas"},
         "inputs.visits.row_number: found 'cmas'; expected one of visit"),
        ({"path": "a.csv", "row_number": "subject_id"}, "found 'subject_id'"),
        ({"path": "a.csv", "row_number": "visit", "columns": {"visit": "V"}},
         "visit as row_number alone"),
        ({"files": [{"path": "a.csv", "constant": {"tests": "x"}}]}, "an unknown column"),
        ({"files": ["b.csv", {"path": "a.csv", "constant": {"visit": "M2"}}],
          "constant": {"visit": "M3"}},
         "inputs.visits.files[1].constant.visit: found a constant of a file"),
        ({"files": [{"path": "a.csv", "constant": {"cmas": "1"}}], "columns": {"cmas": None}},
         "found a constant of a file, and one or null of the table; expected one or the other"),
        ({"files": [{"path": "a.csv", "constant": {"cmas": "1"}}],
          "long": {"test": "t", "value": "v", "tests": {"CMAS": "cmas"}}},
         "cmas in long.tests alone"),
    ],
)  # fmt: skip
def test_a_constant_or_number_that_contradicts_another_key(keys: Any, told: str) -> None:
    raw = {"analysis": {"id": "x", "data_cutoff": "2025-12-31"}, "study": {"id": "X"}}
    plan = raw | {"inputs": {"subjects": {"path": "s.csv"}, "visits": keys}}
    with pytest.raises(PlanError) as error:
        parse(plan)
    assert told in str(error.value)


def test_a_needed_column_that_one_of_several_files_lacks_is_told(tmp_path: Path) -> None:
    """Else the deaths of a site, or here the ends of its therapies, would silently be none."""
    files = {
        "north.csv": THERAPY + "1,mtx,2024-01-01,2024-02-01,N,\n",
        "south.csv": THERAPY.replace("end_date", "End_Date") + "2,mtx,2024-01-01,2024-03-01,N,\n",
        "west.csv": "subject_id,therapy,start_date,new_systemic\n3,mtx,2024-01-01,N\n",
    }
    needed = Needs({"therapies": {"end_date": "", "new_systemic": ""}})
    made = Made(tmp_path, files, needed, files=list(files))
    lacks = (
        "{file}: no column end_date, which other files of the table have; expected in the header"
    )
    key = "or '' as inputs.therapies.files[{number}].constant.end_date if it is not recorded there"
    assert [message for message in made.told if "no column" in message] == [
        f"{lacks.format(file='south.csv')} (the header has End_Date), {key.format(number=1)}",
        f"{lacks.format(file='west.csv')}, {key.format(number=2)}",
    ]
    # The reason, which nothing needs, may be absent.
    west = {"path": "west.csv", "constant": {"end_date": ""}}
    made = Made(tmp_path, files, needed, files=["north.csv", west])
    assert made.told == []
    assert made.rows("subject_id", "end_date") == [("1", "2024-02-01"), ("3", "")]
    assert made.about["declared"] == ["end_date is not recorded in west.csv"]


def test_keys_of_the_table_hold_for_each_file(tmp_path: Path) -> None:
    files = {"a.csv": "x\n" + THERAPY.replace(",", ";") + "1;mtx;2024-01-01;;N;\n",
             "b.csv": THERAPY.replace(",", ";") + "2;ivig;2024-02-01;;Y;\n"}  # fmt: skip
    both = [{"path": "a.csv", "header_row": 2}, "b.csv"]
    made = Made(tmp_path, files, files=both, delimiter=";")
    assert made.told == []
    assert made.rows("subject_id", "therapy") == [("1", "mtx"), ("2", "ivig")]


def test_a_file_can_state_what_is_usual_against_its_table(tmp_path: Path) -> None:
    files = {"a.csv": THERAPY + "1,mtx,2024-01-01,,N,\n3,mtx,2024-03-01,,N,\n",
             "b.csv": "title\n" + THERAPY + "labels\n2,ivig,2024-02-01,,Y,\n"}  # fmt: skip
    plain = {"path": "a.csv", "header_row": 1, "skip_rows": []}
    made = Made(tmp_path, files, files=[plain, "b.csv"], header_row=2, skip_rows=[3])
    assert made.told == []
    assert made.rows("subject_id", "therapy") == [("1", "mtx"), ("3", "mtx"), ("2", "ivig")]


def test_a_pinned_table_of_several_files_is_read_as_before() -> None:
    """A pinned configuration states every key of every file."""
    plain = {"path": "a.csv", "header_row": 1}
    keys = {"files": [plain, "b.csv"], "header_row": 2, "encoding": "gb18030"}
    table = Input.model_validate(keys)
    pinned = Input.model_validate(table.model_dump(mode="json"))
    assert [(file.header_row, file.encoding) for file in pinned.sources] == [
        (1, "gb18030"),
        (2, "gb18030"),
    ]


def test_columns_of_another_file(tmp_path: Path) -> None:
    files = {"cm.csv": "ID,therapy,start_date\n7,mtx,2024-01-01\n8,mtx,2024-01-02\n",
             "dm.csv": "ID,SUBJECT\n7,S1\n9,S3\n"}  # fmt: skip
    join = [{"path": "dm.csv", "by": {"ID": "ID"}}]
    made = Made(tmp_path, files, path="cm.csv", join=join, columns={"subject_id": "SUBJECT"})
    assert made.told == [
        "cm.csv, row 3: no such record in dm.csv; expected one (inputs.therapies.join[0].by)",
        "dm.csv, row 3: 1 record(s) with a key that no record of cm.csv has (9), first here;"
        " expected each there (inputs.therapies.join[0].by): they are not used",
    ]
    assert made.rows("subject_id", "therapy") == [("S1", "mtx"), ("", "mtx")]
    place = made.recorded.origin["subject_id"].astype(object).to_numpy().tolist()
    assert place == [["dm.csv", 2], ["cm.csv", 3]]


def test_records_of_another_file_that_are_not_used_are_told(tmp_path: Path) -> None:
    """A death under a number that is spelt otherwise would be the death of nobody."""
    deaths = "ID,DEATH\n" + "".join(f"s{number},2024-05-0{number}\n" for number in range(1, 7))
    files = {"cm.csv": "ID,therapy,start_date\nS1,mtx,2024-01-01\ns2,mtx,2024-01-02\n",
             "deaths.csv": deaths}  # fmt: skip
    join = [{"path": "deaths.csv", "by": {"ID": "ID"}}]
    columns = {"subject_id": "ID", "end_date": "DEATH"}
    made = Made(tmp_path, files, path="cm.csv", join=join, columns=columns)
    assert made.rows("subject_id", "end_date") == [("S1", ""), ("s2", "2024-05-02")]
    (unused,) = made.queries.query("rule == 'unused_record'").itertuples()
    assert (unused.severity, unused.file, unused.row, unused.value) == (
        "warning", "deaths.csv", 2, "s1",
    )  # fmt: skip
    assert unused.message == (
        "deaths.csv, row 2: 5 record(s) with a key that no record of cm.csv has (s1; s3; s4; s5;"
        " s6), first here; expected each there (inputs.therapies.join[0].by): they are not used"
    )


def test_a_record_without_a_key_has_no_partner(tmp_path: Path) -> None:
    """The dose of a bag without its number is not that of the subject without a bag."""
    files = {"cm.csv": "ID,BAG,therapy,start_date\n1,B1,cells,2024-01-01\n2, ,cells,2024-01-02\n",
             "bags.csv": "BAG,END\nB1,2024-01-03\n,2024-01-04\n"}  # fmt: skip
    join = [{"path": "bags.csv", "by": {"BAG": "BAG"}}]
    columns = {"subject_id": "ID", "end_date": "END"}
    made = Made(tmp_path, files, path="cm.csv", join=join, columns=columns)
    assert made.rows("subject_id", "end_date") == [("1", "2024-01-03"), ("2", "")]
    key = "inputs.therapies.join[0].by"
    assert made.told == [
        "bags.csv, row 3: 1 record(s) with a key that no record of cm.csv has (empty), first here;"
        f" expected each there ({key}): they are not used",
        f"cm.csv, row 3: no such record in bags.csv; expected one ({key})",
    ]
    # A part of a key may be empty: the visit without a number is one of the subject's.
    join = [{"path": "bags.csv", "by": {"ID": "ID", "BAG": "BAG"}}]
    files["bags.csv"] = "ID,BAG,END\n1,B1,2024-01-03\n2,,2024-01-04\n"
    made = Made(tmp_path, files, path="cm.csv", join=join, columns=columns)
    assert made.told == []
    assert made.rows("subject_id", "end_date") == [("1", "2024-01-03"), ("2", "2024-01-04")]


def test_blank_rows_of_a_joined_file_are_left_out_as_those_of_the_table(tmp_path: Path) -> None:
    files = {"cm.csv": "ID,therapy,start_date\n7,mtx,2024-01-01\n,,\n , ,\n",
             "dm.csv": "ID,SUBJECT\n7,S1\n,\n9,S3\n,\n,\n"}  # fmt: skip
    join = [{"path": "dm.csv", "by": {"ID": "ID"}}]
    made = Made(tmp_path, files, path="cm.csv", join=join, columns={"subject_id": "SUBJECT"})
    blank = made.queries.query("rule == 'blank_row'")
    assert len(made.queries) == len(blank) + 1  # 9 has no record in cm.csv
    assert blank[["severity", "message"]].agg(" ".join, axis=1).tolist() == [
        f"{severity} {file}, row {row}: an empty row; expected a record"
        for severity, file, row in (
            ("warning", "cm.csv", 3),
            ("warning", "cm.csv", 4),
            ("error", "dm.csv", 3),
            ("warning", "dm.csv", 5),
            ("warning", "dm.csv", 6),
        )
    ]
    assert made.rows("subject_id", "therapy") == [("S1", "mtx")]


@pytest.mark.parametrize(
    ("other", "keys", "told"),
    [
        ("ID,S\n7,1\n7,2\n", {}, "dm.csv, row 3: the key of row 2 again; expected each once"),
        ("ID,therapy\n7,1\n", {}, "dm.csv: column therapy is in cm.csv too; expected it in one"),
        ("id,S\n7,1\n", {}, "dm.csv: no column ID (inputs.therapies.join[0].by); expected in the"
                            " header (the header has id)"),
        ("ID,S\n7,1\n", {"columns": ["T"]}, "dm.csv: no column T"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_joined(
    other: str, keys: dict[str, Any], told: str, tmp_path: Path
) -> None:
    files = {"cm.csv": "ID,therapy,start_date\n7,mtx,2024-01-01\n", "dm.csv": other}
    join = [{"path": "dm.csv", "by": {"ID": "ID"}} | keys]
    made = Made(tmp_path, files, path="cm.csv", join=join)
    assert not made.recorded.readable
    assert any(message.startswith(told) for message in made.told)


def test_columns_that_become_rows(tmp_path: Path) -> None:
    text = (
        "subject_id,mtx from,mtx to,ivig from,note\n"
        "1,2024-01-01,2024-03-01,2024-02-01,x\n"
        "2,,,2024-05-05,\n"
    )
    made = Made(
        tmp_path,
        {"cm.csv": text},
        path="cm.csv",
        stack={"columns": "{drug} {item}", "value": "date"},
        long={"test": "item", "value": "date", "tests": {"from": "start_date", "to": "end_date"}},
        columns={"therapy": "drug"},
    )
    assert made.rows("subject_id", "therapy", "start_date", "end_date") == [
        ("1", "mtx", "2024-01-01", "2024-03-01"),
        ("1", "ivig", "2024-02-01", ""),
        ("2", "ivig", "2024-05-05", ""),
    ]
    assert made.told == ["cm.csv: column note is not used"]


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        ({"columns": "day {day}", "value": "v"}, "no column like day {day}"),
        ({"columns": "{subject_id} from", "value": "v"}, "column subject_id is in the file"),
    ],
)
def test_columns_that_cannot_become_rows(stack: dict[str, str], told: str, tmp_path: Path) -> None:
    text = "subject_id,mtx from\n1,2024-01-01\n"
    made = Made(tmp_path, {"cm.csv": text}, path="cm.csv", stack=stack)
    assert not made.recorded.readable
    assert any(told in message for message in made.told)


def test_a_part_of_the_key_that_is_not_recorded_is_none_of_the_rows_of_measurements(
    tmp_path: Path,
) -> None:
    """Samples without their time, of which a row holds the result and another the unit."""
    text = "S,D,t,item,cell\n1,2024-01-01,HGB,RES,11\n1,2024-01-01,HGB,UNIT,g/dL\n"
    (tmp_path / "lb.csv").write_text(text)
    keys: dict[str, Any] = {
        "path": str(tmp_path / "lb.csv"),
        "columns": {"subject_id": "S", "sample_date": "D", "test": "t"},
        "long": {"test": "item", "value": "cell", "tests": {"RES": "value", "UNIT": "unit"}},
    }
    for added in ({}, {"sample_time": "T"}):
        findings = Findings()
        keys["columns"] |= added
        reader = SourceReader(findings)
        table, _ = reader.table("laboratory", Input.model_validate(keys))
        # One that is named has to be there.
        assert table.readable == (not added)
        if table.readable:
            assert table.text[["value", "unit"]].to_numpy().tolist() == [["11", "g/dL"]]
    assert any("no column T" in text for text in findings.frame()["message"])


def test_samples_with_a_column_for_the_date_and_the_result_of_each_day(tmp_path: Path) -> None:
    """The date of a sample is a measurement here: the day in the name tells the samples apart."""
    text = (
        "Patient,D0 date,D0 value,D7 date,D7 value,D28 value\n"
        "1,2024-01-01,BLQ,2024-01-08,900,\n2,2024-02-01,BLQ,,,70\n"
    )
    (tmp_path / "pk.csv").write_text(text)
    guide = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    example = guide[guide.index("    path: data/expansion-dates.csv") :].partition("```")[0]
    keys = yaml.safe_load(textwrap.dedent(example)) | {"path": str(tmp_path / "pk.csv")}
    findings = Findings()
    table, _ = SourceReader(findings).table(
        "kinetics", Input.model_validate(keys), Needs({"kinetics": {}})
    )
    names = ["subject_id", "nominal_day", "sample_date", "value"]
    assert table.text[names].to_numpy().tolist() == [
        ["1", "0", "2024-01-01", "BLQ"],
        ["1", "7", "2024-01-08", "900"],
        ["2", "0", "2024-02-01", "BLQ"],
        # Without its date, of which the checks report that it has none.
        ["2", "28", "", "70"],
    ]
    assert findings.frame().query("severity == 'error'").empty


def test_columns_that_are_named_become_rows(tmp_path: Path) -> None:
    text = "subject_id,MTX (start),IvIg,note\n1,2024-01-01,2024-02-01,x\n2,,2024-05-05,\n"
    made = Made(
        tmp_path,
        {"cm.csv": text},
        path="cm.csv",
        stack={
            "value": "from",
            "columns": {
                "IvIg": {"drug": "immunoglobulins", "new": "Y"},
                "MTX (start)": {"drug": "methotrexate", "new": "N"},
            },
        },
        columns={"therapy": "drug", "start_date": "from", "new_systemic": "new"},
    )
    assert made.rows("subject_id", "therapy", "start_date", "new_systemic") == [
        ("1", "immunoglobulins", "2024-02-01", "Y"),
        ("1", "methotrexate", "2024-01-01", "N"),
        ("2", "immunoglobulins", "2024-05-05", "Y"),
    ]
    assert made.told == ["cm.csv: column note is not used"]
    assert made.recorded.origin["start_date"]["row"].tolist() == [2, 2, 3]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"IVIG": {"drug": "x"}, "mtx": {"drug": "y"}},
         "no column IVIG (inputs.therapies.stack.columns); expected in the header (the header has"
         " ivig)"),
        ({"mtx": {"note": "y"}}, "column note is in the file; expected another name"),
    ],
)  # fmt: skip
def test_named_columns_that_cannot_become_rows(
    columns: dict[str, dict[str, str]], told: str, tmp_path: Path
) -> None:
    text = "subject_id,mtx,ivig,note\n1,2024-01-01,,x\n"
    made = Made(
        tmp_path, {"cm.csv": text}, path="cm.csv", stack={"columns": columns, "value": "start_date"}
    )
    assert not made.recorded.readable
    assert any(message.startswith(f"cm.csv: {told}") for message in made.told)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, "a pattern, or each column"),
        ({"mtx": {}}, "a pattern, or each column"),
        ({"mtx": {"drug": ""}}, "a pattern, or each column"),
        ({"mtx": {"day": 7}}, "a pattern, or each column"),
        ({"mtx": "methotrexate"}, "a pattern, or each column"),
        (["mtx", "ivig"], "a pattern, or each column"),
        (" ", "a pattern, or each column"),
        (12, "a pattern, or each column"),
        ("mtx", "a pattern with at least one {NAME}, each name once, and another value"),
        ({"mtx": {"drug": "x"}, "ivig": {"item": "y"}}, "the same new columns for each column"),
        ({"mtx": {"v": "x"}}, "the same new columns for each column, none of them the value"),
    ],
)
def test_columns_that_say_no_rows_have_one_finding(columns: object, expected: str) -> None:
    stack = {"columns": columns, "value": "v"}
    raw = {"analysis": {"id": "x", "data_cutoff": "2025-12-31"}, "study": {"id": "X"}}
    tables = {"subjects": {"path": "s.csv"}, "visits": {"path": "v.csv", "stack": stack}}
    with pytest.raises(PlanError) as error:
        parse(raw | {"inputs": tables})
    (finding,) = error.value.findings
    assert finding.key.startswith("inputs.visits.stack")
    assert finding.expected.startswith(expected)


def test_measurements_of_another_file(tmp_path: Path) -> None:
    files = {
        "cm.csv": "subject_id,therapy,start_date\n1,mtx,2024-01-01\n1,ivig,2024-02-01\n",
        "why.csv": "S,D,ITEM,TEXT\n1,mtx,NEW,N\n1,mtx,WHY,arthritis\n1,ivig,NEW,Y\n1,ivig,NEW,N\n",
    }
    long = {"test": "ITEM", "value": "TEXT", "tests": {"NEW": "new_systemic", "WHY": "reason"}}
    join = [{"path": "why.csv", "by": {"subject_id": "S", "therapy": "D"}, "long": long}]
    made = Made(tmp_path, files, path="cm.csv", join=join)
    assert made.rows("therapy", "new_systemic", "reason") == [
        ("mtx", "N", "arthritis"),
        ("ivig", "Y", ""),
    ]
    assert made.told == ["why.csv, row 5: a second result of NEW; expected one, as in row 4"]
    place = made.recorded.origin["reason"].astype(object).to_numpy().tolist()
    assert place == [["why.csv", 3], ["why.csv", 4]]


def test_measurements_of_a_long_file_beside_those_of_a_joined_one(tmp_path: Path) -> None:
    files = {
        "cm.csv": "S,D,FROM,ITEM,TEXT\n"
        "1,mtx,2024-01-01,WHY,arthritis\n1,mtx,2024-01-01,TO,2024-03-01\n",
        "new.csv": "S,D,ITEM,TEXT\n1,mtx,NEW,N\n",
    }
    why = {"test": "ITEM", "value": "TEXT", "tests": {"WHY": "reason", "TO": "end_date"}}
    new = {"test": "ITEM", "value": "TEXT", "tests": {"NEW": "new_systemic"}}
    made = Made(
        tmp_path,
        files,
        path="cm.csv",
        columns={"subject_id": "S", "therapy": "D", "start_date": "FROM"},
        long=why,
        join=[{"path": "new.csv", "by": {"S": "S", "D": "D"}, "long": new}],
    )
    assert made.told == []
    names = ("subject_id", "start_date", "end_date", "new_systemic", "reason")
    assert made.rows(*names) == [("1", "2024-01-01", "2024-03-01", "N", "arthritis")]
    place = {n: frame.to_numpy().tolist() for n, frame in made.recorded.origin.items()}
    assert place["new_systemic"] == [["new.csv", 2]]
    assert place["end_date"] == [["cm.csv", 3]]


def test_findings_on_measurements_of_several_files_name_the_file_of_each(tmp_path: Path) -> None:
    head = "S,D,F,TEST,TEXT,TO\n"
    files = {
        "a.csv": head + "1,mtx,2024-01-01,WHY,arthritis,2024-03-01\n",
        "b.csv": head
        + "1,mtx,2024-01-01,OTHER,x,2024-03-01\n"
        + "1,mtx,2024-01-01,WHY,rash,2024-04-01\n"
        + "2,mtx,2024-01-01,WHY,rash,\n"
        + "2,mtx,2024-01-01,WHY,pain,\n",
    }
    made = Made(
        tmp_path,
        files,
        files=["a.csv", "b.csv"],
        columns={"subject_id": "S", "therapy": "D", "start_date": "F", "end_date": "TO"},
        long={"test": "TEST", "value": "TEXT", "tests": {"WHY": "reason", "NEW": "new_systemic"}},
    )
    tests = "(inputs.therapies.long.tests)"
    assert sorted(made.told) == [
        f"a.csv, b.csv: no record of NEW {tests}; expected one at least",
        "b.csv, row 2: 1 record(s) of OTHER, first here; expected one of WHY, NEW"
        f" {tests}: they are not used",
        "b.csv, row 3: a second result of WHY; expected one, as in a.csv, row 2",
        "b.csv, row 3: found 2024-04-01; expected 2024-03-01 as in a.csv, row 2, of the same"
        " record",
        "b.csv, row 5: a second result of WHY; expected one, as in row 4",
    ]


def test_what_all_files_of_a_table_lack_is_no_fault_of_the_first(tmp_path: Path) -> None:
    files = {
        "a.csv": THERAPY + "1,mtx,2024-01-01,,N,\n",
        "b.csv": THERAPY + "2,ivig,2024-02-01,,Y,\n",
    }
    both = list(files)
    made = Made(tmp_path, files, files=both, columns={"reason": "WHY"})
    assert made.told == [
        "a.csv: column reason is not used",
        "a.csv, b.csv: no column WHY (inputs.therapies.columns.reason); expected in the header",
        "b.csv: column reason is not used",
    ]


def test_a_query_names_the_rows_that_it_was_made_from(tmp_path: Path) -> None:
    files = {"cm.csv": "s,d,from\n1,mtx,45000.5\n2,ivig,45001\n", "q.sql": """
        SELECT s AS subject_id, upper(d) AS therapy,
          DATE '1899-12-30' + CAST(CAST("from" AS DOUBLE) AS INTEGER) AS start_date, source_row
        FROM cm WHERE s <> '1'"""}  # fmt: skip
    made = Made(tmp_path, files, sql="q.sql", sources=["cm.csv"])
    assert made.told == []
    assert made.rows("subject_id", "therapy", "start_date") == [("2", "IVIG", "2023-03-16")]
    assert made.recorded.origin["therapy"].astype(object).to_numpy().tolist() == [["cm.csv", 3]]
    assert set(made.about["files"]) == {"sources.cm", "therapies.sql"}


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT * FROM read_csv('/etc/hosts')", "Permission Error"),
        ("SELECT * FROM read_text('/etc/hosts')", "Permission Error"),
        ("SELECT * FROM '/etc/hosts'", "does not exist"),
        ("COPY cm TO 'x.csv'", "COPY in the query"),
        ("ATTACH 'x.db'", "ATTACH in the query"),
        ("INSTALL httpfs", "LOAD in the query"),
        ("SET threads = 4", "SET in the query"),
        ("CREATE TABLE t AS SELECT 1", "CREATE in the query"),
        ("SELECT 1; SELECT 2", "SELECT, SELECT in the query"),
        ("", "nothing in the query"),
        ("SELEC 1", "Parser Error"),
        ("SELECT nothing FROM cm", "Binder Error"),
        ("SELECT *, random() AS reason FROM cm", "random in the query, which differs"),
        ("SELECT *, current_date AS end_date FROM cm", "current_date in the query"),
        ("SELECT *, now() AS end_date FROM cm", "now in the query"),
        ("SELECT s AS subject_id FROM cm", "columns subject_id; expected each name once, and"),
        ("SELECT s, s, source_row FROM cm", "columns s, s, source_row"),
        ("SELECT s, source_row + 40 AS source_row FROM cm", "row 42 of cm.csv as the source"),
        ("SELECT s, NULL AS source_row FROM cm", "row 0 of cm.csv as the source"),
        ("SELECT [s] AS s, source_row FROM cm", "values of the type list"),
        ("SELECT error('stop') FROM cm", "stop"),
    ],
)
def test_a_query_that_is_refused(sql: str, told: str, tmp_path: Path) -> None:
    files = {"cm.csv": "s,d\n1,mtx\n", "q.sql": sql}
    made = Made(tmp_path, files, sql="q.sql", sources=["cm.csv"])
    assert not made.recorded.readable
    (message,) = made.told
    assert message.startswith("q.sql: ")
    assert told in message
    assert message.endswith("(inputs.therapies.sql)")


def test_a_query_of_several_files_names_the_file(tmp_path: Path) -> None:
    files = {"a.csv": "s\n1\n", "b.csv": "s\n2\n", "q.sql": "SELECT s, source_row FROM a"}
    made = Made(tmp_path, files, sql="q.sql", sources=["a.csv", "b.csv"])
    assert "expected source_file too: there are 2 files" in made.told[0]


def test_the_same_query_gives_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    rows = "".join(f"{n % 97},{n % 7},2024-01-{1 + n % 28:02}\n" for n in range(20_000))
    files = {"cm.csv": f"s,d,from\n{rows}", "q.sql": """
        SELECT s AS subject_id, d AS therapy, min("from") AS start_date,
          min(source_row) AS source_row FROM cm GROUP BY s, d"""}  # fmt: skip
    first, second = (
        Made(tmp_path, files, sql="q.sql", sources=["cm.csv"]).recorded.text for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert len(first) == 97 * 7


def test_the_query_of_the_guide_dates_samples_by_their_nominal_day(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    (query,) = [text for text in queries if "UNPIVOT" in text]
    (tmp_path / "q.sql").write_text(query)
    (tmp_path / "x.csv").write_text(
        "Patient,Infusion date,D0,D7,D28\n1,2024-02-01,BLQ,5000,\n2,2024-02-27,10,,20\n"
    )
    given = Input.model_validate(
        {
            "sql": str(tmp_path / "q.sql"),
            "numbers": {"below": {"value": "below_lloq"}, "below_lloq": ["BLQ"]},
        }
    )
    findings = Findings()
    reader = SourceReader(findings, sources={"expansion": FileForm(path=str(tmp_path / "x.csv"))})
    # A definition needs to know which results are below the limit; their words say it.
    needs = Needs({"kinetics": {"below_lloq": "kinetics"}})
    recorded, _ = reader.table("kinetics", given, needs)
    assert findings.frame()["message"].tolist() == []
    names = ["subject_id", "sample_date", "nominal_day", "value", "source_row"]
    assert recorded.text[names].astype(str).to_numpy().tolist() == [
        ["1", "2024-02-01", "0", "BLQ", "1"],
        ["1", "2024-02-08", "7", "5000", "2"],
        ["2", "2024-02-27", "0", "10", "3"],
        ["2", "2024-03-26", "28", "20", "4"],
    ]
    assert recorded.origin["value"]["row"].tolist() == [2, 2, 3, 3]
