"""Words of the datasets and of sentences, in Chinese and in English."""

# ruff: noqa: RUF001  (Chinese has full-width signs)

from __future__ import annotations

import re

import pytest

from durable import vocabulary
from durable.contracts.words import shown_outcome
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.jdm import wording as definitions
from durable.jdm.remission import CONDITIONS, REMISSION_RULES, Remission
from durable.jdm.response import Response
from durable.language import language
from durable.schedule import DEFAULT_SCHEDULE
from durable.vocabulary import CODED, FLAGS, translate_coded
from durable.wording import capitalise, clauses, dose_level, list_words, lower_initial, sentences

#: Two words of English one after another.
ENGLISH = re.compile(r"[A-Za-z][a-z-]+ [a-z-]{2,}")


@pytest.mark.parametrize("coded", [*CODED, *FLAGS])
def test_a_coded_text_is_shown_as_stored_in_english_and_translated_in_chinese(coded: str) -> None:
    filled = re.sub(r"\{\w+\}", "7", coded)
    assert translate_coded(filled) == filled
    with language("zh"):
        # NC is the abbreviation in Chinese reports, too.
        assert translate_coded(filled) != filled or coded == "NC"
        assert re.search("[A-Z]{3}|[a-z]{3}", translate_coded(filled).replace("TLAST", "")) is None


@pytest.mark.parametrize(
    ("coded", "chinese"),
    [
        ("NOT IN REMISSION BY M6", "至M6未缓解"),
        (
            "LAST ASSESSMENT IN REMISSION BEFORE MISSED ASSESSMENTS",
            "缺失评估前的末次处于缓解的评估",
        ),
        (
            "Area under the curve to day 28, flow (cells/uL)",
            "至第28天的曲线下面积，flow（cells/uL）",
        ),
        ("cells/uL x days", "cells/uL×天"),
        (
            "no terminal slope: 2 quantifiable results after the highest, 3 needed",
            "无末端斜率：最高浓度后有2个可定量结果，需要3个",
        ),
        (
            "never quantifiable, last result on day 10, before day 14",
            "始终不可定量，末次结果在第10天，早于第14天",
        ),
        ("Y", "是"),
        ("a word of the data", "a word of the data"),
    ],
)
def test_a_coded_text_with_its_places_filled_is_shown_in_chinese(coded: str, chinese: str) -> None:
    with language("zh"):
        assert translate_coded(coded) == chinese


@pytest.mark.parametrize(
    ("recorded", "chinese"),
    [
        ("RECOVERED/RESOLVED", "已恢复"),
        ("Resolved", "已恢复"),
        ("not recovered", "未恢复"),
        ("fatal", "死亡"),
        ("痊愈", "痊愈"),
        ("moved abroad", "moved abroad"),
    ],
)
def test_an_outcome_is_shown_as_recorded_or_by_its_term(recorded: str, chinese: str) -> None:
    assert shown_outcome(recorded) == recorded
    with language("zh"):
        assert shown_outcome(recorded) == chinese


def test_every_coded_text_of_the_vocabulary_can_be_shown() -> None:
    texts = {
        text
        for texts in (vocabulary.EVENTS, vocabulary.CENSORINGS, vocabulary.MISSING)
        for text in texts.values()
    } | {*vocabulary.PHASES, *vocabulary.CATEGORIES}
    assert texts <= {*CODED}


def test_lists_and_sentences_are_joined_in_the_way_of_the_language() -> None:
    words = ["A", "B", "C"]
    assert list_words(words) == "A, B and C"
    assert list_words(words, "or") == "A, B or C"
    assert clauses(words) == "A; B; C"
    assert sentences("One.", "", "Two.") == "One. Two."
    assert sentences("", "") == ""
    with language("zh"):
        assert list_words(words) == "A、B和C"
        assert list_words(words, "or") == "A、B或C"
        assert list_words(words[:1]) == "A"
        assert clauses(words) == "A；B；C"
        assert sentences("一。", "", "二。") == "一。二。"


