"""Deviations of medicines: those that are prohibited after the infusion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.partial_dates import partial_column
from durable.contracts.spelling import fold
from durable.derive import deviation_texts as texts
from durable.derive.deviation_records import StudyRecords, fold_texts, found_records, no_table
from durable.jdm.eligibility import THERAPY_CLASS_LABELS
from durable.plan.deviations import ProhibitedDeviation
from durable.vocabulary import DEVIATION, NOT_ASSESSABLE


def prohibited_medicines(
    study: StudyRecords, section: ProhibitedDeviation
) -> Iterator[pd.DataFrame]:
    """Records of prohibited medicines in use on or after the day of infusion.

    Where classes are prohibited, a medicine without a class is not assessable; without a table of
    therapies nobody is.
    """
    therapies = study.therapies
    if therapies is None:
        yield no_table(study, "therapies", texts.PERMITTED_ONLY)
        return
    rows = _in_use(study, therapies, section)
    by_class = pd.Series(None, index=rows.index, dtype=object)
    if "class" in rows:
        by_class = rows["class"].astype(object)
    names = {fold(name) for name in section.medicines}
    reasons = {
        "new_systemic": (rows["new_systemic"] == "Y")
        & (rows["start_date"] >= rows["infusion"])
        & section.new_systemic,
        "class": by_class.isin(section.classes),
        "therapy": fold_texts(rows["therapy"]).isin(names),
    }
    columns = np.select([*reasons.values()], [*reasons], "")
    prohibited = rows.loc[columns != ""].assign(column=columns[columns != ""])
    words = {
        "new_systemic": pd.Series(texts.NO_NEW_SYSTEMIC, index=rows.index),
        "class": by_class.map(THERAPY_CLASS_LABELS).map(_none_of),
        "therapy": rows["therapy"].map(_none_of),
    }
    planned = [words[name][row] for row, name in prohibited["column"].items()]
    yield _of_therapies(prohibited, DEVIATION, planned)
    if section.classes:
        unknown = rows.loc[(columns == "") & by_class.isna()].assign(column="class")
        yield _of_therapies(unknown, NOT_ASSESSABLE, texts.PERMITTED_ONLY)


def _none_of(medicine: object) -> str:
    return texts.NO_MEDICINE.format(medicine=medicine)


def _in_use(
    study: StudyRecords, therapies: pd.DataFrame, section: ProhibitedDeviation
) -> pd.DataFrame:
    """Therapies in use on or after the day of infusion, for a reason for which none is permitted.

    ``infusion`` is the day of the subject's infusion, ``since`` the first day of use from it on.
    """
    infusion = study.of_subject("TRTSDT", therapies["subject_id"]).astype("datetime64[ns]")
    start, end = therapies["start_date"], therapies["end_date"]
    first_use = start.where(start >= infusion, infusion)
    used = end.isna() | (end >= infusion)
    if section.days is not None:
        used &= (first_use - infusion).dt.days <= section.days
    if section.permitted_reasons:
        permitted = {fold(reason) for reason in section.permitted_reasons}
        used &= ~fold_texts(therapies["reason"]).isin(permitted)
    return therapies.assign(infusion=infusion, since=first_use).loc[used]


def _of_therapies(rows: pd.DataFrame, status: str, planned: Any) -> pd.DataFrame:
    """Records of therapies, dated at their first day of use from the infusion on."""
    findings = []
    starts, ends = _as_recorded(rows, "start_date"), _as_recorded(rows, "end_date")
    for medicine, start, end in zip(rows["therapy"], starts, ends, strict=True):
        form = texts.TAKEN if end is None else texts.TAKEN_TO
        if status == NOT_ASSESSABLE:
            form = texts.CLASS_MISSING
        findings.append(form.format(medicine=medicine, start=start, end=end))
    dated = {"date": rows["since"], "row": rows["source_row"], "column": rows["column"]}
    subjects = rows["subject_id"]
    return found_records(
        subjects, status, planned=planned, found=findings, table="therapies", **dated
    )


def _as_recorded(rows: pd.DataFrame, column: str) -> list[str | None]:
    """Dates as they are recorded, those in part as such; None where there is none."""
    dates = rows[column].dt.strftime("%Y-%m-%d").astype(object)
    if partial_column(column) in rows:
        in_part = rows[partial_column(column)].astype(object)
        dates = in_part.where(in_part.notna(), dates)
    return [None if pd.isna(date) else str(date) for date in dates]
