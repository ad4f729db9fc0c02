"""The signatures of an analysis: whether each holds, and whether all that are needed are there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable.files import sha256
from durable.history.chain import Entry, History
from durable.history.contents import SIGNATURES
from durable.history.events import RECORDED, SIGNED, STAMPED
from durable.history.records import Trust
from durable.history.signatures import ENDING, Signer, signer_of
from durable.history.states import Check, State
from durable.history.timestamps import check_stamp
from durable.language import N_, Text
from durable.plan import Governance


@dataclass(frozen=True)
class Signature:
    """An entry of the history of a signature, and whether the signature holds."""

    entry: Entry
    check: Check
    signer: Signer | None = None
    """Key and identity; None unless the check is good, that is, the signature is verified."""

    @property
    def meaning(self) -> str:
        """Meaning of the signature as the history has it, by `normal`: ``approved``."""
        return normal(str(self.entry.values.get("meaning")))


def normal(meaning: str) -> str:
    """A meaning without its capitals and outer spaces: `" Approved"` gives `"approved"`."""
    return meaning.strip().casefold()


def check_signatures(folder: Path, history: History, trust: Trust) -> Iterator[Signature]:
    """Each signature given since the last run was recorded, checked, in the order of the history.

    Verified is one whose files are as the history has them, whose statement is of these results
    and whose key is listed; a key that is not listed makes it unverifiable.

    Raises
    ------
    IndexError
        Where the history has no run of the analysis; so do `check_earlier` and `check_approvals`.
    """
    recorded = history.entries_of(folder.name, RECORDED)[-1]
    for entry in history.entries_of(folder.name, SIGNED):
        if entry.number > recorded.number:
            yield _check_signature(folder, entry, history, trust)


def _check_signature(folder: Path, entry: Entry, history: History, trust: Trust) -> Signature:
    name = str(entry.values["file"])
    check = check_kept(folder, entry, "signature", {"": "statement", ENDING: "signature"})
    if not check.good:
        return Signature(entry, check)
    path = folder / SIGNATURES / name
    content = path.read_bytes()
    statement = json.loads(content)
    differences = [
        key
        for key, value in _expected_statement(folder, entry, history).items()
        if statement.get(key) != value
    ]
    head = statement.get("history", {})
    if differences or not history.holds(head.get("number"), head.get("sha256")):
        named = ", ".join(differences) or "history"
        detail = Text(N_("its statement is not of these results ({keys})"), keys=named)
        return Signature(entry, Check("signature", name, State.CHANGED, detail))
    signer = signer_of(content, path.with_name(name + ENDING), trust.signers, statement["time"])
    if signer is None:
        detail = Text(N_("it is not a signature of its statement"))
        return Signature(entry, Check("signature", name, State.CHANGED, detail))
    signature = Text(
        N_("{meaning}, by {name} at {time}"),
        meaning=statement["meaning"],
        name=statement["signer"]["name"],
        time=statement["time"],
    )
    if not signer.identity:
        text = N_("{given}; {key} is not listed in {file}")
        detail = Text(text, given=signature, key=signer.key, file=trust.signers)
        return Signature(entry, Check("signature", name, State.UNVERIFIABLE, detail))
    text = N_("{given}; the key is that of {identity} ({key})")
    detail = Text(text, given=signature, identity=signer.identity, key=signer.key)
    return Signature(entry, Check("signature", name, State.VERIFIED, detail), signer)


def _expected_statement(folder: Path, entry: Entry, history: History) -> dict[str, Any]:
    """Values of a statement by key: of the last run recorded, and of the signature's own entry."""
    recorded = history.entries_of(folder.name, RECORDED)[-1].values
    of_run = {key: recorded[key] for key in ("study", "analysis", "manifest", "run")}
    return {**of_run, **{key: entry.values[key] for key in ("meaning", "reason", "signer")}}


def check_kept(folder: Path, entry: Entry, kind: str, digests: Mapping[str, str]) -> Check:
    """The files of a signature or time stamp against the digests in its entry of the history.

    Verified where all are there and as they were, changed where one was removed or altered; the
    first such file is named.

    Parameters
    ----------
    kind
        The kind of the check that is returned: ``signature`` or ``timestamp``.
    digests
        By the ending that a file has after the name in the entry (empty: none), the key under which
        the entry has its SHA-256.
    """
    name = str(entry.values["file"])
    for ending, key in digests.items():
        path = folder / SIGNATURES / f"{name}{ending}"
        if not path.is_file():
            return Check(kind, name, State.CHANGED, Text(N_("{file} was removed"), file=path.name))
        if sha256(path) != entry.values[key]:
            return Check(kind, name, State.CHANGED, Text(N_("{file} was altered"), file=path.name))
    return Check(kind, name, State.VERIFIED, Text(N_("as it was given")))


