"""Where lifelines, R and SAS part: one test per line of docs/survival-conventions.md.

What lifelines gives is asserted too, so that a new version which changes sides is noticed. What R
gives is in the reference cases named; SAS is its documented formula.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.exceptions import StatError
from lifelines.utils import restricted_mean_survival_time

from durable.stats.survival import kaplan_meier

pytestmark = pytest.mark.requirement("DOR-06", "DOR-07")

ROOT = Path(__file__).parents[2]
NAN = math.nan
FLAT = ([1, 2, 3, 5], [1, 1, 0, 1])  # S = 0.75, 0.5, 0.5, 0
FLAT_TO_THE_END = ([1, 2, 3, 4, 6, 7, 8, 9], [1, 1, 1, 1, 0, 0, 0, 0])  # S = 0.5 from 4 to 9


@pytest.fixture(autouse=True)
def numpy_error_state() -> Iterator[None]:
    """Keep what lifelines does to NumPy's error state from the other tests."""
    with np.errstate():
        yield


def lifelines_fit(times: Any, events: Any, **options: Any) -> KaplanMeierFitter:
    return KaplanMeierFitter().fit(times, events, **options)


def reference(name: str) -> dict[str, Any]:
    cases = json.loads((ROOT / "tests/reference/km.json").read_text())["cases"]
    return next(case["expected"] for case in cases if case["id"] == name)


def test_estimate_variance_and_log_log_limits_agree_with_lifelines() -> None:
    rng = np.random.default_rng(5)
    times, events = rng.integers(1, 60, 300), rng.random(300) < 0.5
    km, theirs = kaplan_meier(times, events), lifelines_fit(times, events)
    rows = theirs.survival_function_.loc[km.time]
    np.testing.assert_allclose(km.survival, rows.iloc[:, 0], rtol=1e-13)
    variance = theirs._cumulative_sq_.loc[km.time]
    std_err = km.survival * np.sqrt(variance)
    np.testing.assert_allclose(km.curve["std_err"], std_err, rtol=1e-12)
    limits = km.confidence()[["lower", "upper"]]
    np.testing.assert_allclose(limits, theirs.confidence_interval_.loc[km.time], rtol=1e-12)


def test_median_of_a_flat_part_is_its_midpoint() -> None:
    assert lifelines_fit(*FLAT).median_survival_time_ == 2
    assert kaplan_meier(*FLAT).quantile(0.5, rule="r")[0] == 3.5
    assert kaplan_meier(*FLAT).quantile(0.5, rule="sas")[0] == 3.5


def test_median_of_a_flat_part_that_ends_the_curve() -> None:
    assert lifelines_fit(*FLAT_TO_THE_END).median_survival_time_ == math.inf
    assert kaplan_meier(*FLAT_TO_THE_END).quantile(0.5, rule="r")[0] == 6.5
    assert math.isnan(kaplan_meier(*FLAT_TO_THE_END).quantile(0.5, rule="sas")[0])


def test_six_uncensored_events_have_median_3_5() -> None:
    times, events = range(1, 7), [1] * 6
    theirs = lifelines_fit(list(times), events)
    assert theirs.survival_function_.loc[3].item() == 0.5 + 2**-53
    assert theirs.median_survival_time_ == 4
    km = kaplan_meier(times, events)
    assert km.quantile(0.5, rule="r")[0] == km.quantile(0.5, rule="sas")[0] == 3.5


@pytest.mark.filterwarnings("ignore:Approximating using")
def test_quartiles_take_the_midpoint_too() -> None:
    times, events = [1, 1, 2, 2, 4, 4, 8, 8], [1] * 8
    km, theirs = kaplan_meier(times, events), lifelines_fit(times, events)
    assert [theirs.percentile(s) for s in (0.75, 0.25)] == [2, 8]
    for rule in ("r", "sas"):
        assert [km.quantile(p, rule=rule)[0] for p in (0.25, 0.5, 0.75)] == [1.5, 3, 6]


def test_rounding_does_not_decide_a_quantile_under_the_sas_rule() -> None:
    # 9/10 x 8/9 x 5/8 = 1/2, in floats 0.49999999999999994: the test for = 0.5 fails.
    times, events = [1, 2, 3, 3, 3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 0, 0, 1, 0, 1]
    km = kaplan_meier(times, events)
    assert km.survival[2] < 0.5
    assert km.quantile(0.5, rule="sas")[0] == km.quantile(0.5, rule="r")[0] == 4.5


