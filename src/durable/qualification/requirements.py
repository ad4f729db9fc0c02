"""The requirements, as docs/requirements.md states them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from durable.installation import SUITE
from durable.qualification.findings import Requirement, TestRun, Traced

_ROW = re.compile(r"^\| ([A-Z]{3}-\d\d) \| (.+) \| (high|medium|low) \|$")
_SECTION = re.compile(r"^## (.+)$")


def requirements() -> list[Requirement]:
    """All requirements, in their order."""
    found, section = [], ""
    for line in (SUITE / "docs/requirements.md").read_text(encoding="utf-8").splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif row := _ROW.match(line):
            found.append(Requirement(row[1], row[2], row[3], section))
    return found


def trace(tests: Iterable[TestRun]) -> list[Traced]:
    """Each requirement with its tests."""
    done = list(tests)
    return [
        Traced(requirement, tuple(test for test in done if requirement.id in test.requirements))
        for requirement in requirements()
    ]
