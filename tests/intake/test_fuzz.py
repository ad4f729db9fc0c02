"""Whatever a file holds, it is read as written or told; nothing is guessed, nothing fails."""

from __future__ import annotations

import csv
import io
import tempfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from durable.contracts.table_schema import table_columns
from durable.contracts.tables import NATIVE_COLUMNS, TABLES
from durable.intake.findings import Findings, Recorded
from durable.intake.parsing import parse_table
from durable.intake.shaping.table import SourceReader
from durable.jdm.response import Ranges
from durable.plan import Input
from tests.intake.study import Study

HEADER = ",".join(NATIVE_COLUMNS["therapies"])
#: What tears tables apart, and a little of what fills them.
PIECES = [",", '"', '""', "\n", "\r\n", "\r", "\0", "\t", ";", " ", "a", "1", "\u00e9", "\ufeff"]
PIECES += ["S1,x,2024-01-01,,N,", "\n,,,,,\n", '"a\nb"', "\u2028", "\x0b", "\x85"]
BODIES = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
FILES = st.one_of(
    st.binary(max_size=60),
    BODIES.map(str.encode),
    BODIES.map(lambda body: f"{HEADER}\n{body}".encode()),
    st.tuples(BODIES, st.binary(max_size=3)).map(lambda p: f"{HEADER}\n{p[0]}".encode() + p[1]),
)


def recorded(content: bytes) -> tuple[Recorded, list[str]]:
    """The therapies table of a file, and the rules of its errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "therapies.csv"
        path.write_bytes(content)
        findings = Findings()
        table, _ = SourceReader(findings).table("therapies", Input(path=str(path)))
    frame = findings.frame()
    return table, frame.loc[frame["severity"] == "error", "rule"].tolist()


@settings(max_examples=150, deadline=None)
@given(content=FILES)
@example(content=f'{HEADER}\nS1,"x"y,2024-01-01,,N,\n'.encode())
@example(content=f'{HEADER}\nS1,x,2024-01-01,,N,"a\nS2,x,2024-01-01,,N,\n'.encode())
@example(content=f'{HEADER[:-6]}"reason"\nS1,x,2024-01-01,,N,\n'.encode())
@example(content=f'{HEADER},"a\nb"\nS1,x,2024-01-01,,N,,\n'.encode())
def test_a_file_without_errors_is_read_as_a_strict_reader_reads_it(content: bytes) -> None:
    table, errors = recorded(content)
    if errors:
        return
    text = content.decode("utf-8").removeprefix("\ufeff").rstrip("\r\n")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    bare = [name.strip() for name in header]
    place = [bare.index(name) if name in bare else None for name in NATIVE_COLUMNS["therapies"]]
    # This reader gives an empty line as a row of no cells.
    whole = [row or [""] * len(header) for row in rows]
    numbered = [
        (*("" if i is None else row[i] for i in place), n) for n, row in enumerate(whole, start=2)
    ]
    filled = [row for row in numbered if any(cell.strip() for cell in row[:-1])]
    assert list(table.text.itertuples(index=False, name=None)) == filled


CELLS = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="0123456789.,-+eE_ \u0661\uff11\u00a0", max_size=8),
    st.text(alphabet="0123456789-/", min_size=8, max_size=11),
    st.dates().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.sampled_from(["NaN", "inf", "NA", "None", "<NA>", "nan", "Y", "y", "1e3", "9" * 400, "-0"]),
)


@settings(max_examples=30, deadline=None)
@given(
    cells=st.lists(CELLS, min_size=1, max_size=6), name=st.sampled_from(NATIVE_COLUMNS["kinetics"])
)
def test_a_value_means_what_is_written_or_is_told(cells: list[str], name: str) -> None:
    rule = table_columns("kinetics", Ranges())[name]
    text = pd.DataFrame(dict.fromkeys(NATIVE_COLUMNS["kinetics"], ""), index=range(len(cells)))
    text[name] = cells
    text["source_row"] = range(2, len(cells) + 2)
    findings = Findings()
    values = parse_table(Recorded("kinetics", "k.csv", text), Ranges(), findings)[name]
    told = findings.frame().query("column == @name and rule != 'missing_value'")
    for row, (cell, value) in enumerate(zip(cells, values, strict=True), start=2):
        rules = set(told.loc[told["row"] == row, "rule"])
        bare = cell.strip()
        assert ("blanks" in rules) == (bare != cell)
        if pd.isna(value):
            assert bare == "" or rules & {
                "not_a_number",
                "not_an_integer",
                "not_a_date",
                "not_a_time",
            }
        elif rule.kind in ("number", "integer"):
            assert value == float(Decimal(bare))
            assert "_" not in bare
            assert bare.isascii()
        elif rule.kind == "date":
            assert value.strftime("%Y-%m-%d") == bare
        else:
            assert value == bare


JUNK = st.sampled_from(
    [
        *("", " ", "S1", "S2", "S1 ", "s1", "UNS", "M2", "Y", "N", "y", "flow", "Flow", "cells/uL"),
        *("2024-01-01", "2024-03-01", "1823-01-01", "2203-01-01", "2024-02-30", "1e7", "0", "-1"),
        *("1", "5", "9" * 30, "9" * 400, "fatal", "FATAL", "=1+1", "<b>", "a\0b", "\u200b", "a\nb"),
        "\U0001f600",
    ]
)


@st.composite
def studies(draw: st.DrawFn) -> dict[str, list[list[str]]]:
    """Small tables of sound names and unsound cells."""
    tables = {}
    for name in TABLES:
        width = len(NATIVE_COLUMNS[name])
        rows = draw(st.lists(st.lists(JUNK, min_size=width, max_size=width), max_size=4))
        tables[name] = [list(NATIVE_COLUMNS[name]), *rows]
    return tables


@settings(max_examples=60, deadline=None)
@given(tables=studies())
def test_no_content_of_the_tables_makes_the_intake_fail(tables: dict[str, list[list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder))
        for name, rows in tables.items():
            study.write(name, rows)
        found = study.check()
        refused = study.refused()
    assert (refused is not None) == any(one.severity == "error" for one in found)
