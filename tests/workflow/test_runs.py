"""Runs of the demo study: what is made, what is made again, and what happens when things fail."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from durable.runs.locks import lock_results
from durable.stage import STAGES
from tests.audit.conftest import short, short_finished
from tests.workflow.conftest import RESULTS, ROOT, Study

__all__ = ["short", "short_finished"]

EVENTS = ("ae_overview", "ae_soc_pt", "ae_crs", "aesi", "deaths", "dlt")
TABLES = ("improvement", "dor", "sensitivity", *EVENTS)
FIGURES = ("km_dor", "km_efs", "sensitivity")
OUTPUTS = {
    "queries.csv",
    "ard.csv",
    "checked/sources.json",
    "checked/passed",
    "validated/data_cut.csv",
    "validated/sources.json",
    *(f"adam/{name}.parquet" for name in ("adsl", "adrs", "adtte", "adae")),
    *(f"adam/sensitivity/{name}.parquet" for name in ("adrs", "adtte")),
    *(f"tables/t_{name}.{form}" for name in TABLES for form in ("csv", "html", "rtf")),
    *(f"figures/f_{name}.{form}" for name in FIGURES for form in ("csv", "svg", "png")),
    *(f"listings/l_{name}.csv" for name in ("subjects", "duration", "adverse_events", "kinetics")),
    "report.html",
}
SHOWN = {"figures", "display"}
ANALYSED = {"analyse", *SHOWN}
DERIVED = {"derive", *ANALYSED}
EVERYTHING = {"queries", *DERIVED}


@pytest.mark.requirement("AUD-07")
def test_a_bare_run_makes_every_output_and_writes_nowhere_else(finished: Study) -> None:
    assert set(finished.digests()) >= OUTPUTS
    assert {path.name for path in finished.folder.iterdir()} == {
        ".snakemake",
        "config",
        "data",
        "results",
    }
    names = {path.name for path in (finished.folder / "results").iterdir()}
    assert names == {"demo-interim", "history.jsonl"}


@pytest.mark.requirement("AUD-07")
def test_no_data_of_a_subject_stand_in_the_logs(finished: Study) -> None:
    """Neither a date of a visit, nor a term of an event, nor an identifier."""
    logs = (finished.folder / RESULTS / "logs").glob("*.log")
    said = (
        "".join(path.read_text() for path in logs)
        + (finished.folder.parent / "finished.log").read_text()
    )
    visits, events = (
        pd.read_csv(finished.folder / f"data/demo/{name}.csv", dtype=str)
        for name in ("visits", "adverse_events")
    )
    data = {*visits["visit_date"].dropna(), *events["term"].dropna(), *visits["subject_id"]}
    assert len(data) > 100
    assert [value for value in sorted(data) if value in said] == []


def test_a_run_says_what_it_does_in_a_line_a_stage_and_where_to_read(finished: Study) -> None:
    log = (finished.folder.parent / "finished.log").read_text()
    first, *lines = log.splitlines()
    assert first.startswith("Using workflow specific profile")
    assert [line.split(":")[0] for line in lines[:6]] == [
        *("check", "derive", "analyse", "figures", "display", "record"),
    ]
    assert lines[1] == f"derive: {STAGES['derive'].about}"
    assert lines[6:] == [
        f"Report: {RESULTS}/report.html",
        f"Findings in the data: 0 error(s), 17 warning(s), {RESULTS}/queries.html",
    ]


def test_a_second_run_has_nothing_to_do_and_says_where_to_read(study: Study) -> None:
    done = study.run()
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [
        "Up to date: nothing to be done.",
        f"Report: {RESULTS}/report.html",
        f"Findings in the data: 0 error(s), 17 warning(s), {RESULTS}/queries.html",
    ]


CHANGES = {
    "a comment": ("# The demo study", "# The study", set()),
    "the title": ("title: Interim analysis", "title: Another title", SHOWN),
    "the transformation of the interval": ("km_ci: log-log", "km_ci: log", ANALYSED),
    "the prior": ("conf_level: 0.95", "beta_prior: {a: 0.5, b: 0.5}", ANALYSED),
    "the groups": (
        "groups: [dose_level, part]",
        "groups: [part]",
        EVERYTHING,  # the columns that a file must have follow from them
    ),
    "a sensitivity analysis": (
        "response: {new_therapy: hypothetical}",
        "response: {new_therapy: hypothetical, core_set: imacs}",
        EVERYTHING,  # the columns that a file must have follow from it too
    ),
    "the level of improvement": ("level: minimal", "level: moderate", EVERYTHING),
    "the data cut-off": (
        "data_cutoff: 2024-06-30",
        "data_cutoff: 2024-07-31",
        EVERYTHING,  # it is the day on which queries are raised
    ),
    "what is handed over": (
        "outputs: {estimands: true",
        "outputs: {estimands: true, documents: [pdf], datasets: [define, ars]",
        {"display", "export"},  # the report links what is delivered
    ),
    "the number of decimals": (
        "outputs: {estimands: true",
        "outputs: {estimands: true, month_decimals: 2",
        SHOWN | {"analyse"},  # the key numbers of the profiles are points of a figure
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_definition_runs_only_what_depends_on_it(change: str, study: Study) -> None:
    old, new, expected = CHANGES[change]
    study.replace(old, new)
    # Whatever changes in the plan is recorded anew.
    assert study.planned() == expected | ({"record"} if change != "a comment" else set())


@pytest.mark.parametrize("module", ["derive/adtte.py", "templates/report.html.jinja"])
def test_changed_code_runs_everything(
    module: str, study: Study, package: Callable[[str], Path]
) -> None:
    assert study.planned(python=package(module)) == {*EVERYTHING, "record"}


def test_a_touched_configuration_or_an_equal_input_runs_nothing(study: Study) -> None:
    os.utime(study.folder / "config/config.yaml")
    os.utime(study.folder / "data/demo/visits.csv")
    assert study.planned() == set()


@pytest.mark.requirement("AUD-03")
def test_a_result_changed_by_hand_is_refused_and_made_again_once_deleted(
    short_finished: Study,
) -> None:
    study = short_finished
    before = study.digests()
    study.replace("output,analysis", "output,Analysis", f"{RESULTS}/ard.csv")
    refused = study.run()
    assert refused.returncode != 0
    assert f"changed since the run that made it; delete to make again:\n  {RESULTS}/ard.csv" in (
        refused.stdout
    )
    (study.folder / RESULTS / "ard.csv").unlink()
    assert study.run().returncode == 0
    assert study.digests() == before


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("figures/f_km_dor.csv", "analyse"),
        ("adam/adpp.parquet", "derive"),
        ("checked/conversions.csv", "queries"),
    ],
)
def test_a_file_that_a_stopped_run_took_away_is_made_again(
    file: str, rule: str, study: Study
) -> None:
    """All that was made from it is there and up to date."""
    (study.folder / RESULTS / file).unlink()
    assert rule in study.planned()


@pytest.mark.slow
@pytest.mark.requirement("AUD-06")
def test_a_killed_run_is_continued_by_the_next_to_the_same_bytes(
    short: Study, short_finished: Study
) -> None:
    with subprocess.Popen(
        short.command(),
        env=short.environment(),
        cwd=short.folder.parent,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        deadline = time.monotonic() + 60
        while not (short.folder / RESULTS / "queries.csv").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
    assert not (short.folder / RESULTS / "ard.csv").exists()
    done = short.run()
    assert done.returncode == 0, done.stdout
    assert short.digests() == short_finished.digests()


def test_two_runs_of_one_analysis_do_not_meet(study: Study) -> None:
    study.replace("title: Interim analysis", "title: Another title")
    with lock_results(study.folder / RESULTS, fcntl.LOCK_EX):
        refused = study.run()
    assert refused.returncode != 0
    assert f"another snakemake is running this analysis ({RESULTS})" in refused.stdout


@pytest.mark.slow
@pytest.mark.requirement("DAT-03")
def test_data_with_errors_leave_the_earlier_results_and_the_next_good_run_recovers(
    short_finished: Study,
) -> None:
    study = short_finished
    kept = ("validated", "adam", "ard.csv", "tables", "figures")
    before, everything = study.digests(*kept), study.digests()
    visits = study.folder / "data/demo/visits.csv"
    good = visits.read_text()
    rows = list(csv.DictReader(good.splitlines()))
    wrong = next(i for i, row in enumerate(rows) if row["cmas"] == "52")
    lines = good.splitlines()
    cells = lines[wrong + 1].split(",")
    cells[list(rows[0]).index("cmas")] = "53"
    lines[wrong + 1] = ",".join(cells)
    visits.write_text("\n".join(lines) + "\n")

    for _ in range(2):  # the second run must not take the first one's listing for a pass
        failed = study.run()
        assert failed.returncode != 0
        assert "queries.csv" in (study.folder / RESULTS / "logs/derive.log").read_text()
        assert "Traceback" not in failed.stdout
        assert len(failed.stdout.splitlines()) <= 10
        # Which cell is wrong is told at once; what stands in it is not for a log.
        told = (
            f"  visits.csv, row {wrong + 2}, cmas: out_of_range. The value lies outside its scale"
        )
        assert told in failed.stdout
        with (study.folder / RESULTS / "queries.csv").open() as file:
            errors = [row for row in csv.DictReader(file) if row["severity"] == "error"]
        assert [(e["table"], e["subject_id"], e["column"], e["value"]) for e in errors] == [
            ("visits", rows[wrong]["subject_id"], "cmas", "53")
        ]
        assert study.digests(*kept) == before

    visits.write_text(good)
    assert study.run().returncode == 0
    assert study.digests() == everything
    assert study.planned() == set()


@pytest.mark.slow
def test_without_adverse_events_their_dataset_goes_and_deaths_stay(study: Study) -> None:
    study.replace("  adverse_events: {path: data/demo/adverse_events.csv}\n", "")
    done = study.run("--until", "analyse")
    assert done.returncode == 0, done.stdout
    assert "adam/adae.parquet" not in study.digests()
    with (study.folder / RESULTS / "ard.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == "Total"]
    assert [r["value"] for r in rows if r["output"] == "t_deaths" if r["statistic"] == "n_deaths"]
    notes = [row["note"] for row in rows if row["output"] == "t_ae_overview"]
    assert notes == ["no adverse_events table in this study"]


@pytest.mark.slow
def test_results_that_the_plan_no_longer_makes_are_removed(study: Study) -> None:
    mine = study.folder / RESULTS / "tables" / "notes.txt"
    mine.write_text("the user's own\n")
    configuration = study.folder / "config/config.yaml"
    text = configuration.read_text()
    configuration.write_text(text[: text.index("\nsensitivity:")])
    done = study.run()
    assert done.returncode == 0, done.stdout
    assert [path for path in study.digests() if "sensitivity" in path] == []
    assert "sensitivity" not in (study.folder / RESULTS / "ard.csv").read_text()
    assert mine.exists()


MISTAKES = {
    "an unknown key": ("km_ci: log-log", "kmci: log-log", "statistics.kmci"),
    "an id outside the results": ("id: demo-interim", "id: ../../x", "analysis.id"),
    "a day that is none": ("2024-06-30", "2024-06-31", "analysis.data_cutoff"),
    "a file that is not there": ("demo/visits.csv", "demo/visit.csv", "inputs.visits.path"),
    "a bracket left open": ("parameters: [CMAX, AUC0_28]", "parameters: [CMAX, AUC0_28", "line "),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_configuration_is_told_by_its_key(mistake: str, fresh: Study) -> None:
    old, new, key = MISTAKES[mistake]
    fresh.replace(old, new)
    refused = fresh.run()
    assert refused.returncode != 0
    assert f"\n  {key}" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (fresh.folder / "results").exists()


def test_configurations_are_not_merged(fresh: Study) -> None:
    both = fresh.run("--configfile", *(str(ROOT / f"config/{n}.yaml") for n in ("config", "final")))
    assert both.returncode != 0
    assert "one --configfile at a time" in both.stdout
    other = fresh.run("--config", "analysis=x")
    assert other.returncode != 0
    assert "--config analysis: the plan is changed in its file" in other.stdout


def test_a_configuration_given_is_the_one_that_runs(study: Study) -> None:
    own = study.folder / "my study.yaml"
    text = (study.folder / "config/config.yaml").read_text()
    own.write_text(text.replace("id: demo-interim", "id: mine"))
    done = study.run("--dry-run", "--configfile", str(own))
    assert done.returncode == 0, done.stdout
    assert "--config 'my study.yaml'" in done.stdout
    assert "results/mine/logs/analyse.log" in done.stdout
    assert "results/demo-interim" not in done.stdout


@pytest.mark.slow
def test_the_report_is_one_file_that_states_the_definitions(study: Study) -> None:
    path = study.folder / "report.html"
    done = study.run("--report", str(path))
    assert done.returncode == 0, done.stdout
    text = path.read_text()
    assert "first remission (modified_printo)" in text
    assert "Data cut-off 2024-06-30" in text


def test_the_profile_makes_a_bare_snakemake_work_in_the_repository(tmp_path: Path) -> None:
    for folder in ("workflow", "config", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    # Snakemake looks for profiles/ beside the Snakefile, not in workflow/.
    (tmp_path / "profiles").symlink_to((ROOT / "profiles").readlink())
    repository = Study(tmp_path)
    command = [*repository.command()[:3], "--until", "queries"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=repository.environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Using workflow specific profile profiles/default" in done.stdout
    assert (tmp_path / RESULTS / "queries.csv").exists()


@pytest.mark.slow
def test_what_the_plan_asks_for_is_handed_over_beside_unchanged_results(study: Study) -> None:
    handed_over = "documents: [rtf, docx], datasets: [xpt, dataset-json, define, ars]"
    study.replace("outputs: {estimands: true", f"outputs: {{estimands: true, {handed_over}")
    before = study.digests()
    done = study.run()
    assert done.returncode == 0, done.stdout
    names = (
        "adsl",
        "adrs",
        "adtte",
        "adae",
        "adlb",
        "adbc",
        "adpc",
        "adpp",
        "adie",
        "adex",
        "addv",
    )
    made = study.digests()
    assert {file for file in made if file.startswith(("export/", "documents/"))} == {
        *(f"export/xpt/{name}.xpt" for name in names),
        *(f"export/dataset-json/{name}.json" for name in names),
        *("export/report.csv", "export/define.xml", "export/ars.json"),
        *("export/define.xsl", "export/define.html"),
        *("documents/tables_and_figures.rtf", "documents/listings.rtf"),
    }
    assert {"tables/t_dor.docx", "tables/t_ae_soc_pt.docx", "listings/l_deaths.docx"} <= set(made)
    # The plan is another one, so the record of it is, and the report links more files; the results
    # are the same.
    assert {file for file in before if made[file] != before[file]} == {
        "audit/manifest.json",
        "audit/pinned.yaml",
        *("report.html", "audit/stages/display.json"),
    }
