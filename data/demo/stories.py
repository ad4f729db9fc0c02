"""The demo study: a synthetic trial in which every rule of the analysis has something to decide.

No value comes from a patient. Each subject is a short story in the tables below: what happens and
when, and how active the disease is at each assessment. A seed adds the scatter of real records
around it: visit dates within their windows, item scores, concentrations. The stories decide every
status (remission, recurrence, censoring) by a wide margin, so that no seed changes them.

The numbers are drawn with ``random.Random.random`` only, whose sequence Python guarantees, and
combined by +, -, x and / only, so that the files are the same bytes on every platform.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

#: Seed of the committed files in data/demo.
SEED = 6569472
#: Interim: all ten infused, the last of them 82 days before (month 3 window open).
INTERIM_CUTOFF = dt.date(2024, 6, 30)
#: Final: after the last month 24 window (2026-05-09).
FINAL_CUTOFF = dt.date(2026, 5, 31)

Row = dict[str, str]


# --- measures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """A recorded item, in whole steps of its record (VAS in tenths, CHAQ in eighths)."""

    name: str
    steps: int
    """Steps to a unit."""
    decimals: int
    top: int
    """Highest possible value, in steps."""
    healthy: int
    """Value without disease activity, in steps."""
    remission: tuple[int, int]
    """Lowest and highest value recorded in remission, in steps."""
    enzyme: bool = False
    """Enzymes fall earlier than the clinical scores: with the square of the activity."""

    def text(self, steps: int) -> str:
        """The value as recorded."""
        return f"{steps / self.steps:.{self.decimals}f}"


MEASURES = (
    Measure("physician_global", 10, 1, 100, 1, (0, 2)),
    Measure("parent_global", 10, 1, 100, 3, (0, 5)),
    Measure("cmas", 1, 0, 52, 52, (50, 52)),
    Measure("mmt8", 1, 0, 80, 80, (79, 80)),
    Measure("chaq", 8, 3, 24, 0, (0, 1)),
    Measure("chq_phs", 10, 1, 1000, 512, (482, 544)),
    Measure("das", 1, 0, 20, 0, (0, 1)),
    Measure("extramuscular", 10, 1, 100, 1, (0, 2)),
    Measure("ck", 1, 0, 100_000, 85, (55, 125), enzyme=True),
    Measure("aldolase", 10, 1, 10_000, 42, (30, 55), enzyme=True),
    Measure("ast", 1, 0, 10_000, 22, (16, 30), enzyme=True),
    Measure("alt", 1, 0, 10_000, 16, (10, 26), enzyme=True),
    Measure("ldh", 1, 0, 10_000, 190, (150, 230), enzyme=True),
)

# At the baseline assessment, in the order of the measures; none = never measured in this subject.
# CQ-006 has disease of the skin only. Under the IMACS set its greatest attainable score is
# 20 (physician 5) + 7.5 (parent 4) + 0 + 0 + 0 (CK 0.71 x ULN, 4.7 % of the range) + 20 = 47.5.
BASELINES: dict[str, tuple[float | None, ...]] = {
    #          phys par  CMAS MMT8 CHAQ   CHQ   DAS ext    CK   ald  AST  ALT  LDH
    "CQ-001": (7.2, 6.8, 24, 54, 1.875, 21.4, 14, 5.5, 3120, 18.4, 148, 96, 612),
    "CQ-002": (6.4, 5.9, 29, 58, 1.500, 25.8, 12, 4.8, 1460, 14.1, 102, 74, 548),
    "CQ-003": (5.8, 6.1, 31, 60, 1.375, 27.3, 12, 4.4, 980, 11.6, 85, 61, 471),
    "CQ-004": (6.5, 7.0, 22, 50, 2.000, 20.2, 15, 5.0, 890, None, 134, 88, 705),
    "CQ-005": (7.8, 7.1, 19, 47, 2.250, 18.7, 16, 6.2, 5240, 26.9, 231, 142, 834),
    "CQ-006": (5.0, 4.0, 52, 80, 0.000, 49.2, 7, 5.0, 120, 4.0, 20, 16, 150),
    "CQ-007": (6.9, 6.2, 27, 56, 1.625, 23.5, 13, 5.1, 2270, 16.8, 119, 83, 566),
    "CQ-008": (6.1, 5.4, 30, 59, 1.375, 26.6, 11, 4.1, 1105, 12.7, 91, 66, 503),
    "CQ-009": (8.1, 7.6, 18, 46, 2.375, 17.9, 17, 6.6, 4380, 24.3, 208, 131, 791),
    "CQ-010": (6.6, 6.0, 28, 57, 1.500, 24.9, 13, 4.9, 1830, 15.2, 113, 79, 559),
    "CQ-011": (7.4, 6.9, 23, 52, 2.000, 20.8, 15, 5.8, 2960, 19.7, 156, 104, 648),
    "CQ-012": (7.0, 6.3, 26, 55, 1.750, 22.6, 14, 5.3, 2015, 17.0, 127, 90, 587),
}

ULN = {"ck": "170", "aldolase": "7.6", "ast": "40", "alt": "40", "ldh": "295"}
#: CQ-007 is followed by another laboratory.
OTHER_ULN = {"CQ-007": {"ck": "145", "aldolase": "7.0", "ast": "36", "alt": "33", "ldh": "270"}}


# --- subjects -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """A consented subject."""

    subject_id: str
    part: str
    dose_level: str
    sex: str
    age_years: int
    glucocorticoid: float
    """Dose before infusion, mg/kg."""
    origin: dt.date
    """Day 0 of the story: the furthest step reached."""
    reached: str = "infusion"
    """infusion, lymphodepletion or consent."""
    death_day: int | None = None
    withdrawal_day: int | None = None
    withdrawal_reason: str = ""
    taper_floor: float = 0.0
    """Share of the glucocorticoid dose that can never be tapered."""


# Part A: three subjects at 1e7 and three at 3e7, none with a dose-limiting toxicity. Part B extends
# 3e7; a level of 6e7 was not opened.
SUBJECTS = (
    Subject("CQ-001", "A", "1e7", "F", 9, 0.50, dt.date(2023, 2, 14)),
    Subject("CQ-002", "A", "1e7", "M", 12, 0.40, dt.date(2023, 3, 21)),
    Subject("CQ-003", "A", "1e7", "F", 14, 0.35, dt.date(2023, 3, 6), "consent"),
    Subject("CQ-004", "A", "1e7", "F", 7, 0.60, dt.date(2023, 4, 25), taper_floor=0.4),
    Subject("CQ-005", "A", "3e7", "M", 15, 0.70, dt.date(2023, 6, 13), death_day=305),
    Subject("CQ-006", "A", "3e7", "F", 11, 0.20, dt.date(2023, 7, 18), taper_floor=0.5),
    Subject("CQ-007", "A", "3e7", "F", 5, 0.55, dt.date(2023, 8, 22)),
    Subject(
        *("CQ-008", "B", "3e7", "M", 8, 0.45, dt.date(2023, 10, 10), "lymphodepletion"),
        withdrawal_day=12,
        withdrawal_reason="withdrawal of consent after an adverse event of lymphodepletion",
    ),
    Subject("CQ-009", "B", "3e7", "F", 13, 0.75, dt.date(2023, 11, 14)),
    Subject("CQ-010", "B", "3e7", "M", 16, 0.45, dt.date(2024, 1, 9)),
    Subject(
        *("CQ-011", "B", "3e7", "F", 10, 0.60, dt.date(2024, 2, 27)),
        withdrawal_day=240,
        withdrawal_reason="withdrawal of consent",
    ),
    Subject("CQ-012", "B", "3e7", "M", 6, 0.50, dt.date(2024, 4, 9)),
)

#: One site; race and ethnicity are the same for all, as terms of the CDISC codelists.
SITE, RACE, ETHNICITY = "01", "ASIAN", "NOT HISPANIC OR LATINO"
#: Planned cells per kilogram; the dose given is within 5 % of it.
CELLS = {"1e7": 10_000_000, "3e7": 30_000_000}


# --- courses --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class At:
    """An assessment that took place."""

    visit: str
    activity: float
    """Disease activity: 1 as at baseline, above 1 a flare, 0 remission."""
    day: int | None = None
    """Days after infusion; drawn around the target where the story does not need a certain day."""
    says: str | None = None
    """Investigator's assessment, where it does not follow from the activity."""
    blank: tuple[str, ...] = ()
    """Items that were not recorded."""