def test_chinese_has_no_capital_and_small_letters() -> None:
    assert (capitalise("cells"), lower_initial("Death")) == ("Cells", "death")
    assert (capitalise("cmH2O压力"), lower_initial("DLT评估")) == ("cmH2O压力", "DLT评估")


def test_a_dose_level_is_given_in_the_units_of_the_language() -> None:
    assert [*map(dose_level, ("1e7", "2"))] == ["1 x 10^7 cells/kg", "Dose level 2"]
    with language("zh"):
        assert [*map(dose_level, ("1e7", "2"))] == ["1×10^7 细胞/kg", "剂量水平2"]


def test_a_level_that_is_called_dose_level_is_not_called_so_twice() -> None:
    names = ("Dose level 2", "dose level 1e7", "Dose level 1: low", "Dose level")
    assert [*map(dose_level, names)] == [
        *("Dose level 2", "1 x 10^7 cells/kg", "Dose level 1: low", "Dose level Dose level"),
    ]
    with language("zh"):
        assert [*map(dose_level, ("Dose level 2", "剂量水平2"))] == ["剂量水平2", "剂量水平2"]


def variants() -> list[Response]:
    """Definitions with each rule and each alternative of the disease once in force."""
    changes: list[dict[str, object]] = [
        {"remission": {"rule": rule, "confirmation": True}} for rule in REMISSION_RULES
    ]
    changes += [
        {"remission": {"glucocorticoid_max_mg_kg": 0.1, "immunosuppressant_free": True}},
        {"recurrence": {"worsening": {"enabled": True}}},
        {"recurrence": {"consecutive": 1, "worsening": {"enabled": True, "percent_of": "range"}}},
        {"recurrence": {"confirmed_loss": False, "investigator": False}},
        {"improvement": {"missing": "observed", "light_missing": "not_calculable"}},
        {"improvement": {"missing": "improved", "enzyme_component": "zero"}},
        {"improvement": {"enzyme_component": "maximum"}},
        {"core_set": "imacs", "baseline": {"before": "infusion"}},
        {"baseline": {"before": "infusion", "same_day": False}},
        {"baseline": {"same_day": False}},
        *(
            {"new_therapy": {"duration": strategy, "remission": strategy}}
            for strategy in ("hypothetical", "treatment_policy")
        ),
    ]
    return [Response.model_validate(change) for change in changes]


@pytest.mark.parametrize("response", variants())
def test_a_definition_in_force_is_chinese_throughout(response: Response) -> None:
    with language("zh"):
        texts = [
            *definitions.core_set(response),
            *definitions.improvement(response),
            *definitions.remission(response),
            *definitions.recurrence(response),
            definitions.abbreviations(),
            *(one.describe(response, DEFAULT_SCHEDULE[3]) for one in EVERY_ENDPOINT),
        ]
    for text in texts:
        assert ENGLISH.search(text) is None, text
        assert not text.endswith("."), text


def test_the_default_definitions_are_given_as_a_chinese_report_gives_them() -> None:
    response = Response()
    with language("zh"):
        (remission,) = definitions.remission(response)
        (recurrence,) = definitions.recurrence(response)
    assert remission == (
        "缓解（临床无活动性疾病）：改良PRINTO标准（Almeida 2015），以下各项至少满足3项："
        "CK≤150 U/L、CMAS≥48、MMT8≥78、医生总体评估≤0.2，且必须包括医生总体评估。"
        "新的全身治疗开始后观察到的首次缓解不计为缓解。"
    )
    assert recurrence == (
        "复发或进展：连续2次充分评估显示缓解丧失或由研究者记录，日期为首次出现该情况的评估日；"
        "输注后第30天及之前仅以研究者记录为准，或末次B细胞结果未处于再生障碍。"
    )


def test_every_condition_on_the_treatment_is_described() -> None:
    remission = Remission(glucocorticoid_max_mg_kg=0.1, immunosuppressant_free=True)
    with language("zh"):
        described = [condition.describe(remission) for condition in CONDITIONS]
    assert described == ["糖皮质激素不超过0.1 mg/kg", "已停用免疫抑制剂"]
