"""The listings of the demo in Chinese: no English but codes and the words of data and plan."""

from __future__ import annotations

# ruff: noqa: RUF001  (Chinese has full-width signs)
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from durable.display.layout import Layout, heading_texts, wrap
from durable.display.listing_layout import listing_layouts
from durable.display.listings import listing_records
from durable.language import language
from durable.plan import Plan
from tests.chinese import values_of

#: Free text of the study, by input table.
FREE_TEXT = {
    "adverse_events": ("term", "preferred_term", "system_organ_class", "aesi"),
    "therapies": ("therapy",),
    "subjects": ("withdrawal_reason",),
    "kinetics": ("unit",),
    "lymphodepletion": ("medicine",),
}
#: Two words of Latin letters, one after the other: English, unless it is of the data or the plan.
ENGLISH = re.compile(r"[A-Za-z][A-Za-z'-]*[ ,;:]+[A-Za-z'-]{2,}")
#: Sources of the records, and their citations.
CODES = ("ADSL, ADTTE, ADAE", "ADSL, ADAE, ADRS, therapies", "ADSL, lymphodepletion")
#: Cells that this program writes in a language are in the CSV, too; of all others the codes are.
COMPOSED = ("THERAPY", "NEWTHER", "OTHSAE")


@pytest.fixture(scope="module")
def chinese(demo: tuple[Plan, Path]) -> dict[str, list[Layout]]:
    """The listings in pages. The check of the data, and so its messages, was in English."""
    with language("zh"):
        return listing_layouts(*demo)


@pytest.fixture(scope="module")
def own_words(demo: tuple[Plan, Path]) -> list[str]:
    """The texts of the data and of the plan, longest first."""
    plan, folder = demo
    words = {plan.safety.crs, plan.safety.icans, *CODES}
    for table, columns in FREE_TEXT.items():
        frame = pd.read_parquet(folder / "validated" / f"{table}.parquet")
        words |= {str(text) for column in columns for text in frame[column].dropna()}
    criteria = pd.read_parquet(folder / "adam" / "adie.parquet")
    words |= {value for text in criteria["BASIS"].dropna() for value in values_of(text)}
    queries = pd.read_csv(folder / "queries.csv", dtype=str, keep_default_na=False)
    words |= {*queries["message"], *queries["value"]} - {""}
    return sorted(words, key=len, reverse=True)


def texts(parts: list[Layout]) -> Iterator[str]:
    """Everything that stands on the pages of a listing."""
    for part in parts:
        table = part.table
        yield from (table.heading, *table.subtitles, *part.heading, *table.footnotes)
        yield from (over for over, _ in table.spans)
        for row in table.rows:
            yield from (row.label, *row.cells)


def english(parts: list[Layout], own_words: list[str]) -> set[str]:
    """Texts with two words of English that are neither of the data nor of the plan."""
    found = set()
    for text in texts(parts):
        rest = text
        for word in own_words:
            rest = rest.replace(word, "")
        if ENGLISH.search(rest):
            found.add(text)
    return found


def test_no_english_is_left_in_a_listing(
    chinese: dict[str, list[Layout]], own_words: list[str]
) -> None:
    assert len(chinese) == 16
    assert {name: english(parts, own_words) for name, parts in chinese.items()} == {
        name: set() for name in chinese
    }


def test_english_would_be_found(demo: tuple[Plan, Path], own_words: list[str]) -> None:
    """Every listing has English headings, footnotes and, where there are any, cells in English."""
    for name, parts in listing_layouts(*demo).items():
        left = english(parts, own_words)
        assert {*parts[-1].table.footnotes} & left, name
        assert {part.table.heading for part in parts} & left or name in (
            "l_subjects",
            "l_deaths",
            "l_assessments",
        ), name


def test_headings_are_chinese_but_for_codes(chinese: dict[str, list[Layout]]) -> None:
    latin = {
        label
        for parts in chinese.values()
        for part in parts
        for label in (*part.heading, *(over for over, _ in part.table.spans))
        if label and label.isascii()
    }
    assert latin == {
        *("AESI", "CHAQ", "CHQ-PhS", "CK", "CMAS", "CNSR", "DAS", "DLT", "LLOQ", "MMT8", "TIS"),
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l_duration", "数据截止日期时持续中"),
        ("l_duration", "末次充分评估"),
        ("l_duration", "至M6未缓解"),
        ("l_duration", "下次评估尚未到期"),
        ("l_improvement", "部分评分"),
        ("l_improvement", "显著"),
        ("l_adverse_events", "清淋预处理前"),
        ("l_adverse_events", "已恢复"),
        ("l_adverse_events", "未恢复"),
        ("l_kinetics", "低于LLOQ"),
        ("l_kinetics_parameters", "未检出"),
        ("l_narratives", "prednisolone（2022-03-22，持续中）"),
        ("l_narratives", "严重不良事件"),
        ("l_queries", "警告"),
        ("l_subjects", "1×10^7 细胞/kg"),
    ],
)
def test_a_coded_text_is_shown_in_chinese(
    chinese: dict[str, list[Layout]], name: str, text: str
) -> None:
    assert any(text in shown for shown in texts(chinese[name]))


def test_the_csv_of_a_listing_has_the_codes_of_the_datasets(demo: tuple[Plan, Path]) -> None:
    english = listing_records(*demo)
    with language("zh"):
        chinese = listing_records(*demo)
    for entry, records in english.items():
        codes = records.drop(columns=[*COMPOSED], errors="ignore")
        pd.testing.assert_frame_equal(codes, chinese[entry][codes.columns], obj=entry.name)


def test_short_headings_stay_in_one_line(chinese: dict[str, list[Layout]]) -> None:
    """They were set one sign a line: any two full-width signs may be parted."""
    for parts in chinese.values():
        for part in parts:
            for text, width in heading_texts(part):
                if len(text) <= 4 and not text.isascii():
                    assert len(wrap(text, width, part.sheet.size)) == 1, (part.table.name, text)
