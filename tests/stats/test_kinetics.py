"""Noncompartmental analysis by hand, against PKNCA's published results, and by quadrature."""

from __future__ import annotations

import math
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from durable.stats.kinetics import noncompartmental
from durable.stats.summaries import geometric, summarise

pytestmark = pytest.mark.requirement("KIN-01", "KIN-02", "KIN-03")

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
LOG, LINEAR = METHODS = ("lin-up log-down", "linear")
NAN = math.nan

DAY = [0, 4, 7, 10, 14, 21, 28, 60, 90]
VALUE = [0, 1.5, 32.69, 20, 8, 3, 1, 0.2, 0]

# The theophylline data of R (datasets::Theoph; Boeckmann, Sheiner & Beal 1994): hours:mg/L.
THEOPH = {
    1: "0:0.74 0.25:2.84 0.57:6.57 1.12:10.5 2.02:9.66 3.82:8.58 "
    "5.1:8.36 7.03:7.47 9.05:6.89 12.12:5.94 24.37:3.28",
    2: "0:0 0.27:1.72 0.52:7.91 1:8.31 1.92:8.33 3.5:6.85 "
    "5.02:6.08 7.03:5.4 9:4.55 12:3.01 24.3:0.9",
    3: "0:0 0.27:4.4 0.58:6.9 1.02:8.2 2.02:7.8 3.62:7.5 "
    "5.08:6.2 7.07:5.3 9:4.9 12.15:3.7 24.17:1.05",
    4: "0:0 0.35:1.89 0.6:4.6 1.07:8.6 2.13:8.38 3.5:7.54 "
    "5.02:6.88 7.02:5.78 9.02:5.33 11.98:4.19 24.65:1.15",
    5: "0:0 0.3:2.02 0.52:5.63 1:11.4 2.02:9.33 3.5:8.74 "
    "5.02:7.56 7.02:7.09 9.1:5.9 12:4.37 24.35:1.57",
    6: "0:0 0.27:1.29 0.58:3.08 1.15:6.44 2.03:6.32 3.57:5.53 "
    "5:4.94 7:4.02 9.22:3.46 12.1:2.78 23.85:0.92",
    7: "0:0.15 0.25:0.85 0.5:2.35 1.02:5.02 2.02:6.58 3.48:7.09 "
    "5:6.66 6.98:5.25 9:4.39 12.05:3.53 24.22:1.15",
    8: "0:0 0.25:3.05 0.52:3.05 0.98:7.31 2.02:7.56 3.53:6.59 "
    "5.05:5.88 7.15:4.73 9.07:4.57 12.1:3 24.12:1.25",
    9: "0:0 0.3:7.37 0.63:9.03 1.05:7.14 2.02:6.33 3.53:5.66 "
    "5.02:5.67 7.17:4.24 8.8:4.11 11.6:3.16 24.43:1.12",
    10: "0:0.24 0.37:2.89 0.77:5.22 1.02:6.41 2.05:7.83 3.55:10.21 "
    "5.05:9.18 7.08:8.02 9.38:7.14 12.1:5.68 23.7:2.42",
    11: "0:0 0.25:4.86 0.5:7.24 0.98:8 1.98:6.81 3.6:5.87 "
    "5.02:5.22 7.03:4.45 9.03:3.62 12.12:2.69 24.08:0.86",
    12: "0:0 0.25:1.25 0.5:3.96 1:7.82 2:9.72 3.52:9.75 "
    "5.07:8.57 7.07:6.59 9.03:6.11 12.05:4.57 24.15:1.17",
}


def theoph(subject: int) -> tuple[list[float], list[float]]:
    pairs = [pair.split(":") for pair in THEOPH[subject].split()]
    return [float(hour) for hour, _ in pairs], [float(conc) for _, conc in pairs]


# The design's example, worked out by hand.
@pytest.mark.parametrize(
    ("end", "method", "auc"),
    [(90, LOG, 251.4862), (90, LINEAR, 264.02), (28, LOG, 232.58), (28, LINEAR, 241.82)],
)
def test_areas_of_the_example_equal_the_design(end, method, auc):
    result = noncompartmental(DAY, VALUE, end=end, method=method)
    assert result.auc_end == pytest.approx(auc, abs=5e-5)
    assert result.flag == ""
    assert result.reason == ""


