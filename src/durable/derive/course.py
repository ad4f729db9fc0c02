"""What the events and censorings of an endpoint are decided from: dates by subject.

Dates are compared as dates. An *adequate* assessment is one after infusion whose remission status
is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.endpoint import Endpoint, Event, Source
from durable.derive.new_therapy import first_of_each, new_systemic
from durable.frames import last_rows, positions, with_columns
from durable.jdm.response import Response
from durable.schedule import Visit
from durable.vocabulary import DEATH, EVENTS, NEW_THERAPY

LAST = "LAST ADEQUATE ASSESSMENT"
LAST_IN_REMISSION = "LAST ASSESSMENT IN REMISSION"
DAY_ONE = "DAY OF INFUSION"
DAY_OF_DEATH = "DATE OF DEATH"
DAY_OF_THERAPY = "START OF NEW SYSTEMIC THERAPY"

SOURCE = ("SRCDOM", "SRCVAR", "SRCSEQ")
_DAY = pd.Timedelta(days=1)
_RANK = {description: i for i, description in enumerate(EVENTS.values())}


@dataclass(frozen=True)
class FollowUp:
    """What is known of all subjects, and the definitions by which it is judged."""

    adsl: pd.DataFrame
    assessments: pd.DataFrame
    """With losses, as `flag_recurrence` returns them."""
    therapies: pd.DataFrame | None
    """Validated table, or None where the study has none."""
    schedule: tuple[Visit, ...]
    response: Response

    @cached_property
    def last_visit(self) -> pd.Series[pd.Timestamp]:
        """Date of the last assessment, by subject."""
        return self.assessments.groupby("subject_id", sort=False)["visit_date"].max()


class Course:
    """The subjects of one endpoint: everything is a series or frame in the order of `adsl`."""

    def __init__(self, follow_up: FollowUp, endpoint: Endpoint) -> None:
        self.follow_up = follow_up
        self.endpoint = endpoint
        self.response = follow_up.response
        """Definitions in force."""
        chosen = follow_up.adsl.loc[follow_up.adsl[endpoint.population] == "Y"]
        self.adsl: pd.DataFrame = chosen.set_index("USUBJID")
        """ADSL of the endpoint's population, by USUBJID."""
        self.start: pd.Series[pd.Timestamp] = self.adsl[endpoint.origin]
        """Origin of the duration."""

    @cached_property
    def event(self) -> pd.DataFrame:
        """The earliest event (ADT, EVNTDESC and source); ADT is not-a-time where there is none."""
        records = pd.concat(self._records(), ignore_index=True)
        records = records.loc[records["ADT"] >= records["USUBJID"].map(self.start)]
        if self.endpoint.until is not None:
            until = self.endpoint.until(self)
            records = records.loc[records["ADT"] < records["USUBJID"].map(until)]
        rank = records["EVNTDESC"].map(_RANK)
        order = records.assign(rank=rank).sort_values(["ADT", "rank", "SRCSEQ"], kind="stable")
        first = order.groupby("USUBJID").head(1).set_index("USUBJID")
        return first[["ADT", "EVNTDESC", *SOURCE]].reindex(self.adsl.index)

    def _records(self) -> Iterator[pd.DataFrame]:
        """Every dated event of every subject."""
        for event in self.endpoint.events:
            if event.counts(self.response):
                for source in event.sources:
                    yield self._dated(event, source)

    def _dated(self, event: Event, source: Source) -> pd.DataFrame:
        """Records of one source, with where they come from."""
        dataset, subject, row = self._datasets[source.table]
        # Of a hundred columns of the assessments three.
        chosen = dataset[[subject, source.date, row]].loc[source.where(dataset)]
        return pd.DataFrame(
            {
                "USUBJID": chosen[subject].to_numpy(object),
                "ADT": pd.to_datetime(chosen[source.date].to_numpy()).astype("datetime64[ns]"),
                "EVNTDESC": event.description,
                "SRCDOM": source.table,
                "SRCVAR": source.column,
                "SRCSEQ": chosen[row].to_numpy("int64"),
            }
        )

    @cached_property
    def _datasets(self) -> dict[str, tuple[pd.DataFrame, str, str]]:
        """Dataset of each input table, and its columns of subject and row of the file."""
        return {
            "visits": (self.follow_up.assessments, "subject_id", "source_row"),
            "subjects": (self.adsl.reset_index(), "USUBJID", "SRCSEQ"),
            "therapies": (self._first_therapies, "subject_id", "source_row"),
        }

    @cached_property
    def _first_therapies(self) -> pd.DataFrame:
        return first_of_each(new_systemic(self.follow_up.therapies, self.start))

    @cached_property
    def new_therapy(self) -> pd.Series[pd.Timestamp]:
        """Start of the first new systemic therapy on or after the origin."""
        dates = self._first_therapies.set_index("subject_id")["start_date"]
        return dates.reindex(self.adsl.index).astype("datetime64[ns]")

    @cached_property
    def seen_at_visit(self) -> pd.Series[bool]:
        """Whether the event is one that an assessment shows."""
        return self.event["SRCDOM"] == "visits"

    @cached_property
    def _adequate(self) -> pd.DataFrame:
        """Adequate assessments; ``place`` numbers the subjects."""
        frame = self.follow_up.assessments
        place = positions(frame, self.adsl.index)
        columns = frame[["visit_date", "source_row", "remission"]]
        return with_columns(columns, {"place": place}).loc[frame["adequate"] & (place >= 0)]

    @cached_property
    def _held(self) -> pd.DataFrame:
        """Those that show the response still held: where loss is an event, those in remission.

        A loss that nothing confirmed is no event, and no time in remission either.
        """
        if not self.response.recurrence.confirmed_loss:
            return self._adequate
        return self._adequate.loc[self._adequate["remission"] == 1]

    @cached_property
    def last_before_event(self) -> pd.DataFrame:
        """Last adequate assessment before the event; on its day too, where no visit shows it."""
        return _last_assessment(self._adequate, self.event["ADT"], strictly=self.seen_at_visit)

    @cached_property
    def last_by_cutoff(self) -> pd.DataFrame:
        """Last adequate assessment on or before the data cut-off."""
        return _last_assessment(self._adequate, self.adsl["CUTDT"])

    @cached_property
    def held_by_cutoff(self) -> pd.DataFrame:
        """Last adequate assessment by the data cut-off that shows the response still held."""
        return self.last_held(self.adsl["CUTDT"])

    def last_held(self, limit: pd.Series[pd.Timestamp], before: str = "") -> pd.DataFrame:
        """Last adequate assessment on or before a date that shows the response still held.

        Parameters
        ----------
        limit
            Date of each subject.
        before
            What the date is, for CNSDTDSC.
        """
        held = _last_assessment(self._held, limit)
        lost = held["ADT"] < _last_assessment(self._adequate, limit)["ADT"]
        what = np.array([LAST + before, LAST_IN_REMISSION + before], dtype=object)
        return held.assign(CNSDTDSC=what[lost.to_numpy(int)])

    @property
    def last_seen(self) -> pd.DataFrame:
        """Last adequate assessment by the data cut-off; without one the day of infusion."""
        last, day_one = self.last_by_cutoff.assign(CNSDTDSC=LAST), self.day_one
        seen = last["ADT"].notna()
        return pd.DataFrame({name: last[name].where(seen, day_one[name]) for name in day_one})

    @property
    def day_one(self) -> pd.DataFrame:
        """The day of infusion, by its row of the subjects table."""
        return self._of_subject("TRTSDT", "infusion_date", DAY_ONE)

    @property
    def death(self) -> pd.DataFrame:
        """The date of death, by its row of the subjects table."""
        return self._of_subject("DTHDT", "death_date", DAY_OF_DEATH)

    def _of_subject(self, variable: str, column: str, what: str) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "ADT": self.adsl[variable],
                "SRCDOM": "subjects",
                "SRCVAR": column,
                "SRCSEQ": self.adsl["SRCSEQ"].astype(float),
                "CNSDTDSC": what,
            }
        )

    @property
    def start_of_new_therapy(self) -> pd.DataFrame:
        """The start of the first new systemic therapy, by its row of the therapies table."""
        first = self._first_therapies.set_index("subject_id").reindex(self.adsl.index)
        return pd.DataFrame(
            {
                "ADT": self.new_therapy,
                "SRCDOM": "therapies",
                "SRCVAR": "start_date",
                "SRCSEQ": first["source_row"].astype(float),
                "CNSDTDSC": DAY_OF_THERAPY,
            }
        )

    @cached_property
    def gap_before_event(self) -> pd.Series[bool]:
        """Whether too many assessments were missed before the event, one without an own date."""
        rule = self.response.missed_assessments
        missed = self._missed(self.last_before_event["ADT"], self.event["ADT"])
        exempt = {DEATH: not rule.applies_to_death, NEW_THERAPY: not rule.applies_to_new_therapy}
        exact = [description for description, is_exempt in exempt.items() if is_exempt]
        inexact = ~self.event["EVNTDESC"].isin(exact)
        return self.too_many(missed) & self.event["ADT"].notna() & inexact

    @cached_property
    def loss_at_end(self) -> pd.Series[bool]:
        """Whether remission was lost at the last adequate assessment by the data cut-off.

        By subject; whether a further assessment confirms the loss does not matter. False without an
        adequate assessment in remission by then, and for everybody where a loss is no event
        (``recurrence.confirmed_loss: false``).
        """
        return self.held_by_cutoff["ADT"] < self.last_by_cutoff["ADT"]

    @cached_property
    def unseen_since_origin(self) -> pd.Series[bool]:
        """Whether no assessment after the origin is adequate."""
        return ~(self.last_by_cutoff["ADT"] > self.start)

    @cached_property
    def missed_at_end(self) -> pd.Series[int]:
        """Scheduled visits missed since the last adequate assessment, by the data cut-off."""
        last = self.last_by_cutoff["ADT"].fillna(self.start)
        return self._missed(last, self.adsl["CUTDT"] + _DAY)

    @cached_property
    def more_scheduled(self) -> pd.Series[bool]:
        """Whether a visit is scheduled after the last adequate assessment."""
        after = (self.last_by_cutoff["ADT"] - self.adsl["TRTSDT"]).dt.days
        return ~(after >= max(visit.first_day for visit in self.follow_up.schedule))

    def _missed(
        self, last: pd.Series[pd.Timestamp], until: pd.Series[pd.Timestamp]
    ) -> pd.Series[int]:
        """Scheduled visits whose whole window lies after `last` and before `until`.

        No adequate assessment lies between the two dates, so these visits were missed in a row.
        """
        infusion, schedule = self.adsl["TRTSDT"], self.follow_up.schedule
        after = (last - infusion).dt.days.to_numpy(float)[:, None]
        before = (until - infusion).dt.days.to_numpy(float)[:, None]
        first_day = np.array([visit.first_day for visit in schedule], dtype=float)
        last_day = np.array([visit.last_day for visit in schedule], dtype=float)
        missed = (first_day > after) & (last_day < before)
        return pd.Series(missed.sum(axis=1), index=self.adsl.index)

    def too_many(self, missed: pd.Series[int]) -> pd.Series[bool]:
        """Whether so many visits missed in a row end the observation."""
        limit = self.response.missed_assessments.consecutive
        if limit is None:
            return pd.Series(False, index=missed.index)
        return missed >= limit

    @cached_property
    def deadline(self) -> pd.Series[pd.Timestamp]:
        """Last day by which remission must be reached."""
        due = self.response.deadline(self.follow_up.schedule)
        return self.adsl["TRTSDT"] + due.last_day * _DAY

    @cached_property
    def in_remission_by_deadline(self) -> pd.Series[bool]:
        """Whether the first remission was seen by the deadline."""
        return self.adsl["REMSDT"] <= self.deadline

    @cached_property
    def remission_or_deadline(self) -> pd.Series[pd.Timestamp]:
        """First remission where it was seen by the deadline, else the day after the deadline."""
        return self.adsl["REMSDT"].where(self.in_remission_by_deadline, self.deadline + _DAY)

    @cached_property
    def last_contact(self) -> pd.Series[pd.Timestamp]:
        """When the subject was last seen or heard of: assessment, contact or death."""
        visited = self.follow_up.last_visit.reindex(self.adsl.index)
        known = [visited, self.adsl["LSTALVDT"], self.adsl["DTHDT"]]
        return pd.concat(known, axis=1).max(axis=1)


