"""What a cell shows of the statistics of its row, and lines that several tables share.

Functions of this module return a `Cell`: a function from the statistics of a row and a column
(`Lookup`) and the section `outputs` of the plan to text. A cell is empty where the results lack the
statistic, and has ``NE`` where it is NaN, unless the function says otherwise.
"""

from __future__ import annotations

from typing import Literal

from durable.language import _
from durable.outputs import formats
from durable.outputs.table import Cell, Line, Lookup
from durable.plan import Outputs

#: Decimals of a cell: a number, or those of percentages or of months in the plan.
Decimals = int | Literal["percent", "month"]


def _places(decimals: Decimals, outputs: Outputs) -> int:
    match decimals:
        case "percent":
            return outputs.percent_decimals
        case "month":
            return outputs.month_decimals
        case _:
            return decimals


def count(statistic: str) -> Cell:
    """A count, ``8``."""
    return lambda find, _: formats.count(find(statistic))


def count_percent(n: str, percent: str) -> Cell:
    """A count with its percentage, ``8 (66.7)``; the count alone where the percentage is NaN.

    Parameters
    ----------
    n, percent
        Names of the statistics.
    """
    return lambda find, outputs: formats.count_percent(
        find(n), find(percent), outputs.percent_decimals
    )


def n_percent(name: str) -> Cell:
    """`count_percent` of the statistics ``n_NAME`` and ``percent_NAME``."""
    return count_percent(f"n_{name}", f"percent_{name}")


def n_percent_or_0(find: Lookup, outputs: Outputs) -> str:
    """`count_percent` of ``n`` and ``percent``; 0 where the column does not have them."""
    return "0" if find("n") is None else count_percent("n", "percent")(find, outputs)


def incidence(n: str, percent: str) -> Cell:
    """`count_percent`, but a count of 0 without a percentage."""

    def cell(find: Lookup, outputs: Outputs) -> str:
        subjects = find(n)
        nobody = subjects is not None and not subjects.value
        return "0" if nobody else count_percent(n, percent)(find, outputs)

    return cell


def ratio(count: str, total: str) -> Cell:
    """Count and total, ``8/12``, from the statistics of these names."""

    def cell(find: Lookup, _outputs: Outputs) -> str:
        return "/".join(filter(None, (formats.count(find(name)) for name in (count, total))))

    return cell


def ratio_percent(count: str, total: str, rate: str) -> Cell:
    """Count and total with the rate in percent, ``8/12 (66.7)``; empty where one is lacking."""

    def cell(find: Lookup, outputs: Outputs) -> str:
        x, n, share = find(count), find(total), find(rate)
        if x is None or n is None or share is None:
            return ""
        decimals = outputs.percent_decimals
        shown = formats.rounded_number(share.value, decimals, formats.PERCENT)
        return f"{formats.count(x)}/{formats.count(n)} ({shown})"

    return cell


def estimate(statistic: str, decimals: Decimals, power: int = 0) -> Cell:
    """An estimate without its interval, with the marks that footnotes explain.

    `power` moves the decimal point: 2 shows a proportion in percent.
    """
    return lambda find, outputs: formats.point(find(statistic), _places(decimals, outputs), power)


def estimates(first: str, second: str, decimals: Decimals) -> Cell:
    """Two estimates with their marks, ``3.1, NE``; NE once where both are NaN.

    Empty where the results lack the first.
    """

    def cell(find: Lookup, outputs: Outputs) -> str:
        if find(first) is None:
            return ""
        shown = [estimate(name, decimals)(find, outputs) for name in (first, second)]
        nothing = set(shown) == {formats.NOT_ESTIMABLE}
        return formats.NOT_ESTIMABLE if nothing else ", ".join(shown)

    return cell


def ci(statistic: str, decimals: Decimals, power: int = 0) -> Cell:
    """The interval of an estimate, ``(2.1, NE)``; NE alone where both limits are NaN."""
    return lambda find, outputs: formats.limits(find(statistic), _places(decimals, outputs), power)


def rate(statistic: str) -> Cell:
    """A proportion in percent, without its interval."""
    return estimate(statistic, "percent", formats.PERCENT)


def rate_ci(statistic: str) -> Cell:
    """The interval of a proportion in percent."""
    return ci(statistic, "percent", formats.PERCENT)


def value(statistic: str, decimals: Decimals = "percent", power: int = 0) -> Cell:
    """A number, its decimal point moved by `power` places; with + where it is censored."""
    return lambda find, outputs: formats.number(find(statistic), _places(decimals, outputs), power)


def estimate_with_ci(statistic: str, decimals: Decimals) -> Cell:
    """An estimate with its interval, ``8.9 (2.1, NE)``; NE alone where all three are NaN."""
    return lambda find, outputs: formats.estimate(find(statistic), _places(decimals, outputs))


def pair(
    first: str, second: str, form: str, decimals: Decimals = "percent", power: int = 0
) -> Cell:
    """Two numbers in a form such as ``{} ({})``; NE once where both are NaN.

    Empty where the results lack the first.
    """

    def cell(find: Lookup, outputs: Outputs) -> str:
        if find(first) is None:
            return ""
        shown = [value(name, decimals, power)(find, outputs) for name in (first, second)]
        nothing = set(shown) == {formats.NOT_ESTIMABLE}
        return formats.NOT_ESTIMABLE if nothing else form.format(*shown)

    return cell


def median_range(decimals: int) -> Cell:
    """Median to one decimal with min and max, ``5.0 (1, 9)``; NE once where min and max are NaN."""
    extremes = pair("min", "max", "({}, {})", decimals)

    def cell(find: Lookup, outputs: Outputs) -> str:
        shown = extremes(find, outputs)
        if not shown.startswith("("):
            return shown
        return f"{value('median', 1)(find, outputs)} {shown}"

    return cell


def summary_lines(
    decimals: Decimals, prefix: str = "", indent: int = 1, power: int = 0
) -> tuple[Line, ...]:
    """Lines of a continuous variable: n, mean (SD), median, quartiles, and min and max.

    Of the statistics of `quantities.summary` with the prefix, here with its ``_`` (``tis_``).
    `power` moves the decimal point.
    """

    def two(first: str, second: str, form: str) -> Cell:
        return pair(f"{prefix}{first}", f"{prefix}{second}", form, decimals, power)

    return (
        Line("n", count(f"n_{prefix.rstrip('_')}" if prefix else "n"), indent),
        Line(_("Mean (SD)"), two("mean", "sd", "{} ({})"), indent),
        Line(_("Median"), value(f"{prefix}median", decimals, power), indent),
        Line("Q1, Q3", two("q1", "q3", "{}, {}"), indent),
        Line(_("Min, max"), two("min", "max", "{}, {}"), indent),
    )
