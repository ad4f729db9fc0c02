"""From an SDTM package to the native tables: domains read as text, columns picked.

The checks then run as on native tables; their findings name the domain's file and record. Which
variable is which column: `contracts.sdtm` and the plan (``inputs.sdtm``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from durable.config.model import ENZYMES, Input, Sdtm
from durable.contracts.columns import NATIVE_COLUMNS
from durable.contracts.sdtm import PRINCIPAL, SPELLINGS, domains, file_of, variables
from durable.intake.findings import Findings, Recorded
from durable.intake.reading import nothing, read_cells

_DATE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})T.*$"
_TIME = r"^[0-9-]{10}T([0-9]{2}:[0-9]{2})(?::00)?$"


@dataclass(frozen=True)
class _Column:
    """Texts of a native column, and the file and record of each; indexed as its table."""

    text: pd.Series[str]
    origin: pd.DataFrame


@dataclass
class Package:
    """The domains of a package, each read once."""

    given: Sdtm
    findings: Findings
    _read: dict[str, tuple[pd.DataFrame | None, str]] = field(default_factory=dict)

    def table(self, name: str) -> tuple[Recorded, dict[str, Any]]:
        """A native table; the SHA-256 of the files it is made of by domain, and one over them."""
        names = domains(name, self.given)
        frames = {domain: self._domain(name, domain) for domain in names}
        files = {domain: self._read[domain][1] for domain in names}
        lines = [f"{digest}  {self.file(domain)}\n" for domain, digest in files.items()]
        whole_digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        digests = {"sha256": whole_digest, "files": files}
        whole = {domain: frame for domain, frame in frames.items() if frame is not None}
        file = ", ".join(self.file(domain) for domain in names)
        if len(whole) < len(names) or not self._has_variables(name, whole):
            return nothing(name, file), digests
        make = _Assessments if name == "visits" else _Records
        return make(name, file, self, whole).recorded(), digests

    def conversions(self, name: str) -> Input:
        """Value maps and units of a table, as those of a native file."""
        units = self.given.units.get(name, {})
        limits = {f"{column}_uln": unit for column, unit in units.items() if column in ENZYMES}
        maps = self.given.values.get(name, {})  # noqa: PD011  (a key of the plan)
        return Input(path="sdtm", format="csv", values=maps, units=units | limits)

    def file(self, domain: str) -> str:
        """Name of a domain's file."""
        return Path(file_of(domain, self.given)).name

    def _domain(self, table: str, domain: str) -> pd.DataFrame | None:
        if domain not in self._read:
            path, given = file_of(domain, self.given), self.given
            source = Input(
                path=path,
                format=given.format,
                encoding=given.encoding,
                sha256=given.sha256.get(domain),
            )
            cells, digest = read_cells(table, source, self.findings)
            frame = None
            if cells is not None:
                names = [name.upper() for name in cells.header]
                frame = cells.text.set_axis(names, axis=1).astype(object)
            self._read[domain] = frame, digest
        return self._read[domain][0]

    def _has_variables(self, table: str, frames: dict[str, pd.DataFrame]) -> bool:
        """Whether each domain has what the table takes from it; all that is missing is told."""
        needed: dict[str, dict[str, str]] = {domain: {"USUBJID": ""} for domain in frames}
        for column, place in variables(table, self.given).items():
            domain, name = place.split(".")
            if domain.startswith("SUPP"):
                needed[domain] |= dict.fromkeys(("IDVAR", "IDVARVAL", "QNAM", "QVAL"), column)
            elif table == "visits":
                needed[domain] |= dict.fromkeys(_of_findings(domain), column)
            else:
                needed[domain][name] = column
        if table == "subjects":
            needed["EX"] |= dict.fromkeys(("EXTRT", "EXSTDTC", "EXDOSE"), "infusion_date")
            needed["DS"] |= dict.fromkeys(("DSDECOD", "DSTERM", "DSSTDTC"), "withdrawal_date")
        missing = False
        for domain, names in needed.items():
            for name, column in names.items():
                if name not in frames[domain]:
                    missing = True
                    message = f"no variable {name}; expected it for {column or 'subject_id'}"
                    file = self.file(domain)
                    self.findings.add_one(table, file, "missing_column", message, column=column)
        return not missing


