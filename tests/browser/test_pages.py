"""The pages beside the report in Chromium: comparison, audit, queries and simulation."""

from __future__ import annotations

import csv
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from durable.audit.causes import result_changes
from durable.audit.comparison_page import comparison_page
from durable.audit.records import InputChange
from durable.audit.sides import BEFORE, Side
from durable.audit.verdict import Audited, Status, verdict_page
from durable.plan import Plan
from durable.simulate import operating
from durable.simulate import report as simulation_report
from durable.stage import STAGES
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.display.study import SCRIPT
from tests.simulate import chunks

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
NAMES = ("compare", "verdict", "queries", "simulation")
PAGES = pytest.mark.parametrize("name", NAMES)
MANIFEST = {
    "plan": {"sha256": "a" * 64, "value": {}},
    "code": {"sha256": "b" * 64},
    "rules": [],
}


def compared(plan: Plan, results: Path, place: Path) -> str:
    """A large comparison: in every output many results are others, for no cause; and a record.

    One result of four differs, of the 27,000 of the demo.
    """
    later = place / "later"
    later.mkdir()
    with (results / "ard.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    value = header.index("value")
    changed = rows[::4]
    for row in changed:
        row[value] = str(float(row[value]) + 1) if row[value] else "1"
    with (later / "ard.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    sides = [
        Side(name, plan, folder, MANIFEST)
        for name, folder in (("interim-<b>1</b>", results), ("final-with-a-long-name", later))
    ]
    changes = list(result_changes(*sides, []))
    assert len(changes) == len(changed)
    assert {row[0] for row in changed} == {row[0] for row in rows}
    record = InputChange(BEFORE, "visits", SCRIPT, "M2", "4", "changed", "cmas", "1", "2")
    return comparison_page(*sides, [["plan", "a.b", SCRIPT, "2"]], [record], [], changes)


@pytest.fixture(scope="module")
def pages(
    hostile_study: tuple[Plan, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The pages, of data that a page might run."""
    plan, results = hostile_study
    place = tmp_path_factory.mktemp("pages")
    of = chunks.plan(30)
    chunks.write(of, chunks.frame(of), place)
    gathered = STAGES["gather"].part_of(of)
    operating.write_operating(gathered, place, chunks.truth_frame(of))
    simulation_report.write_report(gathered, place)
    (place / "compare.html").write_text(compared(plan, results, place))
    audited = Audited("S-1", "interim-1", SCRIPT, "2026-01-31", "", "ab" * 32, "1f2e")
    files = [Status("output", f"tables/t_{i}.csv", "identical", "c" * 64) for i in range(80)]
    differs = Status("output", "ard.csv", "differs when repeated", "d" * 64, "e" * 64, SCRIPT)
    (place / "verdict.html").write_text(verdict_page("FAIL", audited, [*files, differs], []))
    return {name: place / f"{name}.html" for name in NAMES} | {"queries": results / "queries.html"}


@PAGES
@SIZES
def test_a_page_asks_for_nothing_has_no_errors_and_is_not_wider_than_the_window(
    name: str, size: tuple[int, int], chrome: Chrome, pages: dict[str, Path]
) -> None:
    browser = Browser(chrome, pages[name])
    browser.requests()
    driver = browser.open(size, all_of_it=True)
    assert browser.requests() == [browser.page.as_uri()]
    assert driver.get_log("browser") == []
    assert driver.title != "run"
    assert driver.find_elements(By.CSS_SELECTOR, "main script, main img, h1 b, td b") == []
    width, window = driver.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert window == size[0]
    assert width <= window
    cut_off: list[str] = driver.execute_script(
        """return Array.from(document.querySelectorAll("main *")).filter((element) =>
          element.getBoundingClientRect().right > innerWidth + 1
          && !element.closest(".scroll, .hidden, svg")).map((element) => element.outerHTML);"""
    )
    assert cut_off == []


@SIZES
def test_a_large_comparison_is_short_because_it_is_folded(
    size: tuple[int, int], chrome: Chrome, pages: dict[str, Path]
) -> None:
    driver = Browser(chrome, pages["compare"]).open(size)
    results = len(driver.find_elements(By.CSS_SELECTOR, "td[title]"))
    assert results > 5000
    folded = len(driver.find_elements(By.CSS_SELECTOR, "details"))
    assert folded > 50
    height: int = driver.execute_script("return document.documentElement.scrollHeight")
    # A line each of what is folded; in a narrow window two, a few three.
    assert height < 2500 + 36 * folded if size == WIDE else height < 5000 + 60 * folded


@pytest.mark.parametrize("name", ["compare", "verdict", "simulation"])
def test_what_is_folded_opens_by_the_keyboard(
    name: str, chrome: Chrome, pages: dict[str, Path]
) -> None:
    driver = Browser(chrome, pages[name]).open()
    summary = driver.find_element(By.CSS_SELECTOR, "details:not([open]) > summary")
    folded = summary.find_element(By.XPATH, "..")
    inside = folded.find_element(By.CSS_SELECTOR, "td")
    assert not inside.is_displayed()
    summary.send_keys(Keys.ENTER)
    assert folded.get_attribute("open") is not None
    assert inside.is_displayed()


def printed(driver: Chrome) -> list[str]:
    """Text of each page of paper, in one line."""
    data = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    pages = PdfReader(BytesIO(b64decode(data))).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def test_a_printed_verdict_has_its_block_to_sign_on_the_first_page_and_every_check(
    chrome: Chrome, pages: dict[str, Path]
) -> None:
    first, *others = printed(Browser(chrome, pages["verdict"]).open())
    for line in ("FAIL", "ard.csv", "Reason for the audit", "Signature", "Date"):
        assert line in first
    assert "tables/t_79.csv" in " ".join(others)
    assert all(len(page.split()) > 20 for page in others)


def test_the_tables_of_a_simulation_are_printed_open(
    chrome: Chrome, pages: dict[str, Path]
) -> None:
    paper = printed(Browser(chrome, pages["simulation"]).open())
    assert "What the design can show" in paper[0]
    text = " ".join(paper)
    assert "Open upper" in text
    assert "|z| <= 3" in text
    # No heading stands on a page of its own.
    assert not {"Tables", "Figures", "Assumptions", "Definitions"} & set(paper)


@PAGES
def test_text_stands_out_from_the_paper_in_the_dark(
    name: str, chrome: Chrome, pages: dict[str, Path]
) -> None:
    driver = Browser(chrome, pages[name]).open()
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        body, heading, paper = driver.execute_script(
            """const style = getComputedStyle(document.body);
            const heading = getComputedStyle(document.querySelector("h2"));
            return [style.color, heading.color, style.backgroundColor];"""
        )
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert max(channels(paper)) < 60
    assert min(*channels(body), *channels(heading)) > 190


def channels(colour: str) -> list[int]:
    """Red, green and blue of a colour as a browser computes it."""
    inside = colour.partition("(")[2].rstrip(")")
    return [int(float(part)) for part in inside.replace(",", " ").split()[:3]]
