"""Derived statuses of subjects in two or more analyses: what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from durable import vocabulary
from durable.audit.records import Record, read_parquet
from durable.contracts.results import NOT_RECORDED
from durable.derive.endpoints import ENDPOINT_BY_CODE
from durable.language import N_, Text, _
from durable.outputs import OUTPUTS

#: Values of ADSL that change with the cut-off for everybody; they decide numbers of the outputs
#: alone that depend on how long a subject was followed (the last contact, closed windows).
_CUTOFF = {"CUTDT", "CUTDY", "LSTALVDT"}
#: Outputs of which a parameter is an endpoint.
_OF_DURATIONS = ("t_dor", "t_subgroups")
#: Variables of a subject in remission at baseline.
_BASELINE_REMISSION = ("USUBJID", "SUBJID", "BLREMFL")
#: Sequence and row numbers that say where a record stands, not what it says.
_PLACE = {"ASEQ", "SRCSEQ", "AESEQ"}
#: By subject, its records: each the name of the dataset, then ``VARIABLE=value``; sorted.
Rows = dict[str, list[tuple[str, ...]]]
#: Names of statuses beside the durations: the second with the visit behind it.
REMISSION, IMPROVEMENT = N_("Remission"), "Improvement "


@dataclass(frozen=True)
class Status:
    """A status of a subject, shown in the language in force."""

    kind: str
    """In English, with the fields ``{reason}``, ``{date}`` and ``{days}`` where it shows them."""
    reason: str = ""
    """Coded text of the datasets: an event, a reason for censoring, why there is no status."""
    date: str = ""
    """ISO 8601."""
    days: str = ""
    """Value of ADTTE, in days."""

    def __str__(self) -> str:
        reason = vocabulary.translate_coded(self.reason).lower()
        return _(self.kind).format(reason=reason, date=self.date, days=self.days)


#: Of who has none.
NO_STATUS = Status(N_("none"))


def status_label(status: str) -> str:
    """The name of a status (`StatusChange.status`) in the language in force."""
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

    Attributes
    ----------
    tables
        Rows by the path of the dataset below ``adam`` without its ending: ``adsl``.
    adsl
        Row of ADSL by subject; empty where there is no ADSL.
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
        """Status by subject and name of the status; empty without datasets.

        REMISSION of those in the Safety Analysis Set, IMPROVEMENT with each visit (*IMPR* of ADRS),
        and event or censoring by PARAMCD of ADTTE. A subject that a dataset lacks has none.
        """
        statuses: dict[tuple[str, str], Status] = {}
        for subject, row in self.adsl.items():
            if row["SAFFL"] == "Y" and "REMSDT" in row:
                first = Status(N_("in remission from {date}"), date=row["REMSDT"])
                no = Status(N_("not in remission"))
                statuses[subject, REMISSION] = first if row["REMSDT"] else no
        for row in self.tables.get("adrs", []):
            if row["PARAMCD"] == "IMPR":
                words = {"Y": Status(N_("improved")), "N": Status(N_("not improved"))}
                status = words.get(row["AVALC"], Status("{reason}", row["REASON"]))
                statuses[_subject(row), f"{IMPROVEMENT}{row['AVISIT']}"] = status
        for row in self.tables.get("adtte", []):
            statuses[_subject(row), row["PARAMCD"]] = _ending(row)
        return statuses

    def sources(self) -> dict[tuple[str, str], Text]:
        """Input record that decided each event or censoring, by subject and PARAMCD.

        For example ``visits.visit_date row 12``.
        """
        return {
            (_subject(row), row["PARAMCD"]): Text(
                N_("{column} row {row}"),
                column=f"{row['SRCDOM']}.{row['SRCVAR']}",
                row=row["SRCSEQ"],
            )
            for row in self.tables.get("adtte", [])
        }

    def members(self, group_by: str, group: str) -> set[str]:
        """Subjects of a group of the outputs; all of ADSL for a `group_by` that is no group.

        Parameters
        ----------
        group_by
            Name of a group of the plan, or ``total``.
        group
            Value of its variable; NOT_RECORDED: subjects without one.
        """
        column = self._groups.get(group_by)
        value = "" if group == NOT_RECORDED else group
        return {
            subject
            for subject, row in self.adsl.items()
            if column is None or row.get(column, "") == value
        }

    def records(self, output: str, parameter: str) -> Rows:
        """By subject, the records that the numbers of an output are computed from.

        Each is the name of its dataset, then ``VARIABLE=value`` of all but sequence numbers. In
        ``t_dor`` they are those of ADTTE on the parameter, with remission at baseline of ADSL where
        it is counted beside the endpoint; in ``t_improvement`` those of ADRS at the visit; in
        ``t_subgroups`` whichever it is; in all other outputs those of all datasets, without the
        variables that change with the cut-off for everybody, unless the output depends on the last
        contact.
        """
        if output == "t_subgroups" and parameter in self._visits:
            output = "t_improvement"
        if output in (*_OF_DURATIONS, "t_improvement"):
            key, ignored = (output, parameter), _PLACE
        elif _depends_on_last_contact(output):
            key, ignored = ("with last contact", ""), _PLACE
        else:
            key, ignored = ("without last contact", ""), _PLACE | _CUTOFF
        if key not in self._records:
            rows_by_subject: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
            for name, row in self._rows(*key):
                cells = (f"{key}={value}" for key, value in row.items() if key not in ignored)
                rows_by_subject[_subject(row)].append((name, *cells))
            self._records[key] = {
                subject: sorted(rows) for subject, rows in rows_by_subject.items()
            }
        return self._records[key]

    @cached_property
    def _visits(self) -> set[str]:
        """Visits at which improvement is judged."""
        return {row["AVISIT"] for row in self.tables.get("adrs", []) if row["PARAMCD"] == "IMPR"}

    def _rows(self, output: str, parameter: str) -> Iterable[tuple[str, Record]]:
        if output in _OF_DURATIONS:
            named_rows = (("adtte", row) for row in self.tables.get("adtte", []))
            durations = (pair for pair in named_rows if pair[1]["PARAMCD"] == parameter)
            return chain(durations, self._baseline_remissions(output, parameter))
        if output == "t_improvement":
            named_rows = (("adrs", row) for row in self.tables.get("adrs", []))
            if parameter in ("BOTH", "EITHER"):
                return (pair for pair in named_rows if pair[1]["PARAMCD"] == "IMPR")
            rows_of_visit = (pair for pair in named_rows if pair[1]["AVISIT"] == parameter)
            return (
                pair
                for pair in rows_of_visit
                if pair[1]["ANL01FL"] == "Y" or pair[1]["PARAMCD"] == "IMPR"
            )
        return ((name, row) for name, rows in self.tables.items() for row in rows)

    def _baseline_remissions(self, output: str, parameter: str) -> Iterator[tuple[str, Record]]:
        """Those in remission at baseline, where ``t_dor`` counts them beside an endpoint."""
        endpoint = ENDPOINT_BY_CODE.get(parameter)
        if output == "t_dor" and endpoint is not None and endpoint.counts_baseline_remission:
            for row in self.adsl.values():
                if row.get("BLREMFL") == "Y":
                    yield "adsl", {name: row[name] for name in _BASELINE_REMISSION if name in row}


def _depends_on_last_contact(output: str) -> bool:
    """Whether numbers of an output depend on how long a subject was followed; else False."""
    return any(entry.name == output and "LSTALVDT" in entry.load().dates for entry in OUTPUTS)


def is_decided_across_groups(output: str, statistic: str) -> bool:
    """Whether subjects of other groups decide a statistic of a group, too; else False."""
    return any(
        entry.name == output and statistic in entry.load().across_groups for entry in OUTPUTS
    )


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
    """Subjects whose records behind a number (`Datasets.records`) differ between two analyses."""
    old, new = earlier.records(output, parameter), later.records(output, parameter)
    return {subject for subject in {*old, *new} if old.get(subject) != new.get(subject)}
