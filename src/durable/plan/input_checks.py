"""Findings in the section ``inputs`` that take the columns of the tables to see."""

from __future__ import annotations

from durable.contracts.input_table import ColumnSpec
from durable.contracts.tables import INPUT_TABLES
from durable.plan.findings import Finding
from durable.plan.inputs import Inputs
from durable.plan.sdtm_checks import sdtm_findings
from durable.plan.severity import severity_findings
from durable.plan.shape_checks import recorded_unit_findings, table_findings


def input_findings(inputs: Inputs, extra: tuple[ColumnSpec, ...] = ()) -> list[Finding]:
    """Findings in the section ``inputs``: tables, columns, units and places in an SDTM package.

    A required table may be missing, a table may be named twice, and what the plan says of a column
    may not fit it.

    Parameters
    ----------
    inputs
        The section, right in itself.
    extra
        Columns of subjects that the plan declares beside those of any study.
    """
    findings = []
    tables = INPUT_TABLES | {"subjects": INPUT_TABLES["subjects"].with_columns(extra)}
    for name, table in tables.items():
        section = getattr(inputs, name)
        if section is None:
            if table.required and inputs.sdtm is None:
                expected = "a value: the key is required"
                findings.append(Finding(f"inputs.{name}", "nothing", expected))
            continue
        if inputs.sdtm is not None and name in inputs.sdtm.tables:
            twice = "a table that is made from the SDTM package too"
            expected = "one or the other (inputs.sdtm.tables)"
            findings.append(Finding(f"inputs.{name}", twice, expected))
        findings += table_findings(table, section)
        absent = {column for column, foreign in section.columns.items() if foreign is None}
        findings += recorded_unit_findings(f"inputs.{name}.units", name, section.units, absent)
        if section.sql is not None and not inputs.sources:
            expected = "the files that the query reads, by name"
            findings.append(Finding("inputs.sources", "nothing", expected))
    querying = [name for name in INPUT_TABLES if getattr(getattr(inputs, name), "sql", None)]
    if inputs.sources and not querying:
        unread = f"{', '.join(inputs.sources)}, which no query reads"
        findings.append(Finding("inputs.sources", unread, "a table with sql"))
    available = {name: table for name, table in tables.items() if name in inputs.table_names}
    findings += severity_findings(inputs.severity, available)
    return findings + ([] if inputs.sdtm is None else sdtm_findings(inputs.sdtm, tables))
