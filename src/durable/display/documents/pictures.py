"""The figures that documents take in, as the stage ``figures`` wrote them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

#: Where a PNG has its width and height, in pixels.
_SIZE = slice(16, 24)


@dataclass(frozen=True)
class Picture:
    """A figure: its heading, which is drawn in it too, and its files."""

    name: str
    title: str
    png: Path

    @property
    def pdf(self) -> Path:
        """The same figure as a page of its own."""
        return self.png.with_suffix(".pdf")

    def fitted(self, width: float, height: float) -> tuple[float, float]:
        """Its width and height at the largest scale that fits into so much room."""
        with self.png.open("rb") as file:
            size = file.read(_SIZE.stop)[_SIZE]
        pixels = int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")
        scale = min(width / pixels[0], height / pixels[1])
        return pixels[0] * scale, pixels[1] * scale


def pictures(folder: Path) -> list[Picture]:
    """Every figure in the order of the numbers."""
    found = [
        Picture(path.stem, _title(path), path.with_suffix(".png"))
        for path in (folder / "figures").glob("f_*.svg")
    ]
    return sorted(found, key=lambda picture: int(re.findall(r"\d+", picture.title)[0]))


def _title(svg: Path) -> str:
    text = svg.read_text(encoding="utf-8")
    found = re.search(rf'<title id="{svg.stem}-title">(.*?)</title>', text)
    if found is None:
        raise ValueError(f"{svg}: a figure without a title")
    return unescape(found[1])
