"""Deviations of visits: out of their window, or without a complete core set."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.spelling import fold
from durable.derive import deviation_texts as texts
from durable.derive.assessments import UNSCHEDULED
from durable.derive.deviation_records import (
    StudyRecords,
    days_after_infusion,
    fold_texts,
    found_records,
    no_table,
    of_infusion,
)
from durable.jdm.core_set import core_set_recorded, source_column
from durable.jdm.measures import core_set_measure
from durable.jdm.response import Response
from durable.plan.deviations import CoreSetDeviation, VisitWindowDeviation
from durable.schedule import Visit
from durable.vocabulary import DEVIATION, NOT_ASSESSABLE


def visits_out_of_window(
    study: StudyRecords, section: VisitWindowDeviation, schedule: tuple[Visit, ...]
) -> Iterator[pd.DataFrame]:
    """Records of assessments outside the window of the visit that they are labelled as.

    One after infusion whose label is neither a visit of the schedule nor UNS is not assessable;
    without a table of visits nobody is.
    """
    if study.visits is None:
        yield no_table(study, "visits", texts.WINDOW_UNKNOWN)
        return
    visits = study.visits[["subject_id", "visit", "visit_date", "source_row"]]
    label, day = fold_texts(visits["visit"]), days_after_infusion(study, visits)
    for visit in schedule:
        if section.visits is None or visit.visit in section.visits:
            outside = ~day.between(visit.first_day, visit.last_day)
            rows = visits.loc[(label == fold(visit.visit)) & outside]
            findings = [texts.WINDOW_FOUND.format(day=day[row]) for row in rows.index]
            yield _of_visits(rows, DEVIATION, _window(texts.WINDOW_PLANNED, visit), findings, visit)
    known = {fold(name) for name in (*(visit.visit for visit in schedule), UNSCHEDULED)}
    strange = visits.loc[(day >= 1) & ~label.isin(known)]
    labels = zip(strange["visit"], day.loc[strange.index], strict=True)
    findings = [texts.LABEL_UNKNOWN.format(label=name, day=number) for name, number in labels]
    yield _of_visits(strange, NOT_ASSESSABLE, texts.WINDOW_UNKNOWN, findings)


def _of_visits(
    rows: pd.DataFrame, status: str, planned: str, findings: list[str], visit: Visit | None = None
) -> pd.DataFrame:
    """Records of assessments, which their date decides."""
    label = rows["visit"].astype(object) if visit is None else visit.visit
    dated = {"date": rows["visit_date"], "row": rows["source_row"], "visit": label}
    source = {"table": "visits", "column": "visit_date"}
    return found_records(
        rows["subject_id"], status, planned=planned, found=findings, **dated, **source
    )


def _window(form: str, visit: Visit) -> str:
    return form.format(first=visit.first_day, last=visit.last_day)


def incomplete_core_sets(
    study: StudyRecords,
    section: CoreSetDeviation,
    schedule: tuple[Visit, ...],
    response: Response,
) -> Iterator[pd.DataFrame]:
    """Records of visits due without an assessment that records every measure of the core set.

    A visit is due where its window closed by the data cut-off and the subject was alive and in the
    study on its last day. Not assessable without a table of visits.
    """
    for visit in schedule:
        if visit.visit not in section.visits:
            continue
        due = _due(study.infused, visit)
        planned = _window(texts.CORE_SET_PLANNED, visit)
        if study.visits is None:
            finding = texts.NO_TABLE.format(table="visits")
            yield _of_windows(due, NOT_ASSESSABLE, planned, finding, visit)
        else:
            yield from _incomplete(study, study.visits, due, visit, response)


def _due(infused: pd.DataFrame, visit: Visit) -> pd.DataFrame:
    """Subjects who are alive and in the study on the last day of a window that has closed."""
    close = infused["TRTSDT"] + pd.Timedelta(days=visit.last_day)
    gone = (infused["DTHDT"] <= close) | (infused["EOSDT"] <= close)
    return infused.loc[~gone & (infused["CUTDT"] >= close)]


def _incomplete(
    study: StudyRecords, visits: pd.DataFrame, due: pd.DataFrame, visit: Visit, response: Response
) -> Iterator[pd.DataFrame]:
    """Those of the subjects who are due whose core set is incomplete or missing at a visit."""
    day = days_after_infusion(study, visits)
    inside = day.between(visit.first_day, visit.last_day)
    if not response.improvement.unscheduled:
        inside &= visits["visit"].astype(object) != UNSCHEDULED
    rows = visits.loc[inside & visits["subject_id"].isin(due["USUBJID"])]
    recorded = core_set_recorded(rows, response)
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
    incomplete = _of_visits(shown, DEVIATION, planned, [_missing(one) for one in lacking], visit)
    yield incomplete.assign(column=[source_column(measures[0]) for measures in lacking])
    unseen = due.loc[~due["USUBJID"].isin(subject)]
    yield _of_windows(unseen, DEVIATION, planned, texts.NOT_SEEN, visit)


def _missing(measures: list[str]) -> str:
    labels = "; ".join(core_set_measure(measure).label for measure in measures)
    return texts.CORE_SET_MISSING.format(measures=labels)


def _of_windows(
    rows: pd.DataFrame, status: str, planned: str, finding: str, visit: Visit
) -> pd.DataFrame:
    """Records of visits without an assessment, dated at the last day of their window."""
    close = rows["TRTSDT"] + pd.Timedelta(days=visit.last_day)
    dated = of_infusion(rows, status, "infusion_date", planned, finding)
    return dated.assign(date=close, visit=visit.visit)
