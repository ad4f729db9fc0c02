"""The report as a file: complete, closed to the outside, escaped, and the same bytes."""

from __future__ import annotations

import hashlib
import itertools
import re
import subprocess
import sys
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import pytest

from durable.contracts.results import read_csv
from durable.display import report
from durable.display.listings import listing_records
from durable.display.report_plan import differing_definitions, plan_keys, value_text, variants
from durable.display.report_summary import summary
from durable.display.tables import all_tables
from durable.files import recorded_cell, safe_cell
from durable.jdm.response import NewTherapy
from durable.outputs.ard import Ard, read_ard
from durable.outputs.listings import LISTINGS
from durable.plan import Plan
from durable.stage import STAGES
from tests.derive import build
from tests.display.study import demo_data, run_study

Made = tuple[Plan, Path]
Tag = tuple[str, dict[str, str | None]]


class Page(HTMLParser):
    """Every start tag of a page with its attributes, and the text of its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def every(self, name: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(name)) is not None]


def page_of(plan: Plan, folder: Path) -> str:
    """The report of a folder of results."""
    ard = read_ard(folder)
    tables, listings = all_tables(ard, plan, folder), listing_records(plan, folder)
    return report.page(plan, folder, ard, tables, listings)


@pytest.fixture(scope="module")
def text(demo: Made) -> str:
    return (demo[1] / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def opened(text: str) -> Page:
    return Page(text)


def test_a_long_listing_shows_its_first_records_and_says_where_all_are(
    demo: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo has 184 samples up to the cut-off, in one record each."""
    monkeypatch.setattr(report, "SHOWN", 100)
    text = page_of(*demo)
    _, samples = text.split('<details class="output" id="l_kinetics">')
    samples, _ = samples.split("</details>", 1)
    assert "The first 100 of 184 records are shown" in samples
    assert ' <a href="listings/l_kinetics.csv">' in samples
    assert samples.count("<tr>") == 1 + 100
    files = (*(demo[1] / "listings").iterdir(), demo[1] / "validated" / "data_cut.csv")
    long = [path.stem for path in files if len(path.read_text().splitlines()) > 101]
    assert sorted(long) == [
        *("data_cut", "l_eligibility", "l_kinetics", "l_kinetics_parameters", "l_laboratory"),
    ]
    assert text.count("The first 100 of ") == len(long)
    assert "4 warnings: <code>measure_missing</code>" in text


def test_holds_every_table_figure_and_listing_once(demo: Made, opened: Page) -> None:
    identifiers = opened.every("id")
    assert len(identifiers) == len(set(identifiers))
    tables = {path.stem for path in (demo[1] / "tables").glob("*.csv")}
    figures = {path.stem for path in (demo[1] / "figures").glob("*.svg")}
    listings = {f"l_{each.name}" for each in LISTINGS}
    assert {"t_dor", "t_improvement"} <= tables
    assert {"f_km_dor", "f_swimmer"} <= figures
    assert tables | figures | listings <= set(identifiers)


def test_links_and_labels_lead_to_what_is_there(demo: Made, opened: Page) -> None:
    identifiers = set(opened.every("id"))
    for name in ("href", "xlink:href"):
        for target in opened.every(name):
            if target.startswith("#"):
                assert target[1:] in identifiers
            elif not target.startswith("audit/"):  # written after the report
                assert (demo[1] / target).is_file()
    for name in ("aria-labelledby", "aria-controls", "for"):
        for value in opened.every(name):
            assert set(value.split()) <= identifiers


