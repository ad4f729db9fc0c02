"""The first page of the report: the results a reader looks for, as the tables show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from durable.contracts.results import PLATEAU, TOTAL, WHOLE_COLUMN
from durable.derive.endpoints import ENDPOINTS, EVENT_LABELS
from durable.outputs import formats as f
from durable.outputs.ard import Ard
from durable.outputs.table import Lookup
from durable.plan import Plan


@dataclass(frozen=True)
class Result:
    """One result: what it is, the figure, what surrounds it, and the table it is from."""

    label: str
    figure: str
    details: tuple[str, ...]
    table: str


def summary(ard: Ard, plan: Plan) -> list[Result]:
    """Results over all subjects in the order of the endpoints; those absent are left out."""
    return [*_improvement(ard, plan), *_durations(ard, plan), *_safety(ard, plan)]


def _improvement(ard: Ard, plan: Plan) -> Iterator[Result]:
    p = plan.outputs.percent_decimals
    for visit in plan.response.improvement.visits:
        find = ard.lookup("t_improvement", (visit,), TOTAL)
        rate = find("rate")
        if rate is None:
            continue
        improved = f"{f.count(find('n_improved'))} of {f.count(find('n_denominator'))}"
        states = ", ".join(
            f"{f.count(find(f'n_{name}'))} {name}" for name in ("assessed", "missing", "pending")
        )
        yield Result(
            f"Disease improvement at {visit}",
            _percent(f.fixed(rate.value, p, f.PERCENT)),
            (f"{_level(plan)} {f.interval(rate, p, f.PERCENT)}", f"{improved} improved", states),
            "t_improvement",
        )


def _percent(number: str) -> str:
    return number if number == f.NOT_ESTIMABLE else f"{number}%"


def _level(plan: Plan) -> str:
    return f"{100 * plan.statistics.conf_level:g}% CI"


def _durations(ard: Ard, plan: Plan) -> Iterator[Result]:
    deadline = plan.response.deadline(plan.schedule).visit
    for endpoint in ENDPOINTS:
        find = ard.lookup("t_dor", (endpoint.code,), TOTAL)
        median = find("median")
        if median is None:
            continue
        m = plan.outputs.month_decimals
        mark = f.PLATEAU_MARK if median.note == PLATEAU else ""
        number = f.fixed(median.value, m)
        yield Result(
            f"Median {endpoint.title[0].lower()}{endpoint.title[1:]}",
            number if number == f.NOT_ESTIMABLE else f"{number}{mark} months",
            (
                f"{_level(plan)} {f.interval(median, m)}",
                f"{f.count(find('n_event'))} of {f.count(find('n_subjects'))} with an event",
                _events(find, deadline),
            ),
            endpoint.table,
        )


def _events(find: Lookup, deadline: str) -> str:
    counts = ((find(f"n_{name}"), label) for name, label in EVENT_LABELS.items())
    events = [f"{f.count(n)} {label}" for n, label in counts if n is not None and n.value]
    return ", ".join(events).format(deadline=deadline)


def _safety(ard: Ard, plan: Plan) -> Iterator[Result]:
    first = plan.safety.windows_days[0]
    p = plan.outputs.percent_decimals
    windows = ((f"D{first}", f"within {first} days"), ("ALL", "entire follow-up"))
    for window, label in windows:
        find = ard.lookup("t_ae_overview", (window, "GRADE3"), TOTAL)
        subjects, percent = find("n_subjects"), find("percent")
        infused = ard.lookup("t_ae_overview", WHOLE_COLUMN, TOTAL)("n_infused")
        if subjects is None or percent is None:
            continue
        affected = f"{f.count(subjects)} of {f.count(infused)} infused"
        yield Result(
            f"Grade >=3 TEAEs, {label}",
            _percent(f.fixed(percent.value, p)),
            (
                f"{affected}, {f.count(find('n_events'))} events",
                _of_followed(ard, window, first),
                _bound(find, p),
                _any_grade(ard, window),
            ),
            "t_ae_overview",
        )


def _bound(find: Lookup, decimals: int) -> str:
    """The upper bound where nobody had an event."""
    upper = find("upper")
    return "" if upper is None else f"{upper.note}: {f.fixed(upper.value, decimals, f.PERCENT)}%"


def _of_followed(ard: Ard, window: str, days: int) -> str:
    """The same among the subjects followed through the window, where there are such results."""
    find = ard.lookup("t_ae_overview", (f"{window}_FOLLOWED", "GRADE3"), TOTAL)
    n, followed = find("n_subjects"), find("n_denominator")
    if n is None or followed is None:
        return ""
    return f"{f.count(n)} of {f.count(followed)} followed {days} days"


def _any_grade(ard: Ard, window: str) -> str:
    found = []
    for name, label in (("SERIOUS", "a serious TEAE"), ("FATAL", "a fatal TEAE")):
        n = ard.lookup("t_ae_overview", (window, name), TOTAL)("n_subjects")
        if n is not None:
            found.append(f"{f.count(n)} with {label}")
    return ", ".join(found)