def test_peak_and_last_concentration_of_the_example():
    result = noncompartmental(DAY, VALUE)
    assert (result.cmax, result.tmax) == (32.69, 7)
    assert (result.clast, result.tlast) == (0.2, 60)
    assert (result.n_samples, result.n_blq, result.n_missing) == (9, 2, 0)
    # The last triangle, 30 days x 0.2 / 2, lies after Tlast.
    assert result.auc_end - result.auc_last == pytest.approx(3, abs=1e-12)


def test_trapezoids_by_hand():
    day, value = [0, 2, 4, 6, 10], [0, 4, 4, 1, 0]
    # Up 4, level 8, down 2 (4 + 1) / 2 = 5 or 2 (4 - 1) / log 4, into zero 2.
    assert noncompartmental(day, value, end=10, method=LINEAR).auc_end == 4 + 8 + 5 + 2
    expected = 4 + 8 + 6 / math.log(4) + 2
    assert noncompartmental(day, value, end=10).auc_end == pytest.approx(expected, rel=1e-15)


# PKNCA: vignette "Computing NCA Parameters for Theophylline" (subject 1), default options.
def test_subject_1_of_theophylline_equals_pknca():
    hour, conc = theoph(1)
    result = noncompartmental(hour, conc, end=30, window=10)
    assert (result.cmax, result.tmax, result.tlast, result.clast) == (10.5, 1.12, 24.37, 3.28)
    assert result.auc_last == pytest.approx(147.2347485, abs=5e-8)
    assert noncompartmental(hour, conc, end=12.12).auc_end == pytest.approx(92.3654416, abs=5e-8)
    assert result.lambda_z == pytest.approx(0.0484570, abs=5e-8)


def test_subject_1_of_theophylline_by_linear_trapezoids_equals_noncompart():
    # R package NonCompart, AUC(time, conc, down = "Linear").
    assert noncompartmental(*theoph(1), method=LINEAR).auc_last == pytest.approx(148.92305)


def test_summary_of_theophylline_equals_pknca():
    # Printed there: AUClast 0-24 h 74.6 [24.3], Cmax 8.65 [17.0], AUCinf,obs 115 [28.4] (geometric
    # mean [CV %]); Tmax 1.14 [0.630, 3.55] (median [range]); half-life 8.18 [2.12] (mean [SD]).
    results = [noncompartmental(*theoph(subject), end=30, window=10) for subject in THEOPH]
    within_24 = [[h for h in theoph(subject)[0] if h <= 24][-1] for subject in THEOPH]
    early = [
        noncompartmental(*theoph(subject), end=end).auc_end
        for subject, end in zip(THEOPH, within_24, strict=True)
    ]
    total = [result.auc_last + result.clast / result.lambda_z for result in results]
    for values, mean, cv in (
        (early, 74.6, 24.3),
        ([result.cmax for result in results], 8.65, 17.0),
        (total, 115, 28.4),
    ):
        assert geometric(values).geo_mean == pytest.approx(mean, rel=5e-3)
        assert geometric(values).geo_cv == pytest.approx(cv, abs=0.051)
    tmax = summarise([result.tmax for result in results])
    assert (tmax.median, tmax.min, tmax.max) == pytest.approx((1.14, 0.63, 3.55), abs=0.0051)
    half_life = summarise([math.log(2) / result.lambda_z for result in results])
    assert (half_life.mean, half_life.sd) == pytest.approx((8.18, 2.12), abs=0.0051)


def test_terminal_slope_leaves_out_the_peak_as_pknca_does():
    # PKNCA's own test of pk.calc.half.life: 1.000577 without Tmax.
    result = noncompartmental([0, 1, 2, 3], [1, 0.5, 0.25, 0.1251], end=4)
    assert math.log(2) / result.lambda_z == pytest.approx(1.000577, abs=5e-7)
    assert result.n_lambda_z == 3


