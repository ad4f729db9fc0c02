"""ADRS: one record per subject, assessment and parameter, and one per configured visit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.config.model import COMPONENTS, Response, Visit
from durable.derive.adsl import study_day
from durable.derive.assessments import UNSCHEDULED

#: Code and name of each component's parameters.
PLACES = {
    "physician_global": ("PHYS", "physician global"),
    "parent_global": ("PAR", "parent global"),
    "muscle": ("MUS", "muscle strength"),
    "function": ("FUN", "physical function (CHAQ)"),
    "enzyme": ("ENZ", "enzyme or CHQ-PhS"),
    "extramuscular": ("EXTR", "extramuscular activity"),
}
#: Status columns of the assessments: code, name.
STATUSES = {
    "item_ck": ("REMCK", "Remission item: CK"),
    "item_cmas": ("REMCMAS", "Remission item: CMAS"),
    "item_mmt8": ("REMMMT8", "Remission item: MMT8"),
    "item_physician_global": ("REMPHYS", "Remission item: physician global"),
    "remission": ("REMIS", "Remission"),
    "confirmed_loss": ("RECLOSS", "Confirmed loss of remission"),
    "confirmed_worse": ("PROGWRS", "Confirmed worsening"),
    "investigator_event": ("RECINV", "Recurrence or progression by the investigator"),
    "early_flare": ("FLARE", "Early flare, for adjudication"),
}
#: Scores that bound the total: code, name, column of the assessments.
OTHER_SCORES = (
    ("TISBEST", "missing light measures at their maximum", "tis_best"),
    ("TISENZ0", "enzyme or CHQ-PhS scored 0", "tis_enzyme_zero"),
    ("TISENZMX", "enzyme or CHQ-PhS scored its maximum", "tis_enzyme_maximum"),
)
PARTIAL = "PARTIAL"
IMPROVED = ("IMPR", "Disease improvement")
_YES_NO = {1.0: "Y", 0.0: "N"}

MISSING = {
    "died": "DIED",
    "withdrawn": "WITHDRAWN",
    "pending": "PENDING",
    "not_calculable": "NOT CALCULABLE",
    "not_assessed": "NOT ASSESSED",
}


def derive(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """Response dataset (see `contracts.adam`), sorted by USUBJID and ASEQ.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    frame
        Assessments with losses, as `recurrence.with_losses` returns them.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    frame = frame.loc[frame["subject_id"].isin(infused["USUBJID"])]
    chosen = selected(frame, response.improvement.unscheduled)
    frame = frame.assign(anl01=frame.index.isin(chosen))
    records = [*_measures(frame, response), *_scores(frame), *_statuses(frame)]
    records.append(_improvement(infused, frame, schedule, response))
    long = pd.concat(records, keys=range(len(records)), names=["order", None])
    long = long.reset_index(level="order")
    long = long.sort_values(
        ["USUBJID", "ADT", "SRCSEQ", "order"], kind="stable", na_position="last"
    )
    long = long.reset_index(drop=True)
    long.insert(0, "ASEQ", long.groupby("USUBJID").cumcount().to_numpy("int64") + 1)
    long.insert(0, "STUDYID", infused["STUDYID"].iloc[0] if len(infused) else "")
    return long[_COLUMNS]


_COLUMNS = [
    "STUDYID",
    "USUBJID",
    "ASEQ",
    "PARAMCD",
    "PARAM",
    "VISIT",
    "AVISIT",
    "ADT",
    "ADY",
    "AWTARGET",
    "AWTDIFF",
    "AVAL",
    "AVALC",
    "BASE",
    "ABLFL",
    "ANL01FL",
    "REASON",
    "SRCDOM",
    "SRCVAR",
    "SRCSEQ",
]


def selected(frame: pd.DataFrame, unscheduled: bool) -> pd.Index[int]:
    """Rows that stand for their scheduled visit: nearest to target, of two as near the earlier.

    Assessments whose score can be calculated come before those whose cannot; unscheduled ones take
    part only when so configured.
    """
    part = frame.loc[frame["avisit"].notna()]
    if not unscheduled:
        part = part.loc[part["visit"] != UNSCHEDULED]
    order = part.assign(
        unscored=part["tis"].isna(), distance=(part["day"] - part["target"]).abs()
    ).sort_values(["unscored", "distance", "day"], kind="stable")
    return order.drop_duplicates(["subject_id", "avisit"]).index


def _mark(condition: npt.ArrayLike, text: str) -> npt.NDArray[np.object_]:
    """The text where a condition holds, nothing elsewhere."""
    return np.array([None, text], dtype=object).take(np.asarray(condition, dtype=int))


