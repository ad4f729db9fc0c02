"""Early losses of remission with and without B cells, in days after infusion.

A child in remission on day 10 flares on days 20 and 28 and is in remission again from day 60: by
day alone the flare is early, for adjudication; once B cells are back it is a recurrence.
"""

from __future__ import annotations

from typing import Any

import pytest

from durable.derive.datasets import Datasets, Derivation
from durable.derive.laboratory_results import b_cell_results
from durable.derive.trial import Trial, ValidatedTables
from tests.derive.build import (
    ACTIVE,
    FLARING,
    INACTIVE,
    date,
    plan,
    status,
    subject,
    table,
    tte,
    visit,
)
from tests.derive.laboratory import sample, samples

VISITS = [
    visit(-7, ACTIVE), visit(10, INACTIVE), visit(20, FLARING), visit(28, FLARING),
    visit(60, INACTIVE),
]  # fmt: skip
BELOW: dict[str, Any] = {"below_lloq": "Y", "lloq": 1}


def flared(*results: tuple[int, float | None], asked: bool = True, lloq: float = 1) -> Datasets:
    """The datasets with these results of B cells, None: below the limit of quantification."""
    the_plan = plan(response={"recurrence": {"early_flare_in_aplasia": asked}})
    people = table("subjects", [subject()])
    rows = [
        sample(day, value, "BCELL", **({} if value is not None else BELOW | {"lloq": lloq}))
        for day, value in results
    ]
    cells = b_cell_results(people, samples(rows), the_plan.laboratory) if rows else None
    tables = ValidatedTables(people, table("visits", VISITS), None, cells)
    trial = Trial("NCT", date(70).date(), the_plan.schedule)
    return Derivation(trial, tables).datasets(the_plan.response)


@pytest.mark.parametrize(
    ("results", "flares"),
    [
        ([], True),  # never measured: the day alone decides
        ([(-7, 250)], True),  # measured before infusion alone says nothing of what came after
        ([(0, 250)], True),  # on the day of infusion, the same
        ([(14, 49.9)], True),
        ([(14, 50)], False),  # aplasia is below 50
        ([(14, None)], True),
        ([(14, 0), (20, 60)], False),  # a result of the day of the assessment counts
        ([(14, 0), (21, 60)], True),  # the loss of day 20 is early, so none begins before day 28
        ([(7, 60), (19, 0)], True),  # the last one before it decides
    ],
)
def test_a_flare_is_set_aside_only_while_b_cells_are_absent(
    results: list[tuple[int, float | None]], flares: bool
) -> None:
    found = flared(*results)
    shown = status(found, "FLARE")
    record = tte(found)
    assert shown[2] == ("Y" if flares else "N")
    if flares:
        assert record["CNSR"] > 0
    else:
        assert (record["EVNTDESC"], record["CNSR"], record["ADT"]) == ("RECURRENCE", 0, 20)


def test_a_limit_of_quantification_above_aplasia_is_no_absence() -> None:
    assert status(flared((14, None), lloq=50), "FLARE")[2] == "Y"
    assert status(flared((14, None), lloq=51), "FLARE")[2] == "N"


def test_b_cells_decide_nothing_where_the_plan_does_not_ask() -> None:
    assert status(flared((14, 200), asked=False), "FLARE") == ["N", "N", "Y", "Y", "N"]
