"""What a qualification finds: checks, requirements with their tests, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: Outcome of a test.
Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """Something that is as expected, or not."""

    name: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether what was found is what is expected."""
        return self.found == self.expected


@dataclass(frozen=True)
class TestRun:
    """A test and what came of it."""

    __test__ = False  # no test itself, whatever its name says to pytest

    name: str
    requirements: tuple[str, ...]
    outcome: Outcome
    reason: str = ""
    """Why it failed or was left out; the last line of what it said."""


@dataclass(frozen=True)
class Requirement:
    """A requirement of docs/requirements.md."""

    id: str
    text: str
    risk: str
    section: str


@dataclass(frozen=True)
class Traced:
    """A requirement with the tests that carry its identifier."""

    requirement: Requirement
    tests: tuple[TestRun, ...]

    @property
    def number(self) -> dict[Outcome, int]:
        """Number of tests by outcome: ``passed``, ``failed``, ``skipped``."""
        outcomes = [test.outcome for test in self.tests]
        return {name: outcomes.count(name) for name in ("passed", "failed", "skipped")}

    @property
    def verdict(self) -> str:
        """FAIL where a test failed, else PASS where one passed, else ``not run here``."""
        number = self.number
        if number["failed"]:
            return "FAIL"
        return "PASS" if number["passed"] else "not run here"


@dataclass(frozen=True)
class Qualification:
    """What a qualification found in each of its three parts."""

    subject: dict[str, str]
    """What was qualified: program, machine, day."""
    installation: Sequence[Check]
    operation: Sequence[Traced]
    performance: Sequence[Check]

    @property
    def deviations(self) -> list[str]:
        """What is not as expected, a line each: checks first, then each failed test once."""
        checked = [
            f"{part}: {check.name}: found {check.found}; expected {check.expected}"
            for part, checks in (
                ("installation", self.installation),
                ("performance", self.performance),
            )
            for check in checks
            if not check.holds
        ]
        failed = {
            test.name: f"operation: {', '.join(test.requirements)}: {test.name}: {test.reason}"
            for traced in self.operation
            for test in traced.tests
            if test.outcome == "failed"
        }
        return [*checked, *failed.values()]

    @property
    def verdict(self) -> str:
        """PASS where there is no deviation, else FAIL."""
        return "FAIL" if self.deviations else "PASS"
