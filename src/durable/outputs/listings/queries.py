"""``l_queries``: the findings of the checks of the input tables."""

from __future__ import annotations

import pandas as pd

from durable.files import recorded_cell
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import Listing, number, text
from durable.plan import Plan


def _records(folder: ResultsFolder, _: Plan) -> pd.DataFrame:
    findings = pd.read_csv(folder.path / "queries.csv", dtype=str, keep_default_na=False)
    return findings.map(recorded_cell)


LISTING = Listing(
    name="queries",
    title="Findings in the data",
    source="queries.csv",
    variables=lambda _: (
        text("severity", "Severity"),
        text("table", "Table"),
        text("subject_id", "Subject"),
        text("visit", "Visit"),
        number("row", "Row"),
        text("column", "Column"),
        text("value", "Value"),
        text("rule", "Rule"),
        text("message", "Message"),
    ),
    notes=lambda _: (
        "Findings of the checks of the input tables, before the data cut-off was applied. Row: row"
        " of the file.",
    ),
    records=_records,
    traced=False,
)
