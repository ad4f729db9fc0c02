"""The verdict of an audit: its lines, its sentence, its files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from io import StringIO
from pathlib import Path

from durable.audit.acts import Act
from durable.files import safe_cell, sha256, write_text
from durable.language import N_, Text, language
from durable.pages import render_page
from durable.plan import Plan
from durable.runs.manifest import MANIFEST, read_manifest

VERDICT = "audit/verdict"
_REPRODUCED = N_("PASS: all outputs reproduced byte for byte")
#: Of history, record and signatures: as ``durable verify`` has found them.
VERIFIED = N_("verified")
AS_PINNED, IDENTICAL = N_("as pinned"), N_("identical")
DIFFERS, DIFFERS_REPEATED = N_("differs"), N_("differs when repeated")
#: Statuses that are no finding.
GOOD = frozenset({AS_PINNED, IDENTICAL, VERIFIED})
ALLOWED = N_("differs, allowed")
#: What has to be as pinned, or nothing is repeated.
PINNED_KINDS = frozenset({N_("code"), N_("environment"), N_("input"), N_("plan")})
#: All kinds of checks.
KINDS = PINNED_KINDS | {
    *(N_("output"), N_("history"), N_("record"), N_("signature")),
    *(N_("approval"), N_("timestamp"), N_("part")),
}


@dataclass(frozen=True)
class Status:
    """One line of the verdict."""

    kind: str
    """One of `KINDS`."""
    name: str
    """The file, key or package that was checked."""
    status: str
    """One of `GOOD`, ALLOWED, or what is wrong, in English."""
    expected: str = ""
    """Digest or value, or that there is none; empty where nothing is compared."""
    found: str = ""
    """As `expected`; may be empty where both agree."""
    detail: str = ""
    """More in words; may be empty."""

    @property
    def good(self) -> bool:
        """Whether the status is one of `GOOD`, or ALLOWED."""
        return self.status in GOOD or self.status == ALLOWED


def verdict_sentence(statuses: list[Status], refused: bool) -> Text:
    """The verdict in one line: REFUSED, FAIL or PASS, and why.

    REFUSED where `refused`, whatever the statuses; else FAIL where one is not good, PASS where all
    are; a PASS names the kinds of what differs and is allowed.
    """
    if refused:
        return Text(N_("REFUSED: not the pinned analysis; nothing was repeated"))
    bad = [status for status in statuses if not status.good]
    if any(status.kind == "output" for status in bad):
        return Text(N_("FAIL: the outputs differ from those recorded"))
    if bad:
        statuses_found = joined_texts(
            N_("{first}, {second}"), sorted({status.status for status in bad})
        )
        text = N_("FAIL: all outputs reproduced byte for byte, but the record is {found}")
        return Text(text, found=statuses_found)
    other_differences = sorted({status.kind for status in statuses if status.status == ALLOWED})
    if other_differences:
        return Text(
            N_("PASS: all outputs reproduced byte for byte, with other {kinds} (allowed)"),
            kinds=joined_texts(N_("{first} and {second}"), other_differences),
        )
    return Text(_REPRODUCED)


def joined_texts(form: str, texts: Sequence[str]) -> str:
    """Texts one after another: `"{first}, {second}"` and `["a", "b", "c"]` give `"a, b, c"`.

    Raises
    ------
    TypeError
        Where there are no texts.
    """
    return reduce(lambda first, second: Text(form, first=first, second=second), texts)


def write_verdict(
    plan: Plan,
    folder: Path,
    recorded: Path,
    verdict: Text,
    statuses: list[Status],
    acts: Sequence[Act],
) -> None:
    """Write ``audit/verdict.csv`` and ``.html``.

    Parameters
    ----------
    folder
        Folder of results that they are written below.
    recorded
        Folder of the results that are audited, with their manifest.
    verdict
        Sentence of `verdict_sentence`.
    acts
        Who ran and who signed them.
    """
    manifest = read_manifest(recorded / MANIFEST)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "name", "status", "expected", "found", "detail"])
    for s in statuses:
        cells = (s.kind, s.name, s.status, s.expected, s.found, s.detail)
        writer.writerow(map(safe_cell, cells))
    write_text(folder / f"{VERDICT}.csv", text.getvalue())
    code = manifest["code"]
    audited = Audited(
        plan.study.id,
        plan.analysis.id,
        plan.analysis.title,
        str(plan.analysis.data_cutoff),
        str(manifest.get("part", "")),
        sha256(recorded / MANIFEST),
        _commit(code["commit"], code["dirty"]),
    )
    with language(plan.outputs.language):
        page = verdict_page(verdict, audited, statuses, acts)
    write_text(folder / f"{VERDICT}.html", page)


def _commit(commit: str | None, dirty: bool) -> str:
    named = commit or N_("not known")
    return Text(N_("{commit} with uncommitted changes"), commit=named) if dirty else named


#: Parts of an analysis, by their manifest.
PARTS = (N_("simulation"), N_("series"), N_("comparison"))


@dataclass(frozen=True)
class Audited:
    """What identifies the results that are audited."""

    study: str
    analysis: str
    title: str
    data_cutoff: str
    part: str
    """One of `PARTS`; '' for the analysis itself."""
    manifest: str
    """SHA-256 of the manifest."""
    commit: str
    """Commit of the code, ``not known`` without one, and whether changes were uncommitted."""


def verdict_page(
    verdict: str, audited: Audited, statuses: Sequence[Status], acts: Sequence[Act]
) -> str:
    """HTML page of the verdict of an audit: what differs first, who signed, then every check.

    Parameters
    ----------
    verdict
        Sentence of `verdict_sentence`.
    acts
        Who ran and who signed the results, as recorded.
    """
    kinds: dict[str, list[Status]] = {}
    for status in statuses:
        kinds.setdefault(status.kind, []).append(status)
    statuses_of_signatures = {status.name: status.status for status in kinds.get("signature", [])}
    return render_page(
        "verdict.html.jinja",
        verdict=verdict,
        good=all(status.good for status in statuses),
        audited=audited,
        notable=[status for status in statuses if status.status not in GOOD],
        acts=[(act, statuses_of_signatures.get(act.file, "")) for act in acts],
        kinds=kinds,
    )
