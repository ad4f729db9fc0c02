"""The section subgroups: variables and levels made of it, and every mistake in words."""

from __future__ import annotations

from typing import Any

import pytest

from durable.contracts.subgroups import band_texts
from durable.plan import PlanError, parse
from durable.plan.subgroups import extra_columns
from tests.plan.test_refusals import SMALLEST

AGE = {"column": "age_years", "bands": [12]}


def refusal(**sections: Any) -> str:
    with pytest.raises(PlanError) as refused:
        parse(SMALLEST | {"subgroups": sections})
    (finding,) = refused.value.findings
    return str(finding)


def test_the_variables_of_adsl_are_named_as_the_adam_guide_names_groups() -> None:
    plan = parse(
        SMALLEST
        | {
            "subgroups": {
                "age_group": AGE,
                "age_third": {"column": "age_years", "bands": [8, 12], "labels": ["a", "b", "c"]},
                "cells": {"column": "cells_per_kg", "bands": [1.0e7]},
                "msa": {"column": "msa", "values": {"MDA5": "anti-MDA5", "M": "anti-MDA5"}},
                "onset": {"column": "disease_years", "variable": "DISYRS", "bands": [2]},
            }
        }
    )
    variables = {g.name: (g.variable, g.number, g.levels) for g in plan.subgroup_variables}
    assert variables == {
        "age_group": ("AGEGR1", "AGEGR1N", ("< 12 years", ">= 12 years")),
        "age_third": ("AGEGR2", "AGEGR2N", ("a", "b", "c")),
        "cells": ("CELLGR1", "CELLGR1N", ("< 10000000 cells/kg", ">= 10000000 cells/kg")),
        "msa": ("MSAGR1", "MSAGR1N", ("anti-MDA5",)),
        "onset": ("DISYGR1", "DISYGR1N", ("< 2", ">= 2")),
    }
    kinds = {column.name: column.kind for column in extra_columns(plan.subgroup_variables)}
    assert kinds == {"msa": "text", "disease_years": "number"}


def test_a_limit_is_within_its_band_and_what_is_missing_has_no_level() -> None:
    (group,) = parse(SMALLEST | {"subgroups": {"age_group": AGE}}).subgroup_variables
    ages = (11.999, 12.0, 16.0, float("nan"), None)
    assert [group.level_of(age) for age in ages] == [
        "< 12 years", ">= 12 years", ">= 12 years", None, None,
    ]  # fmt: skip


def test_bands_state_both_limits() -> None:
    assert band_texts([2.5, 12], "") == ("< 2.5", ">= 2.5, < 12", ">= 12")


def test_a_group_of_the_plan_may_be_a_column_of_the_tables() -> None:
    plan = parse(SMALLEST | {"groups": ["age_group", "part"], "subgroups": {"age_group": AGE}})
    assert [group.variable for group in plan.group_variables] == ["AGEGR1", "PART"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"column": "age_years"},
            "subgroups.g.bands: found nothing; expected limits: the column is a number",
        ),
        (
            {"column": "site", "bands": [1]},
            "subgroups.g.bands: found limits; expected none: the column is text",
        ),
        (
            {"column": "sex", "values": {"F": "Female", "X": "Other"}},
            "subgroups.g.values.X: found 'X'; expected one of M, F",
        ),
        (
            {"column": "death_date"},
            "subgroups.g.column: found 'death_date'; expected site, planned_arm, part, dose_level,"
            " sex, age_years, race, ethnicity, cells_per_kg, reinfusion_cells_per_kg,"
            " withdrawal_reason, or a column of the study's own",
        ),
        (
            {"column": "disease_years", "bands": [2]},
            "subgroups.g.variable: found nothing; expected a name of at most 8 characters for"
            " ADSL: the column has a longer one",
        ),
        (
            {"column": "own", "variable": "SAFFL"},
            "subgroups.g.variable: found SAFFL; expected another name: it is a variable of ADSL in"
            " any study",
        ),
    ],
)
def test_a_column_that_cannot_be_as_the_plan_says_is_refused(
    section: dict[str, Any], message: str
) -> None:
    assert refusal(g=section) == message


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({**AGE, "values": {"a": "A"}}, "bands or values, not both"),
        ({"column": "age_years", "bands": [12, 8]}, "bands in ascending order"),
        ({**AGE, "labels": ["young"]}, "2 labels: one more than bands"),
        (
            {**AGE, "labels": ["young", "Not recorded"]},
            "other levels than Not recorded, which is that of missing values",
        ),
        (
            {**AGE, "variable": "YEARS"},
            "variable only with a column that the table does not have by itself",
        ),
    ],
)
def test_levels_that_are_not_clear_are_refused(section: dict[str, Any], expected: str) -> None:
    assert refusal(g=section).endswith(f"expected {expected}")


def test_one_limit_twice_is_refused() -> None:
    section = {"column": "age_years", "bands": [12, 12]}
    assert "subgroups.g.bands: found" in refusal(g=section)


def test_the_names_of_the_groups_of_every_plan_keep_their_columns() -> None:
    assert refusal(part={"column": "site"}) == (
        "subgroups.part: found the column site; expected the column part, or another name"
    )
    assert refusal(dose_level={"column": "dose_level", "values": {"1e7": "low"}}) == (
        "subgroups.dose_level.values: found levels; expected none, as tables of safety show the"
        " group; or another name of the subgroup"
    )


def test_two_variables_of_adsl_have_two_names() -> None:
    assert refusal(one={"column": "own"}, two={"column": "two", "variable": "OWNGR1"}) == (
        "subgroups.two.variable: found OWNGR1; expected another name: it is a variable of"
        " subgroups.one"
    )


def test_a_column_of_the_study_is_declared_in_one_way() -> None:
    text = {"column": "own"}
    assert refusal(one=text, two={"column": "own", "bands": [1]}) == (
        "subgroups.two.bands: found the column own; expected the same column with bands, or"
        " without, as in subgroups.one"
    )
    assert refusal(one=text, two={"column": "own", "variable": "OTHER"}) == (
        "subgroups.two.variable: found OTHER; expected OWN, as in subgroups.one"
    )
