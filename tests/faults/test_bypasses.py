"""Ways around what says which code, data and plan made a number: each is refused, or made again.

Found by an attack on finished work: every one of them once ended with exit status 0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from durable.errors import UserError
from durable.intake.findings import Findings
from durable.intake.shaping.table import SourceReader
from durable.plan import Format, Input, load
from durable.runs.analysis import run_analysis
from durable.runs.compiled import keep_compiled_to_source
from durable.runs.environment import RUN, refuse_foreign_modules
from durable.runs.guard import Run
from durable.runs.libraries import foreign_modules, versions
from durable.runs.state import record_file
from durable.stages import check, record
from tests.audit.conftest import PINNED, change_digit
from tests.environments import python_finding
from tests.intake.forms import parquet, typed, xlsx
from tests.workflow.conftest import RESULTS, ROOT, Study

#: A library that pandas computes with where it can be imported, and that no plan knows of.
BOTTLENECK = """\
import numpy

__version__ = "99.0"


def __getattr__(name):
    return getattr(numpy, name)
"""


def value_of(module: Path) -> str:
    """What a new Python reads of a module ``m`` that holds ``VALUE``."""
    done = subprocess.run(
        [sys.executable, "-c", "import m; print(m.VALUE)"],
        env={"PYTHONPATH": str(module.parent)},
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout.strip()


def put_back_with_its_time(module: Path) -> None:
    """Another source of the same length that bears the time of the one before."""
    time = module.stat().st_mtime
    module.write_text("VALUE = 2\n")
    os.utime(module, (time, time))


def test_a_source_with_the_time_and_length_of_another_one_is_the_one_that_runs(
    tmp_path: Path,
) -> None:
    module = tmp_path / "m.py"
    module.write_text("VALUE = 1\n")
    assert value_of(module) == "1"
    put_back_with_its_time(module)
    # What Python does by itself: the number is of code that is no longer there.
    assert value_of(module) == "1"
    keep_compiled_to_source(tmp_path)
    assert value_of(module) == "2"
    module.write_text("VALUE = 1\n")
    assert value_of(module) == "1"
    put_back_with_its_time(module)
    # Once compared by content, always: also for an edit during a run.
    assert value_of(module) == "2"


@pytest.mark.slow
def test_a_run_reads_the_code_that_it_hashes(short: Study, tmp_path: Path) -> None:
    """Once 95 % intervals of another code were recorded, and verified, as those of this one."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/durable", tmp_path / "code/durable", ignore=ignored)
    python = python_finding(tmp_path / "code", tmp_path / "environment")
    assert short.run("--until", "analyse", python=python).returncode == 0
    before = short.digests("ard.csv")
    module = tmp_path / "code/durable/stats/proportions.py"
    time, text = module.stat().st_mtime, module.read_text()
    assert text.count("tail = (1 - level) / 2\n") == 1
    module.write_text(text.replace("tail = (1 - level) / 2\n", "tail = (1 - level) / 9\n"))
    os.utime(module, (time, time))
    done = short.run("--until", "analyse", python=python)
    assert done.returncode == 0, done.stdout
    assert short.digests("ard.csv").keys() == before.keys() == {"ard.csv"}
    assert short.digests("ard.csv") != before


def test_imported_files_that_no_library_lists_are_foreign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import durable.stages.analyse; from durable.runs.libraries import *; "
    code += "print(foreign_modules(versions()))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"
    module = ModuleType("bottleneck")
    module.__file__ = str(tmp_path / "bottleneck/__init__.py")
    monkeypatch.setitem(sys.modules, "bottleneck", module)
    assert module.__file__ in foreign_modules(versions())
    refuse_foreign_modules()  # no job of a run
    monkeypatch.setenv(RUN, "of a run")
    with pytest.raises(UserError, match="none of the libraries that the analysis needs"):
        refuse_foreign_modules()


