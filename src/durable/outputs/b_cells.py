"""``t_bcells``: B-cell aplasia and recovery, infections in aplasia, immunoglobulin."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.b_cells import (
    APLASIA,
    DIED,
    NOT_BY_LAST,
    RECOVERY,
    REINFUSED,
    UNCONFIRMED,
)
from durable.contracts.results import WHOLE_COLUMN, Parameter, Statistic
from durable.contracts.spelling import fold
from durable.derive.laboratory_results import below_limit, in_aplasia
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import (
    ci,
    count,
    estimate,
    estimates,
    n_percent,
    pair,
    rate,
    rate_ci,
    value,
)
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, groups, of_parameter
from durable.outputs.incidence import is_grade_or_higher
from durable.outputs.kaplan_meier import QUARTILES, fit, landmark_rates, quantile
from durable.outputs.laboratory_wording import unit_of
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Row, Rows
from durable.plan import BCells, Plan
from durable.stats.summaries import summarise
from durable.wording import percent, sentences

_YEAR = 365.25
_SEVERE = 3
_INFECTIONS: Parameter = ("INFECTION",)
_IMMUNOGLOBULIN: Parameter = ("IMMUNOGLOBULIN",)
#: Reasons for censoring a recovery, by the names of their statistics.
_REASONS = {"ongoing": NOT_BY_LAST, "unconfirmed": UNCONFIRMED, "died": DIED}
_REASON_LABELS = {
    "ongoing": N_("not recovered at the last result"),
    "unconfirmed": N_("recovered at the last results, not confirmed"),
    "died": N_("died"),
    "reinfused": N_("infused a second time"),
}


def _reasons(plan: Plan) -> dict[str, str]:
    """The reasons that there can be, by the names of their statistics."""
    return _REASONS | ({} if plan.response.reinfusion is None else {"reinfused": REINFUSED})


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adbc, adlb = datasets.require("adbc"), datasets.require("adlb")
    replaced = _immunoglobulin_recipients(datasets, plan.laboratory.b_cells)
    infections = _infections(datasets.adae, adbc, adlb, plan.laboratory.b_cells)
    for column in groups(datasets.adsl, plan.group_variables):
        yield column, _column_estimates(column, adbc, adlb, infections, replaced, plan)


def _column_estimates(
    column: Group,
    adbc: pd.DataFrame,
    adlb: pd.DataFrame,
    infections: pd.DataFrame | None,
    replaced: frozenset[str] | None,
    plan: Plan,
) -> Estimates:
    n, rule = len(column.subjects), plan.laboratory.b_cells
    yield WHOLE_COLUMN, Statistic("n_infused", n)
    records, results = column.select(adbc), column.select(adlb)
    aplasia = records.loc[records["PARAMCD"] == APLASIA]
    recovery = records.loc[records["PARAMCD"] == RECOVERY]
    yield from of_parameter((APLASIA,), _aplasia(aplasia, results, rule, n))
    yield from of_parameter((RECOVERY,), _recovery(recovery, plan))
    if infections is not None:
        counts = _infections_in(column.select(infections), recovery)
        yield from of_parameter(_INFECTIONS, counts)
    lowest = _immunoglobulin(results, rule)
    yield from of_parameter(_IMMUNOGLOBULIN, lowest)
    if replaced is not None:
        n_replaced = len(column.subjects & replaced)
        yield from of_parameter(_IMMUNOGLOBULIN, count_with_percent(n_replaced, n, "replaced"))


def _aplasia(
    records: pd.DataFrame, results: pd.DataFrame, rule: BCells, n: int
) -> Iterator[Statistic]:
    """Who was measured, in aplasia before and after the infusion, and from which day on."""
    measured = int(records["SRCSEQ"].notna().sum())
    baseline = results.loc[(results["PARAMCD"] == rule.test) & (results["ABLFL"] == "Y")]
    low = in_aplasia(baseline["AVAL"], baseline["BLQFL"] == "Y", baseline["LLOQ"], rule).sum()
    event = records.loc[records["CNSR"] == 0]
    yield from count_with_percent(measured, n, "measured")
    yield from count_with_percent(int(low), n, "low_at_baseline")
    yield from count_with_percent(len(event), n, "event")
    days = summarise(event["AVAL"].to_numpy(float) - 1)
    for name in ("median", "min", "max"):
        yield Statistic(f"day_{name}", getattr(days, name))


def _recovery(records: pd.DataFrame, plan: Plan) -> Iterator[Statistic]:
    """Time from infusion to recovery of the subjects with aplasia, by Kaplan-Meier."""
    statistics, n = plan.statistics, len(records)
    event, reason = records["CNSR"] == 0, records["EVNTDESC"]
    yield Statistic("n_subjects", n)
    yield from count_with_percent(int(event.sum()), n, "event")
    yield from count_with_percent(int((~event).sum()), n, "censored")
    for name, text in _reasons(plan).items():
        yield from count_with_percent(int((~event & (reason == text)).sum()), n, f"censored_{name}")
    km = fit(records)
    for name, p in QUARTILES.items():
        yield quantile(name, km, p, statistics)
    for name, extreme in (("min", records["AVAL"].min()), ("max", records["AVAL"].max())):
        at_extreme = records.loc[records["AVAL"] == extreme, "CNSR"]
        note = "censored" if len(at_extreme) and (at_extreme > 0).all() else ""
        yield Statistic(name, extreme / statistics.days_per_month, note=note)
    yield from landmark_rates(km, plan.main_landmarks, statistics)


def _infections(
    adae: pd.DataFrame | None, adbc: pd.DataFrame, adlb: pd.DataFrame, rule: BCells
) -> pd.DataFrame | None:
    """Infections that began in aplasia; None where the study records no events."""
    if adae is None:
        return None
    start, end = _days_in_aplasia(adbc, adlb.loc[adlb["PARAMCD"] == rule.test])
    infections = adae.loc[(adae["TRTEMFL"] == "Y") & (adae["AESI"] == rule.infection)]
    subject = infections["USUBJID"]
    began = infections["ASTDT"]
    return infections.loc[(began >= subject.map(start)) & (began <= subject.map(end))]


def _days_in_aplasia(
    adbc: pd.DataFrame, counts: pd.DataFrame
) -> tuple[pd.Series[pd.Timestamp], pd.Series[pd.Timestamp]]:
    """First and last day of aplasia, by subject: it ends before recovery or with the last result.

    Before a recovery that is not confirmed as before one that is: the record of ADBC ends earlier,
    at the result before it, but the B cells were gone until then. `counts` are the results of ADLB
    of the B cells.
    """
    records = adbc.set_index("USUBJID")
    aplasia = records.loc[(records["PARAMCD"] == APLASIA) & (records["CNSR"] == 0), "ADT"]
    recovery = records.loc[records["PARAMCD"] == RECOVERY]
    end = recovery["ADT"]
    later = counts.loc[counts["BLQFL"].notna() & (counts["ADT"] > counts["USUBJID"].map(end))]
    begins = later.groupby("USUBJID", observed=True)["ADT"].min().reindex(recovery.index)
    begins = begins.where(recovery["EVNTDESC"] == UNCONFIRMED)
    begins = begins.fillna(end.where(recovery["CNSR"] == 0))
    return aplasia, (begins - pd.Timedelta(days=1)).fillna(end)


def _infections_in(infections: pd.DataFrame, recovery: pd.DataFrame) -> Iterator[Statistic]:
    """Subjects with an infection in aplasia, and infections by subject-year of aplasia.

    `recovery` has a record of every subject with aplasia.
    """
    n = len(recovery)
    severe = infections.loc[is_grade_or_higher(infections, _SEVERE)]
    yield Statistic("n_subjects", n)
    yield from count_with_percent(infections["USUBJID"].nunique(), n, "any")
    yield from count_with_percent(severe["USUBJID"].nunique(), n, "severe")
    yield Statistic("n_events", len(infections))


def _immunoglobulin(results: pd.DataFrame, rule: BCells) -> Iterator[Statistic]:
    """Lowest value of each subject after the day of infusion, and who was below normal."""
    post_infusion = results.loc[(results["PARAMCD"] == rule.immunoglobulin) & (results["ADY"] > 1)]
    lowest = summarise(
        post_infusion.groupby("USUBJID", observed=True)["AVAL"].min().to_numpy(float)
    )
    low = below_limit(
        post_infusion["AVAL"],
        post_infusion["BLQFL"] == "Y",
        post_infusion["LLOQ"],
        post_infusion["ANRLO"],
    )
    for name in ("n", "median", "min", "max"):
        yield Statistic(name, getattr(lowest, name))
    yield from count_with_percent(post_infusion.loc[low, "USUBJID"].nunique(), lowest.n, "low")


def _immunoglobulin_recipients(datasets: AnalysisDatasets, rule: BCells) -> frozenset[str] | None:
    """Subjects who were given immunoglobulin on or after the day of infusion.

    None where the study records no therapies.
    """
    if "therapies" not in datasets.input_tables:
        return None
    names = ("subject_id", "therapy", "start_date", "end_date")
    therapies = datasets.input_records("therapies", names)
    infused = datasets.infused_subjects
    start = therapies["subject_id"].map(infused["TRTSDT"])
    post_infusion = ~(therapies["end_date"] < start) & start.notna()
    names_of_replacement = frozenset(map(fold, rule.replacement))
    replacement = therapies["therapy"].map(fold).isin(names_of_replacement)
    subjects = therapies.loc[post_infusion & replacement, "subject_id"]
    return frozenset(subjects.map(infused["USUBJID"]))


def _table(results: TableResults, plan: Plan) -> Rows:
    rule = plan.laboratory.b_cells
    level = _("{level} CI").format(level=percent(plan.statistics.conf_level))
    yield from results.rows(
        (APLASIA,),
        Line(_("B cells measured after infusion, n (%)"), n_percent("measured"), 0),
        Line(_("Below the limit of aplasia at baseline, n (%)"), n_percent("low_at_baseline"), 0),
        Line(_("B-cell aplasia after infusion, n (%)"), n_percent("event"), 0, strong=True),
        Line(_("First result in aplasia (days after infusion)")),
        Line(_("Median"), value("day_median", 1), 2),
        Line(_("Min, max"), pair("day_min", "day_max", "{}, {}", 0), 2),
    )
    yield Row(_("Recovery among subjects with aplasia"))
    yield from results.rows((RECOVERY,), *_recovery_lines(plan, level))
    yield Row(_("Infections with onset in aplasia"))
    yield from results.rows(
        _INFECTIONS,
        Line(_("Subjects with any, n (%)"), n_percent("any")),
        Line(_("Grade >=3, n (%)"), n_percent("severe")),
        Line(_("Number of infections"), count("n_events")),
    )
    test = plan.laboratory.by_code.get(rule.immunoglobulin)
    if test is not None:
        label = _("{test}, lowest after infusion ({unit})")
        yield Row(label.format(test=_(test.label), unit=test.unit))
        yield from results.rows(
            _IMMUNOGLOBULIN,
            Line(_("Median"), value("median", 1)),
            Line(_("Min, max"), pair("min", "max", "{}, {}", 1)),
            Line(_("Below the lower limit of normal, n (%)"), n_percent("low")),
        )
    replaced = Line(_("Immunoglobulin given after infusion, n (%)"), n_percent("replaced"), 0)
    yield from results.rows(_IMMUNOGLOBULIN, replaced)


def _recovery_lines(plan: Plan, level: str) -> Iterator[Line]:
    yield Line(_("Subjects"), count("n_subjects"))
    yield Line(_("Recovered, n (%)"), n_percent("event"))
    yield Line(_("Censored, n (%)"), n_percent("censored"))
    for name in _reasons(plan):
        label = _REASON_LABELS[name]
        yield Line(_(label), n_percent(f"censored_{name}"), 2, unless_zero=True)
    yield Line(_("Time from infusion to recovery (months)"))
    yield Line(_("Median"), estimate("median", "month"), 2, strong=True)
    yield Line(level, ci("median", "month"), 2)
    yield Line(_("25th, 75th percentile"), estimates("q25", "q75", "month"), 2)
    yield Line(_("Min, max"), pair("min", "max", "{}, {}", "month"), 2)
    for month in plan.main_landmarks:
        label = _("Not recovered at month {month:g}, %").format(month=month)
        yield Line(label, rate(f"landmark_M{month:g}"))
        yield Line(level, rate_ci(f"landmark_M{month:g}"), 2)


def _footnotes(plan: Plan) -> Iterator[str]:
    """What aplasia, recovery and an infection in aplasia are, and how time is estimated."""
    rule = plan.laboratory.b_cells
    yield _(
        "Aplasia: B cells below {low:g} {unit} after infusion. Recovery: at least {high:g} {unit}"
        " at {n} consecutive later results."
    ).format(
        low=rule.aplasia_below,
        unit=unit_of(plan.laboratory, rule.test),
        high=rule.recovery_at_least,
        n=rule.recovery_consecutive,
    )
    yield _(
        "Infections: with onset from the first result in aplasia to the day before recovery or to"
        " the last result."
    )
    yield _estimation(plan)


def _estimation(plan: Plan) -> str:
    statistics = plan.statistics
    return sentences(
        _(
            "Kaplan-Meier estimates; pointwise {level} CIs ({interval}). +: censored; NE: not"
            " estimable. Percentages of the infused, or of the subjects with aplasia."
        ).format(
            level=percent(statistics.conf_level), interval=definitions.interval_name(statistics)
        ),
        definitions.marks(statistics),
    )


OUTPUT = Output(
    name="t_bcells",
    analysis_set=SAFETY_SET,
    datasets="ADAE, ADLB, ADBC",
    variables={
        "ADSL": ("SAFFL",),
        "ADBC": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
        "ADLB": ("PARAMCD", "ABLFL", "AVAL", "BLQFL", "LLOQ", "ANRLO"),
        "ADAE": ("TRTEMFL", "AESI", "ASTDT", "AETOXGR"),
    },
    results=_results,
    tables=(
        OutputTable(
            name="t_bcells",
            heading=N_("B-cell aplasia and recovery, infections and immunoglobulin"),
            size=INFUSED,
            rows=_table,
            footnotes=_footnotes,
            defined=("B cells", "Laboratory", "Kaplan-Meier estimates"),
        ),
    ),
)
