"""A vendor's list of checksums: every file is the one that was sent, and every input is listed."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from durable.contracts.tables import TABLES
from tests.intake.package import packaged
from tests.intake.study import Study

ERRORS = ["rule", "table", "message"]


def errors(study: Study) -> list[tuple[str, str, str]]:
    """Rule, table and message of the errors, as the listing has them."""
    study.check()
    listed = pd.read_csv(study.results / "queries.csv", keep_default_na=False)
    found = listed.loc[listed["severity"] == "error", ERRORS]
    return list(found.itertuples(index=False, name=None))


def delivery(folder: Path, *command: str) -> Study:
    """The demo with the list that a program writes of its files."""
    study = Study(folder)
    study.plan()
    study.parsed = None
    names = [f"{table}.csv" for table in TABLES]
    done = subprocess.run(
        [*command, *names], cwd=folder, capture_output=True, text=True, check=True
    )
    (folder / "LIST").write_text(done.stdout)
    study.raw["inputs"]["checksums"] = str(folder / "LIST")
    return study


def digest(data: bytes, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, data).hexdigest()


PROGRAMS = [
    ("sha256sum",),
    ("sha256sum", "--binary"),
    ("sha256sum", "--tag"),
    ("sha512sum",),
    ("sha1sum", "--tag"),
    ("md5sum",),
    ("md5sum", "--tag"),
    ("shasum", "-a", "256"),
    ("shasum", "-a", "384", "--tag"),
]


@pytest.mark.parametrize("command", PROGRAMS, ids=" ".join)
def test_a_list_of_any_program_is_compared(command: tuple[str, ...], tmp_path: Path) -> None:
    study = delivery(tmp_path, *command)
    assert errors(study) == []
    study.files["kinetics"] += b"CQ-012,2026-03-23,,,ddPCR,copies/ug,1,N,1\n"
    study.parsed = None
    ((rule, table, message),) = [one for one in errors(study) if one[0] == "other_file"]
    name = command[0].removesuffix("sum").upper() if command[0] != "shasum" else f"SHA{command[2]}"
    before = digest(Study(tmp_path).files["kinetics"], name.lower())
    now = digest(study.files["kinetics"], name.lower())
    assert (rule, table) == ("other_file", "kinetics")
    assert message == f"kinetics.csv: {name} is {now}; expected {before} (inputs.checksums)"


def test_a_listed_file_that_is_missing_is_an_error_whether_it_is_an_input_or_not(
    tmp_path: Path,
) -> None:
    study = delivery(tmp_path, "sha256sum")
    listed = tmp_path / "LIST"
    listed.write_text(listed.read_text() + f"{'0' * 64}  define.xml\n")
    assert errors(study) == [
        ("missing_file", "", f"define.xml: no such file; expected one with SHA256 {'0' * 64}")
    ]
    (tmp_path / "define.xml").write_bytes(b"x")
    assert errors(study) == [
        (
            "other_file",
            "",
            f"define.xml: SHA256 is {digest(b'x')}; expected {'0' * 64} (inputs.checksums)",
        )
    ]


def test_an_input_that_is_not_listed_is_an_error(tmp_path: Path) -> None:
    study = delivery(tmp_path, "sha256sum")
    listed = tmp_path / "LIST"
    lines = listed.read_text().splitlines(keepends=True)
    listed.write_text("".join(line for line in lines if "kinetics" not in line))
    found = digest(study.files["kinetics"])
    message = f"kinetics.csv: SHA-256 is {found}; expected it in LIST (inputs.checksums)"
    assert errors(study) == [("unlisted_file", "kinetics", message)]
    assert study.refused() is not None


@pytest.mark.parametrize(
    "line",
    [
        "no checksum",
        f"{'0' * 63}  subjects.csv",
        f"SHA512 (subjects.csv) = {'0' * 64}",
        f"CRC32 (subjects.csv) = {'0' * 64}",
        f"{'g' * 64}  subjects.csv",
        "0" * 64,
    ],
)
def test_a_line_that_is_no_checksum_is_an_error(line: str, tmp_path: Path) -> None:
    study = delivery(tmp_path, "sha256sum")
    listed = tmp_path / "LIST"
    listed.write_text(f"# of the delivery of May\n\n{listed.read_text()}{line}\n")
    message = "a line that is no checksum; expected one as sha256sum or md5sum writes it"
    assert errors(study) == [("unreadable_file", "", f"LIST, row 12: {message}")]


def test_a_list_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    study = delivery(tmp_path, "sha256sum")
    (tmp_path / "LIST").write_bytes(b"\xff\xfe\xff")
    found = errors(study)
    assert found[0][2].startswith("LIST: bytes that are not UTF-8; expected a list of checksums")
    assert {rule for rule, *_ in found[1:]} == {"unlisted_file"}


def test_names_of_other_systems_are_read(tmp_path: Path) -> None:
    """Folders with a backslash, line ends and a mark of Windows; escapes of Unix."""
    study = Study(tmp_path / "data")
    study.folder.mkdir()
    lines = [f"{digest(study.files[name])} *data\\{name}.csv\r\n" for name in TABLES]
    (tmp_path / "LIST").write_bytes(b"\xef\xbb\xbf" + "".join(lines).encode())
    study.raw["inputs"]["checksums"] = str(tmp_path / "LIST")
    assert errors(study) == []
    odd = tmp_path / "a\\b\nc.txt"
    odd.write_bytes(b"odd")
    done = subprocess.run(["sha256sum", odd.name], cwd=tmp_path, capture_output=True, text=True)
    (tmp_path / "LIST").write_bytes("".join(lines).encode() + done.stdout.encode())
    assert done.stdout.startswith("\\")
    assert errors(study) == []
    odd.unlink()
    ((rule, _, _),) = errors(study)
    assert rule == "missing_file"


def test_the_files_of_a_package_are_compared_too(tmp_path: Path) -> None:
    study = packaged(tmp_path, "xpt")
    done = subprocess.run("sha256sum *.xpt", shell=True, cwd=tmp_path, capture_output=True)
    (tmp_path / "LIST").write_bytes(done.stdout)
    study.raw["inputs"]["checksums"] = str(tmp_path / "LIST")
    assert errors(study) == []
    (tmp_path / "LIST").write_bytes(
        b"".join(line for line in done.stdout.splitlines(keepends=True) if b" ae.xpt" not in line)
    )
    ((rule, table, message),) = errors(study)
    assert (rule, table) == ("unlisted_file", "")
    assert message.startswith("ae.xpt: SHA-256 is ")
    (tmp_path / "lb.xpt").unlink()
    found = {(rule, message.split(":")[0]) for rule, _, message in errors(study)}
    assert found == {
        ("unlisted_file", "ae.xpt"),
        ("missing_file", "lb.xpt"),
        # The definitions need a result of it.
        ("missing_column", "ft.xpt, qs.xpt, rs.xpt"),
    }


def test_a_file_that_is_replaced_between_comparing_and_reading_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from durable.intake import check

    study = delivery(tmp_path, "md5sum")
    verify = check.verify

    def replaced(*given: object) -> dict[str, str]:
        found = verify(*given)  # type: ignore[arg-type]
        (tmp_path / "kinetics.csv").write_bytes(study.files["kinetics"][:-1] + b"\n\n")
        return found

    monkeypatch.setattr(check, "verify", replaced)
    read, compared = (
        digest(data) for data in (study.files["kinetics"] + b"\n", study.files["kinetics"])
    )
    message = f"SHA-256 is {read}; expected {compared}, as compared (inputs.checksums)"
    assert errors(study) == [("other_file", "kinetics", f"kinetics.csv: {message}")]
