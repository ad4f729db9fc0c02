"""From text to typed values; what is not of its kind is a finding, never a guess."""

from __future__ import annotations

from typing import Any

import pandas as pd

from durable.config.model import Ranges
from durable.contracts import inputs
from durable.intake.findings import Findings, Recorded

#: ASCII digits only: full-width digits, thousands separators and 1e3 are not guessed at.
_FORMS = {
    "number": r"-?[0-9]+(\.[0-9]+)?",
    "integer": r"-?[0-9]+",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "time": r"([01][0-9]|2[0-3]):[0-5][0-9]",
}


def typed(recorded: Recorded, ranges: Ranges, findings: Findings) -> pd.DataFrame:
    """The table with typed columns, missing as None, NaN or NaT; checked against its contract."""
    rules = inputs.columns(recorded.table, ranges)
    columns = {name: _column(recorded, name, rule, findings) for name, rule in rules.items()}
    frame = pd.DataFrame(columns).assign(source_row=recorded.text["source_row"])
    unread = {name: (recorded.text[name] != "") & frame[name].isna() for name in rules}
    _against_contract(recorded, frame, unread, ranges, findings)
    return frame


def _column(
    recorded: Recorded, name: str, rule: inputs.Column, findings: Findings
) -> pd.Series[Any]:
    text = recorded.text[name]
    trimmed = text.str.strip()
    findings.add(
        recorded,
        text != trimmed,
        name,
        "blanks",
        "no blanks around the value (left out)",
        "warning",
    )
    # Each distinct value is looked at once.
    codes, values = pd.factorize(trimmed)
    distinct = pd.Series(values, dtype=object)
    given = distinct != ""
    if rule.kind == "text":
        return _spread(distinct.mask(~given, None), codes, text)
    well_formed = given & distinct.str.fullmatch(_FORMS[rule.kind])
    converted = _converted(distinct.mask(~well_formed, None), rule.kind)
    wrong = pd.Series((given & converted.isna()).to_numpy()[codes], index=text.index)
    findings.add(recorded, wrong, name, f"not_a_{rule.kind}", rule.expected)
    return _spread(converted, codes, text)


def _spread(distinct: pd.Series[Any], codes: Any, like: pd.Series[Any]) -> pd.Series[Any]:
    """Values of the distinct texts, on every row again."""
    return pd.Series(distinct.array.take(codes), index=like.index)


def _converted(values: pd.Series[Any], kind: inputs.Kind) -> Any:
    if kind == "date":
        dates = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
        return dates.astype("datetime64[ns]")
    if kind == "time":
        return values
    return pd.to_numeric(values).astype("float64")


def _against_contract(
    recorded: Recorded,
    frame: pd.DataFrame,
    unread: dict[str, pd.Series[bool]],
    ranges: Ranges,
    findings: Findings,
) -> None:
    """Findings of the pandera contract; cells that could not be read have theirs already."""
    from pandera.errors import SchemaErrors

    rules = inputs.columns(recorded.table, ranges)
    try:
        inputs.schema(recorded.table, ranges).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        for (column, check), rows in cases.groupby(["column", "check"], sort=True)["index"]:
            where = pd.Series(frame.index.isin(rows), index=frame.index) & ~unread[column]
            if check == "not_nullable":
                findings.add(recorded, where, column, "missing_value", rules[column].expected)
            else:
                rule, expected = str(check).split("|", 1)
                findings.add(recorded, where, column, rule, expected)
