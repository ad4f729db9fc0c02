"""The section ``response`` of the plan: definitions of response in this disease."""

from __future__ import annotations

from typing import Annotated, Any, Literal, assert_never, get_args

from pydantic import ConfigDict, Field, model_validator

from durable.jdm.drug_free import DrugFree, DrugFreeAnalysis, GlucocorticoidIncrease
from durable.jdm.measures import COMPONENTS
from durable.jdm.reinfusion import Reinfusion
from durable.jdm.remission import ITEMS, REMISSION_RULES, Remission
from durable.schedule import Visit
from durable.sections import Days, Name, NonEmptyUniqueList, Number, Positive, Score, Section

CoreSet = Literal["printo", "imacs", "hybrid"]
Level = Literal["minimal", "moderate", "major"]


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
    def _check_order(self) -> Scale:
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

    def scale(self, measure: str) -> Scale:
        """Scale of a measure, by its column of visits."""
        scale: Scale = getattr(self, measure)
        return scale


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
    """TIS response categories: lowest score of a minimal, moderate and major response (JDM)."""

    minimal: Score = 30.0
    """Rider 2017: 30 for JDM (20 for adults)."""
    moderate: Score = 45.0
    """Rider 2017: 45 for JDM (40 for adults)."""
    major: Score = 70.0
    """Rider 2017: 70 for JDM (60 for adults)."""

    @model_validator(mode="after")
    def _check_order(self) -> Thresholds:
        if not self.minimal < self.moderate < self.major:
            raise ValueError("minimal < moderate < major")
        return self


class Improvement(Section):
    """Disease improvement at the configured visits."""

    visits: NonEmptyUniqueList[Name] = ("M2", "M3")
    """Visits at which the improvement rate is analysed, each on its own (no best-of)."""
    level: Level = "minimal"
    """Lowest TIS response category that counts as improvement."""
    thresholds: Thresholds = Thresholds()
    """Lowest score of each TIS response category."""
    missing: Literal["non_improved", "observed", "improved"] = "non_improved"
    """Subjects without an assessment: non_improved (composite, worst case), observed (excluded from
    the denominator) or improved (best case)."""
    light_missing: Literal["zero", "not_calculable"] = "zero"
    """A missing parent global, function or enzyme measure: scored 0 and flagged partial, or no
    score. The heavy measures (physician global, muscle, extramuscular) must always be present."""
    enzyme_component: Literal["scored", "zero", "maximum"] = "scored"
    """Enzyme or CHQ-PhS component: as scored, or for all subjects 0 or its maximum (a sensitivity
    analysis)."""
    unscheduled: bool = False
    """Whether an assessment labelled UNS may be used for a scheduled visit."""

    @property
    def least_score(self) -> float:
        """Total Improvement Score from which a response counts as improvement."""
        least: float = getattr(self.thresholds, self.level)
        return least


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

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of visits that the first two limbs read; the third reads the core set.

        None unless worsening is enabled.
        """
        return ("physician_global", "mmt8", "extramuscular") if self.enabled else ()


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
    count only when the investigator recorded them."""
    early_flare_in_aplasia: bool = True
    """Whether that holds only while B cells are absent, by the last result since the infusion on or
    before the day (`laboratory.b_cells`). Without such a result the day alone decides."""


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


