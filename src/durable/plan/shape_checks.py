"""Findings in what the plan says of the columns of a native table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from durable.contracts.input_table import ColumnSpec, InputTable
from durable.contracts.tables import INPUT_TABLES
from durable.plan.findings import Finding, one_of, unknown_names
from durable.plan.source_files import EVERY, Input


def table_findings(table: InputTable, given: Input) -> list[Finding]:
    """Columns that the table does not have, or that cannot be as the plan says."""
    path = f"inputs.{table.name}"
    findings = list(_unknown_columns(table, given, path))
    if findings:
        return findings
    findings += _null_findings(table, given, path)
    findings += _kind_findings(table, given, path)
    findings += _unit_findings(table, given, path)
    findings += pattern_findings(table, given.values, f"{path}.values")
    findings += rule_findings(table, given.partial_dates, f"{path}.partial_dates")
    return findings


def rule_findings(table: InputTable, rules: Mapping[str, str], path: str) -> Iterator[Finding]:
    """Rules for dates recorded in part that the column does not allow."""
    for name, rule in rules.items():
        allowed = table.by_name[name].partial_rules
        if not allowed:
            names = [column.name for column in table.columns if column.partial_rules]
            expected = f"a date that may have a rule: {', '.join(names) or 'the table has none'}"
            yield Finding(f"{path}.{name}", repr(rule), expected)
        elif rule not in allowed:
            yield Finding(f"{path}.{name}", repr(rule), one_of(rule, allowed))


def pattern_findings(
    table: InputTable, values: Mapping[str, Mapping[str, str]], path: str
) -> Iterator[Finding]:
    """Patterns of value maps that would take any text whatever."""
    for name, texts in values.items():
        for text in texts:
            if table.by_name[name].patterns and text.strip("* ") == "" and "*" in text:
                expected = "a pattern with more than *: it would take every other text"
                yield Finding(f"{path}.{name}", repr(text), expected)


def _unknown_columns(table: InputTable, given: Input, path: str) -> Iterator[Finding]:
    numbers = given.numbers
    named: dict[str, Iterable[str]] = {
        "columns": given.columns,
        "constant": given.constant,
        "values": given.values,
        "missing": (name for name in given.missing if name != EVERY),
        "dates": (name for name in given.dates if name != EVERY),
        "partial_dates": given.partial_dates,
        "numbers.below": numbers.below,
        "numbers.above": numbers.above,
        "unit_columns": given.unit_columns,
    }
    named |= {f"files[{n}].constant": file.constant for n, file in enumerate(given.files)}
    for key, names in named.items():
        yield from unknown_names(names, table.names, f"{path}.{key}", "an unknown column")
    longs = {f"{path}.long": given.long}
    longs |= {f"{path}.join[{n}].long": joined.long for n, joined in enumerate(given.join)}
    for place, long in longs.items():
        for test, name in long.tests.items() if long else ():
            if name not in table.names:
                yield Finding(
                    f"{place}.tests.{test}", "an unknown column", one_of(name, table.names)
                )


def _null_findings(table: InputTable, given: Input, path: str) -> Iterator[Finding]:
    for name, foreign in given.columns.items():
        if foreign is None and table.by_name[name].essential:
            found = "nothing (not recorded)"
            expected = "a column: there is no analysis without it"
            yield Finding(f"{path}.columns.{name}", found, expected)
        if name in given.constant:
            found = "a column of the file and a constant"
            yield Finding(f"{path}.constant.{name}", found, "one or the other")
    for name in given.constant_in_files:
        if name in given.constant or given.columns.get(name, "") is None:
            numbers = [n for n, file in enumerate(given.files) if name in file.constant]
            found = "a constant of a file, and one or null of the table"
            yield Finding(f"{path}.files[{numbers[0]}].constant.{name}", found, "one or the other")


def _kind_findings(table: InputTable, given: Input, path: str) -> Iterator[Finding]:
    """Forms of dates and numbers of rows for other columns, and rules for numbers that are none."""
    number = given.row_number
    texts = [name for name in _of_kind(table, ("text",)) if name != "subject_id"]
    if number is not None and number not in texts:
        yield Finding(f"{path}.row_number", repr(number), one_of(number, texts))
    dated = _of_kind(table, ("date", "time"))
    for name in given.dates:
        if name not in (*dated, EVERY):
            yield Finding(f"{path}.dates.{name}", "no date", one_of(name, dated))
    numbers = _of_kind(table, ("number", "integer"))
    for key, rules in (("below", given.numbers.below), ("above", given.numbers.above)):
        for name, rule in rules.items():
            place = f"{path}.numbers.{key}.{name}"
            if name not in numbers:
                yield Finding(place, "no number", one_of(name, numbers))
            elif rule == "below_lloq" and not (name == "value" and rule in table.names):
                yield Finding(place, rule, "limit, half or missing: it has no such limit")


def _unit_findings(table: InputTable, given: Input, path: str) -> Iterator[Finding]:
    with_units = [column.name for column in table.columns if column.unit or column.units]
    for name in given.unit_columns:
        place = f"{path}.unit_columns.{name}"
        if name not in with_units:
            yield Finding(place, "a column without units", one_of(name, with_units))
        elif name in given.units:
            yield Finding(place, "a unit of the column and of each row", "one or the other")
        elif name in given.measurements:
            yield Finding(place, "a measurement of long.tests", f"{path}.long.unit")
    names = _units_of(table.columns)
    for spelling, unit in given.unit_names.items():
        if unit not in names:
            key = f"{path}.unit_names.{spelling}"
            yield Finding(key, repr(unit), one_of(unit, names) if names else "no units")


def _units_of(columns: Iterable[ColumnSpec]) -> Mapping[str, None]:
    """Names of all units of some columns, each once."""
    found: dict[str, None] = {}
    for column in columns:
        found |= dict.fromkeys([column.unit] if column.unit else [])
        found |= dict.fromkeys(unit.name for unit in column.units if unit.name)
    return found


def _of_kind(table: InputTable, kinds: Iterable[str]) -> list[str]:
    return [column.name for column in table.columns if column.kind in kinds]


def recorded_unit_findings(prefix: str, table: str, units: Mapping[str, str]) -> list[Finding]:
    """Units of columns that have none, units that are not known, and limits in another unit."""
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
