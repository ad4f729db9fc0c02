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
from durable.files import write_parquet, write_parquet_blocks


@dataclass(frozen=True)
class Datasets:
    """The datasets of one analysis."""

    adsl: pd.DataFrame
    adrs: pd.DataFrame
    adtte: pd.DataFrame


@dataclass(frozen=True)
class Derived:
    """What ADRS is made from, and the datasets beside it."""

    adsl: pd.DataFrame
    adtte: pd.DataFrame
    frame: pd.DataFrame


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
    found = derive_but_records(
        subjects,
        visits,
        therapies,
        study=study,
        cutoff=cutoff,
        schedule=schedule,
        response=response,
    )
    records = adrs.derive(found.adsl, found.frame, schedule, response)
    return Datasets(adsl=found.adsl, adrs=records, adtte=found.adtte)


def derive_but_records(
    subjects: pd.DataFrame,
    visits: pd.DataFrame,
    therapies: pd.DataFrame | None,
    *,
    study: str,
    cutoff: dt.date,
    schedule: tuple[Visit, ...],
    response: Response,
) -> Derived:
    """ADSL and ADTTE, and the assessments that ADRS is stacked from."""
    frame = assess(subjects, visits, schedule, response)
    start = first_remission(frame, response.remission.confirmation)
    frame = with_losses(frame, start, response)
    sl = _without_nan(adsl.derive(subjects, frame, start, therapies, study, cutoff, response))
    tte = _without_nan(adtte.derive(sl, frame, therapies, schedule, response))
    return Derived(adsl=sl, adtte=tte, frame=frame)


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
    derived = derive_but_records(
        pd.read_parquet(folder / "validated" / "subjects.parquet"),
        pd.read_parquet(folder / "validated" / "visits.parquet"),
        read_validated(folder, "therapies"),
        study=plan.study.id,
        cutoff=plan.analysis.data_cutoff,
        schedule=plan.schedule,
        response=plan.response,
    )
    adam_folder = folder / "adam"
    write_parquet(adam_folder / "adsl.parquet", adam.ADSL.validate(derived.adsl))
    write_parquet(adam_folder / "adtte.parquet", adam.ADTTE.validate(derived.adtte))
    # Some thirty records an assessment: a large study's are never held at once.
    records = adrs.blocks(derived.adsl, derived.frame, plan.schedule, plan.response)
    contract = adam.coded(adam.ADRS)
    checked = (contract.validate(block, inplace=True) for block in records)
    write_parquet_blocks(adam_folder / "adrs.parquet", checked)
