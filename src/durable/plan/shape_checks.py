"""Findings in what the plan says of the columns of a native table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from durable.contracts.input_table import ColumnSpec, InputTable
from durable.contracts.tables import INPUT_TABLES
from durable.plan.findings import Finding, one_of, unknown_names
from durable.plan.source_files import EVERY, Input


def table_findings(table: InputTable, table_input: Input) -> list[Finding]:
    """Findings in what the plan says of the columns of a table; empty where it fits them.

    Where a column is none of the table, the findings on such columns alone.
    """
    path = f"inputs.{table.name}"
    findings = list(_unknown_columns(table, table_input, path))
    if findings:
        return findings
    findings += _null_findings(table, table_input, path)
    findings += _kind_findings(table, table_input, path)
    findings += _unit_findings(table, table_input, path)
    findings += pattern_findings(table, table_input.values, f"{path}.values")
    findings += rule_findings(table, table_input.partial_dates, f"{path}.partial_dates")
    return findings


def rule_findings(table: InputTable, rules: Mapping[str, str], path: str) -> Iterator[Finding]:
    """Findings on rules for dates recorded in part that their columns do not allow.

    Parameters
    ----------
    table
        The table, which has all these columns.
    rules
        Rule by column.
    path
        Key of the rules.
    """
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
    """Findings on patterns of value maps that consist of ``*`` alone and would take every text.

    Parameters
    ----------
    table
        The table, which has all these columns.
    values
        By column, the texts or patterns and what they are read as.
    path
        Key of the value maps.
    """
    for name, texts in values.items():
        for text in texts:
            if table.by_name[name].patterns and text.strip("* ") == "" and "*" in text:
                expected = "a pattern with more than *: it would take every other text"
                yield Finding(f"{path}.{name}", repr(text), expected)


def _unknown_columns(table: InputTable, table_input: Input, path: str) -> Iterator[Finding]:
    numbers = table_input.numbers
    named: dict[str, Iterable[str]] = {
        "columns": table_input.columns,
        "constant": table_input.constant,
        "values": table_input.values,
        "missing": (name for name in table_input.missing if name != EVERY),
        "dates": (name for name in table_input.dates if name != EVERY),
        "partial_dates": table_input.partial_dates,
        "numbers.below": numbers.below,
        "numbers.above": numbers.above,
        "unit_columns": table_input.unit_columns,
    }
    for key, names in named.items():
        yield from unknown_names(names, table.names, f"{path}.{key}", "an unknown column")
    # The unit of its results may be what a file does not say itself.
    known = (*table.names, *table_input.columns_of_units)
    for number, file in enumerate(table_input.files):
        key = f"{path}.files[{number}].constant"
        yield from unknown_names(file.constant, known, key, "an unknown column")
    longs = {f"{path}.long": table_input.long}
    longs |= {f"{path}.join[{n}].long": joined.long for n, joined in enumerate(table_input.join)}
    for key, long in longs.items():
        for test, name in long.tests.items() if long else ():
            if name not in table.names:
                yield Finding(f"{key}.tests.{test}", "an unknown column", one_of(name, table.names))


def _null_findings(table: InputTable, table_input: Input, path: str) -> Iterator[Finding]:
    for name, foreign in table_input.columns.items():
        if foreign is None and table.by_name[name].essential:
            expected = "a column: there is no analysis without it"
            yield Finding(f"{path}.columns.{name}", "nothing (not recorded)", expected)
        if name in table_input.constant:
            conflict = "a column of the file and a constant"
            yield Finding(f"{path}.constant.{name}", conflict, "one or the other")
    for name in table_input.constant_in_files:
        if name in table_input.constant or table_input.columns.get(name, "") is None:
            numbers = [n for n, file in enumerate(table_input.files) if name in file.constant]
            key = f"{path}.files[{numbers[0]}].constant.{name}"
            conflict = "a constant of a file, and one or null of the table"
            yield Finding(key, conflict, "one or the other")


def _kind_findings(table: InputTable, table_input: Input, path: str) -> Iterator[Finding]:
    """Forms of dates and numbers of rows for other columns, and rules for numbers that are none."""
    number = table_input.row_number
    texts = [name for name in _names_of_kind(table, ("text",)) if name != "subject_id"]
    if number is not None and number not in texts:
        yield Finding(f"{path}.row_number", repr(number), one_of(number, texts))
    dated = _names_of_kind(table, ("date", "time"))
    for name in table_input.dates:
        if name not in (*dated, EVERY):
            yield Finding(f"{path}.dates.{name}", "no date", one_of(name, dated))
    numbers = _names_of_kind(table, ("number", "integer"))
    limits = table_input.numbers
    for side, rules in (("below", limits.below), ("above", limits.above)):
        for name, rule in rules.items():
            key = f"{path}.numbers.{side}.{name}"
            if name not in numbers:
                yield Finding(key, "no number", one_of(name, numbers))
            elif rule == "below_lloq" and not (name == "value" and rule in table.names):
                yield Finding(key, rule, "limit, half or missing: it has no such limit")


def _unit_findings(table: InputTable, table_input: Input, path: str) -> Iterator[Finding]:
    with_units = [column.name for column in table.columns if column.unit or column.units]
    for name in table_input.unit_columns:
        key = f"{path}.unit_columns.{name}"
        if name not in with_units:
            yield Finding(key, "a column without units", one_of(name, with_units))
        elif name in table_input.units:
            yield Finding(key, "a unit of the column and of each row", "one or the other")
        elif name in table_input.measurements:
            yield Finding(key, "a measurement of long.tests", f"{path}.long.unit")
    names = _units_of(table.columns)
    for spelling, unit in table_input.unit_names.items():
        if unit not in names:
            key = f"{path}.unit_names.{spelling}"
            yield Finding(key, repr(unit), one_of(unit, names) if names else "no units")


def _units_of(columns: Iterable[ColumnSpec]) -> Mapping[str, None]:
    """Names of all units of some columns, each once."""
    names: dict[str, None] = {}
    for column in columns:
        names |= dict.fromkeys([column.unit] if column.unit else [])
        names |= dict.fromkeys(unit.name for unit in column.units if unit.name)
    return names


def _names_of_kind(table: InputTable, kinds: Iterable[str]) -> list[str]:
    return [column.name for column in table.columns if column.kind in kinds]


def recorded_unit_findings(
    prefix: str, table: str, units: Mapping[str, str], absent: Collection[str] = ()
) -> list[Finding]:
    """Findings on units of columns without units, unknown units, and limits in another unit.

    Parameters
    ----------
    prefix
        Key of the units.
    table
        Name of the table.
    units
        Unit in which the study records a column, by column.
    absent
        Columns that the study does not record: a limit of normal or its measure may stand alone.
    """
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
        if not column.limit_of or not {column.name, column.limit_of}.isdisjoint(absent):
            continue
        if units.get(column.name) != units.get(column.limit_of):
            found = f"{column.limit_of} and {column.name} in different units"
            findings.append(Finding(prefix, found, "one unit for both"))
    return findings
