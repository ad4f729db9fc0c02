"""The requirements, as docs/requirements.md states them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from durable.errors import UserError
from durable.installation import SUITE
from durable.qualification.findings import Requirement, TestRun, Traced

_ROW = re.compile(r"^\| ([A-Z]{3}-\d\d) \| (.+) \| (high|medium|low) \|$")
_SECTION = re.compile(r"^## (.+)$")


def requirements() -> list[Requirement]:
    """All requirements, in the order of docs/requirements.md."""
    stated, section = [], ""
    for line in (SUITE / "docs/requirements.md").read_text(encoding="utf-8").splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif row := _ROW.match(line):
            stated.append(Requirement(row[1], row[2], row[3], section))
    return stated


def chosen_requirements(ids: Iterable[str]) -> list[Requirement]:
    """The requirements with these identifiers (``DOR-06``), in their order; all without any.

    Raises
    ------
    UserError
        For an identifier that there is not.
    """
    known, wanted = {stated.id: stated for stated in requirements()}, list(ids)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UserError(f"no requirement {', '.join(unknown)}; expected one of {', '.join(known)}")
    return [known[name] for name in known if not wanted or name in wanted]


def trace(required: Iterable[Requirement], tests: Sequence[TestRun]) -> list[Traced]:
    """Each requirement with the tests that carry its identifier, which may be none."""
    return [
        Traced(requirement, tuple(test for test in tests if requirement.id in test.requirements))
        for requirement in required
    ]
