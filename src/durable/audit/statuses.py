"""Derived statuses of subjects in two or more analyses: what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from durable import vocabulary
from durable.audit.records import Record, read_parquet
from durable.contracts.results import NOT_RECORDED
from durable.language import N_, Text, _

#: Values of ADSL that change with the cut-off for everybody and decide nothing.
_CUTOFF = {"CUTDT", "CUTDY", "LSTALVDT"}
#: Sequence and row numbers that say where a record stands, not what it says.
_PLACE = {"ASEQ", "SRCSEQ", "AESEQ"}
Rows = dict[str, list[tuple[str, ...]]]
#: Names of statuses beside the durations: the second with the visit behind it.
REMISSION, IMPROVEMENT = N_("Remission"), "Improvement "


@dataclass(frozen=True)
class Status:
    """A status of a subject, shown in the language in force."""

    kind: str
    """In English, with places for the others."""
    reason: str = ""
    """Coded text of the datasets: an event, a reason for censoring, why there is no status."""
    date: str = ""
    days: str = ""

    def __str__(self) -> str:
        reason = vocabulary.shown(self.reason).lower()
        return _(self.kind).format(reason=reason, date=self.date, days=self.days)


#: Of who has none.
NO_STATUS = Status(N_("none"))


def status_label(status: str) -> str:
    """The name of a status as readers see it."""
    if status.startswith(IMPROVEMENT):
        return _("Improvement {visit}").format(visit=status.removeprefix(IMPROVEMENT))
    return _(status)


class Datasets:
    """The ADaM datasets of an analysis, by subject.

    Parameters
    ----------
    folder
        Folder of results.
    groups
        Variables of ADSL by the names of the groups that are made of them.
    """

    def __init__(self, folder: Path, groups: Mapping[str, str]) -> None:
        self._groups = groups
        self.tables = {
            path.relative_to(folder / "adam").with_suffix("").as_posix(): read_parquet(path)
            for path in sorted((folder / "adam").rglob("*.parquet"))
        }
        self.adsl = {_subject(row): row for row in self.tables.get("adsl", [])}
        self._records: dict[tuple[str, str], Rows] = {}

    def statuses(self) -> dict[tuple[str, str], Status]:
        """The statuses of each subject: remission, improvement at visits, event or censoring."""
        found: dict[tuple[str, str], Status] = {}
        for subject, row in self.adsl.items():
            if row["SAFFL"] == "Y" and "REMSDT" in row:
                first = Status(N_("in remission from {date}"), date=row["REMSDT"])
                no = Status(N_("not in remission"))
                found[subject, REMISSION] = first if row["REMSDT"] else no
        for row in self.tables.get("adrs", []):
            if row["PARAMCD"] == "IMPR":
                words = {"Y": Status(N_("improved")), "N": Status(N_("not improved"))}
                status = words.get(row["AVALC"], Status("{reason}", row["REASON"]))
                found[_subject(row), f"{IMPROVEMENT}{row['AVISIT']}"] = status
        for row in self.tables.get("adtte", []):
            found[_subject(row), row["PARAMCD"]] = _ending(row)
        return found

    def sources(self) -> dict[tuple[str, str], Text]:
        """Input record that decided each event or censoring."""
        return {
            (_subject(row), row["PARAMCD"]): Text(
                N_("{column} row {row}"),
                column=f"{row['SRCDOM']}.{row['SRCVAR']}",
                row=row["SRCSEQ"],
            )
            for row in self.tables.get("adtte", [])
        }

    def members(self, group_by: str, group: str) -> set[str]:
        """Subjects of a group of the outputs."""
        column = self._groups.get(group_by)
        value = "" if group == NOT_RECORDED else group
        return {
            subject
            for subject, row in self.adsl.items()
            if column is None or row.get(column, "") == value
        }

    def records(self, output: str, parameter: str) -> Rows:
        """By subject, what the numbers of an output are computed from."""
        if output == "t_subgroups":
            output = "t_improvement" if parameter in self._visits else "t_dor"
        key = (output, parameter) if output in ("t_dor", "t_improvement") else ("", "")
        if key not in self._records:
            found: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
            for name, row in self._rows(*key):
                ignored = _PLACE | (_CUTOFF if key[0] else set())
                cells = (f"{key}={value}" for key, value in row.items() if key not in ignored)
                found[_subject(row)].append((name, *cells))
            self._records[key] = {subject: sorted(rows) for subject, rows in found.items()}
        return self._records[key]

    @cached_property
    def _visits(self) -> set[str]:
        """Visits at which improvement is judged."""
        return {row["AVISIT"] for row in self.tables.get("adrs", []) if row["PARAMCD"] == "IMPR"}

    def _rows(self, output: str, parameter: str) -> Iterable[tuple[str, Record]]:
        if output == "t_dor":
            of = (("adtte", row) for row in self.tables.get("adtte", []))
            return (pair for pair in of if pair[1]["PARAMCD"] == parameter)
        if output == "t_improvement":
            of = (("adrs", row) for row in self.tables.get("adrs", []))
            if parameter in ("BOTH", "EITHER"):
                return (pair for pair in of if pair[1]["PARAMCD"] == "IMPR")
            at = (pair for pair in of if pair[1]["AVISIT"] == parameter)
            return (
                pair for pair in at if pair[1]["ANL01FL"] == "Y" or pair[1]["PARAMCD"] == "IMPR"
            )
        return ((name, row) for name, rows in self.tables.items() for row in rows)


def _subject(row: Record) -> str:
    """Identifier shown to readers; datasets of an earlier version have it as USUBJID alone."""
    return row.get("SUBJID", row["USUBJID"])


def _ending(row: Record) -> Status:
    return Status(
        N_("event: {reason} {date}, {days} days")
        if row["CNSR"] == "0"
        else N_("censored: {reason} {date}, {days} days"),
        row["EVNTDESC"],
        row["ADT"],
        row["AVAL"],
    )


def differing(earlier: Datasets, later: Datasets, output: str, parameter: str) -> set[str]:
    """Subjects whose records behind a number differ between two analyses."""
    old, new = earlier.records(output, parameter), later.records(output, parameter)
    return {subject for subject in {*old, *new} if old.get(subject) != new.get(subject)}
