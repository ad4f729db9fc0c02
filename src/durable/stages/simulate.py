"""Stage ``simulate``: one chunk of the virtual trials."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path, chunk: int) -> None:
    """Write ``simulation/chunks/CHUNK.parquet``, of the plan alone."""
    from durable.simulate import chunk as trials

    trials.run(plan, folder, chunk)