def check_earlier(folder: Path, history: History) -> Iterator[Check]:
    """Whether the files of the signatures given before the last run are kept, a check for each.

    Verified means kept unaltered: such a signature no longer counts as an approval.
    """
    recorded = history.entries_of(folder.name, RECORDED)[-1]
    for entry in history.entries_of(folder.name, SIGNED):
        if entry.number < recorded.number:
            check = check_kept(folder, entry, "signature", {"": "statement", ENDING: "signature"})
            text = N_("of a run that entry {n} supersedes; it counts no longer")
            detail = Text(text, n=recorded.number)
            yield Check(check.kind, check.name, check.state, detail) if check.good else check


def check_stamps(folder: Path, history: History, trust: Trust) -> Iterator[Check]:
    """Whether each time stamp is kept and holds, by `check_stamp`; a check for each.

    One of a file that has changed since, as an earlier manifest, is verified when it is kept.
    """
    for entry in history.entries_of(folder.name, STAMPED):
        check = check_kept(folder, entry, "timestamp", {"": "sha256"})
        name, stamped = str(entry.values["file"]), folder / str(entry.values["of"])
        if not check.good:
            yield check
        elif not stamped.is_file() or sha256(stamped) != entry.values["of_sha256"]:
            # That of an earlier run: what is wrong with today's is said where it is checked.
            detail = Text(N_("of an earlier {file}; not checked"), file=entry.values["of"])
            yield Check("timestamp", name, State.VERIFIED, detail)
        else:
            state, finding = check_stamp(folder / SIGNATURES / name, stamped, trust.authority)
            text = Text(N_("of {file}: {found}"), file=entry.values["of"], found=finding)
            yield Check("timestamp", name, state, text)


def check_unknown(folder: Path, history: History) -> Iterator[Check]:
    """Files in the folder of the signatures that no entry of the history names, each unverifiable.

    Files whose name begins with a full stop are ignored.
    """
    known = {str(entry.values["file"]) for entry in history.entries_of(folder.name, STAMPED)}
    for entry in history.entries_of(folder.name, SIGNED):
        known |= {str(entry.values["file"]), f"{entry.values['file']}{ENDING}"}
    for path in sorted((folder / SIGNATURES).glob("*")):
        if path.name not in known and path.name[0] != ".":
            text = N_(
                "the history has no such entry; after an interrupted durable sign, remove the file"
            )
            detail = Text(text)
            yield Check("signature", path.name, State.UNVERIFIABLE, detail)


def check_approvals(
    folder: Path, history: History, governance: Governance, signatures: Sequence[Signature]
) -> Iterator[Check]:
    """Whether each signature that the plan asks for is there, by somebody who may give it.

    A check for each of `governance.approvals`: verified, or incomplete. Only signatures that hold
    count and, with `governance.separate_approver`, only those not by the author of the last run.
    """
    author = history.entries_of(folder.name, RECORDED)[-1].values["user"]["login"]
    for meaning in governance.approvals:
        with_meaning = [s for s in signatures if s.check.good and s.meaning == normal(meaning)]
        counted = [
            s
            for s in with_meaning
            if not governance.separate_approver or not is_by(s, author, history)
        ]
        if counted:
            names = ", ".join(dict.fromkeys(s.entry.values["signer"]["name"] for s in counted))
            yield Check(
                "approval", meaning, State.VERIFIED, Text(N_("given by {names}"), names=names)
            )
        elif with_meaning:
            text = N_("signed only by {name}, who ran the analysis; another person has to")
            detail = Text(text, name=author)
            yield Check("approval", meaning, State.INCOMPLETE, detail)
        else:
            detail = Text(N_("no valid signature has this meaning"))
            yield Check("approval", meaning, State.INCOMPLETE, detail)


def is_by(signature: Signature, login: str, history: History) -> bool:
    """Whether a signature is by the person of a login name.

    It is where its entry has that name, as account or as signer, or where its key is one that the
    person has signed with in this study (`keys_of`).
    """
    key = signature.signer.key if signature.signer else ""
    return login in _logins(signature.entry) or key in keys_of(login, history.entries)


def keys_of(login: str, entries: Iterable[Entry]) -> set[str]:
    """Keys (kind and fingerprint) that a person has signed with; empty where there are none."""
    signed = (entry for entry in entries if entry.values.get("event") == SIGNED)
    return {entry.values["key"] for entry in signed if login in _logins(entry)}


def _logins(entry: Entry) -> tuple[str, str]:
    return entry.values["user"]["login"], entry.values["signer"]["login"]
