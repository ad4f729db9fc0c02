"""``t_inresponse``: probability of being in remission over time from infusion (Temkin 1978)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import nan
from typing import Any, assert_never

import numpy as np
import pandas as pd

from durable.contracts.results import NO_VISITS_TABLE, Parameter, Statistic
from durable.derive.durations import DOR
from durable.derive.first_seen import TTREM
from durable.jdm.response import Response
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import ci, count, estimate, n_percent, rate, rate_ci
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import groups, not_made, of_parameter
from durable.outputs.landmarks import landmarks_at
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Rows
from durable.plan import Plan, Statistics
from durable.stats.in_response import InResponse, in_response
from durable.vocabulary import DEATH, NEW_THERAPY
from durable.wording import percent, sentences

#: Parameter of the results: the state of being in remission.
IN_REMISSION: Parameter = ("INREM",)
#: What is estimated, and how.
STATES = N_(
    "States from infusion: not yet in remission; in remission; after its end, or after a failure"
    " before it, which nobody leaves. Nonparametric estimate of Temkin (1978) by Aalen-Johansen."
)


def states_over_time(adtte: pd.DataFrame, response: Response) -> InResponse:
    """Estimate of the states of some infused subjects, in days from the infusion.

    Parameters
    ----------
    adtte
        Their records of the time to remission and of the duration of response. Who was never in
        remission fails by death, and by new systemic therapy where a later remission is not
        credited by the composite strategy.
    response
        Definitions in force.
    """
    waits = adtte.loc[adtte["PARAMCD"] == TTREM.code].set_index("USUBJID")
    holds = adtte.loc[adtte["PARAMCD"] == DOR.code].set_index("USUBJID").reindex(waits.index)
    entered = (waits["CNSR"] == 0).to_numpy(bool)
    day = waits["AVAL"].to_numpy(float)
    start = np.where(entered, day, nan)
    end = np.where(entered, day + holds["AVAL"].to_numpy(float) - 1, day)
    failures = [DEATH, *([NEW_THERAPY] if response.new_therapy.remission == "composite" else [])]
    failed = waits["EVNTDESC"].isin(failures).to_numpy(bool)
    lost = (holds["CNSR"] == 0).to_numpy(bool)
    left = np.where(entered, lost, failed)
    return _cached_estimate(start.tobytes(), end.tobytes(), left.tobytes())


@lru_cache(maxsize=4)
def _cached_estimate(start: bytes, end: bytes, left: bytes) -> InResponse:
    """The estimate from arrays as bytes: the figure shows one of those of the table."""
    return in_response(np.frombuffer(start), np.frombuffer(end), np.frombuffer(left, np.bool_))


def bootstrap(statistics: Statistics) -> dict[str, Any]:
    """Keyword arguments of `InResponse.probability_at` and `mean_time`: level, replicates, seed."""
    return {
        "level": statistics.conf_level,
        "replicates": statistics.bootstrap_replicates,
        "seed": statistics.bootstrap_seed,
    }


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adtte = datasets.adtte
    if adtte is None:
        yield from not_made(groups(datasets.adsl, plan.group_variables), NO_VISITS_TABLE)
        return
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, of_parameter(IN_REMISSION, state_statistics(group.select(adtte), plan))


def state_statistics(adtte: pd.DataFrame, plan: Plan) -> Iterator[Statistic]:
    """Changes of state, probability at each landmark and expected time, of one group.

    Parameters
    ----------
    adtte
        Records of the time to remission and of the duration of response.
    plan
        The analysis plan.

    Yields
    ------
    Statistic
        n_subjects; n and percent of entered, ended and failed; of each landmark in_remission_M6, a
        proportion with its limits (NaN past the last time at which it can be estimated), at_risk_M6
        (in remission just before) and waiting_M6 (not yet in remission); time_in_remission_M24, in
        months, to the horizon of the restricted mean.
    """
    states, statistics = states_over_time(adtte, plan.response), plan.statistics
    subjects = int((adtte["PARAMCD"] == TTREM.code).sum())
    yield Statistic("n_subjects", subjects)
    for name, counts in (
        ("entered", states.n_entered),
        ("ended", states.n_ended),
        ("failed", states.n_failed),
    ):
        yield from count_with_percent(int(counts.sum()), subjects, name)
    months = statistics.landmarks_months
    landmarks = landmarks_at(months, states.last, statistics)
    table = states.probability_at(landmarks.estimate_days, **bootstrap(statistics))
    columns = (table[name].tolist() for name in ("probability", "lower", "upper"))
    at_risk = states.probability_at(landmarks.days, **bootstrap(statistics))
    observed = (at_risk[name].tolist() for name in ("n_in_response", "n_waiting"))
    for month, note, value, lower, upper, n_in_response, waiting in zip(
        months, landmarks.notes, *columns, *observed, strict=True
    ):
        yield Statistic(f"in_remission_M{month:g}", value, lower, upper, note)
        yield Statistic(f"at_risk_M{month:g}", n_in_response)
        yield Statistic(f"waiting_M{month:g}", waiting)
    yield _expected_time(states, statistics)


def _expected_time(states: InResponse, statistics: Statistics) -> Statistic:
    """Expected time in remission up to the horizon of the restricted mean, in months."""
    month, horizon = statistics.days_per_month, statistics.rmst_months
    days = states.mean_time(horizon * month, **bootstrap(statistics))
    value, lower, upper = (number / month for number in days)
    return Statistic(f"time_in_remission_M{horizon:g}", value, lower, upper)


def _rows(results: TableResults, plan: Plan, months: tuple[float, ...]) -> Rows:
    yield from results.rows(IN_REMISSION, *_lines(plan, months))


def _lines(plan: Plan, months: tuple[float, ...]) -> Iterator[Line]:
    """The probability first, then the time, then what they rest on."""
    interval = _("{level} CI").format(level=percent(plan.statistics.conf_level))
    yield Line(_("All infused"), count("n_subjects"), 0)
    yield Line(_("Probability of being in remission, %"), indent=0)
    for month in months:
        name = f"in_remission_M{month:g}"
        yield Line(_("Month {month:g}").format(month=month), rate(name))
        yield Line(interval, rate_ci(name), 2)
        yield Line(_("in remission, under observation, n"), count(f"at_risk_M{month:g}"), 2)
        yield Line(_("not yet in remission, n"), count(f"waiting_M{month:g}"), 2)
    name = f"time_in_remission_M{plan.statistics.rmst_months:g}"
    label = _("Expected time in remission to month {month:g} (months)")
    yield Line(label.format(month=plan.statistics.rmst_months), estimate(name, "month"), 0)
    yield Line(interval, ci(name, "month"))
    yield Line(_("Subjects, n (%)"), indent=0)
    yield Line(_("entered remission"), n_percent("entered"))
    yield Line(_("left it (events of the duration of response)"), n_percent("ended"))
    yield Line(_("failed before remission"), n_percent("failed"))


def _footnotes(plan: Plan) -> Iterator[str]:
    """The states, the estimator and its limits."""
    statistics = plan.statistics
    yield sentences(_(STATES), _failures(plan.response))
    yield _(
        "{level} CIs: percentile bootstrap over subjects ({n} samples, seed {seed}); NE where all"
        " samples agree, or would be carried past follow-up."
    ).format(
        level=percent(statistics.conf_level),
        n=statistics.bootstrap_replicates,
        seed=statistics.bootstrap_seed,
    )
    yield sentences(
        _("n: just before the month. One month is {days:g} days. NE: not estimable.").format(
            days=statistics.days_per_month
        ),
        definitions.marks(statistics),
    )


def _failures(response: Response) -> str:
    """What a failure before remission is."""
    match response.new_therapy.remission:
        case "composite":
            return _("Failure: death or new systemic therapy before remission.")
        case "hypothetical":
            return _("Failure: death before remission; new systemic therapy before it censors.")
        case "treatment_policy":
            return _("Failure: death before remission; new systemic therapy is ignored.")
    assert_never(response.new_therapy.remission)


def _table(name: str, heading: str, *, every_month: bool) -> OutputTable:
    def rows(results: TableResults, plan: Plan) -> Rows:
        months = plan.statistics.landmarks_months if every_month else plan.main_landmarks
        return _rows(results, plan, months)

    return OutputTable(
        name=name,
        heading=heading,
        size=Size(IN_REMISSION, "n_subjects"),
        rows=rows,
        footnotes=_footnotes,
        defined=("Remission", "Recurrence and progression", "Durations"),
    )


OUTPUT = Output(
    name="t_inresponse",
    analysis_set=SAFETY_SET,
    datasets="ADTTE",
    variables={
        "ADSL": ("SAFFL",),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
    },
    results=_results,
    dates=("DTHDT", "NSTDT"),
    tables=(
        _table(
            "t_inresponse", N_("Probability of being in remission over time"), every_month=False
        ),
        _table(
            "t_inresponse_s",
            N_("Probability of being in remission over time: every month"),
            every_month=True,
        ),
    ),
)