def test_terminal_slope_takes_the_most_samples_among_equally_good_fits():
    day = [0, 7, 14, 28, 42, 56, 80]
    straight = [1, 90, *(100 * 2 ** (-t / 7) for t in day[2:])]
    result = noncompartmental(day, straight)
    assert result.n_lambda_z == 5
    assert result.lambda_z == pytest.approx(math.log(2) / 7, rel=1e-12)


def test_terminal_slope_takes_the_best_fit_before_the_longest():
    # Fast to day 28, then halving every 14 days: the last three lie on one line.
    day, value = [0, 7, 14, 28, 42, 56, 84], [0, 100, 90, 8, 4, 2, 0.5]
    result = noncompartmental(day, value)
    assert result.n_lambda_z == 4
    assert result.lambda_z == pytest.approx(math.log(2) / 14, rel=1e-12)


def test_a_level_end_has_no_fit_of_its_own_but_does_not_forbid_a_longer_one():
    result = noncompartmental([0, 10, 52, 62, 72, 82], [0, 16, 8, 0.3, 0.3, 0.3])
    assert (result.flag, result.n_lambda_z) == ("EXTRAPOLATED", 4)
    # Least squares by hand, days about their mean: -15, -5, 5, 15.
    assert result.lambda_z == pytest.approx(15 * math.log(8 / 0.3) / 500, rel=1e-12)


def test_extrapolation_by_hand():
    # 8 on day 62, halving every 10 days: 4 on day 72, 2 on day 82, so 2 x 2^-0.8 on day 90.
    result = noncompartmental([0, 10, 62, 72, 82], [0, 16, 8, 4, 2])
    rate = math.log(2) / 10
    tail = (2 - 2 * 2**-0.8) / rate
    measured = 80 + 52 * 8 / math.log(2) + 6 / rate
    assert result.flag == "EXTRAPOLATED"
    assert result.reason == "extrapolated from day 82 to day 90"
    assert (result.lambda_z, result.n_lambda_z) == (pytest.approx(rate, rel=1e-12), 3)
    assert result.auc_last == pytest.approx(measured, rel=1e-12)
    assert result.auc_end == pytest.approx(measured + tail, rel=1e-12)
    assert result.percent_extrapolated == pytest.approx(100 * tail / (measured + tail), rel=1e-12)


def test_extrapolation_is_exponential_with_linear_trapezoids_too():
    day, value = [0, 10, 62, 72, 82], [0, 16, 8, 4, 2]
    tails = [
        noncompartmental(day, value, method=method).auc_end
        - noncompartmental(day, value, method=method).auc_last
        for method in METHODS
    ]
    assert tails[0] == pytest.approx(tails[1], rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_extrapolation_needs_the_last_sample_within_the_window(method):
    value = [0, 16, 8, 4, 2]
    at_76 = noncompartmental([0, 10, 56, 66, 76], value, method=method)
    at_75 = noncompartmental([0, 10, 55, 65, 75], value, method=method)
    wider = noncompartmental([0, 10, 55, 65, 75], value, method=method, window=15)
    assert at_76.flag == wider.flag == "EXTRAPOLATED"
    assert at_75.flag == "NC"
    assert at_75.reason == "still quantifiable at the last result on day 75, before day 76"
    assert math.isnan(at_75.auc_end)
    assert math.isnan(at_75.lambda_z)
    assert at_75.auc_last == wider.auc_last > 0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([0, 16, 8, 4], "no terminal slope: 2 quantifiable results after the highest, 3 needed"),
        ([0, 16, 2, 4, 8], "no terminal slope: the best fit does not fall"),
        ([0, 16, 0.3, 0.3, 0.3], "no terminal slope: the best fit does not fall"),
    ],
)
def test_without_a_falling_terminal_slope_the_area_is_not_calculable(value, reason):
    result = noncompartmental([0, 10, 62, 72, 82][-len(value) :], value)
    assert (result.flag, result.reason) == ("NC", reason)
    assert math.isnan(result.auc_end)
    assert math.isnan(result.percent_extrapolated)
    assert result.auc_last > 0


