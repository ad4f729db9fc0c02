"""The Kaplan-Meier figure draws the numbers of its CSV, and only those."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from durable.figures.kaplan_meier import estimate_points
from durable.figures.style import settings
from durable.figures.under_axis import count_days
from durable.plan import Statistics
from durable.stats.survival import kaplan_meier
from tests.figures.layout import drawn, misplaced, smallest_type, words

HEADER = "kind,group_by,group,time,survival,lower,upper,n_risk,n_event,n_censor\n"
# Four subjects: events at 2 and 5 months, censored at 3.5 and 8.
SMALL = (
    HEADER
    + """curve,total,Total,0,1,,,4,0,0
curve,total,Total,2,0.75,0.128,0.961,4,1,0
curve,total,Total,3.5,0.75,0.128,0.961,3,0,1
curve,total,Total,5,0.375,0.011,0.808,2,1,0
curve,total,Total,8,0.375,,,1,0,1
risk,total,Total,0,,,,4,0,0
risk,total,Total,3,,,,3,1,0
risk,total,Total,6,,,,1,2,1
risk,total,Total,9,,,,0,2,2
risk,total,Total,12,,,,0,2,2
median,total,Total,5,0.5,2,,,,
"""
)


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    with settings():
        yield


def lines(figure: Figure, gid: str) -> list[tuple[list[float], list[float]]]:
    found = [line for line in figure.axes[0].get_lines() if line.get_gid() == gid]
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in found]


def row_of(figure: Figure, gid: str) -> list[tuple[float, str]]:
    cells = [text for text in figure.axes[0].texts if text.get_gid() == gid]
    return [(text.xy[0], text.get_text()) for text in cells if isinstance(text, Annotation)]


def groups(n: int) -> str:
    """Total and `n` groups, each the small curve."""
    body = SMALL.removeprefix(HEADER)
    return SMALL + "".join(body.replace("total,Total", f"part,group {i}") for i in range(n))


def test_curve_steps_through_the_points_and_ends_at_the_last_observation(tmp_path: Path) -> None:
    figure = drawn("km_dor", SMALL, tmp_path)
    assert lines(figure, "curve") == [([0, 2, 3.5, 5, 8], [1, 0.75, 0.75, 0.375, 0.375])]
    assert figure.axes[0].get_lines()[0].get_drawstyle() == "steps-post"


def test_band_covers_only_where_limits_are_estimable(tmp_path: Path) -> None:
    figure = drawn("km_dor", SMALL, tmp_path)
    (band,) = figure.axes[0].collections
    (path,) = band.get_paths()
    corners = path.vertices[path.vertices[:, 0] != 0]
    # It begins with the first event and holds the limits at 5 until 8, where they end.
    assert corners[:, 0].min() == 2
    assert corners[:, 0].max() == 8
    at_the_end = corners[corners[:, 0] == 8]
    assert set(at_the_end[:, 1]) == {0.011, 0.808}


def test_marks_stand_at_times_of_censoring_only(tmp_path: Path) -> None:
    figure = drawn("km_dor", SMALL, tmp_path)
    assert lines(figure, "censored") == [([3.5, 8], [0.75, 0.375])]


def test_a_study_without_censoring_or_limits_has_axes_as_high(tmp_path: Path) -> None:
    """Five events on one day: 1, then 0; no limit is estimable."""
    tied = (
        HEADER
        + """curve,total,Total,0,1,,,5,0,0
