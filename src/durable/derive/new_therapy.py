"""New systemic immunosuppressive therapy (rescue): an intercurrent event (ICH E9(R1)).

What is assessed after it began is not the work of the infused cells alone. An assessment on the day
it began was made before it could act, and counts as before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.partial_dates import partial_column
from durable.frames import positions, subject_index
from durable.jdm.reinfusion import Reinfusion

Flags = npt.NDArray[np.bool_]


def new_systemic(therapies: pd.DataFrame | None) -> pd.DataFrame:
    """New systemic therapies, whenever they began; no row where `therapies` is None.

    Parameters
    ----------
    therapies
        Validated table, or None where the study has none.

    Returns
    -------
    DataFrame
        ``subject_id``, ``start_date``, ``source_row``, and where the plan imputes starts recorded
        in part their text (``start_date_partial``); by subject, date and row of the file.
    """
    columns = ["subject_id", "start_date", "source_row"]
    if therapies is None:
        kinds: dict[str, Any] = dict(zip(columns, (object, "datetime64[ns]", "int64"), strict=True))
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    text = [name for name in (partial_column("start_date"),) if name in therapies]
    new = therapies.loc[therapies["new_systemic"] == "Y", [*columns, *text]]
    return new.sort_values(columns, ignore_index=True)


def with_reinfusions(
    new: pd.DataFrame, subjects: pd.DataFrame, rule: Reinfusion | None
) -> pd.DataFrame:
    """The new therapies, with the second infusions that count as such.

    Parameters
    ----------
    new
        As `new_systemic` returns them.
    subjects
        Validated table after the data cut-off.
    rule
        How a second infusion counts; None where the plan says that there is none.

    Returns
    -------
    DataFrame
        `new` itself without a rule; else with ``reinfusion``, whether the record is an infusion,
        whose ``source_row`` is that of the subject. Of two on one day the therapy is the first.
    """
    if rule is None:
        return new
    therapies = new.assign(reinfusion=False)
    if not rule.as_new_therapy or "reinfusion_date" not in subjects:
        return therapies
    reinfused = subjects.loc[subjects["reinfusion_date"].notna()]
    infusions = pd.DataFrame(
        {
            "subject_id": reinfused["subject_id"].astype(object),
            "start_date": reinfused["reinfusion_date"],
            "source_row": reinfused["source_row"].astype("int64"),
            "reinfusion": True,
        }
    )
    both = pd.concat([therapies, infusions]) if len(infusions) else therapies
    return both.sort_values(["subject_id", "start_date", "reinfusion"], ignore_index=True)


def begun_since(new: pd.DataFrame, date: pd.Series[pd.Timestamp]) -> pd.DataFrame:
    """The new therapies that began on or after a date of their subject.

    Parameters
    ----------
    new
        As `new_systemic` returns them.
    date
        Date, indexed by ``subject_id``. Therapies of a subject without one, and those without a
        start date, are left out.
    """
    return new.loc[new["start_date"] >= new["subject_id"].map(date)]


def first_of_each(new: pd.DataFrame) -> pd.DataFrame:
    """The first row of each subject, of therapies in the order of `new_systemic`."""
    return new.drop_duplicates("subject_id", ignore_index=True)


def assessed_after(frame: pd.DataFrame, start: pd.Series[pd.Timestamp]) -> Flags:
    """Whether each assessment lies after the start of its subject's new therapy.

    Parameters
    ----------
    frame
        Assessments with ``subject``, ``subject_id`` and ``visit_date``.
    start
        Start of the first new therapy by subject; not-a-time or absent where there is none.

    Returns
    -------
    array of bool, shape (assessments,)
        False on the day of the start itself, and for a subject without a new therapy.
    """
    if start.empty or not len(subject_index(frame)):
        return np.zeros(len(frame), dtype=np.bool_)
    position = positions(frame, start.index)
    date = np.where(position >= 0, start.to_numpy()[position], np.datetime64("NaT"))
    return np.asarray(frame["visit_date"].to_numpy() > date)


def interventions(
    subjects: pd.DataFrame, new: pd.DataFrame, assessments: pd.DataFrame
) -> pd.DataFrame:
    """New systemic therapies since the infusion and deaths: ``subject_id`` and ``date``.

    Parameters
    ----------
    subjects
        Validated table after the data cut-off.
    new
        New therapies since the infusion (`begun_since`).
    assessments
        With ``rescue_dose``, which flags the increases of glucocorticoids that count as therapies.
    """
    died = subjects.loc[subjects["death_date"].notna()]
    raised = assessments.loc[assessments["rescue_dose"]]
    dates = [new["start_date"], raised["visit_date"], died["death_date"]]
    return pd.DataFrame(
        {
            "subject_id": [*new["subject_id"], *raised["subject_id"], *died["subject_id"]],
            "date": pd.concat(dates).to_numpy("datetime64[ns]"),
        }
    )
