"""The page that every figure is drawn on: its size, type, colours, heading and footnotes.

Lengths are millimetres from the lower left corner of the page unless a name says otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from durable.figures.spec import Caption
from durable.language import N_, _
from durable.line_breaks import line_parts
from durable.plan import Plan

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

#: How artists are drawn, as keyword arguments.
Style = dict[str, Any]

WIDTH = 170.0
"""Width of the text block of an A4 page with margins of 20 mm."""
MARGIN = 2.0
DPI = 200
TEXT_SIZE = 9.0
TITLE_SIZE = 10.5
#: Lengths in a key, in multiples of the type size: the sign, to its text, to the next column.
_HANDLE, _PAD, _SPACING = 2.6, 0.8, 1.5
LINE_SPACING = 1.3
#: Between the panels of `panel_page`.
_BETWEEN = 4.0
INK = "black"
FAINT = "0.45"
_MM = 1 / 25.4
POINT = 25.4 / 72
"""A typographic point in millimetres."""
LINE = TEXT_SIZE * LINE_SPACING * POINT
"""Height of a line of text."""
#: Okabe and Ito (2008), without yellow, which a white page does not carry. Ordered so that
#: neighbours differ in lightness too.
COLOURS = ("#0072B2", "#D55E00", "#000000", "#56B4E9", "#CC79A7", "#009E73", "#E69F00")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2, 1, 1, 1, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")
#: Subjects of a page that shows each on its own, with a name.
MOST_SUBJECTS = 45
_SETTINGS: dict[Any, Any] = {
    "font.size": TEXT_SIZE,
    "axes.titlesize": TEXT_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "legend.fontsize": TEXT_SIZE,
    "figure.dpi": DPI,
    "axes.titley": 1.0,  # where a title stands anyway: nothing has to be laid out to find that
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.0,
    "hatch.linewidth": 0.4,
    "text.parse_math": False,
    # A text is as wide in PNG, by which lines are broken, as in SVG and PDF; and soonest drawn.
    "text.hinting": "none",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # text that can be searched and copied
}


@contextmanager
def settings(families: Sequence[str] = ("DejaVu Sans",)) -> Iterator[None]:
    """Matplotlib's own defaults and the settings of this module, whatever the user's file says.

    Parameters
    ----------
    families
        Families of the type: a sign that one lacks is of the next.
    """
    import matplotlib

    defaults = dict.items(matplotlib.rcParamsDefault)
    with matplotlib.rc_context():
        # To set the backend, which is for windows, would import pyplot.
        matplotlib.rcParams.update({key: value for key, value in defaults if key != "backend"})
        matplotlib.rcParams.update(_SETTINGS | {"font.family": list(families)})
        yield


@dataclass(frozen=True)
class Box:
    """A rectangle of the page."""

    left: float
    bottom: float
    width: float
    height: float

    def grid(self, rows: int, columns: int, gap: float, row_gap: float | None = None) -> list[Box]:
        """Equal boxes, row by row from the top, each row from the left.

        Columns are `gap` apart, and rows `row_gap`, or `gap` where that is None.
        """
        row_spacing = gap if row_gap is None else row_gap
        width = (self.width - gap * (columns - 1)) / columns
        height = (self.height - row_spacing * (rows - 1)) / rows
        return [
            Box(
                self.left + column * (width + gap),
                self.bottom + (rows - 1 - row) * (height + row_spacing),
                width,
                height,
            )
            for row in range(rows)
            for column in range(columns)
        ]


class Page:
    """A figure with heading, key and footnotes in place, and room for the axes between them.

    Parameters
    ----------
    caption
        Heading and footnotes.
    height
        Height of the room for the axes, the box `body`; the page grows with heading and footnotes.
    key
        Artists that carry a label, shown above the axes.

    Attributes
    ----------
    figure
        The Matplotlib figure.
    height
        Height of the page.
    body
        Box for the axes.
    """

    def __init__(self, caption: Caption, height: float, key: Sequence[Artist] = ()) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        heading = wrap(caption.heading, TITLE_SIZE, "bold")
        context = wrap(caption.context)
        notes = [line for note in caption.notes for line in wrap(note)]
        self.figure = Figure(figsize=(WIDTH * _MM, 100 * _MM), dpi=DPI, facecolor="white")
        self._canvas: Any = FigureCanvasAgg(self.figure)
        self._boxes: dict[Axes, Box] = {}
        legend = self._legend(key) if key else None
        key_height = _drawn_height(legend) + 3 if legend else 0.0
        above = _height(heading, TITLE_SIZE) + _height(context) + 3
        below = _height(notes) + 3
        self.height = 2 * MARGIN + above + key_height + height + below
        self.figure.set_size_inches(WIDTH * _MM, self.height * _MM)
        top = self.height - MARGIN
        top = self._write_lines(heading, top, TITLE_SIZE, "bold")
        top = self._write_lines(context, top) - 3
        if legend:
            legend.set_bbox_to_anchor((MARGIN / WIDTH, top / self.height))
            top -= key_height
        self.body = Box(MARGIN, top - height, WIDTH - 2 * MARGIN, height)
        self.rule(self.body.bottom - 1.5, FAINT)
        self._write_lines(notes, self.body.bottom - 3)

    def axes(self, box: Box | None = None) -> Axes:
        """New axes in a box, or in `body` when None; `fit` makes room for their labels."""
        box = box or self.body
        axes: Axes = self.figure.add_axes(self._fraction(box))
        self._boxes[axes] = box
        return axes

    def fit(self) -> Figure:
        """The figure, its axes shrunk so that all that is drawn with them lies within their boxes.

        Several axes get the same margins, so that they stay in line.
        """
        margins = [self._margins(axes, box) for axes, box in self._boxes.items()]
        left, right, bottom, top = (max(side) for side in zip(*margins, strict=True))
        for axes, box in self._boxes.items():
            room = Box(
                box.left + left,
                box.bottom + bottom,
                box.width - left - right,
                box.height - bottom - top,
            )
            axes.set_position(self._fraction(room))
        return self.figure

    def write(self, x: float, y: float, text: str, **style: Any) -> None:
        """Write a text at a point of the page, `style` being that of Matplotlib."""
        self.figure.text(x / WIDTH, y / self.height, text, **style)

    def write_above(self, box: Box, lines: Sequence[str]) -> None:
        """Write the lines of a title in bold above a box, the last next to it."""
        for i, line in enumerate(reversed(lines)):
            y = box.bottom + box.height + 1.5 + i * LINE
            self.write(box.left, y, line, va="bottom", weight="bold")

    def rule(self, y: float, colour: str) -> None:
        """Draw a thin line across the page at the height `y`."""
        from matplotlib.lines import Line2D

        ends = [MARGIN / WIDTH, 1 - MARGIN / WIDTH]
        line = Line2D(ends, [y / self.height] * 2, color=colour, linewidth=0.5, zorder=0)
        line.set_transform(self.figure.transFigure)
        self.figure.add_artist(line)

    def _margins(self, axes: Axes, box: Box) -> tuple[float, float, float, float]:
        axes.set_position(self._fraction(box))
        renderer = self._canvas.get_renderer()
        inner = axes.get_window_extent(renderer)
        outer = axes.get_tightbbox(renderer) or inner
        mm = DPI * _MM
        return (
            (inner.x0 - outer.x0) / mm,
            (outer.x1 - inner.x1) / mm,
            (inner.y0 - outer.y0) / mm,
            (outer.y1 - inner.y1) / mm,
        )

    def _fraction(self, box: Box) -> tuple[float, float, float, float]:
        return (
            box.left / WIDTH,
            box.bottom / self.height,
            box.width / WIDTH,
            box.height / self.height,
        )

    def _legend(self, key: Sequence[Artist]) -> Legend:
        # A label that begins with an underscore would be left out.
        named = [str(artist.get_label()) for artist in key]
        labels = [f" {label}" if label.startswith("_") else label for label in named]
        return self.figure.legend(
            handles=list(key),
            labels=labels,
            ncols=_key_columns(labels),
            loc="upper left",
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handlelength=_HANDLE,
            handletextpad=_PAD,
            columnspacing=_SPACING,
        )

    def _write_lines(
        self, lines: Sequence[str], top: float, size: float = TEXT_SIZE, weight: str = "normal"
    ) -> float:
        for line in lines:
            self.write(MARGIN, top, line, size=size, weight=weight, va="top")
            top -= _height([line], size)
        return top


def panel_page(
    caption: Caption, panels: int, height: float, key: Sequence[Artist] = (), *, columns: int = 1
) -> tuple[Page, list[Axes]]:
    """A page with so many panels of one height, and their axes row by row.

    In at most so many columns; the panels of the last row share its whole width.
    """
    columns = min(columns, panels)
    rows = -(-panels // columns)
    page = Page(caption, rows * (height + _BETWEEN) - _BETWEEN, key)
    boxes = page.body.grid(rows, columns, _BETWEEN)[: (rows - 1) * columns]
    last = page.body.grid(rows, panels - len(boxes), _BETWEEN)[len(boxes) - panels :]
    return page, [page.axes(box) for box in (*boxes, *last)]


def _key_columns(labels: Sequence[str]) -> int:
    """As many columns as the width of the page holds; matplotlib fills one after the other."""
    widths = np.array([text_width(label) for label in labels])
    for columns in range(len(labels), 1, -1):
        texts = sum(float(part.max()) for part in np.array_split(widths, columns))
        ems = columns * (_HANDLE + _PAD) + (columns - 1) * _SPACING
        if texts + ems * TEXT_SIZE * POINT <= WIDTH - 2 * MARGIN - 1:
            return columns
    return 1


def text_width(text: str, size: float = TEXT_SIZE, weight: str = "normal") -> float:
    """Width of a text in millimetres; the settings have to be in force."""
    from matplotlib import rcParams

    return _text_width(text, size, weight, tuple(rcParams["font.family"]))


@cache
def _text_width(text: str, size: float, weight: str, families: tuple[str, ...]) -> float:
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family=families, size=size, weight=weight)
    width, _, _ = _ruler().get_text_width_height_descent(text, font, False)
    return float(width) / (DPI * _MM)


def wrap(
    text: str, size: float = TEXT_SIZE, weight: str = "normal", width: float = WIDTH - 2 * MARGIN
) -> list[str]:
    """Lines of a text no wider than `width` millimetres; a longer word is broken.

    [] for an empty text; the settings have to be in force. A line is as wide as its words and the
    spaces between them: each word is measured once. Chinese signs are words without a space between
    them.
    """
    space = text_width(" ", size, weight)
    lines: list[str] = []
    line = ""
    used = 0.0
    words = deque(line_parts(" ".join(text.split())))
    while words:
        space_before, word = words.popleft()
        needed = text_width(word, size, weight)
        gap = space if space_before else 0.0
        if line and used + gap + needed > width:
            lines.append(line)
            line = ""
        if needed > width:
            cut = max(1, int(len(word) * width / needed) - 1)
            lines.append(word[:cut])
            words.appendleft(("", word[cut:]))
            continue
        used = used + gap + needed if line else needed
        line = f"{line}{space_before}{word}" if line else word
    return [*lines, line] if line else lines


def thin_labels(positions: Sequence[float], gap: float) -> list[bool]:
    """Whether each ascending position is labelled: the first, then any `gap` past the last one."""
    shown: list[bool] = []
    last = float("-inf")
    for position in positions:
        shown.append(position - last >= gap)
        last = position if shown[-1] else last
    return shown


def detach_axes(axes: Axes) -> None:
    """Set the axes off from the plot: marks at its edge do not lie on a line."""
    axes.spines[["left", "bottom"]].set_position(("outward", 4))


def few_ticks(axes: Axes) -> None:
    """Set at most five ticks on the vertical axis, within the limits that it has."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_ylim()
    ticks = [float(tick) for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)]
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])


