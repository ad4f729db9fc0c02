"""Subgroups from the input columns to the table: levels, their order, and who is in them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import durable
from durable.api import Analysis
from durable.contracts.subgroups import GroupVariable
from durable.intake import check
from durable.outputs.groups import groups
from durable.plan import parse
from durable.stage import STAGES
from durable.stages import derive
from tests.intake.package import domains, packaged, supplement
from tests.intake.study import DEMO, ROOT, Study

#: Recorded of the subjects of the demo, in their order; CQ-003 and CQ-008 were not infused.
ANTIBODIES = ["MDA5", "NXP2", "MDA5", "", "MDA5", "other", "NXP2", "NXP2", "other", "MDA5"]
YEARS = ["0.5", "2", "1", "1.99", "2.0", "7", "3", "", "4", "5"]
SUBGROUPS = {
    "antibody": {
        "column": "msa",
        "values": {"NXP2": "NXP2", "MDA5": "MDA5", "TIF1": "TIF1", "other": "Other"},
    },
    "duration": {
        "column": "disease_years",
        "variable": "DISYRS",
        "bands": [2],
        "labels": ["Early", "Late"],
    },
    "hospital": {"column": "site"},
}


def with_columns(more: dict[str, list[str]]) -> str:
    """The demo's subjects with further columns; the subjects beyond a list have an empty cell."""
    rows = list(csv.reader((DEMO / "subjects.csv").read_text(encoding="utf-8").splitlines()))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*rows[0], *more])
    for place, row in enumerate(rows[1:]):
        writer.writerow(
            [*row, *(cells[place] if place < len(cells) else "" for cells in more.values())]
        )
    return text.getvalue()


def configuration(folder: Path, **more: list[str]) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    for table in raw["inputs"].values():
        table["path"] = str(ROOT / table["path"])
    path = folder / "subjects.csv"
    path.write_text(with_columns(more), encoding="utf-8")
    raw["inputs"]["subjects"]["path"] = str(path)
    del raw["sensitivity"], raw["series"]
    return raw


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("study")
    raw = configuration(folder, antibodies=ANTIBODIES, disease_years=YEARS)
    raw["inputs"]["subjects"]["columns"] = {"msa": "antibodies"}
    raw |= {"subgroups": SUBGROUPS, "groups": ["antibody"]}
    (folder / "plan.yaml").write_text(yaml.safe_dump(raw, sort_keys=False))
    return durable.run(folder / "plan.yaml", folder / "results")


def test_adsl_has_the_columns_as_recorded_their_levels_and_the_places_of_these(
    analysis: Analysis,
) -> None:
    adsl = analysis.datasets["adsl"].set_index("SUBJID")
    names = ["MSA", "MSAGR1", "MSAGR1N", "DISYRS", "DISYGR1", "DISYGR1N", "SITEGR1"]
    assert list(adsl.columns)[-len(names) :] == names
    rows = adsl[names].astype(object).where(adsl[names].notna(), None)
    assert rows.loc["CQ-001"].tolist() == ["MDA5", "MDA5", 2, 0.5, "Early", 1, "01"]
    assert rows.loc["CQ-002"].tolist() == ["NXP2", "NXP2", 1, 2.0, "Late", 2, "01"]
    assert rows.loc["CQ-004"].tolist() == [None, None, None, 1.99, "Early", 1, "01"]
    assert rows.loc["CQ-006"].tolist() == ["other", "Other", 4, 7.0, "Late", 2, "01"]


def test_the_findings_name_empty_cells_and_levels_without_a_subject(analysis: Analysis) -> None:
    found = analysis.queries
    found = found.loc[found["rule"].isin(["level_empty", "level_unused"])]
    assert list(found[["subject_id", "column", "rule"]].itertuples(index=False, name=None)) == [
        ("", "msa", "level_unused"),
        ("CQ-004", "msa", "level_empty"),
        ("CQ-008", "disease_years", "level_empty"),
        *(
            (name, column, "level_empty")
            for name in ("CQ-011", "CQ-012")
            for column in ("disease_years", "msa")
        ),
    ]  # fmt: skip
    assert "unused_column" not in set(analysis.queries["rule"])


def test_the_levels_stand_in_the_order_of_the_plan_and_add_up_to_all(analysis: Analysis) -> None:
    rows = analysis.results.query("output == 't_subgroups' and parameter == 'EFS'")
    n = rows.loc[rows["statistic"] == "n_subjects"]
    shown = {(r.group_by, r.group): r.value for r in n.itertuples()}
    assert shown == {
        ("antibody", "NXP2"): 2, ("antibody", "MDA5"): 3, ("antibody", "TIF1"): 0,
        ("antibody", "Other"): 2, ("antibody", "Not recorded"): 3,
        ("duration", "Early"): 2, ("duration", "Late"): 6, ("duration", "Not recorded"): 2,
        ("hospital", "01"): 10, ("total", "Total"): 10,
    }  # fmt: skip
    assert list(shown)[:5] == [
        ("antibody", level) for level in ("NXP2", "MDA5", "TIF1", "Other", "Not recorded")
    ]


