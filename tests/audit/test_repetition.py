"""Repeating a finished analysis: to the same bytes, or with every difference named."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from durable.intake.findings import COLUMNS as LISTING
from tests.audit.conftest import SHELLS, pinned, verdict
from tests.intake.package import packaged
from tests.workflow.conftest import PYTHON, RESULTS, Study, new_study

pytestmark = [pytest.mark.slow, pytest.mark.requirement("AUD-01", "AUD-02")]

#: The day after tomorrow next year, for every program of the run (Debian: faketime). Without it the
#: two runs differ in their times by what passes between them.
ANOTHER_DAY = ["faketime", "-f", "+400d"] if shutil.which("faketime") else []


@dataclass(frozen=True)
class Later(Study):
    """A study that is run on another day."""

    run = Study.start

    def command(self, *options: str, python: Path = PYTHON) -> list[str]:
        """The command line of a run."""
        return [*ANOTHER_DAY, *super().command(*options, python=python)]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Study:
    """A run of the demo in another folder, on another day, with other settings."""
    folder = tmp_path / "another folder"
    study = Later(new_study(folder / "a second clone").folder)
    done = study.run(
        "--cores",
        "1",
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        LANG="tr_TR.UTF-8",
        PYTHONHASHSEED="4711",
        USER="somebody-else",
        HOME=str(folder),
    )
    assert done.returncode == 0, done.stdout
    return study


def test_another_day_folder_zone_locale_seed_and_cores_give_the_same_bytes(
    elsewhere: Study, finished: Study
) -> None:
    run = (elsewhere.folder / RESULTS / "audit/run.json").read_text()
    assert run != (finished.folder / RESULTS / "audit/run.json").read_text()
    assert len(elsewhere.digests()) > 60
    assert elsewhere.digests() == finished.digests()


def test_the_audit_passes_in_a_second_clone_and_does_the_work_of_the_run_once(
    finished: Study, tmp_path: Path
) -> None:
    clone = new_study(tmp_path / "clone")
    shutil.copytree(finished.folder / "results", clone.folder / "results")
    done = clone.run("audit", *pinned(clone))
    assert done.returncode == 0, done.stdout
    assert "PASS: all outputs reproduced byte for byte" in done.stdout
    rows = verdict(clone)
    assert {row["status"] for row in rows.values()} == {"as pinned", "identical", "verified"}
    assert {kind for kind, _ in rows} >= {"history", "record"}
    outputs = {name for kind, name in rows if kind == "output"}
    recorded = {name for name in finished.digests() if not name.startswith("audit/")}
    assert outputs == recorded
    again = clone.folder / RESULTS / "audit/rerun/results/demo-interim"
    assert (again / "ard.csv").read_bytes() == (clone.folder / RESULTS / "ard.csv").read_bytes()
    # What it costs is the work of the run, each of its stages once; benchmarks/ has the time.
    log = (again.parents[1] / "analysis.log").read_text()
    stages = json.loads((clone.folder / RESULTS / "audit/run.json").read_text())
    assert {*re.findall(r"^(\w+): ", log, re.MULTILINE)} == {*stages["seconds_of_stages"]}


def test_files_altered_removed_and_added_since_the_run_are_named(short_finished: Study) -> None:
    study = short_finished
    results = study.folder / RESULTS
    cell = "t_dor,primary,total,Total,DOR,n_event,3,,,"
    study.replace(cell, cell.replace("3,,,", "4,,,"), f"{RESULTS}/ard.csv")
    (results / "tables/t_dor.html").unlink()
    (results / "tables/notes.txt").write_text("added\n")
    done = study.run("audit", *pinned(study))
    assert done.returncode == 1
    assert "FAIL: the outputs differ from those recorded" in done.stdout
    assert "output ard.csv altered since the run: found " in done.stdout
    assert "output tables/t_dor.html removed since the run: found no file" in done.stdout
    assert "output tables/notes.txt added since the run" in done.stdout
    page = (results / "audit/verdict.html").read_text()
    # Which cell: on disk 4, repeated 3.
    seen = re.sub("</?span>", "", page)
    assert "t_dor | primary | total | Total | DOR | n_event, value: 4 -&gt; 3" in seen


def test_other_code_is_repeated_when_allowed_and_every_cell_that_moved_is_named(
    short_finished: Study, edited_package: Callable[[str, str, str], Path]
) -> None:
    study = short_finished
    python = edited_package(
        "outputs/improvement.py",
        'yield Statistic("n_denominator", total)',
        'yield Statistic("n_denominator", total + 1)',
    )
    options = ("--config", "allow=code")
    done = study.run("audit", *pinned(study), *options, python=python)
    assert done.returncode == 1
    rows = verdict(study)
    assert rows["code", "src/durable/outputs/improvement.py"]["status"] == "differs, allowed"
    moved = rows["output", "ard.csv"]
    assert moved["status"] == "differs when repeated"
    assert (
        "t_improvement | primary | total | Total | M3 | n_denominator, value: 10 -> 11"
        in moved["detail"]
    )
    assert rows["output", "adam/adtte.parquet"]["status"] == "identical"
    assert rows["output", "figures/f_km_dor.png"]["status"] == "identical"


def test_an_sdtm_package_and_an_earlier_listing_are_pinned_file_by_file(
    short: Study, tmp_path: Path
) -> None:
    listing = short.folder / "earlier" / "queries.csv"
    listing.parent.mkdir()
    with listing.open("w") as file:
        file.write(",".join(LISTING) + "\n")
    package = short.folder / "package"
    package.mkdir()
    inputs = packaged(package, "csv").raw["inputs"]
    inputs["sdtm"] |= {"folder": "package", "tables": ["subjects", "visits", "therapies"]}
    inputs["checksums"] = "package/SHA256SUMS"
    files = sorted(package.glob("*.csv"))
    sums = "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)
    (package / "SHA256SUMS").write_text(sums)
    (listing.parent / "checked").mkdir()
    (listing.parent / "checked" / "sources.json").write_text("{}")
    plan = {
        "analysis": {"id": "demo-interim", "data_cutoff": "2024-06-30"},
        "study": {"id": "NCT06569472 (synthetic demo)"},
        "inputs": inputs,
        "response": {"reinfusion": {"as_new_therapy": True}},
        "outputs": {"queries_since": "earlier/queries.csv", "shells": SHELLS},
    }
    (short.folder / "config/config.yaml").write_text(yaml.safe_dump(plan))
    done = short.run()
    assert done.returncode == 0, done.stdout
    done = short.run("audit", *pinned(short))
    assert done.returncode == 0, done.stdout
    kept = {name: row for (kind, name), row in verdict(short).items() if kind == "input"}
    assert set(kept) == {
        "outputs.queries_since",
        *(f"package/{name}.csv" for name in ("cm", "dm", "ds", "ex", "ft", "lb", "qs", "rs")),
        *(f"package/{name}.csv" for name in ("suppcm", "suppdm")),
        *("package/SHA256SUMS", "earlier/checked/sources.json"),
    }
    assert {row["status"] for row in kept.values()} == {"as pinned"}
    assert short.planned() == set()

    listing.write_text(listing.read_text() + "\n")
    refused = short.run("audit", *pinned(short))
    assert refused.returncode == 1
    assert "input outputs.queries_since differs: found " in refused.stdout
    plain = short.run(*pinned(short))
    assert plain.returncode == 1
    assert "input outputs.queries_since: found " in plain.stdout
    listing.write_text(listing.read_text()[:-1])

    (package / "SHA256SUMS").write_text(f"{sums}\n")
    refused = short.run("audit", *pinned(short))
    assert refused.returncode == 1
    assert "input package/SHA256SUMS differs: found " in refused.stdout
    (package / "SHA256SUMS").write_text(sums)

    # Another value of one record of one domain, in a second analysis of a later day.
    text = (package / "ft.csv").read_text()
    (package / "ft.csv").write_text(text.replace(",52,", ",51,", 1))
    refused = short.run("audit", *pinned(short))
    assert refused.returncode == 1
    assert "input package/ft.csv differs: found " in refused.stdout
    plan["analysis"] = {"id": "second", "data_cutoff": "2024-08-31"}
    del inputs["checksums"]
    second = ("--configfile", str(short.folder / "config/second.yaml"))
    (short.folder / "config/second.yaml").write_text(yaml.safe_dump(plan))
    assert short.run(*second).returncode == 0
    done = short.run("compare", *second, "--config", "against=demo-interim")
    assert done.returncode == 0, done.stdout
    assert "1 input change(s) before the earlier cut-off" in done.stdout
    assert ", 0 unexplained" in done.stdout
    place = short.folder / "results/second/compare/demo-interim"
    with (place / "inputs.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["column"], first["earlier"], first["later"]) == ("cmas", "52", "51")
