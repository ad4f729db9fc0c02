"""To which cause a difference between two analyses is put where only the code can be it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from durable.audit.causes import result_changes, status_changes
from durable.audit.sides import BEFORE, CODE, UNEXPLAINED, Step, finished_side, steps_between
from durable.files import sha256
from tests.workflow.conftest import RESULTS, Study

pytestmark = [pytest.mark.slow, pytest.mark.requirement("AUD-04")]

ADTTE, ARD = "adam/adtte.parquet", "ard.csv"
MEDIAN = "t_dor,primary,total,Total,DOR,median,"


def other_results(folder: Path, code: str | None) -> None:
    """Have CQ-001 without an event, and a result moved, as by a run with other code."""
    adtte = pd.read_parquet(folder / ADTTE)
    rows = (adtte["SUBJID"] == "CQ-001") & (adtte["PARAMCD"] == "DOR")
    assert rows.sum() == 1
    adtte.loc[rows, ["CNSR", "EVNTDESC"]] = [1, "ONGOING AT DATA CUT-OFF"]
    adtte.to_parquet(folder / ADTTE)
    text = (folder / ARD).read_text()
    row = next(line for line in text.splitlines() if line.startswith(MEDIAN))
    (folder / ARD).write_text(text.replace(row, row.replace("median,", "median,1"), 1))
    path = folder / "audit/manifest.json"
    manifest = json.loads(path.read_text())
    for entity in manifest["outputs"]:
        if entity["id"] in (ADTTE, ARD):
            entity["sha256"] = sha256(folder / entity["id"])
    for rule in manifest["rules"]:
        rule["digests"]["code"] = code or rule["digests"]["code"]
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(("code", "cause"), [("0" * 64, CODE), (None, UNEXPLAINED)])
def test_with_the_same_data_cutoff_and_plan_the_code_alone_is_the_cause(
    code: str | None, cause: str, finished: Study, tmp_path: Path
) -> None:
    for name in ("earlier", "later"):
        shutil.copytree(finished.folder / RESULTS, tmp_path / name)
    other_results(tmp_path / "later", code)
    earlier, later = (finished_side(tmp_path / name) for name in ("earlier", "later"))
    steps = steps_between(earlier, later, tmp_path / "steps", tmp_path, cores=1)
    assert [step.cause for step in steps] == [cause]
    (result,) = result_changes(earlier, later, steps)
    assert (result.key[0], result.causes) == ("t_dor", (cause,))
    (status,) = status_changes(earlier, later, steps, [])
    assert (status.subject, status.status) == ("CQ-001", "DOR")
    assert (status.causes, status.because) == ((cause,), ())


def test_a_number_that_another_dose_level_decides_is_explained_by_its_subjects(
    finished: Study, tmp_path: Path
) -> None:
    """A subject of the level 1e7 has a toxicity more: the isotonic estimate of the level 3e7 moves
    with it, and so does whether that level has a row of a term; a mere count does not."""
    for name in ("earlier", "later"):
        shutil.copytree(finished.folder / RESULTS, tmp_path / name)
    folder = tmp_path / "later"
    adae = pd.read_parquet(folder / "adam/adae.parquet")
    adae.loc[adae["SUBJID"] == "CQ-002", "AEDLT"] = "Y"
    adae.to_parquet(folder / "adam/adae.parquet")
    before = (folder / ARD).read_text()
    of_level = "primary,dose_level,3e7"
    isotonic = f"t_escalation,{of_level},A,isotonic,"
    count = f"t_escalation,{of_level},A,n_evaluable,"
    assert isotonic in before
    after = before.replace(isotonic, f"{isotonic}1").replace(count, f"{count}1")
    new_row = f"t_ae_soc_pt,{of_level},D28|New term,n_subjects,0,,,\n"
    (folder / ARD).write_text(after + new_row)
    earlier = finished_side(tmp_path / "earlier")
    later = replace(earlier, folder=folder)
    changed = list(result_changes(earlier, later, [Step(BEFORE, earlier, later)]))
    assert {change.key[5]: (change.causes, change.subjects) for change in changed} == {
        "isotonic": ((BEFORE,), ("CQ-002",)),
        "n_subjects": ((BEFORE,), ("CQ-002",)),
        "n_evaluable": ((UNEXPLAINED,), ()),
    }
