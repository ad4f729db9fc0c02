"""Cells of the tables that changed: rows of one group are those of the same group."""

from __future__ import annotations

from pathlib import Path

from durable.audit.causes import ResultChange
from durable.audit.shown import changed_cells
from durable.audit.sides import Side
from durable.contracts.results import Result, to_csv
from durable.plan import parse
from tests.plan.test_refusals import SMALLEST


def side(folder: Path, name: str, **subjects: int) -> Side:
    """An analysis with the number of subjects of each level of a subgroup."""
    rows = [
        Result("t_subgroups", "primary", by, level, ("EFS",), "n_subjects", n)
        for level, n in subjects.items()
        for by in ["total" if level == "Total" else "sex"]
    ]
    (folder / name).mkdir()
    (folder / name / "ard.csv").write_text(to_csv(rows))
    plan = parse(SMALLEST | {"subgroups": {"sex": {"column": "sex"}}})
    return Side(name, plan, folder / name, {})


def test_a_level_that_came_in_between_does_not_take_the_place_of_another(tmp_path: Path) -> None:
    earlier = side(tmp_path, "earlier", M=4, Total=4)
    later = side(tmp_path, "later", F=6, M=5, Total=11)
    changes = {
        key: ResultChange(key, earlier.results.get(key), later.results[key], (), ())
        for key in later.results
    }
    cells = [
        (cell.block, cell.label, cell.column, cell.earlier, cell.later)
        for cell in changed_cells(earlier, later, changes)
    ]
    assert cells == [
        ((), "All subjects", "N", "4", "11"),
        (("Sex",), "F", "N", "", "6"),
        (("Sex",), "M", "N", "4", "5"),
    ]
