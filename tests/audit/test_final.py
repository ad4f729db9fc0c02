"""Approved results stay as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.audit.conftest import (
    Restricted,
    change_digit,
    pinned,
    shorten,
    verdict,
    without_rights,
)
from tests.workflow.conftest import RESULTS, Study, made_once, new_study

pytestmark = pytest.mark.slow

#: What follows the last section of the short plan, its outputs.
LOCKED = "  locked: true\n"


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The short study, approved after its run: nothing but the record is made again."""
    return Study(made_once(tmp_path_factory, "approved", approve))


def approve(folder: Path) -> None:
    short = shorten(new_study(folder))
    assert short.run().returncode == 0
    before = short.digests("ard.csv", "tables", "figures", "adam", "validated", "checked")
    path = short.folder / "config/config.yaml"
    path.write_text(path.read_text() + LOCKED)
    assert short.planned() == {"record"}
    done = short.run()
    assert done.returncode == 0, done.stdout
    after = short.digests()
    assert {name: after[name] for name in before} == before


@pytest.fixture
def final(approved: Study, tmp_path: Path) -> Study:
    """A copy of the approved study, with its permissions."""
    return Restricted(approved.copy(tmp_path / "final").folder)


def test_final_results_are_write_protected_and_a_run_with_nothing_to_do_is_none_the_worse(
    final: Study,
) -> None:
    results = final.folder / RESULTS
    before = final.digests()
    # What is said of the results later goes to audit/.
    for name in (name for name in before if not name.startswith("audit/stages/")):
        assert (results / name).stat().st_mode & 0o222 == 0, name
    for command in (["rm", "-f"], ["truncate", "--size=0"]):
        for name in ("ard.csv", "tables/t_dor.csv", "audit/manifest.json"):
            if command[0] == "rm" and name.startswith("audit"):
                continue  # the folder of later verdicts stays open
            done = subprocess.run(
                [*without_rights(), *command, str(results / name)], check=False, text=True
            )
            assert done.returncode != 0, (command, name)
    done = final.run()
    assert done.returncode == 0, done.stdout
    assert "Up to date" in done.stdout
    assert final.digests() == before


@pytest.mark.parametrize("rights", [Study, Restricted])
def test_a_run_that_would_change_final_results_stops_and_says_so(
    rights: type[Study], final: Study
) -> None:
    before = final.digests()
    final.replace("data_cutoff: 2024-06-30", "data_cutoff: 2024-03-31")
    done = rights(final.folder).run()
    assert done.returncode == 1
    assert f"{RESULTS} is final (outputs.locked): a run that would change it stops" in done.stdout
    told = ("The run would have made again: analyse, derive, ", "Write-protected output")
    assert any(text in done.stdout for text in told)
    assert "Traceback" not in done.stdout
    assert final.digests() == before


def test_changed_data_run_unlocked_analyses_only(final: Study) -> None:
    before = final.digests()
    change_digit(final, "CQ-001", "M3", "cmas", "47")
    other = final.folder / "config/other.yaml"
    text = (final.folder / "config/config.yaml").read_text()
    other.write_text(text.replace("id: demo-interim", "id: other").replace(LOCKED, ""))
    stopped = final.run()
    assert stopped.returncode == 1
    assert "is final (outputs.locked)" in stopped.stdout
    assert final.digests() == before
    assert "queries" in final.planned("--configfile", str(other))
    assert final.run("--configfile", str(other), "--until", "derive").returncode == 0


def test_leaving_the_key_out_is_not_enough_and_an_explicit_false_is(final: Study) -> None:
    path = final.folder / "config/config.yaml"
    text = path.read_text().replace("data_cutoff: 2024-06-30", "data_cutoff: 2024-03-31")
    path.write_text(text.replace(LOCKED, ""))
    stopped = final.run()
    assert stopped.returncode == 1
    assert "is final (outputs.locked)" in stopped.stdout
    path.write_text(text.replace("true", "false"))
    done = final.run("--until", "derive")
    assert done.returncode == 0, done.stdout
    assert (final.folder / RESULTS / "ard.csv").stat().st_mode & 0o200


@pytest.mark.slow
def test_final_results_can_be_audited(final: Study) -> None:
    before = final.digests()
    done = final.run("audit", *pinned(final))
    assert done.returncode == 0, done.stdout
    assert "PASS: all outputs reproduced byte for byte" in done.stdout
    found = {row["status"] for row in verdict(final).values()}
    assert found == {"as pinned", "identical", "verified"}
    after = final.digests()
    assert {name: after[name] for name in before} == before


@pytest.mark.slow
def test_a_first_run_of_a_final_analysis_works_and_protects(short: Study) -> None:
    path = short.folder / "config/config.yaml"
    path.write_text(path.read_text() + LOCKED)
    done = short.run()
    assert done.returncode == 0, done.stdout
    assert Path(short.folder / RESULTS / "ard.csv").stat().st_mode & 0o222 == 0
