"""Numbers of a column stand under one another, and the padding is nothing that a reader sees."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.display.layout import text_width
from durable.outputs.alignment import FIGURE_SPACE, PUNCTUATION_SPACE, align
from durable.outputs.table import Row, Table

PADDING = FIGURE_SPACE + PUNCTUATION_SPACE
NUMBERS = st.one_of(
    st.integers(-999, 99999).map(str),
    st.decimals(-99, 999, places=1).map(str),
    st.builds("{} ({})".format, st.integers(0, 300), st.decimals(0, 100, places=1)),
    st.builds("({}, {})".format, st.decimals(0, 100, places=1), st.just("NE")),
    st.just("NE"),
)
CELLS = st.one_of(NUMBERS, st.just(""), st.text(st.characters(codec="utf-8"), max_size=12))


def rows(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, ...]]]:
    return st.integers(1, 4).flatmap(
        lambda n: st.lists(st.tuples(*[cells] * n), min_size=1, max_size=12)
    )


@given(rows(CELLS))
@settings(max_examples=200, deadline=None)
def test_padding_changes_no_visible_text(cells: list[tuple[str, ...]]) -> None:
    for before, after in zip(cells, align(cells), strict=True):
        for cell, padded in zip(before, after, strict=True):
            assert padded.endswith(cell)
            assert set(padded[: len(padded) - len(cell)]) <= set(PADDING)


@given(rows(NUMBERS))
@settings(max_examples=200, deadline=None)
def test_the_units_of_the_numbers_of_a_column_stand_under_one_another(
    cells: list[tuple[str, ...]],
) -> None:
    for column in zip(*align(cells), strict=True):
        # What stands before the decimal point, or before the blank behind a count: a minus sign is
        # given the place of a digit, a bracket that of a point.
        starts = [re.match(rf"[{PADDING}]*\(?-?\d+", cell) for cell in column]
        widths = [number[0].replace("-", FIGURE_SPACE) for number in starts if number]
        assert len({round(text_width(text, 8), 6) for text in widths}) <= 1


def test_counts_estimates_and_intervals_by_hand() -> None:
    space, bracket = FIGURE_SPACE, PUNCTUATION_SPACE
    given = [("9 (90.0)",), ("100.0",), ("(5.2, NE)",), ("NE",), ("escalate",), ("",)]
    assert [cell for (cell,) in align(given)] == [
        f"{bracket}{space}{space}9 (90.0)",
        f"{bracket}100.0",
        f"{space}{space}(5.2, NE)",
        f"{bracket}{space}NE",
        "escalate",
        "",
    ]


@pytest.mark.parametrize("cells", [[], [("",), ("a",)]])
def test_a_column_without_a_number_stays(cells: list[tuple[str, ...]]) -> None:
    assert align(cells) == cells


def test_a_table_keeps_its_cells_and_shows_them_aligned() -> None:
    lines = (Row("Age"), Row("n", ("10",), 1), Row("SD", ("2.5",), 1))
    table = Table("t", "1", "T", (), ("X",), lines)
    assert [row.cells for row in table.rows] == [(), ("10",), ("2.5",)]
    assert [row.cells for row in table.aligned_rows] == [(), ("10",), (f"{FIGURE_SPACE}2.5",)]
