"""Which sensitivity analyses stand in which panels of the forest plot."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from durable.contracts.results import Result
from durable.figures.sensitivity import footnotes, panels
from tests.derive.build import plan

RATE, MEDIAN = "rate", "median"


@pytest.mark.parametrize(
    ("variant", "shown"),
    [
        ({"response": {"improvement": {"missing": "observed"}}}, [RATE]),
        ({"response": {"remission": {"rule": "printo"}}}, [MEDIAN]),
        ({"response": {"recurrence": {"consecutive": 1}}}, [MEDIAN]),
        ({"response": {"new_therapy": "treatment_policy"}}, [RATE, MEDIAN]),
        ({"response": {"new_therapy": {"improvement": "treatment_policy"}}}, [RATE]),
        ({"response": {"new_therapy": {"duration": "hypothetical"}}}, [MEDIAN]),
        (
            {
                "response": {
                    "improvement": {"missing": "observed"},
                    "new_therapy": {"improvement": "treatment_policy"},
                }
            },
            [RATE],
        ),
        ({"statistics": {"conf_level": 0.9}}, [RATE, MEDIAN]),
        ({"statistics": {"km_ci": "plain"}}, [MEDIAN]),
    ],
)
def test_an_analysis_is_shown_where_it_changes_what_a_result_rests_on(
    variant: dict[str, Any], shown: list[str]
) -> None:
    assert _panels(variant) == shown


def test_another_population_concerns_every_result() -> None:
    inputs = {
        name: {"path": f"{name}.csv"} for name in ("subjects", "visits", "therapies", "screening")
    }
    assert _panels({"population": "eligible"}, inputs=inputs, eligibility={}) == [RATE, MEDIAN]


@pytest.mark.parametrize(
    ("outputs", "rate", "median"),
    [
        ({}, "31.3 (10.1, 50.0)", "8.5 (2.3, NE)"),
        ({"percent_decimals": 0, "month_decimals": 2}, "31 (10, 50)", "8.45 (2.25, NE)"),
    ],
)
def test_numbers_are_rounded_as_in_the_tables(
    outputs: dict[str, int], rate: str, median: str
) -> None:
    # 5 of 16 are 31.25%: a half is rounded away from zero.
    results = [
        Result("t_sensitivity", "primary", "all", "all", ("M2",), RATE, 5 / 16, 0.1005, 0.5),
        Result("t_sensitivity", "primary", "all", "all", ("DOR",), MEDIAN, 8.45, 2.25),
    ]
    assert panels(results, plan(outputs=outputs))["text"].tolist() == [rate, median]


def test_a_result_that_is_not_estimable_is_ne_alone() -> None:
    results = [Result("t_sensitivity", "primary", "all", "all", ("DOR",), MEDIAN, nan)]
    assert panels(results, plan())["text"].tolist() == ["NE"]


def test_the_footnotes_state_the_intervals_of_every_analysis() -> None:
    sensitivity = {
        "strict": {"title": "Strict remission", "response": {"remission": {"rule": "printo"}}},
        "narrow": {"title": "Narrow limits", "statistics": {"conf_level": 0.9, "km_ci": "plain"}},
        "between": {"statistics": {"dor_estimator": "turnbull"}},
    }
    reading, differing = footnotes(plan(sensitivity=sensitivity))
    assert reading == (
        "Dashed line: primary analysis. Arrow: confidence limit not estimable (NE). 95% CIs: exact"
        " (Clopper-Pearson) for rates, Kaplan-Meier (log-log) for durations."
    )
    assert differing == (
        "CIs that differ: Narrow limits: 90%, Kaplan-Meier (plain); between: bootstrap over"
        " subjects."
    )
    assert footnotes(plan(sensitivity={"strict": sensitivity["strict"]})) == (reading,)


def _panels(variant: dict[str, Any], **sections: Any) -> list[str]:
    """Statistics of which the figure shows the analysis ``other``; the primary one is in both."""
    results = [
        Result("t_sensitivity", analysis, "all", "all", parameter, statistic, 0.5)
        for parameter, statistic in ((("M2",), RATE), (("DOR",), MEDIAN))
        for analysis in ("primary", "other")
    ]
    points = panels(results, plan(sensitivity={"other": variant}, **sections))
    by_panel = {panel: list(rows) for panel, rows in points.groupby("parameter")["analysis"]}
    assert len(by_panel) == 2
    shown = points.loc[points["analysis"] == "other", "parameter"]
    return [RATE if "%" in panel else MEDIAN for panel in shown]
