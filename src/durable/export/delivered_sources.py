"""SRCDOM, SRCVAR and SRCSEQ of the datasets of a study that is delivered as an SDTM package.

Within an analysis they name the table, column and row of ``validated/``, the same for every form of
delivery. What is handed over names the domain, the variable and --SEQ of the record, as the ADaM
implementation guide has it (version 1.3, section 3.3.9, data point traceability). A record of a
table beside the package keeps table, column and row.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from durable.contracts.adam.description import derived_by
from durable.contracts.tables import INPUT_TABLES
from durable.export.datasets import Dataset, Variable, extent
from durable.plan.sdtm import principal_domain

#: What `checked/origins.csv` says of a cell of a package.
_OF_PACKAGE = ["domain", "variable", "seq"]
_SOURCE = {
    "SRCDOM": derived_by(
        "Domain of the SDTM package that holds the record; of a table beside it its name."
    ),
    "SRCVAR": derived_by(
        "Variable of that domain, or column, that decided the record; where the domain has no value"
        " of a measure at a visit, the date of the visit."
    ),
    "SRCSEQ": derived_by(
        "--SEQ of the record in that domain; null where the domain has none. Of a table beside the"
        " package the row of its file."
    ),
}


def read_delivered_sources(folder: Path) -> pd.DataFrame | None:
    """Domain, variable and --SEQ of each cell of the tables of an SDTM package.

    Parameters
    ----------
    folder
        Results of the analysis, with ``checked/origins.csv``.

    Returns
    -------
    DataFrame or None
        Columns ``domain``, ``variable`` and ``seq`` as text (empty: none), indexed by ``table``,
        ``column`` and ``row``, the number in the validated table. None where the study was not
        delivered as a package.
    """
    path = folder / "checked" / "origins.csv"
    if not path.exists():
        return None
    origins = pd.read_csv(path, dtype=str, keep_default_na=False)
    if not set(_OF_PACKAGE) <= set(origins.columns):
        return None
    keys = ["table", "column", "row"]
    return origins.astype({"row": "int64"}).set_index(keys)[_OF_PACKAGE]


def with_delivered_sources(dataset: Dataset, delivered: pd.DataFrame) -> Dataset:
    """The dataset with domain, variable and --SEQ in SRCDOM, SRCVAR and SRCSEQ.

    Sources in tables beside the package keep table, column and row; a dataset without SRCDOM is
    returned as it is. A source that the package does not have becomes missing.

    Parameters
    ----------
    delivered
        Sources by cell, of `read_delivered_sources`.
    """
    if "SRCDOM" not in dataset.frame:
        return dataset
    frame = dataset.frame.copy()
    source = frame[["SRCDOM", "SRCVAR", "SRCSEQ"]].astype({"SRCDOM": object, "SRCVAR": object})
    of_package = source["SRCDOM"].isin(delivered.index.unique("table"))
    cells = _cells_as_delivered(delivered, source).replace({"": None})
    for name, part in (("SRCDOM", "domain"), ("SRCVAR", "variable")):
        texts = cells[part].where(of_package, source[name])
        frame[name] = texts.mask(texts.isna(), None)
    seq = pd.to_numeric(cells["seq"]).astype("Int64")
    frame["SRCSEQ"] = seq.where(of_package, source["SRCSEQ"])
    variables = tuple(_delivered_variable(variable, frame) for variable in dataset.variables)
    return replace(dataset, frame=frame, variables=variables)


def _cells_as_delivered(delivered: pd.DataFrame, source: pd.DataFrame) -> pd.DataFrame:
    """Domain, variable and --SEQ of cells, a row for each row of `source`; NaN for none.

    An empty cell has those of its record, where the table has a principal domain; of a table put
    together from several domains those of the record's date.
    """
    cells = delivered.reindex(pd.MultiIndex.from_frame(source)).set_axis(source.index)
    records = delivered.xs("subject_id", level="column")
    of_row = records.reindex(pd.MultiIndex.from_frame(source[["SRCDOM", "SRCSEQ"]]))
    variables = delivered["variable"].groupby(level=["table", "column"]).first()
    of_row["variable"] = variables.reindex(
        pd.MultiIndex.from_frame(source[["SRCDOM", "SRCVAR"]])
    ).to_numpy()
    of_row = of_row.set_axis(source.index)
    tables = source["SRCDOM"].dropna().unique()
    principal = source["SRCDOM"].isin([table for table in tables if principal_domain(table)])
    date_columns = source["SRCDOM"].map({table: INPUT_TABLES[table].date for table in tables})
    dates = pd.MultiIndex.from_frame(source.assign(SRCVAR=date_columns))
    of_date = delivered.reindex(dates).set_axis(source.index)
    empty = cells["domain"].isna()
    cells.loc[empty & principal] = of_row.loc[empty & principal]
    cells.loc[empty & ~principal] = of_date.loc[empty & ~principal]
    return cells


def _delivered_variable(variable: Variable, frame: pd.DataFrame) -> Variable:
    if variable.name not in _SOURCE:
        return variable
    values = frame[variable.name].dropna().drop_duplicates()
    length, decimals = extent(values, variable.type)
    origin = _SOURCE[variable.name]
    return replace(variable, length=length, origin=origin, codes=(), decimals=decimals)
