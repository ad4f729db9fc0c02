"""Aalen-Johansen against R survival, R cmprsk, hand calculation and exact fractions."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.stats.competing import aalen_johansen
from durable.stats.survival import kaplan_meier

REFERENCE = Path(__file__).parents[1] / "reference"
SURVFIT = [
    *json.loads((REFERENCE / "aalen_johansen.json").read_text())["cases"],
    json.loads((REFERENCE / "aj_small_noties.json").read_text()),
]
CUMINC = json.loads((REFERENCE / "cuminc.json").read_text())["cases"]

SAMPLES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=14).map(
    lambda rows: ([time for time, _ in rows], [event for _, event in rows])
)
PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)


def numbers(values: list[float | None]) -> np.ndarray:
    return np.array(values, dtype=float)


@pytest.mark.parametrize("case", SURVFIT, ids=lambda case: case["id"])
def test_curve_and_standard_error_equal_r_survfit(case):
    curve, expected = aalen_johansen(**case["data"]).curve, case["expected"]["curve"]
    np.testing.assert_allclose(curve["time"], expected["time"], rtol=1e-12)
    np.testing.assert_array_equal(curve["n_risk"], expected["n_risk"])
    for ours, theirs in (
        ("cif_1", "cif_event"),
        ("cif_2", "cif_death"),
        ("survival", "p_free"),
        ("std_err_1", "se_event"),
        ("std_err_2", "se_death"),
    ):
        np.testing.assert_allclose(curve[ours], numbers(expected[theirs]), atol=1e-12)


@pytest.mark.parametrize("transform", ["log", "log-log", "plain"])
@pytest.mark.parametrize("case", SURVFIT, ids=lambda case: case["id"])
def test_landmarks_and_limits_equal_r_survfit_and_are_missing_past_the_last_time(case, transform):
    landmarks = case["expected"]["landmarks"]
    table = aalen_johansen(**case["data"]).incidence_at(landmarks["times"], transform=transform)
    followed = np.array(landmarks["times"]) <= max(case["data"]["time"])
    for cause, name in ((1, "event"), (2, "death")):
        rows = table[table["cause"] == cause]
        limits = landmarks["ci"][transform]
        for column, expected in (
            ("cif", landmarks[f"cif_{name}"]),
            ("std_err", landmarks[f"se_{name}"]),
            ("lower", limits[f"{name}_lower"]),
            ("upper", limits[f"{name}_upper"]),
        ):
            known = followed
            if transform == "log-log" and column in ("lower", "upper"):
                # At 1 the transform is undefined; R gives limits where it misses 1 by rounding.
                known = followed & (rows["cif"].to_numpy() < 1 - 1e-12)
            values = np.where(known, numbers(expected), np.nan)
            np.testing.assert_allclose(rows[column], values, atol=1e-12)


@pytest.mark.parametrize("case", CUMINC, ids=lambda case: f"n{len(case['time'])}")
def test_aalen_variance_equals_r_cuminc_with_ties_and_events_at_zero(case):
    estimate = aalen_johansen(case["time"], case["event"], variance="aalen")
    np.testing.assert_allclose(estimate.cif, case["cif"], atol=1e-12)
    np.testing.assert_allclose(estimate.std_err**2, case["variance"], atol=1e-12)


def test_aalen_variance_equals_r_cuminc_without_ties():
    case = SURVFIT[-1]
    expected = case["expected"]["cmprsk"]
    table = aalen_johansen(**case["data"], variance="aalen").incidence_at(expected["times"])
    for cause, name in ((1, "event"), (2, "death")):
        variance = table.loc[table["cause"] == cause, "std_err"] ** 2
        np.testing.assert_allclose(variance, expected[f"var_{name}"], atol=1e-12)


def test_ties_by_hand():
    # Ten at risk; at 2 two recurrences, one death, one censored; at 5 one of each, of six.
    time = [2, 2, 2, 2, 5, 5, 5, 9, 9, 9]
    event = [1, 1, 2, 0, 1, 2, 0, 0, 0, 0]
    curve = aalen_johansen(time, event).curve
    assert curve["n_risk"].tolist() == [10, 6, 3]
    assert curve["n_event_1"].tolist() == [2, 1, 0]
    assert curve["n_event_2"].tolist() == [1, 1, 0]
    assert curve["n_censor"].tolist() == [1, 1, 3]
    # 2/10; + 7/10 x 1/6 = 19/60; and 1/10; + 7/60 = 13/60; 7/10 x 4/6 = 28/60.
    np.testing.assert_allclose(curve["cif_1"], [2 / 10, 19 / 60, 19 / 60], rtol=1e-14)
    np.testing.assert_allclose(curve["cif_2"], [1 / 10, 13 / 60, 13 / 60], rtol=1e-14)
    np.testing.assert_allclose(curve["survival"], [7 / 10, 28 / 60, 28 / 60], rtol=1e-14)


def test_without_censoring_the_incidence_is_a_proportion_with_binomial_variance():
    table = aalen_johansen([1, 1, 2, 3, 3, 4, 4, 4], [1, 2, 1, 1, 2, 2, 2, 1]).incidence_at([3, 4])
    assert table["cif"].tolist() == pytest.approx([3 / 8, 2 / 8, 4 / 8, 4 / 8], rel=1e-14)
    binomial = [np.sqrt(p * (1 - p) / 8) for p in table["cif"]]
    assert table["std_err"].tolist() == pytest.approx(binomial, rel=1e-12)


def test_an_event_at_time_zero_counts():
    estimate = aalen_johansen([0, 3, 4, 4], [1, 0, 2, 1])
    assert estimate.incidence_at([0]).iloc[0][["cif", "n_risk"]].tolist() == [0.25, 4]


def test_number_at_risk_is_that_just_before_and_zero_past_the_last_time():
    table = aalen_johansen([1, 2, 2, 4], [1, 0, 2, 0]).incidence_at([0.5, 1, 1.5, 2, 3, 4, 5])
    assert table.loc[table["cause"] == 1, "n_risk"].tolist() == [4, 4, 3, 3, 1, 1, 0]
    assert table.loc[table["time"] == 5, ["cif", "std_err", "lower", "upper"]].isna().all(axis=None)


def test_times_equal_but_for_rounding_are_one_time():
    estimate = aalen_johansen([0.1 + 0.2, 0.3, 0.8, 0.9], [1, 2, 1, 0])
    assert estimate.n_event.tolist() == [[1, 1], [1, 0], [0, 0]]
    assert estimate.incidence_at([0.3])["cif"].tolist() == [0.25, 0.25]


def test_a_cause_that_does_not_occur_has_incidence_zero_and_three_causes_are_told_apart():
    assert aalen_johansen([1, 2], [1, 0]).curve["cif_2"].tolist() == [0, 0]
    three = aalen_johansen([1, 2, 3, 4], [3, 1, 2, 0], causes=3)
    np.testing.assert_allclose(three.cif[-1], [0.25, 0.25, 0.25])


def test_an_incidence_of_one_is_exactly_one_and_certain():
    # 1/7 + 1/7 + ... is not 1 in binary, nor is a variance of 0 found by cancellation.
    for subjects in range(1, 30):
        row = aalen_johansen(range(subjects), [1] * subjects).incidence_at([subjects - 1]).iloc[0]
        assert (row["cif"], row["std_err"]) == (1, pytest.approx(0, abs=1e-15))
        assert np.isnan([row["lower"], row["upper"]]).all()


def test_no_subject_gives_an_empty_curve_and_nothing_estimable():
    estimate = aalen_johansen([], [])
    assert estimate.curve.empty
    assert estimate.incidence_at([1])["cif"].isna().all()


@pytest.mark.parametrize("variance", ["infinitesimal-jackknife", "aalen"])
def test_one_subject(variance):
    assert aalen_johansen([5], [1], variance=variance).curve["cif_1"].tolist() == [1.0]
    assert aalen_johansen([5], [1], variance=variance).curve["std_err_1"].notna().all()


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1, -1, 2], [0, 1, 2], r"time\[1\]: -1"),
        ([1, 2, np.inf], [0, 1, 2], r"time\[2\]: inf"),
        ([1, np.nan], [0, 1], r"time\[1\]: nan"),
        ([1, 2, 3], [0, 3, -1], r"event\[1\]: 3"),
        ([1, 2, 3], [0, 1, 0.5], r"event\[2\]: 0.5"),
        ([1, 2, 3], [0, np.nan, 1], r"event\[1\]: nan"),
        ([1, 2, 3], [0, 1], r"event\[2\]"),
    ],
)
def test_bad_input_is_refused_with_its_first_position(time, event, message):
    with pytest.raises(ValueError, match=message):
        aalen_johansen(time, event)


def exact(time: list[int], event: list[int]) -> list[list[Fraction]]:
    """Incidences of both causes and survival at each distinct time, in fractions."""
    survival, incidence, rows = Fraction(1), [Fraction(0), Fraction(0)], []
    for now in sorted(set(time)):
        at_risk = sum(t >= now for t in time)
        events = [
            sum(t == now and e == c for t, e in zip(time, event, strict=True)) for c in (1, 2)
        ]
        incidence = [
            total + survival * Fraction(count, at_risk)
            for total, count in zip(incidence, events, strict=True)
        ]
        survival *= 1 - Fraction(sum(events), at_risk)
        rows.append([*incidence, survival])
    return rows


@PROPERTY
@given(SAMPLES)
def test_equals_exact_fractions(sample):
    curve = aalen_johansen(*sample).curve
    expected = np.array([[float(value) for value in row] for row in exact(*sample)])
    np.testing.assert_allclose(curve[["cif_1", "cif_2", "survival"]], expected, atol=1e-14)


def jackknife_by_weights(time: list[int], event: list[int]) -> np.ndarray:
    """Root of the sum of squared derivatives of the incidences by the subjects' weights."""

    def incidence(weight: np.ndarray) -> np.ndarray:
        survival, total, rows = 1.0, np.zeros(2), []
        for now in sorted(set(time)):
            at_risk = weight[np.array(time) >= now].sum()
            here = [weight[(np.array(time) == now) & (np.array(event) == c)].sum() for c in (1, 2)]
            total = total + survival * np.array(here) / at_risk
            survival *= 1 - sum(here) / at_risk
            rows.append(total)
        return np.array(rows)

    step = 1e-5
    derivatives = [
        (incidence(1 + step * unit) - incidence(1 - step * unit)) / (2 * step)
        for unit in np.eye(len(time))
    ]
    return np.sqrt(np.sum(np.square(derivatives), axis=0))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SAMPLES)
