"""``l_duration``: every duration of the time-to-event endpoints, and what ended it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    SUBJECT,
    Listing,
    coded_text,
    date,
    number,
    text,
)
from durable.plan import Plan
from durable.wording import lower_initial, sentences


def _endpoint(endpoint: Endpoint) -> str:
    """What the code of an endpoint stands for, and of whom it is."""
    return _("{code}: {duration}, {subjects}.").format(
        code=endpoint.code,
        duration=lower_initial(_(endpoint.title)),
        subjects=lower_initial(_(endpoint.subjects)),
    )


def endpoint_listing(
    name: str,
    title: str,
    endpoints: Sequence[Endpoint],
    definition_notes: Callable[[Plan], Iterator[str]],
) -> Listing:
    """The listing of the records of some endpoints.

    Parameters
    ----------
    name
        Name of the listing.
    title
        Title, marked for translation.
    endpoints
        Endpoints whose records the listing has, where the plan asks for them.
    definition_notes
        Footnotes on their definitions, from the plan.
    """
    codes = [endpoint.code for endpoint in endpoints]

    def records(folder: ResultsFolder, plan: Plan) -> pd.DataFrame:
        adtte = folder.dataset("adtte", PARAMCD=codes)
        adtte = folder.with_subject(adtte, "PART", "DOSELVL", "TRTSDT")
        return adtte.assign(AVALM=adtte["AVAL"] / plan.statistics.days_per_month)

    return Listing(
        name=name,
        title=title,
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
            coded_text("EVNTDESC", N_("Event, or reason for censoring")),
            coded_text("CNSDTDSC", N_("Date of censoring")),
            date("LOWDT", N_("Last known free of the event")),
        ),
        notes=lambda plan: (
            *definition_notes(plan),
            sentences(*(_endpoint(one) for one in endpoints if one.asked(plan.response))),
            _(
                "CNSR: 0 is an event, 1 or more a reason for censoring. One month is {days:g} days."
            ).format(days=plan.statistics.days_per_month),
        ),
        records=records,
        by=("PARAMCD",),
    )


LISTING = endpoint_listing(
    "duration",
    N_("Time-to-event endpoints by subject"),
    STANDARD_ENDPOINTS,
    definitions.duration,
)
