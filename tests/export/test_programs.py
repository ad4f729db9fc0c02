"""The programs that compute the main tables again: by other plans, on other data, and changed."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from durable.contracts.results import to_csv
from durable.deliveries import programs_of
from durable.export import r_programs
from durable.export.handover import deliver
from durable.export.programs import R
from durable.outputs.datasets import read_datasets
from durable.plan import Plan, PlanError, load
from durable.sections import merge_values
from durable.stage import STAGES
from tests.export.conftest import MADE, ROOT
from tests.independent.invented import write_study
from tests.outputs.analysed import results_of
from tests.programs import needs

TABLES = ("t_improvement", "t_dor", "t_ae_soc_pt", "t_kinetics")
AGREE = "0 differ; 0 not computed here"

pytestmark = pytest.mark.needs_r


def changed(plan: Plan, **sections: Any) -> Plan:
    """The plan with other keys."""
    return Plan.model_validate(merge_values(plan.model_dump(exclude_unset=True), sections))


def hand_over(plan: Plan, folder: Path, *deliveries: str) -> None:
    """Write deliveries of finished results."""
    outputs = plan.outputs.model_copy(update={"documents": (), "datasets": deliveries})
    deliver(plan.model_copy(update={"outputs": outputs}), folder)


def run_r(folder: Path, table: str) -> subprocess.CompletedProcess[str]:
    command = ["Rscript", str(folder / "export" / "r" / f"{table}.R")]
    return subprocess.run(command, cwd="/", text=True, capture_output=True, check=False)


def assert_agrees(folder: Path, table: str) -> None:
    done = run_r(folder, table)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert done.stdout.rstrip().endswith(AGREE), done.stdout[-300:]


# Other plans


#: Of 40 subjects, with other definitions, and with text that a transport file does not hold.
OTHER_PLAN = {
    "analysis": {"id": "other", "data_cutoff": "2024-09-30"},
    "study": {"id": "INVENTED"},
    "response": {
        "improvement": {"visits": ["M2", "M3", "M6"], "level": "moderate", "missing": "observed"},
        "new_therapy": "hypothetical",
        "remission": {"rule": "printo"},
        "reinfusion": {"as_new_therapy": False},
    },
    "safety": {"windows_days": [14, 42]},
    "groups": ["sex", "part", "dose_level"],
    "statistics": {"conf_level": 0.9, "landmarks_months": [1.5, 6, 24], "rmst_months": 7.5},
    "kinetics": {"auc": [{"day": 60, "extrapolation_days": 10}]},
}
ODD_TERMS = {
    "Term 1": "ALT|AST \\ increased",
    "Term 2": "\u4e0a\u547c\u5438\u9053\u611f\u67d3",
    "Term 3": "R\u00e9action " + "very long " * 30,
}


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """Plan and results of an invented study."""
    folder = tmp_path_factory.mktemp("other")
    data = folder / "data"
    write_study(data, seed=7, n=40, reinfused=True)
    for file, column, texts in (
        ("adverse_events", "preferred_term", ODD_TERMS),
        ("subjects", "dose_level", {"3e7": "=3e7 \u00b5"}),
    ):
        rows = list(csv.DictReader((data / f"{file}.csv").open()))
        for row in rows:
            row[column] = texts.get(row[column], row[column])
        with (data / f"{file}.csv").open("w", newline="", encoding="utf-8") as written:
            writer = csv.DictWriter(written, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    inputs = {path.stem: {"path": str(path)} for path in data.glob("*.csv")}
    (folder / "plan.yaml").write_text(yaml.safe_dump(OTHER_PLAN | {"inputs": inputs}))
    plan = load(folder / "plan.yaml")
    for name in MADE:
        stage = STAGES[name]
        stage.run(plan, folder)
    hand_over(plan, folder, "xpt", "r-programs")
    return plan, folder


@pytest.mark.slow
@needs("Rscript")
@pytest.mark.parametrize("table", TABLES)
def test_another_plan_on_other_data_agrees(other: tuple[Plan, Path], table: str) -> None:
    assert_agrees(other[1], table)


def test_the_other_data_hold_text_that_transport_files_do_not(other: tuple[Plan, Path]) -> None:
    changes = (other[1] / "export" / "report.csv").read_text(encoding="utf-8")
    assert "\nADAE,AEDECOD," in changes
    assert "split_at_200" in changes
    assert "\nADSL,DOSELVL," in changes


def analyse_again(plan: Plan, made: Path, folder: Path, table: str) -> None:
    """The results of one table by another plan, with its program, from the same datasets."""
    shutil.copytree(made, folder)
    results = list(results_of([table], read_datasets(folder, plan), plan))
    (folder / "ard.csv").write_text(to_csv(results), encoding="utf-8")
    hand_over(plan, folder, "r-programs")


@pytest.mark.slow
@needs("Rscript")
@pytest.mark.parametrize(
    ("km_ci", "rule"),
    [
        ("log-log", "r"),
        ("log", "sas"),
        ("plain", "r"),
        ("logit", "sas"),
        ("arcsine", "r"),
        ("bpcp", "r"),
        ("bpcp", "sas"),
    ],
)
def test_every_interval_and_rule_of_quantiles_agrees(
    other: tuple[Plan, Path], km_ci: str, rule: str, tmp_path: Path
) -> None:
    plan, made = other
    choice = {"km_ci": km_ci, "quantile_rule": rule, "landmark_tolerance_days": 0}
    changed_plan = changed(plan, statistics=choice | {"days_per_month": 30})
    analyse_again(changed_plan, made, tmp_path / "results", "t_dor")
    assert_agrees(tmp_path / "results", "t_dor")


@pytest.mark.slow
@needs("Rscript")
@pytest.mark.parametrize("missing", ["non_improved", "improved"])
def test_every_rule_for_missing_assessments_agrees(
    other: tuple[Plan, Path], missing: str, tmp_path: Path
) -> None:
    """The third is that of the other plan."""
    plan, made = other
    choice = {"response": {"improvement": {"missing": missing}}, "groups": []}
    prior = {"statistics": {"beta_prior": {"a": 0.5, "b": 0.25}}}
    changed_plan = changed(plan, **choice, **prior)
    analyse_again(changed_plan, made, tmp_path / "results", "t_improvement")
    assert_agrees(tmp_path / "results", "t_improvement")


# Changed results


@pytest.fixture(scope="session")
def delivered(results: Path, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the demo with the programs."""
    folder = Path(shutil.copytree(results, tmp_path_factory.mktemp("delivered") / "results"))
    hand_over(plan, folder, "xpt", "r-programs")
    return folder


