"""A trial in its first days has every output, though hardly a number in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable.outputs.listings import LISTINGS
from tests.display.study import ROOT, demo_data, read, run_study

#: What the demo study holds at the end of the day: subjects, infused, their assessments, samples.
#: CQ-001 consents on 2023-01-09, is assessed twice before the infusion on 2023-02-14, and next on
#: 2023-02-26; on the day of infusion there is a sample for each assay, and CQ-002 consents.
DAYS = {
    "2023-01-08": (0, 0, 0, 0),
    "2023-01-10": (1, 0, 0, 0),
    "2023-02-14": (2, 1, 2, 2),
}


@pytest.mark.parametrize("day", DAYS)
def test_every_output_is_made(day: str, tmp_path: Path) -> None:
    text = (ROOT / "config" / "config.yaml").read_text().split("\nsensitivity:")[0]
    _, folder = run_study(demo_data(tmp_path), text.replace("2024-06-30", day))
    listed = {each.name: read(folder / "listings" / f"l_{each.name}.csv") for each in LISTINGS}
    infused = {row["TRTSDT"] for row in listed["subjects"]} - {""}
    found = (len(listed["subjects"]), len(infused))
    assert (*found, len(listed["assessments"]), len(listed["kinetics"])) == DAYS[day]
    assert all(row["TIS"] == "" for row in listed["assessments"])
    rates = {
        row["statistic"]: row["value"]
        for row in read(folder / "ard.csv")
        if (row["output"], row["group"], row["parameter"]) == ("t_improvement", "Total", "M2")
    }
    assert (rates["n_infused"], rates["n_pending"]) == (f"{len(infused)}",) * 2
    # With nobody infused there is no upper limit of a rate to state.
    assert "NE%" not in (folder / "report.html").read_text(encoding="utf-8")
