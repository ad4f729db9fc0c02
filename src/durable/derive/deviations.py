"""ADDV, one record per infused subject and deviation from the protocol.

A category of the plan is judged in three values: a deviation, none, or not assessable for want of
data. Records are of the first and the last; rules in words: docs/deviations.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

import pandas as pd

from durable.contracts.adam.addv import ADDV
from durable.derive.adsl import mark, study_day
from durable.derive.deviation_records import StudyRecords
from durable.derive.identifiers import renamed, unique_identifiers
from durable.derive.infusion_deviations import (
    beyond_planned_number,
    dose_deviations,
    eligibility_violations,
    lymphodepletion_deviations,
)
from durable.derive.medicine_deviations import prohibited_medicines
from durable.derive.visit_deviations import incomplete_core_sets, visits_out_of_window
from durable.files import write_parquet
from durable.jdm.core_set import core_set_columns
from durable.plan import DoseExposure, Plan
from durable.plan.deviations import Category, Deviations
from durable.sections import required
from durable.vocabulary import DEVIATION, DEVIATION_GROUPS, DEVIATIONS


def _judged(
    category: Category, section: Deviations, study: StudyRecords, plan: Plan
) -> Iterator[pd.DataFrame]:
    """What a category finds."""
    match category:
        case "eligibility":
            return eligibility_violations(study)
        case "dose":
            exposure = plan.exposure or DoseExposure()
            return dose_deviations(study, required(section.dose, "dose"), exposure)
        case "lymphodepletion":
            return lymphodepletion_deviations(
                study, required(section.lymphodepletion, "lymphodepletion")
            )
        case "number_infused":
            return beyond_planned_number(study, required(section.number_infused, "number_infused"))
        case "visit_window":
            return visits_out_of_window(
                study, required(section.visit_window, "visit_window"), plan.schedule
            )
        case "core_set":
            judged = required(section.core_set, "core_set")
            return incomplete_core_sets(study, judged, plan.schedule, plan.response)
        case "prohibited":
            return prohibited_medicines(study, required(section.prohibited, "prohibited"))
        case never:
            assert_never(never)


def derive(study: StudyRecords, plan: Plan) -> pd.DataFrame:
    """The dataset (`contracts.adam.addv`), by subject and number of the record."""
    section = required(plan.deviations, "deviations")
    parts = [
        part.assign(category=category, place=place)
        for place, category in enumerate(section.categories)
        for part in _judged(category, section, study, plan)
    ]
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    found = found.assign(date=found["date"].astype("datetime64[ns]"))
    order = ["USUBJID", "date", "place", "row", "visit"]
    found = found.sort_values(order, kind="stable", ignore_index=True)
    return _dataset(study, found, section)


def _dataset(study: StudyRecords, found: pd.DataFrame, section: Deviations) -> pd.DataFrame:
    infused = study.infused
    who = infused.set_index("USUBJID").reindex(found["USUBJID"]).reset_index(names="USUBJID")
    deviates = found["status"] == DEVIATION
    important = deviates & found["category"].isin(section.important)
    dataset = pd.DataFrame(
        {
            **{name: who[name] for name in ("STUDYID", "USUBJID", "SUBJID")},
            "TRTP": who["TRT01P"],
            "TRTA": who["TRT01A"],
            **{name: who[name] for name in ("PART", "DOSELVL")},
            "ASEQ": found.groupby("USUBJID").cumcount().astype("int64") + 1,
            "DVCAT": found["category"].map(DEVIATION_GROUPS).astype(object),
            "DVDECOD": found["category"].map(DEVIATIONS).astype(object),
            "DVTERM": found["found"].astype(object),
            "DVPLAN": found["planned"].astype(object),
            "DVSTAT": found["status"].astype(object),
            "DVIMPFL": mark(important),
            "ANL01FL": mark(deviates),
            "ADT": found["date"],
            "ADY": study_day(found["date"], who["TRTSDT"]),
            "AVISIT": found["visit"].astype(object),
            "SRCDOM": found["table"].astype(object),
            "SRCVAR": found["column"].astype(object),
            "SRCSEQ": found["row"].astype("int64"),
        }
    )
    names = dataset.select_dtypes("object")
    return dataset.assign(**{str(n): names[n].mask(names[n].isna(), None) for n in names})


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``adie``, and ``validated/``; write ``adam/addv``."""
    if plan.deviations is None:
        return
    validated, adam = folder / "validated", folder / "adam"
    sources = json.loads((validated / "sources.json").read_text("utf-8"))
    unique = unique_identifiers(folder, plan.study.id)
    visits = ["subject_id", "visit", "visit_date", "source_row", *core_set_columns(plan.response)]
    tables = {
        name: renamed(pd.read_parquet(validated / f"{name}.parquet", columns=columns), unique)
        for name, columns in (("visits", visits), ("therapies", None), ("lymphodepletion", None))
        if name in sources
    }
    screened = {"screening", "eligibility"} & set(sources)
    adie = pd.read_parquet(adam / "adie.parquet") if screened else None
    absent = {name: sources[name].get("not_recorded", ()) for name in sources}
    study = StudyRecords.of_tables(pd.read_parquet(adam / "adsl.parquet"), tables, adie, absent)
    write_parquet(adam / "addv.parquet", ADDV.validate(derive(study, plan)))
