"""What a figure consists of, and the data that its points are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from durable.figures.points import Points
    from durable.outputs.datasets import AnalysisDatasets, RecordFilter
    from durable.plan import Plan


#: Flags of ADSL, and the population of each as a caption says it.
POPULATIONS = {
    "SAFFL": "Safety Analysis Set (all infused)",
    "REMFL": "Subjects in remission (clinically inactive disease)",
}
SAFETY_SET = POPULATIONS["SAFFL"]


@dataclass(frozen=True)
class Caption:
    """What is written above and below a figure."""

    label: str
    """``Figure 1``."""
    title: str
    population: str
    study: str
    """Study, analysis and data cut-off."""
    notes: tuple[str, ...] = ()
    """Definitions and methods, each a paragraph; the last names the source."""

    @property
    def heading(self) -> str:
        """Label and title: ``Figure 1. Duration of response (Kaplan-Meier)``."""
        return f"{self.label}. {self.title}"

    @property
    def text(self) -> str:
        """What is written below the heading and below the figure, as one text."""
        return " ".join((self.population, self.study, *self.notes))

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

    def file(self, form: str) -> Path:
        """The file of a form: ``svg``, ``png`` or ``pdf``."""
        return self.folder / f"{self.name}.{form}"

    @property
    def svg(self) -> Markup:
        """The drawing as an element of a page."""
        from markupsafe import Markup

        # The first line declares XML. In the rest text from data was escaped when it was drawn.
        _, drawing = self.file("svg").read_text(encoding="utf-8").split("\n", 1)
        return Markup(drawing)  # noqa: S704


@dataclass(frozen=True)
class FigureSpec:
    """A figure: its heading, its points, its drawing and its footnotes."""

    name: str
    title: str
    population: str
    source: str
    """Dataset that the points come from."""
    columns: tuple[str, ...]
    """Columns of the points that are drawn."""
    points: Callable[[AnalysisDatasets, Plan], pd.DataFrame]
    """The points, as ``f_NAME.csv`` holds them (docs/figures.md)."""
    draw: Callable[[Points, Plan, Caption], Figure]
    footnotes: Callable[[Plan], tuple[str, ...]]
    """Definitions and methods behind the figure, from the plan."""
    records: Callable[[Plan], tuple[RecordFilter, ...]] = lambda _: ()
    """Records of ADRS that `points` reads: they are too many to be read whole."""
