"""The primary results of two analyses side by side, as their tables show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from durable.audit.causes import ResultChange, causes_of, subjects_of
from durable.audit.shown import Changes, TracedArd
from durable.audit.sides import Side
from durable.contracts.results import TOTAL, Parameter
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.language import _
from durable.outputs import cells
from durable.outputs.formats import PERCENT, rounded_number
from durable.outputs.incidence import ALL, main_windows, subjects_cell
from durable.outputs.table import Cell
from durable.plan import Plan
from durable.wording import lower_initial, percent


@dataclass(frozen=True)
class PrimaryResult:
    """A result over all subjects in both analyses, in the language in force."""

    label: str
    earlier: str
    """As its table shows it; '' where the analysis does not have it."""
    later: str
    """As `earlier`, of the later analysis."""
    difference: str
    """Later less earlier, with its unit, ``none`` where it rounds to 0; '' where one of them is
    absent or cannot be estimated."""
    changes: tuple[ResultChange, ...]
    """Changes of the results that the text of either analysis is made of; may be empty."""

    @property
    def causes(self) -> str:
        """The causes of its changes, each once, one after another; '' without changes."""
        return _("; ").join(map(_, causes_of(self.changes)))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects behind its changes, each once, sorted."""
        return subjects_of(self.changes)


@dataclass(frozen=True)
class _Line:
    """A result: where it is, how its table shows it, and the statistic that is compared."""

    label: str
    output: str
    parameter: Parameter
    cell: Cell
    statistic: str
    decimals: int = 0
    power: int = 0
    unit: str = "{number}"
    """The difference with its unit."""


def primary_results(earlier: Side, later: Side, changes: Changes) -> Iterator[PrimaryResult]:
    """Improvement, durations, grade >=3 TEAEs and deaths over all subjects in two analyses.

    A result that neither analysis has is left out, one that has not changed is not.

    Parameters
    ----------
    changes
        Changes of the analysis results by key.
    """
    for line in _lines(later.plan):
        ards = [TracedArd({r.key: r for r in s.results.values()}) for s in (earlier, later)]
        finds = [ard.lookup(line.output, line.parameter, TOTAL) for ard in ards]
        texts = [line.cell(find, later.plan.outputs) for find in finds]
        if any(texts):
            old, new = (find(line.statistic) for find in finds)
            values = [result.value for result in (old, new) if result is not None]
            traced_changes = dict.fromkeys(
                change for ard in ards for change in ard.changes(changes)
            )
            yield PrimaryResult(
                line.label, texts[0], texts[1], _difference(values, line), tuple(traced_changes)
            )


def _difference(values: list[float], line: _Line) -> str:
    if len(values) < 2 or any(map(isnan, values)):
        return ""
    shown = rounded_number(values[1] - values[0], line.decimals, line.power)
    sign = "" if shown.startswith("-") or not float(shown) else "+"
    return line.unit.format(number=f"{sign}{shown}") if float(shown) else _("none")


def _lines(plan: Plan) -> Iterator[_Line]:
    outputs, level = plan.outputs, percent(plan.statistics.conf_level)
    improved = cells.ratio_percent("n_improved", "n_denominator", "rate")
    for visit in plan.response.improvement.visits:
        yield _Line(
            _("Disease improvement at {visit}, n/N (%), exact {level} CI").format(
                visit=visit, level=level
            ),
            "t_improvement",
            (visit,),
            _join_cells(improved, cells.rate_ci("rate")),
            "rate",
            outputs.percent_decimals,
            PERCENT,
            _("{number} points"),
        )
    for endpoint in STANDARD_ENDPOINTS:
        title = _(endpoint.title)
        yield _Line(
            _("Median {duration}, months, {level} CI").format(
                duration=lower_initial(title), level=level
            ),
            "t_dor",
            (endpoint.code,),
            cells.estimate_with_ci("median", "month"),
            "median",
            outputs.month_decimals,
            unit=_("{number} months"),
        )
        events = _("{duration}, subjects with event, n (%)").format(duration=title)
        yield _Line(events, "t_dor", (endpoint.code,), cells.n_percent("event"), "n_event")
    yield from _safety_lines(plan)


def _safety_lines(plan: Plan) -> Iterator[_Line]:
    windows = [(window, lower_initial(_(label))) for window, label in main_windows(plan.safety)]
    for window, label in windows:
        severe = ("t_ae_overview", (window, "GRADE3"))
        subjects = _("Subjects with a grade >=3 TEAE, {period}, n (%)").format(period=label)
        yield _Line(subjects, *severe, subjects_cell, "n_subjects")
        events = _("Grade >=3 TEAEs, {period}").format(period=label)
        yield _Line(events, *severe, cells.count("n_events"), "n_events")
    deaths = cells.incidence("n_deaths", "percent")
    yield _Line(_("Deaths, entire follow-up, n (%)"), "t_deaths", (ALL,), deaths, "n_deaths")


def _join_cells(first: Cell, second: Cell) -> Cell:
    """The texts of two cells, one after the other."""
    return lambda find, outputs: f"{first(find, outputs)} {second(find, outputs)}".strip()
