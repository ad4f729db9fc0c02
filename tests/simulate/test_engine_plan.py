"""The section `simulation`: what it refuses, and what it means by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from durable.plan import PlanError, load
from durable.runs.configuration import plan_of_run, targets_include
from durable.runs.files import SIMULATION
from tests.derive.build import plan

ROOT = Path(__file__).parents[2]
BOTH = {"M2": 0.6, "M3": 0.7}
TURNBULL = {"statistics": {"dor_estimator": "turnbull"}}
CONFIRMED = {"response": {"remission": {"confirmation": True}}}
AT_MONTH_6 = {"response": {"improvement": {"visits": ["M6"]}}}


def refused(scenario: dict[str, Any], sensitivity: dict[str, Any], **section: Any) -> list[str]:
    scenarios = {"s": {"improvement": BOTH} | scenario}
    with pytest.raises(PlanError) as refusal:
        plan(simulation={"scenarios": scenarios} | section, sensitivity=sensitivity)
    return [str(finding) for finding in refusal.value.findings]


@pytest.mark.parametrize(
    ("scenario", "section", "sensitivity", "message"),
    [
        ({"improvement": {"M2": 0.6}}, {}, {}, "scenarios.s.improvement.M3: found nothing"),
        ({"improvement": BOTH | {"M9": 0}}, {}, {}, "scenarios.s.improvement.M9: found a visit"),
        ({}, {}, {"late": AT_MONTH_6}, "scenarios.s.improvement.M6: found nothing"),
        ({"improvement": {"M2": 1.2, "M3": 0.7}}, {}, {}, "less than or equal to 1"),
        ({"dose_levels": {"1": 3, "2": 6}}, {}, {}, "dose_levels that add up to 10 subjects"),
        (
            {"dose_levels": {"1": 10}, "improvement_by_dose": {"1": 0.4}},
            {},
            {},
            "from 0 to 1 at every dose level",
        ),
        ({"improvement_by_dose": {"1": 0.1}}, {}, {}, "improvement_by_dose only of dose_levels"),
        ({}, {"definitions": ["confirmd"]}, {"confirmed": CONFIRMED}, "(did you mean confirmed?)"),
        ({}, {"definitions": ["t"]}, {"t": TURNBULL}, "without the Turnbull estimator"),
        ({}, {"decisions": {"d": {"visit": "M6", "stop_if_fewer_than": 3}}}, {}, "one of M2, M3"),
        ({}, {"decisions": {"d": {"visit": "M3"}}}, {}, "expected stop_if_fewer_than, or"),
        (
            {},
            {"decisions": {"d": {"visit": "M3", "stop_if_fewer_than": 3, "rate_above": 0.4}}},
            {},
            "expected stop_if_fewer_than, or",
        ),
    ],
)
def test_refuses_a_simulation_that_contradicts_itself_or_the_plan(
    scenario: dict[str, Any], section: dict[str, Any], sensitivity: dict[str, Any], message: str
) -> None:
    (found,) = refused(scenario, sensitivity, **section)
    assert found.startswith("simulation.")
    assert message in found


def test_every_definition_is_simulated_but_those_without_a_fast_interval() -> None:
    variants = {"t": TURNBULL, "confirmed": CONFIRMED}
    scenarios = {"s": {"improvement": BOTH}}
    assert plan(sensitivity=variants, simulation={"scenarios": scenarios}).simulated_variants == (
        "confirmed",
    )
    none = {"scenarios": scenarios, "definitions": []}
    assert plan(sensitivity=variants, simulation=none).simulated_variants == ()


def test_a_scenario_may_be_laid_over_another_in_the_file() -> None:
    simulation = load(ROOT / "config/simulation.yaml").simulation
    assert simulation is not None
    scenarios = simulation.scenarios
    changed = {"every_months": 1.0}
    assert scenarios["monthly_visits"] == scenarios["expected"].model_copy(update=changed)


def test_the_simulation_needs_scenarios_and_no_input_files(tmp_path: Path) -> None:
    shipped = (ROOT / "config/simulation.yaml").read_text()
    without = shipped[: shipped.index("simulation:\n")]
    (tmp_path / "with.yaml").write_text(shipped)
    (tmp_path / "without.yaml").write_text(without)
    asked = {"inputs": False, "simulation": True}
    assert plan_of_run(tmp_path / "with.yaml", **asked).analysis.id == "design"
    with pytest.raises(PlanError, match="simulation: found nothing"):
        plan_of_run(tmp_path / "without.yaml", **asked)
    with pytest.raises(PlanError, match=r"inputs.subjects.path: found .* no such file"):
        plan_of_run(tmp_path / "with.yaml")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["simulate", "--cores", "2"], True),
        (["results/a/simulation/chunks/3.parquet"], True),
        (["results/simulation/ard.csv"], False),
        (["--configfile", "config/simulation.yaml"], False),
    ],
)
def test_the_command_line_says_whether_it_is_a_simulation(
    arguments: list[str], expected: bool
) -> None:
    assert targets_include(arguments, "simulate", SIMULATION) == expected
