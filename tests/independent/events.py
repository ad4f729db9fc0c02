"""Adverse events of the demo in plain Python, by the rules of docs/safety.md.

Treatment-emergent is an event that began on or after the day of infusion. A subject counts once in
a row, at the worst grade; the denominator is all infused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.independent.study import Subject, rows, until

WINDOWS = (28, 90)  # config: safety.windows_days
MISSING_GRADE = 3
PROLONGED = (3, 28)  # config: grade at least, lasting beyond this day


@dataclass(frozen=True)
class Event:
    line: int
    subject: str
    term: str
    organ_class: str
    day: int | None
    """Days from infusion to the start; None for a subject never infused."""
    start: date
    end: date | None
    """None where not known at the data cut-off: ongoing."""
    last_day: int | None
    observed_to: int | None
    """Days from infusion to the last of them on which events of the subject were recorded."""
    grade: int | None
    astct: int | None
    serious: bool
    related: str
    limiting: str
    interest: str
    outcome: str
    phase: str
    """Of an event before infusion: before the lymphodepletion, in its period, or not known."""

    @property
    def emergent(self) -> bool:
        return self.day is not None and self.day >= 0

    @property
    def counts_as_related(self) -> bool:
        """One without a record counts as related (config: safety.missing_related)."""
        return self.related != "N"

    @property
    def ongoing(self) -> bool:
        return self.end is None and self.outcome not in ("recovered", "fatal")

    @property
    def fatal(self) -> bool:
        return self.grade == 5 or self.outcome == "fatal"

    @property
    def prolonged_cytopenia(self) -> bool:
        """Grade >= 3, present after day 28; without an end or recovery, as long as observed."""
        still = self.last_day is None and self.outcome != "recovered"
        last = self.observed_to if still else self.last_day
        return self.severe_cytopenia and (last or 0) > PROLONGED[1]

    @property
    def severe_cytopenia(self) -> bool:
        severe = self.interest == "CYTOPENIA" and (self.grade or 0) >= PROLONGED[0]
        return self.emergent and severe


def events(study: list[Subject], cutoff: date) -> list[Event]:
    who = {s.id: s for s in study}
    found = []
    for row in rows("adverse_events"):
        start = until(cutoff, row["start_date"])
        if start is None:
            continue
        subject = who[row["subject_id"]]
        end = until(cutoff, row["end_date"])
        found.append(
            Event(
                int(row["line"]),
                subject.id,
                row["preferred_term"],
                row["system_organ_class"],
                subject.since(start) if subject.infusion else None,
                start,
                end,
                subject.since(end) if subject.infusion and end else None,
                subject.since(observed_to(subject)) if subject.infusion else None,
                int(row["ctcae_grade"]) if row["ctcae_grade"] else None,
                int(row["astct_grade"]) if row["astct_grade"] else None,
                row["serious"] == "Y",
                row["related"],
                row["dlt"],
                row["aesi"],
                # What ended after the cut-off had no outcome then.
                row["outcome"] if end or not row["end_date"] else "",
                period(subject.lymphodepletion, start),
            )
        )
    return found


def observed_to(subject: Subject) -> date:
    """Death, else last contact; not after withdrawal."""
    alive = subject.death or subject.last_contact
    return min(alive, subject.withdrawal or alive)


def period(lymphodepletion: date | None, start: date) -> str:
    """The day of lymphodepletion begins its period."""
    if lymphodepletion is None:
        return "LYMPHODEPLETION_UNKNOWN"
    return "LYMPHODEPLETION" if start >= lymphodepletion else "BEFORE_LYMPHODEPLETION"
