"""What a cell shows of the statistics of its row, and lines that several tables share."""

from __future__ import annotations

from durable.outputs import formats
from durable.outputs.table import Cell, Line, Lookup


def count(statistic: str) -> Cell:
    """A count."""
    return lambda find: formats.count(find(statistic))


def n_percent(name: str, decimals: int) -> Cell:
    """A count with its percentage."""
    return lambda find: formats.count_percent(find(f"n_{name}"), find(f"percent_{name}"), decimals)


def percent_with_ci(statistic: str, decimals: int) -> Cell:
    """A proportion with its interval, in percent."""
    return lambda find: formats.estimate(find(statistic), decimals, formats.PERCENT)


def ratio_with_ci(count: str, total: str, rate: str, decimals: int) -> Cell:
    """Count/total, and the rate with its interval in percent."""

    def cell(find: Lookup) -> str:
        x, n = find(count), find(total)
        if x is None or n is None:
            return ""
        estimate = formats.estimate(find(rate), decimals, formats.PERCENT)
        return f"{formats.count(x)}/{formats.count(n)}, {estimate}"

    return cell


def value(statistic: str, decimals: int, power: int = 0) -> Cell:
    """A number as it is, or with its decimal point moved."""
    return lambda find: formats.number(find(statistic), decimals, power)


def estimate_with_ci(statistic: str, decimals: int) -> Cell:
    """An estimate with its interval."""
    return lambda find: formats.estimate(find(statistic), decimals)


def joined(first: str, second: str, decimals: int, form: str = "{}, {}", power: int = 0) -> Cell:
    """Two numbers in a form; NE once where neither can be estimated."""

    def cell(find: Lookup) -> str:
        if find(first) is None:
            return ""
        shown = [formats.number(find(name), decimals, power) for name in (first, second)]
        return (
            formats.NOT_ESTIMABLE if set(shown) == {formats.NOT_ESTIMABLE} else form.format(*shown)
        )

    return cell


def summary_lines(decimals: int, prefix: str = "", indent: int = 1, power: int = 0) -> list[Line]:
    """Rows of a continuous variable; `power` moves the decimal point."""
    return [
        Line("n", count(f"n_{prefix.rstrip('_')}" if prefix else "n"), indent),
        Line(
            "Mean (SD)", joined(f"{prefix}mean", f"{prefix}sd", decimals, "{} ({})", power), indent
        ),
        Line("Median", value(f"{prefix}median", decimals, power), indent),
        Line("Q1, Q3", joined(f"{prefix}q1", f"{prefix}q3", decimals, power=power), indent),
        Line("Min, max", joined(f"{prefix}min", f"{prefix}max", decimals, power=power), indent),
    ]


def value_with_limits(
    first: str, low: str, high: str, decimals: int, limit_decimals: int | None = None
) -> Cell:
    """A number and two in brackets, with decimals of their own where given; NE alone for none."""

    def cell(find: Lookup) -> str:
        shown = formats.number(find(first), decimals)
        if shown in ("", formats.NOT_ESTIMABLE):
            return shown
        limits = joined(
            low, high, decimals if limit_decimals is None else limit_decimals, "({}, {})"
        )(find)
        return f"{shown} {limits}"

    return cell


def count_with_percent_or_0(find: Lookup, decimals: int) -> str:
    """A count and percentage, of a row that stands only where somebody is counted: 0 elsewhere."""
    n = find("n")
    return "0" if n is None else formats.count_percent(n, find("percent"), decimals)
