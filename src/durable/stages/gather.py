"""Stage ``gather``: what the design and its definitions show over the virtual trials."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``simulation/chunks/``; write its results, tables, figures and ``simulation.html``."""
    from durable.simulate import gather

    gather.run(plan, folder)
