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
    """Tables that are missing, and columns, units and places that there are not.

    Parameters
    ----------
    extra
        Columns of subjects that the plan declares beside those of any study.
    """
    findings = []
    tables = INPUT_TABLES | {"subjects": INPUT_TABLES["subjects"].with_columns(extra)}
    for name, table in tables.items():
        given = getattr(inputs, name)
        if given is None:
            if table.required and inputs.sdtm is None:
                expected = "a value: the key is required"
                findings.append(Finding(f"inputs.{name}", "nothing", expected))
            continue
        if inputs.sdtm is not None and name in inputs.sdtm.tables:
            found = "a table that is made from the SDTM package too"
            expected = "one or the other (inputs.sdtm.tables)"
            findings.append(Finding(f"inputs.{name}", found, expected))
        findings += table_findings(table, given)
        findings += recorded_unit_findings(f"inputs.{name}.units", name, given.units)
        if given.sql is not None and not inputs.sources:
            expected = "the files that the query reads, by name"
            findings.append(Finding("inputs.sources", "nothing", expected))
    querying = [name for name in INPUT_TABLES if getattr(getattr(inputs, name), "sql", None)]
    if inputs.sources and not querying:
        found = f"{', '.join(inputs.sources)}, which no query reads"
        findings.append(Finding("inputs.sources", found, "a table with sql"))
    made = () if inputs.sdtm is None else inputs.sdtm.tables
    there = [name for name in tables if name in made or getattr(inputs, name) is not None]
    findings += severity_findings(inputs.severity, {name: tables[name] for name in there})
    return findings + ([] if inputs.sdtm is None else sdtm_findings(inputs.sdtm, tables))
