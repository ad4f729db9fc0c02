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
from durable.intake.findings import Findings, place_in_words, visible_text, without_hidden
from durable.intake.query_columns import (
    ANSWERED,
    INDEX,
    NOT_ALL,
    QUERIES,
    RECORDS,
    SENT,
    SHEETS,
    SITE,
    Words,
    site_status,
)
from durable.intake.reading import open_file
from durable.language import _
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

#: Texts of a row by the names of the columns, and as ``number`` the row of the sheet (from 1).
Row = dict[str, str]
#: Texts of a sheet by row and column, both from 1; empty cells are left out.
Texts = Mapping[tuple[int, int], str]


@dataclass(frozen=True)
class EarlierListing:
    """The queries of an earlier run."""

    rows: pd.DataFrame
    """A row for each query, with the columns `SENT` and `ANSWERED`, all text; '' where empty."""
    in_part: frozenset[tuple[str, str, str]] = frozenset()
    """Table, column and rule of each kind of findings of which the listing holds the first only."""
    records: Mapping[str, int] = field(default_factory=dict)
    """Number of records of each file then, by table or domain; empty for a queries.csv."""


def read_earlier(path: Path, limits: Limits, findings: Findings) -> EarlierListing:
    """The queries of an earlier queries.csv, or of the workbook that the site returned.

    A workbook that cannot be read gives a listing without rows, and a finding; so does each sheet,
    column or row of it that is missing, unknown or edited.

    Raises
    ------
    UserError
        Where the file is no queries.csv, or a workbook (``.xlsx``) without a sheet of queries.
    """
    if path.suffix.lower() == ".xlsx":
        return _from_workbook(path, limits, findings)
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


def _from_workbook(path: Path, limits: Limits, findings: Findings) -> EarlierListing:
    from durable.intake.readers.workbook import sheet_texts

    form = FileForm(path=str(path), format="xlsx")
    file = open_file("", form, findings, limits)
    sheets = None if file is None else sheet_texts(file, formulas=True)
    # An error is listed where it is no workbook: the next stage stops.
    if sheets is None:
        return EarlierListing(pd.DataFrame(columns=[*SENT, *ANSWERED], dtype=object))
    return _ReturnedWorkbook(path, findings, Words.from_titles(sheets)).listing(sheets)


def places(findings: pd.DataFrame) -> pd.Series[str]:
    """File and row of each finding in words (`findings.place_in_words`), indexed as `findings`."""
    words = map(place_in_words, findings["file"], findings["row"])
    return pd.Series(list(words), index=findings.index, dtype=object)


