"""The findings as a data manager sends them to the site: queries.html and queries.xlsx.

Grouped by subject. Of many findings alike both hold the first; queries.csv has all. Beside an
earlier listing each finding is new or open, and those that are in it and no more are resolved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from durable.errors import UserError
from durable.files import atomic_path, write_text
from durable.intake.sources import RecordCount
from durable.pages import render_page

#: Columns of the listings with their headings, and their widths in a workbook.
SHOWN = {
    "query_id": ("Query", 16),
    "status": ("Status", 10),
    "severity": ("Severity", 10),
    "subject_id": ("Subject", 12),
    "table": ("Table", 16),
    "visit": ("Visit", 12),
    "record": ("Record", 24),
    "column": ("Field", 22),
    "value": ("Value", 20),
    "expected": ("Expected", 60),
    "rule": ("Rule", 22),
    "place": ("Where", 24),
}
#: What makes findings alike: of one kind the page and the workbook hold no more than the first.
_KIND = ["status", "severity", "table", "column", "rule"]
MOST = 100
#: As many findings are listed whole.
WHOLE = 5000
_COUNTED = {name: SHOWN[name] for name in _KIND}
_COUNTED |= {"number": ("Findings", 12), "listed": ("Listed", 12)}
#: Columns of the numbers of records, with their headings and widths.
_RECORDS = {
    "name": ("Table", 16),
    "file": ("File", 24),
    "records": ("Records read", 14),
    "earlier": ("Earlier delivery", 16),
    "change": ("Change", 10),
}
_NEEDED = ["query_id", "severity", "table", "subject_id", "visit", "record", "row", "column"]
_NEEDED += ["value", "expected", "rule", "file"]
#: Workbooks carry a date of creation; the same one makes the same bytes.
_CREATED = dt.datetime(2000, 1, 1)


@dataclass(frozen=True)
class Queries:
    """What the page and the workbook hold."""

    rows: pd.DataFrame
    """Text columns, as `SHOWN`, by subject; the resolved ones last."""
    counts: list[tuple[str, str, int]]
    """Status, severity and number of all findings."""
    cut: pd.DataFrame
    """Kinds of which only the first `MOST` are among the rows: `_KIND`, their ``number`` and how
    many are ``listed``.
    """


def compare_with_earlier(findings: pd.DataFrame, earlier: Path | None) -> Queries:
    """Return the findings with their status; of more than `WHOLE` the first `MOST` of a kind.

    Parameters
    ----------
    findings
        Findings of this run (`findings.COLUMNS`).
    earlier
        ``queries.csv`` of an earlier run; without one every finding is open.

    Raises
    ------
    UserError
        Where the earlier listing cannot be read as one.
    """
    if earlier is None:
        return _queries([findings.assign(status="open")])
    before = _earlier(earlier)
    # Of a kind that is not listed whole, a finding that is in one listing alone may be in both.
    open_now = findings["query_id"].isin(before["query_id"]) | _in_part(findings, before)
    gone = ~(before["query_id"].isin(findings["query_id"]) | _in_part(before, findings))
    status = np.where(open_now, "open", "new")
    return _queries([findings.assign(status=status), before.loc[gone].assign(status="resolved")])


def _in_part(findings: pd.DataFrame, listing: pd.DataFrame) -> pd.Series[bool]:
    """Which findings are of a kind that another listing holds in part (rule not_listed)."""
    rest = listing.loc[listing["rule"] == "not_listed"]
    kinds = pd.MultiIndex.from_frame(rest[["table", "column", "value"]])
    own = pd.MultiIndex.from_frame(findings[["table", "column", "rule"]])
    return pd.Series(own.isin(kinds), index=findings.index)


def _queries(parts: list[pd.DataFrame]) -> Queries:
    """The first findings of each kind, and how many there are."""
    number = pd.concat([_counted(part) for part in parts])
    count = number.groupby(["status", "severity"], sort=True, as_index=False)["number"].sum()
    return Queries(
        pd.concat([_placed(_listed(part)) for part in parts], ignore_index=True),
        list(count.itertuples(index=False, name=None)),
        number.loc[number["number"] > number["listed"]],
    )


def _most(findings: pd.DataFrame) -> int:
    """How many findings of a kind are listed."""
    return MOST if len(findings) > WHOLE else len(findings)


def _counted(findings: pd.DataFrame) -> pd.DataFrame:
    """How many findings there are of each kind, and how many of them are listed."""
    number = findings.groupby(_KIND, sort=True).size().rename("number").reset_index()
    return number.assign(listed=number["number"].clip(upper=_most(findings)))


def _listed(findings: pd.DataFrame) -> pd.DataFrame:
    """The first findings of each kind."""
    return findings.loc[findings.groupby(_KIND).cumcount() < _most(findings)]


def _earlier(path: Path) -> pd.DataFrame:
    key = "outputs.queries_since"
    try:
        header = pd.read_csv(path, nrows=0)
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise UserError(f"{key}: {path}: no column {missing[0]}; expected a queries.csv")
        return pd.read_csv(path, dtype=str, keep_default_na=False, usecols=_NEEDED)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{key}: {path}: {reason}; expected a queries.csv") from None


def _placed(found: pd.DataFrame) -> pd.DataFrame:
    """The shown columns, by subject and otherwise in the order of the findings."""
    text = found.astype({"row": "string"}).fillna("").astype(object)
    row = (", row " + text["row"]).where(text["row"] != "", "")
    listed = text.assign(place=text["file"] + row)[list(SHOWN)]
    return listed.sort_values("subject_id", kind="stable", ignore_index=True)


def write_html(
    path: Path, queries: Queries, counts: list[RecordCount], title: str, since: str
) -> None:
    """Write the listing as a page: a section for each subject."""
    resolved = queries.rows["status"] == "resolved"
    page = render_page(
        "queries.html.jinja",
        title=title,
        since=since,
        counts=queries.counts,
        records=counts,
        most=MOST,
        cut=queries.cut.to_dict("records"),
        headings={name: heading for name, (heading, _) in SHOWN.items() if name != "subject_id"},
        subjects=_by_subject(queries.rows.loc[~resolved]),
        resolved=_by_subject(queries.rows.loc[resolved]),
    )
    write_text(path, page)


def _by_subject(listed: pd.DataFrame) -> dict[str, list[dict[Any, Any]]]:
    rows = listed.to_dict("records")
    return {subject: list(some) for subject, some in groupby(rows, itemgetter("subject_id"))}


def write_xlsx(path: Path, queries: Queries, counts: list[RecordCount]) -> None:
    """Write the listing as a workbook: sheets of queries, of those resolved, of records read.

    A fourth, where some are left out, says how many there are.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    listed = queries.rows
    resolved = listed["status"] == "resolved"
    sheets = {
        "Queries": (SHOWN, listed.loc[~resolved]),
        "Resolved": (SHOWN, listed.loc[resolved]),
        "Records read": (_RECORDS, _records_read(counts)),
    }
    if not queries.cut.empty:
        sheets["Not all listed"] = (_COUNTED, queries.cut[list(_COUNTED)])
    with atomic_path(path) as aside, xlsxwriter.Workbook(aside, options) as book:
        book.set_properties({"title": "Queries", "created": _CREATED})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for name, (columns, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            for place, (heading, width) in enumerate(columns.values()):
                sheet.set_column(place, place, width)
                sheet.write_string(0, place, heading, head)
            _write_rows(sheet, rows.itertuples(index=False, name=None), body)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
            sheet.set_paper(9)  # A4
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)


def _records_read(counts: list[RecordCount]) -> pd.DataFrame:
    rows = [
        (count.name, count.file, count.records, count.earlier_text, count.change)
        for count in counts
    ]
    return pd.DataFrame(rows, columns=list(_RECORDS), dtype=object)


def _write_rows(sheet: Any, rows: Iterable[tuple[str, ...]], style: Any) -> None:
    """Every cell as text: none is a formula, a number or a date."""
    for number, cells in enumerate(rows, start=1):
        for place, text in enumerate(cells):
            sheet.write_string(number, place, str(text), style)
