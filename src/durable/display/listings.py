"""The listings: their records, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from durable.files import write_csv
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings import ListingEntry, listings_of
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


def listing_records(plan: Plan, folder: Path) -> dict[ListingEntry, pd.DataFrame]:
    """Records of every listing that is shown, by its entry, in the order in which they are shown.

    Parameters
    ----------
    folder
        Folder of results, whose datasets and findings are read.
    """
    results = ResultsFolder(folder, plan)
    entries = {f"l_{entry.name}": entry for entry in listings_of(plan, results.available)}
    shown = (entries[name] for name in plan.outputs.select(entries))
    return {entry: entry.load().table(results, plan) for entry in shown}


def write_listings(listings: Mapping[ListingEntry, pd.DataFrame], folder: Path) -> None:
    """Write ``listings/l_NAME.csv`` below `folder`, safe to open in a spreadsheet."""
    for entry, records in listings.items():
        write_csv(folder / "listings" / f"l_{entry.name}.csv", records)
