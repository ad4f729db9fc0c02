"""Analyses of many subjects read what they need of ADRS, and say of each what they say of few."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from benchmarks import registry
from hypothesis import given, settings
from hypothesis import strategies as st

from durable import outputs
from durable.derive import datasets
from durable.figures import core_set, quantiles, spider
from durable.figures.core_set import measure_values
from durable.figures.quantiles import records_over_time
from durable.files import write_parquet_blocks
from durable.intake import check, cutoff
from durable.jdm.measures import COMPONENTS
from durable.outputs.datasets import ADRS, RecordFilter, read_records
from durable.plan import Plan, load
from durable.stages import analyse
from tests.outputs.analysed import name_tables

SHOWN = ["USUBJID", "PARAMCD", "AVISIT", "ADT", "ADY", "AVAL", "AVALC", "REASON"]
SUBJECTS = 60


def analysed(folder: Path, names: set[str] | None = None) -> tuple[Plan, Path]:
    """Validated and derived: the registry, or of its subjects those named."""
    plan = registry.write(folder, SUBJECTS)
    if names is not None:
        for path in folder.glob("*.parquet"):
            table = pd.read_parquet(path)
            table.loc[table["subject_id"].isin(names)].to_parquet(path, index=False)
    loaded = load(plan)
    for stage in (check, cutoff, datasets):
        stage.run(loaded, folder / "results")
    return loaded, folder / "results"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """The registry in row groups of seven subjects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "BLOCK", 7)
        return analysed(tmp_path_factory.mktemp("registry"))


TEXTS = {
    "PARAMCD": ["TIS", "IMPR", "PHYS", "none of these"],
    "AVISIT": ["M2", "BASELINE"],
    "ABLFL": ["Y"],
    "REASON": ["PENDING", "NOT ASSESSED"],
}
HAVING = st.fixed_dictionaries(
    {}, optional={name: st.lists(st.sampled_from(texts)) for name, texts in TEXTS.items()}
)


