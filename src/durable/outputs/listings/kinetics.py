"""``l_kinetics``: every sample and its concentration."""

from __future__ import annotations

from collections.abc import Mapping

from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.listings.listing import (
    SUBJECT,
    Listing,
    coded_text,
    concentration,
    date,
    number,
    period,
    text,
)


def _no_concentration(record: Mapping[str, str]) -> str:
    return _("below LLOQ") if record["BLQFL"] == "Y" else _("no result")


LISTING = Listing(
    name="kinetics",
    title=N_("CAR-T cell concentrations"),
    source="ADPC",
    variables=lambda plan: (
        SUBJECT,
        text("PARCAT1", N_("Assay")),
        date("ADT", N_("Date")),
        text("ATM", N_("Time")),
        number("NFRLT", N_("Nominal day")),
        number("AFRLT", N_("Days after infusion")),
        *period(plan, number("ARRLT", N_("Days in period"))),
        concentration("AVAL", N_("Concentration"), 6, empty=_no_concentration),
        coded_text("AVALU", N_("Unit")),
        coded_text("BLQFL", N_("Below LLOQ")),
        concentration("LLOQ", "LLOQ", 6),
        coded_text("ANL01FL", N_("Used for parameters")),
        coded_text("NCAXRS", N_("Reason why not")),
    ),
    notes=lambda plan: (
        _(
            "LLOQ: lower limit of quantification; below LLOQ: recorded so, a value of 0, or a value"
            " below the limit. Used for parameters: every result up to day {day}."
        ).format(day=plan.kinetics.last_day),
        definitions.elapsed_days(),
    ),
    by=(SUBJECT.name, "PARCAT1", "AVALU"),
)
