"""Checks of remission as the plan defines it: what a reader of the durations has to know."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.assessments import remission_of
from durable.frames import first_row_of_day
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import StudyTable
from durable.jdm.remission import ITEMS
from durable.jdm.remission_status import first_remission
from durable.jdm.response import Response
from durable.language import _

_DATES = ["lymphodepletion_date", "infusion_date"]


def check_remission(visits: StudyTable, study: Study, findings: Findings) -> None:
    """Add findings on the remission status of infused subjects, by the rule in force.

    These are remission at baseline (``baseline_remission``), two statuses on one day
    (``status_differs``), and a recurrence or progression by the investigator on the day of first
    remission (``recurrence_on_remission_day``).
    """
    subjects, response = study.tables["subjects"], study.plan.response
    people = subjects.frame.drop_duplicates("subject_id")[["subject_id", *_DATES]]
    people = people.loc[people["infusion_date"].notna()].astype({"subject_id": object})
    table = _columns(visits, response)
    is_used = table["visit_date"].notna() & table["subject_id"].isin(people["subject_id"])
    table = table.loc[is_used].astype({"subject_id": object})
    if table.empty:
        return
    frame = remission_of(people, table, response)
    status = frame["remission"].to_numpy(float)

    def add(rows: npt.NDArray[np.bool_], column: str, rule: str, expected: str) -> None:
        found = visits.frame["source_row"].isin(frame["source_row"].to_numpy()[rows])
        findings.add(visits.recorded, found, column, rule, expected)

    inactive = frame["baseline"].to_numpy(bool) & (status == 1)
    expected = _("active disease at baseline; by the rule in force this is remission")
    add(inactive, "visit_date", "baseline_remission", expected)
    expected = _("one remission status per day; the later row is used")
    add(_differs(frame, status), "visit_date", "status_differs", expected)
    recorded = frame["investigator_assessment"].isin(["recurrence", "progression"]).to_numpy(bool)
    expected = _("no recurrence on the day of first remission; it does not end the response")
    same_day = recorded & _is_on_remission_day(frame, response)
    add(same_day, "investigator_assessment", "recurrence_on_remission_day", expected)


def _columns(visits: StudyTable, response: Response) -> pd.DataFrame:
    """The columns of the assessments that the rule reads: a large study's take room."""
    remission = response.remission
    if remission.definition.reads_score:
        return visits.frame
    named = ["subject_id", "visit_date", "source_row", "investigator_assessment"]
    named += [item.column for item in ITEMS]
    return visits.frame[list(dict.fromkeys([*named, *remission.columns]))]


def _differs(frame: pd.DataFrame, status: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Known statuses after infusion that another of the same day contradicts."""
    known = frame["post"].to_numpy(bool) & ~np.isnan(status)
    by_day = pd.Series(status).where(known).groupby(first_row_of_day(frame), sort=False)
    return known & (by_day.transform("min") < by_day.transform("max")).to_numpy(bool)


def _is_on_remission_day(frame: pd.DataFrame, response: Response) -> npt.NDArray[np.bool_]:
    """Whether an assessment is of the day of its subject's first remission."""
    start = first_remission(frame, response.remission).to_numpy()
    day = first_row_of_day(frame)
    return np.isin(day, day[start])