def _last_assessment(
    assessments: pd.DataFrame,
    date: pd.Series[pd.Timestamp],
    strictly: pd.Series[bool] | None = None,
) -> pd.DataFrame:
    """Last assessment on or before (where `strictly`, before) a date, by subject.

    `date` and `strictly` are in the order of the subjects that ``place`` of `assessments` counts.
    """
    place, visit = assessments["place"].to_numpy(), assessments["visit_date"].to_numpy()
    limit = date.to_numpy()[place]
    early: npt.NDArray[np.bool_] = visit <= limit
    if strictly is not None:
        early &= ~((visit == limit) & strictly.to_numpy(bool)[place])
    row = last_rows(place, early)
    last = np.full(len(date), np.datetime64("NaT"), dtype=visit.dtype)
    last[place[row]] = visit[row]
    source = np.full(len(date), np.nan)
    source[place[row]] = assessments["source_row"].to_numpy(float)[row]
    return pd.DataFrame(
        {"ADT": last, "SRCSEQ": source, **_visits_where(~np.isnat(last))}, index=date.index
    )


def _visits_where(seen: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    number = seen.astype(int)
    return {
        "SRCDOM": np.array([None, "visits"], dtype=object)[number],
        "SRCVAR": np.array([None, "visit_date"], dtype=object)[number],
    }
