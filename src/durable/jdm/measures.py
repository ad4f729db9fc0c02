"""The measures of the disease, each one object, by the names of their columns in the visits table.

Input tables, the plan's scales, SDTM places, units, labels of tables, listings and figures are made
from these objects. Light to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from durable.language import N_

Direction = Literal["lower", "higher"]

_INVESTIGATOR = ("INVESTIGATOR",)
_FAMILY = (*_INVESTIGATOR, "PARENT", "CAREGIVER", "GUARDIAN")
_SELF = (*_FAMILY, "STUDY SUBJECT")
_MILLIMETRES = {"mm": Fraction(1, 10)}
#: The katal is 1 mol/s, the enzyme unit 1 umol/min: 1 ukat is 60 U.
_CATALYSIS = {"ukat/L": Fraction(60), "nkat/L": Fraction(60, 1000)}


@dataclass(frozen=True)
class Measure:
    """A measure of disease activity on a scale, recorded at an assessment."""

    column: str
    """Column of visits; also its key of ``response.ranges``."""
    label: str
    """Name in a sentence, marked for translation."""
    title: str
    """Name as a heading, marked for translation."""
    sdtm: str
    """DOMAIN.TESTCD in an SDTM package; CDISC has no codes for most of them."""
    better: Direction = "lower"
    unit: str = N_("points")
    recorded_units: Mapping[str, Fraction] = field(default_factory=dict)
    """Other units in which a study may record it, with the factor to ours."""
    evaluators: tuple[str, ...] = _INVESTIGATOR
    """Evaluators (--EVAL) whose results count."""
    decimals: int = 1
    """Decimals of its mean in tables."""
    stands_for: str = ""
    """What the label abbreviates."""
    verified: bool = True
    """Whether a source confirms the default range."""


@dataclass(frozen=True)
class Enzyme:
    """A muscle enzyme in serum, recorded with its upper limit of normal (ULN)."""

    column: str
    """Column of visits; also its key of ``response.ranges.enzymes``."""
    label: str
    title: str
    recorded_units: Mapping[str, Fraction] = field(default_factory=lambda: _CATALYSIS)
    """Other units in which a study may record it and its limit, with the factor to U/L."""

    @property
    def uln(self) -> str:
        """Column of its upper limit of normal."""
        return f"{self.column}_uln"

    @property
    def sdtm(self) -> str:
        """DOMAIN.TESTCD in an SDTM package."""
        return f"LB.{self.column.upper()}"


@dataclass(frozen=True)
class Index:
    """A composite index that a study may record at an assessment."""

    column: str
    label: str
    limit: str
    """Key of ``response.remission`` that holds its limit in inactive disease."""


@dataclass(frozen=True)
class Component:
    """A place of the core set, with its part of the Total Improvement Score.

    The score card is that of Rider et al., Rheumatology 2017;56:1884, Table 3.
    """

    name: str
    paramcd: str
    """Code of its value in ADRS; PC and SC are appended for percent change and score."""
    label: str
    scores: tuple[float, ...]
    """Score of levels 0 to 4. The repeated 7.5s are those of the publication."""
    cut_points: tuple[float, ...] = (5.0, 15.0, 25.0, 40.0)
    """Upper cut points (absolute percent change) of levels 0 to 3."""
    heavy: bool = False
    """Whether there is no score without it; a lighter one that is missing scores 0."""


#: Measures by column, in the order of the visits table.
MEASURES: Mapping[str, Measure] = {
    measure.column: measure
    for measure in (
        Measure(
            "physician_global",
            N_("physician global"),
            N_("Physician global assessment"),
            sdtm="QS.PHYGLOB",
            unit="VAS",
            recorded_units=_MILLIMETRES,
        ),
        Measure(
            "parent_global",
            N_("parent global"),
            N_("Parent global assessment"),
            sdtm="QS.PARGLOB",
            unit="VAS",
            recorded_units=_MILLIMETRES,
            evaluators=_FAMILY,
        ),
        Measure(
            "cmas",
            "CMAS",
            "CMAS",
            sdtm="FT.CMAS",
            better="higher",
            stands_for=N_("Childhood Myositis Assessment Scale"),
        ),
        Measure(
            "mmt8",
            "MMT8",
            "MMT8",
            sdtm="FT.MMT8",
            better="higher",
            recorded_units={"0-150": Fraction(80, 150)},
            stands_for=N_("manual muscle testing of 8 groups"),
        ),
        Measure(
            "chaq",
            "CHAQ",
            "CHAQ",
            sdtm="QS.CHAQ",
            evaluators=_SELF,
            decimals=2,  # it has steps of 0.125
            stands_for=N_("Childhood Health Assessment Questionnaire"),
        ),
        Measure(
            "chq_phs",
            "CHQ-PhS",
            "CHQ-PhS",
            sdtm="QS.CHQPHS",
            better="higher",
            evaluators=_SELF,
            stands_for=N_("Child Health Questionnaire, physical summary"),
            verified=False,
        ),
        Measure("das", "DAS", "DAS", sdtm="RS.DAS", stands_for=N_("Disease Activity Score")),
        Measure(
            "extramuscular",
            N_("extramuscular activity"),
            N_("Extramuscular activity"),
            sdtm="RS.EXTRAMUS",
            recorded_units=_MILLIMETRES,
        ),
    )
}

#: Muscle enzymes by column, in the order that decides between two equally abnormal ones.
ENZYMES: Mapping[str, Enzyme] = {
    enzyme.column: enzyme
    for enzyme in (
        Enzyme("ck", "CK", N_("Creatine kinase")),
        Enzyme("aldolase", N_("aldolase"), N_("Aldolase")),
        Enzyme("alt", "ALT", "ALT"),
        Enzyme("ast", "AST", "AST"),
        Enzyme("ldh", "LDH", "LDH"),
    )
}
#: The measure of a core set that is the muscle enzyme most abnormal at baseline.
ENZYME = Measure("enzyme", N_("muscle enzyme"), N_("Muscle enzyme"), sdtm="", unit=N_("x ULN"))

INDICES: Mapping[str, Index] = {
    index.column: index
    for index in (
        Index("jdmai1", "JDMAI1", limit="jdmai1_max"),
        Index("jdmai2", "JDMAI2", limit="jdmai2_max"),
    )
}

#: Columns of the visits table that hold the disease, in its order.
ACTIVITY_COLUMNS: tuple[str, ...] = (
    *MEASURES,
    *(
        column
        for name in ("ck", "aldolase", "ast", "alt", "ldh")
        for column in (name, f"{name}_uln")
    ),
)

#: The six places of a core set by name, in the order of the score card.
COMPONENTS: Mapping[str, Component] = {
    component.name: component
    for component in (
        Component(
            "physician_global",
            "PHYS",
            N_("physician global"),
            scores=(0.0, 7.5, 15.0, 17.5, 20.0),
            heavy=True,
        ),
        Component("parent_global", "PAR", N_("parent global"), scores=(0.0, 2.5, 5.0, 7.5, 10.0)),
        Component(
            "muscle",
            "MUS",
            N_("muscle strength"),
            scores=(0.0, 10.0, 20.0, 27.5, 32.5),
            cut_points=(2.0, 10.0, 20.0, 30.0),
            heavy=True,
        ),
        Component(
            "function", "FUN", N_("physical function (CHAQ)"), scores=(0.0, 5.0, 7.5, 7.5, 10.0)
        ),
        Component("enzyme", "ENZ", N_("enzyme or CHQ-PhS"), scores=(0.0, 2.5, 5.0, 7.5, 7.5)),
        Component(
            "extramuscular",
            "EXTR",
            N_("extramuscular activity"),
            scores=(0.0, 7.5, 12.5, 15.0, 20.0),
            heavy=True,
        ),
    )
}


def core_set_measure(name: str) -> Measure:
    """A measure that a core set may hold, by its column: one of `MEASURES`, or `ENZYME`."""
    return ENZYME if name == ENZYME.column else MEASURES[name]


def direction(measure: str) -> Direction:
    """Whether lower or higher values of a measure are better."""
    return core_set_measure(measure).better
