"""What the therapies before screening say of refractory disease, by screening attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable.jdm.screening import GLUCOCORTICOID
from durable.jdm.three_valued import all_met
from durable.windows import (
    Days,
    at_or_before,
    days_recorded,
    first_day,
    has_lasted,
    last_day,
)

if TYPE_CHECKING:
    import pandas as pd

    from durable.plan.eligibility import Eligibility

    #: Three values: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]

#: Number of different immunosuppressants that failed: those that surely did, and those that may.
SURE, POSSIBLE = "immunosuppressants_failed", "immunosuppressants_perhaps_failed"
#: Columns of glucocorticoids that the therapies can give.
_START, _END, _HIGHEST = "gc_start", "gc_end", "gc_max_mg_kg"


def add_earlier_therapies(
    attempts: pd.DataFrame, therapies: pd.DataFrame | None, rules: Eligibility
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The attempts with what the therapies say, and the rows of therapies that say it.

    Parameters
    ----------
    attempts
        Screening attempts, with the columns of `windows.days_recorded` for the anchor.
    therapies
        Their table, with those columns for ``start_date`` and ``end_date``; None without one.
    rules
        Section of the plan.

    Returns
    -------
    DataFrame, DataFrame
        The attempts with `SURE` and `POSSIBLE`, NaN without the table, and, where the plan says so,
        what the therapies tell of glucocorticoids in place of empty columns; and ``attempt`` (index
        of the attempt), ``column``, ``row`` of the therapies.
    """
    import pandas as pd

    empty = pd.DataFrame({"attempt": [], "column": [], "row": []}, dtype="int64")
    if therapies is None:
        nothing = pd.Series(float("nan"), index=attempts.index)
        return attempts.assign(**{SURE: nothing, POSSIBLE: nothing}), empty
    keys = attempts[["subject_id", first_day("anchor"), last_day("anchor")]]
    numbered = keys.assign(attempt=attempts.index)
    courses = numbered.merge(therapies, on="subject_id").reset_index(drop=True)
    began = at_or_before(days_recorded(courses, "start_date"), days_recorded(courses, "anchor"))
    courses = courses.assign(began=began).loc[~(began == 0)]
    counts, of_counts = _immunosuppressants(courses, rules)
    counts = counts.reindex(attempts.index, fill_value=0)
    attempts = attempts.assign(**{SURE: counts["sure"], POSSIBLE: counts["possible"]})
    if not rules.disease.glucocorticoid_from_therapies:
        return attempts, of_counts
    attempts, of_glucocorticoids = _glucocorticoids(attempts, courses, rules)
    return attempts, pd.concat([of_counts, of_glucocorticoids], ignore_index=True)


def _is_among(values: pd.Series[str], words: tuple[str, ...]) -> Status:
    return values.isin(words).astype(float).where(values.notna())


def _immunosuppressants(
    courses: pd.DataFrame, rules: Eligibility
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Different names that surely and perhaps failed, by attempt; and their rows."""
    import pandas as pd

    disease = rules.disease
    items = [
        courses["began"],
        _is_among(courses["class"], disease.immunosuppressant_classes),
        _is_among(courses["outcome"], disease.immunosuppressant_outcomes),
    ]
    if disease.treatment_of == "each":
        anchor = days_recorded(courses, "anchor")
        end = days_recorded(courses, "end_date").or_else(anchor).not_after(anchor)
        start = days_recorded(courses, "start_date")
        items.append(has_lasted(start, end, disease.treatment_months, rules.month))
    failed = all_met(items)
    name = courses["therapy"].astype(object).str.casefold().str.strip()
    by_name = courses.assign(name=name, sure=failed == 1, possible=~(failed == 0)).groupby(
        ["attempt", "name"]
    )[["sure", "possible"]]
    counts = by_name.any().groupby("attempt").sum()
    perhaps = courses.loc[~(failed == 0)]
    rows = [_rows(perhaps, column) for column in (SURE, POSSIBLE)]
    return counts, pd.concat(rows, ignore_index=True)


def _rows(courses: pd.DataFrame, column: str) -> pd.DataFrame:
    rows = courses[["attempt", "source_row"]].rename(columns={"source_row": "row"})
    return rows.assign(column=column).astype({"attempt": "int64", "row": "int64"})


def _glucocorticoids(
    attempts: pd.DataFrame, courses: pd.DataFrame, rules: Eligibility
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Course and highest dose of glucocorticoids where screening does not record them.

    A course that may have begun by the anchor can move the first and the last day, but is no
    evidence that there were glucocorticoids: without one that did begin, nothing is known.
    """
    import pandas as pd

    glucocorticoids = courses.loc[courses["class"] == GLUCOCORTICOID]
    began = glucocorticoids["began"] == 1
    end = days_recorded(glucocorticoids, "end_date").or_else(
        days_recorded(glucocorticoids, "anchor")
    )
    by_attempt = glucocorticoids.assign(
        began=began,
        latest_start=glucocorticoids[last_day("start_date")].where(began),
        earliest_end=end.first.where(began),
        latest_end=end.last,
    ).groupby("attempt")
    has_course = by_attempt["began"].any()
    starts = by_attempt[first_day("start_date")]
    first = starts.min().where(has_course & (starts.count() == starts.size()))
    started = Days(first, by_attempt["latest_start"].min())
    stopped = Days(
        by_attempt["earliest_end"].max(), by_attempt["latest_end"].max().where(has_course)
    )
    highest = _highest_dose(glucocorticoids, rules.disease.glucocorticoid_min_mg_kg)
    no_start = attempts[first_day(_START)].isna()
    no_end = no_start & attempts[first_day(_END)].isna()
    columns: dict[str, Any] = {
        **_days_where(attempts, _START, started, no_start),
        **_days_where(attempts, _END, stopped, no_end),
        f"{_END}_left_empty": attempts[f"{_END}_left_empty"] & ~no_end,
        _HIGHEST: attempts[_HIGHEST].fillna(highest.reindex(attempts.index)),
    }
    missing = {_START: no_start, _END: no_end, _HIGHEST: attempts[_HIGHEST].isna()}
    rows = [
        _rows(glucocorticoids.loc[glucocorticoids["attempt"].map(where)], column)
        for column, where in missing.items()
    ]
    return attempts.assign(**columns), pd.concat(rows, ignore_index=True)


def _highest_dose(courses: pd.DataFrame, needed: float) -> pd.Series[float]:
    """Highest dose by attempt, of the courses that did begin by the anchor.

    NaN where another course, or one without a recorded dose, decides whether it is at least
    `needed`.
    """
    doses, attempt = courses["dose"], courses["attempt"]
    highest = doses.where(courses["began"] == 1).groupby(attempt).max()
    by_attempt = doses.groupby(attempt)
    possible = by_attempt.max().where(by_attempt.count() == by_attempt.size())
    return highest.where((highest >= needed) | (possible < needed))


def _days_where(
    attempts: pd.DataFrame, column: str, days: Days, where: pd.Series[bool]
) -> dict[str, Any]:
    """The two columns of a date, replaced in some attempts."""
    index = attempts.index
    return {
        first_day(column): attempts[first_day(column)].mask(where, days.first.reindex(index)),
        last_day(column): attempts[last_day(column)].mask(where, days.last.reindex(index)),
    }
