"""Stage ``check``: read the input tables, check them, and list every finding at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from durable.config.model import TABLES, Input, Inputs, Plan
from durable.files import write_csv, write_parquet, write_text
from durable.intake import cross
from durable.intake.conversion import converted, together
from durable.intake.findings import Findings, Recorded
from durable.intake.queries import compared, write_html, write_xlsx
from durable.intake.reading import read
from durable.intake.rules import Severity
from durable.intake.tables import Table
from durable.intake.typing import typed


@dataclass(frozen=True)
class Examined:
    """The study's tables as read, and everything that is to be said about them."""

    queries: pd.DataFrame
    tables: dict[str, Table]
    sources: dict[str, dict[str, Any]]
    """By table its file, number of records and SHA-256; of an SDTM package the SHA-256 of each of
    its ``files``, and one over their list."""
    conversions: pd.DataFrame


def run(plan: Plan, folder: Path) -> None:
    """Read the inputs; write ``queries.csv``, ``.html`` and ``.xlsx``, and ``checked/``.

    Errors do not stop this stage but the next one, so that the listing is there to be read and
    the results of earlier, good data stay as they are.
    """
    examined = examine(plan)
    for name, table in examined.tables.items():
        write_parquet(folder / "checked" / f"{name}.parquet", table.frame)
    text = json.dumps(examined.sources, indent=1, sort_keys=True)
    write_text(folder / "checked" / "sources.json", f"{text}\n")
    write_csv(folder / "checked" / "conversions.csv", examined.conversions)
    if plan.inputs.sdtm is not None:
        write_csv(folder / "checked" / "origins.csv", _origins(examined.tables.values()))
    write_csv(folder / "queries.csv", examined.queries)
    since = plan.outputs.queries_since
    listed = compared(examined.queries, None if since is None else Path(since))
    title = f"{plan.study.id}, {plan.analysis.id}"
    # The folder of the earlier analysis bears its name; where it lies is no matter of the page.
    earlier = "" if since is None else Path(since).absolute().parent.name
    write_html(folder / "queries.html", listed, title, earlier)
    write_xlsx(folder / "queries.xlsx", listed)
    count = examined.queries["severity"].value_counts()
    summary = f"{count.get('error', 0)} error(s), {count.get('warning', 0)} warning(s)"
    print(f"{summary}: {folder / 'queries.csv'}", file=sys.stderr)


def examine(plan: Plan) -> Examined:
    """Read the inputs and check them."""
    findings = Findings()
    sources: dict[str, dict[str, Any]] = {}
    tables: dict[str, Table] = {}
    conversions: list[pd.DataFrame] = []
    for name, given, recorded, digests in _recorded(plan.inputs, findings):
        recorded, changed = converted(recorded, given)
        conversions.append(changed)
        frame = typed(recorded, plan.response.ranges, findings)
        tables[name] = Table(recorded, frame)
        if recorded.readable and frame.empty:
            _no_records(name, recorded.file, findings)
        sources[name] = {"file": recorded.file, "rows": len(frame), **digests}
    filled = {name: table for name, table in tables.items() if not table.frame.empty}
    needs = cross.Needs(plan.schedule, tuple(plan.response.measures.values()))
    cross.check(filled, needs, findings)
    return Examined(findings.frame(), tables, sources, together(conversions))


def _recorded(
    inputs: Inputs, findings: Findings
) -> Iterator[tuple[str, Input, Recorded, dict[str, Any]]]:
    """Every table of the study: its value maps and units, its text, and its files' digests."""
    if inputs.sdtm is not None:
        from durable.intake.sdtm import Package

        package = Package(inputs.sdtm, findings)
        for name in TABLES:
            if name in inputs.sdtm.tables:
                yield name, package.conversions(name), *package.table(name)
        return
    for name in TABLES:
        given = getattr(inputs, name)
        if given is not None:
            recorded, digest = read(name, given, findings)
            yield name, given, recorded, {"sha256": digest}


def _origins(tables: Iterable[Table]) -> pd.DataFrame:
    """File and record of every cell of tables that were put together from several."""
    names = ["table", "subject_id", "row", "column", "value", "file", "record"]
    parts = [pd.DataFrame(columns=names)]
    for recorded in (table.recorded for table in tables):
        for column, origin in recorded.origin.items():
            filled = recorded.text.loc[recorded.text[column] != ""]
            about = filled.assign(table=recorded.table, column=column, value=filled[column])
            place = origin.rename(columns={"row": "record"}).loc[filled.index]
            about = about.rename(columns={"source_row": "row"})[names[:5]]
            parts.append(pd.concat([about, place], axis=1))
    return together(parts)


def _no_records(table: str, file: str, findings: Findings) -> None:
    """No subject or visit is an error; a study may have no therapy, event or sample."""
    severity: Severity = "error" if table in ("subjects", "visits") else "warning"
    message = "a header only; expected at least one record"
    findings.add_one(table, file, "no_records", message, severity=severity)
