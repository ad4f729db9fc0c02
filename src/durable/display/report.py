"""The report: every output in one page that opens without a network (docs/report.md).

Nothing in it is computed but tallies of the findings. Data is escaped, and a policy in the page
lets no script run but its own.
"""

from __future__ import annotations

import csv
import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.contents import numbered_title
from durable.contracts.results import TOTAL
from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.display.record_view import RecordView, as_text, record_view
from durable.display.report_outputs import deliveries, sections
from durable.display.report_plan import Key, differing_definitions, plan_keys, variants
from durable.display.report_summary import summary
from durable.figures.captions import figures_drawn
from durable.files import recorded_cell
from durable.language import N_, _, ngettext
from durable.outputs import formats as f
from durable.outputs.ard import Ard
from durable.outputs.definition_list import definitions_in_force
from durable.outputs.listings import ListingEntry
from durable.outputs.listings.listing import Column
from durable.outputs.page_head import page_head
from durable.outputs.table import Table
from durable.pages import render_page, template_text
from durable.plan import Plan
from durable.registry import dataset_names
from durable.stage import OF_TABLES

if TYPE_CHECKING:
    import pandas as pd

#: Records of a listing that the page shows: a browser has to hold and sort them.
SHOWN = 2_000
_PAGE, _SCRIPT = "report.html.jinja", "report.js"


def page(
    plan: Plan,
    folder: Path,
    ard: Ard,
    tables: Sequence[Table],
    listings: Mapping[ListingEntry, pd.DataFrame],
) -> str:
    """The report as the text of an HTML file.

    Parameters
    ----------
    folder
        Folder of results, whose figures, findings and records of the data cut-off are read.
    ard, tables
        The analysis results, and the tables made from them.
    listings
        Records of each listing that is shown, in the order of the page.
    """
    from markupsafe import Markup

    script = template_text(_SCRIPT)
    assessed = "visits" in _sources(folder)
    keys = plan_keys(plan)
    definitions = list(definitions_in_force(plan, dataset_names(_sources(folder), plan)))
    return render_page(
        _PAGE,
        plan=plan,
        script=Markup(script),  # noqa: S704  (a file of the package)
        texts=json.dumps(_script_texts(), ensure_ascii=False),
        script_digest=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        head=page_head(plan),
        numbers={table.name: table.number for table in tables},
        sections=list(sections(tables, figures_drawn(plan, folder), plan)),
        deliveries=deliveries(plan),
        listings=_parts_by_listing(listing_views(plan, listings, assessed=assessed)),
        results=summary(ard, plan),
        population=_population(ard),
        changed=differing_definitions(plan),
        keys=every_key(keys),
        variants=variants(plan),
        definitions=definitions,
        places={term: f"definition-{i}" for i, (term, _lines) in enumerate(definitions, 1)},
        absent=list(absent(folder)),
        findings=findings(folder),
        lowered=lowered_rules(folder),
        removed=data_cut_counts(folder),
        cut=data_cut(folder),
        sources=_sources(folder),
        digest=plan.digest(OF_TABLES),
        ard=hashlib.sha256((folder / "ard.csv").read_bytes()).hexdigest(),
    )


def listing_views(
    plan: Plan, listings: Mapping[ListingEntry, pd.DataFrame], *, assessed: bool = True
) -> Iterator[RecordView]:
    """Every listing as the page shows it, in order; one with several parts as a view for each.

    Each shows the first `SHOWN` records.

    Parameters
    ----------
    listings
        Records of each listing.
    assessed
        Whether the study has visits.
    """
    for entry, records in listings.items():
        listing, shell = entry.load(), plan.outputs.shell(f"l_{entry.name}")
        title = numbered_title("Listing", shell.shown_number, shell.title or _(listing.title))
        columns = listing.shown_columns(plan, assessed=assessed, flags=records.columns)
        shown = as_text(records.head(SHOWN))
        parts = tuple(dict.fromkeys(column.part for column in columns if column.part)) or ("",)
        for i, part in enumerate(parts):
            yield record_view(
                tuple(column for column in columns if column.part in ("", part)),
                shown,
                name=f"l_{listing.name}" + (f"-{i + 1}" if i else ""),
                title=title,
                part=_(part),
                is_first=not i,
                subtitle=_("Source: {source}. Data cut-off {date}").format(
                    source=listing.source, date=plan.analysis.data_cutoff
                ),
                file=f"listings/{listing.file}",
                total=len(records),
                notes=(*listing.footnotes(plan, assessed=assessed), *shell.footnotes),
            )


def _script_texts() -> dict[str, str]:
    """Texts of the script of the page, by key, with fields for numbers and names."""
    return {
        "one": ngettext("{n} row", "{n} rows", 1),
        "all": ngettext("{n} row", "{n} rows", 2),
        "some of one": ngettext("{shown} of {n} row", "{shown} of {n} rows", 1),
        "some of all": ngettext("{shown} of {n} row", "{shown} of {n} rows", 2),
        "ascending": _("{rows}, by {column}, ascending"),
        "descending": _("{rows}, by {column}, descending"),
        "fold": _("Fold all outputs"),
        "unfold": _("Unfold all outputs"),
        "main": _("Main outputs only"),
    }


