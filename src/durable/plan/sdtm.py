"""Where the columns of the input tables are in an SDTM package, by the plan or by default."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

from durable.contracts.input_table import ColumnSpec, InputTable, RecordedUnit
from durable.contracts.tables import INPUT_TABLES
from durable.plan.inputs import Sdtm

#: Domains of interventions, events, relations and special purpose, whose records are no results.
_NO_RESULTS = (
    *("DM", "CO", "SE", "SM", "SV", "AG", "CM", "EC", "EX", "ML", "PR", "SU", "AE", "BE", "CE"),
    *("DS", "DV", "HO", "MH", "TA", "TE", "TI", "TS", "TV", "RELREC"),
)
#: Units of a dose that is divided by the body weight.
CELLS = (
    RecordedUnit("cells", Fraction(1), ("cells", "cell")),
    RecordedUnit("10^6 cells", Fraction(10**6), ("10^6 cells", "10*6 cells", "10^6", "10*6")),
)
#: The evaluator whose results count, beside records without one, where nothing else is said.
_INVESTIGATOR = ("INVESTIGATOR",)


def places(table: str, sdtm: Sdtm) -> dict[str, str]:
    """Place (``DOMAIN.VARIABLE``) of each column of a table that the package records, by column.

    Of a result of an assessment it is ``DOMAIN.TESTCD``.
    """
    usual = {c.name: c.sdtm.place for c in INPUT_TABLES[table].columns if c.sdtm.place}
    by_column = usual | sdtm.variables.get(table, {})
    return {column: place for column, place in by_column.items() if place}


def _column(table: str, name: str) -> ColumnSpec:
    """A column of a table; one that the plan declares may be absent and has no usual place."""
    return INPUT_TABLES[table].by_name.get(name) or ColumnSpec(name, name, absent=True)


def principal_domain(table: str) -> str:
    """Domain whose records are those of the table; '' where it is put together from several."""
    sdtm = INPUT_TABLES[table].sdtm
    return "" if sdtm is None else sdtm.domain


def results(table: InputTable) -> list[str]:
    """Columns of a table put together from findings domains that are results there.

    All but the key and the upper limits of normal.
    """
    fixed = {*table.key, *(column.name for column in table.columns if column.limit_of)}
    return [column.name for column in table.columns if column.name not in fixed]


def composite_tables(tables: Iterable[str]) -> list[str]:
    """Those tables whose records are put together from results of several domains."""
    return [table for table in tables if not principal_domain(table)]


def measures(tables: Iterable[str]) -> list[str]:
    """Columns of the tables that are results, as `results`, of those that are put together."""
    return [column for table in composite_tables(tables) for column in results(INPUT_TABLES[table])]


def tests_read(table: str, domain: str, sdtm: Sdtm | None) -> set[str]:
    """Tests (--TESTCD) of a domain whose results are columns of a table put together from them.

    Empty where the table is not made from an SDTM package.
    """
    if sdtm is None or table not in sdtm.tables:
        return set()
    parts = (place.split(".") for place in places(table, sdtm).values())
    return {code for name, code in parts if name == domain}


def place_expected(table: str, column: str, variable: str) -> str:
    """What a finding expects where a column cannot be read from a variable; '' where it can.

    `variable` is ``DOMAIN.VARIABLE``, of a result ``DOMAIN.TESTCD``; '' where the plan names none.
    """
    if column == "subject_id":
        return "no place: the key of a subject is USUBJID"
    source = _column(table, column).sdtm
    if not variable:
        if source.instead:
            return f"a variable: without one {source.instead} is read"
        needed = _column(table, column).essential and column != "ae_id"
        return "a variable: there is no analysis without it" if needed else ""
    domain = variable.split(".")[0]
    principal = principal_domain(table)
    if not principal:
        return _result_expected(table, column, domain)
    usual = (principal, f"SUPP{principal}")
    if table != "subjects":
        return "" if domain in usual else f"a variable of {' or '.join(usual)}"
    # Domains of a study's own, with one record a subject, begin with X, Y or Z.
    if domain in usual or (len(domain) == 2 and domain[0] in "XYZ"):
        return ""
    if source.selected is not None and source.selected.domain == domain:
        return ""
    known = [*usual, *([] if source.selected is None else [source.selected.domain])]
    return f"a variable of {' or '.join(known)}: which record of another is meant is unknown"


def _result_expected(table: str, column: str, domain: str) -> str:
    """The same, of a column of a table that is put together from results."""
    spec = INPUT_TABLES[table]
    if column in spec.key:
        return f"no place: it is {'--DTC' if column == spec.date else 'VISIT'} of each result"
    if spec.by_name[column].limit_of:
        return "no place: it is --STNRHI of the enzyme's result"
    if not is_findings_domain(domain):
        return "DOMAIN.TESTCD of a findings domain, such as QS, FT, RS or LB"
    return ""


def is_findings_domain(variable: str) -> bool:
    """Whether a domain, or that of a variable, can hold results: LB and ``LB.HGB``, not DM."""
    domain = _domain(variable)
    return not domain.startswith("SUPP") and domain not in _NO_RESULTS


def evaluators(table: str, column: str, sdtm: Sdtm) -> tuple[str, ...]:
    """Evaluators (--EVAL) whose results of a measure count, in capitals."""
    usual = INPUT_TABLES[table].by_name[column].sdtm.evaluators or _INVESTIGATOR
    return tuple(name.strip().upper() for name in sdtm.evaluators.get(column, usual))


def domains(table: str, sdtm: Sdtm) -> list[str]:
    """Domains that a table is made of: the principal one, then the others in alphabetical order."""
    principal = principal_domain(table)
    named = {place.split(".")[0] for place in places(table, sdtm).values()}
    if table == "subjects" and sdtm.weight is not None:
        named.add(_domain(sdtm.weight))
    return [*([principal] if principal else []), *sorted(named - {principal})]


def delivered_domains(table: str, sdtm: Sdtm) -> list[str]:
    """Those of the `domains` of a table that the package must have, or has.

    A domain may be absent, so that its file is looked for, where the plan says nothing of it and
    each of its columns may be absent. Where no domain is left, all are returned.
    """
    named = domains(table, sdtm)
    present = [
        domain
        for domain in named
        if not _can_be_absent(table, domain, sdtm)
        or any(Path(path).exists() for path in domain_files(domain, sdtm).values())
    ]
    return present or named


def _can_be_absent(table: str, domain: str, sdtm: Sdtm) -> bool:
    stated = (sdtm.files, sdtm.sha256, sdtm.records, sdtm.where, sdtm.where_not)
    if domain == principal_domain(table) or any(domain in names for names in stated):
        return False
    if sdtm.weight is not None and domain == _domain(sdtm.weight):
        return False
    columns = [name for name, place in places(table, sdtm).items() if _domain(place) == domain]
    return not any(_is_planned(table, name, sdtm) for name in columns) and all(
        _column(table, name).absent for name in columns
    )


def _is_planned(table: str, column: str, sdtm: Sdtm) -> bool:
    """Whether the plan says something of a column of a table."""
    by_table = (sdtm.variables, sdtm.values, sdtm.units)
    by_measure = (sdtm.qualifiers, sdtm.evaluators)
    return any(column in names.get(table, {}) for names in by_table) or (
        table == "visits" and any(column in names for names in by_measure)
    )


def is_recorded(table: str, column: str, sdtm: Sdtm) -> bool:
    """Whether a package must have a column: it may not be absent, or the plan speaks of it."""
    spec = _column(table, column)
    return not (spec.absent or spec.sdtm.optional) or _is_planned(table, column, sdtm)


def recorded_units(spec: ColumnSpec) -> dict[str, RecordedUnit]:
    """Units in which a package may record a column, by their names in the plan."""
    weighed = CELLS if spec.name == "cells_per_kg" else ()
    return {unit.name: unit for unit in (*spec.units, *weighed)}


def _domain(variable: str) -> str:
    return variable.split(".")[0]


def domain_files(domain: str, sdtm: Sdtm) -> dict[str, str]:
    """Paths of a domain's files by their names: the domain, or those of its parts (QSPH)."""
    suffix = {"xpt": "xpt", "csv": "csv", "dataset-json": "json"}[sdtm.format]
    files = sdtm.files.get(domain, (f"{domain.lower()}.{suffix}",))
    paths = {PurePath(file).stem.upper(): f"{sdtm.folder}/{file}" for file in files}
    return paths if len(files) > 1 else {domain: next(iter(paths.values()))}


