"""Which records of an SDTM package count, by the plan: the others are counted and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.intake.package import domains, native, packaged
from tests.intake.study import planned
from tests.intake.test_formats import checked
from tests.intake.test_sdtm_misreadings import Rows, examined, listed, refused

#: A test that two questionnaires share.
TOTAL = {"visits": {"chaq": "QS.TOTAL", "chq_phs": "QS.TOTAL"}}
QUALIFIERS = {"chaq": {"QSCAT": "CHAQ"}, "chq_phs": {"QSCAT": ["CHQ-PF50", "CHQ-PF28"]}}


def shared_test() -> Rows:
    """CHAQ and CHQ-PhS as one test of two categories, and one record of a third."""
    found = domains()
    names = {"CHAQ": "CHAQ", "CHQPHS": "CHQ-PF50"}
    for row in found["QS"]:
        row["QSCAT"] = names.get(row["QSTESTCD"], "")
        row["QSTESTCD"] = "TOTAL" if row["QSCAT"] else row["QSTESTCD"]
    found["QS"].append(found["QS"][0] | {"QSTESTCD": "TOTAL", "QSCAT": "CDLQI", "QSSTRESC": "2.5"})
    return found


def test_two_measures_of_one_test_are_told_apart_by_their_category(tmp_path: Path) -> None:
    study, queries = examined(tmp_path, shared_test(), variables=TOTAL, qualifiers=QUALIFIERS)
    visits = checked(study, "visits")
    expected = native("visits")
    for name in ("chaq", "chq_phs"):
        given = sorted(float(row[name]) for row in expected if row[name])
        assert sorted(visits[name].dropna()) == given
    place = len(shared_test()["QS"]) + 1
    assert listed(queries, "unused_record") == [("qs.csv", str(place), "chaq", "CDLQI", "warning")]
    (message,) = queries.query("rule == 'unused_record'")["message"]
    assert message == (
        f"qs.csv, row {place}: QSCAT: found CDLQI; 1 record(s) of QS.TOTAL left out, the first"
        " here; expected QSCAT CHAQ or QSCAT CHQ-PF50 or CHQ-PF28 (inputs.sdtm.qualifiers)"
    )
    assert listed(queries, "no_such_value") == [("qs.csv", "", "QSCAT", "CHQ-PF28", "warning")]


def test_categories_of_one_test_are_not_mixed_without_a_word(tmp_path: Path) -> None:
    found = shared_test()
    measures = {"visits": {"chaq": "QS.TOTAL", "chq_phs": ""}}
    _, queries = examined(tmp_path, found, variables=measures)
    wrong = listed(queries, "mixed_qualifiers")
    assert [(file, column, value, severity) for file, _, column, value, severity in wrong] == [
        ("qs.csv", "chaq", "CHQ-PF50", "error"),
        ("qs.csv", "chaq", "CDLQI", "error"),
    ]


def specimens(folder: Path, **keys: Any) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The package with the first CK of urine."""
    found = domains()
    for row in found["LB"]:
        row["LBSPEC"] = "SERUM"
    first = next(row for row in found["LB"] if row["LBTESTCD"] == "CK")
    first["LBSPEC"] = "URINE"
    study, queries = examined(folder, found, **keys)
    visits = checked(study, "visits")
    mine = visits["subject_id"].eq(first["USUBJID"]) & visits["visit_date"].eq(first["LBDTC"])
    return visits.loc[mine, ["ck", "ck_uln"]], queries, str(found["LB"].index(first) + 2)


def test_urine_is_not_taken_for_serum(tmp_path: Path) -> None:
    _, queries, _ = specimens(tmp_path)
    ((_, _, column, value, severity),) = listed(queries, "mixed_qualifiers")
    assert (column, value, severity) == ("ck", "SERUM", "error")


@pytest.mark.parametrize(
    "keys",
    [
        {"where": {"LB": {"LBSPEC": ["SERUM", "PLASMA"]}}},
        {"where_not": {"LB": {"LBSPEC": "URINE"}}},
        {"qualifiers": {"ck": {"LBSPEC": "SERUM"}}},
    ],
)
def test_a_specimen_that_does_not_count_is_left_out(keys: dict[str, Any], tmp_path: Path) -> None:
    value, queries, row = specimens(tmp_path, **keys)
    assert value.isna().all(axis=None)
    assert listed(queries, "mixed_qualifiers") == []
    ((file, place, _, text, severity),) = listed(queries, "unused_record")
    assert (file, place, text, severity) == ("lb.csv", row, "URINE", "warning")


