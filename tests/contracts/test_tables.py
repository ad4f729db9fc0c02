"""The objects of the input tables: what they name exists, and a further one works everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from durable.contracts.adam.adae import RARELY_RECORDED
from durable.contracts.adam.adsl import OPTIONAL_VARIABLES
from durable.contracts.adam.registry import dataset_schemas
from durable.contracts.input_table import ColumnSpec, InputTable, named_object
from durable.contracts.tables import INPUT_TABLES
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.intake.rules import RULES
from durable.jdm.response import Ranges
from durable.plan import Plan, Sdtm

TABLE = pytest.mark.parametrize("table", INPUT_TABLES.values(), ids=lambda table: table.name)
COLUMN = pytest.mark.parametrize(
    ("table", "column"),
    [
        pytest.param(table, column, id=f"{table.name}.{column.name}")
        for table in INPUT_TABLES.values()
        for column in table.columns
    ],
)


def named(table: InputTable) -> list[str]:
    """Every function and class that a table names."""
    columns = [name for column in table.columns for name in (column.same, column.words)]
    makers = [] if table.sdtm is None else [table.sdtm.maker]
    checks = [check.function for check in table.checks]
    return [name for name in (table.duplicates, table.cut, *checks, *columns, *makers) if name]


@TABLE
def test_what_a_table_names_can_be_called(table: InputTable) -> None:
    for name in named(table):
        assert callable(named_object(name)), name


@TABLE
def test_checks_need_tables_and_break_rules_that_there_are(table: InputTable) -> None:
    assert {name for check in table.checks for name in check.tables} <= set(INPUT_TABLES)
    assert {table.before_consent, table.after_withdrawal} - {""} <= set(RULES)


@COLUMN
def test_the_keys_of_the_plan_that_a_column_names_exist(
    table: InputTable, column: ColumnSpec
) -> None:
    assert column.scale in {"", *Ranges.model_fields}
    sections = {path.split(".")[0] for path in column.needed_by}
    assert sections <= set(Plan.model_fields)
    if column.sdtm.selected is not None:
        assert column.sdtm.selected.key in Sdtm.model_fields


@COLUMN
def test_a_variable_that_holds_a_column_is_in_its_dataset(
    table: InputTable, column: ColumnSpec
) -> None:
    schemas = dataset_schemas(
        (28,),
        EVERY_ENDPOINT,
        subject_variables=OPTIONAL_VARIABLES,
        event_variables=RARELY_RECORDED.values(),
    )
    for variable in column.adam:
        dataset, _, name = variable.rpartition(".")
        for schema in [schemas[dataset]] if dataset else schemas.values():
            assert name in schema.columns


@COLUMN
def test_a_column_has_a_label_and_values_in_words(table: InputTable, column: ColumnSpec) -> None:
    assert column.label[0] == column.label[0].upper()
    assert column.allowed_in_words


@TABLE
def test_a_limit_of_normal_is_that_of_a_column_in_the_same_units(table: InputTable) -> None:
    for column in table.columns:
        if column.limit_of:
            assert table.by_name[column.limit_of].factors == column.factors


@pytest.mark.parametrize("wrong", [{"key": ("subject",)}, {"date": "visit_day"}])
def test_a_key_or_date_that_is_no_column_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is 0 columns"):
        replace(INPUT_TABLES["visits"], **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", INPUT_TABLES.values(), ids=lambda table: table.name)
def test_every_function_that_a_table_names_is_there(table: InputTable) -> None:
    """They are imported when they are called: a wrong module would fail only in a study's data."""
    named = [table.duplicates, table.cut, table.sdtm.maker if table.sdtm else ""]
    named += [check.function for check in table.checks]
    named += [name for column in table.columns for name in (column.same, column.words)]
    assert all(callable(named_object(name)) for name in named if name)
    others = {name for check in table.checks for name in check.tables}
    assert others <= set(INPUT_TABLES)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (ColumnSpec("card_date", "Date of the card", "date"), "card_date: at_cutoff is None"),
        (ColumnSpec("card", "Number of the card", at_cutoff="emptied"), "card: at_cutoff is empt"),
    ],
)
def test_a_further_date_that_does_not_say_what_the_cut_off_does_is_refused(
    column: ColumnSpec, says: str
) -> None:
    """It would stand in the validated table with a day after the data cut-off."""
    therapies = INPUT_TABLES["therapies"]
    with pytest.raises(ValueError, match=says):
        therapies.with_columns((column,))


def test_a_column_that_is_there_twice_is_refused() -> None:
    therapies = INPUT_TABLES["therapies"]
    with pytest.raises(ValueError, match="therapies: therapy is 2 columns"):
        replace(therapies, columns=(*therapies.columns, ColumnSpec("therapy", "Therapy")))


#: The screening log of a study: its object.
SCREENING = """
from durable.contracts.input_table import YES_NO, ColumnSpec, InputTable
SCREENING = InputTable(
    name="screening",
    description="One row per subject and screening.",
    key=("subject_id", "screening_date"),
    date="screening_date",
    after_withdrawal="after_withdrawal",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec("screening_date", "Date of screening", "date", required=True),
        ColumnSpec("eligible", "Eligible", required=True, allowed=YES_NO),
        ColumnSpec("reason", "Reason for a screening failure", absent=True, counted=True),
    ),
)
"""
RECORDS = """subject_id,screening_date,eligible,reason
CQ-001,2023-01-20,Y,
CQ-001,2023-01-20,N,Low count
CQ-099,2023-01-20,y,low count
CQ-002,2024-12-20,Y,
"""
PROGRAM = """
import sys
from pathlib import Path
import yaml
from durable.contracts.reference import tables_section
from durable.intake import check, cutoff
from durable.plan import parse, schema
raw = yaml.safe_load(Path("config/config.yaml").read_text())
raw["analysis"]["data_cutoff"] = str(raw["analysis"]["data_cutoff"])
raw["inputs"]["screening"] = {"path": sys.argv[1]}
plan = parse(raw)
examined = check.examine(plan)
found = examined.queries.query("table == 'screening'")
print(*found[["row", "column", "rule"]].astype(str).itertuples(index=False, name=None), sep="\\n")
frames = {name: table.frame for name, table in examined.tables.items()}
kept, data_cut = cutoff.apply(frames, plan.analysis.data_cutoff)
print(len(kept["screening"]), "screening" in data_cut["table"].tolist())
print("screening" in schema()["$defs"]["Inputs"]["properties"], "### screening" in tables_section())
"""


def test_a_table_takes_its_file_and_its_place_in_the_registry(tmp_path: Path) -> None:
    """It is then read, checked, cut and documented."""
    root = Path(__file__).parents[2]
    package = tmp_path / "durable"
    shutil.copytree(root / "src" / "durable", package)
    tables = package / "contracts" / "tables"
    (tables / "screening.py").write_text(SCREENING)
    registry = (tables / "__init__.py").read_text()
    registry = registry.replace("KINETICS)", "KINETICS, SCREENING)").replace(
        "from durable.contracts.tables.subjects",
        "from durable.contracts.tables.screening import SCREENING\n"
        "from durable.contracts.tables.subjects",
    )
    (tables / "__init__.py").write_text(registry)
    (tmp_path / "screening.csv").write_text(RECORDS)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "screening.csv")],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
    )
    assert done.stdout.splitlines() == [
        "('3', 'screening_date', 'duplicate_record')",
        "('4', 'eligible', 'not_allowed')",
        "('4', 'reason', 'spelling_varies')",
        "('4', 'subject_id', 'unknown_subject')",
        "2 True",
        "True True",
    ]
