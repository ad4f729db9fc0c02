"""What the design can show, in sentences with the numbers of the simulation."""

from __future__ import annotations

from math import isnan, nan
from pathlib import Path

from durable.contracts.results import PRIMARY
from durable.files import read_records
from durable.outputs.formats import NOT_ESTIMABLE, PERCENT, fixed
from durable.plan import Plan
from durable.simulate import wording
from durable.simulate.keys import MEDIAN, rate_name
from durable.wording import listed, percent

#: Value of a measure of an estimate, by scenario, definition, estimate and measure.
Values = dict[tuple[str, str, str, str], float]


def summary(plan: Plan, folder: Path) -> list[str]:
    """Five sentences: improvement rate, duration, stopping, spacing of visits, definitions.

    Those of the estimates are of the first scenario of the plan, at the last visit of the
    improvement rate, by the primary definitions.

    Parameters
    ----------
    plan
        The analysis plan, with its section ``simulation``.
    folder
        Folder of the simulation, with its results.
    """
    values: Values = {
        (row["SCENARIO"], row["DEFN"], row["ESTIMATE"], row["MEASURE"]): float(row["VALUE"] or nan)
        for row in read_records(folder / "operating.csv")
    }
    text = _Summary(plan, values)
    return [
        text.improvement(),
        text.duration(),
        text.stopping(read_records(folder / "decisions.csv")),
        text.spacing(read_records(folder / "spacing.csv")),
        text.definitions(),
    ]


class _Summary:
    """The sentences of a simulation."""

    def __init__(self, plan: Plan, values: Values) -> None:
        self.plan, self.values = plan, values
        self.scenario = next(iter(plan.require_simulation().scenarios))
        self.visit = plan.response.improvement.visits[-1]

    def improvement(self) -> str:
        """How well the improvement rate is known."""
        rate = rate_name(self.visit)
        subjects = self.plan.require_simulation().scenarios[self.scenario].subjects
        return (
            f"Improvement rate: with {subjects} subjects and a true rate of"
            f" {self._percent(rate, 'true')} at {self.visit} (scenario {self.scenario}) the"
            f" estimate is {self._percent(rate, 'mean')} on average, and its"
            f" {percent(self.plan.statistics.conf_level)} interval is"
            f" {self._percent(rate, 'mean width')} wide and holds the true rate in"
            f" {self._percent(rate, 'coverage')} of the trials."
        )

    def duration(self) -> str:
        """How well the median duration is known."""
        return (
            f"Duration of response: a true median of {self._months(MEDIAN, 'true')} can be"
            f" estimated in {self._percent(MEDIAN, 'estimable')} of the trials; half of the"
            f" estimates are {self._months(MEDIAN, 'median')} or longer (one that is not reached"
            " counts as longest), and"
            f" {self._percent(MEDIAN, 'open upper')} of the intervals have no upper limit."
        )

    def stopping(self, decisions: list[dict[str, str]]) -> str:
        """How often each rule stops a trial, where that is least and where it is most often."""
        if not decisions:
            return "Stopping: the plan has no interim decision rule."
        rules = self.plan.require_simulation().decisions
        told = [
            f"rule {name} ({wording.describe_decision(rule, self.plan)})"
            f" {self._range([row for row in decisions if row['DECISION'] == name])}"
            for name, rule in rules.items()
        ]
        return f"Stopping: {'; '.join(told)}."

    def _range(self, rows: list[dict[str, str]]) -> str:
        ordered = sorted(rows, key=lambda row: float(row["PROBABILITY"]))
        ends = [
            f"{self._shown(float(row['PROBABILITY']))} ({row['SCENARIO']})"
            for row in (ordered[0], ordered[-1])
        ]
        return f"stops {' to '.join(dict.fromkeys(ends))} of the trials"

    def spacing(self, families: list[dict[str, str]]) -> str:
        """What the spacing of visits does to the median duration."""
        first = [row["SCENARIO"] for row in families if row["FAMILY"] == families[0]["FAMILY"]]
        if not first:
            return "Visits: no scenarios differ in the spacing of visits alone."
        scenarios = self.plan.require_simulation().scenarios
        told = [
            f"{self._months(MEDIAN, 'bias', scenario=name, sign='+')} with visits"
            f" {wording.spacing_label(scenarios[name]).lower()}"
            for name in first
        ]
        return (
            "Visits: the mean of the estimated median durations differs from the true one by"
            f" {listed(told)}."
        )

    def definitions(self) -> str:
        """What other definitions do to rate and duration."""
        others = self.plan.simulated
        if not others:
            return "Definitions: no other definition is simulated."
        rate, names = rate_name(self.visit), (PRIMARY, *others)
        means = {n: self.values.get((self.scenario, n, rate, "mean"), nan) for n in names}
        medians = {n: self.values.get((self.scenario, n, MEDIAN, "median"), nan) for n in names}
        return (
            f"Definitions: by the {len(others)} other definition{'s' if len(others) > 1 else ''}"
            f" the mean rate at {self.visit} is {self._span(means, others, PERCENT)}"
            f" (primary: {self._shown(means[PRIMARY])}) and the median of the estimated median"
            f" durations {self._span(medians, others, 0)}"
            f" (primary: {self._in_months(medians[PRIMARY])})."
        )

    def _span(self, found: dict[str, float], names: tuple[str, ...], power: int) -> str:
        known = sorted(found[name] for name in names if not isnan(found[name]))
        if not known:
            return NOT_ESTIMABLE
        show = self._shown if power else self._in_months
        return " to ".join(dict.fromkeys(map(show, (known[0], known[-1]))))

    def _value(self, estimate: str, measure: str, scenario: str) -> float:
        return self.values.get((scenario or self.scenario, PRIMARY, estimate, measure), nan)

    def _percent(self, estimate: str, measure: str) -> str:
        points = measure == "mean width"
        return self._shown(self._value(estimate, measure, ""), " points" if points else "%")

    def _shown(self, proportion: float, unit: str = "%") -> str:
        number = fixed(proportion, self.plan.outputs.percent_decimals, PERCENT)
        return number if number == NOT_ESTIMABLE else f"{number}{unit}"

    def _months(self, estimate: str, measure: str, *, scenario: str = "", sign: str = "") -> str:
        return self._in_months(self._value(estimate, measure, scenario), sign)

    def _in_months(self, days: float, sign: str = "") -> str:
        months = days / self.plan.statistics.days_per_month
        number = fixed(months, self.plan.outputs.month_decimals)
        plus = sign if months > 0 else ""
        return number if number == NOT_ESTIMABLE else f"{plus}{number} months"


def agreement(folder: Path) -> str:
    """How many coverages that are known in closed form the simulation agrees with."""
    rows = read_records(folder / "theory.csv")
    agree = sum(row["AGREES"] == "Y" for row in rows)
    return (
        f"{agree} of {len(rows)} coverage probabilities that are known in closed form agree with"
        " the simulation (|z| <= 3)."
    )
