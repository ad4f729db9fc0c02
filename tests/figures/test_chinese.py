"""The figures in Chinese: no sign without a glyph, no English left, the same bytes each time."""

# ruff: noqa: RUF001  (Chinese texts have full-width signs)
from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from durable.figures import profile_points, swimmer
from durable.figures.drawings import draw_all, draw_pages
from durable.figures.profile_points import LABELS, TEXTS
from durable.figures.style import settings, wrap
from durable.figures.typefaces import type_families
from durable.language import language, translate_stored
from durable.vocabulary import CENSORINGS, EVENTS, MISSING, PARTIAL
from tests.figures import point_texts
from tests.figures.layout import MONITORED as PLAN
from tests.figures.layout import drawn, misplaced, words

OUTPUTS = PLAN.outputs.model_copy(update={"language": "zh"})
CHINESE = PLAN.model_copy(update={"outputs": OUTPUTS})
FIGURES = (
    *("swimmer", "tis", "waterfall", "csm", "kinetics", "sensitivity"),
    *("bcells", "glucocorticoid", "cuminc", "inresponse", "monitoring"),
)
#: Those whose CSV has no free text of the study.
WITHOUT_FREE_TEXT = tuple(name for name in FIGURES if name not in ("csm", "sensitivity"))
#: English words that stay: codes, datasets, modules, names of methods, data of the made-up study.
STAY = re.compile(
    r"f_\w+\.csv|ard\.csv|durable[\w.]*|Kaplan-Meier|Clopper-Pearson|PARAMCD \w+|log-log|CAR-T"
    r"|Aalen-Johansen|Temkin|Pocock|Beta-"
    r"|[A-Z]{2,}[\w-]*|[MDN]\d*|cells/.L|qPCR|Flow cytometry|copies/.*|CHQ-PhS|[0-9a-f]{12}|Total"
)


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    """Chinese, its font, and a glyph that is missing is an error."""
    with (
        language("zh"),
        type_families(CHINESE) as families,
        settings(families),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        yield


def points_of(name: str) -> str:
    return point_texts.study(10)[name]


@pytest.mark.parametrize("name", FIGURES)
def test_chinese_text_is_within_the_page_and_apart(tmp_path: Path, name: str) -> None:
    figure = drawn(name, points_of(name), tmp_path, CHINESE)
    assert misplaced(figure) == []
    assert any(text.startswith("图14.") for text in words(figure))


@pytest.mark.parametrize("name", WITHOUT_FREE_TEXT)
def test_titles_axes_and_notes_of_a_figure_are_chinese(tmp_path: Path, name: str) -> None:
    texts = words(drawn(name, points_of(name), tmp_path, CHINESE))
    english = {text: re.findall(r"[A-Za-z]{3,}", STAY.sub("", text)) for text in texts}
    assert {text: found for text, found in english.items() if found} == {}


def test_a_key_entry_and_an_axis_are_in_the_words_of_the_glossary(tmp_path: Path) -> None:
    texts = words(drawn("swimmer", points_of("swimmer"), tmp_path, CHINESE))
    assert {"改善", "首次缓解", "新的全身治疗", "自输注起的月数"} <= set(texts)


def test_every_mark_of_the_swimmer_plot_has_a_chinese_label(tmp_path: Path) -> None:
    labels = [
        translate_stored(style["label"], [style["label"]]) for style, _ in swimmer.MARKS.values()
    ]
    assert [label for label in labels if label.isascii()] == []


def test_what_a_profile_says_of_an_ended_response_is_chinese() -> None:
    said = {
        "Improved at M2": "M2时改善",
        "yes (TIS 70; partial)": "是（TIS 70；部分评分）",
        "7.6+ months (ongoing at data cut-off)": "7.6+个月（数据截止日期时持续中）",
        "3 (12 events, 1 serious)": "3级（12个事件，其中1个严重）",
        "6,360 copies/ug DNA, day 11": "6,360 copies/ug DNA，第11天",
        "9.61 x 10^6 cells/kg": "9.61×10^6 细胞/kg",
        "day 87 (2023-05-12)": "第87天(2023-05-12)",
        "not in remission by m6": "至m6未达缓解",
    }
    forms = (*LABELS, *TEXTS)
    assert {text: translate_stored(text, forms) for text in said} == said


@pytest.mark.parametrize(
    "reason", [*EVENTS.values(), *CENSORINGS.values(), *MISSING.values(), PARTIAL]
)
def test_every_event_and_reason_of_a_profile_is_chinese(reason: str) -> None:
    assert not translate_stored(reason.lower(), profile_points.TEXTS).isascii()


def test_a_chinese_line_is_filled_and_begins_with_no_closing_sign() -> None:
    lines = wrap("安全性分析集、所有已输注受试者。" * 6, width=60)
    assert len(lines) == 6
    assert [line for line in lines if line[0] in "、。"] == []


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "figures").iterdir())}


def test_chinese_figures_are_the_same_bytes_each_time_and_in_several_processes(
    tmp_path: Path,
) -> None:
    made = []
    for number, workers in enumerate((1, 2)):
        folder = tmp_path / str(number)
        (folder / "figures").mkdir(parents=True)
        for name in ("waterfall", "tis"):
            (folder / "figures" / f"f_{name}.csv").write_text(points_of(name), encoding="utf-8")
        draw_all(CHINESE, folder, workers=workers)
        draw_pages(CHINESE, folder)
        made.append(files(folder))
    assert made[0] == made[1]
    assert "图14.2.1" in made[0]["f_waterfall.svg"].decode()
    page = PdfReader(tmp_path / "0" / "figures" / "f_waterfall.pdf").pages[0]
    assert "各受试者最佳" in page.extract_text().replace("\n", "")
