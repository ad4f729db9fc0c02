"""Tables of the simulation: views of the operating characteristics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import isnan, nan
from operator import itemgetter
from pathlib import Path

from durable.contracts.results import PRIMARY
from durable.files import read_records
from durable.language import N_, _
from durable.outputs.formats import NOT_ESTIMABLE, PERCENT, rounded_number
from durable.outputs.interim import describe_decision
from durable.outputs.sensitivity import analysis_title
from durable.outputs.table import Row, Table
from durable.plan import Plan
from durable.simulate import wording
from durable.simulate.keys import MEDIAN, months_of_landmark, visit_of_rate

#: Name of the table of the interim decision rules, which the page shows first.
DECISIONS = "decisions"
Record = dict[str, str]
#: Measures by the headings of their columns.
_MEASURES = {
    N_("True"): "true",
    N_("Mean"): "mean",
    N_("Bias"): "bias",
    N_("SD"): "empirical SD",
    N_("Coverage, %"): "coverage",
    N_("Width"): "mean width",
    N_("Estimable, %"): "estimable",
    N_("With interval, %"): "interval",
    N_("Open upper, %"): "open upper",
}
_SHARES = ("coverage", "estimable", "interval", "open upper")
#: Shown without their Monte Carlo standard error.
_ALONE = ("true", "mean")


@dataclass(frozen=True)
class _Estimate:
    """An estimate by one definition in one scenario, with its rows of ``operating.csv``."""

    measures: dict[str, Record]
    plan: Plan
    scenario: str
    definition: str
    name: str

    def rows(self, label: str, indent: int) -> Iterator[Row]:
        """A row with the measures and, below it, that of the median of the estimates if any."""
        yield Row(label, tuple(map(self._cell, _MEASURES.values())), indent)
        if "median" in self.measures:
            (true, _error), (middle, error) = self._numbers("true"), self._numbers("median")
            decimals = self._form("median")[0]
            shown = (rounded_number(middle, decimals), with_error(middle - true, error, decimals))
            cells = ("", *shown, *[""] * (len(_MEASURES) - 3))
            yield Row(_("median of the estimates"), cells, indent + 1)

    def _cell(self, measure: str) -> str:
        value, error = self._numbers(measure)
        form = self._form(measure)
        return (
            rounded_number(value, *form) if measure in _ALONE else with_error(value, error, *form)
        )

    def _numbers(self, measure: str) -> tuple[float, float]:
        """Value and Monte Carlo standard error; durations in months."""
        value, error = (number(self.measures[measure], name) for name in ("VALUE", "MCSE"))
        if self.name == MEDIAN and measure not in _SHARES:
            month = self.plan.statistics.days_per_month
            return value / month, error / month
        return value, error

    def _form(self, measure: str) -> tuple[int, int]:
        """Decimals, one more than the tables of data have, and the power of ten of the unit."""
        outputs = self.plan.outputs
        if measure in _SHARES:
            return outputs.percent_decimals, PERCENT
        if self.name == MEDIAN:
            return outputs.month_decimals + 1, 0
        return outputs.percent_decimals + 1, PERCENT


def _estimates(plan: Plan, folder: Path) -> list[_Estimate]:
    """Every estimate of ``operating.csv``, in its order."""
    measures: dict[tuple[str, str, str], dict[str, Record]] = {}
    for row in read_records(folder / "operating.csv"):
        key = (row["SCENARIO"], row["DEFN"], row["ESTIMATE"])
        measures.setdefault(key, {})[row["MEASURE"]] = row
    return [_Estimate(records, plan, *key) for key, records in measures.items()]


def number(row: Record, name: str) -> float:
    """A column of a record as a number; NaN where the cell is empty."""
    return float(row[name] or nan)


def with_error(value: float, error: float, decimals: int, power: int = 0) -> str:
    """A simulated number with its Monte Carlo standard error: ``40.2 (0.5)``.

    ``NE`` alone where `value` is NaN. `power` 2 shows a proportion in percent.
    """
    if isnan(value):
        return NOT_ESTIMABLE
    return f"{rounded_number(value, decimals, power)} ({rounded_number(error, decimals, power)})"


@dataclass(frozen=True)
class SimulationTable:
    """A table of the simulation."""

    name: str
    title: str
    source: str
    columns: tuple[str, ...]
    rows: Callable[[Plan, Path], Iterator[Row]]
    notes: Callable[[Plan], Iterator[str]]
    stub: str
    """Heading of the labels of rows."""
    empty: str
    """What a table without rows says."""


def tables(plan: Plan, folder: Path) -> Iterator[Table]:
    """Every table of `TABLES`, from the files in `folder`; one without rows says so."""
    for table_number, spec in enumerate(TABLES, start=1):
        rows = tuple(spec.rows(plan, folder))
        yield Table(
            name=f"t_{spec.name}",
            number=str(table_number),
            title=_(spec.title),
            subtitles=(wording.population(plan), wording.study(plan)),
            columns=tuple(map(_, spec.columns)),
            rows=rows or (Row(_(spec.empty), ("",) * len(spec.columns)),),
            footnotes=(*spec.notes(plan), wording.source(spec.source, plan)),
            stub=_(spec.stub),
        )


def _rows_with_headings(rows: Iterable[tuple[str, Row]]) -> Iterator[Row]:
    """The rows, those with one heading under it."""
    for heading, group in groupby(rows, key=itemgetter(0)):
        yield Row(heading)
        yield from (row for _heading, row in group)


def _scenario(name: str) -> str:
    return _("Scenario {name}").format(name=name)


def _operating(plan: Plan, folder: Path) -> Iterator[Row]:
    """Every estimate of the primary analysis, by scenario."""
    return _rows_with_headings(
        (_scenario(estimate.scenario), row)
        for estimate in _estimates(plan, folder)
        if estimate.definition == PRIMARY
        for row in estimate.rows(wording.estimate_label(estimate.name), 1)
    )


def _definitions(plan: Plan, folder: Path) -> Iterator[Row]:
    """Definitions side by side, by scenario and estimate."""
    compared = [e for e in _estimates(plan, folder) if _is_compared(e.name, plan)]
    for scenario in dict.fromkeys(estimate.scenario for estimate in compared):
        yield Row(_scenario(scenario))
        yield from _rows_by_name(
            [
                (analysis_title(estimate.definition, plan), estimate)
                for estimate in compared
                if estimate.scenario == scenario
            ]
        )


def _rows_by_name(labelled: list[tuple[str, _Estimate]]) -> Iterator[Row]:
    """Estimates of one name under it, each with its label."""
    for name in dict.fromkeys(estimate.name for _label, estimate in labelled):
        yield Row(wording.estimate_label(name), indent=1)
        for label, estimate in labelled:
            if estimate.name == name:
                yield from estimate.rows(label, 2)


def _is_compared(estimate: str, plan: Plan) -> bool:
    """Landmarks only at the months that the table of sensitivity analyses has."""
    months = months_of_landmark(estimate)
    return months is None or months in plan.statistics.sensitivity_landmarks_months


def _spacing(plan: Plan, folder: Path) -> Iterator[Row]:
    """Estimates of duration by the spacing of the visits."""
    durations = [
        estimate
        for estimate in _estimates(plan, folder)
        if estimate.definition == PRIMARY and visit_of_rate(estimate.name) is None
    ]
    families: dict[str, list[str]] = {}
    for row in read_records(folder / "spacing.csv"):
        families.setdefault(row["FAMILY"], []).append(row["SCENARIO"])
    scenarios = plan.require_simulation().scenarios
    for family in families.values():
        names = ", ".join(family)
        yield Row(_("Scenarios {names}: alike but for the spacing of visits").format(names=names))
        labels = {
            name: _("{spacing} ({scenario})").format(
                spacing=wording.spacing_label(scenarios[name]), scenario=name
            )
            for name in family
        }
        yield from _rows_by_name(
            [
                (labels[name], estimate)
                for name in family
                for estimate in durations
                if estimate.scenario == name
            ]
        )


def _decisions(plan: Plan, folder: Path) -> Iterator[Row]:
    """Probability that each rule stops, by scenario."""
    return _rows_with_headings(
        (_scenario(row["SCENARIO"]), _decision(row, plan))
        for row in read_records(folder / "decisions.csv")
    )


def _decision(row: Record, plan: Plan) -> Row:
    rule = plan.require_simulation().decisions[row["DECISION"]]
    decimals, most = plan.outputs.percent_decimals + 1, int(row["STOPS_UP_TO"])
    cells = (
        row["N"],
        _("never") if most < 0 else str(most),
        with_error(number(row, "PROBABILITY"), number(row, "MCSE"), decimals, PERCENT),
        _("none: {reason}").format(reason=_(row["NOTE"]))
        if row["NOTE"]
        else rounded_number(number(row, "EXACT"), decimals, PERCENT),
        "" if row["NOTE"] else rounded_number(number(row, "Z"), 2),
    )
    label = _("{name}: {rule}").format(name=row["DECISION"], rule=describe_decision(rule, plan))
    return Row(label, cells, 1)


def _theory(plan: Plan, folder: Path) -> Iterator[Row]:
    """Coverage in closed form beside the simulated one."""
    return _rows_with_headings(
        (_(_HEADINGS[row["METHOD"], row["SCENARIO"] != ""]), _coverage(row, plan))
        for row in read_records(folder / "theory.csv")
    )


#: By method, and whether the trials are those of a scenario.
_HEADINGS = {
    ("clopper-pearson", True): N_("Exact (Clopper-Pearson) interval of the rate, virtual trials"),
    ("clopper-pearson", False): N_(
        "Exact (Clopper-Pearson) interval of the rate, binomial samples"
    ),
    ("log-log", False): N_("Log-log interval of the median, uncensored exponential samples"),
}


def _coverage(row: Record, plan: Plan) -> Row:
    decimals = plan.outputs.percent_decimals + 1
    cells = (
        row["N"],
        f"{rounded_number(number(row, 'TRUE'), decimals, PERCENT)}%"
        if row["METHOD"] == "clopper-pearson"
        else "log 2",
        rounded_number(number(row, "EXACT"), decimals, PERCENT),
        with_error(number(row, "SIMULATED"), number(row, "MCSE"), decimals, PERCENT),
        f"{int(row['TRIALS']):,}",
        rounded_number(number(row, "Z"), 2),
        {"Y": _("yes"), "N": _("NO")}[row["AGREES"]],
    )
    label = _("{n} subjects").format(n=row["N"])
    if row["SCENARIO"]:
        label = _("Scenario {name}, {visit}").format(
            name=row["SCENARIO"], visit=visit_of_rate(row["ESTIMATE"])
        )
    return Row(label, cells, 1)


def _measure_notes(plan: Plan) -> Iterator[str]:
    yield wording.intervals(plan)
    yield from wording.measures(plan)


def _definition_notes(plan: Plan) -> Iterator[str]:
    yield _(
        "Every definition against the same true value: that of the scenario, which the primary"
        " definitions are meant to find. What each changes: on the page of the simulation."
    )
    yield from _measure_notes(plan)


def _spacing_notes(plan: Plan) -> Iterator[str]:
    yield _(
        "Recurrence is dated at the visit that shows it, so durations are too long by about half"
        " the spacing, less what remission is dated late (Panageas 2007)."
    )
    yield from _measure_notes(plan)


def _decision_notes(plan: Plan) -> Iterator[str]:
    yield _(
        "Simulated: share of trials stopped, with its Monte Carlo standard error; primary"
        " definition of improvement. n: subjects; X of them are improved. Stops up to: largest X at"
        " which the rule stops a trial that has n in its denominator."
    )
    yield _(
        "Exact: binomial probability (a sum of binomials where dose levels differ), in closed form"
        " only where no assessment is missing. z: difference in standard errors of the exact"
        " probability."
    )
    prior = plan.statistics.beta_prior
    yield _("Posterior: {posterior}. NE: not estimable.").format(
        posterior=f"Beta({prior.a:g} + X, {prior.b:g} + n - X)"
    )


def _theory_notes(_plan: Plan) -> Iterator[str]:
    yield _(
        "Exact coverage of Clopper-Pearson: sum of the binomial probabilities of the numbers"
        " improved whose interval holds the true rate, by the two one-sided tests (Brown, Cai &"
        " DasGupta 2001). Only scenarios without missing assessments."
    )
    yield _(
        "Exact coverage of the median: without censoring the log-log limits depend on the rank of"
        " the event alone, so the interval (Brookmeyer & Crowley 1982) lies between two order"
        " statistics and its coverage is a binomial sum. With censoring and visits no closed form"
        " holds. Samples: drawn by the seed of the plan, through the estimators of the analysis."
    )
    yield _(
        "Open upper limits count as covering. In brackets: Monte Carlo standard error."
        " z: difference in standard errors of the exact coverage; agreement is |z| <= 3, of many"
        " rows 1 in 370 lies beyond by chance. NE: not estimable."
    )


TABLES = (
    SimulationTable(
        DECISIONS,
        N_("Stopping probabilities of the interim decision rules"),
        "decisions.csv",
        ("n", N_("Stops up to"), N_("Simulated, %"), N_("Exact, %"), "z"),
        _decisions,
        _decision_notes,
        N_("Rule"),
        N_("No decision rules in the configuration"),
    ),
    SimulationTable(
        "operating",
        N_("Operating characteristics"),
        "operating.csv",
        tuple(_MEASURES),
        _operating,
        _measure_notes,
        N_("Estimate"),
        N_("No estimates"),
    ),
    SimulationTable(
        "spacing",
        N_("Duration of response by the spacing of visits"),
        "operating.csv",
        tuple(_MEASURES),
        _spacing,
        _spacing_notes,
        N_("Spacing"),
        N_("No scenarios that differ in every_months alone"),
    ),
    SimulationTable(
        "definitions",
        N_("Sensitivity of the definitions"),
        "operating.csv",
        tuple(_MEASURES),
        _definitions,
        _definition_notes,
        N_("Definition"),
        N_("No estimates"),
    ),
    SimulationTable(
        "theory",
        N_("Coverage in closed form and in the simulation"),
        "theory.csv",
        ("n", N_("True"), N_("Exact, %"), N_("Simulated, %"), N_("Trials"), "z", "|z| <= 3"),
        _theory,
        _theory_notes,
        N_("Interval"),
        N_("No closed form"),
    ),
)
