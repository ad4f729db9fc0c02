"""What the datasets hold of the disease: parameters of ADRS and variables of ADSL, with methods.

Each is one object: its code, its label, the column of the assessments that it is made from, and the
method that define.xml prints, with the keys of the plan that decide it. Light to import.
"""

from __future__ import annotations

from dataclasses import dataclass

from durable.jdm.measures import COMPONENTS, ENZYMES
from durable.jdm.remission import ITEMS
from durable.language import N_


@dataclass(frozen=True)
class Parameter:
    """A parameter of ADRS."""

    paramcd: str
    label: str
    column: str
    """Column of the assessments that holds its value."""
    method: str
    keys: tuple[str, ...] = ()
    """Dotted paths of the plan that the method follows."""


@dataclass(frozen=True)
class SubjectVariable:
    """A variable of ADSL."""

    name: str
    label: str
    method: str
    keys: tuple[str, ...] = ()


_SUM = (
    "Sum of the six component scores (0 to 100). None without physician global, muscle measure or"
    " extramuscular measure"
)
#: The score of the response. Its code is also its abbreviation.
SCORE = Parameter(
    "TIS",
    N_("Total Improvement Score"),
    "tis",
    f"{_SUM}; a missing lighter measure scores 0.",
    ("response.improvement",),
)
#: What the score could be with missing measures, and with the laboratory component fixed.
SCORE_AT_BEST = Parameter(
    "TISBEST",
    f"{SCORE.label}, missing light measures at their maximum",
    "tis_best",
    f"{_SUM}; a missing lighter measure scores its maximum.",
)
SCORE_ENZYME_ZERO = Parameter(
    "TISENZ0",
    f"{SCORE.label}, {COMPONENTS['enzyme'].label} scored 0",
    "tis_enzyme_zero",
    f"{_SUM}; {COMPONENTS['enzyme'].label} scores 0.",
)
SCORE_ENZYME_MAXIMUM = Parameter(
    "TISENZMX",
    f"{SCORE.label}, {COMPONENTS['enzyme'].label} scored its maximum",
    "tis_enzyme_maximum",
    f"{_SUM}; {COMPONENTS['enzyme'].label} scores its maximum.",
)
OTHER_SCORES = (SCORE_AT_BEST, SCORE_ENZYME_ZERO, SCORE_ENZYME_MAXIMUM)

#: Items of the remission rules, in the order of the dataset.
REMISSION_ITEMS = tuple(
    Parameter(
        item.paramcd,
        f"Remission item: {item.label}",
        item.status,
        "Y, N or U: whether the item of the remission rule is met.",
        ("response.remission",),
    )
    for item in ITEMS
)

#: Recorded at the assessments; only where the plan has a section ``response.drug_free``.
GLUCOCORTICOID = Parameter(
    "GCDOSE",
    N_("Glucocorticoid dose, prednisone equivalent (mg/kg)"),
    "glucocorticoid_mg_kg",
    "Dose of glucocorticoid as recorded at the assessment, mg/kg of prednisone equivalent.",
    ("response.drug_free",),
)
#: Only where the plan has a section ``response.glucocorticoid_increase``.
GLUCOCORTICOID_INCREASE = Parameter(
    "GCINC",
    N_("Glucocorticoid increase"),
    "glucocorticoid_increase",
    "Y, N or U: whether the recorded dose exceeds the reference dose by the least increase; U where"
    " one of them is not known. Assessments after infusion.",
    ("response.glucocorticoid_increase",),
)

*_OTHER_ENZYMES, _LAST_ENZYME = (enzyme.label for enzyme in ENZYMES.values())
ENZYME_FOLLOWED = SubjectVariable(
    "BLENZ",
    N_("Muscle enzyme followed"),
    f"Of {', '.join(_OTHER_ENZYMES)} and {_LAST_ENZYME} the one most abnormal at baseline"
    " as a multiple of its upper limit of normal; equal ones in that order. Core sets with an"
    " enzyme only.",
    ("response.core_set",),
)
ENZYME_AT_BASELINE = SubjectVariable(
    "BLENZULN",
    N_("Baseline of the enzyme, multiple of ULN"),
    "Baseline of the enzyme BLENZ over its upper limit of normal at baseline.",
)
ATTAINABLE_SCORE = SubjectVariable(
    "MAXTIS",
    N_("Maximum attainable TIS"),
    f"{SCORE.label} with every measure at its best possible value and the enzyme at its upper limit"
    " of normal.",
    ("response.core_set", "response.ranges"),
)

#: Variables of ADSL that are made from the assessments: a study without visits has none of them.
OF_ASSESSMENTS = (
    *("REMFL", "BLDT", ENZYME_FOLLOWED.name, ENZYME_AT_BASELINE.name, ATTAINABLE_SCORE.name),
    *("BLREMFL", "REMSDT", "NSTPREFL"),
)
