"""A study of one's own, from an empty folder and a wheel to an audited second interim analysis."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from durable.runs.pins import code_files
from tests.tool.conftest import Installation, demo_data
from tests.workflow.conftest import ROOT

pytestmark = pytest.mark.slow


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def study(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new study with the data of the demo and its first interim analysis."""
    above = tmp_path_factory.mktemp("new") / "eine Studie 研究"
    above.mkdir()
    made = installation.durable(
        above, "new", "儿童 JDM", "--study", "NCT06569472", "--cutoff", "2023-12-31"
    )
    assert made.returncode == 0, made.stdout
    folder = above / "儿童 JDM"
    demo_data(folder)
    done = installation.durable(folder, "run", "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert "Report: results/interim-1/report.html" in done.stdout
    return folder


def test_the_folder_holds_a_configuration_and_every_table(study: Path) -> None:
    made = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    tables = ("adverse_events", "kinetics", "laboratory", "subjects", "therapies", "visits")
    assert {name for name in made if not name.startswith(("results/", ".snakemake/"))} == {
        *(".gitignore", "README.md", "Snakefile", "config/config.yaml"),
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
    assert "2023-12-31" in page


def test_an_audit_passes_and_finds_a_changed_result(
    study: Path, installation: Installation
) -> None:
    passed = installation.durable(study, "audit", "--analysis", "interim-1")
    assert passed.returncode == 0, passed.stdout
    assert "PASS: all outputs reproduced byte for byte" in passed.stdout
    ard = study / "results/interim-1/ard.csv"
    good = ard.read_bytes()
    ard.write_bytes(good.replace(b",0.5,", b",0.6,", 1))
    assert ard.read_bytes() != good
    failed = installation.durable(study, "audit", "--analysis", "interim-1")
    ard.write_bytes(good)
    assert failed.returncode == 1, failed.stdout
    assert "ard.csv" in failed.stdout


def test_a_second_interim_analysis_is_compared_with_the_first(
    study: Path, installation: Installation
) -> None:
    text = (study / "config/config.yaml").read_text()
    text = text.replace("id: interim-1", "id: interim-2").replace("2023-12-31", "2024-06-30")
    (study / "config/interim-2.yaml").write_text(text)
    second = ("--configfile", "config/interim-2.yaml")
    done = installation.durable(study, "run", *second, "--reason", "second interim")
    assert done.returncode == 0, done.stdout
    compared = installation.durable(study, "compare", *second, "--against", "interim-1")
    assert compared.returncode == 0, compared.stdout
    place = study / "results/interim-2/compare/interim-1"
    assert (place / "compare.html").is_file()
    changed = {row["key"] for row in read(place / "plan.csv")}
    assert changed == {"analysis.id", "analysis.data_cutoff"}
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
