"""Stage ``variants``: the datasets of every sensitivity analysis, side by side."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from durable.contracts import adam
from durable.derive.adrs import improvement
from durable.derive.datasets import assessed, followed, read_validated
from durable.files import write_parquet
from durable.jdm.response import Improvement, NewTherapy, Response
from durable.plan import Plan
from durable.sections import Section

#: How the missing are counted is for the analysis: no dataset depends on it.
_OF_ANALYSIS = ("improvement.missing",)
#: What ends a remission, or its observation, is in ADTTE alone.
_OF_DURATION = (
    *_OF_ANALYSIS,
    *("recurrence", "new_therapy.duration", "missed_assessments", "remission_deadline"),
)


def run(plan: Plan, folder: Path) -> None:
    """Read ``validated/``, write ``adam/sensitivity/adrs`` and ``adtte``, with ANALYSIS first.

    Of ADRS only the records of the improvement rate are kept: the others follow from the plan.
    What variants have in common is derived once.
    """
    subjects = pd.read_parquet(folder / "validated" / "subjects.parquet")
    visits = pd.read_parquet(folder / "validated" / "visits.parquet")
    therapies = read_validated(folder, "therapies")
    schedule = plan.schedule
    responses = {name: plan.response_of(name) for name in plan.sensitivity}
    alike: dict[str, list[str]] = {}
    for name, response in responses.items():
        alike.setdefault(_but(response, _OF_DURATION).model_dump_json(), []).append(name)
    adrs: dict[str, pd.DataFrame] = {}
    adtte: dict[str, pd.DataFrame] = {}
    # The assessments of a large study take room: those of one definition are held at a time.
    for names in alike.values():
        of_visits = _but(responses[names[0]], _OF_DURATION)
        found = assessed(
            subjects,
            visits,
            therapies,
            study=plan.study.id,
            cutoff=plan.analysis.data_cutoff,
            schedule=schedule,
            response=of_visits,
        )
        adrs |= dict.fromkeys(names, improvement(found.adsl, found.frame, schedule, of_visits))
        durations: dict[str, pd.DataFrame] = {}
        for name in names:
            of_all = _but(responses[name], _OF_ANALYSIS)
            key = of_all.model_dump_json()
            if key not in durations:
                derived = followed(found, therapies, schedule=schedule, response=of_all)
                durations[key] = derived.adtte
            adtte[name] = durations[key]
    for contract, dataset, frames in ((adam.ADRS, "adrs", adrs), (adam.ADTTE, "adtte", adtte)):
        ordered = {name: frames[name] for name in responses}
        stacked = pd.concat(ordered, names=["ANALYSIS", None]).reset_index(level="ANALYSIS")
        adam.of_analyses(contract).validate(stacked)
        write_parquet(folder / "adam" / "sensitivity" / f"{dataset}.parquet", stacked)


def _but(response: Response, parts: Collection[str]) -> Response:
    """The definitions but some, to derive from: reading one of those fails."""
    split: dict[str, type[Section]] = {"improvement": Improvement, "new_therapy": NewTherapy}
    paths = [name for name in Response.model_fields if name not in split]
    paths += [f"{name}.{key}" for name, section in split.items() for key in section.model_fields]
    return response.only(path for path in paths if path not in parts)
