"""Turnbull's estimate against published data, hand calculation and plain self-consistency."""

from __future__ import annotations

import json
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.stats import interval_censored
from durable.stats.interval_censored import turnbull
from durable.stats.survival import kaplan_meier

INF = np.inf

# Time to breast retraction after radiotherapy alone, Finkelstein & Wolfe, Biometrics 1985;41:933.
RETRACTED = [
    *[(0, 7), (0, 8), (0, 5), (4, 11), (5, 12), (5, 11), (6, 10), (7, 16), (7, 14), (11, 15)],
    *[(11, 18), (17, 25), (17, 25), (19, 35), (18, 26), (25, 37), (26, 40), (27, 34), (36, 44)],
    *[(36, 48), (37, 44)],
]
NOT_RETRACTED = [15, 17, 18, 22, 24, 24, 32, 33, 34, 36, 36, 37, 37, 37, 38, 40, 45, *[46] * 8]
RADIOTHERAPY = (
    [lower for lower, _ in RETRACTED] + NOT_RETRACTED,
    [upper for _, upper in RETRACTED] + [INF] * len(NOT_RETRACTED),
)


@st.composite
def interval_samples(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    visits = [0, 1, 2, 3, 6, 9, 12]
    first = draw(st.lists(st.integers(0, 5), min_size=1, max_size=9))
    lower = [visits[i] for i in first]
    upper = [draw(st.sampled_from([visits[i + 1], visits[min(i + 3, 6)], INF])) for i in first]
    return lower, upper


@st.composite
def right_censored_samples(draw: st.DrawFn) -> tuple[list[int], list[bool]]:
    subjects = draw(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=12))
    return [t for t, _ in subjects], [e for _, e in subjects]


def as_bounds(time: list[int], event: list[bool]) -> tuple[list[int], list[float]]:
    return time, [t if e else INF for t, e in zip(time, event, strict=True)]


def self_consistent(lower: list[float], upper: list[float], steps: int) -> dict[float, float]:
    """Survival at each finite bound by Turnbull's iteration over all elementary intervals."""
    points = sorted({*lower, *upper, 0, INF})
    cells = list(pairwise(points))
    inside = np.array(
        [[lo <= a and b <= hi for a, b in cells] for lo, hi in zip(lower, upper, strict=True)]
    )
    mass = np.full(len(cells), 1 / len(cells))
    for _ in range(steps):
        shares = inside * mass
        mass = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    return {b: mass[i + 1 :].sum() for i, (_, b) in enumerate(cells) if b < INF}


def log_likelihood(lower: list[float], upper: list[float], curve: dict[float, float]) -> float:
    at = {0: 1.0, INF: 0.0, **curve}
    return sum(np.log(at[lo] - at[hi]) for lo, hi in zip(lower, upper, strict=True))


def test_finkelstein_and_wolfe_radiotherapy_equals_r():
    # R survfit(Surv(lower, upper, type = "interval2")), which stops at about 1e-4.
    curve = turnbull(*RADIOTHERAPY).curve
    curve = curve[curve["probability"] > 0]
    assert curve["left"].tolist() == [4, 6, 7, 11, 24, 33, 38, 46]
    assert curve["right"].tolist() == [5, 7, 8, 12, 25, 34, 40, 48]
    expected = [0.9537, 0.9203, 0.8316, 0.7609, 0.6682, 0.5864, 0.4655, 0]
    np.testing.assert_allclose(curve["survival"], expected, atol=1e-4)


REFERENCE = Path(__file__).parents[1] / "reference" / "turnbull.json"


@pytest.mark.parametrize(
    "case", json.loads(REFERENCE.read_text())["cases"], ids=lambda case: case["id"]
)
def test_r_survfit_is_near_and_no_more_likely(case):
    assert_as_likely_as_r_and_near_it(case)


def assert_as_likely_as_r_and_near_it(case):
    # R's iteration stops when a step changes survival by less than 5e-5, short of the maximum.
    lower = case["data"]["lower"]
    upper = [INF if bound is None else bound for bound in case["data"]["upper"]]
    curve = turnbull(lower, upper).curve
    middle = (curve["left"] + curve["right"]).to_numpy() / 2
    probability = curve["probability"].to_numpy()
    theirs = dict(zip(case["expected"]["time"], case["expected"]["surv"], strict=True))
    ours = {time: 1 - probability[middle <= time].sum() for time in theirs}
    np.testing.assert_allclose(list(ours.values()), list(theirs.values()), atol=0.01)
    at = [(0.0, 1.0), *theirs.items()]
    r_curve = {b: [s for t, s in at if t <= b][-1] for b in {*lower, *upper} if b < INF}
    own_curve = {b: 1 - probability[middle <= b].sum() for b in r_curve}
    r_curve[0] = own_curve[0] = 1.0
    assert log_likelihood(lower, upper, own_curve) >= log_likelihood(lower, upper, r_curve) - 1e-9


