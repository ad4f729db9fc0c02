"""The analysis plan as a typed, frozen object.

Every clinical definition, window, convention and threshold is a key here with a documented default.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    model_validator,
)

Enzyme = Literal["ck", "aldolase", "alt", "ast", "ldh"]
CoreSet = Literal["printo", "imacs", "hybrid"]
Level = Literal["minimal", "moderate", "major"]

ENZYMES: tuple[Enzyme, ...] = get_args(Enzyme)
TABLES = ("subjects", "visits", "therapies", "adverse_events", "kinetics")
#: The six places of a core set, in the order of the score card.
COMPONENTS = (
    "physician_global",
    "parent_global",
    "muscle",
    "function",
    "enzyme",
    "extramuscular",
)


#: Years that a date of a study can have: beyond them it is a slip of the keyboard.
FIRST_YEAR, LAST_YEAR = 1900, 2099


def _iso_date(value: object) -> object:
    if isinstance(value, str):
        try:
            date = dt.date.fromisoformat(value)
        except ValueError:
            date = None
        # Python reads 20240630 and 2024-W26-7 too.
        if date is None or date.isoformat() != value:
            raise ValueError("a date as YYYY-MM-DD")
        return date
    if isinstance(value, dt.datetime):
        raise ValueError("a date as YYYY-MM-DD, without a time")
    return value


def _in_years(value: dt.date) -> dt.date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a date from {FIRST_YEAR} to {LAST_YEAR}")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("text that is not empty")
    return value


def _one_line(value: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in value):
        raise ValueError("text of one line, without control signs")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("each entry once")
    return values


Text = Annotated[str, AfterValidator(_not_blank)]
#: Text that stands on the outputs. Files of XML cannot hold a control sign.
Line = Annotated[Text, AfterValidator(_one_line)]
Number = Annotated[float, AfterValidator(_finite)]
Positive = Annotated[float, Field(gt=0), AfterValidator(_finite)]
NotNegative = Annotated[float, Field(ge=0), AfterValidator(_finite)]
Days = Annotated[int, Field(ge=0, le=36500)]
Score = Annotated[float, Field(ge=0, le=100)]
Date = Annotated[dt.date, BeforeValidator(_iso_date), AfterValidator(_in_years)]
#: Names that become file or folder names: never a path.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
LONGEST_ID = 64
AnalysisId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_ID - 1}}}$")]


class Section(BaseModel):
    """Common behaviour of every part of the plan: frozen, strict, unknown keys refused."""

    # Not use_attribute_docstrings: pydantic would read this source anew for every job. The texts
    # under the keys are read where they are shown (`durable.plan.load.schema`).
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def only(self, paths: Iterable[str]) -> Self:
        """The same section with just these parts (dotted paths); reading another part fails.

        A stage is handed only what it declares, so that a declaration cannot be too small.
        """
        return _project(self, [path.split(".") for path in paths])


class Analysis(Section):
    """Which analysis this is."""

    id: AnalysisId
    """Name of the analysis and of its folder below results/."""
    data_cutoff: Date
    """Last day whose records are analysed."""
    title: Line = "Efficacy and duration of response"
    """Title line of every output."""


class Study(Section):
    """Which study this is, as the outputs name it: results belong to one study."""

    id: Line
    """Registry or protocol number."""
    title: Line | None = None
    """Short title of the study; when empty, its number stands for it."""
    treatment: Line | None = None
    """Name of the study treatment."""


Format = Literal["csv", "tsv", "xlsx", "parquet", "xpt", "sas7bdat", "dataset-json"]
#: Format by the suffix of the file, in small letters.
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".xpt": "xpt",
    ".sas7bdat": "sas7bdat",
    ".json": "dataset-json",
    ".ndjson": "dataset-json",
}
#: Formats that do not say themselves how their text is encoded.
ENCODED: tuple[Format, ...] = ("csv", "tsv", "xpt", "sas7bdat")


#: DOMAIN.VARIABLE, or nothing.
PLACE = r"^([A-Z]{2}|SUPP[A-Z]{2})\.[A-Z][A-Z0-9_]{0,7}$|^$"


class Input(Section):
    """One input table."""

    path: Text
    """File, relative to the folder in which snakemake is run, or absolute."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Expected SHA-256 of the file; a file that differs is refused."""
    format: Format | None = None
    """Format of the file; from its suffix when not given (.json, .ndjson: dataset-json)."""
    encoding: Literal["utf-8", "utf-16", "gb18030", "windows-1252"] | None = None
    """Encoding of the text in csv, tsv, xpt and sas7bdat files; when not given, what the file
    declares, else UTF-8. Nothing is guessed."""
    sheet: Text | None = None
    """Sheet of an xlsx file; when not given, the only one, or the one named as the table."""
    columns: dict[str, Text] = {}
    """Foreign column names: the native name, then the name in the file."""
    values: dict[str, dict[str, str]] = {}
    """Foreign values by native column: the value in the file, then ours ('' is missing)."""
    units: dict[str, Text] = {}
    """Recorded units by native column (docs/inputs.md), converted by exact factors."""

    @property
    def kind(self) -> Format:
        """The format of the file, stated or by its suffix."""
        return self.format or SUFFIXES[PurePath(self.path).suffix.lower()]

    @model_validator(mode="after")
    def _format_is_known(self) -> Input:
        if self.format is None and PurePath(self.path).suffix.lower() not in SUFFIXES:
            raise ValueError(f"a file ending in {', '.join(SUFFIXES)}, or its format")
        if self.encoding is not None and self.kind not in ENCODED:
            raise ValueError(f"encoding only with {', '.join(ENCODED)}: the others declare theirs")
        if self.sheet is not None and self.kind != "xlsx":
            raise ValueError("sheet only with xlsx")
        return self


