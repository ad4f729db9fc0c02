"""Stage ``check``: read the input tables, check them, and list every finding at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.cores import each
from durable.files import csv_bytes, safe_cells, whole, write_csv, write_text
from durable.intake import conversion
from durable.intake.checks import check_records
from durable.intake.conversion import converted
from durable.intake.findings import Findings, Listing, Recorded
from durable.intake.missing_words import without_missing_words
from durable.intake.needs import needs
from durable.intake.progress import Progress, of_stage
from durable.intake.queries import compared, write_html, write_xlsx
from durable.intake.reading import read
from durable.intake.rules import Severity
from durable.intake.stored import ROWS, write_listing, write_table
from durable.intake.study import Study
from durable.intake.tables import Table
from durable.intake.typing import typed
from durable.intake.values import Typed
from durable.plan import Input, Inputs, Plan

#: Inputs of fewer bytes are done before there is anything to say of how far they are.
LARGE = 50_000_000


#: Pieces of the listing that each process has made before they are written.
_AT_ONCE = 8


@dataclass(frozen=True)
class _Read:
    """The study's tables as read, and what is to be said about each cell of them by itself."""

    findings: Findings
    tables: dict[str, Table]
    sources: dict[str, dict[str, Any]]
    conversions: list[pd.DataFrame]


