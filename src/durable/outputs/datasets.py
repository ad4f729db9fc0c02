"""The analysis datasets as the outputs read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, reduce
from operator import and_, or_
from pathlib import Path
from typing import TYPE_CHECKING

from durable.contracts.results import Result
from durable.registry import available_names, dataset_names
from durable.vocabulary import PERIOD

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from durable.plan import Plan

#: What a record must have: by name of a text column, the texts of which it has one.
RecordFilter = Mapping[str, Collection[str]]

#: Names of all datasets, in the order of the define.xml.
DATASETS = ("adsl", "adrs", "adtte", "adae", "adlb", "adbc", "adpc", "adpp", "adie", "adex", "addv")
#: Records that are read at a time, for their memory.
_AT_ONCE = 1_000_000
#: Columns of ADRS that outputs and figures read.
ADRS = (
    *("USUBJID", "SUBJID", "PARAMCD", "AVISIT", "AWTARGET", "ADY", "AVAL", "AVALC"),
    *("ABLFL", "ANL01FL", "REASON"),
)
#: Columns of ADTTE that outputs and figures read.
ADTTE = ("USUBJID", "SUBJID", "PARAMCD", "STARTDT", "LOWDT", "ADT", "AVAL", "CNSR", "EVNTDESC")


@dataclass(frozen=True)
class AnalysisDatasets:
    """The datasets of an analysis, in memory; None where the study or the plan has none.

    Attributes
    ----------
    adsl, adrs, adtte, adae, adlb, adbc, adpc, adpp, adie, adex, addv
        ADaM datasets; of ADRS at least the records that outputs and figures name as theirs.
    variant_adrs, variant_adtte
        ADRS and ADTTE of the sensitivity analyses, each named in ``ANALYSIS``.
    results
        The analysis results dataset, once the outputs are analysed.
    folder
        Folder of results, which has the checked input tables.
    """

    adsl: pd.DataFrame
    adrs: pd.DataFrame | None = None
    adtte: pd.DataFrame | None = None
    adae: pd.DataFrame | None = None
    adlb: pd.DataFrame | None = None
    adbc: pd.DataFrame | None = None
    adpc: pd.DataFrame | None = None
    adpp: pd.DataFrame | None = None
    adie: pd.DataFrame | None = None
    adex: pd.DataFrame | None = None
    addv: pd.DataFrame | None = None
    variant_adrs: pd.DataFrame | None = None
    variant_adtte: pd.DataFrame | None = None
    results: Sequence[Result] = ()
    folder: Path | None = None

    @cached_property
    def input_tables(self) -> frozenset[str]:
        """Names of the input tables that the analysis is made from; none without a `folder`."""
        return frozenset() if self.folder is None else frozenset(_sources(self.folder))

    def input_records(self, table: str, columns: Sequence[str]) -> pd.DataFrame:
        """Columns of a checked input table, up to the data cut-off.

        Raises
        ------
        ValueError
            Where the study lacks the table: that nothing is known is not that nobody had it.
        """
        import pandas as pd

        if self.folder is None or table not in self.input_tables:
            raise ValueError(
                f"there is no input table {table}: name it in `datasets` of the entry in the"
                " registry, or ask `input_tables` first"
            )
        return pd.read_parquet(
            self.folder / "validated" / f"{table}.parquet", columns=list(columns)
        )

    @property
    def names(self) -> set[str]:
        """Names, in lower case, of the ADaM datasets that the analysis has."""
        return {name for name in DATASETS if getattr(self, name) is not None}

    @property
    def available(self) -> set[str]:
        """Names of the ADaM datasets, and of the input tables, that the analysis has."""
        return self.names | self.input_tables

    def require(self, name: str) -> pd.DataFrame:
        """The dataset of this name, which must not be None.

        Raises
        ------
        ValueError
            Where the study has none.
        """
        dataset: pd.DataFrame | None = getattr(self, name)
        if dataset is None:
            raise ValueError(f"there is no {name}")
        return dataset

    @property
    def infused_subjects(self) -> pd.DataFrame:
        """ADSL of the infused subjects, with SUBJID as its index."""
        return self.adsl.loc[self.adsl["SAFFL"] == "Y"].set_index("SUBJID")


def first_infusion_records(records: pd.DataFrame) -> pd.DataFrame:
    """Records of ADAE, ADPC or ADPP without those of a second infusion (APERIOD 2)."""
    return records if PERIOD not in records else records.loc[records[PERIOD] != 2]


def _sources(folder: Path) -> dict[str, object]:
    """The input tables that the analysis of a folder was made from, by name."""
    text = (folder / "validated" / "sources.json").read_text(encoding="utf-8")
    sources: dict[str, object] = json.loads(text)
    return sources


@dataclass(frozen=True)
class ResultsFolder:
    """A folder of results, whose datasets a listing reads as it needs them."""

    path: Path
    plan: Plan
    """Plan of the analysis."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the datasets of the analysis, in lower case.

        By the input tables that it was made from, and by the plan: a file in the folder may be of
        an earlier run.
        """
        return dataset_names(_sources(self.path), self.plan)

    @property
    def available(self) -> tuple[str, ...]:
        """Names of the datasets, and of the input tables, that the analysis has; by the same."""
        return available_names(_sources(self.path), self.plan)

    def dataset(
        self, name: str, columns: Sequence[str] | None = None, **having: Collection[str]
    ) -> pd.DataFrame:
        """Records of a dataset in ``adam/``; OSError where the folder lacks it.

        Parameters
        ----------
        name
            Name of the dataset, in lower case.
        columns
            The columns wanted; all when None.
        having
            By column, the values of which a record has one; all records when empty.
        """
        import pandas as pd
        from pyarrow.parquet import read_metadata

        path = self.path / "adam" / f"{name}.parquet"
        filters = [(column, "in", list(values)) for column, values in having.items()]
        # Without a record a column of text has no type, and a filter of texts would be refused.
        filters = filters if filters and read_metadata(path).num_rows else []
        wanted = None if columns is None else list(columns)
        return pd.read_parquet(path, columns=wanted, filters=filters or None)

    def input_table(self, name: str) -> pd.DataFrame | None:
        """The validated records of an input table; None where the study has none."""
        import pandas as pd

        if name not in _sources(self.path):
            return None
        return pd.read_parquet(self.path / "validated" / f"{name}.parquet")

    def variables(self, name: str) -> tuple[str, ...]:
        """Variables of a dataset, in their order."""
        from pyarrow.parquet import read_schema

        return tuple(read_schema(self.path / "adam" / f"{name}.parquet").names)

    def records(self, name: str, columns: Sequence[str], *filters: RecordFilter) -> pd.DataFrame:
        """Some columns of the records that pass one of the filters, read by `read_records`."""
        return read_records(self.path / "adam" / f"{name}.parquet", columns, *filters)

    def with_subject(self, records: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """The records with these variables of ADSL, by USUBJID; missing where ADSL lacks it."""
        adsl = self.dataset("adsl", ["USUBJID", *columns])
        return records.merge(adsl, on="USUBJID", how="left", validate="many_to_one")


def read_datasets(
    folder: Path,
    plan: Plan,
    filters: Sequence[RecordFilter] = (),
    *,
    sensitivity: bool = False,
) -> AnalysisDatasets:
    """The datasets in ``adam/`` of an analysis; None where the study or the plan has none.

    Parameters
    ----------
    folder
        Folder of results.
    plan
        The analysis plan.
    filters
        Records of ADRS that are wanted: those that pass one of these; all without any.
    sensitivity
        Whether to read ADRS and ADTTE of the sensitivity analyses; they are None otherwise.
    """
    import pandas as pd

    adam = folder / "adam"
    names = ResultsFolder(folder, plan).names

    def dataset(name: str) -> pd.DataFrame | None:
        return pd.read_parquet(adam / f"{name}.parquet") if name in names else None

    datasets = AnalysisDatasets(
        adsl=pd.read_parquet(adam / "adsl.parquet"),
        adae=dataset("adae"),
        adlb=dataset("adlb"),
        adbc=dataset("adbc"),
        adpc=dataset("adpc"),
        adpp=dataset("adpp"),
        adie=dataset("adie"),
        adex=dataset("adex"),
        addv=dataset("addv"),
        folder=folder,
    )
    if "adrs" not in names:
        return datasets
    variants = {
        name: read_records(path, ["ANALYSIS", *columns]) if sensitivity else None
        for name, columns in (("adrs", ADRS), ("adtte", ADTTE))
        for path in [adam / "sensitivity" / f"{name}.parquet"]
    }
    return replace(
        datasets,
        adrs=read_records(adam / "adrs.parquet", ADRS, *filters),
        adtte=read_records(adam / "adtte.parquet", ADTTE),
        variant_adrs=variants["adrs"],
        variant_adtte=variants["adtte"],
    )


def read_records(path: Path, columns: Sequence[str], *filters: RecordFilter) -> pd.DataFrame:
    """Some columns of the records of a dataset that an analysis needs.

    Parameters
    ----------
    path
        A Parquet file. ADRS has thirty records an assessment: it is not read whole.
    columns
        Columns wanted.
    filters
        A record is wanted where it passes one of these; every record without any.

    Returns
    -------
    DataFrame
        The columns wanted, in the order of the file; text as categories, which are sorted.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = [field.name for field in pq.read_schema(path) if field.type == "string"]
    file = pq.ParquetFile(path, read_dictionary=text)
    whole = file.schema_arrow
    schema = pa.schema([whole.field(name) for name in columns], whole.metadata)
    wanted = list({name: None for names in (columns, *filters) for name in names})
    batches = (
        batch.filter(pa.array(_passes_one(batch, filters))) if filters else batch
        for batch in file.iter_batches(_AT_ONCE, columns=wanted)
    )
    table = pa.Table.from_batches([batch.select(list(columns)) for batch in batches], schema)
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].cat.reorder_categories(sorted(frame[name].cat.categories))
    return frame


