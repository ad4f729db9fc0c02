"""Every number of ard.csv against a calculation that does not use the package."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from tests.independent import estimates, expected, study
from tests.independent.conftest import Results
from tests.independent.deviations import deviations
from tests.independent.drug_free import drug_free, times
from tests.independent.eligibility import eligibility
from tests.independent.expected import Key, Value
from tests.independent.exposure import exposure
from tests.independent.laboratory import laboratory
from tests.independent.monitoring import monitoring
from tests.independent.over_time import over_time
from tests.independent.reinfusion import reinfusion
from tests.independent.subgroups import levels, subgroups

pytestmark = pytest.mark.requirement("IMP-03", "OUT-01", "DOR-06", "SAF-01", "KIN-01")

OUTPUTS = {
    "t_disposition", "t_baseline", "t_improvement", "t_dor", "t_sensitivity", "t_kinetics",
    "t_ae_overview", "t_ae_soc_pt", "t_ae_crs", "t_aesi", "t_deaths", "t_dlt", "t_subgroups",
    "t_response_visits", "t_cuminc", "t_inresponse",
    "t_glucocorticoid",
    "t_monitoring", "t_safety_boundary", "t_escalation", "t_eligibility",
    "t_exposure", "t_cells_outcome", "t_deviations",
    "t_laboratory", "t_lab_shift", "t_bcells", "t_icaht",
    "t_ttgcfree", "t_ttisfree", "t_ttdfrem", "t_ttsrem", "t_estimands",
    "t_reinfusion",
}  # fmt: skip


@cache
def independent(analysis: str) -> dict[Key, Value]:
    cutoff = study.CUTOFFS[analysis]
    found = expected.everything(cutoff) | expected.safety(cutoff) | subgroups(cutoff)
    found |= over_time(cutoff) | drug_free(cutoff) | monitoring(cutoff)
    found |= reinfusion(cutoff)
    return found | eligibility(cutoff) | exposure(cutoff) | laboratory(cutoff) | deviations(cutoff)


def by_bootstrap(key: Key) -> bool:
    """Limits of Turnbull's estimate: percentiles of seeded random samples."""
    output, analysis, _, _, parameter, _ = key
    return (output, analysis) == ("t_sensitivity", "interval_censored") and parameter in (
        study.ENDPOINTS
    )


def equal(found: float | None, own: float | None) -> bool:
    if found is None or own is None:
        return found is own
    return math.isclose(found, own, rel_tol=1e-8, abs_tol=1e-12)


def differences(found: dict[Key, Value], own: dict[Key, Value]) -> dict[Key, tuple[Value, Value]]:
    """Rows whose value, limits or note differ."""
    different = {}
    for key, row in found.items():
        compared = 1 if by_bootstrap(key) else 3
        numbers = zip(row[:compared], own[key][:compared], strict=True)
        if row[3] != own[key][3] or not all(equal(*pair) for pair in numbers):
            different[key] = (row, own[key])
    return different


def test_no_number_is_unchecked_and_none_is_missing(results: Results) -> None:
    own = independent(results.id)
    assert {key[0] for key in own} == OUTPUTS
    assert sorted(own.keys() - results.ard.keys()) == []
    assert sorted(results.ard.keys() - own.keys()) == []


@pytest.mark.parametrize("output", sorted(OUTPUTS))
def test_every_value_limit_and_note_equals_the_independent_one(
    results: Results, output: str
) -> None:
    found = {key: row for key, row in results.ard.items() if key[0] == output}
    assert found
    assert differences(found, independent(results.id)) == {}


def test_the_bootstrap_limits_left_out_are_few_and_bracket_their_estimate(
    results: Results,
) -> None:
    left_out = {key: row for key, row in results.ard.items() if by_bootstrap(key)}
    assert len(left_out) == 25  # five endpoints: n_subjects, n_event, median, two landmarks
    for value, lower, upper, _ in left_out.values():
        if value is not None and lower is not None:
            assert lower - 1e-9 <= value
            assert upper is None or value <= upper + 1e-9


# --- the independent calculation itself: values known elsewhere -----------------------------------


def test_proportions_of_the_design() -> None:
    """8/10, 0/10 and 10/10, to the four decimals printed in textbooks."""

    def rounded(limits: estimates.Estimate) -> list[float]:
        return [round(x, 4) for x in limits[1:] if x is not None]

    assert rounded(estimates.clopper_pearson(8, 10)) == [0.4439, 0.9748]
    assert rounded(estimates.wilson(8, 10)) == [0.4902, 0.9433]
    assert rounded(estimates.jeffreys(8, 10)) == [0.4972, 0.9559]
    assert rounded(estimates.clopper_pearson(0, 10)) == [0, 0.3085]
    assert rounded(estimates.clopper_pearson(10, 10)) == [0.6915, 1]
    assert [round(estimates.none_observed(n) or 0, 4) for n in (10, 6)] == [0.2589, 0.3930]


