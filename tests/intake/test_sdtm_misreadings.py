"""An SDTM package in the shapes that are misread: used as it is meant, or told; no traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from durable.intake.sdtm.maker import clock_time, without_time
from durable.plan import PlanError, parse
from tests.intake.forms import dataset_json
from tests.intake.package import domains, native, packaged
from tests.intake.study import Study, planned
from tests.intake.test_formats import checked

Rows = dict[str, list[dict[str, Any]]]


def examined(folder: Path, found: Rows, **keys: Any) -> tuple[Study, pd.DataFrame]:
    """A package of CSV files with other keys of the plan, and the listing of what is found."""
    study = packaged(folder, "csv", found)
    for key, value in keys.items():
        planned(f"inputs.sdtm.{key.replace('__', '.')}", value)(study)
    study.check()
    return study, pd.read_csv(study.results / "queries.csv", keep_default_na=False, dtype=str)


def listed(queries: pd.DataFrame, rule: str) -> list[tuple[str, ...]]:
    lines = queries.loc[queries["rule"] == rule, ["file", "row", "column", "value", "severity"]]
    return list(lines.itertuples(index=False, name=None))


def evaluated(code: str, **evaluator: str) -> tuple[Rows, int, dict[str, Any]]:
    """The package with the first result of a test by another evaluator; row and record."""
    found = domains()
    domain = next(d for d in ("QS", "FT", "RS") if any(r[f"{d}TESTCD"] == code for r in found[d]))
    place = next(i for i, r in enumerate(found[domain]) if r[f"{domain}TESTCD"] == code)
    names = {f"{domain}{name}": value for name, value in evaluator.items()}
    for row in found[domain]:
        row |= dict.fromkeys(names, "")
    found[domain][place] |= names
    return found, place + 2, found[domain][place]


def value_at(study: Study, record: dict[str, Any], column: str) -> Any:
    visits = checked(study, "visits")
    date = record[next(name for name in record if name.endswith("DTC"))]
    mine = visits["subject_id"].eq(record["USUBJID"]) & visits["visit_date"].eq(date)
    (value,) = visits.loc[mine, column]
    return value


@pytest.mark.parametrize(
    ("code", "column", "evaluator"),
    [
        ("INVASSES", "investigator_assessment", {"EVAL": "INDEPENDENT ASSESSOR"}),
        ("PHYGLOB", "physician_global", {"EVAL": "ADJUDICATOR", "EVALID": "READER 1"}),
        ("CMAS", "cmas", {"EVALID": "READER 2"}),
        ("PHYGLOB", "physician_global", {"EVAL": "PARENT"}),
    ],
)
def test_the_result_of_another_evaluator_is_not_the_investigators(
    code: str, column: str, evaluator: dict[str, str], tmp_path: Path
) -> None:
    found, row, record = evaluated(code, **evaluator)
    study, queries = examined(tmp_path, found)
    ((_, place, name, value, severity),) = listed(queries, "unused_record")
    assert (place, name, severity) == (str(row), column, "warning")
    assert value == next(iter(evaluator.values()))
    assert pd.isna(value_at(study, record, column))


@pytest.mark.parametrize(
    ("code", "evaluator", "keys"),
    [
        ("INVASSES", {"EVAL": "INVESTIGATOR"}, {}),
        ("INVASSES", {"EVAL": " Investigator "}, {}),
        ("PARGLOB", {"EVAL": "PARENT"}, {}),
        ("CHAQ", {"EVAL": "STUDY SUBJECT"}, {}),
        ("INVASSES", {"EVAL": "INDEPENDENT ASSESSOR"},
         {"evaluators": {"investigator_assessment": ["INDEPENDENT ASSESSOR"]}}),
    ],
)  # fmt: skip
def test_the_result_of_an_evaluator_that_counts_is_used(
    code: str, evaluator: dict[str, str], keys: dict[str, Any], tmp_path: Path
) -> None:
    found, _, _ = evaluated(code, **evaluator)
    _, queries = examined(tmp_path, found, **keys)
    assert listed(queries, "unused_record") == []


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("2024-03-01", "2024-03-01", ""),
        ("2024-03-01T10:15", "2024-03-01", "10:15"),
        ("2024-03-01T10:15:30", "2024-03-01", "10:15"),
        ("2024-03-01T10:15:30.250", "2024-03-01", "10:15"),
        ("2024-03-01T10:15:30Z", "2024-03-01", "10:15"),
        ("2024-03-01T23:15:30+08:00", "2024-03-01", "23:15"),
        ("2024-03-01T10:15-0500", "2024-03-01", "10:15"),
        ("2024-03", "2024-03", ""),
        ("2024-03-01T10", "2024-03-01", "2024-03-01T10"),  # told: no minutes
        ("2024-03-01T-:15", "2024-03-01", "2024-03-01T-:15"),
        ("2024-03-01/2024-03-05", "2024-03-01/2024-03-05", "2024-03-01/2024-03-05"),
        ("T10:15:30", "T10:15:30", "10:15"),
        ("10:15", "10:15", "10:15"),
        ("2024-03-0510:15", "2024-03-0510:15", "2024-03-0510:15"),  # told: no T before the time
        ("", "", ""),
    ],
)
def test_times_are_read_in_the_forms_of_iso_8601(text: str, date: str, time: str) -> None:
    assert without_time(text) == date
    assert clock_time(text) == time


def test_a_sample_with_seconds_keeps_its_time(tmp_path: Path) -> None:
    found = domains()
    timed = next(i for i, r in enumerate(found["PC"]) if "T" in r["PCDTC"])
    found["PC"][timed]["PCDTC"] += ":30+08:00"
    study, queries = examined(tmp_path, found)
    expected = found["PC"][timed]["PCDTC"]
    row = checked(study, "kinetics").iloc[timed]
    assert (f"{row['sample_date']:%Y-%m-%d}", row["sample_time"]) == (
        expected[:10],
        expected[11:16],
    )
    assert listed(queries, "not_a_time") == []


def test_a_mapped_variable_is_used(tmp_path: Path) -> None:
    """The first infusion by RFXSTDTC a day late, no cells, a flag of its own for BLQ."""
    found = domains()
    for row in found["DM"]:
        row["RFXSTDTC"] = "2024-02-02T08:00" if row["USUBJID"] == "CQ-001" else ""
    for row in found["PC"]:
        row["PCBLFL"] = "N"
    variables = {
        "subjects": {"infusion_date": "DM.RFXSTDTC", "cells_per_kg": "", "withdrawal_date": ""},
        "kinetics": {"below_lloq": "PC.PCBLFL"},
        "adverse_events": {"ae_id": "AE.AESEQ"},
    }
    study, queries = examined(tmp_path, found, variables=variables)
    subjects = checked(study, "subjects")
    assert subjects["infusion_date"].dt.strftime("%Y-%m-%d").dropna().tolist() == ["2024-02-02"]
    assert subjects["cells_per_kg"].isna().all()
    assert subjects["withdrawal_date"].isna().all()
    assert set(checked(study, "kinetics")["below_lloq"]) == {"N"}
    # A result that says BLQ, and a flag that says no.
    assert {value for _, _, _, value, _ in listed(queries, "not_a_number")} == {"BLQ"}
    assert checked(study, "adverse_events")["ae_id"].tolist()[:2] == ["1", "2"]


def test_consent_by_disposition_is_that_record_and_no_other(tmp_path: Path) -> None:
    variables = {"subjects": {"consent_date": "DS.DSSTDTC"}}
    found = domains()
    dates = {row["USUBJID"]: row["RFICDTC"] for row in found["DM"]}
    found["DS"].insert(0, found["DS"][0] | {"DSDECOD": "COMPLETED", "DSSTDTC": "2026-01-01"})
    study, _ = examined(tmp_path, found, variables=variables)
    subjects = checked(study, "subjects").set_index("subject_id")["consent_date"]
    assert subjects.dt.strftime("%Y-%m-%d").to_dict() == dates


@pytest.mark.parametrize(
    ("table", "column", "place"),
    [
        ("subjects", "subject_id", "DM.SUBJID"),
        ("subjects", "infusion_date", ""),
        ("subjects", "death_date", "DS.DSSTDTC"),
        ("subjects", "sex", "QS.SEX"),
        ("subjects", "cells_per_kg", "SUPPEX.CELLS"),
        ("visits", "visit", "QS.EPOCH"),
        ("visits", "visit_date", "SV.SVSTDTC"),
        ("visits", "ck_uln", "LB.LBSTNRHI"),
        ("visits", "cmas", "SUPPQS.CMAS"),
        ("visits", "cmas", "DM.CMAS"),
        ("visits", "mmt8", "FT.CMAS"),
        ("therapies", "reason", "AE.AETERM"),
        ("therapies", "subject_id", "CM.USUBJID"),
        ("adverse_events", "dlt", "SUPPCM.DLT"),
        ("kinetics", "below_lloq", ""),
        ("kinetics", "unit", "LB.LBSTRESU"),
    ],
)
def test_a_mapping_that_nothing_would_read_is_refused(
    table: str, column: str, place: str, tmp_path: Path
) -> None:
    told = refused(tmp_path, variables={table: {column: place}})
    assert f"inputs.sdtm.variables.{table}.{column}: found" in told


def refused(folder: Path, **keys: Any) -> str:
    study = Study(folder)
    study.raw["inputs"] = {"sdtm": {"folder": "x", **keys}}
    with pytest.raises(PlanError) as error:
        parse(study.raw)
    return str(error.value)


def test_what_belongs_to_no_table_or_measure_is_refused(tmp_path: Path) -> None:
    tables = ["subjects", "visits"]
    told = refused(tmp_path, tables=tables, values={"kinetics": {"unit": {"a": "b"}}})
    assert "inputs.sdtm.values.kinetics: found a table that is not made" in told
    assert "found no measure of visits" in refused(tmp_path, evaluators={"part": ["PARENT"]})
    none = dict.fromkeys(MEASURES, "")
    assert "visits: found no measure" in refused(tmp_path, variables={"visits": none})


MEASURES = [
    *("physician_global", "parent_global", "chaq", "chq_phs", "cmas", "mmt8", "das"),
    *("extramuscular", "investigator_assessment", "ck", "aldolase", "ast", "alt", "ldh"),
    *("glucocorticoid_mg_kg", "immunosuppressant"),
]


@pytest.mark.parametrize("form", ["csv", "xpt", "dataset-json"])
@pytest.mark.parametrize("emptied", [["QS"], ["RS", "LB"], ["QS", "FT", "RS", "LB"]])
def test_domains_without_records_are_no_traceback(
    form: str, emptied: list[str], tmp_path: Path
) -> None:
    study = packaged(tmp_path, form)
    whole = domains()
    for domain in emptied:
        path = tmp_path / f"{domain.lower()}.{'json' if form == 'dataset-json' else form}"
        header = list(whole[domain][0])
        _write_empty(path, form, domain, header)
    found = study.check()
    rules = {(one.severity, one.rule) for one in found if one.table == "visits"}
    assert ("error" in {severity for severity, _ in rules}) == (len(emptied) == 4)
    assert (("error", "no_records") in rules) == (len(emptied) == 4)


def _write_empty(path: Path, form: str, domain: str, header: list[str]) -> None:
    if form == "csv":
        path.write_text(",".join(header) + "\n")
    elif form == "xpt":
        frame = pd.DataFrame({name: pd.Series([], dtype=str) for name in header})
        pyreadstat.write_xport(frame, path, file_format_version=5, table_name=domain)
    else:
        path.write_bytes(dataset_json([header]))


def test_a_mapped_test_without_a_record_is_told(tmp_path: Path) -> None:
    variables = {"visits": {"aldolase": "LB.ALD"}}
    _, queries = examined(tmp_path, domains(), variables=variables)
    assert listed(queries, "empty_column") == [("lb.csv", "", "aldolase", "", "warning")]


def test_the_number_of_an_event_is_aespid_or_else_aeseq(tmp_path: Path) -> None:
    found = domains()
    found["AE"][0]["AESPID"] = ""
    study, _ = examined(tmp_path, found)
    events = checked(study, "adverse_events")
    assert events["ae_id"].tolist()[:2] == ["1", "AE-02"]
    assert events["ae_seq"].tolist() == list(range(1, len(events) + 1))


def test_a_package_without_aespid_is_read_by_aeseq(tmp_path: Path) -> None:
    found = domains()
    for row in found["AE"]:
        del row["AESPID"]
    study, queries = examined(tmp_path, found)
    assert listed(queries, "missing_column") == []
    assert checked(study, "adverse_events")["ae_id"].tolist()[:3] == ["1", "2", "3"]


def test_aeseq_identifies_events_where_the_plan_says_so_or_has_no_other_number(
    tmp_path: Path,
) -> None:
    """AESPID has other numbers, which are then not looked at."""
    for number, place in enumerate(("AE.AESEQ", "")):
        folder = tmp_path / str(number)
        folder.mkdir()
        study, queries = examined(folder, domains(), variables={"adverse_events": {"ae_id": place}})
        assert not queries["severity"].eq("error").any()
        events = checked(study, "adverse_events")
        assert events["ae_id"].tolist() == [str(int(n)) for n in events["ae_seq"]]


def test_an_aeseq_that_is_not_of_one_event_is_told(tmp_path: Path) -> None:
    found = domains()
    found["AE"][1]["AESEQ"] = found["AE"][0]["AESEQ"]
    found["SUPPAE"] = [row for row in found["SUPPAE"] if row["IDVARVAL"] not in ("1", "2")]
    _, queries = examined(tmp_path, found)
    assert ("ae.csv", "3", "ae_seq", "1", "error") in listed(queries, "duplicate_record")


def test_records_that_belong_to_nobody_are_told(tmp_path: Path) -> None:
    found = domains()
    found["EX"].append(found["EX"][0] | {"USUBJID": "CQ-999"})
    found["SUPPDM"].append(found["SUPPDM"][0] | {"USUBJID": "CQ-999"})
    found["EX"].append(found["EX"][0] | {"EXTRT": "TOCILIZUMAB"})
    found["DS"].append(found["DS"][0] | {"DSDECOD": "WITHDRAWAL OF CONSENT"})
    _, queries = examined(tmp_path, found)
    assert sorted((line[0], *line[2:]) for line in listed(queries, "unused_record")) == [
        ("ds.csv", "withdrawal_date", "WITHDRAWAL OF CONSENT", "warning"),
        ("ex.csv", "infusion_date", "TOCILIZUMAB", "warning"),
        ("ex.csv", "subject_id", "CQ-999", "error"),
        ("suppdm.csv", "part", "", "error"),
    ]


def test_what_did_not_occur_is_no_record(tmp_path: Path) -> None:
    found = domains()
    for row in found["CM"]:
        row["CMOCCUR"] = "Y"
    found["CM"][1]["CMOCCUR"] = "N"
    found["SUPPCM"] = [row for row in found["SUPPCM"] if row["IDVARVAL"] != "2"]
    study, queries = examined(tmp_path, found)
    assert listed(queries, "unused_record") == [("cm.csv", "3", "subject_id", "N", "warning")]
    assert len(checked(study, "therapies")) == len(found["CM"]) - 1


def test_a_death_without_its_date_is_told(tmp_path: Path) -> None:
    found = domains()
    for row in found["DM"]:
        row["DTHFL"] = "Y" if row["USUBJID"] == "CQ-001" else ""
    _, queries = examined(tmp_path, found)
    assert listed(queries, "missing_value") == [("dm.csv", "2", "death_date", "Y", "error")]


def test_blanks_around_codes_of_a_package_lose_no_record(tmp_path: Path) -> None:
    found = domains()
    found["FT"][0]["FTTESTCD"] += " "
    found["EX"][0]["EXTRT"] += " "
    found["SUPPAE"][0]["IDVARVAL"] = " 1.0"
    study, queries = examined(tmp_path, found)
    assert listed(queries, "unused_record") == []
    given = sum(bool(row["lymphodepletion_date"]) for row in native("subjects"))
    assert checked(study, "subjects")["lymphodepletion_date"].notna().sum() == given
