"""Columns that become rows (`stack`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from durable.intake.shaping.rows import Report, Rows
from durable.intake.texts import categorical, is_blank
from durable.language import _
from durable.plan.source_files import Stack


def stack(
    rows: Rows, stack_spec: Stack, kept: Collection[str], report: Report, key: str, file: str
) -> Rows | None:
    """A row for each cell that is not blank of the columns that are named or match the pattern.

    Parameters
    ----------
    kept
        Columns that are read by name, which stay whether they match a pattern or not.
    key
        Section of the plan.

    Returns
    -------
    Rows or None
        In the order of the rows, and within one in that of the columns; the other columns are
        repeated, and the new ones added. None (reported) where no column matches, one that is named
        is missing, or a new one has the name of another.
    """
    if not report.has_columns(rows, stack_spec.named_columns, f"{key}.columns", file):
        return None
    names = stack_spec.new
    matched = stack_spec.new_values(name for name in rows.names if name not in kept)
    if not matched:
        message = _("no column like {columns} ({key}.columns); expected one in the header").format(
            columns=stack_spec.columns, key=key
        )
        report("missing_column", message, file=file, column=str(stack_spec.columns))
        return None
    other_names = [name for name in rows.names if name not in matched]
    clashes = [name for name in (*names, stack_spec.value) if name in other_names]
    for name in clashes:
        message = _(
            "column {name} is in the file; expected another name for the new one ({key})"
        ).format(name=name, key=key)
        report("shared_column", message, file=file, column=name)
    if clashes:
        return None
    filled = [np.flatnonzero(~is_blank(rows.text[name]).to_numpy(bool)) for name in matched]
    numbers = np.repeat(np.arange(len(matched)), [len(part) for part in filled])
    positions = np.concatenate(filled)
    order = np.lexsort((numbers, positions))
    numbers, positions = numbers[order], positions[order]
    cells = np.concatenate(
        [
            rows.text[name].astype(object).to_numpy()[part]
            for name, part in zip(matched, filled, strict=True)
        ]
    )[order]
    kept_rows = replace(rows, text=rows.text[other_names]).take(positions)
    new = {
        name: _new_column([groups[name] for groups in matched.values()], numbers) for name in names
    }
    return kept_rows.with_columns(new | {stack_spec.value: categorical(cells)})


def _new_column(values: list[str], numbers: np.ndarray[tuple[int], np.dtype[np.intp]]) -> object:
    return categorical(np.array(values, dtype=object)[numbers])
