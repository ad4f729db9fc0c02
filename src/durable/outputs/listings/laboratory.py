"""``l_laboratory``: every laboratory result, converted and graded."""

from __future__ import annotations

from collections.abc import Mapping

from durable.language import N_, _
from durable.outputs import laboratory_wording
from durable.outputs.listings.listing import (
    STUDY_DAY,
    SUBJECT,
    Column,
    Listing,
    coded_text,
    date,
    number,
    text,
)


def _no_value(record: Mapping[str, str]) -> str:
    return _("below LLOQ") if record["BLQFL"] == "Y" else _("no result")


def _test(text: str) -> str:
    """A test with its unit, the test in the language in force."""
    label, of_unit, unit = text.rpartition(" (")
    return f"{_(label)}{of_unit}{unit}"


LISTING = Listing(
    name="laboratory",
    title=N_("Laboratory results"),
    source="ADLB",
    variables=lambda _plan: (
        SUBJECT,
        Column("PARAM", N_("Test"), shown=_test),
        date("ADT", N_("Date")),
        text("ATM", N_("Time")),
        STUDY_DAY,
        coded_text("AVISIT", N_("Visit")),
        Column("AVAL", N_("Value"), "number", 4, trimmed=True, empty=_no_value),
        coded_text("BLQFL", N_("Below LLOQ")),
        Column("ANRLO", N_("Lower limit of normal"), "number", 4, trimmed=True),
        Column("ANRHI", N_("Upper limit of normal"), "number", 4, trimmed=True),
        number("ATOXGR", N_("CTCAE grade")),
        coded_text("ABLFL", N_("Baseline")),
    ),
    notes=lambda plan: (
        laboratory_wording.below_quantification(plan.laboratory),
        laboratory_wording.grades(plan),
    ),
    by=(SUBJECT.name, "PARAM"),
)