def test_radiotherapy_median_is_known_up_to_its_region_and_its_limit_is_not_reached():
    median = turnbull(*RADIOTHERAPY).quantile(0.5)
    assert (median.earliest, median.latest) == (38, 40)
    assert median.lower < 38
    assert np.isnan(median.upper)


def test_three_overlapping_intervals_by_hand():
    # (0,2], (1,3], (2,4]: regions (1,2] and (2,3]; the second subject is in both, halves maximise.
    curve = turnbull([0, 1, 2], [2, 3, 4]).curve
    assert curve[["left", "right"]].to_numpy().tolist() == [[1, 2], [2, 3]]
    np.testing.assert_allclose(curve["probability"], [0.5, 0.5], atol=1e-9)


def test_unequal_shares_by_hand():
    # (0,1], (0,3] twice, (2,3]: likelihood p (1-p), with p the share of (0,1]: p = 1/2;
    # (0,1], (2,3] twice, (0,3]: p (1-p)^2, p = 1/3.
    np.testing.assert_allclose(turnbull([0, 0, 0, 2], [1, 3, 3, 3]).probability, [1 / 2, 1 / 2])
    np.testing.assert_allclose(turnbull([0, 2, 2, 0], [1, 3, 3, 3]).probability, [1 / 3, 2 / 3])


def test_consecutive_visits_share_no_time():
    # Seen at 6 with recurrence, and at 6 without: nobody can have had it at the same time.
    curve = turnbull([3, 6], [6, 9]).curve
    assert curve[["left", "right"]].to_numpy().tolist() == [[3, 6], [6, 9]]


def test_survival_inside_a_region_is_a_range():
    table = turnbull([0, 3, 6, 6], [3, 6, INF, INF]).survival_at([1, 3, 4, 6, 6.5])
    assert table["lowest"].tolist()[:4] == pytest.approx([0.75, 0.75, 0.5, 0.5])
    assert table["highest"].tolist()[:4] == pytest.approx([1, 0.75, 0.75, 0.5])
    assert table.iloc[4, 1:].isna().all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(interval_samples())
def test_likelihood_is_not_below_that_of_two_thousand_self_consistent_steps(sample):
    estimate = turnbull(*sample)
    bounds = sorted({b for b in (*sample[0], *sample[1]) if 0 < b < INF})
    lowest = [estimate.survival_at([b], replicates=1)["lowest"].item() for b in bounds]
    ours = log_likelihood(*sample, dict(zip(bounds, lowest, strict=True)))
    plain = self_consistent(*sample, steps=2000)
    assert ours >= log_likelihood(*sample, plain) - 1e-9
    assert estimate.probability.sum() == pytest.approx(1)


