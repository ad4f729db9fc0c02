"""What changed between two analyses, and in which step: inputs, statuses, results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from durable.audit.records import InputChange, input_changes
from durable.audit.sides import BEFORE, CODE, PLAN, SINCE, UNEXPLAINED, Side, Step, differing_keys
from durable.audit.statuses import NO_STATUS, Status, differing, status_label
from durable.contracts.results import Result
from durable.language import N_, Text, _


@dataclass(frozen=True)
class ResultChange:
    """A row of the analysis results that changed."""

    key: tuple[str, ...]
    earlier: Result | None
    later: Result | None
    causes: tuple[str, ...]
    subjects: tuple[str, ...]


def causes_of(changes: Iterable[ResultChange]) -> tuple[str, ...]:
    """The causes of several changes, each once."""
    return tuple(dict.fromkeys(cause for change in changes for cause in change.causes))


def subjects_of(changes: Iterable[ResultChange]) -> tuple[str, ...]:
    """The subjects behind several changes."""
    return tuple(sorted({subject for change in changes for subject in change.subjects}))


@dataclass(frozen=True)
class StatusChange:
    """A status of a subject that is another one in the later analysis."""

    subject: str
    status: str
    earlier: Status
    later: Status
    causes: tuple[str, ...]
    decided_by: str
    because: tuple[str | InputChange, ...]
    """Changes of records, of the plan or of the data cut-off behind it."""

    def __str__(self) -> str:
        return _("{subject} {status} {earlier} -> {later}").format(
            subject=self.subject,
            status=status_label(self.status),
            earlier=self.earlier,
            later=self.later,
        )


def changes_of_inputs(steps: Iterable[Step]) -> list[InputChange]:
    """Changes of input records, those before the earlier cut-off first."""
    return [
        change
        for step in steps
        if step.cause in (BEFORE, SINCE)
        for change in input_changes(
            step.before.folder / "validated", step.after.folder / "validated", step.cause
        )
    ]


def status_changes(
    earlier: Side, later: Side, steps: Sequence[Step], inputs: Iterable[InputChange]
) -> Iterator[StatusChange]:
    """Statuses of subjects that differ, each with the steps, the record and the changes behind."""
    old, new = earlier.datasets.statuses(), later.datasets.statuses()
    sources = later.datasets.sources()
    changed: dict[tuple[str, str], list[InputChange]] = {}
    for change in inputs:
        if change.table in ("subjects", "visits", "therapies"):
            changed.setdefault((change.when, change.subject_id), []).append(change)
    keys = [f"{key}: {was} -> {now}" for key, was, now in differing_keys(earlier, later)]
    cutoffs = [str(side.plan.analysis.data_cutoff) for side in (earlier, later)]
    moved = Text(N_("data cut-off {dates}"), dates=" -> ".join(cutoffs))
    for subject, status in sorted({*old, *new}):
        was, now = (held.get((subject, status), NO_STATUS) for held in (old, new))
        if was == now:
            continue
        because: list[str | InputChange] = []
        causes = []
        for step in steps:
            before, after = (
                side.datasets.statuses().get((subject, status), NO_STATUS)
                for side in (step.before, step.after)
            )
            if before == after:
                continue
            causes.append(step.cause)
            found = keys if step.cause == PLAN else changed.get((step.cause, subject), [])
            because += found or ([moved] if step.cause == SINCE else [])
        decided = sources.get((subject, status), "")
        yield StatusChange(subject, status, was, now, tuple(causes), decided, tuple(because))


def result_changes(earlier: Side, later: Side, steps: Sequence[Step]) -> Iterator[ResultChange]:
    """Rows of the analysis results that changed, those before the earlier cut-off first."""
    code = _other_code(earlier, later)
    changed = []
    for key in dict.fromkeys((*earlier.results, *later.results)):
        was, now = earlier.results.get(key), later.results.get(key)
        if _same(was, now):
            continue
        causes: list[str] = []
        subjects: set[str] = set()
        for step in steps:
            if _same(step.before.results.get(key), step.after.results.get(key)):
                continue
            behind = _subjects(step, key)
            if step.cause == PLAN or behind:
                causes.append(step.cause)
                subjects |= behind
        if code:
            causes.append(CODE)
        who = tuple(sorted(subjects))
        changed.append(ResultChange(key, was, now, tuple(causes) or (UNEXPLAINED,), who))
    return iter(sorted(changed, key=lambda cell: BEFORE not in cell.causes))


def _same(was: Result | None, now: Result | None) -> bool:
    if was is None or now is None:
        return was is now
    return repr(was) == repr(now)  # NaN equals itself here


def _subjects(step: Step, key: tuple[str, ...]) -> set[str]:
    """Subjects of the group whose records behind a number differ, or who joined or left it."""
    output, _, group_by, group, parameter, _ = key
    before, after = step.before.datasets, step.after.datasets
    groups = before.members(group_by, group), after.members(group_by, group)
    differ = differing(before, after, output, parameter) & (groups[0] | groups[1])
    return differ | (groups[0] ^ groups[1])


def _other_code(earlier: Side, later: Side) -> bool:
    """Whether a rule that both have computed with other code or packages."""
    digests = [{r["id"]: r["digests"] for r in side.manifest["rules"]} for side in (earlier, later)]
    return any(
        digests[0][rule].get(kind) != digests[1][rule].get(kind)
        for rule in digests[0].keys() & digests[1].keys()
        for kind in ("code", "libraries")
    )
