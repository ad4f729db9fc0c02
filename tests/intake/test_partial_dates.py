"""Dates of adverse events recorded in part, from the file to ADAE."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from durable.stage import STAGES
from durable.stages import derive
from tests.intake.study import Study, again, cell


def events(study: Study) -> pd.DataFrame:
    """ADAE of the study, by subject and identifier of the event."""
    study.check()
    derive.run(study.plan().restrict_to(STAGES["derive"].sections), study.results)
    frame = pd.read_parquet(study.results / "adam" / "adae.parquet")
    for column in ("ASTDT", "AENDT"):
        frame[column] = frame[column].dt.strftime("%Y-%m-%d").fillna("")
    return frame.fillna({"ASTDTF": "", "AENDTF": ""}).set_index(["SUBJID", "AEID"])


def test_dates_recorded_in_part_reach_adae_imputed_and_flagged(tmp_path: Path) -> None:
    # CQ-001: infused 2023-02-14. Cut-off of the demo: 2024-06-30.
    study = Study(tmp_path)
    for edit in (
        cell("adverse_events", 2, "start_date", "2023-01"),  # ended before the infusion
        cell("adverse_events", 3, "start_date", "2023-02"),  # the month of the infusion
        cell("adverse_events", 4, "start_date", ""),
        cell("adverse_events", 5, "end_date", "2023-02"),
        cell("adverse_events", 6, "end_date", "2023"),
        cell("adverse_events", 7, "start_date", "2023-03"),
        again("adverse_events", 8, ae_id="AE-11", start_date="2024-07", end_date=""),
        again("adverse_events", 8, ae_id="AE-09", start_date="2024", end_date="2024"),
        again("adverse_events", 8, ae_id="AE-10", start_date="2024", end_date="2024-07"),
    ):
        edit(study)
    seen = events(study).loc["CQ-001", ["ASTDT", "ASTDTF", "AENDT", "AENDTF"]]
    assert {event: tuple(row) for event, row in zip(seen.index, seen.to_numpy(), strict=True)} == {
        "AE-01": ("2023-01-01", "D", "2023-01-24", ""),
        "AE-02": ("2023-02-14", "D", "2023-03-06", ""),
        "AE-03": ("2023-02-14", "Y", "2023-02-22", ""),
        "AE-04": ("2023-02-20", "", "2023-02-28", "D"),
        "AE-05": ("2023-02-26", "", "2023-12-31", "M"),
        "AE-06": ("2023-03-01", "D", "2023-08-19", ""),
        "AE-07": ("2023-07-07", "", "2023-07-15", ""),
        "AE-08": ("2024-04-16", "", "2024-04-18", ""),
        "AE-09": ("2024-01-01", "M", "2024-06-30", "M"),
        "AE-10": ("2024-01-01", "M", "", ""),
    }
    cut = pd.read_csv(study.results / "validated" / "data_cut.csv", dtype=str)
    ours = cut.loc[cut["row"].isin(["51", "53"]) & (cut["table"] == "adverse_events")]
    assert ours[["row", "column", "value", "action"]].to_numpy().tolist() == [
        ["51", "start_date", "2024-07", "record removed"],
        ["53", "end_date", "2024-07", "emptied"],
        ["53", "outcome", "recovered", "emptied"],
    ]


def test_an_event_without_a_start_that_ended_before_the_infusion_starts_at_its_end(
    tmp_path: Path,
) -> None:
    study = Study(tmp_path)
    cell("adverse_events", 2, "start_date", "")(study)
    seen = events(study).loc[("CQ-001", "AE-01")]
    assert (seen["ASTDT"], seen["ASTDTF"], seen["PREFL"]) == ("2023-01-24", "Y", "Y")
