"""The list of definitions: what tables refer to, once in each document and page."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from durable.jdm import wording
from durable.jdm.reinfusion import counted_as_therapy
from durable.language import N_, _
from durable.outputs import definitions, laboratory_wording
from durable.outputs.boundary_wording import boundaries, boundary_definitions
from durable.outputs.deviation_definitions import deviation_definitions
from durable.outputs.eligibility_definitions import eligibility_definitions
from durable.outputs.reinfusion_definitions import reinfusion_definitions
from durable.outputs.table import Table
from durable.plan import Plan
from durable.wording import sentences

#: What tables abbreviate; the disease's own abbreviations stand behind them.
_ABBREVIATIONS = N_(
    "AESI: adverse event of special interest; ASTCT: American Society for Transplantation and"
    " Cellular Therapy; AUC: area under the curve; CI: confidence interval; CRS: cytokine release"
    " syndrome; CTCAE: Common Terminology Criteria for Adverse Events; CV: coefficient of"
    " variation; DLT: dose-limiting toxicity; ICANS: immune effector cell-associated neurotoxicity"
    " syndrome; NE: not estimable; SD: standard deviation; TEAE: treatment-emergent adverse event."
)


def definitions_in_force(
    plan: Plan, datasets: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The definitions in force: each term with its sentences, in the language in force.

    Parameters
    ----------
    plan
        The analysis plan.
    datasets
        Names of the datasets that the analysis has, in lower case: what is not analysed is not
        defined.
    """
    statistics, safety = plan.statistics, plan.safety
    if "adrs" in datasets:
        yield from _response_definitions(plan)
    if plan.response.reinfusion is not None:
        yield _("Re-infusion"), tuple(reinfusion_definitions(plan.response.reinfusion))
    yield _("Proportions"), tuple(definitions.proportions(statistics))
    if "adae" in datasets:
        yield (
            _("Adverse events"),
            (
                *definitions.treatment_emergent(),
                definitions.counting(safety),
                definitions.event_windows(safety),
                _(definitions.FATAL),
                definitions.seriousness_and_relation(safety),
                definitions.followed_through_window(safety),
                _(definitions.BEFORE_INFUSION_PERIODS),
                definitions.missing_grade(safety),
                definitions.special_interest(safety),
            ),
        )
        yield _("Dose-limiting toxicities"), tuple(definitions.dose_limiting(safety))
        if boundaries(plan):
            yield _("Safety boundaries"), tuple(boundary_definitions(plan))
    if "adlb" in datasets:
        yield _("Laboratory"), tuple(laboratory_wording.definitions(plan))
        yield _("B cells"), tuple(laboratory_wording.b_cells(plan.laboratory))
        yield _("Haematotoxicity (ICAHT)"), tuple(laboratory_wording.icaht(plan.laboratory))
    if "adpp" in datasets:
        yield _("Cellular kinetics"), tuple(definitions.kinetics_method(plan.kinetics))
    if "adie" in datasets:
        yield _("Eligibility"), tuple(eligibility_definitions(plan.eligibility))
    if plan.deviations is not None:
        yield _("Protocol deviations"), tuple(deviation_definitions(plan))
    of_disease = (wording.abbreviations(),) if "adrs" in datasets else ()
    yield _("Abbreviations"), (_(_ABBREVIATIONS), *of_disease)


def _response_definitions(plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Definitions of response and of its duration."""
    response = plan.response
    yield _("Core set and baseline"), tuple(wording.core_set(response))
    yield (
        _("Disease improvement"),
        (
            *wording.improvement(response),
            definitions.new_therapy(response),
            *filter(None, (counted_as_therapy(response),)),
        ),
    )
    yield (
        _("Visit windows"),
        tuple(definitions.windows(plan, [visit.visit for visit in plan.schedule])),
    )
    yield _("Remission"), tuple(wording.remission(response))
    yield _("Recurrence and progression"), tuple(wording.recurrence(response))
    yield _("Durations"), tuple(definitions.duration(plan))
    yield _("Kaplan-Meier estimates"), tuple(definitions.survival(plan.statistics))
    if response.drug_free is not None or response.glucocorticoid_increase is not None:
        name = _("Glucocorticoids and drug-free remission")
        yield name, tuple(definitions.drug_free(plan))


def definition_list(plan: Plan, datasets: Collection[str]) -> Table:
    """The list of definitions, for the last pages of a document: a table with footnotes alone."""
    listed = definitions_in_force(plan, datasets)
    return Table(
        name="definitions",
        number="",
        title=_("List of definitions"),
        subtitles=(),
        columns=(),
        rows=(),
        footnotes=tuple(
            _("{term}: {sentences}").format(term=term, sentences=sentences(*texts))
            for term, texts in listed
        ),
    )
