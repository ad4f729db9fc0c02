"""R itself, where it is installed: the reference results again, and new random samples."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from durable.stats.proportions import Method, posterior, proportion_bound, proportion_ci
from durable.stats.summaries import quantile
from tests.programs import needs
from tests.stats import test_batch, test_competing, test_survival_reference
from tests.stats.test_interval_censored import assert_as_likely_as_r_and_near_it

REFERENCE = Path(__file__).parents[1] / "reference"
FILES = ("km", "aalen_johansen", "turnbull")
#: Of the new samples: any other number does as well.
SEED = 20241124
Case = dict[str, Any]

pytestmark = [
    pytest.mark.needs_r,
    pytest.mark.slow,
    needs("Rscript"),
]


def run_r(*arguments: str) -> str:
    command = ["Rscript", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Case]]:
    """Cases that R has just computed: 360 of Kaplan-Meier, 60 Aalen-Johansen, 40 Turnbull."""
    folder = tmp_path_factory.mktemp("new")
    run_r(str(REFERENCE / "generate.R"), str(folder), str(SEED))
    return {
        name: json.loads((folder / f"random_{name}.json").read_text())["cases"] for name in FILES
    }


def test_r_computes_the_reference_results_again(tmp_path: Path) -> None:
    run_r(str(REFERENCE / "generate.R"), str(tmp_path))
    for name in FILES:
        again, kept = (
            json.loads((folder / f"{name}.json").read_text())["cases"]
            for folder in (tmp_path, REFERENCE)
        )
        # What newer versions of R survival refuse (see generate.R).
        refused = {case["id"] for case in kept} - {case["id"] for case in again}
        assert refused <= {"aj_all_censored", "aj_all_one_time"}
        kept = [case for case in kept if case["id"] not in refused]
        words, numbers = flatten(again)
        assert words == flatten(kept)[0]
        assert numbers == pytest.approx(flatten(kept)[1], rel=1e-12, abs=1e-12, nan_ok=True)


def flatten(value: Any) -> tuple[dict[str, str], dict[str, float]]:
    """Words and numbers of a JSON value, by their path in it."""
    words: dict[str, str] = {}
    numbers: dict[str, float] = {}
    todo = [("", value)]
    while todo:
        path, item = todo.pop()
        if isinstance(item, dict | list):
            children = item.items() if isinstance(item, dict) else enumerate(item)
            todo += [(f"{path}/{key}", child) for key, child in children]
        elif isinstance(item, str):
            words[path] = item
        else:
            numbers[path] = np.nan if item is None else item
    return words, numbers


@pytest.mark.parametrize("check", test_survival_reference.CHECKS, ids=lambda check: check.__name__)
def test_new_samples_equal_r(new: dict[str, list[Case]], check: Any) -> None:
    assert len(new["km"]) >= 300
    for case in new["km"]:
        check(case)


def test_follow_up_of_new_samples_equals_r(new: dict[str, list[Case]]) -> None:
    untruncated = [case for case in new["km"] if "reverse_km" in case["expected"]]
    assert len(untruncated) == 240
    for case in untruncated:
        test_survival_reference.test_follow_up_equals_r_with_the_status_reversed(case)


def test_the_batch_of_new_samples_equals_r(new: dict[str, list[Case]]) -> None:
    untruncated = [case for case in new["km"] if "entry" not in case["data"]]
    for level in (0.8, 0.9, 0.95, 0.99):
        cases = [case for case in untruncated if case["conf_level"] == level]
        for ours in test_batch.TRANSFORMS:
            test_batch.assert_limits_equal(cases, level, ours)
            test_batch.assert_quantiles_equal(cases, level, ours)


def test_cumulative_incidences_of_new_samples_equal_r(new: dict[str, list[Case]]) -> None:
    assert len(new["aalen_johansen"]) >= 50
    for case in new["aalen_johansen"]:
        test_competing.test_curve_and_standard_error_equal_r_survfit(case)
        for transform in ("log", "log-log", "plain"):
            test_competing.test_landmarks_and_limits_equal_r_survfit_and_are_missing_past_the_last_time(
                case, transform
            )


def test_interval_censored_new_samples_equal_r(new: dict[str, list[Case]]) -> None:
    for case in new["turnbull"]:
        assert_as_likely_as_r_and_near_it(case)


def r_numbers(program: str) -> np.ndarray:
    return np.array(run_r("-e", program).split(), dtype=float)


def test_exact_wilson_and_one_sided_limits_equal_binom_test_and_prop_test() -> None:
    program = """
      for (n in 1:12) for (x in 0:n) for (level in c(0.8, 0.95, 0.99)) cat(sprintf("%.17g\\n", c(
        binom.test(x, n, conf.level = level)$conf.int,
        suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE)$conf.int),
        binom.test(x, n, conf.level = level, alternative = "less")$conf.int[2],
        binom.test(x, n, conf.level = level, alternative = "greater")$conf.int[1])))
    """
    ours = [
        (
            *proportion_ci(x, n, level)[1:],
            *proportion_ci(x, n, level, "wilson")[1:],
            proportion_bound(x, n, level, "upper"),
            proportion_bound(x, n, level, "lower"),
        )
        for n in range(1, 13)
        for x in range(n + 1)
        for level in (0.8, 0.95, 0.99)
    ]
    np.testing.assert_allclose(np.ravel(ours), r_numbers(program), atol=1e-10)
    assert {"clopper-pearson", "wilson"} < set(get_args(Method))


def test_jeffreys_and_posterior_equal_qbeta_and_pbeta() -> None:
    program = """
      for (n in c(1, 6, 10)) for (x in 0:n) cat(sprintf("%.17g\\n", c(
        if (x > 0) qbeta(0.025, x + 0.5, n - x + 0.5) else 0,
        if (x < n) qbeta(0.975, x + 0.5, n - x + 0.5) else 1,
        qbeta(c(0.05, 0.95), 2 + x, 3 + n - x),
        pbeta(0.3, 2 + x, 3 + n - x, lower.tail = FALSE))))
    """
    ours = []
    for n in (1, 6, 10):
        for x in range(n + 1):
            belief = posterior(x, n, 2, 3, level=0.9)
            ours += [*proportion_ci(x, n, method="jeffreys")[1:], belief.lower, belief.upper]
            ours.append(belief.probability_above(0.3))
    np.testing.assert_allclose(ours, r_numbers(program), atol=1e-10)


@pytest.mark.parametrize("definition", [2, 7])
def test_quartiles_equal_r(definition: Any) -> None:
    program = f"""
      for (n in 1:30) cat(sprintf("%.17g\\n",
        quantile((1:n)^2, c(0.25, 0.5, 0.75), type = {definition})))
    """
    ours = [
        quantile(np.arange(1, n + 1) ** 2, p, definition)
        for n in range(1, 31)
        for p in (0.25, 0.5, 0.75)
    ]
    np.testing.assert_allclose(ours, r_numbers(program), rtol=1e-14)
