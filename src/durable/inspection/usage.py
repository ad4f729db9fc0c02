"""Which columns of the files a draft reads, and which are left over."""

from __future__ import annotations

from collections.abc import Iterable

from durable.inspection.shapes import Part
from durable.inspection.structure import Structure, TableDraft


def columns_used(draft: TableDraft, part: Part) -> set[str]:
    """Columns of a part that the draft of a table reads; '' may be among them, for no column."""
    used = {match.foreign for match in draft.matches.values()}
    used |= set(part.where)
    for join in draft.source.get("join", []):
        used |= {*join["by"], *join["by"].values()}
    if part.long is not None:
        long = part.long
        used |= {long.test, long.value, long.unit, long.limit}
    if part.stack is not None:
        used |= part.stack.columns
    return used


def unused_dates(draft: TableDraft, part: Part) -> list[str]:
    """Columns of a part that hold dates (`is_dated`) and that the draft does not read."""
    used = columns_used(draft, part)
    return [name for name, held in part.contents.items() if held.is_dated and name not in used]


def unused_columns(structure: Structure, parts: Iterable[Part]) -> dict[str, list[tuple[str, int]]]:
    """By title of each sheet in use, its columns that no table reads.

    Each with the number of its distinct values; sheets without such columns are left out.
    """
    used: dict[int, set[str]] = {}
    sheets = {id(part.sheet): part.sheet for part in parts}
    for draft in structure.drafts.values():
        for part in draft.parts:
            used.setdefault(id(part.sheet), set()).update(columns_used(draft, part))
    return {
        sheets[number].title: rest
        for number, names in used.items()
        if (
            rest := [
                (str(n), len(sheets[number].contents[str(n)].counts))
                for n in sheets[number].text.columns
                if n not in names
            ]
        )
    }
