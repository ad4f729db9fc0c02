"""A schedule of assessments from the labels and dates of the visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from durable.dates import DateForm
from durable.inspection.visit_labels import due_day, is_name
from durable.intake.findings import UNSCHEDULED, Recorded
from durable.plan.source_files import EVERY
from durable.schedule import DEFAULT_SCHEDULE

#: Half widths of windows that are not in the usual schedule: until about a month, a year, later.
_WIDTHS = ((29, 3), (35, 7), (300, 14), (10**6, 30))
_FAR = 0.35


@dataclass(frozen=True)
class Seen:
    """A label of visits: how often it occurs, and when."""

    label: str
    number: int
    day: int | None
    """Median day after infusion; None where it is not known."""


@dataclass
class ScheduleDraft:
    """The draft of the section ``schedule``, and the labels that the data have."""

    visits: list[dict[str, Any]] = field(default_factory=list)
    """Entries with ``visit``, ``day`` and ``window``, by day; empty where none can be drafted."""
    seen: list[Seen] = field(default_factory=list)
    """Every label, in the order of the data."""
    questions: list[str] = field(default_factory=list)


def read_dates(recorded: Recorded, column: str, keys: Mapping[str, Any]) -> list[dt.date | None]:
    """The date of each row by the drafted forms; None where it is missing or lacks its day.

    Parameters
    ----------
    keys
        Drafted keys of the table, of which ``dates`` has the forms.
    """
    forms: Any = keys.get("dates", {})
    names = forms if isinstance(forms, list) else forms.get(column, forms.get(EVERY, []))
    parsed = list(map(DateForm, ["YYYY-MM-DD", *names]))
    known = {text: _day(text.strip(), parsed) for text in set(recorded.text[column].astype(object))}
    return [known[text] for text in recorded.text[column].astype(object)]


def _day(text: str, forms: list[DateForm]) -> dt.date | None:
    moment = next((m for form in forms if (m := form.read(text)) is not None), None)
    if moment is None or len(moment.date) != len("YYYY-MM-DD"):
        return None
    return dt.date.fromisoformat(moment.date)


def draft_schedule(
    labels: list[str], subjects: list[str], dates: list[dt.date | None], infused: Mapping[str, Any]
) -> ScheduleDraft:
    """The schedule that the labels and dates of visits suggest.

    A visit is due on the day that its label states, else on its median day; visits before day 1,
    unscheduled ones and labels that a schedule cannot have are left out.

    Parameters
    ----------
    labels, subjects, dates
        Of each visit in the same order: its label as the draft reads it, '' where missing; its
        subject; its date, None where missing.
    infused
        Date of infusion by subject, None where missing.
    """
    days_by_label: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    for label, subject, date in zip(labels, subjects, dates, strict=True):
        if not label:
            continue
        counts[label] = counts.get(label, 0) + 1
        days = days_by_label.setdefault(label, [])
        if date is not None and infused.get(subject) is not None:
            days.append((date - infused[subject]).days)
    draft = ScheduleDraft()
    draft.seen = [
        Seen(label, number, round(median(days_by_label[label])) if days_by_label[label] else None)
        for label, number in counts.items()
    ]
    due = {seen: _due(seen, draft) for seen in draft.seen if seen.label != UNSCHEDULED}
    chosen: dict[int, str] = {}
    for seen, day in sorted(due.items(), key=lambda item: item[1] or 0):
        if day is None or day < 1 or not is_name(seen.label):
            continue
        if day in chosen:
            draft.questions.append(
                f"Visits {chosen[day]} and {seen.label} would be due on one day ({day}): are they"
                " one? (inputs.visits.values.visit)"
            )
            continue
        chosen[day] = seen.label
    draft.visits = [
        {"visit": label, "day": day, "window": _window(label, day, list(chosen))}
        for day, label in chosen.items()
    ]
    return draft


def _due(seen: Seen, draft: ScheduleDraft) -> int | None:
    """The day by the label, else the median day."""
    by_label = due_day(seen.label)
    if by_label is None:
        return seen.day
    if seen.day is not None and by_label > 0 and abs(seen.day - by_label) > max(7, _FAR * by_label):
        draft.questions.append(
            f"Visit {seen.label} is due on day {by_label} by its label, and its median day is"
            f" {seen.day}: are months counted from the infusion?"
        )
    return by_label


def _window(label: str, day: int, days: list[int]) -> int:
    """The usual half width, less where windows would meet."""
    usual = {visit.visit: visit.window for visit in DEFAULT_SCHEDULE}
    width = usual.get(label, next(width for last, width in _WIDTHS if day <= last))
    gaps = [abs(other - day) for other in days if other != day]
    return max(0, min([width, *((gap - 1) // 2 for gap in gaps)]))
