"""Tables, figures and page of a simulation: what a reader finds in them."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from durable.figures import style
from durable.figures.points import read_points
from durable.figures.style import Caption
from durable.plan import Plan
from durable.simulate import operating, report
from durable.stage import STAGES
from tests.figures.layout import misplaced, smallest_type, words
from tests.simulate import chunks

TRIALS = 80
CAPTION = Caption("Figure 1", "Title", "Virtual trials: 80", "Study", ("Note.",))
FIGURES = {kind.name: kind for kind in report.FIGURES}
TABLES = ["decisions", "operating", "spacing", "definitions", "theory"]


def made(of: Plan, folder: Path) -> Path:
    chunks.write(of, chunks.frame(of), folder)
    gathered = STAGES["gather"].part_of(of)
    operating.write_operating(gathered, folder, chunks.truth_frame(of))
    report.write_report(gathered, folder)
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(chunks.plan(TRIALS), tmp_path_factory.mktemp("simulation"))


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"t_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cell(rows: list[dict[str, str]], block: str, row: str, column: str) -> str:
    (found,) = (r[column] for r in rows if (r["block"], r["row"]) == (block, row))
    return found


def test_every_output_is_there(results: Path) -> None:
    for name in TABLES:
        for form in ("csv", "html", "rtf"):
            assert (results / "tables" / f"t_{name}.{form}").stat().st_size > 200
    for name in FIGURES:
        for form in ("csv", "svg", "png"):
            assert (results / "figures" / f"f_{name}.{form}").stat().st_size > 200


def test_a_cell_is_the_number_of_the_file_in_its_unit(results: Path) -> None:
    found = pd.read_csv(results / "operating.csv").set_index(
        ["SCENARIO", "DEFN", "ESTIMATE", "MEASURE"]
    )
    rows = table(results, "operating")
    bias = found.loc[("expected", "primary", "median DOR", "bias")]
    shown = cell(rows, "Scenario expected", "DOR, median (months)", "Bias")
    assert shown == f"{bias['VALUE'] / chunks.MONTH:.2f} ({bias['MCSE'] / chunks.MONTH:.2f})"
    width = found.loc[("missing", "primary", "rate M3", "mean width")]
    shown = cell(rows, "Scenario missing", "Improved at M3 (%)", "Width")
    assert shown == f"{100 * width['VALUE']:.2f} ({100 * width['MCSE']:.2f})"
    assert cell(rows, "Scenario expected", "Improved at M3 (%)", "True") == "60.00"


def test_table_of_rules_has_exact_probabilities_or_says_why_not(results: Path) -> None:
    rows = table(results, "decisions")
    rule = "futility: stop if fewer than 4 improved at M3"
    # P(X <= 3) of binomial(10, 0.6).
    assert cell(rows, "Scenario expected", rule, "Exact, %") == "5.48"
    assert cell(rows, "Scenario expected", rule, "Stops up to") == "3"
    assert cell(rows, "Scenario missing", rule, "Exact, %") == "none: assessments are missing"


def test_theory_beside_the_simulation(results: Path) -> None:
    rows = table(results, "theory")
    samples = "Log-log interval of the median, uncensored exponential samples"
    # 1 - 57 / 1024; of Clopper-Pearson at 1/2 1 - 22 / 1024.
    assert cell(rows, samples, "10 subjects", "Exact, %") == "94.43"
    trials = "Exact (Clopper-Pearson) interval of the rate, virtual trials"
    assert cell(rows, trials, "Scenario expected, M2", "Exact, %") == "97.85"
    assert {row["|z| <= 3"] for row in rows} == {"yes"}


def test_spacings_stand_side_by_side(results: Path) -> None:
    labels = [row["row"] for row in table(results, "spacing") if "median (months)" in row["block"]]
    spacings = [label for label in labels if label != "median of the estimates"]
    assert spacings == [
        "Every 1 month (monthly)",
        "Every 6 months (half_yearly)",
        "By the schedule of the plan (expected)",
    ]


def test_definitions_stand_side_by_side(results: Path) -> None:
    rows = table(results, "definitions")
    block = "Scenario expected / Improved at M3 (%)"
    labels = [row["row"] for row in rows if row["block"] == block]
    assert labels == ["Primary analysis", "PRINTO <b>3 of 4</b>", "strict"]


def test_conventions_stand_under_every_table_of_measures(results: Path) -> None:
    for name in ("operating", "spacing", "definitions"):
        text = (results / "tables" / f"t_{name}.html").read_text(encoding="utf-8")
        words = " ".join(re.sub("<[^>]*>", " ", text).split())
        for convention in (
            "An open upper limit counts as covering",
            "Not estimable trials are excluded from mean, bias and SD",
            "Monte Carlo standard error",
            "Virtual trials: 80 of each scenario, seed 11",
            "NE: not estimable",
        ):
            assert convention in words


def test_nothing_estimable_is_shown_as_ne(tmp_path: Path) -> None:
    of = chunks.plan(6)
    rows = chunks.frame(of)
    median = rows["ESTIMATE"] == "median DOR"
    rows.loc[median, ["VALUE", "LOWER", "UPPER"]] = np.nan
    chunks.write(of, rows, tmp_path)
    gathered = STAGES["gather"].part_of(of)
    operating.write_operating(gathered, tmp_path, chunks.truth_frame(of))
    report.write_report(gathered, tmp_path)
    found = table(tmp_path, "operating")
    row = next(r for r in found if r["row"] == "DOR, median (months)")
    assert [row[name] for name in ("Mean", "Bias", "SD", "Coverage, %", "Width")] == ["NE"] * 5
    assert row["Estimable, %"] == "0.0 (0.0)"
    written = [*tmp_path.rglob("*.csv"), *tmp_path.rglob("*.html")]
    assert not [p.name for p in written if re.search(r"\b(nan|inf)\b", p.read_text(), re.I)]


def test_page_escapes_what_the_plan_says(results: Path) -> None:
    text = (results / "simulation.html").read_text(encoding="utf-8")
    assert "Design &amp; &lt;b&gt;size&lt;/b&gt;: simulation" in text
    assert "<b>" not in text
    assert "<script" not in text
    assert not re.search(r'(src|href)="(?!#)', text)
    for name in (*(f"t_{name}" for name in TABLES), *(f"f_{name}" for name in FIGURES)):
        assert f'id="{name}"' in text


def shown(measure: float, decimals: int, scale: float = 1) -> str:
    return f"{measure * scale:.{decimals}f}"


def test_page_begins_with_five_sentences_of_what_the_design_can_show(results: Path) -> None:
    text = (results / "simulation.html").read_text(encoding="utf-8")
    part = text.split('<ul class="sentences">')[1].split("</ul>")[0]
    sentences = [
        " ".join(html.unescape(re.sub("<[^>]*>", " ", item)).split())
        for item in re.findall("<li>.*?</li>", part, re.DOTALL)
    ]
    first_words = [sentence.split()[0] for sentence in sentences]
    assert first_words == ["Improvement", "Duration", "Stopping", "Visits", "Definitions"]
    found = pd.read_csv(results / "operating.csv")
    own = found.loc[(found["SCENARIO"] == "expected") & (found["DEFN"] == "primary")]
    value = own.set_index(["ESTIMATE", "MEASURE"])["VALUE"]
    assert "With 10 subjects and a true rate of 60.0% at M3 (scenario expected)" in sentences[0]
    assert f"is {shown(value['rate M3', 'mean'], 1, 100)}% on average" in sentences[0]
    assert f"in {shown(value['rate M3', 'coverage'], 1, 100)}% of the trials" in sentences[0]
    estimable = shown(value["median DOR", "estimable"], 1, 100)
    assert f"can be estimated in {estimable}% of the trials" in sentences[1]
    decisions = pd.read_csv(results / "decisions.csv").query("DECISION == 'futility'")
    least, most = decisions["PROBABILITY"].min(), decisions["PROBABILITY"].max()
    assert f"(stop if fewer than 4 improved at M3) stops {shown(least, 1, 100)}%" in sentences[2]
    assert f"{shown(most, 1, 100)}%" in sentences[2]
    assert "with visits every 1 month" in sentences[3]
    assert sentences[4].startswith("Definitions By the 2 other definitions the mean rate at M3")


def test_stopping_probabilities_stand_before_the_assumptions(results: Path) -> None:
    text = (results / "simulation.html").read_text(encoding="utf-8")
    places = [text.index(f'<section id="{name}"') for name in ("summary", "stopping", "scenarios")]
    assert places == sorted(places)
    assert places[1] < text.index('id="t_decisions"') < places[2] < text.index('id="t_operating"')
    assert text.count('<details class="output table"') == len(TABLES) - 1


def test_page_without_rules_families_and_definitions_says_so(tmp_path: Path) -> None:
    alone = {"expected": chunks.plan().require_simulation().scenarios["expected"]}
    of = chunks.plan(6, decisions={}, definitions=(), scenarios=alone)
    rows = chunks.frame(of).query("DEFN == 'primary'")
    chunks.write(of, rows, tmp_path)
    gathered = STAGES["gather"].part_of(of)
    operating.write_operating(gathered, tmp_path, chunks.truth_frame(of))
    report.write_report(gathered, tmp_path)
    text = (tmp_path / "simulation.html").read_text(encoding="utf-8")
    assert "The plan has no interim decision rule." in text
    assert "No scenarios differ in the spacing of visits alone." in text
    assert "No other definition is simulated." in text
    assert not re.search(r"\b(nan|inf)\b", text)


def test_page_says_what_is_simulated(results: Path) -> None:
    text = (results / "simulation.html").read_text(encoding="utf-8")
    assert "20 subjects; improved: 50% at M2 and 60% at M3." in text
    assert "median 12 months (exponential)" in text
    assert "stop if P(rate &gt; 40%) &lt; 10% after M3, prior Beta(1, 1)" in text
    assert "remission.rule: printo" in text


def test_pages_are_the_same_whatever_the_chunks(results: Path, tmp_path: Path) -> None:
    again = made(chunks.plan(TRIALS, chunks=9), tmp_path)
    for path in results.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            assert path.read_bytes() == (again / path.relative_to(results)).read_bytes(), path.name


@pytest.fixture
def drawn(results: Path) -> Iterator[dict[str, Figure]]:
    with style.settings():
        yield {
            kind.name: kind.draw(
                read_points(results / "figures" / f"f_{kind.name}.csv", kind.columns),
                chunks.plan(TRIALS),
                CAPTION,
            )
            for kind in report.FIGURES
        }


def test_figures_are_in_order(drawn: dict[str, Figure]) -> None:
    for figure in drawn.values():
        assert misplaced(figure) == []
        assert smallest_type(figure) >= 8


def test_figures_draw_the_points(drawn: dict[str, Figure], results: Path) -> None:
    (axes,) = drawn["spacing"].axes
    points = pd.read_csv(results / "figures" / "f_spacing.csv")
    heights = [line.get_ydata() for line in axes.get_lines() if line.get_marker() == "o"]
    assert np.allclose(heights[0], points["bias"])
    assert np.allclose(heights[1], points["median_bias"])
    assert {"every month", "every 6 months", "schedule of the plan"} <= set(words(drawn["spacing"]))
    sizes = [axes.get_title(loc="left") for axes in drawn["coverage"].axes]
    assert sizes == ["10 subjects"]
    assert {"Primary analysis", "strict"} <= set(words(drawn["definitions"]))


def test_without_families_the_figure_says_so(tmp_path: Path) -> None:
    path = tmp_path / "f_spacing.csv"
    kind = FIGURES["spacing"]
    path.write_text(",".join(kind.columns) + "\n")
    with style.settings():
        figure = kind.draw(read_points(path, kind.columns), chunks.plan(), CAPTION)
    assert "No scenarios that differ in every_months alone" in words(figure)


def test_many_definitions_and_scenarios_stay_in_order(tmp_path: Path) -> None:
    rows = [
        (f"scenario_{s}", f"d{d}", f"A definition with a long title, number {d}", e, m, d + s, 0.5)
        for s in range(9)
        for d in range(12)
        for e in ("rate M3", "median DOR")
        for m in ("bias", "coverage")
    ]
    kind = FIGURES["definitions"]
    path = tmp_path / "f_definitions.csv"
    pd.DataFrame(rows, columns=list(kind.columns)).to_csv(path, index=False)
    with style.settings():
        figure = kind.draw(read_points(path, kind.columns), chunks.plan(), CAPTION)
        assert misplaced(figure) == []
    assert any("first 7 are drawn" in text for text in words(figure))
