"""USUBJID is one across studies; SUBJID is what readers of the study know a subject by."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from durable.derive.datasets import Derivation
from durable.derive.identifiers import with_identifiers, with_usubjid
from durable.derive.trial import Trial, ValidatedTables
from durable.files import write_parquet
from tests.derive.build import ACTIVE, INACTIVE, plan, subject, table, visit


def subjects(*rows: dict[str, object]) -> pd.DataFrame:
    return table("subjects", [dict(row) for row in rows])


def test_the_study_stands_before_an_identifier_of_its_own() -> None:
    found = with_identifiers(subjects({"subject_id": "001"}, {"subject_id": "002"}), "STUDY-1")
    assert found["subject_id"].tolist() == ["STUDY-1-001", "STUDY-1-002"]
    assert found["study_subject_id"].tolist() == ["001", "002"]


def test_an_identifier_across_studies_stays_where_that_of_the_study_is_recorded_too() -> None:
    given = subjects({"subject_id": "S1.007", "study_subject_id": "007"}, {"subject_id": "S1.008"})
    found = with_identifiers(given, "STUDY-1")
    assert found["subject_id"].tolist() == ["S1.007", "S1.008"]
    assert found["study_subject_id"].tolist() == ["007", "S1.008"]


def test_two_subjects_of_one_number_are_not_taken_for_one() -> None:
    given = subjects(
        {"subject_id": "S1.A.1", "study_subject_id": "1"},
        {"subject_id": "S1.B.1", "study_subject_id": "1"},
        {"subject_id": "S1.B.2", "study_subject_id": "2"},
    )
    assert with_identifiers(given, "S1")["study_subject_id"].tolist() == ["S1.A.1", "S1.B.1", "2"]


def test_records_follow_their_subject() -> None:
    unique = pd.Series({"1": "S-1", "2": "S-2"})
    found = with_usubjid(pd.DataFrame({"subject_id": ["2", "1", "2", "9"]}), unique)
    assert found["subject_id"].tolist() == ["S-2", "S-1", "S-2", "9"]


def test_datasets_bear_both_and_the_treatments(tmp_path: Path) -> None:
    rows = [
        subject("1", site="07", race="ASIAN"),
        subject("2", infusion_date=None, dose_level=None),
    ]
    write_parquet(tmp_path / "validated" / "subjects.parquet", subjects(*rows))
    visits = table("visits", [visit(day, ACTIVE if day < 0 else INACTIVE, "1") for day in (-9, 30)])
    write_parquet(tmp_path / "validated" / "visits.parquet", visits)
    the_plan = plan(study={"id": "S", "treatment": "CD19 CAR-T"})
    derivation = Derivation(Trial.of_plan(the_plan), ValidatedTables.read(tmp_path, "S"))
    datasets = derivation.datasets(the_plan.response)
    shown = ["USUBJID", "SUBJID", "SITEID", "RACE", "ARM", "TRT01P", "TRT01A", "DTHFL"]
    assert datasets.adsl[shown].to_numpy(object).tolist() == [
        ["S-1", "1", "07", "ASIAN", "CD19 CAR-T 1e7", "CD19 CAR-T 1e7", "CD19 CAR-T 1e7", None],
        ["S-2", "2", None, None, "CD19 CAR-T", "CD19 CAR-T", None, None],
    ]
    # Nobody's ethnicity is recorded, nor a date of apheresis: no exposure row says 0 had any.
    assert not {"ETHNIC", "APHDT"} & {*datasets.adsl}
    for dataset in (datasets.adrs, datasets.adtte):
        assert set(dataset["USUBJID"]) == {"S-1"}
        assert set(dataset["SUBJID"]) == {"1"}
        assert set(dataset["TRTA"]) == {"CD19 CAR-T 1e7"}
    assert datasets.adtte["ASEQ"].tolist() == [1, 2, 3, 4, 5]
    assert set(datasets.adtte["REMFL"]) == {"Y"}