def _credits(strategy: Strategy) -> bool:
    """Whether a state first seen after new systemic therapy is credited."""
    match strategy:
        case "composite" | "hypothetical":
            return False
        case "treatment_policy":
            return True
    assert_never(strategy)


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

    @property
    def credits_remission(self) -> bool:
        """Whether a first remission seen after it began is credited."""
        return _credits(self.remission)

    @property
    def credits_improvement(self) -> bool:
        """Whether a first improvement seen after it began is credited."""
        return _credits(self.improvement)

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
    """Visit by the end of whose window remission must be reached: subjects followed to it without
    remission have an event of event-free survival on day 1 (ELN 2022). Without a visit M6 in the
    schedule the default is its last visit."""
    new_therapy: NewTherapy = NewTherapy()
    """New systemic immunosuppressive therapy, an intercurrent event: composite, hypothetical or
    treatment_policy for every endpoint, or a key for each."""
    missed_assessments: MissedAssessments = MissedAssessments()
    """Missed or inadequate assessments before an event."""
    drug_free: DrugFree | None = None
    """Glucocorticoids over time, and time to freedom from medicines, from what is recorded at the
    assessments; empty: not analysed."""
    glucocorticoid_increase: GlucocorticoidIncrease | None = None
    """An increase of the glucocorticoid dose as an intercurrent event; empty: not defined."""
    reinfusion: Reinfusion | None = None
    """A second infusion of the cells as an intercurrent event. Required where the data have one;
    empty: each subject has at most one infusion."""

    @model_validator(mode="after")
    def _hybrid_is_explicit(self) -> Response:
        if (self.core_set == "hybrid") != (self.hybrid is not None):
            raise ValueError("hybrid: given exactly when core_set is hybrid")
        return self

    @model_validator(mode="after")
    def _criteria_fit_scales(self) -> Response:
        """The default limits of the rules are for the default scales."""
        remission, usual = self.remission, Ranges()
        stated = {f"criteria.{key}" for key in remission.criteria.model_fields_set}
        stated |= remission.model_fields_set
        limits = {f"criteria.{item.limit}": item.column for item in ITEMS}
        if remission.rule == "clinical_remission":
            limits |= {"clinical_cmas_min": "cmas", "clinical_physician_max": "physician_global"}
        for key, measure in limits.items():
            if measure not in Ranges.model_fields or key in stated:
                continue
            scale, own = usual.scale(measure), self.ranges.scale(measure)
            if (own.min, own.max) != (scale.min, scale.max):
                raise ValueError(
                    f"remission.{key} stated for another scale of {measure} than"
                    f" {scale.min:g} to {scale.max:g}"
                )
        return self

    def deadline(self, schedule: tuple[Visit, ...]) -> Visit:
        """Scheduled visit by the end of whose window remission must be reached.

        The one with the label `remission_deadline`; where the schedule has none of that name, the
        one with the latest target day.
        """
        named = {visit.visit: visit for visit in schedule}
        return named.get(self.remission_deadline) or max(schedule, key=lambda visit: visit.day)

    @property
    def without_unread(self) -> Response:
        """The same with the defaults of keys that another key switches off.

        These are the limits of other rules of remission, of worsening that does not count, and of
        an analysis that censors for no missed assessments. Equal ones define response alike.
        """
        limits = {key for rule in REMISSION_RULES.values() for key in rule.keys}
        unread = limits - set(self.remission.definition.keys)
        defaults = {key: Remission.model_fields[key].get_default() for key in unread}
        worsening, missed = self.recurrence.worsening, self.missed_assessments
        if not worsening.enabled:
            worsening = Worsening()
        if missed.consecutive is None:
            missed = MissedAssessments(consecutive=None)
        changed = {
            "remission": self.remission.model_copy(update=defaults),
            "recurrence": self.recurrence.model_copy(update={"worsening": worsening}),
            "missed_assessments": missed,
        }
        return self.model_copy(update=changed)

    def asks_for(self, analysis: DrugFreeAnalysis) -> bool:
        """Whether the section `drug_free` asks for an analysis; False where it is empty."""
        return self.drug_free is not None and analysis in self.drug_free.analyses

    @property
    def measures(self) -> dict[str, str]:
        """Measure (column of visits, or ``enzyme``) by place of the core set (`COMPONENTS`)."""
        match self.core_set:
            case "printo":
                muscle, enzyme, extramuscular = "cmas", "chq_phs", "das"
            case "imacs":
                muscle, enzyme, extramuscular = "mmt8", "enzyme", "extramuscular"
            case "hybrid":
                if self.hybrid is None:
                    raise ValueError("hybrid: given exactly when core_set is hybrid")
                hybrid = self.hybrid
                muscle, enzyme, extramuscular = hybrid.muscle, hybrid.enzyme, hybrid.extramuscular
            case never:
                assert_never(never)
        return dict(
            zip(
                COMPONENTS,
                ("physician_global", "parent_global", muscle, "chaq", enzyme, extramuscular),
                strict=True,
            )
        )