def test_a_sample_after_the_end_is_interpolated_to():
    day = [0, 10, 80, 100]
    # Falling, 8 to 2 in 20 days, logarithmic: 4 on day 90, and linear: 5.
    log = noncompartmental(day, [0, 8, 8, 2])
    linear = noncompartmental(day, [0, 8, 8, 2], method=LINEAR)
    assert log.flag == linear.flag == ""
    assert log.auc_end == pytest.approx(40 + 560 + 10 * 4 / math.log(2), rel=1e-12)
    assert linear.auc_end == pytest.approx(40 + 560 + 65, rel=1e-12)
    # Into a value below the limit of quantification: linear, 4 on day 90.
    for method in METHODS:
        blq = noncompartmental(day, [0, 8, 8, 0], method=method)
        assert blq.auc_end == pytest.approx(40 + 560 + 60, rel=1e-12)
    # Rising: linear, 10 on day 90.
    assert noncompartmental(day, [0, 8, 8, 12]).auc_end == pytest.approx(40 + 560 + 90, rel=1e-12)


def test_a_sample_on_the_last_day_needs_nothing_else():
    result = noncompartmental([0, 10, 90, 180], [0, 8, 2, 1])
    without_later = noncompartmental([0, 10, 90], [0, 8, 2])
    assert result.auc_end == without_later.auc_end == without_later.auc_last
    assert result.tlast == 180


def test_after_the_last_quantifiable_sample_the_tail_is_zero_however_early():
    result = noncompartmental([0, 10, 20, 30], [0, 8, 4, 0])
    assert result.flag == ""
    assert result.auc_end == pytest.approx(40 + 40 / math.log(2) + 20, rel=1e-12)
    assert result.auc_end == noncompartmental([0, 10, 20, 30, 90], [0, 8, 4, 0, 0]).auc_end


def test_below_the_limit_before_the_first_quantifiable_is_zero():
    result = noncompartmental([0, 4, 7, 90], [0, 0, 10, 0])
    assert result.auc_end == 15 + 83 * 10 / 2


def test_below_the_limit_between_quantifiable_samples_is_missing():
    gap = noncompartmental([0, 7, 28, 60, 90], [0, 10, 0, 5, 0])
    absent = noncompartmental([0, 7, 60, 90], [0, 10, 5, 0])
    assert gap.auc_end == absent.auc_end
    assert (gap.n_samples, gap.n_blq) == (5, 3)
    run = noncompartmental([0, 7, 14, 28, 60, 90], [0, 10, 0, 0, 5, 0])
    assert run.auc_end == absent.auc_end


def test_the_flag_decides_and_not_the_value_reported_with_it():
    below = [True, False, False, True]
    # NaN is not equal to itself where two data classes are compared, from Python 3.13 on.
    plain = asdict(noncompartmental([0, 7, 14, 90], [0, 10, 5, 0]))
    for reported in (0.1, 99, NAN):
        result = noncompartmental([0, 7, 14, 90], [reported, 10, 5, reported], below)
        np.testing.assert_equal(asdict(result), plain)
    numbers = noncompartmental([0, 7, 14, 90], [1, 10, 5, 1], [1, 0, 0, 1])
    np.testing.assert_equal(asdict(numbers), plain)


def test_missing_results_are_left_out_and_counted():
    result = noncompartmental([0, 7, 14, 21, 90], [0, 10, NAN, 5, 0])
    absent = noncompartmental([0, 7, 21, 90], [0, 10, 5, 0])
    assert result.n_missing == 1
    assert asdict(result) | {"n_missing": 0} == pytest.approx(asdict(absent), nan_ok=True)
    # A missing result may share its day with one that is known.
    again = noncompartmental([0, 7, 7, 21, 90], [0, 10, NAN, 5, 0])
    assert again.auc_end == absent.auc_end


