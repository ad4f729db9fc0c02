"""``t_escalation``: BOIN and mTPI-2 beside the 3+3 rule, and the estimate of the tolerated dose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan, nan

import pandas as pd

from durable.contracts.results import NOT_RECORDED, TOTAL, Statistic
from durable.contracts.subgroups import DOSE_LEVEL
from durable.doses import in_order_of_dose
from durable.language import N_, _, translate_stored
from durable.outputs import formats
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, rate
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.dlt import (
    ADJUDICATIONS,
    ESCALATE,
    STEPS,
    STOP,
    adjudicate_first,
    dlt_status,
    next_step,
)
from durable.outputs.groups import Estimates, Group, groups, of_parameter
from durable.outputs.interim import prior_text
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Cell, Lookup, Row, Rows, column_name
from durable.plan import EscalationRules, Outputs, Plan
from durable.sections import require_section
from durable.stats.escalation import (
    Decision,
    Elimination,
    boin_boundaries,
    boin_decision,
    decision_boundaries,
    isotonic_rates,
    mtpi2_decision,
    select_mtd,
)
from durable.stats.monitoring import probability_above
from durable.wording import percent as percent_text

#: Parameters: of the decisions at a number of evaluable subjects (its first part), and of the
#: estimated dose.
DECISIONS, MTD = "AT", ("MTD",)
_DECISIONS: dict[Decision | None, str] = {
    "escalate": ESCALATE,
    "stay": N_("stay"),
    "de-escalate": N_("de-escalate"),
    "eliminate": N_("eliminate this level and those above"),
    None: N_("no decision, no evaluable subject"),
}
_NONE_TOLERATED = N_("none: the lowest level is eliminated, or nobody is evaluable")
_NOT_ORDERED = N_("NE: the order of the dose levels is not known (exposure.planned_cells_per_kg)")
_FORMS = (*ADJUDICATIONS, *STEPS, *_DECISIONS.values(), _NONE_TOLERATED)
#: Decisions shown by number of evaluable subjects: name of the statistics, rule and heading.
_LIMITS = (
    ("escalate", N_("{rule}: escalate at most"), "<="),
    ("deescalate", N_("{rule}: de-escalate from"), ">="),
    ("eliminate", N_("{rule}: eliminate from"), ">="),
)


@dataclass(frozen=True)
class _Rules:
    """BOIN and mTPI-2 by the definitions of the plan."""

    section: EscalationRules

    @property
    def elimination(self) -> Elimination:
        """The rule by which a dose level is eliminated as too toxic."""
        section = self.section
        return Elimination(
            section.target,
            section.eliminate_if_probability_above,
            section.eliminate_from_subjects,
            section.prior.a,
            section.prior.b,
        )

    def boin(self, x: int, n: int) -> Decision | None:
        """Decision of BOIN with x toxicities among n evaluable; None where n is 0."""
        section = self.section
        limits = boin_boundaries(section.target, section.phi1, section.phi2)
        return boin_decision(x, n, limits, self.elimination)

    def mtpi2(self, x: int, n: int) -> Decision | None:
        """Decision of mTPI-2 with x toxicities among n evaluable; None where n is 0."""
        epsilons = self.section.mtpi2_below, self.section.mtpi2_above
        return mtpi2_decision(x, n, epsilons, self.elimination)


def escalation_rules(plan: Plan) -> EscalationRules:
    """Section ``monitoring.escalation`` of the plan.

    Raises
    ------
    ValueError
        Where the plan has none.
    """
    monitoring = require_section(plan.monitoring, "monitoring")
    return require_section(monitoring.escalation, "monitoring.escalation")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    """The dose levels of the escalating part, then the dose estimated and the decision table."""
    if datasets.adae is None:
        return
    part, rules = plan.safety.escalation_part, _Rules(escalation_rules(plan))
    adsl = datasets.adsl.loc[datasets.adsl["PART"] == part]
    *columns, everybody = groups(adsl, (DOSE_LEVEL,))
    status = dlt_status(datasets.adsl, datasets.adae, plan.safety)
    levels, is_ordered = _ascending_levels(columns, plan)
    members = [column.select(status) for column in levels]
    counts = [_evaluable(subjects) for subjects in members]
    x, n = [toxic for toxic, _ in counts], [size for _, size in counts]
    isotonic = isotonic_rates(x, n) if is_ordered else [nan] * len(x)
    for column, subjects, estimate in zip(levels, members, isotonic, strict=True):
        statistics = [
            Statistic("n_dlt_unassessed_death", int(subjects["unassessed"].sum())),
            *_level_statistics(subjects, float(estimate), rules, plan.safety.dlt_window_days),
        ]
        yield column, of_parameter((part,), statistics)
    yield everybody, _overall(levels if is_ordered else None, x, n, rules)


def _ascending_levels(columns: Sequence[Group], plan: Plan) -> tuple[list[Group], bool]:
    """The dose levels in the order of their doses; as they are, and False, where it is not known.

    A level must not be estimated from its neighbours, or tolerated, by the order of its letters.
    """
    levels = {column.group: column for column in columns if column.group != NOT_RECORDED}
    planned = plan.exposure.planned_cells_per_kg if plan.exposure else {}
    order = in_order_of_dose(levels, planned)
    return [levels[name] for name in order or levels], order is not None


def _evaluable(status: pd.DataFrame) -> tuple[int, int]:
    """Subjects with a dose-limiting toxicity, and evaluable for one."""
    return int(status["toxic"].sum()), int(status["evaluable"].sum())


def _level_statistics(
    status: pd.DataFrame, isotonic: float, rules: _Rules, window: int
) -> Iterator[Statistic]:
    section = rules.section
    x, n = _evaluable(status)
    probability = probability_above(x, n, section.target, section.prior.a, section.prior.b)
    yield Statistic("n_evaluable", n)
    yield Statistic("n_dlt", x)
    yield Statistic("rate", x / n if n else nan)
    yield Statistic("probability_above", float(probability))
    yield Statistic("isotonic", isotonic)
    decisions = {
        "three_plus_three": next_step(n, x),
        "boin": _DECISIONS[rules.boin(x, n)],
        "mtpi2": _DECISIONS[rules.mtpi2(x, n)],
    }
    for name, decision in decisions.items():
        yield Statistic(name, nan, note=adjudicate_first(decision, status, window))


def _overall(
    levels: Sequence[Group] | None, x: Sequence[int], n: Sequence[int], rules: _Rules
) -> Estimates:
    """The dose level that would be the maximum tolerated one, and the decision table.

    Parameters
    ----------
    levels
        Dose levels from the lowest; None where their order is not known.
    x, n
        Subjects with a dose-limiting toxicity, and evaluable for one, of each level.
    """
    position = select_mtd(x, n, rules.elimination) if levels else None
    number = nan if position is None else position + 1
    level = _NOT_ORDERED if levels is None else _NONE_TOLERATED
    if levels is not None and position is not None:
        level = levels[position].group
    yield MTD, Statistic("mtd", number, note=level)
    section = rules.section
    for name, limit in zip(
        ("lambda_e", "lambda_d"),
        boin_boundaries(section.target, section.phi1, section.phi2),
        strict=True,
    ):
        yield MTD, Statistic(name, limit)
    for size in range(1, section.table_subjects + 1):
        yield from of_parameter((DECISIONS, str(size)), _decision_row(size, rules))


def _decision_row(n: int, rules: _Rules) -> Iterator[Statistic]:
    """Toxicities among n evaluable at which each rule decides what."""
    events = range(n + 1)
    steps = [next_step(n, x) for x in events]
    escalate = max((x for x in events if steps[x] == ESCALATE), default=nan)
    stop = min((x for x in events if steps[x] == STOP), default=nan)
    yield Statistic("three_plus_three_escalate", escalate)
    yield Statistic("three_plus_three_stop", stop)
    for name, decide in (("boin", rules.boin), ("mtpi2", rules.mtpi2)):
        limits = decision_boundaries([decide(x, n) for x in events])
        for (kind, _heading, _sign), limit in zip(_LIMITS, limits, strict=True):
            yield Statistic(f"{name}_{kind}", limit)


def _table(results: TableResults, plan: Plan) -> Rows:
    """A row per dose level, then the dose that would be chosen."""
    part = plan.safety.escalation_part
    yield Row(_("Part {part}, by dose level").format(part=part))
    levels = [column for column in results.columns if column != TOTAL]
    for column in levels:
        find = results.lookup((part,), column)
        cells = tuple(cell(find, plan.outputs) for _heading, cell in _columns(plan))
        yield Row(column_name(column, plan), cells, 1)
    blank = ("",) * len(_columns(plan))
    if not levels:
        yield Row(_("No subject infused"), blank, 1)
    mtd = results.lookup(MTD, TOTAL)("mtd")
    if mtd is not None:
        known = not isnan(mtd.value)
        dose = column_name((DOSE_LEVEL.name, mtd.note), plan) if known else _(mtd.note)
        label = _("Maximum tolerated dose, if escalation ended at the data cut-off: {dose}")
        yield Row(label.format(dose=dose), blank, strong=True)


def _columns(plan: Plan) -> list[tuple[str, Cell]]:
    """Heading and cell of each column."""
    target = percent_text(escalation_rules(plan).target)
    return [
        (_("DLT, n/N evaluable"), _ratio),
        (_("DLTs that are deaths not assessed"), count("n_dlt_unassessed_death")),
        (_("Posterior P(rate > {rate}), %").format(rate=target), rate("probability_above")),
        (_("Isotonic estimate, %"), rate("isotonic")),
        ("3+3", _decision_cell("three_plus_three")),
        ("BOIN", _decision_cell("boin")),
        ("mTPI-2", _decision_cell("mtpi2")),
    ]


def _ratio(find: Lookup, _outputs: Outputs) -> str:
    x, n = find("n_dlt"), find("n_evaluable")
    return "" if x is None or n is None else f"{formats.count(x)}/{formats.count(n)}"


def _decision_cell(statistic: str) -> Cell:
    """A decision, in the language in force."""

    def cell(find: Lookup, _outputs: Outputs) -> str:
        found = find(statistic)
        return translate_stored(found.note, _FORMS) if found else ""

    return cell


def _decision_columns() -> list[tuple[str, Cell]]:
    """Heading and cell of each column of the decision table."""
    columns = [
        (_(_LIMITS[0][1]).format(rule="3+3"), _boundary_cell("three_plus_three_escalate", "<=")),
        (_("{rule}: stop from").format(rule="3+3"), _boundary_cell("three_plus_three_stop", ">=")),
    ]
    for name, rule in (("boin", "BOIN"), ("mtpi2", "mTPI-2")):
        columns += [
            (_(heading).format(rule=rule), _boundary_cell(f"{name}_{kind}", sign))
            for kind, heading, sign in _LIMITS
        ]
    return columns


def _boundary_cell(statistic: str, sign: str) -> Cell:
    """A number of toxicities with its sign."""

    def cell(find: Lookup, _outputs: Outputs) -> str:
        found = find(statistic)
        if found is None:
            return ""
        return _("none") if isnan(found.value) else f"{sign} {formats.count(found)}"

    return cell


def _decision_rows(results: TableResults, plan: Plan) -> Rows:
    """The decisions by number of evaluable subjects at a dose level."""
    for size in range(1, escalation_rules(plan).table_subjects + 1):
        find = results.lookup((DECISIONS, str(size)), TOTAL)
        cells = tuple(cell(find, plan.outputs) for _heading, cell in _decision_columns())
        yield Row(_("n = {n}").format(n=size), cells)


def _footnotes(plan: Plan) -> Iterator[str]:
    """The rules, the prior, and how the dose is estimated."""
    if plan.monitoring is None or plan.monitoring.escalation is None:
        return
    section = plan.monitoring.escalation
    yield _(
        "DLTs, deaths not assessed and evaluable subjects as in the table of dose-limiting"
        " toxicities; adjudicate first where there is such a death. Decisions are of each level's"
        " own data."
    )
    escalate, deescalate = boin_boundaries(section.target, section.phi1, section.phi2)
    yield _(
        "Target {target}. BOIN (Liu and Yuan 2015): escalate at an observed rate of at most"
        " {escalate}, de-escalate from {deescalate}. mTPI-2 (Guo et al. 2017): equivalence"
        " interval {low} to {high}."
    ).format(
        target=percent_text(section.target),
        escalate=_rounded_percent(escalate),
        deescalate=_rounded_percent(deescalate),
        low=percent_text(round(section.target - section.mtpi2_below, 10)),
        high=percent_text(round(section.target + section.mtpi2_above, 10)),
    )
    yield _(
        "Both eliminate a level from {n} evaluable subjects on where the posterior P(rate >"
        " target) is above {cutoff}, prior {prior}. Maximum tolerated dose: the isotonic estimate"
        " nearest to the target among the levels not eliminated."
    ).format(
        n=section.eliminate_from_subjects,
        cutoff=percent_text(section.eliminate_if_probability_above),
        prior=prior_text(section.prior),
    )


def _rounded_percent(value: float) -> str:
    return f"{formats.rounded_number(value, 1, formats.PERCENT)}%"


OUTPUT = Output(
    name="t_escalation",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADAE",
    variables={
        "ADSL": ("SAFFL", "PART", "DOSELVL", "TRTSDT", "DTHDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "AEDLT", "ADAY"),
    },
    results=_results,
    dates=("DTHDT", "EOSDT", "LSTALVDT"),
    across_groups=("isotonic",),
    tables=(
        OutputTable(
            name="t_escalation",
            heading=N_("Dose escalation: 3+3, BOIN and mTPI-2"),
            headings=lambda plan: tuple(heading for heading, _cell in _columns(plan)),
            stub=N_("Dose level"),
            rows=_table,
            footnotes=_footnotes,
            defined=("Dose-limiting toxicities",),
        ),
        OutputTable(
            name="t_escalation_s",
            heading=N_("Dose escalation: decisions by number of subjects with DLT"),
            headings=lambda _plan: tuple(heading for heading, _cell in _decision_columns()),
            stub=N_("Evaluable at the level"),
            rows=_decision_rows,
            footnotes=_footnotes,
            defined=("Dose-limiting toxicities",),
        ),
    ),
)