def select_records(records: pd.DataFrame, filters: Iterable[RecordFilter]) -> pd.DataFrame:
    """The records that pass one of the filters: at least one, each naming a column."""
    passes = [
        reduce(and_, (records[name].isin(list(texts)) for name, texts in rule.items()))
        for rule in filters
    ]
    return records.loc[reduce(or_, passes)]


def _passes_one(batch: pa.RecordBatch, filters: Iterable[RecordFilter]) -> npt.NDArray[np.bool_]:
    """Which records of a batch pass one of the filters."""
    import numpy as np
    import pyarrow as pa

    @cache  # many filters name the same parameters or the same flag
    def is_among(name: str, texts: frozenset[str]) -> npt.NDArray[np.bool_]:
        column = batch.column(name)
        # A column without a value has neither texts nor a type.
        if pa.types.is_null(column.type):
            return np.zeros(len(column), dtype=np.bool_)
        # Each text is looked up once; the last place is that of a missing value.
        looked_up = [text in texts for text in (*column.dictionary.to_pylist(), None)]
        among: npt.NDArray[np.bool_] = np.array(looked_up)[column.indices.fill_null(-1).to_numpy()]
        return among

    def passes(rule: RecordFilter) -> npt.NDArray[np.bool_]:
        conditions = (is_among(name, frozenset(texts)) for name, texts in rule.items())
        return reduce(and_, conditions, np.ones(len(batch), dtype=np.bool_))

    return reduce(or_, map(passes, filters))
