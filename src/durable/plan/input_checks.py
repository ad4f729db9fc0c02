"""Findings in the section ``inputs`` that take the columns of the tables to see."""

from __future__ import annotations

from collections.abc import Mapping

from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.plan.findings import Finding, one_of, unknown_names
from durable.plan.inputs import Inputs, Sdtm
from durable.plan.sdtm import domains, place_expected, places, principal_domain, results
from durable.plan.shape_checks import pattern_findings, table_findings


def input_findings(inputs: Inputs) -> list[Finding]:
    """Tables that are missing, and columns, units and places that there are not."""
    findings = []
    for name, table in INPUT_TABLES.items():
        given = getattr(inputs, name)
        if given is None:
            if table.required and inputs.sdtm is None:
                expected = "a value: the key is required"
                findings.append(Finding(f"inputs.{name}", "nothing", expected))
            continue
        if inputs.sdtm is not None:
            found = "a table beside an SDTM package"
            findings.append(Finding(f"inputs.{name}", found, "one or the other"))
        findings += table_findings(table, given)
        findings += _unit_findings(f"inputs.{name}.units", name, given.units)
        if given.sql is not None and not inputs.sources:
            expected = "the files that the query reads, by name"
            findings.append(Finding("inputs.sources", "nothing", expected))
    querying = [name for name in INPUT_TABLES if getattr(getattr(inputs, name), "sql", None)]
    if inputs.sources and not querying:
        found = f"{', '.join(inputs.sources)}, which no query reads"
        findings.append(Finding("inputs.sources", found, "a table with sql"))
    return findings + ([] if inputs.sdtm is None else _sdtm_findings(inputs.sdtm))


def _sdtm_findings(sdtm: Sdtm) -> list[Finding]:
    read = sorted({domain for table in sdtm.tables for domain in domains(table, sdtm)})
    findings = []
    for key in ("sha256", "records"):
        names, path = getattr(sdtm, key), f"inputs.sdtm.{key}"
        findings += unknown_names(names, read, path, "a domain that is not read")
    for key in ("variables", "values", "units"):
        for table, names in getattr(sdtm, key).items():
            path = f"inputs.sdtm.{key}.{table}"
            if table not in TABLES:
                findings.append(Finding(path, "an unknown table", one_of(table, TABLES)))
            elif table not in sdtm.tables:
                found = "a table that is not made"
                findings.append(Finding(path, found, f"{table} among inputs.sdtm.tables"))
            elif key == "units":
                findings += _unit_findings(path, table, names | _limit_units(table, names))
            else:
                known = INPUT_TABLES[table].names
                unknown = list(unknown_names(names, known, path, "an unknown column"))
                findings += unknown
                if key == "values" and not unknown:
                    findings += pattern_findings(INPUT_TABLES[table], names, path)
    measures = [column for table in _put_together(sdtm) for column in results(INPUT_TABLES[table])]
    path = "inputs.sdtm.evaluators"
    findings += unknown_names(sdtm.evaluators, measures, path, "no measure of visits")
    return findings + _place_findings(sdtm)


def _put_together(sdtm: Sdtm) -> list[str]:
    """Tables whose records are put together from results of several domains."""
    return [table for table in sdtm.tables if not principal_domain(table)]


def _limit_units(table: str, units: Mapping[str, str]) -> dict[str, str]:
    """Units of the limits of normal: they are of the same record as the measure."""
    limits = {column.name: column.limit_of for column in INPUT_TABLES[table].columns}
    return {name: units[of] for name, of in limits.items() if of in units}


def _place_findings(sdtm: Sdtm) -> list[Finding]:
    """Mappings of SDTM variables that nothing would read."""
    findings = []
    for table, given in sdtm.variables.items():
        if table not in sdtm.tables:
            continue
        for column, place in given.items():
            if column not in INPUT_TABLES[table].names:
                continue
            expected = place_expected(table, column, place)
            if expected:
                key = f"inputs.sdtm.variables.{table}.{column}"
                findings.append(Finding(key, repr(place), expected))
    for table in _put_together(sdtm):
        findings += _test_findings(table, sdtm)
    return findings


def _test_findings(table: str, sdtm: Sdtm) -> list[Finding]:
    """A table without any measure, and two measures from one test."""
    findings = []
    measures = places(table, sdtm)
    if not measures:
        key = f"inputs.sdtm.variables.{table}"
        findings.append(Finding(key, "no measure", "a place for at least one"))
    for column in sdtm.variables.get(table, {}):
        shared = [n for n, place in measures.items() if place == measures.get(column)]
        if len(shared) > 1:
            key = f"inputs.sdtm.variables.{table}.{column}"
            found = f"{measures[column]} for {' and '.join(shared)}"
            findings.append(Finding(key, found, "a test for each"))
    return findings


def _unit_findings(prefix: str, table: str, units: Mapping[str, str]) -> list[Finding]:
    findings = []
    columns = INPUT_TABLES[table].columns
    known = {column.name: column.factors for column in columns if column.factors}
    for name, unit in units.items():
        key = f"{prefix}.{name}"
        if name not in known:
            expected = one_of(name, known) if known else "no units: none are known of this table"
            findings.append(Finding(key, "a column without units", expected))
        elif unit not in known[name]:
            findings.append(Finding(key, repr(unit), one_of(unit, known[name])))
    for column in columns:
        if column.limit_of and units.get(column.name) != units.get(column.limit_of):
            found = f"{column.limit_of} and {column.name} in different units"
            findings.append(Finding(prefix, found, "one unit for both"))
    return findings
