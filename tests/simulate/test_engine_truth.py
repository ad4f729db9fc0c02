"""True values of the scenarios, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from durable.simulate.truth import true_values
from tests.derive.build import plan


def true(**scenario: Any) -> dict[str, float]:
    given = {"improvement": {"M2": 0.6, "M3": 0.7}} | scenario
    frame = true_values(plan(simulation={"scenarios": {"s": given}}))
    assert frame["BASIS"].str.len().min() > 20
    return dict(zip(frame["ESTIMATE"], frame["TRUE"], strict=True))


def test_rates_are_as_given_and_a_mean_over_dose_levels() -> None:
    assert true()["rate M2"] == pytest.approx(0.6)
    by_dose = true(dose_levels={"1": 3, "2": 7}, improvement_by_dose={"1": -0.2})
    # 3 subjects at 0.5 and 7 at 0.7.
    assert by_dose["rate M3"] == pytest.approx((3 * 0.5 + 7 * 0.7) / 10)


def test_durations_count_the_first_day() -> None:
    exponential = true(dor_median_months=12)
    assert exponential["median DOR"] == pytest.approx(12 * 30.4375 + 1)
    # A day less than 12 of 12 months: 0.5^(364.25 / 365.25).
    assert exponential["DOR at 12 months"] == pytest.approx(0.5 ** (364.25 / 365.25))
    weibull = true(dor_median_months=12, dor_shape=2)
    assert weibull["median DOR"] == pytest.approx(366.25)
    # Half the median time at shape 2: a quarter of the cumulative hazard.
    assert weibull["DOR at 6 months"] == pytest.approx(0.5 ** ((181.625 / 365.25) ** 2))


def test_deaths_shorten_durations_and_without_either_there_is_no_median() -> None:
    # Hazards log(2)/12 of recurrence and the same of death: half the median.
    both = true(dor_median_months=12, deaths_per_month=np.log(2) / 12)
    assert both["median DOR"] == pytest.approx(6 * 30.4375 + 1)
    never = true(dor_median_months=None)
    assert np.isnan(never["median DOR"])
    assert never["DOR at 24 months"] == 1
