"""The tables in Chinese: no word of English is left but those of the data and of the plan."""

# ruff: noqa: RUF001  (Chinese has full-width signs)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import nan
from pathlib import Path

import pandas as pd
import pytest

import durable
from durable.api import Analysis
from durable.contracts.results import (
    NO_EVENTS_TABLE,
    NO_SAMPLES,
    NO_VISITS_TABLE,
    PRIMARY,
    Result,
)
from durable.display.tables import all_tables
from durable.language import language, translate_stored
from durable.outputs import OUTPUTS, dlt, output_named, tables_of
from durable.outputs.ard import Ard, read_ard
from durable.outputs.datasets import DATASETS
from durable.outputs.definition_list import definition_list, definitions_in_force
from durable.outputs.page_head import page_head
from durable.outputs.table import Table, column_name
from durable.plan import Plan
from durable.sections import require_section
from tests.derive.build import plan as plan_of

ROOT = Path(__file__).parents[1]
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
#: Codes: capital letters, perhaps with the sign of a plural or of a version.
CODE = re.compile(r"[A-Z]+(-[A-Z]+)*")
#: Names of methods, of their authors, of programs and of measures, and signs of a formula.
NAMES = {
    *("Aalen", "Aalen-Johansen", "Temkin"),
    *("Kaplan-Meier", "Clopper-Pearson", "Brookmeyer-Crowley", "Greenwood", "Turnbull"),
    *("Wilson", "Jeffreys", "Beta", "log-log", "logit", "bpcp", "sqrt", "exp", "survfit"),
    *("Gottron", "HBsAg", "HBcAb", "Glucksberg", "Ro-", "eGFR", "SpO", "mL", "min"),
    *("Rider", "Lee", "Storer", "Fay", "Lazarevic", "Almeida"),
    *("Cmax", "Tmax", "Tlast", "CHQ-PhS", "CAR-T", "MMT", "JDMAI", "kg", "mg", "dlt", "durable"),
    *("Beta-", "mTPI-", "Spearman", "Fisher", "Bonett", "Wright", "Liu", "Guo", "Yuan", "BOIN"),
    *("ng", "ug"),
    *("Pocock", "Ivanova", "Qaqish", "Schell", "Rejeski"),
    *("cells", "uL", "immunoglobulin", "intravenous"),
}
#: The program of a table, and its digest.
PROGRAM = re.compile(r"durable(\.[a-z_]+)+|[0-9a-f]{12}")
#: Input tables, named as the plan names them.
INPUTS = ("visits", "adverse_events")


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """The demo study, whose results are English in any language."""
    return durable.run(ROOT / "config" / "config.yaml", tmp_path_factory.mktemp("results"))


def texts(table: Table) -> Iterator[str]:
    """Everything that a table shows."""
    yield from (table.heading, *table.subtitles, table.stub, *table.columns, *table.footnotes)
    for row in table.rows:
        yield from (row.label, *row.cells)


def given_words(analysis: Analysis) -> list[str]:
    """Words of the data and of the plan, which are shown as they were given."""
    plan, adae, adpp = analysis.plan, analysis.datasets["adae"], analysis.datasets["adpp"]
    adex = analysis.datasets["adex"]
    columns = (
        adex["EXTRT"],
        adae["AEBODSYS"],
        adae["AEDECOD"],
        adae["AESI"],
        adpp["PARCAT1"],
        adpp["PARCAT2"],
    )
    words = set(pd.concat(columns).dropna())
    words |= {plan.analysis.title, plan.study.sponsor, plan.study.id}
    words |= {variant.title for variant in plan.sensitivity.values()}
    deviations = require_section(plan.deviations, "deviations")
    prohibited = require_section(deviations.prohibited, "prohibited")
    words |= set(prohibited.permitted_reasons)
    for group in plan.subgroup_variables:
        words |= {group.label, *group.levels}
    return sorted(filter(None, words), key=len, reverse=True)


def english(text: str, given: Iterable[str] = ()) -> list[str]:
    """Words of English in a text."""
    for words in given:
        text = text.replace(words, "")
    found = WORD.findall(PROGRAM.sub("", text))
    return [word for word in found if word not in NAMES and not CODE.fullmatch(word)]


def test_a_word_of_english_is_found() -> None:
    assert english("已改善，n (%)；TIS至少30分") == []
    assert english("Subjects in remission；数据截止日期") == ["Subjects", "in", "remission"]
    assert english("CYTOPENIA, Herpes zoster", ["Herpes zoster"]) == []