def test_the_report_says_how_many_records_count(tmp_path: Path) -> None:
    import json

    found = domains()
    for row in found["LB"]:
        row["LBSPEC"] = "SERUM"
    found["LB"][0]["LBSPEC"] = "URINE"
    study, _ = examined(tmp_path, found, where={"LB": {"LBSPEC": "SERUM"}})
    sources = json.loads((study.results / "checked" / "sources.json").read_text())
    number = len(found["LB"])
    assert sources["visits"]["declared"] == [f"{number - 1} of {number} records of LB count"]
    assert sources["visits"]["records"]["LB"] == number


@pytest.mark.parametrize(
    ("keys", "used"),
    [
        ({}, False),
        ({"where": {"RS": {"RSEVAL": ["INVESTIGATOR", ""]}}}, False),
        ({"where_not": {"RS": {"RSEVAL": "INDEPENDENT ASSESSOR"}}}, False),
        ({"where": {"RS": {"RSEVAL": ["INDEPENDENT ASSESSOR", ""]}}}, True),
        ({"qualifiers": {"investigator_assessment": {"RSEVAL": ["INDEPENDENT ASSESSOR", ""]}}},
         True),
    ],
)  # fmt: skip
def test_a_lone_record_of_another_evaluator_counts_only_where_the_plan_names_it(
    keys: dict[str, Any], used: bool, tmp_path: Path
) -> None:
    found = domains()
    for row in found["RS"]:
        row["RSEVAL"] = ""
    record = next(row for row in found["RS"] if row["RSTESTCD"] == "INVASSES")
    record["RSEVAL"] = "INDEPENDENT ASSESSOR"
    study, queries = examined(tmp_path, found, **keys)
    visits = checked(study, "visits")
    mine = visits["subject_id"].eq(record["USUBJID"]) & visits["visit_date"].eq(record["RSDTC"])
    (value,) = visits.loc[mine, "investigator_assessment"]
    assert (value == record["RSSTRESC"]) is used
    assert len(listed(queries, "unused_record")) == (not used)


def test_of_subjects_that_are_left_out_no_record_counts(tmp_path: Path) -> None:
    found = domains()
    for row in found["DM"]:
        row["ARMCD"] = "SCRNFAIL" if row["USUBJID"] == "CQ-003" else "CART"
    study, queries = examined(tmp_path, found, where_not={"DM": {"ARMCD": "SCRNFAIL"}})
    assert listed(queries, "unused_record") == [("dm.csv", "4", "", "SCRNFAIL", "warning")]
    assert not listed(queries, "unknown_subject")
    for table in ("subjects", "visits", "therapies", "adverse_events", "kinetics"):
        given = {row["subject_id"] for row in native(table)} - {"CQ-003"}
        assert set(checked(study, table)["subject_id"]) == given


def test_a_record_that_is_kept_though_its_text_is_spelt_as_one_left_out_is_told(
    tmp_path: Path,
) -> None:
    """Two screen failures: that of the other spelling would be a subject of the study."""
    found = domains()
    for row in found["DM"]:
        row["ARMCD"] = "A"
    found["DM"][2]["ARMCD"], found["DM"][6]["ARMCD"] = "SCRNFAIL", "Scrnfail"
    study, queries = examined(tmp_path, found, where_not={"DM": {"ARMCD": ["SCRNFAIL"]}})
    assert len(checked(study, "subjects")) == len(found["DM"]) - 1
    (message,) = queries.loc[queries["rule"] == "spelling_varies", "message"]
    assert message == (
        "dm.csv, row 8: ARMCD is Scrnfail in 1 record(s), first here; expected SCRNFAIL, as"
        " inputs.sdtm.where_not.DM.ARMCD"
    )


def test_two_spellings_that_are_both_left_out_are_no_doubt(tmp_path: Path) -> None:
    found = domains()
    for row in found["DM"]:
        row["ARMCD"] = "A"
    found["DM"][2]["ARMCD"], found["DM"][6]["ARMCD"] = "SCRNFAIL", "Scrnfail"
    both = {"DM": {"ARMCD": ["SCRNFAIL", "Scrnfail"]}}
    study, queries = examined(tmp_path, found, where_not=both)
    assert len(checked(study, "subjects")) == len(found["DM"]) - 2
    assert not (queries["rule"] == "spelling_varies").any()


def test_qualifiers_of_a_record_that_is_left_out_are_no_error(tmp_path: Path) -> None:
    found = domains()
    for row in found["AE"]:
        row["AETRTEM"] = "Y"
    found["AE"][0]["AETRTEM"] = "N"
    study, queries = examined(tmp_path, found, where={"AE": {"AETRTEM": "Y"}})
    assert listed(queries, "unused_record") == [("ae.csv", "2", "", "N", "warning")]
    assert len(checked(study, "adverse_events")) == len(found["AE"]) - 1