def test_samples_of_one_day_count_at_their_time():
    # 8 on day 10 at 08:00, 16 at 20:00, half a day later; 8 again on day 11.5; 0 on day 90.
    # Up 40, up 0.5 x 12 = 6, down 8 / log 2, into zero 78.5 x 4 = 314.
    result = noncompartmental([0, 10, 10.5, 11.5, 90], [0, 8, 16, 8, 0])
    assert (result.cmax, result.tmax) == (16, 10.5)
    assert result.auc_end == pytest.approx(40 + 6 + 8 / math.log(2) + 314, rel=1e-12)


def test_tmax_is_the_first_of_equal_peaks():
    assert noncompartmental([0, 7, 10, 14, 90], [0, 10, 8, 10, 0]).tmax == 7


def test_concentration_on_day_0_is_zero_when_nothing_was_measured_by_then():
    result = noncompartmental([7, 90], [10, 0])
    assert (result.start, result.start_measured) == (0, False)
    assert result.auc_end == 35 + 415
    assumed = noncompartmental([7, 90], [10, 0], start_value=2)
    assert assumed.auc_end == 42 + 415


def test_without_an_assumption_about_day_0_no_area_is_calculable():
    result = noncompartmental([7, 90], [10, 0], start_value=NAN)
    assert (result.flag, result.reason) == ("NC", "no result on or before the day of infusion")
    assert math.isnan(result.auc_end)
    assert math.isnan(result.auc_last)
    assert (result.cmax, result.tmax) == (10, 7)
    measured = noncompartmental([-1, 7, 90], [0, 10, 0], start_value=NAN)
    assert measured.auc_end == 450


def test_last_result_before_infusion_is_the_concentration_on_day_0_but_never_the_peak():
    result = noncompartmental([-20, -1, 7, 90], [50, 40, 10, 0])
    assert (result.start, result.start_measured) == (40, True)
    assert (result.cmax, result.tmax) == (10, 7)
    assert result.auc_end == pytest.approx(7 * 30 / math.log(4) + 415, rel=1e-12)
    # One on day 0 takes precedence, and belongs to the profile.
    on_the_day = noncompartmental([-1, 0, 7, 90], [40, 20, 10, 0])
    assert (on_the_day.start, on_the_day.cmax, on_the_day.tmax) == (20, 20, 0)


def test_quantifiable_before_infusion_only_is_never_detected():
    result = noncompartmental([-1, 7, 90], [40, 0, 0])
    assert (result.flag, result.cmax, result.auc_last, result.auc_end) == ("NOT DETECTED", 0, 0, 0)


def test_never_detected_has_no_exposure_and_no_times():
    result = noncompartmental(DAY, [0.0] * 9)
    assert (result.cmax, result.auc_last, result.auc_end) == (0, 0, 0)
    assert math.isnan(result.tmax)
    assert math.isnan(result.tlast)
    assert math.isnan(result.clast)
    assert result.flag == "NOT DETECTED"
    assert result.reason == "never quantifiable, last result on day 90"


def test_never_detected_in_a_short_follow_up_has_no_area_to_the_end():
    result = noncompartmental([0, 4], [0, 0])
    assert (result.flag, result.cmax) == ("NC", 0)
    assert result.reason == "never quantifiable, last result on day 4, before day 76"
    assert math.isnan(result.auc_end)


@pytest.mark.parametrize(
    ("day", "value"),
    [
        ([], []),
        ([0], [0]),
        ([0], [5]),
        ([-3, 0], [0, 0]),
        ([0, 0.4], [0, 3]),
        (DAY, [NAN] * 9),
    ],
)
def test_without_a_result_after_the_day_of_infusion_nothing_is_calculable(day, value):
    result = noncompartmental(day, value)
    assert (result.flag, result.reason) == ("NC", "no result after the day of infusion")
    for name in ("cmax", "tmax", "tlast", "clast", "auc_last", "auc_end"):
        assert math.isnan(getattr(result, name))


