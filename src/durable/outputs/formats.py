"""Numbers as readers see them: one rounding rule, NE for what cannot be estimated."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from math import isnan

from durable.contracts.results import PLATEAU, WITHIN_TOLERANCE, Result

NOT_ESTIMABLE = "NE"
#: Power of ten by which a proportion is shown as a percentage.
PERCENT = 2
PLATEAU_MARK = "\u2020"
TOLERANCE_MARK = "\u2021"


def rounded_number(value: float, decimals: int, power: int = 0) -> str:
    """A number with so many decimals; halves away from zero, as SAS rounds, on its decimal form.

    NE for NaN; never ``-0``. `power` moves the decimal point, exactly: 2 shows a proportion in
    percent.
    """
    if isnan(value):
        return NOT_ESTIMABLE
    quantum = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(value)).scaleb(power).quantize(quantum, ROUND_HALF_UP)
    return str(rounded if rounded else abs(rounded))


def decimals_for(smallest: float, decimals: int) -> int:
    """Decimals of numbers of any size: so many, or more where one lies between 0 and 1.

    That one then has three significant digits: 0.0327, of `smallest`, has four decimals.
    """
    if not 0 < smallest < 1:
        return decimals
    return max(decimals, 2 - Decimal(repr(float(smallest))).adjusted())


def trimmed_number(value: float, decimals: int) -> str:
    """A number with so many decimals, or with `decimals_for` it, without trailing zeros."""
    text = rounded_number(value, decimals_for(value, decimals))
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(result: Result | None) -> str:
    """A count without decimals; empty for None, which is a statistic that the results lack."""
    return "" if result is None else rounded_number(result.value, 0)


def number(result: Result | None, decimals: int, power: int = 0) -> str:
    """A number, with + where its note is ``censored``; empty for None."""
    if result is None:
        return ""
    return rounded_number(result.value, decimals, power) + (
        "+" if result.note == "censored" else ""
    )


def interval(result: Result, decimals: int, power: int = 0) -> str:
    """The limits in brackets, ``(2.1, NE)``: each NE where it is NaN."""
    lower, upper = (
        rounded_number(limit, decimals, power) for limit in (result.lower, result.upper)
    )
    return f"({lower}, {upper})"


def point(result: Result | None, decimals: int, power: int = 0) -> str:
    """An estimate without its limits, with the marks that footnotes explain; empty for None."""
    if result is None:
        return ""
    mark = PLATEAU_MARK if result.note == PLATEAU else ""
    mark += TOLERANCE_MARK if WITHIN_TOLERANCE in result.note else ""
    return f"{rounded_number(result.value, decimals, power)}{mark}"


def limits(result: Result | None, decimals: int, power: int = 0) -> str:
    """The limits of an estimate in brackets; NE alone where both are NaN; empty for None."""
    if result is None:
        return ""
    if isnan(result.lower) and isnan(result.upper):
        return NOT_ESTIMABLE
    return interval(result, decimals, power)


def estimate(result: Result | None, decimals: int, power: int = 0) -> str:
    """An estimate with its limits; NE alone where all three are NaN; empty for None."""
    if result is None:
        return ""
    if isnan(result.value) and isnan(result.lower) and isnan(result.upper):
        return NOT_ESTIMABLE
    return f"{point(result, decimals, power)} {interval(result, decimals, power)}"


def count_percent(n: Result | None, percent: Result | None, decimals: int) -> str:
    """A count with its percentage, ``8 (66.7)``; empty without the count.

    The count alone where the percentage is None or NaN.
    """
    if n is None:
        return ""
    if percent is None or isnan(percent.value):
        return count(n)
    return f"{count(n)} ({rounded_number(percent.value, decimals)})"
