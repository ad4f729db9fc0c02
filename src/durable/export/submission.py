"""Stage ``submission``: the datasets in the forms that ``outputs.datasets`` names."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from io import StringIO
from pathlib import Path

from durable.export import dataset_json
from durable.export.datasets import Dataset, read_datasets
from durable.export.transport import Change, fitted, write_transport
from durable.files import safe_cell, write_text
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``; write ``export/``."""
    forms = plan.outputs.datasets
    datasets = list(read_datasets(folder, plan.safety.windows_days))
    target = folder / "export"
    described = datasets
    if "dataset-json" in forms:
        metadata = "../define.xml" if "define" in forms else None
        for dataset in datasets:
            path = target / "dataset-json" / f"{dataset.name.lower()}.json"
            write_text(path, dataset_json.to_json(dataset, plan, metadata))
    if "xpt" in forms:
        described = _write_transport_files(datasets, plan, target)
    if "define" in forms:
        from durable.export.define import to_xml

        files = "xpt/{}.xpt" if "xpt" in forms else "dataset-json/{}.json"
        write_text(target / "define.xml", to_xml(described, plan, files))


def _write_transport_files(datasets: list[Dataset], plan: Plan, target: Path) -> list[Dataset]:
    """Write the datasets and what of them had to change; return them as they are written."""
    written: list[Dataset] = []
    changes: list[Change] = []
    for dataset in datasets:
        fitting, found = fitted(dataset, plan.outputs.xpt_text)
        path = target / "xpt" / f"{dataset.name.lower()}.xpt"
        write_transport(path, fitting, plan.analysis.data_cutoff)
        written.append(fitting)
        changes += found
    write_text(target / "report.csv", report(changes))
    return written


def report(changes: Iterable[Change]) -> str:
    """The listing of values that a file holds otherwise than the dataset, as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in fields(Change)])
    for change in changes:
        writer.writerow([safe_cell(str(cell)) for cell in astuple(change)])
    return text.getvalue()
