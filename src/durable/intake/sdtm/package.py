"""From an SDTM package to the native tables: domains read as text, columns picked.

The checks then run as on native tables; their findings name the domain's file and record. Which
variable is which column: the objects of the tables and the plan (``inputs.sdtm``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.input_table import named_object
from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Findings, Recorded
from durable.intake.needs import Needs, always_needed
from durable.intake.reading import open_file, read_cells, unreadable_table
from durable.intake.sdtm.domain import Domain, strip_texts
from durable.intake.sdtm.selecting import Selecting
from durable.intake.sdtm.variables import with_variables
from durable.intake.sources import file_provenance
from durable.language import _
from durable.plan import Input, Sdtm
from durable.plan.limits import Limits
from durable.plan.sdtm import (
    delivered_domains,
    domain_files,
    is_recorded,
    places,
    possible_parts,
    principal_domain,
)


@dataclass(frozen=True)
class _ReadDomain:
    """A domain and its files as read."""

    domain: Domain | None
    """None where a file is no table, or a variable of a condition is absent."""
    sha256: dict[str, str]
    """SHA-256 by the names of its files in the manifest, as `records` and `names`."""
    records: dict[str, int]
    names: dict[str, str]
    """File names, by those that the files have in the manifest."""


@dataclass
class Package:
    """The domains of a package, each read once."""

    sdtm: Sdtm
    findings: Findings
    limits: Limits
    needs: Needs = field(default_factory=always_needed)
    """Columns that the definitions in force need."""
    _read: dict[str, _ReadDomain] = field(default_factory=dict)
    _readings: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    def table(self, name: str) -> tuple[Recorded, dict[str, Any]]:
        """A native table, and what ``checked/sources.json`` says of its files.

        Returns
        -------
        Recorded, dict
            The table is not ``readable`` where a domain or a variable that it needs is absent
            (reported). The dict is that of `file_provenance`, with the names of domains or their
            parts; ``declared`` in it lists, where there are some, the choices of the plan in words.
        """
        names = delivered_domains(name, self.sdtm)
        read_domains = {domain: self._domain(name, domain) for domain in names}
        declared = [*_counts(read_domains), *(_dose_rules(self.sdtm) if name == "subjects" else [])]
        provenance = _provenance(read_domains) | ({"declared": declared} if declared else {})
        domains = {name: one.domain for name, one in read_domains.items() if one.domain is not None}
        file = ", ".join(name for one in read_domains.values() for name in one.names.values())
        placed = None if len(domains) < len(names) else self._column_places(name, domains)
        if placed is None:
            return unreadable_table(name, file), provenance
        spec = INPUT_TABLES[name].sdtm
        assert spec is not None  # noqa: S101  (the plan takes no other table)
        maker = named_object(spec.maker)
        extra = self.needs.extra.get(name, ())
        table_maker = maker(name, file, self.sdtm, self.findings, domains, placed, extra=extra)
        recorded = table_maker.make_table()
        self._readings[name] = table_maker.readings
        return with_variables(recorded, placed, domains), provenance

    def conversions(self, name: str) -> Input:
        """Value maps, units and rules for partial dates of a table, as those of a native file.

        To be called after `table`: the sums of doses and the doses by body weight that it read are
        among the value maps.
        """
        columns = INPUT_TABLES[name].columns
        units = self.sdtm.units.get(name, {})
        # A dose by body weight has been read in the unit of the table.
        if self.sdtm.weight is not None:
            units = {column: unit for column, unit in units.items() if column != "cells_per_kg"}
        limits = {c.name: units[c.limit_of] for c in columns if c.limit_of in units}
        stated = self.sdtm.values.get(name, {})  # noqa: PD011  (a key of the plan)
        readings = self._readings.get(name, {})
        maps = {n: {**stated.get(n, {}), **readings.get(n, {})} for n in {**stated, **readings}}
        in_part = self.sdtm.partial_dates.get(name, {})
        return Input(
            path="sdtm", format="csv", values=maps, units=units | limits, partial_dates=in_part
        )

    def _domain(self, table: str, name: str) -> _ReadDomain:
        if name not in self._read:
            self._read[name] = self._read_domain(table, name)
        return self._read[name]

    def _read_domain(self, table: str, name: str) -> _ReadDomain:
        paths = domain_files(name, self.sdtm)
        parts = {part: self._file(table, part, path) for part, path in paths.items()}
        files = {part: Path(path).name for part, path in paths.items()}
        frames = {files[part]: frame for part, (frame, _, _) in parts.items() if frame is not None}
        domain = Domain.from_files(frames) if len(frames) == len(parts) else None
        if domain is not None:
            selecting = Selecting(table, name, self.sdtm, self.findings)
            domain = selecting.select(domain, self._strangers(table, name))
        return _ReadDomain(
            domain,
            {part: digest for part, (_, digest, _) in parts.items()},
            {part: records for part, (_, _, records) in parts.items()},
            files,
        )

    def _file(self, table: str, part: str, path: str) -> tuple[pd.DataFrame | None, str, int]:
        """A file as text, None where it could not be read; its SHA-256 and number of records."""
        sdtm = self.sdtm
        source = Input(
            path=path,
            format=sdtm.format,
            encoding=sdtm.encoding,
            sha256=sdtm.sha256.get(part),
            records=sdtm.records.get(part),
        )
        file = open_file(table, source, self.findings, self.limits, part)
        cells = None if file is None else read_cells(file, source)
        frame = None
        if cells is not None:
            names = [name.upper() for name in cells.header]
            frame = cells.text.set_axis(names, axis=1).astype(object)
        records = 0 if cells is None else cells.records
        return frame, "" if file is None else file.sha256, records

    def _strangers(self, table: str, name: str) -> frozenset[str]:
        """Subjects that the plan leaves out of DM."""
        if name == "DM" or not (self.sdtm.where.get("DM") or self.sdtm.where_not.get("DM")):
            return frozenset()
        known = self._domain(table, "DM").domain
        if known is None or "USUBJID" not in known.frame:
            return frozenset()
        everybody, some = (
            set(strip_texts(frame["USUBJID"])) for frame in (known.all_records, known.frame)
        )
        return frozenset(everybody - some)

    def _column_places(self, table: str, domains: Mapping[str, Domain]) -> dict[str, str] | None:
        """Place of each column that the package has; None (reported) where there is no table.

        A variable may lack where nothing needs its column and the plan does not speak of it.
        """
        sound = True
        placed = {}
        for column, source in places(table, self.sdtm).items():
            domain, variable = source.split(".")
            if domain not in domains:
                continue
            value = "" if self._names_value(table, domain) else variable
            lacking = [
                name
                for name in (*self._structure(table, column, domain), *([value] if value else []))
                if name not in domains[domain].frame
            ]
            if not lacking:
                placed[column] = source
            elif lacking != [value] or is_recorded(table, column, self.sdtm):
                sound = False
                self._report_variables(table, column, domains[domain], lacking)
        principal = domains.get(principal_domain(table))
        if principal is not None and "USUBJID" not in principal.frame:
            self._report_variables(table, "subject_id", principal, ["USUBJID"])
            return None
        if table == "adverse_events" and "ae_id" not in placed and principal is not None:
            # AESEQ identifies an event without AESPID.
            lacking = [] if "AESEQ" in principal.frame else ["AESPID"]
            self._report_variables(table, "ae_id", principal, lacking)
            sound &= not lacking
        sound &= self._has_weight(table, domains)
        self._report_needed(table, placed, domains)
        return placed if sound else None

    def _has_weight(self, table: str, domains: Mapping[str, Domain]) -> bool:
        """Whether there are the variables of the body weight, where it is needed; else reported."""
        if table != "subjects" or self.sdtm.weight is None:
            return True
        name = self.sdtm.weight.split(".")[0]
        frame = domains[name].frame
        wanted = ("USUBJID", *(f"{name}{end}" for end in ("TESTCD", "STRESC", "STRESU", "DTC")))
        lacking = [variable for variable in wanted if variable not in frame]
        self._report_variables(table, "cells_per_kg", domains[name], lacking)
        return not lacking

    def _names_value(self, table: str, domain: str) -> bool:
        """Whether a place names a value of QNAM or --TESTCD, and no variable."""
        return domain.startswith("SUPP") or not principal_domain(table)

    def _structure(self, table: str, column: str, domain: str) -> tuple[str, ...]:
        """Variables without which the records of a column cannot be told."""
        if domain.startswith("SUPP"):
            return ("USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QVAL")
        spec = INPUT_TABLES[table].with_columns(self.needs.extra.get(table, ()))
        if not principal_domain(table):
            limited = column in {one.limit_of for one in spec.columns}
            names = ("TESTCD", "STRESC", "DTC", *(("STNRHI", "STRESU") if limited else ()))
            qualifiers = self.sdtm.qualifiers.get(column, {})
            return ("USUBJID", "VISIT", *(f"{domain}{name}" for name in names), *qualifiers)
        selected = spec.by_name[column].sdtm.selected
        if selected is None or selected.domain != domain:
            return ("USUBJID",)
        dated = selected.key == "infusion" and self.sdtm.infusions != "single"
        dosed = column == "cells_per_kg"
        more = [*(["EXSTDTC"] if dated else []), *(["EXDOSU"] if dosed else [])]
        return ("USUBJID", selected.variable, *more)

    def _report_variables(
        self, table: str, column: str, domain: Domain, variables: list[str]
    ) -> None:
        shown = "" if column == "subject_id" else column
        for variable in variables:
            message = _("no variable {variable}; expected it for {column}").format(
                variable=variable, column=column
            )
            self._report_missing(table, domain.file, message, shown)

    def _report_missing(self, table: str, file: str, message: str, column: str) -> None:
        self.findings.add_about_file(table, file, "missing_column", message, column=column)

    def _report_needed(
        self, table: str, placed: Mapping[str, str], domains: Mapping[str, Domain]
    ) -> None:
        """Report columns that a definition needs and the package does not have."""
        spec = INPUT_TABLES[table]
        limits = {c.name for c in spec.columns if c.limit_of in placed}
        usual = places(table, self.sdtm)
        files = ", ".join(domain.file for domain in domains.values())
        for column, why in self.needs.missing(table, {*placed, *limits}).items():
            if not why or (column in usual and is_recorded(table, column, self.sdtm)):
                continue
            key = f"inputs.sdtm.variables.{table}.{column}"
            source = usual.get(column, "")
            message = _("not recorded ({key}); expected it for {column}, needed by {why}")
            names = ""
            if source:
                message = _("no {place} ({key}); expected it for {column}, needed by {why}")
            if source and source.split(".")[0] not in domains:
                domain = source.split(".")[0]
                paths = domain_files(domain, self.sdtm).values()
                names = ", ".join(Path(path).name for path in paths)
                message = _(
                    "no file {files} with {place}; expected it for {column}, needed by {why}"
                )
                parts = [part for path in paths for part in possible_parts(path)]
                if parts:
                    key = f"inputs.sdtm.files.{domain}: [{', '.join(parts)}]"
                    message = _(
                        "no file {files} with {place}; expected it for {column}, needed by {why},"
                        " or the parts of the domain ({key})"
                    )
            message = message.format(place=source, key=key, files=names, column=column, why=why)
            self._report_missing(table, files, message, column)


def _dose_rules(sdtm: Sdtm) -> list[str]:
    """What counts of several infusions, and by what a dose is divided, in words."""
    lines = {
        "single": [],
        "first": [_("of several infusions the first counts, with its dose")],
        "total": [
            _(
                "infusions up to {days} day(s) after the first are one, with its date"
                " and the sum of their doses"
            ).format(days=sdtm.infusion_days)
        ],
    }[sdtm.infusions]
    if sdtm.weight is not None:
        lines.append(
            _("cells per kg by the last {weight} up to the day of infusion").format(
                weight=sdtm.weight
            )
        )
    return lines


def _counts(read_domains: Mapping[str, _ReadDomain]) -> list[str]:
    """How many records count of each domain of which the plan leaves some out, in words."""
    domains = {name: one.domain for name, one in read_domains.items() if one.domain is not None}
    return [
        _("{number} of {all} records of {domain} count").format(
            number=len(domain.frame), all=len(domain.all_records), domain=name
        )
        for name, domain in domains.items()
        if len(domain.frame) < len(domain.all_records)
    ]


def _provenance(read_domains: Mapping[str, _ReadDomain]) -> dict[str, Any]:
    """Digests, names and numbers of records of the files of a table."""
    files, names, records = (
        {name: value for one in read_domains.values() for name, value in getattr(one, key).items()}
        for key in ("sha256", "names", "records")
    )
    return file_provenance(files, names, records)
