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
from durable.derive.deviation_records import StudyRecords
from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.infusion_deviations import (
    beyond_planned_number,
    dose_deviations,
    eligibility_violations,
    lymphodepletion_deviations,
)
from durable.derive.medicine_deviations import prohibited_medicines
from durable.derive.variables import mark, study_day
from durable.derive.visit_deviations import incomplete_core_sets, visits_out_of_window
from durable.files import write_parquet
from durable.jdm.core_set import core_set_columns
from durable.plan import DoseExposure, Plan
from durable.plan.deviations import Category, Deviations
from durable.sections import require_section
from durable.vocabulary import DEVIATION, DEVIATION_GROUPS, DEVIATIONS


def _category_records(
    category: Category, section: Deviations, study: StudyRecords, plan: Plan
) -> Iterator[pd.DataFrame]:
    """Records of a category (`deviation_records.found_records`)."""
    match category:
        case "eligibility":
            return eligibility_violations(study)
        case "dose":
            exposure = plan.exposure or DoseExposure()
            return dose_deviations(study, require_section(section.dose, "dose"), exposure)
        case "lymphodepletion":
            return lymphodepletion_deviations(
                study, require_section(section.lymphodepletion, "lymphodepletion")
            )
        case "number_infused":
            return beyond_planned_number(
                study, require_section(section.number_infused, "number_infused")
            )
        case "visit_window":
            return visits_out_of_window(
                study, require_section(section.visit_window, "visit_window"), plan.schedule
            )
        case "core_set":
            judged = require_section(section.core_set, "core_set")
            return incomplete_core_sets(study, judged, plan.schedule, plan.response)
        case "prohibited":
            return prohibited_medicines(study, require_section(section.prohibited, "prohibited"))
        case never:
            assert_never(never)


def derive(study: StudyRecords, plan: Plan) -> pd.DataFrame:
    """ADDV (`contracts.adam.addv`), by USUBJID and ASEQ; the plan must have ``deviations``.

    A subject without a deviation, and with all that is judged assessable, has no record.
    """
    section = require_section(plan.deviations, "deviations")
    parts = [
        part.assign(category=category, place=position)
        for position, category in enumerate(section.categories)
        for part in _category_records(category, section, study, plan)
    ]
    records = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    records = records.assign(date=records["date"].astype("datetime64[ns]"))
    order = ["USUBJID", "date", "place", "row", "visit"]
    records = records.sort_values(order, kind="stable", ignore_index=True)
    return _dataset(study, records, section)


def _dataset(study: StudyRecords, records: pd.DataFrame, section: Deviations) -> pd.DataFrame:
    infused = study.infused
    subjects = infused.set_index("USUBJID").reindex(records["USUBJID"]).reset_index(names="USUBJID")
    deviates = records["status"] == DEVIATION
    important = deviates & records["category"].isin(section.important)
    dataset = pd.DataFrame(
        {
            **{name: subjects[name] for name in ("STUDYID", "USUBJID", "SUBJID")},
            "TRTP": subjects["TRT01P"],
            "TRTA": subjects["TRT01A"],
            **{name: subjects[name] for name in ("PART", "DOSELVL")},
            "ASEQ": records.groupby("USUBJID").cumcount().astype("int64") + 1,
            "DVCAT": records["category"].map(DEVIATION_GROUPS).astype(object),
            "DVDECOD": records["category"].map(DEVIATIONS).astype(object),
            "DVTERM": records["found"].astype(object),
            "DVPLAN": records["planned"].astype(object),
            "DVSTAT": records["status"].astype(object),
            "DVIMPFL": mark(important),
            "ANL01FL": mark(deviates),
            "ADT": records["date"],
            "ADY": study_day(records["date"], subjects["TRTSDT"]),
            "AVISIT": records["visit"].astype(object),
            "SRCDOM": records["table"].astype(object),
            "SRCVAR": records["column"].astype(object),
            "SRCSEQ": records["row"].astype("int64"),
        }
    )
    names = dataset.select_dtypes("object")
    return dataset.assign(**{str(n): names[n].mask(names[n].isna(), None) for n in names})


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``adie``, and ``validated/``; write ``adam/addv``.

    Nothing is done where the plan has no section ``deviations``.
    """
    if plan.deviations is None:
        return
    validated, adam = folder / "validated", folder / "adam"
    sources = json.loads((validated / "sources.json").read_text("utf-8"))
    unique = unique_identifiers(folder, plan.study.id)
    visits = ["subject_id", "visit", "visit_date", "source_row", *core_set_columns(plan.response)]
    tables = {
        name: with_usubjid(pd.read_parquet(validated / f"{name}.parquet", columns=columns), unique)
        for name, columns in (("visits", visits), ("therapies", None), ("lymphodepletion", None))
        if name in sources
    }
    screened = {"screening", "eligibility"} & set(sources)
    adie = pd.read_parquet(adam / "adie.parquet") if screened else None
    absent = {name: sources[name].get("not_recorded", ()) for name in sources}
    study = StudyRecords.of_tables(pd.read_parquet(adam / "adsl.parquet"), tables, adie, absent)
    write_parquet(adam / "addv.parquet", ADDV.validate(derive(study, plan)))
