"""The Total Improvement Score against the published card and the hand-derived examples."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.derive.tis import percent_change, total_improvement_score
from durable.jdm import tis
from durable.jdm.measures import COMPONENTS
from durable.jdm.percent_change import exact_percent

pytestmark = pytest.mark.requirement("IMP-01")

LOW, HIGH = "lower", "higher"


def score(*changes: float) -> float:
    return total_improvement_score(pd.DataFrame([changes], columns=list(COMPONENTS))).item()


IMACS_RANGES = ((10, LOW), (10, LOW), (80, HIGH), (3, LOW), (15, LOW), (10, LOW))
PRINTO_RANGES = ((10, LOW), (10, LOW), (52, HIGH), (3, LOW), (40, HIGH), (20, LOW))


@pytest.mark.parametrize(
    ("ranges", "baseline", "follow_up", "changes", "expected"),
    [
        pytest.param(
            IMACS_RANGES,
            (6, 5, 60, 1.5, 6, 4),
            (1, 1, 78, 0.25, 1, 1),
            (50, 40, 22.5, 125 / 3, 100 / 3, 30),
            87.5,
            id="E1 IMACS",
        ),
        pytest.param(
            IMACS_RANGES,
            (6, 6, 60, 1.5, 3, 4),
            (5.5, 5.5, 61.6, 1.35, 2.25, 3.5),
            (5, 5, 2, 5, 5, 5),
            0,
            id="E2 exactly at every first cut point",
        ),
        pytest.param(
            IMACS_RANGES,
            (6, 6, 50, 1.5, 7, 6),
            (2, 2, 74, 0.3, 1, 2),
            (40, 40, 30, 40, 40, 40),
            82.5,
            id="E3 exactly at every last cut point",
        ),
        pytest.param(
            IMACS_RANGES,
            (3, 3, 70, 1, 2, 2),
            (4, 4, 60, 2, 3, 3),
            (-10, -10, -12.5, -100 / 3, -20 / 3, -10),
            0,
            id="E4 every measure worse",
        ),
        pytest.param(
            PRINTO_RANGES,
            (7, 6, 30, 1.75, 25, 14),
            (2, 2, 46, 0.5, 45, 5),
            (50, 40, 400 / 13, 125 / 3, 50, 45),
            97.5,
            id="E5 PRINTO",
        ),
        pytest.param(
            IMACS_RANGES,
            (5, 4, 80, 0, 0.5, 5),
            (0, 0, 80, 0, 0.5, 0),
            (50, 40, 0, 0, 0, 50),
            47.5,
            id="E6 skin-predominant ceiling",
        ),
    ],
)
def test_hand_derived_examples(ranges, baseline, follow_up, changes, expected):
    found = [
        percent_change(before, after, width, better)
        for (width, better), before, after in zip(ranges, baseline, follow_up, strict=True)
    ]
    assert found == pytest.approx(changes, abs=1e-12)
    assert score(*found) == expected


def test_a_change_of_exactly_two_percent_is_exactly_two():
    assert (61.6 - 60) / 80 * 100 > 2  # what binary arithmetic makes of it
    assert percent_change(60, 61.6, 80, HIGH) == 2.0
    assert percent_change(0.3, 0.1, 0.4) == 50.0
    assert percent_change(1.1, 1.1, 3) == 0.0


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.decimals(0, 20000, places=3),
    st.decimals(0, 20000, places=2),
    st.decimals("0.01", 300, places=2),
)
def test_percent_change_is_the_exact_quotient_rounded_once(baseline, value, width):
    exact = 100 * (Fraction(str(baseline)) - Fraction(str(value))) / Fraction(str(width))
    assert percent_change(float(baseline), float(value), float(width)) == float(exact)
    assert percent_change(float(baseline), float(value), float(width), HIGH) == -float(exact)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(*[st.integers(1, 30000) for _ in range(4)])
def test_enzyme_change_is_exact_in_multiples_of_each_visit_s_uln(base, base_uln, value, uln):
    exact = 100 * (Fraction(base, base_uln) - Fraction(value, uln)) / 15
    assert exact_percent(base, base_uln, value, uln, 15) == float(exact)


def test_values_with_many_digits_are_exact_too():
    value = 0.12345678901234567
    exact = 100 * (Fraction(repr(value)) - Fraction("0.1")) / 7
    assert percent_change(value, 0.1, 7) == float(exact)


def test_missing_values_give_missing_changes():
    found = percent_change([1, np.nan, 3], [np.nan, 1, 1], 10)
    assert np.isnan(found[:2]).all()
    assert found[2] == 20


def test_the_direction_has_to_be_known():
    with pytest.raises(ValueError, match="better"):
        percent_change(1, 2, 3, "up")


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_cut_point_is_open_below_and_closed_above(component):
    scores = COMPONENTS[component].scores
    for level, cut in enumerate(COMPONENTS[component].cut_points):
        at_cut = tis.component_score(component, [cut, np.nextafter(cut, 100)])
        assert at_cut.tolist() == [scores[level], scores[level + 1]]
    assert tis.component_score(component, [-50, 0, 100, np.nan]).tolist()[:3] == [0, 0, scores[-1]]


def test_the_card_sums_to_one_hundred_and_keeps_its_repeated_scores():
    assert sum(max(component.scores) for component in COMPONENTS.values()) == 100
    assert COMPONENTS["function"].scores == (0, 5, 7.5, 7.5, 10)
    assert COMPONENTS["enzyme"].scores == (0, 2.5, 5, 7.5, 7.5)
    assert COMPONENTS["muscle"].cut_points == (2, 10, 20, 30)


@pytest.mark.parametrize("missing", tis.HEAVY)
def test_no_score_without_a_heavy_measure(missing):
    changes = pd.DataFrame([dict.fromkeys(COMPONENTS, 50.0) | {missing: np.nan}])
    assert total_improvement_score(changes).isna().all()


@pytest.mark.parametrize(
    ("missing", "partial", "best"),
    [("parent_global", 90, 100), ("function", 90, 100), ("enzyme", 92.5, 100)],
)
def test_a_missing_light_measure_scores_zero_and_is_never_rescaled(missing, partial, best):
    changes = pd.DataFrame([dict.fromkeys(COMPONENTS, 50.0) | {missing: np.nan}])
    assert total_improvement_score(changes).tolist() == [partial]
    assert tis.score_at_best(tis.component_scores(changes)).tolist() == [best]
    assert total_improvement_score(changes, "not_calculable").isna().all()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(-100, 100), min_size=6, max_size=6))
def test_the_score_is_a_multiple_of_two_and_a_half_between_0_and_100(changes):
    found = score(*changes)
    assert 0 <= found <= 100
    assert found % 2.5 == 0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(-100, 100), min_size=6, max_size=6), st.integers(0, 5), st.floats(0, 50))
def test_a_larger_improvement_never_lowers_the_score(changes, place, more):
    better = list(changes)
    better[place] += more
    assert score(*better) >= score(*changes)


def test_levels_start_at_their_thresholds():
    totals = pd.Series([0, 29.99, 30, 44.99, 45, 69.99, 70, 100, np.nan])
    levels = tis.response_category(totals, 30, 45, 70).tolist()
    assert levels == ["NONE"] * 2 + ["MINIMAL"] * 2 + ["MODERATE"] * 2 + ["MAJOR"] * 2 + [None]
