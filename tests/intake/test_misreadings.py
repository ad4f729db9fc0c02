"""What programs write otherwise than it looks: read as it is meant, or told."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from durable.intake.check import examine
from durable.intake.needs import needs
from durable.intake.parsing import _parse_texts
from durable.intake.readers.number_formats import parts_shown
from durable.intake.readers.sas_formats import format_meaning
from durable.lookalikes import look_alike
from durable.plan import Input, PlanError, load, parse
from durable.stage import STAGES
from tests.intake.study import Edit, Study, cell, data, file_cells, further_column, planned

pytestmark = pytest.mark.requirement("DAT-05")

#: 12 April 2023 as SAS counts: 365 x 63 days and 16 leap days from 1960 to the end of 2022, and 101
#: of 2023.
DAY = 365 * 63 + 16 + 101


def first_column(path: Path, **given: Any) -> list[str]:
    cells = file_cells(Input(path=str(path), **given))
    assert cells is not None
    return [str(text) for text in cells.text["0"]]


# Numbers. 15 significant digits: the 16th and 17th of 0.20000000000000018 are a rest of 2.2 - 2.

RESTS = [
    (2.2 - 2, "0.2"),
    (0.1 + 0.2, "0.3"),
    (61.6 - 60, "1.6"),
    (100 * 1.1, "110"),
    (1 / 3, "0.333333333333333"),
    (1234567890123456.0, "1234567890123456"),  # a whole number: each digit counts
    (9.61e6, "9610000"),
    (1e-7, "0.0000001"),
]


@pytest.mark.parametrize("form", ["xlsx", "parquet", "xpt", "json"])
def test_a_number_of_a_binary_file_has_15_significant_digits(form: str, tmp_path: Path) -> None:
    values = [value for value, _ in RESTS]
    if form == "xpt":
        values.remove(1234567890123456.0)
    path = tmp_path / f"visits.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for value in ["cmas", *values]:
            book.active.append([value])
        book.save(path)
    elif form == "parquet":
        pq.write_table(pa.table({"cmas": values}), path)
    elif form == "xpt":
        pyreadstat.write_xport(pd.DataFrame({"CMAS": values}), path, file_format_version=5)
    else:
        rows = ", ".join(f"[{value!r}]" for value in values)
        text = '{"datasetJSONVersion": "1.1.0", "columns": [{"name": "cmas"}], "rows": [%s]}'
        path.write_text(text % rows)
    expected = [text for value, text in RESTS if value in values]
    assert first_column(path) == expected


def test_a_number_of_single_precision_has_7_significant_digits(tmp_path: Path) -> None:
    """2.2 - 2 is 0.20000005 there."""
    values = pa.array([0.20000005, 1234.567, 16777215.0, 0.1], pa.float32())
    pq.write_table(pa.table({"cmas": values}), tmp_path / "v.parquet")
    assert first_column(tmp_path / "v.parquet") == ["0.2", "1234.567", "16777215", "0.1"]


def test_a_whole_number_of_64_bits_keeps_all_digits(tmp_path: Path) -> None:
    pq.write_table(pa.table({"subject_id": [310101200001011235]}), tmp_path / "v.parquet")
    assert first_column(tmp_path / "v.parquet") == ["310101200001011235"]


def test_a_number_of_a_text_file_is_as_written(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("cmas\n0.20000000000000018\n")
    assert first_column(tmp_path / "v.csv") == ["0.20000000000000018"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e+07", 1e7), ("9.61E+06", 9610000), ("1E7", 1e7), ("1.0e-3", 0.001), ("-2e0", -2)],
)
def test_a_number_with_an_exponent_is_one(text: str, value: float) -> None:
    assert _parse_texts([text], "number").tolist() == [value]


@pytest.mark.parametrize(
    "text",
    ["1,5", "0x10", "inf", "nan", "1_000", "1e", "e7", "1e7.5", "1 e7", "1e999", "1e-400", "1d7"],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert pd.isna(_parse_texts([text], "number")).all()


@pytest.mark.parametrize(("text", "whole"), [("3e0", 3), ("1.5E1", 15), ("3", 3)])
def test_a_whole_number_with_an_exponent_is_one(text: str, whole: int) -> None:
    assert _parse_texts([text], "integer").tolist() == [whole]


@pytest.mark.parametrize("text", ["1.5e0", "1e-1", "3.0"])
def test_a_fraction_is_no_whole_number(text: str) -> None:
    assert pd.isna(_parse_texts([text], "integer")).all()


# Workbooks.


@pytest.mark.parametrize(
    ("shown", "part"),
    [
        ("yyyy-mm-dd", "day"),
        ("[$-411]ge.m.d", "day"),
        ('[$-411]ggge"\u5e74"m"\u6708"d"\u65e5"', "day"),
        ("d/m/bbbb", "day"),
        ("dddd", "day"),
        ("d", "day"),
        (r"d\ mmm\ yyyy;@", "day"),
        ("h:mm", "day"),
        ("d-mmm", "month and day"),
        ("mmm-yy", "month"),
        ('[$-411]ggge"\u5e74"m"\u6708"', "month"),
        ("mmm", "month"),
        ("yyyy", "year"),
        ('"day" yyyy', "year"),
    ],
)
def test_a_date_is_as_much_as_its_format_shows(shown: str, part: str) -> None:
    assert parts_shown(shown) == part


def test_escapes_of_a_workbook_are_characters(tmp_path: Path) -> None:
    """Written by hand: shared strings as Excel has them, and an inline one."""
    book = openpyxl.Workbook()
    values = ["a_x000D_", "_x005F_x000D_", "_xD83D__xDE00_", "_x00e9_", "_xZZZZ_", "x005F_"]
    for value in ["visit", *values]:
        book.active.append([value])
    book.save(tmp_path / "v.xlsx")
    read = ["a\r", "_x000D_", "\U0001f600", "\u00e9", "_xZZZZ_", "x005F_"]
    assert first_column(tmp_path / "v.xlsx") == read


def test_a_whole_number_filled_up_with_zeros_is_what_it_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for place, (value, shown) in enumerate([(1, "000"), (1234, "000"), (1, "0"), (1.5, "00")], 2):
        book.active.cell(place, 1, value).number_format = shown
    book.active["A1"] = "subject_id"
    book.save(tmp_path / "v.xlsx")
    assert first_column(tmp_path / "v.xlsx") == ["001", "1234", "1", "1.5"]


def test_a_number_beyond_double_precision_is_text_that_is_no_number(tmp_path: Path) -> None:
    whole = "1" + "0" * 309
    book = openpyxl.Workbook()
    for row, (value, shown) in enumerate([(55, "0"), (66, "000"), (77, "000")], 2):
        book.active.cell(row, 1, value).number_format = shown
    book.active["A1"] = "cmas"
    book.save(tmp_path / "plain.xlsx")
    with ZipFile(tmp_path / "plain.xlsx") as plain, ZipFile(tmp_path / "v.xlsx", "w") as other:
        for name in plain.namelist():
            text = plain.read(name).decode()
            for value, digits in (("55", whole), ("66", whole), ("77", "1e400")):
                text = text.replace(f"<v>{value}</v>", f"<v>{digits}</v>")
            other.writestr(name, text)
    texts = first_column(tmp_path / "v.xlsx")
    assert texts == [whole, whole, "inf"]
    assert pd.isna(_parse_texts(texts, "number")).all()


# SAS.

DATES = "DATE9. date7 E8601DA. e8601da10 YYMMDD10. YYMMDDN8. MMDDYY8. ddmmyyp10. WEEKDATE29. "
DATES += "WORDDATE. NENGO10. MINGUO8. JULIAN7. IS8601DA10. B8601DA8. MONYY7. YEAR4. NLDATE20."
MOMENTS = "DTDATE9. dtdate7 E8601DN. B8601DN8. IS8601DN. E8601DT19. b8601dt DATETIME20. "
MOMENTS += "DATETIME22.3 DATEAMPM. NLDATM. DTMONYY7."


def transport(path: Path, form: str, *values: float | None) -> list[str]:
    pyreadstat.write_xport(
        pd.DataFrame({"VISDT": values}),
        path,
        file_format_version=5,
        variable_format={"VISDT": form},
    )
    return first_column(path)


@pytest.mark.parametrize("form", DATES.split())
def test_a_date_of_sas_is_one_in_every_format(form: str, tmp_path: Path) -> None:
    assert transport(tmp_path / "v.xpt", form, DAY, None) == ["2023-04-12", ""]


@pytest.mark.parametrize("form", MOMENTS.split())
def test_midnight_is_its_date_in_every_format_of_dates_with_times(
    form: str, tmp_path: Path
) -> None:
    assert transport(tmp_path / "v.xpt", form, DAY * 86400.0, None) == ["2023-04-12", ""]


@pytest.mark.parametrize(
    ("form", "value", "read"),
    [
        ("DATETIME20.", DAY * 86400 + 36000, "2023-04-12T10:00:00"),  # told: no date
        ("DTDATE9.", DAY * 86400 + 36000, "2023-04-12"),  # the format shows the date alone
        ("DTDATE9.", DAY, "1960-01-01T06:25:12"),  # days under a format of seconds: told
        ("DATE9.", DAY * 86400.0, str(DAY * 86400)),  # seconds under a format of days: told
        ("DATE9.", DAY + 0.5, "2023-04-12T12:00:00"),
        ("MONYY7.", DAY - 11, "2023-04"),  # the first of a month, and no other day: a month
        ("BEST12.", DAY, str(DAY)),
        ("TIME8.", 31500, "08:45"),
        ("TOD8.", DAY * 86400 + 31500, "08:45"),
        ("MYDATE9.", DAY, str(DAY)),
    ],
)
def test_a_number_of_sas_is_what_its_format_says(
    form: str, value: float, read: str, tmp_path: Path
) -> None:
    assert transport(tmp_path / "v.xpt", form, value) == [read]


@pytest.mark.parametrize("form", ["8.", "F8.2", "E10.", "COMMA10.", "DOLLAR8.", "$10.", "", None])
def test_formats_of_numbers_are_no_dates(form: str | None) -> None:
    assert format_meaning(form) is None


# Characters that look alike.


@pytest.mark.parametrize(
    ("given", "expected", "told"),
    [
        ("\u00b5g", "\u03bcg", "\u00b5 U+00B5 MICRO SIGN in place of \u03bc U+03BC GREEK"),
        ("\u0410", "one of A, B", "\u0410 U+0410 CYRILLIC CAPITAL LETTER A in place of A U+0041"),
        ("\u0421K", "CK", "\u0421 U+0421 CYRILLIC CAPITAL LETTER ES in place of C U+0043"),
        ("cells\u2215uL", "cells/uL", "\u2215 U+2215 DIVISION SLASH in place of / U+002F SOLIDUS"),
        ("\uff39", "one of Y, N", "\uff39 U+FF39 FULLWIDTH LATIN CAPITAL LETTER Y in place"),
        ("T\u2013cell", "T-cell, as elsewhere", "\u2013 U+2013 EN DASH in place of - U+002D"),
        ("M2\u200b", "M2", "U+200B ZERO WIDTH SPACE too many"),
    ],
)  # fmt: skip
def test_characters_that_look_alike_are_told_by_code_points(
    given: str, expected: str, told: str
) -> None:
    assert look_alike(given, expected).startswith(told)


@pytest.mark.parametrize(
    ("given", "expected"), [("ck", "CK"), ("y", "one of Y, N"), ("\u0441", "one of remission"),
                            ("\u5426", "one of Y, N"), ("\u00e9t\u00e9", "\u00e9t\u00e9")]
)  # fmt: skip
def test_what_does_not_look_alike_is_not_told_so(given: str, expected: str) -> None:
    assert look_alike(given, expected) == ""


def messages(study: Study) -> dict[tuple[str, str], str]:
    study.check()
    listed = pd.read_csv(study.results / "queries.csv", keep_default_na=False, dtype=str)
    return {(line["rule"], line["column"]): line["message"] for line in listed.to_dict("records")}


def test_findings_tell_the_code_points(tmp_path: Path) -> None:
    study = Study(tmp_path)
    cell("subjects", 2, "part", "\u0410")(study)
    cell("visits", 6, "cmas", "\uff13\uff11")(study)
    cell("kinetics", 4, "unit", "\u0441ells/uL")(study)
    data("therapies", lambda text: text.replace(b"reason", "re\u0430son".encode(), 1))(study)
    told = messages(study)
    assert "U+0410 CYRILLIC CAPITAL LETTER A" in told["not_allowed", "part"]
    assert "\uff13 U+FF13 FULLWIDTH DIGIT THREE" in told["not_a_number", "cmas"]
    assert "U+0441 CYRILLIC SMALL LETTER ES" in told["mixed_units", "unit"]
    assert "U+0430 CYRILLIC SMALL LETTER A" in told["missing_column", "reason"]


# Keys and values that YAML does not read as text.


@pytest.mark.parametrize(
    ("values", "key", "words"),
    [
        ("{serious: {TRUE: Y}}", "values.serious: found the key true", '"TRUE" or "True" or'),
        ("{serious: {true: Y}}", "values.serious: found the key true", '"YES" or "ON" where'),
        ("{serious: {false: N}}", "values.serious: found the key false", '"NO" or "OFF" where'),
        ("{serious: {False: N}}", "values.serious: found the key false", '"FALSE" or "False" or'),
        ("{serious: {1: Y}}", "values.serious: found the key 1", 'such as "1"'),
        ("{serious: {2.50: Y}}", "values.serious: found the key 2.5", "with all its digits"),
        ("{serious: {null: N}}", "values.serious: found the key nothing", '"null"'),
        ('{serious: {"x": true}}', "values.serious.x: found true", '"TRUE" or "True" or "true"'),
        ('{serious: {"ND": }}', "values.serious.ND: found nothing", '"" for missing'),
    ],
)  # fmt: skip
def test_text_without_quotes_that_yaml_reads_as_something_else(
    values: str, key: str, words: str, tmp_path: Path
) -> None:
    told = refused(tmp_path, f"  adverse_events: {{path: a.csv, values: {values}}}")
    assert f"inputs.adverse_events.{key}" in told
    assert words in told


def test_every_mapping_says_to_quote(tmp_path: Path) -> None:
    told = refused(tmp_path, "  kinetics: {path: k.csv, columns: {unit: 1}, units: {false: mm}}")
    assert "inputs.kinetics.columns.unit: found 1; expected text in quotes, with all its" in told
    assert "inputs.kinetics.units: found the key false; expected text in quotes" in told


def test_two_keys_that_yaml_reads_alike_are_told(tmp_path: Path) -> None:
    told = refused(tmp_path, "  kinetics: {path: k.csv, values: {below_lloq: {TRUE: Y, true: Y}}}")
    assert 'the key True a second time (text in quotes, as the file has it: "TRUE"' in told


def test_words_for_yes_and_no_are_text_without_quotes(tmp_path: Path) -> None:
    line = "  adverse_events: {path: a.csv, values: {serious: {YES: Y, no: N, on: Y, Off: N}}}"
    read = load(written_plan(tmp_path, line)).inputs.adverse_events.values  # noqa: PD011
    assert read == {"serious": {"YES": "Y", "no": "N", "on": "Y", "Off": "N"}}


def refused(folder: Path, line: str) -> str:
    plan = written_plan(folder, line)
    with pytest.raises(PlanError) as error:
        load(plan)
    return str(error.value)


def written_plan(folder: Path, line: str) -> Path:
    """A plan with another line in its section ``inputs``."""
    plan = folder / "plan.yaml"
    inputs = f"inputs:\n  subjects: {{path: s.csv}}\n  visits: {{path: v.csv}}\n{line}\n"
    plan.write_text(f"analysis: {{id: x, data_cutoff: 2024-06-30}}\nstudy: {{id: S}}\n{inputs}")
    return plan


# Columns that the definitions in force do not need.


def needed(**response: Any) -> dict[str, str]:
    raw = Study(Path()).raw
    plan = parse({**raw, "response": response})
    return needs(plan).missing("visits", {"subject_id", "visit", "visit_date"})


def test_what_is_needed_follows_from_the_definitions() -> None:
    printo = {"physician_global", "parent_global", "cmas", "chaq", "chq_phs", "das"}
    assert set(needed()) == printo | {"mmt8", "ck", "investigator_assessment"}
    assert needed()["mmt8"] == "response.remission.rule (modified_printo)"
    by_index = needed(remission={"rule": "jdmai1"}, recurrence={"investigator": False})
    assert set(by_index) == printo | {"jdmai1"}
    imacs = needed(core_set="imacs", remission={"rule": "tis"})
    assert {"mmt8", "extramuscular", "ck"} < set(imacs)
    assert "cmas" not in imacs
    free = needed(remission={"glucocorticoid_max_mg_kg": 0.1, "immunosuppressant_free": True})
    assert {"glucocorticoid_mg_kg", "immunosuppressant"} < set(free)


def test_definitions_of_sensitivity_analyses_need_their_columns_too() -> None:
    raw = Study(Path()).raw
    variant = {"off": {"response": {"remission": {"immunosuppressant_free": True}}}}
    plan = parse({**raw, "response": {}, "sensitivity": variant})
    missing = needs(plan).missing("visits", set())
    key = "sensitivity.off.response.remission.immunosuppressant_free"
    assert missing["immunosuppressant"] == key


def test_an_enzyme_of_the_core_set_needs_its_limit_and_the_others_none() -> None:
    raw = Study(Path()).raw
    found = needs(parse({**raw, "response": {"core_set": "imacs"}}))
    present = {name for name, key in found.columns["visits"].items()} | {"ck", "ast", "ast_uln"}
    key = "response.core_set (imacs)"
    assert found.missing("visits", present) == {"ck_uln": key}


def dropped(study: Study, table: str, *names: str) -> None:
    rows = study.cells(table)
    places = [i for i, name in enumerate(rows[0]) if name not in names]
    study.write(table, [[row[i] for i in places] for row in rows])


def test_a_column_that_nothing_needs_may_be_absent(tmp_path: Path) -> None:
    study = Study(tmp_path)
    dropped(study, "visits", "aldolase", "aldolase_uln", "extramuscular", "ck_uln")
    dropped(study, "kinetics", "sample_time", "nominal_day")
    dropped(study, "therapies", "reason")
    assert not [one for one in study.check() if one.severity == "error"]
    sources = pd.read_json(study.results / "checked" / "sources.json")
    absent = ["extramuscular", "ck_uln", "aldolase", "aldolase_uln"]
    assert sorted(sources.loc["not_recorded", "visits"]) == sorted(absent)


def test_a_column_that_is_needed_is_told_with_what_needs_it(tmp_path: Path) -> None:
    study = Study(tmp_path)
    dropped(study, "visits", "das", "investigator_assessment")
    dropped(study, "subjects", "part")
    planned("response.recurrence.worsening.enabled", value=True)(study)
    dropped(study, "visits", "extramuscular")
    told = messages(study)
    for column, key in (
        ("das", "response.core_set (printo)"),
        ("investigator_assessment", "response.recurrence.investigator"),
        ("extramuscular", "response.recurrence.worsening.enabled"),
        ("part", "groups"),
    ):
        assert told["missing_column", column].endswith(f"needed by {key}")


def test_a_column_written_otherwise_is_not_taken_for_absent(tmp_path: Path) -> None:
    study = Study(tmp_path)
    data("visits", lambda text: text.replace(b"aldolase,", b"Aldolase,", 1))(study)
    assert "(the header has Aldolase)" in messages(study)["missing_column", "aldolase"]


def test_a_date_of_parquet_with_a_zone_is_told(tmp_path: Path) -> None:
    moment = pa.array([dt.datetime(2024, 1, 2, tzinfo=dt.UTC)], pa.timestamp("s", "UTC"))
    data_ = io.BytesIO()
    pq.write_table(pa.table({"visit_date": moment}), data_)
    (tmp_path / "v.parquet").write_bytes(data_.getvalue())
    assert first_column(tmp_path / "v.parquet") == ["2024-01-02T00:00:00+00:00"]


@pytest.mark.parametrize("written", ["rash\rand fever", "rash\r\nand fever", "rash\nand fever"])
def test_a_line_break_within_a_text_is_one_line_feed(written: str, tmp_path: Path) -> None:
    """Whatever program wrote it: a carriage return alone would begin a row of the CSV outputs."""
    study = Study(tmp_path)
    header, first, *_rest = study.cells("therapies")
    reason = header.index("reason")
    quoted = [f'"{written}"' if i == reason else text for i, text in enumerate(first)]
    study.files["therapies"] = "\n".join([",".join(header), ",".join(quoted), ""]).encode()
    examined = examine(study.plan().restrict_to(STAGES["check"].sections))
    assert examined.tables["therapies"].frame["reason"].tolist() == ["rash\nand fever"]
    assert examined.queries["rule"].eq("line_break").sum() == 1


MSA = {"column": "msa", "values": {"N": "Negative", "MDA5": "MDA5"}}


def test_a_word_for_missing_is_a_level_where_the_plan_names_it(tmp_path: Path) -> None:
    """N of an antibody is negative; NA, which the plan does not name, is an empty cell."""
    study = Study(tmp_path)
    cells = dict.fromkeys(range(2, 15), "MDA5") | {3: "N", 4: "NA"}
    further_column("subjects", "msa", cells)(study)
    planned("subgroups", {"msa": MSA, "other": MSA | {"values": {"MDA5": "a", "N": "b"}}})(study)
    found = {(f.row, f.rule) for f in study.check() if f.table == "subjects"}
    assert (4, "missing_word") in found
    assert not {rule for row, rule in found if row == 3}
    recorded = pd.read_parquet(study.results / "checked" / "subjects.parquet")["msa"]
    assert recorded.iloc[:3].tolist() == ["MDA5", "N", None]


@pytest.mark.parametrize("name", ["race", "ethnicity"])
@pytest.mark.parametrize("term", ["UNKNOWN", "NOT REPORTED"])
def test_terms_of_cdisc_codelists_are_answers(name: str, term: str, tmp_path: Path) -> None:
    study = Study(tmp_path)
    cell("subjects", 2, name, term)(study)
    cell("subjects", 3, name, "NA")(study)
    found = [(f.row, f.rule) for f in study.check() if f.column == name]
    assert found == [(3, "missing_word")]
    recorded = pd.read_parquet(study.results / "checked" / "subjects.parquet")[name]
    assert recorded.iloc[0] == term


@pytest.mark.parametrize(
    ("form", "text", "listed"),
    [
        (
            "YYYY-DD-MM",
            "2023-04-03",
            "one form: it is 2023-04-03 as YYYY-MM-DD and 2023-03-04 as YYYY-DD-MM",
        ),
        ("YYYY-DD-MM", "2023-02-30", "a date as YYYY-MM-DD, from 1900 to 2099"),
        # A form of times alone made a missing date of a time.
        ("hh:mm", "08:45", "a date as YYYY-MM-DD, from 1900 to 2099, or written hh:mm"),
    ],
)
def test_a_date_that_a_form_contradicts_is_reported(
    form: str, text: str, listed: str, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    planned("inputs.visits.dates", [form])(study)
    cell("visits", 6, "visit_date", text)(study)
    study.check()
    listing = pd.read_csv(study.results / "queries.csv", dtype=str)
    wrong = listing.loc[(listing["column"] == "visit_date") & (listing["row"] == "6"), "message"]
    assert f"visits.csv, row 6, visit_date: found {text}; expected {listed}" in wrong.tolist()


@pytest.mark.parametrize("text", ["2023-13-04", "2023-04-04"])
def test_a_date_that_one_form_alone_reads_as_a_day_is_read(text: str, tmp_path: Path) -> None:
    study = Study(tmp_path)
    planned("inputs.visits.dates", {"visit_date": ["YYYY-DD-MM"]})(study)
    rows = study.cells("visits")
    rows[1][rows[0].index("visit_date")] = text
    study.write("visits", rows[:2])
    study.check()
    checked = pd.read_parquet(study.results / "checked" / "visits.parquet")
    assert checked["visit_date"].dt.strftime("%Y-%m-%d").tolist() == [text[:5] + "04-" + text[5:7]]


def messages_by_rule(folder: Path, rule: str, *edits: Edit) -> list[str]:
    """What is reported by a rule of the demo study with these edits."""
    study = Study(folder)
    for edit in edits:
        edit(study)
    queries = examine(study.plan().restrict_to(STAGES["check"].sections)).queries
    return queries.loc[queries["rule"] == rule, "message"].tolist()


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (cell("visits", 6, "ldh", "> 2000"),
         "visits.csv, row 6, ldh: found > 2000; expected a number of at least 0"
         " (inputs.visits.numbers.above.ldh: limit or missing would be read)"),
        (cell("kinetics", 4, "value", "<0.10"),
         "kinetics.csv, row 4, value: found <0.10; expected a number of at least 0"
         " (inputs.kinetics.numbers.below.value: limit or half or missing or below_lloq would be"
         " read)"),
        (cell("visits", 6, "ck", "<LLOQ"),
         "visits.csv, row 6, ck: found <LLOQ; expected a number of at least 0"),
    ],
)  # fmt: skip
def test_a_result_beyond_a_limit_is_told_with_the_key_that_reads_it(
    edit: Edit, expected: str, tmp_path: Path
) -> None:
    assert messages_by_rule(tmp_path, "not_a_number", edit) == [expected]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (("007", "008"), "007, as in the subjects table (nothing instead of U+0030 DIGIT ZERO)"),
        # Which of the two is meant nobody here can know.
        (("007", "07"), "a subject of the subjects table"),
    ],
)
def test_a_number_that_lost_its_zeros_is_told_with_the_subject_that_it_may_be(
    numbers: tuple[str, str], expected: str, tmp_path: Path
) -> None:
    def renumbered(study: Study) -> None:
        given = dict(zip(("CQ-001", "CQ-002"), numbers, strict=True))
        for name in study.files:
            text = study.files[name].decode()
            for old, new in given.items():
                text = text.replace(old, new)
            study.files[name] = text.encode()

    found = messages_by_rule(
        tmp_path, "unknown_subject", renumbered, cell("visits", 6, "subject_id", "7")
    )
    assert found == [f"visits.csv, row 6, subject_id: found 7; expected {expected}"]


def test_a_new_therapy_before_or_without_the_infusion_says_which(tmp_path: Path) -> None:
    found = messages_by_rule(
        tmp_path,
        "new_before_infusion",
        cell("therapies", 3, "new_systemic", "Y"),
        cell("therapies", 11, "new_systemic", "Y"),
    )
    assert found == [
        "therapies.csv, row 3, new_systemic: found Y; expected Y only for a therapy that starts on"
        " or after the day of infusion (2023-02-14)",
        "therapies.csv, row 11, new_systemic: found Y; expected N: the subject has no infusion"
        " date",
    ]
