"""The listings, as CSV files."""

from __future__ import annotations

from pathlib import Path

from durable.files import write_csv
from durable.outputs.listings import listings_of
from durable.outputs.listings.listing import ResultsFolder
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/`` and ``queries.csv``; write ``listings/``."""
    results = ResultsFolder(folder)
    for entry in listings_of(results.datasets):
        listing = entry.load()
        write_csv(folder / "listings" / listing.file, listing.table(results, plan))