def _all_tables(tables: tuple[str, ...]) -> tuple[str, ...]:
    if not {"subjects", "visits"} <= set(_unique(tables)):
        raise ValueError("subjects, visits and no table twice")
    return tables


class Sdtm(Section):
    """An SDTM package in place of the native tables (docs/inputs.md)."""

    folder: Text
    """Folder of the domains: dm.xpt and so on."""
    format: Literal["xpt", "csv", "dataset-json"] = "xpt"
    """Format of the domains' files."""
    encoding: Literal["utf-8", "utf-16", "gb18030", "windows-1252"] | None = None
    """Encoding of the text in xpt and csv files, as for a table."""
    sha256: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = {}
    """Expected SHA-256 of the files by domain (DM, SUPPDM); a file that differs is refused."""
    tables: Annotated[
        tuple[Literal["subjects", "visits", "therapies", "adverse_events", "kinetics"], ...],
        Strict(False),
        AfterValidator(_all_tables),
    ] = ("subjects", "visits", "therapies", "adverse_events", "kinetics")
    """Native tables to make from the package."""
    infusion: Annotated[tuple[Text, ...], Strict(False), Field(min_length=1)] = ("CD19 CAR-T",)
    """EXTRT of the infusion."""
    lymphodepletion: Annotated[tuple[Text, ...], Strict(False)] = (
        "FLUDARABINE",
        "CYCLOPHOSPHAMIDE",
    )
    """EXTRT of the lymphodepletion, which begins on the first date of any of them."""
    consent: Annotated[tuple[Text, ...], Strict(False)] = ("INFORMED CONSENT OBTAINED",)
    """DSDECOD of the consent, where variables.subjects.consent_date is a variable of DS."""
    withdrawal: Annotated[tuple[Text, ...], Strict(False)] = (
        "WITHDRAWAL BY SUBJECT",
        "WITHDRAWAL BY PARENT/GUARDIAN",
        "PHYSICIAN DECISION",
        "LOST TO FOLLOW-UP",
    )
    """DSDECOD of a withdrawal from the study."""
    below_lloq: Annotated[tuple[Text, ...], Strict(False)] = ("BLQ", "BLOQ", "BQL")
    """Results of a sample below the limit of quantification, beside those that begin with <."""
    variables: dict[str, dict[str, Annotated[str, Field(pattern=PLACE)]]] = {}
    """By table and native column: DOMAIN.VARIABLE (of a visit: DOMAIN.TESTCD) where it is not the
    default of docs/inputs.md; empty: not recorded."""
    evaluators: dict[str, Annotated[tuple[Text, ...], Strict(False), Field(min_length=1)]] = {}
    """By column of visits: the evaluators (--EVAL) whose results count, beside records without one.
    Default: INVESTIGATOR; of parent_global, chaq and chq_phs also PARENT, CAREGIVER and GUARDIAN,
    and of the last two STUDY SUBJECT. Other results are not used, and listed."""
    values: dict[str, dict[str, dict[str, str]]] = {}
    """By table: values as in inputs.TABLE.values; visits.visit names the visits."""
    units: dict[str, dict[str, Text]] = {}
    """By table: units as in inputs.TABLE.units."""


class Inputs(Section):
    """The study's tables: subjects, visits and what else there is; or an SDTM package."""

    subjects: Input | None = None
    """One row per subject; required without sdtm."""
    visits: Input | None = None
    """One row per subject and assessment; required without sdtm."""
    therapies: Input | None = None
    """One row per subject and therapy."""
    adverse_events: Input | None = None
    """One row per adverse event."""
    kinetics: Input | None = None
    """One row per sample and assay."""
    sdtm: Sdtm | None = None
    """An SDTM package in place of these tables."""


class Visit(Section):
    """One scheduled visit, counted in days from the infusion (day 0)."""

    visit: Name
    """Label of the visit, as in the visits table."""
    day: Annotated[int, Field(ge=1, le=36500)]
    """Target day: days after the infusion date."""
    window: Days
    """Days before and after the target that still belong to the visit."""

    @property
    def first_day(self) -> int:
        """First day of the window, never before the day after infusion."""
        return max(1, self.day - self.window)

    @property
    def last_day(self) -> int:
        """Last day of the window."""
        return self.day + self.window


def _visit(visit: str, day: int, window: int) -> Visit:
    return Visit(visit=visit, day=day, window=window)


DEFAULT_SCHEDULE = (
    _visit("D28", 28, 3),
    _visit("M2", 60, 14),
    _visit("M3", 90, 14),
    _visit("M6", 180, 14),
    _visit("M9", 270, 14),
    _visit("M12", 365, 30),
    _visit("M18", 548, 30),
    _visit("M24", 730, 30),
)