def test_headings_are_in_order_and_tables_have_captions_and_scopes(opened: Page) -> None:
    levels = [int(tag[1]) for tag, _ in opened.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    names = [tag for tag, _ in opened.tags]
    assert names.count("table") == names.count("caption") > 20
    assert all(found.get("scope") for tag, found in opened.tags if tag == "th")


def test_refers_to_nothing_outside_and_lets_only_its_own_script_run(
    text: str, opened: Page
) -> None:
    assert opened.every("src") == []
    assert {tag for tag, _ in opened.tags} & {"link", "img", "iframe", "object", "base"} == set()
    assert "url(http" not in text
    assert "@import" not in text
    script = text.split("<script>")[1].split("</script>")[0]
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (
        found["content"] or ""
        for tag, found in opened.tags
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}'" in policy
    assert text.count("<script>") == 1


def test_is_the_same_bytes_and_names_no_folder(demo: Made, text: str) -> None:
    plan, folder = demo
    assert page_of(plan.restrict_to(STAGES["display"].sections), folder) == text
    assert str(folder.parents[1]) not in text


def test_summary_shows_the_results_of_the_tables(demo: Made) -> None:
    """9 of 10: Clopper-Pearson 55.5 to 99.7; 6 of 10: 26.2 to 87.8 (published tables)."""
    plan, folder = demo
    results = summary(Ard.from_results(read_csv(folder / "ard.csv")), plan)
    shown = {result.label: (result.figure, *result.details) for result in results}
    assert shown["Disease improvement at M2"] == (
        "90.0%",
        "95% CI (55.5, 99.7)",
        "9 of 10 improved",
        "10 assessed, 0 missing, 0 pending",
    )
    assert shown["Disease improvement at M3"][:2] == ("60.0%", "95% CI (26.2, 87.8)")
    figure, interval, events, kinds = shown["Median duration of response"]
    assert (figure, interval) == ("7.6 months", "95% CI (5.2, NE)")
    assert events == "3 of 8 with an event"
    assert kinds == "1 recurrence, 1 death, 1 new systemic therapy"
    severe = shown["Grade >=3 TEAEs, within 28 days"]
    assert severe[:2] == ("90.0%", "9 of 10 infused, 13 events")


def test_says_what_is_missing(minimal: Made) -> None:
    text = (minimal[1] / "report.html").read_text(encoding="utf-8")
    for table in ("therapies", "adverse_events", "kinetics"):
        assert f"Input table {table} not provided." in text
    assert text.count("No sensitivity analyses are configured.") == 1
    differing = text.partition("response.reinfusion")
    assert differing[1]
    assert 'id="l_adverse_events"' not in text
    assert "Grade &gt;=3 TEAEs" not in text


def test_the_head_names_the_study_and_the_treatment_as_far_as_the_plan_does(
    demo: Made, minimal: Made
) -> None:
    whole = "<p>CD19 CAR-T cells in refractory juvenile dermatomyositis. Treatment: CD19 CAR-T."
    assert f"{whole} <strong>Data cut-off 2024-06-30</strong>" in page_of(*demo)
    plan, folder = minimal
    assert (plan.study.title, plan.study.treatment) == (None, None)
    assert f"<p>{plan.study.id}. <strong>Data cut-off" in page_of(plan, folder)


def test_names_the_definitions_that_differ(demo: Made) -> None:
    plan, _ = demo
    differing = {key.path: (key.value, key.default) for key in differing_definitions(plan)}
    assert list(differing) == [
        *("schedule", "response.drug_free", "response.glucocorticoid_increase"),
        *("response.reinfusion", "subgroups"),
        *("exposure", "cells_outcome", "monitoring"),
        *("eligibility.disease.immunosuppressants_min", "eligibility.disease.transaminases"),
        "deviations",
    ]
    assert differing["exposure"] == (
        "{planned_cells_per_kg: {},\n"
        "planned_lymphodepletion: {fludarabine: 90, cyclophosphamide: 900},\n"
        "tolerance: 0.2}",
        "empty",
    )
    assert differing["eligibility.disease.immunosuppressants_min"] == ("1", "2")
    strategies = NewTherapy(duration="hypothetical")
    response = plan.response.model_copy(update={"new_therapy": strategies})
    statistics = plan.statistics.model_copy(update={"km_ci": "log", "conf_level": 0.9})
    other = plan.model_copy(update={"response": response, "statistics": statistics})
    found = {key.path: (key.value, key.default) for key in plan_keys(other) if key.differs}
    assert found["response.new_therapy.duration"] == ("hypothetical", "composite")
    assert "response.new_therapy.remission" not in found
    assert found["response.drug_free.consecutive"] == ("2", "empty")
    assert found["statistics.km_ci"] == ("log", "log-log")
    assert found["statistics.conf_level"] == ("0.9", "0.95")
    also = {key.path for key in differing_definitions(other)} - {*differing}
    assert also == {"response.new_therapy.duration", "statistics.km_ci", "statistics.conf_level"}


def test_every_key_of_the_plan_is_shown_with_its_meaning(demo: Made, text: str) -> None:
    # All but what is handed over, which changes nothing that the page shows.
    keys = plan_keys(demo[0].restrict_to(STAGES["display"].sections))
    assert {key.path.partition(".")[0] for key in keys} == (
        set(Plan.model_fields)
        - {"inputs", "sensitivity", "governance", "simulation", "series", "pins"}
    )
    assert len(keys) > 200
    for key in keys:
        assert f">{key.path}<" in text
        assert key.meaning, key.path
        assert bool(key.default) == (
            key.path not in ("analysis.id", "analysis.data_cutoff", "study.id")
        )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "empty"),
        (True, "true"),
        (3.0, "3"),
        (0.95, "0.95"),
        ([1, "a"], "[1, a]"),
        ([{"day": 14}, {"day": 28}], "[{day: 14},\n{day: 28}]"),
        ({"a": {"of": {"x": 1}, "n": 2}, "b": {}}, "{a: {of: {x: 1}, n: 2},\nb: {}}"),
    ],
)
def test_values_are_shown_as_in_the_configuration(value: object, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize("text", ["=cmd", "+1", "-3", "@x", "'tis", "'=x", "plain", "", "'"])
def test_text_is_shown_as_it_was_recorded(text: str) -> None:
    assert recorded_cell(safe_cell(text)) == text


def test_findings_and_the_data_cut_are_tallied(text: str) -> None:
    assert "1 warning: <code>grade_missing</code> in adverse_events" in text
    assert "2 warnings: <code>outside_window</code> in visits" in text
    counted = re.findall(
        r'<th scope="row">(\w+)</th><td>(\w[\w ]+)</td><td class="number">(\d+)</td>', text
    )
    assert ("visits", "record removed", "24") in counted
    assert ("subjects", "emptied", "2") in counted


def test_errors_that_the_plan_lowers_are_printed_with_their_reasons(tmp_path: Path) -> None:
    demo_data(tmp_path)
    visits = tmp_path / "data" / "demo" / "visits.csv"
    repeated = visits.read_text(encoding="utf-8").splitlines()[3]
    label, day = repeated.split(",")[1:3]
    with visits.open("a", encoding="utf-8") as file:
        file.write(repeated.replace(f"{label},{day}", f"{label},2024-01-05") + "\n")
    inputs = "".join(
        f"  {name}: {{path: data/demo/{name}.csv}}\n"
        for name in ("subjects", "visits", "therapies")
    )
    plan = (
        "analysis: {id: lowered, data_cutoff: 2024-06-30}\nstudy: {id: S-1}\ninputs:\n"
        f"{inputs}  severity: [{{rule: duplicate_visit, table: visits, reason: Seen <twice>}}]\n"
        "response: {reinfusion: {as_new_therapy: true}}\n"
    )
    _, folder = run_study(tmp_path, plan, without=("figures",))
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Errors that the plan lowers to warnings" in text
    assert '<td>any</td><td>any</td><td class="number">1</td><td>Seen &lt;twice&gt;</td>' in text
    assert "1 warning: <code>duplicate_visit</code> in visits" in text


def test_a_sensitivity_analysis_of_other_subjects_says_so_among_its_changes() -> None:
    tables = ("subjects", "visits", "therapies", "screening")
    stated = {
        "eligible": {"population": "eligible"},
        "both": {"population": "eligible", "statistics": {"conf_level": 0.9}},
        "infused": {"title": "All", "population": "infused", "statistics": {"km_ci": "plain"}},
    }
    inputs = {name: {"path": f"{name}.csv"} for name in tables}
    assert variants(build.plan(inputs=inputs, eligibility={}, sensitivity=stated)) == [
        ("eligible", "eligible", "population: eligible"),
        ("both", "both", "population: eligible, statistics.conf_level: 0.9"),
        ("infused", "All", "statistics.km_ci: plain"),
    ]


def test_does_without_matplotlib() -> None:
    """It would cost more than the page itself."""
    code = (
        "import sys, pathlib, durable.display.report, durable.figures.captions as captions\n"
        "from durable.figures import FIGURES\n"
        "from durable.plan import load\n"
        "plan = load(pathlib.Path('config/config.yaml'))\n"
        "[captions.caption_of(entry.load(), plan) for entry in FIGURES]\n"
        "print({'matplotlib', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
