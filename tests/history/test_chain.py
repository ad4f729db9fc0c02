"""The history only grows, and tells what was done to it since."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable.errors import UserError
from durable.history.chain import (
    BEFORE_FIRST,
    BrokenHistoryError,
    append_events,
    canonical,
    read_history,
)
from durable.history.events import current_user
from tests.history.conftest import FILES, digest, entries, lines, make_results

pytestmark = pytest.mark.requirement("AUD-05")


def append(results: Path, *texts: str, analysis: str = "interim") -> None:
    """Append one event for each text."""
    events = [{"analysis": analysis, "event": "note", "text": text} for text in texts]
    append_events(results, analysis, lambda _: events, lambda: {"time": "now"})


def test_without_a_receipt_the_entry_stands_and_the_message_says_so(tmp_path: Path) -> None:
    (tmp_path / "interim").mkdir()
    (tmp_path / "interim" / "audit").write_text("a file in the place of the folder")
    with pytest.raises(UserError) as told:
        append(tmp_path, "once")
    message = str(told.value)
    assert message.startswith(f"{tmp_path / 'interim/audit'}")
    assert "history.jsonl has entry 1, but no receipt says so" in message
    assert [entry["text"] for entry in entries(tmp_path)] == ["once"]


def test_each_run_is_a_line_with_its_number_and_the_digest_of_the_line_before(
    results: Path,
) -> None:
    whole = lines(results / "history.jsonl")
    told = entries(results)
    assert [entry["number"] for entry in told] == [1, 2, 3, 4]
    assert [entry["event"] for entry in told] == ["run", "run", "final", "run"]
    before = [BEFORE_FIRST, *(digest(line) for line in whole[:-1])]
    assert [entry["previous"] for entry in told] == before


def test_an_entry_says_who_when_why_and_of_what(results: Path) -> None:
    entry = entries(results)[3]
    folder = results / "interim"
    account = current_user()
    assert entry["user"] == {"login": account.login, "name": account.name}
    assert entry["reason"] == "late record of CQ-001"
    assert entry["time"].endswith("+00:00")
    assert (entry["study"], entry["analysis"], entry["data_cutoff"]) == (
        *("S-1", "interim"),
        "2024-06-30",
    )
    assert entry["inputs"] == {"subjects": "5" * 64}
    assert (entry["code"], entry["commit"], entry["dirty"]) == ("c" * 64, "4" * 40, False)
    for key, file in (("manifest", "manifest.json"), ("run", "run.json")):
        assert entry[key] == digest((folder / "audit" / file).read_bytes())
    manifest = json.loads((folder / "audit/manifest.json").read_text())
    assert entry["plan"] == manifest["plan"]["sha256"]
    outputs = {name: digest((folder / name).read_bytes()) for name in FILES}
    assert entry["outputs"] == outputs
    text = "".join(f"{name} {outputs[name]}\n" for name in sorted(outputs))
    assert entry["results"] == digest(text.encode())


def test_a_run_names_the_one_it_supersedes_whose_hashes_stay(results: Path) -> None:
    first, other, final, second = entries(results)
    assert (first["supersedes"], other["supersedes"]) == (None, None)
    assert second["supersedes"] == {"entry": 1, "manifest": first["manifest"]}
    assert first["outputs"]["ard.csv"] == digest(FILES["ard.csv"].encode())
    assert final["manifest"] == other["manifest"]


def test_to_lock_results_and_to_give_them_up_are_events_of_their_own(tmp_path: Path) -> None:
    for locked, second in ((True, 1), (True, 2), (False, 3), (False, 4), (True, 5)):
        make_results(tmp_path, locked=locked, second=second)
    events = [entry["event"] for entry in entries(tmp_path)]
    assert events == ["run", "final", "run", "run", "reopened", "run", "run", "final"]


def altered_lines(whole: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Histories that somebody has changed, with what was done."""
    for i, line in enumerate(whole[:-1]):
        yield f"line {i + 1} removed", [*whole[:i], *whole[i + 1 :]]
        yield f"line {i + 1} twice", [*whole[: i + 1], *whole[i:]]
        yield (
            f"lines {i + 1}, {i + 2} exchanged",
            [
                *(*whole[:i], whole[i + 1], whole[i]),
                *whole[i + 2 :],
            ],
        )
        values = json.loads(line)
        for key, value in values.items():
            other = {**values, key: f"{value}x" if isinstance(value, str) else [value]}
            yield f"{key} of line {i + 1} edited", [*whole[:i], canonical(other), *whole[i + 1 :]]
            without = {name: values[name] for name in values if name != key}
            changed = canonical(without)
            yield f"{key} of line {i + 1} removed", [*whole[:i], changed, *whole[i + 1 :]]
        for byte in range(0, len(line), 7):
            flipped = bytearray(line)
            flipped[byte] ^= 1
            yield (
                f"byte {byte} of line {i + 1} flipped",
                [
                    *whole[:i],
                    bytes(flipped),
                    *whole[i + 1 :],
                ],
            )
    for blank in (b"\n", b"{}\n", b"[]\n", b"null\n", b"\r\n", b'{"a":"\\ud800"}\n'):
        yield f"{blank!r} put first", [blank, *whole]
    yield "line ends of Windows", [line.replace(b"\n", b"\r\n") for line in whole]
    yield "a byte order mark", [b"\xef\xbb\xbf" + whole[0], *whole[1:]]


