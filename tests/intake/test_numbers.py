"""Numbers as files write them, and results beyond a limit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.contracts.tables import INPUT_TABLES
from durable.intake.numbers import Limited, NumberForm, product_text
from durable.intake.units import factor_of

pytestmark = pytest.mark.requirement("DAT-05")


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "number"),
    [
        (",", "", "1,5", "1.5"),
        (",", "", "-,34", "-0.34"),
        (",", ".", "1.234,5", "1234.5"),
        (",", ".", "1.234.567", "1234567"),
        (",", ".", "1.5", None),  # neither 1.5 nor 15
        (",", "", "1.234", None),
        (".", ",", "1,234.5", "1234.5"),
        (".", ",", "12,34", None),
        (".", " ", "1 234", "1234"),
        # As spreadsheets in French and German of Switzerland write them.
        (",", " ", "1\u00a0234,5", "1234.5"),
        (",", " ", "1\u202f234\u202f567", "1234567"),
        (".", "'", "1\u2019234.5", "1234.5"),
        (",", ".", "1\u00a0234", None),
        (".", "", "1.2E3", "1.2E3"),
        (".", "", "1e", None),
        (".", "", ".", None),
        (".", "", "", None),
        (".", "", "\uff11", None),
    ],
)
def test_a_number_in_its_form(decimal: str, thousands: str, text: str, number: str | None) -> None:
    assert NumberForm(decimal, thousands).plain(text) == number


@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from(["", ".", " ", "'"]))
def test_every_number_with_a_decimal_comma_is_read_exactly(value: object, thousands: str) -> None:
    text = f"{value:,}".replace(",", "@").replace(".", ",").replace("@", thousands)
    plain = NumberForm(",", thousands).plain(text)
    assert plain is not None
    assert Fraction(plain) == Fraction(str(value))


@pytest.mark.parametrize(
    ("text", "below", "above", "read"),
    [
        ("<5", "limit", "", "5"),
        ("< 0.3", "half", "", "0.15"),
        ("<=5", "missing", "", ""),
        ("≤5", "below_lloq", "", ""),
        (">100", "half", "limit", "100"),
        (">100", "half", "", None),
        ("<5", "", "limit", None),
    ],
)
def test_a_result_beyond_a_limit(text: str, below: str, above: str, read: str | None) -> None:
    limited = Limited.read(text)
    assert limited is not None
    assert limited.value_by_rule(below, above) == read


@pytest.mark.parametrize("text", ["5", "<", "<<5", "<five", "5<", "≪5"])
def test_what_is_no_limit(text: str) -> None:
    assert Limited.read(text) is None


def test_units_by_their_spelling() -> None:
    ck, cmas = (INPUT_TABLES["visits"].by_name[name] for name in ("ck", "cmas"))
    assert [factor_of(ck, unit, {}) for unit in ("U/L", "iu/l", "ukat/L", "mg", "")] == [
        *(1, 1, 60, None, None)
    ]
    assert factor_of(ck, "Einheiten", {"Einheiten": "U/L"}) == 1
    # A score has no other unit: none may be stated.
    assert factor_of(cmas, "", {}) == 1
    assert product_text(Fraction(60), "2.0") == "120"
    assert product_text(Fraction(60), "<2") is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (".5", "0.0005"),
        ("9.61E+006", "9610"),  # three digits of the exponent: C programs on Windows
        ("1e-100", "0." + "0" * 102 + "1"),
        ("1e312", None),
        ("1e-330", None),
        ("0e-330", "0"),
        ("1_000", None),
        ("+5", None),
    ],
)
def test_what_is_a_number_in_the_tables_is_converted_or_refused(
    text: str, read: str | None
) -> None:
    assert product_text(Fraction(1, 1000), text) == read