def test_median_by_the_rule_of_sas() -> None:
    """1, 2, 3+, 5 and six events at 1 to 6 have the median 3.5; a final plateau has none."""
    half = expected.Fraction(1, 2)

    def median(*times: tuple[int, bool]) -> float | None:
        found = estimates.KaplanMeier(times).quantile(half)[0]
        return None if found is None else float(found)

    assert median((1, True), (2, True), (3, False), (5, True)) == 3.5
    assert median(*((t, True) for t in range(1, 7))) == 3.5
    assert median((2, True), (4, True), (7, False), (9, False)) is None


@pytest.mark.parametrize(
    ("label", "changes", "score"),
    [
        ("E5", "7 2 6 2 30 46 1.75 .5 25 45 14 5", "97.5"),
        ("exact", "6 5.5 6 5.5 30 31.04 1.5 1.35 30 32 4 3", "0"),
    ],
)  # fmt: skip
def test_scores_known_by_hand(label: str, changes: str, score: str) -> None:
    numbers = [study.Fraction(x) for x in changes.split()]
    names = [measure for measure, _, _ in study.CORE_SET.values()]
    start = dict(zip(names, numbers[::2], strict=True))
    now = dict(zip(names, numbers[1::2], strict=True))
    visit = study.Visit(2, label, date(2024, 1, 1), start, "")  # type: ignore[arg-type]
    assert study.score(visit, now).total == study.Fraction(score)  # type: ignore[arg-type]


def test_the_older_of_the_demo_by_hand() -> None:
    """Four infused subjects are 12 or older. Their responses, in days: 123 (censored), 158 and 281
    (events), 691 (censored); the curve falls to 2/3, then to 1/3: the median is 281 days."""
    cutoff = study.CUTOFFS["demo-final"]
    infused = [s for s in study.subjects(cutoff) if s.infusion]
    older = levels(infused)["age_group", ">= 12 years"]
    assert [s.id for s in older] == ["CQ-002", "CQ-005", "CQ-009", "CQ-010"]
    rows = subgroups(cutoff)
    key = ("t_subgroups", "primary", "age_group", ">= 12 years", "DOR")
    assert [rows[*key, name][0] for name in ("n_subjects", "n_event")] == [4, 2]
    median = rows[*key, "median"][0]
    assert median == pytest.approx(281 / 30.4375)


def test_the_story_of_each_subject_at_the_final_cut_off() -> None:
    """The table in data/demo/README.md."""
    cutoff = study.CUTOFFS["demo-final"]
    found = study.durations(study.subjects(cutoff), study.rules(cutoff))["DOR"]
    assert {s: (r.start.isoformat(), r.end.what, r.days) for s, r in found.items()} == {
        "CQ-001": ("2023-05-12", "RECURRENCE", 182),
        "CQ-002": ("2023-05-15", "ONGOING AT DATA CUT-OFF", 691),
        "CQ-005": ("2023-07-08", "DEATH", 281),
        "CQ-007": ("2024-02-13", "RECURRENCE", 392),
        "CQ-009": ("2024-01-11", "NEW SYSTEMIC THERAPY", 158),
        "CQ-010": ("2024-03-11", "MISSED OR INADEQUATE ASSESSMENTS", 123),
        "CQ-011": ("2024-05-27", "WITHDRAWN", 94),
        "CQ-012": ("2024-06-09", "ONGOING AT DATA CUT-OFF", 653),
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"early_flare_days": 0}, {"consecutive": 1}, {"new_therapy": "treatment_policy"},
        {"missed": None}, {"remission": "printo"}, {"remission": "investigator"},
        {"confirmation": True}, {"held_days": 183}, {"remission": "clinical"},
        {"cutoff": date(2024, 6, 30)},
    ],
)  # fmt: skip
def test_the_demo_decides_every_definition_compared_here(changed: dict[str, object]) -> None:
    """A package that ignored the definition could not pass: the records change with it."""
    rule = study.rules(study.CUTOFFS["demo-final"])
    other = replace(rule, **changed)  # type: ignore[arg-type]

    def records(by: study.Rules) -> object:
        return study.durations(study.subjects(by.cutoff), by)

    assert records(rule) != records(other)


def test_who_became_free_of_glucocorticoids_and_who_stayed_in_remission() -> None:
    """Of the demo at the final cut-off: CQ-004 and CQ-006 are never tapered to 0 (taper_floor), and
    CQ-009, CQ-010 and CQ-011 are as data/demo/README.md says of their remission."""
    cutoff = study.CUTOFFS["demo-final"]
    found = times(study.subjects(cutoff), study.rules(cutoff))
    ends = {code: {s: r.end.what for s, r in records.items()} for code, records in found.items()}
    free = {s for s, what in ends["TTGCFREE"].items() if what == "GLUCOCORTICOID-FREE"}
    assert free == {"CQ-001", "CQ-002", "CQ-005", "CQ-007", "CQ-010", "CQ-012"}
    assert ends["TTGCFREE"]["CQ-011"] == "NOT YET CONFIRMED"
    assert ends["TTGCFREE"]["CQ-009"] == "NEW SYSTEMIC THERAPY"
    sustained = {s for s, what in ends["TTSREM"].items() if what == "SUSTAINED REMISSION"}
    assert sustained == {"CQ-002", "CQ-005", "CQ-012"}  # CQ-007: 93 days, then unknown, then lost
