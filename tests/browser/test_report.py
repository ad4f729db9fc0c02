"""The report in Chromium: closed to the outside, escaped, sortable, searchable, and fitting."""

from __future__ import annotations

import re
import time
from base64 import b64decode
from itertools import pairwise

import pytest
from pypdfium2 import PdfDocument
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.conftest import NARROW, WIDE, Browser
from tests.display.study import ENDING, FORMULA, IMAGE, SCRIPT

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
EVENTS, CONCENTRATIONS = "l_adverse_events", "l_kinetics"


def head(driver: Chrome, listing: str, variable: str) -> WebElement:
    """Heading of the column of a variable."""
    path = f"//*[@id='{listing}']//th[small[text()='{variable}']]"
    return driver.find_element(By.XPATH, path)


def column(driver: Chrome, listing: str, variable: str) -> list[str]:
    """Cells of the column of a variable in the rows that are shown, from the top."""
    place = head(driver, listing, variable).get_property("cellIndex")
    cells: list[str] = driver.execute_script(
        """const rows = document.querySelectorAll(`#${arguments[0]} tbody tr`);
        return Array.from(rows).filter((row) => row.offsetParent !== null)
          .map((row) => row.cells[arguments[1]].textContent);""",
        listing,
        place,
    )
    return cells


def press(driver: Chrome, listing: str, variable: str) -> str | None:
    """Press the button of a column; the order that its heading then states."""
    heading = head(driver, listing, variable)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", heading)
    button = heading.find_element(By.TAG_NAME, "button")
    driver.execute_script("arguments[0].click()", button)
    return heading.get_attribute("aria-sort")


def status(driver: Chrome, listing: str) -> str:
    return driver.find_element(By.CSS_SELECTOR, f"#{listing} [role=status]").text


@SIZES
def test_asks_for_nothing_but_its_file_has_no_errors_and_is_not_wider_than_the_window(
    browser: Browser, size: tuple[int, int]
) -> None:
    browser.requests()
    driver = browser.open(size, all_of_it=True)
    width, window = driver.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert window == size[0]
    assert width <= window
    # What is cut off could not be read: wide content scrolls inside a region of its own.
    cut_off: list[str] = driver.execute_script(
        """const wide = (element) => element.getBoundingClientRect().right > innerWidth + 1;
        const scrolls = (element) => element.closest(".scroll, .hidden, .skip");
        return Array.from(document.querySelectorAll("main *, nav *, header *"))
          .filter((element) => wide(element) && !scrolls(element)).map((e) => e.outerHTML);"""
    )
    assert cut_off == []
    # On a wide screen no table scrolls.
    scrolling: list[str] = driver.execute_script(
        """return Array.from(document.querySelectorAll("details.table .scroll"))
          .filter((region) => region.scrollWidth > region.clientWidth + 1)
          .map((region) => region.closest("details").id);"""
    )
    assert scrolling == [] or size == NARROW
    assert browser.requests() == [browser.page.as_uri()]
    assert driver.get_log("browser") == []


def test_the_policy_of_the_page_stops_what_is_not_its_own(browser: Browser) -> None:
    """Were something not escaped, it would still not run, and nothing would leave the page."""
    driver = browser.open()
    browser.requests()
    driver.execute_script(
        """const image = document.createElement("img");
        image.src = "http://127.0.0.1:9/x.png";
        image.setAttribute("onerror", "document.title = 'run'");
        document.body.append(image);
        const script = document.createElement("script");
        script.textContent = "document.title = 'run'";
        document.body.append(script);"""
    )
    told = [entry["message"] for entry in driver.get_log("browser")]
    assert any("Content Security Policy" in message for message in told)
    assert driver.title != "run"
    assert browser.requests() == []


def test_free_text_is_shown_as_text(browser: Browser) -> None:
    driver = browser.open(WIDE, EVENTS, "l_subjects")
    assert driver.title == "Interim <b>analysis</b>: NCT06569472 (synthetic demo)"
    assert driver.find_element(By.TAG_NAME, "h1").text == "Interim <b>analysis</b>"
    terms = column(driver, EVENTS, "AETERM")
    assert {SCRIPT, IMAGE, FORMULA} <= set(terms)
    assert ENDING in column(driver, EVENTS, "AEDECOD")
    assert ENDING in column(driver, "l_subjects", "SUBJID")
    assert driver.find_elements(By.CSS_SELECTOR, "main img, main script, main b, h1 b") == []
    assert len(driver.find_elements(By.TAG_NAME, "script")) == 1


