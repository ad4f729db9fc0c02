"""Command ``sign``: a person signs an analysis that is complete and verified, or time-stamps it."""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from durable.errors import UserError
from durable.files import sha256, write_bytes
from durable.history.approvals import keys_of, normal
from durable.history.chain import HISTORY, History, canonical, read_history
from durable.history.contents import SIGNATURES
from durable.history.events import (
    RECORDED,
    SIGNED,
    STAMPED,
    current_user,
    record_event,
    utc_now,
)
from durable.history.records import Record, Trust, read_record, trust_of
from durable.history.signatures import ENDING, Signer, sign, signer_of
from durable.history.timestamps import check_stamp, stamped_file
from durable.history.verification import verify_results
from durable.runs.locks import lock_results
from durable.runs.manifest import MANIFEST


@dataclass(frozen=True)
class Declaration:
    """What a person declares who signs (21 CFR 11.50), beside the time."""

    name: str
    """Printed name."""
    meaning: str
    """What the signature means, as ``approved``."""
    reason: str
    """Why the person signs."""


def sign_results(folder: Path, declaration: Declaration, private: Path) -> Path:
    """Sign the results of an analysis and append that to the history; the file of the statement.

    The signature lies beside it, with the ending `ENDING`.

    Parameters
    ----------
    folder
        Results of the analysis.
    private
        Key of the person: private, or public where an agent or a device holds the private one.

    Raises
    ------
    UserError
        Where the results are not complete and verified, the key is not that of a known signer, or
        the person may not give this signature.
    """
    with _verified_results(folder) as (record, history):
        run = history.entries_of(folder.name, RECORDED)[-1].values
        number, head = history.head
        declared = {"meaning": declaration.meaning, "reason": declaration.reason}
        signer = {"login": current_user().login, "name": declaration.name}
        statement = {
            **{key: run[key] for key in ("study", "analysis", "manifest", "run")},
            **declared,
            "signer": signer,
            "time": utc_now(),
            "history": {"number": number, "sha256": head},
        }
        content = canonical(statement)
        signature = sign(content, private)
        known_signer = _known_signer(
            content, signature, statement["time"], trust_of(record, folder)
        )
        _refuse_author(record, history, run["user"]["login"], declaration.meaning, known_signer)
        name = f"{statement['time'][:19].replace(':', '')}-{_digest(content)[:8]}.json"
        path = folder / SIGNATURES / name
        write_bytes(path, content)
        write_bytes(path.with_name(name + ENDING), signature)
        event = {
            "event": SIGNED,
            "file": name,
            "statement": _digest(content),
            "signature": _digest(signature),
            "manifest": run["manifest"],
            **declared,
            "signer": signer,
            "key": known_signer.key,
            "identity": known_signer.identity,
        }
        record_event(folder, event)
    return path


def stamp_results(folder: Path, response: Path) -> Path:
    """Keep a time stamp and append that to the history; the file that was stamped.

    That is the manifest or the file of a signature: the one whose digest is in the response.

    Parameters
    ----------
    folder
        Results of the analysis.
    response
        File with the response of the authority (RFC 3161).

    Raises
    ------
    UserError
        Where it is of no file of the analysis, does not hold, or is kept already; and where the
        results are not complete and verified.
    """
    try:
        content = response.read_bytes()
    except OSError as error:
        raise UserError(f"{response}: {error.strerror}; expected a time stamp response") from None
    with _verified_results(folder) as (record, _):
        signed = sorted((folder / SIGNATURES).glob(f"*{ENDING}"))
        stamped = stamped_file(content, [*signed, folder / MANIFEST])
        state, detail = check_stamp(response, stamped, trust_of(record, folder).authority)
        if not state.good:
            raise UserError(f"{response}: {detail}; nothing was recorded")
        name = f"{stamped.name}-{_digest(content)[:8]}.tsr"
        if (folder / SIGNATURES / name).exists():
            raise UserError(f"{folder / SIGNATURES / name}: this time stamp is kept already")
        write_bytes(folder / SIGNATURES / name, content)
        event = {
            "event": STAMPED,
            "file": name,
            "sha256": _digest(content),
            "of": stamped.relative_to(folder).as_posix(),
            "of_sha256": sha256(stamped),
        }
        record_event(folder, event)
    return stamped


@contextmanager
def _verified_results(folder: Path) -> Iterator[tuple[Record, History]]:
    """Manifest and history of results that are complete and verified, locked against runs.

    Raises
    ------
    UserError
        Where they are not; missing approvals alone are no reason.
    """
    if not (folder / MANIFEST).is_file():
        raise UserError(f"{folder} holds no finished analysis; nothing was signed")
    with lock_results(folder, fcntl.LOCK_SH):
        verification = verify_results(folder)
        # An approval that is missing is what a signature is for.
        failures = [str(c) for c in verification.checks if not c.good and c.kind != "approval"]
        record = read_record(folder)
        if failures or record is None:
            lines = "\n  ".join(failures)
            raise UserError(
                f"{folder} is not complete and verified; nothing was signed:\n  {lines}"
            )
        yield record, read_history(folder.parent / HISTORY)


def _known_signer(content: bytes, signature: bytes, time: str, trust: Trust) -> Signer:
    """Key of a signature and whose it is; listed in allowed_signers.

    Raises
    ------
    UserError
        Where the key is not that of a known signer: nobody could verify the signature.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "statement.sig")
        path.write_bytes(signature)
        signer = signer_of(content, path, trust.signers, time)
    if signer is None or not signer.identity:
        key = "the key" if signer is None else f"the key {signer.key}"
        raise UserError(
            f"{key} is not listed in {trust.signers}; nothing was signed. A line of it is the"
            " signer's e-mail address and the public key: jane@example.org ssh-ed25519 AAAA..."
        )
    return signer


def _refuse_author(
    record: Record, history: History, author: str, meaning: str, signer: Signer
) -> None:
    needed = {normal(approval) for approval in record.governance.approvals}
    if not record.governance.separate_approver or normal(meaning) not in needed:
        return
    if current_user().login == author or signer.key in keys_of(author, history.entries):
        raise UserError(
            f"{author} ran the analysis: another person has to sign that it is {meaning}"
            " (governance.separate_approver); nothing was signed"
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
