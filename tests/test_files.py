"""Files for programs and spreadsheets: the bytes of a CSV, and what looks like a formula."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from durable.errors import UserError
from durable.files import (
    read_json,
    read_records,
    recorded_cell,
    safe_cell,
    safe_cells,
    write_csv,
    write_parquet_blocks,
)


def test_numbers_and_text_in_a_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "day": pd.Series([1, None, -3], dtype="Int64"),
            "value": [0.1, -0.0, float("nan")],
            "text": ['say "no", twice', None, "two\nlines"],
        }
    )
    write_csv(tmp_path / "a.csv", frame)
    expected = 'day,value,text\n1,0.1,"say ""no"", twice"\n,-0.0,\n-3,,"two\nlines"\n'
    assert (tmp_path / "a.csv").read_bytes() == expected.encode()
    write_csv(tmp_path / "none.csv", frame.iloc[:0])
    assert (tmp_path / "none.csv").read_bytes() == b"day,value,text\n"


def test_blocks_of_records_are_one_file_with_text_for_categories(tmp_path: Path) -> None:
    first = pd.DataFrame({"n": [1, 2], "text": pd.Categorical(["a", None])})
    second = pd.DataFrame({"n": [3], "text": pd.Categorical(["b"])})
    write_parquet_blocks(tmp_path / "a.parquet", [first, second])
    found = pd.read_parquet(tmp_path / "a.parquet")
    assert found["n"].tolist() == [1, 2, 3]
    assert found["text"].tolist() == ["a", None, "b"]
    assert found["text"].dtype == object


@pytest.mark.parametrize("after", [0, 1])
def test_a_block_of_other_columns_leaves_the_earlier_file(after: int, tmp_path: Path) -> None:
    block, other = pd.DataFrame({"n": [1]}), pd.DataFrame({"m": [2]})
    write_parquet_blocks(tmp_path / "a.parquet", [block])
    with pytest.raises(ValueError, match="field names"):
        write_parquet_blocks(tmp_path / "a.parquet", [block, other, *[block] * after])
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    assert pd.read_parquet(tmp_path / "a.parquet")["n"].tolist() == [1]


@pytest.mark.parametrize("cells", [["=1", None, "a"], ["-1", -1, 2.5, None], [True, 1, 1.0, "+"]])
def test_what_looks_like_a_formula_is_quoted_whatever_stands_beside_it(
    cells: list[object],
) -> None:
    column = pd.Series(cells, dtype=object)
    looks = [str(cell).startswith(("=", "+", "-")) for cell in cells]
    expected = [f"'{c}" if risky else c for c, risky in zip(cells, looks, strict=True)]
    assert safe_cells(column.to_frame("c"))["c"].tolist() == expected
    assert column.tolist() == cells
    if all(isinstance(cell, str | None) for cell in cells):
        coded = safe_cells(column.astype("category").to_frame("c"))["c"].astype(object)
        assert coded.where(coded.notna(), None).tolist() == expected


#: Texts of the signs with which a spreadsheet takes a cell for a formula, and others.
CELLS = st.text(st.sampled_from("'=+-@\tab1é "), max_size=6)


@given(CELLS)
@example("'=x")
@example("''=x")
@example("'tis")
def test_what_is_put_before_a_formula_is_taken_off_again_and_nothing_else(text: str) -> None:
    safe = safe_cell(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t"))
    assert recorded_cell(safe) == text
    # A text that nothing was put before is read as it is.
    assert safe in (text, f"'{text}")


@given(st.lists(CELLS, min_size=1, max_size=6))
@example(["=x", "'=x"])
def test_cells_of_a_frame_are_safe_and_read_as_they_were(texts: list[str]) -> None:
    """Two categories never become one: these cannot occur twice."""
    frame = pd.DataFrame({"text": texts, "coded": pd.Categorical(texts)})
    safe = safe_cells(frame)
    for name in frame:
        assert safe[name].astype(object).tolist() == [safe_cell(text) for text in texts]
        assert [recorded_cell(cell) for cell in safe[name].astype(object)] == texts


@pytest.mark.parametrize("coded", [False, True])
def test_a_carriage_return_within_a_text_makes_no_new_row(coded: bool, tmp_path: Path) -> None:
    texts = ["rash\rof the face", "rash\r\nand fever", "a\nb", "plain"]
    frame = pd.DataFrame({"n": range(4), "term": pd.Series(texts, dtype=object)})
    write_csv(tmp_path / "a.csv", frame.astype({"term": "category"}) if coded else frame)
    assert [row["term"] for row in read_records(tmp_path / "a.csv")] == texts


@pytest.mark.parametrize("text", ['{"a": ', "[1]", "", "nan"])
def test_a_damaged_record_is_named_and_not_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / ".study.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"\.study\.json is damaged: .* run again\."):
        read_json(path)


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert read_json(tmp_path / ".study.json") == {}
    (tmp_path / ".study.json").write_text('{"study": "S-1"}')
    assert read_json(tmp_path / ".study.json") == {"study": "S-1"}
