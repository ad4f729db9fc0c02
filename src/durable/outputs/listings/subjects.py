"""``l_subjects``: one record per subject who consented."""

from __future__ import annotations

from durable.jdm import wording
from durable.jdm.parameters import ATTAINABLE_SCORE, ENZYME_AT_BASELINE, ENZYME_FOLLOWED, SCORE
from durable.outputs.listings.listing import GROUPS, INFUSION, SUBJECT, Listing, date, number, text

LISTING = Listing(
    name="subjects",
    title="Subjects",
    source="ADSL",
    variables=lambda _: (
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
    ),
    notes=lambda plan: (
        *wording.remission(plan.response),
        "In remission at baseline: U is unknown. Last known alive: not after the data cut-off."
        f" {SCORE.paramcd}: {SCORE.label}; ULN: upper limit of normal.",
    ),
)
