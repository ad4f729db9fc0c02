"""What the Snakefile asks of the package, without Snakemake."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from docutils.core import publish_parts
from snakemake_interface_logger_plugins.common import LogEvent

from durable.errors import UserError
from durable.files import sha256
from durable.plan import PlanError, load
from durable.runs.configuration import configuration_file, plan_of_run
from durable.runs.environment import set_job_environment
from durable.runs.locks import lock_results
from durable.runs.notices import caption_values
from durable.runs.state import (
    StageRecord,
    recorded_digests,
    refuse_edited,
    remove_record,
    write_record,
)
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


def test_jobs_find_the_interpreter_first() -> None:
    environment = {"PATH": "/bin", "TZ": "Asia/Shanghai"}
    set_job_environment(environment, Path("/venv/bin/python"))
    assert environment["PATH"] == "/venv/bin:/bin"
    assert environment["TZ"] == "UTC"


def test_nothing_that_could_exchange_code_reaches_a_job() -> None:
    foreign = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE", "LD_PRELOAD")
    foreign += ("LD_LIBRARY_PATH", "BASH_ENV", "ENV", "MPLBACKEND", "OPENBLAS_CORETYPE")
    environment = {"HOME": "/home/a", "SLURM_CONF": "x", **dict.fromkeys(foreign, "/evil")}
    set_job_environment(environment, Path("/venv/bin/python"))
    assert "/evil" not in environment.values()
    assert (environment["HOME"], environment["SLURM_CONF"]) == ("/home/a", "x")
    assert environment["PYTHONNOUSERSITE"] == environment["PYTHONSAFEPATH"] == "1"


def test_a_job_computes_the_same_digits_whether_or_not_the_processor_has_avx_512() -> None:
    """Digests of 10,000 logarithms and exponentials of NumPy 2.4, computed with AVX2."""
    if " avx2 " not in Path("/proc/cpuinfo").read_text():
        pytest.skip("the processor has no AVX2")
    code = (
        "import hashlib, numpy as np; x = np.arange(1, 10_001) / 97;"
        "print(*(hashlib.md5(y.tobytes()).hexdigest()[:8] for y in (np.log(x), np.exp(x))))"
    )
    environment = dict(os.environ)
    set_job_environment(environment, Path(sys.executable))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.split() == [b"d7070ba2", b"c5172d02"]


def finished(folder: Path, **files: str) -> None:
    """Results of a stage `made`, with its record."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    outputs = {name: sha256(folder / name) for name in files}
    write_record(folder, "made", StageRecord({}, {}, outputs))


def test_results_as_their_stage_left_them_pass_and_edited_ones_are_all_named() -> None:
    folder = Path("results/a")
    finished(folder, one="1", two="2", three="3")
    refuse_edited(folder)
    for name in ("two", "three"):
        (folder / name).write_text("edited")
    with pytest.raises(UserError) as refusal:
        refuse_edited(folder)
    assert str(refusal.value).splitlines()[1:] == ["  results/a/three", "  results/a/two"]


def test_of_a_stage_that_did_not_finish_nothing_is_refused() -> None:
    folder = Path("results/a")
    finished(folder, one="1")
    remove_record(folder, "made")
    (folder / "one").write_text("2")
    refuse_edited(folder)
    path = str(folder / "one")
    assert recorded_digests([path], Path("results")) == {path: None}


def test_the_lock_is_held_until_it_is_closed() -> None:
    folder = Path("results/a")
    held = lock_results(folder, fcntl.LOCK_EX)
    with pytest.raises(UserError, match="another snakemake"):
        lock_results(folder, fcntl.LOCK_EX)
    held.close()
    lock_results(folder, fcntl.LOCK_EX).close()


def test_a_file_system_without_locks_is_told_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", without)
    with pytest.raises(UserError, match="Mount it with locks"):
        lock_results(Path("results/a"), fcntl.LOCK_EX)


def test_a_title_is_text_in_the_captions_of_the_report_of_snakemake() -> None:
    text = CONFIGURATION.replace("S-1", "'`S <javascript:alert(1)>`_'").replace("SUBJECTS", "s.csv")
    Path("config.yaml").write_text(text)
    shown = caption_values(load(Path("config.yaml")))["study"]["id"]
    assert shown == r"\`S \<javascript\:alert\(1\)\>\`_"
    rendered = publish_parts(shown, writer="html")["body"]
    assert "`S &lt;javascript:alert(1)&gt;`_" in rendered
    assert "href" not in rendered


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
