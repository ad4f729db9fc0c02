"""What the tests of all figures share: a plan, drawing, and the check of where text stands."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from durable.figures import FIGURES
from durable.figures.drawings import draw
from durable.plan import (
    Analysis,
    ImprovementMonitoring,
    Input,
    Inputs,
    Monitoring,
    Plan,
    SafetyBoundary,
    Study,
)

PLAN = Plan(
    analysis=Analysis(id="a1", data_cutoff=dt.date(2024, 6, 30)),
    study=Study(id="NCT06569472"),
    inputs=Inputs(subjects=Input(path="s.csv"), visits=Input(path="v.csv")),
)
#: The plan with what the figure of the interim monitoring draws.
MONITORED = PLAN.model_copy(
    update={
        "monitoring": Monitoring(
            improvement=ImprovementMonitoring(visit="M3", null_rate=0.4, maximum_subjects=40),
            safety={"dlt": SafetyBoundary(event="dlt", acceptable_rate=0.2, unacceptable_rate=0.5)},
        )
    }
)
SPECS = {entry.name: entry.load() for entry in FIGURES}


def drawn(name: str, csv: str, folder: Path, plan: Plan = MONITORED) -> Figure:
    """The figure of this CSV; the settings have to be in force."""
    path = folder / f"f_{name}.csv"
    path.write_text(csv, encoding="utf-8")
    (figure, *_), _ = draw(SPECS[name], path, plan)
    return figure


def texts(figure: Figure) -> list[Text]:
    """All visible text, tick labels included."""
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    ]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts(figure)]


def misplaced(figure: Figure) -> list[str]:
    """Texts that leave the page or lie on one another; empty for a figure in order."""
    canvas = FigureCanvasAgg(figure)
    figure.draw(canvas.get_renderer())
    boxes = []
    for text in texts(figure):
        box = text.get_window_extent()
        if box.width > 0:
            boxes.append((text.get_text(), box))
    width, height = canvas.get_width_height()
    found = [
        f"{text!r} leaves the page"
        for text, box in boxes
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    for (one, a), (other, b) in combinations(boxes, 2):
        # A pixel is what anti-aliasing takes.
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > 1 and down > 1:
            found.append(f"{one!r} and {other!r} overlap by {across:.0f} x {down:.0f}")
    return found


def smallest_type(figure: Figure) -> float:
    return min(text.get_fontsize() for text in texts(figure))
