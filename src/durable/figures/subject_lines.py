"""Lines of subjects over time, by dose level; of many subjects their quantiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from durable.figures.doses import Dose, doses_of
from durable.figures.points import Points
from durable.figures.quantiles import MANY_SUBJECTS, QUANTILES
from durable.figures.style import COLOURS, MOST_SUBJECTS, Style, key_line
from durable.language import N_, _

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

#: Subjects whose lines are drawn in full; those of more are slighter.
_FULL = 20
_SLIGHT: Style = {"linewidth": 0.6, "markersize": 2.2, "alpha": 0.75}
#: Lines of more subjects than a page names, which show where most of them lie.
_THIN: Style = {"linewidths": 0.5, "alpha": 0.5}
_DOTS: Style = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 2.0,
    "markeredgewidth": 0,
    "alpha": 0.75,
    "clip_on": False,
}
_QUANTILES: dict[str, Style] = {
    "95th percentile": {"linestyle": (0, (1, 1.5)), "linewidth": 1.2},
    "upper quartile": {"linestyle": (0, (5, 1.5)), "linewidth": 1.2},
    "median": {"linestyle": "-", "linewidth": 2.0},
    "lower quartile": {"linestyle": (0, (5, 1.5, 1, 1.5)), "linewidth": 1.2},
    "5th percentile": {"linestyle": (0, (3, 1, 1, 1, 1, 1)), "linewidth": 1.2},
}
_QUANTILE_LABELS = {
    "95th percentile": N_("95th percentile"),
    "upper quartile": N_("Upper quartile"),
    "median": N_("Median"),
    "lower quartile": N_("Lower quartile"),
    "5th percentile": N_("5th percentile"),
}


class SubjectLines:
    """The lines of some points that have the columns ``subject``, ``group`` and ``day``.

    Attributes
    ----------
    points
        The rows that are drawn: those of the first `MANY_SUBJECTS` subjects.
    note
        Note for the caption: that lines are quantiles, or (beyond `MOST_SUBJECTS`) that subjects
        are not named or not all drawn; empty otherwise.
    doses
        The dose levels by their label.
    """

    def __init__(self, points: Points) -> None:
        subjects = points.values("subject")
        self._quantiles = bool(subjects) and all(name in QUANTILES for name in subjects)
        self._thin = len(subjects) > MOST_SUBJECTS
        self._weight = {} if len(subjects) <= _FULL else _SLIGHT
        self.doses = doses_of(points)
        self.points, self.note = points, ""
        if self._quantiles:
            self.note = _("Quantiles over the subjects at each visit, in place of each subject.")
        elif len(subjects) > MANY_SUBJECTS:
            self.points = points.where_in("subject", subjects[:MANY_SUBJECTS])
            self.note = _(
                "The first {shown} of {n} subjects are shown; the CSV contains all."
            ).format(shown=MANY_SUBJECTS, n=f"{len(subjects):,}")
        elif self._thin:
            self.note = unnamed_note(len(subjects))

    @property
    def key(self) -> list[Artist]:
        """Entries of the key: the dose levels, or the quantiles."""
        if self._quantiles:
            return [
                key_line(label=_QUANTILE_LABELS[name], color=COLOURS[0], **style)
                for name, style in _QUANTILES.items()
            ]
        slight: Style = {"marker": "none", "linestyle": "-"} if self._thin else {}
        return [key_line(label=dose.label, **dose.line | slight) for dose in self.doses.values()]

    def draw(
        self, axes: Axes, rows: Points, heights: Callable[[Points], NDArray[np.float64]]
    ) -> None:
        """Draw a line a subject, or a quantile, through some of the rows.

        `heights` is the function that gives the heights of rows.
        """
        if self._thin and not self._quantiles:
            self._draw_thin(axes, rows, heights)
            return
        for (name, group), of_subject in rows.group_by("subject", "group"):
            style = self._style(name, self.doses[group])
            axes.plot(
                of_subject.number("day"), heights(of_subject), gid=name, clip_on=False, **style
            )

    def _draw_thin(
        self, axes: Axes, rows: Points, heights: Callable[[Points], NDArray[np.float64]]
    ) -> None:
        """All lines as one artist, in the order of the file: no dose level lies on the others.

        A value without a neighbour on the line of its subject is a dot.
        """
        from matplotlib.collections import LineCollection

        subjects = list(rows.group_by("subject", "group"))
        lines = [np.column_stack([part.number("day"), heights(part)]) for _, part in subjects]
        colours = [self.doses[group].colour for (_, group), _ in subjects]
        axes.add_collection(
            LineCollection(lines, colors=colours, gid="subjects", clip_on=False, **_THIN),
            autolim=False,
        )
        for dose in self.doses.values():
            dots = [
                line[_without_neighbour(line[:, 1])]
                for line, ((_, group), _) in zip(lines, subjects, strict=True)
                if group == dose.level
            ]
            if sum(map(len, dots)):
                days, values = np.concatenate(dots).T
                axes.plot(days, values, gid="dots", color=dose.colour, **_DOTS)

    def _style(self, name: str, dose: Dose) -> Style:
        return (
            {"color": COLOURS[0], **_QUANTILES[name]}
            if self._quantiles
            else dose.line | self._weight
        )


def _without_neighbour(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values are known while the one before and the one after are not."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    alone: NDArray[np.bool_] = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def unnamed_note(subjects: int) -> str:
    """Note that so many subjects are drawn without their identifiers."""
    return _("{n} subjects; identifiers are not shown.").format(n=f"{subjects:,}")


def interrupted_line(
    rows: Points, heights: Callable[[Points], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Days and heights of several subjects as one line, with NaN in both between two subjects."""
    subject, values = rows.columns["subject"], heights(rows)
    last_of_subject = np.flatnonzero(subject[1:] != subject[:-1]) + 1
    return (
        np.insert(rows.number("day"), last_of_subject, np.nan),
        np.insert(values, last_of_subject, np.nan),
    )