#: Target day and the scatter around it, well within the windows of the schedule.
TARGETS = {
    "D14": (14, 2),
    "D28": (28, 2),
    "M2": (60, 6),
    "M3": (90, 7),
    "M6": (180, 7),
    "M9": (270, 8),
    "M12": (365, 14),
    "M18": (548, 18),
    "M24": (730, 18),
}

COURSES: dict[str, tuple[At, ...]] = {
    # Remission at month 3, recurrence at month 9: two assessments, the second an unscheduled one
    # at which the investigator records it too.
    "CQ-001": (
        At("D14", 1.15),
        At("D28", 0.60),
        At("M2", 0.35),
        At("M3", 0),
        At("M6", 0),
        At("M9", 0.35, 268, "stable"),
        At("UNS", 0.45, 289, "recurrence"),
        At("M12", 0.40, says="recurrence"),
        At("M18", 0.30),
        At("M24", 0.25),
    ),
    # A single assessment out of remission (month 9) between remissions; CHAQ missing at month 2.
    "CQ-002": (
        At("D14", 1.10),
        At("D28", 0.40),
        At("M2", 0, blank=("chaq",)),
        At("M3", 0, 92),
        At("UNS", 0, 99),
        At("M6", 0),
        At("M9", 0.30, says="stable"),
        At("M12", 0),
        At("M18", 0),
        At("M24", 0, 745),
    ),
    # Improves but never reaches remission; no month 3 assessment.
    "CQ-004": (
        At("D14", 1.10),
        At("D28", 0.80, 33),
        At("M2", 0.50),
        At("M6", 0.50),
        At("M9", 0.55),
        At("M12", 0.50),
        At("M18", 0.60),
        At("M24", 0.55),
    ),
    # Remission at day 25, a local flare (LICATS) on two assessments up to day 30, remission again;
    # dies of an infection on day 305.
    "CQ-005": (
        At("D14", 1.20),
        At("D28", 0, 25),
        At("UNS", 0.30, 27, "stable"),
        At("UNS", 0.25, 30, "stable"),
        At("M2", 0),
        At("M3", 0, 85),
        At("M6", 0),
        At("M9", 0),
    ),
    # Disease of the skin only, which persists.
    "CQ-006": (
        At("D14", 1.10),
        At("D28", 0.90),
        At("M2", 0.75),
        At("M3", 0.70, 92),
        At("M6", 0.50, 199),
        At("M9", 0.45),
        At("M12", 0.45),
        At("M24", 0.40),
    ),
    # Late remission; at month 12 neither CK nor MMT8, so the status is unknown; recurrence at
    # month 18, confirmed at month 24, not recorded as such by the investigator.
    "CQ-007": (
        At("D14", 1.10),
        At("D28", 0.75),
        At("M2", 0.50),
        At("M3", 0.30, 93),
        At("M6", 0),
        At("M9", 0),
        At("M12", 0, blank=("ck", "mmt8")),
        At("M18", 0.30, says="stable"),
        At("M24", 0.35, says="stable"),
    ),
    # New systemic therapy in remission on day 215, recurrence only later; DAS missing at month 3.
    "CQ-009": (
        At("D14", 1.20),
        At("D28", 0.45),
        At("M2", 0),
        At("M3", 0, 91, blank=("das",)),
        At("M6", 0),
        At("M9", 0),
        At("M12", 0.30, says="stable"),
        At("M18", 0.25, says="stable"),
        At("M24", 0),
    ),
    # Months 9 and 12 missed before the loss of remission at month 18.
    "CQ-010": (
        At("D14", 1.10),
        At("D28", 0.50),
        At("M2", 0),
        At("M3", 0, 94),
        At("M6", 0, 184),
        At("M18", 0.30, says="stable"),
        At("M24", 0.35, says="stable"),
    ),
    # Withdraws in remission on day 240.
    "CQ-011": (
        At("D14", 1.15),
        At("D28", 0.55),
        At("M2", 0.30),
        At("M3", 0, 90),
        At("M6", 0),
    ),
    # At the interim cut-off (day 82) month 2 is done and month 3 pending; lasting remission.
    "CQ-012": (
        At("D14", 1.10),
        At("D28", 0.45),
        At("M2", 0, 61),
        At("M3", 0, 95),
        At("M6", 0),
        At("M12", 0),
        At("M18", 0),
        At("M24", 0),
    ),
}


