"""Dates recorded in part that the plan reads as a day (``partial_dates``), each of them reported.

The day is one that the record can mean, within what other dates of the subject leave of it. These
are dates recorded in whole, so that nothing depends on an order. One that leaves no possible day is
not used: what contradicts is found by the checks, which see the imputed day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from durable.contracts.input_table import ColumnSpec, PartialRule
from durable.contracts.partial_dates import partial_column, possible_days
from durable.contracts.tables import INPUT_TABLES
from durable.intake.conversion import COLUMNS
from durable.intake.findings import Findings
from durable.intake.tables import StudyTable
from durable.intake.texts import Phrase
from durable.language import _

#: By table and date column the rule of the plan for dates recorded in part.
Rules = Mapping[str, Mapping[str, PartialRule]]
#: Dates as datetime64[ns]; NaT where missing.
Date = pd.Series


def impute_dates(
    tables: Mapping[str, StudyTable], rules: Rules, findings: Findings
) -> tuple[dict[str, StudyTable], pd.DataFrame]:
    """Impute a day for each date recorded in part for which the plan has a rule.

    Parameters
    ----------
    tables
        As recorded and typed, by name; a column ``NAME_partial`` holds the texts of the dates
        recorded in part (`partial_column`).
    rules
        By table and date column the rule of the plan: the earliest, middle or latest of the days
        that the date can mean within its bounds, or ``left_out``.
    findings
        A finding ``partial_date`` is added on each such cell.

    Returns
    -------
    dict of StudyTable, DataFrame
        The tables with the imputed days in the date columns; by ``left_out`` the date stays NaT.
        And a row for each such cell (`conversion.COLUMNS`), with the day in ``read_as``, '' where
        it is left out.
    """
    imputed_tables, changes = dict(tables), [pd.DataFrame(columns=COLUMNS)]
    for name, columns in rules.items():
        if name not in tables:
            continue
        frame = tables[name].frame.copy(deep=False)
        for column, rule in columns.items():
            text = frame[partial_column(column)].astype(object)
            in_part = text.notna()
            spec = INPUT_TABLES[name].by_name[column]
            day = _day(spec, rule, text, tables, tables[name])
            _report(tables[name], spec, rule, in_part, day, findings)
            frame[column] = frame[column].fillna(day)
            changes.append(_changes(tables[name], column, in_part, text, day))
        imputed_tables[name] = replace(tables[name], frame=frame)
    return imputed_tables, pd.concat(changes, ignore_index=True)


def _day(
    spec: ColumnSpec,
    rule: PartialRule,
    text: pd.Series[str],
    tables: Mapping[str, StudyTable],
    table: StudyTable,
) -> Date[pd.Timestamp]:
    """The day that each text is read as; NaT where there is none, or the record is left out."""
    first, last = possible_days(text)
    if rule == "left_out":
        return first.mask(first.notna())
    early = [
        _possible(_bounds(name, tables, table, "max"), first, last) for name in spec.not_before
    ]
    late = [_possible(_bounds(name, tables, table, "min"), first, last) for name in spec.not_after]
    low = pd.concat([first, *early], axis=1).max(axis=1)
    high = pd.concat([last, *late], axis=1).min(axis=1)
    # Bounds that contradict each other decide nothing.
    contradict = low > high
    low, high = low.mask(contradict, first), high.mask(contradict, last)
    if rule == "earliest":
        return low
    return high if rule == "latest" else low + (high - low).dt.floor("2D") / 2


def _possible(
    bound: Date[pd.Timestamp], first: Date[pd.Timestamp], last: Date[pd.Timestamp]
) -> Date[pd.Timestamp]:
    """A bound where it is one of the possible days."""
    return bound.where((bound >= first) & (bound <= last))


def _bounds(
    name: str, tables: Mapping[str, StudyTable], table: StudyTable, extreme: str
) -> Date[pd.Timestamp]:
    """A date of the same record, or the first or last one of its subject in another table."""
    other_table, _dot, column = name.rpartition(".")
    if not other_table:
        return table.frame[column]
    subject = table.frame["subject_id"].astype(object)
    if other_table not in tables:
        return pd.Series(pd.NaT, index=subject.index, dtype="datetime64[ns]")
    frame = tables[other_table].frame
    of_subject = frame[column].groupby(frame["subject_id"].astype(object)).agg(extreme)
    return subject.map(of_subject).astype("datetime64[ns]")


def _report(
    table: StudyTable,
    spec: ColumnSpec,
    rule: PartialRule,
    where: pd.Series[bool],
    day: Date[pd.Timestamp],
    findings: Findings,
) -> None:
    key = f"partial_dates.{spec.name}: {rule}"
    expected = Phrase(_("a complete date; read as {date} ({key})"), {"date": day, "key": key})
    if rule == "left_out":
        words = _("a complete date; the record is not analysed ({key})")
        expected = Phrase(words, {"key": key})
    findings.add(table.recorded, where, spec.name, "partial_date", expected)


def _changes(
    table: StudyTable,
    column: str,
    where: pd.Series[bool],
    text: pd.Series[str],
    day: Date[pd.Timestamp],
) -> pd.DataFrame:
    rows = table.frame.loc[where]
    values = {
        "table": table.recorded.table,
        "subject_id": rows["subject_id"].astype(object),
        "row": rows["source_row"],
        "column": column,
        "recorded": text.loc[where],
        "unit": "",
        "read_as": day.loc[where].dt.strftime("%Y-%m-%d").fillna("").astype(object),
    }
    return pd.DataFrame(values, columns=COLUMNS)