def test_numbers_are_sorted_as_numbers_and_a_second_time_reversed(browser: Browser) -> None:
    driver = browser.open(WIDE, CONCENTRATIONS)
    before = column(driver, CONCENTRATIONS, "AVAL")
    assert press(driver, CONCENTRATIONS, "AVAL") == "ascending"
    upwards = column(driver, CONCENTRATIONS, "AVAL")
    known = [float(cell) for cell in upwards if cell != "below LLOQ"]
    assert known == sorted(known)
    # As text 8190 would come before 9.
    assert [str(number) for number in known] != sorted(str(number) for number in known)
    assert set(upwards[len(known) :]) == {"below LLOQ"}
    assert press(driver, CONCENTRATIONS, "AVAL") == "descending"
    downwards = column(driver, CONCENTRATIONS, "AVAL")
    assert [float(cell) for cell in downwards[: len(known)]] == sorted(known, reverse=True)
    assert sorted(downwards) == sorted(before)


def test_dates_and_text_are_sorted_and_one_column_at_a_time(browser: Browser) -> None:
    driver = browser.open(WIDE, EVENTS)
    assert press(driver, EVENTS, "ASTDT") == "ascending"
    dates = column(driver, EVENTS, "ASTDT")
    assert dates == sorted(dates)
    assert dates[0] == "2023-01-24"
    assert press(driver, EVENTS, "AEDECOD") == "ascending"
    terms = column(driver, EVENTS, "AEDECOD")
    assert terms != sorted(terms, reverse=True)
    plain = [term.lower() for term in terms if term[0].isalpha()]
    assert plain == sorted(plain)
    sorted_heads = driver.find_elements(By.CSS_SELECTOR, f"#{EVENTS} th[aria-sort]")
    assert [each.get_attribute("aria-sort") for each in sorted_heads] == ["ascending"]


def test_search_shows_the_rows_with_every_word_and_tells_how_many(browser: Browser) -> None:
    driver = browser.open(WIDE, EVENTS)
    everything = len(column(driver, EVENTS, "AETERM"))
    assert status(driver, EVENTS) == f"{everything} rows"
    search = driver.find_element(By.ID, f"{EVENTS}-search")
    search.send_keys("cq-001 NEUTROP")
    assert set(column(driver, EVENTS, "SUBJID")) == {"CQ-001"}
    found = column(driver, EVENTS, "AEDECOD")
    assert found
    assert set(found) == {"Neutropenia"}
    assert status(driver, EVENTS) == f"{len(found)} of {everything} rows"
    search.clear()
    search.send_keys("<script>")
    assert column(driver, EVENTS, "AETERM") == [SCRIPT]
    search.send_keys(Keys.CONTROL, "a", Keys.DELETE)
    assert len(column(driver, EVENTS, "AETERM")) == everything


def test_a_searched_listing_is_printed_whole(browser: Browser) -> None:
    driver = browser.open(WIDE, EVENTS)
    everything = len(column(driver, EVENTS, "AETERM"))
    driver.find_element(By.ID, f"{EVENTS}-search").send_keys("no such event")
    assert column(driver, EVENTS, "AETERM") == []
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert len(column(driver, EVENTS, "AETERM")) == everything
        assert not driver.find_element(By.CSS_SELECTOR, "nav").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def laid_out(driver: Chrome, listing: str) -> bool:
    """Whether the first row of a listing is laid out."""
    found: bool = driver.execute_script(
        """const cell = document.querySelector(`#${arguments[0]} tbody td`);
        return cell.checkVisibility({contentVisibilityAuto: true});""",
        listing,
    )
    return found


def top(driver: Chrome, listing: str) -> float:
    """Where a listing begins in the window, once scrolling has come to rest."""
    script = f"return document.getElementById('{listing}').getBoundingClientRect().top"
    before = None
    for _ in range(100):
        now: float = driver.execute_script(script)
        if now == before:
            return now
        before = now
        time.sleep(0.25)
    raise AssertionError("scrolls on and on")


