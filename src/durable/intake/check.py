"""Stage ``check``: read the input tables, check them, and list every finding at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from durable.config.model import TABLES, Plan
from durable.files import write_csv, write_parquet, write_text
from durable.intake import cross
from durable.intake.conversion import converted, listed
from durable.intake.findings import Findings
from durable.intake.reading import read
from durable.intake.rules import Severity
from durable.intake.tables import Table
from durable.intake.typing import typed


def run(plan: Plan, folder: Path) -> None:
    """Read the inputs; write ``queries.csv`` and ``checked/``.

    Errors do not stop this stage but the next one, so that the listing is there to be read and
    the results of earlier, good data stay as they are.
    """
    findings = Findings()
    sources: dict[str, dict[str, Any]] = {}
    tables: dict[str, Table] = {}
    conversions: list[pd.DataFrame] = []
    for name in TABLES:
        given = getattr(plan.inputs, name)
        if given is None:
            continue
        recorded, digest = read(name, given, findings)
        recorded, changed = converted(recorded, given)
        conversions.append(changed)
        frame = typed(recorded, plan.response.ranges, findings)
        tables[name] = Table(recorded, frame)
        if recorded.readable and frame.empty:
            _no_records(name, recorded.file, findings)
        sources[name] = {"file": recorded.file, "sha256": digest, "rows": len(frame)}
    filled = {name: table for name, table in tables.items() if not table.frame.empty}
    needs = cross.Needs(plan.schedule, tuple(plan.response.measures.values()))
    cross.check(filled, needs, findings)
    for name, table in tables.items():
        write_parquet(folder / "checked" / f"{name}.parquet", table.frame)
    text = json.dumps(sources, indent=1, sort_keys=True)
    write_text(folder / "checked" / "sources.json", f"{text}\n")
    write_csv(folder / "checked" / "conversions.csv", listed(conversions))
    queries = findings.frame()
    write_csv(folder / "queries.csv", queries)
    count = queries["severity"].value_counts()
    summary = f"{count.get('error', 0)} error(s), {count.get('warning', 0)} warning(s)"
    print(f"{summary}: {folder / 'queries.csv'}", file=sys.stderr)


def _no_records(table: str, file: str, findings: Findings) -> None:
    """No subject or visit is an error; a study may have no therapy, event or sample."""
    severity: Severity = "error" if table in ("subjects", "visits") else "warning"
    message = "a header only; expected at least one record"
    findings.add_one(table, file, "no_records", message, severity=severity)
