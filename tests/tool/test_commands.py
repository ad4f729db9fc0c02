"""Commands that run no analysis: the folder of a study, keys, completion, what is installed."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from durable.cli import main
from durable.contracts.tables import INPUT_TABLES
from durable.plan import Plan, load
from durable.plan.reference import keys


def new(folder: Path, *options: str) -> Path:
    """The folder of a new study."""
    assert main(["new", str(folder), *options]) == 0
    return folder


def test_the_configuration_of_a_new_study_is_the_default_plan(tmp_path: Path) -> None:
    folder = new(tmp_path / "s", "--study", "NCT1", "--cutoff", "2026-03-31", "--analysis", "a")
    plan = load(folder / "config/config.yaml")
    paths = {name: {"path": f"data/{name}.csv"} for name in INPUT_TABLES}
    default = Plan.model_validate(
        {
            "analysis": {"id": "a", "data_cutoff": "2026-03-31"},
            "study": {"id": "NCT1"},
            "inputs": paths,
        }
    )
    assert plan.model_dump() == default.model_dump()


def test_a_new_study_without_its_id_and_cut_off_is_refused_until_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(new(tmp_path / "s"))
    capsys.readouterr()
    assert main(["run"]) == 2
    said, cutoff, study = capsys.readouterr().err.splitlines()
    assert said == "config/config.yaml: 2 problem(s) in the configuration"
    assert cutoff == "  analysis.data_cutoff: found 'YYYY-MM-DD'; expected a date as YYYY-MM-DD"
    assert study.startswith("  study.id: found nothing; expected text")


def test_templates_have_the_columns_and_the_dictionary_what_they_hold(tmp_path: Path) -> None:
    folder = new(tmp_path / "s")
    header = (folder / "data/therapies.csv").read_text()
    assert header == "subject_id,therapy,start_date,end_date,new_systemic,reason\n"
    with (folder / "data/dictionary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["table"] for row in rows} == set(INPUT_TABLES)
    (row,) = (r for r in rows if (r["table"], r["column"]) == ("kinetics", "below_lloq"))
    assert row["values"] == "Y, N"


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/mine").touch()
    assert main(["new", str(tmp_path / "s")]) == 2
    assert "expected a new folder, or an empty one" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["mine"]


def test_keys_are_found_by_path_and_by_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "statistics.conf_level"]) == 0
    assert capsys.readouterr().out == (
        "statistics.conf_level\n"
        "  Two-sided confidence level of every interval.\n"
        "  values: number > 0 and < 1; default: 0.95\n"
    )
    assert main(["keys", "--paths", "Rescue", "nowhere"]) == 1
    assert capsys.readouterr().err == "no key of the configuration fits 'Rescue nowhere'\n"
    assert main(["keys", "--paths", "governance"]) == 0
    assert "governance.reason_required" in capsys.readouterr().out.splitlines()
    assert main(["keys", "--paths"]) == 0
    assert capsys.readouterr().out.splitlines() == [key.path for key in keys()]


def test_doctor_says_what_is_there_and_what_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "Snakemake 9.27.1" in said
    assert "figures and PDF, outputs.language: zh" in said
    (git,) = (line for line in said.splitlines() if line.split()[:1] == ["git"])
    assert git.endswith("the commit of the code in audit/run.json, where it runs from a repository")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_of_a_shell_offers_the_commands(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "inspect" in script
    if shell == "bash":
        typed = 'COMP_WORDS=(durable comp); COMP_CWORD=1; _shtab_durable; echo "${COMPREPLY[@]}"'
        done = subprocess.run(
            ["bash", "-c", f"{script}\n{typed}"], capture_output=True, text=True, check=True
        )
        assert {"compare", "completion"} <= set(done.stdout.split())


COMMANDS = (
    *("new", "run", "check", "audit", "compare", "series", "simulate", "inspect", "shells"),
    *("keys", "doctor", "completion", "verify", "sign"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_of_help_has_an_example_and_the_exit_status(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    page = capsys.readouterr().out
    assert f"example:\n  durable {command}" in page
    assert "\nexit status: 0" in page


def test_options_of_snakemake_are_no_options_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--config was once read as --configfile."""
    started: list[list[str]] = []
    folder = new(tmp_path / "s", "--study", "NCT1", "--cutoff", "2026-03-31")

    def start(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        started.append(command[3:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.chdir(tmp_path)
    assert (
        main(["compare", "-d", str(folder), "--against", "b", "--config", "allow=code", "-n"]) == 0
    )
    assert started == [
        [
            *("compare", "--config", "against=b", "allow=code", "-n"),
            *("--configfile", "config/config.yaml"),
        ]
    ]


@pytest.mark.parametrize("given", [["config/config.yaml"], ["reason=x", "config/config.yaml"]])
def test_a_configuration_file_in_the_place_of_a_value_is_told_its_option(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = new(tmp_path / "s", "--study", "NCT1", "--cutoff", "2026-03-31")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "-d", str(folder), "--config", *given, "--cores", "2"]) == 2
    expected = "--config config/config.yaml: not KEY=VALUE; a configuration file is given by"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("key", ["analysis.id", "data_cutoff", "7", ""])
def test_a_key_of_the_plan_given_by_config_is_refused_before_snakemake_reads_it(
    key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = new(tmp_path / "s", "--study", "NCT1", "--cutoff", "2026-03-31")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "-d", str(folder), "--config", "reason=x", f"{key}=z"]) != 0
    told = capsys.readouterr().err
    assert told == f"--config {key}: the plan is changed in its file, not by --config\n"
    assert not (folder / "results").exists()