@settings(max_examples=25, deadline=None)
@given(columns=st.permutations(SHOWN), having=st.lists(HAVING, min_size=1, max_size=3))
def test_records_read_with_filters_are_those_of_the_whole_file(
    registered: tuple[Plan, Path], columns: list[str], having: list[dict[str, list[str]]]
) -> None:
    whole = pd.read_parquet(registered[1] / "adam" / "adrs.parquet")
    wanted = pd.Series(data=False, index=whole.index)
    for one in having:
        has = pd.Series(data=True, index=whole.index)
        for name, texts in one.items():
            has &= whole[name].isin(texts)
        wanted |= has
    found = read_records(registered[1] / "adam" / "adrs.parquet", columns[:5], *having)
    for name in found.select_dtypes("category"):
        assert list(found[name].cat.categories) == sorted(found[name].cat.categories)
        text = found[name].astype(object)
        found[name] = text.where(text.notna(), None)
    expected = whole.loc[wanted, columns[:5]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_only_the_wanted_records_and_columns_are_kept(registered: tuple[Plan, Path]) -> None:
    path = registered[1] / "adam" / "adrs.parquet"
    found = read_records(path, ["AVAL"], {"PARAMCD": ["TIS"]})
    assert 0 < len(found) < pq.read_metadata(path).num_rows / 20
    assert list(found) == ["AVAL"]


def test_records_do_not_depend_on_how_many_are_read_at_a_time(
    registered: tuple[Plan, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rules = registered[1] / "adam" / "adrs.parquet", [{"PARAMCD": ["TIS"]}]
    at_once = read_records(path, ["USUBJID", "AVAL"], *rules)
    monkeypatch.setattr(outputs.datasets, "_AT_ONCE", 100)
    pd.testing.assert_frame_equal(read_records(path, ["USUBJID", "AVAL"], *rules), at_once)


def test_of_a_file_without_a_record_none_is_read(tmp_path: Path) -> None:
    none = pd.DataFrame(
        {"PARAMCD": pd.Series([], dtype=object), "AVAL": pd.Series([], dtype=float)}
    )
    none.to_parquet(tmp_path / "adrs.parquet")
    found = read_records(tmp_path / "adrs.parquet", ["AVAL"], {"PARAMCD": ["TIS"]})
    assert list(found) == ["AVAL"]
    assert found.empty


def test_a_column_without_a_value_passes_no_filter(tmp_path: Path) -> None:
    empty = pd.Series([None, None], dtype=object)
    frame = pd.DataFrame({"PARAMCD": ["IMPR", "TIS"], "ABLFL": empty, "AVAL": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "adrs.parquet")
    rules: list[RecordFilter] = [{"PARAMCD": ["IMPR"]}, {"PARAMCD": ["TIS"], "ABLFL": ["Y"]}]
    found = read_records(tmp_path / "adrs.parquet", ["AVAL", "ABLFL"], *rules)
    assert found["AVAL"].to_list() == [1]
    assert found["ABLFL"].isna().all()


def test_figures_and_results_do_not_depend_on_the_row_groups(
    registered: tuple[Plan, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, folder = registered
    for name in ("adsl", "adtte", "adrs"):
        frame = pd.read_parquet(folder / "adam" / f"{name}.parquet")
        write_parquet_blocks(tmp_path / "adam" / f"{name}.parquet", iter([frame]))
    name_tables(tmp_path, "subjects", "visits", "therapies")
    for many in (1, 1000):  # quantiles; then each subject
        for figure in (core_set, spider):
            monkeypatch.setattr(figure, "MANY_SUBJECTS", many)
        written = []
        for where in (folder, tmp_path):
            analyse.run(plan, where)
            paths = sorted((*where.glob("figures/*.csv"), where / "ard.csv"))
            written.append({path.name: path.read_bytes() for path in paths})
        assert written[0] == written[1]
        assert len(written[0]) == 13


def test_results_do_not_depend_on_the_cores(registered: tuple[Plan, Path], tmp_path: Path) -> None:
    plan, folder = registered
    shutil.copytree(folder / "adam", tmp_path / "adam")
    name_tables(tmp_path, "subjects", "visits", "therapies")
    written = []
    for where, cores in ((folder, 1), (tmp_path, 2)):
        analyse.run(plan, where, cores=cores)
        paths = sorted((*where.glob("figures/*.csv"), where / "ard.csv"))
        written.append({path.name: path.read_bytes() for path in paths})
    assert written[0] == written[1]
    assert len(written[0]) == 13


def test_a_figure_of_many_subjects_reads_the_records_of_its_quantiles(
    registered: tuple[Plan, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert records_over_time(["CMAS"], 499) == ({"PARAMCD": ["CMAS"]},)
    assert [list(rule) for rule in records_over_time(["CMAS"], 500)] == [
        ["PARAMCD", "ABLFL"],
        ["PARAMCD", "ANL01FL"],
    ]
    monkeypatch.setattr(quantiles, "MANY_SUBJECTS", 1)
    codes = [component.paramcd for component in COMPONENTS.values()]
    plan, path = registered[0], registered[1] / "adam" / "adrs.parquet"
    every = read_records(path, ADRS, {"PARAMCD": codes})
    some = read_records(path, ADRS, *records_over_time(codes, SUBJECTS))
    assert 0 < len(some) < len(every)
    pd.testing.assert_frame_equal(
        measure_values(some, plan, many=True), measure_values(every, plan, many=True)
    )


def test_results_do_not_depend_on_how_many_subjects_are_derived_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = load(registry.write(tmp_path, SUBJECTS))
    written = []
    for subjects in (7, 1000):
        monkeypatch.setattr(datasets, "BLOCK", subjects)
        folder = tmp_path / f"{subjects} at a time"
        for stage in (check, cutoff, datasets, analyse):
            stage.run(plan, folder)
        paths = sorted((*folder.glob("figures/*.csv"), folder / "ard.csv"))
        written.append({path.name: path.read_bytes() for path in paths})
    assert len(written[0]) == 13
    assert written[0] == written[1]


def test_a_subset_has_the_curves_and_marks_that_it_has_in_the_whole(
    registered: tuple[Plan, Path], tmp_path: Path
) -> None:
    names = {f"R{i:07d}" for i in range(3, SUBJECTS, 5)}
    part, folder = analysed(tmp_path, names)
    analyse.run(part, folder)
    analyse.run(*registered)
    for name, many in (("f_swimmer", 3), ("f_tis", 3), ("f_waterfall", 1)):
        found, whole = (
            pd.read_csv(f / "figures" / f"{name}.csv", dtype=str) for f in (folder, registered[1])
        )
        expected = whole.loc[whole["subject"].isin(names)].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected)
        assert len(found) >= many * len(names)


def test_quantiles_of_the_measures_are_those_of_their_values(registered: tuple[Plan, Path]) -> None:
    plan, folder = registered
    adrs = pd.read_parquet(folder / "adam" / "adrs.parquet")
    read = read_records(
        folder / "adam" / "adrs.parquet",
        ["PARAMCD", "AVISIT", "AVAL", "ABLFL", "ANL01FL", "AWTARGET"],
        {"PARAMCD": [component.paramcd for component in COMPONENTS.values()]},
    )
    found = measure_values(read, plan, many=True)
    pd.testing.assert_frame_equal(found, measure_values(adrs, plan, many=True))
    at_m2 = adrs.query("PARAMCD == 'PHYS' and AVISIT == 'M2' and ANL01FL == 'Y'")["AVAL"].dropna()
    shown = found.query("measure == 'Physician global assessment' and day == 60").set_index(
        "subject"
    )["value"]
    assert len(at_m2) > 30
    assert shown["upper quartile"] == pytest.approx(at_m2.quantile(0.75), rel=1e-15)
