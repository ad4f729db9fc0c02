"""Kaplan-Meier curves of two analyses over one another, as SVG in a page."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 300, 56, 44, 12
#: Colours of the page, which knows the dark ones too.
_COLOURS = ("var(--earlier)", "var(--later)")
_DASHES = ("6 4", "none")
#: Months, survival (0 to 1) and whether somebody was censored there, by time: see `read_curve`.
Curve = list[tuple[float, float, bool]]


def read_curve(path: Path) -> Curve:
    """Kaplan-Meier curve of all subjects, from the CSV of a figure.

    Returns
    -------
    list of (float, float, bool)
        Months, survival from there on (0 to 1), and whether somebody was censored there; by time.
        Empty where there is no such file.
    """
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "curve"]
    return [
        (float(row["time"]), float(row["survival"]), float(row["n_censor"] or 0) > 0)
        for row in rows
        if row["group_by"] == "total"
    ]


def overlay(title: str, curves: Sequence[tuple[str, Curve]]) -> Markup:
    """SVG of the Kaplan-Meier curves of two analyses on common axes.

    Survival in percent over months, up to a multiple of 6 beyond the last time of either curve.

    Parameters
    ----------
    title
        Label of the axis of time.
    curves
        Name and curve (`read_curve`) of the earlier analysis, dashed and grey, and of the later
        one. Of an empty curve the name alone is drawn.

    Raises
    ------
    ValueError
        For more or fewer than two curves.
    """
    last = max((curve[-1][0] for _, curve in curves if curve), default=0.0)
    months = max(6, 6 * -(-int(last + 1) // 6))
    parts = [_axes(months, title)]
    for (name, curve), colour, dash in zip(curves, _COLOURS, _DASHES, strict=True):
        parts.append(_curve(curve, months, colour, dash))
        y = _TOP + 14 + 18 * _COLOURS.index(colour)
        parts.append(
            f'<line x1="{_WIDTH - 190}" x2="{_WIDTH - 160}" y1="{y - 4}" y2="{y - 4}"'
            f' style="stroke:{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{_WIDTH - 154}" y="{y}">{escape(name)}</text>'
        )
    return Markup(  # noqa: S704  (numbers, and names that are escaped)
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img"'
        f' font-size="12" fill="currentColor"'
        f' aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _x(month: float, months: int) -> str:
    return f"{_LEFT + (_WIDTH - _LEFT - 12) * month / months:.1f}"


def _y(survival: float) -> str:
    return f"{_HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * survival:.1f}"


def _axes(months: int, title: str) -> str:
    frame = f"M{_x(0, months)},{_y(1)}V{_y(0)}H{_x(months, months)}"
    text = f'<path d="{frame}" {_line("currentColor")}/>'
    for month in range(0, months + 1, 6):
        text += (
            f'<text x="{_x(month, months)}" y="{_HEIGHT - 26}" text-anchor="middle">{month}</text>'
        )
    for percent in (0, 25, 50, 75, 100):
        text += f'<text x="{_LEFT - 6}" y="{_y(percent / 100)}" text-anchor="end">{percent}%</text>'
    middle = _x(months / 2, months)
    return f'{text}<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(title)}</text>'


def _line(colour: str) -> str:
    return f'fill="none" style="stroke:{colour}"'


def _curve(curve: Curve, months: int, colour: str, dash: str) -> str:
    if not curve:
        return ""
    path = f"M{_x(0, months)},{_y(1)}"
    ticks = ""
    for month, survival, censored in curve:
        path += f"H{_x(month, months)}V{_y(survival)}"
        if censored:
            ticks += f"M{_x(month, months)},{_y(survival)}m0,-5v10"
    drawn = f'{_line(colour)} stroke-width="2"'
    return f'<path d="{path}" {drawn} stroke-dasharray="{dash}"/><path d="{ticks}" {drawn}/>'
