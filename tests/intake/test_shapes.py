"""Shapes of real deliveries: each runs by configuration alone, or is one clear finding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.intake.check import Examined, examine
from durable.plan import PlanError, parse
from durable.stage import STAGES

SHAPES = Path(__file__).parent / "shapes"
ROOT = Path(__file__).parents[2]
SCHEDULE = [{"visit": visit, "day": day, "window": 10} for visit, day in (("M2", 61), ("M3", 91))]


def given(name: str, **keys: Any) -> dict[str, Any]:
    return {"path": str(SHAPES / "edc" / name)} | keys


def examined(inputs: dict[str, Any], **sections: Any) -> Examined:
    base = {name: {"path": str(SHAPES / "base" / f"{name}.csv")} for name in ("subjects", "visits")}
    raw = {
        "study": {"id": "X"},
        "analysis": {"id": "x", "title": "X", "data_cutoff": "2025-12-31"},
        "inputs": base | inputs,
        "schedule": SCHEDULE,
    }
    return examine(parse(raw | sections).restrict_to(STAGES["check"].sections))


def errors(study: Examined) -> list[str]:
    return study.queries.query("severity == 'error'")["message"].tolist()


def rows(study: Examined, table: str, *columns: str) -> list[tuple[Any, ...]]:
    frame = study.tables[table].frame[list(columns)].astype(object)
    dates = [name for name in columns if name.endswith("_date")]
    for name in dates:
        frame[name] = pd.to_datetime(frame[name]).dt.strftime("%Y-%m-%d")
    return list(frame.where(frame.notna(), None).itertuples(index=False, name=None))


BASE_VISITS = [
    ("X1", "SCR", "2025-01-05", 300.0),
    ("X1", "M2", "2025-03-16", 120.0),
    ("X2", "SCR", "2025-01-10", 300.0),
    ("X2", "M2", "2025-03-26", 120.0),
]
VISIT = ("subject_id", "visit", "visit_date", "ck")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("vis_ddmmm.csv", {"dates": ["DD-MMM-YYYY"]}),
        ("title_row.csv", {"header_row": 2}),
        ("two_headers.csv", {"skip_rows": [2]}),
    ],
)
def test_visits_of_another_form_are_the_same(name: str, keys: dict[str, Any]) -> None:
    study = examined({"visits": given(name, **keys)})
    assert study.queries.empty
    assert rows(study, "visits", *VISIT) == BASE_VISITS


def test_a_word_for_missing_is_read_as_empty(tmp_path: Path) -> None:
    text = (SHAPES / "base" / "visits.csv").read_text().replace(",300,170,", ",ND,170,", 1)
    (tmp_path / "visits.csv").write_text(text)
    study = examined({"visits": {"path": str(tmp_path / "visits.csv"), "missing": ["ND"]}})
    assert study.queries["message"].tolist() == [
        "visits.csv, row 2, ck: found ND (read as empty); expected a value, since other measures"
        " are recorded; please complete or confirm not done"
    ]


def test_a_date_in_another_form_names_the_key_that_reads_it() -> None:
    (message,) = errors(examined({"visits": given("vis_ddmmm.csv")}))
    assert message == (
        "vis_ddmmm.csv, row 3, visit_date: found 16-Mar-2025; expected a date as YYYY-MM-DD, from"
        " 1900 to 2099 (inputs.visits.dates: DD-MMM-YYYY would be read)"
    )


def test_a_title_above_the_header_is_told_once() -> None:
    (message,) = errors(examined({"visits": given("title_row.csv")}))
    assert message == (
        "title_row.csv: 23 columns with values have no name; expected the names here"
        " (inputs.visits.header_row)"
    )


@pytest.mark.parametrize(
    ("rule", "value"), [("limit", 5.0), ("half", 2.5), ("missing", None), (None, None)]
)
def test_a_result_below_a_limit_is_read_by_its_rule(rule: str | None, value: float | None) -> None:
    keys = {} if rule is None else {"numbers": {"below": {"ck": rule}}}
    study = examined({"visits": given("vis_lt.csv", **keys)})
    assert rows(study, "visits", *VISIT)[1] == ("X1", "M2", "2025-03-16", value)
    expected = (
        "vis_lt.csv, row 3, ck: found <5; expected a number of at least 0"
        " (inputs.visits.numbers.below.ck: limit or half or missing would be read)"
    )
    assert errors(study) == ([expected] if rule is None else [])
    said = {"limit": "the limit", "half": "half of the limit", "missing": "missing"}
    declared = study.sources["visits"].get("declared", [])
    assert declared == ([f"ck below a limit is read as {said[rule]}"] if rule else [])
    read_as = study.conversions[["row", "column", "recorded", "read_as"]].to_numpy().tolist()
    assert read_as == (
        [] if rule is None else [[3, "ck", "<5", "" if value is None else f"{value:g}"]]
    )


def test_words_for_missing_are_declared_or_told() -> None:
    told = errors(examined({"subjects": given("sub_na.csv")}))
    assert len(told) == 4
    assert told[0] == (
        "sub_na.csv, row 2, death_date: found NA; expected a date as YYYY-MM-DD, from 1900 to 2099,"
        " or an empty cell (inputs.subjects.missing names words)"
    )
    study = examined({"subjects": given("sub_na.csv", missing=["NA"])})
    assert study.queries.empty
    assert rows(study, "subjects", "death_date", "withdrawal_reason") == [(None, None)] * 2


def test_a_column_that_is_not_recorded_may_be_absent_where_nothing_needs_it() -> None:
    subjects = given("sub_nopart.csv")
    (message,) = errors(examined({"subjects": subjects}))
    assert message == "sub_nopart.csv: no column part; expected in the header, needed by groups"
    study = examined({"subjects": subjects}, groups=["dose_level"], safety={"escalation": "none"})
    assert study.queries.empty
    assert study.sources["subjects"]["not_recorded"] == ["part"]


def test_a_needed_column_is_told_together_with_wrong_values(tmp_path: Path) -> None:
    text = (SHAPES / "edc" / "sub_nopart.csv").read_text().replace("2025-01-25", "25.01.2025")
    (tmp_path / "subjects.csv").write_text(text)
    told = errors(examined({"subjects": {"path": str(tmp_path / "subjects.csv")}}))
    assert [message.partition(";")[0] for message in told] == [
        "subjects.csv: no column part",
        "subjects.csv, row 3, infusion_date: found 25.01.2025",
    ]


def test_a_declared_column_that_is_not_recorded(tmp_path: Path) -> None:
    header, *lines = (SHAPES / "base" / "subjects.csv").read_text().splitlines()
    place = header.split(",").index("death_date")
    cut = [",".join(c for i, c in enumerate(line.split(",")) if i != place) for line in
           (header, *lines)]  # fmt: skip
    (tmp_path / "subjects.csv").write_text("\n".join(cut) + "\n")
    subjects = {"path": str(tmp_path / "subjects.csv")}
    assert errors(examined({"subjects": subjects})) == [
        "subjects.csv: no column death_date; expected in the header, or null as"
        " inputs.subjects.columns.death_date if it is not recorded"
    ]
    study = examined({"subjects": subjects | {"columns": {"death_date": None}}})
    assert study.queries.empty
    assert study.sources["subjects"]["not_recorded"] == ["death_date"]


def test_consent_of_one_subject_is_missing_and_that_of_a_study_may_not_be_recorded(
    tmp_path: Path,
) -> None:
    (message,) = errors(examined({"subjects": given("sub_noconsent.csv")}))
    assert message == (
        "sub_noconsent.csv, row 3, consent_date: empty; expected a date: the subject was infused"
    )
    text = (SHAPES / "edc" / "sub_noconsent.csv").read_text()
    text = text.replace("consent_date,", "").replace("10,2025-01-02,", "10,").replace("12,,", "12,")
    (tmp_path / "subjects.csv").write_text(text)
    subjects = {"path": str(tmp_path / "subjects.csv"), "columns": {"consent_date": None}}
    study = examined({"subjects": subjects})
    assert study.queries.empty
    assert study.sources["subjects"]["not_recorded"] == ["consent_date"]


@pytest.mark.parametrize(
    ("numbers", "again"), [(("1", "2"), []), (("1", "1"), [3]), (("", ""), [3]), (("1", ""), [])]
)
def test_therapies_of_one_drug_and_day_are_kept_apart_by_their_number(
    numbers: tuple[str, str], again: list[int], tmp_path: Path
) -> None:
    header = "subject_id,therapy,start_date,end_date,new_systemic,reason,therapy_seq\n"
    lines = [f"X1,PREDNISONE,2025-02-01,2025-02-10,N,JDM,{number}\n" for number in numbers]
    (tmp_path / "cm.csv").write_text(header + "".join(lines))
    study = examined({"therapies": {"path": str(tmp_path / "cm.csv")}})
    assert study.queries["rule"].tolist() == ["duplicate_record"] * len(again)
    assert study.queries["row"].tolist() == again
    assert len(study.tables["therapies"].frame) == 2


@pytest.mark.parametrize("name", ["subject_id", "infusion_date"])
def test_what_every_analysis_needs_cannot_be_said_not_to_be_recorded(name: str) -> None:
    with pytest.raises(PlanError, match="there is no analysis without it"):
        examined({"subjects": given("sub_na.csv", columns={name: None})})


def test_semicolons_are_told_and_read(tmp_path: Path) -> None:
    assert errors(examined({"subjects": given("semi.csv")})) == [
        "semi.csv, row 1: the header is subject_id;part...; expected commas between columns"
        " (inputs.subjects.delimiter)"
    ]
    text = (SHAPES / "base" / "visits.csv").read_text()
    (tmp_path / "visits.csv").write_text(text.replace(".", "@").replace(",", ";").replace("@", ","))
    visits = {"path": str(tmp_path / "visits.csv"), "delimiter": ";"}
    study = examined({"visits": visits | {"numbers": {"decimal": ","}}})
    assert study.queries.empty
    assert rows(study, "visits", "chaq") == [(1.5,), (0.5,), (1.5,), (0.5,)]


def test_a_point_is_no_decimal_sign_where_the_comma_is() -> None:
    visits = {"path": str(SHAPES / "base" / "visits.csv"), "numbers": {"decimal": ","}}
    told = errors(examined({"visits": visits}))
    assert told[0] == ("visits.csv, row 2, chaq: found 1.5; expected a number, written 1234,5")


def test_one_row_a_measurement_with_its_unit_and_limit() -> None:
    long = {"test": "TEST", "value": "RESULT", "unit": "UNIT", "limit": "ULN",
            "tests": {"CK": "ck", "CMAS": "cmas"}}  # fmt: skip
    columns = {"subject_id": "SUBJECT", "visit": "VISIT", "visit_date": "LBDAT"}
    study = examined({"visits": given("labs_long.csv", columns=columns, long=long)})
    assert rows(study, "visits", *VISIT, "ck_uln", "cmas") == [
        ("X1", "SCR", "2025-01-05", 300.0, 170.0, 30.0),
        ("X1", "M2", "2025-03-16", 120.0, 168.0, 45.0),
    ]
    assert study.conversions[["column", "recorded", "unit", "read_as"]].to_numpy().tolist() == [
        ["ck", "2.0", "ukat/L", "120"],
        ["ck_uln", "2.8", "ukat/L", "168"],
    ]
    recorded = study.tables["visits"].recorded
    assert recorded.origin["ck"]["row"].tolist() == [2, 4]
    assert recorded.origin["cmas"]["row"].tolist() == [3, 5]
    # What the definitions need beyond these is told, by the name of the native column.
    assert any("no column mmt8; expected in the header, needed by" in m for m in errors(study))


def test_another_spelling_of_a_unit_is_told_with_the_key_that_names_it(tmp_path: Path) -> None:
    text = (SHAPES / "edc" / "labs_long.csv").read_text().replace("U/L", "Units per L")
    (tmp_path / "labs.csv").write_text(text)
    visits = {
        "path": str(tmp_path / "labs.csv"),
        "columns": {"subject_id": "SUBJECT", "visit": "VISIT", "visit_date": "LBDAT"},
        "long": {"test": "TEST", "value": "RESULT", "unit": "UNIT", "tests": {"CK": "ck"}},
    }
    assert (
        "labs.csv, row 2, ck: found 300; expected a result in U/L or ukat/L or nkat/L; the unit is"
        " Units per L (inputs.visits.unit_names, if that is a spelling of one of them)"
    ) in errors(examined({"visits": visits}))
    told = errors(examined({"visits": visits | {"unit_names": {"Units per L": "U/L"}}}))
    assert not any("the unit is" in message for message in told)


def redcap(name: str, unrecorded: Mapping[str, None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Subjects and visits of an export of REDCap."""
    subjects = given(
        name,
        where={"redcap_event_name": "screening_arm_1"},
        columns={"subject_id": "record_id", "age_years": "age", "consent_date": "consent_dt",
                 "infusion_date": "infusion_dt", **unrecorded},
        values={"sex": {"1": "F", "2": "M"}},
    )  # fmt: skip
    visits = given(
        name,
        where={"redcap_repeat_instrument": ""},
        columns={"subject_id": "record_id", "visit": "redcap_event_name", "visit_date": "visit_dt",
                 "physician_global": "phys_vas", "parent_global": "parent_vas"},
        values={"visit": {"screening_arm_1": "SCR", "month_2_arm_1": "M2"}},
    )  # fmt: skip
    return subjects, visits


