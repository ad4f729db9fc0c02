"""``l_kinetics_parameters``: the parameters of cellular kinetics of each subject."""

from __future__ import annotations

from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.listings.listing import (
    SUBJECT,
    Listing,
    coded_text,
    concentration,
    period,
    text,
)
from durable.plan import Plan
from durable.wording import list_words


def _extrapolation(plan: Plan) -> str:
    form = _("day {day}: at most {days} days before")
    spans = [form.format(day=a.day, days=a.extrapolation_days) for a in plan.kinetics.auc]
    return _("Extrapolated if the last sample is quantifiable and late enough ({spans}).").format(
        spans=list_words(spans)
    )


LISTING = Listing(
    name="kinetics_parameters",
    title=N_("Cellular kinetics parameters"),
    source="ADPP",
    variables=lambda plan: (
        SUBJECT,
        text("PARCAT1", N_("Assay")),
        *period(plan),
        text("PARAMCD", N_("Code")),
        coded_text("PARAM", N_("Parameter")),
        concentration("AVAL", N_("Value"), 2, empty="NC"),
        coded_text("AVALU", N_("Unit")),
        coded_text("FLAG", N_("Flag")),
        coded_text("REASON", N_("Reason")),
    ),
    notes=lambda plan: (
        _(
            "Non-compartmental analysis, {method} trapezoidal rule, of the samples in the listing"
            " of concentrations, by subject and assay. NC: not calculable."
        ).format(method=_(definitions.TRAPEZOIDAL[plan.kinetics.method])),
        _extrapolation(plan),
    ),
    traced=False,
    by=(SUBJECT.name, "PARCAT1"),
)
