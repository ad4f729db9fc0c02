"""One plan at several data cut-offs: each an analysis of its own, and side by side."""

from __future__ import annotations

import csv
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from durable.contracts.results import TOTAL, Result, read_csv, to_csv
from durable.display import series as shown
from durable.errors import UserError
from durable.figures import series as points_of_series
from durable.outputs import series as results
from durable.plan import Plan, PlanError, parse
from durable.plan.cutoffs import analysis_ids, plan_at
from durable.runs.configuration import plan_of_run, targets_include
from durable.runs.files import SERIES
from durable.stage import STAGES
from tests.workflow.conftest import RESULTS, ROOT, Study, new_study

RAW = {
    "analysis": {"id": "a", "data_cutoff": "2024-06-30"},
    "study": {"id": "S-1"},
    "inputs": {"subjects": {"path": "subjects.csv"}, "visits": {"path": "visits.csv"}},
    "response": {"core_set": "printo"},
    "series": {"cutoffs": ["2024-09-30", "2023-12-31"]},
}
EARLIER = "2023-12-31"


def plan(**changed: object) -> Plan:
    return parse({**RAW, **changed}, "a.yaml")


def findings(**changed: object) -> list[str]:
    with pytest.raises(PlanError) as refusal:
        plan(**changed)
    return [str(finding) for finding in refusal.value.findings]


def test_the_analyses_of_a_series_are_in_the_order_of_their_cutoffs() -> None:
    found = {str(cutoff): name for cutoff, name in analysis_ids(plan()).items()}
    assert found == {
        "2023-12-31": "a-2023-12-31",
        "2024-06-30": "a",
        "2024-09-30": "a-2024-09-30",
    }
    assert list(found) == sorted(found)


def test_refuses_cutoffs_that_are_none() -> None:
    assert findings(series={"cutoffs": ["2024-06-30"]}) == [
        "series.cutoffs[0]: found 2024-06-30; expected another day than analysis.data_cutoff"
    ]
    (twice,) = findings(series={"cutoffs": [EARLIER, EARLIER]})
    assert "expected each entry once" in twice
    (none,) = findings(series={"cutoffs": []})
    assert none.startswith("series.cutoffs: ")
    (text,) = findings(series={"cutoffs": ["31.12.2023"]})
    assert text.startswith("series.cutoffs[0]: found '31.12.2023'; expected a date as YYYY-MM-DD")


def test_refuses_a_name_that_has_no_room_for_a_cutoff() -> None:
    analysis = {"id": "a" * 53, "data_cutoff": "2024-06-30"}
    assert len(analysis_ids(plan(analysis=analysis))) == 3
    (found,) = findings(analysis={**analysis, "id": "a" * 54})
    assert found.startswith("analysis.id: ")
    assert found.endswith("expected at most 53 characters: series appends each cut-off")


def test_the_command_needs_the_section(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in RAW.items() if k != "series"}))
    with pytest.raises(PlanError, match="series: found nothing; expected a section with cutoffs"):
        plan_of_run(path, inputs=False, cutoffs=True)
    assert targets_include(["series"], "series", SERIES)
    assert targets_include(["results/a/series/series.html"], "series", SERIES)
    assert not targets_include(["results/series/report.html"], "series", SERIES)


def test_the_plan_at_another_cutoff_states_the_same_keys_and_no_other() -> None:
    whole = plan(simulation={"scenarios": {"s": {"improvement": {"M2": 0.5, "M3": 0.5}}}})
    found = plan_at(whole, whole.series.cutoffs[1])  # type: ignore[union-attr]
    assert found == {
        "analysis": {"id": f"a-{EARLIER}", "data_cutoff": EARLIER},
        "inputs": RAW["inputs"],
        "study": RAW["study"],
        "response": RAW["response"],
    }
    again = parse(found, "b.yaml")
    parts = ("schedule", "response", "statistics", "safety", "kinetics", "outputs", "inputs")
    assert again.digest(parts) == whole.digest(parts)


def result(output: str, parameter: str, statistic: str, value: float) -> Result:
    return Result(output, "primary", *TOTAL, (parameter,), statistic, value)


