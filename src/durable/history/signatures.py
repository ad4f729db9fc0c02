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
    """Who has signed, by the key."""

    key: str
    """Kind and fingerprint of the key."""
    identity: str
    """Name of the key in allowed_signers; empty where it is not listed, or was not at the time."""


def sign(statement: bytes, key: Path) -> bytes:
    """The signature of a statement by a key, which ssh-keygen may ask the user to unlock.

    Parameters
    ----------
    key
        Private key, or the public one of a key that an agent or a device holds.

    Raises
    ------
    UserError
        Where ssh-keygen gives none.
    """
    done = _ssh_keygen("sign", "-n", NAMESPACE, "-f", str(key), statement=statement, shown=True)
    if done.returncode != 0:
        raise UserError(f"{key}: ssh-keygen gave no signature; nothing was signed")
    return done.stdout


def signer_of(statement: bytes, signature: Path, allowed: Path, time: str) -> Signer | None:
    """Who has signed a statement; None where the signature is not of this statement.

    Parameters
    ----------
    signature
        File of the signature.
    allowed
        The allowed_signers file; where there is none, no key is listed.
    time
        When it was signed, ISO 8601: allowed_signers may say from when and until when a key holds.
    """
    where = ("-n", NAMESPACE, "-s", str(signature))
    whole = _ssh_keygen("check-novalidate", *where, statement=statement)
    found = _KEY.search(whole.stdout.decode(errors="replace"))
    if whole.returncode != 0 or found is None:
        return None
    key = found["key"]
    if not allowed.is_file():
        return Signer(key, "")
    at = f"-Overify-time={dt.datetime.fromisoformat(time).astimezone(dt.UTC):%Y%m%d%H%M%S}"
    listed = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(allowed), at)
    for identity in listed.stdout.decode(errors="replace").splitlines():
        who = ("-I", identity, "-f", str(allowed), at)
        if _ssh_keygen("verify", *who, *where, statement=statement).returncode == 0:
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
