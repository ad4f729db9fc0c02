"""Stage ``gather``: what the design and its definitions show over the virtual trials."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``simulation/chunks/``; write its results, tables, figures and ``simulation.html``."""
    from durable.display import simulation
    from durable.simulate import operating, truth

    truth.run(plan, folder)
    operating.run(plan, folder)
    simulation.run(plan, folder)
