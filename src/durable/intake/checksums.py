"""A vendor's list of checksums (``inputs.checksums``): the files are those that were sent.

Read as sha256sum, md5sum and shasum write it, by default or with ``--tag`` (as BSD does).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from durable.intake.findings import Findings
from durable.language import N_, _
from durable.plan import Inputs
from durable.plan.input_files import input_paths, study_files

#: Algorithm by the number of hexadecimal digits of a digest.
_BY_LENGTH = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
#: ``DIGEST  name``, with an asterisk before a file that was read as bytes. A backslash before the
#: line says that those in the name are doubled, as other signs are written with one.
_PLAIN = re.compile(r"(?P<escape>\\?)(?P<digest>[0-9A-Fa-f]+)[ \t]+\*?(?P<name>\S.*)")
#: ``ALGORITHM (name) = DIGEST``.
_TAGGED = re.compile(
    r"(?P<escape>\\?)(?P<algorithm>MD5|SHA-?[0-9]+) ?\((?P<name>.+)\) ?= ?(?P<digest>[0-9A-Fa-f]+)"
)
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_NO_FILE = N_("no file")


@dataclass(frozen=True)
class Checksum:
    """A line of the list: a file and the digest that is expected of it."""

    file: Path
    """Resolved, from the folder of the list."""
    algorithm: str
    """Name in `hashlib`, by the length of the digest: md5, sha1, sha224, sha256, sha384, sha512."""
    digest: str
    """Hexadecimal digits in small letters."""


def verify(inputs: Inputs, findings: Findings) -> dict[str, str]:
    """Compare the files with the vendor's list of checksums; return the SHA-256 of each input.

    Findings are added on each line that is no checksum, each listed file that is missing or
    differs, and each input that is not in the list.

    Returns
    -------
    dict
        SHA-256 by the name of the file in the manifest (``visits``, ``visits.files[1]``, domain
        ``QS``); ``no file`` for one that is missing. Empty where the plan names no list.
    """
    if inputs.checksums is None:
        return {}
    path = Path(inputs.checksums)
    # The files of a package have no table of their own.
    tables = {Path(file.path).resolve(): file.table for file in study_files(inputs)}
    checksums = list(_read(path, findings))
    for checksum in checksums:
        actual = _digest(checksum.file, checksum.algorithm)
        if actual != checksum.digest:
            rule = "missing_file" if actual == _NO_FILE else "other_file"
            algorithm = checksum.algorithm.upper()
            message = _("{algorithm} is {found}; expected {digest} (inputs.checksums)").format(
                algorithm=algorithm, found=actual, digest=checksum.digest
            )
            if actual == _NO_FILE:
                message = _("no such file; expected one with {algorithm} {digest}").format(
                    algorithm=algorithm, digest=checksum.digest
                )
            table = tables.get(checksum.file, "")
            value = _digest_text(actual)
            findings.add_about_file(table, checksum.file.name, rule, message, value=value)
    for file in sorted(tables.keys() - {checksum.file for checksum in checksums}):
        actual = _digest_text(_digest(file, "sha256"))
        message = _("SHA-256 is {found}; expected it in {list} (inputs.checksums)").format(
            found=actual, list=path.name
        )
        findings.add_about_file(tables[file], file.name, "unlisted_file", message, value=actual)
    return {name: _digest(Path(file), "sha256") for name, file in input_paths(inputs).items()}


def report_replaced(
    inputs: Inputs,
    compared_digests: Mapping[str, str],
    read_digests: Mapping[str, str],
    findings: Findings,
) -> None:
    """Report inputs whose bytes changed between the comparison with the list and their reading.

    Parameters
    ----------
    compared_digests, read_digests
        SHA-256 by the name of the file in the manifest, of `verify` and of `sources.read_digests`.
        A file that only one of them has is not reported.
    """
    for file in study_files(inputs):
        actual, expected = read_digests.get(file.name), compared_digests.get(file.name)
        # A file that could not be read has its finding.
        if actual and expected and actual != expected:
            message = _(
                "SHA-256 is {found}; expected {expected}, as compared (inputs.checksums)"
            ).format(found=actual, expected=expected)
            name = Path(file.path).name
            findings.add_about_file(file.table, name, "other_file", message, value=actual)


def _read(path: Path, findings: Findings) -> Iterator[Checksum]:
    """The lines of a list; one that is no checksum is reported."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else _("bytes that are not UTF-8")
        message = _("{reason}; expected a list of checksums (inputs.checksums)").format(
            reason=reason
        )
        findings.add_about_file("", path.name, "unreadable_file", message)
        return
    for row, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _TAGGED.fullmatch(line.strip()) or _PLAIN.fullmatch(line.strip())
        algorithm = "" if match is None else _algorithm(match)
        if match is None or not algorithm:
            message = _("a line that is no checksum; expected one as sha256sum or md5sum writes it")
            findings.add_about_file("", path.name, "unreadable_file", message, row=row, value=line)
            continue
        name = match["name"]
        if match["escape"]:
            name = re.sub(r"\\.", lambda sign: _ESCAPES.get(sign[0], sign[0]), name)
        else:
            name = name.replace("\\", "/")  # of a list that was made on Windows
        yield Checksum((path.parent / name).resolve(), algorithm, match["digest"].lower())


def _algorithm(line: re.Match[str]) -> str:
    """The algorithm of a digest, by its length; '' where that is none or not the stated one."""
    algorithm = _BY_LENGTH.get(len(line["digest"]), "")
    stated = line.groupdict().get("algorithm") or algorithm
    return algorithm if stated.lower().replace("-", "") == algorithm else ""


def _digest_text(digest: str) -> str:
    return _(_NO_FILE) if digest == _NO_FILE else digest


def _digest(file: Path, algorithm: str) -> str:
    """The digest of a file, or that there is none."""
    if not file.is_file():
        return _NO_FILE
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, algorithm).hexdigest()
