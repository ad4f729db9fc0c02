"""Stage ``improvement``: the disease improvement rate at each configured visit.

Registered definition: subjects who achieved disease improvement divided by all subjects who
received the infusion, at each visit on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.analyse.groups import Group, groups, of_each, read_adrs, read_adsl
from durable.contracts.parameters import PLACES
from durable.contracts.results import Result, to_csv
from durable.files import write_text
from durable.jdm.response import Response, Strategy
from durable.plan import BetaPrior, Plan
from durable.stats.proportions import posterior, proportion_ci
from durable.stats.summaries import summarise
from durable.vocabulary import DIED, MISSING, NEW_THERAPY

OUTPUT = "t_improvement"
CHANGES = {component: f"{code}PC" for component, (code, _) in PLACES.items()}
OTHER_SCORES = {"enzyme_zero": "TISENZ0", "enzyme_maximum": "TISENZMX"}
LEVELS = ("none", "minimal", "moderate", "major")
Statistics = Iterator[tuple[str, float, float, float]]
Count = TypeVar("Count", int, npt.NDArray[np.int64])


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/adsl`` and ``adrs``, write ``ard/improvement.csv``.

    Parameters
    ----------
    cores
        Groups analysed at a time.
    """
    adsl = read_adsl(folder, plan.groups)
    shown = ("IMPR", "TIS", *CHANGES.values(), *OTHER_SCORES.values())
    adrs = read_adrs(
        folder,
        ["USUBJID", "PARAMCD", "AVISIT", "AVAL", "AVALC", "ANL01FL", "REASON"],
        {"AVISIT": plan.response.improvement.visits, "PARAMCD": shown, "ANL01FL": ["Y"]},
        cores=cores,
    )

    def of(group: Group) -> list[Result]:
        statistics = plan.statistics
        rows = _analyse(group.of(adrs), plan.response, statistics.conf_level, statistics.beta_prior)
        about = (OUTPUT, "primary", group.group_by, group.group)
        return [Result(*about, parameter, *statistic) for parameter, statistic in rows]

    results = of_each(of, groups(adsl, plan.groups), cores)
    write_text(folder / "ard" / "improvement.csv", to_csv(results))


def _analyse(
    adrs: pd.DataFrame, response: Response, level: float, prior: BetaPrior
) -> Iterator[tuple[str, tuple[str, float, float, float]]]:
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    scores = adrs.loc[(adrs["ANL01FL"] == "Y") & adrs["AVAL"].notna()]
    visits = response.improvement.visits
    for visit in visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        seen = scores.loc[scores["AVISIT"] == visit]
        parts = (
            counts(at_visit),
            rates(at_visit, response, level),
            _beside_the_rate(at_visit, response, level, prior),
            _levels(seen, at_visit),
            _other_scores(seen, at_visit, response, level),
        )
        for part in parts:
            for statistic in part:
                yield visit, statistic
    if len(visits) > 1:
        yield from _over_visits(status)


def _number(name: str, value: float) -> tuple[str, float, float, float]:
    return name, float(value), nan, nan


def _percent(name: str, count: float, of: float) -> tuple[str, float, float, float]:
    return _number(f"percent_{name}", 100 * count / of if of else nan)


def counts(at_visit: pd.DataFrame) -> Statistics:
    """How many subjects were infused, assessed, missing (and why), pending and improved."""
    infused = len(at_visit)
    assessed = at_visit["AVAL"].notna()
    reason = at_visit["REASON"].where(~assessed)
    pending = int((reason == "PENDING").sum())
    tally = {
        "infused": infused,
        "assessed": int(assessed.sum()),
        "missing": infused - int(assessed.sum()) - pending,
        "pending": pending,
        "partial": int((at_visit["REASON"] == "PARTIAL").sum()),
        "new_therapy": int((assessed & (at_visit["REASON"] == NEW_THERAPY)).sum()),
        **{
            f"missing_{name}": int((reason == why).sum())
            for name, why in MISSING.items()
            if name != "pending"
        },
    }
    for name, count in tally.items():
        yield _number(f"n_{name}", count)
        if name != "infused":
            yield _percent(name, count, infused)


def improved(at_visit: pd.DataFrame, missing: str, new_therapy: Strategy) -> tuple[int, int]:
    """Number improved and denominator by the rule for subjects without an assessment."""
    yes, known = int((at_visit["AVAL"] == 1).sum()), at_visit["AVAL"].notna()
    failures = [DIED, *([NEW_THERAPY] if new_therapy == "composite" else [])]
    failed = int((~known & at_visit["REASON"].isin(failures)).sum())
    return counted(yes, int(known.sum()), failed, len(at_visit), missing)


def counted(
    yes: Count, assessed: Count, failed: Count, infused: Count, missing: str
) -> tuple[Count, Count]:
    """Number improved and denominator, of one group or of many.

    Parameters
    ----------
    yes, assessed
        Subjects improved, and with a status.
    failed
        Subjects without a status who are known to have failed: the dead, and by the composite
        strategy those given new systemic therapy. They are not missing: no rule leaves them out of
        the denominator or counts them as improved.
    infused
        All subjects.
    missing
        Rule for the others.
    """
    if missing == "observed":
        return yes, assessed + failed
    return (yes + infused - assessed - failed if missing == "improved" else yes), infused


