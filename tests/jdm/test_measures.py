"""The measures, their scales in the plan, and the places of a core set agree."""

from __future__ import annotations

import pytest

from durable.contracts.tables import INPUT_TABLES
from durable.jdm.measures import (
    ACTIVITY_COLUMNS,
    COMPONENTS,
    ENZYMES,
    INDICES,
    MEASURES,
    core_set_measure,
)
from durable.jdm.response import EnzymeRanges, HybridSet, Ranges, Response

HYBRID = HybridSet(muscle="mmt8", enzyme="enzyme", extramuscular="das")


def test_each_measure_has_its_scale_in_the_plan():
    assert set(Ranges.model_fields) == {*MEASURES, "enzymes"}
    assert list(EnzymeRanges.model_fields) == list(ENZYMES)


def test_each_measure_is_a_column_of_the_visits_table():
    assert {*ACTIVITY_COLUMNS, *INDICES} <= set(INPUT_TABLES["visits"].names)
    assert {*MEASURES, *ENZYMES, *(one.uln for one in ENZYMES.values())} == set(ACTIVITY_COLUMNS)


@pytest.mark.parametrize(
    "response",
    [
        Response(),
        Response(core_set="imacs"),
        Response(core_set="hybrid", hybrid=HYBRID),
    ],
    ids=lambda response: response.core_set,
)
def test_a_core_set_has_a_measure_in_each_place(response):
    assert list(response.measures) == list(COMPONENTS)
    assert len({core_set_measure(name).title for name in response.measures.values()}) == 6


def test_codes_and_titles_are_each_of_one_measure():
    titles = [one.title for one in (*MEASURES.values(), *ENZYMES.values())]
    codes = [component.paramcd for component in COMPONENTS.values()]
    places = [one.sdtm for one in (*MEASURES.values(), *ENZYMES.values())]
    for names in (titles, codes, places):
        assert len(set(names)) == len(names)
