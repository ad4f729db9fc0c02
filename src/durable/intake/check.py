"""Stage ``check``: read the input tables, check them, and list every finding at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.input_table import PartialRule, named_object
from durable.contracts.tables import INPUT_TABLES
from durable.files import write_csv, write_text
from durable.intake.checks import check_records
from durable.intake.checksums import report_replaced, verify
from durable.intake.conversion import convert
from durable.intake.earlier_listing import EarlierListing, read_earlier
from durable.intake.findings import Findings, Recorded
from durable.intake.imputation import impute_dates
from durable.intake.missing_words import empty_missing_words
from durable.intake.needs import needs
from durable.intake.parsing import parse_table
from durable.intake.queries import compare_with_earlier, write_html
from durable.intake.query_workbook import write_xlsx
from durable.intake.rules import Severity
from durable.intake.shaping.table import SourceReader
from durable.intake.sources import (
    RecordCount,
    count_records,
    read_digests,
    report_fewer,
    with_earlier,
)
from durable.intake.stored import write_table
from durable.intake.study import Study
from durable.intake.tables import StudyTable
from durable.language import _
from durable.plan import Input, Plan
from durable.plan.input_files import shown_names

#: Columns of ``lowered.csv``, a row for each entry of ``inputs.severity``.
LOWERED = ["rule", "table", "column", "subject_id", "findings", "reason"]


@dataclass(frozen=True)
class Examined:
    """The checked tables of a study, the findings on them, and what is recorded of their files."""

    queries: pd.DataFrame
    """All findings, sorted (`findings.COLUMNS`)."""
    tables: dict[str, StudyTable]
    """By name the tables that the plan names, those without a record or not readable among them."""
    sources: dict[str, dict[str, Any]]
    """By table its ``file``, number of records (``rows``) and ``sha256``; where several files make
    the table, also the keys of `sources.file_provenance`. Where there are any, the columns that are
    ``not_recorded``, and by date column the rule for ``partial_dates``."""
    counts: list[RecordCount]
    """Number of records of each file, now and in the earlier delivery, each file once."""
    conversions: pd.DataFrame
    """A row for each cell that is read as another text than the recorded one, or as an imputed day
    (`conversion.COLUMNS`)."""
    lowered: pd.DataFrame
    """A row for each entry of ``inputs.severity``, with the number of its findings (`LOWERED`)."""
    earlier: EarlierListing | None
    """The queries of an earlier run (``outputs.queries_since``); None where the plan names none."""


def run(plan: Plan, folder: Path) -> None:
    """Read and check the inputs; write the queries and the folder ``checked``.

    Written in `folder`: ``queries.csv``, ``.html`` and ``.xlsx``; in ``checked`` a Parquet file for
    each table, ``sources.json``, ``conversions.csv``, and where they apply ``lowered.csv`` and
    ``origins.csv``.

    Errors do not stop this stage but the next one, so that the listing is there to be read and
    the results of earlier, good data stay as they are.
    """
    examined = examine(plan)
    for name, table in examined.tables.items():
        write_table(folder / "checked" / f"{name}.parquet", table.frame)
    text = json.dumps(examined.sources, indent=1, sort_keys=True)
    write_text(folder / "checked" / "sources.json", f"{text}\n")
    write_csv(folder / "checked" / "conversions.csv", examined.conversions)
    if plan.inputs.severity:
        write_csv(folder / "checked" / "lowered.csv", examined.lowered)
    if plan.inputs.has_origins:
        write_csv(folder / "checked" / "origins.csv", _origins(examined.tables.values()))
    _write_queries(plan, folder, examined)
    severity = examined.queries["severity"]
    summary = f"{sum(severity == 'error')} error(s), {sum(severity == 'warning')} warning(s)"
    print(f"{summary}: {folder / 'queries.csv'}", file=sys.stderr)


def examine(plan: Plan) -> Examined:
    """Read the inputs and check them, without writing anything.

    Errors in the data are findings and raise nothing. Checks of records leave out tables without a
    record and those that lack a required column.

    Raises
    ------
    UserError
        Where the file of ``outputs.queries_since`` is no listing of queries.
    """
    findings = Findings(plan.inputs.limits.findings, plan.inputs.severity)
    compared = verify(plan.inputs, findings)
    sources: dict[str, dict[str, Any]] = {}
    tables: dict[str, StudyTable] = {}
    conversions: list[pd.DataFrame] = []
    rules: dict[str, Mapping[str, PartialRule]] = {}
    for name, source, recorded, digests in _read_tables(plan, findings):
        cutoff_year = plan.analysis.data_cutoff.year
        recorded, changes = convert(recorded, source, findings, cutoff_year)
        if hook := INPUT_TABLES[name].not_analysed:
            recorded = replace(recorded, not_analysed=named_object(hook)(recorded, plan))
        conversions.append(changes)
        tables[name] = _study_table(recorded, source, plan, findings)
        rules[name] = source.partial_dates
        rare = INPUT_TABLES[name].rare
        absent = [column for column in recorded.absent if column not in rare]
        column_notes: dict[str, Any] = {"not_recorded": absent} if absent else {}
        if source.partial_dates:
            column_notes["partial_dates"] = dict(source.partial_dates)
        rows = len(tables[name].frame)
        sources[name] = {"file": recorded.file, "rows": rows, **digests, **column_notes}
    report_replaced(plan.inputs, compared, read_digests(sources), findings)
    earlier = _earlier_listing(plan, findings)
    counts = _counts(sources, plan, earlier)
    report_fewer(counts, findings)
    tables, imputed = impute_dates(tables, rules, findings)
    # A table without a record takes no part, so that one mistake is not reported many times.
    # Neither does one whose records cannot be told apart.
    filled = {
        name: table
        for name, table in tables.items()
        if len(table.frame)
        and not any(table.recorded.spec.by_name[c].required for c in table.recorded.absent)
    }
    check_records(Study(filled, plan), findings)
    lowered = _report_lowered(plan, sources, findings)
    changes = pd.concat([*conversions, imputed], ignore_index=True)
    return Examined(findings.frame(), tables, sources, counts, changes, lowered, earlier)


def _earlier_listing(plan: Plan, findings: Findings) -> EarlierListing | None:
    path = plan.outputs.queries_since
    return None if path is None else read_earlier(Path(path), plan.inputs.limits, findings)


def _counts(
    sources: Mapping[str, Mapping[str, Any]], plan: Plan, earlier: EarlierListing | None
) -> list[RecordCount]:
    """Records of each file, now and in the earlier delivery: a returned workbook says it itself."""
    if earlier is not None and earlier.records:
        return with_earlier(count_records(sources, None), earlier.records)
    return count_records(sources, plan.outputs.records_since)


def _report_lowered(
    plan: Plan, sources: Mapping[str, Mapping[str, Any]], findings: Findings
) -> pd.DataFrame:
    """What the plan lowers with the number of its findings; one without any is reported."""
    lowered = plan.inputs.severity
    for position, lowered_rule in enumerate(lowered):
        if not findings.number_lowered[position]:
            file = str(sources[lowered_rule.table]["file"])
            message = _(
                "no error of {rule} is lowered by inputs.severity[{place}];"
                " expected one, or the plan without it"
            ).format(rule=lowered_rule.rule, place=position)
            column = lowered_rule.column or ""
            findings.add_about_file(
                lowered_rule.table, file, "nothing_lowered", message, column=column
            )
    rows = [
        (
            lowered_rule.rule,
            lowered_rule.table,
            lowered_rule.column,
            lowered_rule.subject,
            findings.number_lowered[position],
            lowered_rule.reason,
        )
        for position, lowered_rule in enumerate(lowered)
    ]
    return pd.DataFrame(rows, columns=LOWERED, dtype=object)


def _study_table(recorded: Recorded, source: Input, plan: Plan, findings: Findings) -> StudyTable:
    """The table with typed cells, each of which is checked by itself."""
    frame = parse_table(recorded, plan.response.ranges, findings, frozenset(source.partial_dates))
    levels = _declared_levels(plan) if recorded.table == "subjects" else {}
    frame = empty_missing_words(recorded, frame, plan.response.ranges, findings, levels)
    if recorded.readable and not len(frame):
        # Some tables may well have none.
        severity: Severity = "error" if INPUT_TABLES[recorded.table].never_empty else "warning"
        source_section = getattr(plan.inputs, recorded.table)
        selected = source_section is not None and source_section.selects
        message = _("a header only; expected at least one record")
        if selected:
            message = _("no record is selected; expected at least one record")
        findings.add_about_file(
            recorded.table, recorded.file, "no_records", message, severity=severity
        )
    return StudyTable(recorded, frame)


def _declared_levels(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Texts that the plan names as levels of a subgroup, by column of subjects."""
    levels: dict[str, tuple[str, ...]] = {}
    for group in plan.subgroup_variables:
        levels[group.column] = (*levels.get(group.column, ()), *(group.texts or ()))
    return levels


