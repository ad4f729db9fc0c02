"""The efficacy datasets ADSL, ADRS and ADTTE, of the primary and of the sensitivity analyses.

A subject's records depend on that subject alone. A large study is derived some subjects at a time:
a registry of 100,000, with 31 million records of ADRS, takes 20 s and 1.4 GB of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from durable.contracts.adam.adrs import ADRS
from durable.contracts.adam.adsl import adsl_schema
from durable.contracts.adam.adtte import adtte_schema
from durable.contracts.adam.variables import contract_of_analyses, with_categories
from durable.derive import adrs, adsl, adtte
from durable.derive.assessments import (
    aplasia_at_assessments,
    order_assessments,
    score_assessments,
)
from durable.derive.course import FollowUp
from durable.derive.eligibility import of_eligible, with_eligibility
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import EVERY_ENDPOINT, STANDARD_ENDPOINTS
from durable.derive.improvement import score_reached
from durable.derive.new_therapy import (
    assessed_after,
    begun_since,
    first_of_each,
    interventions,
    new_systemic,
    with_reinfusions,
)
from durable.derive.trial import Trial, ValidatedTables, read_people
from durable.files import write_parquet, write_parquet_blocks
from durable.frames import with_columns
from durable.jdm.drug_free_status import with_drug_free, with_glucocorticoid_increase
from durable.jdm.recurrence import flag_recurrence
from durable.jdm.remission_status import first_remission, with_remission
from durable.jdm.response import Response
from durable.plan import Laboratory, Plan

#: Subjects that are derived at a time.
BLOCK = 5_000
_ADTTE = adtte_schema(endpoint.code for endpoint in EVERY_ENDPOINT)
#: Keys of the plan's response that decide what is a new systemic therapy.
THERAPY_KEYS = ("reinfusion",)
#: Keys of the plan's response that decide the baselines and scores of the assessments.
SCORE_KEYS = (
    *THERAPY_KEYS,
    *("core_set", "hybrid", "ranges", "baseline"),
    *("improvement.thresholds", "improvement.light_missing", "improvement.enzyme_component"),
)
#: Those that decide the assessments up to remission.
REMISSION_KEYS = (
    *SCORE_KEYS,
    *("remission", "new_therapy.remission", "glucocorticoid_increase"),
)
#: Those that decide the durations.
DURATION_KEYS = (
    *REMISSION_KEYS,
    *("recurrence", "new_therapy.duration", "missed_assessments", "remission_deadline"),
    *("improvement.level", "new_therapy.improvement", "drug_free"),
)
#: Those that decide the improvement rate. How the missing are counted is for the analysis.
IMPROVEMENT_KEYS = (
    *REMISSION_KEYS,
    *("improvement.visits", "improvement.level", "improvement.unscheduled"),
    *("new_therapy.improvement", "drug_free"),
)


@dataclass(frozen=True)
class Datasets:
    """The datasets of one analysis."""

    adsl: pd.DataFrame
    adrs: pd.DataFrame
    """Its text columns are categories."""
    adtte: pd.DataFrame


@dataclass(frozen=True)
class Remissions:
    """The assessments up to remission, and ADSL: no rule of recurrence or censoring is in them."""

    adsl: pd.DataFrame
    frame: pd.DataFrame
    """With ``after_new_therapy``: whether an assessment lies after new systemic therapy began."""
    start: pd.Series[int]
    """Index of `frame` of the first credited remission, by ``subject_id``; only who has one."""


@dataclass(frozen=True)
class Durations:
    """The assessments with what the endpoints read, and ADTTE."""

    frame: pd.DataFrame
    """As `FollowUp.assessments`."""
    adtte: pd.DataFrame


T = TypeVar("T")
DerivationMethod = Callable[["Derivation", Response], T]


def _once_per_definition(
    keys: tuple[str, ...],
) -> Callable[[DerivationMethod[T]], DerivationMethod[T]]:
    """Have a method of a derivation done once for all definitions that agree in some keys.

    The method sees these keys alone: what it returns cannot depend on others.
    """

    def compute_once(method: DerivationMethod[T]) -> DerivationMethod[T]:
        @wraps(method)
        def stored_result(derivation: Derivation, response: Response) -> T:
            definitions = response.restrict_to(keys)
            name = method.__name__, definitions.model_dump_json()
            if name not in derivation._derived:
                derivation._derived[name] = method(derivation, definitions)
            result: T = derivation._derived[name]
            return result

        return stored_result

    return compute_once


class Derivation:
    """The efficacy datasets of some subjects, by any number of definitions of response.

    What several definitions have in common is derived once.

    Parameters
    ----------
    trial
        Study, data cut-off and schedule.
    tables
        Validated tables after the data cut-off.
    endpoints
        Those of ADTTE.
    """

    def __init__(
        self,
        trial: Trial,
        tables: ValidatedTables,
        endpoints: tuple[Endpoint, ...] = EVERY_ENDPOINT,
    ) -> None:
        self._trial = trial
        self._tables = tables
        self._endpoints = endpoints
        self._derived: dict[tuple[str, str], Any] = {}
        """Results by method and the definitions that they depend on."""

    @cached_property
    def _new_therapies(self) -> pd.DataFrame:
        return new_systemic(self._tables.therapies)

    @_once_per_definition(THERAPY_KEYS)
    def _new_since_infusion(self, response: Response) -> pd.DataFrame:
        subjects = self._tables.subjects
        new = with_reinfusions(self._new_therapies, subjects, response.reinfusion)
        return begun_since(new, subjects.set_index("subject_id")["infusion_date"])

    @_once_per_definition(THERAPY_KEYS)
    def _first_therapies(self, response: Response) -> pd.DataFrame:
        """The first new systemic therapy since the infusion, by subject."""
        return first_of_each(self._new_since_infusion(response)).set_index("subject_id")

    @_once_per_definition(THERAPY_KEYS)
    def _people(self, response: Response) -> pd.DataFrame:
        first, rule = self._first_therapies(response), response.reinfusion
        people = adsl.describe_subjects(self._trial, self._tables.subjects, first, rule)
        return nan_text_to_none(people)

    @cached_property
    def _ordered_assessments(self) -> pd.DataFrame:
        tables = self._tables
        frame = order_assessments(tables.subjects, tables.visits, self._trial.schedule)
        return with_columns(frame, {"aplasia": aplasia_at_assessments(frame, tables.b_cells)})

    @_once_per_definition(SCORE_KEYS)
    def _scored_assessments(self, response: Response) -> pd.DataFrame:
        after = assessed_after(
            self._ordered_assessments, self._first_therapies(response)["start_date"]
        )
        frame = with_columns(self._ordered_assessments, {"after_new_therapy": after})
        return score_assessments(frame, response)

    @_once_per_definition(REMISSION_KEYS)
    def remissions(self, response: Response) -> Remissions:
        """The assessments up to remission, the first credited one of each subject, and ADSL."""
        frame = with_glucocorticoid_increase(self._scored_assessments(response), response)
        frame = with_remission(frame, response)
        after, remission = frame["after_new_therapy"], response.remission
        ever = credited = first_remission(frame, remission)
        if response.new_therapy.remission != "treatment_policy" and after.any():
            credited = first_remission(frame, remission, excluded=after.to_numpy(bool))
        first = adsl.FirstRemission(credited=credited, ever=ever)
        people = self._people(response)
        level = nan_text_to_none(adsl.derive(people, frame, first, response))
        return Remissions(adsl=level, frame=frame, start=credited)

    @_once_per_definition(DURATION_KEYS)
    def durations(self, response: Response) -> Durations:
        """The assessments with losses of remission and states of the endpoints, and ADTTE."""
        remissions = self.remissions(response)
        frame, new = remissions.frame, self._new_since_infusion(response)
        acts = interventions(self._tables.subjects, new, frame)
        frame = flag_recurrence(frame, remissions.start, response, acts)
        first = np.zeros(len(frame), dtype=np.bool_)
        first[remissions.start.to_numpy()] = True
        frame = with_columns(frame, {"first_remission": first} | score_reached(frame, response))
        frame = with_drug_free(frame, response)
        schedule = self._trial.schedule
        follow_up = FollowUp(remissions.adsl, frame, self._new_therapies, schedule, response)
        return Durations(frame=frame, adtte=adtte.derive(follow_up, self._endpoints))

    @_once_per_definition(IMPROVEMENT_KEYS)
    def improvement(self, response: Response) -> pd.DataFrame:
        """The records of the improvement rate, as in ADRS; text columns are categories."""
        remissions = self.remissions(response)
        return adrs.derive_improvement(
            remissions.adsl, remissions.frame, self._trial.schedule, response
        )

    def datasets(self, response: Response) -> Datasets:
        """ADSL, ADRS and ADTTE."""
        remissions, durations = self.remissions(response), self.durations(response)
        records = adrs.derive(remissions.adsl, durations.frame, self._trial.schedule, response)
        return Datasets(adsl=remissions.adsl, adrs=records, adtte=durations.adtte)


def derive(plan: Plan, tables: ValidatedTables) -> Datasets:
    """ADSL, ADRS and ADTTE of the primary analysis.

    Parameters
    ----------
    plan
        Study, data cut-off, schedule and definitions of response.
    tables
        Validated tables after the data cut-off.
    """
    return Derivation(Trial.of_plan(plan), tables).datasets(plan.response)


def _laboratory_read(plan: Plan, responses: Iterable[Response]) -> Laboratory | None:
    """The section ``laboratory``, where one of the definitions reads the B cells."""
    reads = any(response.recurrence.early_flare_in_aplasia for response in responses)
    return plan.laboratory if reads else None


def nan_text_to_none(dataset: pd.DataFrame) -> pd.DataFrame:
    """The dataset with None for what is missing in text (object) columns."""
    for name, missing in dataset.select_dtypes("object").isna().items():
        if missing.any():
            dataset = dataset.assign(**{str(name): dataset[name].mask(missing, None)})
    return dataset


def run(plan: Plan, folder: Path, evaluated: pd.DataFrame | None = None) -> None:
    """Read ``validated/``, write ``adam/adsl``, ``adrs`` and ``adtte``.

    Parameters
    ----------
    evaluated
        The criteria of eligibility, as `eligibility.read_evaluated` returns them; with None ADSL
        has no variables of eligibility.
    """
    levels: list[pd.DataFrame] = []
    durations: list[pd.DataFrame] = []
    records_contract = with_categories(ADRS)

    def records() -> Iterator[pd.DataFrame]:
        validated = ValidatedTables.read(
            folder, plan.study.id, _laboratory_read(plan, [plan.response])
        )
        for tables in validated.blocks(BLOCK):
            datasets = derive(plan, tables)
            levels.append(datasets.adsl)
            durations.append(datasets.adtte)
            # In place: nothing is coerced, and a copy of so many records is slow.
            checked = records_contract.validate(datasets.adrs, inplace=True)
            # The accessor holds the frame that holds it: both would stay for many blocks.
            # (pandas 3 keeps no accessor.)
            vars(checked).pop("pandera", None)
            yield checked

    write_parquet_blocks(folder / "adam" / "adrs.parquet", records())
    level = with_eligibility(pd.concat(levels, ignore_index=True), evaluated)
    contract = adsl_schema(map(str, level), subgroups=plan.subgroup_variables)
    write_parquet(folder / "adam" / "adsl.parquet", contract.validate(level))
    duration = pd.concat(durations).sort_values(["PARAMCD", "USUBJID"], ignore_index=True)
    write_parquet(folder / "adam" / "adtte.parquet", _ADTTE.validate(duration))


def run_without_assessments(
    plan: Plan, folder: Path, evaluated: pd.DataFrame | None = None
) -> None:
    """Read ``validated/`` of a study without visits, write ``adam/adsl``.

    It has no variable that is made from the assessments. Parameters are those of `run`.
    """
    subjects, therapies = read_people(folder, plan.study.id)
    infusion = subjects.set_index("subject_id")["infusion_date"]
    rule = plan.response.reinfusion
    new = with_reinfusions(new_systemic(therapies), subjects, rule)
    starts = first_of_each(begun_since(new, infusion)).set_index("subject_id")
    people = adsl.describe_subjects(Trial.of_plan(plan), subjects, starts, rule)
    level = nan_text_to_none(adsl.without_assessments(people))
    level = with_eligibility(level, evaluated)
    groups = plan.subgroup_variables
    contract = adsl_schema(map(str, level), assessments=False, subgroups=groups)
    write_parquet(folder / "adam" / "adsl.parquet", contract.validate(level))


def run_sensitivity(plan: Plan, folder: Path, evaluated: pd.DataFrame | None = None) -> None:
    """Read ``validated/``, write ``adam/sensitivity/adrs`` and ``adtte``, with ANALYSIS first.

    Of ADRS only the records of the improvement rate are kept: the others follow from the plan. An
    analysis of the eligible has no records where `evaluated` is None. The plan must have a
    sensitivity analysis. Parameters are those of `run`.
    """
    responses = {name: plan.response_of(name) for name in plan.sensitivity}
    parts: dict[tuple[str, str], list[pd.DataFrame]] = {}
    laboratory = _laboratory_read(plan, responses.values())
    for tables in ValidatedTables.read(folder, plan.study.id, laboratory).blocks(BLOCK):
        derivation = Derivation(Trial.of_plan(plan), tables, STANDARD_ENDPOINTS)
        for name, response in responses.items():
            records = adrs.categories_to_text(derivation.improvement(response))
            durations = derivation.durations(response).adtte
            if plan.sensitivity[name].population == "eligible":
                records = of_eligible(records, evaluated)
                durations = of_eligible(durations, evaluated)
            parts.setdefault(("adrs", name), []).append(records)
            parts.setdefault(("adtte", name), []).append(durations)
    for contract, dataset, order in (
        (ADRS, "adrs", ["USUBJID", "ASEQ"]),
        (_ADTTE, "adtte", ["PARAMCD", "USUBJID"]),
    ):
        frames = {
            name: pd.concat(parts[dataset, name]).sort_values(order, ignore_index=True)
            for name in responses
        }
        stacked = pd.concat(frames, names=["ANALYSIS", None]).reset_index(level="ANALYSIS")
        contract_of_analyses(contract).validate(stacked)
        write_parquet(folder / "adam" / "sensitivity" / f"{dataset}.parquet", stacked)
