"""``l_queries``: the findings of the checks of the input tables."""

from __future__ import annotations

import pandas as pd

from durable.files import recorded_cell
from durable.language import N_, _, translate_stored
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import Column, Listing, number, text
from durable.plan import Plan

_SEVERITIES = (N_("error"), N_("warning"))


def _records(folder: ResultsFolder, _plan: Plan) -> pd.DataFrame:
    findings = pd.read_csv(folder.path / "queries.csv", dtype=str, keep_default_na=False)
    return findings.map(recorded_cell)


def _severity(severity: str) -> str:
    return translate_stored(severity, _SEVERITIES)


LISTING = Listing(
    name="queries",
    title=N_("Findings in the data"),
    source="queries.csv",
    variables=lambda _plan: (
        Column("severity", N_("Severity"), shown=_severity),
        text("table", N_("Table")),
        text("subject_id", N_("Subject")),
        text("visit", N_("Visit")),
        number("row", N_("Row")),
        text("column", N_("Column")),
        text("value", N_("Value")),
        text("rule", N_("Rule")),
        text("message", N_("Message")),
    ),
    notes=lambda _plan: (
        _(
            "Findings of the checks of the input tables, before the data cut-off was applied. Row:"
            " row of the file."
        ),
    ),
    records=_records,
    traced=False,
)
