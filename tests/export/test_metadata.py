"""What is said of the datasets: complete, within limits, and of things that exist."""

from __future__ import annotations

import re

import pytest

from durable.contracts.adam.adae import RARELY_RECORDED
from durable.contracts.adam.adsl import OPTIONAL_VARIABLES
from durable.contracts.adam.description import DatasetSpec, recorded_origins
from durable.contracts.adam.registry import dataset_schemas, dataset_specs
from durable.contracts.tables import NATIVE_COLUMNS
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.export import identity
from durable.export.datasets import Dataset
from durable.plan import Plan
from durable.plan.subgroups import SubgroupSection, declared_subgroups
from durable.vocabulary import IMPUTATION_FLAGS, PERIOD

#: A group with the longest label that a plan may give.
GROUPS = declared_subgroups(
    {"age": SubgroupSection(column="age_years", bands=(12.0,), label="Years of age at the consent")}
)
SCHEMAS = dataset_schemas(
    (28, 90),
    EVERY_ENDPOINT,
    subject_variables=[*OPTIONAL_VARIABLES, *IMPUTATION_FLAGS],
    event_variables=[*RARELY_RECORDED.values(), PERIOD],
    subgroups=GROUPS,
)
DATASETS = dataset_specs(EVERY_ENDPOINT, GROUPS, periods=True)
ALL = pytest.mark.parametrize("metadata", DATASETS, ids=lambda m: m.name)


@ALL
def test_every_variable_has_an_origin_and_every_origin_a_variable(metadata: DatasetSpec) -> None:
    variables = list(SCHEMAS[metadata.name].columns)
    for variable in variables:
        assert metadata.origin(variable)
    for pattern in {**recorded_origins(metadata.name), **metadata.derived}:
        assert any(re.fullmatch(pattern, variable) for variable in variables), pattern


@ALL
def test_names_and_labels_are_within_the_limits_of_transport_files(metadata: DatasetSpec) -> None:
    schema = SCHEMAS[metadata.name]
    assert len(schema.title) <= 40
    for name, column in schema.columns.items():
        assert re.fullmatch(r"[A-Z_][A-Z0-9_]{0,7}", name)
        assert 0 < len(column.title) <= 40, f"{name}: {column.title}"
        assert column.title.isascii()


@ALL
def test_keys_are_variables_and_what_a_variable_is_from_exists(
    metadata: DatasetSpec, plan: Plan
) -> None:
    assert set(metadata.keys) <= set(SCHEMAS[metadata.name].columns)
    for origin in (*metadata.origins.values(), *metadata.parameters.values()):
        assert bool(origin.column) != bool(origin.method)
        if origin.column:
            table, column = origin.column.split(".")
            known = SCHEMAS["ADSL"].columns if table == "ADSL" else NATIVE_COLUMNS[table]
            assert column in known
        own = [path for path in origin.plan if not path.startswith("subgroups.")]
        assert list(plan.slice(own)) == own


def test_every_parameter_of_the_demo_has_a_method_and_every_method_a_parameter(
    datasets: dict[str, Dataset],
) -> None:
    for dataset in datasets.values():
        if dataset.metadata.parameters:
            codes = set(dataset.frame["PARAMCD"])
            assert all(dataset.metadata.parameter(code).method for code in codes)
            for pattern in dataset.metadata.parameters:
                assert any(re.fullmatch(pattern, code) for code in codes), pattern


def test_keys_identify_the_records_of_the_demo(datasets: dict[str, Dataset]) -> None:
    expected = [
        "ADSL",
        "ADRS",
        "ADTTE",
        "ADAE",
        "ADLB",
        "ADBC",
        "ADPC",
        "ADPP",
        "ADIE",
        "ADEX",
        "ADDV",
    ]
    assert list(datasets) == expected
    for dataset in datasets.values():
        assert not dataset.frame.duplicated(list(dataset.metadata.keys)).any()


def test_an_undescribed_parameter_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="ADTTE: nothing is said of PFS"):
        next(m for m in DATASETS if m.name == "ADTTE").parameter("PFS")


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("AUC0_28", "IT.ADPP.AVAL.AUC0_28"),
        ("M 1", "IT.ADPP.AVAL.M_U20_1"),
        ("M+1", "IT.ADPP.AVAL.M_U2B_1"),
        ("\u7b2c1", "IT.ADPP.AVAL._U7B2C_1"),
    ],
)
def test_codes_that_differ_make_identifiers_that_differ(text: str, identifier: str) -> None:
    assert identity.item_oid("ADPP", "AVAL", text) == identifier


def test_a_study_without_a_letter_of_ascii_has_an_identifier() -> None:
    assert identity.plain("NCT06569472 (synthetic demo)") == "NCT06569472_synthetic_demo"
    assert identity.plain("\u7814\u7a76") == "_U7814__U7A76_"