def _or_a_number(schema: dict[str, Any]) -> None:
    section = {key: schema.pop(key) for key in ("type", "properties", "required")}
    section["additionalProperties"] = schema.pop("additionalProperties")
    schema["anyOf"] = [{"type": "number", "exclusiveMinimum": 0}, section]


class Scale(Section):
    """Scale of a measure: the range that percent changes refer to, and the possible values."""

    # The schema says what _bare_number accepts: a number stands for a scale from 0 to it.
    model_config = ConfigDict(json_schema_extra=_or_a_number)

    range: Positive
    """Width of the scale: an absolute percent change is 100 x change / range."""
    min: Number = 0.0
    """Lowest possible value."""
    max: Positive
    """Highest possible value."""

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"range": value, "max": value}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Scale:
        if self.min >= self.max:
            raise ValueError("min below max")
        return self


def _scale(width: float) -> Scale:
    return Scale(range=width, max=width)


class EnzymeRanges(Section):
    """Range of each muscle enzyme, as a multiple of its upper limit of normal (ULN)."""

    ck: Positive = 15.0
    """Creatine kinase; adult ACR/EULAR criteria, not verified for JDM."""
    aldolase: Positive = 6.0
    """Aldolase; not verified."""
    alt: Positive = 3.0
    """Alanine aminotransferase; adult ACR/EULAR criteria, not verified for JDM."""
    ast: Positive = 3.0
    """Aspartate aminotransferase; adult ACR/EULAR criteria, not verified for JDM."""
    ldh: Positive = 3.0
    """Lactate dehydrogenase; adult ACR/EULAR criteria, not verified for JDM."""


class Ranges(Section):
    """Scale of each measure: a number (scale from 0 to it), or range, min and max."""

    physician_global: Scale = _scale(10)
    """Physician global assessment, visual analogue scale in cm."""
    parent_global: Scale = _scale(10)
    """Parent global assessment, visual analogue scale in cm."""
    cmas: Scale = _scale(52)
    """Childhood Myositis Assessment Scale."""
    mmt8: Scale = _scale(80)
    """Manual muscle testing of 8 groups: 80 unilateral, 150 bilateral."""
    chaq: Scale = _scale(3)
    """Childhood Health Assessment Questionnaire."""
    chq_phs: Scale = Scale(range=40, min=0, max=100)
    """Child Health Questionnaire, physical summary score; range not verified."""
    das: Scale = _scale(20)
    """Disease Activity Score for JDM."""
    extramuscular: Scale = _scale(10)
    """Extramuscular activity, visual analogue scale in cm."""
    enzymes: EnzymeRanges = EnzymeRanges()
    """Muscle enzymes, in multiples of ULN."""


class HybridSet(Section):
    """A core set mixed from the two published ones; not validated, and printed as such."""

    muscle: Literal["cmas", "mmt8"]
    """Measure of muscle strength."""
    enzyme: Literal["enzyme", "chq_phs"]
    """Fifth measure: the most abnormal enzyme (IMACS) or CHQ-PhS (PRINTO)."""
    extramuscular: Literal["extramuscular", "das"]
    """Extramuscular activity (IMACS) or DAS (PRINTO)."""


class Baseline(Section):
    """Which assessment is the baseline."""

    before: Literal["lymphodepletion", "infusion"] = "lymphodepletion"
    """Baseline is the last assessment before this; before infusion where there is none."""
    same_day: bool = True
    """Whether an assessment on the very day counts as before it."""


class Thresholds(Section):
    """Total Improvement Score from which a response is minimal, moderate, major (JDM)."""

    minimal: Score = 30.0
    """Rider 2017: 30 for JDM (20 for adults)."""
    moderate: Score = 45.0
    """Rider 2017: 45 for JDM (40 for adults)."""
    major: Score = 70.0
    """Rider 2017: 70 for JDM (60 for adults)."""

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if not self.minimal < self.moderate < self.major:
            raise ValueError("minimal < moderate < major")
        return self


class Improvement(Section):
    """Disease improvement at the configured visits."""

    visits: Annotated[
        tuple[Name, ...], Strict(False), Field(min_length=1), AfterValidator(_unique)
    ] = (
        "M2",
        "M3",
    )
    """Visits at which the improvement rate is analysed, each on its own (no best-of)."""
    level: Level = "minimal"
    """Least level of response that counts as improvement."""
    thresholds: Thresholds = Thresholds()
    """Total Improvement Score of each level."""
    missing: Literal["non_improved", "observed", "improved"] = "non_improved"
    """Subjects without an assessment: non_improved (composite, worst case), observed (left out of
    the denominator) or improved (best case)."""
    light_missing: Literal["zero", "not_calculable"] = "zero"
    """A missing parent global, function or enzyme measure: scored 0 and flagged partial, or no
    score. The heavy measures (physician global, muscle, extramuscular) must always be present."""
    enzyme_component: Literal["scored", "zero", "maximum"] = "scored"
    """Enzyme or CHQ-PhS component: as scored, or 0 or its maximum for everyone (sensitivity)."""
    unscheduled: bool = False
    """Whether an assessment labelled UNS may stand for a scheduled visit."""