def folder_of(tmp_path: Path, sources: tuple[str, str, str] = ("{}", "{}", "{}")) -> Path:
    """Results of three cut-offs: rates of 1, 2 and 3 of 4; the second is the plan's own."""
    of = {"2023-12-31": 0.25, "2024-06-30": 0.5, "2024-09-30": 0.75}
    series = tmp_path / "a" / "series"
    for (cutoff, rate), source in zip(of.items(), sources, strict=True):
        rows = [
            result("t_improvement", "M2", "n_infused", 4),
            replace(result("t_improvement", "M2", "rate", rate), lower=0.0, upper=1.0),
            result("t_improvement", "BOTH", "rate", 0.1),
            replace(result("t_improvement", "M2", "rate", 0.9), group_by="part", group="A"),
            result("t_dor", "DOR", "median", float("nan")),
            result("t_dor", "DOR", "landmark_M3", 1.0),
            result("t_dor", "DOR", "landmark_M6", rate),
            result("t_deaths", "ALL", "n", 1),
            result("t_monitoring", "M2", "rate", 0.9),
            result("t_monitoring", "M2", "predictive_probability", rate),
            result("t_safety_boundary", "M2", "rate", 0.9),
            replace(result("t_dor", "DOR", "median", 3.0), analysis="other"),
        ]
        place = tmp_path / ("a" if cutoff == "2024-06-30" else f"a-{cutoff}")
        files = {"ard.csv": to_csv(rows), "validated/sources.json": source}
        for path, text in ((place / name, text) for name, text in files.items()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return series


def test_results_over_all_subjects_stand_by_cutoff(tmp_path: Path) -> None:
    series = folder_of(tmp_path)
    results.run(plan().restrict_to(STAGES["series"].sections), series)
    points_of_series.run(plan().restrict_to(STAGES["series"].sections), series)
    found = list(read_csv(series / "ard.csv"))
    assert {(row.group_by, row.analysis) for row in found} == {("data_cutoff", "primary")}
    assert [(row.group, row.value) for row in found if row.statistic == "landmark_M6"] == [
        ("2023-12-31", 0.25),
        ("2024-06-30", 0.5),
        ("2024-09-30", 0.75),
    ]
    shown = {"t_improvement", "t_dor", "t_monitoring", "t_safety_boundary"}
    assert {row.output for row in found} == shown
    with (series / "figures/f_series.csv").open(newline="") as file:
        points = list(csv.DictReader(file))
    rate = [p for p in points if p["parameter"] == "Improved at M2 (%)"]
    assert [(p["analysis"], p["title"], p["text"]) for p in rate] == [
        ("2023-12-31", "2023-12-31", "25.0 (0.0, 100.0)"),
        ("primary", "2024-06-30", "50.0 (0.0, 100.0)"),
        ("2024-09-30", "2024-09-30", "75.0 (0.0, 100.0)"),
    ]
    panels = list(dict.fromkeys(p["parameter"] for p in points))
    assert panels == [
        "Improved at M2 (%)",
        "DOR, median (months)",
        "DOR, event-free at month 6 (%)",
        "Predictive probability at M2 (%)",
    ]
    predicted = [p["text"] for p in points if p["parameter"] == panels[-1]]
    assert predicted == ["25.0", "50.0", "75.0"]
    with (series / "analyses.csv").open(newline="") as file:
        listed = {row["analysis_id"]: row["ard_sha256"] for row in csv.DictReader(file)}
    assert listed["a"] == sha256((tmp_path / "a/ard.csv").read_bytes()).hexdigest()
    assert list(listed) == ["a-2023-12-31", "a", "a-2024-09-30"]


def test_refuses_analyses_of_different_data(tmp_path: Path) -> None:
    series = folder_of(tmp_path, ("{}", "{}", '{"visits": 1}'))
    with pytest.raises(UserError, match="input files were changed during the series"):
        results.run(plan().restrict_to(STAGES["series"].sections), series)
    assert not (series / "ard.csv").exists()


def column(path: Path, heading: str) -> dict[tuple[str, str], str]:
    """Cells of a table's column that begins with a heading, by block and row."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (name,) = (key for key in rows[0] if key.startswith(heading))
    return {(row["block"], row["row"]): row[name] for row in rows}


def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the results in a folder, but what tells of the run and its code."""
    told = ("run.json", "history.json", "manifest.json", "pinned.yaml", "stages/record.json")
    left_out = {f"audit/{name}" for name in told}
    names = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(names.items())
        if "logs/" not in name and not path.name.startswith(".") and name not in left_out
    }


