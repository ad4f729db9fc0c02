"""Deviations of the infusion itself: eligibility, dose, lymphodepletion, number infused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pandas as pd

from durable.contracts.spelling import fold
from durable.criterion import UNKNOWN
from durable.derive import deviation_texts as texts
from durable.derive.deviation_records import (
    StudyRecords,
    fold_texts,
    found_records,
    no_table,
    of_infusion,
)
from durable.derive.doses import outside_in_words, percent_of_planned, within_tolerance
from durable.eligibility import CRITERION_BY_ID
from durable.plan import DoseExposure
from durable.plan.deviations import DoseDeviation, LymphodepletionDeviation, NumberInfused
from durable.vocabulary import DEVIATION, NOT_ASSESSABLE
from durable.wording import percent as percent_text

_MILLION = 1e6
#: What is planned and what lacks, of medicines in therapies and of doses.
_BEGUN = (texts.MEDICINES_PLANNED, texts.NOT_GIVEN)
_DOSED = (texts.DOSES_PLANNED, texts.NO_DOSE)


def eligibility_violations(study: StudyRecords) -> Iterator[pd.DataFrame]:
    """Records of criteria that are violated (deviations), and of subjects not assessable.

    The latter have a criterion that is not decided, or were not screened; without ADIE it is all.
    """
    criteria, infused = study.criteria, study.infused
    if criteria is None:
        yield no_table(study, "screening", texts.CRITERIA_DECIDED)
        return
    violated = criteria.loc[criteria["VIOLFL"] == "Y"]
    row, subject_row = violated["SRCSEQ"], study.of_subject("SRCSEQ", violated["USUBJID"])
    yield found_records(
        violated["USUBJID"],
        DEVIATION,
        planned=[
            texts.CRITERION.format(criterion=name, text=CRITERION_BY_ID[name].text)
            for name in violated["IETESTCD"]
        ],
        found=np.where(
            violated["IEWAIVER"] == "Y", texts.CRITERION_WAIVED, texts.CRITERION_VIOLATED
        ),
        date=violated["SCRNDT"],
        # A violation that no row of either table shows follows from the subject's own.
        table=violated["SRCDOM"].where(row.notna(), "subjects"),
        column=violated["SRCVAR"].where(row.notna(), "infusion_date"),
        row=row.fillna(subject_row),
    )
    undecided = criteria.loc[criteria["ANSWER"] == UNKNOWN]
    names = undecided.groupby(undecided["USUBJID"].astype(object))["IETESTCD"].agg(", ".join)
    reason = infused["USUBJID"].map(names.map(lambda all_: texts.NOT_DECIDED.format(criteria=all_)))
    reason = reason.mask(~infused["USUBJID"].isin(criteria["USUBJID"]), texts.NOT_SCREENED)
    rows, findings = infused.loc[reason.notna()], reason.dropna()
    yield of_infusion(rows, NOT_ASSESSABLE, "infusion_date", texts.CRITERIA_DECIDED, findings)


def dose_deviations(
    study: StudyRecords, section: DoseDeviation, exposure: DoseExposure
) -> Iterator[pd.DataFrame]:
    """Records of doses that differ from that of their level by more than the tolerance.

    Not assessable where the dose received, or that of the level, is not known.
    """
    infused, column = study.infused, "cells_per_kg"
    received = infused["CELLSKG"].to_numpy(float)
    planned = infused["DOSELVL"].map(exposure.planned_cells, na_action=None).to_numpy(float)
    share = percent_of_planned(received, planned)
    out_of_tolerance = ~np.isnan(share) & ~within_tolerance(share, section.tolerance)
    yield of_infusion(
        infused.loc[out_of_tolerance],
        DEVIATION,
        column,
        [
            texts.DOSE_PLANNED.format(
                dose=f"{dose / _MILLION:.10g}", tolerance=percent_text(section.tolerance)
            )
            for dose in planned[out_of_tolerance]
        ],
        [
            texts.DOSE_FOUND.format(
                dose=f"{dose / _MILLION:.10g}", percent=outside_in_words(percent, section.tolerance)
            )
            for dose, percent in zip(
                received[out_of_tolerance], share[out_of_tolerance], strict=True
            )
        ],
    )
    unknown = np.isnan(share)
    reason = np.where(np.isnan(received), texts.DOSE_MISSING, texts.LEVEL_MISSING)[unknown]
    rows = infused.loc[unknown]
    yield of_infusion(rows, NOT_ASSESSABLE, column, texts.DOSE_OF_LEVEL, reason)


def lymphodepletion_deviations(
    study: StudyRecords, section: LymphodepletionDeviation
) -> Iterator[pd.DataFrame]:
    """Records of infusions without lymphodepletion 1 to `section.days` days before.

    It is what ``section.recorded_as`` names: the date of the subject, or every medicine of the
    section. Nobody is assessable where the data lack the column of the date, or the table of the
    medicines; a date that is merely empty is a deviation.
    """
    match section.recorded_as:
        case "date":
            yield from _lymphodepletion_by_date(study, section)
        case "medicines":
            columns = study.therapies, "therapies", "therapy", "start_date"
            yield from _lymphodepletion_by_medicines(
                study, section, _MedicineRecords(*columns), *_BEGUN
            )
        case "doses":
            columns = study.doses, "lymphodepletion", "medicine", "administration_date"
            yield from _lymphodepletion_by_medicines(
                study, section, _MedicineRecords(*columns), *_DOSED
            )
        case never:
            assert_never(never)


def _lymphodepletion_by_date(
    study: StudyRecords, section: LymphodepletionDeviation
) -> Iterator[pd.DataFrame]:
    infused, column = study.infused, "lymphodepletion_date"
    planned = texts.LYMPHODEPLETION_PLANNED.format(days=section.days)
    if column in study.not_in_file.get("subjects", ()):
        yield of_infusion(infused, NOT_ASSESSABLE, column, planned, texts.NOT_IN_FILE)
        return
    before = (infused["TRTSDT"] - infused["LDDT"]).dt.days
    missing = infused.loc[~before.between(1, section.days)]
    findings = [_start_text(days) for days in before.loc[missing.index]]
    yield of_infusion(missing, DEVIATION, column, planned, findings)


def _start_text(days_before: float) -> str:
    """When lymphodepletion began."""
    if np.isnan(days_before):
        return texts.NONE_RECORDED
    if days_before == 0:
        return texts.BEGUN_ON_DAY
    form = texts.BEGUN_BEFORE if days_before > 0 else texts.BEGUN_AFTER
    return form.format(days=f"{abs(days_before):.0f}")


@dataclass(frozen=True)
class _MedicineRecords:
    """Records of medicines: None where the study has no such table, and their columns."""

    records: pd.DataFrame | None
    table: str
    medicine: str
    date: str


def _lymphodepletion_by_medicines(
    study: StudyRecords,
    section: LymphodepletionDeviation,
    source: _MedicineRecords,
    planned_form: str,
    lacking_form: str,
) -> Iterator[pd.DataFrame]:
    """By the day of each record of a medicine; what is planned and what lacks in words."""
    infused, records = study.infused, source.records
    names = "; ".join(section.medicines)
    planned = planned_form.format(medicines=names, days=section.days)
    if records is None:
        yield no_table(study, source.table, planned)
        return
    infusion = study.of_subject("TRTSDT", records["subject_id"]).astype("datetime64[ns]")
    in_time = (infusion - records[source.date]).dt.days.between(1, section.days)
    name = fold_texts(records[source.medicine])
    missing: dict[str, list[str]] = {}
    for medicine in section.medicines:
        treated = records.loc[in_time & (name == fold(medicine)), "subject_id"]
        for subject in infused.loc[~infused["USUBJID"].isin(treated), "USUBJID"]:
            missing.setdefault(subject, []).append(medicine)
    rows = infused.loc[infused["USUBJID"].isin(missing.keys())]
    findings = [
        lacking_form.format(medicines="; ".join(missing[subject])) for subject in rows["USUBJID"]
    ]
    yield of_infusion(rows, DEVIATION, "infusion_date", planned, findings)


def beyond_planned_number(study: StudyRecords, section: NumberInfused) -> Iterator[pd.DataFrame]:
    """Records of subjects infused beyond the planned number; of one day, in order of USUBJID."""
    order = study.infused.sort_values(["TRTSDT", "USUBJID"], ignore_index=True)
    beyond = order.iloc[section.planned :]
    planned = texts.NUMBER_PLANNED.format(number=section.planned)
    findings = [texts.NUMBER_FOUND.format(number=position + 1) for position in beyond.index]
    yield of_infusion(beyond, DEVIATION, "infusion_date", planned, findings)
