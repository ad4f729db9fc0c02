"""Delivery ``xpt``: the datasets as SAS transport files, and what had to change for that form."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from io import StringIO
from typing import TYPE_CHECKING

from durable.export.transport import Change, write_transport
from durable.files import safe_cell, write_text

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/xpt/*.xpt`` and ``export/report.csv``."""
    target = analysis.folder / "export"
    changes: list[Change] = []
    for dataset, dataset_changes in analysis.transport:
        path = target / "xpt" / f"{dataset.name.lower()}.xpt"
        write_transport(path, dataset, analysis.plan.analysis.data_cutoff)
        changes += dataset_changes
    write_text(target / "report.csv", report(changes))


def report(changes: Iterable[Change]) -> str:
    """CSV of the values that a transport file holds otherwise than the dataset, a row a change.

    Columns are the fields of `Change`; without changes it is the header alone.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in fields(Change)])
    for change in changes:
        writer.writerow([safe_cell(str(cell)) for cell in astuple(change)])
    return text.getvalue()
