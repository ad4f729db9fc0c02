"""The disease's definitions in force, in sentences for footnotes, read from the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from durable.jdm.measures import COMPONENTS, ENZYME, MEASURES, core_set_measure
from durable.jdm.parameters import SCORE
from durable.jdm.response import Baseline, CoreSet, Improvement, Recurrence, Response, Worsening
from durable.language import N_, _
from durable.wording import clauses, join_words, list_words, sentences

#: Levels of improvement in a sentence.
LEVELS = {"minimal": N_("minimal"), "moderate": N_("moderate"), "major": N_("major")}


def abbreviations() -> str:
    """Footnote: what the abbreviated labels of the measures stand for, and ULN."""
    meanings = sorted(
        _("{abbreviation}: {meaning}").format(
            abbreviation=measure.label, meaning=_(measure.stands_for)
        )
        for measure in MEASURES.values()
        if measure.stands_for
    )
    return clauses([*meanings, _("ULN: upper limit of normal.")])


def core_set(response: Response) -> Iterator[str]:
    """Two footnotes: the measures with their ranges, and the baseline."""
    measures = [_measure(response, measure) for measure in response.measures.values()]
    yield _("{core_set}: {measures}.").format(
        core_set=_core_set_name(response.core_set), measures=list_words(measures)
    )
    yield _baseline(response.baseline)


def _baseline(baseline: Baseline) -> str:
    match baseline.before:
        case "lymphodepletion":
            if baseline.same_day:
                return _(
                    "Baseline: last assessment before lymphodepletion (same day included); if none,"
                    " before infusion."
                )
            return _(
                "Baseline: last assessment before lymphodepletion (same day excluded); if none,"
                " before infusion."
            )
        case "infusion":
            if baseline.same_day:
                return _("Baseline: last assessment before infusion (same day included).")
            return _("Baseline: last assessment before infusion (same day excluded).")
    assert_never(baseline.before)


def _core_set_name(core_set: CoreSet) -> str:
    match core_set:
        case "printo":
            return _("PRINTO core set")
        case "imacs":
            return _("IMACS core set")
        case "hybrid":
            return _("Hybrid core set (mixed from PRINTO and IMACS, not validated)")
    assert_never(core_set)


def _measure(response: Response, name: str) -> str:
    """A measure with the range that its percent changes refer to."""
    if name == ENZYME.column:
        ranges = response.ranges.enzymes.model_dump()
        multiples = join_words([f"{enzyme.upper()} {width:g}" for enzyme, width in ranges.items()])
        return _(
            "the muscle enzyme most abnormal at baseline (ranges in multiples of ULN: {multiples};"
            " not verified for JDM)"
        ).format(multiples=multiples)
    measure, scale = MEASURES[name], response.ranges.scale(name)
    form = _("{measure} (range {range:g}, not verified)")
    if measure.verified:
        form = _("{measure} (range {range:g})")
    return form.format(measure=_(measure.label), range=scale.range)


def improvement(response: Response) -> Iterator[str]:
    """Footnotes: improvement at a visit, and how missing measures and assessments are handled."""
    section, thresholds = response.improvement, response.improvement.thresholds
    yield sentences(
        _(
            "Improvement: {score} ({code}; Rider 2017) of at least {least:g} ({level}). {code}"
            " response categories: minimal from {minimal:g}, moderate from {moderate:g}, major from"
            " {major:g}."
        ).format(
            score=_(SCORE.label),
            code=SCORE.paramcd,
            least=section.least_score,
            level=_(LEVELS[section.level]),
            **thresholds.model_dump(),
        ),
        _missing_assessment(response),
    )
    label = {place: _(core_set_measure(name).label) for place, name in response.measures.items()}
    light = [label[name] for name, component in COMPONENTS.items() if not component.heavy]
    heavy = [label[name] for name, component in COMPONENTS.items() if component.heavy]
    yield _missing_light(section).format(
        light=list_words(light, "or"), heavy=list_words(heavy, "or")
    )
    match section.enzyme_component:
        case "scored":
            return
        case "zero":
            form = _("The {component} component is set to its zero for all subjects.")
        case "maximum":
            form = _("The {component} component is set to its maximum for all subjects.")
        case never:
            assert_never(never)
    yield form.format(component=label["enzyme"])


def _missing_assessment(response: Response) -> str:
    """What subjects without an assessment count as; the dead and rescued are no missing values."""
    composite = response.new_therapy.improvement == "composite"
    match response.improvement.missing:
        case "non_improved":
            return _(
                "Each visit is analysed on its own; subjects without an assessment are counted as"
                " not improved."
            )
        case "observed" if composite:
            return _(
                "Each visit is analysed on its own; subjects without an assessment are excluded"
                " from the denominator, except after death or new systemic therapy, which count as"
                " not improved."
            )
        case "observed":
            return _(
                "Each visit is analysed on its own; subjects without an assessment are excluded"
                " from the denominator, deaths are not."
            )
        case "improved" if composite:
            return _(
                "Each visit is analysed on its own; subjects without an assessment are counted as"
                " improved, except after death or new systemic therapy, which count as not"
                " improved."
            )
        case "improved":
            return _(
                "Each visit is analysed on its own; subjects without an assessment are counted as"
                " improved, deaths are not."
            )
    assert_never(response.improvement.missing)


def _missing_light(improvement: Improvement) -> str:
    match improvement.light_missing:
        case "zero":
            return _("A missing {light} scores 0 (partial score); no score without {heavy}.")
        case "not_calculable":
            return _("A missing {light} leaves the score not calculable; no score without {heavy}.")
    assert_never(improvement.light_missing)


def remission(response: Response) -> Iterator[str]:
    """Footnote: the remission from which duration is counted."""
    state = (
        _("Remission (clinically inactive disease)")
        if response.remission.definition.inactive_disease
        else _("Remission")
    )
    form = (
        _(
            "{state}: {rule}. A first remission observed after the start of new systemic therapy is"
            " credited (treatment policy)."
        )
        if response.new_therapy.credits_remission
        else _(
            "{state}: {rule}. A first remission observed after the start of new systemic therapy is"
            " not credited."
        )
    )
    yield form.format(state=state, rule=response.remission.describe())


def recurrence(response: Response) -> Iterator[str]:
    """Footnote: what is a recurrence or progression, which ends a response."""
    section = response.recurrence
    limbs = []
    if section.confirmed_loss:
        limbs.append(_loss(section.consecutive))
    if section.worsening.enabled:
        limbs.append(_worsening(section))
    if section.investigator:
        limbs.append(_("as recorded by the investigator"))
    if not limbs:
        yield _("Recurrence or progression: none is an event by the plan.")
        return
    shown_by_visits = section.confirmed_loss or section.worsening.enabled
    form = _early_flares(section) if shown_by_visits else _AS_RECORDED
    yield _(form).format(events=list_words(limbs, "or"), day=section.early_flare_days)


_AS_RECORDED = N_("Recurrence or progression: {events}, dated at the first such assessment.")


def _early_flares(recurrence: Recurrence) -> str:
    """The footnote by which losses soon after the infusion count, marked for translation."""
    if not recurrence.early_flare_days:
        return _AS_RECORDED
    match recurrence.investigator, recurrence.early_flare_in_aplasia:
        case True, True:
            return N_(
                "Recurrence or progression: {events}, dated at the first such assessment; up to day"
                " {day} after infusion only if recorded by the investigator, or if the last result"
                " of B cells is not in aplasia."
            )
        case True, False:
            return N_(
                "Recurrence or progression: {events}, dated at the first such assessment; up to day"
                " {day} after infusion only if recorded by the investigator."
            )
        case False, True:
            return N_(
                "Recurrence or progression: {events}, dated at the first such assessment; up to day"
                " {day} after infusion only if the last result of B cells is not in aplasia."
            )
        case _:
            return N_(
                "Recurrence or progression: {events}, dated at the first such assessment; none up"
                " to day {day} after infusion."
            )


def _loss(consecutive: int) -> str:
    if consecutive == 1:
        return _("loss of remission at one adequate assessment")
    form = _("loss of remission at {n} consecutive adequate assessments")
    return form.format(n=consecutive)


def _worsening(recurrence: Recurrence) -> str:
    """Worsening with its limbs, at the assessments that confirm it."""
    worsening = recurrence.worsening
    limbs = _(
        "physician global by {physician_global:g} and MMT8 by {mmt8_percent:g}%, or extramuscular"
        " activity by {extramuscular:g}, or {csm_count} of 5 measures by {csm_percent:g}%;"
        " percentages of the {base}"
    ).format(**worsening.model_dump(), base=_percent_base(worsening))
    form = _(
        "worsening at {n} consecutive assessments against the best value since infusion ({limbs})"
    )
    if recurrence.consecutive == 1:
        form = _("worsening at one assessment against the best value since infusion ({limbs})")
    return form.format(n=recurrence.consecutive, limbs=limbs)


def _percent_base(worsening: Worsening) -> str:
    match worsening.percent_of:
        case "range":
            return _("range of the measure")
        case "best":
            return _("best value")
    assert_never(worsening.percent_of)
