"""Sheets and columns of the workbook of queries, as it is written and read again."""

from __future__ import annotations

#: Sheets: the queries, those resolved, the numbers of records, kinds that are listed in part, how
#: to answer, and, hidden, what was sent.
QUERIES, RESOLVED, RECORDS, NOT_ALL = "Queries", "Resolved", "Records read", "Not all listed"
HELP, INDEX = "How to answer", "Index"

#: Columns of a query with their headings, and their widths in a workbook.
SHOWN = {
    "query_id": ("Query", 15),
    "status": ("Status", 9),
    "date_raised": ("Date raised", 11),
    "severity": ("Severity", 9),
    "subject_id": ("Subject", 11),
    "table": ("Table", 15),
    "visit": ("Visit", 9),
    "record": ("Record", 16),
    "column": ("Field", 16),
    "value": ("Value", 15),
    "expected": ("Expected", 36),
    "response": ("Response", 32),
    "site_status": ("Site status", 13),
    "comment": ("Comment", 26),
    "rule": ("Rule", 22),
    "place": ("Where", 24),
}
#: Columns that the site fills in.
SITE = ("response", "site_status", "comment")
#: What is carried from one listing to the next.
ANSWERED = ("date_raised", *SITE)
#: What a query is, as it was sent. The status is that of the listing.
SENT = tuple(name for name in SHOWN if name not in (*ANSWERED, "status"))
#: What the workbook offers as the site's status; another word is kept too.
SITE_STATUSES = ("corrected", "confirmed", "not available", "in progress")

#: What makes findings alike: of one kind the page and the workbook hold no more than the first.
KIND = ("status", "severity", "table", "column", "rule")
COUNTED = {name: SHOWN[name] for name in KIND}
COUNTED |= {"number": ("Findings", 12), "listed": ("Listed", 12)}
#: Columns of the numbers of records, with their headings and widths.
READ = {
    "name": ("Table", 16),
    "file": ("File", 24),
    "records": ("Records read", 14),
    "earlier": ("Earlier delivery", 16),
    "change": ("Change", 10),
}
#: Columns of the hidden sheet.
SENT_INDEX = {
    "query_id": ("Query", 16),
    "date_raised": ("Date raised", 12),
    "digest": ("Digest", 20),
}

#: Headings by the names of the columns, of the sheets that are read again.
SHEETS = {
    sheet: {name: heading for name, (heading, _) in columns.items()}
    for sheet, columns in (
        (QUERIES, SHOWN),
        (INDEX, SENT_INDEX),
        (RECORDS, READ),
        (NOT_ALL, COUNTED),
    )
}
