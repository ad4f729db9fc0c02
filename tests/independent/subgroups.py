"""The subgroups of the demo, by age and sex, from the input files."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.independent.estimates import KaplanMeier, percent
from tests.independent.expected import (
    MONTH,
    VISITS,
    Ard,
    Key,
    Value,
    landmark,
    quantile,
    rate,
)
from tests.independent.study import Subject, durations, improvement, rules, subjects


def levels(infused: list[Subject]) -> dict[tuple[str, str], list[Subject]]:
    """Subjects of each level: 12 years is of the older."""
    return {
        ("age_group", "< 12 years"): [s for s in infused if s.age < 12],
        ("age_group", ">= 12 years"): [s for s in infused if s.age >= 12],
        ("sex", "Female"): [s for s in infused if s.sex == "F"],
        ("sex", "Male"): [s for s in infused if s.sex == "M"],
        ("total", "Total"): infused,
    }


def subgroups(cutoff: date) -> dict[Key, Value]:
    """``t_subgroups``: improvement at each visit, the durations of response, and being event-free
    at month 6."""
    ard, rule = Ard(), rules(cutoff)
    infused = [s for s in subjects(cutoff) if s.infusion]
    for (by, group), members in levels(infused).items():
        key = ("t_subgroups", "primary", by, group)
        for visit in VISITS:
            found = [improvement(s, visit, rule) for s in members]
            rows = list(rate(found, "non_improved", ""))
            improved = sum(r.improved is True for r in found)
            rows.append(("percent_improved", percent(improved, len(members)), ""))
            ard.add((*key, visit), rows)
        ended = durations(members, rule)
        for endpoint in ("DOR", "EFS"):
            records = list(ended[endpoint].values())
            km = KaplanMeier([(r.days, r.end.event) for r in records])
            ard.add(
                (*key, endpoint),
                [
                    ("n_subjects", len(records), ""),
                    ("n_event", sum(r.end.event for r in records), ""),
                ],
            )
            if endpoint == "DOR":
                ard.add((*key, endpoint), [("median", *quantile(km, Fraction(1, 2)))])
                continue
            at_risk = sum(r.days >= 6 * MONTH for r in records)
            ard.add(
                (*key, endpoint),
                [("landmark_M6", *landmark(km, 6)), ("at_risk_M6", at_risk, "")],
            )
    return ard.rows
