"""Stage ``display``: tables, listings and the report, views of the results for readers."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv``, ``adam/``, ``figures/``, ``queries.csv``; write what readers open.

    These are ``tables/``, ``listings/`` and ``report.html``.
    """
    from durable.display import listings, report, tables

    tables.run(plan, folder)
    listings.run(plan, folder)
    report.run(plan, folder)
