"""The queries as a workbook for the site (queries.xlsx), which can be read again with its answers.

Every cell is text: none is a formula, a number or a date. Only the columns for answers can be
edited; a hidden sheet holds what was sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from durable.files import atomic_path
from durable.intake.earlier_listing import digest
from durable.intake.queries import Queries
from durable.intake.query_columns import (
    COUNTED,
    HELP,
    INDEX,
    NOT_ALL,
    QUERIES,
    READ,
    RECORDS,
    RESOLVED,
    SENT_INDEX,
    SHOWN,
    SITE,
    SITE_STATUSES,
    shown_row,
)
from durable.intake.sources import RecordCount
from durable.language import _
from durable.line_breaks import is_wide

#: Workbooks carry a date of creation; the same one makes the same bytes.
_CREATED = dt.datetime(2000, 1, 1)
#: Points of a line, and of the tallest row that Excel has.
_LINE, _TALLEST = 15.0, 409.0
#: What a person who opens a protected sheet may still do.
_ALLOWED = {"format_columns": True, "format_rows": True, "autofilter": True}
#: By column its heading in English and its width in characters.
Headings = Mapping[str, tuple[str, int]]


def write_xlsx(path: Path, queries: Queries, counts: list[RecordCount], title: str) -> None:
    """Write the queries as a workbook that the site can fill in.

    Sheets: queries, resolved queries, how to answer, records read; where some queries are left out,
    the number of each kind; and, hidden, which queries were sent with a digest of each.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    resolved = queries.rows["status"] == "resolved"
    listed = _queries_in_words(queries.rows)
    with atomic_path(path) as aside, xlsxwriter.Workbook(aside, options) as book:
        book.set_properties({"title": _(QUERIES), "created": _CREATED})
        write = _Sheets(book)
        sent = listed.loc[~resolved]
        write.queries(sent)
        write.table(RESOLVED, SHOWN, listed.loc[resolved])
        write.table(HELP, {"line": (HELP, 110)}, _help(title))
        write.table(RECORDS, READ, _records_read(counts))
        if not queries.cut.empty:
            write.table(NOT_ALL, COUNTED, _kinds_in_words(queries.cut))
        write.table(INDEX, SENT_INDEX, _index(sent)).very_hidden()


class _Sheets:
    """Writes the sheets of a workbook."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        text = {"text_wrap": True, "valign": "top", "num_format": "@"}
        self.body = book.add_format(text)
        self.answer = book.add_format({**text, "locked": False, "bg_color": "#FFF9DB", "border": 4})

    def queries(self, rows: pd.DataFrame) -> None:
        """Write the sheet that the site fills in, with the offered words for its status."""
        sheet = self.table(QUERIES, SHOWN, rows, answers=SITE)
        column = list(SHOWN).index("site_status")
        # Another word is kept too: the list is an offer.
        offered = [_(status) for status in SITE_STATUSES]
        offer = {"validate": "list", "source": offered, "error_type": "information"}
        # Rule and place in the file are for the sender.
        sheet.print_area(0, 0, max(len(rows), 1), list(SHOWN).index(SITE[-1]))
        sheet.data_validation(1, column, max(len(rows), 1), column, offer)

    def table(
        self, name: str, columns: Headings, rows: pd.DataFrame, answers: tuple[str, ...] = ()
    ) -> Any:
        """Write and return a sheet with headings; only the columns of `answers` can be edited.

        Parameters
        ----------
        name
            English title of the sheet.
        columns
            Headings and widths of the columns of `rows`, in the same order.
        """
        sheet = self.book.add_worksheet(_(name))
        styles = []
        for position, (column, (heading, width)) in enumerate(columns.items()):
            sheet.set_column(position, position, width)
            sheet.write_string(0, position, _(heading), self.head)
            styles.append(self.answer if column in answers else self.body)
        widths = [width for _heading, width in columns.values()]
        for number, cells in enumerate(rows.itertuples(index=False, name=None), start=1):
            texts = list(map(str, cells))
            sheet.set_row(number, _height(texts, widths, least=2 if answers else 1))
            for position, text in enumerate(texts):
                sheet.write_string(number, position, text, styles[position])
        sheet.protect("", _ALLOWED)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet


def _height(texts: Iterable[str], widths: Iterable[int], least: int) -> float:
    """Height of a row in points that shows its texts: not every program finds it by itself."""
    lines = (
        sum(_width(line) // (width - 1) + 1 for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    )
    return min(_LINE * max(least, *lines), _TALLEST)


def _width(line: str) -> int:
    """Width of a line in digits: a Chinese character is as wide as two."""
    return len(line) + sum(map(is_wide, line))


def _queries_in_words(rows: pd.DataFrame) -> pd.DataFrame:
    """The queries with their codes in words."""
    records = [shown_row(row) for row in rows.to_dict("records")]
    return pd.DataFrame(records, columns=rows.columns, index=rows.index, dtype=object)


def _kinds_in_words(cut: pd.DataFrame) -> pd.DataFrame:
    """The kinds of findings that are not all listed, with their codes in words."""
    words = {name: cut[name].map(_) for name in ("status", "severity")}
    return cut.assign(**words)[list(COUNTED)]


def _help(title: str) -> pd.DataFrame:
    columns = [_(SHOWN[name][0]) for name in SITE]
    lines = [
        _("Queries of {title}.").format(title=title),
        _(
            "Please write in the coloured columns {columns} and {last} only, and leave"
            " all other cells, rows, columns and sheets as they are."
        ).format(columns=_(", ").join(columns[:-1]), last=columns[-1]),
        _(
            "{column}: corrected (in the source data), confirmed (right as recorded),"
            " not available (cannot be obtained), or in progress."
        ).format(column=columns[1]),
        _("A correction belongs into the source data; say in the response what was corrected."),
        _(
            "Return the workbook under any name. Your answers are kept with each query"
            " in the next listing."
        ),
    ]
    return pd.DataFrame({"line": lines})


def _records_read(counts: list[RecordCount]) -> pd.DataFrame:
    rows = [
        (count.name, count.file, count.records, count.earlier_text, count.change)
        for count in counts
    ]
    return pd.DataFrame(rows, columns=list(READ), dtype=object)


def _index(sent: pd.DataFrame) -> pd.DataFrame:
    """What was sent: each query, when it was raised, and a digest of its row."""
    rows = [(row["query_id"], row["date_raised"], digest(row)) for row in sent.to_dict("records")]
    return pd.DataFrame(rows, columns=list(SENT_INDEX), dtype=object)
