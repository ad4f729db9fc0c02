"""The first page of the report: the results a reader looks for, as the tables show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from durable.contracts.results import PLATEAU, TOTAL, WHOLE_COLUMN
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.language import _
from durable.outputs import formats as f
from durable.outputs.ard import Ard
from durable.outputs.table import Lookup
from durable.plan import Plan
from durable.vocabulary import EVENT_LABELS
from durable.wording import lower_initial, percent


@dataclass(frozen=True)
class Result:
    """One result of the summary, as texts in the language in force."""

    label: str
    """Name of the result: ``Disease improvement at M2``."""
    figure: str
    """The estimate with its unit, or *NE*."""
    details: tuple[str, ...]
    """Confidence interval, numbers of subjects and so on; some may be empty."""
    table: str
    """Name of the table that has the result."""
    term: str
    """Term of the list of definitions that defines it."""


def summary(ard: Ard, plan: Plan) -> list[Result]:
    """Results over all subjects: improvement by visit, durations, grade >=3 TEAEs.

    Those that the analysis results do not have are left out.
    """
    return [*_improvement(ard, plan), *_durations(ard, plan), *_safety(ard, plan)]


def _improvement(ard: Ard, plan: Plan) -> Iterator[Result]:
    p = plan.outputs.percent_decimals
    for visit in plan.response.improvement.visits:
        find = ard.lookup("t_improvement", (visit,), TOTAL)
        rate = find("rate")
        if rate is None:
            continue
        names = ("improved", "denominator", "assessed", "missing", "pending")
        counts = {name: f.count(find(f"n_{name}")) for name in names}
        yield Result(
            _("Disease improvement at {visit}").format(visit=visit),
            _percent(f.rounded_number(rate.value, p, f.PERCENT)),
            (
                _interval(plan, f.interval(rate, p, f.PERCENT)),
                _("{improved} of {denominator} improved").format(**counts),
                _("{assessed} assessed, {missing} missing, {pending} pending").format(**counts),
            ),
            "t_improvement",
            _("Disease improvement"),
        )


def _percent(number: str) -> str:
    return number if number == f.NOT_ESTIMABLE else f"{number}%"


def _interval(plan: Plan, limits: str) -> str:
    level = percent(plan.statistics.conf_level)
    return _("{level} CI {limits}").format(level=level, limits=limits)


def _durations(ard: Ard, plan: Plan) -> Iterator[Result]:
    deadline = plan.response.deadline(plan.schedule).visit
    for endpoint in STANDARD_ENDPOINTS:
        find = ard.lookup("t_dor", (endpoint.code,), TOTAL)
        median = find("median")
        if median is None:
            continue
        m = plan.outputs.month_decimals
        mark = f.PLATEAU_MARK if median.note == PLATEAU else ""
        number = f.rounded_number(median.value, m)
        yield Result(
            _("Median {duration}").format(duration=lower_initial(_(endpoint.title))),
            number
            if number == f.NOT_ESTIMABLE
            else _("{number} months").format(number=f"{number}{mark}"),
            (
                _interval(plan, f.interval(median, m)),
                _("{n} of {subjects} with an event").format(
                    n=f.count(find("n_event")), subjects=f.count(find("n_subjects"))
                ),
                _events(find, deadline),
            ),
            endpoint.table,
            _("Durations"),
        )


def _events(find: Lookup, deadline: str) -> str:
    counts = ((find(f"n_{name}"), label) for name, label in EVENT_LABELS.items())
    events = [
        _("{n} {events}").format(n=f.count(n), events=_(label).format(deadline=deadline))
        for n, label in counts
        if n is not None and n.value
    ]
    return _(", ").join(events)


def _safety(ard: Ard, plan: Plan) -> Iterator[Result]:
    first = plan.safety.windows_days[0]
    p = plan.outputs.percent_decimals
    windows = (
        (f"D{first}", _("Grade >=3 TEAEs, within {days} days").format(days=first)),
        ("ALL", _("Grade >=3 TEAEs, entire follow-up")),
    )
    for window, label in windows:
        find = ard.lookup("t_ae_overview", (window, "GRADE3"), TOTAL)
        subjects, share = find("n_subjects"), find("percent")
        infused = ard.lookup("t_ae_overview", WHOLE_COLUMN, TOTAL)("n_infused")
        if subjects is None or share is None:
            continue
        yield Result(
            label,
            _percent(f.rounded_number(share.value, p)),
            (
                _("{n} of {infused} infused, {events} events").format(
                    n=f.count(subjects), infused=f.count(infused), events=f.count(find("n_events"))
                ),
                _followed_text(ard, window, first),
                _upper_limit_text(find, plan),
                _any_grade(ard, window),
            ),
            "t_ae_overview",
            _("Adverse events"),
        )


def _upper_limit_text(find: Lookup, plan: Plan) -> str:
    """The upper confidence limit where nobody of those infused had an event; else empty."""
    upper = find("upper")
    if upper is None or isnan(upper.value):
        return ""
    bound = f.rounded_number(upper.value, plan.outputs.percent_decimals, f.PERCENT)
    return _("One-sided {level} upper confidence limit: {bound}%").format(
        level=percent(plan.statistics.conf_level), bound=bound
    )


def _followed_text(ard: Ard, window: str, days: int) -> str:
    """Subjects with an event of those followed through the window; empty without such results."""
    find = ard.lookup("t_ae_overview", (f"{window}_FOLLOWED", "GRADE3"), TOTAL)
    n, followed = find("n_subjects"), find("n_denominator")
    if n is None or followed is None:
        return ""
    return _("{n} of {followed} followed {days} days").format(
        n=f.count(n), followed=f.count(followed), days=days
    )


def _any_grade(ard: Ard, window: str) -> str:
    texts = []
    labels = {"SERIOUS": _("{n} with a serious TEAE"), "FATAL": _("{n} with a fatal TEAE")}
    for name, label in labels.items():
        n = ard.lookup("t_ae_overview", (window, name), TOTAL)("n_subjects")
        if n is not None:
            texts.append(label.format(n=f.count(n)))
    return _(", ").join(texts)
