"""Stage ``series``: the results of one plan at several data cut-offs, side by side."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read the results at each cut-off; write ``series/``: results, tables, figure and page.

    Raises
    ------
    UserError
        Where the analyses are not all of the same input files.
    """
    from durable.display import series as pages
    from durable.figures import series as points
    from durable.language import ENGLISH, language
    from durable.outputs import series as results

    with language(ENGLISH):
        results.run(plan, folder)
        points.run(plan, folder)
    pages.run(plan, folder)
