"""Queries in Chinese: every message, the page and the workbook, and answers across languages."""
# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from tools import catalogues

from durable.intake.query_columns import SHEETS, SHOWN, SITE, SITE_STATUSES
from durable.intake.rules import RULES
from durable.language import LANGUAGES, _, language
from durable.stage import STAGES
from tests.intake.catalogue import CASES, Case
from tests.intake.study import Edit, Study, again, cell, planned

CHINESE = planned("outputs.language", "zh")
_HAN = re.compile("[\u4e00-\u9fff]")
#: The name that Unicode gives a character, behind its code point.
_CHARACTER = re.compile(r"(U\+[0-9A-F]{4,6}) [A-Z][A-Z0-9 -]+")
_ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
#: What is no text of the package: reasons of libraries, words of the data, of the plan and of
#: CDISC, and the headings of a workbook in English.
_QUOTED = (
    *("Blood and lymphatic system disorders", "not recovered", "EXTRT CAR-T"),
    *("expected after", "truncated data", "h:mm am", "Site status"),
    "blood_hcg POS",
    "Permission Error: Cannot access file",
    "file system operations are disabled by configuration",
)


def case_of_each_rule() -> list[Case]:
    """The first case of each rule."""
    chosen: list[Case] = []
    seen: set[str] = set()
    for case in CASES:
        rules = {found.rule for found in case.expected}
        if rules - seen:
            chosen.append(case)
            seen |= rules
    assert seen == set(RULES)
    return chosen


def listed(folder: Path, *edits: Edit) -> pd.DataFrame:
    """The listing of a study as the stage writes it, in the language of its plan."""
    folder.mkdir(parents=True, exist_ok=True)
    study = Study(folder)
    for edit in edits:
        edit(study)
    study.leave_out_the_unconcerned()
    STAGES["check"].run(study.plan(), study.results)
    return pd.read_csv(study.results / "queries.csv", dtype=str, keep_default_na=False)


def english_in(message: str, *values: str) -> list[str]:
    """Runs of English words in a message, beside what the data and the plan hold."""
    for value in filter(None, (*values, *_QUOTED)):
        message = message.replace(value, "")
    return _ENGLISH.findall(_CHARACTER.sub(r"\1", message))


@pytest.mark.parametrize("case", case_of_each_rule(), ids=lambda case: case.expected[0].rule)
def test_a_message_of_each_rule_is_in_chinese(case: Case, tmp_path: Path) -> None:
    findings = listed(tmp_path, *case.edits, CHINESE)
    assert {found.rule for found in case.expected} <= set(findings["rule"])
    for row in findings.to_dict("records"):
        values = (row["value"], row["value"].removeprefix("'"), row["file"], row["record"])
        assert english_in(row["message"], *values) == [], row["message"]
        assert _HAN.search(row["message"]), row["message"]
        assert row["expected"] in row["message"]
        assert _HAN.search(row["expected"]) or not english_in(row["expected"], *values)


FAULTS = (
    cell("visits", 6, "cmas", "53"),
    cell("visits", 7, "mmt8", "\uff18\uff10"),
    cell("subjects", 4, "sex", "female"),
    cell("adverse_events", 3, "preferred_term", "lymphopenia"),
    cell("therapies", 2, "end_date", "2021-02-28"),
    cell("kinetics", 4, "unit", "cells/mL"),
    again("visits", 6, visit="UNS", visit_date="2023-05-01"),
    cell("adverse_events", 5, "term", "F" * 250 + "\u200b"),
)


def test_a_finding_is_the_same_one_in_every_language(tmp_path: Path) -> None:
    english = listed(tmp_path / "en", *FAULTS)
    chinese = listed(tmp_path / "zh", *FAULTS, CHINESE)
    said = ["message", "expected"]
    assert english.drop(columns=[*said, "value"]).equals(chinese.drop(columns=[*said, "value"]))
    assert not (english["message"] == chinese["message"]).any()
    # Of a text that is cut, its length is said in words.
    differs = english["value"] != chinese["value"]
    assert (
        chinese.loc[differs, "value"].str.fullmatch(r"F{200}\.\.\.\uff08共25\d个字符\uff09").all()
    )


def test_a_message_says_where_what_and_what_is_expected(tmp_path: Path) -> None:
    messages = listed(tmp_path, *FAULTS, CHINESE)["message"].tolist()
    assert "visits.csv，第6行，cmas：记录值为53；期望：0至52的数字" in messages
    assert (
        "visits.csv，第7行，mmt8：记录值为８０；期望：0至80的数字"
        "（不应含８ U+FF18 FULLWIDTH DIGIT EIGHT, ０ U+FF10 FULLWIDTH DIGIT ZERO）"
        "（８ U+FF18 FULLWIDTH DIGIT EIGHT，应为8 U+0038 DIGIT EIGHT, "
        "０ U+FF10 FULLWIDTH DIGIT ZERO，应为0 U+0030 DIGIT ZERO）"
    ) in messages


def returned(results: Path, name: str, change: Callable[[Any], None]) -> Path:
    """The workbook of queries as the site sends it back."""
    book = openpyxl.load_workbook(results / "queries.xlsx")
    change(book.worksheets[0])
    path = results / name
    book.save(path)
    return path


