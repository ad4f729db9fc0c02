"""The pages of an analysis in Chinese: no English is left but words of the data and the plan."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from durable.audit.acts import Act
from durable.audit.causes import changes_of_inputs, result_changes, status_changes
from durable.audit.comparison_page import comparison_page
from durable.audit.sides import SINCE, Side, Step
from durable.audit.verdict import Audited, Status, verdict_page, verdict_sentence
from durable.history.states import Check, State
from durable.language import N_, Text, language
from durable.plan import Plan
from tests.chinese import english, values_of, words_of_data, words_of_plan
from tests.display.study import demo_data, run_study, studied_once

ROOT = Path(__file__).parents[2]
Made = tuple[Plan, Path]


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Results of the demo study in Chinese, without figures, which have tests of their own."""

    def make(folder: Path) -> None:
        text = (ROOT / "config" / "config.yaml").read_text()
        text = text.replace("outputs: {", "outputs: {language: zh, ")
        kept = text.replace("series: {cutoffs", "# {cutoffs")
        run_study(demo_data(folder), kept, without=("figures",))

    return studied_once(tmp_path_factory, "demo in Chinese", make)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Results of the same at an earlier data cut-off."""

    def make(folder: Path) -> None:
        text = (ROOT / "config" / "config.yaml").read_text()
        kept = text.split("\nsensitivity:")[0].replace(
            "data_cutoff: 2024-06-30", "data_cutoff: 2023-12-31"
        )
        run_study(demo_data(folder), kept, until="analyse")

    return studied_once(tmp_path_factory, "demo at an earlier cut-off", make)


def words(plan: Plan, folder: Path | None = None) -> list[str]:
    """Words of the data and of the plan; those of the criteria from a folder of results."""
    given = [*words_of_data(ROOT / "data" / "demo"), *words_of_plan(plan)]
    if folder is None:
        return given
    criteria = pd.read_parquet(folder / "adam" / "adie.parquet")
    return [*given, *(value for text in criteria["BASIS"].dropna() for value in values_of(text))]


def test_english_is_found_beside_words_of_the_data() -> None:
    page = '<p title="some long title">Herpes zoster and no more</p><style>not this one</style>'
    assert english(page, ["Herpes zoster"]) == ["some long title", "and no more"]


def test_the_report_has_no_english_sentence(chinese: Made) -> None:
    plan, folder = chinese
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page
    assert english(page, words(plan, folder)) == []
    assert "疾病改善" in page


def test_the_script_of_the_report_speaks_its_language(chinese: Made) -> None:
    page = (chinese[1] / "report.html").read_text(encoding="utf-8")
    texts = json.loads(html.unescape(re.search('data-texts="(.*?)"', page)[1]))  # type: ignore[index]
    assert texts["some of all"] == "{n}行中显示{shown}行"
    assert [text for text in texts.values() if re.search("[A-Za-z]{2} [A-Za-z]", text)] == []


def test_places_on_the_report_do_not_depend_on_the_language(chinese: Made, demo: Made) -> None:
    pages = [(made[1] / "report.html").read_text(encoding="utf-8") for made in (chinese, demo)]
    anchors = [re.findall('<section id="([^"]*)" class="outputs"', page) for page in pages]
    assert (
        anchors[0]
        == anchors[1][: len(anchors[0])]
        == ["subjects", "efficacy", "safety", "cellular-kinetics"]
    )


def side(made: Made, name: str) -> Side:
    plan, folder = made
    value = plan.model_dump(mode="json")
    digests = {"sha256": "ab" * 32}
    code = {**digests, "files": {}}
    manifest = {"plan": {**digests, "value": value}, "code": code, "rules": [], "inputs": []}
    return Side(name, plan, folder, manifest)


def test_the_comparison_has_no_english_sentence(chinese: Made, earlier: Made) -> None:
    sides = side(earlier, "before"), side(chinese, "after")
    steps = [Step(SINCE, *sides)]
    inputs = changes_of_inputs(steps)
    flips = list(status_changes(*sides, steps, inputs))
    results = list(result_changes(*sides, steps))
    assert flips
    plan = [["plan", "analysis.data_cutoff", "none", '"2024-06-30"']]
    with language("zh"):
        page = comparison_page(*sides, plan, inputs, flips, results)
    assert english(page, words(chinese[0])) == []
    assert "<td>无</td>" in page
    with language("zh"):
        assert "删失" in "".join(str(flip.earlier) + str(flip.later) for flip in flips)
    assert "censored: " in "".join(str(flip.earlier) + str(flip.later) for flip in flips)


def test_a_verdict_is_chinese_on_its_page_and_english_elsewhere() -> None:
    known = Text(N_("as recorded by entry {n} of {time}"), n=3, time="2026-01-02")
    check = Check(
        "record", "audit/manifest.json", State.CHANGED, Text(N_("{file} was altered"), file="x")
    )
    statuses = [
        Status("record", "audit/run.json", "verified", detail=known),
        Status(check.kind, check.name, check.state.value, detail=check.detail),
        Status("code", N_("package and workflow"), "differs, allowed"),
    ]
    verdict = verdict_sentence(statuses, refused=False)
    assert verdict.startswith("FAIL: all outputs reproduced byte for byte, but the record is")
    assert str(known) == "as recorded by entry 3 of 2026-01-02"
    audited = Audited("S-1", "a", "T", "2024-06-30", "series", "ab" * 32, "not known")
    acts = [Act("run", "Ann", "2026-01-02", "")]
    with language("zh"):
        page = verdict_page(verdict, audited, statuses, acts)
    assert english(page, []) == []
    for text in (
        "不通过",
        "与2026-01-02的第3条记录一致",
        "x已被更改",
        "系列",
        "软件包与工作流程",
    ):
        assert text in page


def test_a_text_is_the_same_in_any_language() -> None:
    text = Text(N_("{file} was altered"), file="x")
    with language("zh"):
        assert text == Text(N_("{file} was altered"), file="x") == "x was altered"
    assert replace(Check("part", "p", State.CHANGED, text)).detail == "x was altered"
