"""ADRS, the response dataset."""

from __future__ import annotations

import pandera.pandas as pa

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    BY_PARAMETER,
    STUDY_DAY,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    PARAMETER,
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    marker,
    number,
    source_variables,
    text,
)
from durable.jdm.measures import COMPONENTS
from durable.jdm.parameters import (
    GLUCOCORTICOID,
    GLUCOCORTICOID_INCREASE,
    OTHER_SCORES,
    REMISSION_ITEMS,
    SCORE,
)

ADRS = contract(
    "Response Analysis Dataset",
    {
        **SUBJECT,
        **TREATMENT,
        "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
        **PARAMETER,
        "VISIT": text("Visit Name", null=True),
        "AVISIT": text("Analysis Visit", null=True),
        "ADT": date("Analysis Date"),
        "ADY": count("Analysis Relative Day", null=True),
        "AWTARGET": count("Analysis Window Target", null=True),
        "AWTDIFF": count("Analysis Window Diff from Target", null=True),
        "AVAL": number("Analysis Value"),
        "AVALC": text("Analysis Value (C)", null=True),
        "BASE": number("Baseline Value"),
        "ABLFL": marker("Baseline Record Flag"),
        "ANL01FL": marker("Analysis Flag 01"),
        "REASON": text("Reason for Missing or Special Value", null=True),
        **source_variables(["visits"]),
    },
    unique=["USUBJID", "ASEQ"],
)

_ORIGINS = {
    "ASEQ": derived_by(
        "Number of the record within the subject, by date, row of the file, parameter."
    ),
    "PARAMCD": derived_by("Code of the parameter."),
    "PARAM": derived_by(
        "Name of the parameter; for a measure, with its column in the visits table."
    ),
    "AVISIT": derived_by("Visit whose window holds the date of the assessment.", "schedule"),
    "ADY": derived_by(f"Assessment as {STUDY_DAY.format('ADT')}"),
    "AWTARGET": derived_by("Target day of AVISIT, days after the infusion.", "schedule"),
    "AWTDIFF": derived_by("Days from the target day to the assessment."),
    "AVAL": BY_PARAMETER,
    "AVALC": BY_PARAMETER,
    "BASE": derived_by("AVAL of the measure or dose at the baseline assessment (ADSL.BLDT)."),
    "ABLFL": derived_by("Y for the baseline assessment.", "response.baseline"),
    "ANL01FL": derived_by(
        "Y for the assessment used for AVISIT: of several in its window the one nearest to the"
        " target day, of two as near the earlier; those whose score can be calculated first.",
        "schedule",
        "response.improvement",
    ),
    "REASON": derived_by(
        "PARTIAL: a lighter measure is missing and scores 0. NEW SYSTEMIC THERAPY: improvement or"
        " remission not credited, because it came after. Improvement that is not known: DIED, NEW"
        " SYSTEMIC THERAPY or WITHDRAWN by the end of the window, PENDING at the data cut-off, NOT"
        " CALCULABLE, NOT ASSESSED; the first that applies.",
        "response.new_therapy",
    ),
    **source_origins("visits", "the measure, or visit_date"),
}

_COMPONENTS = "|".join(component.paramcd for component in COMPONENTS.values())
_PARAMETERS = {
    f"({_COMPONENTS})": derived_by(
        "Value of the core set measure as recorded; an enzyme over its upper limit of normal.",
        "response.core_set",
        "response.hybrid",
    ),
    f"({_COMPONENTS})PC": derived_by(
        "Absolute percent change: 100 x improvement since baseline / range of the measure, on the"
        " decimals as recorded.",
        "response.ranges",
    ),
    f"({_COMPONENTS})SC": derived_by(
        "Score of the component by its absolute percent change, from the score card of the 2016"
        " ACR-EULAR criteria; intervals are open below and closed above."
    ),
    **{
        parameter.paramcd: derived_by(parameter.method, *parameter.keys)
        for parameter in (SCORE, *OTHER_SCORES)
    },
    "|".join(item.paramcd for item in REMISSION_ITEMS): derived_by(
        REMISSION_ITEMS[0].method, *REMISSION_ITEMS[0].keys
    ),
    "REMIS": derived_by(
        "Y, N or U: remission. With items missing, as many met as the rule asks for is Y, so many"
        " failed that it cannot be met is N, anything else U.",
        "response.remission",
    ),
    "RECLOSS": derived_by(
        "Loss of remission, dated at the first of the assessments in a row without it, confirmed by"
        " the next of them or by new systemic therapy or death before it.",
        "response.recurrence",
    ),
    "PROGWRS": derived_by(
        "Confirmed worsening against the best value before.", "response.recurrence"
    ),
    "RECINV": derived_by(
        "Recurrence or progression recorded by the investigator after the first remission.",
        "response.recurrence",
    ),
    "FLARE": derived_by(
        "A loss or worsening too early to be the first of a confirmed one, for adjudication.",
        "response.recurrence",
    ),
    **{
        parameter.paramcd: derived_by(parameter.method, *parameter.keys)
        for parameter in (GLUCOCORTICOID, GLUCOCORTICOID_INCREASE)
    },
    "IMPR": derived_by(
        f"Y where {SCORE.paramcd} of the record used for the visit reaches the level, N where it"
        " does not or, by the composite strategy, new systemic therapy came before it; empty where"
        " there is no score.",
        "response.improvement",
        "response.new_therapy.improvement",
    ),
}

ADRS_SPEC = DatasetSpec(
    "ADRS",
    BASIC_STRUCTURE,
    "One record per subject, assessment and parameter, and per configured visit",
    ("USUBJID", "ASEQ"),
    _ORIGINS,
    parameters=_PARAMETERS,
)
