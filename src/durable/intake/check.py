"""Stage ``check``: read the input tables, check them, and list every finding at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from durable.config.model import TABLES, Plan
from durable.files import write_csv, write_parquet, write_text
from durable.intake import cross
from durable.intake.findings import Findings
from durable.intake.reading import read
from durable.intake.typing import typed


def run(plan: Plan, folder: Path) -> None:
    """Read the inputs; write ``queries.csv`` and ``checked/``.

    Errors do not stop this stage but the next one, so that the listing is there to be read and
    the results of earlier, good data stay as they are.
    """
    findings = Findings()
    sources: dict[str, dict[str, Any]] = {}
    tables: dict[str, cross.Table] = {}
    for name in TABLES:
        given = getattr(plan.inputs, name)
        if given is None:
            continue
        recorded, digest = read(name, given, findings)
        frame = typed(recorded, plan.response.ranges, findings)
        tables[name] = cross.Table(recorded, frame)
        sources[name] = {"file": recorded.file, "sha256": digest, "rows": len(frame)}
    readable = {name: table for name, table in tables.items() if table.recorded.readable}
    cross.check(
        readable,
        plan.schedule,
        enzyme_needed="enzyme" in plan.response.measures.values(),
        findings=findings,
    )
    for name, table in tables.items():
        write_parquet(folder / "checked" / f"{name}.parquet", table.frame)
    text = json.dumps(sources, indent=1, sort_keys=True)
    write_text(folder / "checked" / "sources.json", f"{text}\n")
    queries = findings.frame()
    write_csv(folder / "queries.csv", queries)
    count = queries["severity"].value_counts()
    summary = f"{count.get('error', 0)} error(s), {count.get('warning', 0)} warning(s)"
    print(f"{summary}: {folder / 'queries.csv'}", file=sys.stderr)