curve,total,Total,4,0,,,5,5,0
risk,total,Total,0,,,,5,0,0
risk,total,Total,3,,,,5,0,0
risk,total,Total,6,,,,0,5,0
"""
    )
    figure, usual = drawn("km_dor", tied, tmp_path), drawn("km_dor", SMALL, tmp_path)
    heights = [f.axes[0].get_position().height * f.get_figheight() for f in (figure, usual)]
    assert heights[0] == pytest.approx(heights[1], rel=0.02)
    assert lines(figure, "censored") == []
    assert not {"Censored", "Pointwise 95% CI"} & set(words(figure))


def test_counts_under_the_axis_are_those_of_the_csv_up_to_the_end_of_follow_up(
    tmp_path: Path,
) -> None:
    figure = drawn("km_dor", SMALL, tmp_path)
    assert row_of(figure, "n_risk") == [(0, "4"), (3, "3"), (6, "1"), (9, "0")]
    assert row_of(figure, "n_event") == [(0, "0"), (3, "1"), (6, "2"), (9, "2")]


def test_median_is_drawn_and_written_with_its_limits(tmp_path: Path) -> None:
    figure = drawn("km_dor", SMALL, tmp_path)
    assert lines(figure, "median") == [([0, 5, 5], [0.5, 0.5, 0])]
    assert "Median 5.0 months (95% CI 2.0, NE)" in words(figure)


def test_median_is_rounded_as_in_the_table(tmp_path: Path) -> None:
    # A half is rounded away from zero on its decimal form.
    csv = SMALL.replace("median,total,Total,5,0.5,2,", "median,total,Total,4.25,0.5,2.05,6.35")
    assert "Median 4.3 months (95% CI 2.1, 6.4)" in words(drawn("km_dor", csv, tmp_path))


def test_median_that_is_not_estimable_has_no_line(tmp_path: Path) -> None:
    csv = SMALL.replace("median,total,Total,5,0.5,2,", "median,total,Total,,0.5,2,")
    figure = drawn("km_dor", csv, tmp_path)
    assert lines(figure, "median") == []
    assert "Median NE (95% CI 2.0, NE)" in words(figure)


@pytest.mark.parametrize(
    ("days", "events", "median"),
    [
        # 60 % after 100, 30 % after 200 days; the lower limit is reached at the first event.
        ((100, 100, 200, 300, 400), (1, 1, 1, 0, 0), (200.0, 100.0, nan)),
        ((100, 200), (0, 0), (nan, nan, nan)),
    ],
)
def test_points_hold_the_median_in_months_with_its_limits(
    days: tuple[int, ...], events: tuple[int, ...], median: tuple[float, float, float]
) -> None:
    statistics = Statistics(quantile_rule="r")
    points = estimate_points(kaplan_meier(days, events), statistics)
    (row,) = points.loc[points["kind"] == "median"].to_dict("records")
    expected = [value / statistics.days_per_month for value in median]
    assert [row["time"], row["lower"], row["upper"]] == pytest.approx(expected, nan_ok=True)
    assert pd.isna(row["n_risk"])


def test_file_without_median_rows_has_no_median_line(tmp_path: Path) -> None:
    csv = "".join(row for row in SMALL.splitlines(True) if not row.startswith("median"))
    figure = drawn("km_dor", csv, tmp_path)
    assert lines(figure, "median") == []
    assert not [text for text in words(figure) if "Median" in text]


def test_survival_axis_runs_from_0_to_100_percent(tmp_path: Path) -> None:
    axes = drawn("km_dor", SMALL, tmp_path).axes[0]
    assert axes.get_ylim() == (0, 1)
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        *("0", "20", "40", "60", "80", "100")
    ]


def test_no_subjects_is_said(tmp_path: Path) -> None:
    rows = "risk,total,Total,0,,,,0,0,0\nmedian,total,Total,,0.5,,,,,\n"
    figure = drawn("km_dor", HEADER + rows, tmp_path)
    assert "No subjects" in words(figure)
    assert not misplaced(figure)
    assert "No subjects" in words(drawn("km_dor", HEADER, tmp_path))


def test_one_subject_censored_at_once_is_drawn(tmp_path: Path) -> None:
    rows = "curve,total,Total,0,1,,,1,0,1\nrisk,total,Total,0,,,,1,0,0\n"
    figure = drawn("km_dor", HEADER + rows, tmp_path)
    assert lines(figure, "curve") == [([0], [1])]
    assert not misplaced(figure)


def test_groups_differ_in_colour_and_in_dashes_and_have_rows_of_their_own(tmp_path: Path) -> None:
    figure = drawn("km_dor", groups(3), tmp_path)
    curves = [line for line in figure.axes[0].get_lines() if line.get_gid() == "curve"]
    assert len({str(line.get_color()) for line in curves}) == 4
    assert len({str(line._dash_pattern) for line in curves}) == 4
    assert len(row_of(figure, "n_risk")) == 4 * 4
    assert not figure.axes[0].collections


@pytest.mark.parametrize("n", [0, 1, 3, 6])
def test_text_is_legible_within_the_page_and_apart(tmp_path: Path, n: int) -> None:
    figure = drawn("km_efs", groups(n), tmp_path)
    assert misplaced(figure) == []
    assert smallest_type(figure) >= 8


def test_counts_are_thinned_where_ticks_are_too_close_for_them(tmp_path: Path) -> None:
    rows = "".join(f"risk,total,Total,{m},,,,{5000 - m},{m},0\n" for m in range(61))
    curve = "curve,total,Total,0,1,,,5000,0,0\ncurve,total,Total,60,0.9,0.8,0.95,4940,1,0\n"
    figure = drawn("km_dor", HEADER + curve + rows, tmp_path)
    assert misplaced(figure) == []
    shown = row_of(figure, "n_risk")
    assert 8 < len(shown) < 61
    assert all(text == str(5000 - int(month)) for month, text in shown)


def test_thousands_of_subjects_keep_the_curve_visible(tmp_path: Path) -> None:
    n = 5000
    rows = "".join(
        f"curve,total,Total,{i * 24 / n:.6f},{math.exp(-i / n):.6f},{0.9 * math.exp(-i / n):.6f},"
        f"{min(1, 1.05 * math.exp(-i / n)):.6f},{n - i},{i % 2},{1 - i % 2}\n"
        for i in range(n)
    )
    figure = drawn("km_dor", HEADER + rows + f"risk,total,Total,0,,,,{n},0,0\n", tmp_path)
    (marks,) = (line for line in figure.axes[0].get_lines() if line.get_gid() == "censored")
    assert len(marks.get_xdata()) == n // 2
    assert marks.get_markersize() < 9
    assert misplaced(figure) == []


@pytest.mark.parametrize(
    ("landmarks", "last", "months"),
    [
        ((6, 12), 23.1, [0, 6, 12, 18]),
        ((6, 12), 24.0, [0, 6, 12, 18, 24]),
        ((3, 6, 9, 12, 18, 24), 26.0, [0, 3, 6, 9, 12, 18, 24]),
        ((12, 6), 3.0, [0, 6, 12]),
        # 119 months past the landmark, in at most 12 steps: of 10 months each.
        ((1,), 120.0, [0, 1, *range(11, 121, 10)]),
    ],
)
def test_subjects_are_counted_past_the_last_landmark_where_they_are_observed(
    landmarks: tuple[int, ...], last: float, months: list[float]
) -> None:
    statistics = Statistics.model_validate({"landmarks_months": landmarks, "days_per_month": 30})
    assert count_days(statistics, np.array([5.0, last * 30])).tolist() == [30 * m for m in months]


def test_the_counts_under_a_curve_go_on_past_the_last_landmark() -> None:
    """Landmark at 6 months; one of three is left at 12 and at 18."""
    statistics = Statistics.model_validate({"landmarks_months": [6], "days_per_month": 30})
    points = estimate_points(kaplan_meier([90, 240, 540], [1, 1, 0]), statistics)
    risk = points.loc[points["kind"] == "risk", ["time", "n_risk", "n_event"]]
    assert risk.to_numpy().tolist() == [[0, 3, 0], [6, 2, 1], [12, 1, 2], [18, 1, 2]]
