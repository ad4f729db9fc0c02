"""What an environment runs at the start of Python, as `python -m venv` and pip leave it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from durable.runs.libraries import digests, foreign_modules


def test_what_setuptools_imports_at_the_start_is_known_and_not_foreign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.11 puts it into every environment; each job once refused to work there."""
    line = "import os; enabled = True; enabled and __import__('_hack_of_setuptools');\n"
    (tmp_path / "distutils-precedence.pth").write_text(line)
    source = tmp_path / "_hack_of_setuptools/__init__.py"
    source.parent.mkdir()
    source.write_text("")
    module = ModuleType("_hack_of_setuptools")
    module.__file__ = str(source)
    monkeypatch.setitem(sys.modules, "_hack_of_setuptools", module)
    assert str(source) in foreign_modules([])
    monkeypatch.syspath_prepend(str(tmp_path))
    assert str(source) not in foreign_modules([])
    found = digests([])
    assert {"distutils-precedence.pth", "_hack_of_setuptools/__init__.py"} <= set(found)