def _of_findings(domain: str) -> tuple[str, ...]:
    names = ("TESTCD", "STRESC", "DTC", *(("STNRHI", "STRESU") if domain == "LB" else ()))
    return ("VISIT", *(f"{domain}{name}" for name in names))


@dataclass
class _Maker:
    """Makes one native table."""

    table: str
    file: str
    package: Package
    domains: dict[str, pd.DataFrame]

    def _made(self, columns: dict[str, _Column], rows: pd.Series[int]) -> Recorded:
        """The native table of these columns; those not recorded are empty."""
        text = pd.DataFrame(
            {
                name: columns[name].text if name in columns else pd.Series("", index=rows.index)
                for name in NATIVE_COLUMNS[self.table]
            },
            dtype=object,
        )
        origin = {name: columns[name].origin for name in columns}
        first = columns["subject_id"].origin
        origin |= {name: first for name in NATIVE_COLUMNS[self.table] if name not in origin}
        return Recorded(self.table, self.file, text.assign(source_row=rows), origin=origin)

    def _origin(self, domain: str, rows: pd.Index[int], at: pd.Index[int]) -> pd.DataFrame:
        """Records `rows` of a domain as the places of the table's rows `at`."""
        return pd.DataFrame({"file": self.package.file(domain), "row": rows}, index=at)

    def _tell(
        self, domain: str, rows: Iterable[int], column: str, rule: str, message: str, name: str
    ) -> None:
        """The same finding on records of a domain; `name` is the variable whose value is shown."""
        frame = self.domains[domain]
        for row in rows:
            value = str(frame.loc[row, name])
            self.package.findings.add_one(
                self.table,
                self.package.file(domain),
                rule,
                f"{name}: found {value or 'empty'}; expected {message}",
                column=column,
                value=value,
                row=int(row),
            )

    def _check_unit(self, domain: str, filled: pd.DataFrame, variable: str, column: str) -> None:
        """Told where the unit of a value is not the declared one, or ours."""
        units = self.package.given.units.get(self.table, {})
        known = SPELLINGS[column][units.get(column, "")]
        wrong = filled.index[~filled[variable].str.strip().str.casefold().isin(known)]
        expected = f"{' or '.join(known)} (inputs.sdtm.units.{self.table}.{column})"
        self._tell(domain, wrong, column, "other_unit", expected, variable)