def test_every_change_to_a_line_that_has_a_successor_is_found(results: Path) -> None:
    whole = lines(results / "history.jsonl")
    path = results / "changed.jsonl"
    missed, count = [], 0
    for done, changed in altered_lines(whole):
        count += 1
        path.write_bytes(b"".join(changed))
        try:
            read_history(path)
        except BrokenHistoryError:
            continue
        missed.append(done)
    assert missed == []
    assert count > 450


def test_what_a_line_is_broken_by_is_said(results: Path) -> None:
    path = results / "history.jsonl"
    whole = lines(path)
    path.write_bytes(b"".join([whole[0], *whole[2:]]))
    with pytest.raises(BrokenHistoryError, match="line 2 bears another number"):
        read_history(path)
    path.write_bytes(b"".join([whole[0].replace(b"planned", b"ordered"), *whole[1:]]))
    with pytest.raises(BrokenHistoryError, match="line 2 does not follow from the line before"):
        read_history(path)
    path.write_bytes(b"".join([whole[0], b"notes\n", *whole[1:]]))
    with pytest.raises(BrokenHistoryError, match="line 2 is no entry, and line 3 does not say so"):
        read_history(path)


def test_nothing_is_appended_to_a_broken_history(results: Path) -> None:
    path = results / "history.jsonl"
    broken = path.read_bytes().replace(b"planned", b"ordered")
    path.write_bytes(broken)
    with pytest.raises(BrokenHistoryError):
        append(results, "more")
    assert path.read_bytes() == broken


def test_a_history_that_was_cut_or_is_of_other_results_is_refused_by_the_next_run(
    results: Path,
) -> None:
    path = results / "history.jsonl"
    cut = b"".join(lines(path)[:-1])
    path.write_bytes(cut)
    with pytest.raises(UserError, match=r"lacks the entry that .*/interim/audit/history\.json"):
        make_results(results, second=2)
    assert path.read_bytes() == cut
    path.unlink()
    with pytest.raises(UserError, match="Put it back from a copy"):
        make_results(results, second=2)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["a link", "a folder", "no folder to write to"])
def test_what_cannot_be_written_to_is_told(kind: str, tmp_path: Path) -> None:
    results, path = tmp_path / "results", tmp_path / "results/history.jsonl"
    results.mkdir()
    if kind == "a link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "a folder":
        path.mkdir()
    else:
        results = tmp_path / "file"
        results.write_text("")
    with pytest.raises(UserError, match="nothing was recorded in the history"):
        append(results, "first")
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def interrupted(tmp_path: Path) -> tuple[Path, bytes, bytes]:
    """A history of two entries, and what the next append writes."""
    append(tmp_path, "one", "zwei äöü")
    path = tmp_path / "history.jsonl"
    before = path.read_bytes()
    append(tmp_path, "three", "four")
    written = path.read_bytes().removeprefix(before)
    (tmp_path / "interim/audit/history.json").unlink()
    return path, before, written


