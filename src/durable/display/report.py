"""Stage ``report``: every output in one page that opens without a network (docs/report.md).

The page is put together from files that other stages wrote; nothing in it is computed but tallies
of the findings. Data is escaped, and a policy in the page lets no script run but its own.
"""

from __future__ import annotations

import csv
import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from durable.contracts.results import TOTAL
from durable.contracts.tables import TABLES
from durable.display.report_plan import Key, plan_keys, variants
from durable.display.report_summary import summary
from durable.display.tables import tables
from durable.figures.captions import figures_drawn
from durable.files import safe_cell, write_text
from durable.jdm import wording
from durable.outputs import definitions
from durable.outputs import formats as f
from durable.outputs.ard import Ard, read_ard
from durable.outputs.listings import LISTINGS
from durable.outputs.listings.listing import Column, Listing
from durable.pages import render_page, template_text
from durable.plan import Plan
from durable.stage import STAGES

#: Records of a listing that the page shows: a browser has to hold and sort them.
SHOWN = 2_000
#: Longest text of a cell that is never broken into lines.
_LONGEST_LINE = 26
_PAGE, _SCRIPT = "report.html.jinja", "report.js"

#: What cannot be made without an input table.
_NEEDED_FOR = {
    "therapies": "New systemic therapies are not known: none ends or censors a duration.",
    "adverse_events": "No adverse events: of the safety tables only deaths are reported.",
    "kinetics": "No cellular kinetics: no table, figure or listing of them.",
}


@dataclass(frozen=True)
class Head:
    """A heading over neighbouring columns of a listing."""

    label: str
    width: int


@dataclass(frozen=True)
class Cell:
    """A cell of a listing."""

    text: str
    kind: str


@dataclass(frozen=True)
class View:
    """A listing, or a part of one, as it is shown."""

    name: str
    title: str
    subtitle: str
    file: str
    columns: tuple[Column, ...]
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    """How many records the file has; the page shows the first `SHOWN`."""
    notes: tuple[str, ...]


def run(plan: Plan, folder: Path) -> None:
    """Read the results; write ``report.html``."""
    write_text(folder / "report.html", page(plan, folder))


def page(plan: Plan, folder: Path) -> str:
    """The report as the text of an HTML file."""
    from markupsafe import Markup

    script = template_text(_SCRIPT)
    ard = read_ard(folder)
    keys = plan_keys(plan)
    return render_page(
        _PAGE,
        plan=plan,
        script=Markup(script),  # noqa: S704  (a file of the package)
        script_digest=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        tables=list(tables(plan, folder, ard)),
        figures=figures_drawn(plan, folder),
        listings=list(listings(plan, folder)),
        results=summary(ard, plan),
        population=_population(ard),
        changed=[key for key in keys if key.differs and key.defining],
        keys=every_key(keys),
        variants=variants(plan),
        definitions=list(definitions_in_force(plan)),
        absent=list(absent(plan, folder)),
        findings=findings(folder),
        removed=removed(folder),
        cut=data_cut(folder),
        sources=_sources(folder),
        digest=plan.digest(STAGES["display"].sections),
        ard=hashlib.sha256((folder / "ard.csv").read_bytes()).hexdigest(),
    )


def listings(plan: Plan, folder: Path) -> Iterator[View]:
    """Every listing that was written; one of many columns in parts."""
    for number, entry in enumerate(LISTINGS, start=1):
        listing = entry.load()
        path = folder / "listings" / listing.file
        if not path.is_file():
            continue
        columns = listing.columns(plan)
        records, total = _first(path)
        parts = tuple(dict.fromkeys(column.part for column in columns if column.part)) or ("",)
        for i, part in enumerate(parts):
            shown = tuple(column for column in columns if column.part in ("", part))
            yield _view(
                name=f"l_{listing.name}" + (f"-{i + 1}" if i else ""),
                title=f"Listing {number}. {listing.title}" + (f": {part}" if part else ""),
                subtitle=_subtitle(plan, listing),
                file=f"listings/{listing.file}",
                columns=shown,
                records=records,
                total=total,
                notes=tuple(listing.footnotes(plan)),
            )


def _view(columns: tuple[Column, ...], records: list[dict[str, str]], **named: Any) -> View:
    """Records as cells; text that would make a column wide may be broken into lines."""
    wide = {
        column.name
        for column in columns
        if any(len(record[column.name]) > _LONGEST_LINE for record in records)
    }
    rows = [tuple(_cell(record, c, c.name in wide) for c in columns) for record in records]
    return View(columns=columns, heads=_heads(columns), rows=tuple(rows), **named)


def _subtitle(plan: Plan, listing: Listing) -> str:
    return f"Source: {listing.source}. Data cut-off {plan.analysis.data_cutoff}"


