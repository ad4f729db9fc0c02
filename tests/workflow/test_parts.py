"""What the Snakefile asks of the package, without Snakemake."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from durable.errors import UserError
from durable.plan import PlanError
from durable.runs.configuration import configuration_file, plan_of_run
from durable.runs.environment import library_versions, set_job_environment
from durable.runs.results import begin_run, end_run, refuse_edited
from durable.runs.terminal import StageLines

CONFIGURATION = """
analysis: {id: a, data_cutoff: 2024-06-30}
study: {id: S-1}
inputs:
  subjects: {path: "SUBJECTS"}
  visits: {path: visits.csv}
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_configuration_is_relative_to_the_folder_of_the_run(tmp_path: Path) -> None:
    assert configuration_file([], []) == Path("config/config.yaml")
    assert configuration_file([str(tmp_path / "a b.yaml")], ["against"]) == Path("a b.yaml")
    assert configuration_file(["/elsewhere/a.yaml"], []) == Path("/elsewhere/a.yaml")


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (["a.yaml", "b.yaml"], [], "one --configfile at a time"),
        ([], ["statistics"], "--config statistics: the plan is changed in its file"),
        (["{a}.yaml"], [], "without { and } in its name"),
    ],
)
def test_refuses_what_could_mean_another_plan(
    given: list[str], options: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        configuration_file(given, options)


@pytest.mark.parametrize("subjects", ["subjects.csv", "{x}.csv"])
def test_every_input_that_cannot_be_read_is_told_by_its_key(subjects: str) -> None:
    Path("config.yaml").write_text(CONFIGURATION.replace("SUBJECTS", subjects))
    Path("{x}.csv").touch()
    with pytest.raises(PlanError) as refusal:
        plan_of_run(Path("config.yaml"))
    keys = [finding.key for finding in refusal.value.findings]
    assert keys == ["inputs.subjects.path", "inputs.visits.path"]


def test_jobs_find_the_interpreter_first_and_may_keep_compiled_modules() -> None:
    environment = {"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1", "TZ": "Asia/Shanghai"}
    set_job_environment(environment, Path("/venv/bin/python"))
    assert environment["PATH"] == "/venv/bin:/bin"
    assert environment["TZ"] == "UTC"
    assert "PYTHONDONTWRITEBYTECODE" not in environment


def made(folder: Path, **files: str) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in files]


def test_results_as_the_run_left_them_pass_and_edited_ones_are_all_named() -> None:
    folder = Path("results/a")
    outputs = made(folder, one="1", two="2", three="3")
    end_run(folder, outputs)
    refuse_edited(folder)
    made(folder, one="1", two="edited", three="edited")
    with pytest.raises(UserError) as refusal:
        refuse_edited(folder)
    assert str(refusal.value).splitlines()[1:] == ["  results/a/three", "  results/a/two"]


def test_after_a_run_that_did_not_end_nothing_is_refused() -> None:
    folder = Path("results/a")
    outputs = made(folder, one="1")
    end_run(folder, outputs)
    begin_run(folder, outputs).close()
    made(folder, one="2")
    refuse_edited(folder)


def test_a_run_removes_what_only_an_earlier_plan_made() -> None:
    folder = Path("results/a")
    end_run(folder, made(folder, one="1", two="2"))
    made(folder, own="the user's")
    begin_run(folder, [str(folder / "one")]).close()
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["one", "own"]


def test_the_record_is_of_the_folder_wherever_it_is_seen_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two folders of runs with an analysis of one name must not touch one another."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    for place in (mine, other):
        end_run(place / "results/a", made(place / "results/a", one="1", two="2"))
    monkeypatch.chdir(mine)
    begin_run(other / "results/a", []).close()
    assert {path.name for path in Path("results/a").glob("[!.]*")} == {"one", "two"}
    assert list((other / "results/a").glob("[!.]*")) == []


def test_the_lock_is_held_until_it_is_closed() -> None:
    folder = Path("results/a")
    with begin_run(folder, []), pytest.raises(UserError, match="another snakemake"):
        begin_run(folder, [])
    begin_run(folder, []).close()


def test_packages_names_the_python_and_the_estimators() -> None:
    named = library_versions()
    assert named.startswith(f"python {sys.version_info.major}.{sys.version_info.minor}, ")
    for library in ("lifelines", "numpy", "pandas"):
        assert f" {library} " in named


def shown(capsys: pytest.CaptureFixture[str], *records: logging.LogRecord) -> tuple[str, list[str]]:
    """What the terminal shows of records of Snakemake: lines of our own, and Snakemake's."""
    lines = StageLines({"derive": "derive: the datasets"}, "Up to date.")
    kept = [record.getMessage() for record in records if lines.filter(record)]
    return capsys.readouterr().err, kept


def record(
    message: str, event: str | None = None, level: int = logging.INFO, **more: object
) -> Any:
    found = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    found.__dict__.update(more)
    if event is not None:
        found.__dict__["event"] = LogEvent[event]
    return found


def test_the_terminal_shows_a_line_a_stage_and_the_reason_of_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "derive.log"
    log.write_text("".join(f"line {n}\n" for n in range(12)))
    ours, theirs = shown(
        capsys,
        record("Select jobs to execute..."),
        record("rule derive", "JOB_INFO", rule_name="derive"),
        record("rule all", "JOB_INFO", rule_name="all"),
        record("Trying to restart job 3."),
        record("failed", "JOB_ERROR", logging.ERROR, rule_name="derive", log=[str(log)]),
        record("CalledProcessError in file x", "ERROR", logging.ERROR),
        record("MissingRuleException: no rule", "ERROR", logging.ERROR),
        record("a warning", level=logging.WARNING),
        record("Nothing to be done (all requested files are present)."),
    )
    first, named, *last, end = ours.splitlines()
    assert first == "derive: the datasets"
    assert named == f"{log}, its last lines:"
    assert last == [f"line {n}" for n in range(2, 12)]
    assert end == "Up to date."
    assert theirs == ["Trying to restart job 3.", "MissingRuleException: no rule", "a warning"]
