"""``l_duration``: every duration of the time-to-event endpoints, and what ended it."""

from __future__ import annotations

import pandas as pd

from durable.derive.endpoints import ENDPOINTS
from durable.language import N_
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import GROUPS, INFUSION, SUBJECT, Listing, date, number, text
from durable.plan import Plan
from durable.wording import lower_initial


def _records(folder: ResultsFolder, plan: Plan) -> pd.DataFrame:
    records = folder.with_subject(folder.dataset("adtte"), "PART", "DOSELVL", "TRTSDT")
    return records.assign(AVALM=records["AVAL"] / plan.statistics.days_per_month)


LISTING = Listing(
    name="duration",
    title=N_("Duration of response, event-free survival and time to first remission"),
    source="ADTTE",
    variables=lambda plan: (
        SUBJECT,
        *GROUPS,
        text("PARAMCD", "Parameter"),
        INFUSION,
        date("STARTDT", "Start"),
        date("ADT", "End"),
        number("AVAL", "Days"),
        number("AVALM", "Months", plan.outputs.month_decimals),
        number("CNSR", "CNSR"),
        text("EVNTDESC", "Event, or reason for censoring"),
        text("CNSDTDSC", "Date of censoring"),
        date("LOWDT", "Last known free of the event"),
    ),
    notes=lambda plan: (
        *definitions.duration(plan),
        " ".join(
            f"{e.code}: {lower_initial(e.title)}, {lower_initial(e.subjects)}." for e in ENDPOINTS
        ),
        "CNSR: 0 is an event, 1 or more a reason for censoring. One month is"
        f" {plan.statistics.days_per_month:g} days.",
    ),
    records=_records,
    by=("PARAMCD",),
)
