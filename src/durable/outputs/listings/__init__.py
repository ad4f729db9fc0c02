"""The listings: what each table summarises, record by record, a module each (docs/report.md).

`LISTINGS` lists them in the order of their numbers. It is light to import: a listing's module is
loaded when the listing is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable.outputs.listings.listing import Listing


@dataclass(frozen=True)
class ListingEntry:
    """A listing in the registry: its name, also that of its module, and what it is made from."""

    name: str
    """The file is ``listings/l_NAME.csv``."""
    datasets: tuple[str, ...]
    """Datasets that it needs; it is left out where the study lacks one."""

    def exists(self, datasets: Collection[str]) -> bool:
        """Whether an analysis that has these datasets has the listing."""
        return set(self.datasets) <= set(datasets)

    def load(self) -> Listing:
        """The listing itself."""
        listing: Listing = import_module(f"{__name__}.{self.name}").LISTING
        return listing


#: In the order of their numbers, which do not change when a listing is absent.
LISTINGS = (
    ListingEntry("subjects", ("adsl",)),
    ListingEntry("duration", ("adsl", "adtte")),
    ListingEntry("improvement", ("adsl", "adrs")),
    ListingEntry("assessments", ("adrs",)),
    ListingEntry("flares", ("adsl", "adrs")),
    ListingEntry("adverse_events", ("adae",)),
    ListingEntry("deaths", ("adsl", "adtte")),
    ListingEntry("kinetics", ("adpc",)),
    ListingEntry("kinetics_parameters", ("adpp",)),
    ListingEntry("queries", ()),
)


def listings_of(datasets: Collection[str]) -> list[ListingEntry]:
    """The listings of an analysis that has these datasets, in the order of their numbers."""
    return [entry for entry in LISTINGS if entry.exists(datasets)]
