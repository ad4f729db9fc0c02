"""`durable.run`: an analysis in one process, for a notebook or a program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from durable.contracts.results import TEXTS_OF_THE_DATA
from durable.files import recorded_cell
from durable.plan import Plan
from durable.runs.analysis import run_analysis
from durable.runs.files import dataset_names


@dataclass(frozen=True)
class Analysis:
    """A finished analysis: its plan, the folder of its results (``RESULTS/ID``), and its files."""

    plan: Plan
    folder: Path

    @cached_property
    def datasets(self) -> dict[str, pd.DataFrame]:
        """The analysis datasets (ADaM) that the study has, by name in lower case (``adtte``)."""
        return {
            name: pd.read_parquet(self.folder / "adam" / f"{name}.parquet")
            for name in dataset_names(self.plan)
        }

    @cached_property
    def results(self) -> pd.DataFrame:
        """The rows of ``ard.csv``: value, lower and upper as floats, NaN where not estimable.

        The limits are NaN of a value without any, too. All other columns are text, '' where empty.
        """
        ard = pd.read_csv(self.folder / "ard.csv", dtype=str, keep_default_na=False)
        numbers = {name: ard[name].replace("", "nan").astype(float) for name in _NUMBERS}
        texts = {name: ard[name].map(recorded_cell) for name in TEXTS_OF_THE_DATA}
        return ard.assign(**numbers, **texts)

    @cached_property
    def queries(self) -> pd.DataFrame:
        """The findings in the data, one a row: ``queries.csv`` as it is, all text, '' if empty."""
        return pd.read_csv(self.folder / "queries.csv", dtype=str, keep_default_na=False)


_NUMBERS = ("value", "lower", "upper")


def run(config: str | Path, results: str | Path = "results") -> Analysis:
    """Check, derive and analyse a study in this process, without Snakemake.

    The stages are those of ``snakemake``, and so are the bytes of their files. What is drawn and
    printed for readers is not made. Import `durable.run` before NumPy: a NumPy that is loaded
    already may compute other last digits than that of a run (docs/audit.md, *Limits*).

    Parameters
    ----------
    config
        Configuration file.
    results
        Folder of all results; those of the analysis go to its folder there.

    Returns
    -------
    Analysis
        Datasets, results and findings.

    Raises
    ------
    PlanError
        For mistakes in the configuration, all at once.
    DataError
        Where the data have errors; the findings are in ``queries.csv``.
    UserError
        Where the results are not to be written: another run works on them, they were edited, or
        they belong to another study.

    Examples
    --------
    >>> import durable
    >>> analysis = durable.run("config/config.yaml")  # doctest: +SKIP
    >>> analysis.datasets["adtte"]  # doctest: +SKIP
    """
    done = run_analysis(Path(config), Path(results), until="analyse")
    return Analysis(done.plan, done.folder)
