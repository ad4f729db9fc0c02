"""Footnotes of the figures: the definitions in force, and how to read what is drawn."""

from __future__ import annotations

from durable.display import definitions
from durable.plan import Plan

Notes = tuple[str, ...]


def survival(plan: Plan) -> Notes:
    """Notes of ``f_km_dor`` and ``f_km_efs``."""
    return (
        *definitions.duration(plan),
        *definitions.remission(plan.response),
        *definitions.recurrence(plan.response),
        *definitions.survival(plan.statistics),
        "At risk and events: before the time, events cumulative.",
    )


def course(plan: Plan) -> Notes:
    """Notes of ``f_swimmer``."""
    return (
        "Remission is drawn up to its event or, when censored, up to the last adequate assessment.",
        next(definitions.improvement(plan.response)),
        *definitions.remission(plan.response),
        *definitions.recurrence(plan.response),
    )


def scores(plan: Plan) -> Notes:
    """Notes of ``f_tis``."""
    return (
        *definitions.core_set(plan.response),
        *definitions.improvement(plan.response),
        "Dotted grey lines lead to the name of a subject; they are no data.",
    )


def best_scores(plan: Plan) -> Notes:
    """Notes of ``f_waterfall``."""
    return (
        "Above a bar: the best score after infusion and its visit. NE: no score.",
        *definitions.core_set(plan.response),
        *definitions.improvement(plan.response),
    )


def measures(plan: Plan) -> Notes:
    """Notes of ``f_csm``."""
    return (
        "Axes show the whole scale of a measure where it has one.",
        *definitions.core_set(plan.response),
        definitions.ABBREVIATIONS,
    )


def profiles(_: Plan) -> Notes:
    """Notes of ``f_kinetics``."""
    return (
        "LLOQ: lower limit of quantification; values below it are open marks at it. Samples without"
        " a result are not drawn.",
        "Geometric mean: of the quantifiable values by nominal day, where at least half of the"
        " subjects have one; the others are left out, so it is too high where there are any.",
    )


def variants(plan: Plan) -> Notes:
    """Notes of ``f_sensitivity``."""
    rule = plan.statistics
    return (
        "Dashed line: primary analysis. Arrow, NE: not estimable.",
        f"{100 * rule.conf_level:g} % intervals: of rates exact (Clopper-Pearson), of durations"
        f" Kaplan-Meier with {rule.km_ci} transformation and quantiles by the convention of"
        f" {definitions.QUANTILE_RULES[rule.quantile_rule]}. Definitions: under the table.",
    )
