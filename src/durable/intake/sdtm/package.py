"""From an SDTM package to the native tables: domains read as text, columns picked.

The checks then run as on native tables; their findings name the domain's file and record. Which
variable is which column: the objects of the tables and the plan (``inputs.sdtm``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.input_table import named_object
from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Findings, Recorded
from durable.intake.reading import open_file, read_cells, unreadable_table
from durable.plan import Input, Sdtm
from durable.plan.limits import Limits
from durable.plan.sdtm import domain_path, domains, places, principal_domain


@dataclass(frozen=True)
class _Domain:
    """A file of the package as text; None where it could not be read."""

    frame: pd.DataFrame | None
    sha256: str
    records: int


@dataclass
class Package:
    """The domains of a package, each read once."""

    sdtm: Sdtm
    findings: Findings
    limits: Limits
    _read: dict[str, _Domain] = field(default_factory=dict)

    def table(self, name: str) -> tuple[Recorded, dict[str, Any]]:
        """A native table; SHA-256 and number of records of its files by domain, and one SHA-256."""
        names = domains(name, self.sdtm)
        frames = {domain: self._domain(name, domain) for domain in names}
        files = {domain: self._read[domain].sha256 for domain in names}
        records = {domain: self._read[domain].records for domain in names}
        lines = [f"{digest}  {self.file(domain)}\n" for domain, digest in files.items()]
        whole_digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        names_of_files = {domain: self.file(domain) for domain in names}
        digests = {
            "sha256": whole_digest,
            "files": files,
            "names": names_of_files,
            "records": records,
        }
        whole = {domain: frame for domain, frame in frames.items() if frame is not None}
        file = ", ".join(self.file(domain) for domain in names)
        if len(whole) < len(names) or not self._has_variables(name, whole):
            return unreadable_table(name, file), digests
        spec = INPUT_TABLES[name].sdtm
        assert spec is not None  # noqa: S101  (the plan takes no other table)
        maker = named_object(spec.maker)
        return maker(name, file, self.sdtm, self.findings, whole).make_table(), digests

    def conversions(self, name: str) -> Input:
        """Value maps and units of a table, as those of a native file."""
        units = self.sdtm.units.get(name, {})
        columns = INPUT_TABLES[name].columns
        limits = {c.name: units[c.limit_of] for c in columns if c.limit_of in units}
        maps = self.sdtm.values.get(name, {})  # noqa: PD011  (a key of the plan)
        return Input(path="sdtm", format="csv", values=maps, units=units | limits)

    def file(self, domain: str) -> str:
        """Name of a domain's file."""
        return Path(domain_path(domain, self.sdtm)).name

    def _domain(self, table: str, domain: str) -> pd.DataFrame | None:
        if domain not in self._read:
            sdtm = self.sdtm
            source = Input(
                path=domain_path(domain, sdtm),
                format=sdtm.format,
                encoding=sdtm.encoding,
                sha256=sdtm.sha256.get(domain),
                records=sdtm.records.get(domain),
            )
            file = open_file(table, source, self.findings, self.limits, domain)
            cells = None if file is None else read_cells(file, source)
            frame = None
            if cells is not None:
                names = [name.upper() for name in cells.header]
                frame = cells.text.set_axis(names, axis=1).astype(object)
            self._read[domain] = _Domain(
                frame, "" if file is None else file.sha256, 0 if cells is None else cells.records
            )
        return self._read[domain].frame

    def _has_variables(self, table: str, frames: dict[str, pd.DataFrame]) -> bool:
        """Whether each domain has what the table takes from it; all that is missing is reported."""
        missing = False
        for domain, names in self._needed(table, frames).items():
            for name, column in names.items():
                if name not in frames[domain]:
                    missing = True
                    message = f"no variable {name}; expected it for {column or 'subject_id'}"
                    file = self.file(domain)
                    self.findings.add_about_file(
                        table, file, "missing_column", message, column=column
                    )
        return not missing

    def _needed(self, table: str, frames: dict[str, pd.DataFrame]) -> dict[str, dict[str, str]]:
        """Variables that a table takes from each domain, and the column that each is for."""
        needed: dict[str, dict[str, str]] = {domain: {"USUBJID": ""} for domain in frames}
        stated = self.sdtm.variables.get(table, {})
        spec = INPUT_TABLES[table]
        limited = {column.limit_of for column in spec.columns}
        for column, place in places(table, self.sdtm).items():
            domain, name = place.split(".")
            source = spec.by_name[column].sdtm
            if domain.startswith("SUPP"):
                needed[domain] |= dict.fromkeys(("IDVAR", "IDVARVAL", "QNAM", "QVAL"), column)
            elif not principal_domain(table):
                names = _result_variables(domain, limited=column in limited)
                needed[domain] |= dict.fromkeys(names, column)
            elif source.optional and column not in stated:
                continue
            else:
                needed[domain][name] = column
                if source.selected is not None and source.selected.domain == domain:
                    needed[domain][source.selected.variable] = column
        if table == "adverse_events" and "ae_id" not in stated and "AESEQ" not in frames["AE"]:
            needed["AE"]["AESPID"] = "ae_id"
        return needed


def _result_variables(domain: str, *, limited: bool) -> tuple[str, ...]:
    """Variables of a result; of a measure with a limit of normal that limit and the unit too."""
    names = ("TESTCD", "STRESC", "DTC", *(("STNRHI", "STRESU") if limited else ()))
    return ("VISIT", *(f"{domain}{name}" for name in names))