def test_redcap_events_and_instruments_are_selected() -> None:
    unrecorded = dict.fromkeys(
        (*("part", "dose_level", "lymphodepletion_date", "cells_per_kg", "last_contact_date"),
         *("death_date", "withdrawal_date", "withdrawal_reason"))
    )  # fmt: skip
    subjects, visits = redcap("redcap.csv", unrecorded)
    study = examined({"subjects": subjects, "visits": visits}, groups=[],
                     safety={"escalation": "none"})  # fmt: skip
    assert rows(study, "subjects", "subject_id", "sex", "infusion_date") == [
        ("X1", "F", "2025-01-15")
    ]
    assert rows(study, "visits", *VISIT, "physician_global") == [
        ("X1", "SCR", "2025-01-05", 300.0, 6.0),
        ("X1", "M2", "2025-03-16", 120.0, 2.0),
    ]
    assert study.sources["visits"]["declared"] == [
        "2 of 3 records count",
        "records with redcap_repeat_instrument empty",
    ]
    unused = study.queries.query("rule == 'unused_column'")["column"].tolist()
    assert unused == ["redcap_repeat_instance"]


def test_one_column_for_term_and_preferred_term_and_none_for_the_class() -> None:
    columns = {"term": "aeterm", "preferred_term": "aeterm"}
    constant = {"system_organ_class": "Not coded"}
    events = given("ae.csv", columns=columns, constant=constant)
    study = examined({"adverse_events": events})
    assert study.queries.empty
    names = ("term", "preferred_term", "system_organ_class")
    assert rows(study, "adverse_events", *names) == [("fever", "fever", "Not coded")]


