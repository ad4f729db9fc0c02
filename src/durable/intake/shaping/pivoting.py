"""From one row a measurement to one row a record (`long`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import escaped
from durable.intake.shaping.rows import Report, Rows, picked, stripped
from durable.intake.texts import is_blank
from durable.language import _
from durable.plan.source_files import Long

_Places = npt.NDArray[np.intp]


def pivot(
    rows: Rows,
    given: Long,
    keys: Sequence[str],
    others: Iterable[str],
    report: Report,
    section: str,
) -> Rows | None:
    """One row for the measurements of each key, a column for each test that the file has.

    Parameters
    ----------
    keys
        Columns that identify a record.
    others
        Columns of the record itself, which have to agree among its measurements.
    section
        Section of the plan.

    Returns
    -------
    Rows or None
        In the order in which the records begin. A column is named as the native one, and so is that
        of its upper limit of normal. None (reported) where a column is missing.
    """
    file = str(rows.place["file"].iloc[0]) if len(rows.place) else ""
    if not report.has_columns(rows, [*given.columns, *keys], section, file):
        return None
    tests = stripped(rows.text[given.test])
    _report_tests(rows, tests, given, report, section, file)
    record = _records(rows, keys)
    first = pd.Series(np.arange(len(record))).groupby(record, sort=True).first()
    starts: _Places = first.to_numpy(np.intp)
    kept = [name for name in others if name in rows.text and name not in given.columns]
    columns: dict[str, pd.Series[str]] = {}
    elsewhere: dict[str, pd.DataFrame] = {}
    units: dict[str, pd.Series[str]] = {}
    for name in (*keys, *kept):
        source = _agreed(rows, name, record, starts, report)
        columns[name] = picked(rows.text[name], source)
        if name in rows.elsewhere:
            elsewhere[name] = _origin(rows.elsewhere[name], source, starts)
        if name in rows.units:
            units[name] = picked(rows.units[name], source)
    for test, column in given.tests.items():
        of_test = (tests == test).to_numpy(bool)
        if not of_test.any():
            continue
        source = _sources(rows, of_test, record, len(starts), given, test, report)
        for name, foreign in _made(report.table, given, column).items():
            columns[name] = picked(rows.text[foreign], source)
            elsewhere[name] = _origin(rows.place, source, starts)
            if given.unit:
                units[name] = picked(rows.text[given.unit], source)
    place = rows.place.take(starts).reset_index(drop=True)
    return Rows(pd.DataFrame(columns, index=place.index), place, elsewhere, units)


def _made(table: str, given: Long, column: str) -> dict[str, str]:
    """Native columns that a measurement makes, and the column of the file for each."""
    limits = {c.limit_of: c.name for c in INPUT_TABLES[table].columns if c.limit_of}
    limit = {limits[column]: given.limit} if given.limit and column in limits else {}
    return {column: given.value} | limit


def _sources(
    rows: Rows,
    of_test: npt.NDArray[np.bool_],
    record: _Places,
    number: int,
    given: Long,
    test: str,
    report: Report,
) -> _Places:
    """The row of each record's result, -1 where it has none; a second result is reported."""
    filled = ~is_blank(rows.text[given.value]).to_numpy(bool)
    at = _once(rows, np.flatnonzero(of_test & filled), record, given, test, report)
    source = np.full(number, -1, dtype=np.intp)
    source[record[at]] = at
    return source


def _records(rows: Rows, keys: Sequence[str]) -> _Places:
    """Number of the record of each row, in the order in which the records begin."""
    cells = pd.DataFrame({name: stripped(rows.text[name]) for name in keys})
    groups = cells.groupby(list(keys), observed=True, sort=False)
    return np.asarray(groups.ngroup(), dtype=np.intp)


def _agreed(rows: Rows, name: str, record: _Places, starts: _Places, report: Report) -> _Places:
    """The row by which each record has a column, -1 where none has; reported where they differ."""
    column = rows.text[name]
    filled = np.flatnonzero(~is_blank(column).to_numpy(bool))
    source = np.full(len(starts), -1, dtype=np.intp)
    # The first of each record: of several the last assignment counts.
    source[record[filled[::-1]]] = filled[::-1]
    texts = stripped(column).astype(object).to_numpy()
    differs: _Places = filled[texts[filled] != texts[source[record[filled]]]]
    for place in differs.tolist():
        before = source[record[place]]
        message = _("found {text}; expected {before} as in row {row}, of the same record").format(
            text=escaped(texts[place]),
            before=escaped(texts[before]),
            row=rows.place["row"].iloc[before],
        )
        _report_row(rows, place, report, "differs_in_record", message, name, texts[place])
    return source


def _once(
    rows: Rows, at: _Places, record: _Places, given: Long, test: str, report: Report
) -> _Places:
    """Rows of a test, one for each record; a second result is reported."""
    again = pd.Series(record[at]).duplicated().to_numpy(bool)
    first = dict(zip(record[at][::-1].tolist(), at[::-1].tolist(), strict=True))
    for place in at[again].tolist():
        row = rows.place["row"].iloc[first[int(record[place])]]
        value = str(rows.text[given.value].iloc[place])
        message = _("a second result of {test}; expected one, as in row {row}").format(
            test=test, row=row
        )
        _report_row(rows, place, report, "duplicate_result", message, given.tests[test], value)
    kept: _Places = at[~again]
    return kept


def _report_row(
    rows: Rows, place: int, report: Report, rule: str, message: str, column: str, value: str
) -> None:
    file, row = str(rows.place["file"].iloc[place]), int(rows.place["row"].iloc[place])
    report(rule, message, file=file, row=row, column=column, value=escaped(value))


def _origin(place: pd.DataFrame, source: _Places, starts: _Places) -> pd.DataFrame:
    """Where the cells of a column stand; those that are empty at the start of their record."""
    return place.take(np.where(source >= 0, source, starts)).reset_index(drop=True)


def _report_tests(
    rows: Rows, tests: pd.Series[str], given: Long, report: Report, key: str, file: str
) -> None:
    """Report tests of the file that the plan does not name, and those that the file lacks."""
    counts = tests.astype(object).value_counts(sort=False)
    first = rows.place["row"].loc[~tests.duplicated().to_numpy()]
    rows_of = dict(zip(tests.drop_duplicates(), first, strict=True))
    for test, number in counts.items():
        if test not in given.tests:
            row = int(rows_of[str(test)])
            message = _(
                "{number} record(s) of {test}, first here; expected one of {tests}"
                " ({key}.tests): they are not used"
            ).format(
                number=number,
                test=escaped(str(test)) or _("no test"),
                tests=", ".join(given.tests),
                key=key,
            )
            report("unused_record", message, file=file, row=row, column=given.test, value=str(test))
    for test in (test for test in given.tests if test not in counts.index):
        message = _("no record of {test} ({key}.tests); expected one at least").format(
            test=test, key=key
        )
        report("no_such_value", message, file=file, column=given.test, value=test)
