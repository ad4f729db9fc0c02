"""Large tables: the same results as small ones, in memory of a small multiple of the file."""

from __future__ import annotations

import csv
from decimal import Context, Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from benchmarks.large_file import run, write_study
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.intake import check, cutoff, queries
from durable.intake.findings import HIDDEN
from durable.intake.readers.cells import native_text
from durable.intake.readers.parquet import native_texts
from durable.intake.texts import is_plain_ascii
from durable.plan import load
from durable.stage import STAGES
from tests.intake.study import Study, column

#: Bytes of memory for each byte by which a file is longer, by stage: 8 and 14 were measured at this
#: size. A registry of 100,000 subjects is then far from the 8 GB that it may take.
MULTIPLES = {"check": 10, "derive": 18}


def made(folder: Path, subjects: int) -> Path:
    """Results of both stages on a study of demo subjects over and over."""
    folder.mkdir()
    write_study(folder, subjects)
    plan = load(folder / "plan.yaml")
    check.run(plan.restrict_to(STAGES["check"].sections), folder)
    cutoff.run(plan.restrict_to(STAGES["derive"].sections), folder)
    return folder


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_subjects_have_the_same_results_among_many(tmp_path: Path) -> None:
    few, many = made(tmp_path / "few", 24), made(tmp_path / "many", 1200)
    for listing in ("queries.csv", "validated/data_cut.csv"):
        alone = lines(few / listing)
        assert alone
        among = [line for line in lines(many / listing) if line["subject_id"] < "R-0000024"]
        assert among == alone
    for table in ("checked/visits", "validated/visits", "validated/subjects"):
        alone_rows = pd.read_parquet(few / f"{table}.parquet")
        among_rows = pd.read_parquet(many / f"{table}.parquet")
        assert len(among_rows) == 50 * len(alone_rows)
        pd.testing.assert_frame_equal(among_rows.head(len(alone_rows)), alone_rows)


@pytest.mark.slow
def test_memory_grows_by_a_small_multiple_of_the_file(tmp_path: Path) -> None:
    sizes = {}
    for name, subjects in (("short", 12_000), ("long", 45_000)):
        (tmp_path / name).mkdir()
        write_study(tmp_path / name, subjects)
        sizes[name] = sum(path.stat().st_size for path in (tmp_path / name).glob("*.csv"))
    assert sizes["long"] - sizes["short"] > 32e6
    for stage, multiple in MULTIPLES.items():
        peak = {name: run(stage, tmp_path / name).peak_gb * 1e9 for name in sizes}
        assert peak["long"] - peak["short"] < multiple * (sizes["long"] - sizes["short"])


def test_a_mistake_in_every_row_is_listed_whole_and_shown_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "WHOLE", 100)
    monkeypatch.setattr(queries, "MOST", 10)
    study = Study(tmp_path)
    column("visits", "cmas", "53")(study)
    study.check()
    listed = lines(study.results / "queries.csv")
    assert sum(line["rule"] == "out_of_range" for line in listed) == 105
    book = openpyxl.load_workbook(study.results / "queries.xlsx")
    heading, *shown = book["Queries"].iter_rows(values_only=True)
    rule = heading.index("Rule")
    assert sum(row[rule] == "out_of_range" for row in shown) == 10
    assert list(book["Not all listed"].iter_rows(values_only=True)) == [
        ("Status", "Severity", "Table", "Field", "Rule", "Findings", "Listed"),
        ("open", "error", "visits", "cmas", "out_of_range", "105", "10"),
    ]
    page = " ".join((study.results / "queries.html").read_text().split())
    assert "open, error: 105; open, warning: 17." in page
    assert "Of these kinds it lists the first 10; queries.csv has all." in page
    assert page.count("<small>out_of_range</small>") == 10
    assert study.refused() is not None


def test_a_small_study_is_shown_whole_and_says_nothing_of_limits(tmp_path: Path) -> None:
    study = Study(tmp_path)
    column("visits", "cmas", "53")(study)
    study.check()
    book = openpyxl.load_workbook(study.results / "queries.xlsx")
    assert book.sheetnames == ["Queries", "Resolved", "How to answer", "Records read", "Index"]
    assert book["Queries"].max_row == 1 + 105 + 17
    assert "too many" not in (study.results / "queries.html").read_text()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(width=64), max_size=5), st.lists(st.floats(width=32), max_size=5))
def test_numbers_written_together_are_as_each_alone(
    double: list[float], single: list[float]
) -> None:
    import pyarrow as pa

    assert native_texts(pa.array(double, pa.float64())) == [native_text(value) for value in double]
    for value, text in zip(single, native_texts(pa.array(single, pa.float32())), strict=True):
        if text in ("nan", "inf", "-inf"):
            continue
        # The decimals that its precision holds, not the binary rest behind them; whole numbers keep
        # all digits, as they may be names.
        shortest = Decimal(str(np.float32(value)))
        whole = shortest == shortest.to_integral_value() and abs(shortest) < 2**53
        assert Decimal(text) == (shortest if whole else Context(prec=7).plus(shortest))


@settings(deadline=None)
@given(st.lists(st.text(max_size=4), max_size=6))
def test_a_plain_text_has_no_blanks_around_it_and_nothing_hidden(values: list[str]) -> None:
    for value, found in zip(values, is_plain_ascii(values), strict=True):
        visible = value != "" and value.isascii() and not HIDDEN.search(value)
        assert found == (visible and value == value.strip())
