"""Sheets and columns of the workbook of queries, as it is written and read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from durable.language import LANGUAGES, N_, _, language

#: Sheets: the queries, those resolved, the numbers of records, kinds that are listed in part, how
#: to answer, and, hidden, what was sent.
QUERIES, RESOLVED, RECORDS = N_("Queries"), N_("Resolved"), N_("Records read")
NOT_ALL, HELP, INDEX = N_("Not all listed"), N_("How to answer"), N_("Index")
#: Codes of a finding's severity and status, as they are shown.
CODES = (
    *(N_("error"), N_("warning"), N_("unknown")),
    *(N_("new"), N_("open"), N_("resolved")),
)

#: Columns of a query with their headings, and their widths in a workbook.
SHOWN = {
    "query_id": (N_("Query"), 15),
    "status": (N_("Status"), 9),
    "date_raised": (N_("Date raised"), 11),
    "severity": (N_("Severity"), 9),
    "subject_id": (N_("Subject"), 11),
    "table": (N_("Table"), 15),
    "visit": (N_("Visit"), 9),
    "record": (N_("Record"), 16),
    "column": (N_("Field"), 16),
    "value": (N_("Value"), 15),
    "expected": (N_("Expected"), 36),
    "response": (N_("Response"), 32),
    "site_status": (N_("Site status"), 13),
    "comment": (N_("Comment"), 26),
    "rule": (N_("Rule"), 22),
    "place": (N_("Where"), 24),
}
#: Columns that the site fills in.
SITE = ("response", "site_status", "comment")
#: What is carried from one listing to the next.
ANSWERED = ("date_raised", *SITE)
#: What a query is, as it was sent. The status is that of the listing.
SENT = tuple(name for name in SHOWN if name not in (*ANSWERED, "status"))
#: What the workbook offers as the site's status; another word is kept too.
SITE_STATUSES = (N_("corrected"), N_("confirmed"), N_("not available"), N_("in progress"))

#: What makes findings alike: of one kind the page and the workbook hold no more than the first.
KIND = ("status", "severity", "table", "column", "rule")
COUNTED = {name: SHOWN[name] for name in KIND}
COUNTED |= {"number": (N_("Findings"), 12), "listed": (N_("Listed"), 12)}
#: Columns of the numbers of records, with their headings and widths.
READ = {
    "name": (N_("Table"), 16),
    "file": (N_("File"), 24),
    "records": (N_("Records read"), 14),
    "earlier": (N_("Earlier delivery"), 16),
    "change": (N_("Change"), 10),
}
#: Columns of the hidden sheet.
SENT_INDEX = {
    "query_id": (N_("Query"), 16),
    "date_raised": (N_("Date raised"), 12),
    "digest": (N_("Digest"), 20),
}

#: Headings by the names of the columns, by sheet, of the sheets that are read again; in English.
SHEETS = {
    sheet: {name: heading for name, (heading, _) in columns.items()}
    for sheet, columns in (
        (QUERIES, SHOWN),
        (INDEX, SENT_INDEX),
        (RECORDS, READ),
        (NOT_ALL, COUNTED),
    )
}


def shown_row(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """A query as it is shown: severity, status and the site's status in the language in force.

    Words that are no codes, such as a status of the site's own, stay as they are.
    """
    words = {name: _(row[name]) for name in ("severity", "status") if row[name] in CODES}
    if row["site_status"] in SITE_STATUSES:
        words["site_status"] = _(row["site_status"])
    return {**row, **words}


@dataclass(frozen=True)
class Words:
    """The words of a workbook in the language in which it was written."""

    titles: Mapping[str, str]
    """Titles of the sheets by their English titles."""
    headings: Mapping[str, Mapping[str, str]]
    """By the English title of each sheet the names of its columns by their headings."""
    codes: Mapping[str, str]
    """English codes of severity and status by the words in which they are shown."""

    @classmethod
    def in_language(cls, name: str) -> Words:
        """The words of the language with this name (`LANGUAGES`)."""
        with language(name):
            return cls(
                {sheet: _(sheet) for sheet in SHEETS},
                {
                    sheet: {_(heading): column for column, heading in columns.items()}
                    for sheet, columns in SHEETS.items()
                },
                {_(code): code for code in CODES},
            )

    @classmethod
    def from_titles(cls, titles: Iterable[str]) -> Words:
        """The words of the language with most of these titles of sheets; in a tie the first."""
        present_titles = set(titles)
        return max(
            map(cls.in_language, LANGUAGES),
            key=lambda words: len(present_titles & {*words.titles.values()}),
        )


def site_status(answered: str) -> str:
    """The site's status in English where the workbook offers it in any language; else as answered.

    So an answer stays the same one when the language of the listing changes.
    """
    for name in LANGUAGES:
        with language(name):
            offered = {_(status): status for status in SITE_STATUSES}
        if answered in offered:
            return offered[answered]
    return answered
