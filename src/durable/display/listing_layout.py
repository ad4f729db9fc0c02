"""Listings in pages: columns that fit the paper, in parts where they do not (docs/exports.md).

A listing becomes tables as the documents know them, one for each part, whose columns stand side by
side at a type size that breaks no word. The records of a subject stand under a line that gives what
they share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from durable.display import layout as lay
from durable.display.layout import Layout, Sheet
from durable.display.listings import listing_records
from durable.display.record_view import as_text, cell_text, translated_column
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.alignment import align
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import Column, Listing
from durable.outputs.table import Row, Table
from durable.plan import Plan
from durable.stage import STAGES
from durable.wording import lower_initial

if TYPE_CHECKING:
    import pandas as pd

#: Records of a listing that a document holds; its CSV has all.
MOST = 5_000
#: Type sizes in points: the largest at which a listing has the fewest parts.
_SIZES = (8.0, 7.0, 6.0)
_BLOCK_SIZE = 8.0
_LEAST = 45.0
"""Millimetres beyond which the needs of a column do not count."""
_LINES = 4
"""Lines that the longest cell of a column takes, where that is not beyond its needs."""
_BESIDE = 2 * lay.PADDING + 0.2
"""Millimetres of a column beside its text."""
_STEP = 2.0
"""Millimetres by which columns are made wider."""
_EVEN = 0.01
"""Weight of the lines of every cell beside those of the tallest of a record."""
_FOOTNOTES_LATER = N_("Footnotes are given after the last part of the listing.")
_NO_RECORDS = N_("No records")

#: What a reader sees in a column, by its name: a text for each record.
Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class _Part:
    """Columns of a listing that stand side by side."""

    columns: tuple[Column, ...]
    label: str
    """What the title adds to that of the listing."""


def listing_layouts(plan: Plan, folder: Path) -> dict[str, list[Layout]]:
    """Every listing that is shown, in pages: a layout for each part, by name (``l_ae``), in order.

    Parameters
    ----------
    folder
        Folder of results, whose datasets, findings and input tables are read.
    """
    assessed = "adrs" in ResultsFolder(folder, plan).names
    return {
        f"l_{entry.name}": lay_out_listing(entry.load(), records, plan, assessed=assessed)
        for entry, records in listing_records(plan, folder).items()
    }


def lay_out_listing(
    listing: Listing, records: pd.DataFrame, plan: Plan, *, assessed: bool = True
) -> list[Layout]:
    """A listing in pages: a layout for each part, the footnotes after the last.

    A listing of blocks has a single part; one without records a row that says so.

    Parameters
    ----------
    listing
        Declaration of the listing: its columns, heading and footnotes.
    records
        The records with the columns of its CSV; the first `MOST` are shown.
    assessed
        Whether the study has visits, and so ADRS.
    """
    declared = listing.shown_columns(plan, assessed=assessed, flags=records.columns)
    columns = tuple(map(translated_column, declared))
    shown = as_text(records.head(MOST))
    texts = {c.name: [cell_text(record, c) for record in shown] for c in columns}
    shared = tuple(column for column in columns if column.name in listing.by)
    record_columns = tuple(column for column in columns if column not in shared)
    lines = _lines_above(shared, texts, len(shown))
    table = _without_records(listing, plan, len(records), assessed=assessed)
    if listing.blocks:
        rows = tuple(_block_rows(lines, record_columns, texts))
        block = replace(table, stub=_("Item"), columns=(_("Value"),))
        return [_part_layout(block, rows, _block_sheet(rows))]
    texts = {column.name: _aligned_texts(column, texts[column.name]) for column in record_columns}
    size, parts = _parts(listing, record_columns, texts)
    return [
        _part_layout(
            _part_table(table, part, i, len(parts)),
            tuple(_record_rows(lines, part.columns, texts)),
            Sheet(True, size, _widths(part.columns, texts, size), of_records=True),
        )
        for i, part in enumerate(parts, start=1)
    ]


def _without_records(listing: Listing, plan: Plan, total: int, *, assessed: bool) -> Table:
    """What stands above and below the records of a listing."""
    name = f"l_{listing.name}"
    shell, digest = plan.outputs.shell(name), plan.digest(STAGES["display"].sections)
    return Table(
        name=name,
        number=shell.shown_number,
        title=shell.title or _(listing.title),
        subtitles=(_which_records(listing, plan, total),),
        columns=(),
        rows=(),
        footnotes=(
            *listing.footnotes(plan, assessed=assessed),
            *shell.footnotes,
            definitions.source(plan, digest, listing.source, listing.variables.__module__),
        ),
        kind="Listing",
    )


def _which_records(listing: Listing, plan: Plan, total: int) -> str:
    """Data cut-off, and how many records are shown where that is not all."""
    date = plan.analysis.data_cutoff
    if total <= MOST:
        return _("Data cut-off {date}").format(date=date)
    return _("Data cut-off {date}. The first {most} of {total} records; {file} has all").format(
        date=date, most=f"{MOST:,}", total=f"{total:,}", file=f"listings/{listing.file}"
    )


def _part_table(table: Table, part: _Part, number: int, count: int) -> Table:
    """Part `number` of a listing, without its records."""
    first, *other_columns = part.columns
    return replace(
        table,
        name=table.name + (f"_{number}" if number > 1 else ""),
        title=table.title + part.label,
        columns=tuple(column.label for column in other_columns),
        footnotes=table.footnotes if number == count else (_(_FOOTNOTES_LATER),),
        stub=first.label,
        spans=_spans(part.columns),
    )


def _part_layout(table: Table, rows: tuple[Row, ...], sheet: Sheet) -> Layout:
    nothing = Row(_(_NO_RECORDS), ("",) * len(table.columns))
    table = replace(table, rows=rows or (nothing,))
    return Layout(table, sheet, tuple(lay.paginate(table, sheet)))


def _lines_above(shared: Sequence[Column], texts: Texts, count: int) -> list[str]:
    """For each record the line that gives what it shares with its neighbours."""
    return [
        _(", ").join(_labelled_value(c.label, texts[c.name][i]) for c in shared if texts[c.name][i])
        for i in range(count)
    ]


def _labelled_value(label: str, text: str) -> str:
    return _("{label} {value}").format(label=label, value=text)


# Records side by side


def _record_rows(lines: Sequence[str], columns: Sequence[Column], texts: Texts) -> Iterator[Row]:
    """A row for each record; a heading where the line above it is another."""
    previous_line = ""
    cells = zip(*(texts[column.name] for column in columns), strict=True)
    for line, (label, *other_cells) in zip(lines, cells, strict=True):
        if line != previous_line:
            yield Row(line)
            previous_line = line
        yield Row(label, tuple(other_cells), indent=1 if line else 0)


def _aligned_texts(column: Column, texts: Sequence[str]) -> list[str]:
    """The texts of a column, numbers under one another."""
    return [text for (text,) in align([(t,) for t in texts])] if _is_number(column) else [*texts]


def _is_number(column: Column) -> bool:
    return column.kind == "number"


def _spans(columns: Sequence[Column]) -> tuple[tuple[str, int], ...]:
    """Headings over neighbouring columns; none where no column has one."""
    spans = [
        (heading, len([*group]))
        for heading, group in groupby(columns, lambda c: c.spanning_heading)
    ]
    return tuple(spans) if any(heading for heading, _ in spans) else ()


def _parts(
    listing: Listing, columns: tuple[Column, ...], texts: Texts
) -> tuple[float, list[_Part]]:
    """Type size and parts: the fewest parts that fit, and of those the largest type."""
    named = list(dict.fromkeys(column.part for column in columns if column.part)) or [""]
    tried = [
        (
            size,
            [
                part
                for name in named
                for part in _parts_at_size(
                    listing, tuple(c for c in columns if c.part in ("", name)), name, texts, size
                )
            ],
        )
        for size in _SIZES
    ]
    return min(tried, key=lambda sized: len(sized[1]))


def _parts_at_size(
    listing: Listing, columns: tuple[Column, ...], name: str, texts: Texts, size: float
) -> list[_Part]:
    """Columns side by side, or in as many parts as the paper needs, each with the key columns."""
    least = _needs(columns, texts, size)
    room = lay.text_block(True)[1] - lay.INDENT
    title = _(": {part}").format(part=name) if name else ""
    if sum(least.values()) <= room:
        return [_Part(columns, title)]
    keys = tuple(c for c in columns if c.name in listing.keys) or columns[:1]
    other_columns = [c for c in columns if c not in keys]
    units = [
        tuple(group) for _, group in groupby(other_columns, lambda c: c.spanning_heading or c.name)
    ]
    room -= sum(least[c.name] for c in keys)
    groups = _column_groups(units, least, room)
    # As many parts, but of much the same width.
    even = sum(least[c.name] for c in other_columns) / len(groups)
    limits = (even + (room - even) * i / 10 for i in range(11))
    evenly = (_column_groups(units, least, limit) for limit in limits)
    groups = next((tried for tried in evenly if len(tried) == len(groups)), groups)
    return [
        _Part((*keys, *group), title + _(" (part {i} of {n})").format(i=i, n=len(groups)))
        for i, group in enumerate(groups, start=1)
    ]


def _column_groups(
    units: Sequence[tuple[Column, ...]], least: Mapping[str, float], room: float
) -> list[tuple[Column, ...]]:
    """Neighbouring columns in groups that are no wider than the room, units undivided."""
    groups: list[tuple[Column, ...]] = [()]
    used = 0.0
    for unit in units:
        width = sum(least[column.name] for column in unit)
        if groups[-1] and used + width > room:
            groups.append(())
            used = 0.0
        groups[-1] = (*groups[-1], *unit)
        used += width
    return groups


def _widths(columns: Sequence[Column], texts: Texts, size: float) -> tuple[float, ...]:
    """Millimetres of each column: its needs, and the rest where it makes most records shorter."""
    room = lay.text_block(True)[1]
    widths = np.array([*_needs(columns, texts, size).values()])
    widths[0] += lay.INDENT
    if room < widths.sum():  # a single column wider than the paper
        return tuple(widths * (room / widths.sum()))
    lines = np.array([_line_widths(texts[column.name], size) for column in columns])
    while lines.size and room - widths.sum() >= _STEP:
        cells = lines / (widths - _BESIDE)[:, None]
        wider = np.maximum(lines / (widths - _BESIDE + _STEP)[:, None], 1.0)
        heights = [
            np.maximum(cells.max(axis=0, where=others[:, None], initial=1.0), mine).sum()
            + _EVEN * (np.maximum(cells[others], 1.0).sum() + mine.sum())
            for mine, others in zip(wider, ~np.eye(len(columns), dtype=bool), strict=True)
        ]
        if min(heights) == max(heights):  # every text stands in one line
            break
        widths[int(np.argmin(heights))] += _STEP
    return tuple(widths + (room - widths.sum()) / len(widths))


def _line_widths(texts: Sequence[str], size: float) -> list[float]:
    widths = {text: lay.text_width(text, size) for text in dict.fromkeys(texts)}
    return [widths[text] for text in texts]


def _needs(columns: Sequence[Column], texts: Texts, size: float) -> dict[str, float]:
    """Millimetres in which no word of a column is broken, by name."""
    spanned = Counter(column.spanning_heading for column in columns)
    needs = {}
    for column in columns:
        different = dict.fromkeys(texts[column.name])
        line = max((lay.text_width(text, size) for text in different), default=0.0)
        words = max((lay.widest_word(text, size) for text in different), default=0.0)
        spanning_width = (
            lay.widest_word(column.spanning_heading, size) / spanned[column.spanning_heading]
        )
        heading = max(lay.heading_width(column.label, size), spanning_width) * lay.BOLD
        needs[column.name] = min(max(words, heading, line / _LINES), _LEAST) + _BESIDE
    return needs


# A block for each record


def _block_rows(lines: Sequence[str], columns: Sequence[Column], texts: Texts) -> Iterator[Row]:
    """A line for each column that has a value, under the record and the part of the listing."""
    for i, line in enumerate(lines):
        yield Row(line)
        for part, of_part in groupby(columns, lambda column: column.part):
            rows = list(_lines_of_block([*of_part], texts, i, indent=2 if part else 1))
            if part and rows:
                yield Row(part, indent=1)
            yield from rows


def _lines_of_block(
    columns: Sequence[Column], texts: Texts, i: int, *, indent: int
) -> Iterator[Row]:
    """Label and value of each column of a record; those under one heading in one line."""
    for heading, group in groupby(columns, lambda column: column.spanning_heading):
        values = [(column.label, texts[column.name][i]) for column in group]
        values = [(label, text) for label, text in values if text]
        if heading and values:
            labelled = (_labelled_value(lower_initial(label), text) for label, text in values)
            values = [(heading, _(", ").join(labelled))]
        for label, text in values:
            yield Row(label, (text,), indent)


def _block_sheet(rows: Sequence[Row]) -> Sheet:
    """Portrait paper, the column of labels as wide as they are."""
    room = lay.text_block(False)[1]
    labels = (
        lay.text_width(row.label, _BLOCK_SIZE) + row.indent * lay.INDENT
        for row in rows
        if row.cells
    )
    width = min(max(labels, default=0.0) + 2 * lay.PADDING, room / 2)
    return Sheet(False, _BLOCK_SIZE, (width, room - width), of_records=True)
