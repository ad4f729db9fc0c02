"""The parts of the documentation that are generated from the definitions of the disease."""

from __future__ import annotations

from collections.abc import Iterable

from durable.jdm.remission import REMISSION_RULES


def remission_section() -> str:
    """The table of docs/derivation.md that lists the remission rules."""
    rows = ["| rule | what is remission | keys with its limits | columns of visits |"]
    rows.append("|---|---|---|---|")
    for rule in REMISSION_RULES.values():
        limits, columns = _names(rule.keys), _names(rule.columns)
        columns = "the core set measures" if rule.reads_score else columns
        rows.append(f"| `{rule.name}` | {rule.summary} | {limits} | {columns} |")
    return "\n".join(rows) + "\n"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
