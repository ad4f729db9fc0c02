"""The documentation site: built without a warning, without a dead link, with every output."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from durable.contents import NUMBERS
from tests.workflow.conftest import made_once

ROOT = Path(__file__).parents[1]
SITE = ROOT / "dist" / "site"


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value for key in ("href", "src") if (value := found.get(key))]
        self.anchors |= {value for key in ("id", "name") if (value := found.get(key))}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages of the site, which lies in the repository: made by one process for all."""

    def make(_: Path) -> None:
        done = subprocess.run(
            ["make", "site"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    made_once(tmp_path_factory, "site", make)
    return {path: Page(path) for path in SITE.rglob("*.html") if "_static" not in path.parts}


@pytest.mark.slow
def test_no_link_of_the_site_is_dead(pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].anchors if target in pages else {parts.fragment}
            if not target.exists() or (parts.fragment and parts.fragment not in anchors):
                dead.append(f"{path.relative_to(SITE)}: {link}")
    assert len(pages) > 25
    assert dead == []


@pytest.mark.slow
def test_the_gallery_shows_every_output_of_the_demo(pages: dict[Path, Page]) -> None:
    """Each with its number; a picture a table, figure and listing, and one of a profile."""
    text = (SITE / "dist/gallery/gallery.html").read_text(encoding="utf-8")
    shown = set(re.findall(r"<h2>(?:Table|Figure|Listing) ([\d.]+S?)\.", text))
    assert shown == set(NUMBERS.values())
    assert text.count("<img ") >= len(NUMBERS) + 1


@pytest.mark.slow
def test_the_search_finds_methods_and_keys(pages: dict[Path, Page]) -> None:
    index = (SITE / "searchindex.js").read_text(encoding="utf-8")
    assert '"bpcp":[' in index
    assert "durable.stats.survival.KaplanMeier" in index
