"""Real runs: what they append, and what the commands say of their results."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.conftest import pinned, short, short_finished, verdict
from tests.history.conftest import Person, entries
from tests.workflow.conftest import RESULTS, ROOT, Study

__all__ = ["short", "short_finished"]

pytestmark = pytest.mark.slow


def durable(study: Study, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of durable, in the folder of the study."""
    return subprocess.run(
        [sys.executable, "-m", "durable", *arguments],
        cwd=study.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def events(study: Study) -> list[tuple[str, str]]:
    """Event and reason of every entry."""
    return [(e["event"], e.get("reason", "")) for e in entries(study.folder / "results")]


def test_a_run_that_records_appends_its_reason_and_a_run_with_nothing_to_do_nothing(
    short_finished: Study,
) -> None:
    study = short_finished
    assert events(study) == [("run", "")]
    assert study.run("--config", "reason=anything").returncode == 0
    assert events(study) == [("run", "")]
    study.replace("data_cutoff: 2024-06-30", "data_cutoff: 2024-05-31")
    where = ("--snakefile", str(ROOT / "Snakefile"), "-C", "allow=code")
    reason = "cut-off of the DSMB: 7 \"days\" 'earlier'"
    done = durable(study, "run", "--reason", reason, *where)
    assert done.returncode == 0, done.stdout
    assert events(study) == [("run", ""), ("run", reason)]
    told = entries(study.folder / "results")
    assert told[1]["supersedes"] == {"entry": 1, "manifest": told[0]["manifest"]}
    assert told[0]["outputs"]["ard.csv"] != told[1]["outputs"]["ard.csv"]
    done = durable(study, "verify")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(f"{RESULTS}: complete and verified\n")
    assert durable(study, "verify", "--configfile", "config/config.yaml").returncode == 0
    study.replace("data_cutoff: 2024-05-31", "data_cutoff: 2024-06-30")
    (study.folder / "data/demo/visits.csv").write_text("other\n")
    done = durable(study, "verify", "--configfile", "config/config.yaml")
    assert done.returncode == 1
    assert "plan analysis: changed since: not as it was when" in done.stdout
    assert "input visits: changed since: found " in done.stdout
    assert done.stdout.endswith(f"{RESULTS}: changed since\n")


def test_a_reason_that_the_plan_asks_for_is_asked_for_before_anything_is_done(
    short: Study,
) -> None:
    path = short.folder / "config/config.yaml"
    path.write_text(path.read_text() + "governance: {reason_required: true}\n")
    done = short.run()
    assert done.returncode == 1
    assert "governance.reason_required: say why, by --reason TEXT" in done.stdout
    assert not (short.folder / RESULTS / "queries.csv").exists()
    # To look at the data, none is needed.
    assert short.run("check").returncode == 0
    done = short.run("--config", "reason=first interim")
    assert done.returncode == 0, done.stdout
    assert events(short) == [("run", "first interim")]


def test_a_run_that_cannot_be_told_to_the_history_is_an_error_and_is_recorded_by_the_next(
    short_finished: Study,
) -> None:
    study = short_finished
    path = study.folder / "results/history.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"event":"run"', b'"event":"ruN"'))
    study.replace("data_cutoff: 2024-06-30", "data_cutoff: 2024-05-31")
    done = study.run()
    assert done.returncode == 1
    assert "history.jsonl lacks the entry that " in done.stdout
    assert "Traceback" not in done.stdout
    assert durable(study, "verify").returncode == 1
    path.write_bytes(whole)
    done = study.run()
    assert done.returncode == 0, done.stdout
    assert durable(study, "verify").returncode == 0
    assert events(study) == [("run", ""), ("run", "")]


def test_an_audit_shows_history_record_and_signatures_and_appends_nothing(
    short_finished: Study, people: dict[str, Person]
) -> None:
    study = short_finished
    (study.folder / "results/allowed_signers").write_text(people["jane"].listed)
    given = ("--meaning", "approved", "--name", "Jane Doe", "--key", str(people["jane"].key))
    done = durable(study, "sign", *given, "--reason", "as planned")
    assert done.returncode == 0, done.stdout
    before = events(study)
    assert before == [("run", ""), ("signature", "as planned")]
    done = study.run("audit", *pinned(study))
    assert done.returncode == 0, done.stdout
    assert "PASS: all outputs reproduced byte for byte" in done.stdout
    rows = verdict(study)
    assert rows["history", "history.jsonl"]["status"] == "verified"
    assert rows["record", "audit/run.json"]["status"] == "verified"
    (signature,) = (row for (kind, _), row in rows.items() if kind == "signature")
    assert signature["detail"].startswith("approved, by Jane Doe at ")
    assert events(study) == before
    assert not list((study.folder / RESULTS / "audit/rerun").rglob("history.jsonl"))

    # Whatever the repetition says: a record that does not hold is no PASS.
    Path(study.folder / "results/allowed_signers").unlink()
    done = study.run("audit", *pinned(study))
    assert done.returncode == 1
    said = "FAIL: all outputs reproduced byte for byte, but the record is not verifiable"
    assert said in done.stdout
    (study.folder / "results/history.jsonl").unlink()
    done = study.run("audit", *pinned(study))
    assert done.returncode == 1
    assert said in done.stdout
    assert "history history.jsonl not verifiable" in done.stdout


def test_what_a_signature_needs_is_said(short_finished: Study) -> None:
    for arguments, said in (
        ((), "expected --meaning TEXT, or --timestamp FILE"),
        (("--meaning", "approved"), "a signature needs a printed name and a key"),
        (("--meaning", "a\nb"), "--meaning: expected text of one line; found 'a\\nb'"),
    ):
        done = durable(short_finished, "sign", *arguments)
        assert done.returncode == 1
        assert said in done.stdout
    done = durable(short_finished, "verify", "results/none")
    assert done.returncode == 1
    assert done.stdout.endswith("results/none: incomplete\n")


def test_the_analyses_of_a_series_are_told_too(short: Study) -> None:
    path = short.folder / "config/config.yaml"
    path.write_text(path.read_text() + "series: {cutoffs: [2023-12-31, 2023-06-30]}\n")
    done = short.run("series", "--config", "reason=for the DSMB; it's due")
    assert done.returncode == 0, done.stdout
    told = entries(short.folder / "results")
    assert {entry["analysis"] for entry in told} == {
        "demo-interim",
        "demo-interim-2023-06-30",
        "demo-interim-2023-12-31",
    }
    assert {entry["reason"] for entry in told} == {"for the DSMB; it's due"}
    assert [e["analysis"] for e in told if e["event"] == "series"] == ["demo-interim"]
    done = durable(short, "verify")
    assert done.returncode == 0, done.stdout


def test_code_that_is_edited_while_a_run_is_recorded_is_not_told_to_the_history(
    short: Study, tmp_path: Path
) -> None:
    """The run is refused as a mixture; had it been told, the history would swear to it."""
    source = tmp_path / "edited"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/durable", source / "durable", ignore=ignored)
    record = source / "durable/stages/record.py"
    text = record.read_text()
    old = "    started = read_started(folder)\n    packages"
    assert text.count(old) == 1
    edit = f"    Path({str(source / 'durable/errors.py')!r}).open('a').write('# edited')\n"
    record.write_text(text.replace(old, edit + old))
    done = short.run(PYTHONPATH=str(source))
    assert done.returncode == 1, done.stdout
    assert "was changed during the run" in done.stdout
    assert not (short.folder / "results/history.jsonl").exists()
