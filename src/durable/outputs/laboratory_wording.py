"""The definitions of the laboratory in force, in sentences read from the plan."""

from __future__ import annotations

from collections.abc import Iterator

from durable.language import N_, _
from durable.plan import Laboratory, Plan
from durable.wording import clauses, join_words, sentences

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
    """Footnote on what a result below the limit of quantification counts as."""
    return _(_BELOW[laboratory.below_lloq])


def baseline(plan: Plan) -> str:
    """Footnote on which result is the baseline, and which that of a visit."""
    return sentences(
        _(_BASELINE[plan.response.baseline.before, plan.response.baseline.same_day]),
        _(
            "Visits: the result closest to the target day within the window; if equidistant, the"
            " earlier."
        ),
    )


#: The baseline by the date that it lies before, and by whether that day itself counts.
_BASELINE = {
    ("lymphodepletion", True): N_(
        "Baseline: last result before lymphodepletion (same day included); if none, before"
        " infusion."
    ),
    ("lymphodepletion", False): N_(
        "Baseline: last result before lymphodepletion (same day excluded); if none, before"
        " infusion."
    ),
    ("infusion", True): N_("Baseline: last result before infusion (same day included)."),
    ("infusion", False): N_("Baseline: last result before infusion (same day excluded)."),
}


def grades(plan: Plan) -> str:
    """Footnote on how results are graded."""
    return _(
        "Grades of a decrease by CTCAE v{version} from the value alone: grade 1 below the lower"
        " limit of normal, then fixed limits. A grade that a value does not tell (no lower limit of"
        " normal) is not determinable; clinical criteria are not used."
    ).format(version=plan.safety.ctcae_version)


def grade_limits(laboratory: Laboratory) -> Iterator[str]:
    """Footnote on the limits of the grades of each test; none where no test is graded."""
    graded = [
        _("{test}: below {limits} {unit}").format(
            test=_(test.label),
            limits=join_words([f"{limit:g}" for limit in test.low_grades]),
            unit=test.unit,
        )
        for test in laboratory.tests
        if test.low_grades
    ]
    if graded:
        yield _("Grades 2, 3 and, where there is a third limit, 4: {tests}.").format(
            tests=clauses(graded)
        )


def b_cells(laboratory: Laboratory) -> Iterator[str]:
    """Definitions of aplasia, recovery, infections and immunoglobulin by the rules in force."""
    rule = laboratory.b_cells
    yield _(
        "Aplasia: the first B-cell result after the day of infusion below {low:g} {unit} (one below"
        " the LLOQ: where the LLOQ is at most that). Recovery: the first of {n} consecutive later"
        " results of at least {high:g} {unit}. Censored at the last B-cell result, before an"
        " unconfirmed recovery; death is not a competing event here."
    ).format(
        low=rule.aplasia_below,
        unit=unit_of(laboratory, rule.test),
        n=rule.recovery_consecutive,
        high=rule.recovery_at_least,
    )
    yield _(
        "Infections: treatment-emergent events of special interest recorded as {label}, with onset"
        " from the first result in aplasia to the day before recovery or to the last result."
        " Immunoglobulin given: {therapies}, from the table of therapies."
    ).format(label=rule.infection, therapies=join_words(rule.replacement) or "-")


def icaht(laboratory: Laboratory) -> Iterator[str]:
    """Definitions of the grades of haematotoxicity by the rules in force."""
    rule = laboratory.icaht
    spells = _("longest spell") if rule.duration == "longest" else _("all spells together")
    yield _(
        "EHA/EBMT consensus (Rejeski 2023). Early, by days of neutrophils of at most {severe:g}"
        " {unit} ({spells}): grade 1 from 1, 2 from {two}, 3 from {three}; of at most"
        " {profound:g}: 3 from {deep_three}, 4 from {deep_four}; never above {severe:g}: 4."
        " Fewer than {recovery} days above a limit do not end a spell."
    ).format(
        severe=rule.severe,
        profound=rule.profound,
        unit=unit_of(laboratory, rule.test),
        spells=spells,
        two=rule.severe_days[0],
        three=rule.severe_days[1],
        deep_three=rule.profound_days[0],
        deep_four=rule.profound_days[1],
        recovery=rule.recovery_days,
    )
    yield _(
        "Up to {gap} days without a result between two are interpolated; other days are unknown: a"
        " grade is shown where it is the same with these days above and below the limits. Worst"
        " case: with them below. Days after a death do not count."
    ).format(gap=rule.max_gap_days)
    yield _(
        "Late: grades 1 to 4 by {n} days with a result of at most {limits}, up to the data cut-off."
    ).format(n=rule.late_results, limits=join_words([f"{limit:g}" for limit in rule.late_limits]))


def unit_of(laboratory: Laboratory, code: str) -> str:
    """Unit of a test; '' where the plan does not name the test."""
    test = laboratory.by_code.get(code)
    return "" if test is None else test.unit


def definitions(plan: Plan) -> Iterator[str]:
    """Definitions of baseline, visits and grades of any test, for the list of definitions."""
    yield baseline(plan)
    yield below_quantification(plan.laboratory)
    yield grades(plan)
    yield from grade_limits(plan.laboratory)
