"""Swimmer plot: one lane a subject, from infusion to last contact, with its events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from durable.derive.durations import DOR
from durable.figures.doses import Dose, doses_of
from durable.figures.points import Points, short_names
from durable.figures.quantiles import days_since_infusion
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    INK,
    MOST_SUBJECTS,
    WIDTH,
    Page,
    Style,
    empty_figure,
    key_line,
    key_patch,
    months_axis,
)
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.new_therapy import INCREASES, day_of_new_therapy
from durable.plan import Plan
from durable.wording import capitalise, sentences

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("subject", "group", "kind", "start_day", "end_day")
#: Matplotlib's marker CARETRIGHTBASE: an arrow to the right that begins at the point.
_ARROW = 9
_BAR_HEIGHT = 0.62
#: Hatched where dose levels have to be told apart in grey print.
_BAR: Style = {"edgecolor": "0.6", "linewidth": 0.5}
_REMISSION: Style = {"edgecolor": "0.35", "linewidth": 0.5}


def _mark(label: str, marker: str | int, colour: str, size: float = 5.5, edge: str = INK) -> Style:
    return {
        "label": label,
        "marker": marker,
        "markerfacecolor": colour,
        "markeredgecolor": edge,
        "markersize": size,
        "markeredgewidth": 0.7,
        "linestyle": "none",
        "clip_on": False,
        "zorder": 4,
    }


#: How each kind is marked, and the third of the lane's height that it stands in if that is free
#: (-1 is the upper one), so that events close to one another stay apart.
MARKS: dict[str, tuple[Style, int]] = {
    "improvement": (_mark(N_("Improvement"), "^", "white"), -1),
    "remission_start": (_mark(N_("First remission"), "o", "white", 4.5), 1),
    "recurrence": (_mark(N_("Recurrence"), "D", "#D55E00", 5), 0),
    "progression": (_mark(N_("Progression"), "s", "#CC79A7", 5), 0),
    "new_therapy": (_mark(N_("New systemic therapy"), "P", "#F0E442", 6), 1),
    "reinfusion": (_mark(N_("Re-infusion"), "v", "#56B4E9", 6), -1),
    "withdrawal": (_mark(N_("Withdrawal from study"), "d", "white", 6), 0),
    "death": (_mark(N_("Death"), "X", INK, 7, "white"), 0),
    "ongoing": (_mark(N_("Ongoing at data cut-off"), _ARROW, INK, 5), 0),
}
#: Height of a third, in lanes, and how many millimetres apart two marks in one have to be.
_THIRD, _APART = 0.3, 2.2

#: Pages of one figure.
MOST_PAGES = 12
#: Lanes of a page where named ones would take more pages than that, and how they are drawn.
THIN_LANES = 450
_THIN_SPAN: Style = {"linewidth": 0}
_THIN_MARK: Style = {"markersize": 1.6, "markeredgewidth": 0.2}
#: A subject and its group.
Lane = tuple[str, ...]

#: Events that end a duration of response, as ADTTE describes them, and the kind of their mark.
_ENDING_EVENTS = {"RECURRENCE": "recurrence", "PROGRESSION": "progression"}


def records(_plan: Plan, _infused: int) -> tuple[RecordFilter, ...]:
    """Filters of the records of ADRS that `points` reads."""
    return ({"PARAMCD": ["IMPR"]}, INCREASES)


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """`lanes` of the infused subjects, with improvements and durations of response."""
    adrs, adtte = datasets.require("adrs"), datasets.require("adtte")
    improved = adrs.loc[(adrs["PARAMCD"] == "IMPR") & (adrs["AVAL"] == 1)]
    durations = adtte.loc[adtte["PARAMCD"] == DOR.code]
    new_therapy = day_of_new_therapy(datasets.adsl, adrs, plan.response)
    return lanes(datasets.infused_subjects, improved, durations, new_therapy)


def lanes(
    infused: pd.DataFrame,
    improvements: pd.DataFrame,
    durations: pd.DataFrame,
    new_therapy: pd.Series[float],
) -> pd.DataFrame:
    """Bars and marks of the lane of each subject.

    A bar ends at death, else at withdrawal, else at the last contact.

    Parameters
    ----------
    infused
        ADSL of the infused subjects, by SUBJID.
    improvements
        Records of ADRS of the visits at which a subject had improved.
    durations
        Records of ADTTE of the duration of response.
    new_therapy
        Study day on which new systemic therapy began, by USUBJID; NaN without any.

    Returns
    -------
    DataFrame
        `COLUMNS` and ``label``, the visit of an improvement, else empty: subjects by descending
        follow-up, of equal ones by SUBJID. ``kind`` is bar, remission or one of `MARKS`; days are
        since the infusion, both the same of a mark.
    """
    import pandas as pd

    until = infused["DTHDT"].fillna(infused["EOSDT"]).fillna(infused["LSTALVDT"])
    end = (until - infused["TRTSDT"]).dt.days
    marks = pd.concat(
        [
            _marks("bar", np.arange(len(infused)), 0, end),
            *_response_marks(infused, improvements, durations),
            *_disposition_marks(infused, end, new_therapy),
        ],
        ignore_index=True,
    )
    subject_index = marks["subject_index"].to_numpy()
    rank = end.sort_index().rank(ascending=False, method="first").reindex(end.index).to_numpy()
    order = np.argsort(rank[subject_index], kind="stable")
    subject_index, marks = subject_index[order], marks.take(order)
    return pd.DataFrame(
        {
            "subject": infused.index.to_numpy()[subject_index],
            "group": infused["DOSELVL"].fillna("").to_numpy()[subject_index],
            **{name: marks[name].array for name in ("kind", "start_day", "end_day", "label")},
        },
        index=marks.index,
        copy=False,
    )


def _days(infused: pd.DataFrame, variable: str) -> pd.Series[int]:
    """Days from the infusion to a date of ADSL."""
    return (infused[variable] - infused["TRTSDT"]).dt.days


def _response_marks(
    infused: pd.DataFrame, improvements: pd.DataFrame, durations: pd.DataFrame
) -> list[pd.DataFrame]:
    import pandas as pd

    responder = infused.index.get_indexer(pd.Index(durations["SUBJID"]))
    start = _days(infused, "REMSDT").iloc[responder]
    end = (durations["ADT"].to_numpy() - infused["TRTSDT"].iloc[responder]).dt.days
    improved = infused.index.get_indexer(pd.Index(improvements["SUBJID"]))
    day, visit = days_since_infusion(improvements), improvements["AVISIT"].astype(object)
    marks = [
        _marks("remission", responder, start, end),
        _marks("improvement", improved, day, day, visit),
        _marks("remission_start", responder, start, start),
    ]
    for description, kind in _ENDING_EVENTS.items():
        ended = ((durations["CNSR"] == 0) & (durations["EVNTDESC"] == description)).to_numpy()
        marks.append(_marks(kind, responder[ended], end[ended], end[ended]))
    return marks


def _disposition_marks(
    infused: pd.DataFrame, end: pd.Series[int], new_therapy: pd.Series[float]
) -> list[pd.DataFrame]:
    # A study day of the time after infusion is a day more than the days since it.
    therapy = infused["USUBJID"].astype(object).map(new_therapy) - 1
    withdrawal = _days(infused, "EOSDT")
    ongoing = infused["DTHDT"].isna() & infused["EOSDT"].isna()
    marks: dict[str, tuple[pd.Series[bool], pd.Series[Any]]] = {
        "new_therapy": (therapy.notna(), therapy),
        "death": (infused["DTHFL"] == "Y", end),
        "withdrawal": (withdrawal.notna(), withdrawal),
        "ongoing": (ongoing, end),
    }
    if "TR02SDT" in infused:
        again = _days(infused, "TR02SDT")
        marks["reinfusion"] = (again.notna(), again)
    return [
        _marks(kind, np.flatnonzero(marked), day[marked], day[marked])
        for kind, (marked, day) in marks.items()
    ]


def _marks(
    kind: str,
    subject_index: NDArray[np.intp],
    start: pd.Series[int] | int,
    end: pd.Series[int],
    label: pd.Series[str] | str = "",
) -> pd.DataFrame:
    """Marks of one kind; `subject_index` of each among the infused."""
    import pandas as pd

    return pd.DataFrame(
        {
            "subject_index": subject_index,
            "kind": kind,
            "start_day": np.asarray(start),
            "end_day": end.to_numpy(),
            "label": np.asarray(label),
        }
    )


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on the parts of a bar, and on where the marks are defined."""
    return (
        _(
            "Darker part of a bar: in remission, to the event or, if censored, to the last adequate"
            " assessment. In parentheses: dose level. Improvement, remission and recurrence: list"
            " of definitions."
        ),
    )