def test_a_word_for_missing_in_a_column_that_must_be_filled_is_an_error() -> None:
    events = given("ae_na.csv", missing={"aesi": ["NA"], "outcome": ["NA"]})
    study = examined({"adverse_events": events})
    assert [(m.split(",")[2].split(":")[0].strip()) for m in errors(study)] == [
        "preferred_term",
        "system_organ_class",
    ]


def test_the_kinetics_of_the_example_are_native() -> None:
    study = examined({"kinetics": given("kin.csv")})
    assert errors(study) == []
    assert len(study.tables["kinetics"].frame) == 4


def test_a_sample_below_its_limit_is_marked(tmp_path: Path) -> None:
    text = (SHAPES / "edc" / "kin.csv").read_text()
    text = text.replace("copies/ug,,Y,50", "copies/ug,<50,,")
    (tmp_path / "kinetics.csv").write_text(text)
    kinetics = {"path": str(tmp_path / "kinetics.csv")}
    rule = {"numbers": {"below": {"value": "below_lloq"}}}
    study = examined({"kinetics": kinetics | rule})
    assert errors(study) == []
    assert rows(study, "kinetics", "value", "below_lloq", "lloq")[0] == (None, "Y", 50.0)
    assert study.conversions[["column", "recorded", "read_as"]].to_numpy().tolist() == [
        ["value", "<50", ""],
        ["below_lloq", "", "Y"],
        ["lloq", "", "50"],
    ]


