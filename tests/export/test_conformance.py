"""Rules of the public drafts of CDISC (cdisc-open-rules, ADaM 5.0) that apply to the datasets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from durable.export.datasets import Dataset, Variable

POPULATIONS = {"ENRLFL", "LDFL", "SAFFL", "REMFL"}


def variables(datasets: dict[str, Dataset]) -> Iterator[tuple[Dataset, Variable, set[object]]]:
    """Every variable with its values."""
    for dataset in datasets.values():
        for variable in dataset.variables:
            yield dataset, variable, set(dataset.frame[variable.name].dropna())


def test_ad0005_a_flag_is_y_n_or_empty_and_a_population_flag_never_empty(
    datasets: dict[str, Dataset],
) -> None:
    flags = [v for v in variables(datasets) if v[1].name.endswith("FL")]
    assert len(flags) == 36
    for dataset, flag, values in flags:
        assert values <= {"Y", "N"}, flag.name
        if flag.name in POPULATIONS:
            assert dataset.frame[flag.name].notna().all()
        # What the contract allows, though no record of the demo has it.
        assert {code for code, _ in flag.codes} <= {"Y", "N"}, flag.name


def test_flags_of_the_guides_that_are_y_or_empty(datasets: dict[str, Dataset]) -> None:
    assert set(datasets["ADAE"].frame["TRTEMFL"].dropna()) == {"Y"}
    assert datasets["ADAE"].frame["TRTEMFL"].isna().any()
    assert set(datasets["ADSL"].frame["DTHFL"].dropna()) == {"Y"}
    assert datasets["ADSL"].frame["DTHFL"].isna().sum() == 11


def test_ad0039_imputation_flags_are_of_the_codelist(datasets: dict[str, Dataset]) -> None:
    for _, variable, values in variables(datasets):
        if variable.name.endswith("DTF"):
            assert values <= {"D", "M", "Y"}


def test_ad0041_dates_are_numbers_with_a_date_format(datasets: dict[str, Dataset]) -> None:
    dates = [v for _, v, _ in variables(datasets) if v.name.endswith("DT")]
    assert {v.type for v in dates} == {"date"}


def test_ad0046_there_is_no_day_0(datasets: dict[str, Dataset]) -> None:
    days = [v for v in variables(datasets) if v[1].name.endswith("DY")]
    assert len(days) == 10
    for _, _, values in days:
        assert 0 not in values


@pytest.mark.parametrize(
    "name",
    ["USUBJID", "SUBJID", "SITEID", "AGE", "AGEU", "SEX", "RACE", "ARM", "TRT01P", "TRTSDT"],
)
def test_ad0047_to_ad0061_adsl_has_its_required_variables(
    name: str, datasets: dict[str, Dataset]
) -> None:
    assert name in datasets["ADSL"].frame


def test_ad0054_adsl_has_one_record_a_subject(datasets: dict[str, Dataset]) -> None:
    assert not datasets["ADSL"].frame.duplicated(["STUDYID", "USUBJID"]).any()


def test_ad0895_the_label_of_an_analysis_flag_has_its_number(datasets: dict[str, Dataset]) -> None:
    numbers = [
        (found[1], variable.label)
        for _, variable, _ in variables(datasets)
        if (found := re.fullmatch(r"ANL(\d\d)FL", variable.name))
    ]
    assert len(numbers) == 5
    for number, label in numbers:
        assert number in label


def test_every_dataset_names_subject_and_treatment(datasets: dict[str, Dataset]) -> None:
    for name, dataset in datasets.items():
        assert dataset.frame["USUBJID"].str.startswith("NCT06569472 (synthetic demo)-CQ-").all()
        assert dataset.frame["SUBJID"].str.fullmatch(r"CQ-\d{3}").all()
        treatments = ("ARM", "TRT01P") if name == "ADSL" else ("TRTP", "TRTA")
        for variable in treatments:
            assert set(dataset.frame[variable].dropna()) <= {"CD19 CAR-T 1e7", "CD19 CAR-T 3e7"}


def test_samples_outside_the_parameters_are_excluded_with_a_reason(
    datasets: dict[str, Dataset],
) -> None:
    adpc = datasets["ADPC"].frame
    assert set(adpc["PARAMCD"]) == {"CONCA", "CONCB"}
    excluded = adpc["NCAXFL"] == "Y"
    assert (excluded == adpc["ANL01FL"].isna()).all()
    assert (excluded == adpc["NCAXRS"].notna()).all()
    assert ((adpc["PKSUMXF"] == "Y") == adpc["BLQFL"].isna()).all()