def write_message(axes: Axes, text: str) -> None:
    """Write in the middle of empty axes why there is nothing to see."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=TITLE_SIZE)


def empty_figure(caption: Caption, text: str = N_("No subjects")) -> Figure:
    """A page without points, with a text marked for translation that says so."""
    page = Page(caption, 30)
    write_message(page.axes(), _(text))
    return page.figure


def key_line(**style: Any) -> Artist:
    """An entry of a key: a line or a mark of this style, whose ``label`` is translated."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **_translated_style(style))


def key_patch(**style: Any) -> Artist:
    """An entry of a key: an area of this style, whose ``label`` is translated."""
    from matplotlib.patches import Patch

    return Patch(**_translated_style(style))


def _translated_style(style: Style) -> Style:
    return style | {"label": _(style["label"])}


def thresholds(plan: Plan) -> list[tuple[float, Style]]:
    """The least score of each level of response, minimal first, with the style of its line.

    The style has the ``label``, ``Minimal (>= 20)``.
    """
    levels = plan.response.improvement.thresholds
    scores = (levels.minimal, levels.moderate, levels.major)
    dashes = ((0, (1, 2)), (0, (3, 2)), (0, (8, 2)))
    labels = (_("Minimal (>= {score})"), _("Moderate (>= {score})"), _("Major (>= {score})"))
    style: Style = {"color": FAINT, "lw": 0.8}
    return [
        (score, {"label": label.format(score=f"{score:g}"), "linestyle": dash, **style})
        for label, score, dash in zip(labels, scores, dashes, strict=True)
    ]