@pytest.mark.slow
def test_a_series_is_the_analyses_that_each_cutoff_makes_alone(
    study: Study, tmp_path: Path
) -> None:
    before = study.digests()
    done = study.run("series")
    assert done.returncode == 0, done.stdout
    assert f"Series: {RESULTS}/series/series.html" in done.stdout
    assert "further: the same plan at the data cut-off 2023-12-31" in done.stdout
    results = study.folder / "results"
    assert {path.name for path in results.iterdir()} == {
        "demo-interim",
        "demo-interim-2023-06-30",
        "demo-interim-2023-12-31",
        "history.jsonl",
    }
    # The analysis itself is what it was.
    assert {name: study.digests()[name] for name in before} == before

    # Each further one is what the plan with its cut-off makes alone.
    alone = new_study(tmp_path / "alone")
    text = (ROOT / "config/config.yaml").read_text()
    changed = text.replace("id: demo-interim", "id: demo-interim-2023-12-31")
    changed = changed.replace("data_cutoff: 2024-06-30", "data_cutoff: 2023-12-31")
    (alone.folder / "config/config.yaml").write_text(changed[: changed.index("# `snakemake ser")])
    assert alone.run().returncode == 0
    name = "demo-interim-2023-12-31"
    assert digests(results / name) == digests(alone.folder / "results" / name)

    # Its column is the total of its own table.
    series = study.folder / RESULTS / "series"
    for table in ("t_improvement", "t_dor", "t_disposition", "t_ae_overview"):
        side = column(series / "tables" / f"{table}.csv", "Cut-off 2023-12-31")
        total = column(results / name / "tables" / f"{table}.csv", "Total")
        assert {key: side[key] for key in total if key in side} == {
            key: cell for key, cell in total.items() if key in side
        }
        assert len(set(total) & set(side)) > 7
    # The rules of the interim analysis, at each cut-off as its own table has them.
    own = rows_of(results / name / "tables/t_monitoring.csv")[0]
    assert own.pop("row") == "At the data cut-off"
    (there,) = (
        row
        for row in rows_of(series / "tables/t_monitoring.csv")
        if (row.pop("row"), row["block"]) == ("Cut-off 2023-12-31", "")
    )
    assert there == own
    standing = rows_of(series / "tables/t_safety_boundary.csv")
    assert [row["row"] for row in standing] == 2 * [
        f"Cut-off {date}" for date in ("2023-06-30", "2023-12-31", "2024-06-30")
    ]
    # Infused by the end of 2023, by data/demo/subjects.csv: all but CQ-003, 008, 010, 011, 012.
    assert column(series / "tables/t_efs.csv", "Cut-off 2023-12-31 (N = 7)")

    # Nothing has changed: none is made again.
    made = digests(series)
    times = {p: p.stat().st_mtime_ns for p in results.glob("*/tables/*.csv")}
    assert study.run("series").returncode == 0
    assert digests(series) == made
    assert {p: p.stat().st_mtime_ns for p in times} == times
    assert study.planned() == set()


@pytest.mark.slow
def test_errors_in_the_data_are_told_once_and_leave_earlier_results(study: Study) -> None:
    study.replace("CQ-001,01,A,1e7", "CQ-001,01,Z,1e7", "data/demo/subjects.csv")
    before = study.digests("tables", "figures", "adam")
    done = study.run("series")
    assert done.returncode == 1
    assert "further: " not in done.stdout
    assert study.digests("tables", "figures", "adam") == before
    names = {path.name for path in (study.folder / "results").iterdir()}
    assert names == {"demo-interim", "history.jsonl"}
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_a_final_analysis_is_looked_at_beside_others_and_stays_as_it_is(fresh: Study) -> None:
    config = fresh.folder / "config/config.yaml"
    text = config.read_text()
    head = text[: text.index("sensitivity:")] + text[text.index("\n# `snakemake ser") :]
    short = head.replace("cutoffs: [2023-06-30, 2023-12-31]", "cutoffs: [2023-12-31]")
    shown_here = "shells: [{output: t_improvement}, {output: t_dor}, {output: f_km_dor}]"
    config.write_text(short + f"outputs: {{locked: true, {shown_here}}}\n")
    assert fresh.run().returncode == 0
    before = fresh.digests()
    done = fresh.run("series")
    assert done.returncode == 0, done.stdout
    assert {name: fresh.digests()[name] for name in before} == before
    # Another cut-off takes the place of the one before; what it left is removed.
    config.write_text(config.read_text().replace("[2023-12-31]", "[2024-03-31]"))
    done = fresh.run("series")
    assert done.returncode == 0, done.stdout
    plans = sorted(path.name for path in (fresh.folder / RESULTS / "series/plans").iterdir())
    assert plans == ["2024-03-31.yaml"]
    assert shown.notes()[0] in (fresh.folder / RESULTS / "series/series.html").read_text()