def test_a_sample_below_its_limit_in_words_is_marked(tmp_path: Path) -> None:
    text = (SHAPES / "edc" / "kin.csv").read_text()
    (tmp_path / "kinetics.csv").write_text(text.replace("copies/ug,,Y,50", "copies/ug,BLQ,,"))
    kinetics = {"path": str(tmp_path / "kinetics.csv")}
    message = "kinetics.csv, row 2, value: found BLQ; expected a number of at least 0"
    assert message in errors(examined({"kinetics": kinetics}))
    numbers = {"below": {"value": "below_lloq"}, "below_lloq": ["BLQ"]}
    study = examined({"kinetics": kinetics | {"numbers": numbers}})
    assert errors(study) == []
    # No limit is known of a word.
    assert rows(study, "kinetics", "value", "below_lloq", "lloq")[0] == (None, "Y", None)
    assert study.conversions[["column", "recorded", "read_as"]].to_numpy().tolist() == [
        ["value", "BLQ", ""],
        ["below_lloq", "", "Y"],
    ]
    with pytest.raises(PlanError, match="below_lloq with below"):
        examined({"kinetics": kinetics | {"numbers": {"below_lloq": ["BLQ"]}}})


def test_a_laboratory_result_below_its_limit_is_marked(tmp_path: Path) -> None:
    (tmp_path / "laboratory.csv").write_text(
        "subject_id,sample_date,test,unit,value,below_lloq,lloq\n"
        "X1,2025-01-22,CRP,mg/L,<0.5,,\nX1,2025-01-22,IL6,ng/L,BLQ,,1.5\n"
    )
    numbers = {"below": {"value": "below_lloq"}, "below_lloq": ["BLQ"]}
    source = {"path": str(tmp_path / "laboratory.csv"), "numbers": numbers}
    study = examined({"laboratory": source})
    assert errors(study) == []
    assert rows(study, "laboratory", "test", "value", "below_lloq", "lloq") == [
        ("CRP", None, "Y", 0.5),
        ("IL6", None, "Y", 1.5),
    ]


