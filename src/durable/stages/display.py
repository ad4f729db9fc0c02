"""Stage ``display``: tables, listings and the report, views of the results for readers."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan
from durable.processes import done_beside


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``ard.csv``, ``adam/``, ``figures/``, ``queries.csv``; write what readers open.

    These are ``tables/``, ``listings/`` and ``report.html``.

    Parameters
    ----------
    cores
        With two or more, the tables are written beside the listings and the report.
    """
    from durable.display.listings import listing_records, write_listings
    from durable.display.report import page
    from durable.display.tables import all_tables, write_tables
    from durable.files import write_text
    from durable.outputs.ard import read_ard
    from durable.outputs.page_head import page_head

    ard = read_ard(folder)
    tables = all_tables(ard, plan, folder)
    with done_beside(cores, "writes tables", write_tables, tables, folder, page_head(plan)):
        listings = listing_records(plan, folder)
        write_listings(listings, folder)
        write_text(folder / "report.html", page(plan, folder, ard, tables, listings))
