"""docs/data-checks.md lists every rule as the code has it, with an example that the tests run."""

from __future__ import annotations

from durable.contracts.lowering import LOWERINGS
from durable.intake.rules import RULES
from tests.intake.catalogue import CASES, Case
from tests.intake.study import ROOT, Found

PAGE = ROOT / "docs" / "data-checks.md"


def listed(found: Found) -> str:
    """Where the listing finds an example, and what it shows there."""
    place = [found.table, *([f"row {found.row}"] if found.row else []), found.column]
    value = f": `{found.value}`" if 0 < len(found.value) <= 20 else ""
    return ", ".join(part for part in place if part) + value


def _about(example: tuple[Case, Found]) -> bool:
    case, found = example
    return case.expected[0] == found


def line(rule: str) -> str:
    """Row of the page's table."""
    about = RULES[rule]
    examples = [(case, found) for case in CASES for found in case.expected if found.rule == rule]
    # Where there is one, a case that is about this rule.
    case, found = next(iter([*filter(_about, examples), *examples]))
    cells = (f"`{rule}`", " or ".join(about.severities), about.found, case.done, listed(found))
    return f"| {' | '.join(cells)} |"


def test_the_page_lists_the_rules_that_a_plan_may_lower() -> None:
    listed = [
        f"- `{rule}` ({', '.join(lowering.tables)}): {lowering.then}"
        for rule, lowering in LOWERINGS.items()
    ]
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert all(one in page for one in listed)
    assert " ".join(listed) in page


def test_the_page_lists_every_rule_as_the_code_has_it() -> None:
    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("| `")]
    assert rows == [line(rule) for rule in RULES]
