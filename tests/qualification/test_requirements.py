"""Every requirement has a test, and every test that carries one names one that there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from durable.qualification.requirements import requirements

TESTS = Path(__file__).parents[1]


def carried() -> Iterator[tuple[str, str]]:
    """Identifier of a requirement, and the file of tests with a mark that names it."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "requirement":
                for argument in node.args:
                    assert isinstance(argument, ast.Constant), path
                    yield str(argument.value), path.relative_to(TESTS).as_posix()


def test_every_requirement_has_a_test() -> None:
    known = [requirement.id for requirement in requirements()]
    tested = {name for name, _ in carried()}
    assert len(known) == len(set(known)) >= 40
    assert [name for name in known if name not in tested] == []


def test_every_mark_names_a_requirement() -> None:
    known = {requirement.id for requirement in requirements()}
    assert [(name, path) for name, path in carried() if name not in known] == []


def test_a_requirement_has_its_section_text_and_risk() -> None:
    first = requirements()[0]
    assert (first.id, first.section, first.risk) == ("DAT-01", "Data", "high")
    assert first.text.startswith("read each input table only as it was declared")
