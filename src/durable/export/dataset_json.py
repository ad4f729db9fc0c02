"""Delivery ``dataset-json``: CDISC Dataset-JSON 1.1, at full precision and in its own text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from durable.export import identity
from durable.export.datasets import Dataset, Variable
from durable.files import write_text
from durable.plan import Plan

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

#: Records that are written at a time.
_BLOCK = 50_000
_TYPES = {"text": "string", "integer": "integer", "float": "double", "date": "date"}


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/dataset-json/*.json``, one for each dataset, its name in lower case."""
    metadata = "../define.xml" if analysis.delivers("define") else None
    for dataset in analysis.datasets:
        path = analysis.folder / "export" / "dataset-json" / f"{dataset.name.lower()}.json"
        write_text(path, to_json(dataset, analysis.plan, metadata))


def to_json(dataset: Dataset, plan: Plan, metadata_file: str | None) -> str:
    """Text of a Dataset-JSON file: the metadata of the dataset, then its records.

    The data cut-off of the plan is the time of creation, so that the text is the same each time.
    Missing values are ``null``.

    Parameters
    ----------
    metadata_file
        Path of the define.xml relative to the file; None where there is none.

    Raises
    ------
    ValueError
        Where a number is infinite.
    """
    head = _json(_metadata(dataset, plan, metadata_file))
    # No white space between the records: there are readers that do not pass over it.
    return f'{head[:-1]},"rows":[{",".join(_blocks(dataset, ","))}]}}\n'


def to_ndjson(dataset: Dataset, plan: Plan, metadata_file: str | None) -> str:
    """As `to_json`, as NDJSON: a line for the metadata of the dataset, then a line a record."""
    head = _json(_metadata(dataset, plan, metadata_file))
    return "\n".join([head, *_blocks(dataset, "\n"), ""])


def _metadata(dataset: Dataset, plan: Plan, metadata_file: str | None) -> dict[str, Any]:
    """The metadata of a dataset, all of its Dataset-JSON but the rows."""
    head: dict[str, Any] = {
        "datasetJSONCreationDateTime": identity.moment(plan),
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{identity.file_oid(plan)}.{dataset.name}",
        "sourceSystem": {"name": identity.SYSTEM, "version": identity.version()},
        "studyOID": identity.study_oid(plan),
        "metaDataVersionOID": identity.metadata_oid(plan),
        "itemGroupOID": identity.group_oid(dataset.name),
        "records": len(dataset.frame),
        "name": dataset.name,
        "label": dataset.label,
        "columns": [_column(dataset, variable) for variable in dataset.variables],
    }
    if metadata_file:
        head["metaDataRef"] = metadata_file
    return head


def _blocks(dataset: Dataset, separator: str) -> Iterator[str]:
    """The records as JSON, so many in a text that the cells of all are never held at once."""
    for start in range(0, len(dataset.frame), _BLOCK):
        block = dataset.frame.iloc[start : start + _BLOCK]
        cells = [_texts(block[variable.name], variable) for variable in dataset.variables]
        yield separator.join(f"[{record}]" for record in map(", ".join, zip(*cells, strict=True)))


def _column(dataset: Dataset, variable: Variable) -> dict[str, Any]:
    column: dict[str, Any] = {
        "itemOID": identity.item_oid(dataset.name, variable.name),
        "name": variable.name,
        "label": variable.label,
        "dataType": _TYPES[variable.type],
    }
    if variable.type == "date":
        column |= {"targetDataType": "integer", "displayFormat": "DATE9."}
    if variable.type == "text":
        column["length"] = variable.length
    if variable.name in dataset.metadata.keys:
        column["keySequence"] = dataset.metadata.keys.index(variable.name) + 1
    return column


def _texts(values: pd.Series[Any], variable: Variable) -> list[str]:
    """Each value of a variable as JSON.

    Numbers are written in one go, and of text and dates each distinct value once: a record at a
    time takes twice as long.
    """
    if variable.type in ("integer", "float"):
        numbers = values.to_numpy(dtype=object, copy=True)
        numbers[values.isna().to_numpy()] = None
        return _json(numbers.tolist())[1:-1].split(", ")
    codes, distinct = pd.factorize(values)
    if variable.type == "date":
        distinct = pd.DatetimeIndex(distinct).strftime("%Y-%m-%d")
    # A missing value has the code -1: the last one.
    written = [*map(_json, distinct), "null"]
    return [written[code] for code in codes.tolist()]


#: Writes a value as JSON.
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