def test_a_long_listing_is_laid_out_when_a_reader_comes_to_it(browser: Browser) -> None:
    """A page of half a million cells would else take ten seconds to open."""
    driver = browser.open(all_of_it=True)
    assert not laid_out(driver, CONCENTRATIONS)
    # What was just unfolded is laid out at the next frame.
    WebDriverWait(driver, 20).until(lambda shown: laid_out(shown, "l_deaths"))
    driver.execute_script(f"document.getElementById('{CONCENTRATIONS}').scrollIntoView()")
    assert top(driver, CONCENTRATIONS) == pytest.approx(16, abs=1)
    assert laid_out(driver, CONCENTRATIONS)


@pytest.mark.parametrize("way", ["link", "address"])
def test_a_link_leads_to_the_top_of_a_listing_that_was_not_laid_out(
    browser: Browser, way: str
) -> None:
    driver = browser.open()
    if way == "link":
        link = driver.find_element(By.CSS_SELECTOR, f"#contents a[href='#{CONCENTRATIONS}']")
        link.send_keys(Keys.ENTER)
    else:
        driver.get("about:blank")
        driver.get(f"{browser.page.as_uri()}#{CONCENTRATIONS}")
    assert top(driver, CONCENTRATIONS) == pytest.approx(16, abs=1)
    assert laid_out(driver, CONCENTRATIONS)


def test_text_of_a_listing_that_was_not_laid_out_is_found(browser: Browser) -> None:
    driver = browser.open(WIDE, CONCENTRATIONS)
    assert not laid_out(driver, CONCENTRATIONS)
    assert driver.execute_script("return window.find('below LLOQ')")
    assert not driver.execute_script("return window.find('no such text anywhere')")


def test_the_printed_page_holds_every_row(browser: Browser) -> None:
    driver = browser.open()
    assert not driver.find_element(By.ID, CONCENTRATIONS).get_attribute("open")
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    pages = PdfDocument(b64decode(printed))
    text = " ".join(page.get_textpage().get_text_bounded() for page in pages)
    listing = text[text.rindex("Listing 16.2.5.1.") : text.rindex("Listing 16.2.5.2.")]
    browser.open(WIDE, CONCENTRATIONS)
    rows = column(driver, CONCENTRATIONS, "SRCSEQ")
    assert len(rows) > 100
    assert sorted(re.findall(r"kinetics\s+value\s+(\d+)", listing)) == sorted(rows)


def test_the_keyboard_skips_to_the_report_and_sorts(browser: Browser) -> None:
    driver = browser.open(WIDE, "l_duration")
    ActionChains(driver).send_keys(Keys.TAB).perform()
    skip = driver.switch_to.active_element
    assert skip.text == "Skip to the report"
    skip.send_keys(Keys.ENTER)
    assert driver.switch_to.active_element.get_attribute("id") == "main"
    driver.execute_script("document.getElementById('l_duration-search').focus()")
    # The search field, the region that scrolls, the first heading.
    ActionChains(driver).send_keys(Keys.TAB, Keys.TAB, Keys.TAB).perform()
    button = driver.switch_to.active_element
    assert (button.tag_name, button.text) == ("button", "Part")
    assert driver.execute_script(
        "return getComputedStyle(arguments[0]).outlineStyle !== 'none'", button
    )
    button.send_keys(Keys.ENTER)
    assert head(driver, "l_duration", "PART").get_attribute("aria-sort") == "ascending"
    assert status(driver, "l_duration") == "48 rows, by Part, ascending"
    assert driver.switch_to.active_element == button