def test_one_sample_has_a_peak_and_a_triangle():
    result = noncompartmental([7], [10])
    assert (result.cmax, result.tmax, result.tlast, result.auc_last) == (10, 7, 7, 35)
    assert result.flag == "NC"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"day": [0, 7, 7], "value": [0, 1, 2]}, "day 7: more than one result"),
        ({"day": [0, 7, NAN], "value": [0, 1, 2]}, "sample 2: a day that is not finite"),
        ({"day": [0, 7], "value": [0, -1]}, "sample 1: a value that is not a concentration"),
        ({"day": [0, 7], "value": [math.inf, 1]}, "sample 0: a value that is not"),
        ({"day": [0, 7], "value": [0]}, r"shapes \(2,\), \(1,\), \(2,\)"),
        ({"day": [[0, 7]], "value": [[0, 1]]}, r"shapes \(1, 2\)"),
        ({"day": [0, 7], "value": [0, 1], "below_lloq": [True]}, r"shapes .* \(1,\)"),
        ({"day": [0, 7], "value": [0, 1], "below_lloq": [2, 0]}, "neither true nor false"),
        ({"day": [0, 7], "value": [0, 1], "below_lloq": [True, NAN]}, "neither true nor false"),
        ({"day": [0, 7], "value": [0, 1], "below_lloq": ["Y", "N"]}, "could not convert"),
        ({"day": [0], "value": [0], "end": 0}, "end: 0 is not a day after infusion"),
        ({"day": [0], "value": [0], "end": math.inf}, "end: inf is not a day after infusion"),
        ({"day": [0], "value": [0], "window": -1}, "window: -1 is not a number of days"),
        ({"day": [0], "value": [0], "start_value": -1}, "start_value: -1 is not a conc"),
        ({"day": [0], "value": [0], "method": "log"}, "method: 'log' is none of lin-up log-down"),
    ],
)
def test_wrong_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        noncompartmental(**arguments)


@given(
    st.floats(0.01, 0.2),
    st.lists(st.integers(1, 120), min_size=4, max_size=9, unique=True),
    st.integers(20, 90),
)
@PROPERTY
def test_exponential_decline_has_its_analytic_area(rate, days, end):
    day = np.array([0, *sorted(days)], float)
    result = noncompartmental(day, 100 * np.exp(-rate * day), end=end, window=90)
    # The same whether measured to the end, interpolated or extrapolated.
    assert result.auc_end == pytest.approx(100 * -math.expm1(-rate * end) / rate, rel=1e-9)
    assert (result.cmax, result.tmax) == (100, 0)


CONCENTRATIONS = st.one_of(st.just(0.0), st.floats(0.05, 5000))
PROFILES = st.lists(
    st.tuples(st.integers(-3, 400).map(lambda n: n / 4), CONCENTRATIONS),
    min_size=1,
    max_size=10,
    unique_by=lambda sample: sample[0],
).map(lambda samples: tuple(map(list, zip(*samples, strict=True))))


def curve(day, value, method):
    """Knots of the profile in plain Python, and its concentration at any day up to the last."""
    samples = sorted(zip(day, value, strict=True))
    before = [conc for t, conc in samples if t <= 0]
    knots = [(0.0, before[-1] if before else 0.0)] + [(t, c) for t, c in samples if t > 0]
    positive = [t for t, c in knots if c > 0]
    knots = [(t, c) for t, c in knots if c > 0 or not positive[0] < t < positive[-1]]

    def at(t):
        for (t1, c1), (t2, c2) in pairwise(knots):
            if t1 <= t <= t2:
                share = (t - t1) / (t2 - t1)
                if method == LOG and 0 < c2 < c1:
                    return math.exp((1 - share) * math.log(c1) + share * math.log(c2))
                return (1 - share) * c1 + share * c2
        return 0.0

    return knots, at


def quadrature(at, knots, until):
    # 40 nodes between two samples integrate exponential and linear curves to rounding.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    area = 0.0
    for a, b in pairwise(sorted({t for t, _ in knots if t < until} | {until})):
        heights = [at((a + b) / 2 + (b - a) / 2 * node) for node in nodes]
        area += (b - a) / 2 * float(weights @ heights)
    return area


