"""Findings in what the plan says of an SDTM package."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from durable.contracts.input_table import InputTable
from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.plan.findings import Finding, one_of, unknown_names
from durable.plan.inputs import Sdtm
from durable.plan.sdtm import (
    CELLS,
    composite_tables,
    domain_files,
    domains,
    is_findings_domain,
    measures,
    place_expected,
    places,
)
from durable.plan.shape_checks import pattern_findings, recorded_unit_findings, rule_findings

#: Name of a variable.
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,7}")


def sdtm_findings(sdtm: Sdtm, tables: Mapping[str, InputTable] = INPUT_TABLES) -> list[Finding]:
    """Findings in what the plan says of an SDTM package that cannot be, or has no effect."""
    domains_read = sorted({domain for table in sdtm.tables for domain in domains(table, sdtm)})
    names_of_files = [name for domain in domains_read for name in domain_files(domain, sdtm)]
    findings = []
    for key in ("files", "where", "where_not", "sha256", "records"):
        names, path = getattr(sdtm, key), f"inputs.sdtm.{key}"
        known = names_of_files if key in ("sha256", "records") else domains_read
        findings += unknown_names(names, known, path, "a domain that is not read")
    findings += _file_findings(names_of_files, sdtm)
    findings += _condition_findings(domains_read, sdtm)
    for key in ("variables", "values", "units", "partial_dates"):
        for table, names in getattr(sdtm, key).items():
            path = f"inputs.sdtm.{key}.{table}"
            if table not in TABLES:
                findings.append(Finding(path, "an unknown table", one_of(table, TABLES)))
            elif table not in sdtm.tables:
                found = "a table that is not made"
                findings.append(Finding(path, found, f"{table} among inputs.sdtm.tables"))
            elif key == "units":
                known_units = {n: u for n, u in names.items() if not _is_weighed(table, n, u)}
                limits = _limit_units(table, known_units)
                findings += recorded_unit_findings(path, table, known_units | limits)
            else:
                columns = tables[table].names
                unknown = list(unknown_names(names, columns, path, "an unknown column"))
                findings += unknown
                if key == "partial_dates" and not unknown:
                    findings += rule_findings(tables[table], names, path)
                if key == "values" and not unknown:
                    findings += pattern_findings(tables[table], names, path)
    measured = measures(sdtm.tables)
    for key in ("evaluators", "qualifiers"):
        path = f"inputs.sdtm.{key}"
        findings += unknown_names(getattr(sdtm, key), measured, path, "no measure of visits")
    findings += _qualifier_findings(sdtm)
    findings += _infusion_findings(sdtm)
    return findings + _place_findings(sdtm, tables)


def _is_weighed(table: str, column: str, unit: str) -> bool:
    """Whether a unit is one of a dose that is divided by the body weight."""
    names = {one.name for one in CELLS}
    return (table, column) == ("subjects", "cells_per_kg") and unit in names


def _infusion_findings(sdtm: Sdtm) -> Iterator[Finding]:
    """Rules for several infusions, and for doses by weight, that nothing would follow."""
    variables = places("subjects", sdtm)
    dose = variables.get("cells_per_kg", "")
    chosen = [
        name for name, variable in variables.items()
        if variable.startswith("EX.") and _selecting_key(name) == "infusion"
    ]  # fmt: skip
    key = "inputs.sdtm.infusions"
    if sdtm.infusions != "single" and not chosen:
        yield Finding(key, sdtm.infusions, "a column of subjects that is read from EX")
    if sdtm.infusions == "total" and not dose.startswith("EX."):
        yield Finding(key, "total", "cells_per_kg read from EX")
    if (sdtm.infusions == "total") != (sdtm.infusion_days is not None):
        days = f"{sdtm.infusion_days or 'nothing'} with infusions {sdtm.infusions}"
        yield Finding("inputs.sdtm.infusion_days", days, "a number of days with total, only then")
    unit = sdtm.units.get("subjects", {}).get("cells_per_kg", "")
    weighed = _is_weighed("subjects", "cells_per_kg", unit)
    if weighed != (sdtm.weight is not None):
        weight = f"{sdtm.weight or 'nothing'} with doses in {unit or 'cells/kg'}"
        names = " or ".join(one.name for one in CELLS)
        expected = f"a weight with units.subjects.cells_per_kg {names}, only then"
        yield Finding("inputs.sdtm.weight", weight, expected)
    if sdtm.weight is not None and not dose.startswith("EX."):
        yield Finding("inputs.sdtm.weight", sdtm.weight, "cells_per_kg read from EX")
    if sdtm.weight is not None and not is_findings_domain(sdtm.weight):
        yield Finding("inputs.sdtm.weight", sdtm.weight, "DOMAIN.TESTCD such as VS.WEIGHT")


def _selecting_key(column: str) -> str:
    """Key of the plan by which records of the column are selected; '' of a column without."""
    known = INPUT_TABLES["subjects"].by_name.get(column)
    selected = None if known is None else known.sdtm.selected
    return "" if selected is None else selected.key


def _file_findings(names: list[str], sdtm: Sdtm) -> Iterator[Finding]:
    """Files that would bear one name in the manifest, and paths instead of names."""
    for name, number in Counter(names).items():
        if number > 1:
            expected = "names that differ in more than case and suffix"
            yield Finding("inputs.sdtm.files", f"two files of the name {name}", expected)
    for domain, files in sdtm.files.items():
        for file in files:
            if "/" in file or "\\" in file or "." not in file.strip("."):
                expected = "the name of a file in inputs.sdtm.folder, with its suffix"
                yield Finding(f"inputs.sdtm.files.{domain}", repr(file), expected)


def _condition_findings(domains_read: list[str], sdtm: Sdtm) -> Iterator[Finding]:
    """Conditions on variables that no file can have, and those that contradict each other."""
    for key in ("where", "where_not"):
        for domain, conditions in getattr(sdtm, key).items():
            path = f"inputs.sdtm.{key}.{domain}"
            if domain in domains_read and not conditions:
                yield Finding(path, "no condition", "a variable and its texts")
            yield from _variable_findings(conditions, path)
            for variable in conditions if key == "where" else ():
                both = {*conditions[variable]} & {*sdtm.where_not.get(domain, {}).get(variable, ())}
                for text in sorted(both):
                    found = f"{text!r} in where and in where_not"
                    yield Finding(f"{path}.{variable}", found, "one or the other")


def _variable_findings(conditions: Mapping[str, object], path: str) -> Iterator[Finding]:
    for variable in conditions:
        if not VARIABLE.fullmatch(variable):
            expected = "a variable in capitals, such as RSEVAL"
            yield Finding(f"{path}.{variable}", "no variable of SDTM", expected)


def _qualifier_findings(sdtm: Sdtm) -> Iterator[Finding]:
    """Qualifiers of measures that have no test, of other domains, or said in two ways."""
    variables: dict[str, str] = {}
    for table in composite_tables(sdtm.tables):
        variables |= places(table, sdtm)
    for column, conditions in sdtm.qualifiers.items():
        path = f"inputs.sdtm.qualifiers.{column}"
        if not conditions:
            yield Finding(path, "no condition", "a variable and its texts")
        yield from _variable_findings(conditions, path)
        domain = variables.get(column, "").split(".")[0]
        if not domain:
            found = "a column that is read from no test"
            yield Finding(path, found, f"a place in inputs.sdtm.variables.visits.{column}")
            continue
        if f"{domain}TESTCD" in conditions:
            expected = f"the test in inputs.sdtm.variables.visits.{column}"
            yield Finding(f"{path}.{domain}TESTCD", "the variable of the test", expected)
        by_evaluator = {f"{domain}EVAL", f"{domain}EVALID"} & {*conditions} if domain else set()
        if by_evaluator and column in sdtm.evaluators:
            other = f"inputs.sdtm.evaluators.{column}"
            yield Finding(
                f"{path}.{min(by_evaluator)}", f"evaluators here and in {other}", "one of both"
            )


def _limit_units(table: str, units: Mapping[str, str]) -> dict[str, str]:
    """Units of the limits of normal: they are of the same record as the measure."""
    limits = {column.name: column.limit_of for column in INPUT_TABLES[table].columns}
    return {name: units[measure] for name, measure in limits.items() if measure in units}


def _place_findings(sdtm: Sdtm, tables: Mapping[str, InputTable]) -> list[Finding]:
    """Mappings of SDTM variables that nothing would read."""
    findings = []
    for table, variables in sdtm.variables.items():
        if table not in sdtm.tables:
            continue
        for column, variable in variables.items():
            if column not in tables[table].names:
                continue
            expected = place_expected(table, column, variable)
            if expected:
                key = f"inputs.sdtm.variables.{table}.{column}"
                findings.append(Finding(key, repr(variable), expected))
    for table in composite_tables(sdtm.tables):
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
        shared = [
            name
            for name, place in measures.items()
            if place == measures.get(column)
            and (name == column or not _are_distinct(name, column, sdtm))
        ]
        if len(shared) > 1:
            key = f"inputs.sdtm.variables.{table}.{column}"
            found = f"{measures[column]} for {' and '.join(shared)}"
            expected = "a test for each, or inputs.sdtm.qualifiers that tell them apart"
            findings.append(Finding(key, found, expected))
    return findings


def _are_distinct(column: str, other_column: str, sdtm: Sdtm) -> bool:
    """Whether no result can be one of both columns, by a variable in the qualifiers of each."""
    mine, theirs = (sdtm.qualifiers.get(name, {}) for name in (column, other_column))
    return any(not {*mine[name]} & {*theirs[name]} for name in mine.keys() & theirs.keys())
