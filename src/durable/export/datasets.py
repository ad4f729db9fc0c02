"""The ADaM datasets with what their contracts say of each variable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from durable.contracts.adam.description import DatasetSpec, Origin
from durable.contracts.adam.registry import dataset_schemas, dataset_specs
from durable.contracts.adam.terminology import terminology
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.outputs.datasets import ResultsFolder
from durable.plan import Plan

Type = Literal["text", "integer", "float", "date"]

#: Bytes of a number in a SAS dataset.
_NUMBER = 8


@dataclass(frozen=True)
class Variable:
    """The metadata of a variable, as define.xml and the transport files have them."""

    name: str
    label: str
    type: Type
    length: int
    """Most bytes of a text, most digits of a number; 8 for dates and where no value is known."""
    origin: Origin
    codes: tuple[tuple[str, str], ...] = ()
    """Values that a text may have, each with its meaning ('' where the value is plain); empty where
    it has no codelist."""
    decimals: int = 0
    """Most decimals of a number."""


@dataclass(frozen=True)
class Dataset:
    """A dataset with its records, its variables in their order, and its specification."""

    metadata: DatasetSpec
    label: str
    frame: pd.DataFrame
    """A row a record, a column a variable."""
    variables: tuple[Variable, ...]

    @property
    def name(self) -> str:
        """Name of the dataset, in capitals: ``ADSL``."""
        return self.metadata.name


def read_datasets(folder: Path, plan: Plan) -> Iterator[Dataset]:
    """Every dataset of ``adam/`` that the study has, in the order of the contracts, checked.

    Parameters
    ----------
    folder
        Results of the analysis.

    Raises
    ------
    pandera.errors.SchemaError
        Where a dataset does not keep its contract.
    """
    results = ResultsFolder(folder, plan)
    names, subgroups = results.names, plan.subgroup_variables
    schemas = dataset_schemas(
        plan.safety.windows_days,
        EVERY_ENDPOINT,
        assessments="adrs" in names,
        subject_variables=results.variables("adsl"),
        event_variables=results.variables("adae") if "adae" in names else (),
        subgroups=subgroups,
    )
    periods = "TR02SDT" in results.variables("adsl")
    for metadata in dataset_specs(EVERY_ENDPOINT, subgroups, periods=periods):
        path = folder / "adam" / f"{metadata.name.lower()}.parquet"
        if metadata.name.lower() in names:
            schema = schemas[metadata.name]
            frame = schema.validate(pd.read_parquet(path))
            variables = tuple(
                _variable(name, column, frame, metadata) for name, column in schema.columns.items()
            )
            yield Dataset(metadata, schema.title, frame, variables)


def _variable(name: str, column: Any, frame: pd.DataFrame, metadata: DatasetSpec) -> Variable:
    # Each distinct value says as much as all.
    values = frame[name].dropna().drop_duplicates()
    kind = _type(frame[name])
    length, decimals = extent(values, kind)
    codes = _codes(name, column, frame) if kind == "text" else ()
    origin = metadata.origin(name)
    return Variable(name, column.title, kind, length, origin, codes, decimals)


def _type(values: pd.Series[Any]) -> Type:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    return "float" if pd.api.types.is_float_dtype(values) else "text"


def extent(values: pd.Series[Any], kind: Type) -> tuple[int, int]:
    """Length of the longest of some values, and the most decimals of a number.

    Bytes (UTF-8) of text, at least 1; of numbers the most digits before the point, without a sign,
    plus the most decimals; 8 of dates, and of numbers where there is no value. Values must not be
    missing.
    """
    if kind == "text":
        return max((len(text.encode()) for text in values), default=1) or 1, 0
    if kind == "date" or values.empty:
        return _NUMBER, 0
    if kind == "integer":
        return max(len(str(abs(int(value)))) for value in values), 0
    numbers = [Decimal(repr(float(value))) for value in values]
    decimals = max(max(0, -int(number.normalize().as_tuple().exponent)) for number in numbers)
    return max(len(str(int(abs(number)))) for number in numbers) + decimals, decimals


def _codes(name: str, column: Any, frame: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Codes of a parameter with their names, the values that the contract allows, or those present.

    Empty where the contract allows any and not all of those present are terms of a codelist.
    """
    if name == "PARAMCD":
        pairs = frame[["PARAMCD", "PARAM"]].drop_duplicates("PARAMCD")
        return tuple(sorted(pairs.itertuples(index=False, name=None)))
    for check in column.checks:
        if check.name == "isin":
            return tuple((value, "") for value in check.statistics["allowed_values"])
    # Recorded as it is: the values that there are, where all are terms of a codelist.
    values = sorted(frame[name].dropna().unique())
    return tuple((value, "") for value in values) if terminology(name, values) else ()
