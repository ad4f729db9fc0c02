"""Tables of the simulation: views of the operating characteristics."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path

from durable.outputs import formats as f
from durable.outputs.table import Row, Table
from durable.plan import Plan
from durable.simulate import wording

PRIMARY = "primary"
Record = dict[str, str]
Keys = tuple[str, str, str]

_MEASURES = (
    *("True", "Mean", "Bias", "SD", "Coverage, %", "Width"),
    *("Estimable, %", "With interval, %", "Open upper, %"),
)
_NONE = "none"


@dataclass(frozen=True)
class Cells:
    """Measures of every estimate, as cells."""

    found: dict[tuple[str, str, str, str], Record]
    plan: Plan

    @classmethod
    def of(cls, rows: Sequence[Record], plan: Plan) -> Cells:
        """From the rows of ``operating.csv``."""
        names = ("SCENARIO", "DEFN", "ESTIMATE", "MEASURE")
        keyed = {(row[names[0]], row[names[1]], row[names[2]], row[names[3]]): row for row in rows}
        return cls(keyed, plan)

    def estimates(self) -> list[Keys]:
        """Scenario, definition and estimate, in the order of the file."""
        return list(dict.fromkeys(key[:3] for key in self.found))

    def rows(self, key: Keys, label: str, indent: int) -> Iterator[Row]:
        """The row of an estimate, and that of the median of the estimates where there is one."""
        decimals, power = self._form(key)
        shown = (
            self._plain(key, "true", decimals, power),
            self._plain(key, "mean", decimals, power),
            self._with_error(key, "bias", decimals, power),
            self._with_error(key, "empirical SD", decimals, power),
            self._share(key, "coverage"),
            self._with_error(key, "mean width", decimals, power),
            self._share(key, "estimable"),
            self._share(key, "interval"),
            self._share(key, "open upper"),
        )
        yield Row(label, shown, indent)
        if (*key, "median") in self.found:
            yield Row("median of the estimates", self._median(key, decimals), indent + 1)

    def _form(self, key: Keys) -> tuple[int, int]:
        """Decimals, one more than the tables of data have, and the power of ten of the unit."""
        outputs = self.plan.outputs
        if key[2] == wording.MEDIAN:
            return outputs.month_decimals + 1, 0
        return outputs.percent_decimals + 1, f.PERCENT

    def _number(self, key: Keys, measure: str, column: str) -> float:
        value = float(self.found.get((*key, measure), {}).get(column) or nan)
        shares = ("coverage", "estimable", "interval", "open upper")
        if key[2] == wording.MEDIAN and measure not in shares:
            return value / self.plan.statistics.days_per_month
        return value

    def _plain(self, key: Keys, measure: str, decimals: int, power: int) -> str:
        return f.fixed(self._number(key, measure, "VALUE"), decimals, power)

    def _with_error(self, key: Keys, measure: str, decimals: int, power: int) -> str:
        value = self._number(key, measure, "VALUE")
        return with_error(value, self._number(key, measure, "MCSE"), decimals, power)

    def _share(self, key: Keys, measure: str) -> str:
        return self._with_error(key, measure, self.plan.outputs.percent_decimals, f.PERCENT)

    def _median(self, key: Keys, decimals: int) -> tuple[str, ...]:
        true, middle = (self._number(key, name, "VALUE") for name in ("true", "median"))
        error = self._number(key, "median", "MCSE")
        bias = with_error(middle - true, error, decimals)
        return ("", f.fixed(middle, decimals), bias, *[""] * (len(_MEASURES) - 3))


def with_error(value: float, error: float, decimals: int, power: int = 0) -> str:
    """A simulated number with its Monte Carlo standard error; NE alone where there is none."""
    if isnan(value):
        return f.NOT_ESTIMABLE
    return f"{f.fixed(value, decimals, power)} ({f.fixed(error, decimals, power)})"


@dataclass(frozen=True)
class SimulationTable:
    """A table of the simulation."""

    name: str
    title: str
    source: str
    columns: tuple[str, ...]
    rows: Callable[[Plan, Path], Iterator[Row]]
    notes: Callable[[Plan], Iterator[str]]
    stub: str = ""


def tables(plan: Plan, folder: Path) -> Iterator[Table]:
    """Every table, from the files in ``simulation/``; one without rows says so."""
    digest = wording.plan_digest(plan)
    for number, spec in enumerate(TABLES, start=1):
        rows = tuple(spec.rows(plan, folder)) or (
            Row(_EMPTY[spec.name], ("",) * len(spec.columns)),
        )
        yield Table(
            name=f"t_{spec.name}",
            number=number,
            title=spec.title,
            subtitles=(wording.population(plan), wording.study(plan)),
            columns=spec.columns,
            rows=rows,
            footnotes=(*spec.notes(plan), wording.source(spec.source, digest)),
            stub=spec.stub,
        )


def _operating(plan: Plan, folder: Path) -> Iterator[Row]:
    """Every estimate of the primary analysis, by scenario."""
    cells = Cells.of(records(folder / "operating.csv"), plan)
    above = ""
    for key in cells.estimates():
        if key[1] != PRIMARY:
            continue
        if key[0] != above:
            above = key[0]
            yield Row(f"Scenario {above}")
        yield from cells.rows(key, wording.estimate(key[2]), 1)


def _definitions(plan: Plan, folder: Path) -> Iterator[Row]:
    """Definitions side by side, by scenario and estimate."""
    cells = Cells.of(records(folder / "operating.csv"), plan)
    keys = [key for key in cells.estimates() if _is_compared(key[2], plan)]
    for scenario in dict.fromkeys(key[0] for key in keys):
        yield Row(f"Scenario {scenario}")
        for estimate in dict.fromkeys(key[2] for key in keys if key[0] == scenario):
            yield Row(wording.estimate(estimate), indent=1)
            for key in keys:
                if (key[0], key[2]) == (scenario, estimate):
                    yield from cells.rows(key, title(key[1], plan), 2)


def _is_compared(estimate: str, plan: Plan) -> bool:
    """Landmarks only at the months that the table of sensitivity analyses has."""
    month = wording.landmark(estimate)
    return month is None or month in plan.statistics.sensitivity_landmarks_months


def title(definition: str, plan: Plan) -> str:
    """Line by which a definition is shown."""
    if definition == PRIMARY:
        return "Primary analysis"
    return plan.sensitivity[definition].title or definition


def _spacing(plan: Plan, folder: Path) -> Iterator[Row]:
    """Estimates of duration by the spacing of the visits."""
    cells = Cells.of(records(folder / "operating.csv"), plan)
    families: dict[str, list[str]] = {}
    for row in records(folder / "spacing.csv"):
        families.setdefault(row["FAMILY"], []).append(row["SCENARIO"])
    scenarios = plan.require_simulation().scenarios
    for names in families.values():
        yield Row(f"Scenarios {', '.join(names)}: alike but for the spacing of visits")
        found = [key for key in cells.estimates() if key[1] == PRIMARY and not _is_rate(key)]
        for estimate in dict.fromkeys(key[2] for key in found):
            yield Row(wording.estimate(estimate), indent=1)
            for name in names:
                for key in found:
                    if (key[0], key[2]) == (name, estimate):
                        label = f"{wording.spacing(scenarios[name])} ({name})"
                        yield from cells.rows(key, label, 2)


def _is_rate(key: Keys) -> bool:
    return key[2].startswith(wording.RATE)


def _decisions(plan: Plan, folder: Path) -> Iterator[Row]:
    """Probability that each rule stops, by scenario."""
    simulation, decimals = plan.require_simulation(), plan.outputs.percent_decimals + 1
    above = ""
    for row in records(folder / "decisions.csv"):
        if row["SCENARIO"] != above:
            above = row["SCENARIO"]
            yield Row(f"Scenario {above}")
        decision = simulation.decisions[row["DECISION"]]
        most = int(row["STOPS_UP_TO"])
        exact = f.fixed(float(row["EXACT"] or nan), decimals, f.PERCENT)
        yield Row(
            f"{row['DECISION']}: {wording.rule(decision, plan)}",
            (
                row["N"],
                "never" if most < 0 else str(most),
                with_error(*_numbers(row, "PROBABILITY", "MCSE"), decimals, f.PERCENT),
                f"{_NONE}: {row['NOTE']}" if row["NOTE"] else exact,
                "" if row["NOTE"] else f.fixed(float(row["Z"] or nan), 2),
            ),
            1,
        )


def _theory(plan: Plan, folder: Path) -> Iterator[Row]:
    """Coverage in closed form beside the simulated one."""
    decimals = plan.outputs.percent_decimals + 1
    above = ""
    for row in records(folder / "theory.csv"):
        heading = _HEADINGS[row["METHOD"], row["SCENARIO"] != ""]
        if heading != above:
            above = heading
            yield Row(above)
        rate = row["METHOD"] == "clopper-pearson"
        visit = row["ESTIMATE"].removeprefix(wording.RATE)
        true = f"{f.fixed(float(row['TRUE']), decimals, f.PERCENT)}%" if rate else "log 2"
        yield Row(
            f"Scenario {row['SCENARIO']}, {visit}" if row["SCENARIO"] else f"{row['N']} subjects",
            (
                row["N"],
                true,
                f.fixed(float(row["EXACT"]), decimals, f.PERCENT),
                with_error(*_numbers(row, "SIMULATED", "MCSE"), decimals, f.PERCENT),
                f"{int(row['TRIALS']):,}",
                f.fixed(float(row["Z"] or nan), 2),
                {"Y": "yes", "N": "NO"}[row["AGREES"]],
            ),
            1,
        )


#: By method, and whether the trials are those of a scenario.
_HEADINGS = {
    ("clopper-pearson", True): "Exact (Clopper-Pearson) interval of the rate, virtual trials",
    ("clopper-pearson", False): "Exact (Clopper-Pearson) interval of the rate, binomial samples",
    ("log-log", False): "Log-log interval of the median, uncensored exponential samples",
}


def _numbers(row: Record, *names: str) -> tuple[float, float]:
    value, error = (float(row[name] or nan) for name in names)
    return value, error


def records(path: Path) -> list[Record]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _measure_notes(plan: Plan) -> Iterator[str]:
    yield wording.intervals(plan)
    yield from wording.measures(plan)


def _definition_notes(plan: Plan) -> Iterator[str]:
    yield (
        "Every definition against the same true value: that of the scenario, which the primary"
        " definitions are meant to find. What each changes: on the page of the simulation."
    )
    yield from _measure_notes(plan)


def _spacing_notes(plan: Plan) -> Iterator[str]:
    yield (
        "Recurrence is dated at the visit that shows it, so durations are too long by about half"
        " the spacing, less what remission is dated late (Panageas 2007)."
    )
    yield from _measure_notes(plan)


def _decision_notes(plan: Plan) -> Iterator[str]:
    yield (
        "Simulated: share of trials stopped, with its Monte Carlo standard error; primary"
        " definition of improvement. n: subjects; X of them are improved. Stops up to: largest X at"
        " which the rule stops a trial that has n in its denominator."
    )
    yield (
        "Exact: binomial probability (a sum of binomials where dose levels differ), in closed form"
        " only where no assessment is missing. z: difference in standard errors of the exact"
        " probability."
    )
    prior = plan.statistics.beta_prior
    yield f"Posterior: Beta({prior.a:g} + X, {prior.b:g} + n - X). NE: not estimable."


def _theory_notes(_: Plan) -> Iterator[str]:
    yield (
        "Exact coverage of Clopper-Pearson: sum of the binomial probabilities of the numbers"
        " improved whose interval holds the true rate, by the two one-sided tests (Brown, Cai &"
        " DasGupta 2001). Only scenarios without missing assessments."
    )
    yield (
        "Exact coverage of the median: without censoring the log-log limits depend on the rank of"
        " the event alone, so the interval (Brookmeyer & Crowley 1982) lies between two order"
        " statistics and its coverage is a binomial sum. With censoring and visits no closed form"
        " holds. Samples: drawn by the seed of the plan, through the estimators of the analysis."
    )
    yield (
        "Open upper limits count as covering. In brackets: Monte Carlo standard error."
        " z: difference in standard errors of the exact coverage; agreement is |z| <= 3, of many"
        " rows 1 in 370 lies beyond by chance. NE: not estimable."
    )


TABLES = (
    SimulationTable(
        "operating",
        "Operating characteristics",
        "operating.csv",
        _MEASURES,
        _operating,
        _measure_notes,
        "Estimate",
    ),
    SimulationTable(
        "decisions",
        "Interim decision rules",
        "decisions.csv",
        ("n", "Stops up to", "Simulated, %", "Exact, %", "z"),
        _decisions,
        _decision_notes,
        "Rule",
    ),
    SimulationTable(
        "spacing",
        "Duration of response by the spacing of visits",
        "operating.csv",
        _MEASURES,
        _spacing,
        _spacing_notes,
        "Spacing",
    ),
    SimulationTable(
        "definitions",
        "Sensitivity of the definitions",
        "operating.csv",
        _MEASURES,
        _definitions,
        _definition_notes,
        "Definition",
    ),
    SimulationTable(
        "theory",
        "Coverage in closed form and in the simulation",
        "theory.csv",
        ("n", "True", "Exact, %", "Simulated, %", "Trials", "z", "|z| <= 3"),
        _theory,
        _theory_notes,
        "Interval",
    ),
)

_EMPTY = {
    "operating": "No estimates",
    "decisions": "No decision rules in the configuration",
    "spacing": "No scenarios that differ in every_months alone",
    "definitions": "No estimates",
    "theory": "No closed form",
}
