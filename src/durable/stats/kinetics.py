"""Noncompartmental analysis of one subject's cell concentrations in blood.

Rules as those of the R package PKNCA (Denney, Duvvuri & Buckeridge, J Pharmacokinet Pharmacodyn
2015;42:S65), with exceptions and choices in docs/kinetics.md. Results below the limit of
quantification count as 0 before the first and after the last quantifiable one, and as missing
between them. The last result on or before day 0 is the concentration on day 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, assert_never

import numpy as np
import numpy.typing as npt

from durable.stats.checks import Bools, Floats, check_choice

Method = Literal["lin-up log-down", "linear"]
Flag = Literal["", "EXTRAPOLATED", "NOT DETECTED", "NC"]

# PKNCA options min.hl.points and adj.r.squared.factor.
_LEAST_POINTS = 3
_R2_ALLOWANCE = 1e-4


@dataclass(frozen=True)
class Noncompartmental:
    """Exposure to cells; concentrations in the unit of the input, areas in that unit times days.

    Attributes
    ----------
    cmax, tmax
        Highest concentration from day 0 on, and the first day on which it was measured.
    tlast, clast
        Last day with a quantifiable concentration, and that concentration.
    auc_last
        Area from day 0 to ``tlast``.
    auc_end
        Area from day 0 to ``end``; NaN = not calculable.
    flag
        Of ``auc_end``: empty as measured; EXTRAPOLATED on the terminal slope; NOT DETECTED, no
        sample quantifiable; NC, not calculable.
    reason
        What the flag means here, in words; empty without a flag.
    lambda_z, n_lambda_z
        Terminal slope used, per day, and number of samples it was fitted to; NaN and 0 where none
        was used.
    percent_extrapolated
        Percent of ``auc_end`` that lies after ``tlast`` on the terminal slope; 0 where it is not
        extrapolated, NaN where it is not calculable.
    start, start_measured
        Concentration taken for day 0, and whether it was measured on or before that day.
    n_samples, n_blq, n_missing
        Samples with a result, those of them below the limit of quantification, and samples without
        a result, all before infusion included.
    """

    cmax: float
    tmax: float
    tlast: float
    clast: float
    auc_last: float
    auc_end: float
    flag: Flag
    reason: str
    lambda_z: float
    n_lambda_z: int
    percent_extrapolated: float
    start: float
    start_measured: bool
    n_samples: int
    n_blq: int
    n_missing: int


class _Profile(NamedTuple):
    """Concentrations from day 0 on; the first may be assumed or measured before infusion."""

    day: Floats
    conc: Floats
    measured: Bools  # on day 0 or later
    start_measured: bool


class _Peak(NamedTuple):
    cmax: float
    tmax: float
    tlast: float
    clast: float


class _Area(NamedTuple):
    auc_end: float
    flag: Flag = ""
    reason: str = ""
    lambda_z: float = math.nan
    n_lambda_z: int = 0
    percent_extrapolated: float = 0.0


class _Slope(NamedTuple):
    lambda_z: float
    points: int
    adjusted_r2: float


def noncompartmental(
    day: npt.ArrayLike,
    value: npt.ArrayLike,
    below_lloq: npt.ArrayLike | None = None,
    end: float = 90.0,
    method: Method = "lin-up log-down",
    *,
    window: float = 14.0,
    start_value: float = 0.0,
) -> Noncompartmental:
    """Highest concentration, its time, and areas under the curve.

    Parameters
    ----------
    day
        Actual days from infusion, in any order, fractions allowed; negative before infusion.
    value
        Concentrations of one assay in one unit, not negative; NaN is missing. 0 is below the limit
        of quantification.
    below_lloq
        True where the result is below the limit of quantification, whatever ``value`` holds there.
    end
        Last day of ``auc_end``.
    method
        Area and interpolation between samples. ``lin-up log-down``: logarithmic where the
        concentration falls to another above 0, otherwise linear. ``linear``: always linear.
    window
        When the last sample is still quantifiable and lies before ``end``, but by no more than this
        many days, the area is extrapolated to ``end``; from an earlier one it is not calculable.
    start_value
        Concentration on day 0 when nothing was measured on or before it: 0, as the cells do not
        exist before infusion; NaN to make no assumption, so that no area is calculable.

    Returns
    -------
    Noncompartmental
        Without any result on day 1 or later everything is NaN. If no sample is quantifiable
        ``cmax`` and ``auc_last`` are 0 and the times NaN, as in PKNCA; ``auc_end`` is 0 only if a
        sample lies in the window or later.

    Raises
    ------
    ValueError
        For lengths that differ, two results on one day, and whatever is no day, concentration,
        window or method.
    """
    _check_options(end, method, window, start_value)
    days, conc, missing = _results(day, value, below_lloq)
    profile = _profile(days, conc, start_value)
    counts = len(days), int(np.count_nonzero(conc == 0)), missing
    if not (profile.day >= 1).any():
        none = _not_calculable("no result after the day of infusion")
        return _combine(_Peak(*[math.nan] * 4), math.nan, none, profile, counts)
    peak = _peak(profile)
    area = _to_end(profile, peak, end, method, window)
    return _combine(peak, _to_last(profile, peak, method), area, profile, counts)


def _combine(
    peak: _Peak, auc_last: float, area: _Area, profile: _Profile, counts: tuple[int, int, int]
) -> Noncompartmental:
    n_samples, n_blq, n_missing = counts
    return Noncompartmental(
        **peak._asdict(),
        auc_last=auc_last,
        **area._asdict(),
        start=float(profile.conc[0]),
        start_measured=profile.start_measured,
        n_samples=n_samples,
        n_blq=n_blq,
        n_missing=n_missing,
    )


def _check_options(end: float, method: str, window: float, start_value: float) -> None:
    if not 0 < end < math.inf:
        raise ValueError(f"end: {end} is not a day after infusion")
    check_choice("method", method, Method)
    if not 0 <= window < math.inf:
        raise ValueError(f"window: {window} is not a number of days")
    if start_value < 0 or math.isinf(start_value):
        raise ValueError(f"start_value: {start_value} is not a concentration")


def _results(
    day: npt.ArrayLike, value: npt.ArrayLike, below_lloq: npt.ArrayLike | None
) -> tuple[Floats, Floats, int]:
    """Days and concentrations of the results, in order, and the number missing."""
    days, values = np.asarray(day, np.float64), np.asarray(value, np.float64)
    below = np.asarray(np.zeros(days.shape) if below_lloq is None else below_lloq, np.float64)
    if days.ndim != 1 or not days.shape == values.shape == below.shape:
        raise ValueError(
            f"day, value, below_lloq: shapes {days.shape}, {values.shape}, {below.shape}"
        )
    for bad, fault in (
        (~np.isfinite(days), "day that is not finite"),
        ((values < 0) | np.isinf(values), "value that is not a concentration"),
        ((below != 0) & (below != 1), "below_lloq that is neither true nor false"),
    ):
        if bad.any():
            raise ValueError(f"sample {int(bad.argmax())}: a {fault}")
    conc = np.where(below == 1, 0.0, values)
    known = ~np.isnan(conc)
    order = np.argsort(days[known], kind="stable")
    ordered = days[known][order]
    twice = ordered[1:][np.diff(ordered) == 0]
    if twice.size:
        raise ValueError(f"day {twice[0]:g}: more than one result")
    return ordered, conc[known][order], int(np.count_nonzero(~known))


def _profile(day: Floats, conc: Floats, start_value: float) -> _Profile:
    """Concentrations from day 0 on, without those below the limit between quantifiable ones."""
    before = int(np.count_nonzero(day <= 0))
    measured = np.append(before > 0 and day[before - 1] == 0, np.ones(len(day) - before, np.bool_))
    start = conc[before - 1] if before else start_value
    days, concs = np.append(0.0, day[before:]), np.append(start, conc[before:])
    some = np.flatnonzero(concs > 0)
    keep = np.ones(len(days), np.bool_)
    if some.size:
        keep[some[0] : some[-1]] = concs[some[0] : some[-1]] != 0
    return _Profile(days[keep], concs[keep], measured[keep], before > 0)


def _peak(profile: _Profile) -> _Peak:
    day, conc = profile.day[profile.measured], profile.conc[profile.measured]
    some = np.flatnonzero(conc > 0)
    if not some.size:
        return _Peak(0.0, math.nan, math.nan, math.nan)
    first, last = int(np.argmax(conc)), some[-1]
    return _Peak(*map(float, (conc[first], day[first], day[last], conc[last])))


def _to_last(profile: _Profile, peak: _Peak, method: Method) -> float:
    if math.isnan(profile.conc[0]):
        return math.nan
    if peak.cmax == 0:
        return 0.0
    until = profile.day <= peak.tlast
    return _area(profile.day[until], profile.conc[until], method)


def _to_end(profile: _Profile, peak: _Peak, end: float, method: Method, window: float) -> _Area:
    last = float(profile.day[-1])
    too_early = last < end - window
    if math.isnan(profile.conc[0]):
        return _not_calculable("no result on or before the day of infusion")
    if peak.cmax == 0:
        never = f"never quantifiable, last result on day {last:g}"
        if too_early:
            return _not_calculable(f"{never}, before day {end - window:g}")
        return _Area(0.0, "NOT DETECTED", never)
    if end <= last:
        return _Area(_area_until(profile, end, method))
    if profile.conc[-1] == 0:
        return _Area(_area(profile.day, profile.conc, method))
    if too_early:
        return _not_calculable(
            f"still quantifiable at the last result on day {last:g}, before day {end - window:g}"
        )
    return _extrapolated_area(profile, peak, end, method)


def _not_calculable(reason: str) -> _Area:
    return _Area(math.nan, "NC", reason, percent_extrapolated=math.nan)


def _extrapolated_area(profile: _Profile, peak: _Peak, end: float, method: Method) -> _Area:
    """Area with the part after the last sample on the terminal slope, from the observed clast."""
    falling = profile.measured & (profile.day > peak.tmax) & (profile.conc > 0)
    slope = _terminal_slope(profile.day[falling], profile.conc[falling])
    if isinstance(slope, str):
        return _not_calculable(f"no terminal slope: {slope}")
    rate, ahead = slope.lambda_z, end - peak.tlast
    measured = _area(profile.day, profile.conc, method)
    tail = peak.clast * -math.expm1(-rate * ahead) / rate
    reason = f"extrapolated from day {peak.tlast:g} to day {end:g}"
    share = 100 * tail / (measured + tail)
    return _Area(measured + tail, "EXTRAPOLATED", reason, rate, slope.points, share)


def _terminal_slope(day: Floats, conc: Floats) -> _Slope | str:
    """Slope over the last samples whose adjusted R2 is best, or why there is none.

    Of the last 3, 4, ... samples: those with a falling slope and an adjusted R2 within 0.0001 of
    the best, rising slopes included; of them the most samples.
    """
    if len(day) < _LEAST_POINTS:
        return f"{len(day)} quantifiable results after the highest, {_LEAST_POINTS} needed"
    fits = [_fit(day[-n:], np.log(conc[-n:])) for n in range(_LEAST_POINTS, len(day) + 1)]
    least = max(fit.adjusted_r2 for fit in fits) - _R2_ALLOWANCE
    chosen = [fit for fit in fits if fit.lambda_z > 0 and fit.adjusted_r2 > least]
    return chosen[-1] if chosen else "the best fit does not fall"


def _fit(day: Floats, log: Floats) -> _Slope:
    """Least squares line of the log concentration; a level one has no R2 and so never is best."""
    if np.ptp(log) == 0:
        return _Slope(0.0, len(day), -math.inf)
    x, y = day - day.mean(), log - log.mean()
    slope = float(x @ y / (x @ x))
    residual = y - slope * x
    unexplained = float(residual @ residual / (y @ y))
    return _Slope(-slope, len(day), 1 - unexplained * (len(day) - 1) / (len(day) - 2))


def _area_until(profile: _Profile, end: float, method: Method) -> float:
    """Area to a day between samples, on the same line between them as the whole area.

    PKNCA chooses the line anew for the part before ``end``, so a logarithmic one within a linear
    fall to 0, and the area may shrink as ``end`` moves on: docs/kinetics.md.
    """
    after = int(np.searchsorted(profile.day, end))
    day, conc = profile.day[: after + 1].copy(), profile.conc[: after + 1].copy()
    log = _is_log(conc[:-1], conc[1:], method)
    if day[-1] > end:
        share = (end - day[-2]) / (day[-1] - day[-2])
        if log[-1]:
            conc[-1] = conc[-2] * (conc[-1] / conc[-2]) ** share
        else:
            conc[-1] = conc[-2] + share * (conc[-1] - conc[-2])
        day[-1] = end
    return _trapezoids(day, conc, log)


def _area(day: Floats, conc: Floats, method: Method) -> float:
    return _trapezoids(day, conc, _is_log(conc[:-1], conc[1:], method))


def _trapezoids(day: Floats, conc: Floats, log: Bools) -> float:
    """Area; a logarithmic fall has the logarithmic mean of its ends as its height."""
    height = (conc[:-1] + conc[1:]) / 2
    last = conc[1:][log]
    fall = conc[:-1][log] - last
    # log1p keeps its precision where the two are nearly equal.
    height[log] = fall / np.log1p(fall / last)
    return float(np.diff(day) @ height)


def _is_log(first: Floats, last: Floats, method: Method) -> Bools:
    match method:
        case "lin-up log-down":
            return (last > 0) & (last < first)
        case "linear":
            return np.zeros(len(first), dtype=np.bool_)
        case _:
            assert_never(method)
