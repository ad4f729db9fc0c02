"""ADPP, the dataset of the parameters of kinetics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    BY_PARAMETER,
    DatasetSpec,
    derived_by,
)
from durable.contracts.adam.variables import (
    PARAMETER,
    SUBJECT,
    TREATMENT,
    contract,
    number,
    period,
    text,
)
from durable.vocabulary import PERIOD

_VARIABLES = {
    **SUBJECT,
    **TREATMENT,
    PERIOD: period(),
    "PARCAT1": text("Parameter Category 1"),
    "PARCAT2": text("Parameter Category 2"),
    "PARCAT3": text("Parameter Category 3"),
    **PARAMETER,
    "AVAL": number("Analysis Value"),
    "AVALU": text("Analysis Value Unit"),
    "FLAG": text("How the Value Came About", null=True),
    "REASON": text("Reason for the Flag", null=True),
}


def adpp_schema(*, periods: bool = False) -> Any:
    """Return the DataFrameSchema of ADPP.

    Parameters
    ----------
    periods
        Whether the plan says how a second infusion counts; else there is no period.
    """
    return contract(
        "Pharmacokinetic Parameters Dataset",
        {name: v for name, v in _VARIABLES.items() if periods or name != PERIOD},
        unique=["USUBJID", *([PERIOD] if periods else []), "PARAMCD"],
    )


ADPP = adpp_schema()

_ORIGINS = {
    PERIOD: derived_by(
        "1 for the parameters of the first infusion, 2 for those of the second.",
        "response.reinfusion",
    ),
    "PARCAT3": derived_by("Code of the parameter, of whichever assay, as in the analysis results."),
    "PARAMCD": derived_by(
        "Code of the parameter of the assay and unit: PARCAT3; with several assays a letter follows"
        " it, A for the first in alphabetical order. A code that is then longer than eight"
        " characters is shortened."
    ),
    "PARAM": derived_by("Name of the parameter, assay and unit."),
    "AVAL": BY_PARAMETER,
    "AVALU": derived_by("Unit of the assay, days, or both."),
    "FLAG": derived_by(
        "EXTRAPOLATED; NOT DETECTED: never quantifiable; NC: not calculable; empty: as measured."
    ),
    "REASON": derived_by("What FLAG means for the value."),
}

_AREA = ("kinetics.method", "kinetics.auc")
#: A letter ends the code of a parameter where there are several assays.
_ASSAY = "[A-Z]*"
_PARAMETERS = {
    f"CMAX{_ASSAY}": derived_by(
        "Highest concentration (ADPC.AVAL, ANL01FL Y).", "kinetics.last_day"
    ),
    f"TMAX{_ASSAY}": derived_by("Day of the first highest concentration.", "kinetics.last_day"),
    f"TLAST{_ASSAY}": derived_by(
        "Day of the last quantifiable concentration.", "kinetics.last_day"
    ),
    f"CLAST{_ASSAY}": derived_by("Last quantifiable concentration.", "kinetics.last_day"),
    f"AUCLA{_ASSAY}": derived_by(
        "Area under the curve from the infusion to TLAST, by trapezoids.",
        *_AREA,
        "kinetics.last_day",
    ),
    rf"(AUC0_|AUC|AREA)\d+{_ASSAY}": derived_by(
        "Area under the curve from the infusion to the day in the name, by trapezoids; extrapolated"
        " on the terminal slope where the last sample is near enough to that day.",
        *_AREA,
        "kinetics.last_day",
    ),
    "PERS.*": derived_by(
        "1 where the result nearest to the day of the time point, in its window, is quantifiable,"
        " else 0; missing without such a result.",
        "kinetics.persistence",
    ),
}

ADPP_SPEC = DatasetSpec(
    "ADPP",
    BASIC_STRUCTURE,
    "One record per subject, assay and parameter",
    ("USUBJID", "PARAMCD"),
    _ORIGINS,
    parameters=_PARAMETERS,
)


def adpp_spec(*, periods: bool = False) -> DatasetSpec:
    """Return the description of ADPP for define.xml; with `periods` its keys have the period."""
    return replace(ADPP_SPEC, keys=("USUBJID", PERIOD, "PARAMCD")) if periods else ADPP_SPEC
