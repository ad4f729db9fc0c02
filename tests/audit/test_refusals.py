"""An audit refuses what is not the pinned analysis, and says what it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from tests.audit.conftest import PINNED, change_digit, pinned, verdict
from tests.environments import python_finding
from tests.workflow.conftest import PYTHON, RESULTS, Study


def refused(study: Study, python: Path = PYTHON) -> str:
    """Output of an audit that repeats nothing."""
    done = study.run("audit", *pinned(study), python=python)
    assert done.returncode == 1, done.stdout
    assert "REFUSED: not the pinned analysis; nothing was repeated" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (study.folder / RESULTS / "audit/rerun").exists()
    assert "REFUSED" in (study.folder / RESULTS / "audit/verdict.html").read_text()
    return done.stdout


def test_one_digit_of_an_input(study: Study) -> None:
    before = sha256((study.folder / "data/demo/visits.csv").read_bytes()).hexdigest()
    change_digit(study, "CQ-001", "M3", "cmas", "47")
    after = sha256((study.folder / "data/demo/visits.csv").read_bytes()).hexdigest()
    said = refused(study)
    assert f"input data/demo/visits.csv differs: found {after}; expected {before}" in said
    rows = verdict(study)
    assert rows["input", "data/demo/visits.csv"]["status"] == "differs"
    assert rows["input", "data/demo/subjects.csv"]["status"] == "as pinned"


def test_one_digit_of_the_plan(study: Study) -> None:
    study.replace("conf_level: 0.95", "conf_level: 0.94", str(PINNED))
    said = refused(study)
    assert "plan statistics.conf_level differs: found 0.94; expected 0.95" in said


def test_one_line_of_code(study: Study, edited_package: Callable[[str, str, str], Path]) -> None:
    python = edited_package(
        "outputs/quantities.py", "100 * count / total if total", "99 * count / total if total"
    )
    said = refused(study, python=python)
    assert re.search(
        r"code src/durable/outputs/quantities.py differs: found \w{64}; expected \w{64}", said
    )
    assert [name for kind, name in verdict(study) if kind == "code"] == [
        "src/durable/outputs/quantities.py"
    ]


def test_a_template_of_the_report(
    study: Study, edited_package: Callable[[str, str, str], Path]
) -> None:
    python = edited_package("templates/report.html.jinja", "</body>", " </body>")
    said = refused(study, python=python)
    assert "code src/durable/templates/report.html.jinja differs: found " in said


def test_the_version_of_one_package(study: Study, tmp_path: Path) -> None:
    metadata = tmp_path / "other" / "contourpy-9.9.9.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: contourpy\nVersion: 9.9.9\n")
    python = python_finding(tmp_path / "other", tmp_path / "environment")
    said = refused(study, python=python)
    assert re.search(r"environment contourpy differs: found 9.9.9; expected 1\.", said)


def test_several_at_once_and_all_are_named(study: Study) -> None:
    change_digit(study, "CQ-001", "M3", "cmas", "47")
    study.replace("conf_level: 0.95", "conf_level: 0.94", str(PINNED))
    (study.folder / RESULTS / "tables/t_dor.csv").unlink()
    said = refused(study)
    for name in ("data/demo/visits.csv differs", "conf_level differs"):
        assert name in said
    assert "output tables/t_dor.csv removed since the run" in said


def test_a_configuration_that_pins_nothing(study: Study) -> None:
    done = study.run("audit")
    assert done.returncode == 1
    said = "config/config.yaml pins nothing: a finished analysis is audited by --configfile"
    assert f"{said} {PINNED}" in done.stdout


def test_an_option_that_is_none(study: Study) -> None:
    done = study.run("audit", *pinned(study), "--config", "allow=inputs")
    assert done.returncode == 1
    assert "--config allow=inputs: expected code or environment, or both" in done.stdout


def test_a_plain_run_refuses_an_input_that_is_not_the_pinned_one(study: Study) -> None:
    before = study.digests("tables", "adam")
    change_digit(study, "CQ-001", "M3", "cmas", "47")
    done = study.run(*pinned(study))
    assert done.returncode == 1
    queries = (study.folder / RESULTS / "queries.csv").read_text()
    assert "other_file" in queries
    assert "(inputs.visits.sha256)" in queries
    assert study.digests("tables", "adam") == before


def test_a_plain_run_refuses_code_that_is_not_the_pinned_one(
    study: Study, edited_package: Callable[[str, str, str], Path]
) -> None:
    before = study.digests()
    python = edited_package("stats/survival.py", "right-censored, opt", "censored, opt")
    # Something to run: with nothing to do, nothing is refused.
    (study.folder / RESULTS / "tables/t_dor.csv").unlink()
    del before["tables/t_dor.csv"]
    done = study.run(*pinned(study), python=python)
    assert done.returncode == 1
    assert "not as pinned (--config allow=code,environment lets it):\n  code package and" in (
        done.stdout
    )
    assert study.digests() == before