@pytest.mark.parametrize("result", ["<0.5", "BLQ"])
def test_a_mark_that_contradicts_its_result_is_reported(result: str, tmp_path: Path) -> None:
    """A mark of blanks is filled; N would make a missing value of the result."""
    (tmp_path / "laboratory.csv").write_text(
        "subject_id,sample_date,test,unit,value,below_lloq,lloq\n"
        f"X1,2025-01-22,CRP,mg/L,{result}, , \nX1,2025-01-23,CRP,mg/L,{result},N,0.5\n"
    )
    numbers = {"below": {"value": "below_lloq"}, "below_lloq": ["BLQ"]}
    source = {"path": str(tmp_path / "laboratory.csv"), "numbers": numbers}
    study = examined({"laboratory": source})
    assert errors(study) == [
        "laboratory.csv, row 3, below_lloq: found N; expected Y or an empty cell: the result is"
        " below the limit of quantification"
    ]
    assert rows(study, "laboratory", "value", "below_lloq")[0] == (None, "Y")


def test_words_below_a_limit_without_the_column_of_the_value_are_no_traceback(
    tmp_path: Path,
) -> None:
    (tmp_path / "laboratory.csv").write_text(
        "subject_id,sample_date,test,unit\nX1,2025-01-22,CRP,mg/L\n"
    )
    source = {"path": str(tmp_path / "laboratory.csv")}
    study = examined({"laboratory": source | {"numbers": {"below": {"value": "below_lloq"}}}})
    assert "laboratory.csv: no column value; expected in the header" in errors(study)[0]


def test_files_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    text = (SHAPES / "base" / "visits.csv").read_text().splitlines(keepends=True)
    paths = []
    for site, lines in (("1", text[1:3]), ("2", [text[3], text[4].replace(",45,", ",46x,")])):
        (tmp_path / site).mkdir()
        paths.append(str(tmp_path / site / "visits.csv"))
        Path(paths[-1]).write_text("".join([text[0], *lines]))
    study = examined({"visits": {"files": paths}})
    assert errors(study) == [f"{paths[1]}, row 3, cmas: found 46x; expected a number from 0 to 52"]
    place = study.tables["visits"].recorded.origin["cmas"]
    assert place["file"].tolist() == [paths[0], paths[0], paths[1], paths[1]]
    assert place["row"].tolist() == [2, 3, 2, 3]


