"""Time stamps (RFC 3161): which file one is of, and whether its authority has given it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from durable.errors import UserError
from durable.history.states import State
from durable.language import N_, Text
from durable.runs.environment import job_environment

_DIGESTS = ("sha256", "sha384", "sha512")
_TIME = re.compile(r"^Time stamp: (?P<time>.+) GMT$", re.MULTILINE)


def stamped_file(response: bytes, files: Iterable[Path]) -> Path:
    """The first file whose SHA-256, SHA-384 or SHA-512 a time stamp holds.

    Parameters
    ----------
    response
        Content of the response of the authority.

    Raises
    ------
    UserError
        Where it holds the digest of none of the files.
    """
    candidates = list(files)
    for path in candidates:
        content = path.read_bytes()
        if any(hashlib.new(name, content).digest() in response for name in _DIGESTS):
            return path
    names = "\n  ".join(map(str, candidates))
    raise UserError(f"the time stamp is of none of these files:\n  {names}")


def check_stamp(response: Path, stamped: Path, authority: Path | None) -> tuple[State, str]:
    """Whether a time stamp holds, and that in words.

    VERIFIED where openssl verifies it, and also where it is *not checked*: without `authority` or
    without openssl. UNVERIFIABLE where it does not verify, cannot be read, or the certificates are
    not there.

    Parameters
    ----------
    response
        File with the response of the authority.
    stamped
        File that was stamped.
    authority
        Certificates of the authority; None where none are known.
    """
    if authority is None:
        return State.VERIFIED, Text(
            N_("not checked (governance.timestamp_ca names no certificates)")
        )
    if not authority.is_file():
        return State.UNVERIFIABLE, Text(N_("{file} is not there"), file=authority)
    reply = _openssl("-reply", "-in", str(response), "-text")
    if reply is None:
        return State.VERIFIED, Text(N_("not checked (openssl is not installed)"))
    match = _TIME.search(reply.stdout)
    if match is None:
        return State.UNVERIFIABLE, Text(N_("no time stamp can be read from it"))
    time = dt.datetime.strptime(match["time"], "%b %d %H:%M:%S %Y").replace(tzinfo=dt.UTC)
    # The certificate has to hold at the time of the stamp: years later it has expired.
    at_time = ("-attime", str(int(time.timestamp())))
    files = ("-data", str(stamped), "-in", str(response), "-CAfile", str(authority))
    verification = _openssl("-verify", *files, *at_time)
    if verification is None or verification.returncode != 0:
        text = N_("openssl does not verify it by {file}")
        return State.UNVERIFIABLE, Text(text, file=authority)
    text = N_("given at {time}, verified by {file}")
    return State.VERIFIED, Text(text, time=time.isoformat(), file=authority)


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Run ``openssl ts``; None where it is not installed."""
    command = ["openssl", "ts", *arguments]
    try:
        return subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, env=job_environment()
        )
    except FileNotFoundError:
        return None
