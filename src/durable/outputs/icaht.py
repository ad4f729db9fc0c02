"""``t_icaht``: haematotoxicity by depth and duration of neutropenia (ICAHT)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import WHOLE_COLUMN, Statistic
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent, pair, value
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.laboratory_wording import unit_of
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Row, Rows
from durable.plan import Icaht, Plan
from durable.stats.neutropenia import daily_counts, early_range, late_grade, spell_days
from durable.stats.summaries import summarise

_GRADES = (0, 1, 2, 3, 4)
_SEVERE = 3
_EARLY, _LATE = "EARLY", "LATE"


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    rule = plan.laboratory.icaht
    grades = _grades(datasets.infused_subjects, datasets.require("adlb"), rule)
    for column in groups(datasets.adsl, plan.group_variables):
        members = grades.loc[grades.index.isin(column.subjects)]
        yield column, _column_estimates(members)


def _grades(infused: pd.DataFrame, adlb: pd.DataFrame, rule: Icaht) -> pd.DataFrame:
    """Grades of every infused subject, by USUBJID; missing where there is no result."""
    results = adlb.loc[(adlb["PARAMCD"] == rule.test) & adlb["AVAL"].notna()]
    results = results.assign(day=results["ADY"] - (results["ADY"] > 0))
    parts = dict(list(results.groupby(results["USUBJID"].astype(str))))
    ends = (infused[_ENDS] if _ENDS[-1] in infused else infused[_ENDS[:1]]).min(axis=1)
    end_days = (ends - infused["TRTSDT"]).dt.days.set_axis(infused["USUBJID"])
    rows = {
        name: _subject_grades(parts.get(str(name), results.iloc[:0]), end, rule)
        for name, end in end_days.items()
    }
    columns = ["lowest", "highest", "severe_days", "late"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)


def _subject_grades(
    results: pd.DataFrame, end: float, rule: Icaht
) -> tuple[float, float, float, float]:
    """Lowest and highest early grade, days at or below the first limit, and the late grade.

    Days after `end`, the day of a death or of a second infusion, do not count.
    """
    results = results if np.isnan(end) else results.loc[results["day"] <= end]
    day, counted = results["day"].to_numpy(np.int64), results["AVAL"].to_numpy(float)
    last = rule.early_last_day if np.isnan(end) else min(rule.early_last_day, int(end))
    longest = rule.duration == "longest"
    early = (np.nan, np.nan, np.nan)
    if ((day >= 0) & (day <= last)).any():
        counts = daily_counts(day, counted, last, rule.max_gap_days)
        days = (rule.severe_days, rule.profound_days)
        limits = (rule.severe, rule.profound)
        lowest, highest = early_range(counts, limits, days, rule.recovery_days, longest=longest)
        known = not np.isnan(counts).any()
        spells = spell_days(counts <= rule.severe, rule.recovery_days)
        early = (lowest, highest, spells[0 if longest else 1] if known else np.nan)
    later = (day > rule.early_last_day) & (day <= rule.late_last_day)
    by_day = pd.Series(counted[later]).groupby(day[later]).min().to_numpy(float)
    late = late_grade(by_day, rule.late_limits, rule.late_results)
    return (*early, np.nan if late is None else late)


#: What ends the days of the first infusion; the second where the plan has ``response.reinfusion``.
_ENDS = ["DTHDT", "TR02SDT"]


def _column_estimates(grades: pd.DataFrame) -> Estimates:
    n = len(grades)
    yield WHOLE_COLUMN, Statistic("n_infused", n)
    known = grades["lowest"].where(grades["lowest"] == grades["highest"])
    yield from of_parameter((_EARLY,), _counts(known, n))
    unknown = int((grades["lowest"].notna() & known.isna()).sum())
    yield from of_parameter((_EARLY,), count_with_percent(unknown, n, "unknown"))
    missing = int(grades["lowest"].isna().sum())
    yield from of_parameter((_EARLY,), count_with_percent(missing, n, "none"))
    for name, grade in (("lowest", grades["lowest"]), ("highest", grades["highest"])):
        severe = int((grade >= _SEVERE).sum())
        yield from of_parameter((_EARLY,), count_with_percent(severe, n, f"severe_{name}"))
    days = summarise(grades["severe_days"].to_numpy(float))
    for name in ("n", "median", "min", "max"):
        yield (_EARLY,), Statistic(f"days_{name}", getattr(days, name))
    yield from of_parameter((_LATE,), _counts(grades["late"], n))
    missing = int(grades["late"].isna().sum())
    yield from of_parameter((_LATE,), count_with_percent(missing, n, "none"))
    severe = int((grades["late"] >= _SEVERE).sum())
    yield from of_parameter((_LATE,), count_with_percent(severe, n, "severe"))


def _counts(grade: pd.Series[float], n: int) -> Iterator[Statistic]:
    for number in _GRADES:
        yield from count_with_percent(int((grade == number).sum()), n, f"grade_{number}")


def _table(results: TableResults, plan: Plan) -> Rows:
    rule = plan.laboratory.icaht
    yield Row(_("Early (days 0 to {last}), n (%)").format(last=rule.early_last_day))
    yield from results.rows(
        (_EARLY,),
        *_grade_lines(),
        Line(_("Not determinable (days without a count)"), n_percent("unknown")),
        Line(_("No result"), n_percent("none")),
        Line(_("Grade >=3, known"), n_percent("severe_lowest"), strong=True),
        Line(_("Grade >=3, worst case"), n_percent("severe_highest")),
        Line(_("Days of severe neutropenia"), indent=0),
        Line(_("Subjects with a count on every day"), count("days_n")),
        Line(_("Median"), value("days_median", 1)),
        Line(_("Min, max"), pair("days_min", "days_max", "{}, {}", 0)),
    )
    span = _("Late (days {first} to {last}), n (%)")
    yield Row(span.format(first=rule.early_last_day + 1, last=rule.late_last_day))
    yield from results.rows(
        (_LATE,),
        *_grade_lines(),
        Line(_("Fewer than {n} days with a result").format(n=rule.late_results), n_percent("none")),
        Line(_("Grade >=3"), n_percent("severe"), strong=True),
    )


def _grade_lines() -> Iterator[Line]:
    for number in _GRADES:
        label = _("Grade {grade}").format(grade=number)
        yield Line(label, n_percent(f"grade_{number}"), unless_zero=True)


def _footnotes(plan: Plan) -> Iterator[str]:
    """What the grades are of, and which are not shown."""
    rule = plan.laboratory.icaht
    yield _(
        "Grades by the EHA/EBMT consensus (Rejeski 2023): early by the days of neutrophils of at"
        " most {severe:g} and {profound:g} {unit}, late by the limit reached on {n} days."
    ).format(
        severe=rule.severe,
        profound=rule.profound,
        unit=unit_of(plan.laboratory, rule.test),
        n=rule.late_results,
    )
    yield _(
        "An early grade is shown where it is the same with the days without a count above and below"
        " the limits; worst case: with them below."
    )
    yield _("Grades without a subject in any column are not shown.")


OUTPUT = Output(
    name="t_icaht",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADLB",
    variables={
        "ADSL": ("SAFFL", "TRTSDT", "DTHDT"),
        "ADLB": ("PARAMCD", "ADY", "AVAL"),
    },
    results=_results,
    dates=("DTHDT",),
    tables=(
        OutputTable(
            name="t_icaht",
            heading=N_("Immune effector cell-associated haematotoxicity (ICAHT)"),
            size=INFUSED,
            rows=_table,
            footnotes=_footnotes,
            defined=("Haematotoxicity (ICAHT)", "Laboratory"),
        ),
    ),
)
