"""A table by a query in SQL over the source files (`sql`).

DuckDB runs it in memory and without files, network, extensions or settings; of each file there is a
table of texts with ``source_file`` and ``source_row``. A query that could give another answer
tomorrow (the clock, chance) is refused, so that the same files always make the same table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from durable.intake.readers.cells import File, with_decimal
from durable.intake.readers.parquet import has_decimals, holds_values, texts
from durable.intake.shaping.rows import Report, Rows
from durable.language import N_, _
from durable.plan.limits import LIMITS

FILE, ROW = "source_file", "source_row"
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # One thread: without ORDER BY the rows then come in the order of the files.
    "threads": "1",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
#: Functions whose value is another one at each run, or tells of the machine.
_CHANGING = frozenset(
    (
        *("random", "setseed", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "nextval", "currval"),
        *("now", "today", "get_current_time", "get_current_timestamp", "transaction_timestamp"),
        *("current_date", "current_time", "current_timestamp", "current_localtime"),
        *("current_localtimestamp", "localtime", "localtimestamp", "txid_current"),
        *("current_setting", "version", "pragma_version", "pragma_platform", "duckdb_settings"),
    )
)
#: Rows of a result that are fetched at a time.
_BATCH = 100_000
_EXPECTED = N_("one SELECT over the tables of inputs.sources")


class _RefusedError(Exception):
    """A query that may not be run; the message is what is wrong with it."""


class _TooManyError(Exception):
    """A result of more values than the plan allows."""


def query(
    file: File,
    tables: Mapping[str, Rows],
    report: Report,
    key: str,
    most: int = LIMITS.cells,
    decimal: str = ".",
) -> Rows | None:
    """The rows of a query; None (reported) where it cannot be run, or names no source rows.

    Parameters
    ----------
    file
        The query, text in UTF-8.
    tables
        Rows of each source file, by the name of its table.
    report
        Takes what is wrong with the query.
    key
        Key of the plan that names the file.
    most
        Values (records times columns) that the result may have.
    decimal
        Sign before the decimals by the plan, with which numbers of the result are written.

    Returns
    -------
    Rows or None
        Columns of the query as text, by their names; ``place`` is from its ``source_row`` and
        ``source_file``, which it may leave out where there is one file.
    """

    def refuse(problem: str, expected: str) -> None:
        report(
            "broken_query",
            _("{found}; expected {expected} ({key})").format(
                found=problem, expected=expected, key=key
            ),
            file=file.name,
        )

    try:
        result = _run(file.data.decode("utf-8-sig"), tables, most)
    except _RefusedError as wrong:
        refuse(str(wrong), _(_EXPECTED))
        return None
    except UnicodeDecodeError:
        refuse(_("bytes that are not UTF-8"), _("a text file"))
        return None
    except _TooManyError:
        message = _(
            "more than {most} values; expected at most {most} (inputs.limits.cells)"
        ).format(most=most)
        report("too_large", message, file=file.name)
        return None
    except (duckdb.Error, pa.ArrowException) as error:
        refuse(" ".join(str(error).split())[:300], _(_EXPECTED))
        return None
    return _rows(result, tables, refuse, decimal)


def _run(text: str, tables: Mapping[str, Rows], most: int) -> pa.Table:
    """The result of a query.

    Raises
    ------
    _RefusedError
        Where the query may not be run.
    _TooManyError
        Where the result has more than `most` values.
    """
    with duckdb.connect(":memory:", config=_SETTINGS) as database:
        for table, rows in tables.items():
            database.register(table, _arrow(rows))
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET lock_configuration = true")
        wrong = _wrong(database, text)
        if wrong:
            raise _RefusedError(wrong)
        return _result(database, text, most)


def _result(database: Any, text: str, most: int) -> pa.Table:
    """The result, as far as it is no larger than the plan allows: tables may multiply.

    Raises
    ------
    _TooManyError
        Where it is larger.
    """
    batches, values = [], 0
    reader = database.sql(text).to_arrow_reader(_BATCH)
    for batch in reader:
        values += batch.num_rows * batch.num_columns
        if values > most:
            raise _TooManyError
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _arrow(rows: Rows) -> pa.Table:
    columns = {name: rows.text[name].astype(object) for name in rows.text}
    text = {name: pa.array(column, pa.string()) for name, column in columns.items()}
    file = pa.array(rows.place["file"].astype(object), pa.string())
    return pa.table(text | {FILE: file, ROW: pa.array(rows.place["row"])})


def _wrong(database: Any, text: str) -> str:
    """What is wrong with a query, in words; '' where it may be run."""
    statements = database.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements) or _("nothing")
        return _("{kinds} in the query").format(kinds=kinds)
    ((tree,),) = database.execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    changing = sorted(_CHANGING.intersection(_functions(json.loads(tree))))
    return (
        _("{functions} in the query, which differs from run to run").format(
            functions=", ".join(changing)
        )
        if changing
        else ""
    )


def _functions(node: Any) -> Iterator[str]:
    """Names of the functions and of the columns in a query as a tree."""
    if isinstance(node, dict):
        for key in ("function_name", "table_name"):
            if isinstance(node.get(key), str):
                yield node[key].lower()
        if node.get("class") == "COLUMN_REF":
            yield str(node["column_names"][-1]).lower()
        for part in node.values():
            yield from _functions(part)
    elif isinstance(node, list):
        for part in node:
            yield from _functions(part)


def _rows(result: pa.Table, tables: Mapping[str, Rows], refuse: Any, decimal: str) -> Rows | None:
    """The result as rows of text; None (refused) where it does not say where they come from."""
    names = result.column_names
    columns_found = _("columns {names}").format(names=", ".join(names))
    if len(set(names)) < len(names) or ROW not in names:
        refuse(columns_found, _("each name once, and {row}").format(row=ROW))
        return None
    files = {str(file) for rows in tables.values() for file in rows.place["file"].unique()}
    if FILE not in names and len(files) != 1:
        expected = _("{file} too: there are {number} files")
        refuse(columns_found, expected.format(file=FILE, number=len(files)))
        return None
    bad = [name for name in names if not holds_values(result.schema.field(name).type)]
    if bad:
        kind = result.schema.field(bad[0]).type
        refuse(
            _("values of the type {kind} in {column}").format(kind=kind, column=bad[0]),
            _("text, numbers, dates or times"),
        )
        return None
    columns: dict[str, Any] = {
        name: pd.Series(texts(result.column(name)), dtype="category") for name in names
    }
    origin = _origin(columns, files)
    wrong = _unknown(origin, tables)
    if wrong:
        expected = _("{file} and {row} of a record that the query was given")
        refuse(wrong, expected.format(file=FILE, row=ROW))
        return None
    text = {name: column for name, column in columns.items() if name not in (FILE, ROW)}
    for name in (n for n in text if has_decimals(result.schema.field(n).type)):
        every = np.ones(len(text[name]), dtype=bool)
        text[name] = with_decimal(text[name], every, decimal)
    return Rows(pd.DataFrame(text, index=origin.index), origin)


def _origin(columns: Mapping[str, Any], files: set[str]) -> pd.DataFrame:
    """``file`` and ``row`` of each row of the result; row 0 where it names none."""
    rows = pd.to_numeric(columns[ROW].astype(object), errors="coerce").fillna(0).astype("int64")
    file = columns[FILE].astype(object) if FILE in columns else next(iter(files))
    return pd.DataFrame({"file": file, "row": rows}).astype({"file": "category"})


def _unknown(origin: pd.DataFrame, tables: Mapping[str, Rows]) -> str:
    """A row of the result that is none of the files, in words; '' where each is one."""
    source_rows = pd.concat([rows.place.astype({"file": object}) for rows in tables.values()])
    known = pd.MultiIndex.from_frame(source_rows)
    is_known = pd.MultiIndex.from_frame(origin.astype({"file": object})).isin(known)
    if is_known.all():
        return ""
    first = origin.loc[~is_known].iloc[0]
    return _("row {row} of {file} as the source of a row").format(
        row=first["row"], file=first["file"] or _("no file")
    )