def months_axis(
    axes: Axes, days: NDArray[np.float64], days_per_month: float, *, most: int = 9
) -> None:
    """Make the horizontal axis hold these days since infusion, NaN ignored, labelled in months.

    From month 0 in steps of 1, 3, 6, 12 ... months, the least that makes at most `most` steps.
    """
    first, last = _ends(days)
    # A visit of month 24 may be days short of it.
    months = _ticks(last / days_per_month + 0.2, (1, 3, 6, 12, 24, 60, 120, 1200), most=most)
    ticks = [days_per_month * month for month in months]
    axes.set_xticks(ticks, [str(month) for month in months])
    axes.set_xlim(first, max(last, *ticks, 1.0))
    axes.set_xlabel(_("Months since infusion"))


def days_axis(axes: Axes, days: NDArray[np.float64]) -> None:
    """Make the horizontal axis hold these days since infusion, NaN ignored, labelled in days."""
    first, last = _ends(days)
    axes.set_xticks(_ticks(last, (1, 2, 7, 14, 28, 56, 91, 182, 364, 3640), most=14))
    axes.set_xlim(first, max(last, 1.0))
    axes.set_xlabel(_("Days since infusion"))


def _ends(days: NDArray[np.float64]) -> tuple[float, float]:
    known = days[np.isfinite(days)]
    return float(known.min(initial=0.0)), float(known.max(initial=0.0))


def _ticks(last: float, steps: Sequence[int], most: int) -> list[int]:
    step = next((step for step in steps if last / step <= most), steps[-1])
    return list(range(0, int(last) + 1, step))


def _height(lines: Sequence[str], size: float = TEXT_SIZE) -> float:
    return len(lines) * size * LINE_SPACING * POINT


def _drawn_height(artist: Artist) -> float:
    return float(artist.get_window_extent(_ruler()).height) / (DPI * _MM)


@cache
def _ruler() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    renderer: Any = RendererAgg
    return renderer(1, 1, DPI)