# --- therapies ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Therapy:
    """A therapy, in days from infusion; no end = ongoing."""

    therapy: str
    start: int
    end: int | None
    new_systemic: bool = False
    reason: str = "juvenile dermatomyositis"


IMMUNOSUPPRESSANTS = {"methotrexate", "mycophenolate mofetil", "ciclosporin", "tofacitinib"}

#: Beside prednisolone and methotrexate, which everyone had before.
THERAPIES: dict[str, tuple[Therapy, ...]] = {
    "CQ-001": (
        Therapy("immunoglobulin, intravenous", -412, -47),
        Therapy("methotrexate", 296, None, True, "recurrence"),
        Therapy("prednisolone", 296, None, True, "recurrence"),
    ),
    "CQ-002": (Therapy("ciclosporin", -380, -21),),
    "CQ-004": (
        Therapy("immunoglobulin, intravenous", -365, -40),
        Therapy("mycophenolate mofetil", -290, -18),
    ),
    "CQ-005": (Therapy("immunoglobulin, intravenous", -301, -39),),
    "CQ-006": (
        Therapy("hydroxychloroquine", -520, -28, reason="skin disease"),
        Therapy("tacrolimus, topical", 35, 240, reason="skin disease"),
    ),
    "CQ-009": (
        Therapy("immunoglobulin, intravenous", -274, -42),
        Therapy("tofacitinib", 215, None, True, "rash between visits"),
    ),
    "CQ-011": (Therapy("mycophenolate mofetil", -246, -19),),
}
#: Prednisolone after a recurrence: from day, mg/kg.
RESTART = {"CQ-001": (296, 0.30)}
#: Share of the glucocorticoid dose up to a day after infusion; nothing, or the floor, later.
TAPER = ((5, 1.0), (20, 0.8), (45, 0.6), (75, 0.4), (110, 0.2))
TAPER_END = 150


