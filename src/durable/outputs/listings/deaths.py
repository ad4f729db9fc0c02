"""``l_deaths``: subjects who died, and which durations that ended."""

from __future__ import annotations

import pandas as pd

from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.incidence import fatal_events
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    SUBJECT,
    Listing,
    coded_text,
    date,
    imputed_flags,
    number,
    text,
)
from durable.plan import Plan


def _records(folder: ResultsFolder, _plan: Plan) -> pd.DataFrame:
    adsl = folder.dataset("adsl")
    died = adsl.loc[adsl["DTHFL"] == "Y"]
    ends = {}
    if "adtte" in folder.names:
        adtte = folder.dataset("adtte")
        ends = {e.code: died["USUBJID"].map(_ends(adtte, e.code)) for e in STANDARD_ENDPOINTS}
    fatal = died["USUBJID"].map(_fatal_terms(folder))
    return died.assign(FATALAE=fatal, SRCVAR="death_date", **ends)


def _ends(adtte: pd.DataFrame, endpoint: str) -> pd.Series[str]:
    """What ended a duration, by subject."""
    return adtte.loc[adtte["PARAMCD"] == endpoint].set_index("USUBJID")["EVNTDESC"]


def _fatal_terms(folder: ResultsFolder) -> pd.Series[str]:
    """Terms of the events that are fatal, by grade or outcome, by subject."""
    if "adae" not in folder.names:
        return pd.Series(dtype=object)
    adae = folder.dataset("adae")
    return adae.loc[fatal_events(adae)].groupby("USUBJID")["AEDECOD"].agg("; ".join)


def _ended_by(endpoint: Endpoint) -> str:
    return _("{duration} ended by").format(duration=_(endpoint.title))


LISTING = Listing(
    name="deaths",
    title=N_("Deaths"),
    source="ADSL, ADTTE, ADAE",
    variables=lambda _plan: (
        SUBJECT,
        *GROUPS,
        INFUSION,
        date("DTHDT", N_("Death")),
        number("DTHDY", N_("Study day")),
        *(coded_text(endpoint.code, _ended_by(endpoint)) for endpoint in STANDARD_ENDPOINTS),
        text("FATALAE", N_("Fatal adverse events")),
    ),
    notes=definitions.duration,
    imputed=imputed_flags("DTHDT"),
    of_assessments=tuple(endpoint.code for endpoint in STANDARD_ENDPOINTS),
    records=_records,
)
