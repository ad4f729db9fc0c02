"""The findings as a data manager sends them to the site, and what became of them: queries.html.

Grouped by subject. Of many findings alike the page and the workbook hold the first; queries.csv has
all. Beside an earlier listing each finding is new or open, and those that are in it and no more are
resolved; what the site has answered is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from durable.files import write_text
from durable.intake.earlier_listing import EarlierListing, places
from durable.intake.query_columns import ANSWERED, KIND, SHOWN, SITE, shown_row
from durable.intake.sources import RecordCount
from durable.language import _
from durable.pages import render_page

_KIND = list(KIND)
#: Of one kind of findings so many are listed where there are more than `WHOLE` in all.
MOST = 100
#: As many findings are listed whole.
WHOLE = 5000


@dataclass(frozen=True)
class Queries:
    """The findings as queries: all of them, and those that the page and the workbook hold."""

    listing: pd.DataFrame
    """Every finding of this run (`findings.COLUMNS`) with the columns `ANSWERED`: queries.csv."""
    rows: pd.DataFrame
    """Queries of the page and the workbook, text columns as `SHOWN`; the resolved ones last, and
    each group by subject."""
    counts: list[tuple[str, str, int]]
    """Status, severity and number of all findings, the resolved ones included."""
    cut: pd.DataFrame
    """Kinds of which only the first `MOST` are among the rows: `_KIND`, their ``number`` and how
    many are ``listed``.
    """


def compare_with_earlier(
    findings: pd.DataFrame, earlier: EarlierListing | None, raised: date
) -> Queries:
    """Compare the findings with the earlier queries: each is new, open or resolved.

    Of more than `WHOLE` findings the rows hold the first `MOST` of each kind. A finding is open and
    not new where the earlier listing holds its kind in part, and one that is gone is left out and
    not resolved where this run lists its kind in part.

    Parameters
    ----------
    findings
        Findings of this run (`findings.COLUMNS`).
    earlier
        The queries of an earlier run; when None, every finding is open.
    raised
        The day on which findings are raised that the earlier run did not have.
    """
    if earlier is None:
        listing = findings.assign(**_empty_answers(raised))
        return _queries(listing, [listing.assign(status="open")])
    earlier_rows = earlier.rows
    # Of a kind that is not listed whole, a finding that is in one listing alone may be in both.
    known = findings["query_id"].isin(earlier_rows["query_id"])
    open_now = known | _is_partly_listed(findings, earlier.in_part)
    rest = findings.loc[findings["rule"] == "not_listed", ["table", "column", "value"]]
    unseen = _is_partly_listed(earlier_rows, frozenset(rest.itertuples(index=False, name=None)))
    gone = ~(earlier_rows["query_id"].isin(findings["query_id"]) | unseen)
    listing = _with_answers(findings, earlier_rows, open_now, raised)
    resolved = earlier_rows.loc[gone].assign(status="resolved")
    status = np.where(open_now, "open", "new")
    return _queries(listing, [listing.assign(status=status), resolved])


def _empty_answers(raised: date) -> dict[str, str]:
    return dict.fromkeys(ANSWERED, "") | {"date_raised": raised.isoformat()}


def _with_answers(
    findings: pd.DataFrame, earlier_rows: pd.DataFrame, open_now: pd.Series[bool], raised: date
) -> pd.DataFrame:
    """The findings, each with what the earlier listing has of it; one that is new is raised now."""
    answers = earlier_rows.drop_duplicates("query_id").set_index("query_id")[list(ANSWERED)]
    kept = answers.reindex(findings["query_id"]).set_axis(findings.index).fillna("")
    kept["date_raised"] = kept["date_raised"].where(open_now, raised.isoformat())
    return findings.join(kept)


def _is_partly_listed(
    findings: pd.DataFrame, kinds: frozenset[tuple[str, str, str]]
) -> pd.Series[bool]:
    """Which findings are of a kind that another listing holds in part."""
    finding_kinds = pd.MultiIndex.from_frame(findings[["table", "column", "rule"]])
    return pd.Series(finding_kinds.isin(list(kinds)), index=findings.index, dtype=bool)


def _queries(listing: pd.DataFrame, parts: list[pd.DataFrame]) -> Queries:
    """The first findings of each kind, and how many there are."""
    number = pd.concat([_kind_counts(part) for part in parts])
    count = number.groupby(["status", "severity"], sort=True, as_index=False)["number"].sum()
    return Queries(
        listing,
        pd.concat([_shown_columns(_listed_findings(part)) for part in parts], ignore_index=True),
        list(count.itertuples(index=False, name=None)),
        number.loc[number["number"] > number["listed"]],
    )


def _most(findings: pd.DataFrame) -> int:
    """How many findings of a kind are listed."""
    return MOST if len(findings) > WHOLE else len(findings)


def _kind_counts(findings: pd.DataFrame) -> pd.DataFrame:
    """How many findings there are of each kind, and how many of them are listed."""
    number = findings.groupby(_KIND, sort=True).size().rename("number").reset_index()
    return number.assign(listed=number["number"].clip(upper=_most(findings)))


def _listed_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """The first findings of each kind."""
    return findings.loc[findings.groupby(_KIND).cumcount() < _most(findings)]


def _shown_columns(findings: pd.DataFrame) -> pd.DataFrame:
    """The shown columns, by subject and otherwise in the order of the findings."""
    if "place" not in findings:
        text = findings.astype({"row": "string"}).fillna("").astype(object)
        findings = text.assign(place=places(text))
    return findings[list(SHOWN)].sort_values("subject_id", kind="stable", ignore_index=True)


def write_html(
    path: Path, queries: Queries, counts: list[RecordCount], title: str, earlier_name: str
) -> None:
    """Write the queries as a page with a section for each subject.

    Parameters
    ----------
    counts
        Number of records of each file.
    earlier_name
        Name of the earlier analysis or returned workbook; '' where there is none.
    """
    resolved = queries.rows["status"] == "resolved"
    page = render_page(
        "queries.html.jinja",
        title=title,
        since=earlier_name,
        counts=queries.counts,
        records=counts,
        most=MOST,
        cut=queries.cut.to_dict("records"),
        answers=[_(SHOWN[name][0]) for name in SITE],
        subjects=_rows_by_subject(queries.rows.loc[~resolved]),
        resolved=_rows_by_subject(queries.rows.loc[resolved]),
    )
    write_text(path, page)


def _rows_by_subject(listed: pd.DataFrame) -> dict[str, list[dict[Any, Any]]]:
    rows = [{**row, "shown": shown_row(row)} for row in listed.to_dict("records")]
    return {subject: list(some) for subject, some in groupby(rows, itemgetter("subject_id"))}