@dataclass(frozen=True)
class Examined:
    """The study's tables as read, and everything that is to be said about them."""

    listing: Listing
    tables: dict[str, Table]
    sources: dict[str, dict[str, Any]]
    """By table its file, number of records and SHA-256; of an SDTM package the SHA-256 of each of
    its ``files``, and one over their list; and the columns that are ``not_recorded``."""
    conversions: list[pd.DataFrame]
    """Cells that differ from what was recorded, by table and column (`conversion.COLUMNS`)."""

    @property
    def queries(self) -> pd.DataFrame:
        """All findings (`findings.COLUMNS`)."""
        return pd.concat(self.listing.parts(), ignore_index=True)


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read the inputs; write ``queries.csv``, ``.html`` and ``.xlsx``, and ``checked/``.

    Errors do not stop this stage but the next one, so that the listing is there to be read and
    the results of earlier, good data stay as they are.

    Parameters
    ----------
    cores
        Checks of a large study that are done, and pieces of its listing written, at a time.
    """
    progress = of_stage(large=_size(plan.inputs) >= LARGE)
    found = _read(plan, progress)

    def write(name: str) -> None:
        parts = _parts(name, found.tables[name].frame, progress)
        write_table(folder / "checked" / f"{name}.parquet", parts)

    listing = _checked(plan, found, progress, [partial(write, name) for name in found.tables])
    text = json.dumps(found.sources, indent=1, sort_keys=True)
    write_text(folder / "checked" / "sources.json", f"{text}\n")
    write_listing(folder / "checked" / "conversions.csv", conversion.parts(found.conversions))
    if plan.inputs.sdtm is not None:
        write_csv(folder / "checked" / "origins.csv", _origins(found.tables.values()))
    _list(plan, folder, listing, progress, cores)
    progress.end()
    summary = f"{listing.count('error')} error(s), {listing.count('warning')} warning(s)"
    print(f"{summary}: {folder / 'queries.csv'}", file=sys.stderr)


def _list(plan: Plan, folder: Path, listing: Listing, progress: Progress, cores: int) -> None:
    """Write ``queries.csv``, and the pages that hold the first findings of each kind."""
    since = plan.outputs.queries_since
    title = f"{plan.study.id}, {plan.analysis.id}"
    # The folder of the earlier analysis bears its name; where it lies is no matter of the page.
    earlier = "" if since is None else Path(since).absolute().parent.name
    listing = replace(listing, digests=each(listing.digest, listing.starts, cores))

    def made(start: int | None) -> bytes:
        if start is not None:
            return csv_bytes(safe_cells(listing.part(start)), header=start == 0)
        listed = compared(listing, None if since is None else Path(since))
        write_html(folder / "queries.html", listed, title, earlier)
        write_xlsx(folder / "queries.xlsx", listed)
        return b""

    pieces: list[int | None] = [None, *listing.starts]
    with whole(folder / "queries.csv") as aside, aside.open("wb") as file:
        for first in range(0, len(pieces), _AT_ONCE * cores):
            progress.at("queries: writing the listing", first / len(pieces))
            file.writelines(each(made, pieces[first : first + _AT_ONCE * cores], cores))


def examine(plan: Plan) -> Examined:
    """Read the inputs and check them."""
    progress = Progress()
    found = _read(plan, progress)
    listing = _checked(plan, found, progress)
    return Examined(listing, found.tables, found.sources, found.conversions)


def _read(plan: Plan, progress: Progress) -> _Read:
    """The tables of the study, and what is to be said of each cell by itself."""
    findings = Findings()
    sources: dict[str, dict[str, Any]] = {}
    tables: dict[str, Table] = {}
    conversions: list[pd.DataFrame] = []
    for name, given, recorded, digests in _recorded(plan, findings, progress):
        recorded, changed = converted(recorded, given)
        conversions += changed
        frame = typed(recorded, plan.response.ranges, findings, progress)
        frame = without_missing_words(recorded, frame, plan.response.ranges, findings)
        tables[name] = Table(recorded, frame)
        if recorded.readable and not len(frame):
            _no_records(name, recorded.file, findings)
        rare = INPUT_TABLES[name].rare
        absent = [column for column in recorded.absent if column not in rare]
        about = {"not_recorded": absent} if absent else {}
        sources[name] = {"file": recorded.file, "rows": len(frame), **digests, **about}
    return _Read(findings, tables, sources, conversions)


def _checked(
    plan: Plan,
    found: _Read,
    progress: Progress,
    beside: Sequence[Callable[[], None]] = (),
) -> Listing:
    """All findings, after the checks of the records against each other.

    What is to be done `beside` them is done at the same time; it begins first.
    """
    filled = {name: table for name, table in found.tables.items() if len(table.frame)}
    progress.at("checking the records against each other", 0)
    for write in beside:
        write()
    check_records(Study(filled, plan), found.findings)
    return found.findings.listing()


def _parts(name: str, typed: Typed, progress: Progress) -> Iterator[pd.DataFrame]:
    """The typed table some rows at a time; at least one, empty part."""
    for start in range(0, max(len(typed), 1), ROWS):
        progress.at(f"{name}: writing", start / max(len(typed), 1))
        yield typed.to_frame(start, start + ROWS)


def _size(inputs: Inputs) -> int:
    """Bytes of the files that can be read."""
    paths = [
        Path(given.path) for name in INPUT_TABLES if (given := getattr(inputs, name)) is not None
    ]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _recorded(
    plan: Plan, findings: Findings, progress: Progress
) -> Iterator[tuple[str, Input, Recorded, dict[str, Any]]]:
    """Every table of the study: its value maps and units, its text, and its files' digests."""
    inputs, needed = plan.inputs, needs(plan)
    if inputs.sdtm is not None:
        from durable.intake.sdtm.package import Package

        package = Package(inputs.sdtm, findings)
        for name in INPUT_TABLES:
            if name in inputs.sdtm.tables:
                yield name, package.conversions(name), *package.table(name)
        return
    for name in INPUT_TABLES:
        given = getattr(inputs, name)
        if given is not None:
            recorded, digest = read(name, given, findings, progress, needed)
            yield name, given, recorded, {"sha256": digest}


def _origins(tables: Iterable[Table]) -> pd.DataFrame:
    """File and record of every cell of tables that were put together from several."""
    names = ["table", "subject_id", "row", "column", "value", "file", "record"]
    parts = []
    for recorded in (table.recorded for table in tables):
        for column, origin in recorded.origin.items():
            filled = recorded.text.loc[recorded.text[column] != ""]
            about = filled.assign(table=recorded.table, column=column, value=filled[column])
            place = origin.rename(columns={"row": "record"}).loc[filled.index]
            about = about.rename(columns={"source_row": "row"})[names[:5]]
            parts.append(pd.concat([about, place], axis=1))
    found = [part for part in parts if not part.empty]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)


def _no_records(table: str, file: str, findings: Findings) -> None:
    """A required table without a record is an error; another may well have none."""
    severity: Severity = "error" if INPUT_TABLES[table].required else "warning"
    message = "a header only; expected at least one record"
    findings.add_one(table, file, "no_records", message, severity=severity)
