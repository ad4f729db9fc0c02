"""The table of re-infusions: nobody, one, several; what is not known; the table of estimands."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd
import pytest

from durable.outputs import tables_of
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.estimands import OUTPUT as ESTIMANDS
from durable.outputs.reinfusion import OUTPUT
from durable.outputs.reinfusion_definitions import reinfusion_definitions
from tests.derive.build import ACTIVE, FLARING, INACTIVE, UNKNOWN, date, derived, plan, subject
from tests.derive.build import visit as at

BASE = [at(-6, ACTIVE), at(30, INACTIVE), at(90, FLARING)]


def analysed(
    subjects: list[dict[str, Any]],
    visits: list[dict[str, Any]],
    adae: pd.DataFrame | None = None,
    adpp: pd.DataFrame | None = None,
    *,
    as_new_therapy: bool = True,
) -> tuple[AnalysisDatasets, Any]:
    response = {"reinfusion": {"as_new_therapy": as_new_therapy}}
    sections = {"response": response, "groups": [], "outputs": {"estimands": True}}
    found = derived(subjects, visits, cutoff=400, **sections)
    datasets = AnalysisDatasets(
        adsl=found.adsl, adrs=found.adrs, adtte=found.adtte, adae=adae, adpp=adpp
    )
    return datasets, plan(**sections)


def statistics(*given: Any, **named: Any) -> dict[tuple[str, str], float]:
    """Statistics of the Total by parameter and name."""
    datasets, the_plan = analysed(*given, **named)
    return {
        ("|".join(row.parameter), row.statistic): row.value
        for row in OUTPUT.rows(datasets, the_plan)
    }


def shown(*given: Any, **named: Any) -> dict[str, str]:
    datasets, the_plan = analysed(*given, **named)
    ard = Ard.from_results(OUTPUT.rows(datasets, the_plan))
    found, block = {}, ""
    for row in OUTPUT.table_rows(OUTPUT.tables[0], ard, the_plan):
        block = row.label if not row.cells else block
        if row.cells:
            found[f"{block} / {row.label}" if row.indent else row.label] = row.cells[-1]
    return found


def event(day: int, grade: int | None, name: str = "S1", interest: str = "CRS") -> dict[str, Any]:
    return {"USUBJID": name, "AESI": interest, "ASTCTGR": grade, "APERIOD": 1 if day < 100 else 2}


def adae(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["USUBJID", "AESI", "ASTCTGR", "APERIOD"])
    return frame.astype({"ASTCTGR": "Int64", "APERIOD": "Int64"})


AGAIN = {"reinfusion_date": date(100), "reinfusion_cells_per_kg": 9.5e6}


def test_with_nobody_it_says_so() -> None:
    found = statistics([subject()], BASE, adae(event(5, 3)))
    assert found["REINFUSED", "n"] == 0
    assert found["REINFUSED", "percent"] == 0
    assert isnan(found["DAYS", "median"])
    assert isnan(found["BEFORE_REMISSION", "percent"])
    assert found["CRS", "n"] == 0
    cells = shown([subject()], BASE)
    assert cells["Re-infused, n (%)"] == "0 (0.0)"
    assert cells["Days from the first infusion / Median"] == "NE"


def test_one_subject() -> None:
    found = statistics([subject(**AGAIN)], [*BASE, at(150, INACTIVE)], adae(event(103, 3)))
    assert found["REINFUSED", "n"] == 1
    assert (found["DAYS", "median"], found["DOSE", "median"]) == (100, 9.5e6)
    assert found["BEFORE_NO_REMISSION", "n"] == 1
    assert found["AFTER_IMPROVED", "n"] == found["AFTER_REMISSION", "n"] == 1
    assert found["CRS", "percent"] == found["CRS_GRADE_3_5", "percent"] == 100


@pytest.mark.parametrize("as_new_therapy", [True, False])
def test_it_does_not_depend_on_how_the_infusion_counts(as_new_therapy: bool) -> None:
    given = ([subject(**AGAIN)], [*BASE, at(150, INACTIVE)])
    assert statistics(*given, as_new_therapy=as_new_therapy)["AFTER_REMISSION", "n"] == 1


def test_what_is_on_its_day_was_seen_before() -> None:
    seen = [*BASE[:2], at(100, INACTIVE)]
    found = statistics([subject(**AGAIN)], seen)
    assert found["BEFORE_REMISSION", "n"] == 1
    assert found["AFTER_REMISSION", "n_assessed"] == 0
    assert isnan(found["AFTER_IMPROVED", "percent"])


def test_what_is_not_known_is_counted_as_such() -> None:
    who = subject(reinfusion_date=date(100))
    crs = adae(event(101, None), event(102, None))
    found = statistics([who], [*BASE, at(95, UNKNOWN), at(150, UNKNOWN)], crs)
    assert found["BEFORE_UNKNOWN", "n"] == 1
    assert found["AFTER_IMPROVED", "n_assessed"] == 0
    assert found["DOSE", "n_not_recorded"] == 1
    assert (found["CRS", "n"], found["CRS_GRADE_3_5", "n"]) == (1, 0)
    assert found["CRS_GRADE_3_5", "n_grade_missing"] == 1
    cells = shown([who], BASE, crs)
    assert cells["Dose of the second infusion (10^6 cells/kg) / not recorded"] == "1"


def test_the_best_of_several_and_the_second_period_alone() -> None:
    who = [subject(**AGAIN), subject("S2", reinfusion_date=date(200)), subject("S3")]
    later = [at(day, INACTIVE) for day in (150, 250)]
    visits = [one | {"subject_id": f"S{i}"} for i in (1, 2, 3) for one in [*BASE, *later]]
    visits[-1] |= ACTIVE
    crs = adae(event(50, 4), event(120, 1), event(130, 2), event(300, 3, "S1", "ICANS"))
    found = statistics(who, visits, crs)
    assert (found["REINFUSED", "n"], found["", "n_infused"]) == (2, 3)
    assert (found["DAYS", "min"], found["DAYS", "max"]) == (100, 200)
    assert found["BEFORE_REMISSION", "n"] == 1  # S2, on day 150
    assert found["AFTER_REMISSION", "n"] == 2
    assert (found["CRS", "n"], found["CRS_GRADE_3_5", "n"]) == (1, 0)


def test_the_peaks_of_both_periods_are_those_of_the_re_infused() -> None:
    rows = [("S1", 1, 30.0), ("S1", 2, 10.0), ("S2", 1, 99.0)]
    adpp = pd.DataFrame(rows, columns=["USUBJID", "APERIOD", "AVAL"]).assign(
        PARCAT1="flow", PARCAT2="cells/uL", PARCAT3="CMAX"
    )
    found = statistics([subject(**AGAIN), subject("S2")], BASE, adpp=adpp)
    assert (found["CMAX|PERIOD_1", "n"], found["CMAX|PERIOD_1", "median"]) == (1, 30)
    assert (found["CMAX|PERIOD_2", "n"], found["CMAX|PERIOD_2", "median"]) == (1, 10)
    cells = shown([subject(**AGAIN), subject("S2")], BASE, adpp=adpp)
    assert [label for label in cells if label.startswith("Second infusion")]
    small = shown([subject(**AGAIN), subject("S2")], BASE, adpp=adpp.assign(AVAL=[3, 0.0047, 9]))
    assert small["Second infusion / Median"] == "0.00470"
    assert small["First infusion / Median"] == "3.00000"


def test_the_table_is_there_where_the_plan_says_how_an_infusion_counts() -> None:
    assert "t_reinfusion" not in tables_of(plan(), ("adsl", "adrs", "adtte"))
    the_plan = plan(response={"reinfusion": {"as_new_therapy": True}})
    assert "t_reinfusion" in tables_of(the_plan, ("adsl", "adrs", "adtte"))


@pytest.mark.parametrize(
    ("as_new_therapy", "expected"),
    [
        (True, ["Composite", "an event", ""]),
        (False, ["Treatment policy", "ignored", ""]),
    ],
)
def test_the_estimands_say_how_it_counts(as_new_therapy: bool, expected: list[str]) -> None:
    datasets, the_plan = analysed([subject(**AGAIN)], BASE, as_new_therapy=as_new_therapy)
    ard = Ard.from_results(ESTIMANDS.rows(datasets, the_plan))
    rows = ESTIMANDS.table_rows(ESTIMANDS.tables[0], ard, the_plan)
    found = [list(row.cells) for row in rows if row.label == "Re-infusion"]
    assert found[0][0] == ""
    assert ("counts as new systemic therapy" in found[0][1]) == as_new_therapy
    assert found[0][2] == "1 (100.0)"
    assert found[2] == expected  # duration of response
    assert found[-1] == ["Treatment policy", "ignored", ""]
    rescue = next(row for row in rows if row.label == "New systemic therapy (rescue)")
    assert rescue.cells[2] == ("1 (100.0)" if as_new_therapy else "0 (0.0)")
    rule = the_plan.response.reinfusion
    assert rule is not None
    assert ("ignored" in " ".join(reinfusion_definitions(rule))) != as_new_therapy
