"""The findings as a data manager sends them to the site: queries.html and queries.xlsx.

Grouped by subject. Beside an earlier listing each finding is new or open, and those that are in it
and no more are resolved.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from durable.errors import UserError
from durable.files import whole, write_text

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
_NEEDED = ["query_id", "severity", "table", "subject_id", "visit", "record", "row", "column"]
_NEEDED += ["value", "expected", "rule", "file"]
#: Workbooks carry a date of creation; the same one makes the same bytes.
_CREATED = dt.datetime(2000, 1, 1)


def compared(findings: pd.DataFrame, earlier: Path | None) -> pd.DataFrame:
    """All findings with their status, by subject; the resolved ones last.

    Parameters
    ----------
    findings
        Findings of this run (`findings.COLUMNS`).
    earlier
        ``queries.csv`` of an earlier run; without one every finding is open.

    Returns
    -------
    DataFrame
        Text columns, as `SHOWN`.

    Raises
    ------
    UserError
        Where the earlier listing cannot be read as one.
    """
    now = findings.astype({"row": "string"}).fillna("").astype(object)
    if earlier is None:
        return _placed(now.assign(status="open"))
    before = _earlier(earlier)
    known = now["query_id"].isin(before["query_id"])
    now["status"] = known.map({True: "open", False: "new"})
    gone = before.loc[~before["query_id"].isin(now["query_id"])].assign(status="resolved")
    return pd.concat([_placed(now), _placed(gone)], ignore_index=True)


def _earlier(path: Path) -> pd.DataFrame:
    key = "outputs.queries_since"
    try:
        before = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{key}: {path}: {reason}; expected a queries.csv") from None
    missing = [name for name in _NEEDED if name not in before]
    if missing:
        raise UserError(f"{key}: {path}: no column {missing[0]}; expected a queries.csv")
    return before


def _placed(found: pd.DataFrame) -> pd.DataFrame:
    """The shown columns, by subject and otherwise in the order of the findings."""
    row = (", row " + found["row"]).where(found["row"] != "", "")
    listed = found.assign(place=found["file"] + row)[list(SHOWN)]
    return listed.sort_values("subject_id", kind="stable", ignore_index=True)


def write_html(path: Path, listed: pd.DataFrame, title: str, since: str) -> None:
    """Write the listing as a page: a section for each subject."""
    environment = Environment(
        loader=PackageLoader("durable.intake"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    present = listed.loc[listed["status"] != "resolved"]
    page = environment.get_template("queries.html.jinja").render(
        title=title,
        since=since,
        counts=_counts(listed),
        headings={name: heading for name, (heading, _) in SHOWN.items() if name != "subject_id"},
        subjects=_by_subject(present),
        resolved=_by_subject(listed.loc[listed["status"] == "resolved"]),
    )
    write_text(path, page)


def _counts(listed: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Status, severity and number of findings."""
    count = Counter(zip(listed["status"], listed["severity"], strict=True))
    return [(status, severity, n) for (status, severity), n in sorted(count.items())]


def _by_subject(listed: pd.DataFrame) -> dict[str, list[dict[Any, Any]]]:
    return {
        str(subject): rows.to_dict("records")
        for subject, rows in listed.groupby("subject_id", sort=True)
    }


def write_xlsx(path: Path, listed: pd.DataFrame) -> None:
    """Write the listing as a workbook: a sheet of queries, and one of those resolved."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    resolved = listed["status"] == "resolved"
    with whole(path) as aside, xlsxwriter.Workbook(aside, options) as book:
        book.set_properties({"title": "Queries", "created": _CREATED})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for name, rows in (("Queries", listed.loc[~resolved]), ("Resolved", listed.loc[resolved])):
            sheet = book.add_worksheet(name)
            for place, (heading, width) in enumerate(SHOWN.values()):
                sheet.set_column(place, place, width)
                sheet.write_string(0, place, heading, head)
            _write_rows(sheet, rows.itertuples(index=False, name=None), body)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(rows), 1), len(SHOWN) - 1)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)


def _write_rows(sheet: Any, rows: Iterable[tuple[str, ...]], style: Any) -> None:
    """Every cell as text: none is a formula, a number or a date."""
    for number, cells in enumerate(rows, start=1):
        for place, text in enumerate(cells):
            sheet.write_string(number, place, str(text), style)
