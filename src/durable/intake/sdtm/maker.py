"""What is common to the native tables that are made from an SDTM package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from durable.contracts.input_table import ColumnSpec
from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Findings, Recorded
from durable.intake.rules import Severity
from durable.intake.sdtm.domain import Domain
from durable.language import _
from durable.lookalikes import with_code_points
from durable.plan import Sdtm
from durable.plan.sdtm import recorded_units

_CLOCK = r"([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
#: A date with some time of day; the date is the local one, as written.
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9:.,-]*(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?")
_TIME = re.compile(rf"(?:(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})?T)?{_CLOCK}")
_NO_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}|")


@dataclass(frozen=True)
class PlacedColumn:
    """Texts of a native column, and the file and record of each; indexed as its table."""

    text: pd.Series[str]
    origin: pd.DataFrame
    """``file`` and ``row`` of each text."""


@dataclass
class TableMaker:
    """Makes one native table from the domains of a package."""

    table: str
    file: str
    """Names of its files, separated by commas."""
    sdtm: Sdtm
    findings: Findings
    domains: Mapping[str, Domain]
    """The domains that the table is made of, by name."""
    places: Mapping[str, str]
    """Place of every column that the package has, ``DOMAIN.VARIABLE``."""
    readings: dict[str, dict[str, str]] = field(default_factory=dict)
    """By column, and in it by the text put together from several records, the value read for it."""
    extra: tuple[ColumnSpec, ...] = ()
    """Columns that the plan declares beside those of any study."""

    def frame(self, domain: str) -> pd.DataFrame:
        """The records of a domain that count, a column a variable, indexed by their numbers."""
        return self.domains[domain].frame

    def native_table(self, columns: dict[str, PlacedColumn], rows: pd.Series[int]) -> Recorded:
        """The native table of these columns; its other columns are '' and listed as absent.

        Parameters
        ----------
        columns
            By native name, ``subject_id`` among them.
        rows
            ``source_row`` of the table, indexed as the columns.
        """
        native = INPUT_TABLES[self.table].with_columns(self.extra).names
        text = pd.DataFrame(
            {
                name: columns[name].text if name in columns else pd.Series("", index=rows.index)
                for name in native
            },
            dtype=object,
        )
        origin = {name: columns[name].origin for name in columns}
        first = columns["subject_id"].origin
        origin |= {name: first for name in native if name not in origin}
        absent = tuple(name for name in native if name not in columns)
        with_rows = text.assign(source_row=rows)
        return Recorded(
            self.table, self.file, with_rows, absent=absent, origin=origin, extra=self.extra
        )

    def origin(self, domain: str, numbers: pd.Index[int], index: pd.Index[int]) -> pd.DataFrame:
        """``file`` and ``row`` of records of a domain, under the `index` of the table's rows."""
        return self.domains[domain].locate(numbers).set_axis(index)

    def report(
        self,
        domain: str,
        numbers: Iterable[int],
        column: str,
        rule: str,
        expected: str,
        name: str,
        severity: Severity | None = None,
    ) -> None:
        """Add the same finding on each of some records of a domain.

        Parameters
        ----------
        numbers
            Numbers of the records.
        column
            Native column that the finding is on.
        name
            Variable whose value is shown.
        severity
            That of the rule when not given.
        """
        frame, location = self.domains[domain].all_records, self.domains[domain].locate(numbers)
        for number, file, row in location.itertuples(name=None):
            value = str(frame.loc[number, name])
            words = with_code_points(value, expected)
            self.findings.add_about_file(
                self.table,
                file,
                rule,
                _("{variable}: found {value}; expected {expected}").format(
                    variable=name, value=value or _("empty"), expected=words
                ),
                column=column,
                value=value,
                row=int(row),
                severity=severity,
            )

    def report_empty(
        self, column: str, domain: str, source: str, severity: Severity | None = None
    ) -> None:
        """Report a column for which the domain holds no record; `source` names the records."""
        message = _("no record of {what}; expected one where {column} is recorded").format(
            what=source, column=column
        )
        file = self.domains[domain].file
        self.findings.add_about_file(
            self.table, file, "empty_column", message, column=column, severity=severity
        )

    def check_unit(self, domain: str, filled: pd.DataFrame, variable: str, column: str) -> None:
        """Report records whose unit is not that of the plan (``inputs.sdtm.units``) or the table's.

        `filled` holds the records with a value of the column, `variable` is that of the unit.
        """
        unit = self.sdtm.units.get(self.table, {}).get(column, "")
        known = recorded_units(self.spec(column))[unit].sdtm
        wrong = filled.index[~filled[variable].str.strip().str.casefold().isin(known)]
        units, key = _(" or ").join(known), f"inputs.sdtm.units.{self.table}.{column}"
        expected = f"{units} ({key})"
        if column == "cells_per_kg":
            expected = _('{units} ({key}), or "" as {variable} where the dose is no such').format(
                units=units, key=key, variable="inputs.sdtm.variables.subjects.cells_per_kg"
            )
        self.report(domain, wrong, column, "other_unit", expected, variable)

    def is_mapped(self, column: str) -> bool:
        """Whether ``inputs.sdtm.variables`` has a column of the table."""
        return column in self.sdtm.variables.get(self.table, {})

    def spec(self, column: str) -> ColumnSpec:
        """The declaration of a column of the table, those of the plan included."""
        return INPUT_TABLES[self.table].with_columns(self.extra).by_name[column]


def without_time(text: str) -> str:
    """The date of a date with a time: "2024-03-05T10:30" gives "2024-03-05"; other texts stay."""
    match = _DATE.fullmatch(text.strip())
    return text if match is None else match[1]


def clock_time(text: str) -> str:
    """Hours and minutes (HH:MM) of a date with a time, or of a time; '' of a date alone, or of ''.

    Seconds and the offset from UTC are left out: the time is the local one, as written. What is
    none of them, an hour without its minutes among it, stays as it is, for the checks to report.
    """
    match = _TIME.fullmatch(text.strip())
    if match is not None:
        return match[1]
    return "" if _NO_TIME.fullmatch(text.strip()) else text
