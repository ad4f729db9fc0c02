"""The deliveries: each is one entry and one module, and writes the files that its entry names."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

import pytest

from durable.deliveries import DELIVERIES, Delivery, asked_for
from durable.export.handover import deliver
from durable.figures.point_files import figures_with_points
from durable.outputs import tables_of
from durable.outputs.listings import listings_of
from durable.plan import Plan

EVERY = pytest.mark.parametrize("delivery", DELIVERIES, ids=lambda delivery: delivery.name)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@EVERY
def test_a_delivery_writes_the_files_that_its_entry_names(
    delivery: Delivery, plan: Plan, results: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(results, tmp_path / "results"))
    before = files(folder)
    asked = {"documents": (), "datasets": (), delivery.key: (delivery.name,)}
    outputs = plan.outputs.model_copy(update=asked)
    deliver(plan.model_copy(update={"outputs": outputs}), folder)
    figures = [f"f_{entry.name}" for entry in figures_with_points(folder)]
    datasets = [path.stem for path in (folder / "adam").glob("*.parquet")]
    tables = tables_of(plan, datasets)
    listings = [f"l_{entry.name}" for entry in listings_of(plan, datasets)]
    assert files(folder) - before == set(delivery.expand(tables, figures, listings, datasets))


@EVERY
def test_the_module_of_a_delivery_is_its_writer(delivery: Delivery) -> None:
    assert callable(import_module(f"durable.export.{delivery.module}").write)


def test_names_are_distinct_and_the_order_is_that_of_the_registry() -> None:
    names = [delivery.name for delivery in DELIVERIES]
    assert len(names) == len(set(names))
    assert [delivery.name for delivery in asked_for(("ars", "rtf"))] == ["rtf", "ars"]


def test_files_are_named_once_for_each_table_figure_or_dataset() -> None:
    delivery = Delivery("x", "datasets", "x", "x", ("export/all.txt", "export/{dataset}.txt"))
    assert delivery.expand(["t_dor"], ["f_km_dor"], ["l_deaths"], ["adsl", "adtte"]) == [
        *("export/all.txt", "export/adsl.txt", "export/adtte.txt")
    ]