def test_no_english_is_left_in_the_tables_of_the_demo(analysis: Analysis) -> None:
    given, ard = given_words(analysis), read_ard(analysis.folder)
    with language("zh"):
        tables = all_tables(ard, analysis.plan, analysis.folder)
        tables.append(definition_list(analysis.plan, DATASETS))
        shown = {(table.name, text) for table in tables for text in texts(table)}
        shown.add(("head", page_head(analysis.plan).line))
    assert [table.name for table in tables[:-1]] == tables_of(analysis.plan, DATASETS)
    assert len(tables) > 24
    assert {key: words for key in shown if (words := english(key[1], given))} == {}


def test_the_numbers_are_those_of_the_english_tables(analysis: Analysis) -> None:
    ard = read_ard(analysis.folder)
    shown = all_tables(ard, analysis.plan, analysis.folder)
    with language("zh"):
        chinese = all_tables(ard, analysis.plan, analysis.folder)
    number = re.compile(r"[\d.]+|NE|NC")
    for one, other in zip(shown, chinese, strict=True):
        assert one.name == other.name
        # The cells of the 3+3 rule are words: "escalate".
        cells = [
            [number.findall(cell) for row in t.rows for cell in row.cells] for t in (one, other)
        ]
        assert cells[0] == cells[1], one.name
        assert [row.indent for row in one.rows] == [row.indent for row in other.rows]


def test_the_primary_result_is_said_as_a_chinese_report_says_it(analysis: Analysis) -> None:
    with language("zh"):
        tables = all_tables(read_ard(analysis.folder), analysis.plan, analysis.folder)
        found = {table.name: table for table in tables}
        improvement = found["t_improvement"]
        assert improvement.heading == "表14.2.1 疾病改善率"
    assert improvement.columns[-1] == "合计 (N = 10)"
    assert [(row.label, row.cells[-1:]) for row in improvement.rows[:3]] == [
        ("M2访视", ()),
        ("已改善，n (%)", ("9 (90.0)",)),
        ("精确95% CI，%", ("(55.5, 99.7)",)),
    ]
    assert found["t_dor"].title == "缓解持续时间，自首次缓解起"
    assert found["t_dlt"].rows[1].cells[-1] == "递增剂量"


def variants() -> list[Plan]:
    """Plans that together put every alternative of a footnote in force."""
    return [
        plan_of(statistics={"km_ci": "bpcp", "quantile_rule": "r"}),
        plan_of(statistics={"km_ci": "bpcp", "landmark_tolerance_days": 0}),
        plan_of(statistics={"km_ci": "plain", "landmark_tolerance_days": 0}),
        plan_of(statistics={"km_ci": "arcsine"}, safety={"missing_related": "not_related"}),
        plan_of(statistics={"km_ci": "log"}, kinetics={"method": "linear"}),
        plan_of(
            safety={"escalation": "none"},
            response={
                "missed_assessments": {"consecutive": None},
                "recurrence": {"confirmed_loss": False},
                "new_therapy": {"improvement": "hypothetical"},
                "improvement": {"visits": ["M2"], "unscheduled": True},
            },
        ),
        plan_of(
            response={
                "missed_assessments": {"applies_to_death": True, "applies_to_new_therapy": True},
                "new_therapy": {"improvement": "treatment_policy"},
                "core_set": "imacs",
            }
        ),
    ]


@pytest.mark.parametrize("plan", variants())
def test_no_english_is_left_in_the_definitions_and_footnotes_of_other_plans(plan: Plan) -> None:
    tables = [table for entry in OUTPUTS for table in entry.load().tables]
    with language("zh"):
        shown = [text for _, texts in definitions_in_force(plan, DATASETS) for text in texts]
        shown += [text for table in tables for text in table.footnotes(plan)]
        shown += [
            text
            for table in tables
            if table.without_assessments
            for text in table.without_assessments(plan)
        ]
    given = (plan.safety.cytopenia, plan.safety.crs, plan.safety.icans, *INPUTS)
    assert {text: words for text in shown if (words := english(text, given))} == {}


def test_the_beta_product_intervals_are_named_and_have_limits_before_the_first_event() -> None:
    bpcp, log_log = (
        " ".join(
            text
            for term, texts in definitions_in_force(plan_of(statistics={"km_ci": name}), ("adrs",))
            if term == "Kaplan-Meier estimates"
            for text in texts
        )
        for name in ("bpcp", "log-log")
    )
    assert "CIs (beta product confidence procedure, Fay 2013)" in bpcp
    assert "there is no CI before the first event" not in bpcp
    assert "CIs (Greenwood's variance, log-log transformation)" in log_log
    assert "there is no CI before the first event" in log_log


