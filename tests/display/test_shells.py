"""``outputs.shells``: which outputs are shown, in which order, with what the plan says of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from durable.contents import NUMBERS
from durable.display.listings import listing_records
from durable.display.report import listing_views
from durable.display.shells import as_text, as_yaml, shell_entries
from durable.display.tables import all_tables, to_csv
from durable.figures.captions import figures_drawn
from durable.outputs.ard import read_ard
from durable.plan import Outputs, Plan
from durable.runs.files import stage_files
from durable.stage import STAGES

pytestmark = pytest.mark.requirement("OUT-03")

Made = tuple[Plan, Path]
CHOSEN = (
    {"output": "t_efs", "number": "T-1", "title": "Event-free survival", "footnotes": ["Own."]},
    {"output": "f_waterfall", "number": "F-1", "title": "Best scores", "footnotes": ["Own."]},
    {"output": "l_deaths", "number": "L-1", "title": "The deaths", "footnotes": ["Own."]},
    {"output": "t_dor"},
    {"output": "f_km_dor"},
)


def changed(plan: Plan, **outputs: object) -> Plan:
    """The plan with other keys of the section of outputs."""
    stated = plan.outputs.model_dump(exclude_unset=True) | outputs
    return plan.model_copy(update={"outputs": Outputs.model_validate(stated)})


def test_tables_are_those_of_the_plan_in_its_order_with_its_words(demo: Made) -> None:
    plan, folder = demo
    ard = read_ard(folder)
    usual = {table.name: table for table in all_tables(ard, plan, folder)}
    efs, dor = all_tables(ard, changed(plan, shells=CHOSEN), folder)
    assert (efs.name, efs.heading) == ("t_efs", "Table T-1. Event-free survival")
    assert (dor.name, dor.heading) == ("t_dor", usual["t_dor"].heading)
    assert dor.heading == "Table 14.2.2. Duration of response, from first remission"
    # Its own footnotes first, then those of the plan, the source last.
    assert efs.footnotes[-2] == "Own."
    assert efs.footnotes[:-2] == usual["t_efs"].footnotes[:-1]
    assert efs.footnotes[-1].startswith("Source: ADTTE. Program: durable ")
    # What the plan says changes no row.
    assert to_csv(efs) == to_csv(usual["t_efs"])
    assert to_csv(dor) == to_csv(usual["t_dor"])


def test_figures_are_those_of_the_plan_in_its_order_with_its_words(demo: Made) -> None:
    plan, folder = demo
    waterfall, km = figures_drawn(changed(plan, shells=CHOSEN), folder)
    assert waterfall.caption.heading == "Figure F-1. Best scores"
    assert waterfall.caption.notes[-2] == "Own."
    assert km.name == "f_km_dor"
    assert km.caption.label == "Figure 14.2.4"


def test_listings_are_those_of_the_plan_with_its_words(demo: Made) -> None:
    plan, folder = demo
    chosen = changed(plan, shells=CHOSEN)
    records = listing_records(chosen, folder)
    (view,) = listing_views(chosen, records)
    assert view.title == "Listing L-1. The deaths"
    assert view.notes[-1] == "Own."


def test_without_shells_every_output_is_shown_by_its_number(demo: Made) -> None:
    plan, folder = demo
    tables = [table.name for table in all_tables(read_ard(folder), plan, folder)]
    figures = [figure.name for figure in figures_drawn(plan, folder)]
    listings = [f"l_{entry.name}" for entry in listing_records(plan, folder)]
    # The plan of the fixture has no sensitivity analyses.
    whole = [name for name in NUMBERS if "sensitivity" not in name]
    assert [*tables, *figures, *listings] == whole


def test_titles_of_the_contents_are_those_of_the_outputs(demo: Made) -> None:
    plan, folder = demo
    titles = {entry.name: entry.title for entry in shell_entries(plan)}
    assert titles["f_km_dor"] == "Duration of response (Kaplan-Meier estimate)"
    drawn = {figure.name: figure.caption.title for figure in figures_drawn(plan, folder)}
    assert {name: titles[name] for name in drawn} == drawn
    stated = [line for line in as_yaml(shell_entries()) if "f_km_os," in line]
    assert stated == [
        '    - {output: f_km_os, number: "14.2.13",'
        ' title: "Overall survival (Kaplan-Meier estimate)"}'
    ]


def test_what_is_not_chosen_is_neither_made_nor_recorded(demo: Made, tmp_path: Path) -> None:
    plan, results = demo
    chosen = changed(plan, shells=CHOSEN)
    folder = tmp_path / plan.analysis.id
    folder.mkdir()
    for name in ("adam", "validated", "checked"):
        shutil.copytree(results / name, folder / name)
    shutil.copy(results / "queries.csv", folder)
    for name in ("analyse", "figures", "display"):
        stage = STAGES[name]
        stage.run(chosen, folder)
    files = stage_files(chosen, tmp_path)
    recorded = {Path(file).name for name in ("figures", "display") for file in files[name].outputs}
    assert recorded == {
        *(f"{name}.{form}" for name in ("t_efs", "t_dor") for form in ("csv", "html", "rtf")),
        *(f"{name}.{form}" for name in ("f_waterfall", "f_km_dor") for form in ("svg", "png")),
        *("l_deaths.csv", "report.html"),
    }
    made = {path.name for part in ("tables", "listings") for path in (folder / part).iterdir()}
    made |= {path.name for path in (folder / "figures").iterdir() if path.suffix != ".csv"}
    assert made == recorded - {"report.html"}
    # The results of all, and the points of every figure, are there whatever is shown.
    assert (folder / "ard.csv").read_bytes() == (results / "ard.csv").read_bytes()
    points = sorted(path.name for path in (folder / "figures").glob("*.csv"))
    assert points == sorted(path.name for path in (results / "figures").glob("*.csv"))
    assert 'id="t_improvement"' not in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("outputs", "months"),
    [({}, ("6", "12")), ({"landmarks_months": [3, 24]}, ("3", "24"))],
    ids=["default", "chosen"],
)
def test_the_plan_tells_the_months_of_the_main_tables(
    demo: Made, outputs: dict[str, object], months: tuple[str, ...]
) -> None:
    plan, folder = demo
    found = {
        table.name: table
        for table in all_tables(read_ard(folder), changed(plan, **outputs), folder)
    }
    for name in ("t_dor", "t_efs", "t_ttrem", "t_ttimp", "t_os"):
        main, all_months = (
            [row.label.removeprefix("Month ") for row in found[table].rows
             if row.label.startswith("Month ")]
            for table in (name, f"{name}_s")
        )  # fmt: skip
        assert tuple(main) == months
        assert all_months == ["3", "6", "9", "12", "18", "24"]


def test_statistics_without_months_6_and_12_show_all_in_the_main_tables(demo: Made) -> None:
    statistics = demo[0].statistics.model_copy(update={"landmarks_months": (3, 9)})
    assert demo[0].model_copy(update={"statistics": statistics}).main_landmarks == (3, 9)


def test_a_bar_in_a_title_ends_no_cell_of_the_markdown_table(demo: Made) -> None:
    plan = changed(demo[0], shells=[{"output": "t_dor", "title": "A | B"}])
    row = list(as_text(shell_entries(plan)))[2]
    assert row.startswith("| Table 14.2.2 | A \\| B | Subjects in remission")
    assert row.replace("\\|", "").count("|") == 5
