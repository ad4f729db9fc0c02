"""Sections of ``response`` on medicines: freedom from them, and more of a glucocorticoid.

Light to import: the workflow reads the plan with it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from durable.sections import FromOne, NonEmptyUniqueList, NotNegative, Positive, Section

DrugFreeAnalysis = Literal[
    "dose",
    "glucocorticoid_free",
    "immunosuppressant_free",
    "drug_free_remission",
    "sustained_remission",
]


class DrugFree(Section):
    """Glucocorticoids over time, and time to freedom from medicines."""

    analyses: NonEmptyUniqueList[DrugFreeAnalysis] = (
        "dose",
        "glucocorticoid_free",
        "immunosuppressant_free",
        "drug_free_remission",
        "sustained_remission",
    )
    """The glucocorticoid dose by visit, and the endpoints: time to glucocorticoid-free, to
    immunosuppressant-free, to drug-free remission and to sustained remission. A study that records
    no immunosuppressants leaves out the endpoints that need them."""
    glucocorticoid_max_mg_kg: NotNegative = 0.0
    """Highest dose, mg/kg of prednisone equivalent, at which an assessment counts as
    glucocorticoid-free. 0: none at all."""
    consecutive: Annotated[int, Field(ge=1, le=5)] = 2
    """At how many consecutive assessments a subject must be free of the medicines (and in
    remission): 2, held to the next assessment. The first of them dates the event."""
    sustained_days: FromOne = 183
    """Days for which remission must have been shown at every assessment to be sustained; six months
    as in the clinical remission of PRINTO (Ruperto 2016). The assessment that reaches them dates
    the event."""

    @property
    def columns(self) -> dict[str, str]:
        """By column of visits that the analyses read, the key that asks: ``analyses (dose)``."""
        of_analysis: dict[DrugFreeAnalysis, tuple[str, ...]] = {
            "dose": ("glucocorticoid_mg_kg",),
            "glucocorticoid_free": ("glucocorticoid_mg_kg",),
            "immunosuppressant_free": ("immunosuppressant",),
            "drug_free_remission": ("glucocorticoid_mg_kg", "immunosuppressant"),
            "sustained_remission": (),
        }
        keys_by_column: dict[str, str] = {}
        for analysis in self.analyses:
            for column in of_analysis[analysis]:
                keys_by_column.setdefault(column, f"analyses ({analysis})")
        return keys_by_column


class GlucocorticoidIncrease(Section):
    """An increase of the recorded glucocorticoid dose after the infusion: an intercurrent event."""

    by_mg_kg: Positive
    """Least increase over the reference dose, mg/kg of prednisone equivalent."""
    over: Literal["lowest", "previous", "baseline"] = "lowest"
    """Reference dose: the lowest recorded since the baseline assessment, the previous recorded one,
    or that of the baseline assessment."""
    as_new_therapy: bool = False
    """Whether it counts as new systemic therapy, on the day of the assessment that shows it, by the
    strategies of `new_therapy`. Otherwise it is ignored (treatment policy), and counted."""
