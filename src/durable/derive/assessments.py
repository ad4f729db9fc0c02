"""One row per assessment: days, analysis visit, baseline, score and status by the plan's rules.

The frame that `assess` returns is what every dataset is made from; it is sorted by subject, date
and row of the file, and its index is 0..n-1.
"""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import last_rows, subject_index, with_columns
from durable.jdm.remission_status import with_remission
from durable.jdm.response import Baseline, Response
from durable.jdm.scores import with_scores
from durable.schedule import Visit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

UNSCHEDULED = "UNS"


def assess(
    subjects: pd.DataFrame, visits: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """The assessments with all that is derived of each, by subject, date and row of the file.

    Parameters
    ----------
    subjects, visits
        Validated tables after the data cut-off.
    schedule, response
        Parts of the plan.

    Returns
    -------
    DataFrame
        The columns of `visits`, and: ``lymphodepletion_date``, ``infusion_date``; ``day`` (days
        since infusion; the infusion is day 0; NaN without one), ``post`` (after the day of
        infusion), ``subject`` (number from 0 of the subject, among those with assessments),
        ``avisit`` and ``target`` (`analysis_visit`), ``baseline`` (flag), and the columns of
        `with_scores` and `with_remission`.
    """
    frame = score_assessments(order_assessments(subjects, visits, schedule), response)
    return with_remission(frame, response)


def order_assessments(
    subjects: pd.DataFrame, visits: pd.DataFrame, schedule: tuple[Visit, ...]
) -> pd.DataFrame:
    """The assessments of `assess`, with its columns up to ``target``.

    No definition of response changes these. Parameters are those of `assess`.
    """
    frame = _sort_assessments(subjects, visits)
    avisit, target = analysis_visit(frame["day"].to_numpy(float), schedule)
    return with_columns(frame, {"avisit": avisit, "target": target})


def aplasia_at_assessments(frame: pd.DataFrame, b_cells: pd.DataFrame | None) -> Floats:
    """Whether B cells were absent at each assessment, by the last result up to and on its day.

    Parameters
    ----------
    frame
        Assessments, as `order_assessments` returns them.
    b_cells
        Results as `b_cell_results` returns them, in the order of their time; None for none.

    Returns
    -------
    ndarray, shape (assessments,)
        1 or 0; NaN where the subject has no result by then, and everywhere without results.
    """
    if b_cells is None or b_cells.empty:
        return np.full(len(frame), np.nan)
    dates = frame[["subject_id", "visit_date"]].astype({"subject_id": object})
    dates = dates.rename_axis("row").reset_index().sort_values("visit_date", kind="stable")
    latest = pd.merge_asof(
        dates, b_cells, left_on="visit_date", right_on="date", by="subject_id", direction="backward"
    )
    return latest.set_index("row").sort_index()["aplasia"].to_numpy(float, na_value=np.nan)


def score_assessments(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """The assessments of `order_assessments` with ``baseline`` and the columns of `with_scores`."""
    baseline = baseline_flag(frame, response.baseline)
    return with_scores(with_columns(frame, {"baseline": baseline}), response)


def remission_of(subjects: pd.DataFrame, visits: pd.DataFrame, response: Response) -> pd.DataFrame:
    """The assessments of `assess`, without analysis visits, for their status of remission.

    The columns of `with_scores` are there only where the remission rule reads the score. Parameters
    are those of `assess`.
    """
    frame = _sort_assessments(subjects, visits)
    frame = with_columns(frame, {"baseline": baseline_flag(frame, response.baseline)})
    if response.remission.definition.reads_score:
        frame = with_scores(frame, response)
    return with_remission(frame, response)


def _sort_assessments(subjects: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    number, names = pd.factorize(visits["subject_id"], sort=True)
    keys = (visits["source_row"].to_numpy(), visits["visit_date"].to_numpy(), number)
    order = np.lexsort(keys)
    if not np.array_equal(order, np.arange(len(order))):
        visits, number = visits.take(order), number[order]
    dates = subjects.set_index("subject_id")[["lymphodepletion_date", "infusion_date"]]
    dates = dates.reindex(names).take(number)
    day = (visits["visit_date"].to_numpy() - dates["infusion_date"]).dt.days.to_numpy(float)
    new: dict[str, Any] = {str(name): values.to_numpy() for name, values in dates.items()}
    new |= {"day": day, "post": day >= 1, "subject": number}
    return with_columns(visits.reset_index(drop=True), new)


def baseline_flag(frame: pd.DataFrame, baseline: Baseline) -> Flags:
    """Flag, by assessment, of the baseline: of each subject one assessment at most.

    The last assessment before lymphodepletion, for a subject without one the last before infusion;
    with ``baseline.before`` infusion always the latter. With ``same_day`` the day itself counts as
    before. A subject without such an assessment has no baseline.
    """
    flag = np.zeros(len(frame), dtype=bool)
    rows = _last_before(frame, "infusion_date", baseline.same_day)
    match baseline.before:
        case "infusion":
            pass
        case "lymphodepletion":
            earlier = _last_before(frame, "lymphodepletion_date", baseline.same_day)
            flag[earlier] = True
            subject = subject_index(frame)
            rows = rows[~np.isin(subject[rows], subject[earlier])]
        case never:
            assert_never(never)
    flag[rows] = True
    return flag


def _last_before(frame: pd.DataFrame, column: str, same_day: bool) -> Ints:
    """Row of the last assessment before a date of its subject, for each subject with one."""
    visit, date = frame["visit_date"].to_numpy(), frame[column].to_numpy()
    return last_rows(subject_index(frame), visit <= date if same_day else visit < date)


def analysis_visit(
    day: Floats, schedule: tuple[Visit, ...]
) -> tuple[npt.NDArray[np.object_], Floats]:
    """Label and target day of the scheduled visit whose window holds each day.

    None and NaN outside all windows, whose first and last days belong to them. Windows do not
    overlap (the plan refuses it), so a day lies in one at most.
    """
    position = np.zeros(day.shape, dtype=np.intp)
    for number, visit in enumerate(schedule, 1):
        position[(day >= visit.first_day) & (day <= visit.last_day)] = number
    label = np.array([None, *(visit.visit for visit in schedule)], dtype=object)
    target = np.array([np.nan, *(visit.day for visit in schedule)])
    return label[position], target[position]
