"""The demo study as an SDTM package is the same study; what is wrong in it is told by domain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from durable.contracts.tables import INPUT_TABLES
from durable.export.handover import FinishedAnalysis
from durable.jdm.measures import ENZYMES
from durable.plan import PlanError, parse
from durable.runs.configuration import plan_of_run
from tests.intake.package import domains, laboratory_results, packaged
from tests.intake.study import DEMO, Study, planned
from tests.intake.test_formats import checked, results

pytestmark = pytest.mark.requirement("DAT-07")

#: Tables that are made from an SDTM package where the plan names none.
OF_PACKAGE = [t.name for t in INPUT_TABLES.values() if t.sdtm and not t.sdtm.when_named]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(tmp_path_factory.mktemp("csv"))
    study.raw["inputs"] = {name: study.raw["inputs"][name] for name in OF_PACKAGE}
    study.check()
    return study


@pytest.mark.parametrize("form", ["xpt", "csv", "dataset-json"])
def test_the_demo_as_a_package_is_the_same_study(form: str, native: Study, tmp_path: Path) -> None:
    study = packaged(tmp_path, form)
    found = study.check()
    assert sorted((one.rule, one.table, one.column) for one in found) == sorted(
        (one.rule, one.table, one.column) for one in native.check()
    )
    keys = {"visits": ["subject_id", "visit_date", "visit"]}
    for table in OF_PACKAGE:
        expected, frame = (
            checked(one, table)
            .sort_values(keys.get(table, ["source_row"]), ignore_index=True)
            .drop(columns=["source_row", "ae_seq", "therapy_seq"], errors="ignore")
            for one in (native, study)
        )
        if table == "subjects":
            # SUBJID of the package; the native study has one identifier.
            assert frame["study_subject_id"].tolist() == expected["subject_id"].tolist()
            frame["study_subject_id"] = None
        pd.testing.assert_frame_equal(frame, expected, check_exact=True)


@pytest.mark.slow
def test_the_demo_as_a_package_has_the_same_results_byte_for_byte(
    native: Study, tmp_path: Path
) -> None:
    assert results(packaged(tmp_path, "xpt")) == results(native)


def test_every_cell_is_walked_back_to_its_record(tmp_path: Path) -> None:
    study = packaged(tmp_path, "csv")
    study.check()
    origins = pd.read_csv(study.results / "checked" / "origins.csv", keep_default_na=False)
    assert origins.groupby("table", sort=False)["row"].nunique().to_dict() == {
        table: len(checked(study, table)) for table in OF_PACKAGE
    }
    domain = pd.read_csv(tmp_path / "ft.csv", dtype=str)
    of = origins.query("file == 'ft.csv' and column == 'cmas'")
    assert len(of) == (domain["FTTESTCD"] == "CMAS").sum() == 105
    assert of["value"].tolist() == domain["FTSTRESC"].iloc[of["record"] - 2].tolist()
    assert of["subject_id"].tolist() == domain["USUBJID"].iloc[of["record"] - 2].tolist()


def spoilt(tmp_path: Path, domain: str, row: int, **changed: str) -> list[tuple[Any, ...]]:
    """Errors where a record of a CSV package differs; rows as the file counts them."""
    found = domains()
    found[domain][row - 2] |= changed
    study = packaged(tmp_path, "csv", found)
    study.check()
    listed = pd.read_csv(study.results / "queries.csv", keep_default_na=False, dtype=str)
    errors = listed.loc[listed["severity"] == "error"]
    names = ["table", "file", "row", "column", "value", "rule"]
    return list(errors[names].itertuples(index=False, name=None))


def test_a_finding_names_the_domain_and_its_record(tmp_path: Path) -> None:
    assert spoilt(tmp_path, "FT", 6, FTSTRESC="31,5") == [
        ("visits", "ft.csv", "6", "cmas", "31,5", "not_a_number")
    ]


def test_the_same_result_twice_is_told(tmp_path: Path) -> None:
    record = domains()["FT"][2]
    assert spoilt(tmp_path, "FT", 6, **record) == [
        ("visits", "ft.csv", "6", "cmas", "CMAS", "duplicate_record")
    ]


def test_another_unit_is_told(tmp_path: Path) -> None:
    assert spoilt(tmp_path, "LB", 2, LBSTRESU="ukat/L") == [
        ("visits", "lb.csv", "2", "ck", "ukat/L", "other_unit")
    ]


def test_a_second_infusion_is_told(tmp_path: Path) -> None:
    assert spoilt(tmp_path, "EX", 2, EXTRT="CD19 CAR-T", EXDOSU="cells/kg")[-1] == (
        ("subjects", "ex.csv", "4", "infusion_date", "CD19 CAR-T", "duplicate_record")
    )


def test_dates_that_differ_within_a_visit_are_two_records_of_it(tmp_path: Path) -> None:
    found = spoilt(tmp_path, "FT", 6, FTDTC="2023-04-13")
    assert [(*line[:2], line[3], line[5]) for line in found] == [
        ("visits", "ft.csv", "visit", "duplicate_visit")
    ]


def test_a_domain_that_is_missing_is_told_before_anything_runs(tmp_path: Path) -> None:
    from durable.runs.files import input_files

    study = packaged(tmp_path, "xpt")
    files = input_files(study.plan())
    assert [Path(file).name for file in files["visits"]] == ["ft.xpt", "lb.xpt", "qs.xpt", "rs.xpt"]
    (tmp_path / "lb.xpt").unlink()
    errors = [one for one in study.check() if one.severity == "error"]
    assert [(one.table, one.column, one.rule) for one in errors] == [
        ("visits", "ck", "missing_column")
    ]
    queries = pd.read_csv(study.results / "queries.csv", keep_default_na=False)
    assert queries["message"].str.contains("no file lb.xpt with LB.CK; expected it for ck").any()


def test_files_that_may_be_the_parts_of_a_missing_domain_are_named(tmp_path: Path) -> None:
    study = packaged(tmp_path, "xpt")
    (tmp_path / "qs.xpt").rename(tmp_path / "qsph.xpt")
    (tmp_path / "ae.xpt").rename(tmp_path / "aes.xpt")
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(study.raw, allow_unicode=True))
    with pytest.raises(PlanError) as refused:
        plan_of_run(tmp_path / "plan.yaml")
    (about,) = refused.value.findings
    assert about.key == "inputs.sdtm.folder"
    assert about.expected.endswith(", or its parts by inputs.sdtm.files.AE: [aes.xpt]")
    (tmp_path / "aes.xpt").rename(tmp_path / "ae.xpt")
    study.check()
    queries = pd.read_csv(study.results / "queries.csv", keep_default_na=False)
    (message,) = queries.loc[queries["column"] == "chaq", "message"]
    assert message.endswith(
        "no file qs.xpt with QS.CHAQ; expected it for chaq, needed by response.core_set (printo),"
        " or the parts of the domain (inputs.sdtm.files.QS: [qsph.xpt])"
    )


def test_a_variable_that_is_missing_is_told_with_the_column_it_is_for(tmp_path: Path) -> None:
    study = packaged(tmp_path, "csv")
    planned("inputs.sdtm.variables", {"subjects": {"dose_level": "DM.ARMCD"}})(study)
    errors = [one for one in study.check() if one.severity == "error"]
    assert ("subjects", "dose_level", "missing_column") in {
        (one.table, one.column, one.rule) for one in errors
    }


def test_dates_recorded_in_part_are_read_by_the_rules_of_the_package(tmp_path: Path) -> None:
    """CQ-005 died on 2024-04-13, the day of the last contact."""
    found = domains()
    (dead,) = (row for row in found["DM"] if row["DTHDTC"])
    dead["DTHDTC"] = "2024-04"
    study = packaged(tmp_path, "csv", found)
    queries = [one for one in study.check() if one.rule == "not_a_date"]
    assert [(one.table, one.column, one.value) for one in queries] == [
        ("subjects", "death_date", "2024-04")
    ]
    study = packaged(tmp_path, "csv", found)
    planned("inputs.sdtm.partial_dates", {"subjects": {"death_date": "earliest"}})(study)
    queries = [one for one in study.check() if one.rule == "partial_date"]
    assert [(one.severity, one.value) for one in queries] == [("warning", "2024-04")]
    deaths = checked(study, "subjects")["death_date"].dropna()
    assert deaths.tolist() == [pd.Timestamp("2024-04-13")]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"variables": {"visits": {"cmas": "cmas"}}}, "inputs.sdtm.variables.visits.cmas: found"),
        ({"variables": {"visit": {}}}, "found an unknown table; expected one of subjects"),
        ({"values": {"visits": {"vist": {}}}}, "inputs.sdtm.values.visits.vist: found an unknown"),
        ({"units": {"visits": {"ck": "mmol"}}}, "inputs.sdtm.units.visits.ck: found 'mmol'"),
        ({"tables": ["visits"]}, "expected subjects and no table twice"),
        (
            {"partial_dates": {"subjects": {"infusion_date": "latest"}}},
            "inputs.sdtm.partial_dates.subjects.infusion_date: found 'latest'; expected a date",
        ),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(
    changed: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    study.raw["inputs"] = {"sdtm": {"folder": "x", **changed}}
    with pytest.raises(PlanError) as refused:
        parse(study.raw)
    assert problem in str(refused.value)


def test_a_table_of_the_package_cannot_be_given_beside_it(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.raw["inputs"]["sdtm"] = {"folder": "x"}
    with pytest.raises(PlanError) as refused:
        parse(study.raw)
    assert "inputs.visits: found a table that is made from the SDTM package too" in str(
        refused.value
    )
    assert "inputs.screening" not in str(refused.value)
    assert "inputs.laboratory" not in str(refused.value)
    study.raw["inputs"]["sdtm"]["tables"] = [*OF_PACKAGE, "laboratory"]
    with pytest.raises(PlanError, match=r"inputs\.laboratory: found a table that is made from"):
        parse(study.raw)


def with_laboratory(folder: Path) -> Study:
    """The demo as a package with its laboratory in LB, and the tables of eligibility beside."""
    found = domains()
    found["LB"] += laboratory_results()
    variables = {name for record in found["LB"] for name in record}
    found["LB"] = [dict.fromkeys(variables, "") | record for record in found["LB"]]
    study = packaged(folder, "csv", found)
    section = study.raw["inputs"]["sdtm"]
    section["tables"] = [*OF_PACKAGE, "laboratory"]
    section["values"]["laboratory"] = {"test": {"CD19CE": "BCELL"}}
    for name in ("screening", "eligibility"):
        study.raw["inputs"][name] = {"path": str(DEMO / f"{name}.csv")}
    return study


def test_laboratory_is_read_from_lb_and_other_tables_beside_the_package(tmp_path: Path) -> None:
    whole = Study(tmp_path / "csv")
    whole.folder.mkdir()
    study = with_laboratory(tmp_path)
    beside = ("laboratory", "screening", "eligibility")
    told = [
        sorted(
            (one.rule, one.table, one.column, one.value)
            for one in of.check()
            if one.table in beside
        )
        for of in (whole, study)
    ]
    assert told[0] == told[1] != []
    # LB holds the muscle enzymes of the visits too.
    enzymes = [enzyme.sdtm.removeprefix("LB.") for enzyme in ENZYMES.values()]
    keys = ["subject_id", "sample_date", "sample_time", "test"]
    expected, frame = (
        checked(one, "laboratory")
        .loc[lambda frame: ~frame["test"].isin(enzymes)]
        .sort_values(keys, ignore_index=True)
        .drop(columns=["source_row"])
        for one in (whole, study)
    )
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)
    for table in ("screening", "eligibility"):
        pd.testing.assert_frame_equal(checked(study, table), checked(whole, table))


@pytest.mark.slow
def test_an_analysis_of_a_package_with_tables_beside_it_is_handed_over_and_repeated(
    tmp_path: Path,
) -> None:
    study = with_laboratory(tmp_path)
    results(study)
    datasets = {d.name: d.frame for d in FinishedAnalysis(study.plan(), study.results).datasets}
    assert set(datasets["ADLB"]["SRCDOM"]) == {"LB"}
    assert set(datasets["ADLB"]["SRCVAR"]) == {"LBSTRESC"}
    beside = datasets["ADIE"]
    assert set(beside["SRCDOM"].dropna()) <= {"screening", "eligibility"}
    assert beside["SRCSEQ"].notna().sum() > 100


@pytest.mark.slow
def test_datasets_that_are_handed_over_name_domain_variable_and_seq(tmp_path: Path) -> None:
    found = domains()
    for name in ("QS", "FT", "RS", "LB", "PC"):
        counts: dict[str, int] = {}
        for record in found[name]:
            who = record["USUBJID"]
            counts[who] = counts.get(who, 100) + 1
            record[f"{name}SEQ"] = str(counts[who])
    study = packaged(tmp_path, "csv", found)
    results(study)
    datasets = {d.name: d.frame for d in FinishedAnalysis(study.plan(), study.results).datasets}

    # CQ-001 loses remission on 2023-11-09: the first record of QS of that assessment.
    ended = datasets["ADTTE"].query("SUBJID == 'CQ-001' and PARAMCD == 'DOR'").iloc[0]
    of_day = [
        record
        for record in found["QS"]
        if record["USUBJID"] == "CQ-001" and record["QSDTC"] == "2023-11-09"
    ]
    expected = ("QS", "QSDTC", int(of_day[0]["QSSEQ"]))
    assert tuple(ended[["SRCDOM", "SRCVAR", "SRCSEQ"]]) == expected
    # The death of CQ-005 stands in DM, which has no --SEQ.
    died = datasets["ADTTE"].query("SUBJID == 'CQ-005' and PARAMCD == 'DOR'").iloc[0]
    assert (died["SRCDOM"], died["SRCVAR"]) == ("DM", "DTHDTC")
    assert pd.isna(died["SRCSEQ"])
    # Each record leads to the one that has its value.
    for name, code, parameter in (("FT", "CMAS", "MUS"), ("QS", "CHAQ", "FUN")):
        values = {
            (record["USUBJID"], int(record[f"{name}SEQ"])): float(record[f"{name}STRESC"])
            for record in found[name]
            if record[f"{name}TESTCD"] == code
        }
        adrs = datasets["ADRS"]
        recorded = adrs.loc[(adrs["PARAMCD"] == parameter) & adrs["AVAL"].notna()]
        assert len(recorded) > 70
        assert set(recorded["SRCDOM"]) == {name}
        keys = zip(recorded["SUBJID"], recorded["SRCSEQ"], strict=True)
        assert [values[key] for key in keys] == recorded["AVAL"].tolist()
    seqs = {(r["USUBJID"], int(r["PCSEQ"])) for r in found["PC"]}
    adpc = datasets["ADPC"]
    assert set(zip(adpc["SUBJID"], adpc["SRCSEQ"], strict=True)) <= seqs
    assert set(adpc["SRCVAR"]) == {"PCSTRESC"}


@pytest.mark.slow
def test_a_measure_that_was_not_recorded_leads_to_the_date_of_its_visit(tmp_path: Path) -> None:
    """CHAQ of CQ-002 at month 2 and DAS of CQ-009 at month 3 have no record in the package."""
    study = packaged(tmp_path, "csv")
    results(study)
    analysis = FinishedAnalysis(study.plan(), study.results)
    names = ["SUBJID", "SRCDOM", "SRCVAR"]
    of_visit = {("CQ-002", "QS", "QSDTC"), ("CQ-009", "QS", "QSDTC")}
    datasets = {dataset.name: dataset.frame for dataset in analysis.datasets}
    # CQ-004 was not seen in the window at all.
    addv = datasets["ADDV"].query("SUBJID != 'CQ-004'")
    incomplete = addv.query("DVDECOD == 'CORE SET INCOMPLETE'")
    missing = datasets["ADRS"].query(
        "ANL01FL == 'Y' and AVAL.isna() and PARAMCD in ('FUN', 'EXTR')"
    )
    for records in (incomplete, missing):
        assert set(records[names].itertuples(index=False, name=None)) == of_visit
    # As transport files the same, and a --SEQ that the package does not have is missing.
    transported = {dataset.name: dataset.frame for dataset, _ in analysis.transport}
    assert len(transported["ADRS"]) == 2254
    assert set(transported["ADRS"]["SRCVAR"]) == set(datasets["ADRS"]["SRCVAR"].fillna(""))
    assert transported["ADRS"]["SRCSEQ"].isna().all()
