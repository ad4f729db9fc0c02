"""The parts of the documentation that are generated from the definitions of the disease."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from durable.jdm.drug_free import DrugFree
from durable.jdm.parameters import GLUCOCORTICOID
from durable.jdm.remission import CONDITIONS, REMISSION_RULES
from durable.jdm.response import Response, Worsening

_ENZYME = "one muscle enzyme at least, and the limit of each that is there"


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


def needs_of_definitions() -> Iterator[tuple[str, str]]:
    """Columns of visits, and the definition of the plan that needs them, as Markdown."""
    for core_set in ("printo", "imacs"):
        measures = Response(core_set=core_set).measures.values()
        listed = [f"`{name}`" if name != "enzyme" else _ENZYME for name in measures]
        yield ", ".join(listed), f"`response.core_set` {core_set}"
    yield "the measures that it names", "`response.hybrid`"
    rules: dict[tuple[str, ...], list[str]] = {}
    for rule in REMISSION_RULES.values():
        rules.setdefault(rule.columns, []).append(rule.name)
    for columns, names in rules.items():
        if columns:
            yield _names(columns), f"`response.remission.rule` {', '.join(names)}"
    for condition in CONDITIONS:
        yield f"`{condition.column}`", f"`response.remission.{condition.key}`"
    yield "`investigator_assessment`", "`response.recurrence.investigator`"
    yield _names(Worsening(enabled=True).columns), "`response.recurrence.worsening.enabled`"
    yield _names(DrugFree().columns), "`response.drug_free`"
    yield f"`{GLUCOCORTICOID.column}`", "`response.glucocorticoid_increase`"
