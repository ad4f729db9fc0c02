"""The batch against R survival and against the single sample, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.stats.batch import KaplanMeierBatch, kaplan_meier_batch
from durable.stats.survival import kaplan_meier

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = [
    case
    for case in json.loads((REFERENCE / "km.json").read_text())["cases"]
    if "entry" not in case["data"]
]
TRANSFORMS = {
    "plain": "plain",
    "log": "log",
    "log-log": "log-log",
    "logit": "logit",
    "arcsine": "arcsin",
}
MATCH = {"rtol": 1e-9, "atol": 1e-12}


def ragged(rows: list[list[float]]) -> np.ndarray:
    """Rows of unequal length as an array, NaN behind them."""
    filled = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, values in zip(filled, rows, strict=True):
        row[: len(values)] = values
    return filled


def batch_of(cases: list[dict]) -> KaplanMeierBatch:
    data = [case["data"] for case in cases]
    return kaplan_meier_batch(
        ragged([d["time"] for d in data]), ragged([d["status"] for d in data])
    )


def of_level(level: float) -> list[dict]:
    return [case for case in CASES if case["conf_level"] == level]


LEVELS = sorted({case["conf_level"] for case in CASES})
PROPORTIONS = CASES[0]["expected"]["quantiles"]["p"]


def test_reference_cases_cover_what_the_batch_treats_apart():
    assert len(CASES) > 80
    assert {0.9, 0.95, 0.99} <= set(LEVELS)


def test_curve_equals_r_for_all_cases_at_once():
    batch = batch_of(CASES)
    for ours, theirs in (
        (batch.time, "time"),
        (batch.survival, "surv"),
        (batch.std_err, "std_err"),
        (batch.log_std_err, "std_err_log"),
    ):
        expected = [np.array(case["expected"]["curve"][theirs], dtype=float) for case in CASES]
        np.testing.assert_allclose(ours, ragged(expected), **MATCH)
    for ours, theirs in (
        (batch.n_risk, "n_risk"),
        (batch.n_event, "n_event"),
        (batch.n_censor, "n_censor"),
    ):
        expected = ragged([case["expected"]["curve"][theirs] for case in CASES])
        np.testing.assert_array_equal(ours, np.nan_to_num(expected))


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("level", LEVELS)
def test_limits_equal_r(level, transform):
    assert_limits_equal(of_level(level), level, transform)


def assert_limits_equal(cases, level, transform):
    limits = batch_of(cases).confidence(level, transform)
    for ours, side in zip(limits, ("lower", "upper"), strict=True):
        rows = [case["expected"]["ci"][TRANSFORMS[transform]][side] for case in cases]
        np.testing.assert_allclose(ours, ragged(rows), **MATCH)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("level", LEVELS)
def test_quantiles_and_limits_equal_r(level, transform):
    assert_quantiles_equal(of_level(level), level, transform)


def assert_quantiles_equal(cases, level, transform):
    batch = batch_of(cases)
    for column, p in enumerate(PROPORTIONS):
        ours = batch.quantile(p, level, transform)
        for values, name in zip(ours, ("estimate", "lower", "upper"), strict=True):
            expected = [
                c["expected"]["quantiles"][TRANSFORMS[transform]][name][column] for c in cases
            ]
            np.testing.assert_allclose(values, np.array(expected, dtype=float), **MATCH)


@pytest.mark.parametrize(("column", "p"), list(enumerate(PROPORTIONS)))
def test_sas_quantiles_equal_the_formula_computed_by_r(column, p):
    expected = [case["expected"]["quantiles_sas_formula"]["estimate"][column] for case in CASES]
    estimate, _, _ = batch_of(CASES).quantile(p, rule="sas")
    np.testing.assert_allclose(estimate, np.array(expected, dtype=float), **MATCH)


def test_landmarks_equal_r_and_are_missing_past_the_last_time():
    for case in CASES:
        landmarks = case["expected"]["landmarks"]
        level = case["conf_level"]
        survival, lower, upper, n_risk = batch_of([case]).survival_at(landmarks["times"], level)
        followed = np.array(landmarks["times"]) <= max(case["data"]["time"])
        limits = landmarks["ci"]["log-log"]
        for ours, theirs in (
            (survival, landmarks["surv"]),
            (lower, limits["lower"]),
            (upper, limits["upper"]),
        ):
            expected = np.where(followed, np.array(theirs, dtype=float), np.nan)
            np.testing.assert_allclose(ours[0], expected, **MATCH)
        np.testing.assert_array_equal(n_risk[0], landmarks["n_risk"])


def test_half_of_ten_is_recognised_whatever_the_rounding():
    # Five events of n = 10 at 1..5: 0.9 x 8/9 x ... is not 0.5 in binary; the median is 5.5.
    estimate, _, _ = kaplan_meier_batch([np.arange(1, 11)], np.ones((1, 10))).quantile(0.5)
    assert estimate.tolist() == [5.5]


def samples(max_time: int) -> st.SearchStrategy:
    subject = st.tuples(st.integers(0, max_time), st.booleans())
    return st.lists(st.lists(subject, min_size=1, max_size=12), min_size=1, max_size=8)


def unzipped(drawn: list[list[tuple[int, bool]]]) -> tuple[list[list[int]], list[list[bool]]]:
    return [[t for t, _ in row] for row in drawn], [[e for _, e in row] for row in drawn]


@pytest.mark.parametrize("transform", TRANSFORMS)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(drawn=samples(9), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_every_cell_equals_the_single_sample(transform, drawn, level):
    times, events = unzipped(drawn)
    batch = kaplan_meier_batch(ragged(times), ragged(events))
    limits = batch.confidence(level, transform)
    landmarks = batch.survival_at([0, 3, 6.5, 20], level, transform)
    quantiles = {
        (p, rule): batch.quantile(p, level, transform, rule)
        for p in (0.25, 1 / 3, 0.5, 0.8)
        for rule in ("r", "sas")
    }
    for row, (time, event) in enumerate(zip(times, events, strict=True)):
        single = kaplan_meier(time, event)
        k = single.time.size
        for name in ("time", "n_risk", "n_event", "n_censor", "survival", "std_err"):
            np.testing.assert_array_equal(getattr(batch, name)[row, :k], single.curve[name])
        assert np.isnan(batch.survival[row, k:]).all()
        assert not batch.n_risk[row, k:].any()
        band, at = (
            single.confidence(level, transform),
            single.survival_at([0, 3, 6.5, 20], level, transform),
        )
        for ours, side in zip(limits, ("lower", "upper"), strict=True):
            np.testing.assert_allclose(ours[row, :k], band[side], rtol=1e-13)
        for ours, name in zip(landmarks, ("survival", "lower", "upper", "n_risk"), strict=True):
            np.testing.assert_allclose(ours[row], at[name], rtol=1e-13)
        for (p, rule), triple in quantiles.items():
            ours = [values[row] for values in triple]
            np.testing.assert_array_equal(ours, single.quantile(p, level, transform, rule))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(drawn=samples(5))
def test_counting_days_equals_sorting(drawn):
    times, events = unzipped(drawn)
    size = [len(row) for row in times]
    filled = np.nan_to_num(ragged(times)).astype(int)
    counted = kaplan_meier_batch(filled, np.nan_to_num(ragged(events)), size)
    ordered = kaplan_meier_batch(ragged(times), ragged(events))
    for name in ("time", "n_risk", "n_event", "n_censor", "survival", "log_std_err"):
        np.testing.assert_array_equal(getattr(counted, name), getattr(ordered, name))


def test_a_limit_that_is_not_monotone_is_inverted_as_r_does():
    # 99.9 %, events at 1, 2, 3, 4 of twelve: the lower limits are .0964, .1535, .1443, .1194, and
    # R's quantile(fit, 0.1)$lower is the time of the highest, not the first below .9.
    time, event = [1, 2, 3, 4, *[9] * 8], [1, 1, 1, 1, *[0] * 8]
    _, lower, _ = kaplan_meier_batch([time], [event]).quantile(0.1, 0.999)
    assert lower.tolist() == [2.0]


def test_times_equal_but_for_rounding_are_one_time_in_their_sample_only():
    batch = kaplan_meier_batch([[0.1 + 0.2, 0.3, 1.0], [0.3, 0.4, 1.0]], np.ones((2, 3)))
    assert batch.n_event.tolist() == [[2, 1, 0], [1, 1, 1]]
    assert batch.time[0, :2].tolist() == [0.3, 1.0]


def test_a_landmark_that_differs_from_a_time_by_rounding_is_that_time():
    survival, _, _, n_risk = kaplan_meier_batch([[0.1 + 0.2, 1.0]], [[1, 1]]).survival_at([0.3])
    assert (survival.item(), n_risk.item()) == (0.5, 2)


def test_samples_without_subjects_are_not_estimable():
    batch = kaplan_meier_batch(np.full((2, 3), np.nan), np.zeros((2, 3)))
    assert np.isnan(batch.survival).all()
    assert all(np.isnan(values).all() for values in batch.quantile(0.5))
    survival, _, _, n_risk = batch.survival_at([0, 5])
    assert np.isnan(survival).all()
    assert not n_risk.any()


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_empty_arrays_are_allowed(shape):
    batch = kaplan_meier_batch(np.empty(shape), np.empty(shape))
    assert batch.quantile(0.5)[0].shape == (shape[0],)
    assert batch.survival_at([1, 2])[0].shape == (shape[0], 2)


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([[1.0, 2.0], [3.0, -4.0]], [[1, 0], [0, 1]], r"time\[1, 1\]: -4.0"),
        ([[1.0, np.inf]], [[1, 0]], r"time\[0, 1\]: inf"),
        ([[1.0, 2.0]], [[1, 2]], r"event\[0, 1\]: 2"),
        ([[1.0, 2.0]], [[1, np.nan]], r"event\[0, 1\]: nan"),
        ([[1.0, np.nan]], [[0, 1]], r"event\[0, 1\]: 1 is without a time"),
        ([1.0, 2.0], [1, 0], r"expected both \(samples, subjects\)"),
        ([[1.0, 2.0]], [[1]], r"shapes"),
        ([["a", "b"]], [[1, 0]], r"not numbers"),
    ],
)
def test_bad_input_is_refused_with_its_first_position(time, event, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier_batch(time, event)


def test_size_must_match():
    with pytest.raises(ValueError, match="size"):
        kaplan_meier_batch([[1, 2], [3, 4]], [[1, 1], [1, 1]], size=[2, 3])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 0}, "p: 0"),
        ({"p": 0.5, "rule": "x"}, "rule"),
        ({"p": 0.5, "transform": "x"}, "transf"),
    ],
)
def test_unknown_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier_batch([[1.0]], [[1]]).quantile(**arguments)


def test_numpy_error_state_is_left_alone():
    before = np.geterr()
    kaplan_meier_batch([[1.0, 2.0]], [[1, 1]]).quantile(0.5)
    assert np.geterr() == before
