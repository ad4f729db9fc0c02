"""Stage ``derive``: the ADaM datasets of the primary analysis."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from durable.config.model import Plan, Response, Visit
from durable.contracts import adam
from durable.derive import adrs, adsl, adtte
from durable.derive.assessments import assess
from durable.derive.recurrence import with_losses
from durable.derive.remission import first_remission
from durable.files import write_parquet


@dataclass(frozen=True)
class Datasets:
    """The datasets of one analysis."""

    adsl: pd.DataFrame
    adrs: pd.DataFrame
    adtte: pd.DataFrame


def derive(
    subjects: pd.DataFrame,
    visits: pd.DataFrame,
    therapies: pd.DataFrame | None,
    *,
    study: str,
    cutoff: dt.date,
    schedule: tuple[Visit, ...],
    response: Response,
) -> Datasets:
    """ADSL, ADRS and ADTTE from the validated tables after the data cut-off."""
    frame = assess(subjects, visits, schedule, response)
    start = first_remission(frame, response.remission.confirmation)
    frame = with_losses(frame, start, response)
    sl = adsl.derive(subjects, frame, start, therapies, study, cutoff, response)
    return Datasets(
        adsl=_without_nan(sl),
        adrs=_without_nan(adrs.derive(sl, frame, schedule, response)),
        adtte=_without_nan(adtte.derive(sl, frame, therapies, schedule, response)),
    )


def _without_nan(dataset: pd.DataFrame) -> pd.DataFrame:
    """Missing text as None, so that it cannot be taken for a number."""
    text = {name: dataset[name] for name in dataset.select_dtypes("object").columns}
    return dataset.assign(**{name: t.mask(t.isna(), None) for name, t in text.items()})


def read_validated(folder: Path, table: str) -> pd.DataFrame | None:
    """A validated table; None where the study does not have it."""
    path = folder / "validated" / f"{table}.parquet"
    return pd.read_parquet(path) if path.exists() else None


def run(plan: Plan, folder: Path) -> None:
    """Read ``validated/``, write ``adam/adsl``, ``adrs`` and ``adtte``."""
    datasets = derive(
        pd.read_parquet(folder / "validated" / "subjects.parquet"),
        pd.read_parquet(folder / "validated" / "visits.parquet"),
        read_validated(folder, "therapies"),
        study=plan.study.id,
        cutoff=plan.analysis.data_cutoff,
        schedule=plan.schedule,
        response=plan.response,
    )
    contracts = {"adsl": adam.ADSL, "adrs": adam.ADRS, "adtte": adam.ADTTE}
    for name, contract in contracts.items():
        dataset = contract.validate(getattr(datasets, name))
        write_parquet(folder / "adam" / f"{name}.parquet", dataset)
