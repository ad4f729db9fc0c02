"""``t_ae_crs``: CRS and ICANS by ASTCT grade (Lee 2019), with their onset and duration."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import NO_EVENTS_TABLE, Parameter, Statistic
from durable.contracts.subgroups import DOSE_LEVEL
from durable.language import N_, _
from durable.outputs import definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent, pair, value
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, groups, not_made, of_parameter
from durable.outputs.incidence import EventCounts
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent
from durable.outputs.reinfusion_definitions import second_period
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan, Safety
from durable.stats.summaries import summarise
from durable.wording import sentences

#: Variable of ADAE by the name of its statistics.
_TREATMENTS = {"tocilizumab": "TOCIFL", "corticosteroid": "CSTERFL", "icu": "ICUFL"}
_TREATMENT_LABELS = {
    "tocilizumab": N_("Tocilizumab, n (% of subjects with the event)"),
    "corticosteroid": N_("Corticosteroid, n (% of subjects with the event)"),
    "icu": N_("Intensive care, n (% of subjects with the event)"),
}


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adsl, adae = datasets.adsl, datasets.adae
    columns = groups(adsl, plan.group_variables)
    if adae is None:
        yield from not_made(columns, NO_EVENTS_TABLE)
        return
    columns = _columns(adsl, plan)
    emergent = adae.loc[adae["TRTEMFL"] == "Y"]
    parts: dict[Parameter, pd.DataFrame] = {
        ("CRS",): emergent.loc[emergent["AESI"] == plan.safety.crs],
        ("ICANS",): emergent.loc[emergent["AESI"] == plan.safety.icans],
    }
    events = EventCounts.from_parts(parts, grade="ASTCTGR")
    for column in columns:
        yield column, _column_estimates(column, events, parts, plan.statistics.conf_level)


def _treatment(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    """How the subjects with an event were treated, where the study records it."""
    adsl, adae = datasets.adsl, datasets.adae
    recorded = {} if adae is None else {n: v for n, v in _TREATMENTS.items() if v in adae}
    if adae is None or not recorded:
        return
    emergent = adae.loc[adae["TRTEMFL"] == "Y"]
    for column in _columns(adsl, plan):
        members = column.select(emergent)
        for name, label in (("CRS", plan.safety.crs), ("ICANS", plan.safety.icans)):
            events = members.loc[members["AESI"] == label]
            yield column, of_parameter((name,), _treatment_counts(events, recorded))


def _treatment_counts(events: pd.DataFrame, recorded: dict[str, str]) -> Iterator[Statistic]:
    """Subjects treated so in any of their events, and those of whom it is not recorded."""
    subject = events["USUBJID"]
    n = subject.nunique()
    for name, variable in recorded.items():
        treated = set(subject[events[variable] == "Y"])
        unknown = set(subject[events[variable].isna()]) - treated
        yield from count_with_percent(len(treated), n, name)
        yield Statistic(f"n_{name}_unknown", len(unknown))


def _columns(adsl: pd.DataFrame, plan: Plan) -> list[Group]:
    """Columns of the table: the groups of the plan, and dose levels in any case."""
    columns = groups(adsl, plan.group_variables)
    if "dose_level" not in plan.groups:
        columns = [*groups(adsl, (DOSE_LEVEL,))[:-1], *columns]
    return columns


def _column_estimates(
    column: Group, events: EventCounts, parts: dict[Parameter, pd.DataFrame], conf_level: float
) -> Estimates:
    yield from events.column_estimates(column, conf_level)
    for parameter, part in parts.items():
        yield from of_parameter(parameter, _onset_and_duration(column.select(part)))


def _onset_and_duration(events: pd.DataFrame) -> Iterator[Statistic]:
    """Day of each subject's first onset; days that each resolved event lasted.

    By recorded dates alone. A start is imputed as early as it can be, so that a first onset is
    known where a recorded start is not later than any imputed one. A fatal event is counted as
    such: it neither resolved nor goes on, whether its end is recorded or not.
    """
    order = events.assign(imputed=events["ASTDTF"].notna()).sort_values(["ADAY", "imputed"])
    first = order.drop_duplicates("USUBJID")
    onset = first.loc[~first["imputed"], "ADAY"]
    yield from _days("onset", onset, len(first) - len(onset))
    fatal = incidence.fatal_events(events)
    survived = events.loc[~fatal]
    exact = survived["ASTDTF"].isna() & survived["AENDTF"].isna()
    ended, ongoing = survived["AENDT"].notna(), survived["ONGOFL"] == "Y"
    yield from _days("duration", survived.loc[exact, "ADURN"], int((ended & ~exact).sum()))
    yield Statistic("n_ongoing", int(ongoing.sum()))
    yield Statistic("n_end_unknown", int((~ended & ~ongoing).sum()))
    yield Statistic("n_fatal", int(fatal.sum()))


def _days(name: str, days: pd.Series[float], n_imputed: int) -> Iterator[Statistic]:
    summary = summarise(days.to_numpy(float))
    note = f"{n_imputed} imputed, left out" if n_imputed else ""
    for statistic in ("median", "min", "max"):
        yield Statistic(f"{name}_{statistic}", getattr(summary, statistic), note=note)
    yield Statistic(f"n_{name}_imputed", n_imputed)


def _table(results: TableResults, plan: Plan) -> Rows:
    onset_imputed = _("subjects excluded (date imputed)")
    duration_imputed = _("events excluded (date imputed)")
    end_unknown = _("Events resolved on a day not recorded")
    for name, label in (("CRS", N_("Cytokine release syndrome (CRS)")), ("ICANS", N_("ICANS"))):
        yield Row(_(label))
        yield from results.rows(
            (name,),
            Line(_("Any, n (%)"), incidence.subjects_cell),
            *incidence.number_of_events(2),
            incidence.upper_limit_line(plan, 2),
            Line(_("Worst ASTCT grade, n (%)")),
            *incidence.grade_lines(2, incidence.GRADES, optional=False),
            *_day_lines(_("First onset (days after infusion)"), "onset"),
            Line(onset_imputed, count("n_onset_imputed"), 2, optional=True),
            *_day_lines(_("Duration of resolved events (days)"), "duration"),
            Line(duration_imputed, count("n_duration_imputed"), 2, optional=True),
            Line(_("Events ongoing at the data cut-off or death"), count("n_ongoing")),
            Line(end_unknown, count("n_end_unknown"), optional=True),
            Line(_("Fatal events"), count("n_fatal"), optional=True),
            *_treatment_lines(),
        )


def _treatment_lines() -> Iterator[Line]:
    unknown = _("not recorded")
    for name, label in _TREATMENT_LABELS.items():
        yield Line(_(label), n_percent(name), optional=True)
        yield Line(unknown, count(f"n_{name}_unknown"), 2, optional=True)


def _day_lines(label: str, name: str) -> Iterator[Line]:
    yield Line(label)
    yield Line(_("Median"), value(f"{name}_median", 1), 2)
    yield Line(_("Min, max"), pair(f"{name}_min", f"{name}_max", "{}, {}", 0), 2)


def _fatal_footnote(results: TableResults, _plan: Plan) -> Iterator[str]:
    """What a fatal event is, where there are any."""
    finds = [
        results.lookup(parameter, column)
        for parameter in (("CRS",), ("ICANS",))
        for column in results.columns
    ]
    if any(n is not None and n.value > 0 for n in (find("n_fatal") for find in finds)):
        yield _(
            "Fatal: of CTCAE grade 5 or with a fatal outcome; counted neither as resolved nor as"
            " ongoing."
        )


def _grading(safety: Safety) -> str:
    """How CRS and ICANS are found and graded."""
    return _(
        "Treatment-emergent events of special interest recorded as {crs} (CRS) or {icans} (ICANS),"
        " by ASTCT consensus grade (Lee 2019), not CTCAE grade. n: subjects, each counted once at"
        " the worst known grade; percentages are of N. ICANS was graded with CAPD below {years:g}"
        " years of age, with ICE from then on."
    ).format(crs=safety.crs, icans=safety.icans, years=safety.capd_below_years)


OUTPUT = Output(
    name="t_ae_crs",
    analysis_set=SAFETY_SET,
    datasets="ADAE",
    variables={
        "ADSL": ("SAFFL",),
        "ADAE": (
            *("TRTEMFL", "AESI", "ASTCTGR", "AETOXGR", "AOUT"),
            *("ASTDT", "AENDT", "ADURN", "ONGOFL"),
        ),
    },
    results=_results,
    further_results=_treatment,
    tables=(
        OutputTable(
            name="t_ae_crs",
            heading=N_("Cytokine release syndrome and neurotoxicity (ICANS) by ASTCT grade"),
            size=INFUSED,
            rows=_table,
            footnotes=lambda plan: (
                sentences(_grading(plan.safety), second_period(plan.response.reinfusion)),
                _(
                    "Ongoing: no end date, outcome neither recovered nor fatal. Onset and duration:"
                    " recorded dates only."
                ),
                definitions.upper_limit(plan.statistics),
            ),
            footnotes_on_results=_fatal_footnote,
            defined=("Adverse events", "Abbreviations"),
        ),
    ),
)