def registry(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Recurrences at a rate of 1 in 300 days, seen at ten visits of which some are missed."""
    random = np.random.default_rng(seed)
    due = np.array([30, 60, 90, 180, 270, 365, 450, 540, 630, 730])
    day = due + random.integers(-7, 8, size=(n, 10))
    recurred, left = random.exponential(300, n)[:, None], random.uniform(100, 730, n)[:, None]
    held = (random.random((n, 10)) > 0.1) & (day <= left)
    lower = np.where(held & (day < recurred), day, 0).max(axis=1)
    upper = np.where(held & (day >= recurred), day, INF).min(axis=1)
    return lower, upper


@pytest.mark.parametrize(("n", "seed"), [(10, 1), (100, 2), (1000, 3)])
def test_lifelines_is_near_and_no_more_likely(n, seed):
    from lifelines import KaplanMeierFitter

    lower, upper = registry(n, seed)
    # It knows closed intervals only: half a day later, where ours are open on the left.
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        fitted = KaplanMeierFitter().fit_interval_censoring(lower + 0.5, upper, tol=1e-6)
    theirs = fitted.survival_function_["NPMLE_estimate_lower"]
    estimate = turnbull(lower, upper)
    own = {b: 1 - estimate.probability[estimate.right <= b].sum() for b in estimate.values}
    at = {b: theirs[theirs.index <= b].min() if b else 1.0 for b in estimate.values}
    np.testing.assert_allclose([*own.values()], [*at.values()], atol=2e-3)
    assert log_likelihood(lower, upper, own) >= log_likelihood(lower, upper, at) - 1e-9


@pytest.mark.parametrize(("n", "seed"), [(1000, 1), (3000, 2), (20_000, 3)])
def test_no_move_of_probability_makes_a_registry_more_likely(n, seed):
    # The conditions of the maximum, region by region (Gentleman & Geyer, Biometrika 1994;81:618):
    # the mean of 1 / (probability of the subject's interval) over all subjects, counted where the
    # region is in the interval, is 1 where the region has probability, and nowhere above.
    lower, upper = registry(n, seed)
    estimate = turnbull(lower, upper)
    inside = (lower[:, None] <= estimate.left) & (estimate.right <= upper[:, None])
    gain = (inside / (inside @ estimate.probability)[:, None]).mean(axis=0)
    assert gain.max() == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(gain[estimate.probability > 1e-6], 1, atol=1e-5)
    assert estimate.probability.sum() == pytest.approx(1)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 29), st.one_of(st.integers(0, 24), st.just(INF))),
        min_size=1,
        max_size=40,
    )
)
def test_no_move_of_probability_makes_any_sample_more_likely(sample):
    lower = np.array([first for first, _ in sample], dtype=float)
    upper = lower + np.array([length for _, length in sample])
    estimate = turnbull(lower, upper)
    inside = (lower[:, None] <= estimate.left) & (estimate.right <= upper[:, None])
    # An exact time is not in the interval that begins after it.
    exact = (estimate.left == estimate.right) & (lower[:, None] == estimate.left)
    inside &= ~exact | (upper == lower)[:, None]
    gain = (inside / (inside @ estimate.probability)[:, None]).mean(axis=0)
    assert gain.max() == pytest.approx(1, abs=1e-9)


def test_a_step_that_leaves_out_too_much_at_once_is_made_in_turn():
    # Of 20,000 random samples the one in which steps that did not rise went on without end.
    lower = (
        "23 23 28 28 21 12 15 24 27 25 21 24 14 3 18 7 24 12 25 6 20 18 26 0 1 29 23 3 2 22 5 25"
    )
    upper = (
        "inf 44 inf inf inf 17 24 48 41 42 25 inf 38 26 19 19 45 28 inf inf 29 33 45 12 13 inf 41 7"
        " 11 inf 14 inf"
    )
    sample = [[float(bound) for bound in text.split()] for text in (lower, upper)]
    curve = dict(turnbull(*sample).curve[["right", "survival"]].to_numpy().tolist())
    plain = self_consistent(*sample, steps=5000)
    for bound, survival in curve.items():
        assert bound == INF or survival == pytest.approx(plain[bound], abs=1e-4)


def test_ten_copies_of_every_subject_have_the_same_curve():
    lower, upper = registry(300, 4)
    one, ten = turnbull(lower, upper), turnbull(np.repeat(lower, 10), np.repeat(upper, 10))
    np.testing.assert_allclose(ten.curve, one.curve, atol=1e-9)


def test_bootstrap_of_a_registry_gives_narrow_limits():
    lower, upper = registry(2000, 5)
    estimate = turnbull(lower, upper)
    table = estimate.survival_at([365], replicates=200)
    # exp(-365 / 300) = 0.296 is the truth; (p (1 - p) / n)^(1/2) = 0.010 if nobody were censored.
    assert table["lower"].item() < 0.296 < table["upper"].item()
    assert 0.03 < table["upper"].item() - table["lower"].item() < 0.12


def test_plain_self_consistency_gives_the_same_curve():
    plain = self_consistent(*RADIOTHERAPY, steps=5000)
    table = turnbull(*RADIOTHERAPY).survival_at([5, 8, 12, 25, 34, 40, 46], replicates=1)
    np.testing.assert_allclose(table["lowest"], [plain[t] for t in table["time"]], atol=2e-4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(right_censored_samples())
def test_exact_and_right_censored_times_give_kaplan_meier(sample):
    km, estimate = kaplan_meier(*sample), turnbull(*as_bounds(*sample))
    times = np.arange(0, 9.5, 0.5)
    table = estimate.survival_at(times, replicates=1)
    np.testing.assert_allclose(table["lowest"], km.survival_at(times)["survival"], atol=1e-8)
    np.testing.assert_allclose(table["highest"], km.survival_at(times)["survival"], atol=1e-8)
    for rule in ("r", "sas"):
        expected = km.quantile(0.5, rule=rule)[0]
        median = estimate.quantile(0.5, rule=rule, replicates=1)
        np.testing.assert_allclose([median.earliest, median.latest], expected, atol=1e-9)


def test_bootstrap_limits_of_exact_times_are_those_of_the_resampled_medians():
    time = np.array([1.0, 2, 3, 5, 8, 13, 21])
    median = turnbull(time, time).quantile(0.5, level=0.9, replicates=500, seed=11)
    draws = np.random.default_rng(11).integers(7, size=(500, 7))
    medians = np.sort(np.median(time[draws], axis=1))
    # The 25th and the 475th of 500.
    assert (median.lower, median.upper) == (medians[24], medians[474])


@pytest.mark.parametrize("at_once", [1, 40, 1_000_000])
def test_bootstrap_limits_are_those_of_each_sample_estimated_alone(monkeypatch, at_once):
    monkeypatch.setattr(interval_censored, "_AT_ONCE", at_once)
    lower, upper = np.array([0.0, 0, 3, 6, 6, 9]), np.array([3, 6, 9, 6, INF, INF])
    estimate = turnbull(lower, upper)
    draws = np.random.default_rng(8).integers(6, size=(200, 6))
    alone = [turnbull(lower[drawn], upper[drawn]) for drawn in draws]
    medians = [one.quantile(0.5, replicates=1) for one in alone]
    earliest, latest = (np.nan_to_num(ends, nan=INF) for ends in np.transpose(medians)[:2])
    median = estimate.quantile(0.5, level=0.8, replicates=200, seed=8)
    # The 20th and the 180th of 200; INF stands for a median that is not reached.
    assert median[2:] == (np.sort(earliest)[19], np.sort(latest)[179])
    assert median[2:] == (3, 9)
    # A sample whose last bound lies before the time keeps its last survival.
    survival = [one.survival_at([min(5, one.values[-1])], replicates=1) for one in alone]
    lowest, highest = (
        np.sort([at[side].item() for at in survival]) for side in ("lowest", "highest")
    )
    limits = estimate.survival_at([5], level=0.8, replicates=200, seed=8)[["lower", "upper"]]
    assert limits.to_numpy().tolist() == [[lowest[19], highest[179]]]


def test_a_quantile_near_0_is_in_the_first_region():
    # Below the tolerance of a flat curve: half of the subjects have the event in (0, 3].
    assert turnbull([0, 6], [3, INF]).quantile(1e-9, replicates=1)[:2] == (0, 3)


def test_bootstrap_is_repeatable_and_depends_on_its_seed_only():
    first, again = (
        turnbull(*RADIOTHERAPY).survival_at([12], replicates=50, seed=3) for _ in range(2)
    )
    assert first.equals(again)
    assert not first.equals(turnbull(*RADIOTHERAPY).survival_at([12], replicates=50, seed=4))


def test_bounds_equal_but_for_rounding_are_one_time():
    curve = turnbull([0, 0.3], [0.1 + 0.2, 1]).curve
    assert curve[["left", "right"]].to_numpy().tolist() == [[0, 0.3], [0.3, 1]]


def test_no_subject():
    estimate = turnbull([], [])
    assert estimate.curve.empty
    assert np.isnan(estimate.quantile(0.5)).all()
    assert estimate.survival_at([1]).iloc[0, 1:].isna().all()


def test_one_subject_with_an_event():
    estimate = turnbull([3], [6])
    assert estimate.probability.tolist() == [1]
    assert estimate.quantile(0.5) == (3, 6, 3, 6)
    assert estimate.survival_at([3, 6])["lowest"].tolist() == [1, 0]


def test_all_right_censored_is_never_reached():
    estimate = turnbull([3, 5], [INF, INF])
    assert np.isnan(estimate.quantile(0.5)).all()
    assert estimate.curve["survival"].isna().all()
    table = estimate.survival_at([4, 5, 6])
    assert table["lowest"].tolist()[:2] == [1, 1]
    assert table["lower"].tolist()[:2] == [1, 1]
    assert np.isnan(table["lowest"][2])


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([1, -1], [2, 2], r"lower\[1\]: -1"),
        ([1, INF], [2, INF], r"lower\[1\]: inf"),
        ([1, 2], [2, 1], r"upper\[1\]: 1"),
        ([1, 2], [np.nan, 3], r"upper\[0\]: nan"),
        ([1, 2], [2], r"upper\[1\]"),
    ],
)
def test_bad_input_is_refused_with_its_first_position(lower, upper, message):
    with pytest.raises(ValueError, match=message):
        turnbull(lower, upper)


def test_numpy_error_state_and_warnings_are_left_alone(recwarn):
    before = np.geterr()
    turnbull(*RADIOTHERAPY)
    assert np.geterr() == before
    assert not recwarn.list
