"""Signatures: what a person signs, by which key, and whether it holds.

A signature is one of OpenSSH (``ssh-keygen -Y sign``) over a statement: a line of JSON that names
the results by their digests, the signer, the meaning and the time. Whose key is whose says a file
of the organisation, ``allowed_signers``.
"""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from durable.errors import UserError
from durable.runs.environment import job_environment

#: What a signature is for: one made for another purpose does not hold here.
NAMESPACE = "durable"
#: Ending of the signature of a statement, after the name of the statement.
ENDING = ".sig"
_KEY = re.compile(r" signature .*with (?P<key>\S+ key \S+)")


@dataclass(frozen=True)
class Signer:
    """The key of a signature, and whose it is."""

    key: str
    """Kind and fingerprint of the key, as ssh-keygen writes them."""
    identity: str
    """Name of the key in allowed_signers; empty where it is not listed, or was not at the time."""


def sign(statement: bytes, key: Path) -> bytes:
    """The OpenSSH signature (PEM text) of a statement; ssh-keygen may ask to unlock the key.

    Parameters
    ----------
    key
        File of the private key, or of the public one where an agent or a device holds the private.

    Raises
    ------
    UserError
        Where ssh-keygen gives none, or is not installed.
    """
    process = _ssh_keygen("sign", "-n", NAMESPACE, "-f", str(key), statement=statement, shown=True)
    if process.returncode != 0:
        raise UserError(f"{key}: ssh-keygen gave no signature; nothing was signed")
    return process.stdout


def signer_of(statement: bytes, signature: Path, allowed: Path, time: str) -> Signer | None:
    """Key of a signature and whose it is; None where the signature is not of this statement.

    The identity is the first under which the key is listed and holds at `time`; empty where there
    is none.

    Parameters
    ----------
    signature
        File of the signature.
    allowed
        The allowed_signers file; where there is none, no key is listed.
    time
        When it was signed, ISO 8601: allowed_signers may say from when and until when a key holds.

    Raises
    ------
    UserError
        Where ssh-keygen is not installed.
    ValueError
        Where `time` is not ISO 8601 and there is such a file.
    """
    arguments = ("-n", NAMESPACE, "-s", str(signature))
    process = _ssh_keygen("check-novalidate", *arguments, statement=statement)
    match = _KEY.search(process.stdout.decode(errors="replace"))
    if process.returncode != 0 or match is None:
        return None
    key = match["key"]
    if not allowed.is_file():
        return Signer(key, "")
    at_time = f"-Overify-time={dt.datetime.fromisoformat(time).astimezone(dt.UTC):%Y%m%d%H%M%S}"
    listed = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(allowed), at_time)
    for identity in listed.stdout.decode(errors="replace").splitlines():
        of_identity = ("-I", identity, "-f", str(allowed), at_time)
        if _ssh_keygen("verify", *of_identity, *arguments, statement=statement).returncode == 0:
            return Signer(key, identity)
    return Signer(key, "")


def _ssh_keygen(
    command: str, *arguments: str, statement: bytes = b"", shown: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Run ``ssh-keygen -Y``; what it says beside its result goes to the terminal where `shown`."""
    try:
        return subprocess.run(  # noqa: S603
            ["ssh-keygen", "-Y", command, *arguments],  # noqa: S607
            input=statement,
            stdout=subprocess.PIPE,
            stderr=None if shown else subprocess.DEVNULL,
            check=False,
            # Times of allowed_signers are then UTC.
            env=job_environment(),
        )
    except FileNotFoundError:
        raise UserError(
            "ssh-keygen is not installed: OpenSSH 8.9 or later makes and verifies signatures"
        ) from None