class Criteria(Section):
    """Items of clinically inactive disease (Lazarevic 2013)."""

    ck_max: Positive = 150.0
    """Creatine kinase at most, U/L."""
    cmas_min: Positive = 48.0
    """CMAS at least."""
    mmt8_min: Positive = 78.0
    """MMT8 at least (scale of 80)."""
    physician_global_max: NotNegative = 0.2
    """Physician global at most."""
    at_least: Annotated[int, Field(ge=1, le=4)] = 3
    """How many of the four items must be met."""


class Remission(Section):
    """Remission: the response from which duration is counted."""

    rule: Literal["printo", "modified_printo", "jdmai1", "jdmai2", "tis", "investigator"] = (
        "modified_printo"
    )
    """printo: Lazarevic 2013; modified_printo: Almeida 2015, physician global mandatory; jdmai1,
    jdmai2: recorded index at most its threshold; tis: score at least a threshold; investigator: as
    recorded."""
    criteria: Criteria = Criteria()
    """Items of the printo and modified_printo rules."""
    jdmai1_max: NotNegative = 2.4
    """JDMAI1 of inactive disease, at most."""
    jdmai2_max: NotNegative = 5.2
    """JDMAI2 of inactive disease, at most."""
    tis_min: Score = 70.0
    """Total Improvement Score of the tis rule, at least."""
    confirmation: bool = False
    """Whether remission must hold at the next assessment too; dated at the first."""
    glucocorticoid_max_mg_kg: NotNegative | None = None
    """Remission only at or below this glucocorticoid dose, mg/kg; empty: any dose."""
    immunosuppressant_free: bool = False
    """Remission only off immunosuppressants."""


class Worsening(Section):
    """Worsening against the best value since infusion, on consecutive visits (ProDERM, IMACS)."""

    enabled: bool = False
    """Whether confirmed worsening counts as progression."""
    physician_global: Positive = 2.0
    """Limb 1: physician global worse by at least this (with the muscle limb)."""
    mmt8_percent: Annotated[float, Field(gt=0, le=100)] = 20.0
    """Limb 1: MMT8 worse by at least this percentage (with the physician global)."""
    extramuscular: Positive = 2.0
    """Limb 2: extramuscular activity (VAS) worse by at least this."""
    csm_percent: Annotated[float, Field(gt=0, le=100)] = 30.0
    """Limb 3: core set measures worse by at least this percentage."""
    csm_count: Annotated[int, Field(ge=1, le=5)] = 3
    """Limb 3: how many of the five non-enzyme measures."""
    percent_of: Literal["range", "best"] = "range"
    """Percentages refer to the range of the measure or to the best value."""


class Recurrence(Section):
    """Recurrence or progression: the event of duration of response."""

    confirmed_loss: bool = True
    """Loss of remission at consecutive adequate assessments, dated at the first."""
    consecutive: Annotated[int, Field(ge=1, le=5)] = 2
    """How many consecutive assessments confirm a loss of remission or a worsening."""
    investigator: bool = True
    """The investigator's recorded recurrence or progression."""
    worsening: Worsening = Worsening()
    """Confirmed deterioration."""
    early_flare_days: Days = 30
    """Losses and worsening up to this day after infusion are listed for adjudication (LICATS) and
    count only when the investigator says so."""


class MissedAssessments(Section):
    """Censoring for missed assessments before an event (FDA 2007, table A)."""

    consecutive: Annotated[int, Field(ge=1, le=20)] | None = 2
    """This many scheduled assessments missed in a row just before the event: censored at the last
    adequate assessment before the gap. Empty: never."""
    applies_to_death: bool = False
    """Whether death after such a gap is censored too (registry: death of any cause is an event)."""
    applies_to_new_therapy: bool = False
    """Whether new systemic therapy after such a gap is censored too. Like death it has an exact
    date, which no missed assessment makes uncertain."""


Strategy = Literal["composite", "hypothetical", "treatment_policy"]


def _or_a_strategy(schema: dict[str, Any]) -> None:
    section = {key: schema.pop(key) for key in ("type", "properties")}
    section["additionalProperties"] = schema.pop("additionalProperties")
    schema["anyOf"] = [{"enum": list(get_args(Strategy))}, section]


class NewTherapy(Section):
    """Strategy (ICH E9(R1)) for new systemic therapy by endpoint: one for all, or a key each."""

    # The schema says what _one_for_all accepts.
    model_config = ConfigDict(json_schema_extra=_or_a_strategy)

    improvement: Strategy = "composite"
    """Improvement assessed after it began: not improved (composite), not observed (hypothetical) or
    counted as assessed (treatment_policy)."""
    remission: Strategy = "composite"
    """First remission seen after it began: not credited (composite, hypothetical) or credited
    (treatment_policy)."""
    duration: Strategy = "composite"
    """Duration of response and event-free survival: an event (composite), censored at the last
    assessment in remission before it (hypothetical) or ignored (treatment_policy)."""

    @model_validator(mode="before")
    @classmethod
    def _one_for_all(cls, value: object) -> object:
        return dict.fromkeys(cls.model_fields, value) if isinstance(value, str) else value