def possible_parts(path: str) -> list[str]:
    """Names of the files beside that of a domain that may be its parts, sorted.

    Of ``sdtm/qs.xpt`` those are ``qscg.xpt`` and ``qsph.xpt``: CDISC splits a domain into files
    whose names have one or two signs more.
    """
    domain = Path(path)
    if not domain.parent.is_dir():
        return []
    name = re.compile(f"{re.escape(domain.stem)}[a-z0-9]{{1,2}}", re.IGNORECASE)
    return sorted(
        file.name
        for file in domain.parent.iterdir()
        if file.suffix.lower() == domain.suffix and name.fullmatch(file.stem)
    )


def reduce_to_tables(values: Mapping[str, Any], tables: Iterable[str]) -> dict[str, Any]:
    """The section ``inputs.sdtm`` as plain values, reduced to some of its tables.

    Parameters
    ----------
    values
        The section as plain values, with its defaults.
    tables
        The tables that are still made.
    """
    section = {**values, "tables": list(tables)}
    for key in ("variables", "values", "units", "partial_dates"):
        section[key] = _select_names(values.get(key, {}), section["tables"])
    measured = measures(section["tables"])
    for key in ("evaluators", "qualifiers"):
        section[key] = _select_names(values.get(key, {}), measured)
    sdtm = Sdtm.model_validate(section)
    domains_read = {domain for table in sdtm.tables for domain in domains(table, sdtm)}
    files = {name for domain in domains_read for name in domain_files(domain, sdtm)}
    for key in ("files", "where", "where_not", "sha256", "records"):
        known = files if key in ("sha256", "records") else domains_read
        section[key] = _select_names(values.get(key, {}), known)
    return section


def _select_names(by_name: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    return {name: by_name[name] for name in by_name if name in names}


def selecting_variables(column: str, domain: str, sdtm: Sdtm) -> set[str]:
    """Variables by which the plan says which results of a measure count (where, qualifiers)."""
    selecting = (sdtm.where.get(domain, {}), sdtm.qualifiers.get(column, {}))
    return {variable for conditions in selecting for variable in conditions}
