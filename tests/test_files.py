"""Files for programs and spreadsheets: the bytes of a CSV, and what looks like a formula."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.errors import UserError
from durable.files import csv_bytes, read_json, safe_cells

CELLS = st.one_of(
    st.none(), st.text(max_size=5), st.sampled_from([",", '"', "\n", '"",\n', "-0", " "])
)
COLUMNS = st.one_of(
    st.tuples(st.just("object"), st.just(CELLS)),
    st.tuples(st.just("category"), st.just(CELLS)),
    st.tuples(st.just("int64"), st.just(st.integers(-(2**63), 2**63 - 1))),
    st.tuples(st.just("Int64"), st.just(st.one_of(st.none(), st.integers(-9, 10**6)))),
    st.tuples(st.just("float64"), st.just(st.one_of(st.none(), st.floats()))),
    st.tuples(st.just("object"), st.just(st.one_of(st.integers(0, 9), st.booleans(), CELLS))),
    st.tuples(st.just("datetime64[ns]"), st.just(st.one_of(st.none(), st.integers(0, 10**18)))),
)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Frames of up to four columns, their names as they come."""
    rows = draw(st.integers(0, 4))
    columns = {}
    for name in draw(st.lists(st.text(max_size=3), min_size=1, max_size=4, unique=True)):
        kind, cells = draw(COLUMNS)
        values = draw(st.lists(cells, min_size=rows, max_size=rows))
        columns[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(columns)


@settings(max_examples=300, deadline=None)
@given(frames(), st.booleans())
def test_a_csv_has_the_bytes_that_pandas_writes(frame: pd.DataFrame, header: bool) -> None:
    expected = frame.to_csv(index=False, header=header, lineterminator="\n")
    assert csv_bytes(frame, header=header) == expected.encode()


def test_numbers_and_text_in_a_csv() -> None:
    frame = pd.DataFrame(
        {
            "day": pd.Series([1, None, -3], dtype="Int64"),
            "value": [0.1, -0.0, float("nan")],
            "text": ['say "no", twice', None, "two\nlines"],
        }
    )
    expected = 'day,value,text\n1,0.1,"say ""no"", twice"\n,-0.0,\n-3,,"two\nlines"\n'
    assert csv_bytes(frame).decode() == expected
    assert csv_bytes(frame.iloc[:0]) == b"day,value,text\n"


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
