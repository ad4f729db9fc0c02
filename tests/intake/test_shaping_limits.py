"""Tables made of several files: what multiplies is refused, and many findings take linear time."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from durable.intake.findings import Findings
from durable.intake.readers.cells import File
from durable.intake.shaping.joining import join
from durable.intake.shaping.pivoting import pivot
from durable.intake.shaping.query import query
from durable.intake.shaping.rows import Report, Rows
from durable.intake.texts import categorical
from durable.plan.source_files import Join, Long


def rows(file: str, **columns: list[str]) -> Rows:
    """Rows of a file, below a header in row 1."""
    text = pd.DataFrame({name: pd.Series(categorical(texts)) for name, texts in columns.items()})
    place = {"file": categorical([file] * len(text)), "row": range(2, len(text) + 2)}
    return Rows(text, pd.DataFrame(place, index=text.index))


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("SELECT a.source_row, a.x FROM a, a b", 2000),
        ("SELECT source_row, x FROM a", 1999),
        (
            "WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r)"
            " SELECT i source_row FROM r",
            1_000_000,
        ),
    ],
    ids=["each with each", "a value too many", "without an end"],
)
def test_a_query_gives_no_more_values_than_the_plan_allows(text: str, most: int) -> None:
    findings = Findings()
    file = File("visits", "q.sql", text.encode(), findings)
    tables = {"a": rows("a.csv", x=["1"] * 1000)}
    assert query(file, tables, Report("visits", findings), "key", most) is None
    (found,) = findings.frame()[["rule", "message"]].to_numpy().tolist()
    assert found == [
        "too_large",
        f"q.sql: more than {most} values; expected at most {most} (inputs.limits.cells)",
    ]


def test_a_query_may_give_as_many_values_as_the_plan_allows() -> None:
    findings = Findings()
    file = File("visits", "q.sql", b"SELECT source_row, x FROM a", findings)
    made = query(
        file, {"a": rows("a.csv", x=["1"] * 1000)}, Report("visits", findings), "key", 2000
    )
    assert made is not None
    assert (len(made.text), len(findings.frame())) == (1000, 0)


def test_many_keys_again_are_reported_in_linear_time() -> None:
    findings = Findings(most=3)
    other = rows("b.csv", id=["x", "y", *["x"] * 50_000, "y"], extra=["1"] * 50_003)
    given = Join(path="b.csv", by={"id": "id"})
    begun = time.process_time()
    files = ("a.csv", "b.csv")
    assert (
        join(rows("a.csv", id=["x"]), other, given, Report("visits", findings), "k", files) is None
    )
    assert time.process_time() - begun < 5
    assert findings.frame()["message"].tolist() == [
        "b.csv: 49998 more findings of duplicate_key; expected none: the listing holds the first 3"
        " of a kind (inputs.limits.findings)",
        *(
            f"b.csv, row {row}: the key of row 2 again; expected each once (k.by)"
            for row in (4, 5, 6)
        ),
    ]


def test_many_unknown_tests_are_reported_in_linear_time() -> None:
    findings = Findings(most=2)
    number = 100_000
    long = rows(
        "a.csv",
        id=["x"] * number,
        test=["CMAS", *(f"T{i}" for i in range(number - 2)), "T0"],
        value=["1"] * number,
    )
    given = Long(test="test", value="value", tests={"CMAS": "cmas"})
    begun = time.process_time()
    made = pivot(long, given, ["id"], [], Report("visits", findings), "k", "labs.csv")
    assert time.process_time() - begun < 5
    assert made is not None
    assert made.text["cmas"].tolist() == ["1"]
    assert findings.frame()["message"].tolist()[1:] == [
        "a.csv, row 3: 2 record(s) of T0, first here; expected one of CMAS (k.tests): they are not"
        " used",
        "a.csv, row 4: 1 record(s) of T1, first here; expected one of CMAS (k.tests): they are not"
        " used",
    ]