Row = dict[str, str]
CHANGES: dict[str, tuple[str, str, str, Callable[[Row], Row]]] = {
    "a digit of a count": (
        *("t_improvement", "M3", "n_improved"),
        lambda row: {"value": str(int(row["value"]) + 1)},
    ),
    "the twelfth digit of a limit": (
        *("t_improvement", "M3", "rate"),
        lambda row: {"lower": next_digit(row["lower"], 12)},
    ),
    "a median that cannot be estimated": (*("t_dor", "DOR", "median"), lambda row: {"value": "9"}),
    "a limit where there is none": (*("t_dor", "DOR", "q25"), lambda row: {"upper": "9"}),
    "the longest duration no longer censored": (
        *("t_dor", "EFS", "max"),
        lambda row: {"note": ""},
    ),
    "another name": (*("t_kinetics", "CMAX|flow (cells/uL)", "geo_mean_detected"), lambda row: {
        "statistic": "geo_mean_found"
    }),
    "events of a class": (
        *("t_ae_soc_pt", "D28|Blood and lymphatic system disorders|", "n_events"),
        lambda row: {"value": str(int(row["value"]) - 1)},
    ),
}  # fmt: skip


def next_digit(text: str, n: int) -> str:
    """A decimal fraction with its nth significant digit one higher, or 8 instead of 9."""
    places = [i for i, sign in enumerate(text) if sign.isdigit()]
    first = next(k for k, i in enumerate(places) if text[i] != "0")
    at = places[first + n - 1]
    return text[:at] + ("8" if text[at] == "9" else str(int(text[at]) + 1)) + text[at + 1 :]


@needs("Rscript")
@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_result_is_reported(delivered: Path, name: str, tmp_path: Path) -> None:
    table, parameter, statistic, change = CHANGES[name]
    folder = tmp_path / "results"
    shutil.copytree(delivered / "export", folder / "export")
    rows = list(csv.DictReader((delivered / "ard.csv").open(encoding="utf-8", newline="")))
    key = (table, "total", parameter, statistic)
    keys = ("output", "group_by", "parameter", "statistic")
    (row,) = (row for row in rows if tuple(row[name] for name in keys) == key)
    before = dict(row)
    row.update(change(row))
    assert row != before
    with (folder / "ard.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = run_r(folder, table)
    assert done.returncode == 1
    heading, reported, _, counts = done.stdout.split("Different from ard.csv:\n")[1].splitlines()
    assert heading.split() == [
        *("table", "group", "parameter", "statistic", "ours", "theirs", "agree")
    ]
    cells = re.split("  +", reported)
    assert cells[:3] == [table, "Total", parameter]
    assert cells[3].split()[0] == statistic
    assert cells[-1].startswith("NO")
    assert " 1 differ; " in counts


def test_a_plan_with_programs_and_no_transport_files_is_told_so(tmp_path: Path) -> None:
    plan = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    plan["outputs"] = {"datasets": ["define", "r-programs"]}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    with pytest.raises(PlanError, match="xpt in datasets beside r-programs"):
        load(tmp_path / "plan.yaml")


# What is written


def test_a_study_has_the_programs_of_its_datasets() -> None:
    assert programs_of(["adsl"]) == []
    assert programs_of(["adsl", "adae"]) == ["t_ae_soc_pt"]
    assert programs_of(["adsl", "adrs", "adtte"]) == ["t_improvement", "t_dor"]
    assert programs_of(["adsl", "adrs", "adtte", "adae", "adpc", "adpp"]) == [*TABLES]


@pytest.mark.parametrize("table", TABLES)
def test_every_parameter_of_a_program_is_read_by_it(plan: Plan, table: str) -> None:
    text = r_programs.program(table, plan)
    block = r_programs.parameters(table, plan)
    body = re.sub("#.*", "", text.replace(block, ""))
    defined = set(re.findall(r"^([A-Z_]+) <-", block, re.M))
    shared = re.sub("#.*", "", R.template("compare"))
    for name in defined:
        assert re.search(rf"\b{name}\b", body + shared), name
    # And whatever is written in capitals is defined: in the block, the program or compare.R.
    own = set(re.findall(r"^([A-Z_]+) <-", body + shared, re.M))
    code = re.sub(r'"[^"]*"', "", body)
    used = set(re.findall(r"(?<![$.\w])([A-Z][A-Z_]{2,})\b", code))
    assert used - defined - own == {"FALSE", "NULL", "TRUE"} & used