def test_a_variable_of_a_condition_that_is_missing_is_told(tmp_path: Path) -> None:
    _, queries = examined(tmp_path, domains(), where={"LB": {"LBSPEC": "SERUM"}})
    assert ("lb.csv", "", "LBSPEC", "", "error") in listed(queries, "missing_column")


def test_a_split_domain_is_read_from_its_files(tmp_path: Path) -> None:
    found = domains()
    study, _ = examined(tmp_path, found)
    whole = {table: checked(study, table) for table in ("visits", "adverse_events")}
    folder = tmp_path / "split"
    folder.mkdir()
    halves = {"QSCG": found["QS"][::2], "QSPH": found["QS"][1::2]}
    halves |= {"AEONE": found["AE"][:7], "AETWO": found["AE"][7:]}
    study = packaged(folder, "csv", {**found, **halves})
    for name in ("qs.csv", "ae.csv"):
        (folder / name).unlink()
    files = {"QS": ["qscg.csv", "qsph.csv"], "AE": ["aeone.csv", "aetwo.csv"]}
    planned("inputs.sdtm.files", files)(study)
    planned("inputs.sdtm.records", {"QSCG": len(halves["QSCG"])})(study)
    found["AE"][8]["AESER"] = "?"
    errors = [one for one in study.check() if one.severity == "error"]
    assert errors == []
    keys = ["subject_id", "visit_date", "visit"]
    visits = checked(study, "visits")
    pd.testing.assert_frame_equal(visits, whole["visits"])
    events = checked(study, "adverse_events")
    pd.testing.assert_frame_equal(
        events.drop(columns="source_row"), whole["adverse_events"].drop(columns="source_row")
    )
    origins = pd.read_csv(study.results / "checked" / "origins.csv", keep_default_na=False)
    mine = origins.query("table == 'adverse_events' and column == 'term'")
    assert mine["file"].tolist() == ["aeone.csv"] * 7 + ["aetwo.csv"] * (len(events) - 7)
    assert mine["record"].tolist() == [*range(2, 9), *range(2, len(events) - 5)]
    assert set(keys) <= set(visits)


def test_a_finding_in_a_part_of_a_domain_names_its_file_and_row(tmp_path: Path) -> None:
    found = domains()
    parts = {"AEONE": found["AE"][:7], "AETWO": found["AE"][7:]}
    parts["AETWO"][1] |= {"AESER": "?"}
    parts["AETWO"][0] |= {"AESEQ": found["AE"][0]["AESEQ"], "USUBJID": found["AE"][0]["USUBJID"]}
    found["SUPPAE"] = []
    study = packaged(tmp_path, "csv", {**{k: v for k, v in found.items() if v}, **parts})
    (tmp_path / "suppae.csv").write_text("USUBJID,IDVAR,IDVARVAL,QNAM,QVAL\n")
    planned("inputs.sdtm.files", {"AE": ["aeone.csv", "aetwo.csv"]})(study)
    study.check()
    queries = pd.read_csv(study.results / "queries.csv", keep_default_na=False, dtype=str)
    assert listed(queries, "not_allowed") == [("aetwo.csv", "3", "serious", "?", "error")]
    assert ("aetwo.csv", "2", "ae_seq", "1", "error") in listed(queries, "duplicate_record")


def test_a_domain_that_no_definition_needs_may_lack(tmp_path: Path) -> None:
    study = packaged(tmp_path, "csv")
    (tmp_path / "suppdm.csv").unlink()
    planned("inputs.sdtm.variables", {})(study)
    planned("groups", [])(study)
    planned("safety.escalation", "none")(study)
    assert not [one for one in study.check() if one.severity == "error"]
    assert checked(study, "subjects")["part"].isna().all()


def test_a_domain_that_a_definition_needs_must_be_there(tmp_path: Path) -> None:
    study = packaged(tmp_path, "csv")
    (tmp_path / "suppdm.csv").unlink()
    planned("inputs.sdtm.variables", {})(study)
    told = [one for one in study.check() if one.severity == "error"]
    assert [(one.column, one.rule) for one in told] == [
        ("dose_level", "missing_column"),
        ("part", "missing_column"),
    ]


def test_what_a_definition_needs_cannot_be_said_not_to_be_recorded(tmp_path: Path) -> None:
    _, queries = examined(tmp_path, domains(), variables={"visits": {"cmas": ""}})
    (message,) = queries.query("rule == 'missing_column'")["message"]
    assert message.startswith("ft.csv, lb.csv, qs.csv, rs.csv: not recorded")
    assert "(inputs.sdtm.variables.visits.cmas); expected it for cmas, needed by" in message


