"""Probability of being in response against R survival, hand calculation and proportions."""

from __future__ import annotations

import json
from math import isnan, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.stats.competing import aalen_johansen
from durable.stats.in_response import in_response
from durable.stats.survival import kaplan_meier

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "in_response.json").read_text(encoding="utf-8")
)["cases"]
PROPERTY = settings(max_examples=100, deadline=None, derandomize=True)
#: Whether the response was entered, day of entering or leaving, days in it, whether it was left.
SAMPLES = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 6), st.booleans()),
    min_size=1,
    max_size=14,
)


def arrays(sample):
    start = [first if enters else nan for enters, first, _, _ in sample]
    end = [first + days if enters else first for enters, first, days, _ in sample]
    return start, end, [left for *_, left in sample]


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"n{len(case['start'])}")
def test_equals_the_multi_state_survfit_of_r(case):
    start = [nan if value is None else value for value in case["start"]]
    estimate = in_response(start, case["end"], case["left"])
    assert estimate.time.tolist() == case["time"]
    np.testing.assert_allclose(estimate.waiting, case["waiting"], atol=1e-14)
    np.testing.assert_allclose(estimate.probability, case["probability"], atol=1e-14)


def test_five_subjects_by_hand():
    # In response from 2 to 6 (lost), 2 to 4 (censored), 3 to 6 (lost); failed at 4; censored at 5.
    estimate = in_response([2, 2, 3, nan, nan], [6, 4, 6, 4, 5], [1, 0, 1, 1, 0])
    assert estimate.time.tolist() == [2, 3, 4, 5, 6]
    assert estimate.n_waiting.tolist() == [5, 3, 2, 1, 0]
    assert estimate.n_in_response.tolist() == [0, 2, 3, 2, 2]
    # 2/5; 2/5 + 3/5 x 1/3 = 3/5; nobody is lost before 6, where both of two are.
    np.testing.assert_allclose(estimate.probability, [0.4, 0.6, 0.6, 0.6, 0], rtol=1e-14)
    np.testing.assert_allclose(estimate.waiting, [0.6, 0.4, 0.2, 0.2, 0.2], rtol=1e-14)
    # At 5 the last who waited is censored: a fifth may respond later, or not.
    assert estimate.last == 5
    assert isnan(estimate.probability_at([6])["probability"][0])


def test_area_under_the_curve_by_hand():
    # In response on [2, 6) and never; everybody is followed to 8: 1/2 on [2, 6) is 2 in all.
    estimate = in_response([2, nan], [6, 8], [1, 1])
    assert estimate.mean_time(8)[0] == pytest.approx(2)
    assert estimate.mean_time(4)[0] == pytest.approx(1)
    # Nobody can be in response later.
    assert estimate.mean_time(20)[0] == pytest.approx(2)
    open_end = in_response([2, nan], [6, 8], [0, 1])
    assert open_end.mean_time(6)[0] == pytest.approx(2)
    assert np.isnan(open_end.mean_time(7)).all()


def test_limits_of_the_area_are_not_carried_past_follow_up():
    # Nobody can be in response after 9, but a sample of the censored alone ends open at 4.
    starts, ends = [1, 2, 1, nan], [9, 6, 4, 5]
    censored = in_response(starts, ends, [1, 1, 0, 1])
    assert censored.last == 9
    mean, lower, upper = censored.mean_time(10)
    # 1/2 on [1, 2), 3/4 on [2, 6), half of it on [6, 9).
    assert (mean, isnan(lower), isnan(upper)) == (pytest.approx(4.625), True, True)
    assert not np.isnan(censored.mean_time(9)).any()
    # Without a censored subject every sample ends where nobody can be in response.
    observed = in_response(starts, ends, [1, 1, 1, 1]).mean_time(20)
    assert not np.isnan(observed).any()
    assert observed[2] <= 8


def test_who_loses_the_response_at_the_time_of_entering_it_was_never_in_it():
    estimate = in_response([3, 5], [3, 7], [1, 0])
    assert (estimate.n_entered.sum(), estimate.n_failed.tolist()) == (1, [1, 0, 0])
    assert estimate.probability.tolist() == [0, 0.5, 0.5]
    censored = in_response([3, 5], [3, 7], [0, 0])
    assert censored.probability.tolist() == [0.5, 1, 1]


def test_no_subject_gives_nothing_estimable():
    estimate = in_response([], [], [])
    row = estimate.probability_at([0, 5])
    assert row[["probability", "lower", "upper"]].isna().all(axis=None)
    assert row["n_waiting"].tolist() == [0, 0]
    assert np.isnan(estimate.mean_time(5)).all()