def draw(points: Points, plan: Plan, caption: Caption) -> list[Figure]:
    """Draw ``f_swimmer.csv``: at most `MOST_PAGES` pages on one axis and with one key.

    A message without a subject.
    """
    lanes = points.distinct("subject", "group")
    if not lanes:
        return [empty_figure(caption)]
    sheets, notes = _sheets(lanes)
    doses = doses_of(points)
    names = short_names(subject for subject, _ in lanes)
    key = _key(points, doses)
    days = np.concatenate([points.number("start_day"), points.number("end_day")])
    figures = []
    for number, (sheet, note) in enumerate(zip(sheets, notes, strict=True), start=1):
        room = 14 + len(sheets[0]) * _lane(len(sheets[0]))
        page = Page(caption.of_page(number, len(sheets)).noting(note), room, key)
        # The arrow of the longest lane ends beyond the axis.
        axes = page.axes(replace(page.body, width=page.body.width - 1))
        months_axis(axes, days, plan.statistics.days_per_month)
        shown = points.where_in("subject", (name for name, _ in sheet))
        _draw_lanes(axes, shown, sheet, names, doses)
        axes.set_ylim(len(sheets[0]) - 0.4, -0.6)
        figures.append(page.fit())
    return figures


def _sheets(lanes: list[Lane]) -> tuple[list[list[Lane]], list[str]]:
    """The lanes of each page, in their order, and what the page says of them.

    Pages are filled evenly. Where named lanes would take too many, a page holds ten times as many,
    thin and without names.
    """
    named = len(lanes) <= MOST_PAGES * MOST_SUBJECTS
    most = MOST_SUBJECTS if named else THIN_LANES
    shown = lanes[: MOST_PAGES * most]
    each = -(-len(shown) // -(-len(shown) // most))
    starts = range(0, len(shown), each)
    sheets = [shown[start : start + each] for start in starts]
    if len(lanes) <= MOST_SUBJECTS:
        return sheets, [""]
    more = [
        "" if named else _("Identifiers are not shown."),
        "" if len(shown) == len(lanes) else _("The CSV contains all."),
    ]
    range_shown = _("Subjects {first} to {last} of {n}, longest follow-up first.")
    ranges = [
        range_shown.format(
            first=f"{start + 1:,}", last=f"{start + len(sheet):,}", n=f"{len(lanes):,}"
        )
        for start, sheet in zip(starts, sheets, strict=True)
    ]
    return sheets, [sentences(text, *more) for text in ranges]


def _draw_lanes(
    axes: Axes, points: Points, lanes: list[Lane], names: dict[str, str], doses: dict[str, Dose]
) -> None:
    """Bars, marks and, of no more than a page names, the `names` of the subjects."""
    named = len(lanes) <= MOST_SUBJECTS
    lane_of = {subject: lane for lane, (subject, _) in enumerate(lanes)}
    for kind in ("bar", "remission"):
        for dose in doses.values():
            rows = points.where(kind=kind, group=dose.level)
            _draw_spans(axes, rows, lane_of, _spans(dose)[kind] | ({} if named else _THIN_SPAN))
    kinds, days = points.columns["kind"], points.number("start_day")
    if named:
        thirds = mark_thirds(kinds, points.columns["subject"], days, _day_apart(axes))
    else:
        thirds = _thirds_of_kinds(kinds)
    _draw_marks(axes, points, lane_of, thirds, {} if named else _THIN_MARK)
    labels = [_name(names[subject], doses[group]) for subject, group in lanes if named]
    axes.set_yticks(range(len(lanes)) if named else [], labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="0.85", linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)


def _name(subject: str, dose: Dose) -> str:
    return f"{subject} ({dose.brief})" if dose.brief else subject


def _lane(subjects: int) -> float:
    """Height of a lane, millimetres."""
    if subjects > MOST_SUBJECTS:
        return 3.8 * MOST_SUBJECTS / subjects
    return 6.4 if subjects <= 20 else 3.8


def _draw_spans(axes: Axes, rows: Points, lane_of: dict[str, int], style: Style) -> None:
    start = rows.number("start_day")
    width = rows.number("end_day") - start
    middles = [lane_of[name] for name in rows.text("subject")]
    axes.barh(middles, width, _BAR_HEIGHT, start, **style)


def _spans(dose: Dose) -> dict[str, Style]:
    """The bars of subjects of a dose level: of follow-up, and of remission on it."""
    pale, middle = dose.tints
    labels = (_("Follow-up"), _("In remission"))
    if dose.level or dose.several:
        labels = (_("{dose}: follow-up"), _("{dose}: in remission"))
    labels = (labels[0].format(dose=dose.label), labels[1].format(dose=dose.label))
    bar = {"label": capitalise(labels[0]), "facecolor": pale, "hatch": dose.hatch, **_BAR}
    remission = {"label": capitalise(labels[1]), "facecolor": middle, **_REMISSION}
    return {"bar": bar, "remission": remission | {"hatch": dose.hatch}}


def _thirds_of_kinds(kinds: NDArray[np.object_]) -> NDArray[np.int_]:
    """The third of the lane in which each kind has its place."""
    return np.array([MARKS[kind][1] if kind in MARKS else 0 for kind in kinds], dtype=int)


def mark_thirds(
    kinds: NDArray[np.object_],
    subjects: NDArray[np.object_],
    positions: NDArray[np.float64],
    least_distance: float,
) -> NDArray[np.int_]:
    """The third of its lane for each row: that of its kind, else a free one, else that of its kind.

    -1 is the upper third, 0 the middle, 1 the lower; 0 for a kind that is not in `MARKS`.

    Parameters
    ----------
    kinds, subjects, positions
        Kind, subject and position on the axis of each row.
    least_distance
        Least distance of two marks in one third, in the unit of the positions.
    """
    thirds = _thirds_of_kinds(kinds)
    marked = np.isin(kinds, list(MARKS))
    for subject in dict.fromkeys(subjects):
        rows = np.flatnonzero(marked & (subjects == subject))
        placed: list[int] = []
        for row in rows[np.argsort(positions[rows], kind="stable")].tolist():
            neighbours = (
                other for other in placed if positions[row] - positions[other] < least_distance
            )
            occupied = {int(thirds[other]) for other in neighbours}
            wish = int(thirds[row])
            free_thirds = (third for third in (wish, 0, 1, -1) if third not in occupied)
            thirds[row] = next(free_thirds, wish)
            placed.append(row)
    return thirds


def _day_apart(axes: Axes) -> float:
    """Days that two marks in one third have to be apart."""
    first, last = axes.get_xlim()
    return float(_APART * (last - first) / (WIDTH - 40))


def _draw_marks(
    axes: Axes, points: Points, lane_of: dict[str, int], thirds: NDArray[np.int_], thin: Style
) -> None:
    lanes = np.array([lane_of[name] for name in points.text("subject")]) + _THIRD * thirds
    days = points.number("start_day")
    for kind, (style, _third) in MARKS.items():
        rows = points.columns["kind"] == kind
        if rows.any():
            axes.plot(days[rows], lanes[rows], gid=kind, **style | thin)


def _key(points: Points, doses: dict[str, Dose]) -> list[Artist]:
    spans: list[Artist] = [
        key_patch(**style)
        for dose in doses.values()
        for kind, style in _spans(dose).items()
        if len(points.where(kind=kind, group=dose.level))
    ]
    present = set(points.text("kind"))
    return [*spans, *(key_line(**s) for kind, (s, _) in MARKS.items() if kind in present)]


FIGURES = (
    FigureSpec(
        name="swimmer",
        title=N_("Swimmer plot of individual subjects"),
        population=SAFETY_SET,
        source="ADSL, ADRS, ADTTE",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=records,
    ),
)
