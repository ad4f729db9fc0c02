"""``l_assessments``: values, changes, scores and statuses of every assessment."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from durable.jdm import wording
from durable.jdm.measures import COMPONENTS, ENZYME, Component, core_set_measure
from durable.jdm.parameters import SCORE, SCORE_AT_BEST
from durable.jdm.remission import ITEMS
from durable.language import N_, _
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    STUDY_DAY,
    SUBJECT,
    Column,
    Columns,
    Listing,
    category_label,
    coded_text,
    date,
    number,
    text,
)
from durable.plan import Plan
from durable.wording import capitalise

#: Variables of ADRS that identify an assessment.
ASSESSMENT = ["USUBJID", "SRCSEQ"]
#: Variables of ADRS that are the same in every record of an assessment.
_IDENTITY = [
    *ASSESSMENT,
    *("SUBJID", "VISIT", "AVISIT", "ADT", "ADY", "AWTDIFF", "ABLFL", "ANL01FL", "SRCDOM"),
]
_SCORES, _STATUS = N_("Core set measures and score"), N_("Remission and recurrence")
_REMISSION_ITEMS = N_("Remission items")
#: Statuses by parameter: Y, N, and U where it is unknown.
_ITEMS = {item.paramcd: item.label for item in ITEMS}
_STATUSES = {
    "REMIS": N_("Remission"),
    "RECLOSS": N_("Confirmed loss"),
    "PROGWRS": N_("Confirmed worsening"),
    "RECINV": N_("Recurrence by investigator"),
    "FLARE": N_("Early flare"),
}
#: Parameters of an assessment that are numbers and listed.
_MEASURED = [
    *(f"{one.paramcd}{kind}" for one in COMPONENTS.values() for kind in ("", "PC", "SC")),
    *(SCORE.paramcd, SCORE_AT_BEST.paramcd),
]


def _component_columns(plan: Plan, component: Component) -> Columns:
    code, value = component.paramcd, value_column(plan, component)
    return (
        Column(
            code, N_("value"), "number", value.decimals, spanning_heading=value.label, part=_SCORES
        ),
        Column(
            f"{code}PC", N_("change (%)"), "number", 1, spanning_heading=value.label, part=_SCORES
        ),
        Column(f"{code}SC", N_("score"), "number", spanning_heading=value.label, part=_SCORES),
    )


def value_column(plan: Plan, component: Component) -> Column:
    """Column of the values of a component of the core set, headed by its measure in the plan."""
    measure = core_set_measure(plan.response.measures[component.name])
    # A multiple of the upper limit of normal is a quotient; the other measures are as recorded.
    decimals = 2 if measure is ENZYME else None
    return Column(component.paramcd, capitalise(_(measure.label)), "number", decimals)


def item_columns(part: str = "") -> Columns:
    """Columns that say whether each item of the remission rules is met: Y, N or U (unknown)."""
    return tuple(
        coded_text(code, capitalise(_(label)), _REMISSION_ITEMS, part)
        for code, label in _ITEMS.items()
    )


def assessment_records(folder: ResultsFolder, **having: Collection[str]) -> pd.DataFrame:
    """One row per assessment: values, changes, scores and statuses side by side.

    Parameters
    ----------
    folder
        Folder of results.
    having
        By column of ADRS, the values of which a record has one; every assessment when empty.

    Returns
    -------
    DataFrame
        In the order of ADRS, text as categories: `ASSESSMENT` and what is the same in all records
        of an assessment; ``SRCVAR``; ``LEVEL`` and ``REASON`` of the score; then a column for each
        parameter listed, with AVAL of measures and scores and AVALC of statuses, missing where the
        assessment has no record of it.
    """
    statuses = [*_ITEMS, *_STATUSES]
    listed = {"PARAMCD": [*_MEASURED, *statuses], **having}
    adrs = folder.records("adrs", [*_IDENTITY, "PARAMCD", "AVAL", "AVALC", "REASON"], listed)
    assessment = adrs.groupby(ASSESSMENT, sort=False, observed=True).ngroup().to_numpy()
    rows = adrs.groupby("PARAMCD", observed=True).indices

    def values(variable: str, parameter: str) -> pd.Series[Any]:
        # A study may have no assessment after infusion, or none at all.
        at = rows.get(parameter, np.array([], dtype=int))
        return pd.Series(adrs[variable].array[at], index=assessment[at])

    first = adrs.drop_duplicates(ASSESSMENT)[_IDENTITY].reset_index(drop=True)
    return first.assign(
        SRCVAR="visit_date",
        LEVEL=values("AVALC", SCORE.paramcd),
        REASON=values("REASON", SCORE.paramcd),
        **{parameter: values("AVAL", parameter) for parameter in _MEASURED},
        **{parameter: values("AVALC", parameter) for parameter in statuses},
    )


LISTING = Listing(
    name="assessments",
    title=N_("Assessments"),
    source="ADRS",
    variables=lambda plan: (
        SUBJECT,
        text("VISIT", N_("Visit recorded")),
        coded_text("AVISIT", N_("Analysis visit")),
        date("ADT", N_("Date")),
        STUDY_DAY,
        number("AWTDIFF", N_("Days from target")),
        coded_text("ABLFL", N_("Baseline")),
        coded_text("ANL01FL", N_("Analysed at visit")),
        *(column for one in COMPONENTS.values() for column in _component_columns(plan, one)),
        Column(SCORE.paramcd, SCORE.paramcd, "number", part=_SCORES),
        Column(
            SCORE_AT_BEST.paramcd,
            _("{score} at best").format(score=SCORE.paramcd),
            "number",
            part=_SCORES,
        ),
        coded_text("LEVEL", category_label(), part=_SCORES),
        coded_text("REASON", N_("Score status"), part=_SCORES),
        *item_columns(_STATUS),
        *(coded_text(code, label, part=_STATUS) for code, label in _STATUSES.items()),
    ),
    notes=lambda plan: (
        *wording.core_set(plan.response),
        *wording.remission(plan.response),
        *wording.recurrence(plan.response),
        _(
            "Change: absolute percent change from baseline relative to the range; positive is"
            " better. {code}: {score}, the sum of the scores. {code} at best: with missing light"
            " measures at their maximum. U: unknown because items are missing. Changes and scores"
            " are of assessments after infusion."
        ).format(code=SCORE.paramcd, score=_(SCORE.label)),
        wording.abbreviations(),
    ),
    records=lambda folder, _plan: assessment_records(folder),
    by=(SUBJECT.name,),
    keys=("VISIT", "ADT"),
)
