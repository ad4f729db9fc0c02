"""``l_kinetics_parameters``: the parameters of cellular kinetics of each subject."""

from __future__ import annotations

from durable.outputs.listings.listing import SUBJECT, Column, Listing, text
from durable.plan import Plan
from durable.wording import listed


def _extrapolation(plan: Plan) -> str:
    spans = [f"day {a.day}: at most {a.extrapolation_days} days before" for a in plan.kinetics.auc]
    return f"Extrapolated if the last sample is quantifiable and late enough ({listed(spans)})."


LISTING = Listing(
    name="kinetics_parameters",
    title="Cellular kinetics parameters",
    source="ADPP",
    variables=lambda _: (
        SUBJECT,
        text("PARCAT1", "Assay"),
        text("PARAMCD", "Code"),
        text("PARAM", "Parameter"),
        Column("AVAL", "Value", "number", 2, trimmed=True, empty="NC"),
        text("AVALU", "Unit"),
        text("FLAG", "Flag"),
        text("REASON", "Reason"),
    ),
    notes=lambda plan: (
        f"Non-compartmental analysis, {plan.kinetics.method} trapezoidal rule, of the samples in"
        " the listing of concentrations, by subject and assay. NC: not calculable.",
        _extrapolation(plan),
    ),
    traced=False,
    by=(SUBJECT.name, "PARCAT1"),
)
