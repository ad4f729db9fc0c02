"""Shapes of real SDTM packages: each is read by configuration alone, or is a clear finding.

The definitions need measures that these small packages do not have, which is told for each
(`missing_column`); what the tests are about is all else.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.intake.check import Examined, examine
from durable.plan import PlanError, parse
from durable.stage import STAGES
from tests.intake.test_sdtm_misreadings import MEASURES
from tests.intake.test_shapes import SCHEDULE, rows

SHAPES = Path(__file__).parent / "shapes" / "sdtm"
#: The packages are cut to two visits, and have no lymphodepletion.
EXPECTED = {"missing_column", "no_baseline", "infusion_without_lymphodepletion"}
SUBJECTS = {"dose_level": "DM.ARMCD", "part": "", "lymphodepletion_date": "", "withdrawal_date": "",
            "withdrawal_reason": ""}  # fmt: skip
VISITS = dict.fromkeys(set(MEASURES) - {"investigator_assessment"}, "")


def examined(name: str | Path, subjects: dict[str, str] | None = None, **keys: Any) -> Examined:
    variables = {"subjects": SUBJECTS | (subjects or {}), "visits": VISITS}
    variables |= keys.pop("variables", {})
    sdtm = {"folder": str(SHAPES / name), "format": "csv", "tables": ["subjects", "visits"]}
    raw = {
        "study": {"id": "X"},
        "analysis": {"id": "x", "title": "X", "data_cutoff": "2025-12-31"},
        "inputs": {"sdtm": sdtm | {"variables": variables} | keys},
        "schedule": SCHEDULE,
        "groups": ["dose_level"],
        "safety": {"escalation": "none"},
    }
    return examine(parse(raw).restrict_to(STAGES["check"].sections))


def told(study: Examined) -> list[str]:
    """Messages of the findings that the packages do not all have."""
    return study.queries.loc[~study.queries["rule"].isin(EXPECTED), "message"].tolist()


OTHER_ASSESSOR = (
    "rs.csv, row 3: RSEVAL: found INDEPENDENT ASSESSOR; expected INVESTIGATOR, or no evaluator"
    " (inputs.sdtm.evaluators.investigator_assessment); the result is not used"
)
ASSESSED = ("subject_id", "visit", "visit_date", "investigator_assessment")
DOSED = ("subject_id", "infusion_date", "cells_per_kg")


@pytest.mark.parametrize("keys", [{}, {"where": {"RS": {"RSEVAL": ["INVESTIGATOR", ""]}}}])
def test_a_lone_record_of_an_independent_assessor_is_not_taken(keys: dict[str, Any]) -> None:
    study = examined("sdtm", **keys)
    left_out = (
        "rs.csv, row 3: RSEVAL: found INDEPENDENT ASSESSOR; 1 record(s) of RS left out, the first"
        " here; expected INVESTIGATOR or empty (inputs.sdtm.where.RS.RSEVAL)"
    )
    assert told(study) == [left_out if keys else OTHER_ASSESSOR]
    assert rows(study, "visits", *ASSESSED)[0] == ("X1", "M2", "2025-03-16", "improved")
    assert [row[-1] for row in rows(study, "visits", *ASSESSED)][1:] in ([], [None])


def test_what_the_definitions_need_is_told(tmp_path: Path) -> None:
    found = examined("sdtm").queries.query("rule == 'missing_column'")
    assert "cmas" in set(found["column"])
    assert "death_date" not in set(found["column"])


def test_consent_is_in_ds_or_not_recorded() -> None:
    study = examined("sdtm_d", {"consent_date": "DS.DSSTDTC"})
    assert told(study) == [OTHER_ASSESSOR]
    assert rows(study, "subjects", "subject_id", "consent_date") == [
        ("X1", "2025-01-02"),
        ("X2", "2025-01-05"),
    ]
    study = examined("sdtm_d", {"consent_date": ""})
    assert told(study) == [OTHER_ASSESSOR]
    assert rows(study, "subjects", "consent_date") == [(None,), (None,)]
    assert "consent_date" in study.sources["subjects"]["not_recorded"]
    missing = examined("sdtm_d").queries.query("rule == 'consent_missing'")
    assert missing["severity"].tolist() == ["error", "error"]


def test_columns_of_dates_and_flags_can_be_said_not_to_be_recorded() -> None:
    unrecorded = dict.fromkeys(("last_contact_date", "death_date", "cells_per_kg", "sex"), "")
    study = examined("sdtm", unrecorded)
    assert told(study) == [OTHER_ASSESSOR]
    assert {*unrecorded} <= {*study.sources["subjects"]["not_recorded"]}


# --- Several infusions ----------------------------------------------------------------------------


def test_a_second_infusion_is_an_error_until_the_plan_takes_it() -> None:
    assert told(examined("sdtm_two"))[0] == (
        "ex.csv, row 4: EXTRT: found CD19 CAR-T; expected one infusion (inputs.sdtm.infusions)"
    )


def test_the_first_of_several_infusions_counts_alone() -> None:
    study = examined("sdtm_two", infusions="first")
    assert told(study)[0] == (
        "ex.csv, row 4: EXTRT: found CD19 CAR-T; expected CD19 CAR-T once: the first infusion alone"
        " is used"
    )
    assert rows(study, "subjects", *DOSED) == [
        ("X1", "2025-01-15", 1_000_000.0),
        ("X2", "2025-01-25", 1_000_000.0),
    ]
    assert study.sources["subjects"]["declared"] == [
        "of several infusions the first counts, with its dose"
    ]


def test_split_infusions_are_added_up_and_stay_traceable() -> None:
    study = examined("sdtm_two", infusions="total", infusion_days=7)
    assert told(study) == [OTHER_ASSESSOR]
    assert rows(study, "subjects", *DOSED) == [
        ("X1", "2025-01-15", 1_500_000.0),
        ("X2", "2025-01-25", 1_000_000.0),
    ]
    assert study.conversions[
        ["subject_id", "column", "recorded", "read_as"]
    ].to_numpy().tolist() == [
        ["X1", "cells_per_kg", "1000000 (ex.csv, row 2) + 500000 (ex.csv, row 4)", "1500000"]
    ]
    assert study.sources["subjects"]["declared"] == [
        "infusions up to 7 day(s) after the first are one, with its date and the sum of their doses"
    ]


HEADER = "USUBJID,EXSEQ,EXTRT,EXDOSE,EXDOSU,EXSTDTC\n"


def exposed(folder: Path, *lines: str, shape: str = "sdtm", **keys: Any) -> Examined:
    """A package with these records of EX; X2 is infused once."""
    package = folder / "package"
    shutil.copytree(SHAPES / shape, package, dirs_exist_ok=True)
    other = "X2,1,CD19 CAR-T,1000000,cells/kg,2025-01-25"
    (package / "ex.csv").write_text(HEADER + "".join(f"{line}\n" for line in (*lines, other)))
    return examined(package, **keys)


def infusion(dose: str, start: str, unit: str = "cells/kg") -> str:
    return f"X1,1,CD19 CAR-T,{dose},{unit},{start}"


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        # In any order of the file; decimals are exact.
        ([infusion("20000.2", "2025-01-16"), infusion("10000.1", "2025-01-15")], 30000.3),
        # The last day that is added up.
        ([infusion("1e6", "2025-01-15"), infusion("2e6", "2025-01-17"),
          infusion("3e6", "2025-01-16")], 6e6),
        # Two bags of one day.
        ([infusion("1e6", "2025-01-15"), infusion("2E6", "2025-01-15T14:00")], 3e6),
        ([infusion("2e6", "2025-01-15")], 2e6),
    ],
)  # fmt: skip
def test_doses_are_added_up_exactly(lines: list[str], cells: float, tmp_path: Path) -> None:
    study = exposed(tmp_path, *lines, infusions="total", infusion_days=2)
    assert told(study) == [OTHER_ASSESSOR]
    assert rows(study, "subjects", *DOSED)[0] == ("X1", "2025-01-15", cells)


@pytest.mark.parametrize(
    ("rule", "lines", "row", "value"),
    [
        ("total", [infusion("1", "2025-01-15"), infusion("2", "2025-01-18")], 3, "2025-01-18"),
        ("total", [infusion("1", "2025-01-15"), infusion("", "2025-01-16")], 3, ""),
        ("total", [infusion("1", "2025-01-15"), infusion("ND", "2025-01-16")], 3, "ND"),
        ("total", [infusion("1", "2025-01-15"), infusion("1", "2025-01")], 3, "2025-01"),
        ("first", [infusion("1", ""), infusion("1", "2025-01-15")], 2, ""),
        ("first", [infusion("1", "2025-01-15"), infusion("2", "2025-01-15")], 3, "2025-01-15"),
        ("first", [infusion("1", "2025-01-15"), infusion("2", "2025-01-15T10:00")], 3,
         "2025-01-15T10:00"),
    ],
)  # fmt: skip
def test_infusions_that_cannot_be_taken_together_are_told(
    rule: str, lines: list[str], row: int, value: str, tmp_path: Path
) -> None:
    keys = {"infusion_days": 2} if rule == "total" else {}
    queries = exposed(tmp_path, *lines, infusions=rule, **keys).queries
    found = queries.query("rule == 'several_infusions'")
    assert found[["row", "value", "severity"]].to_numpy().tolist() == [[row, value, "error"]]


def test_the_earlier_of_two_times_of_a_day_is_the_first(tmp_path: Path) -> None:
    lines = infusion("2e6", "2025-01-15T14:00"), infusion("1e6", "2025-01-15T10:00")
    study = exposed(tmp_path, *lines, infusions="first")
    assert rows(study, "subjects", *DOSED)[0] == ("X1", "2025-01-15", 1e6)
    assert len(told(study)) == 2


# --- Doses in other units -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sdtm_c", "sdtm_mg"])
def test_a_dose_that_is_not_cells_per_kg_is_told_or_declared_not_recorded(name: str) -> None:
    infusion = ["DRUG" if name == "sdtm_mg" else "CD19 CAR-T"]
    wrong = examined(name, infusion=infusion).queries.query("rule == 'other_unit'")
    assert wrong["row"].tolist() == [2, 3]
    assert (
        wrong["message"].str.contains('or "" as inputs.sdtm.variables.subjects.cells_per_kg').all()
    )
    study = examined(name, {"cells_per_kg": ""}, infusion=infusion)
    assert told(study) == [OTHER_ASSESSOR]
    assert rows(study, "subjects", *DOSED) == [
        ("X1", "2025-01-15", None),
        ("X2", "2025-01-25", None),
    ]


def test_a_dose_without_its_unit_is_no_dose(tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(SHAPES / "sdtm", package)
    frame = pd.read_csv(package / "ex.csv", dtype=str).drop(columns="EXDOSU")
    frame.to_csv(package / "ex.csv", index=False)
    found = examined(package).queries.query("rule == 'missing_column' and table == 'subjects'")
    assert found["message"].tolist() == ["ex.csv: no variable EXDOSU; expected it for cells_per_kg"]


ABSOLUTE = {"units": {"subjects": {"cells_per_kg": "10^6 cells"}}, "weight": "VS.WEIGHT"}
WEIGHTS = (
    "X1,WEIGHT,31.0,kg,2024-12-01\n"
    "X1,HEIGHT,140,cm,2025-01-14\n"
    "X1,WEIGHT,32.0,kg,2025-01-15T08:00\n"
    "X1,WEIGHT,40.0,kg,2025-02-15\n"
    "X2,WEIGHT,30.0,kg,2025-01-02\n"
    "X2,WEIGHT,,kg,2025-01-20\n"
)


def weighed(folder: Path, weights: str, **keys: Any) -> Examined:
    package = folder / "package"
    shutil.copytree(SHAPES / "sdtm_c", package, dirs_exist_ok=True)
    (package / "vs.csv").write_text("USUBJID,VSTESTCD,VSSTRESC,VSSTRESU,VSDTC\n" + weights)
    return examined(package, **ABSOLUTE | keys)


def test_cells_are_divided_by_the_last_weight_up_to_the_infusion(tmp_path: Path) -> None:
    """100 million cells: 3.125 million for 32 kg, 3.333 for 30."""
    study = weighed(tmp_path, WEIGHTS)
    assert told(study) == [OTHER_ASSESSOR]
    assert rows(study, "subjects", *DOSED) == [
        ("X1", "2025-01-15", 3_125_000.0),
        ("X2", "2025-01-25", 1e8 / 30),
    ]
    assert study.conversions[["recorded", "read_as"]].to_numpy().tolist()[0] == [
        "100 10^6 cells / 32.0 kg (vs.csv, row 4)",
        "3125000",
    ]
    assert study.sources["subjects"]["declared"] == [
        "cells per kg by the last VS.WEIGHT up to the day of infusion"
    ]
    assert study.sources["subjects"]["records"]["VS"] == 6


def test_split_doses_in_cells_are_added_up_and_divided(tmp_path: Path) -> None:
    weighed(tmp_path, WEIGHTS)
    package = tmp_path / "package"
    with (package / "ex.csv").open("a") as file:
        file.write("S,EX,X1,2,CD19 CAR-T,60,10^6 CELLS,2025-01-16\n")
    study = examined(package, **ABSOLUTE, infusions="total", infusion_days=1)
    assert rows(study, "subjects", *DOSED)[0][2] == 5_000_000.0
    assert study.conversions["recorded"].iloc[0] == (
        "100 (ex.csv, row 2) + 60 (ex.csv, row 4) 10^6 cells / 32.0 kg (vs.csv, row 4)"
    )


@pytest.mark.parametrize(
    ("weights", "rule", "severity"),
    [
        ("X1,WEIGHT,32,kg,2025-01-16\n", "weight_missing", "warning"),
        ("X1,WEIGHT,32,kg,2025-01\n", "weight_missing", "warning"),
        ("X1,WEIGHT,70,lb,2025-01-15\n", "other_unit", "error"),
        ("X1,WEIGHT,32000,kg,2025-01-15\n", "out_of_range", "error"),
        ("X1,WEIGHT,0,kg,2025-01-15\n", "out_of_range", "error"),
        ("X1,WEIGHT,thin,kg,2025-01-15\n", "out_of_range", "error"),
        ("X1,WEIGHT,32,kg,2025-01-15\nX1,WEIGHT,33,kg,2025-01-15\n", "duplicate_record", "error"),
    ],
)
def test_a_weight_that_cannot_be_used_is_told(
    weights: str, rule: str, severity: str, tmp_path: Path
) -> None:
    study = weighed(tmp_path, weights + "X2,WEIGHT,30,kg,2025-01-02\n")
    found = study.queries.query("rule == @rule")
    assert found["severity"].tolist() == [severity]
    assert found["column"].tolist() == ["cells_per_kg"]
    assert rows(study, "subjects", "cells_per_kg")[0] == (None,)


# --- The date of infusion from elsewhere ----------------------------------------------------------


def test_without_ex_the_infusion_is_on_rfxstdtc(tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(SHAPES / "sdtm", package)
    for name in ("ex.csv", "ds.csv"):
        (package / name).unlink()
    study = examined(package, {"infusion_date": "DM.RFXSTDTC", "cells_per_kg": ""})
    assert told(study) == [OTHER_ASSESSOR]
    assert [*study.sources["subjects"]["files"]] == ["DM"]
    assert rows(study, "subjects", *DOSED) == [
        ("X1", "2025-01-15", None),
        ("X2", "2025-01-25", None),
    ]


@pytest.mark.parametrize(("start", "severity"), [("2025-01-14", "warning"), ("", "error")])
def test_a_date_of_infusion_that_ex_contradicts_is_told(
    start: str, severity: str, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(SHAPES / "sdtm", package)
    text = (package / "dm.csv").read_text().replace(",2025-01-15\n", f",{start}\n")
    (package / "dm.csv").write_text(text)
    queries = examined(package, {"infusion_date": "DM.RFXSTDTC"}).queries
    found = queries.query("rule == 'infusion_differs'")
    assert found[["row", "value", "severity"]].to_numpy().tolist() == [[2, start, severity]]


# --- Therapies and partial dates ------------------------------------------------------------------


def with_therapies(**keys: Any) -> Examined:
    drugs = dict.fromkeys(("PREDNISONE", "METHOTREXATE", "HYDROXYCHLOROQUINE"), "N")
    return examined(
        "sdtm_cm",
        tables=["subjects", "visits", "therapies"],
        variables={"therapies": {"new_systemic": "CM.CMTRT"}},
        values={"therapies": {"new_systemic": drugs}},
        **keys,
    )


def test_two_regimens_of_one_drug_and_day_are_two_therapies() -> None:
    study = with_therapies()
    assert not study.queries["rule"].eq("duplicate_record").any()
    frame = study.tables["therapies"].frame
    assert frame["therapy_seq"].tolist() == [1, 2, 3, 4, 1]
    assert frame["reason"].tolist()[2:4] == ["JDM AM", "JDM PM"]


def test_a_death_in_a_month_is_told_where_no_rule_reads_it() -> None:
    found = examined("sdtm_p").queries.query("column == 'death_date'")
    assert found["value"].tolist() == ["2025-06"]


def test_a_death_in_a_month_is_read_by_its_rule() -> None:
    study = examined("sdtm_p", partial_dates={"subjects": {"death_date": "earliest"}})
    # Not before the last contact on 10 June.
    assert rows(study, "subjects", "subject_id", "death_date")[1] == ("X2", "2025-06-10")
    found = study.queries.query("column == 'death_date'")
    assert found[["value", "rule", "severity"]].to_numpy().tolist() == [
        ["2025-06", "partial_date", "warning"]
    ]


def test_therapies_of_a_month_or_a_year_are_read_by_their_rule() -> None:
    study = with_therapies(partial_dates={"therapies": {"start_date": "earliest"}})
    starts = [row[0] for row in rows(study, "therapies", "start_date")]
    assert starts == ["2023-01-01", "2024-03-01", "2025-02-01", "2025-02-01", None]
    # Nothing at all is no date in part: it is asked for.
    missing = study.queries.query("rule == 'missing_value' and column == 'start_date'")
    assert missing["subject_id"].tolist() == ["X2"]


@pytest.mark.parametrize(
    ("subjects", "keys", "problem"),
    [
        ({}, {"infusions": "total"}, "infusion_days: found nothing with infusions total"),
        ({}, {"infusion_days": 3}, "infusion_days: found 3 with infusions single"),
        ({"cells_per_kg": ""}, {"infusions": "total", "infusion_days": 3},
         "inputs.sdtm.infusions: found total"),
        ({"cells_per_kg": "", "infusion_date": "DM.RFXSTDTC"}, {"infusions": "first"},
         "inputs.sdtm.infusions: found first"),
        ({}, {"weight": "VS.WEIGHT"}, "weight: found VS.WEIGHT with doses in cells/kg"),
        ({}, {"units": {"subjects": {"cells_per_kg": "cells"}}}, "nothing with doses in cells"),
        ({"cells_per_kg": ""}, ABSOLUTE, "weight: found VS.WEIGHT"),
        ({}, ABSOLUTE | {"weight": "DM.WEIGHT"}, "expected DOMAIN.TESTCD such as VS.WEIGHT"),
        ({}, {"units": {"subjects": {"cells_per_kg": "mg"}}}, "cells_per_kg: found 'mg'"),
    ],
)  # fmt: skip
def test_rules_that_nothing_would_follow_are_refused(
    subjects: dict[str, str], keys: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PlanError) as error:
        examined("sdtm", subjects, **keys)
    assert problem in str(error.value)
