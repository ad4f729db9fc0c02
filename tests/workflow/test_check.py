"""`snakemake check`: the listing of findings alone, and whether the data have errors."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest

from tests.workflow.conftest import RESULTS, Study

pytestmark = pytest.mark.slow

LISTING = {"queries.csv", "queries.html", "queries.xlsx"}
#: What the check itself keeps between its stages.
CHECKED = ("checked/", "audit/stages/check.json")


VISITS = "data/demo/visits.csv"


def edit(study: Study, change: Callable[[list[dict[str, str]]], object]) -> str:
    """Change the records of the visits; the text that the file had."""
    path = study.folder / VISITS
    text = path.read_text()
    rows = list(csv.DictReader(text.splitlines()))
    change(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text


def above_the_scale(rows: list[dict[str, str]]) -> None:
    """CMAS ends at 52."""
    next(row for row in rows if row["cmas"] == "52")["cmas"] = "53"


def of_nobody(rows: list[dict[str, str]]) -> None:
    rows[0]["subject_id"] = "CQ-999"


def without_a_date(rows: list[dict[str, str]]) -> None:
    rows[0]["visit_date"] = ""


def test_warnings_alone_are_listed_and_pass(fresh: Study) -> None:
    done = fresh.run("check")
    assert done.returncode == 0, done.stdout
    found = f"Findings in the data: 0 error(s), 17 warning(s), {RESULTS}/queries.html\n"
    assert found in done.stdout
    made = set(fresh.digests())
    assert made >= LISTING
    assert {name for name in made - LISTING if not name.startswith(CHECKED)} == set()


@pytest.mark.parametrize("change", [above_the_scale, of_nobody, without_a_date])
def test_errors_fail_each_time_and_their_listing_stays(
    change: Callable[[list[dict[str, str]]], object], fresh: Study
) -> None:
    edit(fresh, change)
    for _ in range(2):
        done = fresh.run("check")
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stdout
        assert "1 error(s) and " in done.stdout
        assert f"see {RESULTS}/queries.csv" in done.stdout
        assert set(fresh.digests()) >= LISTING
    # The whole analysis refuses them where it always did.
    done = fresh.run()
    assert done.returncode == 1
    assert "1 error(s) and " in done.stdout
    assert "analyse:" not in done.stdout


def test_good_data_after_errors_pass(fresh: Study) -> None:
    good = edit(fresh, above_the_scale)
    assert fresh.run("check").returncode == 1
    (fresh.folder / VISITS).write_text(good)
    done = fresh.run("check")
    assert done.returncode == 0, done.stdout


def test_a_missing_file_is_named_by_its_key(fresh: Study) -> None:
    (fresh.folder / "data/demo/visits.csv").unlink()
    done = fresh.run("check")
    assert done.returncode == 1
    assert "inputs.visits.path: found 'data/demo/visits.csv', which is no such file" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("errors", [True, False])
def test_all_other_results_stay_as_they_are(errors: bool, study: Study) -> None:
    """Also those that the changed plan would no longer make."""
    before = study.digests()
    study.replace("  kinetics: {path: data/demo/kinetics.csv}\n", "")
    good = edit(study, above_the_scale) if errors else (study.folder / VISITS).read_text()
    done = study.run("check")
    assert done.returncode == int(errors), done.stdout
    after = study.digests()
    changed = {name for name in before if after.get(name) != before[name]}
    assert {name for name in changed - LISTING if not name.startswith(CHECKED)} == set()
    # And the next run refuses nothing.
    study.replace(
        "  adverse_events: {path: data/demo/adverse_events.csv}\n",
        "  adverse_events: {path: data/demo/adverse_events.csv}\n"
        "  kinetics: {path: data/demo/kinetics.csv}\n",
    )
    (study.folder / VISITS).write_text(good)
    done = study.run("check")
    assert done.returncode == 0, done.stdout
    assert study.digests() == before
