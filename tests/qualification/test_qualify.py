"""`durable qualify` from a wheel: PASS, and FAIL where something is not as released."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from durable.installation import SUITE
from durable.qualification.findings import Check, Qualification, Requirement, TestRun, Traced
from durable.qualification.operation import requirement_files
from durable.qualification.report import pdf
from tests.tool.conftest import Installation, installation, wheel

__all__ = ["installation", "wheel"]
#: The tests of all requirements take minutes.
PART = ("--requirement", "DOR-09", "--requirement", "IMP-04")
REQUIREMENT = Requirement("DOR-03", "censor at the last adequate assessment", "high", "Duration")


def qualified(*tests: TestRun, digest: str = "ab") -> Qualification:
    """What was found where one requirement has these tests."""
    return Qualification(
        subject={"Program": "durable 1.0.0"},
        installation=[Check("version of pandas", "2.3.3", "2.3.3")],
        operation=[Traced(REQUIREMENT, tests)],
        performance=[Check("ard.csv", "ab", digest)],
    )


def test_tests_that_an_installation_runs_read_what_a_wheel_holds() -> None:
    held = {"tests", "data", "config", "docs", "pyproject.toml"}
    read = {
        (file, name)
        for file in requirement_files()
        for name in re.findall(r'ROOT\s*/\s*f?"([^"/]+)', (SUITE / file).read_text("utf-8"))
    }
    assert ("tests/outputs/test_safety.py", "data") in read
    assert not [(file, name) for file, name in read if name not in held]


def test_nothing_amiss_is_a_pass() -> None:
    found = qualified(TestRun("tests/a.py::test", ("DOR-03",), "passed"))
    assert (found.verdict, found.deviations) == ("PASS", [])
    assert found.operation[0].verdict == "PASS"


def test_a_deviation_is_a_fail_with_its_reason() -> None:
    failed = TestRun("tests/a.py::test", ("DOR-03",), "failed", "assert 3 == 4")
    found = qualified(failed, digest="cd")
    assert found.verdict == "FAIL"
    assert found.deviations == [
        "performance: ard.csv: found cd; expected ab",
        "operation: DOR-03: tests/a.py::test: assert 3 == 4",
    ]


def test_a_requirement_whose_tests_are_not_run_here_is_told_so() -> None:
    skipped = TestRun("tests/a.py::test", ("DOR-03",), "skipped", "no browser")
    assert qualified(skipped).operation[0].verdict == "not run here"
    assert qualified().operation[0].verdict == "not run here"


def test_the_document_has_verdict_deviations_and_places_to_sign(tmp_path: Path) -> None:
    path = tmp_path / "found.pdf"
    path.write_bytes(pdf(qualified(digest="<cd>")))
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    assert "Qualification of durable: FAIL" in text
    assert "performance: ard.csv: found <cd>; expected ab" in text
    assert "DOR-03" in text
    assert "Approved by (system owner)" in text


@pytest.fixture(scope="module")
def writable(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A copy of the installation that may be changed."""
    folder = tmp_path_factory.mktemp("writable") / "environment"
    shutil.copytree(installation.python.parents[1], folder, symlinks=True)
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
    script = folder / "bin/durable"
    text = script.read_text()
    script.write_text(text.replace(str(installation.python.parents[1]), str(folder)))
    return Installation(folder / "bin/python")


def edited(installed: Installation, name: str, old: str, new: str) -> None:
    """Exchange the first such text in a file of the installed package."""
    (package,) = installed.python.parents[1].glob("lib/python*/site-packages/durable")
    text = (package / name).read_text(encoding="utf-8")
    assert old in text
    (package / name).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
def test_a_wheel_qualifies_and_each_change_of_it_is_a_deviation(
    writable: Installation, tmp_path: Path
) -> None:
    """As released; then with a digit of a reference value, a line of code and a version changed."""
    done = writable.durable(tmp_path, "qualify", *PART)
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "qualification/qualification.html").read_text(encoding="utf-8")
    assert "<strong>PASS</strong>" in page
    assert re.search(r'class="whole">DOR-09</th>.*?<td>PASS</td>', page, re.DOTALL)
    assert (tmp_path / "qualification/qualification.pdf").read_bytes().startswith(b"%PDF")

    edited(writable, "suite/tests/reference/bpcp.json", "0.554983882", "0.554983772")
    edited(writable, "outputs/improvement.py", '(at_visit["AVAL"] == 1)', '(at_visit["AVAL"] >= 0)')
    edited(
        writable, "uv.lock", 'name = "lifelines"\nversion = "0', 'name = "lifelines"\nversion = "9'
    )
    done = writable.durable(tmp_path, "qualify", *PART, "--output", "again")
    assert done.returncode == 1, done.stdout
    assert "FAIL: again/qualification.html" in done.stdout
    said = done.stdout
    assert re.search(r"operation: DOR-09: .*test_limits_equal_those_of_the_authors_package", said)
    assert re.search(r"installation: files of durable: .*outputs/improvement\.py", said)
    assert re.search(r"installation: version of lifelines: found 0\S+; expected 9", said)
    assert re.search(r"performance: ard\.csv: found [0-9a-f]{64}; expected [0-9a-f]{64}", said)