def _records(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _first(path: Path) -> tuple[list[dict[str, str]], int]:
    """The records that the page shows, and how many there are."""
    records = _records(path)
    shown = list(islice(records, SHOWN))
    return shown, len(shown) + sum(1 for _ in records)


def _heads(columns: tuple[Column, ...]) -> tuple[Head, ...]:
    """Headings over the columns; none where no column has one."""
    heads: list[Head] = []
    for column in columns:
        if heads and column.over and heads[-1].label == column.over:
            heads[-1] = Head(column.over, heads[-1].width + 1)
        else:
            heads.append(Head(column.over, 1))
    return tuple(heads) if any(head.label for head in heads) else ()


def _cell(record: dict[str, str], column: Column, wide: bool) -> Cell:
    text = as_recorded(record[column.name])
    if not text:
        empty = column.empty if isinstance(column.empty, str) else column.empty(record)
        return Cell(empty, f"{column.kind} none")
    if column.kind == "number" and column.decimals is not None:
        text = f.fixed(float(text), column.decimals)
        text = text.rstrip("0").rstrip(".") if column.trimmed and column.decimals else text
    return Cell(text, f"{column.kind} wide" if wide else column.kind)


def as_recorded(cell: str) -> str:
    """Text of a CSV without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and safe_cell(cell[1:]) == cell else cell


def definitions_in_force(plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The definitions in force, by what they define."""
    yield "Core set and baseline", tuple(wording.core_set(plan.response))
    yield "Disease improvement", (*wording.improvement(plan.response), *definitions.windows(plan))
    yield "Remission", tuple(wording.remission(plan.response))
    yield "Recurrence and progression", tuple(wording.recurrence(plan.response))
    yield "Duration and event-free survival", tuple(definitions.duration(plan))
    yield (
        "Estimates",
        (*definitions.survival(plan.statistics), *definitions.proportions(plan.statistics)),
    )
    yield "Abbreviations", (wording.ABBREVIATIONS,)


def absent(plan: Plan, folder: Path) -> Iterator[str]:
    """What the report lacks because the study or the plan does not have it."""
    given = _sources(folder)
    for table in TABLES:
        if table not in given:
            yield f"No table {table}. {_NEEDED_FOR[table]}"
    if not plan.sensitivity:
        yield "No sensitivity analysis is configured."


def findings(folder: Path) -> list[tuple[str, str, str, int]]:
    """Severity, rule, table and number of the findings in the data, errors first."""
    rows = _records(folder / "queries.csv")
    tally = Counter((row["severity"], row["rule"], row["table"]) for row in rows)
    return [(*key, tally[key]) for key in sorted(tally)]


def removed(folder: Path) -> list[tuple[str, str, int]]:
    """Table, action and number of what the data cut-off took."""
    tally = Counter((row["table"], row["action"]) for row in _records(_cut(folder)))
    order = {table: i for i, table in enumerate(TABLES)}
    return [(*key, tally[key]) for key in sorted(tally, key=lambda key: (order[key[0]], key[1]))]


def _cut(folder: Path) -> Path:
    return folder / "validated" / "data_cut.csv"


_CUT_COLUMNS = (
    Column("table", "Table"),
    Column("subject_id", "Subject"),
    Column("row", "Row", "number"),
    Column("column", "Column"),
    Column("value", "Value"),
    Column("action", "Action"),
)


def data_cut(folder: Path) -> View:
    """Everything that the data cut-off removed or emptied."""
    records, total = _first(_cut(folder))
    return _view(
        _CUT_COLUMNS,
        records,
        total=total,
        name="data_cut",
        title="Removed by the data cut-off",
        subtitle="Source: validated/data_cut.csv",
        file="validated/data_cut.csv",
        notes=(
            "Records dated after the cut-off are removed; later dates inside an earlier record are"
            " emptied, with what is said beside them.",
        ),
    )


_KEY_COLUMNS = (
    Column("path", "Key"),
    Column("value", "In force"),
    Column("default", "Default"),
    Column("differs", "Differs"),
    Column("meaning", "Meaning"),
)


def every_key(keys: list[Key]) -> View:
    """The whole plan but for its files and sensitivity analyses."""
    records = [
        {
            "path": key.path,
            "value": key.value,
            "default": key.default,
            "differs": "yes" if key.differs else "",
            "meaning": key.meaning,
        }
        for key in keys
    ]
    return _view(
        _KEY_COLUMNS,
        records,
        total=len(records),
        name="plan",
        title="Every key of the plan",
        subtitle="Source: the configuration; keys that it does not state have their default",
        file="",
        notes=(),
    )


def _sources(folder: Path) -> dict[str, dict[str, Any]]:
    text = (folder / "validated" / "sources.json").read_text(encoding="utf-8")
    sources: dict[str, dict[str, Any]] = json.loads(text)
    return {table: sources[table] for table in TABLES if table in sources}


def _population(ard: Ard) -> list[tuple[str, str]]:
    """How many subjects came how far."""
    labels = {
        "CONSENTED": "consented",
        "INFUSED": "infused",
        "REMISSION": "in remission",
        "ONGOING": "ongoing",
        "DIED": "died",
        "WITHDRAWN": "withdrawn",
    }
    found = []
    for parameter, label in labels.items():
        n = ard.lookup("t_disposition", (parameter,), TOTAL)("n")
        found.append((label, "0" if n is None else f.count(n)))
    return found
