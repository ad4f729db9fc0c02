"""Variables of the ADaM datasets as pandera columns: type, label, rule."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

_TRACE = "Source of the record: "


def column(dtype: str | type, label: str, *, null: bool = False) -> Any:
    """A variable of a type."""
    return pa.Column(dtype, nullable=null, title=label)


def text(label: str, *, null: bool = False, isin: list[str] | None = None) -> Any:
    """A text variable; missing only where `null` says so."""
    checks = [pa.Check.isin(isin)] if isin else None
    return pa.Column(object, checks, nullable=null, title=label)


def flag(label: str) -> Any:
    """A flag that is Y or N."""
    return text(label, isin=["Y", "N"])


def unknown_flag(label: str) -> Any:
    """A flag that is Y, N or U."""
    return text(label, isin=["Y", "N", "U"])


def date(label: str, *, null: bool = True) -> Any:
    """A date."""
    return pa.Column("datetime64[ns]", nullable=null, title=label)


def number(label: str, *checks: Any, null: bool = True) -> Any:
    """A number with decimals."""
    return pa.Column("float64", list(checks), nullable=null, title=label)


def count(label: str, *checks: Any, null: bool = False) -> Any:
    """A whole number."""
    return pa.Column("Int64" if null else "int64", list(checks), nullable=null, title=label)


def source_variables(domain: list[str]) -> dict[str, Any]:
    """The variables that trace a record to a row of an input table."""
    return {
        "SRCDOM": text(_TRACE + "input table", null=True, isin=domain),
        "SRCVAR": text(_TRACE + "column", null=True),
        "SRCSEQ": count(_TRACE + "row of the file", null=True),
    }


def with_categories(contract: Any) -> Any:
    """The contract of the same dataset with its text as categories."""
    text = [name for name, column in contract.columns.items() if str(column.dtype) == "object"]
    return contract.update_columns({name: {"dtype": "category"} for name in text})


def of_analyses(contract: Any) -> Any:
    """The contract of such a dataset of several analyses, one under the other, ANALYSIS first."""
    return pa.DataFrameSchema(
        {"ANALYSIS": text("Analysis"), **contract.columns},
        checks=contract.checks,
        title=contract.title,
        unique=["ANALYSIS", *contract.unique],
        strict=True,
        ordered=True,
    )