class Response(Section):
    """Definitions of response."""

    core_set: CoreSet = "printo"
    """printo (CMAS, CHQ-PhS, DAS), imacs (MMT8, enzyme, extramuscular VAS) or explicit hybrid."""
    hybrid: HybridSet | None = None
    """Measures of the hybrid set; only with core_set: hybrid."""
    ranges: Ranges = Ranges()
    """Scales of the measures."""
    baseline: Baseline = Baseline()
    """Baseline assessment."""
    improvement: Improvement = Improvement()
    """Disease improvement."""
    remission: Remission = Remission()
    """Remission."""
    recurrence: Recurrence = Recurrence()
    """Recurrence and progression."""
    remission_deadline: Name = "M6"
    """Visit by whose window's last day remission must be reached: who is followed to it and not in
    remission has an event of event-free survival on day 1 (ELN 2022). Where the schedule has no M6
    and none is named, the last visit of the schedule."""
    new_therapy: NewTherapy = NewTherapy()
    """New systemic immunosuppressive therapy, an intercurrent event: composite, hypothetical or
    treatment_policy for every endpoint, or a key for each."""
    missed_assessments: MissedAssessments = MissedAssessments()
    """Missed or inadequate assessments before an event."""

    @model_validator(mode="after")
    def _hybrid_is_explicit(self) -> Response:
        if (self.core_set == "hybrid") != (self.hybrid is not None):
            raise ValueError("hybrid: given exactly when core_set is hybrid")
        return self

    @model_validator(mode="after")
    def _criteria_fit_scales(self) -> Response:
        stated = "mmt8_min" in self.remission.criteria.model_fields_set
        if self.ranges.mmt8.max != 80 and not stated:
            raise ValueError("remission.criteria.mmt8_min stated for an MMT8 scale other than 80")
        return self

    def deadline(self, schedule: tuple[Visit, ...]) -> Visit:
        """The visit by which remission must be reached."""
        named = {visit.visit: visit for visit in schedule}
        return named.get(self.remission_deadline) or max(schedule, key=lambda visit: visit.day)

    @property
    def measures(self) -> dict[str, str]:
        """Measure (column of visits, or ``enzyme``) in each place of the core set."""
        if self.core_set == "imacs":
            chosen = ("mmt8", "enzyme", "extramuscular")
        elif self.core_set == "printo":
            chosen = ("cmas", "chq_phs", "das")
        elif self.hybrid is not None:
            chosen = (self.hybrid.muscle, self.hybrid.enzyme, self.hybrid.extramuscular)
        muscle, enzyme, extramuscular = chosen
        return dict(
            zip(
                COMPONENTS,
                ("physician_global", "parent_global", muscle, "chaq", enzyme, extramuscular),
                strict=True,
            )
        )


class BetaPrior(Section):
    """Beta prior of the improvement rate."""

    a: Positive = 1.0
    """First shape parameter."""
    b: Positive = 1.0
    """Second shape parameter."""


