"""The registries of outputs and listings: an entry names its object, and importing is light."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from durable.contents import NUMBERS, kind_of, require_numbers
from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.outputs import ORDER_OF_ROWS, OUTPUTS, OutputEntry, tables_of
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.listings import LISTINGS, ListingEntry
from durable.registry import available_names
from tests.derive.build import plan
from tests.outputs.analysed import give_tables

HEAVY = ("pandas", "numpy", "scipy", "pyarrow", "matplotlib")


@pytest.mark.parametrize("entry", OUTPUTS, ids=lambda entry: entry.name)
def test_an_entry_names_its_output(entry: OutputEntry) -> None:
    output = entry.load()
    assert output.name == entry.name
    assert tuple(table.name for table in output.tables) == entry.table_names
    assert all(note for table in output.tables for note in table.footnotes(plan()))


def test_every_table_and_listing_has_a_number_and_no_two_of_a_kind_share_one() -> None:
    made = [name for entry in OUTPUTS for name in entry.table_names]
    made += [f"l_{entry.name}" for entry in LISTINGS]
    assert sorted(made) == sorted(name for name in NUMBERS if not name.startswith("f_"))
    numbered = [(kind_of(name), number) for name, number in NUMBERS.items()]
    assert len(numbered) == len(set(numbered))


def test_an_output_without_a_number_is_refused_when_the_registries_are_read() -> None:
    """Documents and report show what has a number: the output would be lost without a word."""
    with pytest.raises(ValueError, match=r"no number of t_new: add each to NUMBERS of durable.con"):
        require_numbers(["t_dor", "t_new"])
    program = "from durable import contents; del contents.NUMBERS['{}']; import durable.{}"
    registries = {"t_os": "outputs", "f_km_os": "figures", "l_flares": "outputs.listings"}
    for name, registry in registries.items():
        command = [sys.executable, "-c", program.format(name, registry)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert f"no number of {name}" in done.stderr


@pytest.mark.parametrize("entry", LISTINGS, ids=lambda entry: entry.name)
def test_an_entry_names_its_listing(entry: ListingEntry) -> None:
    listing = entry.load()
    assert listing.name == entry.name
    names = [column.name for column in listing.columns(plan())]
    assert len(names) == len(set(names))


def test_the_order_of_the_rows_names_every_function_of_an_output_once() -> None:
    further = {e.name for e in OUTPUTS if e.load().further_results is not None}
    assert further == {"t_ae_overview", "t_ae_crs"}
    expected = {e.name for e in OUTPUTS} | {f"{name}.further_results" for name in further}
    assert len(ORDER_OF_ROWS) == len(expected)
    assert set(ORDER_OF_ROWS) == expected


def test_an_output_is_left_out_where_its_dataset_or_what_it_is_of_lacks() -> None:
    every_table = {name for entry in OUTPUTS for name in entry.table_names}
    few = set(tables_of(plan(), {"adsl", "adrs", "adtte"}))
    sensitivity = {"t_sensitivity", "t_sensitivity_s"}
    glucocorticoid = {"t_glucocorticoid", "t_glucocorticoid_s"}
    asked = sensitivity | glucocorticoid | {"t_subgroups", "t_monitoring"}
    outcome = {"t_cells_outcome", "t_cells_outcome_s"}
    for endpoint in DRUG_FREE_ENDPOINTS:
        asked |= {endpoint.table, f"{endpoint.table}_s"}
    asked |= {"t_estimands"}
    events = {"t_safety_boundary", "t_safety_boundary_s", "t_escalation", "t_escalation_s"}
    of_tables = {"t_kinetics", "t_kinetics_s", "t_eligibility", "t_eligibility_s"}
    by_visit = {"t_laboratory", "t_laboratory_s"}
    laboratory = by_visit | {"t_lab_shift", "t_lab_shift_s", "t_bcells", "t_icaht"}
    more = laboratory | outcome | {"t_exposure", "t_deviations", "t_reinfusion"}
    assert every_table - few == asked | events | of_tables | more
    varied = plan(
        sensitivity={"s": {"response": {"improvement": {"missing": "observed"}}}},
        subgroups={"sex": {"column": "sex"}},
        response={"drug_free": {}, "reinfusion": {"as_new_therapy": True}},
        outputs={"estimands": True},
        monitoring={
            "improvement": {"visit": "M3", "null_rate": 0.4, "maximum_subjects": 10},
            "safety": {"d": {"event": "dlt", "acceptable_rate": 0.2, "unacceptable_rate": 0.5}},
            "escalation": {},
        },
        exposure={},
        cells_outcome={"visit": "M3"},
        deviations={},
    )
    of_tables = {"adae", "adlb", "adbc", "adpp", "adie", "adex", "addv"}
    all_names = tables_of(varied, {"adsl", "adrs", "adtte", *of_tables})
    assert all_names == [name for name in NUMBERS if name.startswith("t_")]
    unassessed = set(tables_of(varied, {"adsl", *of_tables}))
    of_assessments = {"t_response_visits", "t_response_visits_s"}
    assert set(all_names) - unassessed == asked | of_assessments | outcome


def test_an_output_of_an_input_table_is_left_out_where_the_study_lacks_the_table() -> None:
    entry = OutputEntry("t_new", "new", ("adsl", "therapies"))
    assert entry.exists(plan(), available_names(["subjects", "therapies"], plan()))
    assert not entry.exists(plan(), available_names(["subjects", "visits"], plan()))


def test_records_of_a_table_that_the_study_lacks_are_refused(tmp_path: Path) -> None:
    adsl = pd.DataFrame()
    give_tables(tmp_path, therapies=[])
    # An earlier run left the file of a table that the analysis no longer has.
    shutil.copy(tmp_path / "validated/therapies.parquet", tmp_path / "validated/laboratory.parquet")
    datasets = AnalysisDatasets(adsl=adsl, folder=tmp_path)
    assert datasets.input_tables == {"therapies"}
    assert len(datasets.input_records("therapies", ["therapy"])) == 0
    for lacking in (datasets, AnalysisDatasets(adsl=adsl)):
        with pytest.raises(ValueError, match="no input table laboratory: name it in `datasets`"):
            lacking.input_records("laboratory", ["test"])


def test_reading_the_registries_loads_no_numerical_library() -> None:
    program = (
        "import sys, durable.outputs, durable.outputs.listings;"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_outputs_and_listings_do_not_load_the_library_that_checks_datasets() -> None:
    """It costs a tenth of the time of the tables; the datasets were checked when derived."""
    program = (
        "import sys; from durable.outputs import OUTPUTS;"
        "from durable.outputs.listings import LISTINGS;"
        "[entry.load() for entry in (*OUTPUTS, *LISTINGS)];"
        "print('pandera' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "False"
