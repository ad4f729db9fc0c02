"""What reviewers are told of an ADaM dataset beside type and label: class, keys, methods.

A variable holds a column of an input table as recorded (the object of the table says so), or is
derived by a method: words that stand in the dataset's module and go into define.xml, with the keys
of the plan that decide it and their values in force. Light to import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from durable.contracts.tables import INPUT_TABLES

BASIC_STRUCTURE = "BASIC DATA STRUCTURE"
#: Text of a study day; the braces take its date.
STUDY_DAY = "study day: {} - ADSL.TRTSDT, plus 1 from the day of infusion on; there is no day 0."


@dataclass(frozen=True)
class Origin:
    """Where a variable is from: a column ``table.column``, or a method."""

    column: str = ""
    method: str = ""
    plan: tuple[str, ...] = ()
    """Dotted paths of the plan that the method follows."""


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset as the define.xml describes it; the label is the title of its contract."""

    name: str
    class_name: str
    structure: str
    keys: tuple[str, ...]
    derived: Mapping[str, Origin]
    """Origins of the variables that are no column of an input table; a name may be a pattern."""
    subclass: str = ""
    parameters: Mapping[str, Origin] = field(default_factory=dict)
    """Method of AVAL or AVALC by parameter code; a code may be a pattern."""

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """Origin of every variable, by its name or by a regular expression for several names."""
        return {**STUDY, **_SUBJECT, **recorded_origins(self.name), **self.derived}

    def origin(self, variable: str) -> Origin:
        """Origin of a variable, by the first entry of `origins` that fits its whole name.

        Raises
        ------
        KeyError
            For a variable that no entry describes.
        """
        return self._find(self.origins, variable)

    def parameter(self, code: str) -> Origin:
        """Origin of AVAL or AVALC of the parameter with a code (PARAMCD).

        Raises
        ------
        KeyError
            For a code that no entry of `parameters` describes.
        """
        return self._find(self.parameters, code)

    def _find(self, origins: Mapping[str, Origin], name: str) -> Origin:
        for pattern, origin in origins.items():
            if re.fullmatch(pattern, name):
                return origin
        raise KeyError(f"{self.name}: nothing is said of {name}")


def derived_by(method: str, *plan: str) -> Origin:
    """Return the origin of a variable that a method derives; `plan`: the keys that it follows."""
    return Origin(method=method, plan=plan)


STUDY = {"STUDYID": derived_by("The study of the plan.", "study.id")}
#: How ADSL identifies a subject.
IDENTIFIERS = {
    "USUBJID": derived_by(
        "subjects.subject_id where subjects.study_subject_id is recorded too (DM.USUBJID of an"
        " SDTM package); else STUDYID, a hyphen and subjects.subject_id."
    ),
    "SUBJID": derived_by(
        "subjects.study_subject_id where recorded (DM.SUBJID of an SDTM package), else"
        " subjects.subject_id."
    ),
}
#: Variables of ADSL that other datasets hold, under their names there.
_SUBJECT = {
    **{name: Origin(column=f"ADSL.{name}") for name in ("USUBJID", "SUBJID", "SAFFL", "REMFL")},
    "PART": Origin(column="ADSL.PART"),
    "DOSELVL": Origin(column="ADSL.DOSELVL"),
    "TRTP": Origin(column="ADSL.TRT01P"),
    "TRTA": Origin(column="ADSL.TRT01A"),
}
#: Origin of AVAL and AVALC where each parameter has its own method.
BY_PARAMETER = derived_by("By parameter: see the value level.")


def recorded_origins(dataset: str) -> dict[str, Origin]:
    """Return, by name, the origins of the variables that hold an input column as recorded.

    A column whose variable is named without a dataset is in all of them.
    """
    return {
        variable.rpartition(".")[2]: Origin(column=f"{table.name}.{column.name}")
        for table in INPUT_TABLES.values()
        for column in table.columns
        for variable in column.adam
        if variable.rpartition(".")[0] in ("", dataset)
    }


def source_origins(table: str, variable: str) -> dict[str, Origin]:
    """Return the origins of SRCDOM, SRCVAR and SRCSEQ, which trace a record to its input row.

    `table` and `variable` are words for the input table and its column.
    """
    return {
        "SRCDOM": derived_by(f"Input table that the record comes from: {table}."),
        "SRCVAR": derived_by(f"Column of that table that decided the record: {variable}."),
        "SRCSEQ": derived_by("Row of the file of that table; the header is row 1."),
    }
