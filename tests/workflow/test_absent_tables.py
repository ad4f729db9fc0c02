"""Studies without assessments: real runs for safety alone and for kinetics alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.workflow.conftest import RESULTS, Study

pytestmark = pytest.mark.requirement("OUT-04")

NOT_MADE = "Not made: no visits table in this study"
DELIVERIES = {
    "documents": ["docx", "pdf"],
    "datasets": ["xpt", "dataset-json", "define", "ars", "r-programs", "sas-programs"],
}


def keep_tables(study: Study, *tables: str) -> None:
    """Leave of the demo's plan the named tables, and what a second infusion is."""
    path = study.folder / "config" / "config.yaml"
    plan = yaml.safe_load(path.read_text())
    inputs = {name: plan["inputs"][name] for name in ("subjects", *tables)}
    kept = {name: plan[name] for name in ("analysis", "study", "groups")}
    kept["response"] = {"reinfusion": plan["response"]["reinfusion"]}
    path.write_text(
        yaml.safe_dump(kept | {"inputs": inputs, "outputs": DELIVERIES}, sort_keys=False)
    )


def rows_of(folder: Path, *outputs: str) -> list[list[str]]:
    with (folder / RESULTS / "ard.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file) if row[0] in outputs and row[1] == "primary"]


def table(study: Study, name: str) -> str:
    return (study.folder / RESULTS / "tables" / f"{name}.csv").read_text()


SAFETY = ("t_ae_overview", "t_ae_soc_pt", "t_ae_crs", "t_aesi", "t_deaths", "t_dlt")


@pytest.mark.slow
def test_safety_alone_has_the_numbers_of_the_whole_study_and_says_what_is_missing(
    fresh: Study, finished: Study
) -> None:
    keep_tables(fresh, "adverse_events")
    done = fresh.run()
    assert done.returncode == 0, done.stdout
    results = fresh.folder / RESULTS
    assert rows_of(fresh.folder, *SAFETY) == rows_of(finished.folder, *SAFETY)
    assert {path.name for path in (results / "adam").rglob("*.parquet")} == {
        "adsl.parquet",
        "adae.parquet",
    }
    assert not list(results.glob("figures/f_*"))
    for name in ("t_improvement", "t_dor"):
        assert NOT_MADE in table(fresh, name)
        assert "Total (N = 10)" in table(fresh, name)
    # Nobody is taken for somebody who was never in remission.
    assert "emission" not in table(fresh, "t_disposition")
    assert "Died,0 (0.0),1 (14.3),1 (16.7),0 (0.0),1 (10.0)" in table(fresh, "t_disposition")
    adsl = pd.read_parquet(results / "adam" / "adsl.parquet")
    assert not {"REMFL", "BLREMFL", "REMSDT", "BLDT"} & set(adsl)
    assert (adsl["SAFFL"] == "Y").sum() == 10
    report = (results / "report.html").read_text()
    assert "Input table visits not provided. Disease, response, remission" in report
    assert "in remission</li>" not in report
    define = (results / "export" / "define.xml").read_text()
    assert "BLREMFL" not in define
    assert 'Name="ADRS"' not in define
    assert '"ADRS"' not in (results / "export" / "ars.json").read_text()
    programs = {path.name for path in (results / "export" / "r").iterdir()}
    assert programs == {"compare.R", "t_ae_soc_pt.R"}
    audited = fresh.run("audit", "--configfile", str(results / "audit" / "pinned.yaml"))
    assert "PASS: all outputs reproduced byte for byte" in audited.stdout, audited.stdout


@pytest.mark.slow
def test_kinetics_alone_has_the_numbers_of_the_whole_study(fresh: Study, finished: Study) -> None:
    keep_tables(fresh, "kinetics")
    done = fresh.run()
    assert done.returncode == 0, done.stdout
    results = fresh.folder / RESULTS
    assert rows_of(fresh.folder, "t_kinetics") == rows_of(finished.folder, "t_kinetics")
    assert "Total (N = 10)" in table(fresh, "t_kinetics")
    assert {path.stem for path in (results / "figures").iterdir()} == {"f_kinetics"}
    assert "no adverse_events table in this study" in table(fresh, "t_ae_overview")
    audited = fresh.run("audit", "--configfile", str(results / "audit" / "pinned.yaml"))
    assert "PASS: all outputs reproduced byte for byte" in audited.stdout, audited.stdout


@pytest.mark.slow
def test_what_assessments_made_is_gone_with_them(study: Study, finished: Study) -> None:
    """The study is analysed whole, then without its visits in the same folder."""
    keep_tables(study, "therapies", "adverse_events")
    done = study.run()
    assert done.returncode == 0, done.stdout
    results = study.folder / RESULTS
    assert not (results / "adam" / "adrs.parquet").exists()
    assert not list(results.glob("figures/f_*"))
    assert not (results / "listings" / "l_duration.csv").exists()
    # A therapy that began after the infusion is still known.
    adsl = pd.read_parquet(results / "adam" / "adsl.parquet")
    whole = pd.read_parquet(finished.folder / RESULTS / "adam" / "adsl.parquet")
    assert adsl["NSTDT"].notna().sum() == 2
    assert adsl.equals(whole[list(adsl)])


@pytest.mark.slow
def test_a_series_without_assessments_shows_what_there_is(fresh: Study) -> None:
    keep_tables(fresh, "adverse_events")
    path = fresh.folder / "config" / "config.yaml"
    path.write_text(path.read_text() + "series: {cutoffs: [2023-06-30]}\n")
    done = fresh.run("series")
    assert done.returncode == 0, done.stdout
    tables = fresh.folder / RESULTS / "series" / "tables"
    assert NOT_MADE in (tables / "t_dor.csv").read_text()
    assert "Cut-off 2023-06-30 (N = 4)" in (tables / "t_ae_overview.csv").read_text()
