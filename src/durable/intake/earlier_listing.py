"""The earlier listing of findings: queries.csv, or the workbook as the site returned it.

Of a returned workbook nothing is taken for granted. Cells are read as text: a formula by the result
that is stored with it, or else by its own text. What was sent stands in a hidden sheet: which
queries, when they were raised, and a digest of each row, so that rows that are missing, unknown or
edited are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from durable.errors import UserError
from durable.files import recorded_cell
from durable.intake.findings import Findings, escaped, without_hidden
from durable.intake.query_columns import (
    ANSWERED,
    INDEX,
    NOT_ALL,
    QUERIES,
    RECORDS,
    SENT,
    SHEETS,
    SITE,
)
from durable.intake.reading import open_file
from durable.plan import FileForm
from durable.plan.limits import Limits

KEY = "outputs.queries_since"
#: Columns of queries.csv that a listing needs.
_NEEDED = (
    *("query_id", "severity", "table", "subject_id", "visit", "record", "row", "column"),
    *("value", "expected", "rule", "file"),
)
#: A cell of a workbook holds 32,767 characters; what is longer would not be written at all.
_LONGEST = 30_000

#: Cells of a row by the names of their columns, and its ``number`` in the sheet.
Row = dict[str, str]
#: Texts of a sheet by row and column.
Texts = Mapping[tuple[int, int], str]


@dataclass(frozen=True)
class EarlierListing:
    """The queries of an earlier run."""

    rows: pd.DataFrame
    """A text column for each of `SENT` and `ANSWERED`; a row for each query."""
    in_part: frozenset[tuple[str, str, str]] = frozenset()
    """Table, column and rule of the findings of which it does not hold all."""
    records: Mapping[str, int] = field(default_factory=dict)
    """Numbers of records that were read then, by table or domain; of a workbook only."""


def read_earlier(path: Path, limits: Limits, findings: Findings) -> EarlierListing:
    """The queries of an earlier listing; what is wrong with a workbook is added to the findings.

    Raises
    ------
    UserError
        Where the file is neither a queries.csv nor a workbook of queries.
    """
    if path.suffix.lower() == ".xlsx":
        return _Returned(path, findings).listing(limits)
    return _from_csv(path)


def _from_csv(path: Path) -> EarlierListing:
    try:
        header = pd.read_csv(path, nrows=0)
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise UserError(f"{KEY}: {path}: no column {missing[0]}; expected a queries.csv")
        wanted = [*_NEEDED, *(name for name in ANSWERED if name in header)]
        text = pd.read_csv(path, dtype=str, keep_default_na=False, usecols=wanted)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{KEY}: {path}: {reason}; expected a queries.csv") from None
    rows = text.map(recorded_cell)
    rows = rows.assign(place=places(rows), **{n: "" for n in ANSWERED if n not in rows})
    rest = rows.loc[rows["rule"] == "not_listed", ["table", "column", "value"]]
    in_part = frozenset(rest.itertuples(index=False, name=None))
    return EarlierListing(rows[[*SENT, *ANSWERED]], in_part)


def places(findings: pd.DataFrame) -> pd.Series[str]:
    """File and row of each finding, in words."""
    row = (", row " + findings["row"]).where(findings["row"] != "", "")
    return findings["file"] + row


def digest(cells: Mapping[Any, Any]) -> str:
    """What tells whether a row is as it was sent: SHA-256 of its cells, its first 16 signs."""
    return sha256("\x1f".join(str(cells[name]).strip() for name in SENT).encode()).hexdigest()[:16]


def answer(text: str) -> str:
    """What a person wrote into a cell, in lines; hidden characters are escapes."""
    lines = (without_hidden(line.rstrip()) for line in text.strip().splitlines())
    whole = "\n".join(lines)
    cut = f"... ({len(whole)} characters)"
    return whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - len(cut)]}{cut}"


@dataclass(frozen=True)
class _Returned:
    """A workbook that the site returned, and where to say what is wrong with it."""

    path: Path
    findings: Findings

    def listing(self, limits: Limits) -> EarlierListing:
        """Its queries with the answers."""
        from durable.intake.readers.workbook import sheet_texts

        form = FileForm(path=str(self.path), format="xlsx")
        file = open_file("", form, self.findings, limits)
        sheets = None if file is None else sheet_texts(file, formulas=True)
        # An error is listed where it is no workbook: the next stage stops.
        if sheets is None:
            return EarlierListing(pd.DataFrame(columns=[*SENT, *ANSWERED], dtype=object))
        if QUERIES not in sheets and INDEX not in sheets:
            found = ", ".join(map(repr, sheets)) or "none"
            raise UserError(
                f"{KEY}: {self.path}: sheets {found}; expected a queries.csv, or the queries.xlsx"
                f" that it stands beside, with its sheet {QUERIES}"
            )
        tables = {name: self._table(name, sheets.get(name)) for name in SHEETS}
        parts = (
            (row.get("table", ""), row.get("column", ""), row.get("rule", ""))
            for row in tables[NOT_ALL] or ()
        )
        records = {row.get("name", ""): row.get("records", "") for row in tables[RECORDS] or ()}
        return EarlierListing(
            self._queries(tables[QUERIES], tables[INDEX] or []),
            frozenset(parts),
            {name: int(n) for name, n in records.items() if n.isascii() and n.isdigit()},
        )

    def _report(self, rule: str, message: str, **place: Any) -> None:
        self.findings.add_about_file("", self.path.name, rule, message, **place)

    def _table(self, sheet: str, texts: Texts | None) -> list[Row] | None:
        """Rows of a sheet by the names of its columns, each with its ``number``.

        None where the sheet, or its first column, is not there.
        """
        if texts is None:
            if sheet != NOT_ALL:  # made only where it is needed
                message = f"no sheet {sheet}; expected the sheets that were sent"
                self._report("answers_not_read", message)
            return None
        top, places = self._header(sheet, texts)
        if next(iter(SHEETS[sheet])) not in places.values():
            return None
        rows: dict[int, Row] = {}
        for (row, column), text in sorted(texts.items()):
            if row > top and column in places and text.strip():
                blank = dict.fromkeys(places.values(), "") | {"number": str(row)}
                rows.setdefault(row, blank)[places[column]] = text
        return list(rows.values())

    def _header(self, sheet: str, texts: Texts) -> tuple[int, dict[int, str]]:
        """The row of the headings, and the name of each column that has one of them."""
        headings = {heading: name for name, heading in SHEETS[sheet].items()}
        first = next(iter(headings))
        found = (row for (row, _), text in sorted(texts.items()) if text.strip() == first)
        top = next(found, 1)
        places: dict[int, str] = {}
        for (row, column), text in sorted(texts.items()):
            name = headings.get(text.strip()) if row == top else None
            if name in places.values():
                message = f"two columns {text.strip()} in the sheet {sheet}; expected one"
                self._report("answers_not_read", message, row=top, column=text.strip())
            elif name is not None:
                places[column] = name
        for heading, name in headings.items():
            if name not in places.values():
                message = f"no column {heading} in the sheet {sheet}; expected it as it was sent"
                self._report("answers_not_read", message, row=top, column=heading)
        return top, places

    def _queries(self, rows: list[Row] | None, index: list[Row]) -> pd.DataFrame:
        """The queries that were sent, each with its answer."""
        sent = {row["query_id"]: row for row in index}
        returned = {row["query_id"]: row for row in self._known(rows or [], sent)}
        found = []
        for query in sent or returned:
            if query not in returned and rows is not None:
                message = f"no row of the query {query}; expected every query that was sent"
                self._report("query_row_missing", message, value=query)
            row = returned.get(query, {"query_id": query, "severity": "unknown"})
            # When it was raised is not for the site to say.
            raised = sent[query].get("date_raised", "") if sent else row.get("date_raised", "")
            found.append(
                {name: escaped(row.get(name, "")) for name in SENT}
                | {name: answer(row.get(name, "")) for name in SITE}
                | {"date_raised": escaped(raised)}
            )
        return pd.DataFrame(found, columns=[*SENT, *ANSWERED], dtype=object)

    def _known(self, rows: list[Row], sent: Mapping[str, Row]) -> Iterator[Row]:
        """Rows of queries that were sent, each once, as they came back; others are reported."""
        seen: set[str] = set()
        for row in rows:
            query = row["query_id"].strip()
            if query in seen or not query or (sent and query not in sent):
                again = f"the query {escaped(query)} a second time" if query in seen else ""
                unknown = f"the query {escaped(query)}, which was not sent" if query else "no query"
                message = f"{again or unknown}; expected each query that was sent, once"
                self._report("query_row_unknown", message, row=int(row["number"]), value=query)
                continue
            seen.add(query)
            found = {**row, "query_id": query}
            self._report_edited(found, sent.get(query, {}).get("digest", ""))
            yield found

    def _report_edited(self, row: Row, expected: str) -> None:
        """Report a row that is not as it was sent, where all its columns are there."""
        if expected and all(name in row for name in SENT) and digest(row) != expected:
            columns = ", ".join(SHEETS[QUERIES][name] for name in SITE)
            message = (
                f"the query {row['query_id']} is not as it was sent; expected answers in the"
                f" columns {columns} alone"
            )
            place = {"row": int(row["number"]), "value": row["query_id"]}
            self._report("query_row_edited", message, **place)
