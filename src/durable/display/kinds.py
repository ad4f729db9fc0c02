"""The tables of the report, in its order, with what is said under each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from durable.display import definitions as say
from durable.display.shell import Ard, Rows
from durable.display.shells import efficacy, kinetics, safety, subjects
from durable.plan import Plan


@dataclass(frozen=True)
class Kind:
    """A table of the report: its shell and what is said of it."""

    title: str
    population: str
    dataset: str
    shell: Callable[[Ard, Plan], Rows]
    notes: Callable[[Plan], Iterator[str]]
    size: tuple[str, str] | None = None
    """Parameter and statistic of N in the column headings; else the subjects of EFS."""
    columns: Callable[[Plan], tuple[str, ...]] | None = None
    """Column headings, where the columns are not the groups."""
    stub: str = ""
    """Heading of the column of labels."""


def _improvement_notes(plan: Plan) -> Iterator[str]:
    yield from say.improvement(plan.response)
    yield say.new_therapy(plan.response)
    yield from say.windows(plan)
    yield from say.core_set(plan.response)
    yield from say.proportions(plan.statistics)
    yield (
        "Missing: no assessment with a score in the window. Pending: the window was open at the"
        " data cut-off. Rates of all infused count the pending as not improved."
    )
    yield say.ABBREVIATIONS


def _durability_notes(plan: Plan) -> Iterator[str]:
    yield from say.remission(plan.response)
    yield from say.recurrence(plan.response)
    yield from say.duration(plan)
    yield from say.survival(plan.statistics)
    yield say.ABBREVIATIONS


def _sensitivity_notes(plan: Plan) -> Iterator[str]:
    for name, variant in plan.sensitivity.items():
        changes = _changes(variant.model_dump(include={"response", "statistics"}))
        yield f"{variant.title or name}: {'; '.join(changes)}"
    yield from say.remission(plan.response)
    yield from say.recurrence(plan.response)
    yield from say.duration(plan)
    yield from say.improvement(plan.response)
    yield say.new_therapy(plan.response)
    yield from say.core_set(plan.response)
    yield from say.survival(plan.statistics)
    rule = plan.statistics
    yield (
        "Turnbull estimates: a range left open by the data is shown at its late end; intervals"
        f" by bootstrap over subjects ({rule.bootstrap_replicates} samples,"
        f" seed {rule.bootstrap_seed})."
    )


def _changes(overrides: dict[str, Any], above: str = "") -> Iterator[str]:
    """Keys of the plan that a sensitivity analysis changes, with their values."""
    for key, value in overrides.items():
        if isinstance(value, dict):
            yield from _changes(value, f"{above}{key}.")
        else:
            yield f"{above}{key} = {json.dumps(value)}"


def _disposition_notes(plan: Plan) -> Iterator[str]:
    yield (
        "Percentages of the consented up to the infusion, of the infused below it. Follow-up: from"
        " infusion to death, whatever the last contact; else to withdrawal or last contact,"
        " whichever is earlier."
    )
    yield from say.remission(plan.response)
    yield from say.windows(plan)


def _baseline_notes(plan: Plan) -> Iterator[str]:
    yield from say.core_set(plan.response)
    enzyme = plan.response.measures["enzyme"] == "enzyme"
    normal = ", the enzyme at its upper limit of normal" if enzyme else ""
    yield (
        f"Maximum attainable score: every measure at its best value{normal}."
        " Quartiles by the SAS default definition."
    )
    yield from say.remission(plan.response)
    yield say.ABBREVIATIONS


def _kinetics_notes(plan: Plan) -> Iterator[str]:
    rule = plan.kinetics
    ends = "; ".join(f"day {a.day}: {a.extrapolation_days} days" for a in rule.auc)
    yield (
        f"Non-compartmental, {rule.method} trapezoids, of samples up to day {rule.last_day}; later"
        " ones show persistence only. Below the limit of quantification: 0 before the first and"
        " after the last quantifiable sample, missing in between. A profile still quantifiable at"
        " its last sample is extrapolated on its terminal slope when that sample is near the end of"
        f" the area ({ends})."
    )
    yield (
        "A sample without a result is no sample. Not quantifiable: marked below the limit, a value"
        " of 0, or a value below its limit. Not calculable: also without a result after the day of"
        " infusion. Never detected: Cmax and areas 0, Tmax and Tlast not calculable."
    )
    yield say.elapsed_days()
    spans = [f"{p.label} day {p.day} +/- {p.window}" for p in rule.persistence]
    if spans:
        yield (
            f"Persistence: result nearest to the day, in the window ({'; '.join(spans)}); of two"
            " as near the earlier. N: subjects with a result there."
        )
    yield (
        "Geometric CV: 100 sqrt(exp(s^2) - 1). NE: not estimable (a geometric mean with a subject"
        " in whom cells were never detected)."
    )


def _overview_notes(plan: Plan) -> Iterator[str]:
    yield from _event_notes(plan)
    yield say.event_windows(plan.safety)
    yield (
        "Fatal: grade 5 or outcome fatal. Dose-limiting and special-interest events as recorded;"
        " deaths that were not assessed are in the table of dose-limiting toxicities only."
    )
    yield say.relatedness(plan.safety)
    yield say.followed(plan.safety)
    yield say.before_infusion()
    yield say.missing_grade(plan.safety)
    yield say.bound(plan.statistics)


def _event_notes(plan: Plan) -> Iterator[str]:
    yield from say.treatment_emergent()
    yield say.counting(plan.safety)


def _term_notes(plan: Plan) -> Iterator[str]:
    yield from _event_notes(plan)
    yield say.event_windows(plan.safety)
    yield (
        "Classes by descending number of subjects (all infused, in the window) and then by name;"
        " terms alike within their class."
    )
    yield say.missing_grade(plan.safety)
    yield say.bound(plan.statistics)


def _neurotoxicity_notes(plan: Plan) -> Iterator[str]:
    yield from say.neurotoxicity(plan.safety)
    yield from say.treatment_emergent()
    yield say.outcomes()
    yield say.bound(plan.statistics)


def _interest_notes(plan: Plan) -> Iterator[str]:
    yield from _event_notes(plan)
    yield from say.special_interest(plan.safety)
    yield say.missing_grade(plan.safety)
    yield say.bound(plan.statistics)


def _death_notes(plan: Plan) -> Iterator[str]:
    yield "Deaths on or after the day of infusion (day 0), in windows of days after it."
    yield say.bound(plan.statistics)


def _limiting_notes(plan: Plan) -> Iterator[str]:
    yield from say.limiting(plan.safety)
    yield say.bound(plan.statistics)


_INFUSED = ("", "n_infused")

KINDS: dict[str, Kind] = {
    "disposition": Kind(
        "Disposition of subjects",
        "All who consented",
        "ADSL, ADRS",
        subjects.disposition,
        _disposition_notes,
        ("CONSENTED", "n"),
    ),
    "baseline": Kind(
        "Demographics and baseline disease",
        "All infused",
        "ADSL, ADRS",
        subjects.baseline,
        _baseline_notes,
    ),
    "improvement": Kind(
        "Disease improvement rate",
        "All infused",
        "ADRS",
        efficacy.improvement,
        _improvement_notes,
    ),
    "dor": Kind(
        "Duration of response and event-free survival",
        "Subjects with remission; all infused for event-free survival",
        "ADTTE",
        efficacy.durability,
        _durability_notes,
        ("EFS", "n_subjects"),
    ),
    "sensitivity": Kind(
        "Sensitivity analyses",
        "All infused; duration of response: subjects with remission",
        "ADRS, ADTTE",
        efficacy.sensitivity,
        _sensitivity_notes,
        columns=efficacy.sensitivity_headings,
        stub="Analysis",
    ),
    "ae_overview": Kind(
        "Adverse events: overview",
        "All infused",
        "ADAE",
        safety.overview,
        _overview_notes,
        _INFUSED,
        stub="n (%) [events]",
    ),
    "ae_soc_pt": Kind(
        "Adverse events by system organ class, preferred term and worst grade",
        "All infused",
        "ADAE",
        safety.terms,
        _term_notes,
        _INFUSED,
        stub="n (%) [events]",
    ),
    "ae_crs": Kind(
        "Cytokine release syndrome and neurotoxicity (ICANS) by ASTCT grade",
        "All infused",
        "ADAE",
        safety.neurotoxicity,
        _neurotoxicity_notes,
        _INFUSED,
    ),
    "aesi": Kind(
        "Adverse events of special interest by worst CTCAE grade",
        "All infused",
        "ADAE",
        safety.interest,
        _interest_notes,
        _INFUSED,
        stub="n (%) [events]",
    ),
    "deaths": Kind(
        "Deaths of any cause",
        "All infused",
        "ADSL",
        safety.deaths,
        _death_notes,
        _INFUSED,
    ),
    "dlt": Kind(
        "Dose-limiting toxicities and the escalation rule",
        "All infused; proportions of the evaluable",
        "ADSL, ADAE",
        safety.limiting,
        _limiting_notes,
        columns=safety.limiting_headings,
    ),
    "kinetics": Kind(
        "Cellular kinetics",
        "Infused subjects with samples",
        "ADPC, ADPP",
        kinetics.kinetics,
        _kinetics_notes,
    ),
}
