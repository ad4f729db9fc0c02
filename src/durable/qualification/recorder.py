"""A plugin of pytest that writes which test carries which requirement, and what came of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

#: Name of the variable with the file to write to, a line a test.
RECORD = "DURABLE_QUALIFICATION_RECORD"
#: Name of the variable with the requirements whose tests are run, with blanks between; all without.
CHOSEN = "DURABLE_QUALIFICATION_REQUIREMENTS"
_MARK = "requirement"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of requirements that were not chosen."""
    chosen = set(os.environ.get(CHOSEN, "").split())
    if chosen:
        left_out = [item for item in items if chosen.isdisjoint(_ids(item))]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not chosen.isdisjoint(_ids(item))]


def _ids(item: pytest.Item) -> set[str]:
    return {str(argument) for mark in item.iter_markers(_MARK) for argument in mark.args}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the report of a test say which requirements it carries."""
    item.user_properties.append((_MARK, sorted(_ids(item))))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write the outcome of a test: that of its call, or of what stood before or after it."""
    if report.when != "call" and report.outcome == "passed":
        return
    ids = dict(report.user_properties).get(_MARK, [])
    line = {
        "name": report.nodeid,
        "requirements": ids,
        "outcome": report.outcome,
        "reason": _reason(report),
    }
    with Path(os.environ[RECORD]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _reason(report: pytest.TestReport) -> str:
    if report.outcome == "passed":
        return ""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    said = [line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return said[0] if said else report.longreprtext.strip().rpartition("\n")[2]