def rates(at_visit: pd.DataFrame, response: Response, level: float) -> Statistics:
    """The rate with its exact interval (Clopper and Pearson 1934)."""
    strategy = response.new_therapy.improvement
    count, of = improved(at_visit, response.improvement.missing, strategy)
    yield _number("n_denominator", of)
    yield _number("n_improved", count)
    yield _percent("improved", count, of)
    yield ("rate", *proportion_ci(count, of, level))


def _beside_the_rate(
    at_visit: pd.DataFrame, response: Response, level: float, prior: BetaPrior
) -> Statistics:
    """Other intervals, the posterior, and the rate by other rules for missing assessments."""
    strategy = response.new_therapy.improvement
    count, of = improved(at_visit, response.improvement.missing, strategy)
    yield ("rate_wilson", *proportion_ci(count, of, level, "wilson"))
    yield ("rate_jeffreys", *proportion_ci(count, of, level, "jeffreys"))
    belief = posterior(count, of, prior.a, prior.b, level)
    yield ("posterior_mean", belief.mean, belief.lower, belief.upper)
    yes = int((at_visit["AVAL"] == 1).sum())
    waiting = int((at_visit["REASON"] == "PENDING").sum())
    yield _number("n_opportunity", len(at_visit) - waiting)
    yield _number("n_improved_opportunity", yes)
    yield ("rate_opportunity", *proportion_ci(yes, len(at_visit) - waiting, level))
    for name, missing in (
        ("observed", "observed"),
        ("worst", "non_improved"),
        ("best", "improved"),
    ):
        count, of = improved(at_visit, missing, strategy)
        yield _number(f"n_improved_{name}", count)
        yield _number(f"n_denominator_{name}", of)
        yield (f"rate_{name}", *proportion_ci(count, of, level))


def _levels(scores: pd.DataFrame, at_visit: pd.DataFrame) -> Statistics:
    """Levels of response, each subject in one; measures worsened; and the score itself.

    A score after new systemic therapy is a score; the level it reaches is not credited, unless the
    strategy is treatment policy.
    """
    total = scores.loc[scores["PARAMCD"] == "TIS"]
    scores = scores.loc[scores["USUBJID"].isin(total["USUBJID"])]
    rescued = at_visit.loc[at_visit["REASON"] == NEW_THERAPY, "USUBJID"]
    credited = total.loc[~total["USUBJID"].isin(rescued)]
    failed = int((at_visit["AVAL"].notna() & (at_visit["REASON"] == NEW_THERAPY)).sum())
    for level in LEVELS:
        count = int((credited["AVALC"] == level.upper()).sum()) + (failed if level == "none" else 0)
        yield _number(f"n_{level}", count)
        yield _percent(level, count, len(at_visit))
    change = scores.loc[scores["PARAMCD"].isin(CHANGES.values())]
    worse = change.loc[change["AVAL"] < 0]
    for name, code in CHANGES.items():
        count = int((worse["PARAMCD"] == code).sum())
        yield _number(f"n_worsened_{name}", count)
        yield _percent(f"worsened_{name}", count, len(total))
    yield _number("n_worsened_any", worse["USUBJID"].nunique())
    yield _percent("worsened_any", worse["USUBJID"].nunique(), len(total))
    summary = summarise(total["AVAL"].to_numpy(float))
    for name in ("n", "mean", "sd", "median", "q1", "q3", "min", "max"):
        yield _number("n_tis" if name == "n" else f"tis_{name}", getattr(summary, name))


def _other_scores(
    scores: pd.DataFrame, at_visit: pd.DataFrame, response: Response, level: float
) -> Statistics:
    """The rate with the enzyme or CHQ-PhS component at 0 and at its maximum."""
    rule, strategy = response.improvement, response.new_therapy.improvement
    least = getattr(rule.thresholds, rule.level)
    rescued = (at_visit["REASON"] == NEW_THERAPY).to_numpy()
    for name, code in OTHER_SCORES.items():
        score = scores.loc[scores["PARAMCD"] == code]
        subject = pd.Index(score["USUBJID"].astype(object))
        place = subject.get_indexer(at_visit["USUBJID"].astype(object))
        value = np.append(score["AVAL"].to_numpy(float), [nan])[place]
        reached = np.where(np.isnan(value), nan, value >= least)
        # What new systemic therapy decides no score decides.
        reached = np.where(rescued, at_visit["AVAL"].to_numpy(float), reached)
        again = at_visit.assign(AVAL=reached)
        count, of = improved(again, rule.missing, strategy)
        yield _number(f"n_improved_{name}", count)
        yield (f"rate_{name}", *proportion_ci(count, of, level))


def _over_visits(status: pd.DataFrame) -> Iterator[tuple[str, tuple[str, float, float, float]]]:
    """Improved at every and at any configured visit: descriptive, no interval."""
    yes = (status["AVAL"] == 1).groupby(status["USUBJID"], observed=True)
    infused = status["USUBJID"].nunique()
    for parameter, met in (("BOTH", yes.all()), ("EITHER", yes.any())):
        count = int(np.sum(met))
        yield parameter, _number("n_infused", infused)
        yield parameter, _number("n_improved", count)
        yield parameter, _percent("improved", count, infused)
        yield parameter, _number("rate", count / infused if infused else nan)
