"""``l_improvement``: whether each infused subject improved at each visit of the rate."""

from __future__ import annotations

import pandas as pd

from durable.jdm import wording
from durable.jdm.parameters import SCORE
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.assessments import ASSESSMENT
from durable.outputs.listings.listing import (
    GROUPS,
    STUDY_DAY,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Listing,
    date,
    number,
    text,
)
from durable.plan import Plan


def _records(folder: ResultsFolder, _: Plan) -> pd.DataFrame:
    adrs = folder.dataset("adrs", PARAMCD=["IMPR", SCORE.paramcd])
    score = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd, [*ASSESSMENT, "AVAL", "AVALC"]]
    score = score.set_axis([*ASSESSMENT, SCORE.paramcd, "LEVEL"], axis=1)
    visits = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    joined = visits.merge(score, on=ASSESSMENT, how="left", validate="many_to_one")
    order = ["USUBJID", "AWTARGET"]
    return folder.with_subject(joined, "PART", "DOSELVL").sort_values(order, kind="stable")


LISTING = Listing(
    name="improvement",
    title="Improvement at each visit",
    source="ADRS",
    variables=lambda _: (
        SUBJECT,
        *GROUPS,
        text("AVISIT", "Visit"),
        date("ADT", "Assessed"),
        STUDY_DAY,
        number("AWTARGET", "Target (days after infusion)"),
        number("AWTDIFF", "Days from target"),
        number(SCORE.paramcd, SCORE.paramcd),
        text("LEVEL", f"{SCORE.paramcd} response category"),
        text("AVALC", "Improved"),
        text("REASON", "Reason"),
    ),
    notes=lambda plan: (
        *wording.improvement(plan.response),
        *definitions.windows(plan),
        "Improved is empty where there is no score; the handling of missing assessments is above."
        f" PARTIAL: a light measure is missing from the score. {SCORE.paramcd}: {SCORE.label}.",
    ),
    records=_records,
    by=SUBJECT_AND_GROUPS,
)
