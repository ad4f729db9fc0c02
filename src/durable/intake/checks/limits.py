"""Values against their lower limit of quantification."""

from __future__ import annotations

from durable.intake.findings import Findings
from durable.intake.tables import StudyTable, left_empty
from durable.intake.texts import Phrase
from durable.language import _


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
    below = frame["below_lloq"] == "Y"
    empty = left_empty(table, "value")
    findings.add(recorded, ~below & empty, "value", "value_missing", _("a value, or below_lloq Y"))
    low = ~below & (frame["value"] < frame["lloq"])
    expected = Phrase(
        _("at least the lloq ({lloq}), or below_lloq Y; it is analysed as not quantifiable"),
        {"lloq": recorded.text["lloq"]},
    )
    findings.add(recorded, low, "value", "value_below_lloq", expected)
    if not zero_is_quantifiable:
        zero = ~below & ~low & (frame["value"] == 0)
        above_zero = _("a value above 0, or below_lloq Y; it is analysed as not quantifiable")
        findings.add(recorded, zero, "value", "value_below_lloq", above_zero)
    above = below & (frame["value"] >= frame["lloq"])
    findings.add(
        recorded,
        above,
        "value",
        "below_lloq_contradicted",
        _("a value below the lloq, or below_lloq N"),
    )
    unlimited = below & left_empty(table, "lloq")
    findings.add(
        recorded,
        unlimited,
        "lloq",
        "lloq_missing",
        _("the limit of quantification, since below_lloq is Y"),
    )
