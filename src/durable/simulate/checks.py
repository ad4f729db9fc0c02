"""Decision rules and coverage in the virtual trials, beside what is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from math import nan

import numpy as np
import pandas as pd

from durable.plan import BetaPrior, Decision, Plan, Scenario, Simulation
from durable.simulate import theory
from durable.simulate.characteristics import Measure, share
from durable.simulate.tally import PRIMARY, Key, Tally

RATE = "rate "
#: Absolute z beyond which a simulated number is said to differ from the exact one.
MOST_Z = 3.0
#: What is drawn without a trial around it.
BINOMIAL, EXPONENTIAL = "rate, binomial", "median, uncensored exponential"
#: Samples of this size, and rates at this size, are drawn beside those of the scenarios.
_KNOWN_SIZE = 10
_KNOWN_RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: Scenario, estimate, method, n, true value, exact and simulated coverage.
_Row = tuple[str, str, str, int, float, float, Measure]


def missing_data(scenario: Scenario, visit: str, plan: Plan) -> str:
    """Why the number improved at a visit is not the sum of its subjects' Bernoulli variables.

    Empty where it is, and so the closed form holds.
    """
    if scenario.missed_visit or scenario.dropout_per_month or scenario.deaths_per_month:
        return "assessments are missing"
    last = next(item.last_day for item in plan.schedule if item.visit == visit)
    if last > scenario.follow_up_months * plan.statistics.days_per_month:
        return "not all are assessed at the cut-off"
    return ""


def stops(rule: Decision, x: int, n: int, prior: BetaPrior) -> bool:
    """Whether an interim rule stops a trial with x of n improved.

    Without a subject in the denominator the posterior rule has no result and does not stop.
    """
    from durable.stats.proportions import posterior

    if rule.stop_if_fewer_than is not None:
        return x < rule.stop_if_fewer_than
    if rule.rate_above is None or rule.stop_if_probability_below is None:  # the model refuses it
        raise ValueError("a decision without a rule")
    after = posterior(x, n, prior.a, prior.b)
    return after.probability_above(rule.rate_above) < rule.stop_if_probability_below


def decisions_frame(tallies: Mapping[Key, Tally], plan: Plan) -> pd.DataFrame:
    """``decisions.csv``: probability that each rule stops, of each scenario, primary definition.

    EXACT is the probability in closed form where no data are missing, and Z the distance of the
    simulated one in its standard errors; NOTE says why they are empty.
    """
    simulation, prior = plan.require_simulation(), plan.statistics.beta_prior
    rows = []
    for (scenario, defn, estimate, _), tally in tallies.items():
        if defn != PRIMARY or not estimate.startswith(RATE):
            continue
        truth = simulation.scenarios[scenario]
        for name, rule in simulation.decisions.items():
            visit = estimate.removeprefix(RATE)
            if rule.visit != visit:
                continue
            stopped = sum(k for (n, x), k in tally.pairs.items() if stops(rule, x, n, prior))
            found = share("", stopped, tally.trials)
            why = missing_data(truth, visit, plan)
            exact = nan if why else _exact_stop(rule, truth, prior)
            stop_at = [
                x for x in range(truth.subjects + 1) if stops(rule, x, truth.subjects, prior)
            ]
            about = (scenario, name, visit, truth.subjects, max(stop_at, default=-1))
            z = _z(found.value, exact, tally.trials)
            rows.append((*about, found.value, found.mcse, tally.trials, exact, z, why))
    names = ["SCENARIO", "DECISION", "VISIT", "N", "STOPS_UP_TO", "PROBABILITY", "MCSE", "TRIALS"]
    return pd.DataFrame(rows, columns=[*names, "EXACT", "Z", "NOTE"])


def _exact_stop(rule: Decision, truth: Scenario, prior: BetaPrior) -> float:
    weights = theory.successes(_probabilities(truth, rule.visit))
    return theory.probability(weights, lambda x: stops(rule, x, truth.subjects, prior))


def _probabilities(truth: Scenario, visit: str) -> theory.Floats:
    return truth.improvement[visit] + np.array(truth.shifts)


def _z(simulated_share: float, exact: float, trials: int) -> float:
    """Distance from the exact probability in its standard errors; NaN where these are 0."""
    error = math.sqrt(exact * (1 - exact) / trials) if 0 < exact < 1 else nan
    return (simulated_share - exact) / error


def theory_frame(tallies: Mapping[Key, Tally], plan: Plan) -> pd.DataFrame:
    """``theory.csv``: coverage in closed form beside the simulated one.

    Of the Clopper-Pearson interval in each scenario without missing data; and, in samples drawn
    here by the plan's seed, of that interval at ten subjects and of the log-log interval of the
    median of uncensored exponential durations.
    """
    simulation, level = plan.require_simulation(), plan.statistics.conf_level
    rows: list[_Row] = []
    for key, tally in tallies.items():
        scenario, _, estimate, method = key
        truth = simulation.scenarios[scenario]
        if not _closed(key, truth, plan):
            continue
        rates = _probabilities(truth, estimate.removeprefix(RATE))
        true = math.fsum(rates.tolist()) / truth.subjects
        covers = theory.clopper_pearson_covers(truth.subjects, true, level)
        exact = theory.probability(theory.successes(rates), lambda x, c=covers: bool(c[x]))  # type: ignore[misc]
        found = share("", tally.covered, tally.intervals)
        rows.append((scenario, estimate, method, truth.subjects, true, exact, found))
    rows += [*_drawn_rates(simulation, level), *_drawn_medians(simulation, level)]
    return pd.DataFrame([_theory_row(*row) for row in rows], columns=_THEORY)


def _drawn_rates(simulation: Simulation, level: float) -> Iterator[_Row]:
    n, trials = _KNOWN_SIZE, simulation.trials
    for p in _KNOWN_RATES:
        covered = theory.clopper_pearson_coverage_drawn(n, p, trials, simulation.seed, level)
        exact = theory.clopper_pearson_coverage(n, p, level)
        yield "", BINOMIAL, "clopper-pearson", n, p, exact, share("", covered, trials)


def _drawn_medians(simulation: Simulation, level: float) -> Iterator[_Row]:
    trials = simulation.trials
    sizes = {_KNOWN_SIZE, *(truth.subjects for truth in simulation.scenarios.values())}
    for n in sorted(size for size in sizes if size > 1):
        covered = theory.median_coverage_drawn(n, trials, simulation.seed, level)
        exact = theory.median_coverage(n, level)
        yield "", EXPONENTIAL, "log-log", n, math.log(2), exact, share("", covered, trials)


_THEORY = [
    *("SCENARIO", "ESTIMATE", "METHOD", "N", "TRUE", "EXACT"),
    *("SIMULATED", "MCSE", "TRIALS", "Z", "AGREES"),
]


def _theory_row(
    scenario: str, estimate: str, method: str, n: int, true: float, exact: float, found: Measure
) -> tuple[object, ...]:
    z = _z(found.value, exact, found.trials)
    agrees = abs(z) <= MOST_Z if not math.isnan(z) else math.isclose(found.value, exact)
    simulated_values = (found.value, found.mcse, found.trials)
    return (
        scenario,
        estimate,
        method,
        n,
        true,
        exact,
        *simulated_values,
        z,
        "Y" if agrees else "N",
    )


def _closed(key: Key, truth: Scenario, plan: Plan) -> bool:
    """Whether the coverage of an estimate is known in closed form."""
    _, defn, estimate, method = key
    if (defn, method) != (PRIMARY, "clopper-pearson") or not estimate.startswith(RATE):
        return False
    return not missing_data(truth, estimate.removeprefix(RATE), plan)
