"""Freedom from medicines and increases of glucocorticoids, at each assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import (
    changes,
    first_rows,
    last_of_day,
    row_of_subject,
    subject_index,
    take_or_nan,
    with_columns,
)
from durable.jdm.drug_free import DrugFree, DrugFreeAnalysis
from durable.jdm.held import held_at_consecutive, held_at_end, held_for_days
from durable.jdm.parameters import GLUCOCORTICOID
from durable.jdm.response import Response
from durable.jdm.three_valued import all_met, at_most, equal_to

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

if TYPE_CHECKING:
    #: Three values: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]


def with_drug_free(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Add the columns of each endpoint of ``response.drug_free``; none where that is empty.

    Parameters
    ----------
    frame
        Assessments with remission, as `with_remission` returns them, and ``after_new_therapy``.
    response
        Definitions. Where no remission is credited after new systemic therapy, no other state is.

    Returns
    -------
    DataFrame
        With three flags by the name of the analysis: NAME, whether the state has been held here as
        the plan asks; NAME_known, whether the assessment is after infusion and shows the state or
        its absence; NAME_pending, whether it is among the last, which show the state. Of several
        assessments on a day the last with a known status alone can have them.
    """
    if response.drug_free is None:
        return frame
    columns: dict[str, Any] = {}
    credited = frame["post"].to_numpy(bool)
    if not response.new_therapy.credits_remission:
        credited = credited & ~frame["after_new_therapy"].to_numpy(bool)
    for name in response.drug_free.analyses:
        if name == "dose":
            continue
        status = _status(name, frame, response.drug_free).to_numpy(float)
        counted = np.where(credited, status, np.nan)
        columns[name] = (
            held_for_days(frame, counted, response.drug_free.sustained_days)
            if name == "sustained_remission"
            else held_at_consecutive(frame, counted, response.drug_free.consecutive)
        )
        known = frame["post"].to_numpy(bool) & ~np.isnan(status)
        columns[f"{name}_known"] = last_of_day(frame, known)
        columns[f"{name}_pending"] = held_at_end(frame, counted)
    return with_columns(frame, columns)


def with_glucocorticoid_increase(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Add ``glucocorticoid_increase`` (1, 0, NaN unknown) and the flag ``rescue_dose``.

    NaN and False everywhere where the plan does not define an increase.

    Parameters
    ----------
    frame
        Assessments with ``baseline``, ``post`` and ``after_new_therapy``.
    response
        Definitions. Where an increase counts as new systemic therapy, ``rescue_dose`` flags the
        assessments at which one begins, and those of later days lie ``after_new_therapy``.
    """
    rule = response.glucocorticoid_increase
    post = frame["post"].to_numpy(bool)
    if rule is None:
        return with_columns(frame, {"glucocorticoid_increase": np.nan, "rescue_dose": False})
    dose = frame[GLUCOCORTICOID.column].to_numpy(float)
    # Doses are decimals: 0.3 is 0.2 more than 0.1.
    increase = np.round(dose - _reference_dose(frame, dose, rule.over), 9)
    unknown = ~post | np.isnan(increase)
    status = np.where(unknown, np.nan, increase >= np.round(rule.by_mg_kg, 9))
    rescue = _begins(frame, dose, status, rule.by_mg_kg) & rule.as_new_therapy
    columns: dict[str, Any] = {"glucocorticoid_increase": status, "rescue_dose": rescue}
    if rescue.any():
        first = row_of_subject(subject_index(frame), first_rows(subject_index(frame), rescue))
        date = frame["visit_date"].to_numpy()
        later = (first >= 0) & (date > date[first])
        columns["after_new_therapy"] = frame["after_new_therapy"].to_numpy(bool) | later
    return with_columns(frame, columns)


def _begins(frame: pd.DataFrame, dose: Floats, status: Floats, by_mg_kg: float) -> Flags:
    """Whether an increase begins: one that goes on, without a further step, is counted once."""
    known = _recorded_doses(frame, dose)
    shown = status[known] == 1
    step = np.round(np.diff(dose[known], prepend=np.nan), 9) >= np.round(by_mg_kg, 9)
    goes_on = ~changes(subject_index(frame)[known]) & np.roll(shown, 1) & ~step
    begins = np.zeros(len(frame), dtype=np.bool_)
    begins[known[shown & ~goes_on]] = True
    return begins


def _recorded_doses(frame: pd.DataFrame, dose: Floats) -> Ints:
    """Rows with a dose since the baseline, that one included: the last of each day."""
    counted = frame["baseline"].to_numpy(bool) | frame["post"].to_numpy(bool)
    return np.flatnonzero(last_of_day(frame, ~np.isnan(dose) & counted))


def _reference_dose(frame: pd.DataFrame, dose: Floats, reference_kind: str) -> Floats:
    """The dose that each is compared with; NaN where there is none."""
    subject = subject_index(frame)
    if reference_kind == "baseline":
        return take_or_nan(dose, row_of_subject(subject, np.flatnonzero(frame["baseline"])))
    known = _recorded_doses(frame, dose)
    doses = pd.Series(dose[known]).groupby(subject[known])
    earlier = doses.cummin() if reference_kind == "lowest" else pd.Series(dose[known])
    reference = np.full(len(frame), np.nan)
    reference[known] = earlier.groupby(subject[known]).shift(1).to_numpy(float)
    return reference


def _status(name: DrugFreeAnalysis, frame: pd.DataFrame, definition: DrugFree) -> Status:
    """Status of a state by assessment: 1, 0, NaN unknown."""
    limit = definition.glucocorticoid_max_mg_kg
    match name:
        case "glucocorticoid_free":
            return at_most(frame[GLUCOCORTICOID.column], limit)
        case "immunosuppressant_free":
            return equal_to(frame["immunosuppressant"], "N")
        case "drug_free_remission":
            free = [_status(one, frame, definition) for one in _MEDICINES]
            return all_met([frame["remission"], *free])
    return frame["remission"]


_MEDICINES: tuple[DrugFreeAnalysis, ...] = ("glucocorticoid_free", "immunosuppressant_free")