@pytest.mark.slow
def test_a_library_that_another_one_finds_by_chance_has_no_say(
    short: Study, tmp_path: Path
) -> None:
    (tmp_path / "first/bottleneck").mkdir(parents=True)
    (tmp_path / "first/bottleneck/__init__.py").write_text(BOTTLENECK)
    done = short.run(python=python_finding(tmp_path / "first", tmp_path / "environment"))
    assert done.returncode == 1
    assert "code was imported that is of none of the libraries" in done.stdout
    assert "first/bottleneck/__init__.py" in done.stdout
    assert not (short.folder / RESULTS / "audit/manifest.json").exists()


@pytest.mark.slow
def test_a_stage_by_hand_is_done_as_a_job(short_finished: Study, tmp_path: Path) -> None:
    """Nothing that the user has set for Python reaches it."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m/lifelines.py").write_text("raise SystemExit('foreign')\n")
    (tmp_path / "m/scipy.py").write_text("raise SystemExit('foreign')\n")
    done = subprocess.run(
        [sys.executable, "-m", "durable", "stage", "analyse", "--config", "config/config.yaml"],
        cwd=short_finished.folder,
        env={**short_finished.environment(), "PYTHONPATH": str(tmp_path / "m")},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert short_finished.planned() == set()


@pytest.mark.slow
def test_what_a_program_has_made_is_made_again_by_a_run(short: Study) -> None:
    """Nobody knows what else it had changed before it called `durable.run`."""
    code = (
        "import scipy.special as s; f = s.betaincinv; s.betaincinv = lambda *a: f(*a) + 0.1;"
        "import durable; durable.run('config/config.yaml')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=short.folder, env=short.environment(), check=False
    )
    assert done.returncode == 0
    wrong = short.digests("ard.csv")
    assert {"queries", "derive", "analyse", "record"} <= short.planned()
    assert short.run("--until", "analyse").returncode == 0
    assert short.digests("ard.csv").keys() == wrong.keys() == {"ard.csv"}
    assert short.digests("ard.csv") != wrong


@pytest.mark.parametrize("option", ["--touch", "--no-hooks", "--allowed-rules=display"])
def test_options_by_which_stale_results_would_pass_are_refused(
    option: str, short_finished: Study
) -> None:
    """``--allowed-rules display`` once headed intervals of 95 % as those of 90 %."""
    before = short_finished.digests()
    path = short_finished.folder / "config/config.yaml"
    path.write_text(path.read_text() + "statistics: {conf_level: 0.9}\n")
    done = short_finished.run(option)
    assert done.returncode == 1
    assert f"{option.partition('=')[0]} is refused: " in done.stdout
    assert "Traceback" not in done.stdout
    assert short_finished.digests() == before


def test_a_result_that_is_a_link_to_its_own_content_is_not_up_to_date(
    short_finished: Study, tmp_path: Path
) -> None:
    result = short_finished.folder / RESULTS / "ard.csv"
    result.rename(tmp_path / "elsewhere.csv")
    result.symlink_to(tmp_path / "elsewhere.csv")
    done = short_finished.run()
    assert done.returncode == 1
    assert "links in the results; expected folders and files:" in done.stdout
    assert "up to date" not in done.stdout.lower()


def test_an_edited_result_is_refused_by_the_pinned_plan_too(short_finished: Study) -> None:
    options = "--configfile", str(short_finished.folder / PINNED)
    assert short_finished.run(*options).returncode == 0
    path = short_finished.folder / RESULTS / "ard.csv"
    path.write_bytes(path.read_bytes().replace(b"0.2623", b"0.5555"))
    done = short_finished.run(*options)
    assert done.returncode == 1
    assert f"changed since the run that made it; delete to make again:\n  {RESULTS}/ard.csv" in (
        done.stdout
    )


@pytest.mark.parametrize("edit", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_results_without_their_history_are_not_up_to_date(
    edit: Callable[[Path], None], short_finished: Study
) -> None:
    edit(short_finished.folder / "results/history.jsonl")
    done = short_finished.run()
    assert done.returncode == 1
    assert "lacks the entry that results/demo-interim/audit/history.json names" in done.stdout


def test_an_input_that_is_another_one_only_while_it_is_read_is_refused(
    short: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A before the job, B while it reads, A after it."""
    visits = short.folder / "data/demo/visits.csv"
    good, read_inputs = visits.read_bytes(), check.run

    def exchange(*given: object) -> None:
        change_digit(short, "CQ-001", "M3", "cmas", "47")
        read_inputs(*given)  # type: ignore[arg-type]
        visits.write_bytes(good)

    monkeypatch.chdir(short.folder)
    monkeypatch.setattr(check, "run", exchange)
    with pytest.raises(UserError, match=r"changed during the run.*\n  data/demo/visits"):
        run_analysis(Path("config/config.yaml"), Path("results"), until="check")
    assert not record_file(short.folder / RESULTS, "check").exists()


