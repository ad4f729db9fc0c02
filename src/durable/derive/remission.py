"""Remission at each assessment, in three values: yes (1), no (0), unknown (NaN).

With items missing a rule may still be decided: three of four met is yes, two failed is no.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.frames import first_rows, last_of_day, numbers, with_columns
from durable.jdm.response import Criteria, Remission, Response

Floats = npt.NDArray[np.float64]

#: Names of the item columns that `with_status` adds for the PRINTO rules.
ITEMS = ("item_ck", "item_cmas", "item_mmt8", "item_physician_global")


def at_most(values: npt.ArrayLike, limit: float) -> Floats:
    """Whether values are at most a limit; NaN where missing."""
    given = np.asarray(values, dtype=float)
    return np.where(np.isnan(given), np.nan, (given <= limit).astype(float))


def at_least(values: npt.ArrayLike, limit: float) -> Floats:
    """Whether values are at least a limit; NaN where missing."""
    given = np.asarray(values, dtype=float)
    return np.where(np.isnan(given), np.nan, (given >= limit).astype(float))


def count_met(items: list[Floats], needed: int) -> Floats:
    """Whether at least `needed` items are met, whatever the unknown ones turn out to be."""
    met = np.zeros(np.shape(items[0]), dtype=np.int64)
    failed = np.zeros_like(met)
    for item in items:
        met += item == 1
        failed += item == 0
    return np.where(met >= needed, 1.0, np.where(len(items) - failed < needed, 0.0, np.nan))


def all_met(items: list[Floats]) -> Floats:
    """Three-valued AND."""
    return count_met(items, len(items))


def any_met(items: list[Floats]) -> Floats:
    """Three-valued OR."""
    return count_met(items, 1)


def printo_items(frame: pd.DataFrame, criteria: Criteria) -> dict[str, Floats]:
    """The four items of clinically inactive disease (Lazarevic et al., Ann Rheum Dis 2013)."""
    return {
        "item_ck": at_most(frame["ck"], criteria.ck_max),
        "item_cmas": at_least(frame["cmas"], criteria.cmas_min),
        "item_mmt8": at_least(frame["mmt8"], criteria.mmt8_min),
        "item_physician_global": at_most(frame["physician_global"], criteria.physician_global_max),
    }


def _by_rule(frame: pd.DataFrame, items: dict[str, Floats], rule: Remission) -> Floats:
    if rule.rule in ("printo", "modified_printo"):
        inactive = count_met(list(items.values()), rule.criteria.at_least)
        if rule.rule == "printo":
            return inactive
        # Almeida et al. 2015: rash persists in most visits that meet the rule without this item.
        return _modified(items, rule.criteria.at_least)
    if rule.rule == "jdmai1":
        return at_most(frame["jdmai1"], rule.jdmai1_max)
    if rule.rule == "jdmai2":
        return at_most(frame["jdmai2"], rule.jdmai2_max)
    if rule.rule == "tis":
        return at_least(frame["tis"], rule.tis_min)
    recorded = frame["investigator_assessment"]
    return np.where(recorded.isna(), np.nan, (recorded == "remission").astype(float))


def _modified(items: dict[str, Floats], needed: int) -> Floats:
    """At least `needed` items, the physician global among them."""
    mandatory = items["item_physician_global"]
    others = [item for name, item in items.items() if name != "item_physician_global"]
    return all_met([mandatory, count_met(others, needed - 1)])


def with_status(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Add the items, ``remission`` (1, 0, NaN) and ``adequate``.

    Adequate is an assessment after infusion whose status is known. Of several on one day the last
    row of the file stands for the day: two forms of a day are one assessment.
    """
    rule = response.remission
    items = printo_items(frame, rule.criteria)
    status = [_by_rule(frame, items, rule)]
    if rule.glucocorticoid_max_mg_kg is not None:
        status.append(at_most(frame["glucocorticoid_mg_kg"], rule.glucocorticoid_max_mg_kg))
    if rule.immunosuppressant_free:
        given = frame["immunosuppressant"]
        status.append(np.where(given.isna(), np.nan, (given == "N").astype(float)))
    met = all_met(status)
    adequate = last_of_day(frame, frame["post"].to_numpy(bool) & ~np.isnan(met))
    return with_columns(frame, {**items, "remission": met, "adequate": adequate})


def first_remission(
    frame: pd.DataFrame, confirmation: bool, excluded: npt.NDArray[np.bool_] | None = None
) -> pd.Series[int]:
    """Row (index of `frame`) of the first remission after infusion, by subject.

    Parameters
    ----------
    frame
        Assessments, as `with_status` returns them.
    confirmation
        Whether remission must hold at the next adequate assessment, of another day, too.
    excluded
        Assessments that are not credited: those after new systemic therapy, by its strategy. They
        neither start a remission nor confirm one.
    """
    adequate = frame["adequate"].to_numpy(bool)
    known = np.flatnonzero(adequate if excluded is None else adequate & ~excluded)
    number = numbers(frame)[known]
    met = frame["remission"].to_numpy(float)[known] == 1
    if confirmation:
        again = np.zeros(len(known), dtype=bool)
        again[:-1] = met[1:] & (number[1:] == number[:-1])
        met &= again
    first = known[first_rows(number, met)]
    subjects = frame["subject_id"].to_numpy()[first]
    return pd.Series(frame.index.to_numpy()[first], index=subjects, dtype="int64")
