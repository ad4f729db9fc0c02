"""Listings: every record can be traced to its line, and adds up to the tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from durable.contracts.results import TOTAL, read_csv, split_parameter
from durable.display.listings import listing_records, write_listings
from durable.files import write_parquet
from durable.outputs.ard import Ard
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings import LISTINGS
from durable.plan import Plan
from tests.display.study import FORMULA, ROOT, Record, hostile, read, run_study
from tests.outputs.analysed import name_tables

Made = tuple[Plan, Path]
DATA = Path(__file__).parents[2] / "data" / "demo"
CUTOFF = "2024-06-30"
ALL = [entry.load() for entry in LISTINGS]
#: Listings of tables that a study may lack, and of endpoints that a plan may lack.
NEEDING = (
    *("adverse_events", "kinetics", "kinetics_parameters", "laboratory", "eligibility"),
    *("drug_free", "deviations", "lymphodepletion"),
)


def listing(made: Made, name: str) -> list[Record]:
    return read(made[1] / "listings" / f"l_{name}.csv")


def source(table: str, row: str) -> Record:
    """A record of the demo by its row of the file; the header is row 1."""
    return read(DATA / f"{table}.csv")[int(row) - 2]


def count(made: Made, output: str, parameter: str, statistic: str) -> float:
    ard = Ard.from_results(read_csv(made[1] / "ard.csv"))
    result = ard.lookup(output, split_parameter(parameter), TOTAL)(statistic)
    assert result is not None, (output, parameter, statistic)
    return result.value


def test_every_listing_has_its_file_columns_and_source(demo: Made) -> None:
    files = sorted(path.name for path in (demo[1] / "listings").iterdir())
    assert files == sorted(each.file for each in ALL)
    for each in ALL:
        rows = listing(demo, each.name)
        names = [column.name for column in each.columns(demo[0])]
        assert list(rows[0]) == names
        assert len(set(names)) == len(names)
        if each.name not in ("queries", "kinetics_parameters"):
            assert names[-3:] == ["SRCDOM", "SRCVAR", "SRCSEQ"]


def test_each_assessment_shows_what_the_line_of_its_source_says(demo: Made) -> None:
    """PRINTO core set: the values of six columns of visits.csv, in the row the listing names."""
    places = {
        "PHYS": "physician_global",
        "PAR": "parent_global",
        "MUS": "cmas",
        "FUN": "chaq",
        "ENZ": "chq_phs",
        "EXTR": "das",
    }
    rows = listing(demo, "assessments")
    infused = {row["subject_id"] for row in read(DATA / "subjects.csv") if row["infusion_date"]}
    recorded = [
        row
        for row in read(DATA / "visits.csv")
        if row["subject_id"] in infused and row["visit_date"] <= CUTOFF
    ]
    assert len(rows) == len(recorded) == 78
    for row in rows:
        line = source(row["SRCDOM"], row["SRCSEQ"])
        assert (row["SUBJID"], row["ADT"]) == (line["subject_id"], line["visit_date"])
        for code, column in places.items():
            shown, given = row[code], line[column]
            assert (shown == "") == (given == "")
            assert not shown or float(shown) == float(given)


def test_scores_of_an_assessment_add_up(demo: Made) -> None:
    scored = [row for row in listing(demo, "assessments") if row["TIS"]]
    assert len(scored) == 57
    for row in scored:
        parts = [row[f"{code}SC"] for code in ("PHYS", "PAR", "MUS", "FUN", "ENZ", "EXTR")]
        assert sum(float(part or 0) for part in parts) == float(row["TIS"])
        assert (row["REASON"] == "PARTIAL") == ("" in parts)


def test_durations_are_the_days_between_their_dates_and_end_where_the_source_says(
    demo: Made,
) -> None:
    rows = listing(demo, "duration")
    for row in rows:
        start, end = (dt.date.fromisoformat(row[name]) for name in ("STARTDT", "ADT"))
        assert int(row["AVAL"]) == (end - start).days + 1
        assert float(row["AVALM"]) == pytest.approx(int(row["AVAL"]) / 30.4375, abs=1e-12)
        recorded = source(row["SRCDOM"], row["SRCSEQ"])[row["SRCVAR"]]
        # Who was in contact after the cut-off was alive at it.
        later = row["SRCVAR"] == "last_contact_date" and recorded > CUTOFF
        assert row["ADT"] == (CUTOFF if later else recorded)
    (first,) = (r for r in rows if (r["SUBJID"], r["PARAMCD"]) == ("CQ-001", "DOR"))
    assert (first["STARTDT"], first["ADT"], first["AVAL"]) == ("2023-05-12", "2023-11-09", "182")
    assert first["EVNTDESC"] == "RECURRENCE"


@pytest.mark.parametrize("parameter", ["DOR", "EFS"])
def test_durations_add_up_to_the_table(demo: Made, parameter: str) -> None:
    rows = [row for row in listing(demo, "duration") if row["PARAMCD"] == parameter]
    assert len(rows) == count(demo, "t_dor", parameter, "n_subjects")
    events = [row for row in rows if row["CNSR"] == "0"]
    assert len(events) == count(demo, "t_dor", parameter, "n_event") > 0
    assert all((row["CNSDTDSC"] == "") == (row["CNSR"] == "0") for row in rows)


@pytest.mark.parametrize(("visit", "improved"), [("M2", 9), ("M3", 6)])
def test_improvement_adds_up_to_the_table(demo: Made, visit: str, improved: int) -> None:
    rows = [row for row in listing(demo, "improvement") if row["AVISIT"] == visit]
    assert len(rows) == 10
    assert sum(row["AVALC"] == "Y" for row in rows) == improved
    assert improved == count(demo, "t_improvement", visit, "n_improved")
    pending = [row for row in rows if row["REASON"] == "PENDING"]
    assert len(pending) == count(demo, "t_improvement", visit, "n_pending")
    for row in rows:
        assert (row["AVALC"] == "Y") == (row["TIS"] != "" and float(row["TIS"]) >= 30)


def test_adverse_events_add_up_to_the_table(demo: Made) -> None:
    rows = listing(demo, "adverse_events")
    severe = [row for row in rows if row["W28FL"] == "Y" and row["AETOXGR"] in ("3", "4", "5")]
    assert len(severe) == count(demo, "t_ae_overview", "D28|GRADE3", "n_events") == 13
    subjects = len({row["SUBJID"] for row in severe})
    assert subjects == count(demo, "t_ae_overview", "D28|GRADE3", "n_subjects") == 9
    (ungraded,) = (row for row in rows if row["AETOXGR"] == "")
    assert source("adverse_events", ungraded["SRCSEQ"])["ctcae_grade"] == ""


def test_deaths_name_their_date_and_what_they_ended(demo: Made) -> None:
    (death,) = listing(demo, "deaths")
    assert (death["SUBJID"], death["DTHDT"], death["DTHDY"]) == ("CQ-005", "2024-04-13", "306")
    assert (death["DOR"], death["EFS"], death["FATALAE"]) == ("DEATH", "DEATH", "Pneumonia")
    assert source(death["SRCDOM"], death["SRCSEQ"])[death["SRCVAR"]] == death["DTHDT"]


def test_flares_are_early_losses_that_the_investigator_did_not_record(demo: Made) -> None:
    rows = listing(demo, "flares")
    assert [(row["SUBJID"], row["ADT"]) for row in rows] == [
        ("CQ-005", "2023-07-10"),
        ("CQ-005", "2023-07-13"),
    ]
    for row in rows:
        infusion, seen = (dt.date.fromisoformat(row[name]) for name in ("TRTSDT", "ADT"))
        assert (seen - infusion).days <= 30
        assert row["REMSDT"] < row["ADT"]
        recorded = source("visits", row["SRCSEQ"])["investigator_assessment"]
        assert recorded not in ("recurrence", "progression")


def test_samples_show_their_source_and_parameters_their_reason(demo: Made) -> None:
    samples = listing(demo, "kinetics")
    assert len(samples) == 184
    for row in samples:
        line = source("kinetics", row["SRCSEQ"])
        assert row["PARCAT1"] == line["assay"]
        below = line["below_lloq"] == "Y"
        assert (row["BLQFL"], row["AVAL"] == "") == ("Y" if below else "N", below)
        assert below or float(row["AVAL"]) == float(line["value"])
    parameters = listing(demo, "kinetics_parameters")
    assert all(row["AVAL"] or row["FLAG"] for row in parameters)
    (area,) = (
        row for row in parameters if (row["SUBJID"], row["PARAMCD"]) == ("CQ-012", "AUC0_90A")
    )
    assert area["AVAL"] == ""
    assert area["REASON"] == "still quantifiable at the last result on day 61, before day 76"


def test_findings_are_those_of_the_checks(demo: Made) -> None:
    found = read(demo[1] / "queries.csv")
    names = list(listing(demo, "queries")[0])
    assert listing(demo, "queries") == [{name: row[name] for name in names} for row in found]


def test_without_their_table_there_is_no_listing(minimal: Made) -> None:
    files = {path.name for path in (minimal[1] / "listings").iterdir()}
    assert files == {listing.file for listing in ALL} - {f"l_{name}.csv" for name in NEEDING}
    (death,) = listing(minimal, "deaths")
    assert death["FATALAE"] == ""


def test_nobody_died_or_was_pending_is_a_listing_without_rows(
    minimal: Made, tmp_path: Path
) -> None:
    """Two visits pending for one subject: neither has an assessment to be joined by."""
    plan, folder = minimal
    for name in ("adsl", "adrs", "adtte"):
        frame = pd.read_parquet(folder / "adam" / f"{name}.parquet")
        kept = frame.loc[frame["SUBJID"] == "CQ-012"]
        if name == "adrs":
            pending = kept.loc[kept["REASON"] == "PENDING"]
            first = pending.assign(AVISIT="M2", AWTARGET=60, ASEQ=999)
            kept = pd.concat([kept.loc[kept["PARAMCD"] != "IMPR"], pending, first])
        write_parquet(tmp_path / "adam" / f"{name}.parquet", kept)
    (tmp_path / "queries.csv").write_text((folder / "queries.csv").read_text())
    name_tables(tmp_path, "subjects", "visits")
    # Of an earlier run, with a table that the study does not hand over any more.
    write_parquet(tmp_path / "adam" / "adae.parquet", pd.DataFrame({"SUBJID": ["CQ-012"]}))
    write_listings(listing_records(plan, tmp_path), tmp_path)
    made = (plan, tmp_path)
    assert listing(made, "deaths") == listing(made, "flares") == []
    rows = listing(made, "improvement")
    assert [(row["AVISIT"], row["REASON"]) for row in rows] == [
        ("M2", "PENDING"),
        ("M3", "PENDING"),
    ]
    assert not (tmp_path / "listings" / "l_adverse_events.csv").exists()


def test_a_second_value_of_a_measure_of_an_assessment_is_refused(
    minimal: Made, tmp_path: Path
) -> None:
    plan, folder = minimal
    adrs = pd.read_parquet(folder / "adam" / "adrs.parquet")
    second = adrs.loc[adrs["PARAMCD"] == "PHYS"].head(1)
    write_parquet(tmp_path / "adam" / "adrs.parquet", pd.concat([adrs, second]))
    (assessments,) = (each for each in ALL if each.name == "assessments")
    with pytest.raises(ValueError, match="duplicate"):
        assessments.table(ResultsFolder(tmp_path, plan), plan)


@pytest.mark.slow
def test_text_is_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    plan = (ROOT / "config" / "config.yaml").read_text().split("\nsensitivity:")[0]
    made = run_study(hostile(tmp_path), plan, without=("figures",))
    texts = [row["AETERM"] for row in listing(made, "adverse_events")]
    assert f"'{FORMULA}" in texts
    for each in ALL:
        for row in listing(made, each.name):
            for column, cell in row.items():
                if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                    assert isinstance(float(cell), float), (each.name, column, cell)
