"""Stage ``simulate``: one chunk of the virtual trials."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path, chunk: int) -> None:
    """Write ``simulation/chunks/CHUNK.parquet``, CHUNK from 0, of the plan alone."""
    from durable.files import write_parquet
    from durable.simulate.chunk import chunk_estimates

    write_parquet(folder / "chunks" / f"{chunk}.parquet", chunk_estimates(plan, chunk))
