"""ADTTE, the time-to-event dataset: its parameters are the endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import pandera.pandas as pa

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    BY_PARAMETER,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    flag,
    number,
    source_variables,
    text,
)
from durable.vocabulary import CNSR


class DurationSpec(Protocol):
    """What the dataset and define.xml take from an endpoint (`derive.endpoint.Endpoint`)."""

    @property
    def code(self) -> str:
        """PARAMCD of the endpoint: ``DOR``."""

    @property
    def origin(self) -> str:
        """Variable of ADSL with the day from which the duration counts: ``REMSDT``."""

    @property
    def derivation(self) -> str:
        """How AVAL is derived, in the words of define.xml."""

    @property
    def other_date(self) -> str:
        """What ADT is where it is no event and no adequate assessment: a sentence, or ''."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the plan that the derivation follows."""


def adtte_schema(codes: Iterable[str]) -> Any:
    """Return the DataFrameSchema of ADTTE, whose PARAMCD is one of these codes of endpoints."""
    return contract(
        "Time-to-Event Analysis Dataset",
        {
            **SUBJECT,
            "SAFFL": flag("Safety Population Flag"),
            "REMFL": flag("Remission Population Flag"),
            **TREATMENT,
            "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
            "PARAM": text("Parameter"),
            "PARAMCD": text("Parameter Code", isin=[*codes]),
            "STARTDT": date("Time-to-Event Origin Date for Subject", null=False),
            "ADT": date("Analysis Date", null=False),
            "AVAL": number("Analysis Value", pa.Check.ge(1), null=False),
            "AVALU": text("Analysis Value Unit", isin=["DAYS"]),
            "CNSR": count("Censor", pa.Check.in_range(0, max(CNSR.values()))),
            "EVNTDESC": text("Event or Censoring Description"),
            "CNSDTDSC": text("Censor Date Description", null=True),
            "LOWDT": date("Last Date Known Free of the Event"),
            **source_variables(["visits", "subjects", "therapies"]),
        },
        checks=[
            pa.Check(
                lambda frame: (frame["ADT"] - frame["STARTDT"]).dt.days + 1 == frame["AVAL"],
                error="AVAL is ADT - STARTDT + 1",
            ),
            pa.Check(
                lambda frame: frame["CNSDTDSC"].isna() == (frame["CNSR"] == 0),
                error="CNSDTDSC is given exactly for censored records",
            ),
        ],
        unique=["USUBJID", "PARAMCD"],
    )


_KEYS = (
    *("response.recurrence", "response.new_therapy.duration", "response.missed_assessments"),
    "response.remission_deadline",
)
_DATE = (
    "Date of the earliest event that counts; else of the last adequate assessment, one whose"
    " remission status is known, and in remission where a loss after it is not confirmed."
)
_ORIGINS = {
    "ASEQ": derived_by("Number of the record within the subject, by PARAMCD."),
    "PARAMCD": derived_by("Code of the parameter."),
    "PARAM": derived_by("Name of the parameter."),
    "AVAL": BY_PARAMETER,
    "AVALU": derived_by("DAYS."),
    "CNSR": derived_by(
        "; ".join(["0 event", *(f"{code} {reason.lower()}" for reason, code in CNSR.items())])
        + ".",
        *_KEYS,
    ),
    "EVNTDESC": derived_by("What the event or the reason for censoring is."),
    "CNSDTDSC": derived_by("What ADT of a censored record is."),
    "LOWDT": derived_by("Last date known free of the event: the adequate assessment before it."),
    **source_origins("visits, subjects or therapies", "of the date that decided the record"),
}


def adtte_spec(endpoints: Sequence[DurationSpec]) -> DatasetSpec:
    """Return the description for define.xml, with the origin and derivation of each endpoint."""
    origins = ". ".join(f"{endpoint.code}: ADSL.{endpoint.origin}" for endpoint in endpoints)
    other_dates = (endpoint.other_date for endpoint in endpoints)
    return DatasetSpec(
        "ADTTE",
        BASIC_STRUCTURE,
        "One record per subject and parameter",
        ("USUBJID", "PARAMCD"),
        _ORIGINS
        | {
            "STARTDT": derived_by(f"{origins}."),
            "ADT": derived_by(" ".join([_DATE, *filter(None, other_dates)]), *_KEYS),
        },
        "TIME-TO-EVENT",
        {endpoint.code: derived_by(endpoint.derivation, *endpoint.keys) for endpoint in endpoints},
    )
