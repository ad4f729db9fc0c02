"""The last step to a native table: its columns, by name, constant or not recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.input_table import InputTable
from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Recorded
from durable.intake.needs import Needs
from durable.intake.shaping.rows import Report, Rows, report_blank, spelling_hint
from durable.intake.texts import all_blank, categorical, is_blank
from durable.language import _
from durable.plan import Input


def wanted_columns(table: InputTable, source: Input) -> dict[str, str]:
    """By native column its name in the file, of the columns that a table takes from its rows.

    Left out are those that the plan makes itself (constants, measurements, the number of the row)
    and those that it says are not recorded (null).
    """
    made = {*source.constant, *source.measurements, source.row_number}
    named = {n: source.columns.get(n, n) for n in table.names if n not in made}
    return {name: foreign for name, foreign in named.items() if foreign is not None}


def native_table(
    rows: Rows, source: Input, needs: Needs, report: Report, files: tuple[str, ...]
) -> Recorded:
    """The native columns in their order: those that lack are '', blank rows left out; reported.

    Parameters
    ----------
    rows
        Of the files after joining, stacking and pivoting; measurements have their native names.
    needs
        Columns that the table must have.
    files
        Names of the files.
    """
    extra = needs.extra.get(report.table, ())
    table = INPUT_TABLES[report.table].with_columns(extra)
    wanted = wanted_columns(table, source)
    if source.measurements:
        limits = {c.name for c in table.columns if c.limit_of in source.measurements}
        made = {*source.measurements, *limits}.intersection(rows.elsewhere)
        wanted |= {name: name for name in table.names if name in made}
    present = {name for name, foreign in wanted.items() if foreign in rows.text}
    constant = {*source.constant, source.row_number}
    absent = tuple(n for n in table.names if n not in present and n not in constant)
    file = ", ".join(files)
    _report_absent(rows, source, needs, report, table, wanted, absent, file)
    _report_shared(source, table, wanted, report, file)
    columns: dict[str, Any] = {
        name: rows.text[wanted[name]].array
        if name in present
        else _constant_column(source.constant.get(name, ""), len(rows.text))
        for name in table.names
    }
    # A row that has nothing but the constants of its file is an empty one.
    by_row = present.difference(source.constant_in_files)
    blank = all_blank(rows.text, {wanted[name] for name in by_row})
    report_blank(rows, blank, report)
    text = _with_row_numbers(pd.DataFrame(columns, copy=False), rows, source)
    origin = {n: rows.elsewhere.get(wanted.get(n, ""), rows.place) for n in table.names}
    origin = origin if source.is_reshaped else {}
    units = _units(rows, source, present, report, file)
    _report_limit_units(text, units, table, report, file)
    if blank.any():
        text = text.loc[~blank].reset_index(drop=True)
        origin = {n: frame.loc[~blank].reset_index(drop=True) for n, frame in origin.items()}
        units = {n: column.loc[~blank].reset_index(drop=True) for n, column in units.items()}
    return Recorded(
        table.name,
        file,
        text,
        absent=absent,
        origin=origin,
        units=units,
        section=f"inputs.{table.name}",
        extra=extra,
    )


def _with_row_numbers(text: pd.DataFrame, rows: Rows, source: Input) -> pd.DataFrame:
    """The table with the row of each record, and with the column that the plan makes of it."""
    number = np.arange(1, len(text) + 1)
    text["source_row"] = number if source.is_reshaped else rows.place["row"].to_numpy("int64")
    if source.row_number is not None:
        text[source.row_number] = categorical(text["source_row"].astype(str).to_numpy(object))
    return text


def _units(
    rows: Rows, source: Input, present: set[str], report: Report, file: str
) -> dict[str, pd.Series[str]]:
    """Units of the cells of each column whose rows have one; a missing column is reported."""
    units = {name: units for name, units in rows.units.items() if name in present}
    return units | {
        name: rows.text[foreign]
        for name, foreign in source.unit_columns.items()
        if report.has_columns(rows, [foreign], f"inputs.{report.table}.unit_columns.{name}", file)
    }


def _report_limit_units(
    text: pd.DataFrame, units: Collection[str], table: InputTable, report: Report, file: str
) -> None:
    """Report limits of normal whose rows record the unit for the limit or its measure alone.

    `units` names the columns whose unit the rows record.
    """
    for name, measure in ((column.name, column.limit_of) for column in table.columns):
        if not measure or (name in units) == (measure in units):
            continue
        if (~is_blank(text[name]) & ~is_blank(text[measure])).any():
            with_unit = name if name in units else measure
            message = _(
                "the rows have a unit of {column} alone; expected one unit for {measure} and"
                " {limit} (inputs.{table}.unit_columns, or long.limit)"
            ).format(column=with_unit, measure=measure, limit=name, table=table.name)
            report("other_unit", message, file=file, column=name)


def _constant_column(text: str, number: int) -> Any:
    return categorical([text]).repeat(number)


def _report_absent(
    rows: Rows,
    source: Input,
    needs: Needs,
    report: Report,
    spec: InputTable,
    wanted: Mapping[str, str],
    absent: Iterable[str],
    file: str,
) -> None:
    """Report columns that the table must have, or of which the plan or the header says more."""
    table, absent = report.table, list(absent)
    unused = set(rows.names).difference(wanted.values())
    needed = needs.missing(table, set(spec.names).difference(absent))
    keys = (source.columns, source.values, source.units, source.unit_columns)  # noqa: PD011
    planned = {name for key in keys for name in key}
    if source.numbers.marks_below:
        needed = {n: keys for n, keys in needed.items() if n not in ("below_lloq", "lloq")}
    for name in absent:
        column = spec.by_name[name]
        declared = name in source.columns and source.columns[name] is None
        why = _(", needed by {keys}").format(keys=needed[name]) if needed.get(name) else ""
        message_parts = {"table": table, "name": name, "why": why}
        if declared:
            if name in rows.text:
                message = _(
                    "column {name} is in the file; expected none: the plan says that it is not"
                    " recorded (inputs.{table}.columns.{name})"
                ).format(**message_parts)
                report("recorded_column", message, file=file, column=name)
            if why or column.essential:
                message = _(
                    "not recorded (inputs.{table}.columns.{name}); expected a column{why}"
                ).format(**message_parts)
                report("missing_column", message, file=file, column=name)
            continue
        like = spelling_hint(wanted.get(name, name), unused)
        # One that is written otherwise is recorded.
        if name in planned or name in needed or like:
            key = f" (inputs.{table}.columns.{name})" if name in source.columns else ""
            null = not (why or column.essential or like or name in planned)
            words = _("no column {foreign}{key}; expected in the header{why}{alike}")
            if null:
                words = _(
                    "no column {foreign}{key}; expected in the header{why}{alike}, or null as"
                    " inputs.{table}.columns.{name} if it is not recorded"
                )
            foreign = wanted.get(name, name)
            message = words.format(foreign=foreign, key=key, alike=like, **message_parts)
            report("missing_column", message, file=file, column=name)


def _report_shared(
    source: Input, table: InputTable, wanted: Mapping[str, str], report: Report, file: str
) -> None:
    """Report a column that is read as two, unless the plan names it for both.

    A date and its time may stand together.
    """
    kinds = {column.name: column.kind for column in table.columns}
    for name, foreign in wanted.items():
        shared = [n for n in wanted if wanted[n] == foreign and n != name]
        together = len(shared) == 1 and {kinds[name], kinds[shared[0]]} == {"date", "time"}
        both_named = {name, *shared} <= set(source.columns)
        if shared and name in source.columns and not (together or both_named):
            message = _(
                "{foreign} is read as {name} and as {other}; expected a column for each"
            ).format(foreign=foreign, name=name, other=shared[0])
            report("shared_column", message, file=file, column=name)
