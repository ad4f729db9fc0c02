"""``l_duration``: every duration of the time-to-event endpoints, and what ended it."""

from __future__ import annotations

import pandas as pd

from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import ENDPOINTS
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    SUBJECT,
    Listing,
    coded,
    date,
    number,
    text,
)
from durable.plan import Plan
from durable.wording import lower_initial, sentences


def _records(folder: ResultsFolder, plan: Plan) -> pd.DataFrame:
    records = folder.with_subject(folder.dataset("adtte"), "PART", "DOSELVL", "TRTSDT")
    return records.assign(AVALM=records["AVAL"] / plan.statistics.days_per_month)


def _endpoint(endpoint: Endpoint) -> str:
    """What the code of an endpoint stands for, and of whom it is."""
    return _("{code}: {duration}, {subjects}.").format(
        code=endpoint.code,
        duration=lower_initial(_(endpoint.title)),
        subjects=lower_initial(_(endpoint.subjects)),
    )


LISTING = Listing(
    name="duration",
    title=N_("Duration of response, event-free survival and time to first remission"),
    source="ADTTE",
    variables=lambda plan: (
        SUBJECT,
        *GROUPS,
        text("PARAMCD", N_("Parameter")),
        INFUSION,
        date("STARTDT", N_("Start")),
        date("ADT", N_("End")),
        number("AVAL", N_("Days")),
        number("AVALM", N_("Months"), plan.outputs.month_decimals),
        number("CNSR", "CNSR"),
        coded("EVNTDESC", N_("Event, or reason for censoring")),
        coded("CNSDTDSC", N_("Date of censoring")),
        date("LOWDT", N_("Last known free of the event")),
    ),
    notes=lambda plan: (
        *definitions.duration(plan),
        sentences(*map(_endpoint, ENDPOINTS)),
        _(
            "CNSR: 0 is an event, 1 or more a reason for censoring. One month is {days:g} days."
        ).format(days=plan.statistics.days_per_month),
    ),
    records=_records,
    by=("PARAMCD",),
)
