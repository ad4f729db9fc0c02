"""``l_subjects``: one record per subject who consented."""

from __future__ import annotations

from durable.jdm import wording
from durable.jdm.parameters import (
    ATTAINABLE_SCORE,
    ENZYME_AT_BASELINE,
    ENZYME_FOLLOWED,
    OF_ASSESSMENTS,
    SCORE,
)
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    SUBJECT,
    Listing,
    date,
    imputed_flags,
    number,
    text,
)
from durable.plan import Plan

_COLUMNS = (
    SUBJECT,
    *GROUPS,
    text("SEX", "Sex"),
    number("AGE", "Age (years)"),
    date("RFICDT", "Consent"),
    date("LDDT", "Lymphodepletion"),
    INFUSION,
    number("CELLSKG", "Cells per kg"),
    text("BLREMFL", "In remission at baseline"),
    number(ATTAINABLE_SCORE.name, ATTAINABLE_SCORE.label),
    text(ENZYME_FOLLOWED.name, ENZYME_FOLLOWED.label),
    number(ENZYME_AT_BASELINE.name, "Enzyme at baseline, x ULN", 2),
    date("REMSDT", "First remission"),
    date("NSTDT", "First new systemic therapy"),
    text("NSTPREFL", "New therapy before remission"),
    date("LSTALVDT", "Last known alive"),
    date("EOSDT", "Withdrawal"),
    text("DCSREAS", "Reason for withdrawal"),
    date("DTHDT", "Death"),
)
_LAST_KNOWN = "Last known alive: not after the data cut-off"


def _notes(plan: Plan) -> tuple[str, ...]:
    return (
        *wording.remission(plan.response),
        f"In remission at baseline: U is unknown. {_LAST_KNOWN}."
        f" {SCORE.paramcd}: {SCORE.label}; ULN: upper limit of normal.",
    )


LISTING = Listing(
    name="subjects",
    title="Subjects",
    source="ADSL",
    variables=lambda _: _COLUMNS,
    notes=_notes,
    imputed=imputed_flags("RFICDT", "NSTDT", "LSTALVDT", "EOSDT", "DTHDT"),
    of_assessments=OF_ASSESSMENTS,
    without_assessments=lambda _: (f"{_LAST_KNOWN}.",),
)
