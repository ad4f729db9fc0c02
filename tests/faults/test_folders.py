"""Folders that are replaced by links, and files that killed processes leave."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from durable.errors import UserError
from durable.files import atomic_path, remove_unfinished, write_text
from durable.runs.environment import restrict_mode
from tests.workflow.conftest import RESULTS, Study


def test_a_folder_that_becomes_a_link_while_a_file_is_written_leads_nowhere(
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "tables"

    def write() -> None:
        with atomic_path(folder / "t.csv") as aside:
            folder.rename(tmp_path / "moved")
            folder.symlink_to(elsewhere)
            aside.write_text("1")

    with pytest.raises(UserError, match="tables was replaced while a file was written to it"):
        write()
    assert not (elsewhere / "t.csv").exists()
    assert not (tmp_path / "moved" / "t.csv").exists()


def test_a_folder_that_is_a_link_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tables").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="tables is a link; expected a folder of the results"):
        write_text(tmp_path / "tables" / "t.csv", "1")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_fails_leaves_the_earlier_one_and_nothing_aside(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "earlier")

    def write() -> None:
        with atomic_path(tmp_path / "a") as aside:
            aside.write_text("later")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "earlier"


def test_the_next_run_removes_what_killed_jobs_left(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / ".t_dor.csv.0a1b2c3d.partial").touch()
    (tmp_path / "tables" / ".own").touch()
    remove_unfinished(tmp_path)
    assert [path.name for path in (tmp_path / "tables").iterdir()] == [".own"]


@pytest.mark.parametrize(
    ("umask", "mode", "file", "folder"),
    [
        (0o022, "0640", 0o640, 0o750),
        (0o077, "0640", 0o600, 0o700),
        (0o000, "0644", 0o644, 0o755),
        (0o022, "0600", 0o600, 0o700),
    ],
)
def test_files_have_the_permissions_of_the_plan_at_most(
    umask: int, mode: str, file: int, folder: int, tmp_path: Path
) -> None:
    before = os.umask(umask)
    try:
        restrict_mode(mode)
        write_text(tmp_path / "tables" / "t.csv", "1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "tables" / "t.csv").stat().st_mode) == file
    assert stat.S_IMODE((tmp_path / "tables").stat().st_mode) == folder


def test_results_of_a_run_are_for_the_group_and_no_other(short_finished: Study) -> None:
    for name in ("ard.csv", "audit/manifest.json", "logs/derive.log", "report.html"):
        mode = (short_finished.folder / RESULTS / name).stat().st_mode
        assert stat.S_IMODE(mode) & 0o027 == 0, name
