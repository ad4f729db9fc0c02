"""Contract of the analysis results dataset (ARD): one number a row, at full precision."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from math import isfinite, nan
from pathlib import Path

from durable.contracts.tables.adverse_events import ADVERSE_EVENTS
from durable.contracts.tables.visits import VISITS
from durable.files import recorded_cell, safe_cell
from durable.language import N_

#: Group of the column over all subjects.
TOTAL = ("total", "Total")
#: Name of the primary analysis; the others bear the names of the sensitivity analyses.
PRIMARY = "primary"
#: Group of the subjects for whom the variable is not recorded: the columns add up to the total.
NOT_RECORDED = "Not recorded"
#: Outputs that a series of data cut-offs shows side by side.
SERIES = (
    *("t_disposition", "t_improvement", "t_dor", "t_monitoring", "t_ae_overview"),
    "t_safety_boundary",
)
#: Note of a quantile where the curve stays at its level until the end of follow-up.
PLATEAU = "plateau to the end of follow-up"
#: Note of a rate at a landmark that lies within the tolerance after the last observed time.
WITHIN_TOLERANCE = "within landmark_tolerance_days"
#: Note of a probability over time at which nobody has had the event: it has no interval.
NO_EVENT_BEFORE = "no event before: no interval"
#: Note on N where a table cannot be made because the study records no adverse events.
NO_EVENTS_TABLE = ADVERSE_EVENTS.absent_note
#: The same of the assessments.
NO_VISITS_TABLE = VISITS.absent_note
#: The same of cellular kinetics.
NO_SAMPLES = N_("no sample with a result of an infused subject up to the data cut-off")

#: Columns with words of the study: ``ard.csv`` holds them safe for a spreadsheet (`recorded_cell`).
TEXTS_OF_THE_DATA = ("group", "parameter", "note")
#: Parts of a parameter: ("M2",), ("D28", "GRADE3"). Joined to one text only in the file.
Parameter = tuple[str, ...]
#: Parameter of what concerns a whole column of a table.
WHOLE_COLUMN: Parameter = ()
COLUMNS = (
    *("output", "analysis", "group_by", "group", "parameter", "statistic"),
    *("value", "lower", "upper", "note"),
)


@dataclass(frozen=True)
class Statistic:
    """A number with its name.

    `value`, `lower` and `upper` are NaN where they cannot be estimated; `note` says why, or what a
    reader has to know of the number (``censored``: the largest duration is a censored one).
    """

    name: str
    value: float
    lower: float = nan
    upper: float = nan
    note: str = ""


@dataclass(frozen=True)
class Result:
    """One row of the ARD: a statistic of a parameter in a group of subjects."""

    output: str
    analysis: str
    group_by: str
    group: str
    parameter: Parameter
    statistic: str
    value: float
    lower: float = nan
    upper: float = nan
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, Parameter, str]:
        """What identifies the row: its fields from `output` to `statistic`, in their order."""
        return (
            self.output,
            self.analysis,
            self.group_by,
            self.group,
            self.parameter,
            self.statistic,
        )

    @property
    def text_key(self) -> tuple[str, str, str, str, str, str]:
        """The `key` as the file shows it, the parameter as one text."""
        return (
            self.output,
            self.analysis,
            self.group_by,
            self.group,
            join_parameter(self.parameter),
            self.statistic,
        )


def join_parameter(parameter: Parameter) -> str:
    r"""Text of a parameter in the file: its parts joined by bars.

    ``("D28", "GRADE3")`` is ``D28|GRADE3``, `WHOLE_COLUMN` is ''. A bar within a part (``ALT|AST
    increased``) is written ``\|``, a backslash ``\\``, so that different parts, none of them
    empty, never make the same text.
    """
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parameter)


def split_parameter(text: str) -> Parameter:
    """The parts of a parameter from its text in the file, the inverse of `join_parameter`."""
    if not text:
        return WHOLE_COLUMN
    if "\\" not in text:
        return tuple(text.split("|"))
    parts = [""]
    signs = iter(text)
    for sign in signs:
        if sign == "\\":
            parts[-1] += next(signs, "")
        elif sign == "|":
            parts.append("")
        else:
            parts[-1] += sign
    return tuple(parts)


def to_csv(results: Iterable[Result]) -> str:
    """Text of the ARD as CSV: rows in their order, numbers in their shortest exact form.

    NaN is an empty cell. A text that a spreadsheet would run as a formula has an apostrophe before
    it (`safe_cell`), which `read_csv` takes away again.

    Raises
    ------
    ValueError
        Where two rows have the same key or a number is infinite.
    """
    seen: set[tuple[str, ...]] = set()
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in results:
        key = row.text_key
        if key in seen:
            raise ValueError(f"two results with the key {key}")
        seen.add(key)
        numbers = [_number(value) for value in (row.value, row.lower, row.upper)]
        writer.writerow([*map(safe_cell, key), *numbers, safe_cell(row.note)])
    return text.getvalue()


def read_csv(path: Path) -> Iterator[Result]:
    """Rows of an ARD file, in its order, read while they are used; an empty number is NaN.

    Raises
    ------
    ValueError
        Where the file has other columns; a file without a header has no rows.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, COLUMNS)) != COLUMNS:
            raise ValueError(f"{path}: expected the columns {', '.join(COLUMNS)}")
        for output, analysis, group_by, group, parameter, statistic, *numbers, note in rows:
            parts = split_parameter(recorded_cell(parameter))
            value, lower, upper = (float(text or nan) for text in numbers)
            group, note = recorded_cell(group), recorded_cell(note)
            yield Result(
                output, analysis, group_by, group, parts, statistic, value, lower, upper, note
            )


def _number(value: float) -> str:
    if value != value:
        return ""
    if not isfinite(value):
        raise ValueError("an infinite number among the results")
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
