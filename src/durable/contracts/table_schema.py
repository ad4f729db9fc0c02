"""The schema of a typed input table, made from the object that declares it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from durable.contracts.input_table import ColumnSpec
from durable.contracts.partial_dates import partial_column
from durable.contracts.tables import INPUT_TABLES
from durable.jdm.response import Ranges, Scale
from durable.sections import FIRST_YEAR, LAST_YEAR

_DTYPES = {"text": object, "time": object, "date": "datetime64[ns]"}


def table_columns(
    table: str,
    ranges: Ranges,
    partial: frozenset[str] = frozenset(),
    extra: tuple[ColumnSpec, ...] = (),
) -> dict[str, ColumnSpec]:
    """Columns of a table by name, in their order.

    The lowest and highest value of a measure are those of its scale.

    Parameters
    ----------
    table
        Name of the table.
    ranges
        Scales of the measures.
    partial
        Names of the dates that the plan reads where they are recorded in part, too.
    extra
        Columns that the plan declares, which stand last.
    """
    spec = INPUT_TABLES[table].with_columns(extra)
    columns = {column.name: _with_scale_limits(column, ranges) for column in spec.columns}
    return columns | {name: replace(columns[name], partial=True) for name in sorted(partial)}


def _with_scale_limits(column: ColumnSpec, ranges: Ranges) -> ColumnSpec:
    if not column.scale:
        return column
    scale: Scale = getattr(ranges, column.scale)
    return replace(column, low=scale.min, high=scale.max)


@cache
def table_schema(
    table: str,
    ranges: Ranges,
    partial: frozenset[str] = frozenset(),
    extra: tuple[ColumnSpec, ...] = (),
) -> Any:
    """The strict, ordered pandera DataFrameSchema of a typed table.

    Its columns are those of `table_columns`, then the `partial_column` of each date that may be
    recorded in part, then ``source_row``. The error of a check is the name of its rule:
    ``not_allowed`` or ``out_of_range``.
    """
    import pandera.pandas as pa

    native = table_columns(table, ranges, partial, extra)
    rules = {name: _schema_column(column) for name, column in native.items()}
    rules |= {
        partial_column(name): pa.Column(object, nullable=True)
        for name, column in native.items()
        if column.partial
    }
    rules["source_row"] = pa.Column("int64")
    return pa.DataFrameSchema(rules, strict=True, ordered=True, name=table)


def _schema_column(column: ColumnSpec) -> Any:
    """One column of the schema."""
    import pandera.pandas as pa

    checks = []
    if column.allowed:
        checks.append(pa.Check.isin(column.allowed, error="not_allowed"))
    for limit, check in (
        (column.low, pa.Check.ge),
        (column.high, pa.Check.le),
        (column.above, pa.Check.gt),
    ):
        if limit is not None:
            checks.append(check(limit, error="out_of_range"))
    if column.kind == "date":
        years = pa.Check(
            lambda date: date.dt.year.between(FIRST_YEAR, LAST_YEAR),
            error="out_of_range",
        )
        checks.append(years)
    return pa.Column(_DTYPES.get(column.kind, "float64"), checks, nullable=not column.required)
