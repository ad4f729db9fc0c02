"""Examples of real deliveries: every draft is a plan, and says what it could not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from durable.inspection.drafting import StudyDraft, draft_study
from durable.inspection.sheets import read_sheets
from durable.inspection.writing import write_draft
from durable.intake.findings import Findings
from durable.intake.shaping.table import SourceReader
from durable.plan import Input, load, parse
from tests.intake.study import ROOT

SHAPES = ROOT / "tests" / "intake" / "shapes"
FILES = sorted((SHAPES / "edc").glob("*.csv"))
PACKAGES = sorted((SHAPES / "sdtm").iterdir())


def drafted(*paths: Path) -> StudyDraft:
    return draft_study(read_sheets(list(paths)))


def write_files(folder: Path, files: Mapping[str, Iterable[str]]) -> None:
    """Write CSV files from their lines."""
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def inputs(*paths: Path) -> dict[str, Any]:
    return dict(drafted(*paths).plan["inputs"])


@pytest.mark.parametrize("path", [*FILES, *PACKAGES, SHAPES / "base"], ids=lambda path: path.name)
def test_the_draft_of_every_example_is_a_plan(path: Path, tmp_path: Path) -> None:
    study = drafted(path)
    assert study.loads
    written = tmp_path / "draft.yaml"
    written.write_text(write_draft(study, []), encoding="utf-8")
    assert load(written).inputs == parse(study.plan).inputs


@pytest.mark.parametrize(
    ("name", "table", "keys"),
    [
        ("title_row.csv", "visits", {"header_row": 2}),
        ("two_headers.csv", "visits", {"skip_rows": (2,)}),
        ("vis_ddmmm.csv", "visits", {"dates": {"visit_date": ["DD-MMM-YYYY"]}}),
        (
            "sub_na.csv",
            "subjects",
            {
                "missing": {
                    "death_date": ["NA"],
                    "withdrawal_date": ["NA"],
                    "withdrawal_reason": ["NA"],
                }
            },
        ),
        (
            "ae.csv",
            "adverse_events",
            {
                "columns": {"term": "aeterm", "preferred_term": "aeterm"},
                "constant": {"system_organ_class": "Not coded"},
            },
        ),
        ("kin.csv", "kinetics", {}),
    ],
)
def test_an_example_is_drafted_as_a_person_would(
    name: str, table: str, keys: dict[str, Any]
) -> None:
    section = inputs(SHAPES / "edc" / name)[table]
    assert {key: value for key, value in section.items() if key != "path"} == keys


def test_one_row_a_measurement_is_drafted_with_unit_and_limit() -> None:
    section = inputs(SHAPES / "edc" / "labs_long.csv")["visits"]
    assert section["long"] == {
        "test": "TEST",
        "value": "RESULT",
        "unit": "UNIT",
        "limit": "ULN",
        "tests": {"CK": "ck", "CMAS": "cmas"},
    }
    assert section["columns"] == {"subject_id": "SUBJECT", "visit": "VISIT", "visit_date": "LBDAT"}


def test_events_and_columns_of_redcap_are_drafted_and_deaths_are_asked_for() -> None:
    study = drafted(SHAPES / "edc" / "redcap.csv")
    subjects, visits = (study.plan["inputs"][name] for name in ("subjects", "visits"))
    assert subjects["where"] == {"redcap_event_name": ["screening_arm_1"]}
    assert visits["values"] == {"visit": {"screening_arm_1": "SCREENING", "month_2_arm_1": "M2"}}
    assert visits["columns"] == {
        "subject_id": "record_id",
        "visit": "redcap_event_name",
        "visit_date": "visit_dt",
        "physician_global": "phys_vas",
        "parent_global": "parent_vas",
    }
    null = [name for name, foreign in subjects["columns"].items() if foreign is None]
    assert "death_date" in null
    assert any("death_date" in text and "null" in text for text in study.questions)


def test_columns_that_are_empty_throughout_are_no_columns_that_are_absent() -> None:
    section = inputs(SHAPES / "edc" / "redcap_full.csv")["subjects"]
    assert None not in section["columns"].values()


def test_a_result_below_a_limit_and_a_partial_date_are_questions() -> None:
    limited = drafted(SHAPES / "edc" / "vis_lt.csv").questions
    assert any(
        text.startswith("visits.ck: 1 result(s) beyond a limit, such as <5") for text in limited
    )
    partial = drafted(SHAPES / "edc" / "vis_partial.csv").questions
    assert (
        "visits.visit_date: 1 date(s) lack the day or the month, and must be complete." in partial
    )


def test_consent_of_a_package_is_found_in_the_dispositions() -> None:
    section = inputs(SHAPES / "sdtm" / "sdtm_d")["sdtm"]
    assert section["variables"]["subjects"]["consent_date"] == "DS.DSSTDTC"
    other = drafted(SHAPES / "sdtm" / "sdtm_mg")
    assert other.plan["inputs"]["sdtm"]["infusion"] == ["DRUG"]
    assert any("EXTRT: which is the infusion?" in text for text in other.questions)


def test_the_same_form_of_two_sites_stands_one_below_the_other(tmp_path: Path) -> None:
    text = (SHAPES / "base" / "visits.csv").read_text()
    for site in ("north", "south"):
        (tmp_path / f"visits-{site}.csv").write_text(text.replace("X", site[0].upper()))
    section = inputs(tmp_path)["visits"]
    assert [Path(one["path"]).name for one in section["files"]] == [
        "visits-north.csv",
        "visits-south.csv",
    ]


def test_a_second_file_of_subjects_is_joined_by_the_subject(tmp_path: Path) -> None:
    rows = [line.split(",") for line in (SHAPES / "base" / "subjects.csv").read_text().split()]
    places = [rows[0].index(name) for name in ("infusion_date", "cells_per_kg")]
    left = [",".join(c for i, c in enumerate(row) if i not in places) for row in rows]
    right = [",".join([row[0], *(row[i] for i in places)]) for row in rows]
    right[0] = "PATIENT,Infusion date,Cells/kg"
    (tmp_path / "demographics.csv").write_text("\n".join(left) + "\n")
    (tmp_path / "infusion.csv").write_text("\n".join(right) + "\n")
    section = inputs(tmp_path)["subjects"]
    (join,) = section["join"]
    assert join["by"] == {"subject_id": "PATIENT"}
    assert join["columns"] == ["Infusion date", "Cells/kg"]
    assert section["columns"]["infusion_date"] == "Infusion date"


@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
@pytest.mark.parametrize("sign", [",", ";", "|", "\t"])
def test_a_written_draft_has_the_separator_of_the_file(
    sign: str, suffix: str, tmp_path: Path
) -> None:
    given = tmp_path / f"visits.{suffix}"
    text = (SHAPES / "base" / "visits.csv").read_text(encoding="utf-8")
    given.write_text(text.replace(",", sign), encoding="utf-8")
    written = tmp_path / "draft.yaml"
    written.write_text(write_draft(drafted(given), []), encoding="utf-8")
    file = load(written).inputs.visits
    assert file is not None
    assert (file.kind, file.delimiter) == (
        ("tsv", None) if sign == "\t" else ("csv", None if sign == "," else sign)
    )
    # The format is said only where the suffix says another one.
    assert (file.format is None) == (suffix == file.kind)


def test_names_of_cdash_are_known_and_the_number_of_the_data_base_is_no_subject(
    tmp_path: Path,
) -> None:
    head, one, two = "subjectId,Subject", "9001,101-001", "9002,101-002"
    files = {
        "dm": (f"{head},SEX,AGE,RFICDAT", f"{one},F,9,02 JAN 2024", f"{two},M,11,05 FEB 2024"),
        "ex": (f"{head},EXSTDAT,EXDOSE", f"{one},01 FEB 2024,2E6", f"{two},01 MAR 2024,3E6"),
        "ae": (
            f"{head},AESPID,AETERM,AETERM_PT,AESTDAT,AEENDAT,AETOXGR",
            f"{one},1,fever,Pyrexia,03 FEB 2024,05 FEB 2024,2",
            f"{two},1,rash,Rash,03 MAR 2024,,1",
        ),
        "cm": (f"{head},CMTRT,CMSTDAT,CMENDAT", f"{one},prednisone,01 JAN 2024,01 MAR 2024"),
    }
    write_files(tmp_path, files)
    study = drafted(tmp_path)
    found = {name: table["columns"] for name, table in study.plan["inputs"].items()}
    assert (
        found["subjects"]
        | {
            "subject_id": "Subject",
            "consent_date": "RFICDAT",
            "infusion_date": "EXSTDAT",
            "cells_per_kg": "EXDOSE",
        }
        == found["subjects"]
    )
    assert (
        found["adverse_events"]
        | {
            "subject_id": "Subject",
            "ae_id": "AESPID",
            "preferred_term": "AETERM_PT",
            "start_date": "AESTDAT",
            "end_date": "AEENDAT",
        }
        == found["adverse_events"]
    )
    assert found["therapies"]["start_date"] == "CMSTDAT"
    assert found["therapies"]["end_date"] == "CMENDAT"
    dose = "subjects.cells_per_kg: the heading says no unit"
    assert any(text.startswith(dose) for text in study.questions)
    written = write_draft(study, [])
    assert "subject_id: Subject  # please check (synonym; subjectId goes as well)" in written


def test_datasets_in_adam_are_drafted_and_the_end_of_study_is_left_to_a_person(
    tmp_path: Path,
) -> None:
    adqs = [("PARGLOB", "6.5"), ("CMAS", "30"), ("MMT8", "60"), ("CHAQ", "1.5")]
    files = {
        "adsl": (
            "USUBJID,AGE,SEX,RFICDT,LDDT,TRTSDT,CELLSKG,LSTALVDT,DTHDT,EOSDT,DCSREAS",
            "S-1,9,F,2024-01-02,2024-01-27,2024-02-01,1000000,2024-08-01,,2024-08-01,",
            "S-2,11,M,2024-02-02,2024-02-27,2024-03-01,3000000,2024-09-01,,2024-09-01,",
        ),
        "adqs": (
            "USUBJID,PARAMCD,AVISIT,ADT,AVAL",
            *(f"S-1,{test},Month 2,2024-04-01,{value}" for test, value in adqs),
            *(f"S-2,{test},Month 2,2024-04-30,{value}" for test, value in adqs),
        ),
        "adlb": (
            "USUBJID,PARAMCD,AVISIT,ADT,AVAL,ANRHI,LBSTRESU",
            "S-1,CK,Month 2,2024-04-01,900,200,U/L",
            "S-2,CK,Month 2,2024-04-30,300,200,U/L",
        ),
        "adae": (
            "USUBJID,AESEQ,AETERM,AEDECOD,AEBODSYS,ASTDT,AENDT,ATOXGR,AREL",
            "S-1,1,fever,Pyrexia,General disorders,2024-02-03,2024-02-05,2,RELATED",
            "S-2,1,rash,Rash,Skin disorders,2024-03-03,,1,NOT RELATED",
        ),
        "adpc": (
            "USUBJID,PCTEST,ADT,NFRLT,AVAL,AVALU",
            "S-1,CAR,2024-02-08,168,1200,copies/ug",
            "S-2,CAR,2024-03-08,168,800,copies/ug",
        ),
    }
    write_files(tmp_path, files)
    study = drafted(tmp_path)
    given = study.plan["inputs"]
    subjects = given["subjects"]["columns"]
    assert subjects["infusion_date"] == "TRTSDT"
    assert subjects["lymphodepletion_date"] == "LDDT"
    assert subjects["last_contact_date"] == "LSTALVDT"
    # The study also ends by completion: the column is named as one that is not used.
    assert subjects["withdrawal_date"] is None
    assert any("EOSDT" in text and "not used" in text for text in study.questions)
    events = given["adverse_events"]["columns"]
    assert (events["ae_id"], events["ae_seq"]) == ("AESEQ", "AESEQ")
    assert (events["start_date"], events["end_date"]) == ("ASTDT", "AENDT")
    assert (events["ctcae_grade"], events["related"]) == ("ATOXGR", "AREL")
    # Results with units are joined to scores without: no score lacks a unit then.
    (join,) = given["visits"]["join"]
    assert join["long"]["unit"] == "LBSTRESU"
    assert "unit" not in given["visits"]["long"]
    # The nominal time of ADaM is one in hours.
    assert "nominal_day" not in given["kinetics"]["columns"]
    assert given["kinetics"]["columns"]["value"] == "AVAL"


def test_words_below_the_limit_of_quantification_are_drafted_and_asked_about(
    tmp_path: Path,
) -> None:
    text = (SHAPES / "edc" / "kin.csv").read_text(encoding="utf-8")
    given = tmp_path / "kinetics.csv"
    given.write_text(text.replace("copies/ug,,Y,50", "copies/ug,<LLOQ,,50"), encoding="utf-8")
    study = drafted(given)
    numbers = study.plan["inputs"]["kinetics"]["numbers"]
    assert numbers == {"below": {"value": "below_lloq"}, "below_lloq": ["<LLOQ"]}
    assert any("1 sample(s) are in words (<LLOQ)" in text for text in study.questions)
    assert not any("no number" in text for text in study.questions)


def test_a_form_of_exposure_is_the_infusion_and_the_lymphodepletion(tmp_path: Path) -> None:
    subjects = ["SUBJID,SEX,AGE", "1,F,9", "2,M,11"]
    doses = ["SUBJID,EXTRT,EXSTDAT,EXDOSE,EXDOSU"]
    for subject, month in (("1", "02"), ("2", "03")):
        doses += [f"{subject},Fludarabine,2024-{month}-{day},30,mg/m2" for day in (10, 11, 12)]
        doses += [f"{subject},Cyclophosphamide,2024-{month}-10,500,mg/m2"]
        doses += [f"{subject},CD19 CAR-T,2024-{month}-15,1.2,10^6 cells/kg"]
    (tmp_path / "dm.csv").write_text("\n".join(subjects) + "\n")
    (tmp_path / "ex.csv").write_text("\n".join(doses) + "\n")
    given = inputs(tmp_path)
    (join,) = given["subjects"]["join"]
    assert join["where"] == {"EXTRT": ["CD19 CAR-T"]}
    assert join["columns"] == ["EXSTDAT", "EXDOSE"]
    assert given["subjects"]["columns"]["infusion_date"] == "EXSTDAT"
    assert given["subjects"]["units"] == {"cells_per_kg": "10^6/kg"}
    before = given["lymphodepletion"]
    assert before["where"] == {"EXTRT": ["Fludarabine", "Cyclophosphamide"]}
    assert before["columns"]["administration_date"] == "EXSTDAT"
    # What else is given beside is left out, and told.
    (tmp_path / "ex.csv").write_text("\n".join([*doses, "1,Mesna,2024-02-10,200,mg"]) + "\n")
    study = drafted(tmp_path)
    assert study.plan["inputs"]["lymphodepletion"] == before
    assert any("are left out: 'Mesna' 1x." in text for text in study.questions)
    # No other medicine of the conditioning is taken for the cells.
    (tmp_path / "ex.csv").write_text("\n".join(doses).replace("CD19 CAR-T", "Carmustine") + "\n")
    assert "join" not in inputs(tmp_path)["subjects"]
    # Beside other medicines it is a list of therapies, and stays one table.
    (tmp_path / "ex.csv").write_text(
        "SUBJID,CMTRT,CMSTDAT,CMENDAT\n1,Cyclophosphamide,2020-01-01,2020-06-01\n"
        "1,Prednisone,2020-01-01,\n2,Prednisone,2021-01-01,\n"
    )
    given = inputs(tmp_path)
    assert set(given) == {"subjects", "therapies"}
    assert "where" not in given["therapies"]


def test_laboratory_results_are_drafted_beside_the_enzymes_of_the_visits(tmp_path: Path) -> None:
    tests = [
        ("Neutrophils", "2.1", "x10^9/L"),
        ("Neutrophils %", "60", "%"),
        ("Hemoglobin", "11.2", "g/dL"),
        ("CD19+ B cells", "<1", "/\u00b5L"),
        ("CD19- cells", "900", "/\u00b5L"),
        ("Platelet Count", "180", "furlong"),
    ]
    lines = ["SUBJID,LBDAT,LBTEST,LBORRES,LBORRESU,LBORNRLO,LBORNRHI"]
    for subject in ("1", "2"):
        lines += [f"{subject},2024-02-01,{test},{value},{unit},1,9" for test, value, unit in tests]
    (tmp_path / "lb.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "dm.csv").write_text("SUBJID,SEX,AGE\n1,F,9\n2,M,11\n")
    study = drafted(tmp_path)
    given = study.plan["inputs"]["laboratory"]
    known = ["Neutrophils", "Hemoglobin", "CD19+ B cells", "Platelet Count"]
    assert given["where"] == {"LBTEST": known}
    assert given["values"] == {
        "test": dict(zip(known, ["NEUT", "HGB", "BCELL", "PLAT"], strict=True)),
        "unit": {"x10^9/L": "10^9/L", "/\u00b5L": "cells/uL"},
    }
    assert given["columns"]["lower_limit"] == "LBORNRLO"
    assert given["columns"]["upper_limit"] == "LBORNRHI"
    assert given["numbers"] == {"below": {"value": "below_lloq"}}
    left_out = "lb.csv: tests that laboratory.tests does not declare are left out"
    assert f"{left_out}: 'Neutrophils %' 2x, 'CD19- cells' 2x." in study.questions
    assert any("(PLAT): 'furlong' 2x." in text for text in study.questions)


DM = ("SUBJID,SEX,AGE", "1,F,9", "2,M,11")


def test_a_column_for_each_laboratory_test_is_drafted_with_the_unit_of_its_heading(
    tmp_path: Path,
) -> None:
    head = "受试者编号,日期,血红蛋白(g/L),中性粒细胞绝对值(10*9/L),中性粒细胞百分比(%),CRP (mg/L)"
    days = ("2024-02-01", "2024-02-08", "2024-03-01")
    blood = [head, *(f"{s},{day},110,2.5,61,<0.5" for s in (1, 2) for day in days)]
    write_files(tmp_path, {"dm": DM, "血常规": blood})
    study = drafted(tmp_path)
    given = study.plan["inputs"]["laboratory"]
    assert given["stack"] == {
        "value": "result",
        "columns": {
            "血红蛋白(g/L)": {"test": "HGB", "unit": "g/L"},
            "中性粒细胞绝对值(10*9/L)": {"test": "NEUT", "unit": "10*9/L"},
            "CRP (mg/L)": {"test": "CRP", "unit": "mg/L"},
        },
    }
    assert given["columns"]["sample_date"] == "日期"
    assert given["values"] == {"unit": {"10*9/L": "10^9/L"}}
    assert given["numbers"] == {"below": {"value": "below_lloq"}}
    assert "血常规.csv: columns not used: 中性粒细胞百分比(%) (1 distinct)." in study.questions


def test_units_of_laboratory_tests_stand_below_the_header_or_are_asked_for(tmp_path: Path) -> None:
    rows = [f"{s},2024-0{m}-01,11.2,2.5,2.4" for s in (1, 2) for m in (2, 3)]
    names = "SUBJID,LBDAT,HGB,ANC,Neutrophils"
    write_files(tmp_path, {"dm": DM, "lb": [names, ",,g/dL,10^9/L,10^9/L", *rows]})
    study = drafted(tmp_path)
    given = study.plan["inputs"]["laboratory"]
    assert given["skip_rows"] == (2,)
    assert given["stack"]["columns"] == {
        "HGB": {"test": "HGB", "unit": "g/dL"},
        "ANC": {"test": "NEUT", "unit": "10^9/L"},
    }
    # Two columns of one test are a choice for a person.
    assert any(text.startswith("lb.csv: Neutrophils not used") for text in study.questions)
    write_files(tmp_path, {"lb": [names, *rows]})
    study = drafted(tmp_path)
    assert study.plan["inputs"]["laboratory"]["stack"]["columns"] == {
        "HGB": {"test": "HGB"},
        "ANC": {"test": "NEUT"},
    }
    assert any("no heading has a unit" in text for text in study.questions)
    # Where others have one, a test without a unit is left out, and told.
    write_files(tmp_path, {"lb": [names.replace("HGB", "HGB (g/dL),WBC (10^9/L)", 1), *(
        row.replace(",11.2", ",11.2,6.1") for row in rows)]})  # fmt: skip
    study = drafted(tmp_path)
    assert list(study.plan["inputs"]["laboratory"]["stack"]["columns"]) == [
        "HGB (g/dL)",
        "WBC (10^9/L)",
    ]
    assert any("lb.csv: ANC, Neutrophils not used" in text for text in study.questions)


@pytest.mark.parametrize("names", ["{test}_{item}", "{item}.{test}"])
def test_a_column_for_each_item_of_a_laboratory_test_is_drafted(names: str, tmp_path: Path) -> None:
    items = {"RES": "11.2", "UNIT": "g/dL", "LLN": "11.5", "ULN": "15.5"}
    head = [names.format(test=test, item=item) for test in ("HGB", "ANC") for item in items]
    row = ["11.2", "g/dL", "11.5", "15.5", "2.1", "10^9/L", "1.5", "8"]
    lines = [f"{s},2024-0{m}-01,{','.join(row)}" for s in (1, 2) for m in (2, 3)]
    write_files(tmp_path, {"dm": DM, "lb": [f"SUBJID,LBDT,{','.join(head)}", *lines]})
    given = inputs(tmp_path)["laboratory"]
    assert given["stack"] == {"value": "cell", "columns": names}
    assert given["long"] == {
        "test": "item",
        "value": "cell",
        "tests": {"RES": "value", "UNIT": "unit", "LLN": "lower_limit", "ULN": "upper_limit"},
    }
    assert given["values"] == {"test": {"ANC": "NEUT"}}
    recorded, _ = SourceReader(Findings()).table("laboratory", Input.model_validate(given))
    columns = ["subject_id", "sample_date", "test", "value", "unit", "lower_limit", "upper_limit"]
    assert recorded.text[columns].astype(str).to_numpy().tolist()[:2] == [
        ["1", "2024-02-01", "HGB", "11.2", "g/dL", "11.5", "15.5"],
        ["1", "2024-02-01", "ANC", "2.1", "10^9/L", "1.5", "8"],
    ]
    # Another test of that form is no part of the draft: its columns are named one by one.
    other = names.format(test="CHOL", item="RES")
    write_files(tmp_path, {"lb": [f"SUBJID,LBDT,{','.join(head)},{other}",
                                  *(f"{line},4.1" for line in lines)]})  # fmt: skip
    made = inputs(tmp_path)["laboratory"]["stack"]["columns"]
    assert list(made) == head
    assert made[head[0]] == {"test": "HGB", "item": "RES"}


def test_laboratory_tests_beside_measures_of_visits_make_a_table_too(tmp_path: Path) -> None:
    visits = [
        "SUBJID,VISIT,VISDT,CMAS,CK,CK_ULN,Hb (g/L),PLT (10^9/L)",
        *(f"{s},M{m},2024-0{m}-01,40,100,200,120,250" for s in (1, 2) for m in (2, 3)),
    ]
    once = [f"{DM[0]},Consent date,Hb (g/L),CRP (mg/L)", *(f"{r},2024-01-05,100,3" for r in DM[1:])]
    write_files(tmp_path, {"dm": once, "visits": visits})
    given = inputs(tmp_path)
    assert given["laboratory"]["path"] == str(tmp_path / "visits.csv")
    # The limit of an enzyme is none of the tests.
    assert given["laboratory"]["columns"] == {
        "subject_id": "SUBJID",
        "sample_date": "VISDT",
        "value": "result",
    }
    assert given["visits"]["path"] == given["laboratory"]["path"]
    assert given["subjects"]["path"] == str(tmp_path / "dm.csv")


def test_a_column_for_each_assay_of_the_cells_is_drafted(tmp_path: Path) -> None:
    cells = [
        "SUBJID,Sample date,Day,CAR by qPCR (copies/ug DNA),LLOQ qPCR,CAR-T cells (cells/uL)",
        *(f"{s},2024-02-0{1 + d},{d},{'BLQ' if d == 0 else 500 * d},50,0.5" for s in (1, 2)
          for d in (0, 7)),
    ]  # fmt: skip
    write_files(tmp_path, {"dm": DM, "cells": cells})
    study = drafted(tmp_path)
    given = study.plan["inputs"]["kinetics"]
    assert given["stack"]["columns"] == {
        "CAR by qPCR (copies/ug DNA)": {"assay": "CAR by qPCR", "unit": "copies/ug DNA"},
        "CAR-T cells (cells/uL)": {"assay": "CAR-T cells", "unit": "cells/uL"},
    }
    assert given["columns"]["nominal_day"] == "Day"
    # The limit of one assay is none of the other.
    assert given["columns"]["lloq"] is None
    assert "cells.csv: columns not used: LLOQ qPCR (1 distinct)." in study.questions
    assert given["numbers"] == {"below": {"value": "below_lloq"}, "below_lloq": ["BLQ"]}


def test_a_column_for_each_day_of_the_kinetics_is_a_query(tmp_path: Path) -> None:
    cells = ["SUBJID,Infusion date,D0,D7,D14,第28天", "1,2024-02-01,BLQ,5000,900,20"]
    write_files(tmp_path, {"dm": DM, "expansion": cells})
    study = drafted(tmp_path)
    assert "kinetics" not in study.plan["inputs"]
    (text,) = [text for text in study.questions if "a column for each day" in text]
    assert text.startswith("expansion.csv has a column for each day (D0, D7, D14, ...)")


def test_the_dose_of_a_list_of_medicines_is_none_per_kg(tmp_path: Path) -> None:
    lines = [
        "SUBJID,Drug,Dose,Unit,Start,Stop",
        "1,Prednisolone,10,mg,2022-01-05,",
        "2,MTX,15,mg,2021-05-01,2023-02-01",
    ]
    write_files(tmp_path, {"dm": DM, "conmeds": lines})
    study = drafted(tmp_path)
    assert "dose" not in study.plan["inputs"]["therapies"]["columns"]
    assert any("columns not used: Dose (2 distinct)" in text for text in study.questions)
    lines[0] = "SUBJID,Drug,Dose (mg/kg/d),Unit,Start,Stop"
    write_files(tmp_path, {"conmeds": lines})
    assert inputs(tmp_path)["therapies"]["columns"]["dose"] == "Dose (mg/kg/d)"


def test_sheets_of_a_clinic_are_drafted_by_their_short_names(tmp_path: Path) -> None:
    sheets = {
        "patients": (
            "Pt,Sex,Age (y),Flu/Cy start,CAR-T date,Dose (x10^6/kg),Last FU",
            "1,F,9,2024-01-27,2024-02-01,1,2024-08-01",
            "2,M,11,2024-02-25,2024-03-01,3,2024-09-01",
        ),
        "efficacy": (
            "Pt,Timepoint (mo),Date,CMAS,PGA (MD),PGA (pt),Prednisone (mg)",
            *(f"1,{m},2024-0{m + 2}-01,30,5,6,20" for m in (0, 1, 2)),
            *(f"2,{m},2024-0{m + 3}-01,35,4,3,30" for m in (0, 1, 2)),
        ),
        "aes": (
            "Pt,AE,Start,Stop,CTCAE grade",
            "1,CRS,2024-02-03,2024-02-05,2",
            "2,Neutropenia,2024-03-03,ongoing,3",
        ),
    }
    write_files(tmp_path, sheets)
    study = drafted(tmp_path)
    given = study.plan["inputs"]
    assert {table: section["columns"]["subject_id"] for table, section in given.items()} == {
        "subjects": "Pt",
        "visits": "Pt",
        "adverse_events": "Pt",
    }
    subjects = given["subjects"]["columns"]
    assert subjects["lymphodepletion_date"] == "Flu/Cy start"
    assert subjects["infusion_date"] == "CAR-T date"
    assert subjects["last_contact_date"] == "Last FU"
    visits = given["visits"]
    assert visits["columns"]["physician_global"] == "PGA (MD)"
    assert visits["columns"]["parent_global"] == "PGA (pt)"
    assert visits["values"] == {"visit": {"0": "BASELINE", "1": "M1", "2": "M2"}}
    events = given["adverse_events"]
    assert (events["columns"]["term"], events["columns"]["preferred_term"]) == ("AE", "AE")
    assert events["missing"] == {"end_date": ["ongoing"]}
    asked = " ".join(study.questions)
    assert events["row_number"] == "ae_id"
    assert "With rows put in or taken out it is that of another event." in asked
    assert "visits.glucocorticoid_mg_kg: 'Prednisone (mg)' does not say mg/kg" in asked
    # Who assessed is no unit, and what goes on is no date that cannot be read.
    assert "the heading says" not in asked
    assert "no date in any usual form" not in asked


def test_headings_that_are_numbered_questions_are_read(tmp_path: Path) -> None:
    headings = {
        "subject_id": "Study Subject ID",
        "visit": "Event Name",
        "visit_date": "Date of assessment (dd/mm/yyyy)",
        "physician_global": "1. Physician global disease activity (0-10 cm VAS)",
        "parent_global": "2. Parent/patient global assessment of overall well-being (0-10 cm)",
        "cmas": "3. CMAS total score (0-52)",
        "ck": "8. Creatine kinase [U/L]",
        "ck_uln": "8a. Upper limit of normal CK [U/L]",
        "immunosuppressant": "10. Is the patient receiving immunosuppressive therapy?",
        "investigator_assessment": "11. Investigator's overall assessment of response",
    }
    values = "Month 2,15/04/2024,5.5,4,30,900,200,Yes,Improved"
    lines = [",".join(headings.values()), f"01-001,{values}", f"01-002,{values}"]
    (tmp_path / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert inputs(tmp_path)["visits"]["columns"] == headings
