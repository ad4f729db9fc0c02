"""Stage ``derive``: the ADaM datasets of the primary analysis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from durable.contracts import adam
from durable.derive import adrs, adsl, adtte
from durable.derive.assessments import assess
from durable.derive.new_therapy import assessed_after, first_of_each, interventions, new_systemic
from durable.files import write_parquet, write_parquet_blocks
from durable.frames import with_columns
from durable.jdm.recurrence import flag_recurrence
from durable.jdm.remission_status import first_remission
from durable.jdm.response import Response
from durable.plan import Plan
from durable.schedule import Visit

#: Subjects whose assessments are derived at a time.
BLOCK = 10 * adrs.BLOCK


@dataclass(frozen=True)
class Datasets:
    """The datasets of one analysis."""

    adsl: pd.DataFrame
    adrs: pd.DataFrame
    adtte: pd.DataFrame


@dataclass(frozen=True)
class Assessed:
    """The assessments up to remission, and ADSL: no rule of recurrence or censoring is in them."""

    adsl: pd.DataFrame
    frame: pd.DataFrame
    """With ``after_new_therapy``: whether an assessment lies after new systemic therapy began."""
    start: pd.Series[int]
    """Row of the first remission that is credited, by subject."""


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
    tables = subjects, visits, therapies
    found = assessed(*tables, study=study, cutoff=cutoff, schedule=schedule, response=response)
    return followed(found, therapies, schedule=schedule, response=response)


def assessed(
    subjects: pd.DataFrame,
    visits: pd.DataFrame,
    therapies: pd.DataFrame | None,
    *,
    study: str,
    cutoff: dt.date,
    schedule: tuple[Visit, ...],
    response: Response,
) -> Assessed:
    """The assessments with their first remission, and ADSL."""
    infusion = subjects.set_index("subject_id")["infusion_date"]
    therapy = first_of_each(new_systemic(therapies, infusion))
    began = therapy.set_index("subject_id")["start_date"]
    frame = assess(subjects, visits, schedule, response)
    frame = with_columns(frame, {"after_new_therapy": assessed_after(frame, began)})
    confirmation = response.remission.confirmation
    ever = first_remission(frame, confirmation)
    start = ever
    if response.new_therapy.remission != "treatment_policy":
        rescued = frame["after_new_therapy"].to_numpy(bool)
        start = first_remission(frame, confirmation, excluded=rescued)
    sl = adsl.derive(subjects, frame, start, ever, began, study, cutoff, response)
    return Assessed(adsl=_without_nan(sl), frame=frame, start=start)


def followed(
    found: Assessed,
    therapies: pd.DataFrame | None,
    *,
    schedule: tuple[Visit, ...],
    response: Response,
) -> Derived:
    """What came after the first remission, and ADTTE."""
    frame = flag_recurrence(
        found.frame, found.start, response, interventions(found.adsl, therapies)
    )
    tte = _without_nan(adtte.derive(found.adsl, frame, therapies, schedule, response))
    return Derived(adsl=found.adsl, adtte=tte, frame=frame)


def derive_by(
    plan: Plan,
    response: Response,
    subjects: pd.DataFrame,
    visits: pd.DataFrame,
    therapies: pd.DataFrame | None,
) -> Derived:
    """`derive_but_records` by a plan, with the definitions of one of its analyses."""
    return derive_but_records(
        subjects,
        visits,
        therapies,
        study=plan.study.id,
        cutoff=plan.analysis.data_cutoff,
        schedule=plan.schedule,
        response=response,
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
    people: list[pd.DataFrame] = []
    durations: list[pd.DataFrame] = []
    contract = adam.Sorted(adam.ADRS)

    def records() -> Iterator[pd.DataFrame]:
        """Some thirty an assessment: a large study's are never held at once."""
        every = (derive_by(plan, plan.response, *t) for t in _by_subject(folder, BLOCK))
        for made in every:
            for block in adrs.blocks(made.adsl, made.frame, plan.schedule, plan.response):
                yield contract.add(block)
            people.append(made.adsl)
            durations.append(made.adtte)
        contract.validate()

    adam_folder = folder / "adam"
    write_parquet_blocks(adam_folder / "adrs.parquet", records())
    sl = pd.concat(people, ignore_index=True)
    write_parquet(adam_folder / "adsl.parquet", adam.ADSL.validate(sl))
    tte = pd.concat(durations).sort_values(["PARAMCD", "USUBJID"], ignore_index=True)
    write_parquet(adam_folder / "adtte.parquet", adam.ADTTE.validate(tte))


def _by_subject(
    folder: Path, size: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]]:
    """Validated subjects, visits and therapies of so many subjects at a time; at least once.

    The subjects are in the order of their names, and a subject's visits in that of their dates.
    """
    subjects = pd.read_parquet(folder / "validated" / "subjects.parquet")
    subjects = subjects.sort_values("subject_id", ignore_index=True)
    names = pd.Index(subjects["subject_id"])
    visits = _coded(folder / "validated" / "visits.parquet")
    number = names.get_indexer(visits["subject_id"].cat.categories)[visits["subject_id"].cat.codes]
    keys = (visits["source_row"].to_numpy(), visits["visit_date"].to_numpy(), number)
    order = np.lexsort(keys)
    number = number[order]
    therapies = read_validated(folder, "therapies")
    treated = None if therapies is None else names.get_indexer(therapies["subject_id"])
    for first in range(0, max(len(names), 1), size):
        begin, end = np.searchsorted(number, [first, first + size])
        own = therapies
        if therapies is not None and treated is not None:
            own = therapies.loc[(treated >= first) & (treated < first + size)]
        yield (
            subjects.iloc[first : first + size],
            adrs.plain(visits.take(order[begin:end])),
            own,
        )


def _coded(path: Path) -> pd.DataFrame:
    """A validated table with its text as categories."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = [field.name for field in pq.read_schema(path) if field.type == pa.string()]
    table = pq.read_table(path, read_dictionary=text)
    # Neither the columns beside each other nor two copies of them: the table is given up.
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame
