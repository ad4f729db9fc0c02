"""A real browser, and the report of a study with text that a page might run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from durable.plan import Plan
from tests.display.study import hostile, run_study, studied_once

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = (1280, 900), (390, 844)


@pytest.fixture(scope="session")
def programs() -> tuple[str, str]:
    """The browser and its driver; without them no test here can be run."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if all(found):
        return found  # type: ignore[return-value]
    message = "no chromium or chromedriver (Debian: apt install chromium chromium-driver)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def hostile_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """Plan and results of the demo study with hostile text, two sensitivity analyses among it."""

    def make(folder: Path) -> None:
        text = (Path(__file__).parents[2] / "config" / "config.yaml").read_text()
        kept = text.split("  remission_confirmed:")[0]
        assert "remission_printo" in kept
        kept = kept.replace("Interim analysis", "Interim <b>analysis</b>")
        run_study(hostile(folder), kept)

    return studied_once(tmp_path_factory, "hostile demo", make)


@pytest.fixture(scope="session")
def report(hostile_study: tuple[Plan, Path]) -> Path:
    """The report of that study."""
    return hostile_study[1] / "report.html"


@dataclass(frozen=True)
class Browser:
    """The report in a browser."""

    driver: Chrome
    page: Path

    def open(self, size: tuple[int, int] = WIDE, *unfolded: str, all_of_it: bool = False) -> Chrome:
        """Open the report afresh in a window whose page is this wide and high.

        It is as it opens but for the outputs that are unfolded: these, or each one of the report,
        which takes a browser seconds.
        """
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(self.page.as_uri())
        for selector in ("details",) if all_of_it else [f"#{name}" for name in unfolded]:
            opened: int = self.driver.execute_script(
                """const found = document.querySelectorAll(arguments[0]);
                for (const one of found) {
                  for (let at = one; at; at = at.parentElement) {
                    if (at.tagName === "DETAILS") at.open = true;
                  }
                }
                return found.length;""",
                selector,
            )
            assert opened or all_of_it
        return self.driver

    def requests(self) -> list[str]:
        """Addresses that the page has asked for since the last call and its policy let through."""
        events = [json.loads(entry["message"]) for entry in self.driver.get_log("performance")]
        told = [(event["message"]["method"], event["message"]["params"]) for event in events]
        stopped = {
            params["requestId"]
            for method, params in told
            if method == "Network.loadingFailed" and params.get("blockedReason") == "csp"
        }
        return [
            params["request"]["url"]
            for method, params in told
            if method == "Network.requestWillBeSent"
            and params["documentURL"] == self.page.as_uri()
            and params["requestId"] not in stopped
        ]


@pytest.fixture(scope="session")
def chrome(programs: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser with a profile of its own."""
    chromium, driver = programs
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with Chrome(options=options, service=Service(driver)) as started:
        yield started


@pytest.fixture
def browser(chrome: Chrome, report: Path) -> Browser:
    """The report in the browser."""
    return Browser(chrome, report)