# --- adverse events -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """An adverse event, in days from infusion (CQ-008: from lymphodepletion); no end = ongoing."""

    start: int
    end: int | None
    term: str
    preferred_term: str
    ctcae: str
    astct: str = ""
    serious: bool = False
    related: bool = True
    dlt: bool = False
    aesi: str = ""
    outcome: str = "recovered"


_CRS = "Cytokine release syndrome"
_ICANS = "Immune effector cell-associated neurotoxicity syndrome"
SOC = {
    _CRS: "Immune system disorders",
    "Hypogammaglobulinaemia": "Immune system disorders",
    _ICANS: "Nervous system disorders",
    "Anaemia": "Blood and lymphatic system disorders",
    "B-cell aplasia": "Blood and lymphatic system disorders",
    "Febrile neutropenia": "Blood and lymphatic system disorders",
    "Lymphopenia": "Blood and lymphatic system disorders",
    "Neutropenia": "Blood and lymphatic system disorders",
    "Thrombocytopenia": "Blood and lymphatic system disorders",
    "Herpes zoster": "Infections and infestations",
    "Otitis media": "Infections and infestations",
    "Pneumonia": "Infections and infestations",
    "Upper respiratory tract infection": "Infections and infestations",
    "Pyrexia": "General disorders and administration site conditions",
    "Nausea": "Gastrointestinal disorders",
    "Vomiting": "Gastrointestinal disorders",
    "Hypocalcaemia": "Metabolism and nutrition disorders",
    "Myalgia": "Musculoskeletal and connective tissue disorders",
    "Rash": "Skin and subcutaneous tissue disorders",
}


