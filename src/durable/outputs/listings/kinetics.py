"""``l_kinetics``: every sample and its concentration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from durable.outputs import definitions
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    SOURCE,
    SUBJECT,
    TRACED,
    Column,
    Columns,
    Listing,
    date,
    number,
    text,
)
from durable.plan import Plan


def _no_concentration(record: Mapping[str, str]) -> str:
    return "below LLOQ" if record["BLQFL"] == "Y" else "no result"


def _columns(_: Plan) -> Columns:
    return (
        SUBJECT,
        text("PARCAT1", "Assay"),
        date("ADT", "Date"),
        text("ATM", "Time"),
        number("NFRLT", "Nominal day"),
        number("AFRLT", "Days after infusion"),
        Column("AVAL", "Concentration", "number", 6, trimmed=True, empty=_no_concentration),
        text("AVALU", "Unit"),
        text("BLQFL", "Below LLOQ"),
        Column("LLOQ", "LLOQ", "number", 6, trimmed=True),
        text("ANL01FL", "Used for parameters"),
        *SOURCE,
    )


def _records(folder: ResultsFolder, _: Plan) -> pd.DataFrame:
    return folder.dataset("adpc")


def _footnotes(plan: Plan) -> Iterator[str]:
    yield (
        "LLOQ: lower limit of quantification; below LLOQ: recorded so, a value of 0, or a value"
        f" below the limit. Used for parameters: every result up to day {plan.kinetics.last_day}."
    )
    yield definitions.elapsed_days()
    yield TRACED


LISTING = Listing(
    name="kinetics",
    title="CAR-T cell concentrations",
    source="ADPC",
    columns=_columns,
    records=_records,
    footnotes=_footnotes,
)