class _Records(_Maker):
    """A table with a row for each record of a domain."""

    def recorded(self) -> Recorded:
        """The native table."""
        principal = PRINCIPAL[self.table]
        frame = self.domains[principal]
        index = pd.RangeIndex(len(frame))
        places = variables(self.table, self.package.given) | {"subject_id": f"{principal}.USUBJID"}
        columns = {
            name: self._column(frame.set_axis(index), frame.index, name, place)
            for name, place in places.items()
        }
        if self.table == "subjects":
            columns |= self._treated(columns["subject_id"].text) | self._withdrawn(
                columns["subject_id"].text
            )
            if "AGEU" in frame:
                self._check_unit("DM", frame.loc[frame["AGE"] != ""], "AGEU", "age_years")
        if self.table == "kinetics":
            columns["below_lloq"] = self._below(columns["value"])
            below = columns["below_lloq"].text == "Y"
            columns["value"] = _Column(
                columns["value"].text.mask(below, ""), columns["value"].origin
            )
        return self._made(columns, pd.Series(frame.index.astype("int64"), index=index))

    def _column(self, frame: pd.DataFrame, rows: pd.Index[int], column: str, place: str) -> _Column:
        domain, name = place.split(".")
        own = self._origin(PRINCIPAL[self.table], rows, frame.index)
        if domain == PRINCIPAL[self.table]:
            text = frame[name]
            if column == "sample_time":
                text = text.str.extract(_TIME, expand=False).fillna("")
            elif column.endswith("_date"):
                text = text.str.replace(_DATE, r"\1", regex=True)
            return _Column(text, own)
        other = self.domains[domain]
        if domain.startswith("SUPP"):
            chosen = other.loc[other["QNAM"] == name]
            keys = (
                chosen["USUBJID"] + "\0" + chosen["IDVAR"] + "\0" + chosen["IDVARVAL"].str.strip()
            )
            wanted = [
                frame["USUBJID"] + "\0" + by + "\0" + (frame[by].str.strip() if by else "")
                for by in dict.fromkeys(chosen["IDVAR"])
                if not by or by in frame
            ]
            value = "QVAL"
        else:
            chosen, keys, value = other, other["USUBJID"], name
            wanted = [frame["USUBJID"]]
        if chosen.empty:
            message = f"no record of {place}; expected one where {column} is recorded"
            self.package.findings.add_one(
                self.table, self.package.file(domain), "empty_column", message, column=column
            )
        again = chosen.index[keys.duplicated()]
        self._tell(domain, again, column, "duplicate_record", "one record for it", value)
        once = pd.Series(chosen.index, index=keys).loc[~keys.duplicated().to_numpy()]
        found = pd.Series(float("nan"), index=frame.index)
        for key in wanted:
            found = found.fillna(key.map(once))
        return self._looked_up(domain, found, value, own)

    def _looked_up(
        self, domain: str, found: pd.Series[float], name: str, own: pd.DataFrame
    ) -> _Column:
        """Values of the records `found` of a domain; '' and the own record where there is none."""
        text = found.map(self.domains[domain][name]).fillna("")
        origin = own.copy()
        origin.loc[found.notna(), "file"] = self.package.file(domain)
        origin.loc[found.notna(), "row"] = found.dropna().astype("int64")
        return _Column(text.astype(object), origin)

    def _treated(self, subject: pd.Series[str]) -> dict[str, _Column]:
        given, exposure = self.package.given, self.domains["EX"]
        own = self._origin("DM", self.domains["DM"].index, subject.index)
        infusions = exposure.loc[exposure["EXTRT"].isin(given.infusion)]
        again = infusions.index[infusions.duplicated("USUBJID")]
        self._tell("EX", again, "infusion_date", "duplicate_record", "one infusion", "EXTRT")
        if "EXDOSU" in exposure:
            dosed = infusions.loc[infusions["EXDOSE"] != ""]
            self._check_unit("EX", dosed, "EXDOSU", "cells_per_kg")
        infusion = _first(infusions, subject)
        before = exposure.loc[exposure["EXTRT"].isin(given.lymphodepletion)]
        depletion = _first(before.sort_values("EXSTDTC", kind="stable"), subject)
        columns = {
            "infusion_date": self._looked_up("EX", infusion, "EXSTDTC", own),
            "cells_per_kg": self._looked_up("EX", infusion, "EXDOSE", own),
            "lymphodepletion_date": self._looked_up("EX", depletion, "EXSTDTC", own),
        }
        return {name: _without_time(column, name) for name, column in columns.items()}

    def _withdrawn(self, subject: pd.Series[str]) -> dict[str, _Column]:
        disposition = self.domains["DS"]
        own = self._origin("DM", self.domains["DM"].index, subject.index)
        chosen = disposition.loc[disposition["DSDECOD"].isin(self.package.given.withdrawal)]
        again = chosen.index[chosen.duplicated("USUBJID")]
        self._tell("DS", again, "withdrawal_date", "duplicate_record", "one withdrawal", "DSDECOD")
        found = _first(chosen, subject)
        date = self._looked_up("DS", found, "DSSTDTC", own)
        return {
            "withdrawal_date": _without_time(date, "withdrawal_date"),
            "withdrawal_reason": self._looked_up("DS", found, "DSTERM", own),
        }

    def _below(self, value: _Column) -> _Column:
        result = value.text.str.strip()
        below = result.str.startswith("<") | result.isin(self.package.given.below_lloq)
        text = pd.Series("N", index=result.index, dtype=object).mask(below, "Y")
        return _Column(text.mask(result == "", ""), value.origin)


