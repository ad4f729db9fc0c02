"""The draft of the reviewer's guide: its headings, and numbers that a person can count."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from docx import Document

from durable.export import adrg
from durable.export.datasets import Dataset
from durable.export.reviewers_guide import Section, sections
from durable.plan import Plan


@pytest.fixture(scope="module")
def guide(datasets: dict[str, Dataset], plan: Plan, results: Path) -> list[Section]:
    sources = json.loads((results / "validated" / "sources.json").read_text(encoding="utf-8"))
    data_cut = pd.read_csv(results / "validated" / "data_cut.csv", dtype=str)
    return list(sections(plan, list(datasets.values()), sources, data_cut))


@pytest.fixture(scope="module")
def document(guide: list[Section]) -> Any:
    return Document(BytesIO(adrg.render(guide, "Protocol X", "Interim analysis")))


def table_of(guide: list[Section], title: str) -> dict[str, tuple[str, ...]]:
    """Rows of the table of a section, by their first cell."""
    (section,) = (one for one in guide if one.title.endswith(title))
    return {first: rest for first, *rest in map(tuple, section.table)}


def test_populations_windows_and_sources_are_those_of_the_demo(guide: list[Section]) -> None:
    populations = table_of(guide, "Analysis populations")
    assert populations["ENRLFL"] == ["Enrolled Population", "12"]
    assert populations["SAFFL"] == ["Safety Population", "10"]
    assert populations["REMFL"] == ["Remission Population", "8"]
    assert table_of(guide, "Visit windows")["M3"] == ["90", "76 to 104"]
    assert table_of(guide, "Source data")["subjects"] == ["subjects.csv", "12"]


def test_every_dataset_and_parameter_is_described(
    guide: list[Section], datasets: dict[str, Dataset]
) -> None:
    described = table_of(guide, "5.1 Datasets")
    assert list(described)[1:] == list(datasets)
    # A record of each of the 8 subjects in remission, and eight of each of the 10 infused.
    assert described["ADTTE"][-2:] == ["88", "10"]
    parameters = table_of(guide, "ADTTE: Time-to-Event Analysis Dataset")
    assert {code: row[-1] for code, row in parameters.items()} == {
        "PARAMCD": "Records",
        "DOR": "8",
        **dict.fromkeys(("EFS", "TTREM", "TTIMP", "OS"), "10"),
        **dict.fromkeys(("TTGCFREE", "TTISFREE", "TTDFREM", "TTSREM"), "10"),
    }


def test_the_datasets_that_others_read_are_named(guide: list[Section]) -> None:
    (section,) = (one for one in guide if one.title.endswith("Data dependencies"))
    assert section.paragraphs == (
        "ADSL is made first; ADRS, ADTTE, ADAE, ADLB, ADBC, ADPC, ADPP, ADIE, ADEX, ADDV read it.",
        "ADBC reads ADLB.",
        "ADPP reads ADPC.",
        "ADDV reads ADIE.",
    )


def test_headings_are_those_of_word_in_the_order_of_the_template(
    document: Any, guide: list[Section]
) -> None:
    headings = [p for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert [p.text for p in headings] == [section.title for section in guide]
    first = [p.text.split()[0] for p in headings if p.style.name == "Heading 1"]
    assert first == ["1", "2", "3", "4", "5", "6", "7"]
    assert len(document.tables) == sum(bool(section.table) for section in guide)


def test_what_only_the_sponsor_knows_is_marked(document: Any) -> None:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "[version]" in cells


def test_the_same_guide_is_the_same_bytes(guide: list[Section]) -> None:
    assert adrg.render(guide, "A", "B") == adrg.render(guide, "A", "B")
