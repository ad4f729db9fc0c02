"""The plan of the demo without some of its tables: what they are for is left out, nothing fails."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import durable
from durable.outputs import entry_of_table, tables_of
from durable.plan import load
from durable.stage import STAGES
from tests.workflow.conftest import ROOT


def demo_plan() -> dict[str, Any]:
    plan = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    del plan["series"], plan["sensitivity"]
    for table in plan["inputs"].values():
        table["path"] = str(ROOT / table["path"])
    return plan


@pytest.mark.parametrize(
    ("tables", "has", "has_not"),
    [
        ((), {"t_disposition", "t_exposure"}, {"t_improvement_s", "t_eligibility", "t_bcells"}),
        (("visits",), {"t_estimands", "t_monitoring", "t_response_visits"}, {"t_cells_outcome"}),
        (("adverse_events",), {"t_escalation", "t_safety_boundary"}, {"t_monitoring"}),
        (("laboratory",), {"t_laboratory", "t_bcells", "t_icaht"}, {"t_response_visits"}),
        (("kinetics",), {"t_kinetics"}, {"t_cells_outcome"}),
        (("lymphodepletion",), {"t_exposure"}, {"t_laboratory", "t_eligibility"}),
        (("screening",), {"t_eligibility"}, {"t_laboratory"}),
    ],
)
def test_an_analysis_has_the_outputs_of_its_tables(
    tables: tuple[str, ...], has: set[str], has_not: set[str], tmp_path: Path
) -> None:
    plan = demo_plan()
    plan["inputs"] = {name: plan["inputs"][name] for name in ("subjects", *tables)}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    analysis = durable.run(tmp_path / "plan.yaml", results=tmp_path / "results")
    outputs = set(analysis.results["output"])
    assert has <= outputs
    assert not has_not & outputs
    folder = tmp_path / "results" / plan["analysis"]["id"]
    for stage in ("figures", "display"):
        STAGES[stage].run(load(tmp_path / "plan.yaml"), folder)
    report = (folder / "report.html").read_text(encoding="utf-8")
    for table in set(demo_plan()["inputs"]) - {"subjects", *tables}:
        assert f"Input table {table} not provided." in report


def test_before_the_first_infusion_every_table_has_its_rows(tmp_path: Path) -> None:
    """The workflow expects a file of each table that the plan shows, whatever there is to tell."""
    plan = demo_plan()
    plan["analysis"]["data_cutoff"] = date(2023, 2, 1)
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    analysis = durable.run(tmp_path / "plan.yaml", results=tmp_path / "results")
    shown = tables_of(load(tmp_path / "plan.yaml"), set(analysis.datasets))
    assert {"t_cells_outcome", "t_kinetics"} <= set(shown)
    assert {entry_of_table(name).name for name in shown} <= set(analysis.results["output"])
