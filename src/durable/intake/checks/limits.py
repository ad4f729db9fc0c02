"""Values against their lower limit of quantification, and limits of normal of another unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from durable.intake.findings import Findings
from durable.intake.tables import StudyTable, left_empty, look_up
from durable.intake.texts import Phrase
from durable.language import _

#: A subject's upper limit of normal that is so many times that of the others is of another unit:
#: between U/L, ukat/L and nkat/L lie factors of 16.7 and more, between g/dL and g/L one of 10, and
#: between laboratories hardly one of 2.
ANOTHER_UNIT = 5


def check_quantification(
    table: StudyTable, findings: Findings, *, zero_is_quantifiable: bool
) -> None:
    """Report values and marks (``below_lloq``) that contradict or lack the limit of quantification.

    Parameters
    ----------
    zero_is_quantifiable
        Whether a value of 0 is a result as any other (a count). Otherwise it means that nothing
        was detected, and is reported unless it is marked.
    """
    frame, recorded = table.frame, table.recorded
    is_below = frame["below_lloq"] == "Y"
    empty = left_empty(table, "value")
    findings.add(
        recorded, ~is_below & empty, "value", "value_missing", _("a value, or below_lloq Y")
    )
    low = ~is_below & (frame["value"] < frame["lloq"])
    expected = Phrase(
        _("at least the lloq ({lloq}), or below_lloq Y; it is analysed as not quantifiable"),
        {"lloq": recorded.text["lloq"]},
    )
    findings.add(recorded, low, "value", "value_below_lloq", expected)
    if not zero_is_quantifiable:
        zero = ~is_below & ~low & (frame["value"] == 0)
        above_zero = _("a value above 0, or below_lloq Y; it is analysed as not quantifiable")
        findings.add(recorded, zero, "value", "value_below_lloq", above_zero)
    contradicted = is_below & (frame["value"] >= frame["lloq"])
    findings.add(
        recorded,
        contradicted,
        "value",
        "below_lloq_contradicted",
        _("a value below the lloq, or below_lloq N"),
    )
    unlimited = is_below & left_empty(table, "lloq")
    findings.add(
        recorded,
        unlimited,
        "lloq",
        "lloq_missing",
        _("the limit of quantification, since below_lloq is Y"),
    )


def median_of_others(subject: pd.Series[str], usual: pd.Series[float]) -> pd.Series[float]:
    """The median over the other subjects of a value that each subject has in all rows.

    NaN where no other subject has one. Indexed as the rows.
    """
    by_subject = usual.groupby(subject, observed=True).first().dropna()
    ordered = by_subject.sort_values()
    number = len(ordered) - 1
    if number < 1:
        return pd.Series(np.nan, index=usual.index)
    place, values = np.arange(number + 1), ordered.to_numpy()
    # Without the subject at a place, those from there on move down by one.
    low, high = (number - 1) // 2, number // 2
    median = (values[low + (place <= low)] + values[high + (place <= high)]) / 2
    return look_up(subject, pd.Series(median, index=ordered.index.astype(object)))
