"""ADDV, one record per infused subject and deviation from the protocol.

A category of the plan is judged in three values: a deviation, none, or not assessable for want of
data. Records are of the first and the last; rules in words: docs/deviations.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.adam.addv import ADDV
from durable.contracts.partial_dates import partial_column
from durable.contracts.spelling import fold
from durable.criterion import UNKNOWN
from durable.derive import deviation_texts as texts
from durable.derive.adsl import mark, study_day
from durable.derive.assessments import UNSCHEDULED
from durable.derive.doses import percent_of_planned, within_tolerance
from durable.derive.identifiers import renamed, unique_identifiers
from durable.eligibility import CRITERION_BY_ID
from durable.files import write_parquet
from durable.jdm.core_set import core_set_columns, core_set_recorded, source_column
from durable.jdm.measures import core_set_measure
from durable.plan import DoseExposure, Plan
from durable.plan.deviations import (
    Category,
    Deviations,
    LymphodepletionDeviation,
    ProhibitedDeviation,
)
from durable.schedule import Visit
from durable.vocabulary import DEVIATION, DEVIATION_GROUPS, DEVIATIONS, NOT_ASSESSABLE
from durable.wording import percent as percent_text

_MILLION = 1e6
#: Columns of what a category finds, beside ``USUBJID``.
_FOUND = ("status", "planned", "found", "date", "visit", "table", "column", "row")


@dataclass(frozen=True)
class StudyRecords:
    """What the categories are judged from, of the infused subjects alone.

    Attributes
    ----------
    infused
        Their records of ADSL, numbered from 0; the row of subjects is SRCSEQ.
    visits, therapies
        Validated tables after the data cut-off, with USUBJID as ``subject_id``; None where the
        study has none.
    criteria
        ADIE, of the attempt that counts; None where the study has none.
    not_in_file
        Columns that the file of a table lacks, by table.
    """

    infused: pd.DataFrame
    visits: pd.DataFrame | None
    therapies: pd.DataFrame | None
    criteria: pd.DataFrame | None
    not_in_file: Mapping[str, Collection[str]]

    @classmethod
    def of(
        cls,
        adsl: pd.DataFrame,
        tables: Mapping[str, pd.DataFrame],
        adie: pd.DataFrame | None = None,
        not_in_file: Mapping[str, Collection[str]] | None = None,
    ) -> StudyRecords:
        """The records of the infused among those of ADSL, of visits and therapies, and of ADIE."""
        infused = adsl.loc[adsl["SAFFL"] == "Y"].reset_index(drop=True)

        def of_infused(name: str) -> pd.DataFrame | None:
            if name not in tables:
                return None
            table = tables[name]
            records = table.loc[table["subject_id"].isin(infused["USUBJID"])]
            return records.sort_values("source_row", ignore_index=True)

        criteria = None
        if adie is not None:
            counted = (adie["ANL01FL"] == "Y") & adie["USUBJID"].isin(infused["USUBJID"])
            criteria = adie.loc[counted].reset_index(drop=True)
        given = not_in_file or {}
        return cls(infused, of_infused("visits"), of_infused("therapies"), criteria, given)

    def of_subject(self, variable: str, subjects: pd.Series[str]) -> pd.Series[Any]:
        """A variable of ADSL at records of these subjects."""
        values: pd.Series[Any] = subjects.astype(object).map(
            self.infused.set_index("USUBJID")[variable]
        )
        return values


def _found(subjects: pd.Series[str], status: str, **columns: Any) -> pd.DataFrame:
    """Records of a category, one for each of the subjects; all of one status."""
    frame = pd.DataFrame({"USUBJID": subjects.astype(object), "status": status, "visit": None})
    return frame.assign(**columns)[["USUBJID", *_FOUND]]


def _of_infusion(
    rows: pd.DataFrame, status: str, column: str, planned: Any, found: Any
) -> pd.DataFrame:
    """Records of subjects of ADSL that are dated at their infusion."""
    given = {"date": rows["TRTSDT"], "row": rows["SRCSEQ"]}
    source = {"table": "subjects", "column": column}
    return _found(rows["USUBJID"], status, planned=planned, found=found, **given, **source)


def _no_table(study: StudyRecords, table: str, planned: str) -> pd.DataFrame:
    """Nobody can be judged without a table."""
    found = texts.NO_TABLE.format(table=table)
    return _of_infusion(study.infused, NOT_ASSESSABLE, "infusion_date", planned, found)


def _eligibility(study: StudyRecords, _plan: Plan) -> Iterator[pd.DataFrame]:
    """Criteria that are violated; and who has one that is not decided, or was not screened."""
    criteria, infused = study.criteria, study.infused
    if criteria is None:
        yield _no_table(study, "eligibility", texts.CRITERIA_DECIDED)
        return
    violated = criteria.loc[criteria["VIOLFL"] == "Y"]
    row, own = violated["SRCSEQ"], study.of_subject("SRCSEQ", violated["USUBJID"])
    yield _found(
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
        row=row.fillna(own),
    )
    undecided = criteria.loc[criteria["ANSWER"] == UNKNOWN]
    names = undecided.groupby(undecided["USUBJID"].astype(object))["IETESTCD"].agg(", ".join)
    reason = infused["USUBJID"].map(names.map(lambda all_: texts.NOT_DECIDED.format(criteria=all_)))
    reason = reason.mask(~infused["USUBJID"].isin(criteria["USUBJID"]), texts.NOT_SCREENED)
    rows, found = infused.loc[reason.notna()], reason.dropna()
    yield _of_infusion(rows, NOT_ASSESSABLE, "infusion_date", texts.CRITERIA_DECIDED, found)


def _dose(study: StudyRecords, plan: Plan) -> Iterator[pd.DataFrame]:
    """Doses that differ from that of their level by more than the tolerance."""
    section, exposure = deviations_section(plan).dose, plan.exposure or DoseExposure()
    if section is None:
        return
    infused, column = study.infused, "cells_per_kg"
    received = infused["CELLSKG"].to_numpy(float)
    planned = infused["DOSELVL"].map(exposure.planned, na_action=None).to_numpy(float)
    share = percent_of_planned(received, planned)
    outside = ~np.isnan(share) & ~within_tolerance(share, section.tolerance)
    yield _of_infusion(
        infused.loc[outside],
        DEVIATION,
        column,
        [
            texts.DOSE_PLANNED.format(
                dose=f"{dose / _MILLION:.10g}", tolerance=percent_text(section.tolerance)
            )
            for dose in planned[outside]
        ],
        [
            texts.DOSE_FOUND.format(dose=f"{dose / _MILLION:.10g}", percent=f"{percent:.6g}")
            for dose, percent in zip(received[outside], share[outside], strict=True)
        ],
    )
    unknown = np.isnan(share)
    reason = np.where(np.isnan(received), texts.DOSE_MISSING, texts.LEVEL_MISSING)[unknown]
    rows = infused.loc[unknown]
    yield _of_infusion(rows, NOT_ASSESSABLE, column, texts.DOSE_OF_LEVEL, reason)


def _lymphodepletion(study: StudyRecords, plan: Plan) -> Iterator[pd.DataFrame]:
    """Infusions that no lymphodepletion preceded in time."""
    section = deviations_section(plan).lymphodepletion
    if section is None:
        return
    if section.recorded_as == "date":
        yield from _lymphodepletion_by_date(study, section)
    else:
        yield from _lymphodepletion_by_medicines(study, section)


def _lymphodepletion_by_date(
    study: StudyRecords, section: LymphodepletionDeviation
) -> Iterator[pd.DataFrame]:
    infused, column = study.infused, "lymphodepletion_date"
    planned = texts.LYMPHODEPLETION_PLANNED.format(days=section.days)
    if column in study.not_in_file.get("subjects", ()):
        yield _of_infusion(infused, NOT_ASSESSABLE, column, planned, texts.NOT_IN_FILE)
        return
    before = (infused["TRTSDT"] - infused["LDDT"]).dt.days
    missing = infused.loc[~before.between(1, section.days)]
    found = [_begun(days) for days in before.loc[missing.index]]
    yield _of_infusion(missing, DEVIATION, column, planned, found)


def _begun(days_before: float) -> str:
    """When lymphodepletion began."""
    if np.isnan(days_before):
        return texts.NONE_RECORDED
    form = texts.BEGUN_BEFORE if days_before > 0 else texts.BEGUN_AFTER
    return form.format(days=f"{abs(days_before):.0f}")


def _lymphodepletion_by_medicines(
    study: StudyRecords, section: LymphodepletionDeviation
) -> Iterator[pd.DataFrame]:
    infused, therapies = study.infused, study.therapies
    names = "; ".join(section.medicines)
    planned = texts.MEDICINES_PLANNED.format(medicines=names, days=section.days)
    if therapies is None:
        yield _no_table(study, "therapies", planned)
        return
    infusion = study.of_subject("TRTSDT", therapies["subject_id"]).astype("datetime64[ns]")
    in_time = (infusion - therapies["start_date"]).dt.days.between(1, section.days)
    name = _folded(therapies["therapy"])
    missing: dict[str, list[str]] = {}
    for medicine in section.medicines:
        given = therapies.loc[in_time & (name == fold(medicine)), "subject_id"]
        for subject in infused.loc[~infused["USUBJID"].isin(given), "USUBJID"]:
            missing.setdefault(subject, []).append(medicine)
    rows = infused.loc[infused["USUBJID"].isin(missing.keys())]
    found = [
        texts.NOT_GIVEN.format(medicines="; ".join(missing[subject])) for subject in rows["USUBJID"]
    ]
    yield _of_infusion(rows, DEVIATION, "infusion_date", planned, found)


def _number_infused(study: StudyRecords, plan: Plan) -> Iterator[pd.DataFrame]:
    """Who was infused beyond the planned number; of one day, in the order of USUBJID."""
    section = deviations_section(plan).number_infused
    if section is None:
        return
    order = study.infused.sort_values(["TRTSDT", "USUBJID"], ignore_index=True)
    beyond = order.iloc[section.planned :]
    planned = texts.NUMBER_PLANNED.format(number=section.planned)
    found = [texts.NUMBER_FOUND.format(number=place + 1) for place in beyond.index]
    yield _of_infusion(beyond, DEVIATION, "infusion_date", planned, found)


def _visit_window(study: StudyRecords, plan: Plan) -> Iterator[pd.DataFrame]:
    """Assessments whose day lies outside the window of the visit that they are labelled as."""
    section = deviations_section(plan).visit_window
    if section is None:
        return
    if study.visits is None:
        yield _no_table(study, "visits", texts.WINDOW_UNKNOWN)
        return
    visits = study.visits[["subject_id", "visit", "visit_date", "source_row"]]
    label, day = _folded(visits["visit"]), _days_after_infusion(study, visits)
    for visit in plan.schedule:
        if section.visits is None or visit.visit in section.visits:
            outside = ~day.between(visit.first_day, visit.last_day)
            rows = visits.loc[(label == fold(visit.visit)) & outside]
            found = [texts.WINDOW_FOUND.format(day=day[row]) for row in rows.index]
            yield _of_visits(rows, DEVIATION, _window(texts.WINDOW_PLANNED, visit), found, visit)
    known = {fold(name) for name in (*(visit.visit for visit in plan.schedule), UNSCHEDULED)}
    strange = visits.loc[(day >= 1) & ~label.isin(known)]
    labels = zip(strange["visit"], day.loc[strange.index], strict=True)
    found = [texts.LABEL_UNKNOWN.format(label=name, day=number) for name, number in labels]
    yield _of_visits(strange, NOT_ASSESSABLE, texts.WINDOW_UNKNOWN, found)


def _of_visits(
    rows: pd.DataFrame, status: str, planned: str, found: list[str], visit: Visit | None = None
) -> pd.DataFrame:
    """Records of assessments, which their date decides."""
    label = rows["visit"].astype(object) if visit is None else visit.visit
    given = {"date": rows["visit_date"], "row": rows["source_row"], "visit": label}
    source = {"table": "visits", "column": "visit_date"}
    return _found(rows["subject_id"], status, planned=planned, found=found, **given, **source)


def _window(form: str, visit: Visit) -> str:
    return form.format(first=visit.first_day, last=visit.last_day)


def _days_after_infusion(study: StudyRecords, visits: pd.DataFrame) -> pd.Series[int]:
    infusion = study.of_subject("TRTSDT", visits["subject_id"]).astype("datetime64[ns]")
    return (visits["visit_date"] - infusion).dt.days.astype("int64")


def _folded(values: pd.Series[str]) -> pd.Series[str]:
    """Texts without the accidents of their spelling, each distinct one folded once; '' where none."""
    codes, distinct = pd.factorize(values.astype(object))
    folded = np.array([*map(fold, distinct), ""], dtype=object)
    return pd.Series(folded[codes], index=values.index, dtype=object)


def _core_set(study: StudyRecords, plan: Plan) -> Iterator[pd.DataFrame]:
    """Visits that are due, without an assessment that records every measure of the core set."""
    section = deviations_section(plan).core_set
    if section is None:
        return
    for visit in plan.schedule:
        if visit.visit not in section.visits:
            continue
        due = _due(study.infused, visit)
        planned = _window(texts.CORE_SET_PLANNED, visit)
        if study.visits is None:
            found = texts.NO_TABLE.format(table="visits")
            yield _of_windows(due, NOT_ASSESSABLE, planned, found, visit)
        else:
            yield from _incomplete(study, study.visits, due, visit, plan)


def _due(infused: pd.DataFrame, visit: Visit) -> pd.DataFrame:
    """Subjects who are alive and in the study on the last day of a window that has closed."""
    close = infused["TRTSDT"] + pd.Timedelta(days=visit.last_day)
    gone = (infused["DTHDT"] <= close) | (infused["EOSDT"] <= close)
    return infused.loc[~gone & (infused["CUTDT"] >= close)]


def _incomplete(
    study: StudyRecords, visits: pd.DataFrame, due: pd.DataFrame, visit: Visit, plan: Plan
) -> Iterator[pd.DataFrame]:
    """Those of the subjects who are due whose core set is incomplete or missing at a visit."""
    day = _days_after_infusion(study, visits)
    inside = day.between(visit.first_day, visit.last_day)
    if not plan.response.improvement.unscheduled:
        inside &= visits["visit"].astype(object) != UNSCHEDULED
    rows = visits.loc[inside & visits["subject_id"].isin(due["USUBJID"])]
    recorded = core_set_recorded(rows, plan.response)
    subject = rows["subject_id"].astype(object)
    complete = subject.loc[recorded.all(axis=1)]
    # What is recorded of most measures stands for the visit; of two alike the closest to the
    # target day, then the earlier.
    order = pd.DataFrame(
        {
            "missing": (~recorded).sum(axis=1),
            "distance": (day.loc[rows.index] - visit.day).abs(),
            "day": day.loc[rows.index],
            "subject": subject,
        }
    ).sort_values(["missing", "distance", "day"], kind="stable")
    order = order.loc[~order["subject"].isin(complete)].drop_duplicates("subject")
    shown, planned = rows.loc[order.index], _window(texts.CORE_SET_PLANNED, visit)
    lacking = [
        [str(measure) for measure, there in recorded.loc[row].items() if not there]
        for row in shown.index
    ]
    found = _of_visits(shown, DEVIATION, planned, [_missing(one) for one in lacking], visit)
    yield found.assign(column=[source_column(measures[0]) for measures in lacking])
    unseen = due.loc[~due["USUBJID"].isin(subject)]
    yield _of_windows(unseen, DEVIATION, planned, texts.NOT_SEEN, visit)


def _missing(measures: list[str]) -> str:
    labels = "; ".join(core_set_measure(measure).label for measure in measures)
    return texts.CORE_SET_MISSING.format(measures=labels)


def _of_windows(
    rows: pd.DataFrame, status: str, planned: str, found: str, visit: Visit
) -> pd.DataFrame:
    """Records of visits without an assessment, dated at the last day of their window."""
    close = rows["TRTSDT"] + pd.Timedelta(days=visit.last_day)
    dated = _of_infusion(rows, status, "infusion_date", planned, found)
    return dated.assign(date=close, visit=visit.visit)


def _prohibited(study: StudyRecords, plan: Plan) -> Iterator[pd.DataFrame]:
    """Prohibited medicines that were in use on or after the day of infusion."""
    section, therapies = deviations_section(plan).prohibited, study.therapies
    if section is None:
        return
    if therapies is None:
        yield _no_table(study, "therapies", texts.PERMITTED_ONLY)
        return
    rows = _in_use(study, therapies, section)
    by_class = pd.Series(None, index=rows.index, dtype=object)
    if "class" in rows:
        by_class = rows["class"].astype(object)
    names = {fold(name): name for name in section.medicines}
    reasons = {
        "new_systemic": (rows["new_systemic"] == "Y")
        & (rows["start_date"] >= rows["infusion"])
        & section.new_systemic,
        "class": by_class.isin(section.classes),
        "therapy": _folded(rows["therapy"]).isin(names),
    }
    columns = np.select([*reasons.values()], [*reasons], "")
    planned = {
        "new_systemic": lambda _: texts.NO_NEW_SYSTEMIC,
        "class": lambda row: texts.NO_CLASS.format(name=by_class[row]),
        "therapy": lambda row: texts.NO_MEDICINE.format(
            medicine=names[fold(str(rows["therapy"][row]))]
        ),
    }
    prohibited = rows.loc[columns != ""].assign(column=columns[columns != ""])
    words = [planned[name](row) for row, name in prohibited["column"].items()]
    yield _of_therapies(prohibited, DEVIATION, words)
    if section.classes:
        unknown = rows.loc[(columns == "") & by_class.isna()].assign(column="class")
        yield _of_therapies(unknown, NOT_ASSESSABLE, texts.PERMITTED_ONLY)


def _in_use(
    study: StudyRecords, therapies: pd.DataFrame, section: ProhibitedDeviation
) -> pd.DataFrame:
    """Therapies in use on or after the day of infusion, for a reason for which none is permitted.

    ``infusion`` is the day of the subject's infusion, ``since`` the first day of use from it on.
    """
    infusion = study.of_subject("TRTSDT", therapies["subject_id"]).astype("datetime64[ns]")
    start, end = therapies["start_date"], therapies["end_date"]
    since = start.where(start >= infusion, infusion)
    used = end.isna() | (end >= infusion)
    if section.days is not None:
        used &= (since - infusion).dt.days <= section.days
    if section.permitted_reasons:
        permitted = {fold(reason) for reason in section.permitted_reasons}
        used &= ~_folded(therapies["reason"]).isin(permitted)
    return therapies.assign(infusion=infusion, since=since).loc[used]


def _of_therapies(rows: pd.DataFrame, status: str, planned: Any) -> pd.DataFrame:
    """Records of therapies, dated at their first day of use from the infusion on."""
    found = []
    starts, ends = _as_recorded(rows, "start_date"), _as_recorded(rows, "end_date")
    for medicine, start, end in zip(rows["therapy"], starts, ends, strict=True):
        form = texts.TAKEN if end is None else texts.TAKEN_TO
        if status == NOT_ASSESSABLE:
            form = texts.CLASS_MISSING
        found.append(form.format(medicine=medicine, start=start, end=end))
    given = {"date": rows["since"], "row": rows["source_row"], "column": rows["column"]}
    subjects = rows["subject_id"]
    return _found(subjects, status, planned=planned, found=found, table="therapies", **given)


def _as_recorded(rows: pd.DataFrame, column: str) -> list[str | None]:
    """Dates as they are recorded, those in part as such; None where there is none."""
    dates = rows[column].dt.strftime("%Y-%m-%d").astype(object)
    if partial_column(column) in rows:
        in_part = rows[partial_column(column)].astype(object)
        dates = in_part.where(in_part.notna(), dates)
    return [None if pd.isna(date) else str(date) for date in dates]


_JUDGED_BY: Mapping[Category, Callable[[StudyRecords, Plan], Iterator[pd.DataFrame]]] = {
    "eligibility": _eligibility,
    "dose": _dose,
    "lymphodepletion": _lymphodepletion,
    "number_infused": _number_infused,
    "visit_window": _visit_window,
    "core_set": _core_set,
    "prohibited": _prohibited,
}


def deviations_section(plan: Plan) -> Deviations:
    """The section ``deviations``.

    Raises
    ------
    ValueError
        Where the plan has none.
    """
    if plan.deviations is None:
        raise ValueError("deviations: not in the plan")
    return plan.deviations


def derive(study: StudyRecords, plan: Plan) -> pd.DataFrame:
    """The dataset (`contracts.adam.addv`), by subject and number of the record."""
    categories = deviations_section(plan).categories
    parts = [
        part.assign(category=category, place=place)
        for place, category in enumerate(categories)
        for part in _JUDGED_BY[category](study, plan)
    ]
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    found = found.assign(date=found["date"].astype("datetime64[ns]"))
    order = ["USUBJID", "date", "place", "row", "visit"]
    found = found.sort_values(order, kind="stable", ignore_index=True)
    return _dataset(study, found, deviations_section(plan))


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
        for name, columns in (("visits", visits), ("therapies", None))
        if name in sources
    }
    screened = {"screening", "eligibility"} & set(sources)
    adie = pd.read_parquet(adam / "adie.parquet") if screened else None
    absent = {name: sources[name].get("not_recorded", ()) for name in sources}
    study = StudyRecords.of(pd.read_parquet(adam / "adsl.parquet"), tables, adie, absent)
    write_parquet(adam / "addv.parquet", ADDV.validate(derive(study, plan)))
