"""Rows of the safety tables: subjects with an event, counted once each at the worst grade."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from durable.contracts.results import NO_EVENTS_TABLE, WHOLE_COLUMN, Parameter, Statistic
from durable.language import N_, _
from durable.outputs import cells, formats
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, groups, not_made
from durable.outputs.output import ColumnEstimates
from durable.outputs.quantities import count_with_percent, percent
from durable.outputs.table import Line, Lookup
from durable.plan import Outputs, Plan, Safety
from durable.stats.proportions import proportion_bound
from durable.vocabulary import window_flag
from durable.wording import percent as percent_text

#: Heading of the column of labels.
STUB = "n (%)"
EMERGENT = N_("TEAE: treatment-emergent adverse event, with onset on or after the day of infusion.")
#: Window of all of follow-up.
ALL = "ALL"
SEVERE = 3
FATAL = 5
#: Grades as they are counted: by position, 0 where none is known.
_COUNTED = ("missing", "1", "2", "3", "4", "5")
#: Grades as they are shown, each on a line of its own or 1 and 2 on one.
GRADES = ("1", "2", "3", "4", "5", "missing")
GROUPED_GRADES = ("1_2", "3", "4", "5", "missing")
#: A cell with the one-sided upper limit in percent.
upper_limit_cell = cells.value("upper", power=formats.PERCENT)
_GRADE = N_("Grade {grade}")
_GRADE_NAMES = {"1_2": N_("Grade 1-2"), "missing": N_("Grade missing")}


@dataclass(frozen=True)
class EventCounts:
    """Events to be counted under the rows of a table.

    Attributes
    ----------
    parameters
        One for each row of the table, in the order of the rows.
    subjects
        One row per parameter and subject with an event: ``parameter`` (position in `parameters`,
        from 0), ``USUBJID``, ``size`` (number of events) and ``max`` (worst known grade, 0 where
        none is known).
    """

    parameters: list[Parameter]
    subjects: pd.DataFrame

    @classmethod
    def from_events(cls, parameters: Iterable[Parameter], events: pd.DataFrame) -> EventCounts:
        """Counts of events with ``parameter`` (position, from 0), ``USUBJID`` and ``grade``."""
        known = events.assign(grade=events["grade"].fillna(0).astype("int64"))
        by_subject = known.groupby(["parameter", "USUBJID"], sort=False)["grade"]
        return cls(list(parameters), by_subject.agg(["size", "max"]).reset_index())

    @classmethod
    def from_parts(
        cls, parts: Mapping[Parameter, pd.DataFrame], grade: str = "AETOXGR"
    ) -> EventCounts:
        """Counts of parts of ADAE, each under its parameter, by the variable `grade`."""
        events = [
            part[["USUBJID", grade]]
            .set_axis(["USUBJID", "grade"], axis=1)
            .assign(parameter=position)
            for position, part in enumerate(parts.values())
        ]
        return cls.from_events(parts, pd.concat(events, ignore_index=True))

    def column_estimates(self, column: Group, conf_level: float) -> Estimates:
        """n_infused of a column and its upper limit without events, then `statistics`."""
        n = len(column.subjects)
        yield WHOLE_COLUMN, Statistic("n_infused", n)
        yield WHOLE_COLUMN, upper_limit(n, conf_level)
        yield from self.statistics(column, conf_level)

    def statistics(self, column: Group, conf_level: float) -> Estimates:
        """Counts under each parameter in one column, zeros included.

        n_subjects with their percent, n_events, n_grade_X and percent_grade_X of the worst grade X
        (missing, 1 to 5, 1_2, 3_5); and upper, the limit of `upper_limit`, where n_subjects is 0.
        Percentages are of the subjects of the column, NaN without any.
        """
        part, n = column.select(self.subjects), len(column.subjects)
        cells = part["parameter"].to_numpy() * len(_COUNTED) + part["max"].to_numpy()
        shape = (len(self.parameters), len(_COUNTED))
        worst = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        events = np.bincount(part["parameter"], part["size"], minlength=len(self.parameters))
        limit = upper_limit(n, conf_level)
        for parameter, n_events, grades in zip(
            self.parameters, events.tolist(), worst.tolist(), strict=True
        ):
            for statistic in _incidence(int(n_events), grades, n):
                yield parameter, statistic
            if not sum(grades):
                yield parameter, limit


def _incidence(n_events: int, grades: list[int], n: int) -> Iterator[Statistic]:
    """Subjects with an event and their percentage, events, and subjects by worst grade."""
    yield Statistic("n_subjects", sum(grades))
    yield Statistic("percent", percent(sum(grades), n))
    yield Statistic("n_events", n_events)
    for grade, subjects in zip(_COUNTED, grades, strict=True):
        yield from count_with_percent(subjects, n, f"grade_{grade}")
    yield from count_with_percent(grades[1] + grades[2], n, "grade_1_2")
    yield from count_with_percent(sum(grades[SEVERE:]), n, "grade_3_5")


def upper_limit(n: int, conf_level: float) -> Statistic:
    """Exact one-sided upper limit of the proportion where none of n has an event; NaN at n = 0."""
    note = f"one-sided {percent_text(conf_level)} upper confidence limit, no events"
    return Statistic("upper", proportion_bound(0, n, conf_level), note=note)


def events_by_column(
    count_events: Callable[[pd.DataFrame, Safety], EventCounts],
    datasets: AnalysisDatasets,
    plan: Plan,
) -> ColumnEstimates:
    """Results of a table of adverse events: the counts in each column.

    Without ADAE, n_infused of each column with a note.

    Parameters
    ----------
    count_events
        Function that makes the counts from ADAE and the section `safety` of the plan.
    datasets
        The analysis datasets.
    plan
        The analysis plan.
    """
    columns = groups(datasets.adsl, plan.group_variables)
    if datasets.adae is None:
        yield from not_made(columns, NO_EVENTS_TABLE)
        return
    events = count_events(datasets.adae, plan.safety)
    for column in columns:
        yield column, events.column_estimates(column, plan.statistics.conf_level)


def windows(adae: pd.DataFrame, safety: Safety) -> dict[str, pd.Series[bool]]:
    """By window (``D28``, ..., ``ALL``), whether each event is treatment-emergent in it."""
    flags = {f"D{days}": window_flag(days) for days in safety.windows_days} | {ALL: "TRTEMFL"}
    return {window: adae[name] == "Y" for window, name in flags.items()}


def is_grade_or_higher(adae: pd.DataFrame, grade: int) -> pd.Series[bool]:
    """Whether each event is of this CTCAE grade or a higher one; False without a grade."""
    return (adae["AETOXGR"] >= grade).fillna(False).astype(bool)


def fatal_events(adae: pd.DataFrame) -> pd.Series[bool]:
    """Whether each event is fatal: of grade 5, or with a fatal outcome."""
    return is_grade_or_higher(adae, FATAL) | (adae["AOUT"] == "FATAL")


def window_labels(safety: Safety) -> Iterator[tuple[str, str]]:
    """Each window with its heading, ``("D28", "Within 28 days of infusion")``; ``ALL`` last."""
    for days in safety.windows_days:
        yield f"D{days}", _("Within {days} days of infusion").format(days=days)
    yield ALL, _("Entire follow-up")


def main_windows(safety: Safety) -> tuple[tuple[str, str], ...]:
    """The first window and ``ALL``, which the main tables show, each with its heading."""
    first, *_, last = window_labels(safety)
    return first, last


def event_lines(label: str, indent: int, grades: tuple[str, ...] = GRADES) -> Iterator[Line]:
    """Lines of subjects with an event, of events, and of each worst grade that somebody has."""
    yield Line(label, subjects_cell, indent)
    yield from number_of_events(indent + 1)
    yield from grade_lines(indent + 1, grades)


def number_of_events(indent: int) -> Iterator[Line]:
    """A line with the number of events, left out where no column has any."""
    yield Line(_("number of events"), cells.count("n_events"), indent, optional=True)


def grade_lines(indent: int, grades: tuple[str, ...], *, optional: bool = True) -> Iterator[Line]:
    """Lines of subjects by worst grade; if `optional`, without grades that no column has."""
    for grade in grades:
        cell = cells.incidence(f"n_grade_{grade}", f"percent_grade_{grade}")
        label = _(_GRADE_NAMES.get(grade, _GRADE)).format(grade=grade)
        yield Line(label, cell, indent, optional)


#: Subjects with their percentage; 0 alone.
subjects_cell = cells.incidence("n_subjects", "percent")
severe_cell = cells.incidence("n_grade_3_5", "percent_grade_3_5")


def subjects_of_denominator_cell(find: Lookup, outputs: Outputs) -> str:
    """``2/10 (20.0)`` of subjects who are not the N of the column; no percentage of 0.

    Empty where the column has no denominator.
    """
    n, denominator = find("n_subjects"), find("n_denominator")
    if denominator is None:
        return ""
    share = f"{formats.count(n)}/{formats.count(denominator)}"
    if n is None or not n.value:
        return share
    return f"{share} ({formats.number(find('percent'), outputs.percent_decimals)})"


def upper_limit_line(plan: Plan, indent: int) -> Line:
    """A line with the upper limit; left out where in every column a subject has the event."""
    level = percent_text(plan.statistics.conf_level)
    label = _("One-sided {level} upper confidence limit (no events), %").format(level=level)
    return Line(label, upper_limit_cell, indent, optional=True)