def test_headings_are_in_order_and_everything_has_a_name(browser: Browser) -> None:
    driver = browser.open(all_of_it=True)
    headings = driver.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4, h5, h6")
    levels = [int(heading.tag_name[1]) for heading in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    pictures = driver.find_elements(By.CSS_SELECTOR, "svg")
    assert len(pictures) >= 8
    for picture in pictures:
        assert picture.get_dom_attribute("role") == "img"
        # What is not laid out yet (later pages of a figure) has no name yet.
        if not driver.execute_script(
            "return arguments[0].checkVisibility({contentVisibilityAuto: true})", picture
        ):
            continue
        assert picture.aria_role in ("image", "img")
        assert picture.accessible_name.startswith("Figure ")
    for field in driver.find_elements(By.CSS_SELECTOR, "input"):
        assert field.accessible_name.startswith("Search in Listing") or (
            field.get_attribute("id") in ("data_cut-search", "plan-search")
        )
    for landmark in ("header", "nav", "main"):
        assert len(driver.find_elements(By.TAG_NAME, landmark)) == 1


def test_the_contents_open_and_close_on_a_narrow_screen(browser: Browser) -> None:
    driver = browser.open(NARROW)
    button = driver.find_element(By.CSS_SELECTOR, ".contents > button")
    link = driver.find_element(By.CSS_SELECTOR, "#contents a[href='#provenance']")
    assert not link.is_displayed()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert link.is_displayed()
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    assert not link.is_displayed()
    assert driver.switch_to.active_element == button
    browser.open(WIDE)
    assert driver.find_element(By.CSS_SELECTOR, "#contents a[href='#provenance']").is_displayed()


def test_every_link_leads_to_a_place_that_is_seen(browser: Browser) -> None:
    driver = browser.open()
    targets = {
        link.get_attribute("href").partition("#")[2]  # type: ignore[union-attr]
        for link in driver.find_elements(By.CSS_SELECTOR, "a[href^='#']")
    }
    assert {"t_dor", "f_km_dor", EVENTS, "provenance"} <= targets
    for target in targets:
        assert driver.find_element(By.ID, target).is_displayed()


def test_every_file_that_is_linked_is_there(browser: Browser) -> None:
    driver = browser.open()
    links = driver.find_elements(By.CSS_SELECTOR, "a[href]:not([href^='#'])")
    files = {link.get_dom_attribute("href") for link in links}
    assert {"tables/t_dor.rtf", "figures/f_km_dor.svg", "listings/l_deaths.csv", "ard.csv"} <= files
    written_later = {"audit/manifest.json", "audit/pinned.yaml"}
    assert [f for f in files - written_later if not (browser.page.parent / str(f)).is_file()] == []


def is_open(driver: Chrome, name: str) -> bool:
    return driver.find_element(By.ID, name).get_attribute("open") is not None


def test_supplements_and_listings_are_folded_until_asked_for(browser: Browser) -> None:
    driver = browser.open()
    assert is_open(driver, "t_dor")
    assert is_open(driver, "f_km_dor")
    assert not is_open(driver, "t_dor_s")
    assert not is_open(driver, EVENTS)
    heights = {}
    for text in ("Fold all outputs", "Unfold all outputs", "Main outputs only"):
        button = driver.find_element(By.XPATH, f"//button[text()='{text}']")
        driver.execute_script("arguments[0].click()", button)
        heights[text] = driver.execute_script("return document.documentElement.scrollHeight")
    # A line for each output, and what is never folded: the summary and the quality of the data.
    assert heights["Fold all outputs"] < 12_000
    assert heights["Fold all outputs"] < heights["Unfold all outputs"] / 6
    assert heights["Fold all outputs"] < heights["Main outputs only"]
    assert heights["Main outputs only"] < heights["Unfold all outputs"]
    assert is_open(driver, "t_dor")
    assert not is_open(driver, "t_dor_s")


def test_in_the_dark_text_is_light_and_drawings_stay_on_white(browser: Browser) -> None:
    driver = browser.open()
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)

    def colour(selector: str, name: str) -> list[int]:
        found = driver.execute_script(
            "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]",
            *(selector, name),
        )
        return [int(part) for part in re.findall(r"\d+", found)][:3]

    try:
        assert max(colour("body", "backgroundColor")) < 60
        assert min(colour("#t_dor th[scope=row]", "color")) > 180
        assert max(colour("#t_dor tbody th", "backgroundColor")) < 60
        assert colour("#f_km_dor svg", "backgroundColor") == [255, 255, 255]
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_meaning_of_a_changed_definition_has_room_on_a_wide_screen(browser: Browser) -> None:
    driver = browser.open(WIDE, "changed")
    cells = driver.find_elements(By.CSS_SELECTOR, "#changed tbody tr td:last-child")
    assert cells
    widths: list[float] = driver.execute_script(
        """const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
        return arguments[0].map((cell) => cell.getBoundingClientRect().width / rem);""",
        cells,
    )
    assert min(widths) >= 16