def _read_tables(
    plan: Plan, findings: Findings
) -> Iterator[tuple[str, Input, Recorded, dict[str, Any]]]:
    """Every table of the study: its value maps and units, its text, and its files' digests."""
    inputs, needed = plan.inputs, needs(plan)
    if inputs.sdtm is not None:
        from durable.intake.sdtm.package import Package

        package = Package(inputs.sdtm, findings, inputs.limits, needed)
        for name in INPUT_TABLES:
            if name in inputs.sdtm.tables:
                recorded, digests = package.table(name)
                yield name, package.conversions(name), recorded, digests
    reader = SourceReader(findings, inputs.limits, inputs.sources, shown_names(inputs))
    for name in INPUT_TABLES:
        source = getattr(inputs, name)
        if source is not None:
            yield name, source, *reader.table(name, source, needed)
    reader.report_unused()


def _write_queries(plan: Plan, folder: Path, examined: Examined) -> None:
    """Write ``queries.csv``, and the pages that hold the first findings of each kind."""
    queries_since = plan.outputs.queries_since
    title = f"{plan.study.id}, {plan.analysis.id}"
    raised = plan.outputs.queries_date or plan.analysis.data_cutoff
    # The folder of the earlier analysis bears its name; where it lies is no matter of the page.
    earlier_name = "" if queries_since is None else Path(queries_since).absolute().parent.name
    if plan.outputs.workbook_returned:
        earlier_name = Path(str(queries_since)).name
    queries = compare_with_earlier(examined.queries, examined.earlier, raised)
    write_html(folder / "queries.html", queries, examined.counts, title, earlier_name)
    write_xlsx(folder / "queries.xlsx", queries, examined.counts, title)
    write_csv(folder / "queries.csv", queries.listing)


def _origins(tables: Iterable[StudyTable]) -> pd.DataFrame:
    """File and record of every cell of tables that were put together from several."""
    names = ["table", "subject_id", "row", "column", "value", "file", "record"]
    parts = []
    for recorded in (table.recorded for table in tables):
        for column, origin in recorded.origin.items():
            filled = recorded.text.loc[recorded.text[column] != ""]
            cells = filled.assign(table=recorded.table, column=column, value=filled[column])
            cell_origin = origin.rename(columns={"row": "record"}).loc[filled.index]
            cells = cells.rename(columns={"source_row": "row"})[names[:5]]
            parts.append(pd.concat([cells, cell_origin], axis=1))
    filled_parts = [part for part in parts if not part.empty]
    return (
        pd.concat(filled_parts, ignore_index=True) if filled_parts else pd.DataFrame(columns=names)
    )
