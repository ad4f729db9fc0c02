"""The demo study as six kinds of systems deliver it: by configuration alone the same results.

The systems deliver no laboratory, screening or eligibility table; the demo is without them here.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from durable.contracts.tables import INPUT_TABLES
from durable.plan import parse
from tests.intake.exports import EXPORTS
from tests.intake.study import Study
from tests.intake.test_formats import checked, results

DELIVERED = ("subjects", "visits", "therapies", "adverse_events", "kinetics")


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(tmp_path_factory.mktemp("native"))
    study.raw["inputs"] = {table: study.raw["inputs"][table] for table in DELIVERED}
    study.check()
    return study


def delivered(name: str, folder: Path) -> Study:
    study = Study(folder, files={})
    study.raw["inputs"] = EXPORTS[name](folder)
    study.parsed = parse(study.raw)
    return study


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_the_same_study(name: str, native: Study, tmp_path: Path) -> None:
    study = delivered(name, tmp_path)
    found = [one for one in study.check() if one.severity == "error"]
    assert found == []
    tables = {path.stem for path in (study.results / "checked").glob("*.parquet")}
    assert tables == set(DELIVERED)
    for table in DELIVERED:
        keys = ["subject_id", *INPUT_TABLES[table].key]
        expected, frame = (
            checked(one, table)
            .sort_values(list(dict.fromkeys(keys)), ignore_index=True, kind="stable")
            .drop(columns=["source_row", "ae_seq", "therapy_seq"], errors="ignore")
            for one in (native, study)
        )
        if name == "sdtm" and table == "subjects":
            # A package has SUBJID beside USUBJID, which the native tables do not record.
            assert frame["study_subject_id"].tolist() == frame["subject_id"].tolist()
            frame["study_subject_id"] = expected["study_subject_id"]
        pd.testing.assert_frame_equal(frame, expected, check_exact=True)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_has_the_same_results_byte_for_byte(
    name: str, native: Study, tmp_path: Path
) -> None:
    assert results(delivered(name, tmp_path)) == results(native)
