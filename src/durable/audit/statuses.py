"""Derived statuses of subjects in two or more analyses: what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from durable.audit.records import Record, read_parquet

#: Values of ADSL that change with the cut-off for everybody and decide nothing.
_CUTOFF = {"CUTDT", "CUTDY", "LSTALVDT"}
#: Sequence and row numbers that say where a record stands, not what it says.
_PLACE = {"ASEQ", "SRCSEQ", "AESEQ"}
Rows = dict[str, list[tuple[str, ...]]]


class Datasets:
    """The ADaM datasets of an analysis, by subject."""

    def __init__(self, folder: Path) -> None:
        self.tables = {
            path.relative_to(folder / "adam").with_suffix("").as_posix(): read_parquet(path)
            for path in sorted((folder / "adam").rglob("*.parquet"))
        }
        self.adsl = {_subject(row): row for row in self.tables.get("adsl", [])}
        self._records: dict[tuple[str, str], Rows] = {}

    def statuses(self) -> dict[tuple[str, str], str]:
        """The statuses of each subject: remission, improvement at visits, event or censoring."""
        found: dict[tuple[str, str], str] = {}
        for subject, row in self.adsl.items():
            if row["SAFFL"] == "Y" and "REMSDT" in row:
                first = f"in remission from {row['REMSDT']}"
                found[subject, "Remission"] = first if row["REMSDT"] else "not in remission"
        for row in self.tables.get("adrs", []):
            if row["PARAMCD"] == "IMPR":
                words = {"Y": "improved", "N": "not improved"}
                status = words.get(row["AVALC"], row["REASON"].lower())
                found[_subject(row), f"Improvement {row['AVISIT']}"] = status
        for row in self.tables.get("adtte", []):
            found[_subject(row), row["PARAMCD"]] = _ending(row)
        return found

    def sources(self) -> dict[tuple[str, str], str]:
        """Input record that decided each event or censoring."""
        return {
            (_subject(row), row["PARAMCD"]): f"{row['SRCDOM']}.{row['SRCVAR']} row {row['SRCSEQ']}"
            for row in self.tables.get("adtte", [])
        }

    def members(self, group_by: str, group: str) -> set[str]:
        """Subjects of a group of the outputs."""
        column = {"dose_level": "DOSELVL", "part": "PART", "sex": "SEX"}.get(group_by)
        return {
            subject
            for subject, row in self.adsl.items()
            if column is None or row.get(column) == group
        }

    def records(self, output: str, parameter: str) -> Rows:
        """By subject, what the numbers of an output are computed from."""
        key = (output, parameter) if output in ("t_dor", "t_improvement") else ("", "")
        if key not in self._records:
            found: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
            for name, row in self._rows(*key):
                ignored = _PLACE | (_CUTOFF if key[0] else set())
                cells = (f"{key}={value}" for key, value in row.items() if key not in ignored)
                found[_subject(row)].append((name, *cells))
            self._records[key] = {subject: sorted(rows) for subject, rows in found.items()}
        return self._records[key]

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


def _ending(row: Record) -> str:
    kind = "event" if row["CNSR"] == "0" else "censored"
    return f"{kind}: {row['EVNTDESC'].lower()} {row['ADT']}, {row['AVAL']} days"


def differing(earlier: Datasets, later: Datasets, output: str, parameter: str) -> set[str]:
    """Subjects whose records behind a number differ between two analyses."""
    old, new = earlier.records(output, parameter), later.records(output, parameter)
    return {subject for subject in {*old, *new} if old.get(subject) != new.get(subject)}