@pytest.mark.filterwarnings("ignore:Approximating using")
def test_a_curve_that_ends_at_0_9_has_a_tenth_percentile_in_r_by_rounding_alone() -> None:
    ten, twenty = (kaplan_meier(range(1, n + 1), [t < n // 10 for t in range(n)]) for n in (10, 20))
    assert reference("n10_one_event")["quantiles"]["log"]["estimate"][0] is None
    assert reference("n20_two_events")["quantiles"]["log"]["estimate"][0] == 11
    theirs = lifelines_fit(range(1, 21), [t < 2 for t in range(20)])
    assert theirs.percentile(0.9) == 2
    assert math.isnan(ten.quantile(0.1, rule="r")[0])
    assert twenty.quantile(0.1, rule="r")[0] == 11
    assert math.isnan(ten.quantile(0.1, rule="sas")[0])
    assert math.isnan(twenty.quantile(0.1, rule="sas")[0])


def test_the_median_of_a_curve_that_ends_at_one_half_does_not_depend_on_what_else_is_asked() -> (
    None
):
    # Of 27, three censored at 1 to 3, events at 4 to 15: S = 12/24, which R's product rounds up.
    times, events = range(1, 28), [0] * 3 + [1] * 12 + [0] * 12
    km = kaplan_meier(times, events)
    assert km.survival[-1] == 0.5 + 2**-53
    # R: quantile(fit, 0.5) is NA; quantile(fit, c(0.25, 0.5, 0.75)) has (15 + 27) / 2.
    assert reference("n27_half_ends_curve")["quantiles"]["log"]["estimate"][6] == 21
    assert reference("n27_half_ends_curve")["quantiles"]["p"][6] == 0.5
    assert km.quantile(0.5, rule="r")[0] == 21
    assert math.isnan(km.quantile(0.5, rule="sas")[0])
    assert lifelines_fit(times, events).median_survival_time_ == 15


def test_limits_are_not_estimable_where_the_last_observation_is_an_event() -> None:
    theirs = lifelines_fit(*FLAT)
    assert theirs.confidence_interval_.loc[5].tolist() == [0, 0]
    km = kaplan_meier(*FLAT)
    assert km.confidence().loc[3, ["lower", "upper"]].isna().all()
    for rule in ("r", "sas"):
        assert km.quantile(0.5, rule=rule) == pytest.approx((3.5, 1, NAN), nan_ok=True)


def test_limits_are_not_estimable_at_survival_1_where_the_transform_is_undefined() -> None:
    times, events = [1, 2, 3], [0, 1, 0]
    assert lifelines_fit(times, events).confidence_interval_.loc[1].tolist() == [1, 1]
    km = kaplan_meier(times, events)
    for transform in ("log-log", "logit", "arcsine"):
        assert km.confidence(transform=transform).loc[0, ["lower", "upper"]].isna().all()
    for transform in ("plain", "log"):
        assert km.confidence(transform=transform).loc[0, ["lower", "upper"]].tolist() == [1, 1]


def test_standard_error_is_not_estimable_at_survival_0() -> None:
    variance = lifelines_fit(*FLAT)._cumulative_sq_
    assert variance.loc[5] == variance.loc[2] == 0.25
    assert kaplan_meier(*FLAT).curve["std_err"].isna().tolist() == [False, False, False, True]


def test_a_rate_past_the_last_observation_is_not_estimable() -> None:
    assert lifelines_fit(*FLAT_TO_THE_END).predict(100) == pytest.approx(0.5)
    assert reference("half_ends_curve")["landmarks"]["surv"][-1] == 0.5
    assert kaplan_meier(*FLAT_TO_THE_END).survival_at([100])["survival"].isna().all()


def test_a_restricted_mean_past_the_last_observation_is_not_estimable() -> None:
    theirs = restricted_mean_survival_time(lifelines_fit(*FLAT_TO_THE_END), t=14.5)
    carried_on = reference("half_ends_curve")["rmst"][-1]
    assert carried_on["tau"] == 14.5
    assert theirs == pytest.approx(carried_on["rmst"])
    assert np.isnan(kaplan_meier(*FLAT_TO_THE_END).rmst(14.5)).all()
    assert kaplan_meier(*FLAT).rmst(14.5)[0] == kaplan_meier(*FLAT).rmst(5)[0] == 3.25


def test_numbers_at_risk_in_the_figure_are_those_just_before_the_time() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from lifelines.plotting import add_at_risk_counts
    from matplotlib import pyplot as plt

    times, events, ticks = [1, 2, 3, 4], [1, 0, 1, 1], [0, 1, 2, 3]
    figure, axes = plt.subplots()
    theirs = lifelines_fit(times, events)
    theirs.plot_survival_function(ax=axes)
    add_at_risk_counts(theirs, ax=axes, xticks=ticks, rows_to_show=["At risk"])
    labels = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    plt.close(figure)
    assert [int(re.findall(r"\d+", label)[-1]) for label in labels] == [4, 3, 2, 1]
    assert kaplan_meier(times, events).n_risk_before(ticks).tolist() == [4, 4, 3, 2]


def test_times_equal_but_for_rounding_are_one_time() -> None:
    days, events = np.array([59, 59, 94, 94]), [1, 1, 0, 1]
    months = [59 / 30.4375, 59 / 365.25 * 12, 94 / 30.4375, 94 / 365.25 * 12]
    in_days, in_months = kaplan_meier(days, events), kaplan_meier(months, events)
    assert lifelines_fit(days, events).survival_function_.iloc[-1].item() == pytest.approx(0.25)
    assert lifelines_fit(months, events).survival_function_.iloc[-1].item() == 0
    assert in_months.survival.tolist() == in_days.survival.tolist() == [0.5, 0.25]
    assert reference("timefix_median")["curve"]["surv"] == [0.5, 0.25]


def test_variance_of_the_restricted_mean_is_that_of_the_estimate() -> None:
    # lifelines: Var(min(T, tau)), of one subject. R: the squared standard error.
    mean, variance = restricted_mean_survival_time(
        lifelines_fit(*FLAT), t=3.75, return_variance=True
    )
    ours, lower, upper = kaplan_meier(*FLAT).rmst(3.75)
    assert mean == pytest.approx(ours)
    assert variance == pytest.approx(1.390625)
    assert ((upper - lower) / 2 / 1.959963984540054) ** 2 == pytest.approx(0.34765625)


def test_who_enters_at_the_time_of_an_event_is_not_at_risk_at_it() -> None:
    times, events, entries = [3, 4, 5, 6, 7], [1, 1, 0, 1, 0], [0, 0, 3, 3, 4]
    theirs = lifelines_fit(times, events, entry=entries).event_table
    assert theirs.loc[[3, 4], "at_risk"].tolist() == [4, 4]
    assert kaplan_meier(times, events, entries).n_risk.tolist()[:2] == [2, 3]


def test_a_risk_set_emptied_early_is_answered() -> None:
    times, events, entries = [1, 2, 5, 6, 7, 8], [1, 0, 1, 0, 1, 0], [0, 0, 3, 3, 4, 4]
    with pytest.raises(StatError, match="too few early truncation times"):
        lifelines_fit(times, events, entry=entries)
    expected = reference("trunc_emptied_by_censoring")["curve"]["surv"]
    assert kaplan_meier(times, events, entries).survival.tolist() == expected


def test_n_risk_of_a_landmark_is_the_next_times_as_in_r_and_the_figure_counts_subjects() -> None:
    # Nobody is under observation between 2 and 3; at 5, the next time, four are.
    km = kaplan_meier([1, 2, 5, 6, 7, 8], [1, 0, 1, 0, 1, 0], [0, 0, 3, 3, 4, 4])
    assert km.survival_at([2.5])["n_risk"].tolist() == [4]
    assert km.n_risk_before([2.5]).tolist() == [0]


def test_a_restricted_mean_before_the_first_time_is_the_horizon() -> None:
    assert reference("n10_uncensored_reversed")["rmst"][0]["tau"] > 1
    refused = reference("one_time_all_events")["rmst"][0]
    assert refused["r_refuses"]
    assert kaplan_meier([4] * 5, [1] * 5).rmst(refused["tau"])[0] == refused["tau"]


def test_a_landmark_off_an_observed_time_by_rounding_is_that_time() -> None:
    # R merges the data's times, but not the times asked for.
    observed, asked = 59 / 30.4375, 59 / 365.25 * 12
    assert asked < observed
    assert kaplan_meier([observed, 3], [1, 0]).survival_at([asked])["survival"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("times", "events"), [([-1, 2], [1, 1]), ([1, 2], [2, 1]), (["1", "2"], [1, 1])]
)
@pytest.mark.filterwarnings("ignore:Attempting to convert")
def test_negative_times_other_statuses_and_text_are_refused(times: Any, events: Any) -> None:
    lifelines_fit(times, events)
    with pytest.raises(ValueError, match=r"^(time|event)\[0\]"):
        kaplan_meier(times, events)


def test_numpys_error_state_is_left_alone() -> None:
    with np.errstate(divide="raise"):
        kaplan_meier(*FLAT).confidence()
        assert np.geterr()["divide"] == "raise"
        lifelines_fit(*FLAT)
        assert np.geterr()["divide"] == "ignore"


def test_every_line_of_the_written_table_names_a_test_that_exists() -> None:
    table = (ROOT / "docs/survival-conventions.md").read_text()
    tests = "".join(path.read_text() for path in (ROOT / "tests/stats").glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", table)
    assert len(named) > 20
    assert [name for name in named if f"def {name}(" not in tests] == []