def test_a_visit_without_its_day_is_told_or_left_out() -> None:
    (message,) = errors(examined({"visits": given("vis_partial.csv")}))
    assert message.startswith("vis_partial.csv, row 3, visit_date: found 2025-03; expected a date")
    assert "inputs.visits.partial_dates" in message
    visits = given("vis_partial.csv", partial_dates={"visit_date": "left_out"})
    study = examined({"visits": visits})
    assert errors(study) == []
    told = study.queries.query("rule == 'partial_date'")
    assert told[["row", "value", "severity"]].to_numpy().tolist() == [[3, "2025-03", "warning"]]


def test_the_whole_file_of_redcap_holds_every_column_once_it_is_named() -> None:
    unnamed = errors(examined({"subjects": given("redcap_full.csv")}))
    assert unnamed
    subjects, visits = redcap("redcap_full.csv", {})
    study = examined({"subjects": subjects, "visits": visits})
    empty = study.queries.query("rule == 'empty_column'")["column"].tolist()
    assert empty == ["chaq", "chq_phs", "das", "mmt8"]
    assert rows(study, "visits", *VISIT) == [
        ("X1", "SCR", "2025-01-05", 300.0),
        ("X1", "M2", "2025-03-16", 120.0),
    ]


def of_two_sites(folder: Path, *units: str) -> dict[str, Any]:
    """The base visits as a file of each of two sites; the second reports CK in ukat/L.

    `units` are what the plan says of CK in the files, by the column CK_UNIT.
    """
    header, *lines = (SHAPES / "base" / "visits.csv").read_text().splitlines()
    second = [line.replace(",300,170,", ",5,2.83,").replace(",120,170,", ",2,2.83,")
              for line in lines[2:]]  # fmt: skip
    for name, part in (("1.csv", lines[:2]), ("2.csv", second)):
        (folder / name).write_text("\n".join([header, *part, ""]))
    files: list[dict[str, Any]] = [{"path": str(folder / f"{number}.csv")} for number in (1, 2)]
    if units:
        constants = [{"constant": {"CK_UNIT": unit}} for unit in units]
        files = [file | constant for file, constant in zip(files, constants, strict=True)]
        return {"files": files, "unit_columns": {"ck": "CK_UNIT", "ck_uln": "CK_UNIT"}}
    return {"files": files}


def test_a_subject_whose_limits_are_of_another_unit_is_told(tmp_path: Path) -> None:
    """A CK of 2 ukat/L (120 U/L) taken for 2 U/L would meet any limit of remission."""
    study = examined({"visits": of_two_sites(tmp_path)})
    assert study.queries[["severity", "rule", "subject_id"]].to_numpy().tolist() == [
        ["warning", "uln_differs", "X1"], ["warning", "uln_differs", "X2"],
    ]  # fmt: skip
    assert study.queries["message"].tolist()[1] == (
        "2.csv, row 2, ck_uln: found 2.83; expected a limit as of the other subjects, 170.0, or the"
        " unit in which this subject's results are recorded (inputs.visits.unit_columns)"
    )


def test_each_file_may_say_the_unit_of_its_results(tmp_path: Path) -> None:
    study = examined({"visits": of_two_sites(tmp_path, "U/L", "ukat/L")})
    assert study.queries.empty
    assert rows(study, "visits", "ck", "ck_uln") == [
        *((300.0, 170.0), (120.0, 170.0), (300.0, 169.8), (120.0, 169.8))
    ]
    # Without a unit for one of them its results have none.
    inputs = of_two_sites(tmp_path, "U/L", "ukat/L")
    del inputs["files"][0]["constant"]
    assert (
        "1.csv, row 2, ck: found 300; expected a result in U/L or ukat/L or nkat/L; the unit is"
        " empty" in errors(examined({"visits": inputs}))
    )


