"""``l_kinetics_parameters``: the parameters of cellular kinetics of each subject."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    SUBJECT,
    Column,
    Columns,
    Listing,
    text,
)
from durable.plan import Plan
from durable.wording import listed


def _columns(_: Plan) -> Columns:
    return (
        SUBJECT,
        text("PARCAT1", "Assay"),
        text("PARAMCD", "Code"),
        text("PARAM", "Parameter"),
        Column("AVAL", "Value", "number", 2, trimmed=True, empty="NC"),
        text("AVALU", "Unit"),
        text("FLAG", "Flag"),
        text("REASON", "Reason"),
    )


def _records(folder: ResultsFolder, _: Plan) -> pd.DataFrame:
    return folder.dataset("adpp")


def _footnotes(plan: Plan) -> Iterator[str]:
    kinetics = plan.kinetics
    yield (
        f"Non-compartmental analysis, {kinetics.method} trapezoidal rule, of the samples in the"
        " listing of concentrations, by subject and assay. NC: not calculable."
    )
    spans = listed(
        [f"day {area.day}: at most {area.extrapolation_days} days before" for area in kinetics.auc]
    )
    yield f"Extrapolated if the last sample is quantifiable and late enough ({spans})."


LISTING = Listing(
    name="kinetics_parameters",
    title="Cellular kinetics parameters",
    source="ADPP",
    columns=_columns,
    records=_records,
    footnotes=_footnotes,
)
