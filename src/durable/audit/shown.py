"""Cells of the tables in which a changed result stands, as the tables show them.

A table is made again from the results of each analysis, and each cell is held against the results
that it was made of. So a change is shown under the labels and in the decimals of its table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import inf, isnan

from durable.audit.causes import ResultChange
from durable.audit.sides import Side
from durable.contracts.results import PRIMARY, Parameter, Result, join_parameter
from durable.language import N_
from durable.outputs import OUTPUTS
from durable.outputs.ard import Ard, Key, TableResults
from durable.outputs.output import Output, OutputTable
from durable.outputs.table import Column, Line, Lookup, Row, Rows, column_name
from durable.plan import Plan

#: Changes by the key of the result, as text (`ResultChange.key`).
Changes = Mapping[tuple[str, ...], ResultChange]


class Size(Enum):
    """How large a change is, the largest first; shares are of the earlier value."""

    ONE_SIDE = N_("Estimable, or there, in one of the two analyses only")
    HALF = N_("By half of the earlier value or more, or from 0")
    TENTH = N_("By a tenth to a half")
    SMALL = N_("By less than a tenth")
    LIMITS = N_("Confidence limits or notes only")
    UNSEEN = N_("Not to be seen in the decimals of the table")


@dataclass(frozen=True)
class ChangedCell:
    """A cell of a table that is made of results that changed."""

    table: str
    """Name of the table, as ``t_dor``."""
    block: tuple[str, ...]
    """Labels of the rows above that it belongs to, the outermost first."""
    label: str
    """Label of the row, in the later analysis where it has the row."""
    column: str
    """Heading of the column."""
    earlier: str
    """What the table of the earlier analysis shows; '' where it has no such row."""
    later: str
    """As `earlier`, of the later analysis."""
    changes: tuple[ResultChange, ...]
    """Changes of the results that the cell is made of; at least one."""

    @property
    def size(self) -> Size:
        """The size of its largest change; UNSEEN where both texts are the same."""
        if self.earlier == self.later:
            return Size.UNSEEN
        order = list(Size)
        return min(map(size_of, self.changes), key=order.index)


def size_of(change: ResultChange) -> Size:
    """The size of a change of a result, by the difference of its values.

    ONE_SIDE where one analysis lacks the row or cannot estimate the value, LIMITS where neither
    can or the values are equal; else HALF from 50 % of the earlier value (or from 0), TENTH from
    10 %, SMALL below.
    """
    old, new = change.earlier, change.later
    if old is None or new is None or isnan(old.value) != isnan(new.value):
        return Size.ONE_SIDE
    if isnan(old.value) or old.value == new.value:
        return Size.LIMITS
    share = abs(new.value - old.value) / abs(old.value) if old.value else inf
    return Size.HALF if share >= 0.5 else Size.TENTH if share >= 0.1 else Size.SMALL


@dataclass(frozen=True)
class TracedArd(Ard):
    """Analysis results that keep which of them are read, and by which lookup."""

    keys_read: list[tuple[object, Key]] = field(default_factory=list)
    """A mark of the lookup and the key of the result, in the order of reading; also of keys that
    have no result."""

    def lookup(
        self, output: str, parameter: Parameter, column: Column, analysis: str = PRIMARY
    ) -> Lookup:
        """As `Ard.lookup`: the result of a statistic, or None; what is read is kept."""
        find, this = super().lookup(output, parameter, column, analysis), object()

        def find_and_note(statistic: str) -> Result | None:
            self.keys_read.append((this, (output, analysis, *column, parameter, statistic)))
            return find(statistic)

        return find_and_note

    def changes(self, changes: Changes) -> tuple[ResultChange, ...]:
        """The changes of the results that were read, each once, in the order of reading."""
        return _changes((key for _, key in self.keys_read), changes)


class _TracedTable(TableResults):
    """Results of a table, of which only the keys read for the last row are kept."""

    def rows(self, parameter: Parameter, *lines: Line, source: str = "") -> Rows:
        """As `TableResults.rows`, but line by line: `keys_read` is then of one line."""
        for line in lines:
            _read(self).clear()
            yield from super().rows(parameter, line, source=source)


def _read(results: TableResults) -> list[tuple[object, Key]]:
    assert isinstance(results.ard, TracedArd)  # noqa: S101
    return results.ard.keys_read


#: What a row is known by in both analyses: the first result that it reads, its group where all of
#: the row is of one, and which of the rows that read it first this is. Labels may differ with the
#: plan.
_RowKey = tuple[str, str, str, str, str, str, int]


@dataclass(frozen=True)
class _ShownRow:
    """A row of a table, and what each cell was made of, by the name of its column."""

    block: tuple[str, ...]
    label: str
    cells: dict[str, str]
    keys: dict[str, list[Key]]


def changed_cells(earlier: Side, later: Side, changes: Changes) -> Iterator[ChangedCell]:
    """Cells of all tables that are made of a changed result, in the order of the tables.

    Both analyses are shown in the decimals of the later plan. A cell that shows the same text in
    both is left out where all its changes are seen in other cells.

    Parameters
    ----------
    changes
        Changes of the analysis results by key.
    """
    cells = list(_all_cells(earlier, later, changes))
    seen = {change.key for cell in cells if cell.size != Size.UNSEEN for change in cell.changes}
    for cell in cells:
        if cell.size != Size.UNSEEN or not seen.issuperset(change.key for change in cell.changes):
            yield cell


def _all_cells(earlier: Side, later: Side, changes: Changes) -> Iterator[ChangedCell]:
    plan = earlier.plan.model_copy(update={"outputs": later.plan.outputs})
    ards = [Ard.from_results(side.results.values()) for side in (earlier, later)]
    changed = {key[0] for key in changes}
    for output in (entry.load() for entry in OUTPUTS if entry.name in changed):
        for table in output.tables:
            old = _rows(output, table, ards[0], plan)
            new = _rows(output, table, ards[1], later.plan)
            for key in (*new, *(key for key in old if key not in new)):
                yield from _cells(table.name, old.get(key), new.get(key), changes)


def _cells(
    table: str, old: _ShownRow | None, new: _ShownRow | None, changes: Changes
) -> Iterator[ChangedCell]:
    sides = [row for row in (new, old) if row is not None]
    for column in dict.fromkeys(name for row in sides for name in row.cells):
        keys = (key for row in sides for key in row.keys.get(column, []))
        cell_changes = _changes(keys, changes)
        if cell_changes:
            texts = ["" if row is None else row.cells.get(column, "") for row in (old, new)]
            yield ChangedCell(
                table, sides[0].block, sides[0].label, column, texts[0], texts[1], cell_changes
            )


def _changes(keys: Iterator[Key], changes: Changes) -> tuple[ResultChange, ...]:
    """The changes of these results, each once."""
    named = ((*key[:4], join_parameter(key[4]), key[5]) for key in keys)
    return tuple(changes[key] for key in dict.fromkeys(named) if key in changes)


def _rows(output: Output, table: OutputTable, ard: Ard, plan: Plan) -> dict[_RowKey, _ShownRow]:
    """The rows of a table that show results, by their key; empty where the table is not made."""
    results = _TracedTable(TracedArd(ard.rows), output.name, plan.outputs)
    columns = ard.columns(output.name)
    if not columns or output.not_made(ard):
        return {}
    names = tuple(column_name(column, plan) for column in columns)
    if table.headings:
        names = table.headings(plan)
    parent_rows: list[Row] = []
    seen: Counter[tuple[str, ...]] = Counter()
    shown_rows: dict[_RowKey, _ShownRow] = {}
    for row in table.rows(results, plan):
        parent_rows = [
            *(row_above for row_above in parent_rows if row_above.indent < row.indent),
            row,
        ]
        keys_read = list(_read(results))
        _read(results).clear()
        if not row.cells or not keys_read:
            continue
        source, analysis, by, group, parameter, statistic = keys_read[0][1]
        one_group = table.headings and len({key[2:4] for _, key in keys_read}) == 1
        of_group = (by, group) if one_group else ("", "")
        first = (source, analysis, *of_group, join_parameter(parameter), statistic)
        keys = _keys_by_cell(keys_read, columns, len(row.cells))
        block = tuple(row_above.label for row_above in parent_rows[:-1])
        cells = dict(zip(names, row.cells, strict=True))
        shown_rows[*first, seen[first]] = _ShownRow(
            block, row.label, cells, dict(zip(names, keys, strict=True))
        )
        seen[first] += 1
    return shown_rows


def _keys_by_cell(
    keys_read: list[tuple[object, Key]], columns: list[Column], cells: int
) -> list[list[Key]]:
    """Keys of the results of each cell of a row: by its group, else by the order of the lookups.

    Where neither has as many as the row has cells, each cell has all keys.
    """
    if len(columns) == cells:
        return [[key for _, key in keys_read if key[2:4] == column] for column in columns]
    lookups = list(dict.fromkeys(lookup for lookup, _ in keys_read))
    if len(lookups) == cells:
        return [[key for one, key in keys_read if one == lookup] for lookup in lookups]
    return [[key for _, key in keys_read]] * cells