@pytest.mark.parametrize("reason", [NO_VISITS_TABLE, NO_EVENTS_TABLE, NO_SAMPLES])
def test_the_reason_why_a_table_was_not_made_is_chinese(reason: str, analysis: Analysis) -> None:
    results = read_ard(analysis.folder).rows.values()
    output = output_named("t_ae_overview")
    whole = [row for row in results if row.output == output.name and row.statistic == "n_infused"]
    ard = Ard.from_results(replace(row, note=reason) for row in whole)
    with language("zh"):
        (row,) = output.table_rows(output.tables[0], ard, analysis.plan)
    assert row.label.startswith("未生成：")
    assert english(row.label, INPUTS) == []


@pytest.mark.parametrize(
    ("column", "english_name", "chinese"),
    [
        (("total", "Total"), "Total", "合计"),
        (("part", "A"), "Part A", "A部分"),
        (("part", "Not recorded"), "Part not recorded", "部分未记录"),
        (("sex", "F"), "Sex F", "性别：F"),
        (("dose_level", "Not recorded"), "Dose level not recorded", "剂量水平未记录"),
        (("data_cutoff", "2024-06-30"), "Cut-off 2024-06-30", "截止日期：2024-06-30"),
    ],
)
def test_a_column_bears_the_name_of_its_group(
    column: tuple[str, str], english_name: str, chinese: str
) -> None:
    assert column_name(column, plan_of()) == english_name
    with language("zh"):
        assert column_name(column, plan_of()) == chinese


def level_status(**flags: int) -> pd.DataFrame:
    """Six evaluable subjects of a dose level, so many of them with each flag."""
    names = ("toxic", "unassessed", "open", "not_limiting")
    frame = pd.DataFrame({name: [i < flags.get(name, 0) for i in range(6)] for name in names})
    return frame.assign(evaluable=True)


@pytest.mark.parametrize(
    ("flags", "unplaced", "level", "chinese"),
    [
        ({}, 0, "1e7", "递增剂量"),
        ({"toxic": 2}, 0, "1e7", "停止，已超过最大耐受剂量"),
        ({"not_limiting": 1}, 0, "1e7", "递增剂量；28天内1例死亡记录为非剂量限制性"),
        (
            {"toxic": 1, "unassessed": 1},
            0,
            "1e7",
            "先行裁定（28天内1例死亡无评估记录，按剂量限制性计）",
        ),
        (
            {"toxic": 2, "unassessed": 2, "open": 3, "not_limiting": 2},
            4,
            "1e7",
            "先行裁定（28天内2例死亡无评估记录，按剂量限制性计；3例在之后死于28天内开始的事件，"
            "未经评估）；按目前计数，停止，已超过最大耐受剂量；28天内2例死亡记录为非剂量限制性；"
            "4例已输注但部分或剂量水平未记录，未列入任何一行",
        ),
        ({"open": 1}, 2, "1e7", "先行裁定（1例在之后死于28天内开始的事件，未经评估）；"
            "2例已输注但部分或剂量水平未记录，未列入任何一行"),
        ({}, 0, "Not recorded", "无建议，剂量水平未记录"),
    ],
)  # fmt: skip
def test_the_recommendation_of_ard_csv_is_shown_in_chinese(
    flags: dict[str, int], unplaced: int, level: str, chinese: str
) -> None:
    note = dlt.recommendation(level_status(**flags), level, unplaced, 28)
    assert shown_step(note) == note.partition(": ")[2]
    with language("zh"):
        assert shown_step(note) == chinese


def shown_step(note: str) -> str:
    """The cell of a recommendation, as the table shows the note of the results."""
    level = ("t_dlt", PRIMARY, "dose_level", "1e7", ("A",))
    results = Result(*level, "n_infused", 6), Result(*level, "next", nan, note=note)
    _, row, *_ = dlt.OUTPUT.table_rows(dlt.OUTPUT.tables[0], Ard.from_results(results), plan_of())
    return row.cells[-1]


def test_a_stored_text_that_fits_no_form_stays_as_it_is() -> None:
    with language("zh"):
        assert translate_stored("an earlier wording", ("escalate",)) == "an earlier wording"
