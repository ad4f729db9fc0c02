"""The disease's definitions in force, in sentences for footnotes, read from the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from durable.jdm.measures import COMPONENTS, ENZYME, MEASURES, core_set_measure
from durable.jdm.parameters import SCORE
from durable.jdm.response import CoreSet, Improvement, Recurrence, Response, Worsening
from durable.wording import listed

#: What the labels of the measures stand for, and ULN.
ABBREVIATIONS = "; ".join(
    [
        *sorted(f"{one.label}: {one.stands_for}" for one in MEASURES.values() if one.stands_for),
        "ULN: upper limit of normal.",
    ]
)


def core_set(response: Response) -> Iterator[str]:
    """Measures, their ranges, and the baseline."""
    measures = [_measure(response, measure) for measure in response.measures.values()]
    yield f"{_core_set_name(response.core_set)}: {listed(measures)}."
    baseline = response.baseline
    fallback = "; if none, before infusion" if baseline.before == "lymphodepletion" else ""
    day = "same day included" if baseline.same_day else "same day excluded"
    yield f"Baseline: last assessment before {baseline.before} ({day}){fallback}."


def _core_set_name(core_set: CoreSet) -> str:
    match core_set:
        case "printo":
            return "PRINTO core set"
        case "imacs":
            return "IMACS core set"
        case "hybrid":
            return "Hybrid core set (mixed from PRINTO and IMACS, not validated)"
    assert_never(core_set)


def _measure(response: Response, name: str) -> str:
    """A measure with the range that its percent changes refer to."""
    if name == ENZYME.column:
        ranges = response.ranges.enzymes.model_dump()
        multiples = ", ".join(f"{enzyme.upper()} {width:g}" for enzyme, width in ranges.items())
        return (
            "the muscle enzyme most abnormal at baseline"
            f" (ranges in multiples of ULN: {multiples}; not verified for JDM)"
        )
    measure = MEASURES[name]
    unverified = "" if measure.verified else ", not verified"
    return f"{measure.label} (range {response.ranges.scale(name).range:g}{unverified})"


def improvement(response: Response) -> Iterator[str]:
    """Improvement at a visit, and how missing measures and assessments are handled."""
    improvement, thresholds = response.improvement, response.improvement.thresholds
    yield (
        f"Improvement: {SCORE.label} ({SCORE.paramcd}; Rider 2017) of at least"
        f" {improvement.least_score:g} ({improvement.level}). {SCORE.paramcd} response categories:"
        f" minimal from {thresholds.minimal:g}, moderate from {thresholds.moderate:g}, major from"
        f" {thresholds.major:g}. Each visit is analysed on its own;"
        f" {_missing_assessment(improvement)}."
    )
    label = {place: core_set_measure(name).label for place, name in response.measures.items()}
    light = [label[name] for name, component in COMPONENTS.items() if not component.heavy]
    heavy = [label[name] for name, component in COMPONENTS.items() if component.heavy]
    yield (
        f"A missing {listed(light, 'or')} {_missing_light(improvement)}; no score without"
        f" {listed(heavy, 'or')}."
    )
    if improvement.enzyme_component != "scored":
        component = f"The {label['enzyme']} component"
        yield f"{component} is set to its {improvement.enzyme_component} for all subjects."


def _missing_assessment(improvement: Improvement) -> str:
    match improvement.missing:
        case "non_improved":
            return "subjects without an assessment are counted as not improved"
        case "observed":
            return (
                "subjects without an assessment are excluded from the denominator, deaths are not"
            )
        case "improved":
            return "subjects without an assessment are counted as improved, deaths are not"
    assert_never(improvement.missing)


def _missing_light(improvement: Improvement) -> str:
    match improvement.light_missing:
        case "zero":
            return "scores 0 (partial score)"
        case "not_calculable":
            return "leaves the score not calculable"
    assert_never(improvement.light_missing)


def remission(response: Response) -> Iterator[str]:
    """The response from which duration is counted."""
    credited = response.new_therapy.credits_remission
    after_therapy = "is credited (treatment policy)" if credited else "is not credited"
    yield (
        f"Remission (clinically inactive disease): {response.remission.describe()}. A first"
        f" remission observed after the start of new systemic therapy {after_therapy}."
    )


def recurrence(response: Response) -> Iterator[str]:
    """What ends a response."""
    recurrence = response.recurrence
    limbs = []
    if recurrence.confirmed_loss:
        limbs.append(f"loss of remission at {_consecutive(recurrence, 'adequate assessment')}")
    if recurrence.worsening.enabled:
        limbs.append(
            f"worsening at {_consecutive(recurrence, 'assessment')} against the best value since"
            f" infusion ({_worsening(recurrence.worsening)})"
        )
    if recurrence.investigator:
        limbs.append("as recorded by the investigator")
    events = listed(limbs, "or") if limbs else "none"
    yield (
        f"Recurrence or progression: {events}, dated at the first such assessment; up to day"
        f" {recurrence.early_flare_days} after infusion only if recorded by the investigator."
    )


def _consecutive(recurrence: Recurrence, assessment: str) -> str:
    """The number of assessments that confirm a loss or a worsening."""
    if recurrence.consecutive == 1:
        return f"one {assessment}"
    return f"{recurrence.consecutive} consecutive {assessment}s"


def _worsening(worsening: Worsening) -> str:
    return (
        f"physician global by {worsening.physician_global:g} and MMT8 by"
        f" {worsening.mmt8_percent:g}%, or extramuscular activity by {worsening.extramuscular:g},"
        f" or {worsening.csm_count} of 5 measures by {worsening.csm_percent:g}%; percentages of the"
        f" {_percent_base(worsening)}"
    )


def _percent_base(worsening: Worsening) -> str:
    match worsening.percent_of:
        case "range":
            return "range of the measure"
        case "best":
            return "best value"
    assert_never(worsening.percent_of)
