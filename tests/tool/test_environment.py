"""What an environment runs at the start of Python, as `python -m venv` and pip leave it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from durable.runs.libraries import altered_files, digests, foreign_modules


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


def test_a_library_that_an_old_pip_installed_without_a_record_has_the_same_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip of Debian 12 does so with a source archive; each job refused its modules as foreign."""
    found = []
    for form in ("wheel", "source"):
        folder = tmp_path / form
        (folder / "counted").mkdir(parents=True)
        (folder / "counted/__init__.py").write_text("ONE = 1\n")
        notes = folder / ("counted-1.0.dist-info" if form == "wheel" else "counted-1.0.egg-info")
        notes.mkdir()
        about = "Metadata-Version: 2.1\nName: counted\nVersion: 1.0\n"
        (notes / ("METADATA" if form == "wheel" else "PKG-INFO")).write_text(about)
        (notes / "RECORD" if form == "wheel" else notes / "installed-files.txt").write_text(
            "counted/__init__.py,sha256=Ob1jOPgj-V4Ru7ML6ERKlKnk0oM3ThiFnot9Lihi8Go,8\n"
            if form == "wheel"
            else "../counted/__init__.py\n../counted/__pycache__/__init__.pyc\nPKG-INFO\n"
        )
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(folder))
            module = ModuleType("counted")
            module.__file__ = str(folder / "counted/__init__.py")
            patch.setitem(sys.modules, "counted", module)
            assert module.__file__ not in foreign_modules(["counted"])
            assert altered_files(["counted"]) == []
            found.append(digests(["counted"])["counted"])
    assert found[0] == found[1]
