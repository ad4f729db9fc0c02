"""Rules of the data checks that a plan may lower from error to warning (``inputs.severity``).

Only those after which every number is still defined: what is read is read, and the derivation has a
rule for it. Light to import.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lowering:
    """Where a rule may be lowered, and what the analysis then does."""

    tables: tuple[str, ...]
    then: str
    """What the analysis does with the records, as a sentence of the documentation."""


_AS_DATED = "The dates are used as recorded."
#: By rule.
LOWERINGS: dict[str, Lowering] = {
    "blank_row": Lowering(
        ("subjects", "visits", "therapies", "adverse_events", "laboratory", "kinetics"),
        "The empty row is skipped; the rows after it are read.",
    ),
    "duplicate_visit": Lowering(
        ("visits",), "Both assessments are used: the date decides the visit, not the label."
    ),
    "before_consent": Lowering(
        ("subjects", "visits", "laboratory", "kinetics", "lymphodepletion"), _AS_DATED
    ),
    "after_withdrawal": Lowering(
        ("visits", "laboratory", "kinetics", "lymphodepletion"), _AS_DATED
    ),
    "end_before_start": Lowering(
        ("therapies",), "The start is used; no number depends on the end of a therapy."
    ),
    "uln_missing": Lowering(
        ("visits",), "The laboratory value counts as missing at the visit: it has no multiple."
    ),
}
