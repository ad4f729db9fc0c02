"""The verdict of an audit: its lines, its sentence, its files."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from durable.audit.pages import Section, page
from durable.files import safe_cell, sha256, write_text
from durable.plan import Plan
from durable.runs.manifest import MANIFEST, read_manifest

VERDICT = "audit/verdict"
_REPRODUCED = "PASS: all outputs reproduced byte for byte"
#: Of history, record and signatures: as ``durable verify`` has found them.
VERIFIED = "verified"
#: Statuses that are no finding.
GOOD = frozenset({"as pinned", "identical", VERIFIED})
ALLOWED = "differs, allowed"
#: What has to be as pinned, or nothing is repeated.
PINNED_KINDS = frozenset({"code", "environment", "input", "plan"})


@dataclass(frozen=True)
class Status:
    """One line of the verdict."""

    kind: str
    """One of `PINNED_KINDS`, ``output``, or a kind of `durable.history.states.Check`."""
    name: str
    status: str
    expected: str = ""
    found: str = ""
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether it is no reason for the audit to fail."""
        return self.status in GOOD or self.status == ALLOWED


def verdict_sentence(statuses: list[Status], refused: bool) -> str:
    """What holds, in one line."""
    if refused:
        return "REFUSED: not the pinned analysis; nothing was repeated"
    bad = [status for status in statuses if not status.good]
    if any(status.kind == "output" for status in bad):
        return "FAIL: the outputs differ from those recorded"
    if bad:
        found = ", ".join(sorted({status.status for status in bad}))
        return f"FAIL: all outputs reproduced byte for byte, but the record is {found}"
    other = sorted({status.kind for status in statuses if status.status == ALLOWED})
    if other:
        return f"{_REPRODUCED}, with other {' and '.join(other)} (allowed)"
    return _REPRODUCED


def write_verdict(
    plan: Plan, folder: Path, recorded: Path, verdict: str, statuses: list[Status]
) -> None:
    """Write ``audit/verdict.csv`` and ``.html``."""
    manifest = read_manifest(recorded / MANIFEST)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "name", "status", "expected", "found", "detail"])
    for s in statuses:
        cells = (s.kind, s.name, s.status, s.expected, s.found, s.detail)
        writer.writerow(map(safe_cell, cells))
    write_text(folder / f"{VERDICT}.csv", text.getvalue())
    facts = {
        "Analysis": f"{plan.analysis.id}: {plan.analysis.title}",
        "Data cut-off": str(plan.analysis.data_cutoff),
        "SHA-256 of the manifest": sha256(recorded / MANIFEST),
        "Commit": f"{manifest['code']['commit'] or 'not known'}"
        + (" with uncommitted changes" if manifest["code"]["dirty"] else ""),
    }
    page = verdict_page(verdict, facts, statuses, good=GOOD)
    write_text(folder / f"{VERDICT}.html", page)


def verdict_page(
    verdict: str, facts: Mapping[str, str], statuses: Sequence[Status], good: Collection[str]
) -> str:
    """The verdict of an audit: what differs first, then every file."""
    columns = ["kind", "name", "status", "expected", "found", "cells"]
    rows = [[s.kind, s.name, s.status, s.expected, s.found, s.detail] for s in statuses]
    notable = [row for row in rows if row[2] not in good]
    sections = [
        Section("What differs", columns, notable),
        Section("Everything that was checked", columns, rows),
    ]
    held = all(status.good for status in statuses)
    return page("Audit", verdict, facts, sections, good=held)
