"""What a figure consists of, and the data that its points are made from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from durable.language import _
from durable.vocabulary import POPULATIONS

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from durable.figures.points import Points
    from durable.outputs.datasets import AnalysisDatasets, RecordFilter
    from durable.plan import Plan


#: How a page begins in the SVG of a figure of several, and how that ends: saved drawings have no
#: other element that begins like this.
STACKED, STACK_END = '<svg y="', "</svg>\n"
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
SAFETY_SET = POPULATIONS["SAFFL"]


@dataclass(frozen=True)
class Caption:
    """What is written above and below a figure."""

    label: str
    """``Figure 1``."""
    title: str
    population: str
    study: str
    """Data cut-off, or what else says which data are shown."""
    notes: tuple[str, ...] = ()
    """Definitions and methods, each a paragraph; the last names the source."""
    draft: bool = False
    """Whether the drawing has a watermark."""

    @property
    def heading(self) -> str:
        """Label and title: ``Figure 1. Duration of response (Kaplan-Meier)``."""
        return _("{label}. {title}").format(label=self.label, title=self.title)

    @property
    def context(self) -> str:
        """Population and what is shown of it."""
        return _("{population}; {shown}").format(population=self.population, shown=self.study)

    @property
    def text(self) -> str:
        """What is written below the heading and below the figure, as one text."""
        return " ".join((self.population, self.study, *self.notes))

    def of_page(self, number: int, pages: int) -> Caption:
        """The caption of one of several pages; of an only page the caption itself."""
        if pages == 1:
            return self
        title = _("{title} (page {number} of {pages})")
        return replace(self, title=title.format(title=self.title, number=number, pages=pages))

    def noting(self, *notes: str) -> Caption:
        """The caption with notes on what is drawn, ahead of the others."""
        return replace(self, notes=(*filter(None, notes), *self.notes))


@dataclass(frozen=True)
class DrawnFigure:
    """A figure that was drawn: its caption, and where its files lie."""

    name: str
    """Name of its files, without the end."""
    caption: Caption
    folder: Path
    appendix: bool = False
    """Whether it is a document of its own, not one of the tables and figures bound together."""

    def file(self, form: str) -> Path:
        """The file of a form: ``svg``, ``png`` or ``pdf``."""
        return self.folder / f"{self.name}.{form}"

    @cached_property
    def pages(self) -> list[Markup]:
        """The pages of the drawing, read once, each an element of an HTML page."""
        from markupsafe import Markup

        # The first line declares XML. In the rest text from data was escaped when it was drawn.
        _, drawing = self.file("svg").read_text(encoding="utf-8").split("\n", 1)
        _, *stacked = drawing.removesuffix(STACK_END).split(STACKED)
        pages = [STACKED + page for page in stacked] or [drawing]
        return [Markup(page) for page in pages]  # noqa: S704

    @property
    def ratio(self) -> str:
        """Width of a page over its height."""
        size = _VIEW.search(self.pages[0])
        if size is None:
            raise ValueError(f"{self.file('svg')}: a drawing without its size")
        return f"{float(size[1]) / float(size[2]):.5f}"

    @property
    def page_count(self) -> int:
        """How many pages the drawing has."""
        return len(self.pages)


@dataclass(frozen=True)
class FigureSpec:
    """A figure: its heading, its points, its drawing and its footnotes."""

    name: str
    title: str
    """A marked text, as those that follow; ``{of}`` in it is what the figure is of."""
    population: str
    source: str
    """Dataset that the points come from."""
    columns: tuple[str, ...]
    """Columns of the points that are drawn."""
    points: Callable[[AnalysisDatasets, Plan], pd.DataFrame]
    """The points, as ``f_NAME.csv`` holds them (docs/figures.md)."""
    draw: Callable[[Points, Plan, Caption], Figure | list[Figure]]
    """The drawing, or its pages; all of one size."""
    footnotes: Callable[[Plan], tuple[str, ...]]
    """Definitions and methods behind the figure, from the plan."""
    records: Callable[[Plan, int], tuple[RecordFilter, ...]] = lambda _plan, _infused: ()
    """Records of ADRS that `points` reads of so many infused subjects: ADRS is not read whole."""
    of: str = ""
    """Endpoint or score that the title names."""

    @property
    def shown_title(self) -> str:
        """The title, in the language in force."""
        return _(self.title).format(of=_(self.of))

    def draw_pages(self, points: Points, plan: Plan, caption: Caption) -> list[Figure]:
        """The pages of the figure: one, of most."""
        drawn = self.draw(points, plan, caption)
        return drawn if isinstance(drawn, list) else [drawn]
