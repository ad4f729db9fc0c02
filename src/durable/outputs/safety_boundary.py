"""``t_safety_boundary``: boundaries of safety events, and where the trial stands by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import pandas as pd

from durable.contracts.results import TOTAL, Statistic
from durable.language import N_, _, translate_stored
from durable.outputs import formats
from durable.outputs.ard import TableResults
from durable.outputs.boundary_wording import boundaries, event_name, event_window
from durable.outputs.cells import count, rate, ratio_percent
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.dlt import dlt_status
from durable.outputs.follow_up import followed_through
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Cell, Lookup, Row, Rows, column_name
from durable.plan import Outputs, Plan, Safety, SafetyBoundary
from durable.stats.checks import Floats
from durable.stats.monitoring import (
    beta_binomial_boundary,
    first_crossing,
    pocock_boundary,
    probability_above,
    stopping_probability,
)
from durable.stats.proportions import proportion_ci
from durable.wording import percent as percent_text

# The status is a note of ``ard.csv``, in English; it is translated where it is shown.
_REACHED = N_("reached")
_NOT_REACHED = N_("not reached")
_EARLIER = N_("reached at n = {n}")
_BEYOND = N_("not monitored beyond n = {n}")
_NOBODY = N_("no evaluable subject")
_FORMS = (_EARLIER, _REACHED, _NOT_REACHED, _BEYOND, _NOBODY)


@dataclass(frozen=True)
class Rule:
    """A rule that makes a boundary."""

    name: str
    """Name of its statistics."""
    heading: str
    """Heading of its column, marked for translation."""
    boundary: Callable[[SafetyBoundary], Floats]
    """Function that makes the boundary: after 1, 2, ... `maximum_subjects` evaluable subjects the
    fewest with the event that stop; NaN where no number does."""


def _beta_binomial(section: SafetyBoundary) -> Floats:
    return beta_binomial_boundary(
        section.maximum_subjects,
        section.acceptable_rate,
        section.stop_if_probability_above,
        section.prior.a,
        section.prior.b,
        section.from_subjects,
    )


def _pocock(section: SafetyBoundary) -> Floats:
    return pocock_boundary(
        section.maximum_subjects, section.acceptable_rate, section.error, section.from_subjects
    )


RULES = (
    Rule("beta_binomial", N_("Beta-binomial"), _beta_binomial),
    Rule("pocock", N_("Pocock-type"), _pocock),
)


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    if datasets.adae is None:
        return
    (everybody,) = groups(datasets.adsl, ())
    yield everybody, _estimates(datasets.adsl, datasets.adae, plan)


def _estimates(adsl: pd.DataFrame, adae: pd.DataFrame, plan: Plan) -> Estimates:
    order = adsl.loc[adsl["SAFFL"] == "Y", ["USUBJID", "TRTSDT"]]
    order = order.sort_values(["TRTSDT", "USUBJID"])[["USUBJID"]]
    for name, section in boundaries(plan).items():
        status = order.merge(event_status(adsl, adae, section, plan.safety), on="USUBJID")
        evaluable = status.loc[status["evaluable"]]
        level = plan.statistics.conf_level
        yield from of_parameter((name,), _standing(evaluable["toxic"], section, level))
        if section.event != "dlt":
            yield (name,), Statistic("n_grade_missing", int(status["ungraded"].sum()))
        limits = [rule.boundary(section) for rule in RULES]
        count_so_far = evaluable["toxic"].to_numpy(np.int64).cumsum()[: section.maximum_subjects]
        for n in range(1, section.maximum_subjects + 1):
            row = (Statistic(r.name, b[n - 1]) for r, b in zip(RULES, limits, strict=True))
            yield from of_parameter((name, str(n)), row)
            if n <= len(count_so_far):
                yield (name, str(n)), Statistic("n_event", int(count_so_far[n - 1]))


def event_status(
    adsl: pd.DataFrame, adae: pd.DataFrame, section: SafetyBoundary, safety: Safety
) -> pd.DataFrame:
    """Status of each infused subject for a safety boundary.

    Returns
    -------
    DataFrame
        ``USUBJID`` and, true or false: ``toxic`` (has the event), ``evaluable`` (has it, or the
        window had closed at the cut-off and the subject was followed through it or died in it) and
        ``ungraded`` (has such an event without a grade, and none of the grades that count). Of a
        dose-limiting toxicity ``toxic`` and ``evaluable`` alone, as `dlt_status` has them.
    """
    if section.event == "dlt":
        return dlt_status(adsl, adae, safety)[["USUBJID", "toxic", "evaluable"]]
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    window = event_window(section, safety)
    label = safety.crs if section.event == "crs" else safety.icans
    in_window = (adae["TRTEMFL"] == "Y") & (adae["ADAY"] <= window).fillna(False).astype(bool)
    events = adae.loc[in_window & (adae["AESI"] == label)]
    counts = (events["ASTCTGR"] >= section.grade).fillna(False).astype(bool)
    toxic = infused["USUBJID"].isin(events.loc[counts, "USUBJID"])
    ungraded = infused["USUBJID"].isin(events.loc[events["ASTCTGR"].isna(), "USUBJID"])
    return pd.DataFrame(
        {
            "USUBJID": infused["USUBJID"],
            "toxic": toxic,
            "evaluable": followed_through(infused, window) | toxic,
            "ungraded": ungraded & ~toxic,
        }
    )


def _standing(
    toxic: pd.Series[bool], section: SafetyBoundary, conf_level: float
) -> Iterator[Statistic]:
    """Where the trial stands by each rule.

    Parameters
    ----------
    toxic
        Whether each evaluable subject has the event, in the order of the infusions.
    """
    n, x = len(toxic), int(toxic.sum())
    prior, acceptable = section.prior, section.acceptable_rate
    yield Statistic("n_evaluable", n)
    yield Statistic("n_event", x)
    yield Statistic("rate", *proportion_ci(x, n, conf_level))
    above = float(probability_above(x, n, acceptable, prior.a, prior.b))
    yield Statistic("probability_above", above)
    for rule in RULES:
        boundary = rule.boundary(section)
        here = float(boundary[n - 1]) if 0 < n <= len(boundary) else nan
        yield Statistic(f"stop_from_{rule.name}", here)
        crossed = first_crossing(toxic.to_numpy(np.int64), boundary)
        note = _status(n, crossed, len(boundary))
        yield Statistic(f"first_reached_{rule.name}", crossed, note=note)
        for name in ("acceptable", "unacceptable"):
            stopped = stopping_probability(boundary, getattr(section, f"{name}_rate"))
            yield Statistic(f"stops_if_{name}_{rule.name}", stopped)


def _status(n: int, crossed: float, longest: int) -> str:
    """Whether a boundary is reached, in English: at this n, earlier, or not."""
    if not n:
        return _NOBODY
    if not isnan(crossed):
        return _REACHED if crossed == n else _EARLIER.format(n=int(crossed))
    return _NOT_REACHED if n <= longest else _BEYOND.format(n=longest)


def _table(results: TableResults, plan: Plan) -> Rows:
    """Of each kind of event what is seen, and the standing by each rule."""
    for name, section in boundaries(plan).items():
        yield Row(event_name(section, plan))
        find = results.lookup((name,), TOTAL)
        for label, *cells in _lines(section):
            shown = tuple(cell(find, plan.outputs) for cell in cells)
            if any(shown):
                yield Row(label, shown, 1)


def _by_cutoff(results: TableResults, plan: Plan) -> Rows:
    """Of each kind of event, by data cut-off, what is seen and whether a boundary is reached."""
    seen = ratio_percent("n_event", "n_evaluable", "rate")
    reached = [_crossing_cell(f"first_reached_{rule.name}") for rule in RULES]
    for name, section in boundaries(plan).items():
        yield Row(event_name(section, plan))
        for column in results.columns:
            find = results.lookup((name,), column)
            cells = tuple(cell(find, plan.outputs) for cell in (seen, *reached))
            yield Row(column_name(column, plan), cells, 1)


def _lines(section: SafetyBoundary) -> Iterator[tuple[str, Cell, Cell, Cell]]:
    """Label and cells of each line: what is seen, then by each rule."""
    acceptable = percent_text(section.acceptable_rate)
    unacceptable = percent_text(section.unacceptable_rate)
    seen = ratio_percent("n_event", "n_evaluable", "rate")
    yield _("With the event, n/N evaluable (%)"), seen, _blank, _blank
    unknown = _("Event of unknown grade only (not counted)")
    yield unknown, _positive("n_grade_missing"), _blank, _blank
    above = _("Posterior P(rate > {rate}), %").format(rate=acceptable)
    yield above, rate("probability_above"), _blank, _blank
    yield _("Subjects with the event that stop at this N"), *_cells_by_rule(_limit, "stop_from")
    yield (
        _("Boundary, subjects in the order of infusion"),
        *_cells_by_rule(_crossing_cell, "first_reached"),
    )
    ever = _("Probability of ever stopping at a rate of {rate}, %")
    yield ever.format(rate=acceptable), *_cells_by_rule(rate, "stops_if_acceptable")
    yield ever.format(rate=unacceptable), *_cells_by_rule(rate, "stops_if_unacceptable")


def _cells_by_rule(cell: Callable[[str], Cell], statistic: str) -> tuple[Cell, Cell, Cell]:
    first, second = (cell(f"{statistic}_{rule.name}") for rule in RULES)
    return _blank, first, second


def _blank(_find: Lookup, _outputs: Outputs) -> str:
    return ""


def _positive(statistic: str) -> Cell:
    """A count; empty where it is 0."""

    def cell(find: Lookup, outputs: Outputs) -> str:
        found = find(statistic)
        return count(statistic)(find, outputs) if found and found.value else ""

    return cell


def _limit(statistic: str) -> Cell:
    """Fewest events that stop."""

    def cell(find: Lookup, _outputs: Outputs) -> str:
        found = find(statistic)
        if found is None:
            return ""
        return _("no stop") if isnan(found.value) else f">= {formats.count(found)}"

    return cell


def _crossing_cell(statistic: str) -> Cell:
    """Whether and where a boundary is reached, in the language in force."""

    def cell(find: Lookup, _outputs: Outputs) -> str:
        found = find(statistic)
        return translate_stored(found.note, _FORMS) if found else ""

    return cell


def _headings(_plan: Plan) -> tuple[str, ...]:
    return (_("Observed"), *(_(rule.heading) for rule in RULES))


def _boundary_rows(results: TableResults, plan: Plan) -> Rows:
    """Fewest events that stop, after each number of evaluable subjects."""
    sections = boundaries(plan)
    cells = (count("n_event"), *(_limit(rule.name) for rule in RULES))
    for n in range(1, 1 + max((s.maximum_subjects for s in sections.values()), default=0)):
        finds = [results.lookup((name, str(n)), TOTAL) for name in sections]
        shown = tuple(cell(find, plan.outputs) for find in finds for cell in cells)
        yield Row(_("n = {n}").format(n=n), shown)


def _boundary_headings(plan: Plan) -> tuple[str, ...]:
    form = _("{event}: {column}")
    return tuple(
        form.format(event=event_name(section, plan), column=column)
        for section in boundaries(plan).values()
        for column in _headings(plan)
    )


def _footnotes(plan: Plan) -> Iterator[str]:
    """Who is evaluable, and the two rules."""
    if not boundaries(plan):
        return
    yield _(
        "Evaluable for DLT: as in the table of dose-limiting toxicities; for CRS and ICANS: with"
        " the event, or, once the window has closed, followed through it or died in it. Each"
        " subject counts once, in the order of infusion."
    )
    yield _(
        "Beta-binomial: by the posterior probability of a rate above the acceptable one."
        " Pocock-type: by an exact binomial test after each subject."
    )


OUTPUT = Output(
    name="t_safety_boundary",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADAE",
    variables={
        "ADSL": ("SAFFL", "TRTSDT", "DTHDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "AEDLT", "AESI", "ASTCTGR", "ADAY"),
    },
    results=_results,
    dates=("DTHDT", "EOSDT", "LSTALVDT"),
    tables=(
        OutputTable(
            name="t_safety_boundary",
            heading=N_("Safety boundaries: where the trial stands"),
            headings=_headings,
            stub=N_("Event"),
            rows=_table,
            by_cutoff=_by_cutoff,
            footnotes=_footnotes,
            defined=("Safety boundaries", "Dose-limiting toxicities", "Adverse events"),
        ),
        OutputTable(
            name="t_safety_boundary_s",
            heading=N_("Safety boundaries by number of evaluable subjects"),
            headings=_boundary_headings,
            stub=N_("Evaluable subjects"),
            rows=_boundary_rows,
            footnotes=_footnotes,
            defined=("Safety boundaries", "Dose-limiting toxicities", "Adverse events"),
        ),
    ),
)