def _aplasia(start: int, end: int | None, outcome: str = "recovered") -> Event:
    term = "no B cells in peripheral blood"
    return Event(start, end, term, "B-cell aplasia", "2", aesi="B-CELL APLASIA", outcome=outcome)


def _cytopenia(start: int, end: int, preferred_term: str, grade: str, dlt: bool = False) -> Event:
    term = f"{preferred_term.lower()} after CAR-T"
    return Event(start, end, term, preferred_term, grade, dlt=dlt, aesi="CYTOPENIA")


def _crs(start: int, end: int, ctcae: str, astct: str, serious: bool = False) -> Event:
    return Event(start, end, "cytokine release", _CRS, ctcae, astct, serious, aesi="CRS")


def _infection(
    start: int, end: int, term: str, preferred_term: str, grade: str, related: bool = False
) -> Event:
    return Event(start, end, term, preferred_term, grade, related=related, aesi="INFECTION")


def _licats(start: int, end: int, term: str, preferred_term: str, grade: str) -> Event:
    return Event(start, end, term, preferred_term, grade, aesi="LICATS")


def _hypogammaglobulinaemia(start: int, end: int | None, outcome: str = "recovered") -> Event:
    term = "low IgG, immunoglobulin replaced"
    aesi = "HYPOGAMMAGLOBULINAEMIA"
    return Event(start, end, term, "Hypogammaglobulinaemia", "2", aesi=aesi, outcome=outcome)


# CQ-004 has none.
EVENTS: dict[str, tuple[Event, ...]] = {
    "CQ-001": (
        Event(-21, -21, "tingling lips at apheresis", "Hypocalcaemia", "1", related=False),
        _cytopenia(1, 20, "Lymphopenia", "4"),
        _crs(6, 8, "1", "1"),
        _cytopenia(6, 14, "Neutropenia", "3"),
        _licats(12, 18, "pain of the thigh muscles", "Myalgia", "2"),
        _aplasia(14, 186),
        _infection(143, 151, "common cold", "Upper respiratory tract infection", "1"),
    ),
    "CQ-002": (
        _crs(7, 9, "2", "1"),
        _cytopenia(4, 17, "Neutropenia", "3"),
        _cytopenia(8, 21, "Anaemia", "3"),
        _aplasia(14, 221),
        # Severity was not recorded.
        _infection(96, 104, "cough and runny nose", "Upper respiratory tract infection", ""),
    ),
    "CQ-005": (
        _cytopenia(1, 26, "Lymphopenia", "4"),
        _crs(2, 7, "2", "2"),
        Event(5, 7, "tremor, sleepy, ICANS", _ICANS, "1", "1", aesi="ICANS"),
        _cytopenia(6, 19, "Thrombocytopenia", "3"),
        _aplasia(10, None, "not recovered"),
        _licats(26, 36, "rash of the knuckles, swollen thighs", "Rash", "2"),
        _hypogammaglobulinaemia(61, None, "not recovered"),
        Event(
            292,
            305,
            "pneumonia with respiratory failure",
            "Pneumonia",
            "5",
            serious=True,
            aesi="INFECTION",
            outcome="fatal",
        ),
    ),
    "CQ-006": (
        # On the day of infusion, without a time: counts as treatment-emergent.
        Event(0, 1, "fever in the evening of infusion", "Pyrexia", "1"),
        _cytopenia(5, 12, "Neutropenia", "3"),
        _aplasia(21, 158),
    ),
    "CQ-007": (
        Event(-4, -2, "nausea under lymphodepletion", "Nausea", "1", related=False),
        _cytopenia(2, 23, "Lymphopenia", "4"),
        _crs(8, 10, "1", "1"),
        _aplasia(14, 268),
        _infection(120, 129, "earache", "Otitis media", "2"),
    ),
    "CQ-008": (Event(2, 9, "fever, no neutrophils", "Febrile neutropenia", "3", "", True, False),),
    "CQ-009": (
        _crs(1, 6, "2", "2", serious=True),
        _cytopenia(3, 24, "Neutropenia", "4"),
        _licats(13, 20, "rash of eyelids and hands", "Rash", "2"),
        _aplasia(10, 300),
        _hypogammaglobulinaemia(58, 330),
        _infection(104, 118, "shingles", "Herpes zoster", "2", related=True),
    ),
    "CQ-010": (
        _crs(5, 7, "1", "1"),
        _cytopenia(7, 15, "Neutropenia", "3"),
        _aplasia(14, 240),
        Event(30, 31, "vomited twice", "Vomiting", "1", related=False),
    ),
    "CQ-011": (
        _crs(4, 8, "2", "2"),
        # The only dose-limiting toxicity, and the only cytopenia beyond day 28.
        _cytopenia(8, 41, "Neutropenia", "4", dlt=True),
        _cytopenia(9, 25, "Thrombocytopenia", "3"),
        _aplasia(14, None, "not recovered"),
    ),
    "CQ-012": (
        _cytopenia(1, 18, "Lymphopenia", "4"),
        _crs(3, 5, "1", "1"),
        _aplasia(10, 275),
        _infection(76, 88, "common cold", "Upper respiratory tract infection", "1"),
        _hypogammaglobulinaemia(60, 290),
    ),
}


