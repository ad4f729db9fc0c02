"""A table before it is a file: titles, columns, rows and footnotes, all as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from durable.contents import Kind, numbered_title
from durable.contracts.results import NOT_RECORDED, TOTAL, Result
from durable.contracts.subgroups import Subgroup
from durable.language import N_, _
from durable.outputs.alignment import align
from durable.plan import Outputs, Plan
from durable.wording import dose_level

#: Variable and group of a column, group_by and group of ``ard.csv``: ``("sex", "F")``.
Column = tuple[str, str]
#: Function from the name of a statistic to its result, of one parameter in one column; None where
#: the results lack it.
Lookup = Callable[[str], Result | None]
#: Function that makes the text of a cell from these statistics, and from the section `outputs` of
#: the plan, which has the decimals.
Cell = Callable[[Lookup, Outputs], str]

#: Columns of groups; those of dose levels have names of their own.
_GROUPS = {
    "part": N_("Part {group}"),
    "sex": N_("Sex {group}"),
    "data_cutoff": N_("Cut-off {group}"),
}
#: Columns of the subjects for whom the group is not recorded.
_NOT_RECORDED = {
    "dose_level": N_("Dose level not recorded"),
    "part": N_("Part not recorded"),
    "sex": N_("Sex not recorded"),
}


@dataclass(frozen=True)
class Line:
    """A line of a table to be: its label, and what every column shows of the results."""

    label: str
    cell: Cell | None = None
    """None in a heading."""
    indent: int = 1
    optional: bool = False
    """Left out where every cell is empty or ``0``."""
    strong: bool = False
    """Stands out from the lines under it."""
    unless_zero: bool = False
    """Left out where every cell is empty, ``0`` or ``0 (0.0)``, of which a footnote tells."""


@dataclass(frozen=True)
class Row:
    """One line of a table: its label and a cell per column; a heading has no cells."""

    label: str
    cells: tuple[str, ...] = ()
    indent: int = 0
    strong: bool = False


Rows = Iterator[Row]


@dataclass(frozen=True)
class Table:
    """A table as it is shown."""

    name: str
    number: str
    """Empty of the list of definitions, which has none."""
    title: str
    subtitles: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    """What a reader needs to read the numbers; the source last."""
    stub: str = ""
    """Heading of the column of labels."""
    kind: Kind = "Table"
    spans: tuple[tuple[str, int], ...] = ()
    """Headings over neighbouring columns with how many each spans, that of labels included."""

    @property
    def heading(self) -> str:
        """Number and title: ``Table 14.2.1. Disease improvement rate``."""
        return numbered_title(self.kind, self.number, self.title) if self.number else self.title

    @property
    def aligned_rows(self) -> tuple[Row, ...]:
        """The rows, their cells padded so that the numbers of each column are aligned."""
        cells = iter(align([row.cells for row in self.rows if row.cells]))
        return tuple(replace(row, cells=next(cells)) if row.cells else row for row in self.rows)


def column_name(column: Column, plan: Plan) -> str:
    """Name of a column as readers see it: ``Sex F``, ``Part not recorded``, ``Total``."""
    group_by, group = column
    if group_by in plan.subgroups and group_by not in ("dose_level", "part"):
        return subgroup_name(group_by, group, plan)
    if column == TOTAL:
        return _("Total")
    if group == NOT_RECORDED:
        return _(_NOT_RECORDED[group_by])
    if group_by == "dose_level":
        return dose_level(group)
    return _(_GROUPS[group_by]).format(group=group)


def subgroup_name(group_by: str, level: str, plan: Plan) -> str:
    """Name of a column of a group that the plan declares: its label and its level."""
    (group,) = (group for group in plan.subgroup_variables if group.name == group_by)
    return f"{group.label}: {level_name(group, level)}"


def level_name(group: Subgroup, level: str) -> str:
    """A level of a group that the plan declares, as readers see it: a band with its limits.

    ``Not recorded`` of the subjects without a level.
    """
    return _("Not recorded") if level == NOT_RECORDED else group.level_label(level)
