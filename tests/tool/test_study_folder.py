"""The tutorial, command by command, by a wheel that its user may not write to.

In a folder with a blank and Chinese signs in its path, from an empty folder to an audited second
interim analysis.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from durable.runs.pins import code_files
from tests.tool.conftest import Installation
from tests.workflow.conftest import ROOT

pytestmark = pytest.mark.slow

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What the study of the tutorial is called here.
NAME = "儿童 JDM"


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def commands() -> list[tuple[str, str]]:
    """Each command of the tutorial with what it prints there."""
    text = "".join(BLOCK.findall((ROOT / "docs/tutorial.md").read_text(encoding="utf-8")))
    parts = re.split(r"^\$ ", text.replace("my-study", f"'{NAME}'"), flags=re.MULTILINE)[1:]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1]) for part in parts]


@pytest.fixture(scope="module")
def study(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study as the tutorial leaves it."""
    above = tmp_path_factory.mktemp("new") / "eine Studie 研究"
    above.mkdir()
    given = commands()
    path = f"PATH={installation.python.parent}:$PATH DURABLE={ROOT}"
    script = f"set -eu\nexport {path}\n"
    script += "".join(f"echo '@@@'\n{command}\n" for command, _ in given)
    done = installation.run(above, "bash", "-c", script)
    assert done.returncode == 0, done.stdout[-3000:]
    printed = done.stdout.split("@@@\n")[1:]
    assert len(printed) == len(given) >= 9
    for (command, expected), said in zip(given, printed, strict=True):
        assert expected in said, command
        if command == "durable run":
            assert "Report: results/interim-1/report.html" in said
        if command.startswith("durable audit"):
            assert "PASS: all outputs reproduced byte for byte" in said
    return above / NAME


def test_the_folder_holds_a_configuration_and_every_table(study: Path) -> None:
    made = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    tables = ("adverse_events", "eligibility", "kinetics", "laboratory", "lymphodepletion")
    tables += ("screening", "subjects", "therapies", "visits")
    assert {name for name in made if not name.startswith(("results/", ".snakemake/"))} == {
        *(".gitignore", "README.md", "Snakefile", "config/config.yaml", "config/second.yaml"),
        *("data/README.md", "data/dictionary.csv", "profiles/default/config.yaml"),
        *(f"data/{table}.csv" for table in tables),
    }
    assert (study / "Snakefile").read_text().splitlines() == [
        "from durable import SNAKEFILE",
        "workflow.include(SNAKEFILE, overwrite_default_target=True)",
    ]


def test_the_results_are_of_the_code_of_the_repository(study: Path) -> None:
    manifest = json.loads((study / "results/interim-1/audit/manifest.json").read_text())
    assert manifest["code"]["files"] == code_files(ROOT / "workflow")
    assert "workflow/rules/analysis.smk" in manifest["code"]["files"]
    assert manifest["lock"]["sha256"] is not None
    page = (study / "results/interim-1/report.html").read_text()
    assert "NCT06569472" in page
    assert "2024-06-30" in page


def test_an_audit_finds_a_changed_result(study: Path, installation: Installation) -> None:
    ard = study / "results/interim-1/ard.csv"
    good = ard.read_bytes()
    ard.write_bytes(good.replace(b",0.5,", b",0.6,", 1))
    assert ard.read_bytes() != good
    failed = installation.durable(study, "audit", "--analysis", "interim-1")
    ard.write_bytes(good)
    assert failed.returncode == 1, failed.stdout
    assert "ard.csv" in failed.stdout


def test_the_second_interim_analysis_is_compared_with_the_first(study: Path) -> None:
    place = study / "results/interim-2/compare/interim-1"
    assert (place / "compare.html").is_file()
    changed = {row["key"] for row in read(place / "plan.csv")}
    assert changed == {"analysis.id", "analysis.data_cutoff"}
    for analysis in ("interim-1", "interim-2"):
        assert (study / f"results/{analysis}/audit/verdict.html").is_file()


def test_the_history_says_what_was_done_and_why(study: Path) -> None:
    history = (study / "results/history.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in history]
    assert [(entry["analysis"], entry["event"], entry.get("reason", "")) for entry in told] == [
        ("interim-1", "run", ""),
        ("interim-2", "run", "second interim"),
        ("interim-2", "compare/interim-1", ""),
    ]


def test_bare_snakemake_does_what_durable_run_does(study: Path, installation: Installation) -> None:
    done = installation.run(study, str(installation.python), "-m", "snakemake", "-n")
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in done.stdout
    assert "profiles/default" in done.stdout
