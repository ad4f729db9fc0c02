"""What tables, listings and metadata say of dates that the plan imputes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.display.study import Record, change, demo_data, run_study

PLAN = """analysis: {id: imputed, data_cutoff: 2024-06-30}
study: {id: S-1}
inputs:
  subjects: {path: data/demo/subjects.csv, partial_dates: {death_date: latest}}
  visits: {path: data/demo/visits.csv}
  therapies: {path: data/demo/therapies.csv, partial_dates: {start_date: earliest}}
response: {reinfusion: {as_new_therapy: true}}
outputs: {datasets: [define, dataset-json]}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, of whose only death (CQ-005, 2024-04-13) and new therapies the day is not known."""
    folder = demo_data(tmp_path_factory.mktemp("imputed"))

    def subject(_: int, record: Record) -> None:
        record["death_date"] = record["death_date"][:7]

    def therapy(_: int, record: Record) -> None:
        if record["new_systemic"] == "Y":
            record["start_date"] = record["start_date"][:7]

    change(folder, "subjects", subject)
    change(folder, "therapies", therapy)
    return run_study(folder, PLAN, until="export", without=("figures",))[1]


def page(results: Path, table: str) -> str:
    return (results / "tables" / f"{table}.html").read_text(encoding="utf-8")


DEATH = "death, 1 subject(s) (latest possible day)"


@pytest.mark.parametrize("table", ["t_disposition", "t_dor", "t_improvement"])
def test_a_footnote_counts_the_imputed_dates_and_names_the_rules(results: Path, table: str) -> None:
    assert (
        f"Dates recorded in part were imputed among the enrolled: {DEATH}; start of the first new"
        " systemic therapy, 2 subject(s) (earliest possible day)."
    ) in page(results, table)


def test_a_table_of_deaths_says_nothing_of_therapies(results: Path) -> None:
    assert f"imputed among the enrolled: {DEATH}." in page(results, "t_deaths")
    assert "imputed" not in page(results, "t_baseline")


def test_the_listings_flag_them(results: Path) -> None:
    with (results / "listings" / "l_deaths.csv").open(encoding="utf-8", newline="") as file:
        (death,) = csv.DictReader(file)
    # The last day of April; the subject was last in contact on 13 April.
    assert (death["SUBJID"], death["DTHDT"], death["DTHDTF"]) == ("CQ-005", "2024-04-30", "D")
    with (results / "listings" / "l_subjects.csv").open(encoding="utf-8", newline="") as file:
        flags = {row["SUBJID"]: row["NSTDTF"] for row in csv.DictReader(file) if row["NSTDTF"]}
    assert len(flags) == 2
    assert set(flags.values()) == {"D"}
    report = (results / "report.html").read_text(encoding="utf-8")
    assert "DTHDT imputed (D day, M month)" in report


def test_the_metadata_describe_the_flags_of_the_plan_alone(results: Path) -> None:
    define = (results / "export" / "define.xml").read_text(encoding="utf-8")
    assert "What of DTHDT was imputed: D day, M month and day." in define
    assert 'Name="NSTDTF"' in define
    assert 'Name="EOSDTF"' not in define
