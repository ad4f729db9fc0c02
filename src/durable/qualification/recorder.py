"""A plugin of pytest that writes which test carries which requirement, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

#: Option with the file to write to, a line a test.
RECORD = "--record-requirements"
#: Option with the requirements whose tests are run, with commas between; all without.
CHOSEN = "--choose-requirements"
_MARK = "requirement"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options of a qualification."""
    parser.addoption(RECORD, type=Path, default=None, help="file that outcomes are written to")
    parser.addoption(CHOSEN, default="", help="requirements whose tests are run")


def pytest_configure(config: pytest.Config) -> None:
    """Write the outcomes where a file for them is given."""
    record = config.getoption(RECORD)
    if record is not None:
        config.pluginmanager.register(Recorder(record))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of requirements that were not chosen."""
    chosen = set(filter(None, config.getoption(CHOSEN).split(",")))
    if chosen:
        left_out = [item for item in items if chosen.isdisjoint(_ids(item))]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not chosen.isdisjoint(_ids(item))]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the report of a test say which requirements it carries (``user_properties``)."""
    item.user_properties.append((_MARK, sorted(_ids(item))))


def _ids(item: pytest.Item) -> set[str]:
    return {str(argument) for mark in item.iter_markers(_MARK) for argument in mark.args}


class Recorder:
    """Writes a line for each test, or two."""

    def __init__(self, record: Path) -> None:
        self._record = record

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Append a line of JSON for each call, and for a setup or teardown that did not pass."""
        if report.when != "call" and report.outcome == "passed":
            return
        line = {
            "name": report.nodeid,
            "requirements": dict(report.user_properties).get(_MARK, []),
            "outcome": report.outcome,
            "reason": _reason(report),
        }
        with self._record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _reason(report: pytest.TestReport) -> str:
    if report.outcome == "passed":
        return ""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    errors = [
        line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")
    ]
    return errors[0] if errors else report.longreprtext.strip().rpartition("\n")[2]