def test_two_digits_of_a_year_of_the_last_century_are_no_year_of_this(tmp_path: Path) -> None:
    """A therapy of 1998 would begin in 2098, and be gone as after the data cut-off."""
    text = "subject_id,therapy,start_date,end_date,new_systemic\n"
    text += "X1,prednisolone,12.03.98,,N\nX2,methotrexate,05.06.35,,N\nX2,aspirin,05.06.24,,N\n"
    (tmp_path / "cm.csv").write_text(text)
    therapies = {"path": str(tmp_path / "cm.csv"), "dates": ["DD.MM.YY"]}
    study = examined({"therapies": therapies})
    assert errors(study) == [
        "cm.csv, row 2, start_date: found 12.03.98; expected a year in four digits, or a value map"
        " that gives the date: by DD.MM.YY it is 2098-03-12, years after the data cut-off"
    ]
    # Ten years after the cut-off of 2025 a later delivery may reach.
    assert rows(study, "therapies", "start_date")[1:] == [("2035-06-05",), ("2024-06-05",)]
    therapies |= {"values": {"start_date": {"12.03.98": "1998-03-12"}}}
    assert rows(examined({"therapies": therapies}), "therapies", "start_date")[0] == ("1998-03-12",)


@pytest.mark.parametrize("forms", [[], ["DD.MM.YYYY"]])
def test_a_date_stored_as_a_number_of_days_is_explained(forms: list[str], tmp_path: Path) -> None:
    text = (SHAPES / "base" / "visits.csv").read_text()
    text = text.replace("2025-03-16", "45732").replace("2025-01-10", "23751")
    (tmp_path / "visits.csv").write_text(text.replace("2025-03-26", "99999"))
    source = {"path": str(tmp_path / "visits.csv")}
    study = examined({"visits": source | ({"dates": forms} if forms else {})})
    usual = "expected a date as YYYY-MM-DD, from 1900 to 2099"
    way = "and a query (sql) or a value map can say so"
    written = f"{usual}, or written DD.MM.YYYY" if forms else usual
    assert [one for one in errors(study) if "visit_date" in one] == [
        f"visits.csv, row 3, visit_date: found 45732; {usual}; as days after 1899-12-30 the number"
        f" is 2025-03-16, {way}",
        f"visits.csv, row 4, visit_date: found 23751; {usual}; as days after 1960-01-01 the number"
        f" is 2025-01-10, {way}",
        f"visits.csv, row 5, visit_date: found 99999; {written}",
    ]


def test_the_query_of_the_guide_makes_dates_of_numbers_of_days(tmp_path: Path) -> None:
    text = (SHAPES / "base" / "visits.csv").read_text().replace("2025-03-16", "45732")
    (tmp_path / "visits.csv").write_text(text)
    guide = " ".join((ROOT / "docs" / "inputs.md").read_text(encoding="utf-8").split())
    (of_guide,) = re.findall(r"`(CASE WHEN regexp_full_match\(d, .*? END)`", guide)
    made = re.sub(r"\bd\b", "visit_date", of_guide)
    query = f"SELECT * REPLACE ({made} AS visit_date) FROM v"
    (tmp_path / "visits.sql").write_text(query)
    sources = {"v": {"path": str(tmp_path / "visits.csv")}}
    study = examined({"sources": sources, "visits": {"sql": str(tmp_path / "visits.sql")}})
    assert study.queries.empty
    assert rows(study, "visits", *VISIT) == BASE_VISITS


def test_a_laboratory_whose_unit_is_another_than_it_says_is_told(tmp_path: Path) -> None:
    """A haemoglobin of 80 g/L under the unit g/dL would be 800 g/L, and of no grade."""
    text = "subject_id,sample_date,test,unit,value,lower_limit,upper_limit\n"
    text += "X1,2025-01-20,HGB,g/L,80,115,155\nX1,2025-01-21,HGB,g/dL,8.1,11.5,15.5\n"
    text += "X2,2025-01-29,HGB,g/dL,80,115,155\nX2,2025-01-30,HGB,g/dL,79,115,155\n"
    text += "X2,2025-01-30,PLAT,10^9/L,80,150,400\n"
    (tmp_path / "lb.csv").write_text(text)
    study = examined({"laboratory": {"path": str(tmp_path / "lb.csv")}})
    of_limits = study.queries.query("rule == 'uln_differs'")
    assert of_limits["message"].tolist() == [
        "lb.csv, row 2, upper_limit: found 155; expected a limit as of the other subjects, 1550"
        " g/L: the unit may be another one",
        "lb.csv, row 4, upper_limit: found 155; expected a limit as of the other subjects, 155"
        " g/L: the unit may be another one",
    ]