def test_labels_that_mean_one_visit_are_one_assessment(tmp_path: Path) -> None:
    """The laboratory calls the visit otherwise than the clinic."""
    found = domains()
    labels = {row["VISIT"] for row in found["LB"]}
    for row in found["LB"]:
        row["VISIT"] = f"LAB {row['VISIT']}"
    values = {"visits": {"visit": {f"LAB {label}": label for label in labels}}}
    values["visits"]["visit"] |= {"UNSCHEDULED": "UNS", "LAB UNSCHEDULED": "UNS"}
    study, queries = examined(tmp_path, found, values=values)
    assert not queries["severity"].eq("error").any()
    assert len(checked(study, "visits")) == len(native("visits"))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"where": {"XX": {"XXCAT": "A"}}}, "inputs.sdtm.where.XX: found a domain that is not"),
        ({"where": {"LB": {"lbspec": "SERUM"}}}, "where.LB.lbspec: found no variable of SDTM"),
        ({"where": {"LB": {}}}, "inputs.sdtm.where.LB: found no condition"),
        ({"where": {"LB": {"LBSPEC": "A"}}, "where_not": {"LB": {"LBSPEC": "A"}}},
         "found 'A' in where and in where_not"),
        ({"qualifiers": {"part": {"QSCAT": "A"}}}, "qualifiers.part: found no measure of visits"),
        ({"qualifiers": {"jdmai1": {"QSCAT": "A"}}}, "found a column that is read from no test"),
        ({"qualifiers": {"chaq": {"QSTESTCD": "A"}}}, "found the variable of the test"),
        ({"qualifiers": {"chaq": {"QSEVAL": "PARENT"}}, "evaluators": {"chaq": ["PARENT"]}},
         "chaq.QSEVAL: found evaluators here and in inputs.sdtm.evaluators.chaq"),
        ({"variables": TOTAL}, "expected a test for each, or inputs.sdtm.qualifiers"),
        ({"variables": TOTAL, "qualifiers": {"chaq": {"QSCAT": "A"}}}, "a test for each"),
        ({"variables": TOTAL, "qualifiers": {"chaq": {"QSCAT": ["A", "B"]},
                                             "chq_phs": {"QSCAT": ["B", "C"]}}}, "a test for each"),
        ({"files": {"QS": ["qs.xpt", "../qs2.xpt"]}}, "the name of a file in inputs.sdtm.folder"),
        ({"files": {"QS": ["qs1.xpt", "lb.xpt"]}}, "found two files of the name LB"),
        ({"files": {"QS": ["qs1.xpt", "qs2.xpt"]}, "records": {"QS": 5}}, "records.QS: found"),
        ({"variables": {"therapies": {"new_systemic": ""}}}, "there is no analysis without it"),
        ({"variables": {"subjects": {"cells_kg": "EX.EXDOSE"}}},
         "inputs.sdtm.variables.subjects.cells_kg: found an unknown column"),
    ],
)  # fmt: skip
def test_a_choice_of_records_that_cannot_be_meant_is_refused(
    keys: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    assert problem in refused(tmp_path, **keys)


def test_what_is_said_of_some_tables_alone_is_a_plan(tmp_path: Path) -> None:
    """For the comparison of two analyses, one of which had fewer tables."""
    from durable.plan import parse
    from durable.plan.sdtm import reduce_to_tables
    from tests.intake.study import Study

    study = Study(tmp_path)
    keys = {
        "where": {"AE": {"AETRTEM": "Y"}, "LB": {"LBSPEC": "SERUM"}},
        "files": {"AE": ["ae1.xpt", "ae2.xpt"], "QS": ["qs1.xpt", "qs2.xpt"]},
        "records": {"AE1": 3, "AE2": 4, "QS1": 5, "DM": 6},
        "values": {"adverse_events": {"serious": {"1": "Y"}}},
        "partial_dates": {
            "therapies": {"start_date": "earliest"},
            "subjects": {"death_date": "earliest"},
        },
        "qualifiers": {"cmas": {"QSCAT": "CMAS"}},
    }
    study.raw["inputs"] = {"sdtm": {"folder": "x", **keys}}
    values = parse(study.raw).model_dump(mode="json")["inputs"]["sdtm"]
    study.raw["inputs"]["sdtm"] = reduce_to_tables(values, ["subjects", "visits"])
    sdtm = parse(study.raw).inputs.sdtm
    assert sdtm is not None
    assert sdtm.where == {"LB": {"LBSPEC": ("SERUM",)}}
    assert (list(sdtm.files), sdtm.records) == (["QS"], {"QS1": 5, "DM": 6})
    assert sdtm.values == {}  # noqa: PD011  (a key of the plan)
    assert list(sdtm.partial_dates) == ["subjects"]
    assert list(sdtm.qualifiers) == ["cmas"]
    assert reduce_to_tables(values, ["subjects", "therapies"])["qualifiers"] == {}
