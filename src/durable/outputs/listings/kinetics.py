"""``l_kinetics``: every sample and its concentration."""

from __future__ import annotations

from collections.abc import Mapping

from durable.outputs import definitions
from durable.outputs.listings.listing import SUBJECT, Column, Listing, date, number, text


def _no_concentration(record: Mapping[str, str]) -> str:
    return "below LLOQ" if record["BLQFL"] == "Y" else "no result"


LISTING = Listing(
    name="kinetics",
    title="CAR-T cell concentrations",
    source="ADPC",
    variables=lambda _: (
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
    ),
    notes=lambda plan: (
        "LLOQ: lower limit of quantification; below LLOQ: recorded so, a value of 0, or a value"
        f" below the limit. Used for parameters: every result up to day {plan.kinetics.last_day}.",
        definitions.elapsed_days(),
    ),
    by=(SUBJECT.name, "PARCAT1", "AVALU"),
)
