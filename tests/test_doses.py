"""The order of dose levels: by dose where it is known, and not by the letters of their names."""

from __future__ import annotations

import pytest

from durable.doses import in_order_of_dose


@pytest.mark.parametrize(
    "levels",
    [
        ["1e6", "3e6", "1e7"],
        ["1x10^6", "3x10^6", "1x10^7"],
        ["1\N{MULTIPLICATION SIGN}10⁶ cells/kg", "3e6", "10,000,000"],
        ["1", "2", "10"],
        ["DL1", "DL2", "DL10"],
        ["Dose level 0.5", "dose level 1"],
        ["low"],
        [],
    ],
)
def test_levels_from_the_lowest(levels: list[str]) -> None:
    assert in_order_of_dose(reversed(levels), {}) == levels


@pytest.mark.parametrize(
    "levels",
    [["low", "medium", "high"], ["1e6", "high"], ["DL1", "Level 2"], ["A1 x 2", "A1 x 3"]],
)
def test_levels_without_an_order(levels: list[str]) -> None:
    assert in_order_of_dose(levels, {"low": 1e6, "1e6": 1e6}) is None


def test_the_planned_doses_order_levels_that_have_names() -> None:
    planned = {"high": 1e7, "low": 1e6, "medium": 3e6}
    assert in_order_of_dose(["high", "low", "medium"], planned) == ["low", "medium", "high"]