def _parts_by_listing(views: Iterator[RecordView]) -> list[list[RecordView]]:
    """The parts of each listing together."""
    groups: list[list[RecordView]] = []
    for view in views:
        if view.is_first:
            groups.append([])
        groups[-1].append(view)
    return groups


def absent(folder: Path) -> Iterator[str]:
    """Sentences on the input tables that were not provided, and what the report lacks for that."""
    provided = _sources(folder)
    for name, table in INPUT_TABLES.items():
        if name not in provided:
            yield _(table.not_provided).format(table=name)


def findings(folder: Path) -> list[tuple[str, str, str, int]]:
    """Severity, rule, table and number of the findings in ``queries.csv``, errors first.

    Sorted by severity, rule and table; empty where there are no findings.
    """
    rows = _records(folder / "queries.csv")
    tally = Counter((row["severity"], row["rule"], row["table"]) for row in rows)
    return [(*key, tally[key]) for key in sorted(tally)]


def lowered_rules(folder: Path) -> list[dict[str, str]]:
    """Rules that the plan lowers from error to warning, with the reasons.

    Rows of ``checked/lowered.csv``, text by column; empty where there is no such file.
    """
    path = folder / "checked" / "lowered.csv"
    return list(_records(path)) if path.is_file() else []


def data_cut_counts(folder: Path) -> list[tuple[str, str, int]]:
    """Table, action and number of rows of ``data_cut.csv``, by table and action.

    Empty where the data cut-off affects no record.
    """
    tally = Counter((row["table"], row["action"]) for row in _records(_cut(folder)))
    order = {table: i for i, table in enumerate(TABLES)}
    return [(*key, tally[key]) for key in sorted(tally, key=lambda key: (order[key[0]], key[1]))]


def _records(path: Path) -> Iterator[dict[str, str]]:
    """Records of a CSV file, its text as it was recorded."""
    with path.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            yield {name: recorded_cell(cell) for name, cell in record.items()}


def _cut(folder: Path) -> Path:
    return folder / "validated" / "data_cut.csv"


_CUT_COLUMNS = (
    Column("table", N_("Table")),
    Column("subject_id", N_("Subject")),
    Column("row", N_("Row"), "number"),
    Column("column", N_("Column")),
    Column("value", N_("Value")),
    Column("action", N_("Action"), shown=lambda action: _(action)),
)


def data_cut(folder: Path) -> RecordView:
    """Records that the data cut-off removed or in which it set values to missing.

    The first `SHOWN` are in the view; its `total` counts all.
    """
    records = _records(_cut(folder))
    shown = list(islice(records, SHOWN))
    return record_view(
        _CUT_COLUMNS,
        shown,
        total=len(shown) + sum(1 for _ in records),
        name="data_cut",
        title=_("Records affected by the data cut-off"),
        subtitle=_("Source: {file}").format(file="validated/data_cut.csv"),
        file="validated/data_cut.csv",
        notes=(
            _(
                "Records dated after the data cut-off are removed. In earlier records, later dates"
                " are set to missing, together with the values that belong to them."
            ),
        ),
    )


_KEY_COLUMNS = (
    Column("path", N_("Key")),
    Column("value", N_("In force")),
    Column("default", N_("Default")),
    Column("differs", N_("Differs")),
    Column("meaning", N_("Meaning")),
)


def every_key(keys: list[Key]) -> RecordView:
    """Keys of the plan (`plan_keys`) as records, a row each: path, value, default and meaning."""
    records = [
        {
            "path": key.path,
            "value": key.value,
            "default": key.default,
            "differs": _("yes") if key.differs else "",
            "meaning": key.meaning,
        }
        for key in keys
    ]
    return record_view(
        _KEY_COLUMNS,
        records,
        total=len(records),
        name="plan",
        title=_("All keys of the analysis plan"),
        subtitle=_("Source: the configuration; keys that it does not state have their defaults"),
        file="",
        notes=(),
    )


def _sources(folder: Path) -> dict[str, dict[str, Any]]:
    text = (folder / "validated" / "sources.json").read_text(encoding="utf-8")
    sources: dict[str, dict[str, Any]] = json.loads(text)
    return {table: sources[table] for table in TABLES if table in sources}


def _population(ard: Ard) -> list[tuple[str, str]]:
    """Label and number, as text, of each disposition of subjects over all: ``consented``, ``12``.

    One without a result is ``0``; remission is left out then.
    """
    labels = {
        "CONSENTED": _("consented"),
        "INFUSED": _("infused"),
        "REMISSION": _("in remission"),  # in a study with assessments
        "ONGOING": _("ongoing"),
        "DIED": _("died"),
        "WITHDRAWN": _("withdrawn"),
    }
    counts = []
    for parameter, label in labels.items():
        n = ard.lookup("t_disposition", (parameter,), TOTAL)("n")
        if n is not None or parameter != "REMISSION":
            counts.append((label, "0" if n is None else f.count(n)))
    return counts
