"""From one row a measurement to one row a record (`long`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import row_in_words, visible_text
from durable.intake.shaping.rows import Report, Rows, pick, strip_texts
from durable.intake.texts import is_blank
from durable.language import _
from durable.plan.source_files import Long

#: Positions of rows, from 0, or numbers of records.
_Positions = npt.NDArray[np.intp]


def pivot(
    rows: Rows,
    long: Long,
    keys: Sequence[str],
    record_columns: Iterable[str],
    report: Report,
    section: str,
    file: str,
) -> Rows | None:
    """One row a record for all its measurements, with a column for each test that the file has.

    A cell without a result is ''. Tests that the plan does not name, second results and differing
    texts of a record are reported, and the first counts.

    Parameters
    ----------
    keys
        Columns that identify a record.
    record_columns
        Columns of the record itself, which have to agree among its measurements.
    section, file
        Section of the plan, and name of its file (of several their names), for the findings.

    Returns
    -------
    Rows or None
        In the order in which the records begin. A test's column has its native name, and so has
        that of its upper limit of normal. None (reported) where a column is missing.
    """
    if not report.has_columns(rows, [*long.columns, *keys], section, file):
        return None
    tests = strip_texts(rows.text[long.test])
    _report_tests(rows, tests, long, report, section, file)
    record = _records(rows, keys)
    first = pd.Series(np.arange(len(record))).groupby(record, sort=True).first()
    starts: _Positions = first.to_numpy(np.intp)
    kept = [name for name in record_columns if name in rows.text and name not in long.columns]
    columns: dict[str, pd.Series[str]] = {}
    elsewhere: dict[str, pd.DataFrame] = {}
    units: dict[str, pd.Series[str]] = {}
    for name in (*keys, *kept):
        source = _record_sources(rows, name, record, starts, report)
        columns[name] = pick(rows.text[name], source)
        if name in rows.elsewhere:
            elsewhere[name] = _origin(rows.elsewhere[name], source, starts)
        if name in rows.units:
            units[name] = pick(rows.units[name], source)
    for test, column in long.tests.items():
        of_test = (tests == test).to_numpy(bool)
        if not of_test.any():
            continue
        source = _sources(rows, of_test, record, len(starts), long, test, report)
        for name, foreign in _native_columns(report.table, long, column).items():
            columns[name] = pick(rows.text[foreign], source)
            elsewhere[name] = _origin(rows.place, source, starts)
            if long.unit:
                units[name] = pick(rows.text[long.unit], source)
    place = rows.place.take(starts).reset_index(drop=True)
    return Rows(pd.DataFrame(columns, index=place.index), place, elsewhere, units)


def _native_columns(table: str, long: Long, column: str) -> dict[str, str]:
    """Native columns that a measurement makes, and the column of the file for each."""
    limits = {c.limit_of: c.name for c in INPUT_TABLES[table].columns if c.limit_of}
    limit = {limits[column]: long.limit} if long.limit and column in limits else {}
    return {column: long.value} | limit


def _sources(
    rows: Rows,
    of_test: npt.NDArray[np.bool_],
    record: _Positions,
    number: int,
    long: Long,
    test: str,
    report: Report,
) -> _Positions:
    """The row of each record's result, -1 where it has none; a second result is reported."""
    filled = ~is_blank(rows.text[long.value]).to_numpy(bool)
    results = _first_results(rows, np.flatnonzero(of_test & filled), record, long, test, report)
    source = np.full(number, -1, dtype=np.intp)
    source[record[results]] = results
    return source


def _records(rows: Rows, keys: Sequence[str]) -> _Positions:
    """Number of the record of each row, in the order in which the records begin."""
    cells = pd.DataFrame({name: strip_texts(rows.text[name]) for name in keys})
    groups = cells.groupby(list(keys), observed=True, sort=False)
    return np.asarray(groups.ngroup(), dtype=np.intp)


def _record_sources(
    rows: Rows, name: str, record: _Positions, starts: _Positions, report: Report
) -> _Positions:
    """The row by which each record has a column, -1 where none has; reported where they differ."""
    column = rows.text[name]
    filled = np.flatnonzero(~is_blank(column).to_numpy(bool))
    source = np.full(len(starts), -1, dtype=np.intp)
    # The first of each record: of several the last assignment counts.
    source[record[filled[::-1]]] = filled[::-1]
    texts = strip_texts(column).astype(object).to_numpy()
    differs: _Positions = filled[texts[filled] != texts[source[record[filled]]]]
    for position in differs.tolist():
        first_position = int(source[record[position]])
        message = _("found {text}; expected {before} as in {place}, of the same record").format(
            text=visible_text(texts[position]),
            before=visible_text(texts[first_position]),
            place=_place_in_words(rows, first_position, position),
        )
        text = texts[position]
        _report_row(rows, position, report, "differs_in_record", message, name, text)
    return source


def _first_results(
    rows: Rows, results: _Positions, record: _Positions, long: Long, test: str, report: Report
) -> _Positions:
    """Of the rows with a result of a test the first of each record; the others are reported."""
    is_repeat = pd.Series(record[results]).duplicated().to_numpy(bool)
    first = dict(zip(record[results][::-1].tolist(), results[::-1].tolist(), strict=True))
    for position in results[is_repeat].tolist():
        place = _place_in_words(rows, first[int(record[position])], position)
        value = str(rows.text[long.value].iloc[position])
        message = _("a second result of {test}; expected one, as in {place}").format(
            test=test, place=place
        )
        _report_row(rows, position, report, "duplicate_result", message, long.tests[test], value)
    kept: _Positions = results[~is_repeat]
    return kept


def _report_row(
    rows: Rows, position: int, report: Report, rule: str, message: str, column: str, value: str
) -> None:
    file, row = _file_and_row(rows, position)
    report(rule, message, file=file, row=row, column=column, value=value)


def _file_and_row(rows: Rows, position: int) -> tuple[str, int]:
    """File and row of a position from 0."""
    return str(rows.place["file"].iloc[position]), int(rows.place["row"].iloc[position])


def _place_in_words(rows: Rows, position: int, of_finding: int) -> str:
    """The place of one position as a finding on another names it."""
    return row_in_words(*_file_and_row(rows, position), _file_and_row(rows, of_finding)[0])


def _origin(location: pd.DataFrame, source: _Positions, starts: _Positions) -> pd.DataFrame:
    """File and row of the cells of a column; of an empty one those of the start of its record."""
    return location.take(np.where(source >= 0, source, starts)).reset_index(drop=True)


def _report_tests(
    rows: Rows, tests: pd.Series[str], long: Long, report: Report, key: str, file: str
) -> None:
    """Report tests of the file that the plan does not name, and those that the file lacks."""
    counts = tests.astype(object).value_counts(sort=False)
    first = np.flatnonzero(~tests.duplicated().to_numpy(bool))
    position_of = dict(zip(tests.iloc[first].astype(object), first.tolist(), strict=True))
    for test, number in counts.items():
        if test not in long.tests:
            message = _(
                "{number} record(s) of {test}, first here; expected one of {tests}"
                " ({key}.tests): they are not used"
            ).format(
                number=number,
                test=visible_text(str(test)) or _("no test"),
                tests=", ".join(long.tests),
                key=key,
            )
            position = position_of[str(test)]
            _report_row(rows, position, report, "unused_record", message, long.test, str(test))
    for test in (test for test in long.tests if test not in counts.index):
        message = _("no record of {test} ({key}.tests); expected one at least").format(
            test=test, key=key
        )
        report("no_such_value", message, file=file, column=long.test, value=test)
