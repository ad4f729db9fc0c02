"""The answers of docs/monitoring-committee.md are those of the demo's tables."""

from __future__ import annotations

import re

import pytest

from durable.contents import NUMBERS
from tests.independent.conftest import ROOT, Results

ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in (ROOT / "docs/monitoring-committee.md").read_text("utf-8").splitlines()
    if "`t_" in line and line.startswith("|")
]


def test_ten_questions_are_answered() -> None:
    numbered = [match[1] for row in ROWS if (match := re.match(r"(\d+)\.", row[0]))]
    assert numbered == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("row", ROWS, ids=[row[2] for row in ROWS])
def test_the_answer_stands_in_the_row_of_the_table(row: list[str], results: Results) -> None:
    if results.id != "demo-interim":
        pytest.skip("the page answers for the interim analysis")
    _, where, place, answer = row
    number, table = where.replace("`", "").split()
    assert NUMBERS[table] == number
    assert f'id="{table}"' in (results.folder / "report.html").read_text("utf-8")
    label, _, column = place.partition(", *")
    found = [
        row
        for row in results.csv(f"tables/{table}.csv")
        if label in (row["row"], f"{row['block']}: {row['row']}")
    ]
    assert found[0][column.rstrip("*") or list(found[0])[-1]] == answer