class Statistics(Section):
    """Statistical conventions."""

    conf_level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Two-sided confidence level of every interval."""
    km_ci: Literal["log-log", "log", "plain", "logit", "arcsine"] = "log-log"
    """Transformation of the pointwise Kaplan-Meier interval."""
    quantile_rule: Literal["r", "sas"] = "sas"
    """Convention of Kaplan-Meier quantiles: LIFETEST (sas: not estimable where the curve ends at
    exactly the level) or survfit (r: there the midpoint, which moves with follow-up alone)."""
    landmarks_months: Annotated[
        tuple[Positive, ...], Strict(False), Field(min_length=1), AfterValidator(_unique)
    ] = (3, 6, 9, 12, 18, 24)
    """Months at which event-free rates are reported."""
    landmark_tolerance_days: Days = 30
    """A rate at a landmark is estimated as at the last observed time where that lies at most this
    many days before it (the window of a visit); 0: never."""
    sensitivity_landmarks_months: Annotated[
        tuple[Positive, ...], Strict(False), AfterValidator(_unique)
    ] = (6, 12)
    """Months whose event-free rates the table of sensitivity analyses shows."""
    dor_estimator: Literal["kaplan_meier", "turnbull"] = "kaplan_meier"
    """Estimator of duration of response; turnbull: recurrence is known only to lie between two
    assessments (Turnbull 1976). For sensitivity analyses: t_dor is Kaplan-Meier."""
    bootstrap_replicates: Annotated[int, Field(ge=100, le=100000)] = 1000
    """Bootstrap samples behind the interval of the Turnbull estimate."""
    bootstrap_seed: Annotated[int, Field(ge=0)] = 1976
    """Seed of those samples."""
    rmst_months: Positive = 24
    """Months up to which the restricted mean is taken."""
    days_per_month: Positive = 30.4375
    """Days of a month."""
    beta_prior: BetaPrior = BetaPrior()
    """Prior of the improvement rate."""


class Safety(Section):
    """Adverse events. Day 0 is the infusion; an event on that day without a time counts."""

    windows_days: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...],
        Strict(False),
        AfterValidator(_unique),
        Field(min_length=1),
    ] = (28, 90)
    """Windows after infusion, in days, in which events are counted beside all of follow-up; the
    first is the registered one."""
    ctcae_version: Line = "5.0"
    """Version of CTCAE that the grades are recorded by, for the footnotes."""
    missing_grade: Annotated[int, Field(ge=1, le=5)] = 3
    """Grade that a missing CTCAE grade counts as in the sensitivity row."""
    missing_related: Literal["related", "not_related"] = "related"
    """What an event counts as whose relation to the treatment is not recorded."""
    crs: Line = "CRS"
    """Value of aesi that marks cytokine release syndrome (graded by ASTCT, Lee 2019)."""
    icans: Line = "ICANS"
    """Value of aesi that marks ICANS (graded by ASTCT, Lee 2019)."""
    cytopenia: Line = "CYTOPENIA"
    """Value of aesi that marks cytopenias."""
    prolonged_cytopenia_grade: Annotated[int, Field(ge=1, le=5)] = 3
    """Cytopenia is prolonged at this grade or above ..."""
    prolonged_cytopenia_day: Days = 28
    """... when it lasts beyond this day after infusion."""
    capd_below_years: NotNegative = 12.0
    """Below this age ICANS is graded with CAPD instead of ICE; sources disagree at exactly 12."""
    dlt_window_days: Annotated[int, Field(ge=1)] = 28
    """Days after infusion in which a dose-limiting toxicity counts; evaluable for it are subjects
    followed this long or with one earlier. A death in them counts as one unless its event is
    recorded as not dose-limiting."""
    escalation: Literal["3+3", "none"] = "3+3"
    """Rule that the table of dose-limiting toxicities applies to each dose level."""
    escalation_part: Literal["A", "B"] = "A"
    """Part of the study that the escalation rule is applied to."""

    @model_validator(mode="after")
    def _labels_differ(self) -> Safety:
        labels = (self.crs, self.icans, self.cytopenia)
        if len(set(labels)) != len(labels):
            raise ValueError("crs, icans and cytopenia with a label each")
        return self


class Persistence(Section):
    """A time point at which persistence of the cells is reported."""

    label: Name
    """Name of the time point."""
    day: Annotated[int, Field(ge=1)]
    """Target day after infusion."""
    window: Days
    """Days before and after it."""


class Exposure(Section):
    """An area under the curve."""

    day: Annotated[int, Field(ge=1)]
    """Last day of the area."""
    extrapolation_days: Days
    """A profile still quantifiable at its last sample is extrapolated on its terminal slope, and
    flagged, when that sample lies at most this many days before the end; else not calculable."""


def _of_different_days(areas: tuple[Exposure, ...]) -> tuple[Exposure, ...]:
    _unique(tuple(area.day for area in areas))
    return areas


def _of_different_labels(points: tuple[Persistence, ...]) -> tuple[Persistence, ...]:
    _unique(tuple(point.label for point in points))
    return points


class Kinetics(Section):
    """Cellular kinetics: non-compartmental analysis per subject, assay and unit."""

    method: Literal["lin-up log-down", "linear"] = "lin-up log-down"
    """Rule of the area under the curve (PKNCA's default, or linear throughout)."""
    auc: Annotated[
        tuple[Exposure, ...], Strict(False), AfterValidator(_of_different_days), Field(min_length=1)
    ] = (
        Exposure(day=28, extrapolation_days=3),
        Exposure(day=90, extrapolation_days=14),
    )
    """Areas under the curve from the infusion on; the one to day 90 is registered."""
    persistence: Annotated[
        tuple[Persistence, ...], Strict(False), AfterValidator(_of_different_labels)
    ] = (
        Persistence(label="D28", day=28, window=3),
        Persistence(label="M2", day=60, window=14),
        Persistence(label="M3", day=90, window=14),
    )
    """Time points of persistence."""
    last_day: Annotated[int, Field(ge=1)] = 104
    """Last day of the samples that Cmax, Tmax, Tlast and the areas are of: the end of the window of
    month 3, as they are registered for three months. Later samples show persistence only."""

    @model_validator(mode="after")
    def _areas_within_the_samples(self) -> Kinetics:
        last = max(area.day for area in self.auc)
        if last > self.last_day:
            raise ValueError(f"last_day of at least {last}, the last day of an area in auc")
        return self


class Outputs(Section):
    """How results are shown; ard.csv always holds full precision."""

    percent_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of percentages in tables."""
    month_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of months in tables."""
    documents: Annotated[
        tuple[Literal["rtf", "docx", "pdf"], ...], Strict(False), AfterValidator(_unique)
    ] = ()
    """Documents beside the tables and figures. rtf: all of them in one file; pdf: all of them in
    one file, and each figure; docx: each table. Each table is written as RTF in any case."""
    datasets: Annotated[
        tuple[Literal["xpt", "dataset-json", "define", "ars"], ...],
        Strict(False),
        AfterValidator(_unique),
    ] = ()
    """Forms in which datasets and results are handed over: xpt: SAS transport, version 5;
    dataset-json: CDISC Dataset-JSON 1.1; define: CDISC define.xml 2.1 of those datasets; ars: the
    results by the CDISC Analysis Results Standard 1.0."""
    xpt_text: Literal["ascii", "utf-8"] = "ascii"
    """Text in SAS transport files. ascii: accents are dropped and other signs written as their code
    point, <U+7EA2>; utf-8: as it is. Every change is listed."""
    locked: bool = False
    """Final: the results are write-protected, and a run that would change them stops. Only an
    explicit false gives them up again."""
    queries_since: Text | None = None
    """queries.csv of an earlier analysis: queries.html and queries.xlsx then say which findings are
    new, still open, and resolved since."""


class Variant(Section):
    """A sensitivity analysis: what it changes of the primary definitions."""

    title: Line | None = None
    """Line shown in the tables; the name when not given."""
    response: dict[str, Any] = {}
    """Keys of response that differ."""
    statistics: dict[str, Any] = {}
    """Keys of statistics that differ."""


Probability = Annotated[float, Field(ge=0, le=1)]


class Scenario(Section):
    """A truth to simulate: what the patients are, how they are seen, how long."""

    subjects: Annotated[int, Field(ge=1, le=1000)] = 10
    """Subjects of a trial; all are infused."""
    dose_levels: dict[Text, Annotated[int, Field(ge=1)]] = {}
    """Subjects by dose level, adding up to all; empty: one level."""
    improvement: dict[Name, Probability]
    """True probability of improvement at each visit of the improvement rate. One uniform number per
    subject decides at all visits, so that the same subjects improve."""
    improvement_by_dose: dict[Text, Number] = {}
    """What a dose level adds to that probability."""
    remission_probability: Probability = 0.7
    """Probability of ever being in remission; those who are, are the readiest to improve."""
    remission_median_months: Positive = 3.0
    """Median time from infusion to remission among them, exponential. A remission that would begin
    before a visit at which the subject is not improved begins on the day after it."""
    dor_median_months: Positive | None = 12.0
    """Median duration of remission until recurrence; empty: none ever recurs."""
    dor_shape: Positive = 1.0
    """Shape of its Weibull distribution; 1: exponential."""
    false_loss: Probability = 0.0
    """Probability that an assessment in remission, by mistake, shows none."""
    recurrence_recorded: Probability = 1.0
    """Probability that the investigator records a subject's recurrence (at the assessments that
    show it)."""
    deaths_per_month: NotNegative = 0.0
    """Hazard of death from the infusion on. A death in remission ends the duration."""
    dropout_per_month: NotNegative = 0.0
    """Hazard of withdrawal from the infusion on."""
    missed_visit: Probability = 0.0
    """Probability that a scheduled visit does not take place."""
    jitter_days: Days = 0
    """Visits lie up to this many days before or after their day, uniformly, within their window."""
    every_months: Positive | None = None
    """Spacing of the visits after the last one of the improvement rate, in place of the
    schedule's; empty: the schedule."""
    follow_up_months: Positive = 24.0
    """From the last infusion to the data cut-off."""
    accrual_months: NotNegative = 12.0
    """Infusions lie in a period of this length, uniformly."""

    @model_validator(mode="after")
    def _dose_levels_add_up(self) -> Scenario:
        if self.dose_levels and sum(self.dose_levels.values()) != self.subjects:
            raise ValueError(f"dose_levels that add up to {self.subjects} subjects")
        if not set(self.improvement_by_dose) <= set(self.dose_levels):
            raise ValueError("improvement_by_dose only of dose_levels")
        shifted = [p + by for p in self.improvement.values() for by in self.shifts]
        if not all(0 <= p <= 1 for p in shifted):
            raise ValueError("improvement with improvement_by_dose from 0 to 1 at every dose level")
        return self

    @property
    def shifts(self) -> list[float]:
        """What the dose level of each subject adds to its probability of improvement."""
        levels = self.dose_levels or {"": self.subjects}
        by_level = [[self.improvement_by_dose.get(level, 0.0)] * n for level, n in levels.items()]
        return [shift for of_level in by_level for shift in of_level]


class Decision(Section):
    """An interim rule on the subjects improved at one visit; of one kind or the other."""

    visit: Name
    """Visit of the improvement rate."""
    stop_if_fewer_than: Annotated[int, Field(ge=0)] | None = None
    """Stop where fewer subjects are improved."""
    stop_if_probability_below: Probability | None = None
    """Stop where the posterior probability (prior: statistics.beta_prior) of a rate above
    rate_above is lower."""
    rate_above: Probability | None = None
    """Rate of that probability."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Decision:
        bayes = (self.stop_if_probability_below is None, self.rate_above is None)
        if bayes not in ((True, True), (False, False)) or bayes[0] == (
            self.stop_if_fewer_than is None
        ):
            raise ValueError("stop_if_fewer_than, or stop_if_probability_below with rate_above")
        return self


class Simulation(Section):
    """Virtual trials: what this design and these definitions can show (snakemake simulate)."""

    trials: Annotated[int, Field(ge=1, le=10_000_000)] = 10000
    """Virtual trials of each scenario."""
    seed: Annotated[int, Field(ge=0)] = 6569472
    """Seed of the random numbers."""
    chunks: Annotated[int, Field(ge=1, le=10000)] = 4
    """Jobs that the trials are spread over; the results do not depend on it."""
    definitions: Annotated[tuple[Name, ...], Strict(False), AfterValidator(_unique)] | None = None
    """Names of sensitivity analyses that are simulated beside the primary one; empty: all that can
    be (not the Turnbull estimator)."""
    scenarios: Annotated[dict[Name, Scenario], Field(min_length=1)]
    """Scenarios by name."""
    decisions: dict[Name, Decision] = {}
    """Interim decision rules by name."""


class Series(Section):
    """The same plan at further data cut-offs (snakemake series)."""

    cutoffs: Annotated[
        tuple[Date, ...], Strict(False), Field(min_length=1), AfterValidator(_unique)
    ]
    """Further data cut-offs; each is an analysis of its own, in results/ID-DATE."""


class Pins(Section):
    """What a repetition must find again; written by a run into audit/pinned.yaml."""

    code: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 over the files of the package and of the workflow."""
    lock: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """SHA-256 of the lock file."""
    python: Text
    """Version of Python."""
    packages: dict[str, Text]
    """Installed packages and their versions."""
    listing: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """SHA-256 of the earlier listing of findings (outputs.queries_since)."""


#: Sections of a plan that no analysis is made from.
NO_ANALYSIS = {"pins", "series", "simulation"}

GroupVariable = Literal["dose_level", "part", "sex"]


class Plan(Section):
    """The whole analysis plan."""

    analysis: Analysis
    """Identity of the analysis."""
    inputs: Inputs
    """Input tables."""
    study: Study
    """Identity of the study."""
    schedule: Annotated[tuple[Visit, ...], Strict(False), Field(min_length=1)] = DEFAULT_SCHEDULE
    """Scheduled assessments after infusion."""
    response: Response = Response()
    """Definitions of response."""
    statistics: Statistics = Statistics()
    """Statistical conventions."""
    groups: Annotated[tuple[GroupVariable, ...], Strict(False), AfterValidator(_unique)] = (
        "dose_level",
        "part",
    )
    """Columns of the tables beside Total."""
    sensitivity: dict[Name, Variant] = {}
    """Named variants of response and statistics."""
    safety: Safety = Safety()
    """Adverse events."""
    kinetics: Kinetics = Kinetics()
    """Cellular kinetics."""
    outputs: Outputs = Outputs()
    """Presentation."""
    simulation: Simulation | None = None
    """Virtual trials of this design; only for snakemake simulate."""
    series: Series | None = None
    """Further data cut-offs; only for snakemake series."""
    pins: Pins | None = None
    """Code and environment that a run must find; in pinned configurations only."""

    def response_of(self, name: str) -> Response:
        """Definitions of response of a sensitivity analysis: the primary ones, with its changes."""
        base = self.response.model_dump(exclude_unset=True)
        return Response.model_validate(merged(base, self.sensitivity[name].response))

    def statistics_of(self, name: str) -> Statistics:
        """Conventions of a sensitivity analysis: the primary ones, with its changes."""
        base = self.statistics.model_dump(exclude_unset=True)
        return Statistics.model_validate(merged(base, self.sensitivity[name].statistics))

    @property
    def redundant(self) -> tuple[str, ...]:
        """Sensitivity analyses that equal the primary analysis by definition."""
        return tuple(
            name
            for name in self.sensitivity
            if self.response_of(name) == self.response
            and self.statistics_of(name) == self.statistics
        )

    @property
    def simulated(self) -> tuple[str, ...]:
        """Sensitivity analyses that are simulated."""
        if self.simulation is None:
            return ()
        if self.simulation.definitions is not None:
            return self.simulation.definitions
        names = self.sensitivity
        return tuple(n for n in names if self.statistics_of(n).dor_estimator == "kaplan_meier")

    def slice(self, paths: Iterable[str]) -> dict[str, Any]:
        """The values at dotted paths, as plain JSON values."""
        values = self.model_dump(mode="json")
        return {path: _at(values, path.split(".")) for path in paths}

    def digest(self, paths: Iterable[str]) -> str:
        """SHA-256 of the values at dotted paths."""
        text = json.dumps(self.slice(paths), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _at(value: Any, path: list[str]) -> Any:
    for key in path:
        value = None if value is None else value[key]
    return value


SectionT = TypeVar("SectionT", bound=Section)


def _project(section: SectionT, paths: list[list[str]]) -> SectionT:
    if [] in paths:
        return section
    kept: dict[str, Any] = {}
    for name in dict.fromkeys(path[0] for path in paths):
        below = [path[1:] for path in paths if path[0] == name]
        value = getattr(section, name)
        kept[name] = _project(value, below) if isinstance(value, Section) else value
    part: SectionT = section.model_construct(_fields_set=set(kept), **kept)  # type: ignore[assignment]
    # model_construct fills defaults in; what was not asked for has to be absent.
    for name in set(part.__dict__) - set(kept):
        del part.__dict__[name]
    return part


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it; mappings are merged key by key."""
    result = dict(base)
    for key, new in change.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            result[key] = merged(old, new)
        else:
            result[key] = new
    return result