def test_standard_error_equals_numerical_derivatives_by_weight(sample):
    ours = aalen_johansen(*sample).std_err
    np.testing.assert_allclose(ours, jackknife_by_weights(*sample), atol=1e-7)


@PROPERTY
@given(SAMPLES)
def test_probabilities_add_to_one(sample):
    curve = aalen_johansen(*sample).curve
    np.testing.assert_allclose(curve["cif_1"] + curve["cif_2"] + curve["survival"], 1, rtol=1e-14)


@PROPERTY
@given(SAMPLES)
def test_without_competing_events_it_is_one_minus_kaplan_meier_with_greenwoods_error(sample):
    time, event = sample[0], [int(e == 1) for e in sample[1]]
    curve, km = aalen_johansen(time, event).curve, kaplan_meier(time, event).curve
    np.testing.assert_allclose(curve["cif_1"], 1 - km["survival"], atol=1e-14)
    alive = km["survival"] > 0
    np.testing.assert_allclose(curve["std_err_1"][alive], km["std_err"][alive], atol=1e-14)


@PROPERTY
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_subjects_does_not_matter(sample, random):
    rows = list(zip(*sample, strict=True))
    random.shuffle(rows)
    shuffled = aalen_johansen(*map(list, zip(*rows, strict=True)))
    np.testing.assert_array_equal(shuffled.cif, aalen_johansen(*sample).cif)
    np.testing.assert_array_equal(shuffled.std_err, aalen_johansen(*sample).std_err)
