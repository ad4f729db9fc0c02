"""The delivered R programs compute the main tables again, at both cut-offs of the demo."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from durable.deliveries import programs_of
from durable.export.handover import deliver
from durable.outputs.datasets import ResultsFolder
from durable.plan import load
from tests.independent.conftest import CONFIGURATIONS, ROOT, Results
from tests.programs import needs


@pytest.mark.needs_r
@needs("Rscript")
def test_every_number_of_the_main_tables_agrees(results: Results, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(results.folder, tmp_path / "results of the demo"))
    plan = load(ROOT / "config" / CONFIGURATIONS[results.id])
    datasets = ("xpt", "r-programs")
    outputs = plan.outputs.model_copy(update={"documents": (), "datasets": datasets})
    deliver(plan.model_copy(update={"outputs": outputs}), folder)
    tables = programs_of(ResultsFolder(folder, plan).names)
    assert tables == ["t_improvement", "t_dor", "t_ae_soc_pt", "t_kinetics"]
    for table in tables:
        command = ["Rscript", str(folder / "export" / "r" / f"{table}.R")]
        done = subprocess.run(command, cwd="/", text=True, capture_output=True, check=False)
        rows = [key for key in results.ard if key[:2] == (table, "primary")]
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        counts = done.stdout.splitlines()[-1]
        assert counts.endswith(" 0 differ; 0 not computed here"), counts
        assert int(counts.split()[1]) >= len(rows) > 0
