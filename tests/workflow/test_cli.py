"""The command line: what it says of mistakes before Snakemake is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable.cli import main

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