def texts(path: Path) -> list[object]:
    """What the entries of a history say."""
    return [entry.values.get("text", entry.values["event"]) for entry in read_history(path).entries]


def resume(path: Path, content: bytes) -> None:
    """Go on after an append that left `content`."""
    path.write_bytes(content)
    append(path.parent, "later")
    (path.parent / "interim/audit/history.json").unlink()
    # Nothing that was there is rewritten.
    assert path.read_bytes().startswith(content)
    history = read_history(path)
    assert (history.torn, history.ended) == ((), True)


def test_a_loss_of_power_at_each_byte_of_an_append_is_recovered_and_told(
    interrupted: tuple[Path, bytes, bytes],
) -> None:
    path, before, written = interrupted
    third = written.index(b"\n")
    whole = {third: ["three"], third + 1: ["three"], len(written) - 1: ["three", "four"]}
    for cut in range(len(written)):
        resume(path, before + written[:cut])
        kept = whole.get(cut, ["three"] if cut > third else [])
        torn = [] if cut == 0 or cut in whole else ["recovery"]
        assert texts(path) == ["one", "zwei äöü", *kept, *torn, "later"], cut
        for entry in read_history(path).entries:
            if entry.values["event"] == "recovery":
                (line,) = entry.values["torn"]
                left = (before + written[:cut]).split(b"\n")[-1]
                assert line["bytes"] == len(left)
                assert line["sha256"] == digest(left + b"\n")
                assert entry.values["time"] == "now"


def test_a_loss_of_power_during_the_recovery_is_recovered_too(
    interrupted: tuple[Path, bytes, bytes],
) -> None:
    path, before, written = interrupted
    torn = before + written[:20]
    resume(path, torn)
    recovering = path.read_bytes().removeprefix(torn)
    for cut in range(len(recovering)):
        resume(path, torn + recovering[:cut])
        told = texts(path)
        assert told[:2] == ["one", "zwei äöü"], cut
        assert told[-1] == "later", cut
        assert "recovery" in told, cut


@pytest.mark.parametrize("left", [b"\0" * 512, b"\0" * 100 + b'"}\n', b"\n", b"\xff\xfe\n"])
def test_blocks_that_never_reached_the_disk_are_torn_lines(
    left: bytes, interrupted: tuple[Path, bytes, bytes]
) -> None:
    path, before, _ = interrupted
    resume(path, before + left)
    assert texts(path) == ["one", "zwei äöü", "recovery", "later"]


def test_a_recovery_that_says_something_else_of_the_torn_line_breaks_the_chain(
    interrupted: tuple[Path, bytes, bytes],
) -> None:
    path, before, _ = interrupted
    resume(path, before + b"torn")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"torn\n", b"TORN\n", 1))
    with pytest.raises(BrokenHistoryError, match="line 3 is no entry, and line 4 does not say so"):
        read_history(path)


def _append_many(results: Path, name: str) -> None:
    for number in range(20):
        append(results, f"{name}-{number}", analysis=name)


def test_appends_at_the_same_time_wait_for_one_another(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    names = [f"analysis{number}" for number in range(4)]
    processes = [start.Process(target=_append_many, args=(tmp_path, name)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    history = read_history(tmp_path / "history.jsonl")
    assert [entry.number for entry in history.entries] == list(range(1, 81))
    for name in names:
        told = [e.values["text"] for e in history.entries if e.values["analysis"] == name]
        assert told == [f"{name}-{number}" for number in range(20)]


def test_a_history_put_back_while_an_append_waits_is_the_one_that_grows(tmp_path: Path) -> None:
    append(tmp_path, "one")
    path = tmp_path / "history.jsonl"
    (tmp_path / "copy").write_bytes(path.read_bytes())
    start = multiprocessing.get_context("spawn")
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        process = start.Process(target=append, args=(tmp_path, "two"))
        process.start()
        process.join(2)
        assert process.is_alive()
        (tmp_path / "copy").replace(path)
    process.join(60)
    assert process.exitcode == 0
    assert texts(path) == ["one", "two"]
