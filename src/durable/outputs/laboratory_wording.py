"""The definitions of the laboratory in force, in sentences read from the plan."""

from __future__ import annotations

from collections.abc import Iterator

from durable.language import N_, _
from durable.plan import Laboratory, Plan
from durable.wording import clauses, joined

_BELOW = {
    "half": N_(
        "Results below the lower limit of quantification (LLOQ) count as half the limit in"
        " summaries."
    ),
    "limit": N_(
        "Results below the lower limit of quantification (LLOQ) count as the limit in summaries."
    ),
    "zero": N_("Results below the lower limit of quantification (LLOQ) count as 0 in summaries."),
}


def below_quantification(laboratory: Laboratory) -> str:
    """What a result below the limit counts as."""
    return _(_BELOW[laboratory.below_lloq])


def baseline(plan: Plan) -> str:
    """Which result is the baseline, and which that of a visit."""
    before = plan.response.baseline.before
    text = _(
        "Baseline: last result before lymphodepletion, without one before infusion. Visits: the"
        " result closest to the target day within the window; if equidistant, the earlier."
    )
    if before == "infusion":
        text = _(
            "Baseline: last result before infusion. Visits: the result closest to the target day"
            " within the window; if equidistant, the earlier."
        )
    return text


def grades(plan: Plan) -> str:
    """How results are graded."""
    return _(
        "Grades of a decrease by CTCAE v{version} from the value alone: grade 1 below the lower"
        " limit of normal, then fixed limits. A grade that a value does not tell (no lower limit of"
        " normal) is not determinable; clinical criteria are not used."
    ).format(version=plan.safety.ctcae_version)


def grade_limits(laboratory: Laboratory) -> Iterator[str]:
    """The limits of the grades of each test."""
    graded = [
        _("{test}: below {limits} {unit}").format(
            test=_(test.label),
            limits=joined([f"{limit:g}" for limit in test.low_grades]),
            unit=test.unit,
        )
        for test in laboratory.tests
        if test.low_grades
    ]
    if graded:
        yield _("Grades 2, 3 and, where there is a third limit, 4: {tests}.").format(
            tests=clauses(graded)
        )


def definitions(plan: Plan) -> Iterator[str]:
    """All of it, for the list of definitions."""
    yield baseline(plan)
    yield below_quantification(plan.laboratory)
    yield grades(plan)
    yield from grade_limits(plan.laboratory)