@pytest.mark.parametrize("method", METHODS)
@given(profile=PROFILES, end=st.integers(10, 90))
@PROPERTY
def test_areas_equal_numerical_integration_of_the_curve(method, profile, end):
    day, value = profile
    result = noncompartmental(day, value, end=end, method=method)
    assume(result.cmax > 0)
    knots, at = curve(day, value, method)
    assert result.auc_last == pytest.approx(quadrature(at, knots, result.tlast), rel=1e-9)
    if result.flag == "":
        assert result.auc_end == pytest.approx(quadrature(at, knots, end), rel=1e-9)
    if result.flag == "EXTRAPOLATED":
        assert end - 14 <= knots[-1][0] == result.tlast < end
    if result.flag == "NC":
        assert knots[-1][0] < end
        assert knots[-1][1] > 0


@given(PROFILES, st.floats(0.1, 10), st.sampled_from(METHODS))
@PROPERTY
def test_multiplying_concentrations_multiplies_peak_and_areas(profile, factor, method):
    day, value = profile
    plain = noncompartmental(day, value, method=method)
    scaled = noncompartmental(day, [factor * conc for conc in value], method=method)
    for name in ("cmax", "clast", "auc_last", "auc_end"):
        expected = factor * getattr(plain, name)
        assert getattr(scaled, name) == pytest.approx(expected, rel=1e-6, nan_ok=True)
    assert scaled.flag == plain.flag
    assert scaled.tmax == pytest.approx(plain.tmax, nan_ok=True)


@given(PROFILES, st.randoms())
@PROPERTY
def test_order_of_samples_does_not_change_a_digit(profile, random):
    samples = list(zip(*profile, strict=True))
    random.shuffle(samples)
    shuffled = [list(column) for column in zip(*samples, strict=True)]
    # repr, because NaN does not equal itself.
    assert repr(noncompartmental(*shuffled)) == repr(noncompartmental(*profile))


@given(PROFILES, st.sampled_from(METHODS))
@PROPERTY
def test_area_never_shrinks_as_its_end_moves_on(profile, method):
    ends = np.linspace(1, max(2, *profile[0]), 40)
    areas = [noncompartmental(*profile, end=end, method=method).auc_end for end in ends]
    assume(not np.isnan(areas).any())
    assert (np.diff(areas) >= -1e-12 * max(areas)).all()


@given(PROFILES)
@PROPERTY
def test_linear_trapezoids_are_at_least_logarithmic_ones(profile):
    linear, log = (noncompartmental(*profile, method=method) for method in (LINEAR, LOG))
    assume(log.tlast >= 0)
    assert linear.auc_last >= log.auc_last * (1 - 1e-12)
    if log.flag == "":
        assert linear.auc_end >= log.auc_end * (1 - 1e-12)


@given(PROFILES, CONCENTRATIONS, st.sampled_from(METHODS))
@PROPERTY
def test_areas_before_and_after_a_sample_on_day_28_add_up(profile, on_day_28, method):
    samples = {t: c for t, c in zip(*profile, strict=True) if t != 28} | {28: on_day_28}
    whole = noncompartmental(list(samples), list(samples.values()), method=method)
    first = noncompartmental(list(samples), list(samples.values()), end=28, method=method)
    later = {t - 28: c for t, c in samples.items() if t >= 28}
    second = noncompartmental(list(later), list(later.values()), end=62, method=method)
    positive = [t for t, c in samples.items() if c > 0]
    # A sample below the limit on day 28 between quantifiable ones is no sample.
    assume(on_day_28 > 0 or not positive or not min(positive) < 28 < max(positive))
    assume(whole.flag == "" and second.flag == "" and positive and min(positive) >= 0)
    assert first.auc_end + second.auc_end == pytest.approx(whole.auc_end, rel=1e-12)


@given(PROFILES, st.sampled_from(METHODS))
@PROPERTY
def test_every_area_is_finite_or_flagged(profile, method):
    result = noncompartmental(*profile, method=method)
    assert math.isnan(result.auc_end) == (result.flag == "NC")
    assert bool(result.flag) == bool(result.reason)
    assert not math.isinf(result.auc_end)
    assert math.isnan(result.lambda_z) == (result.flag != "EXTRAPOLATED")
    if result.flag in ("", "EXTRAPOLATED") and result.tlast <= 90:
        assert result.auc_end >= result.auc_last
