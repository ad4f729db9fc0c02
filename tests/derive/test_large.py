"""A large study is derived as a small one is: by blocks, and no subject touches another."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from benchmarks import registry
from pandera.errors import SchemaError

from durable.contracts import table_schema
from durable.contracts.adam import ADRS, Sorted
from durable.derive import adrs, datasets
from durable.derive.datasets import Datasets, derive, derive_but_records
from durable.files import write_parquet, write_parquet_blocks
from durable.intake.stored import write_table
from durable.jdm import tis
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
        for column, rule in table_schema.columns(name, Response().ranges).items():
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


def given() -> dict[str, object]:
    return {
        "study": "NCT",
        "cutoff": dt.date.fromisoformat(registry.CUTOFF),
        "schedule": plan().schedule,
        "response": plan().response,
    }


def test_a_subset_gives_the_rows_that_it_has_in_the_whole(study: Tables) -> None:
    names = set(study["subjects"]["subject_id"].iloc[5:60:7])
    whole = derive(*study.values(), **given())
    part = derive(*of(study, names).values(), **given())
    assert len(part.adsl) == len(names) == 8
    for name in ("adsl", "adrs", "adtte"):
        expected, found = getattr(whole, name), getattr(part, name)
        expected = expected.loc[expected["USUBJID"].isin(names)].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert whole.adtte["CNSR"].nunique() > 2  # the subjects differ in how they end


def test_many_digits_of_one_subject_leave_the_others_as_they_are() -> None:
    alone = tis.percent_change([0.30000000000000004], [0.1], 10)
    beside = tis.percent_change([0.30000000000000004, 1 / 3], [0.1, 0.1], 10)
    assert alone[0] == beside[0] == 2.0
    assert beside[1] == pytest.approx(70 / 30)


def test_the_file_of_blocks_reads_as_the_dataset_made_at_once(
    study: Tables, tmp_path: Path
) -> None:
    whole: Datasets = derive(*study.values(), **given())
    found = derive_but_records(*study.values(), **given())
    blocks = adrs.blocks(found.adsl, found.frame, plan().schedule, plan().response, subjects=7)
    write_parquet_blocks(tmp_path / "blocks.parquet", blocks)
    write_parquet(tmp_path / "once.parquet", whole.adrs)
    read = [pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("blocks", "once")]
    pd.testing.assert_frame_equal(*read, check_exact=True)
    assert pq.ParquetFile(tmp_path / "blocks.parquet").num_row_groups == 9  # 60 subjects by 7


def validated(study: Tables, folder: Path) -> Path:
    """The study as the stage finds it, its visits in the order of their dates."""
    for name, records in study.items():
        write_table(folder / "validated" / f"{name}.parquet", records)
    return folder


def test_the_stage_writes_the_same_datasets_for_few_subjects_at_a_time(
    study: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most: list[int] = []

    def counted(subjects: pd.DataFrame, visits: pd.DataFrame, *rest: object, **how: object) -> Any:
        most.append(len(visits))
        assert visits["subject_id"].isin(subjects["subject_id"]).all()
        return derive_but_records(subjects, visits, *rest, **how)

    monkeypatch.setattr(datasets, "derive_but_records", counted)
    monkeypatch.setattr(adrs, "BLOCK", 2)
    written = []
    # Sixty at once; 20 and 2 at a time, of which subjects 9 and 10 without a visit or therapy.
    quiet = {"R0000009", "R0000010"}
    analysis = {"id": "test", "data_cutoff": registry.CUTOFF}
    the_plan = plan(study={"id": "NCT"}, analysis=analysis)
    fewer = {
        name: rows if name == "subjects" else rows.loc[~rows["subject_id"].isin(quiet)]
        for name, rows in study.items()
    }
    for tables in (study, fewer):
        for size in (60, 20, 2):
            most.clear()
            folder = validated(tables, tmp_path / f"{len(written)}")
            monkeypatch.setattr(datasets, "BLOCK", size)
            datasets.run(the_plan, folder)
            written.append([(folder / "adam" / f"{n}.parquet").read_bytes() for n in NAMES])
            assert len(most) == 60 / size
            assert max(most) <= 12 * size  # no subject has more visits
    whole = derive(*study.values(), **given())
    for number, name in enumerate(NAMES):
        read = pd.read_parquet(tmp_path / "0" / "adam" / f"{name}.parquet")
        pd.testing.assert_frame_equal(read, getattr(whole, name), check_exact=True)
        for first in (0, 3):
            same = written[first : first + 3]
            assert all(files[number] == same[0][number] for files in same)


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
        ({"ASEQ": [1, 1, 1]}, "alike or out of order"),
        ({"ASEQ": [2, 1, 1]}, "alike or out of order"),
    ],
)
def test_records_written_by_blocks_are_held_to_the_contract(
    given_columns: dict[str, list[object]], error: str
) -> None:
    def check(*blocks: pd.DataFrame) -> None:
        contract = Sorted(ADRS)
        for block in blocks:
            contract.add(block)
        contract.validate()

    later = some(USUBJID=["C", "C", "C"], ASEQ=[1, 2, 3])
    none = some().iloc[:0]
    check(none)
    check(none, some(), none, later)
    with pytest.raises((ValueError, SchemaError), match=error):
        check(some(**given_columns), later)
    with pytest.raises((ValueError, SchemaError), match=error):
        check(some(USUBJID=["0", "0", "0"], ASEQ=[1, 2, 3]), some(**given_columns))


def test_blocks_out_of_order_or_of_another_type_are_refused() -> None:
    contract = Sorted(ADRS)
    contract.add(some())
    with pytest.raises(ValueError, match="alike or out of order"):
        contract.add(some())
    other = some(USUBJID=["C", "D", "E"]).astype({"AVAL": "Int64"})
    with pytest.raises(ValueError, match="AVAL changes its type"):
        contract.add(other)


def test_records_of_the_rate_alone_are_those_of_the_whole_dataset() -> None:
    visits = [
        visit(-10, ACTIVE),
        visit(58, INACTIVE),
        visit(-10, ACTIVE, "S2"),
        visit(85, UNKNOWN, "S2"),
        visit(61, INACTIVE, "S4"),
    ]
    people = [subject(), subject("S2"), subject("S3"), subject("S4", infusion_date=pd.NaT)]
    tables = table("subjects", people), table("visits", visits), None
    whole = derive(*tables, **given()).adrs
    found = derive_but_records(*tables, **given())
    rate = adrs.improvement(found.adsl, found.frame, plan().schedule, plan().response)
    in_whole = whole.loc[whole["PARAMCD"] == "IMPR"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rate, in_whole, check_exact=True)
    assert rate["USUBJID"].tolist() == ["S1", "S1", "S2", "S2", "S3", "S3"]
    assert rate["AVISIT"].tolist() == ["M2", "M3", "M3", "M2", "M2", "M3"]
    # S1: 15 records at baseline, 32 at the visit with the rate, then the visit not held.
    assert rate["ASEQ"].tolist() == [47, 48, 47, 48, 1, 2]
    assert rate["SRCSEQ"].tolist() == [3, pd.NA, 5, pd.NA, pd.NA, pd.NA]
    assert rate["AVAL"].tolist()[0] == 1
