"""The key ``inputs.severity``: findings that the plan lowers from error to warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from durable.contracts.input_table import InputTable
from durable.contracts.lowering import LOWERINGS
from durable.plan.findings import Finding, one_of
from durable.sections import Section, Text


class LoweredRule(Section):
    """Findings of a rule that are warnings in this analysis, though errors elsewhere."""

    rule: Text
    """Rule whose errors are lowered; docs/data-checks.md lists those that may be."""
    table: Text
    """Table of the findings."""
    column: Text | None = None
    """Column of the findings; every one when empty."""
    subject: Text | None = None
    """Subject of the findings; every one when empty."""
    reason: Text
    """Why the analysis can do with them; printed in the report."""


def severity_findings(
    lowered: Sequence[LoweredRule], tables: Mapping[str, InputTable]
) -> Iterator[Finding]:
    """Findings on rules that may not be lowered, and on tables and columns that they do not have.

    Parameters
    ----------
    lowered
        The value of the key ``inputs.severity``.
    tables
        Tables that the study has, by name.
    """
    for index, entry in enumerate(lowered):
        key = f"inputs.severity[{index}]"
        if entry.rule not in LOWERINGS:
            expected = f"a rule that may be lowered: {', '.join(LOWERINGS)}"
            yield Finding(f"{key}.rule", repr(entry.rule), expected)
            continue
        known = [name for name in LOWERINGS[entry.rule].tables if name in tables]
        if entry.table not in known:
            expected = f"a table of the study in which {entry.rule} may be lowered"
            listed = f"{expected}: {', '.join(known) or 'there is none'}"
            yield Finding(f"{key}.table", repr(entry.table), listed)
        elif entry.column is not None and entry.column not in tables[entry.table].names:
            names = tables[entry.table].names
            yield Finding(f"{key}.column", repr(entry.column), one_of(entry.column, names))
