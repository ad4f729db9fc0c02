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
from durable.language import N_, _
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    SUBJECT,
    Columns,
    Listing,
    coded_text,
    date,
    imputed_flags,
    number,
    text,
)
from durable.plan import Plan
from durable.wording import sentences

_FIRST = (
    SUBJECT,
    *GROUPS,
    text("SEX", N_("Sex")),
    number("AGE", N_("Age (years)")),
    date("RFICDT", N_("Consent")),
    date("LDDT", N_("Lymphodepletion")),
    INFUSION,
    number("CELLSKG", N_("Cells per kg")),
)
#: Where the plan has ``response.reinfusion``.
_REINFUSION = (
    date("TR02SDT", N_("Second infusion")),
    number("CELLSKG2", N_("Cells per kg, second infusion")),
)
_SEEN = (
    coded_text("BLREMFL", N_("In remission at baseline")),
    number(ATTAINABLE_SCORE.name, ATTAINABLE_SCORE.label),
    text(ENZYME_FOLLOWED.name, ENZYME_FOLLOWED.label),
    number(ENZYME_AT_BASELINE.name, N_("Enzyme at baseline, x ULN"), 2),
    date("REMSDT", N_("First remission")),
    date("NSTDT", N_("First new systemic therapy")),
)
_KIND = (coded_text("NSTTYP", N_("First new systemic therapy is")),)
_LAST = (
    coded_text("NSTPREFL", N_("New therapy before remission")),
    date("LSTALVDT", N_("Last known alive")),
    date("EOSDT", N_("Withdrawal")),
    text("DCSREAS", N_("Reason for withdrawal")),
    date("DTHDT", N_("Death")),
)
_LAST_KNOWN = N_("Last known alive: not after the data cut-off.")


def _columns(plan: Plan) -> Columns:
    """The columns; those of a second infusion where the plan says how it counts."""
    if plan.response.reinfusion is None:
        return (*_FIRST, *_SEEN, *_LAST)
    return (*_FIRST, *_REINFUSION, *_SEEN, *_KIND, *_LAST)


def _notes(plan: Plan) -> tuple[str, ...]:
    return (
        *wording.remission(plan.response),
        sentences(
            _("In remission at baseline: U is unknown."),
            _(_LAST_KNOWN),
            _("{code}: {score}; ULN: upper limit of normal.").format(
                code=SCORE.paramcd, score=_(SCORE.label)
            ),
        ),
    )


LISTING = Listing(
    name="subjects",
    title=N_("Subjects"),
    source="ADSL",
    variables=_columns,
    notes=_notes,
    imputed=imputed_flags("RFICDT", "NSTDT", "LSTALVDT", "EOSDT", "DTHDT"),
    of_assessments=OF_ASSESSMENTS,
    without_assessments=lambda _plan: (_(_LAST_KNOWN),),
)
