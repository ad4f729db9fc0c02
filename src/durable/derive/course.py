"""What the events and censorings of an endpoint are decided from: dates by subject.

Dates are compared as dates; what is not known lies neither before nor after another. An *adequate*
assessment is one after infusion whose remission status is known; of an endpoint that another
status decides, one at which that is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.endpoint import Endpoint, Source
from durable.derive.new_therapy import begun_since, first_of_each
from durable.frames import changes, first_rows, last_rows, positions, with_columns
from durable.jdm.response import Response
from durable.schedule import Visit
from durable.vocabulary import (
    BEFORE_UNCONFIRMED,
    DAY_OF_DEATH,
    DAY_OF_REINFUSION,
    DAY_OF_THERAPY,
    DAY_ONE,
    DEATH,
    EVENTS,
    LAST,
    LAST_ALIVE,
    LAST_IN_REMISSION,
    NEW_THERAPY,
)

if TYPE_CHECKING:
    from durable.derive.endpoint import Dated, Dates, Flags

Ints = npt.NDArray[np.int64]

SOURCE = ("SRCDOM", "SRCVAR", "SRCSEQ")
_DAY = np.timedelta64(1, "D")
_RANK = {description: i for i, description in enumerate(EVENTS.values())}


@dataclass(frozen=True)
class FollowUp:
    """What is known of all subjects, and the definitions by which it is judged."""

    adsl: pd.DataFrame
    assessments: pd.DataFrame
    """With the columns of `flag_recurrence`, `score_reached` and `with_drug_free`, and
    ``first_remission`` (flag)."""
    new_therapies: pd.DataFrame
    """New systemic therapies, as `new_systemic` returns them."""
    schedule: tuple[Visit, ...]
    response: Response


class Course:
    """What is known of the subjects of one endpoint: those of its population.

    Every array has one element per subject, in the order of `adsl`. A date is NaT where there is
    none; `Dated` are several such arrays by variable.
    """

    def __init__(self, follow_up: FollowUp, endpoint: Endpoint) -> None:
        self.follow_up = follow_up
        self.endpoint = endpoint
        self.response = follow_up.response
        """Definitions in force."""
        self.adsl = follow_up.adsl.loc[follow_up.adsl[endpoint.population] == "Y"]
        """ADSL of the endpoint's population."""
        self.names = pd.Index(self.adsl["USUBJID"])
        """Its subjects."""
        self.start = self.date(endpoint.origin)
        """Origin of the duration."""

    def date(self, variable: str) -> Dates:
        """A date variable of ADSL, by subject; NaT where it is missing."""
        return _dates(self.adsl[variable])

    def has_date(self, variable: str) -> Flags:
        """Whether a date variable of ADSL is known, by subject."""
        return ~np.isnat(self.date(variable))

    @cached_property
    def event(self) -> Dated:
        """The earliest event from the origin on: ADT, EVNTDESC, SRCDOM, SRCVAR, SRCSEQ.

        Where the endpoint has `until`, only before that date. Of two on a day the first in the
        order of `vocabulary.EVENTS`, then by row of the file. Without an event NaT, None and NaN.
        """
        counted = [event for event in self.endpoint.events if event.counts(self.response)]
        kinds = [(event.description, source) for event in counted for source in event.sources]
        records = [self._records(source) for _, source in kinds]
        position, date, row = (np.concatenate(arrays) for arrays in zip(*records, strict=True))
        kind = np.repeat(np.arange(len(kinds)), [len(places) for places, _, _ in records])
        in_time = date >= self.start[position]
        if self.endpoint.until is not None:
            in_time &= date < self.endpoint.until(self)[position]
        rank = np.array([_RANK[description] for description, _ in kinds])[kind]
        order = np.lexsort((row, rank, date, position))
        order = order[in_time[order]]
        first = order[changes(position[order])]
        texts = [(description, source.table, source.column) for description, source in kinds]
        words = np.full((len(self.names), 3), None, dtype=object)
        words[position[first]] = np.array(texts, dtype=object)[kind[first]]
        return {
            "ADT": self._by_subject(position[first], date[first]),
            "EVNTDESC": words[:, 0],
            "SRCDOM": words[:, 1],
            "SRCVAR": words[:, 2],
            "SRCSEQ": self._by_subject(position[first], row[first].astype(float)),
        }

    def _records(self, source: Source) -> tuple[Ints, Dates, Ints]:
        """Records of a source: positions of their subjects in `adsl`, dates, rows of the file."""
        dataset, position, row = self._datasets[source.table]
        chosen = source.where(dataset).to_numpy(bool) & (position >= 0)
        return (
            position[chosen],
            _dates(dataset[source.date])[chosen],
            dataset[row].to_numpy("int64")[chosen],
        )

    @cached_property
    def _datasets(self) -> dict[str, tuple[pd.DataFrame, Ints, str]]:
        """Dataset of each input table, positions of its subjects, and its column of file rows."""
        therapies = self._first_therapies
        treated = self.names.get_indexer(pd.Index(therapies["subject_id"]))
        return {
            "visits": (self.follow_up.assessments, self._positions, "source_row"),
            "subjects": (
                with_columns(self.adsl, {"reinfusion": self._reinfusion}),
                np.arange(len(self.adsl)),
                "SRCSEQ",
            ),
            "therapies": (therapies, treated, "source_row"),
        }

    def _by_subject(self, position: Ints, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of some subjects, by their positions; missing for the others."""
        unknown = np.datetime64("NaT") if values.dtype.kind == "M" else np.nan
        by_subject = np.full(len(self.names), unknown, dtype=values.dtype)
        by_subject[position] = values
        return by_subject

    @cached_property
    def has_event(self) -> Flags:
        """Whether each subject has an `event`, one that counts for the endpoint."""
        return ~np.isnat(self.event["ADT"])

    @cached_property
    def _first_therapies(self) -> pd.DataFrame:
        since = pd.Series(self.start, index=self.names)
        return first_of_each(begun_since(self.follow_up.new_therapies, since))

    @cached_property
    def start_of_new_therapy(self) -> Dated:
        """Start of the first new systemic therapy on or after the origin, with its CNSDTDSC.

        An assessment at which an increase of glucocorticoids begins is one, and a second infusion,
        where the plan says so. Of several on one day a recorded therapy goes before an assessment,
        and that before a second infusion. Without any ADT is NaT; the other arrays mean nothing.
        """
        therapies, position, _ = self._datasets["therapies"]
        row = therapies["source_row"].to_numpy(float)
        therapy = {
            "ADT": self._by_subject(position, _dates(therapies["start_date"])),
            **self._words(SRCDOM="therapies", SRCVAR="start_date", CNSDTDSC=DAY_OF_THERAPY),
            "SRCSEQ": self._by_subject(position, row),
        }
        for other in (self._first_rescue_dose, self._reinfusion_since_origin):
            earlier = (other["ADT"] < therapy["ADT"]) | np.isnat(therapy["ADT"])
            therapy = {name: np.where(earlier, other[name], therapy[name]) for name in therapy}
        return therapy

    @property
    def _reinfusion(self) -> Dates:
        """Day of the second infusion, where it counts as new systemic therapy."""
        rule = self.response.reinfusion
        if rule is None or not rule.as_new_therapy:
            return np.full(len(self.names), np.datetime64("NaT"), dtype="datetime64[ns]")
        return self.date("TR02SDT")

    @property
    def _reinfusion_since_origin(self) -> Dated:
        """The second infusion on or after the origin, by its row of the subjects table."""
        date = self._reinfusion
        return {
            "ADT": np.where(date >= self.start, date, np.datetime64("NaT")),
            **self._words(SRCDOM="subjects", SRCVAR="reinfusion_date", CNSDTDSC=DAY_OF_REINFUSION),
            "SRCSEQ": self.adsl["SRCSEQ"].to_numpy(float),
        }

    @property
    def _first_rescue_dose(self) -> Dated:
        """The first increase of glucocorticoids, on or after the origin, that counts as therapy."""
        frame = self.follow_up.assessments
        visit, position = _dates(frame["visit_date"]), self._positions
        rows = np.flatnonzero(frame["rescue_dose"].to_numpy(bool) & (position >= 0))
        rows = rows[visit[rows] >= self.start[position[rows]]]
        first = rows[first_rows(position[rows], np.ones(len(rows), dtype=np.bool_))]
        row = frame["source_row"].to_numpy(float)
        return {
            "ADT": self._by_subject(position[first], visit[first]),
            **self._words(SRCDOM="visits", SRCVAR="visit_date", CNSDTDSC=DAY_OF_THERAPY),
            "SRCSEQ": self._by_subject(position[first], row[first]),
        }

    def _words(self, **words: str) -> Dated:
        """A word for each subject, the same for all."""
        subjects = len(self.names)
        return {
            name: np.broadcast_to(np.array(word, dtype=object), subjects)
            for name, word in words.items()
        }

    @property
    def new_therapy(self) -> Dates:
        """Start of the first new systemic therapy on or after the origin; NaT without one."""
        return self.start_of_new_therapy["ADT"]

    @cached_property
    def has_new_therapy(self) -> Flags:
        """Whether there is a new systemic therapy, as in `start_of_new_therapy`.

        False without an origin.
        """
        return ~np.isnat(self.new_therapy)

    @cached_property
    def seen_at_visit(self) -> Flags:
        """Whether the event is one that an assessment shows; False without an event."""
        seen: Flags = self.event["SRCDOM"] == "visits"
        return seen

    @cached_property
    def _positions(self) -> Ints:
        """Position of the subject of each assessment; -1 where it is not of the population."""
        return positions(self.follow_up.assessments, self.names)

    @cached_property
    def _adequate(self) -> Ints:
        """Rows of the assessments that are adequate for the endpoint."""
        adequate = self.follow_up.assessments[self.endpoint.assessed].to_numpy(bool)
        return np.flatnonzero(adequate & (self._positions >= 0))

    @cached_property
    def _response_shown(self) -> Ints:
        """Those that show the response still held: where loss is an event, those in remission.

        A loss that nothing confirmed is no event, and no time in remission either.
        """
        if not self.response.recurrence.confirmed_loss:
            return self._adequate
        remission = self.follow_up.assessments["remission"].to_numpy(float)
        held: Ints = self._adequate[remission[self._adequate] == 1]
        return held

    def _last_assessment(self, rows: Ints, limit: Dates, strictly: Flags | None = None) -> Dated:
        """Of some assessments the last on or before (where `strictly`, before) a date."""
        position, visit = (
            self._positions[rows],
            _dates(self.follow_up.assessments["visit_date"])[rows],
        )
        early = visit <= limit[position]
        if strictly is not None:
            early &= ~((visit == limit[position]) & strictly[position])
        last = last_rows(position, early)
        row = self.follow_up.assessments["source_row"].to_numpy(float)[rows]
        words = np.full((len(self.names), 2), None, dtype=object)
        words[position[last]] = "visits", "visit_date"
        return {
            "ADT": self._by_subject(position[last], visit[last]),
            "SRCDOM": words[:, 0],
            "SRCVAR": words[:, 1],
            "SRCSEQ": self._by_subject(position[last], row[last]),
        }

    @cached_property
    def last_before_event(self) -> Dates:
        """Last adequate assessment before the event, or on its day where no visit shows the event.

        NaT without an event or such an assessment.
        """
        limit = self.event["ADT"]
        return self._last_assessment(self._adequate, limit, self.seen_at_visit)["ADT"]

    @cached_property
    def last_by_cutoff(self) -> Dated:
        """Last adequate assessment on or before the data cut-off; ADT is NaT without one."""
        return self._last_assessment(self._adequate, self.date("CUTDT"))

    @cached_property
    def held_by_cutoff(self) -> Dated:
        """The assessment of `last_held` for the data cut-off."""
        return self.last_held(self.date("CUTDT"))

    def last_held(self, limit: Dates, form: str = "{date}") -> Dated:
        """Last adequate assessment on or before a date that shows the response still held.

        That is one in remission, where loss of remission is an event; else any. ADT is NaT without
        one.

        Parameters
        ----------
        limit
            Date of each subject.
        form
            CNSDTDSC, ``{date}`` standing for the words for the assessment.
        """
        held = self._last_assessment(self._response_shown, limit)
        lost = held["ADT"] < self._last_assessment(self._adequate, limit)["ADT"]
        dates = [form.format(date=date) for date in (LAST, LAST_IN_REMISSION)]
        return held | {"CNSDTDSC": np.array(dates, dtype=object)[lost.astype(int)]}

    @property
    def last_seen(self) -> Dated:
        """Last adequate assessment by the data cut-off; without one the day of infusion."""
        return self._or_day_one(self.last_by_cutoff, LAST)

    def any_adequate(self, status: str) -> Flags:
        """Whether a flag column of the assessments is True at any adequate assessment."""
        flags = np.zeros(len(self.names), dtype=np.bool_)
        flags[self._positions[self._with_status(status, True)]] = True
        return flags

    def last_without(self, status: str) -> Dated:
        """Last adequate assessment by the data cut-off at which a flag column is False.

        Without one the day of infusion. (Of a column NAME_pending: before the state that the last
        assessments show.)
        """
        last = self._last_assessment(self._with_status(status, False), self.date("CUTDT"))
        return self._or_day_one(last, BEFORE_UNCONFIRMED.format(date=LAST))

    def _with_status(self, column: str, value: bool) -> Ints:
        """Rows of the adequate assessments at which a status column is true, or is not."""
        status = self.follow_up.assessments[column].to_numpy(bool)
        rows: Ints = self._adequate[status[self._adequate] == value]
        return rows

    def _or_day_one(self, assessment: Dated, description: str) -> Dated:
        last, day_one = assessment | self._words(CNSDTDSC=description), self.day_one
        seen = ~np.isnat(last["ADT"])
        return {name: np.where(seen, last[name], day_one[name]) for name in day_one}

    @property
    def day_one(self) -> Dated:
        """The day of infusion, by its row of the subjects table."""
        return self._of_subject("TRTSDT", "infusion_date", DAY_ONE)

    @property
    def death(self) -> Dated:
        """The date of death, by its row of the subjects table; ADT is NaT without one."""
        return self._of_subject("DTHDT", "death_date", DAY_OF_DEATH)

    @property
    def last_alive(self) -> Dated:
        """Last date on which the subject is known to have lived.

        The latest of infusion, assessments and last contact, for an endpoint that begins at the
        infusion. Not the withdrawal, which may be no more than an entry in a file.
        """
        last, contact = self._last_visit, self.date("LSTALVDT")
        of_visit = self._words(SRCDOM="visits", SRCVAR="visit_date", CNSDTDSC=LAST_ALIVE)
        of_contact = self._of_subject("LSTALVDT", "last_contact_date", LAST_ALIVE)
        of_infusion = self._of_subject("TRTSDT", "infusion_date", LAST_ALIVE)
        visited = last["ADT"] > np.fmax(self.start, contact)
        contacted = contact > self.start
        return {
            name: np.where(
                visited, values, np.where(contacted, of_contact[name], of_infusion[name])
            )
            for name, values in (last | of_visit).items()
        }

    def _of_subject(self, variable: str, column: str, description: str) -> Dated:
        return {
            "ADT": self.date(variable),
            **self._words(SRCDOM="subjects", SRCVAR=column, CNSDTDSC=description),
            "SRCSEQ": self.adsl["SRCSEQ"].to_numpy(float),
        }

    @cached_property
    def gap_before_event(self) -> Flags:
        """Whether `too_many` scheduled visits were missed in a row just before the event.

        False without an event, and for death and new systemic therapy where the section
        ``missed_assessments`` does not apply to them: their dates are exact.
        """
        rule = self.response.missed_assessments
        missed = self._missed_visits(self.last_before_event, self.event["ADT"])
        exempt = {DEATH: not rule.applies_to_death, NEW_THERAPY: not rule.applies_to_new_therapy}
        exact = [description for description, is_exempt in exempt.items() if is_exempt]
        return self.too_many(missed) & self.has_event & ~np.isin(self.event["EVNTDESC"], exact)

    @cached_property
    def loss_at_end(self) -> Flags:
        """Whether remission was lost at the last adequate assessment by the data cut-off.

        By subject; whether a further assessment confirms the loss does not matter. False without an
        adequate assessment in remission by then, and for everybody where a loss is no event
        (``recurrence.confirmed_loss: false``).
        """
        return self.held_by_cutoff["ADT"] < self.last_by_cutoff["ADT"]

    @cached_property
    def unseen_since_origin(self) -> Flags:
        """Whether no assessment after the origin, by the data cut-off, is adequate."""
        return ~(self.last_by_cutoff["ADT"] > self.start)

    @cached_property
    def missed_at_end(self) -> Ints:
        """Number of scheduled visits missed since the last adequate assessment, by the cut-off.

        Without such an assessment, since the origin. A visit is missed once its window has closed:
        by the end of the day of the data cut-off.
        """
        last = self.last_by_cutoff["ADT"]
        last = np.where(np.isnat(last), self.start, last)
        return self._missed_visits(last, self.date("CUTDT") + _DAY)

    @cached_property
    def more_scheduled(self) -> Flags:
        """Whether the window of a scheduled visit begins after the last adequate assessment.

        True without such an assessment.
        """
        after = self._days_since_infusion(self.last_by_cutoff["ADT"])
        return ~(after >= max(visit.first_day for visit in self.follow_up.schedule))

    def _days_since_infusion(self, date: Dates) -> npt.NDArray[np.float64]:
        return (date - self.date("TRTSDT")) / _DAY

    def _missed_visits(self, last: Dates, end: Dates) -> Ints:
        """Scheduled visits whose whole window lies after `last` and before `end`.

        No adequate assessment lies between the two dates, so these visits were missed in a row.
        """
        schedule = self.follow_up.schedule
        last_day_before = self._days_since_infusion(last)[:, None]
        end_day = self._days_since_infusion(end)[:, None]
        first_day = np.array([visit.first_day for visit in schedule], dtype=float)
        last_day = np.array([visit.last_day for visit in schedule], dtype=float)
        missed: Ints = ((first_day > last_day_before) & (last_day < end_day)).sum(axis=1)
        return missed

    def too_many(self, missed: Ints) -> Flags:
        """Whether numbers of visits missed in a row reach ``missed_assessments.consecutive``.

        False for all where that is empty.
        """
        limit = self.response.missed_assessments.consecutive
        return np.zeros(len(missed), dtype=np.bool_) if limit is None else missed >= limit

    @cached_property
    def deadline(self) -> Dates:
        """Last day by which remission must be reached: of the window of `Response.deadline`."""
        due = self.response.deadline(self.follow_up.schedule)
        return self.date("TRTSDT") + due.last_day * _DAY

    @cached_property
    def in_remission_by_deadline(self) -> Flags:
        """Whether the first credited remission was seen on or before the deadline."""
        return self.date("REMSDT") <= self.deadline

    @cached_property
    def remission_or_deadline(self) -> Dates:
        """First credited remission where seen by the deadline, else the day after the deadline."""
        by_deadline = self.in_remission_by_deadline
        return np.where(by_deadline, self.date("REMSDT"), self.deadline + _DAY)

    @cached_property
    def _last_visit(self) -> Dated:
        """The last assessment, adequate or not: its date and its row of the file."""
        visits = _dates(self.follow_up.assessments["visit_date"])
        last = last_rows(self._positions, (self._positions >= 0) & ~np.isnat(visits))
        row = self.follow_up.assessments["source_row"].to_numpy(float)
        return {
            "ADT": self._by_subject(self._positions[last], visits[last]),
            "SRCSEQ": self._by_subject(self._positions[last], row[last]),
        }

    @cached_property
    def last_contact(self) -> Dates:
        """The latest of assessments, last contact and death; NaT where none of them is known."""
        visited = self._last_visit["ADT"]
        # The later of two, or the one that is known.
        last_date: Dates = np.fmax(np.fmax(visited, self.date("LSTALVDT")), self.date("DTHDT"))
        return last_date


def _dates(column: pd.Series[Any]) -> Dates:
    return column.to_numpy("datetime64[ns]")
