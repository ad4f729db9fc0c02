"""Decision rules and coverage in the virtual trials, beside what is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.results import PRIMARY
from durable.language import N_
from durable.outputs.interim import stops
from durable.plan import Decision, Plan, Scenario, Simulation
from durable.simulate import theory
from durable.simulate.characteristics import share
from durable.simulate.keys import Key, visit_of_rate
from durable.simulate.tally import Tally

#: Absolute z beyond which a simulated number is said to differ from the exact one.
MOST_Z = 3.0
#: What is drawn without a trial around it.
BINOMIAL, EXPONENTIAL = "rate, binomial", "median, uncensored exponential"
#: Samples of this size, and rates at this size, are drawn beside those of the scenarios.
_KNOWN_SIZE = 10
_KNOWN_RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: Scenario, estimate, method, n, true value, exact coverage; the intervals that cover and all.
_Coverage = tuple[tuple[str, str, str, int, float, float], tuple[int, int]]


def decisions_frame(tallies: Mapping[Key, Tally], plan: Plan) -> pd.DataFrame:
    """``decisions.csv``: probability that a rule stops a trial, a row per scenario and rule.

    By the primary definitions. N is the number of subjects; STOPS_UP_TO the largest number improved
    at which the rule stops a trial of N, -1 where it never does. PROBABILITY is the simulated one,
    with its MCSE over TRIALS; EXACT is that in closed form where no data are missing, and Z the
    distance of the simulated one in its standard errors. NOTE says why these are empty.
    """
    rows = [
        _decision_row(key.scenario, name, rule, tally, plan)
        for key, visit, tally in _primary_rates(tallies)
        for name, rule in plan.require_simulation().decisions.items()
        if rule.visit == visit
    ]
    names = ["SCENARIO", "DECISION", "VISIT", "N", "STOPS_UP_TO", "PROBABILITY", "MCSE", "TRIALS"]
    frame = pd.DataFrame(rows, columns=[*names, "EXACT", "NOTE"])
    frame.insert(len(names) + 1, "Z", _z(frame["PROBABILITY"], frame["EXACT"], frame["TRIALS"]))
    return frame


def _decision_row(
    scenario_name: str, name: str, rule: Decision, tally: Tally, plan: Plan
) -> tuple[object, ...]:
    scenario = plan.require_simulation().scenarios[scenario_name]
    n, prior = scenario.subjects, plan.statistics.beta_prior
    stopping = np.array([stops(rule, x, n, prior) for x in range(n + 1)])
    stopped = sum(k for (m, x), k in tally.pairs.items() if stops(rule, x, m, prior))
    note = missing_data(scenario, rule.visit, plan)
    weights = theory.successes(_probabilities(scenario, rule.visit))
    exact = nan if note else theory.probability(weights, stopping)
    most = max(np.flatnonzero(stopping), default=-1)
    shares = share(stopped, tally.trials)
    return scenario_name, name, rule.visit, n, most, *shares, exact, note


def _primary_rates(tallies: Mapping[Key, Tally]) -> Iterator[tuple[Key, str, Tally]]:
    """The improvement rates by the primary definitions, with their visits."""
    for key, tally in tallies.items():
        visit = visit_of_rate(key.estimate)
        if key.definition == PRIMARY and visit is not None:
            yield key, visit, tally


def missing_data(scenario: Scenario, visit: str, plan: Plan) -> str:
    """Why the number improved at a visit is not the sum of its subjects' Bernoulli variables.

    Words to be translated; '' where it is that sum, and so the closed form holds.
    """
    if scenario.missed_visit or scenario.dropout_per_month or scenario.deaths_per_month:
        return N_("assessments are missing")
    last = next(item.last_day for item in plan.schedule if item.visit == visit)
    if last > scenario.follow_up_months * plan.statistics.days_per_month:
        return N_("not all are assessed at the cut-off")
    return ""


def _probabilities(scenario: Scenario, visit: str) -> theory.Floats:
    """Probability of improvement of each subject."""
    return scenario.improvement[visit] + np.array(scenario.shifts)


def _z(simulated: pd.Series[float], exact: pd.Series[float], trials: pd.Series[int]) -> Any:
    """Distance from the exact probability in its standard errors; NaN where these are 0."""
    variance = (exact * (1 - exact) / trials).astype(float)
    return (simulated - exact) / np.sqrt(variance.where(variance > 0))


def theory_frame(tallies: Mapping[Key, Tally], plan: Plan) -> pd.DataFrame:
    """``theory.csv``: coverage in closed form beside the simulated one.

    Of the Clopper-Pearson interval in each scenario without missing data; and, in samples drawn
    here by the plan's seed, of that interval at ten subjects and of the log-log interval of the
    median of uncensored exponential durations, at ten and at the numbers of the scenarios (of at
    least two). SCENARIO is '' of the samples. Z is the distance of the simulated coverage in
    standard errors of the exact one. AGREES is Y where Z lies within plus and minus `MOST_Z`, or
    where it is NaN and the two are equal.
    """
    simulation, level = plan.require_simulation(), plan.statistics.conf_level
    rows = [
        *_scenario_rates(tallies, plan),
        *_drawn_rates(simulation, level),
        *_drawn_medians(simulation, level),
    ]
    names = ["SCENARIO", "ESTIMATE", "METHOD", "N", "TRUE", "EXACT", "SIMULATED", "MCSE", "TRIALS"]
    frame = pd.DataFrame([(*known, *share(*counts)) for known, counts in rows], columns=names)
    z = _z(frame["SIMULATED"], frame["EXACT"], frame["TRIALS"])
    equal = np.isclose(frame["SIMULATED"], frame["EXACT"], rtol=1e-9, atol=0)
    agrees = np.where(z.isna(), equal, z.abs() <= MOST_Z)
    return frame.assign(Z=z, AGREES=np.where(agrees, "Y", "N"))


def _scenario_rates(tallies: Mapping[Key, Tally], plan: Plan) -> Iterator[_Coverage]:
    level = plan.statistics.conf_level
    for key, visit, tally in _primary_rates(tallies):
        scenario = plan.require_simulation().scenarios[key.scenario]
        if missing_data(scenario, visit, plan):
            continue
        rates, n = _probabilities(scenario, visit), scenario.subjects
        mean = math.fsum(rates.tolist()) / n
        covers = theory.clopper_pearson_covers(n, mean, level)
        exact = theory.probability(theory.successes(rates), covers)
        known = (key.scenario, key.estimate, key.method, n, mean, exact)
        yield known, (tally.covered, tally.intervals)


def _drawn_rates(simulation: Simulation, level: float) -> Iterator[_Coverage]:
    n, trials = _KNOWN_SIZE, simulation.trials
    for p in _KNOWN_RATES:
        covered = theory.clopper_pearson_coverage_drawn(n, p, trials, simulation.seed, level)
        exact = theory.clopper_pearson_coverage(n, p, level)
        yield ("", BINOMIAL, "clopper-pearson", n, p, exact), (covered, trials)


def _drawn_medians(simulation: Simulation, level: float) -> Iterator[_Coverage]:
    trials = simulation.trials
    sizes = {_KNOWN_SIZE, *(scenario.subjects for scenario in simulation.scenarios.values())}
    for n in sorted(size for size in sizes if size > 1):
        covered = theory.median_coverage_drawn(n, trials, simulation.seed, level)
        exact = theory.median_coverage(n, level)
        yield ("", EXPONENTIAL, "log-log", n, math.log(2), exact), (covered, trials)
