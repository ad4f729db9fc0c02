"""ADRS: one record per subject, assessment and parameter, and one per configured visit.

Text columns are categories: a registry of 100,000 subjects has 36 million records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.improvement import (
    VisitResponse,
    improvement_at_visits,
    improvement_parameter,
    rows_of_visits,
)
from durable.frames import positions, with_columns
from durable.jdm.adrs_parameters import (
    NONE,
    REASONS,
    SOURCES,
    TEXTS,
    ParameterValues,
    parameters,
    records_before_improvement,
)
from durable.jdm.response import Response
from durable.schedule import Visit
from durable.vocabulary import BASELINE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_COLUMNS = [
    *("STUDYID", "USUBJID", "SUBJID", "TRTP", "TRTA", "ASEQ", "PARAM", "PARAMCD"),
    *("VISIT", "AVISIT", "ADT", "ADY"),
    *("AWTARGET", "AWTDIFF", "AVAL", "AVALC", "BASE", "ABLFL", "ANL01FL", "REASON"),
    *("SRCDOM", "SRCVAR", "SRCSEQ"),
]


def derive(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """ADRS (`contracts.adam.adrs`) of the infused subjects, by USUBJID and ASEQ; texts categorical.

    A visit of the improvement rate without an assessment has a record of the improvement status
    too, without date and source.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    frame
        Assessments with losses, as `flag_recurrence` returns them.
    schedule, response
        Parts of the plan.
    """
    infused, frame = _infused_assessments(adsl, frame, response)
    visits = list(improvement_at_visits(infused, frame, schedule, response))
    columns = [*parameters(frame, response), improvement_parameter(visits, len(frame))]
    layout = _layout(frame, visits, columns)
    first = np.searchsorted(layout.subject, np.arange(len(infused)))
    number = np.arange(len(layout.subject)) - first[layout.subject] + 1
    return _dataset(infused, frame, schedule, columns, layout, number)


def derive_improvement(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """The records of IMPR in ADRS, with the ASEQ that they have there; texts categorical.

    One for each infused subject and visit of the improvement rate, assessed or not: AVAL is 1
    improved, 0 not, NaN unknown. By subject and ASEQ: the visits without an assessment stand behind
    the assessments of their subject, whenever they were due.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    frame
        Assessments with remission, as `with_remission` returns them.
    schedule, response
        Parts of the plan.
    """
    infused, frame = _infused_assessments(adsl, frame, response)
    visits = list(improvement_at_visits(infused, frame, schedule, response))
    columns = [improvement_parameter(visits, len(frame))]
    layout = _layout(frame, visits, columns)
    before = records_before_improvement(frame["post"].to_numpy(np.int64), response)
    number = _number_among_all(frame, before, columns[0], layout, len(infused))
    return _dataset(infused, frame, schedule, columns, layout, number)


def categories_to_text(records: pd.DataFrame) -> pd.DataFrame:
    """The records, each categorical column as one of texts (object), missing as None."""
    text = {
        str(name): np.array([*values.cat.categories, None], dtype=object)[values.cat.codes]
        for name, values in records.select_dtypes("category").items()
    }
    return records.assign(**text)


def _infused_assessments(
    adsl: pd.DataFrame, frame: pd.DataFrame, response: Response
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Infused subjects, and their assessments, flagged by ``anl01`` where they stand for a visit.

    ``place`` of an assessment numbers its subject among the infused.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    position = positions(frame, infused["USUBJID"])
    frame = with_columns(frame, {"place": position})
    if (position < 0).any():
        frame = frame.loc[position >= 0].reset_index(drop=True)
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[rows_of_visits(frame, response.improvement.unscheduled)] = True
    return infused, with_columns(frame, {"anl01": chosen})


@dataclass(frozen=True)
class _Layout:
    """Where each record comes from, arrays of shape (records,).

    The records are cells of a table of lines by parameters, one line after another. A line is an
    assessment or, after those of its subject, a visit without one: that has the last parameter
    alone.
    """

    subject: Ints
    """Place of the subject among the infused, ascending."""
    line: Ints
    """Row of the assessment; from the number of assessments on, a visit without one."""
    column: Ints
    """Place of the parameter."""
    unseen: list[Visit]
    """The visits without an assessment, subject by subject."""
    unseen_reason: Ints
    """Code of the reason at each."""


def _layout(
    frame: pd.DataFrame, visits: Sequence[VisitResponse], columns: Sequence[ParameterValues]
) -> _Layout:
    rows = len(frame)
    unseen, visit = np.nonzero(
        np.column_stack([visit_response.row < 0 for visit_response in visits])
    )
    subject = np.concatenate([frame["place"].to_numpy(np.int64), unseen])
    order = np.argsort(subject, kind="stable")
    present = np.zeros((len(subject), len(columns)), dtype=bool)
    for i, parameter in enumerate(columns):
        present[:rows, i] = parameter.present
    present[rows:, -1] = True
    line, column = np.nonzero(present[order])
    line = order[line]
    return _Layout(
        subject=subject[line],
        line=line,
        column=column,
        unseen=[visits[i].visit for i in visit.tolist()],
        unseen_reason=np.column_stack([visit_response.reason for visit_response in visits])[
            unseen, visit
        ],
    )


def _dataset(
    infused: pd.DataFrame,
    frame: pd.DataFrame,
    schedule: tuple[Visit, ...],
    columns: Sequence[ParameterValues],
    layout: _Layout,
    number: Ints,
) -> pd.DataFrame:
    """The records of the layout, with their numbers."""
    rows, width = len(frame), len(columns)
    cell = layout.line * width + layout.column

    def cells(attribute: str, dtype: Any, missing: Any) -> npt.NDArray[Any]:
        table = np.full((rows + len(layout.unseen), width), missing, dtype=dtype)
        for i, parameter in enumerate(columns):
            table[:rows, i] = getattr(parameter, attribute)
        return table.ravel().take(cell)

    # Few codes, of which many are moved: narrow numbers.
    parameter_code = layout.column.astype(np.int8)
    reason = cells("reason", np.int8, NONE)
    reason[layout.line >= rows] = layout.unseen_reason
    identity = _identity(frame, schedule, layout.unseen)
    records = {
        "STUDYID": _categorical(np.zeros(len(number), np.int8), infused["STUDYID"].iloc[:1]),
        "USUBJID": _categorical(layout.subject, infused["USUBJID"]),
        "SUBJID": _categorical(layout.subject, infused["SUBJID"]),
        "TRTP": _of_subject(infused["TRT01P"], layout.subject),
        "TRTA": _of_subject(infused["TRT01A"], layout.subject),
        "ASEQ": number,
        "PARAMCD": _categorical(parameter_code, [parameter.code for parameter in columns]),
        "PARAM": _categorical(parameter_code, [parameter.label for parameter in columns]),
        "AVAL": cells("value", float, np.nan),
        "AVALC": _categorical(cells("text", np.int8, NONE), TEXTS),
        "BASE": cells("base", float, np.nan),
        "REASON": _categorical(reason, REASONS),
        "SRCVAR": _categorical(cells("source", np.int8, NONE), SOURCES),
        **{name: values.take(layout.line) for name, values in identity.items()},
    }
    return pd.DataFrame({name: records[name] for name in _COLUMNS}, copy=False)


def _number_among_all(
    frame: pd.DataFrame,
    n_before: Ints,
    improvement: ParameterValues,
    layout: _Layout,
    subjects: int,
) -> Ints:
    """ASEQ of the records of improvement among all: each is the last of its assessment."""
    count = n_before + improvement.present
    position = frame["place"].to_numpy(np.int64)
    total = np.bincount(position, weights=count, minlength=subjects).astype(np.int64)
    through = count.cumsum() - (total.cumsum() - total)[position]
    seen = layout.line < len(frame)
    number = np.empty(len(seen), dtype=np.int64)
    number[seen] = through[layout.line[seen]]
    unseen = layout.subject[~seen]
    after = np.arange(len(unseen)) - np.searchsorted(unseen, unseen) + 1
    number[~seen] = total[unseen] + after
    return number


def _identity(
    frame: pd.DataFrame, schedule: tuple[Visit, ...], unseen: list[Visit]
) -> dict[str, Any]:
    """Which assessment a record is of: all assessments, then the visits without one."""
    names = list(dict.fromkeys([BASELINE, *(visit.visit for visit in schedule)]))
    target, day = frame["target"].to_numpy(float), frame["day"].to_numpy(float)
    analysis = np.full(len(frame), NONE)
    for visit in schedule:
        analysis[target == visit.day] = names.index(visit.visit)
    analysis[frame["baseline"]] = names.index(BASELINE)
    labels, label_names = pd.factorize(frame["visit"])

    def with_unseen(values: Any, fill: Any = NONE) -> npt.NDArray[Any]:
        return np.concatenate([values, np.full(len(unseen), fill)])

    expected = [names.index(visit.visit) for visit in unseen]
    date = pd.Series(frame["visit_date"].array).reindex(range(len(frame) + len(unseen)))
    return {
        "VISIT": _categorical(with_unseen(labels), label_names),
        "AVISIT": _categorical(np.concatenate([analysis, np.array(expected, dtype=int)]), names),
        "ADT": date.array,
        "ADY": _integers(with_unseen(day + (day >= 0), np.nan)),
        "AWTARGET": _integers(np.concatenate([target, [float(visit.day) for visit in unseen]])),
        "AWTDIFF": _integers(with_unseen(day - target, np.nan)),
        "ABLFL": _categorical(with_unseen(np.where(frame["baseline"], 0, NONE)), ["Y"]),
        "ANL01FL": _categorical(with_unseen(np.where(frame["anl01"], 0, NONE), 0), ["Y"]),
        "SRCDOM": _categorical(with_unseen(np.zeros(len(frame), dtype=int)), ["visits"]),
        "SRCSEQ": _integers(with_unseen(frame["source_row"].to_numpy(float), np.nan)),
    }


def _categorical(codes: npt.NDArray[np.integer[Any]], names: Any) -> pd.Categorical:
    dtype = pd.CategoricalDtype(pd.Index(names, dtype=object))
    return pd.Categorical.from_codes(cast("Any", codes), dtype=dtype)


def _of_subject(values: pd.Series[str], subject: Ints) -> pd.Categorical:
    """A text of each subject, the same for many, at the records of each."""
    codes, names = pd.factorize(values)
    return _categorical(codes.astype(np.int16).take(subject), names)


def _integers(values: Floats) -> Any:
    """Nullable integers of floats, NaN as missing."""
    missing = np.isnan(values)
    return pd.arrays.IntegerArray(np.where(missing, 0, values).astype(np.int64), missing)
