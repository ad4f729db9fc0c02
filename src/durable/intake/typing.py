"""From text to typed values; what is not of its kind is a finding, never a guess."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.config.model import Ranges
from durable.contracts import inputs
from durable.intake.findings import HIDDEN, Findings, Recorded
from durable.intake.tables import Table, left_empty

#: ASCII digits only: full-width digits, thousands separators and 1e3 are not guessed at.
_FORMS = {
    "number": re.compile(r"-?[0-9]+(\.[0-9]+)?"),
    "integer": re.compile(r"-?[0-9]+"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "time": re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"),
}
_DTYPES = {"number": "float64", "integer": "float64", "date": "datetime64[ns]", "time": object}
_PARTIAL = re.compile(r"([0-9]{4})(-(0[1-9]|1[0-2]))?")
_LINE_BREAK = re.compile(r"[\t\n\r]")
_WRONG = {
    "number": "not_a_number",
    "integer": "not_an_integer",
    "date": "not_a_date",
    "time": "not_a_time",
}


def typed(recorded: Recorded, ranges: Ranges, findings: Findings) -> pd.DataFrame:
    """The table with typed columns, missing as None, NaN or NaT; checked against its contract."""
    rules = inputs.columns(recorded.table, ranges)
    columns = {name: _column(recorded, name, rule, findings) for name, rule in rules.items()}
    columns |= {
        inputs.partial(name): _dates_in_part(recorded, name, rule, findings)
        for name, rule in rules.items()
        if rule.partial
    }
    frame = pd.DataFrame(columns).assign(source_row=recorded.text["source_row"])
    table = Table(recorded, frame)
    unread = {name: frame[name].isna() & ~left_empty(table, name) for name in rules}
    _against_contract(recorded, frame, unread, ranges, findings)
    return frame


def _column(
    recorded: Recorded, name: str, rule: inputs.Column, findings: Findings
) -> pd.Series[Any]:
    # Each distinct value is looked at once.
    codes, values = pd.factorize(recorded.text[name])
    distinct = [str(value) for value in values]
    trimmed = [value.strip() for value in distinct]

    def found(where: list[bool], rule_name: str, expected: str) -> None:
        if any(where):
            rows = pd.Series(np.array(where)[codes], index=recorded.text.index)
            findings.add(recorded, rows, name, rule_name, expected)

    blanks = [bare != value for bare, value in zip(trimmed, distinct, strict=True)]
    found(blanks, "blanks", "no blanks around the value (left out)")
    if rule.kind == "text":
        if not rule.allowed:
            hidden = [bool(HIDDEN.search(_LINE_BREAK.sub("", value))) for value in trimmed]
            found(hidden, "bad_character", "text without control, invisible or unknown characters")
            broken = [bool(_LINE_BREAK.search(value)) for value in trimmed]
            found(broken, "line_break", "one line of text")
        return _spread([value or None for value in trimmed], codes, object)
    converted = [_converted(value, rule.kind) for value in trimmed]
    wrong = [bool(v) and c is None for v, c in zip(trimmed, converted, strict=True)]
    if rule.partial:
        wrong = [w and not _PARTIAL.fullmatch(v) for w, v in zip(wrong, trimmed, strict=True)]
    found(wrong, _WRONG[rule.kind], rule.expected)
    return _spread(converted, codes, _DTYPES[rule.kind])


def _dates_in_part(
    recorded: Recorded, name: str, rule: inputs.Column, findings: Findings
) -> pd.Series[Any]:
    """Text of the dates recorded as YYYY-MM or YYYY, None elsewhere."""
    text = recorded.text[name].str.strip()
    found = text.str.fullmatch(_PARTIAL.pattern)
    year = pd.to_numeric(text.where(found).str[:4])
    strange = found & ~year.between(inputs.FIRST_YEAR, inputs.LAST_YEAR)
    findings.add(recorded, strange, name, "out_of_range", rule.expected)
    found &= ~strange
    expected = "a whole date; what is missing is imputed"
    findings.add(recorded, found, name, "partial_date", expected)
    partial: pd.Series[Any] = text.astype(object).mask(~found, None)
    return partial


def _spread(distinct: list[Any], codes: npt.NDArray[np.intp], dtype: Any) -> pd.Series[Any]:
    """Values of the distinct texts, on every row again."""
    return pd.Series(pd.Series(distinct, dtype=dtype).array.take(codes))


def _converted(text: str, kind: inputs.Kind) -> Any:
    """The value of a text; None where it is empty or not of the kind."""
    if not _FORMS[kind].fullmatch(text):
        return None
    if kind == "date":
        try:
            date = dt.datetime.strptime(text, "%Y-%m-%d")
        except ValueError:
            return None
        return date if 1700 <= date.year <= 2261 else None  # what 64 bits of nanoseconds hold
    if kind == "time":
        return text
    # Correctly rounded, and of any length; digits that make no finite number are no number.
    number = float(text)
    return number + 0.0 if math.isfinite(number) else None  # -0 is 0


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
