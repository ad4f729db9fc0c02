"""Nothing that was changed since the run is called complete and verified."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durable.history.chain import BEFORE_FIRST, canonical, read_history
from durable.history.commands import analyses, verify
from durable.history.contents import SIGNATURES
from durable.history.states import State
from durable.history.verification import Verification, verify_results
from durable.runs.manifest import STARTED
from tests.history.conftest import FILES, Person, digest, entries, lines, make_results

Change = Callable[[Path], object]


def failing(found: Verification) -> list[str]:
    return [str(check) for check in found.checks if not check.good]


def test_recorded_and_signed_results_are_complete_and_verified(signed: Path) -> None:
    found = verify_results(signed / "interim")
    assert failing(found) == []
    assert found.state is State.VERIFIED
    kinds = [check.kind for check in found.checks]
    assert kinds == ["history", "output", "record", "record", "record", "signature", "signature"]
    number, head = read_history(signed / "history.jsonl").head
    assert number == 6
    assert found.checks[0].detail == f"unbroken up to entry 6, {head}"
    assert found.checks[5].detail.startswith("reviewed, by Jane Doe at 20")
    assert "; the key is that of jane@example.org (ED25519 key SHA256:" in found.checks[5].detail


def test_every_analysis_of_a_study_is_verified_with_a_line_a_check_and_its_state(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [path.name for path in analyses(signed)] == ["final", "interim"]
    assert verify(analyses(signed)) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[4] == f"record audit/pinned.yaml: as recorded by entry 2 of {said[4][-25:]}"
    assert said[5] == f"{signed / 'final'}: complete and verified"
    assert said[-1] == f"{signed / 'interim'}: complete and verified"
    assert len(said) == 6 + 8


def test_one_analysis_that_is_not_verified_is_enough_for_exit_status_1(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (signed / "final/ard.csv").write_text("output,value\n")
    assert verify(analyses(signed)) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"{signed / 'final'}: changed since" in said
    assert said[-1] == f"{signed / 'interim'}: complete and verified"


def test_a_study_copied_as_a_whole_is_verified_where_it_lies(signed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "another place" / "results"
    shutil.copytree(signed, copy)
    shutil.rmtree(signed)
    assert verify_results(copy / "interim").state is State.VERIFIED


def edit(name: str, old: str, new: str) -> Change:
    def change(results: Path) -> None:
        path = results / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def remove(name: str) -> Change:
    return lambda results: (results / name).unlink()


def write(name: str, text: str) -> Change:
    def change(results: Path) -> None:
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text(text)

    return change


def put_elsewhere(name: str) -> Change:
    """Moved beside the results, with a link in its place."""

    def change(results: Path) -> None:
        elsewhere = results.parent / "elsewhere"
        (results / name).rename(elsewhere)
        (results / name).symlink_to(elsewhere)

    return change


def exchange_manifest_and_results(results: Path) -> None:
    """Another number, and the manifest that goes with it."""
    folder = results / "interim"
    before = digest((folder / "ard.csv").read_bytes())
    (folder / "ard.csv").write_text("output,value\nt_dor,9\n")
    edit("audit/manifest.json", before, digest((folder / "ard.csv").read_bytes()))(folder)


def rewrite_everything(results: Path) -> None:
    """As above, and the history from there on, each line bound anew; the receipt too."""
    exchange_manifest_and_results(results)
    manifest = digest((results / "interim/audit/manifest.json").read_bytes())
    before, rewritten = BEFORE_FIRST, []
    for values in entries(results):
        if values["number"] == 4:
            values["manifest"] = manifest
        rewritten.append(canonical({**values, "previous": before}))
        before = digest(rewritten[-1])
    (results / "history.jsonl").write_bytes(b"".join(rewritten))
    receipt = {"number": len(rewritten), "sha256": before}
    (results / "interim/audit/history.json").write_text(json.dumps(receipt))


def cut_history(keep: int) -> Change:
    def change(results: Path) -> None:
        path = results / "history.jsonl"
        path.write_bytes(b"".join(lines(path)[:keep]))

    return change


def exchange(one: str, other: str) -> Change:
    def change(results: Path) -> None:
        first, second = (
            next((results / "interim" / SIGNATURES).glob(name)) for name in (one, other)
        )
        before = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(before)

    return change


def of_signatures(change: Callable[[Path], object], pattern: str) -> Change:
    """A change of the first file among the signatures whose name has a pattern."""
    return lambda results: change(sorted((results / "interim" / SIGNATURES).glob(pattern))[0])


def put_back_the_first_run(results: Path) -> None:
    """The results of the first run from a copy; the history goes on to the second."""
    shutil.rmtree(results / "interim")
    shutil.copytree(results.parent / "after the first run", results / "interim")


def exchange_history(results: Path) -> None:
    other = results.parent / "other"
    make_results(other, files={"ard.csv": "of another study\n"})
    (other / "history.jsonl").replace(results / "history.jsonl")


def begin_another_run(results: Path) -> None:
    later = {"time": "2024-07-02T08:00:00+00:00", "reason": ""}
    (results / "interim" / STARTED).write_text(json.dumps(later))


CHANGED, INCOMPLETE, UNVERIFIABLE = State.CHANGED, State.INCOMPLETE, State.UNVERIFIABLE
ARD, MANIFEST = "interim/ard.csv", "interim/audit/manifest.json"
CHANGES: dict[str, tuple[Change, State, str]] = {
    "a file that is a link to its own content elsewhere": (
        put_elsewhere("interim/ard.csv"),
        State.CHANGED,
        "output ard.csv: changed since: altered since the run: found a link to another place",
    ),
    "a folder that is a link to its own content elsewhere": (
        put_elsewhere("interim/tables"),
        State.CHANGED,
        "output tables/t_dor.csv: changed since: altered since the run: found a link to another",
    ),
    "a digit of a result": (
        edit(ARD, "t_dor,4", "t_dor,5"),
        CHANGED,
        "ard.csv: changed since: alt",
    ),
    "a result emptied": (write(ARD, ""), CHANGED, "output ard.csv: changed since: altered since"),
    "a result removed": (remove(ARD), INCOMPLETE, "output ard.csv: incomplete: removed since the"),
    "a result added": (write("interim/notes.txt", "x"), CHANGED, "notes.txt: changed since: added"),
    "a result added beside the record": (
        *(write("interim/audit/notes.txt", "x"), CHANGED),
        "audit/notes.txt: changed since: added",
    ),
    "a space in the manifest": (
        *(edit(MANIFEST, '"plan": {', '"plan":  {'), CHANGED),
        "record audit/manifest.json: changed since: found ",
    ),
    "the manifest removed": (
        remove(MANIFEST),
        INCOMPLETE,
        "manifest.json: incomplete: not there: removed or moved since the run of entry 4, ",
    ),
    "the manifest emptied": (write(MANIFEST, ""), CHANGED, "not the manifest that a run writes"),
    "a manifest of nothing": (write(MANIFEST, "[]"), CHANGED, "not the manifest that a run writes"),
    "a manifest without digests": (
        *(edit(MANIFEST, '"sha256"', '"sha"'), CHANGED),
        "not the manifest that a run writes",
    ),
    "manifest and results exchanged together": (
        *(exchange_manifest_and_results, CHANGED),
        "record audit/manifest.json: changed since: found ",
    ),
    "manifest, results and the whole history exchanged together": (
        *(rewrite_everything, CHANGED),
        "its statement is not of these results (manifest)",
    ),
    "the results of an earlier run put back": (
        *(put_back_the_first_run, CHANGED),
        "audit/manifest.json: changed since: found that of entry 1; expected that of entry 4",
    ),
    "another time in run.json": (
        *(edit("interim/audit/run.json", "08:00:01", "08:00:02"), INCOMPLETE),
        "a run that began at 2024-07-01T08:00:01+00:00 has not ended",
    ),
    "a space in run.json": (edit("interim/audit/run.json", ": ", ":  "), CHANGED, "audit/run.json"),
    "run.json removed": (remove("interim/audit/run.json"), INCOMPLETE, "has not ended"),
    "the pinned configuration": (
        *(edit("interim/audit/pinned.yaml", "2024-06-30", "2024-06-29"), CHANGED),
        "record audit/pinned.yaml: changed since: found ",
    ),
    "no receipt": (remove("interim/audit/history.json"), UNVERIFIABLE, "does not name an entry"),
    "another receipt": (
        *(edit("interim/audit/history.json", '"number":6', '"number":5'), UNVERIFIABLE),
        "it lacks entry 5 as audit/history.json names it",
    ),
    "no history": (remove("history.jsonl"), UNVERIFIABLE, "history.jsonl is not there"),
    "an empty history": (write("history.jsonl", ""), UNVERIFIABLE, "it lacks entry 6"),
    "the history of another study": (exchange_history, UNVERIFIABLE, "it lacks entry 6"),
    "the last entry removed": (cut_history(5), UNVERIFIABLE, "it lacks entry 6"),
    "the last entry edited": (
        *(edit("history.jsonl", '"meaning":"approved"', '"meaning":"reviewed"'), UNVERIFIABLE),
        "it lacks entry 6",
    ),
    "an entry edited": (
        *(edit("history.jsonl", "late record", "correction"), UNVERIFIABLE),
        "line 5 does not follow from the line before",
    ),
    "a line added to the history": (
        *(lambda results: append_text(results / "history.jsonl", "note\n"), UNVERIFIABLE),
        "line 7 is torn",
    ),
    "a statement edited": (
        of_signatures(lambda path: append_text(path, " "), "*.json"),
        *(CHANGED, ".json was altered"),
    ),
    "a statement removed": (of_signatures(Path.unlink, "*.json"), CHANGED, ".json was removed"),
    "a signature removed": (of_signatures(Path.unlink, "*.sig"), CHANGED, ".sig was removed"),
    "a signature edited": (
        of_signatures(lambda path: append_text(path, "\n"), "*.sig"),
        *(CHANGED, ".sig was altered"),
    ),
    "all signatures removed": (
        lambda results: shutil.rmtree(results / "interim" / SIGNATURES),
        *(CHANGED, ".json was removed"),
    ),
    "a signature that the history does not know": (
        *(write(f"interim/{SIGNATURES}/x.json", "{}"), UNVERIFIABLE),
        "signature x.json: not verifiable: the history has no such entry",
    ),
    "no allowed signers": (remove("allowed_signers"), UNVERIFIABLE, "is not listed in "),
    "allowed signers with a key less": (
        lambda results: write("allowed_signers", text_of(results, 0))(results),
        *(UNVERIFIABLE, "approved, by Otto Braun at "),
    ),
    "a run that has not ended": (begin_another_run, INCOMPLETE, "has not ended, or has failed"),
    "the folder renamed": (
        lambda results: (results / "interim").rename(results / "interim2"),
        *(UNVERIFIABLE, "the results are those of the analysis interim"),
    ),
    "the folder in another study": (
        lambda results: remove("history.jsonl")(results) or make_results(results, "other"),
        *(UNVERIFIABLE, "it lacks entry 6"),
    ),
}


def append_text(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def text_of(results: Path, line: int) -> str:
    return (results / "allowed_signers").read_text().splitlines(keepends=True)[line]


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_found(name: str, signed: Path) -> None:
    change, state, said = CHANGES[name]
    change(signed)
    folder = signed / ("interim2" if name == "the folder renamed" else "interim")
    found = verify_results(folder)
    assert any(said in line for line in failing(found)), failing(found)
    assert found.state is state
    assert verify([folder]) == 1


def some_bytes_flipped(path: Path, step: int) -> Iterator[bytes]:
    whole = path.read_bytes()
    for byte in range(0, len(whole), step):
        flipped = bytearray(whole)
        flipped[byte] ^= 1
        yield bytes(flipped)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        *(("history.jsonl", 97), ("interim/audit/manifest.json", 211), ("interim/ard.csv", 3)),
        *(("interim/audit/history.json", 7), ("interim/audit/run.json", 7)),
    ],
)
def test_a_flipped_byte_is_found_wherever_it_is(name: str, step: int, results: Path) -> None:
    """Without a signature."""
    path = results / name
    before = path.read_bytes()
    count = 0
    for changed in some_bytes_flipped(path, step):
        path.write_bytes(changed)
        count += 1
        assert verify_results(results / "interim").state is not State.VERIFIED
    assert count >= 5
    path.write_bytes(before)
    assert verify_results(results / "interim").state is State.VERIFIED


def test_a_history_cut_at_any_byte_is_found(results: Path) -> None:
    path = results / "history.jsonl"
    whole = path.read_bytes()
    # Without the line end of the last line, nothing is missing.
    for length in (*range(0, len(whole) - 1, 13), len(whole) - 2):
        path.write_bytes(whole[:length])
        found = verify_results(results / "interim")
        assert found.state is State.UNVERIFIABLE, length
    path.write_bytes(whole[:-1])
    assert verify_results(results / "interim").state is State.VERIFIED


def test_an_entry_that_a_hand_has_made_up_is_told_without_a_traceback(results: Path) -> None:
    """A chain that holds, with an entry that lacks what a run writes."""
    path = results / "history.jsonl"
    whole = lines(path)
    forged = {"event": "run", "analysis": "interim", "number": 5, "previous": digest(whole[-1])}
    path.write_bytes(b"".join([*whole, canonical(forged)]))
    found = verify_results(results / "interim")
    assert failing(found) == [
        "history entries: not verifiable: an entry of this analysis is none that a run or a"
        " signature writes"
    ]


def test_results_that_are_gone_are_not_forgotten(results: Path) -> None:
    shutil.rmtree(results / "interim")
    assert [path.name for path in analyses(results)] == ["final", "interim"]
    assert verify(analyses(results)) == 1


def test_an_interrupted_append_is_told_and_no_reason_for_doubt(results: Path) -> None:
    path = results / "history.jsonl"
    with path.open("ab") as file:
        file.write(b'{"analysis":"interim","code":"cc')
    assert verify_results(results / "interim").state is State.UNVERIFIABLE
    make_results(results, second=2, files=FILES)
    found = verify_results(results / "interim")
    assert found.state is State.VERIFIED
    assert found.checks[0].detail.endswith("; entry 6 tells of an interrupted append")
    assert [line for line in lines(path) if not line.endswith(b"}\n")] == [
        b'{"analysis":"interim","code":"cc\n'
    ]
    (torn,) = [entry.values for entry in read_history(path).entries if "torn" in entry.values]
    assert torn["torn"][0]["line"] == 5


def test_an_auditor_brings_the_keys_and_believes_no_others(
    signed: Path, people: dict[str, Person], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.write_text(people["jane"].listed)
    found = verify_results(signed / "interim", own)
    assert found.state is State.UNVERIFIABLE
    own.write_text(people["jane"].listed + people["otto"].listed)
    assert verify_results(signed / "interim", own).state is State.VERIFIED


def test_to_verify_and_to_sign_no_heavy_library_is_read() -> None:
    code = "import durable.history.commands, durable.history.signing, sys; print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pandas", "numpy", "pyarrow", "matplotlib"}.isdisjoint(ast.literal_eval(done.stdout))