# --- cellular kinetics ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Expansion:
    """CAR-T cells in blood: where the curve peaks, and what its samples lack."""

    peak: float
    """Cells per microlitre at the peak."""
    peak_day: int
    flow_detected: bool = True
    not_sampled: tuple[int, ...] = ()
    flow_instead: tuple[tuple[int, float], ...] = ()
    """Values by flow that leave the curve: nominal day, cells per microlitre."""


#: Share of the peak at each nominal day, by the day of the peak: fast, then slow decline.
PROFILES: dict[int, dict[int, float]] = {
    7: {4: 0.2, 7: 1, 10: 0.7, 14: 0.35, 21: 0.12, 28: 0.05, 60: 0.008, 90: 0.002},
    10: {4: 0.04, 7: 0.4, 10: 1, 14: 0.6, 21: 0.2, 28: 0.08, 60: 0.012, 90: 0.003},
    14: {4: 0.01, 7: 0.15, 10: 0.5, 14: 1, 21: 0.4, 28: 0.15, 60: 0.02, 90: 0.005},
}
EXPANSIONS = {
    "CQ-001": Expansion(12, 10),
    "CQ-002": Expansion(25, 10),
    "CQ-004": Expansion(8, 14, flow_detected=False),
    "CQ-005": Expansion(95, 14),
    # Below the limit on day 60, quantifiable on day 90: an isolated BLQ.
    "CQ-006": Expansion(9, 14, flow_instead=((60, 0.0), (90, 0.15))),
    "CQ-007": Expansion(48, 10),
    "CQ-009": Expansion(70, 7),
    "CQ-010": Expansion(60, 10, not_sampled=(10,)),
    "CQ-011": Expansion(130, 14),
    "CQ-012": Expansion(80, 7),
}
#: Assay: unit, lower limit of quantification, decimals, signal of one cell per microlitre.
ASSAYS = {"flow": ("cells/uL", "0.10", 2, 1), "qPCR": ("copies/ug DNA", "50", 0, 500)}
#: Samples that are taken at an assessment; the others have days of their own.
SAMPLED_AT = {14: "D14", 28: "D28", 60: "M2", 90: "M3"}


# --- re-infusion ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reinfusion:
    """A second infusion: its day after the first one, and what followed it."""

    day: int
    cells_per_kg: int
    expansion: Expansion
    sampled: tuple[int, ...]
    """Days after it with a sample; 0 is its own day, before it."""
    events: tuple[Event, ...]
    """Adverse events after it, in days from the first infusion."""


#: CQ-001 is infused again four months after methotrexate was restarted for its recurrence: every
#: efficacy endpoint has ended by then. The cells expand less than the first time.
REINFUSIONS = {
    "CQ-001": Reinfusion(
        420, 9_800_000, Expansion(6, 10), (0, 7, 10, 14, 28), (_crs(427, 429, "1", "1"),)
    ),
}


# --- writing --------------------------------------------------------------------------------------