def test_one_subject_has_an_estimate_without_limits():
    row = in_response([3], [9], [0]).probability_at([2, 5])
    assert row["probability"].tolist() == [0, 1]
    assert row[["lower", "upper"]].isna().all(axis=None)
    mean, lower, upper = in_response([3], [9], [0]).mean_time(8)
    assert (mean, isnan(lower), isnan(upper)) == (5, True, True)


def test_nobody_and_everybody_in_response():
    never = in_response([nan] * 4, [5, 6, 7, 8], [1, 0, 0, 0])
    assert never.probability_at([6])["probability"].tolist() == [0]
    every = in_response([1] * 4, [5, 6, 7, 8], [0] * 4)
    assert every.probability_at([4])["probability"].tolist() == [1]
    assert every.probability_at([4])["lower"].isna().all()


def test_the_bootstrap_is_that_of_its_seed_and_holds_the_estimate():
    sample = [1, 2, 4, 4, nan, nan, 6, 3], [9, 5, 8, 12, 12, 7, 12, 4], [1, 1, 0, 0, 0, 1, 0, 1]
    first, again = (in_response(*sample).probability_at([5, 8], seed=1) for _ in range(2))
    assert first.equals(again)
    one, same, other = (
        in_response(*sample).mean_time(11, replicates=100, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one[0] == other[0]
    assert one[1:] != other[1:]
    assert (first["lower"] <= first["probability"]).all()
    assert (first["probability"] <= first["upper"]).all()
    wide = in_response(*sample).probability_at([5, 8], level=0.5, seed=1)
    assert (wide["upper"] - wide["lower"] <= first["upper"] - first["lower"]).all()


def test_bootstrap_spread_without_censoring_is_that_of_a_proportion():
    # 12 of 30 in response at 5: the limits are quantiles of the binomial share, 0.4 -/+ 0.175.
    start = [1] * 12 + [nan] * 18
    end = [9] * 12 + [3] * 18
    row = in_response(start, end, [1] * 30).probability_at([5], replicates=4000).iloc[0]
    assert row["probability"] == pytest.approx(0.4)
    # R 4.2.2: qbinom(c(0.025, 0.975), 30, 0.4) is 7 and 17.
    assert [round(30 * row[name]) for name in ("lower", "upper")] == pytest.approx([7, 17], abs=1)


def test_samples_in_parts_are_the_same(monkeypatch):
    sample = [1, 2, 4, nan], [9, 5, 8, 7], [1, 1, 0, 1]
    whole = in_response(*sample).probability_at([4, 6])
    monkeypatch.setattr("durable.stats.in_response._AT_ONCE", 100)
    assert in_response(*sample).probability_at([4, 6]).equals(whole)


@pytest.mark.parametrize(
    ("start", "end", "left", "message"),
    [
        ([1, 5], [3, 4], [1, 1], r"start\[1\]: 5"),
        ([-1, 2], [3, 4], [1, 1], r"start\[0\]: -1"),
        ([1, 2], [3, nan], [1, 1], r"end\[1\]: nan"),
        ([1, 2], [3, 4], [1, 2], r"event\[1\]: 2"),
        ([1, 2], [3], [1], r"end\[1\]: absent"),
    ],
)
def test_bad_input_is_refused_with_its_first_position(start, end, left, message):
    with pytest.raises(ValueError, match=message):
        in_response(start, end, left)


@PROPERTY
@given(SAMPLES)
def test_without_censoring_it_is_the_proportion_in_response(sample):
    start, end, _ = arrays(sample)
    estimate = in_response(start, end, [1] * len(end))
    share = [
        np.mean([(s <= time < e) for s, e in zip(start, end, strict=True)])
        for time in estimate.time.tolist()
    ]
    np.testing.assert_allclose(estimate.probability, share, atol=1e-13)


@PROPERTY
@given(SAMPLES)
def test_who_never_leaves_is_the_incidence_of_the_response(sample):
    """Without losses the probability is the cumulative incidence of entering, failure competing."""
    start, end, left = arrays(sample)
    ever = ~np.isnan(start)
    left = np.where(ever, False, left)
    estimate = in_response(start, end, left)
    first = np.where(ever, start, end)
    incidence = aalen_johansen(first, np.where(ever, 1, np.where(left, 2, 0)))
    expected = incidence.incidence_at(estimate.time[estimate.time <= first.max()])
    found = estimate.probability[estimate.time <= first.max()]
    np.testing.assert_allclose(found, expected.loc[expected["cause"] == 1, "cif"], atol=1e-13)


@PROPERTY
@given(SAMPLES)
def test_who_is_in_response_from_the_start_leaves_it_as_kaplan_meier(sample):
    end, left = [1 + days for _, _, days, _ in sample], [left for *_, left in sample]
    estimate = in_response([0] * len(end), end, left)
    km = kaplan_meier(end, left)
    np.testing.assert_allclose(estimate.probability[1:], km.survival, atol=1e-13)
