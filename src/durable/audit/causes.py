"""What changed between two analyses, and in which step: inputs, statuses, results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from durable.audit.records import InputChange, input_changes
from durable.audit.sides import (
    BEFORE,
    CODE,
    PLAN,
    SINCE,
    UNEXPLAINED,
    Side,
    Step,
    differing_keys,
    has_other_code,
)
from durable.audit.statuses import (
    NO_STATUS,
    Status,
    differing,
    is_decided_across_groups,
    status_label,
)
from durable.contracts.results import Result
from durable.language import N_, Text, _


@dataclass(frozen=True)
class ResultChange:
    """A row of the analysis results that changed."""

    key: tuple[str, ...]
    """Output, analysis, group_by, group, parameter and statistic, as text (`Result.text_key`)."""
    earlier: Result | None
    """None where the analysis has no such row; so `later`."""
    later: Result | None
    causes: tuple[str, ...]
    """Causes of the steps in which it moves, then CODE where code or packages differ; UNEXPLAINED
    alone where there is neither."""
    subjects: tuple[str, ...]
    """Subjects whose records differ in those steps, or who joined or left the group; sorted."""


def causes_of(changes: Iterable[ResultChange]) -> tuple[str, ...]:
    """The causes of several changes, each once, in the order in which they first occur."""
    return tuple(dict.fromkeys(cause for change in changes for cause in change.causes))


def subjects_of(changes: Iterable[ResultChange]) -> tuple[str, ...]:
    """The subjects behind several changes, each once, sorted."""
    return tuple(sorted({subject for change in changes for subject in change.subjects}))


@dataclass(frozen=True)
class StatusChange:
    """A status of a subject that is another one in the later analysis."""

    subject: str
    status: str
    """Name of the status: REMISSION, IMPROVEMENT with a visit, or a PARAMCD of ADTTE."""
    earlier: Status
    """NO_STATUS where the analysis has none; so `later`."""
    later: Status
    causes: tuple[str, ...]
    """Causes of the steps in which it changes; at least one."""
    decided_by: str
    """Input record that decided the later one (`Datasets.sources`); empty where none is named."""
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
    """Changes of input records in the steps BEFORE and SINCE, in the order of the steps."""
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
    """Statuses of subjects that differ between two analyses, by subject and status.

    Parameters
    ----------
    steps
        Steps between the two; the causes of a change are those in which the status differs.
    inputs
        Changes of input records in these steps. Of those only changes of a subject's own subjects,
        visits and therapies count as reasons.
    """
    old, new = earlier.datasets.statuses(), later.datasets.statuses()
    sources = later.datasets.sources()
    changed: dict[tuple[str, str], list[InputChange]] = {}
    for change in inputs:
        if change.table in ("subjects", "visits", "therapies"):
            changed.setdefault((change.when, change.subject_id), []).append(change)
    keys = [f"{key}: {was} -> {value}" for key, was, value in differing_keys(earlier, later)]
    cutoffs = [str(side.plan.analysis.data_cutoff) for side in (earlier, later)]
    moved = Text(N_("data cut-off {dates}"), dates=" -> ".join(cutoffs))
    for subject, status in sorted({*old, *new}):
        old_status, new_status = (held.get((subject, status), NO_STATUS) for held in (old, new))
        if old_status == new_status:
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
            reasons = keys if step.cause == PLAN else changed.get((step.cause, subject), [])
            because += reasons or ([moved] if step.cause == SINCE else [])
        decided = sources.get((subject, status), "")
        yield StatusChange(
            subject, status, old_status, new_status, tuple(causes), decided, tuple(because)
        )


def result_changes(earlier: Side, later: Side, steps: Sequence[Step]) -> Iterator[ResultChange]:
    """Rows of the analysis results that changed, were added or removed.

    Those with the cause BEFORE come first; else in the order of the earlier results, then of new
    rows. Rows that are equal in all of value, limits and note are no change.
    """
    code = has_other_code(earlier, later)
    changed = []
    for key in dict.fromkeys((*earlier.results, *later.results)):
        old, new = earlier.results.get(key), later.results.get(key)
        if _are_equal(old, new):
            continue
        causes: list[str] = []
        subjects: set[str] = set()
        for step in steps:
            if _are_equal(step.before.results.get(key), step.after.results.get(key)):
                continue
            differing_subjects = _subjects(step, key)
            if step.cause == PLAN or differing_subjects:
                causes.append(step.cause)
                subjects |= differing_subjects
        if code and CODE not in causes:
            causes.append(CODE)
        who = tuple(sorted(subjects))
        changed.append(ResultChange(key, old, new, tuple(causes) or (UNEXPLAINED,), who))
    return iter(sorted(changed, key=lambda cell: BEFORE not in cell.causes))


def _are_equal(old: Result | None, new: Result | None) -> bool:
    if old is None or new is None:
        return old is new
    return repr(old) == repr(new)  # NaN equals itself here


def _subjects(step: Step, key: tuple[str, ...]) -> set[str]:
    """Subjects of the group whose records behind a number differ, or who joined or left it.

    Where there are none, those of other groups: of a row that one analysis alone has (a group has
    one for a term that somebody of another group has), and of what other groups decide, too.
    """
    output, _, group_by, group, parameter, statistic = key
    before, after = step.before.datasets, step.after.datasets
    groups = before.members(group_by, group), after.members(group_by, group)
    all_differing = differing(before, after, output, parameter)
    of_group = all_differing & (groups[0] | groups[1]) | (groups[0] ^ groups[1])
    in_one_alone = (key in step.before.results) != (key in step.after.results)
    if not of_group and (in_one_alone or is_decided_across_groups(output, statistic)):
        return all_differing
    return of_group