def digest(cells: Mapping[Any, Any]) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a query's cells (`SENT`), without outer blanks.

    It is sent with the query: a returned row with another digest was edited.
    """
    return sha256("\x1f".join(str(cells[name]).strip() for name in SENT).encode()).hexdigest()[:16]


def answer(text: str) -> str:
    """An answer of the site without blanks around it or behind its lines.

    Hidden characters are escapes. A longer answer is cut to 30,000 characters, the last of which
    say how many there were.
    """
    lines = (without_hidden(line.rstrip()) for line in text.strip().splitlines())
    shown = "\n".join(lines)
    ending = f"... ({len(shown)} characters)"
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - len(ending)]}{ending}"


@dataclass(frozen=True)
class _ReturnedWorkbook:
    """A workbook that the site returned, and where to say what is wrong with it."""

    path: Path
    findings: Findings
    words: Words

    def listing(self, sheets: Mapping[str, Texts]) -> EarlierListing:
        """The queries of the workbook with the answers of the site.

        Raises
        ------
        UserError
            Where the workbook has neither the sheet of queries nor the hidden one of what was sent.
        """
        titles = self.words.titles
        if titles[QUERIES] not in sheets and titles[INDEX] not in sheets:
            names = ", ".join(map(repr, sheets)) or "none"
            raise UserError(
                f"{KEY}: {self.path}: sheets {names}; expected a queries.csv, or the queries.xlsx"
                f" that it stands beside, with its sheet {QUERIES}"
            )
        tables = {name: self._table(name, sheets.get(titles[name])) for name in SHEETS}
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

    def _report(self, rule: str, message: str, **location: Any) -> None:
        self.findings.add_about_file("", self.path.name, rule, message, **location)

    def _table(self, sheet: str, texts: Texts | None) -> list[Row] | None:
        """Rows of a sheet by the names of its columns, each with its ``number``.

        None where the sheet, or its first column, is not there.
        """
        if texts is None:
            if sheet != NOT_ALL:  # made only where it is needed
                message = _("no sheet {sheet}; expected the sheets that were sent").format(
                    sheet=self.words.titles[sheet]
                )
                self._report("answers_not_read", message)
            return None
        heading_row, names = self._header(sheet, texts)
        if next(iter(SHEETS[sheet])) not in names.values():
            return None
        rows: dict[int, Row] = {}
        for (row, column), text in sorted(texts.items()):
            if row > heading_row and column in names and text.strip():
                blank = dict.fromkeys(names.values(), "") | {"number": str(row)}
                rows.setdefault(row, blank)[names[column]] = text
        return list(rows.values())

    def _header(self, sheet: str, texts: Texts) -> tuple[int, dict[int, str]]:
        """The row of the headings, and the name of each column that has one of them."""
        headings, title = self.words.headings[sheet], self.words.titles[sheet]
        first = next(iter(headings))
        heading_rows = (
            row for (row, _column), text in sorted(texts.items()) if text.strip() == first
        )
        heading_row = next(heading_rows, 1)
        names: dict[int, str] = {}
        for (row, column), text in sorted(texts.items()):
            name = headings.get(text.strip()) if row == heading_row else None
            if name in names.values():
                message = _("two columns {heading} in the sheet {sheet}; expected one").format(
                    heading=text.strip(), sheet=title
                )
                self._report("answers_not_read", message, row=heading_row, column=text.strip())
            elif name is not None:
                names[column] = name
        for heading, name in headings.items():
            if name not in names.values():
                message = _(
                    "no column {heading} in the sheet {sheet}; expected it as it was sent"
                ).format(heading=heading, sheet=title)
                self._report("answers_not_read", message, row=heading_row, column=heading)
        return heading_row, names

    def _queries(self, rows: list[Row] | None, index: list[Row]) -> pd.DataFrame:
        """The queries that were sent, each with its answer."""
        sent = {row["query_id"]: row for row in index}
        returned = {row["query_id"]: row for row in self._sent_rows(rows or [], sent)}
        queries = []
        for query in sent or returned:
            if query not in returned and rows is not None:
                message = _(
                    "no row of the query {query}; expected every query that was sent"
                ).format(query=query)
                self._report("query_row_missing", message, value=query)
            row = returned.get(query, {"query_id": query, "severity": "unknown"})
            severity = self.words.codes.get(row.get("severity", ""), row.get("severity", ""))
            # When it was raised is not for the site to say.
            raised = sent[query].get("date_raised", "") if sent else row.get("date_raised", "")
            queries.append(
                {name: visible_text(row.get(name, "")) for name in SENT}
                | {name: answer(row.get(name, "")) for name in SITE}
                | {"date_raised": visible_text(raised), "severity": visible_text(severity)}
                | {"site_status": site_status(answer(row.get("site_status", "")))}
            )
        return pd.DataFrame(queries, columns=[*SENT, *ANSWERED], dtype=object)

    def _sent_rows(self, rows: list[Row], sent: Mapping[str, Row]) -> Iterator[Row]:
        """Rows of queries that were sent, each once, as they came back; others are reported."""
        seen: set[str] = set()
        for row in rows:
            query = row["query_id"].strip()
            if query in seen or not query or (sent and query not in sent):
                words = _("no query; expected each query that was sent, once")
                if query in seen:
                    words = _(
                        "the query {query} a second time; expected each query that was sent, once"
                    )
                elif query:
                    words = _(
                        "the query {query}, which was not sent; expected each query that was sent,"
                        " once"
                    )
                message = words.format(query=visible_text(query))
                self._report("query_row_unknown", message, row=int(row["number"]), value=query)
                continue
            seen.add(query)
            known_row = {**row, "query_id": query}
            self._report_edited(known_row, sent.get(query, {}).get("digest", ""))
            yield known_row

    def _report_edited(self, row: Row, expected: str) -> None:
        """Report a row that is not as it was sent, where all its columns are there."""
        if expected and all(name in row for name in SENT) and digest(row) != expected:
            headings = {name: heading for heading, name in self.words.headings[QUERIES].items()}
            columns = _(", ").join(headings[name] for name in SITE)
            message = _(
                "the query {query} is not as it was sent; expected answers in the"
                " columns {columns} alone"
            ).format(query=row["query_id"], columns=columns)
            location = {"row": int(row["number"]), "value": row["query_id"]}
            self._report("query_row_edited", message, **location)
