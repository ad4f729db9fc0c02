"""What docs/inputs.md says of the input tables, made from the objects that declare them."""

from __future__ import annotations

from fractions import Fraction
from textwrap import wrap

from durable.contracts.input_table import ColumnSpec, InputTable
from durable.contracts.tables import INPUT_TABLES
from durable.jdm.reference import needs_of_definitions
from durable.wording import list_words


def tables_section() -> str:
    """Return a heading, a paragraph and the list of columns for each table, as Markdown."""
    return "\n".join(_table(table) for table in INPUT_TABLES.values())


def dictionary() -> list[dict[str, str]]:
    """Return a row for each column of each table: a data dictionary for those who enter data.

    The keys of a row: table, column, holds, values, recorded, sdtm.
    """
    return [
        {
            "table": table.name,
            "column": column.name,
            "holds": column.label,
            "values": _values(column),
            "recorded": _requirement(column),
            "sdtm": _sdtm_place(table, column),
        }
        for table in INPUT_TABLES.values()
        for column in table.columns
    ]


def units_section() -> str:
    """Return the units in which a study may record a column, as Markdown."""
    columns: dict[tuple[str, str, Fraction], list[str]] = {}
    for table in INPUT_TABLES.values():
        for column in table.columns:
            for unit, factor in column.factors.items():
                columns.setdefault((table.name, unit, factor), []).append(f"`{column.name}`")
    lines = ["| table | column | unit | multiplied by |", "|---|---|---|---|"]
    lines += [
        f"| {table} | {', '.join(names)} | `{unit}` | {_fraction(factor)} |"
        for (table, unit, factor), names in columns.items()
    ]
    return "\n".join([*lines, ""])


def needs_section() -> str:
    """Return which columns which definitions need, and the columns that none needs, as Markdown."""
    rows = [("visits", *need) for need in needs_of_definitions()]
    unneeded = []
    for table in INPUT_TABLES.values():
        needed: dict[tuple[str, ...], list[str]] = {}
        for column in table.columns:
            if column.needed_by:
                needed.setdefault(column.needed_by, []).append(f"`{column.name}`")
            elif column.absent and table.name != "visits" and not table.unknown_without:
                unneeded.append(f"`{column.name}`")
        for keys, names in needed.items():
            rows.append((table.name, ", ".join(names), " or ".join(f"`{key}`" for key in keys)))
    lines = ["| table | column | needed by |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    last_line = f"No definition needs {list_words([*dict.fromkeys(unneeded)])}."
    notes = " ".join(
        f"Where `{table.name}` lacks a column, {table.unknown_without}."
        for table in INPUT_TABLES.values()
        if table.unknown_without
    )
    return "\n".join([*lines, "", *wrap(f"{notes} {last_line}", 100, break_on_hyphens=False), ""])


def _table(table: InputTable) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    needed = "Required. " if table.required else "Optional. "
    about = f"{needed}{table.description.split(';')[0].rstrip('.')}, identified by {key}."
    header = "| column | holds | values | recorded | SDTM |"
    lines = [f"### {table.name}", "", *wrap(about, 100), "", header, "|---|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.label} | {_values(column)} | {_requirement(column)} |"
        f" {_sdtm_place(table, column)} |"
        for column in table.columns
    ]
    return "\n".join([*lines, ""])


def _values(column: ColumnSpec) -> str:
    """What a cell may hold; the range of a measure is the plan's."""
    if column.allowed:
        return ", ".join(column.allowed)
    if column.kind == "date":
        return "date, or YYYY-MM, or YYYY" if column.partial else "date"
    unit = f", {column.unit}" if column.unit and column.unit != "points" else ""
    scale = f" on the scale `response.ranges.{column.scale}`" if column.scale else ""
    return f"{column.allowed_in_words.removeprefix('a ')}{scale}{unit}"


def _requirement(column: ColumnSpec) -> str:
    """Whether a file must have the column, and every cell a value."""
    if column.required:
        return "in every row"
    if column.rare:
        return "optional"
    return "where a definition needs it" if column.absent else "a cell may be empty"


def _sdtm_place(table: InputTable, column: ColumnSpec) -> str:
    """Where the column is in an SDTM package by default."""
    if table.sdtm is None:
        return ""
    if column.name == "subject_id":
        return "USUBJID"
    if column.limit_of:
        return f"LBSTNRHI of {column.limit_of}"
    if not table.sdtm.domain and column.name in table.key:
        return "--DTC" if column.name == table.date else "VISIT"
    return column.sdtm.place or column.sdtm.instead


def _fraction(factor: Fraction) -> str:
    if factor.denominator == 1:
        return f"{factor.numerator:,}"
    return f"{factor.numerator}/{factor.denominator}"