def test_nothing_is_estimated_of_a_level_without_a_subject(analysis: Analysis) -> None:
    rows = analysis.results.query("output == 't_subgroups' and group == 'TIF1'")
    values = rows.set_index(["parameter", "statistic"])["value"]
    assert values["M3", "n_denominator"] == 0
    for key in (("M3", "rate"), ("DOR", "median"), ("EFS", "landmark_M6")):
        assert pd.isna(values[key])


def test_a_group_of_the_plan_makes_columns_of_the_other_tables(analysis: Analysis) -> None:
    rows = analysis.results.query("output == 't_improvement' and statistic == 'n_infused'")
    at_month_3 = rows.loc[rows["parameter"] == "M3"]
    assert {r.group: r.value for r in at_month_3.itertuples()} == {
        "NXP2": 2, "MDA5": 3, "Other": 2, "Not recorded": 3, "Total": 10,
    }  # fmt: skip


def test_a_column_that_the_file_lacks_and_a_text_without_a_level_stop_the_analysis(
    tmp_path: Path,
) -> None:
    raw = configuration(tmp_path, msa=["MDA5", "unknown to the plan"])
    raw |= {"subgroups": SUBGROUPS}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(raw, sort_keys=False))
    with pytest.raises(durable.DataError):
        durable.run(tmp_path / "plan.yaml", tmp_path / "results")
    queries = pd.read_csv(tmp_path / "results" / raw["analysis"]["id"] / "queries.csv", dtype=str)
    errors = queries.loc[queries["severity"] == "error"].fillna("")
    found = {r.rule: (r.row, r.column, r.message) for r in errors.itertuples()}
    assert found == {
        "missing_column": (
            "",
            "disease_years",
            "subjects.csv: no column disease_years; expected in the header, needed by"
            " subgroups.duration.column",
        ),
        "no_level": (
            "3",
            "msa",
            "subjects.csv, row 3, msa: found unknown to the plan; expected one of NXP2, MDA5,"
            " TIF1, other (subgroups.antibody.values)",
        ),
    }


def test_of_a_column_that_is_empty_throughout_everybody_is_not_recorded(tmp_path: Path) -> None:
    study = Study(tmp_path)
    header, *rows = study.cells("subjects")
    race = header.index("race")
    study.write("subjects", [header, *([*row[:race], "", *row[race + 1 :]] for row in rows)])
    study.raw["subgroups"] = {"race": {"column": "race", "values": {"ASIAN": "Asian"}}}
    assert not [line for line in study.check() if line.severity == "error"]
    derive.run(study.plan().restrict_to(STAGES["derive"].sections), study.results)
    adsl = pd.read_parquet(study.results / "adam" / "adsl.parquet")
    assert "RACE" not in adsl
    levels = groups(adsl, study.plan().subgroup_variables, empty=True)
    assert [(level.group, len(level.subjects)) for level in levels] == [
        ("Asian", 0), ("Not recorded", 10), ("Total", 10),
    ]  # fmt: skip


def test_a_value_map_and_a_severity_may_name_a_declared_column(tmp_path: Path) -> None:
    raw = configuration(tmp_path, msa=["anti-MDA5"])
    raw["inputs"]["subjects"]["values"] = {"msa": {"anti-MDA5": "MDA5"}}
    raw["inputs"]["subjects"]["missing"] = {"msa": ["not done"]}
    plan = parse(raw | {"subgroups": {"antibody": SUBGROUPS["antibody"]}})
    assert plan.inputs.subjects.values == {"msa": {"anti-MDA5": "MDA5"}}  # noqa: PD011
    with pytest.raises(durable.PlanError, match="an unknown column"):
        parse(raw | {"subgroups": {}})


def test_a_package_has_the_column_where_the_plan_says(tmp_path: Path) -> None:
    found = domains()
    found["SUPPDM"] += supplement({"USUBJID": "CQ-002"}, "", "", MSA="NXP2")
    study = packaged(tmp_path, "csv", found)
    study.raw["inputs"]["sdtm"]["variables"] = {"subjects": {"msa": "SUPPDM.MSA"}}
    study.raw["subgroups"] = {"antibody": SUBGROUPS["antibody"]}
    subjects = check.examine(study.plan()).tables["subjects"].frame.set_index("subject_id")
    assert subjects["msa"].dropna().to_dict() == {"CQ-002": "NXP2"}


def test_a_package_without_the_column_is_told_which_subgroup_needs_it(tmp_path: Path) -> None:
    study = packaged(tmp_path, "csv")
    study.raw["subgroups"] = {"antibody": SUBGROUPS["antibody"]}
    queries = check.examine(study.plan()).queries
    (message,) = queries.loc[queries["rule"] == "missing_column", "message"]
    assert "not recorded (inputs.sdtm.variables.subjects.msa); expected it for msa" in message
    assert "needed by subgroups.antibody.column" in message


def test_levels_without_an_order_of_the_plan_are_sorted_as_numbers() -> None:
    adsl = pd.DataFrame({"USUBJID": list("abc"), "SAFFL": "Y", "X": ["10", "9", None]})
    columns = groups(adsl, [GroupVariable("x", "X")])
    assert [(column.group_by, column.group) for column in columns] == [
        ("x", "9"), ("x", "10"), ("x", "Not recorded"), ("total", "Total"),
    ]  # fmt: skip
