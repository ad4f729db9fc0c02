"""The section ``eligibility.disease``: criteria of eligibility that are about the disease.

Each key settles what the registered text leaves open (docs/eligibility.md). Light to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from durable.jdm.measures import ENZYMES
from durable.jdm.screening import (
    GLUCOCORTICOID_OUTCOMES,
    MYOPATHY_ITEMS,
    SKIN,
    THERAPY_CLASSES,
    THERAPY_OUTCOMES,
)
from durable.sections import FromOne, NonEmptyUniqueList, NotNegative, Positive, Section, UniqueList

#: Items of the classification: the two skin signs are one; enzymes and antibodies are one each.
NUMBER_OF_ITEMS = len(MYOPATHY_ITEMS) - len(SKIN) + 3

if TYPE_CHECKING:
    EnzymeName = str
    TherapyClass = str
    GlucocorticoidOutcome = str
    TherapyOutcome = str
else:
    EnzymeName = Literal[tuple(ENZYMES)]
    TherapyClass = Literal[THERAPY_CLASSES]
    GlucocorticoidOutcome = Literal[GLUCOCORTICOID_OUTCOMES]
    TherapyOutcome = Literal[THERAPY_OUTCOMES]


class DiseaseEligibility(Section):
    """Criteria I02 to I06."""

    items_min: Annotated[int, Field(ge=1, le=NUMBER_OF_ITEMS)] = 4
    """I02: how many of the six items of the disease must be met ("four or five" of six is read as
    at least four)."""
    skin: Literal["both", "either"] = "both"
    """I02: the skin item is met by heliotrope rash and Gottron signs together, or by either."""
    enzymes: NonEmptyUniqueList[EnzymeName] = ("ck", "aldolase", "alt", "ast", "ldh")
    """I02: muscle enzymes of which one must be elevated."""
    enzyme_above_uln: Positive = 1.0
    """I02: elevated is above this multiple of the upper limit of normal."""
    ro52_counts: UniqueList[Literal["I02", "I04"]] = ("I02", "I04")
    """Criteria for which anti-Ro-52 alone is a positive antibody; it is associated with myositis
    and not specific of it."""
    glucocorticoid_outcomes: NonEmptyUniqueList[GlucocorticoidOutcome] = (
        "intolerant",
        "unresponsive",
    )
    """I03: outcomes of glucocorticoids that are a failure."""
    glucocorticoid_min_mg_kg: NotNegative = 1.0
    """I03: highest dose of prednisone equivalent at least, mg/kg per day."""
    treatment_months: FromOne = 6
    """I03: months of treatment at least."""
    treatment_of: Literal["glucocorticoid", "each"] = "glucocorticoid"
    """I03: the months are of glucocorticoids alone, or of each immunosuppressant too."""
    glucocorticoid_from_therapies: bool = True
    """I03: where the screening table leaves start, end or highest dose of glucocorticoids empty,
    they are the first day, last day and highest dose of the therapies of class gc that began by the
    anchor; gaps between these count as treatment."""
    immunosuppressants_min: FromOne = 2
    """I03: different immunosuppressants that failed, at least; two names are two."""
    immunosuppressant_classes: NonEmptyUniqueList[TherapyClass] = (
        "immunosuppressant",
        "biologic",
        "jak",
    )
    """I03: classes of therapies that are immunosuppressants; the default leaves out intravenous
    immunoglobulin (ivig) and hydroxychloroquine (antimalarial)."""
    immunosuppressant_outcomes: NonEmptyUniqueList[TherapyOutcome] = ("inadequate", "intolerant")
    """I03: outcomes of an immunosuppressant that are a failure."""
    needs_feature: bool = True
    """I03: whether failure of treatment must come with rapid progression, involvement of an organ,
    calcinosis, recurrent rash or ulcers of the skin."""
    necrotizing_myopathy: Literal["exempts", "adds_nothing"] = "exempts"
    """I05: necrotizing myopathy with anti-SRP or anti-HMGCR makes I02 to I04 not applicable, or
    leaves them in force."""
    lvef_min: NotNegative = 55.0
    """I06: left ventricular ejection fraction at least, %."""
    egfr_min: NotNegative = 30.0
    """I06: estimated glomerular filtration rate at least, mL/min/1.73 m2."""
    schwartz_factor: Positive = 0.413
    """I06: without a recorded rate it is this x height (cm) / creatinine (mg/dL): the bedside
    Schwartz equation (Schwartz 2009)."""
    transaminases: Literal["judged", "judged_unless_ck_high", "not_judged"] = "judged"
    """I06: AST and ALT are judged; not judged where CK is above its upper limit of normal, as then
    active myositis explains them; or never judged."""
    transaminase_max_uln: Positive = 3.0
    """I06: AST and ALT at most this multiple of the upper limit of normal."""
    bilirubin_max_uln: Positive = 2.0
    """I06: total bilirubin at most this multiple of the upper limit of normal."""
    spo2_min: NotNegative = 92.0
    """I06: oxygen saturation on room air at least, %."""
