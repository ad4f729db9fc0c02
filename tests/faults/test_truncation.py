"""A file that lost its end is refused in every format, or found: never read without a word.

What no reader can know: a CSV or TSV file that was cut at the end of a line (or within the last
cell of a row, which is a warning), and a transport file of version 5 that was cut where a record
ends at the end of a block. The number of records in the plan (`inputs.TABLE.records`) tells those.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

from durable.intake.findings import Findings, Recorded
from durable.intake.rules import RULES, Severity
from durable.intake.shaping.table import SourceReader
from durable.intake.texts import Phrase
from durable.plan import Format, Input
from tests.intake.forms import (
    dataset_json,
    ndjson,
    parquet,
    sas7bdat,
    short,
    tsv,
    typed,
    xlsx,
    xpt,
)
from tests.intake.package import native
from tests.intake.study import DEMO

FORMATS: dict[str, Format] = {
    "csv": "csv",
    "csv in UTF-16": "csv",
    "tsv": "tsv",
    "xlsx": "xlsx",
    "parquet": "parquet",
    "dataset-json": "dataset-json",
    "ndjson": "dataset-json",
    "xpt5": "xpt",
    "xpt8": "xpt",
    "sas7bdat": "sas7bdat",
}
TEXT = ("csv", "csv in UTF-16", "tsv")
RECORDS = 36
#: The first records hold every kind of cell: blanks in a text, quotes, absent dates and numbers.
#: What is cut at each byte needs no more.
FEW = 9
#: Bytes of the headers of the transport file, and of each of its records.
HEADERS, LENGTH = 2000, 109
#: Bytes by which a file is cut shorter and shorter: the blocks of a transport file.
BLOCK = 80
Outcome = Literal["refused", "found", "silent"]


@cache
def complete(form: str, records: int = RECORDS) -> bytes:
    """The therapies of the demo, or the first records of them; a file of SAS has all of them."""
    rows = typed("therapies")[: records + 1]
    text = b"".join((DEMO / "therapies.csv").read_bytes().splitlines(keepends=True)[: records + 1])
    match form:
        case "csv in UTF-16":
            return text.decode().encode("utf-16")
        case "tsv":
            return tsv(list(csv.reader(io.StringIO(text.decode(), newline=""))))
        case "xlsx":
            return xlsx(rows)
        case "parquet":
            return parquet(rows)
        case "dataset-json":
            return dataset_json(rows)
        case "ndjson":
            return ndjson(rows)
        case "xpt5" | "xpt8":
            with tempfile.TemporaryDirectory() as folder:
                return xpt(rows, int(form[-1]), Path(folder))
        case "sas7bdat":
            return sas7bdat("therapies")
    return text


@dataclass
class Severities(Findings):
    """Findings whose severities are known without the listing, which takes as long as to read."""

    found: set[Severity] = field(default_factory=set)

    def add(
        self,
        recorded: Recorded,
        where: pd.Series[bool],
        column: str,
        rule: str,
        expected: str | Phrase,
        severity: Severity | None = None,
    ) -> None:
        if where.any() and column not in recorded.absent:
            self.found.add(severity or RULES[rule].severities[0])
        super().add(recorded, where, column, rule, expected, severity)

    def add_about_file(
        self,
        table: str,
        file: str,
        rule: str,
        message: str,
        *,
        column: str = "",
        value: str = "",
        row: int | None = None,
        severity: Severity | None = None,
    ) -> None:
        self.found.add(severity or RULES[rule].severities[0])
        super().add_about_file(
            table, file, rule, message, column=column, value=value, row=row, severity=severity
        )


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., tuple[Outcome, int]]:
    """Reads bytes as the therapies: what comes of them, and how many records are read."""

    def outcome(form: str, data: bytes, records: int | None = None) -> tuple[Outcome, int]:
        path = tmp_path / "delivered"
        path.write_bytes(data)
        renamed = short(list(native("therapies")[0])) if form == "xpt5" else {}
        source = Input(path=str(path), format=FORMATS[form], columns=renamed, records=records)
        findings = Severities()
        table, _ = SourceReader(findings).table("therapies", source)
        # What the listing says, of a file cut at a block.
        if len(data) % BLOCK == 0:
            assert set(findings.frame()["severity"]) == findings.found
        if "error" in findings.found:
            return "refused", len(table.text)
        return ("found" if findings.found else "silent"), len(table.text)

    return outcome


Deliver = Callable[..., tuple[Outcome, int]]


@pytest.mark.parametrize("form", FORMATS)
def test_a_whole_file_is_read_without_a_word(form: str, deliver: Deliver) -> None:
    assert deliver(form, complete(form)) == ("silent", RECORDS)
    assert deliver(form, complete(form), RECORDS) == ("silent", RECORDS)
    assert deliver(form, complete(form), RECORDS + 1) == ("refused", RECORDS)


def expected(form: str, data: bytes) -> Outcome:
    """What becomes of a file that was cut, by what its format lets a reader know."""
    if form == "xpt5":
        rest = data[HEADERS + (len(data) - HEADERS) // LENGTH * LENGTH :]
        ends = len(data) % BLOCK == 0 and len(data) >= HEADERS
        return "silent" if ends and not rest.strip() else "refused"
    if form not in TEXT:
        return "refused"
    try:
        text = data.decode("utf-16" if form == "csv in UTF-16" else "utf-8")
        lines = io.StringIO(text, newline="")
        sign = "\t" if form == "tsv" else ","
        header, *rows = csv.reader(lines, delimiter=sign, strict=True)
    except (csv.Error, ValueError):  # a quote that is not closed, half a character, or not a line
        return "refused"
    if text.endswith("\n"):
        return "silent"
    # Of a header that is cut the last name is another one; those after the reason may be absent.
    complete_row = len(rows[-1]) == len(header) if rows else "reason" in header
    return "found" if complete_row else "refused"


def cut(form: str, whole: bytes, step: int, deliver: Deliver) -> Counter[str]:
    """What becomes of a file cut every few bytes; each as its format lets a reader know."""
    outcomes: Counter[str] = Counter()
    for size in range(0, len(whole), step):
        outcome, _ = deliver(form, whole[:size])
        assert outcome == expected(form, whole[:size]), size
        outcomes[outcome] += 1
    return outcomes


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_cut_at_any_block_is_refused_or_found(
    form: str, deliver: Deliver, count_faults: Callable[[str], None]
) -> None:
    outcomes = cut(form, complete(form), BLOCK, deliver)
    count_faults(f"{form}: cut at {outcomes.total()} blocks: {dict(outcomes)}")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_file_cut_at_any_byte_is_refused_or_found(
    form: str, deliver: Deliver, count_faults: Callable[[str], None]
) -> None:
    step = 1 if form in ("csv", "xpt5", "xpt8") else 7
    outcomes = cut(form, complete(form, FEW), step, deliver)
    count_faults(f"{form}: cut at {outcomes.total()} bytes: {dict(outcomes)}")


@pytest.mark.parametrize("form", FORMATS)
def test_with_its_number_of_records_a_cut_file_is_never_read_without_a_word(
    form: str, deliver: Deliver
) -> None:
    whole = complete(form)
    for size in range(0, len(whole), BLOCK):
        outcome, records = deliver(form, whole[:size], RECORDS)
        assert outcome == "refused" or (outcome == "found" and records == RECORDS), size


@pytest.mark.parametrize("form", ["xpt5", "xpt8", "sas7bdat", "parquet", "xlsx", "dataset-json"])
@pytest.mark.parametrize("added", [b"\0" * BLOCK, b" " * BLOCK, b"x"], ids=["NUL", "blanks", "x"])
def test_a_file_that_something_was_added_to_is_refused(
    form: str, added: bytes, deliver: Deliver
) -> None:
    outcome, _ = deliver(form, complete(form) + added)
    # Blanks are a blank record of version 5, where it is shorter than they, and nothing in JSON.
    harmless = {("xpt5", b" "), ("dataset-json", b" ")}
    assert outcome == ("silent" if (form, added[:1]) in harmless else "refused")
