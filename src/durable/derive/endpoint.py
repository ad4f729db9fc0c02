"""What a time-to-event endpoint consists of. Light to import.

Conditions and dates of censorings read a `durable.derive.course.Course`, the subjects of the
endpoint with what is known of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from durable.contents import Term
from durable.language import N_
from durable.vocabulary import (
    CENSORING_LABELS,
    CENSORINGS,
    EVENT_LABELS,
    EVENTS,
    SUBJECTS,
    not_in_remission,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from durable.derive.course import Course
    from durable.jdm.response import Response
    from durable.schedule import Visit

    #: True or False of each subject.
    Flags = npt.NDArray[np.bool_]
    #: A date of each subject; NaT where there is none.
    Dates = npt.NDArray[np.datetime64]
    #: By variable an array, one element per subject: ADT, NaT where there is no date; where it is
    #: recorded (SRCDOM, SRCVAR, SRCSEQ); and what it is (EVNTDESC or CNSDTDSC).
    Dated = dict[str, npt.NDArray[Any]]


#: How an endpoint handles intercurrent events.
Handling = Literal["duration", "remission", "improvement", "survival"]


@dataclass(frozen=True)
class Source:
    """Dated records of a dataset that may be events; as admiral's `event_source()`."""

    table: str
    """Input table, SRCDOM: visits (the assessments), subjects (ADSL) or therapies."""
    column: str
    """Column of the input table that says so, SRCVAR."""
    date: str
    """Column of the dataset with the date."""
    where: Callable[[pd.DataFrame], pd.Series[bool]]
    """Which records of the dataset are the event."""


@dataclass(frozen=True)
class Event:
    """A kind of event."""

    name: str
    """The event in the names of statistics: n_NAME."""
    description: str
    """EVNTDESC."""
    sources: tuple[Source, ...] = ()
    counts: Callable[[Response], bool] = lambda _: True
    """Whether it is an event by the definitions in force."""


@dataclass(frozen=True)
class Censoring:
    """A reason for censoring, and whom it applies to; as admiral's `censor_source()`."""

    reason: str
    """EVNTDESC; CNSR is its code."""
    applies: Callable[[Course], Flags]
    """Which subjects. The first censoring that applies goes before the event."""
    date: Callable[[Course], Dated]
    """Date and its source (ADT, SRCDOM, SRCVAR, SRCSEQ) and what it is (CNSDTDSC), by subject."""

    @property
    def name(self) -> str:
        """The reason in the names of statistics, n_censored_NAME: its key of `CENSORINGS`."""
        return next(name for name, reason in CENSORINGS.items() if reason == self.reason)


@dataclass(frozen=True)
class Continuation:
    """Another endpoint by which a subject's duration ends, where nothing of its own ended it."""

    endpoint: Endpoint
    applies: Callable[[Course], Flags]


@dataclass(frozen=True)
class Endpoint:
    """A duration from an origin to the earliest of some events."""

    code: str
    """PARAMCD."""
    label: str
    """PARAM."""
    title: str
    """Heading in the table, the figure and the report, marked for translation."""
    population: str
    """Flag of ADSL, one of `vocabulary.SUBJECTS`: the subjects who have a record."""
    origin: str
    """Variable of ADSL with the first day."""
    since: str
    """The origin, as the axis of the figure says it, marked for translation."""
    derivation: str
    """How AVAL is derived, for define.xml."""
    keys: tuple[str, ...]
    """Keys of the plan that the derivation follows."""
    handling: Handling
    """How it handles intercurrent events, for the table of estimands: as a duration that ends with
    them, as the time to a state (by the strategy of remission or improvement), or as survival."""
    defined: tuple[Term, ...]
    """Terms of the list of definitions that it rests on, beside the Kaplan-Meier estimates."""
    describe: Callable[[Response, Visit], str]
    """Footnote in the language in force, by the definitions in force and the visit by which
    remission must be reached."""
    events: tuple[Event, ...]
    """The earliest decides; of two on a day the first in the order of `vocabulary.EVENTS`."""
    censorings: tuple[Censoring, ...]
    until: Callable[[Course], Dates] | None = None
    """Date before which its `events` count, from the origin on; None: without an end."""
    assessed: str = "adequate"
    """Column of the assessments that flags those at which its event could be seen."""
    other_date: str = ""
    """What ADT is where it is not the date of the event or of the last adequate assessment: a
    sentence of its derivation in define.xml."""
    continuation: Continuation | None = None
    failure: Event | None = None
    """Event on day 1 of those whom nothing else ends."""
    counts_baseline_remission: bool = False
    """Whether the table says how many were in remission at baseline."""
    registered: bool = False
    """Whether it is an outcome measure of the trial's registration."""
    figure: str | None = None
    """Name of its Kaplan-Meier figure; None without one."""
    asked: Callable[[Response], bool] = lambda _: True
    """Whether the definitions in force ask for it."""
    event_free: str = N_("Event-free")
    """What subjects without the event are, in the table and on the axis of the figure, marked for
    translation."""

    def __post_init__(self) -> None:
        """Refuse words that the tables have no row for."""
        events = {name for name in EVENTS if name in EVENT_LABELS}
        reasons = {reason for name, reason in CENSORINGS.items() if name in CENSORING_LABELS}
        used = [(event.name, events, "EVENTS and EVENT_LABELS") for event in self.events]
        if self.failure is not None:
            used.append((self.failure.name, {*EVENT_LABELS}, "EVENT_LABELS"))
        for censoring in self.censorings:
            used.append((censoring.reason, reasons, "CENSORINGS and CENSORING_LABELS"))
        used.append((self.population, {*SUBJECTS}, "POPULATIONS and SUBJECTS"))
        for word, known, registry in used:
            if word not in known:
                raise ValueError(f"{self.code}: {word} is not in {registry} of durable.vocabulary")

    @property
    def subjects(self) -> str:
        """The population, as the first row of the table says it, marked for translation."""
        return SUBJECTS[self.population]

    def event_descriptions(self, deadline: str) -> dict[str, str]:
        """EVNTDESC of the endpoint's events by their name (``recurrence``), its failure last.

        Those of the endpoint that it continues as go first.

        Parameters
        ----------
        deadline
            Visit by which remission must be reached.
        """
        events = [*(self.continuation.endpoint.events if self.continuation else ()), *self.events]
        descriptions = {event.name: event.description for event in events}
        if self.failure:
            descriptions[self.failure.name] = not_in_remission(deadline)
        return descriptions

    @property
    def reasons(self) -> dict[str, str]:
        """EVNTDESC of the reasons for censoring by name (``ongoing``), in the order of CNSR.

        Those of the endpoint that it continues as are among them.
        """
        continued = self.continuation.endpoint.censorings if self.continuation else ()
        texts = {censoring.reason for censoring in (*self.censorings, *continued)}
        return {name: reason for name, reason in CENSORINGS.items() if reason in texts}

    @property
    def table(self) -> str:
        """Name of the endpoint's table: ``t_dor`` of DOR."""
        return f"t_{self.code.lower()}"
