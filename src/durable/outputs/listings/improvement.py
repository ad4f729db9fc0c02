"""``l_improvement``: whether each infused subject improved at each visit of the rate."""

from __future__ import annotations

import pandas as pd

from durable.jdm import wording
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.assessments import ASSESSMENT
from durable.outputs.listings.listing import (
    GROUPS,
    STUDY_DAY,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Listing,
    category_label,
    coded_text,
    date,
    number,
)
from durable.plan import Plan


def _records(folder: ResultsFolder, _plan: Plan) -> pd.DataFrame:
    adrs = folder.dataset("adrs", PARAMCD=["IMPR", SCORE.paramcd])
    score = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd, [*ASSESSMENT, "AVAL", "AVALC"]]
    score = score.set_axis([*ASSESSMENT, SCORE.paramcd, "LEVEL"], axis=1)
    visits = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    joined = visits.merge(score, on=ASSESSMENT, how="left", validate="many_to_one")
    order = ["USUBJID", "AWTARGET"]
    return folder.with_subject(joined, "PART", "DOSELVL").sort_values(order, kind="stable")


LISTING = Listing(
    name="improvement",
    title=N_("Improvement at each visit"),
    source="ADRS",
    variables=lambda _plan: (
        SUBJECT,
        *GROUPS,
        coded_text("AVISIT", N_("Visit")),
        date("ADT", N_("Assessed")),
        STUDY_DAY,
        number("AWTARGET", N_("Target (days after infusion)")),
        number("AWTDIFF", N_("Days from target")),
        number(SCORE.paramcd, SCORE.paramcd),
        coded_text("LEVEL", category_label()),
        coded_text("AVALC", N_("Improved")),
        coded_text("REASON", N_("Reason")),
    ),
    notes=lambda plan: (
        *wording.improvement(plan.response),
        *definitions.windows(plan, plan.response.improvement.visits),
        _(
            "Improved is empty where there is no score; the handling of missing assessments is"
            " above. PARTIAL: a light measure is missing from the score. {code}: {score}."
        ).format(code=SCORE.paramcd, score=_(SCORE.label)),
    ),
    records=_records,
    by=SUBJECT_AND_GROUPS,
)
