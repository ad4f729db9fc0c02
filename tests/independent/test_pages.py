"""The main tables of the demo at both cut-offs fit their pages, the primary result at the top."""

from __future__ import annotations

import pytest

from durable.display.layout import NOTE_SIZE, Layout, lay_out, wrap
from durable.display.tables import all_tables
from durable.outputs import entry_of_table, tables_of
from durable.outputs.ard import read_ard
from durable.outputs.datasets import DATASETS
from durable.plan import Plan, load
from tests.independent.conftest import CONFIGURATIONS, ROOT, Results


@pytest.fixture(scope="module")
def plan(results: Results) -> Plan:
    return load(ROOT / "config" / CONFIGURATIONS[results.id])


@pytest.fixture(scope="module")
def layouts(results: Results, plan: Plan) -> dict[str, Layout]:
    """The tables in pages, by name."""
    tables = all_tables(read_ard(results.folder), plan, results.folder)
    return {table.name: lay_out(table) for table in tables}


def test_footnotes_of_a_main_table_take_at_most_five_lines(
    layouts: dict[str, Layout], plan: Plan, results: Results
) -> None:
    """Besides the reference to the list of definitions and the source, a line each."""
    assert NOTE_SIZE == 7
    main = [name for name in layouts if not name.endswith("_s")]
    every = tables_of(plan, DATASETS)
    assert main == [name for name in every if not name.endswith("_s")]
    ard = read_ard(results.folder)
    for name in main:
        output = entry_of_table(name).load()
        table = output.table(name)
        notes = output.notes(table, ard, plan)
        own = notes[:-1] if table.defined else notes
        shown = layouts[name].table.footnotes
        assert shown[: len(own)] == own
        width = layouts[name].sheet.width
        lines = [len(wrap(note, width, NOTE_SIZE)) for note in shown]
        assert 1 <= sum(lines[: len(own)]) <= 5, name
        assert lines[len(own) :] == [1] * (len(shown) - len(own)), name


@pytest.mark.parametrize("name", ["t_improvement", "t_dor", "t_efs", "t_ttrem", "t_ttimp", "t_os"])
def test_an_endpoint_is_one_page(layouts: dict[str, Layout], name: str) -> None:
    (page,) = layouts[name].pages
    assert len(page.rows) <= 25
    assert page.notes == layouts[name].table.footnotes


@pytest.mark.parametrize(
    ("name", "interval"),
    [
        ("t_improvement", "Exact 95% CI, %"),
        ("t_dor", "95% CI"),
        ("t_efs", "95% CI"),
        ("t_ttrem", "95% CI"),
        ("t_ttimp", "95% CI"),
        ("t_os", "95% CI"),
    ],
)
def test_the_primary_result_and_its_interval_are_at_the_top(
    layouts: dict[str, Layout], name: str, interval: str
) -> None:
    rows = layouts[name].table.rows
    place = next(i for i, row in enumerate(rows) if row.strong)
    assert place < 5
    assert rows[place].label == ("Improved, n (%)" if name == "t_improvement" else "Median")
    assert rows[place + 1].label == interval
