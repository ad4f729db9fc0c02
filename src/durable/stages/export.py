"""Stage ``export``: what is handed over, in the forms that the plan names."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read the results; write the deliveries: ``documents/``, ``export/`` and others."""
    from durable.export.handover import deliver

    deliver(plan, folder)
