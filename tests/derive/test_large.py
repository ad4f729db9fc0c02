"""A large study is derived as a small one is: by blocks, and no subject touches another."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from benchmarks import registry
from pandera.errors import SchemaError

from durable.contracts import table_schema
from durable.contracts.adam.adrs import ADRS
from durable.contracts.adam.variables import with_categories
from durable.derive import datasets
from durable.derive.adrs import categories_to_text
from durable.derive.datasets import Datasets, Derivation
from durable.derive.trial import Trial, ValidatedTables
from durable.intake.stored import write_table
from durable.jdm.percent_change import percent_change
from durable.jdm.response import Response
from tests.derive.build import ACTIVE, INACTIVE, UNKNOWN, plan, subject, table, visit

Tables = dict[str, pd.DataFrame]
NAMES = ("adsl", "adrs", "adtte")


@pytest.fixture(scope="module")
def study() -> Tables:
    """Sixty subjects of the registry as validation leaves them."""
    made = {}
    for name, recorded in registry.tables(60).items():
        typed = (
            recorded.assign(**dict.fromkeys(("jdmai1", "jdmai2"), np.nan))
            if name == "visits"
            else recorded
        )
        for column, rule in table_schema.table_columns(name, Response().ranges).items():
            if rule.kind == "text":
                typed[column] = typed[column].astype(object).where(typed[column].notna(), None)
            elif rule.kind == "date":
                typed[column] = typed[column].astype("datetime64[ns]")
            else:
                typed[column] = typed[column].astype(float)
        made[name] = typed.assign(source_row=range(2, len(typed) + 2))
    return made


def of(study: Tables, names: set[str]) -> Tables:
    return {name: table.loc[table["subject_id"].isin(names)] for name, table in study.items()}


TRIAL = Trial("NCT", dt.date.fromisoformat(registry.CUTOFF), plan().schedule)


def derived(tables: Tables) -> Datasets:
    """The datasets of the tables, all text as text."""
    validated = ValidatedTables(tables["subjects"], tables["visits"], tables.get("therapies"))
    found = Derivation(TRIAL, validated).datasets(plan().response)
    return replace(found, adrs=categories_to_text(found.adrs))


def test_a_subset_gives_the_rows_that_it_has_in_the_whole(study: Tables) -> None:
    names = set(study["subjects"]["subject_id"].iloc[5:60:7])
    whole = derived(study)
    part = derived(of(study, names))
    assert len(part.adsl) == len(names) == 8
    for name in ("adsl", "adrs", "adtte"):
        expected, found = getattr(whole, name), getattr(part, name)
        expected = expected.loc[expected["USUBJID"].isin(names)].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert whole.adtte["CNSR"].nunique() > 2  # the subjects differ in how they end


def test_many_digits_of_one_subject_leave_the_others_as_they_are() -> None:
    alone = percent_change([0.30000000000000004], [0.1], 10)
    beside = percent_change([0.30000000000000004, 1 / 3], [0.1, 0.1], 10)
    assert alone[0] == beside[0] == 2.0
    assert beside[1] == pytest.approx(70 / 30)


def validated(study: Tables, folder: Path) -> Path:
    """The study as the stage finds it, its visits in the order of their dates."""
    for name, records in study.items():
        write_table(folder / "validated" / f"{name}.parquet", records)
    return folder


def test_the_stage_writes_the_same_datasets_for_few_subjects_at_a_time(
    study: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the fewer, subjects 9 and 10 have no visit or therapy.
    quiet = {"R0000009", "R0000010"}
    analysis = {"id": "test", "data_cutoff": registry.CUTOFF}
    the_plan = plan(study={"id": "NCT"}, analysis=analysis)
    fewer = {
        name: rows if name == "subjects" else rows.loc[~rows["subject_id"].isin(quiet)]
        for name, rows in study.items()
    }
    sizes = (((60, 1), (7, 9)), ((20, 3), (2, 30)))
    for number, tables in enumerate((study, fewer)):
        read = ValidatedTables.read(validated(tables, tmp_path / f"{number}"), "NCT")
        whole = derived(dict(zip(study, (read.subjects, read.visits, read.therapies), strict=True)))
        for size, groups in sizes[number]:
            folder = validated(tables, tmp_path / f"{number}-{size}")
            monkeypatch.setattr(datasets, "BLOCK", size)
            datasets.run(the_plan, folder)
            for name in NAMES:
                written = pd.read_parquet(folder / "adam" / f"{name}.parquet")
                pd.testing.assert_frame_equal(written, getattr(whole, name), check_exact=True)
            assert pq.ParquetFile(folder / "adam" / "adrs.parquet").num_row_groups == groups


def test_tables_by_blocks_hold_the_records_of_their_subjects(study: Tables) -> None:
    tables = ValidatedTables(*study.values())
    blocks = list(tables.blocks(20))
    assert [len(block.subjects) for block in blocks] == [20, 20, 20]
    assert sum(len(block.visits) for block in blocks) == len(study["visits"])
    for block in blocks:
        assert block.visits["subject_id"].isin(block.subjects["subject_id"]).all()
        assert block.therapies is not None
        assert block.therapies["subject_id"].isin(block.subjects["subject_id"]).all()


RECORDS = {"USUBJID": ["A", "A", "B"], "ASEQ": [1, 2, 1], "SRCDOM": ["visits", None, "visits"]}


def some(**given: list[object]) -> pd.DataFrame:
    """Three records of ADRS as they are written: text as categories."""
    columns: dict[str, Any] = {}
    for name, column in ADRS.columns.items():
        values = given.get(name, RECORDS.get(name, ["Y"] * 3))
        if str(column.dtype) == "object":
            columns[name] = pd.Series(values, dtype="category")
        else:
            values = values if name in {**RECORDS, **given} else [None] * 3
            columns[name] = pd.Series(values, dtype=str(column.dtype))
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("given_columns", "error"),
    [
        ({"SRCDOM": ["visits", "visit", None]}, "isin"),
        ({"ABLFL": [None, "Y", "N"]}, "isin"),
        ({"ASEQ": [0, 2, 1]}, "greater_than_or_equal_to"),
        ({"PARAMCD": ["TIS", None, "TIS"]}, "non-nullable|contains null"),
        ({"ASEQ": [1, 1, 1]}, "not unique"),
    ],
)
def test_records_written_by_blocks_are_held_to_the_contract(
    given_columns: dict[str, list[object]], error: str
) -> None:
    contract = with_categories(ADRS)
    contract.validate(some().iloc[:0])
    contract.validate(some())
    with pytest.raises(SchemaError, match=error):
        contract.validate(some(**given_columns))


def test_blocks_of_another_type_are_refused() -> None:
    other = some().astype({"AVAL": "Int64"})
    with pytest.raises(SchemaError, match="AVAL"):
        with_categories(ADRS).validate(other)


def test_records_of_the_rate_alone_are_those_of_the_whole_dataset() -> None:
    visits = [
        visit(-10, ACTIVE),
        visit(58, INACTIVE),
        visit(-10, ACTIVE, "S2"),
        visit(85, UNKNOWN, "S2"),
        visit(61, INACTIVE, "S4"),
    ]
    people = [subject(), subject("S2"), subject("S3"), subject("S4", infusion_date=pd.NaT)]
    tables = {"subjects": table("subjects", people), "visits": table("visits", visits)}
    whole = derived(tables).adrs
    derivation = Derivation(TRIAL, ValidatedTables(*tables.values(), None))
    rate = categories_to_text(derivation.improvement(plan().response))
    in_whole = whole.loc[whole["PARAMCD"] == "IMPR"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rate, in_whole, check_exact=True)
    assert rate["USUBJID"].tolist() == ["S1", "S1", "S2", "S2", "S3", "S3"]
    assert rate["AVISIT"].tolist() == ["M2", "M3", "M3", "M2", "M2", "M3"]
    # S1: 15 records at baseline, 32 at the visit with the rate, then the visit not held.
    assert rate["ASEQ"].tolist() == [47, 48, 47, 48, 1, 2]
    assert rate["SRCSEQ"].tolist() == [3, pd.NA, 5, pd.NA, pd.NA, pd.NA]
    assert rate["AVAL"].tolist()[0] == 1
