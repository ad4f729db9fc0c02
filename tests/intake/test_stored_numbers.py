"""Numbers that a file holds as numbers, where the plan says how its texts write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.intake import forms
from tests.intake.test_shapes import SHAPES, errors, examined, rows

pytestmark = pytest.mark.requirement("DAT-05")

#: A comma for decimals, a point for thousands: by these signs the text 1.234 is 1234.
SIGNS = {"decimal": ",", "thousands": "."}


def recorded() -> list[list[Any]]:
    """The visits of the base study with results as numbers; the first CK is 1.234 U/L."""
    frame = pd.read_csv(SHAPES / "base" / "visits.csv").dropna(axis=1, how="all")
    frame["ck"] = [1.234, *frame["ck"][1:]]
    texts = frame.select_dtypes("object").fillna("")
    values = frame.assign(**texts).astype(object).to_numpy().tolist()
    return [list(frame.columns), *values]


def with_texts() -> list[list[Any]]:
    """The same, with two results of CK as text: 1.234,5 and 1.234."""
    header, *records = recorded()
    records[1][header.index("ck")], records[2][header.index("ck")] = "1.234,5", "1.234"
    return [header, *records]


@pytest.mark.parametrize("name", ["visits.parquet", "visits.json", "visits.xpt"])
def test_a_number_is_the_same_whatever_the_signs_of_texts(name: str, tmp_path: Path) -> None:
    written = {
        "visits.parquet": forms.parquet,
        "visits.json": forms.dataset_json,
        "visits.xpt": lambda table: forms.xpt(table, 8, tmp_path),
    }
    (tmp_path / name).write_bytes(written[name](recorded()))
    study = examined({"visits": {"path": str(tmp_path / name), "numbers": SIGNS}})
    assert errors(study) == []
    assert rows(study, "visits", "ck", "chaq") == [
        *((1.234, 1.5), (120.0, 0.5), (300.0, 1.5), (120.0, 0.5))
    ]


def test_numbers_and_texts_of_a_workbook_are_each_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "visits.xlsx").write_bytes(forms.xlsx(with_texts()))
    study = examined({"visits": {"path": str(tmp_path / "visits.xlsx"), "numbers": SIGNS}})
    assert errors(study) == []
    assert rows(study, "visits", "ck") == [(1.234,), (1234.5,), (1234.0,), (120.0,)]
    ck = study.conversions.loc[study.conversions["column"] == "ck", ["row", "recorded", "read_as"]]
    assert ck.to_numpy().tolist() == [
        *([2, "1,234", "1.234"], [3, "1.234,5", "1234.5"], [4, "1.234", "1234"])
    ]


def test_a_number_of_a_joined_workbook_and_of_a_query_too(tmp_path: Path) -> None:
    header, *records = recorded()
    path, place = str(tmp_path / "enzymes.xlsx"), header.index("ck")
    keys = ["subject_id", "visit"]
    enzymes = [[*row[:2], row[place]] for row in records]
    (tmp_path / "enzymes.xlsx").write_bytes(forms.xlsx([[*keys, "ck"], *enzymes]))
    others = [[str(v or "") for v in row[:place] + row[place + 1 :]] for row in records]
    lines = [header[:place] + header[place + 1 :], *others]
    text = "\n".join(";".join(line) for line in lines).replace(".", ",")
    (tmp_path / "visits.csv").write_text(f"{text}\n")
    visits = {"path": str(tmp_path / "visits.csv"), "delimiter": ";", "numbers": SIGNS}
    joined = {"path": path, "by": dict(zip(keys, keys, strict=True))}
    study = examined({"visits": visits | {"join": [joined]}})
    assert errors(study) == []
    assert rows(study, "visits", "ck", "chaq")[0] == (1.234, 1.5)

    # Texts of a query as the file has them: a number of the workbook with the comma of the others.
    (tmp_path / "joined.sql").write_text(
        "SELECT v.*, e.ck FROM v JOIN (SELECT subject_id, visit, ck FROM e) AS e"
        " USING (subject_id, visit)"
    )
    sources = {"e": {"path": path}, "v": {"path": str(tmp_path / "visits.csv"), "delimiter": ";"}}
    by_query = {"sql": str(tmp_path / "joined.sql"), "numbers": SIGNS}
    study = examined({"sources": sources, "visits": by_query})
    assert errors(study) == []
    assert rows(study, "visits", "ck", "chaq")[0] == (1.234, 1.5)

    query = (
        "SELECT v.* REPLACE (CAST(ck AS DOUBLE) / 1000 AS ck, CAST(glucocorticoid_mg_kg AS DOUBLE)"
        " AS glucocorticoid_mg_kg) FROM v"
    )
    (tmp_path / "visits.sql").write_text(query)
    sources = {"v": {"path": str(SHAPES / "base" / "visits.csv")}}
    by_query = {"sql": str(tmp_path / "visits.sql"), "numbers": SIGNS,
                "values": {"chaq": {"1.5": "1.500", "0.5": "0.500"}}}  # fmt: skip
    study = examined({"sources": sources, "visits": by_query})
    assert errors(study) == []
    # What a value map gives is ours: 1.5, and not 1500.
    assert rows(study, "visits", "ck", "chaq")[0] == (0.3, 1.5)
