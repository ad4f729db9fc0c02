"""The command line: what it says of mistakes before Snakemake is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable.cli import main

ROOT = Path(__file__).parents[2]
MISTAKES = {
    "a file that is not there": (None, "nosuch.yaml"),
    "a day that is none": (
        "analysis: {id: a, data_cutoff: 2024-02-30}\nstudy: {id: S}\n",
        "analysis.data_cutoff: found '2024-02-30'; expected a date as YYYY-MM-DD",
    ),
    "a bracket left open": ("analysis: {id: a\nstudy: {id: S}\n", "line "),
    "no mapping": ("- a\n- b\n", "expected"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_configuration_is_told_without_a_traceback(
    mistake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    text, expected = MISTAKES[mistake]
    if text is not None:
        Path("nosuch.yaml").write_text(text)
    assert main(["run", "--configfile", "nosuch.yaml"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("nosuch.yaml: 1 problem(s)") or "problem(s)" in said
    assert expected in said
    assert "Traceback" not in said
    assert not Path("results").exists()


def test_an_unknown_command_or_option_of_a_stage_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments in (["nosuch"], ["stage", "derive", "--config", "a.yaml", "--nosuch"]):
        with pytest.raises(SystemExit) as refusal:
            main(arguments)
        assert refusal.value.code == 2
    assert "unrecognized arguments: --nosuch" in capsys.readouterr().err


def test_findings_of_data_that_were_not_checked_ask_for_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--config", str(ROOT / "config/config.yaml"), "--results", str(tmp_path)]
    assert main(["stage", "findings", *options]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path}/demo-interim/queries.csv: no listing of findings; run")
    assert "run durable check --configfile" in said


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("/proc/nosuch", "No such file or directory"), ("a file/new", "Not a directory")],
)
def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(
    folder: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a file").touch()
    assert main(["new", folder]) == 1
    assert capsys.readouterr().err == f"{folder}: {reason}; no folder is made\n"
