"""Interim rules on the improvement rate: for the trial at hand and for virtual ones."""

from __future__ import annotations

from durable.language import _
from durable.plan import BetaPrior, Decision, Plan
from durable.stats.proportions import posterior
from durable.stats.ties import exceeds
from durable.wording import percent


def stops(rule: Decision, x: int, n: int, prior: BetaPrior) -> bool:
    """Whether an interim rule stops a trial with x of n improved.

    Without a subject in the denominator the posterior rule has no result and does not stop.
    """
    if rule.stop_if_fewer_than is not None:
        return x < rule.stop_if_fewer_than
    if rule.rate_above is None or rule.stop_if_probability_below is None:  # the model refuses it
        raise ValueError("a decision without a rule")
    after = posterior(x, n, prior.a, prior.b)
    above = after.probability_above(rule.rate_above)
    return bool(exceeds(rule.stop_if_probability_below, above))


def describe_decision(decision: Decision, plan: Plan) -> str:
    """A decision rule in words, ``stop if fewer than 4 improved at M3``."""
    if decision.stop_if_fewer_than is not None:
        return _("stop if fewer than {n} improved at {visit}").format(
            n=decision.stop_if_fewer_than, visit=decision.visit
        )
    above, below = decision.rate_above or 0, decision.stop_if_probability_below or 0
    return _("stop if P(rate > {above}) < {below} after {visit}, prior {prior}").format(
        above=percent(above),
        below=percent(below),
        visit=decision.visit,
        prior=prior_text(plan.statistics.beta_prior),
    )


def prior_text(prior: BetaPrior) -> str:
    """A prior as readers see it: ``Beta(1, 1)``."""
    return f"Beta({prior.a:g}, {prior.b:g})"
