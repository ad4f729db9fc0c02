"""When two texts are one, which words mean nothing, and what a dose level says."""

from __future__ import annotations

from math import isnan

import pytest

from durable.contracts.spelling import differing_characters, expected_spelling, fold
from durable.contracts.words import is_missing_word, outcome_class
from durable.doses import parse_dose


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("B-cell aplasia", "B\u2010cell aplasia"),
        ("B-cell aplasia", "B\u2013cell aplasia"),
        ("B-cell aplasia", "B\u2212cell aplasia"),
        ("B-cell aplasia", "b cell\u00a0 APLASIA"),
        ("Still's disease", "Still\u2019s disease"),
        ("Still's disease", "Still\u00b4s disease"),
        ('"flu"', "\u201cflu\u201d"),
        ("copies/\u00b5g DNA", "copies/\u03bcg DNA"),
        ("CRS", "\uff23\uff32\uff33"),
        ("Sj\u00f6gren", "Sjo\u0308gren"),
        ("10\u2079/L", "10^9/L"),
        ("10\u207b\u00b3", "10^-3"),
        ("mm\u00b3", "mm3"),
        ("CD19\u207a", "CD19+"),
    ],
)
def test_spellings_of_one_text(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CD19-", "CD19"),
        ("M1-2", "M12"),
        ("Sj\u00f6gren", "Sjogren"),
        ("Grade 3", "Grade 4"),
        ("ALT|AST", "ALTAST"),
        ("\u65e0", "\u5426"),
        ("10\u2077", "107"),
        ("10\u207b\u00b3", "10-3"),
    ],
)
def test_other_texts(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_characters_that_look_alike_are_named_and_letters_that_do_not_are_not() -> None:
    assert differing_characters("B\u2010cell", "B-cell") == (
        "U+2010 HYPHEN instead of U+002D HYPHEN-MINUS"
    )
    assert differing_characters("\u00b5g", "\u03bcg") == (
        "U+00B5 MICRO SIGN instead of U+03BC GREEK SMALL LETTER MU"
    )
    assert differing_characters("a  b", "a b") == "U+0020 SPACE instead of nothing"
    assert differing_characters("crs", "CRS") == ""
    assert expected_spelling("crs", "CRS", "elsewhere") == "CRS, as elsewhere"


@pytest.mark.parametrize(
    "text",
    ["N", "no", "None", "NA", "N/A", "n.a.", "Nil", "UNK", "ND", ".", "-", "--", "\u2013", "\uff0d",
     "\uff2e", " n / a ", "\u65e0", "\u5426", "\u4e0d\u8be6", "Not applicable", "unknown"],
)  # fmt: skip
def test_words_for_nothing(text: str) -> None:
    assert is_missing_word(text)


@pytest.mark.parametrize("text", ["", " ", "Y", "Nausea", "NK cells", "Na+", "1", "nodule", "B-"])
def test_words_with_content(text: str) -> None:
    assert not is_missing_word(text)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Recovered", "RECOVERED"),
        ("RECOVERED/RESOLVED WITH SEQUELAE", "RECOVERED"),
        ("resolved", "RECOVERED"),
        ("NOT RECOVERED/NOT RESOLVED", "NOT RECOVERED"),
        ("recovering", "NOT RECOVERED"),
        ("Fatal", "FATAL"),
        ("\u6b7b\u4ea1", "FATAL"),
        ("unknown", "UNKNOWN"),
        ("better", None),
        (None, None),
    ],
)
def test_outcomes(text: str | None, outcome: str | None) -> None:
    assert outcome_class(text) == outcome


@pytest.mark.parametrize(
    ("text", "dose"),
    [
        ("1e7", 1e7), ("1E7", 1e7), ("3e7", 3e7), ("1.0e+07", 1e7), ("1x10^7", 1e7),
        ("1 x 10^7 cells/kg", 1e7), ("1\u00d710\u2077 cells/kg", 1e7), ("10^6", 1e6),
        ("10000000", 1e7), ("30,000,000 /kg", 3e7), ("0.5*10^6 CAR-T cells/kg", 5e5),
        ("\uff11e7", 1e7),
    ],
)  # fmt: skip
def test_dose_levels_that_are_doses(text: str, dose: float) -> None:
    assert parse_dose(text) == pytest.approx(dose)


@pytest.mark.parametrize(
    "text", ["1", "2", "10", "100", "DL1", "-1", "low", "level 3", "1e7 mg", "A"]
)
def test_dose_levels_that_are_labels(text: str) -> None:
    assert isnan(parse_dose(text))
