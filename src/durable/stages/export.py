"""Stage ``export``: what is handed over, in the forms that the plan names."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read the results; write ``documents/``, ``tables/*.docx``, ``figures/*.pdf``, ``export/``."""
    from durable.display import ars
    from durable.display.documents import bind, figure_pages
    from durable.export import submission

    if "pdf" in plan.outputs.documents:
        figure_pages.run(plan, folder)
    if plan.outputs.documents:
        bind.run(plan, folder)
    if set(plan.outputs.datasets) - {"ars"}:
        submission.run(plan, folder)
    if "ars" in plan.outputs.datasets:
        ars.run(plan, folder)
