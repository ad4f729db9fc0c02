"""Variables of the ADaM datasets as pandera columns: type, label, rule.

A `label` becomes the title of the column, which is not named here; `checks` are its rules. What is
typed Any is a ``pandera.Column`` (variables) or a ``pandera.DataFrameSchema`` (contracts).
"""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa


def text(label: str, *, null: bool = False, isin: list[str] | None = None) -> Any:
    """Pandera column of text, one of `isin` unless that is empty; `null`: may be missing."""
    checks = [pa.Check.isin(isin)] if isin else None
    return pa.Column(object, checks, nullable=null, title=label)


def flag(label: str) -> Any:
    """Pandera column of a population flag: Y or N in every record."""
    return text(label, isin=["Y", "N"])


def marker(label: str) -> Any:
    """Pandera column of a flag that is Y or missing."""
    return text(label, null=True, isin=["Y"])


def date(label: str, *, null: bool = True) -> Any:
    """Pandera column of a date, as a timestamp; it may be missing unless `null` is False."""
    return pa.Column("datetime64[ns]", nullable=null, title=label)


def number(label: str, *checks: Any, null: bool = True) -> Any:
    """Pandera column of a number with decimals; it may be missing unless `null` is False."""
    return pa.Column("float64", list(checks), nullable=null, title=label)


def count(label: str, *checks: Any, null: bool = False) -> Any:
    """Pandera column of a whole number; missing is refused unless `null`."""
    return pa.Column("Int64" if null else "int64", list(checks), nullable=null, title=label)


def period(*, null: bool = False) -> Any:
    """Pandera column of the period: 1 after the first infusion, 2 after the second."""
    return count("Period", pa.Check.isin([1, 2]), null=null)


#: The subject, in every dataset.
SUBJECT = {
    "STUDYID": text("Study Identifier"),
    "USUBJID": text("Unique Subject Identifier"),
    "SUBJID": text("Subject Identifier for the Study"),
}
#: Groups of the subject.
GROUPS = {
    "PART": text("Part of the Study", null=True),
    "DOSELVL": text("Dose Level", null=True),
}
#: Treatment of the record, in every dataset but ADSL.
TREATMENT = {
    "TRTP": text("Planned Treatment"),
    "TRTA": text("Actual Treatment", null=True),
}
#: The parameter, in the basic data structure.
PARAMETER = {
    "PARAM": text("Parameter"),
    "PARAMCD": text("Parameter Code"),
}


def source_variables(domain: list[str], *, null: bool = True) -> dict[str, Any]:
    """The variables SRCDOM, SRCVAR and SRCSEQ, by which a record is traced to its input row.

    SRCDOM is the input table, one of `domain`.
    """
    return {
        "SRCDOM": text("Source Data", null=null, isin=domain),
        "SRCVAR": text("Source Variable", null=null),
        "SRCSEQ": count("Source Sequence Number", null=null),
    }


def contract(
    title: str,
    variables: dict[str, Any],
    unique: list[str] | None = None,
    checks: list[Any] | None = None,
) -> Any:
    """The strict, ordered pandera DataFrameSchema of a dataset.

    Parameters
    ----------
    title
        Label of the dataset.
    variables
        Pandera columns by name: these and no others, in this order.
    unique
        Variables that together identify a record.
    checks
        Rules of the whole frame.
    """
    return pa.DataFrameSchema(
        variables, checks=checks, title=title, unique=unique, strict=True, ordered=True
    )


def with_categories(schema: Any) -> Any:
    """The contract of the same dataset with its text as categories; the order of columns stays."""
    texts = [name for name, column in schema.columns.items() if str(column.dtype) == "object"]
    return schema.update_columns({name: {"dtype": "category"} for name in texts})


def contract_of_analyses(schema: Any) -> Any:
    """The contract of a dataset that holds the records of several analyses.

    The first variable is ANALYSIS, their name, and part of what identifies a record.
    """
    variables = {"ANALYSIS": text("Analysis"), **schema.columns}
    return contract(schema.title, variables, ["ANALYSIS", *schema.unique], schema.checks)
