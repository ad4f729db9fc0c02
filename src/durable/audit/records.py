"""Input records of two analyses: which were added, removed or changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.language import N_, _

#: Values of a row as text by column.
Record = dict[str, str]
#: What makes two records the same one, the strictest first, where that is more than the key of
#: their table: a corrected date is a change, not a record removed and another added.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "subjects": (("subject_id",),),
    "visits": (("subject_id", "visit", "visit_date"), ("subject_id", "visit")),
    "therapies": (
        ("subject_id", "therapy", "start_date", "therapy_seq"),
        ("subject_id", "therapy", "start_date"),
        ("subject_id", "therapy"),
    ),
    "adverse_events": (("subject_id", "ae_id"),),
    "kinetics": (
        ("subject_id", "assay", "unit", "sample_date", "sample_time", "nominal_day"),
        ("subject_id", "assay", "unit", "nominal_day"),
    ),
}
#: Where a record stands in its file says nothing about the subject.
_PLACE = "source_row"


@dataclass(frozen=True)
class InputChange:
    """A record added or removed, or one of its cells changed."""

    when: str
    """``changed before the earlier cut-off`` or ``since the earlier cut-off``."""
    table: str
    subject_id: str
    record: str
    """What identifies the record within the subject."""
    row: str
    """Row of the later file (of the earlier one for a removed record)."""
    action: str
    """``added``, ``removed`` or ``changed``."""
    column: str = ""
    """Column of a changed cell; empty for a record added or removed, as are both values."""
    earlier: str = ""
    """Value as text; empty where it is missing."""
    later: str = ""

    def __str__(self) -> str:
        text = _("{table} row {row} ({record}) {action}").format(
            table=self.table, row=self.row, record=_(self.record), action=_(self.action)
        )
        if not self.column:
            return text
        was, now = (value or _("empty") for value in (self.earlier, self.later))
        return _("{record}: {column} {earlier} -> {later}").format(
            record=text, column=self.column, earlier=was, later=now
        )


def read_parquet(path: Path) -> list[Record]:
    """Rows of a Parquet file, each value as `text` by column; empty where there is no file."""
    import pyarrow.parquet as pq

    rows = pq.read_table(path).to_pylist() if path.is_file() else []
    return [{name: text(value) for name, value in row.items()} for row in rows]


def text(value: object) -> str:
    """A value as readers write it: `28.0` gives `"28"`, a date and time the date.

    Empty for None, NaN and NaT.
    """
    if value is None or value != value:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def input_changes(earlier: Path, later: Path, when: str) -> Iterator[InputChange]:
    """Records added or removed, and cells changed, between the input tables of two analyses.

    Values are compared as text (`text`); another row in the file is no change.

    Parameters
    ----------
    earlier, later
        Folders ``validated`` of the two. A table without a file there counts as empty.
    when
        Copied into each change: see `InputChange.when`.

    Yields
    ------
    InputChange
        One for a record added or removed, one for each cell changed; by table. Nothing where the
        records are the same.
    """
    for table in TABLES:
        old, new = (read_parquet(folder / f"{table}.parquet") for folder in (earlier, later))
        for old_record, new_record in _match_records(old, new, _keys(table)):
            yield from _change(table, old_record, new_record, when)


def _keys(table: str) -> tuple[tuple[str, ...], ...]:
    return _KEYS.get(table, (INPUT_TABLES[table].key,))


def _match_records(
    old: list[Record], new: list[Record], keys: Iterable[tuple[str, ...]]
) -> Iterator[tuple[Record | None, Record | None]]:
    """Pairs of one record in two tables that differ; None where it is in one table only."""
    columns = {name for record in (*old, *new) for name in record} - {_PLACE}
    for key in (tuple(sorted(columns)), *keys):
        waiting: defaultdict[tuple[str, ...], list[Record]] = defaultdict(list)
        for record in old:
            waiting[_key(record, key)].append(record)
        left = []
        for record in new:
            candidates = waiting[_key(record, key)]
            if not candidates:
                left.append(record)
            elif key != tuple(sorted(columns)):
                yield candidates.pop(0), record
            else:
                candidates.pop(0)
        old, new = [record for rest in waiting.values() for record in rest], left
    yield from ((record, None) for record in old)
    yield from ((None, record) for record in new)


def _key(record: Record, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(record.get(name, "") for name in names)


def _change(table: str, old: Record | None, new: Record | None, when: str) -> Iterator[InputChange]:
    record = new or old or {}
    names = [name for name in _keys(table)[0] if name != "subject_id"]
    label = " ".join(record[name] for name in names if record.get(name)) or N_("subject")
    identification = (when, table, record["subject_id"], label, record.get(_PLACE, ""))
    if old is None or new is None:
        yield InputChange(*identification, N_("added") if old is None else N_("removed"))
        return
    for name in record:
        if name != _PLACE and old.get(name, "") != new.get(name, ""):
            yield InputChange(
                *identification, N_("changed"), name, old.get(name, ""), new.get(name, "")
            )
