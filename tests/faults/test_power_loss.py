"""A power failure at any moment: what the disk may hold then is never taken for finished results.

Every write of a run is recorded as the system sees it: files created, brought to the disk (fsync),
renamed, removed, folders brought to the disk. After each of these steps the power is cut, and what
is not yet on the disk is lost in one of several ways (Pillai et al., OSDI 2014): a file that was
renamed before its content was written is empty, half or full of zeros; a rename or a removal has
taken place or not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from durable.runs.analysis import run_analysis
from tests.audit.conftest import SHORT
from tests.workflow.conftest import RESULTS, new_study

LOST: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
}


@dataclass(frozen=True)
class Step:
    """A step of a run that changes what the disk may hold."""

    kind: str
    """``content``, ``rename``, ``remove`` or ``folder``."""
    path: str
    content: bytes = b""
    target: str = ""


class Recorder:
    """Records the steps of the functions of the system that a run writes by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[Step] = []
        self._fsync, self._rename, self._unlink = os.fsync, os.rename, os.unlink
        monkeypatch.setattr(os, "fsync", self._synced)
        monkeypatch.setattr(os, "rename", self._renamed)
        monkeypatch.setattr(os, "unlink", self._removed)

    def _synced(self, descriptor: int) -> None:
        self._fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        if path.is_dir():
            self.steps.append(Step("folder", str(path)))
        else:
            self.steps.append(Step("content", str(path), path.read_bytes()))

    def _renamed(self, old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        folder = Path(f"/proc/self/fd/{dst_dir_fd}").resolve()
        content = (folder / old).read_bytes()
        self._rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        self.steps.append(Step("rename", str(folder / old), content, str(folder / new)))

    def _removed(self, path: str | Path, *, dir_fd: int | None = None) -> None:
        self._unlink(path, dir_fd=dir_fd)
        folder = Path() if dir_fd is None else Path(f"/proc/self/fd/{dir_fd}").resolve()
        self.steps.append(Step("remove", str((folder / path).absolute())))


def disks(
    before: dict[str, bytes], steps: list[Step], lose: Callable[[bytes], bytes]
) -> Iterator[dict[str, bytes]]:
    """What the disk may hold when the power fails after each step.

    Once the names that are not yet on the disk are lost, once they are kept: with a content that
    is not on the disk lost.
    """
    safe = dict(before)  # what is on the disk, whatever happens
    written: dict[str, bytes] = {}  # contents on the disk
    waiting: list[Step] = []  # renames and removals that a power failure may undo
    for step in steps:
        match step.kind:
            case "content":
                written[step.path] = step.content
            case "folder":
                for done in [
                    s for s in waiting if str(Path(s.target or s.path).parent) == step.path
                ]:
                    _apply(done, safe, written, lose)
                    waiting.remove(done)
            case _:
                waiting.append(step)
        yield dict(safe)
        kept = dict(safe)
        for done in waiting:
            _apply(done, kept, written, lose)
        yield kept


def _apply(
    step: Step, disk: dict[str, bytes], written: dict[str, bytes], lose: Callable[[bytes], bytes]
) -> None:
    if step.kind == "remove":
        disk.pop(step.path, None)
    elif step.path in written:
        disk[step.target] = written[step.path]
    else:
        disk[step.target] = lose(step.content)


def accepted_wrongly(disk: dict[str, bytes], results: Path) -> list[str]:
    """Results that a record calls finished and that are not as it says."""
    wrong = []
    for name, content in disk.items():
        if Path(name).parent != results / "audit/stages":
            continue
        try:
            outputs = json.loads(content)["outputs"]
        except (ValueError, KeyError, TypeError):
            continue
        wrong += [
            f"{Path(name).stem}: {made}"
            for made, digest in outputs.items()
            if sha256(disk.get(str(results / made), b"")).hexdigest() != digest
        ]
    return wrong


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, bytes], list[Step]]]:
    """The steps of a first run and of one by another plan over its results."""
    folder = tmp_path_factory.mktemp("power")
    study = new_study(folder)
    config = folder / "config/config.yaml"
    # Every output is shown: as many files as can be lost.
    plan = SHORT.partition("outputs:")[0]
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for level in (0.95, 0.9):
            config.write_text(f"{plan}statistics: {{conf_level: {level}}}\n")
            before = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            with pytest.MonkeyPatch.context() as recording:
                recorder = Recorder(recording)
                run_analysis(Path("config/config.yaml"), Path("results"))
            found.append((before, recorder.steps))
    assert study.digests()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOST)
def test_after_a_power_failure_at_any_step_nothing_half_is_taken_for_finished(
    loss: str,
    runs: list[tuple[dict[str, bytes], list[Step]]],
    count_faults: Callable[[str], None],
) -> None:
    tried = 0
    for before, steps in runs:
        results = Path(next(s.target for s in steps if s.kind == "rename")).parents[0]
        while results.name != RESULTS.name:
            results = results.parent
        for disk in disks(before, steps, LOST[loss]):
            tried += 1
            assert accepted_wrongly(disk, results) == []
    assert tried > 1000
    count_faults(f"power failure, lost contents {loss}: {tried} states of the disk, none accepted")


def test_without_fsync_the_harness_finds_what_is_lost() -> None:
    """The harness can fail: a record renamed before the contents of its outputs are safe."""
    stages = "/r/audit/stages"
    record = json.dumps({"outputs": {"ard.csv": sha256(b"1").hexdigest()}}).encode()
    steps = [
        Step("rename", "/r/.a", b"1", "/r/ard.csv"),
        Step("content", f"{stages}/.b", record),
        Step("rename", f"{stages}/.b", record, f"{stages}/analyse.json"),
        Step("folder", stages),
    ]
    wrong = [accepted_wrongly(disk, Path("/r")) for disk in disks({}, steps, LOST["empty"])]
    assert ["analyse: ard.csv"] in wrong
