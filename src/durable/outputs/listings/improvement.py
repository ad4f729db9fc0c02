"""``l_improvement``: whether each infused subject improved at each visit of the rate."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.jdm import wording
from durable.jdm.parameters import SCORE
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    GROUPS,
    SOURCE,
    STUDY_DAY,
    SUBJECT,
    TRACED,
    Columns,
    Listing,
    date,
    number,
    text,
)
from durable.plan import Plan

_ASSESSMENT = ["USUBJID", "SRCSEQ"]


def _columns(_: Plan) -> Columns:
    return (
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
        *SOURCE,
    )


def _records(folder: ResultsFolder, _: Plan) -> pd.DataFrame:
    adrs = folder.dataset("adrs")
    score = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd, [*_ASSESSMENT, "AVAL", "AVALC"]]
    score = score.set_axis([*_ASSESSMENT, SCORE.paramcd, "LEVEL"], axis=1)
    visits = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    joined = visits.merge(score, on=_ASSESSMENT, how="left", validate="many_to_one")
    order = ["USUBJID", "AWTARGET"]
    return folder.with_subject(joined, "PART", "DOSELVL").sort_values(order, kind="stable")


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from wording.improvement(plan.response)
    yield from definitions.windows(plan)
    yield (
        "Improved is empty where there is no score; the handling of missing assessments is above."
        f" PARTIAL: a light measure is missing from the score. {SCORE.paramcd}: {SCORE.label}."
    )
    yield TRACED


LISTING = Listing(
    name="improvement",
    title="Improvement at each visit",
    source="ADRS",
    columns=_columns,
    records=_records,
    footnotes=_footnotes,
)