def answered(sheet: Any) -> None:
    """Answers to the first query, the status chosen from the list."""
    columns = {name: place for place, name in enumerate(SHOWN, start=1)}
    offer = sheet.data_validations.dataValidation[0].formula1.strip('"').split(",")
    for name, answer in zip(SITE, ("CMAS 43", offer[0], "see source"), strict=True):
        sheet.cell(2, columns[name]).value = answer


@pytest.mark.parametrize(("sent", "received"), [("en", "zh"), ("zh", "en"), ("zh", "zh")])
def test_a_workbook_comes_back_to_a_run_in_another_language(
    sent: str, received: str, tmp_path: Path
) -> None:
    first = listed(tmp_path / "sent", *FAULTS, planned("outputs.language", sent))
    path = returned(tmp_path / "sent" / "results", "returned.xlsx", answered)
    since = planned("outputs.queries_since", str(path))
    second = listed(tmp_path / "back", *FAULTS, planned("outputs.language", received), since)
    # No finding on the workbook, and every query is known again.
    assert second["query_id"].tolist() == first["query_id"].tolist()
    answers = second.loc[second["response"] != "", [*SITE, "date_raised"]].to_numpy().tolist()
    assert answers == [["CMAS 43", "corrected", "see source", "2024-06-30"]]
    with language(received):
        names = [_(heading) for heading, _width in SHOWN.values()]
        queries, status, offered = _("Queries"), _("open"), _("corrected")
    book = openpyxl.load_workbook(tmp_path / "back" / "results" / "queries.xlsx")
    header, *rows = book[queries].iter_rows(values_only=True)
    assert list(header) == names
    shown = pd.DataFrame(rows, columns=list(SHOWN))
    assert set(shown["status"]) == {status}
    assert [status for status in shown["site_status"] if status] == [offered]
    (resolved,) = book.worksheets[1].iter_rows(values_only=True)
    assert list(resolved) == names


def test_an_edited_row_of_a_chinese_workbook_is_found(tmp_path: Path) -> None:
    listed(tmp_path / "sent", *FAULTS, CHINESE)

    def edit(sheet: Any) -> None:
        sheet.cell(3, list(SHOWN).index("value") + 1).value = "another"

    path = returned(tmp_path / "sent" / "results", "returned.xlsx", edit)
    second = listed(tmp_path / "back", *FAULTS, planned("outputs.queries_since", str(path)))
    found = second.loc[second["table"] == "", ["rule", "row", "expected"]].to_numpy().tolist()
    expected = "answers in the columns 答复, 研究中心状态, 备注 alone"
    assert found == [["query_row_edited", "3", expected]]


def test_an_earlier_listing_in_english_leaves_no_query_new_or_resolved(tmp_path: Path) -> None:
    listed(tmp_path / "first", *FAULTS)
    since = planned("outputs.queries_since", str(tmp_path / "first" / "results" / "queries.csv"))
    listed(tmp_path / "second", *FAULTS, CHINESE, since)
    page = (tmp_path / "second" / "results" / "queries.html").read_text("utf-8")
    assert '<html lang="zh">' in page
    counts = re.search('<p class="verdict[^>]*>(.*?)</p>', page, re.DOTALL)
    assert counts is not None
    assert re.findall("待处理|新增|已解决", counts[1]) == ["待处理", "待处理"]


def test_the_page_and_the_workbook_have_no_english_word_of_the_package(tmp_path: Path) -> None:
    listed(tmp_path, *FAULTS, CHINESE)
    page = (tmp_path / "results" / "queries.html").read_text("utf-8")
    body = re.sub("<(style|td)[^>]*>.*?</(style|td)>", "", page, flags=re.DOTALL)
    words = set(re.findall("[A-Za-z]{3,}", re.sub("<[^>]*>", " ", body)))
    assert words == {"NCT", "synthetic", "demo", "interim", "queries", "xlsx"}
    book = openpyxl.load_workbook(tmp_path / "results" / "queries.xlsx")
    assert book.sheetnames == ["质疑", "已解决", "答复说明", "读取的记录", "索引"]
    for sheet in book.worksheets:
        assert all(_HAN.search(heading.value) for heading in sheet[1])


@pytest.mark.parametrize("name", LANGUAGES)
def test_headings_and_offered_statuses_can_be_told_apart(name: str) -> None:
    with language(name):
        for columns in SHEETS.values():
            assert len({_(heading) for heading in columns.values()}) == len(columns)
        assert len({_(sheet) for sheet in SHEETS}) == len(SHEETS)
        assert len({_(status) for status in SITE_STATUSES}) == len(SITE_STATUSES)


@pytest.mark.parametrize("name", [name for name in LANGUAGES if name != "en"])
def test_what_is_expected_stands_behind_the_same_words_in_every_text(name: str) -> None:
    with language(name):
        between = _("; expected ")
        for message in catalogues.read(name, "queries"):
            if message.id and "; expected " in message.id:
                assert _(message.id).count(between) == 1, message.id
