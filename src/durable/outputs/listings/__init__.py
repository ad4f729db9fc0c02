"""The listings: what each table summarises, record by record, a module each (docs/report.md).

`LISTINGS` lists them in the order of their numbers. It is light to import: a listing's module is
loaded when the listing is made.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING

from durable.contents import require_numbers
from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.registry import Entry

if TYPE_CHECKING:
    from durable.outputs.listings.listing import Listing
    from durable.plan import Plan


class ListingEntry(Entry):
    """A listing in the registry: its file is ``listings/l_NAME.csv``.

    Its module holds it as `LISTING`.
    """

    def load(self) -> Listing:
        """The `Listing` of the module, which is imported now."""
        listing: Listing = import_module(f"{__name__}.{self.module}").LISTING
        return listing


#: In the order of their numbers, which do not change when a listing is absent.
LISTINGS = (
    ListingEntry("eligibility", "eligibility", ("adie",)),
    ListingEntry("deviations", "deviations", ("adsl", "addv")),
    ListingEntry("subjects", "subjects"),
    ListingEntry("duration", "duration", ("adsl", "adtte")),
    ListingEntry("improvement", "improvement", ("adsl", "adrs")),
    ListingEntry("assessments", "assessments", ("adrs",)),
    ListingEntry("flares", "flares", ("adsl", "adrs")),
    ListingEntry(
        *("drug_free", "drug_free", ("adsl", "adtte")),
        asked=lambda plan: any(one.asked(plan.response) for one in DRUG_FREE_ENDPOINTS),
    ),
    ListingEntry("adverse_events", "adverse_events", ("adae",)),
    ListingEntry("deaths", "deaths"),
    ListingEntry("narratives", "narratives"),
    ListingEntry("kinetics", "kinetics", ("adpc",)),
    ListingEntry("kinetics_parameters", "kinetics_parameters", ("adpp",)),
    ListingEntry("lymphodepletion", "lymphodepletion", ("adex",)),
    ListingEntry("laboratory", "laboratory", ("adlb",)),
    ListingEntry("queries", "queries", ()),
)
require_numbers(f"l_{entry.name}" for entry in LISTINGS)


def listings_of(plan: Plan, available: Collection[str]) -> list[ListingEntry]:
    """The listings of an analysis, in the order of their numbers.

    Also those that the plan does not show. `available` has the names of the datasets, in lower
    case, and of the input tables of the analysis.
    """
    return [entry for entry in LISTINGS if entry.exists(plan, available)]
