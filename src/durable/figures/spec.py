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
        """Population and data cut-off in one line."""
        return _("{population}; {shown}").format(population=self.population, shown=self.study)

    @property
    def text(self) -> str:
        """Population, data cut-off and notes as one text: the description of the drawing."""
        return " ".join((self.population, self.study, *self.notes))

    def of_page(self, number: int, pages: int) -> Caption:
        """The caption of a page with its number, from 1, in the title; itself of an only page."""
        if pages == 1:
            return self
        title = _("{title} (page {number} of {pages})")
        return replace(self, title=title.format(title=self.title, number=number, pages=pages))

    def noting(self, *notes: str) -> Caption:
        """The caption with these notes before the others; empty ones are left out."""
        return replace(self, notes=(*filter(None, notes), *self.notes))


@dataclass(frozen=True)
class DrawnFigure:
    """A figure that was drawn: its caption, and where its files lie."""

    name: str
    """Name of its files without the ending, ``f_NAME``."""
    caption: Caption
    folder: Path
    appendix: bool = False
    """Whether it is a document of its own, not bound together with the tables and figures."""

    def file(self, form: str) -> Path:
        """Path of the file of a form, ``svg``, ``png`` or ``pdf``, whether it exists or not."""
        return self.folder / f"{self.name}.{form}"

    @cached_property
    def pages(self) -> list[Markup]:
        """The pages of the SVG, read once, each a ``<svg>`` element for an HTML page."""
        from markupsafe import Markup

        # The first line declares XML. In the rest text from data was escaped when it was drawn.
        _, drawing = self.file("svg").read_text(encoding="utf-8").split("\n", 1)
        _, *stacked = drawing.removesuffix(STACK_END).split(STACKED)
        pages = [STACKED + page for page in stacked] or [drawing]
        return [Markup(page) for page in pages]  # noqa: S704

    @property
    def ratio(self) -> str:
        """Width of the first page over its height as a text for CSS, ``1.41421``."""
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
    """Marked for translation, as the texts that follow; ``{of}`` in it is the text `of`."""
    population: str
    source: str
    """Datasets that the points come from."""
    columns: tuple[str, ...]
    """Columns of the points that the drawing reads."""
    points: Callable[[AnalysisDatasets, Plan], pd.DataFrame]
    """The points, as ``f_NAME.csv`` holds them (docs/figures.md)."""
    draw: Callable[[Points, Plan, Caption], Figure | list[Figure]]
    """The drawing, or its pages; all of one size."""
    footnotes: Callable[[Plan], tuple[str, ...]]
    """Definitions and methods behind the figure, from the plan."""
    records: Callable[[Plan, int], tuple[RecordFilter, ...]] = lambda _plan, _infused: ()
    """Filters of the records of ADRS that `points` reads, from the plan and the number infused."""
    of: str = ""
    """Endpoint or score that the title names; empty where it names none."""

    @property
    def shown_title(self) -> str:
        """The title, in the language in force."""
        return _(self.title).format(of=_(self.of))

    def draw_pages(self, points: Points, plan: Plan, caption: Caption) -> list[Figure]:
        """The pages of the figure, at least one; `settings` have to be in force."""
        drawn = self.draw(points, plan, caption)
        return drawn if isinstance(drawn, list) else [drawn]
