"""Fonts of the machine for signs that DejaVu Sans lacks: which is taken, what is cut from it."""

# ruff: noqa: RUF001  (Chinese texts have full-width signs)
from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from durable import fonts
from durable.errors import UserError
from durable.fonts import base_font, base_signs, cut, fallback_font, font_of, font_records
from durable.language import signs_of
from durable.line_breaks import line_parts
from durable.plan import Analysis, Input, Inputs, Outputs, Plan, PlanError, Study
from durable.plan.subgroups import SubgroupSection
from durable.runs.configuration import plan_of_run
from durable.runs.pins import differences, found_pins

TEXT = "受试者的缓解持续时间"


def plan(language: str = "zh", title: str = "期中分析", font: str | None = None) -> Plan:
    return Plan(
        analysis=Analysis(id="a1", data_cutoff=dt.date(2024, 6, 30), title=title),
        study=Study(id="NCT06569472"),
        inputs=Inputs(subjects=Input(path="s.csv"), visits=Input(path="v.csv")),
        outputs=Outputs(language=language, font=font),
    )


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with the fonts of matplotlib only."""
    monkeypatch.setattr(fonts, "_installed_files", lambda: [base_font(), base_font("-Bold")])


def test_english_needs_no_font_of_the_machine(no_font: None) -> None:
    assert font_of(plan("en", title="期中分析")) is None
    assert font_records(plan("en")) == {}


def test_chinese_is_set_in_a_font_that_has_all_its_signs() -> None:
    font = font_of(plan())
    assert font is not None
    assert font.regular.family in fonts.FAMILIES["zh"]
    assert font.lacks(TEXT) == []
    assert font.lacks("A \N{LATIN SMALL LETTER E WITH ACUTE} \N{EGYPTIAN HIEROGLYPH A001}") == [
        "\N{EGYPTIAN HIEROGLYPH A001}"
    ]


def test_of_a_collection_the_face_of_the_language_is_taken(tmp_path: Path) -> None:
    font = font_of(plan())
    assert font is not None
    named = font_of(plan(font=str(font.regular.path)))
    assert named is not None
    assert (named.regular.family, named.bold) == (font.regular.family, named.regular)


def test_a_missing_font_is_a_finding_of_the_plan_with_what_to_install(
    no_font: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("s.csv", "v.csv"):
        Path(name).touch()
    Path("config.yaml").write_text(
        "analysis: {id: a1, data_cutoff: 2024-06-30}\nstudy: {id: X}\n"
        "inputs: {subjects: {path: s.csv}, visits: {path: v.csv}}\noutputs: {language: zh}\n"
    )
    with pytest.raises(PlanError) as error:
        plan_of_run(Path("config.yaml"))
    assert error.value.status == 2
    (finding,) = error.value.findings
    assert str(finding) == (
        "outputs.font: found no installed font for outputs.language: zh; expected a font that has"
        " the signs of the language: install fonts-noto-cjk (Debian, Ubuntu) or"
        " google-noto-sans-cjk-fonts (Fedora), or name an installed family or a font file here"
    )


@pytest.mark.parametrize("wanted", ["No Such Family", "no_such_file.ttf", __file__])
def test_a_font_that_is_not_there_is_refused(wanted: str) -> None:
    with pytest.raises(UserError, match=r"which is no installed font; expected a font"):
        fallback_font("zh", wanted)


def test_a_font_without_the_signs_is_refused_with_the_signs_it_lacks() -> None:
    with pytest.raises(UserError, match=r"DejaVu Sans Book, which lacks \d+ signs \(."):
        fallback_font("zh", str(base_font()))


def test_a_sign_of_the_title_that_no_font_has_is_refused() -> None:
    with pytest.raises(UserError, match="which lacks 1 signs \\(\N{EGYPTIAN HIEROGLYPH A001}\\)"):
        font_of(plan(title="\N{EGYPTIAN HIEROGLYPH A001}"))


def test_the_words_of_a_plan_that_are_drawn_are_among_the_signs_of_its_font() -> None:
    """The label of a subgroup stands in no file of points, and its signs may be in no catalogue."""
    column = {"column": "msa", "label": "抗髓鞘蛋白甲乙丙"}
    named = plan().model_copy(update={"subgroups": {"antibody": SubgroupSection(**column)}})
    assert column["label"] in fonts.plan_text(named)
    assert not {"髓", "鞘"} & signs_of("zh")


def test_what_is_cut_is_a_truetype_font_of_the_signs_with_the_outlines_of_the_font() -> None:
    font = font_of(plan())
    assert font is not None
    made = TTFont(BytesIO(cut(font, f"{TEXT}ABC")))
    assert set(map(chr, made.getBestCmap())) == set(TEXT)
    source = TTFont(font.regular.path, fontNumber=font.regular.number)
    for sign in TEXT:
        boxes = []
        for face in (made, source):
            glyphs = face.getGlyphSet()
            pen = BoundsPen(glyphs)
            glyphs[face.getBestCmap()[ord(sign)]].draw(pen)
            boxes.append(pen.bounds)
        assert boxes[0] == pytest.approx(boxes[1], abs=0.002 * source["head"].unitsPerEm)


def test_what_is_cut_is_the_same_bytes_whatever_the_order_of_the_signs() -> None:
    font = font_of(plan())
    assert font is not None
    first = cut(font, TEXT)
    fonts._cut.cache_clear()
    assert cut(font, TEXT[::-1]) == first
    assert cut(font, TEXT, bold=True) != first


def test_the_signs_of_dejavu_sans_are_those_of_both_weights() -> None:
    assert {"A", "\N{GREEK SMALL LETTER ALPHA}", "\N{SUPERSCRIPT TWO}"} <= base_signs()
    assert "受" not in base_signs()


def test_another_font_is_a_difference_of_the_environment_by_name(tmp_path: Path) -> None:
    pinned = found_pins(tmp_path, plan("en")).model_copy(
        update={"fonts": {"Noto Sans CJK SC Regular": "Version 2.001; SHA-256 abc"}}
    )
    found = list(map(str, differences(pinned, found_pins(tmp_path, plan("en")))))
    assert found == [
        "environment font Noto Sans CJK SC Regular: found none; expected Version 2.001; SHA-256 abc"
    ]


def test_lines_end_between_chinese_signs_but_not_before_a_closing_or_after_an_opening_one() -> None:
    text = "见表（14.2.1），中位 Kaplan-Meier"
    parts = [f"{space}{part}" for space, part in line_parts(text)]
    assert parts == ["见", "表", "（14.2.1），", "中", "位", " Kaplan-Meier"]
    assert list(line_parts("two  words")) == [("", "two"), (" ", ""), (" ", "words")]
