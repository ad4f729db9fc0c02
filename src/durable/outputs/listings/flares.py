"""``l_flares``: early losses and worsenings that are no event, for adjudication."""

from __future__ import annotations

import pandas as pd

from durable.jdm import wording
from durable.jdm.measures import COMPONENTS
from durable.language import N_, _
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.assessments import assessment_records, item_columns, value_column
from durable.outputs.listings.listing import (
    INFUSION,
    STUDY_DAY,
    SUBJECT,
    Listing,
    coded_text,
    date,
    text,
)
from durable.plan import Plan


def _records(folder: ResultsFolder, _plan: Plan) -> pd.DataFrame:
    flares = folder.records("adrs", ["USUBJID"], {"PARAMCD": ["FLARE"], "AVALC": ["Y"]})
    assessments = assessment_records(folder, USUBJID=flares["USUBJID"].unique())
    flares = assessments.loc[assessments["FLARE"] == "Y"]
    return folder.with_subject(flares, "TRTSDT", "REMSDT")


LISTING = Listing(
    name="flares",
    title=N_("Early flares, for adjudication"),
    source="ADRS",
    variables=lambda plan: (
        SUBJECT,
        INFUSION,
        date("REMSDT", N_("First remission")),
        text("VISIT", N_("Visit recorded")),
        date("ADT", N_("Date")),
        STUDY_DAY,
        *(value_column(plan, component) for component in COMPONENTS.values()),
        *item_columns(),
        coded_text("REMIS", N_("Remission")),
    ),
    notes=lambda plan: (
        _(
            "Loss of remission or worsening up to day {day} after infusion that the investigator"
            " did not record as recurrence or progression. For adjudication; not events in the"
            " analyses."
        ).format(day=plan.response.recurrence.early_flare_days),
        *wording.recurrence(plan.response),
    ),
    records=_records,
    by=(SUBJECT.name, INFUSION.name, "REMSDT"),
    keys=("VISIT", "ADT"),
)
