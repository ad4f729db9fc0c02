"""Stage ``display``: tables, listings and the report, views of the results for readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from durable.plan import Plan
from durable.processes import can_fork, forked_pool

if TYPE_CHECKING:
    from durable.outputs.ard import Ard
    from durable.outputs.table import Table


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``ard.csv``, ``adam/``, ``figures/``, ``queries.csv``; write what readers open.

    These are ``tables/``, ``listings/`` and ``report.html``.

    Parameters
    ----------
    cores
        With two or more, the tables are written beside the listings and the report.
    """
    from durable.display.tables import all_tables, write_tables
    from durable.outputs.ard import read_ard
    from durable.outputs.page_head import page_head

    ard = read_ard(folder)
    tables = all_tables(ard, plan, folder)
    head = page_head(plan)
    if not can_fork(cores):
        write_tables(tables, folder, head)
        _write_listings_and_report(plan, folder, ard, tables)
    else:
        with forked_pool(1, "writes tables") as pool:
            written = pool.submit(write_tables, tables, folder, head)
            _write_listings_and_report(plan, folder, ard, tables)
            written.result()


def _write_listings_and_report(plan: Plan, folder: Path, ard: Ard, tables: list[Table]) -> None:
    from durable.display.listings import listing_records, write_listings
    from durable.display.report import page
    from durable.files import write_text

    listings = listing_records(plan, folder)
    write_listings(listings, folder)
    write_text(folder / "report.html", page(plan, folder, ard, tables, listings))