def test_what_no_run_has_begun_is_not_recorded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run has begun here; start snakemake"):
        record.run(load(ROOT / "config/config.yaml"), tmp_path)


def test_named_entries_in_another_order_are_another_plan(tmp_path: Path) -> None:
    """The order of sensitivity analyses is that of the rows of their table."""
    text = (ROOT / "config/simulation.yaml").read_text()
    first, second = text.index("  recurrence_unconfirmed:"), text.index("  observed_case:")
    end = text.index("  small_sample_interval:")
    swapped = text[:first] + text[second:end] + text[first:second] + text[end:]
    plans = []
    for name, content in (("a", text), ("b", swapped)):
        (tmp_path / f"{name}.yaml").write_text(content)
        plans.append(load(tmp_path / f"{name}.yaml"))
    assert list(plans[0].sensitivity)[:2] == list(plans[1].sensitivity)[1::-1]
    runs = [Run(plan, Path("a.yaml"), tmp_path, {}) for plan in plans]
    assert runs[0].digests("display")["plan"] != runs[1].digests("display")["plan"]
    # Not of what no order has a say in.
    assert plans[0].digest(["sensitivity"]) == plans[1].digest(["sensitivity"])


def delivered(form: Format, data: bytes, folder: Path) -> str:
    """What is said of bytes that are delivered as the therapies."""
    (folder / "delivered").write_bytes(data)
    findings = Findings()
    source = Input(path=str(folder / "delivered"), format=form)
    SourceReader(findings).table("therapies", source)
    return "\n".join(findings.frame()["message"])


def with_sheet(data: bytes, old: str, new: str, times: int = 1) -> bytes:
    """A workbook in whose sheet a text is another one; or that has the other sheet as well."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            for number in range(times if name.endswith("sheet1.xml") else 1):
                changed = number == times - 1 and name.endswith("sheet1.xml")
                target.writestr(
                    name, content.replace(old.encode(), new.encode()) if changed else content
                )
    return made.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_delivery_that_can_be_read_in_two_ways_is_refused(tmp_path: Path) -> None:
    """Two Parquet files were read by the footer of the last and the records of the first."""
    rows = typed("therapies")
    book, columns = xlsx(rows), parquet(rows)
    assert delivered("parquet", columns, tmp_path) == ""
    assert "several files, one after the other" in delivered("parquet", columns * 2, tmp_path)
    assert delivered("xlsx", book, tmp_path) == ""
    before = delivered("xlsx", book + book, tmp_path)
    assert f"{len(book)} bytes before the archive, which may be another one" in before
    twice = with_sheet(book, "prednisolone", "rituximab", times=2)
    assert "the part xl/worksheets/sheet1.xml 2 times" in delivered("xlsx", twice, tmp_path)
    cell = with_sheet(book, '<c r="D2"', '<c r="C2"')
    assert "the cell C2 a second time" in delivered("xlsx", cell, tmp_path)
    row = with_sheet(book, '<row r="37"', '<row r="36"')
    assert "the row 36 a second time" in delivered("xlsx", row, tmp_path)
