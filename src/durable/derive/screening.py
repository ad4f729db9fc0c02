"""Screening attempts with all that the criteria of eligibility read, and where each value stands.

The attempts are those of the table screening or, without it, of the table eligibility. A date
recorded in part stands for every day that it can mean (`durable.windows`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.partial_dates import partial_column, possible_days
from durable.contracts.tables import INPUT_TABLES
from durable.jdm.earlier_therapies import add_earlier_therapies
from durable.jdm.measures import ENZYMES
from durable.plan.eligibility import Eligibility
from durable.windows import first_day, last_day

Tables = Mapping[str, pd.DataFrame]
_SCREENING = INPUT_TABLES["screening"]
_DATES = tuple(column.name for column in _SCREENING.columns if column.kind == "date")
_OF_SUBJECT = ("sex", "age_years", "consent_date", "lymphodepletion_date", "infusion_date")
_ENZYME_COLUMNS = tuple(name for enzyme in ENZYMES.values() for name in (enzyme.column, enzyme.uln))

#: A limit is read where its enzyme is.
_ENZYME_OF_LIMIT = {enzyme.uln: enzyme.column for enzyme in ENZYMES.values()}


@dataclass(frozen=True)
class ScreeningAttempts:
    """The screening attempts of a study.

    Attributes
    ----------
    frame
        One row an attempt, by subject and attempt, numbered from 0: ``subject_id``, ``attempt``,
        the columns of the table screening, those of the subject, and of each date the columns of
        `windows.days_recorded`.
    sources
        A row for each value that a criterion reads and that stands elsewhere than in the row of
        screening: ``attempt`` (number of the row of `frame`), ``column``, ``table``, ``row``.
    """

    frame: pd.DataFrame
    sources: pd.DataFrame


def screening_attempts(
    tables: Tables, not_in_file: Mapping[str, Collection[str]], rules: Eligibility
) -> ScreeningAttempts:
    """The attempts of the table screening or, in a study without it, of the table eligibility.

    Left out are those of subjects whom the table subjects lacks; of two rows of one attempt the
    first counts.

    Parameters
    ----------
    tables
        Typed tables by name: subjects, and those of screening, eligibility, visits and therapies
        that the study has.
    not_in_file
        Columns that the file of a table lacks, by table: an empty date there says nothing.
    rules
        Section of the plan.
    """
    subjects = tables["subjects"].drop_duplicates("subject_id")
    frame = _attempts(tables).merge(
        subjects[["subject_id", *_columns(subjects, _OF_SUBJECT)]], on="subject_id", how="inner"
    )
    frame = frame.sort_values(["subject_id", "attempt"], ignore_index=True)
    absent = not_in_file.get("screening", ()) if "screening" in tables else _DATES
    frame = _with_days(frame, absent, rules)
    frame, of_visits = _with_laboratory(frame, tables.get("visits"), rules)
    therapies = tables.get("therapies")
    prepared = None if therapies is None else _therapies(therapies)
    frame, of_therapies = add_earlier_therapies(frame, prepared, rules)
    sources = [_of_subjects(frame, subjects), of_visits, of_therapies.assign(table="therapies")]
    return ScreeningAttempts(frame, pd.concat(sources, ignore_index=True))


def _columns(frame: pd.DataFrame, names: Collection[str]) -> list[str]:
    """The columns of these names and of the texts of their dates recorded in part."""
    both = (name for column in names for name in (column, partial_column(column)))
    return [name for name in both if name in frame]


_DTYPES = {"date": "datetime64[ns]", "number": "float64", "integer": "float64"}


def _attempts(tables: Tables) -> pd.DataFrame:
    """Every attempt once, with its row of screening where it has one."""
    names = ["subject_id", "attempt"]
    screening = tables.get("screening")
    if screening is None:
        empty = {
            column.name: pd.Series(dtype=_DTYPES.get(column.kind, "object"))
            for column in _SCREENING.columns
        }
        screening = pd.DataFrame(empty | {"source_row": pd.Series(dtype="float64")})
    screening = screening.drop_duplicates(names)
    if "eligibility" not in tables or "screening" in tables:
        return screening.astype({"subject_id": object})
    answered = tables["eligibility"][names].drop_duplicates()
    return answered.astype({"subject_id": object}).merge(
        screening.astype({"subject_id": object, "attempt": "float64"}), on=names, how="left"
    )


def _with_days(frame: pd.DataFrame, absent: Collection[str], rules: Eligibility) -> pd.DataFrame:
    """The attempts with the first and last possible day of each date, and of the anchors."""
    columns: dict[str, Any] = {}
    for name in (*_DATES, "consent_date", "lymphodepletion_date", "infusion_date"):
        first, last = _possible(frame, name)
        columns[first_day(name)], columns[last_day(name)] = first, last
        columns[f"{name}_left_empty"] = first.isna() & (name not in absent)
    for side in (first_day, last_day):
        treated = [columns[side(name)] for name in ("lymphodepletion_date", "infusion_date")]
        columns[side("treatment")] = pd.concat(treated, axis=1).min(axis=1)
        for alias, name in _anchors(rules).items():
            columns[side(alias)] = columns[side(name)]
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def _anchors(rules: Eligibility) -> dict[str, str]:
    """Days that the criteria refer to, by the dates that they are in force."""
    enrolment = rules.enrolment
    return {
        "anchor": f"{rules.anchor}_date",
        "screening": "screening_date",
        "consent": "consent_date",
        "infusion": "infusion_date",
        "enrolment": enrolment if enrolment.endswith("_date") else f"{enrolment}_date",
    }


def _possible(frame: pd.DataFrame, name: str) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """First and last day that a date can mean: as recorded, whatever day was imputed."""
    text = partial_column(name)
    if text not in frame:
        return frame[name], frame[name]
    first, last = possible_days(frame[text])
    return first.fillna(frame[name]), last.fillna(frame[name])


def _therapies(therapies: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name in ("start_date", "end_date"):
        columns[first_day(name)], columns[last_day(name)] = _possible(therapies, name)
    optional = {
        name: pd.Series(missing, index=therapies.index, dtype=dtype)
        for name, missing, dtype in (
            ("class", None, "object"),
            ("outcome", None, "object"),
            ("dose", np.nan, "float64"),
        )
        if name not in therapies
    }
    kept = [
        "subject_id",
        "therapy",
        "source_row",
        *(name for name in ("class", "outcome", "dose") if name in therapies),
    ]
    return therapies[kept].assign(**columns, **optional).astype({"subject_id": object})


def _with_laboratory(
    frame: pd.DataFrame, visits: pd.DataFrame | None, rules: Eligibility
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The attempts with the enzymes of their assessment, and the rows of these."""
    nothing = pd.DataFrame({"attempt": [], "column": [], "table": [], "row": []})
    if visits is None:
        return frame, nothing
    chosen = _closest(frame, visits, rules)
    columns, rows = {}, [nothing]
    for name in _ENZYME_COLUMNS:
        value = _ENZYME_OF_LIMIT.get(name, name)
        at_visit, at_screening = chosen[value], frame[value]
        by_visit = (
            at_visit.notna()
            if rules.laboratory == "visits"
            else at_screening.isna() & at_visit.notna()
        )
        columns[name] = frame[name].where(~by_visit, chosen[name])
        attempts = frame.index[by_visit]
        row = chosen["source_row"].loc[attempts]
        rows.append(
            pd.DataFrame({"attempt": attempts, "column": name, "table": "visits", "row": row})
        )
    return frame.assign(**columns), pd.concat(rows, ignore_index=True)


def _closest(frame: pd.DataFrame, visits: pd.DataFrame, rules: Eligibility) -> pd.DataFrame:
    """The assessment of each attempt, missing where there is none."""
    labelled = visits.loc[visits["visit"] == rules.visit]
    labelled = labelled[["subject_id", "visit_date", "source_row", *_ENZYME_COLUMNS]]
    labelled = labelled.astype({"subject_id": object})
    numbered = frame[["subject_id", "screening_date"]].assign(number=frame.index)
    pairs = numbered.merge(labelled, on="subject_id")
    distance = (pairs["visit_date"] - pairs["screening_date"]).dt.days.abs()
    near = pairs.assign(distance=distance).loc[distance <= rules.visit_days]
    near = near.sort_values(["number", "distance", "visit_date", "source_row"])
    return near.drop_duplicates("number").set_index("number").reindex(frame.index)


def _of_subjects(frame: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Rows of the subjects table, for what is read from it."""
    row = frame["subject_id"].map(subjects.set_index("subject_id")["source_row"])
    parts = [
        pd.DataFrame({"attempt": frame.index, "column": name, "table": "subjects", "row": row})
        for name in ("age_years", "sex")
    ]
    return pd.concat(parts, ignore_index=True)
