"""``t_cuminc``: cumulative incidence of the end of response, by cause (Aalen, Johansen 1978)."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pandas as pd

from durable.contracts.results import NO_EVENT_BEFORE, NO_VISITS_TABLE, Statistic
from durable.derive.durations import DOR
from durable.jdm.response import Response
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent, rate, rate_ci
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, not_made, of_parameter
from durable.outputs.landmarks import Landmarks, landmarks_at
from durable.outputs.output import ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.stats.competing import AalenJohansen, aalen_johansen
from durable.vocabulary import DEATH, NEW_THERAPY, POPULATIONS, PROGRESSION, RECURRENCE
from durable.wording import percent, sentences

#: What ends a response, by the parameter of its results, as the table says it.
CAUSES = {
    "RECURRENCE": N_("Recurrence or progression"),
    "DEATH": N_("Death without recurrence"),
    "NEW_THERAPY": N_("New systemic therapy without recurrence"),
}
#: Their EVNTDESC in ADTTE.
_EVENTS = {
    "RECURRENCE": (RECURRENCE, PROGRESSION),
    "DEATH": (DEATH,),
    "NEW_THERAPY": (NEW_THERAPY,),
}


def causes_in_force(response: Response) -> tuple[str, ...]:
    """Those of `CAUSES` that are events of the duration of response by the definitions in force."""
    counted = {event.description for event in DOR.events if event.counts(response)}
    return tuple(cause for cause, events in _EVENTS.items() if counted & set(events))


def incidences(records: pd.DataFrame, plan: Plan) -> AalenJohansen:
    """Cumulative incidence of each cause in force, in days, from records of DOR in ADTTE.

    Causes are numbered from 1 in the order of `causes_in_force`.
    """
    causes = causes_in_force(plan.response)
    codes = {event: code for code, cause in enumerate(causes, 1) for event in _EVENTS[cause]}
    ended = records["EVNTDESC"].astype(object).map(codes).where(records["CNSR"] == 0, 0)
    return aalen_johansen(
        records["AVAL"].to_numpy(float),
        ended.to_numpy(float),
        causes=len(causes),
        variance=plan.over_time.incidence_variance,
    )


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adtte = datasets.adtte
    if adtte is None:
        yield from not_made(groups(datasets.adsl, plan.group_variables), NO_VISITS_TABLE)
        return
    records = adtte.loc[adtte["PARAMCD"] == DOR.code]
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, incidence_statistics(group.select(records), plan)


def incidence_statistics(records: pd.DataFrame, plan: Plan) -> Estimates:
    """Incidence of each cause at each landmark, with the subjects at risk, of one group.

    Parameters
    ----------
    records
        Records of the duration of response.
    plan
        The analysis plan.

    Yields
    ------
    ("DOR",), Statistic
        n_subjects, and at_risk_M6 (just before month 6) of each landmark.
    (cause,), Statistic
        Of each cause in force: n_event, percent_event, and incidence_M6 with its limits of each
        landmark, a proportion; NaN past the last observed time.
    """
    estimate, statistics = incidences(records, plan), plan.statistics
    last = estimate.time[-1] if len(records) else nan
    landmarks = landmarks_at(statistics.landmarks_months, last, statistics)
    yield (DOR.code,), Statistic("n_subjects", len(records))
    at_risk = estimate.incidence_at(landmarks.days)["n_risk"].to_numpy()[
        :: estimate.n_event.shape[1]
    ]
    for month, n_risk in zip(landmarks.months, at_risk.tolist(), strict=True):
        yield (DOR.code,), Statistic(f"at_risk_M{month:g}", n_risk)
    table = estimate.incidence_at(
        landmarks.estimate_days, level=statistics.conf_level, transform=plan.over_time.incidence_ci
    )
    for code, cause in enumerate(causes_in_force(plan.response), 1):
        events = int(estimate.n_event[:, code - 1].sum())
        yield from of_parameter((cause,), count_with_percent(events, len(records), "event"))
        yield from of_parameter(
            (cause,), _landmark_incidences(table[table["cause"] == code], landmarks)
        )


def _landmark_incidences(table: pd.DataFrame, landmarks: Landmarks) -> Iterator[Statistic]:
    """Incidence of one cause at each landmark.

    Without limits where they have no width or the scale has none: before the first event of the
    cause, and where every subject had it.
    """
    columns = (table[name].tolist() for name in ("cif", "lower", "upper"))
    for month, landmark_note, cif, lower, upper in zip(
        landmarks.months, landmarks.notes, *columns, strict=True
    ):
        low, high = (lower, upper) if lower < upper else (nan, nan)
        none = NO_EVENT_BEFORE if cif == 0 else ""
        note = "; ".join(filter(None, (landmark_note, none)))
        yield Statistic(f"incidence_M{month:g}", cif, low, high, note)


def _rows(results: TableResults, plan: Plan, months: tuple[float, ...]) -> Rows:
    """Each cause with its incidence at some months, then the subjects at risk."""
    yield from results.rows((DOR.code,), Line(_(DOR.subjects), count("n_subjects"), 0))
    interval = _("{level} CI").format(level=percent(plan.statistics.conf_level))
    for cause in causes_in_force(plan.response):
        yield Row(_(CAUSES[cause]))
        yield from results.rows((cause,), *_lines(months, interval))
    yield Row(_("Subjects at risk, n"))
    yield from results.rows((DOR.code,), *_at_risk_lines(months))


def _lines(months: tuple[float, ...], interval: str) -> Iterator[Line]:
    yield Line(_("Subjects with event, n (%)"), n_percent("event"))
    yield Line(_("Cumulative incidence, %"))
    for month in months:
        name = f"incidence_M{month:g}"
        yield Line(_("Month {month:g}").format(month=month), rate(name), 2)
        yield Line(interval, rate_ci(name), 3)


def _at_risk_lines(months: tuple[float, ...]) -> Iterator[Line]:
    for month in months:
        yield Line(_("Month {month:g}").format(month=month), count(f"at_risk_M{month:g}"))


ESTIMATOR = N_(
    "Aalen-Johansen estimates from first remission: the probability that the response has ended by"
    " this cause first; the other causes compete with it."
)


def _footnotes(plan: Plan) -> Iterator[str]:
    """The estimator, its limits, and the marks."""
    yield sentences(_(ESTIMATOR), _limits(plan))
    yield sentences(
        _("At risk: just before the month. One month is {days:g} days. NE: not estimable.").format(
            days=plan.statistics.days_per_month
        ),
        definitions.marks(plan.statistics),
    )


def _limits(plan: Plan) -> str:
    """How the intervals are made."""
    match plan.over_time.incidence_variance:
        case "infinitesimal-jackknife":
            form = _("Pointwise {level} CIs ({scale}; variance by the infinitesimal jackknife).")
        case "aalen":
            form = _("Pointwise {level} CIs ({scale}; Aalen's variance).")
    return form.format(
        level=percent(plan.statistics.conf_level),
        scale=definitions.transform_name(plan.over_time.incidence_ci),
    )


def _table(name: str, heading: str, *, every_month: bool) -> OutputTable:
    def rows(results: TableResults, plan: Plan) -> Rows:
        months = plan.statistics.landmarks_months if every_month else plan.main_landmarks
        return _rows(results, plan, months)

    return OutputTable(
        name=name,
        heading=heading,
        size=Size((DOR.code,), "n_subjects"),
        rows=rows,
        footnotes=_footnotes,
        defined=("Remission", "Recurrence and progression", "Durations"),
    )


OUTPUT = Output(
    name="t_cuminc",
    analysis_set=POPULATIONS[DOR.population],
    datasets="ADTTE",
    variables={
        "ADSL": ("SAFFL",),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
    },
    results=_results,
    dates=("DTHDT", "NSTDT"),
    tables=(
        _table(
            "t_cuminc",
            N_("Cumulative incidence of the end of response, by cause"),
            every_month=False,
        ),
        _table(
            "t_cuminc_s",
            N_("Cumulative incidence of the end of response, by cause: every month"),
            every_month=True,
        ),
    ),
)
