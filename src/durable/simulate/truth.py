"""The true value of what each virtual trial estimates.

Exact, from the scenario alone; see docs/simulation.md for what each is.
"""

from __future__ import annotations

import math

import pandas as pd

from durable.plan import Plan, Scenario
from durable.simulate.keys import MEDIAN, landmark_name, rate_name

#: Halvings that find a quantile to the last digit.
_HALVINGS = 200


def true_values(plan: Plan) -> pd.DataFrame:
    """True values, one row per scenario and estimate: SCENARIO, ESTIMATE, TRUE and BASIS in words.

    Rates are proportions, durations days on the scale of ADTTE: the day of the start counts, so one
    day is added. TRUE is NaN of a median that is never reached.
    """
    month, marks = plan.statistics.days_per_month, plan.statistics.landmarks_months
    rows: list[tuple[str, str, float, str]] = []
    for name, scenario in sorted(plan.require_simulation().scenarios.items()):
        for visit, p in scenario.improvement.items():
            rate = math.fsum(p + shift for shift in scenario.shifts) / scenario.subjects
            basis = "probability of improvement as given, mean over the subjects"
            rows.append((name, rate_name(visit), rate, basis))
        median = _median(scenario, month)
        end_event = "recurrence or death" if scenario.deaths_per_month else "recurrence"
        basis = f"median of the days from true remission to {end_event}, plus 1"
        rows.append((name, MEDIAN, median + 1, basis))
        for mark in marks:
            value = _survival(scenario, max(mark * month - 1, 0.0), month)
            basis = f"probability that {end_event} comes later than that after true remission"
            rows.append((name, landmark_name(mark), value, basis))
    return pd.DataFrame(rows, columns=["SCENARIO", "ESTIMATE", "TRUE", "BASIS"])


def _survival(scenario: Scenario, days: float, month: float) -> float:
    """Probability that a remission lasts longer than some days."""
    hazard = scenario.deaths_per_month / month * days
    if scenario.dor_median_months is not None:
        hazard += math.log(2) * (days / (scenario.dor_median_months * month)) ** scenario.dor_shape
    return math.exp(-hazard)


def _median(scenario: Scenario, month: float) -> float:
    """Days after which half of the remissions have ended; NaN where they never do."""
    if scenario.dor_median_months is None and not scenario.deaths_per_month:
        return math.nan
    low, high = 0.0, 1.0
    while _survival(scenario, high, month) > 0.5:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _survival(scenario, middle, month) > 0.5:
            low = middle
        else:
            high = middle
    return high
