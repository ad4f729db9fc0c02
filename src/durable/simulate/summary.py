"""What the design can show, in sentences with the numbers of the simulation."""

from __future__ import annotations

from math import isnan, nan
from pathlib import Path

from durable.contracts.results import PRIMARY
from durable.files import read_records
from durable.language import _, ngettext
from durable.outputs.formats import NOT_ESTIMABLE, PERCENT, rounded_number
from durable.outputs.interim import describe_decision
from durable.plan import Plan
from durable.simulate import wording
from durable.simulate.keys import MEDIAN, rate_name
from durable.wording import capitalise, clauses, list_words, lower_initial, percent

#: Value of a measure of an estimate, by scenario, definition, estimate and measure.
Values = dict[tuple[str, str, str, str], float]
#: A sentence of the summary: what it is about, and the sentence.
Sentence = tuple[str, str]


def summary(plan: Plan, folder: Path) -> list[Sentence]:
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

    def improvement(self) -> Sentence:
        """How well a trial of the first scenario estimates the rate: mean, interval, coverage."""
        rate = rate_name(self.visit)
        subjects = self.plan.require_simulation().scenarios[self.scenario].subjects
        text = _(
            "With {subjects} subjects and a true rate of {true} at {visit} (scenario {scenario})"
            " the estimate is {mean} on average, and its {level} interval is {width} wide and holds"
            " the true rate in {coverage} of the trials."
        )
        return _("Improvement rate"), text.format(
            subjects=subjects,
            true=self._percent(rate, "true"),
            visit=self.visit,
            scenario=self.scenario,
            mean=self._percent(rate, "mean"),
            level=percent(self.plan.statistics.conf_level),
            width=self._percent(rate, "mean width"),
            coverage=self._percent(rate, "coverage"),
        )

    def duration(self) -> Sentence:
        """How well a trial of the first scenario estimates the median duration of response.

        Share of trials with an estimate, median of the estimates, share of open intervals.
        """
        text = _(
            "A true median of {true} can be estimated in {estimable} of the trials; half of the"
            " estimates are {median} or longer (one that is not reached counts as longest), and"
            " {open} of the intervals have no upper limit."
        )
        return _("Duration of response"), text.format(
            true=self._months(MEDIAN, "true"),
            estimable=self._percent(MEDIAN, "estimable"),
            median=self._months(MEDIAN, "median"),
            open=self._percent(MEDIAN, "open upper"),
        )

    def stopping(self, decisions: list[dict[str, str]]) -> Sentence:
        """How often each decision rule stops a trial, from the scenario least to that most often.

        `decisions` are the rows of ``decisions.csv``; without a rule the sentence says so.
        """
        if not decisions:
            return _("Stopping"), _("The plan has no interim decision rule.")
        rules = self.plan.require_simulation().decisions
        stopped = [
            _("rule {name} ({rule}) stops {range} of the trials").format(
                name=name,
                rule=describe_decision(rule, self.plan),
                range=self._range([row for row in decisions if row["DECISION"] == name]),
            )
            for name, rule in rules.items()
        ]
        return _("Stopping"), _("{rules}.").format(rules=capitalise(clauses(stopped)))

    def _range(self, rows: list[dict[str, str]]) -> str:
        ordered = sorted(rows, key=lambda row: float(row["PROBABILITY"]))
        ends = [
            f"{self._percent_text(float(row['PROBABILITY']))} ({row['SCENARIO']})"
            for row in (ordered[0], ordered[-1])
        ]
        return _range(*ends)

    def spacing(self, families: list[dict[str, str]]) -> Sentence:
        """Bias of the mean median duration in the scenarios that differ in the spacing of visits.

        Those of the first family of ``spacing.csv``; without any the sentence says so.
        """
        first = [row["SCENARIO"] for row in families if row["FAMILY"] == families[0]["FAMILY"]]
        if not first:
            return _("Visits"), _("No scenarios differ in the spacing of visits alone.")
        scenarios = self.plan.require_simulation().scenarios
        differences = [
            _("{bias} with visits {spacing}").format(
                bias=self._months(MEDIAN, "bias", scenario=name, sign="+"),
                spacing=lower_initial(wording.spacing_label(scenarios[name])),
            )
            for name in first
        ]
        text = _(
            "The mean of the estimated median durations differs from the true one by {differences}."
        )
        return _("Visits"), text.format(differences=list_words(differences))

    def definitions(self) -> Sentence:
        """Range of the mean rate and of the median of median durations over the other definitions.

        Beside those by the primary definitions; without another the sentence says so.
        """
        other_definitions = self.plan.simulated_variants
        if not other_definitions:
            return _("Definitions"), _("No other definition is simulated.")
        rate, names = rate_name(self.visit), (PRIMARY, *other_definitions)
        means = {n: self.values.get((self.scenario, n, rate, "mean"), nan) for n in names}
        medians = {n: self.values.get((self.scenario, n, MEDIAN, "median"), nan) for n in names}
        text = ngettext(
            "By the {n} other definition the mean rate at {visit} is {rates} (primary: {rate}) and"
            " the median of the estimated median durations {medians} (primary: {median}).",
            "By the {n} other definitions the mean rate at {visit} is {rates} (primary: {rate}) and"
            " the median of the estimated median durations {medians} (primary: {median}).",
            len(other_definitions),
        )
        return _("Definitions"), text.format(
            n=len(other_definitions),
            visit=self.visit,
            rates=self._span(means, other_definitions, PERCENT),
            rate=self._percent_text(means[PRIMARY]),
            medians=self._span(medians, other_definitions, 0),
            median=self._in_months(medians[PRIMARY]),
        )

    def _span(self, estimates: dict[str, float], names: tuple[str, ...], power: int) -> str:
        known = sorted(estimates[name] for name in names if not isnan(estimates[name]))
        if not known:
            return NOT_ESTIMABLE
        show = self._percent_text if power else self._in_months
        return _range(show(known[0]), show(known[-1]))

    def _value(self, estimate: str, measure: str, scenario: str) -> float:
        return self.values.get((scenario or self.scenario, PRIMARY, estimate, measure), nan)

    def _percent(self, estimate: str, measure: str) -> str:
        points = measure == "mean width"
        text = _("{number} points") if points else "{number}%"
        return self._percent_text(self._value(estimate, measure, ""), text)

    def _percent_text(self, proportion: float, text: str = "{number}%") -> str:
        number = rounded_number(proportion, self.plan.outputs.percent_decimals, PERCENT)
        return number if number == NOT_ESTIMABLE else text.format(number=number)

    def _months(self, estimate: str, measure: str, *, scenario: str = "", sign: str = "") -> str:
        return self._in_months(self._value(estimate, measure, scenario), sign)

    def _in_months(self, days: float, sign: str = "") -> str:
        months = days / self.plan.statistics.days_per_month
        number = rounded_number(months, self.plan.outputs.month_decimals)
        plus = sign if months > 0 else ""
        if number == NOT_ESTIMABLE:
            return number
        return _("{number} months").format(number=f"{plus}{number}")


def _range(lowest: str, highest: str) -> str:
    """From the lowest to the highest; one where they are shown alike."""
    if lowest == highest:
        return lowest
    return _("{lowest} to {highest}").format(lowest=lowest, highest=highest)


def agreement(folder: Path) -> str:
    """A sentence: with how many coverages known in closed form the simulation agrees, of how many.

    `folder` is that of the simulation; both are counts of the rows of ``theory.csv``.
    """
    rows = read_records(folder / "theory.csv")
    agree = sum(row["AGREES"] == "Y" for row in rows)
    return _(
        "{agree} of {n} coverage probabilities that are known in closed form agree with the"
        " simulation (|z| <= 3)."
    ).format(agree=agree, n=len(rows))