def _first(chosen: pd.DataFrame, subject: pd.Series[str]) -> pd.Series[float]:
    """First record of each subject among the chosen."""
    once = chosen.drop_duplicates("USUBJID")
    return subject.map(pd.Series(once.index, index=once["USUBJID"])).astype(float)


def _without_time(column: _Column, name: str) -> _Column:
    if not name.endswith("_date"):
        return column
    return _Column(column.text.str.replace(_DATE, r"\1", regex=True), column.origin)


class _Assessments(_Maker):
    """The visits: results of one subject, visit and day from several domains are one assessment."""

    def recorded(self) -> Recorded:
        """The native table; its rows are numbered by subject and date."""
        results = pd.concat([*self._results()], ignore_index=True)
        keys = ["subject_id", "date", "visit"]
        order = results.drop_duplicates(keys).sort_values(keys, kind="stable")
        index = pd.MultiIndex.from_frame(order[keys])
        rows = pd.RangeIndex(len(order))
        number = pd.Series(rows, index=index)
        first = order[["file", "row"]].set_axis(rows)
        columns = {
            native: _Column(order[key].set_axis(rows), first)
            for native, key in (
                ("subject_id", keys[0]),
                ("visit_date", keys[1]),
                ("visit", keys[2]),
            )
        }
        for column, found in results.groupby("column", sort=True):
            again = found.duplicated(keys)
            self._told_twice(str(column), found.loc[again])
            once = found.loc[~again]
            at = number.loc[pd.MultiIndex.from_frame(once[keys])].to_numpy()
            columns |= _measured(str(column), once.set_axis(at), first)
        return self._made(columns, pd.Series(rows + 1, index=rows, dtype="int64"))

    def _told_twice(self, column: str, again: pd.DataFrame) -> None:
        for domain, lines in again.groupby("domain"):
            rows, name = lines["row"].tolist(), f"{domain!s}TESTCD"
            self._tell(str(domain), rows, column, "duplicate_record", "one result a visit", name)

    def _results(self) -> Iterable[pd.DataFrame]:
        """Results of every measure, one row each, with their file and record."""
        for column, place in variables("visits", self.package.given).items():
            domain, code = place.split(".")
            frame = self.domains[domain]
            chosen = frame.loc[frame[f"{domain}TESTCD"] == code]
            value = chosen[f"{domain}STRESC"]
            number = f"{domain}STRESN"
            if number in chosen:
                value = value.mask(value == "", chosen[number])
            chosen, value = chosen.loc[value != ""], value.loc[value != ""]
            limit: str | pd.Series[str] = ""
            if column in ENZYMES and domain == "LB":
                self._check_unit(domain, chosen, "LBSTRESU", column)
                limit = chosen["LBSTNRHI"]
            yield pd.DataFrame(
                {
                    "subject_id": chosen["USUBJID"],
                    "visit": chosen["VISIT"],
                    "date": chosen[f"{domain}DTC"].str.replace(_DATE, r"\1", regex=True),
                    "column": column,
                    "value": value,
                    "limit": limit,
                    "domain": domain,
                    "file": self.package.file(domain),
                    "row": chosen.index,
                }
            )


def _measured(column: str, once: pd.DataFrame, first: pd.DataFrame) -> dict[str, _Column]:
    """A measure, and the limit of an enzyme, from its results; elsewhere empty."""
    places = once[["file", "row"]].reindex(first.index).fillna(first).astype({"row": "int64"})
    pairs = {column: "value"} | ({f"{column}_uln": "limit"} if column in ENZYMES else {})
    return {
        native: _Column(once[key].reindex(first.index, fill_value=""), places)
        for native, key in pairs.items()
    }
