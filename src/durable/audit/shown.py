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

#: Changes by the key of the result, as text.
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
    block: tuple[str, ...]
    """Labels of the rows above that it belongs to."""
    label: str
    column: str
    earlier: str
    """What the table of the earlier analysis shows; '' where it has no such row."""
    later: str
    changes: tuple[ResultChange, ...]

    @property
    def size(self) -> Size:
        """The size of its largest change."""
        if self.earlier == self.later:
            return Size.UNSEEN
        order = list(Size)
        return min(map(size_of, self.changes), key=order.index)


def size_of(change: ResultChange) -> Size:
    """The size of a change of a result."""
    was, now = change.earlier, change.later
    if was is None or now is None or isnan(was.value) != isnan(now.value):
        return Size.ONE_SIDE
    if isnan(was.value) or was.value == now.value:
        return Size.LIMITS
    share = abs(now.value - was.value) / abs(was.value) if was.value else inf
    return Size.HALF if share >= 0.5 else Size.TENTH if share >= 0.1 else Size.SMALL


@dataclass(frozen=True)
class TracedArd(Ard):
    """Analysis results that keep which of them are read, and by which lookup."""

    read: list[tuple[object, Key]] = field(default_factory=list)

    def lookup(
        self, output: str, parameter: Parameter, column: Column, analysis: str = PRIMARY
    ) -> Lookup:
        """Access to the statistics of one parameter in one column."""
        find, this = super().lookup(output, parameter, column, analysis), object()

        def traced(statistic: str) -> Result | None:
            self.read.append((this, (output, analysis, *column, parameter, statistic)))
            return find(statistic)

        return traced

    def changes(self, changes: Changes) -> tuple[ResultChange, ...]:
        """The changes among what was read."""
        return _changes((key for _, key in self.read), changes)


class _TracedTable(TableResults):
    """Results of a table, of which only what was read for the last row is kept."""

    def rows(self, parameter: Parameter, *lines: Line, source: str = "") -> Rows:
        """Rows of lines on one parameter, each evaluated by itself."""
        for line in lines:
            _read(self).clear()
            yield from super().rows(parameter, line, source=source)


def _read(results: TableResults) -> list[tuple[object, Key]]:
    assert isinstance(results.ard, TracedArd)  # noqa: S101
    return results.ard.read


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
    """Cells of all tables in which a changed result stands, in the order of the tables.

    Both analyses are shown in the decimals of the later plan. A cell that shows the same text is
    left out where its changes are seen in others: an interval, where the estimate changed.
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
    table: str, was: _ShownRow | None, now: _ShownRow | None, changes: Changes
) -> Iterator[ChangedCell]:
    sides = [row for row in (now, was) if row is not None]
    for column in dict.fromkeys(name for row in sides for name in row.cells):
        keys = (key for row in sides for key in row.keys.get(column, []))
        behind = _changes(keys, changes)
        if behind:
            texts = ["" if row is None else row.cells.get(column, "") for row in (was, now)]
            yield ChangedCell(
                table, sides[0].block, sides[0].label, column, texts[0], texts[1], behind
            )


def _changes(keys: Iterator[Key], changes: Changes) -> tuple[ResultChange, ...]:
    """The changes of these results, each once."""
    named = ((*key[:4], join_parameter(key[4]), key[5]) for key in keys)
    return tuple(changes[key] for key in dict.fromkeys(named) if key in changes)


def _rows(output: Output, table: OutputTable, ard: Ard, plan: Plan) -> dict[_RowKey, _ShownRow]:
    """The rows of a table that show results."""
    results = _TracedTable(TracedArd(ard.rows), output.name, plan.outputs)
    columns = ard.columns(output.name)
    if not columns or output.not_made(ard):
        return {}
    names = tuple(column_name(column, plan) for column in columns)
    if table.headings:
        names = table.headings(plan)
    above: list[Row] = []
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[_RowKey, _ShownRow] = {}
    for row in table.rows(results, plan):
        above = [*(one for one in above if one.indent < row.indent), row]
        read = list(_read(results))
        _read(results).clear()
        if not row.cells or not read:
            continue
        source, analysis, by, group, parameter, statistic = read[0][1]
        one_group = table.headings and len({key[2:4] for _, key in read}) == 1
        of_group = (by, group) if one_group else ("", "")
        first = (source, analysis, *of_group, join_parameter(parameter), statistic)
        keys = _keys_by_cell(read, columns, len(row.cells))
        block = tuple(one.label for one in above[:-1])
        cells = dict(zip(names, row.cells, strict=True))
        found[*first, seen[first]] = _ShownRow(
            block, row.label, cells, dict(zip(names, keys, strict=True))
        )
        seen[first] += 1
    return found


def _keys_by_cell(
    read: list[tuple[object, Key]], columns: list[Column], cells: int
) -> list[list[Key]]:
    """What each cell of a row was made of: by its group, else by the order of the lookups."""
    if len(columns) == cells:
        return [[key for _, key in read if key[2:4] == column] for column in columns]
    lookups = list(dict.fromkeys(lookup for lookup, _ in read))
    if len(lookups) == cells:
        return [[key for one, key in read if one == lookup] for lookup in lookups]
    return [[key for _, key in read]] * cells
