from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from durable.contracts.results import (
    WHOLE_COLUMN,
    Result,
    join_parameter,
    read_csv,
    split_parameter,
    to_csv,
)


def test_a_bar_within_a_term_is_told_from_the_bar_between_terms() -> None:
    assert join_parameter(("D28", "Investigations", "ALT|AST increased")) == (
        "D28|Investigations|ALT\\|AST increased"
    )
    assert join_parameter(("D28", "A|B", "C")) != join_parameter(("D28", "A", "B|C"))


def test_a_backslash_at_the_end_of_a_part_does_not_swallow_the_bar() -> None:
    assert join_parameter(("A\\", "B")) == "A\\\\|B"
    assert split_parameter("A\\\\|B") == ("A\\", "B")


def test_a_whole_column_has_no_parts() -> None:
    assert join_parameter(WHOLE_COLUMN) == ""
    assert split_parameter("") == WHOLE_COLUMN


@given(st.lists(st.text("ab|\\"), min_size=1, max_size=4).filter(lambda parts: parts != [""]))
def test_the_parts_come_back(parts: list[str]) -> None:
    assert split_parameter(join_parameter(tuple(parts))) == tuple(parts)


def test_what_a_spreadsheet_would_run_is_text_in_the_file_and_comes_back(tmp_path: Path) -> None:
    row = Result("t_dor", "primary", "dose_level", "=1+1", ("@x",), "n", 1.0, note="-note")
    path = tmp_path / "ard.csv"
    path.write_text(to_csv([row]))
    assert path.read_text().splitlines()[1] == "t_dor,primary,dose_level,'=1+1,'@x,n,1,,,'-note"
    (back,) = read_csv(path)
    assert (back.group, back.parameter, back.note) == ("=1+1", ("@x",), "-note")
