"""Rows of the safety tables: subjects with an event, counted once each at the worst grade."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from durable.analyse.groups import Group
from durable.contracts.results import Result, join_parameter
from durable.stats.proportions import proportion_bound

#: Parameter, statistic, value, lower, upper and note of a result.
Row = tuple[str, str, float, float, float, str]
#: Parts of a parameter; they are joined only where a result is written.
Parameter = tuple[str, ...]
_GRADES = ("missing", "1", "2", "3", "4", "5")
#: Parameter of what concerns a whole column.
COLUMN: Parameter = ("",)


@dataclass(frozen=True)
class Table:
    """Events to be counted under the rows of a table.

    Attributes
    ----------
    parameters
        Rows in their order.
    subjects
        One row per parameter and subject with an event: ``parameter`` (position), ``USUBJID``,
        ``size`` (number of events) and ``max`` (worst known grade, 0 where none is known).
    """

    output: str
    parameters: list[Parameter]
    subjects: pd.DataFrame

    @classmethod
    def from_events(
        cls, output: str, parameters: Iterable[Parameter], events: pd.DataFrame
    ) -> Table:
        """From ``parameter`` (position), ``USUBJID`` and ``grade`` of every event of every row."""
        known = events.assign(grade=events["grade"].fillna(0).astype("int64"))
        by_subject = known.groupby(["parameter", "USUBJID"], sort=False)["grade"]
        return cls(output, list(parameters), by_subject.agg(["size", "max"]).reset_index())

    @classmethod
    def from_parts(
        cls, output: str, parts: Mapping[Parameter, pd.DataFrame], grade: str = "AETOXGR"
    ) -> Table:
        """With a row for each part of ADAE, its events counted at this grade."""
        events = [
            part[["USUBJID", grade]]
            .set_axis(["USUBJID", "grade"], axis=1)
            .assign(parameter=position)
            for position, part in enumerate(parts.values())
        ]
        return cls.from_events(output, parts, pd.concat(events, ignore_index=True))

    def results(self, columns: list[Group], level: float) -> Iterator[Result]:
        """The rows in every column, zeros included; each column begins with its N and its bound."""
        for column in columns:
            n = len(column.subjects)
            yield result(self.output, column, number(COLUMN, "n_infused", n))
            yield result(self.output, column, number(COLUMN, "upper", *bound(n, level)))
            yield from (result(self.output, column, row) for row in self.rows(column, level))

    def rows(self, column: Group, level: float) -> Iterator[Row]:
        """Subjects, events and worst grades under each parameter in one column."""
        part, n = column.of(self.subjects), len(column.subjects)
        cells = part["parameter"].to_numpy() * len(_GRADES) + part["max"].to_numpy()
        shape = (len(self.parameters), len(_GRADES))
        worst = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        events = np.bincount(part["parameter"], part["size"], minlength=len(self.parameters))
        limit = bound(n, level)
        for parameter, n_events, grades in zip(
            self.parameters, events.tolist(), worst.tolist(), strict=True
        ):
            yield from counted(parameter, "", sum(grades), n)
            yield number(parameter, "n_events", n_events)
            for grade, count in zip(_GRADES, grades, strict=True):
                yield from counted(parameter, f"grade_{grade}", count, n)
            yield from counted(parameter, "grade_1_2", grades[1] + grades[2], n)
            if not sum(grades):
                yield number(parameter, "upper", *limit)


def number(parameter: Parameter, statistic: str, value: float, note: str = "") -> Row:
    """A row without an interval."""
    return join_parameter(*parameter), statistic, float(value), nan, nan, note


def counted(parameter: Parameter, name: str, count: int, n: int) -> Iterator[Row]:
    """A number of subjects and its percentage of `n`; of the row itself without a name."""
    yield number(parameter, f"n_{name or 'subjects'}", count)
    yield number(parameter, f"percent_{name}".rstrip("_"), percent(count, n))


def percent(count: float, n: int) -> float:
    """Percentage; NaN where there is nobody to take it of."""
    return 100 * count / n if n else nan


def bound(n: int, level: float) -> tuple[float, str]:
    """Exact upper bound of the proportion where none of n has an event, and its name."""
    return proportion_bound(0, n, level), f"one-sided {100 * level:g} % upper bound, none observed"


def result(output: str, column: Group, row: Row) -> Result:
    """A row in a column of a table."""
    return Result(output, "primary", column.group_by, column.group, *row)
