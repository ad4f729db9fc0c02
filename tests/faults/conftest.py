"""Studies that faults are tried on; prints how many faults were made, and what came of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.audit.conftest import short, short_finished
from tests.workflow.conftest import finished

__all__ = ["finished", "short", "short_finished"]

#: Name of the property of a test that holds its counts.
FAULTS = "faults"


@pytest.fixture
def count_faults(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Notes what is printed when the tests have run."""
    return lambda counts: record_property(FAULTS, counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts of all tests, whichever process ran them."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [value for r in reports for name, value in r.user_properties if name == FAULTS]
    if lines:
        terminalreporter.section("faults")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line)
