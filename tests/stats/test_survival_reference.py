"""Agreement with R survival, to 1e-8, over every reference case (tests/reference/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from durable.stats.survival import KaplanMeier, follow_up, kaplan_meier

pytestmark = pytest.mark.requirement("DOR-06")

REFERENCE = Path(__file__).parents[1] / "reference"
TRANSFORMS = {
    "plain": "plain",
    "log": "log",
    "log-log": "log-log",
    "logit": "logit",
    "arcsin": "arcsine",
}
Case = dict[str, Any]


def load_cases() -> list[Case]:
    supplied = [json.loads(path.read_text()) for path in sorted(REFERENCE.glob("km_*.json"))]
    return supplied + json.loads((REFERENCE / "km.json").read_text())["cases"]


CASES = load_cases()
every_case = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])


def fit(case: Case) -> KaplanMeier:
    data = case["data"]
    return kaplan_meier(data["time"], data["status"], data.get("entry"))


def assert_equal(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(
        np.asarray(actual, dtype=float),
        np.asarray(expected, dtype=float),
        rtol=1e-8,
        atol=1e-8,
        equal_nan=True,
    )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_there_are_more_than_a_hundred_cases() -> None:
    assert len(CASES) > 100


@every_case
def test_the_curve_equals_r(case: Case) -> None:
    curve, expected = fit(case).curve, case["expected"]["curve"]
    for name in ("time", "n_risk", "n_event", "n_censor", "std_err"):
        assert_equal(curve[name], expected[name])
    assert curve["survival"].tolist() == as_list(expected["surv"])  # every bit


@every_case
def test_pointwise_limits_equal_r(case: Case) -> None:
    km = fit(case)
    for theirs, ours in TRANSFORMS.items():
        limits = km.confidence(case["conf_level"], ours)
        assert_equal(limits["lower"], case["expected"]["ci"][theirs]["lower"])
        assert_equal(limits["upper"], case["expected"]["ci"][theirs]["upper"])


@every_case
def test_quantiles_and_their_limits_equal_r(case: Case) -> None:
    km, expected = fit(case), case["expected"]["quantiles"]
    for theirs, ours in TRANSFORMS.items():
        columns = (expected[theirs][name] for name in ("estimate", "lower", "upper"))
        rows = zip(*map(as_list, columns), strict=True)
        for p, row in zip(expected["p"], rows, strict=True):
            assert_equal(km.quantile(p, case["conf_level"], ours), row)


@every_case
def test_quantiles_by_the_formula_of_sas(case: Case) -> None:
    km, expected = fit(case), case["expected"]["quantiles_sas_formula"]
    estimates = [km.quantile(p, rule="sas")[0] for p in expected["p"]]
    assert_equal(estimates, as_list(expected["estimate"]))


@every_case
def test_landmarks_equal_r_up_to_the_last_time_and_are_nan_past_it(case: Case) -> None:
    km, expected = fit(case), case["expected"]["landmarks"]
    times = np.asarray(expected["times"], dtype=float)
    within = times <= max(case["data"]["time"])
    assert not within.all()
    for theirs, ours in TRANSFORMS.items():
        at = km.survival_at(times, case["conf_level"], ours)
        assert_equal(at["n_risk"], expected["n_risk"])
        assert_equal(at["survival"][within], np.asarray(expected["surv"])[within])
        for side in ("lower", "upper"):
            assert_equal(at[side][within], np.asarray(expected["ci"][theirs][side])[within])
        assert at.loc[~within, ["survival", "lower", "upper"]].isna().all(axis=None)


@every_case
def test_restricted_means_equal_r_where_no_survival_is_carried_on(case: Case) -> None:
    km = fit(case)
    z = NormalDist().inv_cdf((1 + case["conf_level"]) / 2)
    carried_on = km.survival[-1] > 0
    for expected in case["expected"]["rmst"]:
        mean, lower, upper = km.rmst(expected["tau"], case["conf_level"])
        if expected["tau"] > max(case["data"]["time"]) and carried_on:
            assert np.isnan([mean, lower, upper]).all()
        else:
            assert_equal([mean, (upper - lower) / 2 / z], [expected["rmst"], expected["se"]])


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if "reverse_km" in case["expected"]],
    ids=lambda case: case["id"],
)
def test_follow_up_equals_r_with_the_status_reversed(case: Case) -> None:
    expected = case["expected"]["reverse_km"]["status_flip"]
    reverse = follow_up(case["data"]["time"], case["data"]["status"])
    assert_equal(reverse.survival, expected["surv"])
    assert_equal(
        reverse.quantile(0.5, case["conf_level"]),
        [expected[name] for name in ("median", "lower", "upper")],
    )


def test_prodlims_reverse_estimate_is_the_same_where_events_and_censorings_do_not_tie() -> None:
    agree = differ = 0
    for case in CASES:
        theirs = case["expected"].get("reverse_km", {}).get("prodlim_reverse")
        if theirs is None:
            continue
        reverse = follow_up(case["data"]["time"], case["data"]["status"])
        kept = np.isin(reverse.time, theirs["time"])
        same = np.allclose(reverse.survival[kept], theirs["surv"], atol=1e-8)
        tied = bool((reverse.n_event * reverse.n_censor).any())
        assert same or tied
        agree, differ = agree + same, differ + (not same)
    assert (agree, differ) == (4, 2)


CHECKS = (
    test_the_curve_equals_r,
    test_pointwise_limits_equal_r,
    test_quantiles_and_their_limits_equal_r,
    test_quantiles_by_the_formula_of_sas,
    test_landmarks_equal_r_up_to_the_last_time_and_are_nan_past_it,
    test_restricted_means_equal_r_where_no_survival_is_carried_on,
)
