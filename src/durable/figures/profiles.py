"""Patient profiles: a page a subject, its course on one time axis and the key numbers above."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from durable.figures.core_set import axis_ends
from durable.figures.doses import Dose, doses_of, typeset
from durable.figures.points import Points, short_names
from durable.figures.profile_axis import BREAK_DAY, TimeAxis
from durable.figures.profile_points import (
    COLUMNS,
    LABELS,
    TEXTS,
    measure_label,
    points,
    records,
)
from durable.figures.profile_sheet import EDGE, Sheet, Strip
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    INK,
    LINE,
    MARGIN,
    WIDTH,
    Page,
    Style,
    empty_figure,
    key_line,
    key_patch,
    text_width,
    wrap,
)
from durable.figures.swimmer import MARKS, mark_thirds
from durable.language import N_, _, translate_stored
from durable.plan import Plan

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

#: Millimetres: column of names, and from the plot to the edge of the page.
_NAMES, _RIGHT = 52.0, 4.0
_NUMBER_LABEL = 36.0
#: Start and width of the two columns of key numbers.
_COLUMNS = ((0.0, 76.0), (76.0, 90.0))
#: Days before the infusion that are shown at most.
_EARLIEST = -84.0
#: Heights of the strips with a scale, of lanes, and between strips, millimetres.
_SCORE, _MEASURE, _CELLS, _LANE, _GAP = 10.0, 5.6, 8.0, 3.9, 1.2
_HEADING, _TICKS = 4.6, 5.5
#: Height of a line of the name of a strip, closer than in running text.
_NAME_LINE = 0.9 * LINE
#: Lanes of therapies on a page at most, and the height that leaves a page one of a document.
_MOST_THERAPIES, _MOST_HEIGHT = 6, 188.0
#: From light to dark by CTCAE grade, and for an unknown grade.
_GRADES = {1: "#FEE8C8", 2: "#FDBB84", 3: "#EF6548", 4: "#B30000", 5: "#4A0000"}
_UNGRADED, _THERAPY, _NEW_THERAPY = "white", "0.8", "#F0E442"
_LYMPHODEPLETION: Style = {
    "label": N_("Lymphodepletion"),
    "linestyle": "none",
    "marker": "|",
    "markersize": 9,
    "markeredgewidth": 1.4,
    "color": "0.3",
}
_EARLIER: Style = {"linestyle": "none", "marker": "<", "markersize": 3.5, "color": "0.4"}
_STATUS: Style = {"linestyle": "none", "color": INK, "markersize": 4.5, "markeredgewidth": 0.8}
_STATUSES: dict[str, Style] = {
    "Y": {"marker": "o", "gid": "in remission", **_STATUS},
    "N": {"marker": "o", "markerfacecolor": "white", "gid": "not in remission", **_STATUS},
    "U": {"marker": "x", "gid": "unknown", **_STATUS},
}
_OPEN: Style = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 3.6,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.7,
    "zorder": 4,
}


@dataclass(frozen=True)
class Design:
    """What the pages of all subjects share: axis, scales, number of lanes."""

    time: TimeAxis
    strips: list[Strip]
    therapies: int
    events: int
    """Lanes of therapies and of adverse events."""
    numbers: int
    """Lines of the longer of the two columns of key numbers."""
    doses: dict[str, Dose]
    """Dose levels by their label."""

    @property
    def height(self) -> float:
        """Height of the body of a page, millimetres."""
        strips = sum(strip.height + _GAP for strip in self.strips)
        lanes = (self.therapies + self.events) * _LANE + 2 * _HEADING + _GAP
        return self.numbers * LINE + _GAP + _TICKS + 2.5 * _LANE + 2 * _GAP + strips + lanes


def draw(points: Points, plan: Plan, caption: Caption) -> list[Figure]:
    """Draw ``f_profiles.csv``: a page a subject, all on the same axis and scales.

    A page with a message where there is no subject.
    """
    subjects = points.values("subject")
    if not subjects:
        most = plan.outputs.patient_profiles
        none = _("No profiles: no infused subject, or more than {most}").format(most=most)
        return [empty_figure(caption, none)]
    profiles = [points.where(subject=subject) for subject in subjects]
    design = _design(points, profiles, plan)
    key = _key(points, design)
    names = short_names(subjects).values()
    return [
        _draw_page(profile, design, key, _page_caption(caption, name, number, len(subjects)))
        for number, (name, profile) in enumerate(zip(names, profiles, strict=True), start=1)
    ]


def _page_caption(caption: Caption, subject: str, number: int, pages: int) -> Caption:
    heading = _("Patient profile: {subject}").format(subject=subject)
    return replace(caption, title=heading).of_page(number, pages)


def _draw_page(profile: Points, design: Design, key: list[Artist], caption: Caption) -> Figure:
    page = Page(caption, design.height, key)
    axes = page.axes()
    sheet = Sheet(axes, design.time, page.body.width, page.body.height)
    y = _draw_numbers(sheet, design, profile.where(section="number"), design.height)
    y = _draw_ticks(sheet, y - _GAP)
    top = y
    y = _draw_course(sheet, design, profile, y)
    for strip in design.strips:
        y = _draw_strip(sheet, strip, profile, y)
    y = _draw_therapies(sheet, design, profile, y)
    _draw_events(sheet, design, profile, y)
    _draw_grid(sheet, top)
    sheet.finish()
    return page.figure


def _design(points: Points, profiles: list[Points], plan: Plan) -> Design:
    seen = points.where_in("section", ("course", "measure", "score", "cells"))
    days = np.concatenate([seen.number("start_day"), seen.number("end_day")])
    days = days[np.isfinite(days)]
    axis = TimeAxis(
        float(max(days.min(initial=0.0), _EARLIEST)),
        float(max(days.max(initial=0.0), 1.0)),
        _NAMES,
        WIDTH - 2 * MARGIN - _NAMES - _RIGHT,
        plan.statistics.days_per_month,
    )
    lanes = {
        section: max(len(profile.where(section=section).values("label")) for profile in profiles)
        for section in ("therapy", "event")
    }
    lines = (
        len(column)
        for profile in profiles
        for column in _number_lines(profile.where(section="number"))
    )
    design = Design(
        axis,
        _strips(points, plan),
        min(lanes["therapy"], _MOST_THERAPIES),
        0,
        max(lines),
        doses_of(points),
    )
    room = max(1, int((_MOST_HEIGHT - design.height) / _LANE))
    return replace(design, events=min(lanes["event"], room))


def _strips(points: Points, plan: Plan) -> list[Strip]:
    """The strips for which any subject has a value, on scales that hold those of all."""
    measures = {measure_label(name): name for name in plan.response.measures.values()}
    strips = []
    for (section, label), rows in points.group_by("section", "label"):
        values = rows.number("value")
        values = values[np.isfinite(values)]
        if not len(values) or section in ("number", "course", "status", "therapy", "event"):
            continue
        high = float(values.max()) or 1.0
        if section == "score":
            strips.append(_strip(section, label, _(label), _SCORE, 0, 100))
        elif section == "measure":
            scale = getattr(plan.response.ranges, measures[label], None)
            low, top = axis_ends(scale, values)
            top = high if top is None else top
            shown = measure_label(measures[label], _)
            strips.append(_strip(section, label, shown, _MEASURE, low, top))
        elif section == "glucocorticoid":
            strips.append(_strip(section, label, _("Glucocorticoid (mg/kg)"), _MEASURE, 0, high))
        elif (values > 0).any():
            low = 10.0 ** np.floor(np.log10(values[values > 0].min()))
            # A single power of ten would be a scale without a length.
            high = max(10.0 ** np.ceil(np.log10(high)), 10 * low)
            ends = float(low), float(high)
            strips.append(_strip(section, label, label, _CELLS, *ends, log=True))
    return strips


def _strip(
    section: str,
    label: str,
    shown: str,
    height: float,
    low: float,
    high: float,
    *,
    log: bool = False,
) -> Strip:
    """A strip with its name and scale beside it; higher where that takes more than two lines."""
    ends = [f"{end:,.0f}" if end >= 1000 else f"{end:g}" for end in (low, high)]
    scaled = _("{strip}, log {low}-{high}") if log else _("{strip}, {low}-{high}")
    text = scaled.format(strip=shown, low=ends[0], high=ends[1])
    lines = wrap(text, width=_NAMES - 2)
    height = height if len(lines) <= 2 else max(height, len(lines) * _NAME_LINE)
    return Strip(section, label, tuple(lines), height, low, high, log)


def _draw_numbers(sheet: Sheet, design: Design, numbers: Points, top: float) -> float:
    """The key numbers in two columns; the height below them."""
    for (left, _width), lines in zip(_COLUMNS, _number_lines(numbers), strict=True):
        for line, (label, text) in enumerate(lines):
            y = top - (line + 0.5) * LINE
            sheet.text(left, y, label, color="0.35")
            sheet.text(left + _NUMBER_LABEL, y, text)
    return top - design.numbers * LINE


def _number_lines(numbers: Points) -> list[list[tuple[str, str]]]:
    """For each column its lines, a label and a text each; what is too long goes on below."""
    labels = [translate_stored(label, LABELS) for label in numbers.text("label")]
    texts = [translate_stored(text, TEXTS) for text in numbers.text("text")]
    entries = list(zip(labels, texts, strict=True))
    half = -(-len(entries) // 2)
    columns = []
    for (_left, width), part in zip(_COLUMNS, (entries[:half], entries[half:]), strict=True):
        lines: list[tuple[str, str]] = []
        for label, text in part:
            names = wrap(label, width=_NUMBER_LABEL - 2)
            values = wrap(typeset(text), width=width - _NUMBER_LABEL - 2)
            lines += zip_longest(names, values, fillvalue="")
        columns.append(lines)
    return columns


def _draw_ticks(sheet: Sheet, top: float) -> float:
    """Labels of the axis; the height below them."""
    axis = sheet.time
    for day, label in axis.ticks:
        (position,) = axis.positions(np.array([day])).tolist()
        sheet.text(position, top - 2, label, ha="center")
    unit = _("Day, then month (M)") if axis.broken else _("Day")
    sheet.text(0, top - 2, unit, weight="bold")
    return top - _TICKS + 1


def _draw_grid(sheet: Sheet, top: float) -> None:
    """Lines at the ticks: at the infusion a strong one, where the scale changes a dashed one."""
    from matplotlib.collections import LineCollection

    axis = sheet.time
    days = [day for day, _ in axis.ticks if day] + [0.0] + [BREAK_DAY] * axis.broken
    positions = axis.positions(np.array(days)).tolist()
    ticks = len(positions) - 1 - axis.broken
    styles = [("0.9", "-")] * ticks + [(INK, "-")] + [("0.4", (0, (3, 2)))] * axis.broken
    sheet.axes.add_collection(
        LineCollection(
            [[(x, 0), (x, top)] for x in positions],
            colors=[colour for colour, _ in styles],
            linestyles=[dash for _, dash in styles],
            linewidths=0.6,
            zorder=0.5,
        ),
        autolim=False,
    )


def _draw_course(sheet: Sheet, design: Design, profile: Points, top: float) -> float:
    """Follow-up, remission and events as in the swimmer plot, and the status at assessments."""
    course = profile.where(section="course")
    (pale, middle), middle_height = _tints(design, profile), top - _LANE * 0.75
    for kind, colour in (("bar", pale), ("remission", middle)):
        rows = course.where(label=kind)
        for days in zip(rows.number("start_day"), rows.number("end_day"), strict=True):
            sheet.bar(days, middle_height - 1.5, 3.0, colour)
    kinds, positions = course.columns["label"], sheet.time.positions(course.number("start_day"))
    thirds = mark_thirds(kinds, course.columns["subject"], positions, least_distance=2.2)
    for kind, (style, _third) in MARKS.items():
        rows = kinds == kind
        heights = middle_height - 1.25 * thirds[rows]
        sheet.marks(course.number("start_day")[rows], heights, style | {"gid": kind})
    depleted = course.where(label="lymphodepletion")
    sheet.marks(
        depleted.number("start_day"), np.full(len(depleted), middle_height), _LYMPHODEPLETION
    )
    sheet.text(0, middle_height, _("Course"))
    y = top - 1.5 * _LANE - _GAP
    statuses = profile.where(section="status")
    for status, style in _STATUSES.items():
        rows = statuses.where(text=status)
        sheet.marks(rows.number("start_day"), np.full(len(rows), y - _LANE / 2), style)
    sheet.text(0, y - _LANE / 2, _("Remission at assessment"))
    sheet.rule(y - _LANE - _GAP / 2)
    return y - _LANE - _GAP


def _tints(design: Design, profile: Points) -> tuple[str, str]:
    return design.doses[profile.text("group")[0]].tints


def _draw_strip(sheet: Sheet, strip: Strip, profile: Points, top: float) -> float:
    """The values of one strip, and its name with the ends of its scale; the height below it."""
    bottom = top - strip.height
    for line, text in enumerate(strip.lines):
        y = bottom + strip.height / 2 + (len(strip.lines) / 2 - line - 0.5) * _NAME_LINE
        sheet.text(0, y, text)
    rows = profile.where(section=strip.section, label=strip.label)
    rows = rows.take(np.isfinite(rows.number("value")))
    heights = bottom + strip.height * strip.level(rows.number("value"))
    days = rows.number("start_day")
    if len(rows):
        sheet.line(days, heights)
    open_marks = np.isin(rows.columns["text"], ("BLQ", "PARTIAL"))
    sheet.marks(days[open_marks], heights[open_marks], _OPEN)
    sheet.rule(bottom - _GAP / 2)
    return bottom - _GAP


def _draw_therapies(sheet: Sheet, design: Design, profile: Points, top: float) -> float:
    """A lane for each therapy, those that are new systemic ones first."""
    therapies = profile.where(section="therapy")
    names = therapies.values("label")
    new = set(therapies.where(text="new systemic").text("label"))
    names.sort(key=lambda name: name not in new)
    y = _lane_heading(sheet, _("Therapies"), len(names), design.therapies, top)
    for name in names[: design.therapies]:
        for row in _rows(therapies.where(label=name)):
            colour = _NEW_THERAPY if row.text == "new systemic" else _THERAPY
            _draw_bar(sheet, _span(sheet, profile, row), y, colour)
        sheet.text(0, y - _LANE / 2, _fitted_name(name, ""))
        y -= _LANE
    return top - _HEADING - design.therapies * _LANE - _GAP


def _draw_events(sheet: Sheet, design: Design, profile: Points, top: float) -> None:
    """A lane for each term of the treatment-emergent adverse events, the worst grade first."""
    events = profile.where(section="event")
    worst = {
        name: max((-1.0 if isnan(g) else g for g in rows.number("value").tolist()), default=-1.0)
        for (name,), rows in events.group_by("label")
    }
    names = sorted(worst, key=lambda name: -worst[name])
    y = _lane_heading(sheet, _("Adverse events"), len(names), design.events, top)
    for name in names[: design.events]:
        for row in _rows(events.where(label=name)):
            colour = _UNGRADED if isnan(row.value) else _GRADES[int(row.value)]
            _draw_bar(sheet, _span(sheet, profile, row), y, colour)
        grade = f"{worst[name]:g}" if worst[name] > 0 else "?"
        serious = "*" if "serious" in events.where(label=name).text("text") else ""
        sheet.text(0, y - _LANE / 2, _fitted_name(name, f" {grade}{serious}"))
        y -= _LANE


def _draw_bar(sheet: Sheet, days: tuple[float, float], top: float, colour: str) -> None:
    """A bar in a lane; what ended before the axis begins is an arrow to the left."""
    first = sheet.time.first
    if days[1] < first:
        sheet.marks(np.array([first]), np.array([top - _LANE / 2]), _EARLIER)
        return
    sheet.bar(days, top - _LANE + 0.7, _LANE - 1.4, colour)


def _lane_heading(sheet: Sheet, title: str, number: int, shown: int, top: float) -> float:
    """Heading of lanes, which says where there are more of them than a page holds."""
    text = title if number else _("{title}: none").format(title=title)
    if number > shown:
        some = _("{title} ({shown} of {number} shown)")
        text = some.format(title=title, shown=shown, number=number)
    sheet.text(0, top - _HEADING / 2, text, weight="bold")
    return top - _HEADING


@dataclass(frozen=True)
class _Row:
    start: float
    end: float
    value: float
    text: str


def _rows(points: Points) -> list[_Row]:
    columns = (points.number(name).tolist() for name in ("start_day", "end_day", "value"))
    return [_Row(*row) for row in zip(*columns, points.text("text"), strict=True)]


def _span(sheet: Sheet, profile: Points, row: _Row) -> tuple[float, float]:
    """Days between which something is drawn: without an end to the end of follow-up."""
    follow_up = profile.where(section="course", label="bar").number("end_day").max(initial=0.0)
    start = sheet.time.first if isnan(row.start) else row.start
    return start, max(float(follow_up), start) if isnan(row.end) else row.end


def _fitted_name(name: str, suffix: str) -> str:
    """A name cut to the column of names, with what has to stand after it."""
    room = _NAMES - 3 - text_width(suffix)
    if text_width(name) <= room:
        return name + suffix
    while name and text_width(f"{name}…") > room:
        name = name[:-1]
    return f"{name.rstrip()}…{suffix}"


def _key(points: Points, design: Design) -> list[Artist]:
    """Entries for what any page shows."""
    kinds = set(points.where(section="course").text("label"))
    middle = next(iter(design.doses.values())).tints[1]
    key: list[Artist] = []
    if "remission" in kinds:
        key.append(key_patch(label=N_("In remission (darker)"), facecolor=middle, **EDGE))
    if "lymphodepletion" in kinds:
        key.append(key_line(**_LYMPHODEPLETION))
    key += [key_line(**style) for kind, (style, _third) in MARKS.items() if kind in kinds]
    if set(points.text("text")) & {"BLQ", "PARTIAL"}:
        key.append(key_line(label=N_("BLQ, or partial score"), **_OPEN))
    grades = {int(g) for g in points.where(section="event").number("value") if g == g}
    return key + [
        key_patch(label=_("Grade {grade}").format(grade=grade), facecolor=_GRADES[grade], **EDGE)
        for grade in sorted(grades)
    ]


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on how to read the axis and the lanes."""
    return (
        _(
            "Time since infusion (solid line); the scale changes at the dashed line. Assessment:"
            " filled in remission, open not, x unknown. Yellow: new systemic. Event: worst grade, *"
            " serious; one that resolved on a day not recorded is drawn at its start. +: censored."
        ),
    )


FIGURES = (
    FigureSpec(
        name="profiles",
        title=N_("Patient profiles"),
        population=SAFETY_SET,
        source="ADSL, ADRS, ADTTE, ADAE, ADPC, ADPP, therapies, visits",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=records,
    ),
)