def _common(frame: pd.DataFrame, code: str, label: str, column: str) -> pd.DataFrame:
    visit = frame["avisit"].mask(frame["baseline"], "BASELINE")
    return pd.DataFrame(
        {
            "USUBJID": frame["subject_id"],
            "PARAMCD": code,
            "PARAM": label,
            "VISIT": frame["visit"],
            "AVISIT": visit.astype(object),
            "ADT": frame["visit_date"],
            "ADY": study_day(frame["visit_date"], frame["infusion_date"]),
            "AWTARGET": frame["target"].astype("Int64"),
            "AWTDIFF": (frame["day"] - frame["target"]).astype("Int64"),
            "AVAL": np.nan,
            "AVALC": None,
            "BASE": np.nan,
            "ABLFL": _mark(frame["baseline"], "Y"),
            "ANL01FL": _mark(frame["anl01"], "Y"),
            "REASON": None,
            "SRCDOM": "visits",
            "SRCVAR": column,
            "SRCSEQ": frame["source_row"].astype("Int64"),
        }
    )


def _measures(frame: pd.DataFrame, response: Response) -> list[pd.DataFrame]:
    """Value, percent change and score of each component at each assessment."""
    records = []
    for component in COMPONENTS:
        code, name = PLACES[component]
        measure = response.measures[component]
        values = _common(frame, code, f"{name.capitalize()}: {measure}", measure)
        if measure == "enzyme":
            values["PARAM"] = "Enzyme most abnormal at baseline (multiple of ULN)"
            values["SRCVAR"] = frame["enzyme"]
        values["AVAL"], values["BASE"] = frame[f"value_{component}"], frame[f"base_{component}"]
        after = frame.loc[frame["post"]]
        change = _common(after, f"{code}PC", f"Absolute percent change: {name}", measure)
        change["AVAL"], change["BASE"] = after[f"change_{component}"], after[f"base_{component}"]
        score = _common(after, f"{code}SC", f"Component score: {name}", measure)
        score["AVAL"] = after[f"score_{component}"]
        change["SRCVAR"] = score["SRCVAR"] = values["SRCVAR"].loc[after.index]
        records += [values, change, score]
    return records


def _scores(frame: pd.DataFrame) -> list[pd.DataFrame]:
    after = frame.loc[frame["post"]]
    total = _common(after, "TIS", "Total Improvement Score", "visit_date")
    total["AVAL"] = after["tis"]
    total["AVALC"] = after["level"]
    total["REASON"] = _mark(after["partial"], PARTIAL)
    total.loc[after["tis"].isna(), "REASON"] = MISSING["not_calculable"]
    records = [total]
    for code, name, column in OTHER_SCORES:
        score = _common(after, code, f"Total Improvement Score, {name}", "visit_date")
        score["AVAL"] = after[column]
        records.append(score)
    return records


def _statuses(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Remission and what speaks against it; unknown is U."""
    records = []
    for column, (code, label) in STATUSES.items():
        status = _common(frame, code, label, "visit_date")
        status["AVAL"] = frame[column].astype(float)
        status["AVALC"] = status["AVAL"].map(_YES_NO).fillna("U").astype(object)
        records.append(status)
    return records


def _improvement(
    infused: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """One record per infused subject and visit of the improvement rate, assessed or not."""
    rule = response.improvement
    least = getattr(rule.thresholds, rule.level)
    chosen = frame.loc[frame["anl01"]]
    records = []
    for visit in (v for v in schedule if v.visit in rule.visits):
        at_visit = chosen.loc[chosen["avisit"] == visit.visit].set_index("subject_id")
        at_visit = at_visit.reindex(infused["USUBJID"]).assign(baseline=False, anl01=True)
        score = at_visit["tis"]
        improved = (score >= least).astype(float).where(score.notna())
        record = _common(at_visit.reset_index(names="subject_id"), *IMPROVED, "visit_date")
        record = record.assign(
            USUBJID=infused["USUBJID"].to_numpy(object),
            AVISIT=visit.visit,
            AWTARGET=visit.day,
            AVAL=improved.to_numpy(float),
            AVALC=improved.map(_YES_NO).to_numpy(object),
            REASON=_reason(infused, at_visit, visit),
        )
        assessed = at_visit["visit_date"].notna().to_numpy()
        record["SRCDOM"] = _mark(assessed, "visits")
        record["SRCVAR"] = _mark(assessed, "visit_date")
        records.append(record)
    return pd.concat(records, ignore_index=True)


def _reason(infused: pd.DataFrame, at_visit: pd.DataFrame, visit: Visit) -> npt.NDArray[Any]:
    """Why there is no improvement status; PARTIAL where the score lacks a light measure."""
    infusion = infused["TRTSDT"].to_numpy()
    close = infusion + np.timedelta64(visit.last_day, "D")
    partial = _mark(at_visit["partial"].eq(True), PARTIAL)
    return np.select(
        [
            at_visit["tis"].notna().to_numpy(),
            infused["DTHDT"].to_numpy() <= close,
            infused["EOSDT"].to_numpy() <= close,
            infused["CUTDT"].to_numpy() < close,
            at_visit["visit_date"].notna().to_numpy(),
        ],
        [
            partial,
            MISSING["died"],
            MISSING["withdrawn"],
            MISSING["pending"],
            MISSING["not_calculable"],
        ],
        MISSING["not_assessed"],
    )
