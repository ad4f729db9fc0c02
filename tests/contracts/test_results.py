from hypothesis import given
from hypothesis import strategies as st

from durable.contracts.results import WHOLE_COLUMN, join_parameter, split_parameter


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
