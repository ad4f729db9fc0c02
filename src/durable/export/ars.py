"""Delivery ``ars``: the results by the CDISC Analysis Results Standard 1.0, as JSON.

A view of ``ard.csv``: an analysis is a parameter of an output by a group; each of its results is a
cell of that file, its text as recorded.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.contracts.results import (
    NOT_RECORDED,
    TEXTS_OF_THE_DATA,
    TOTAL,
    split_parameter,
)
from durable.derive.durations import DOR
from durable.derive.endpoints import ENDPOINT_BY_CODE
from durable.export.ars_programs import method_code, reference_documents
from durable.export.purposes import REASON, purpose
from durable.files import recorded_cell, write_text
from durable.outputs import OUTPUTS, output_named
from durable.outputs.formats import NOT_ESTIMABLE
from durable.outputs.output import Output
from durable.outputs.page_head import page_head
from durable.outputs.table import Table
from durable.plan import Plan
from durable.vocabulary import POPULATIONS

if TYPE_CHECKING:
    from durable.derive.endpoint import Endpoint
    from durable.export.handover import FinishedAnalysis

Json = dict[str, Any]
#: A row of ``ard.csv``: text by column.
Row = dict[str, str]

_CELLS = ("value", "lower", "upper", "note")
#: Sets of subjects: flag of ADSL and name.
_SETS = {
    "consented": ("ENRLFL", "All who consented"),
    "infused": ("SAFFL", "All infused"),
    "remission": ("REMFL", "Subjects with remission"),
}
_SET_OF_POPULATION = {POPULATIONS[flag]: name for name, (flag, _) in _SETS.items()}


@dataclass(frozen=True)
class Analysis:
    """Rows of the analysis results dataset that have all but group and statistic in common."""

    output: str
    variant: str
    """``primary``, or the name of a sensitivity analysis."""
    by: str
    """Name of the groups, or ``total``."""
    parameter: str
    """As in ``ard.csv``; may be empty."""
    rows: tuple[Row, ...]

    @property
    def identifier(self) -> str:
        """Identifier of the analysis: output, variant, groups and parameter, joined by ``/``."""
        return "/".join((self.output, self.variant, self.by, self.parameter))

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint that the analysis is of; None where it is of no time-to-event endpoint."""
        if self.output == "t_cuminc":
            return DOR
        return ENDPOINT_BY_CODE.get(self.parameter)

    @property
    def subset(self) -> str:
        """Identifier of the subset of ADTTE that the analysis is on, ``subset/DOR``; else empty."""
        return f"subset/{self.endpoint.code}" if self.endpoint else ""


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/ars.json``."""
    rows = read_rows(analysis.folder)
    event = reporting_event(analysis.plan, rows, analysis.tables, analysis.dataset_names)
    text = json.dumps(event, ensure_ascii=False, indent=1)
    write_text(analysis.folder / "export" / "ars.json", f"{text}\n")


def read_rows(folder: Path) -> list[Row]:
    """The rows of ``ard.csv`` as text, in their order.

    Groups, parameters and notes are as recorded, without the apostrophe that keeps a spreadsheet
    from taking them for a formula.

    Parameters
    ----------
    folder
        Folder of results.
    """
    with (folder / "ard.csv").open(encoding="utf-8", newline="") as file:
        return [
            row | {name: recorded_cell(row[name]) for name in TEXTS_OF_THE_DATA}
            for row in DictReader(file)
        ]


def reporting_event(
    plan: Plan, rows: list[Row], tables: Sequence[Table], datasets: Collection[str]
) -> Json:
    """The ReportingEvent of an analysis, as values of JSON.

    Only outputs that have rows are in it; an output of which no table is shown has its analyses
    alone.

    Parameters
    ----------
    plan
        Study, analysis and groups.
    rows
        Rows of ``ard.csv`` as `read_rows` returns them.
    tables
        The tables that are shown, in English.
    datasets
        Names of the datasets of the study, in lower case.
    """
    analyses = _analyses(rows)
    outputs = [entry.load() for entry in OUTPUTS if any(a.output == entry.name for a in analyses)]
    shown = {output.name: _shown_tables(output, tables) for output in outputs}
    return {
        "id": plan.analysis.id,
        "version": 1,
        "name": page_head(plan).line,
        "mainListOfContents": _contents(outputs, analyses, shown),
        "analysisSets": [_set(name, order) for order, name in enumerate(_SETS, start=1)],
        "dataSubsets": list(_subsets(analyses)),
        "analysisGroupings": list(_groupings(rows, plan)),
        "methods": [
            _method(output, shown[output.name], rows) | method_code(output.name, plan, datasets)
            for output in outputs
        ],
        "analyses": [_analysis(analysis, plan, datasets) for analysis in analyses],
        "outputs": [
            _output(output, shown[output.name], plan) for output in outputs if shown[output.name]
        ],
        "referenceDocuments": list(reference_documents(plan, datasets)),
    }


def _analyses(rows: list[Row]) -> list[Analysis]:
    def key(row: Row) -> tuple[str, ...]:
        return row["output"], row["analysis"], row["group_by"], row["parameter"]

    # The sort is stable: groups and statistics keep their order.
    ordered = sorted(rows, key=key)
    return [
        Analysis(output, variant, by, parameter, tuple(group))
        for (output, variant, by, parameter), group in groupby(ordered, key)
    ]


def _shown_tables(output: Output, tables: Iterable[Table]) -> list[Table]:
    """The tables of an output that are shown, the main one first where it is among them."""
    names = [table.name for table in output.tables]
    return sorted(
        (table for table in tables if table.name in names),
        key=lambda table: names.index(table.name),
    )


def _title(output: Output, shown: Sequence[Table]) -> str:
    """Title of the first table of an output that is shown; its usual one where none is."""
    return shown[0].title if shown else output.title


def _contents(
    outputs: list[Output], analyses: list[Analysis], shown: Mapping[str, Sequence[Table]]
) -> Json:
    items = []
    for order, output in enumerate(outputs, start=1):
        of_output = [analysis for analysis in analyses if analysis.output == output.name]
        entries = [
            {"name": a.identifier, "level": 2, "order": i, "analysisId": a.identifier}
            for i, a in enumerate(of_output, start=1)
        ]
        reference = {"outputId": output.name} if shown[output.name] else {}
        items.append(
            {
                "name": _title(output, shown[output.name]),
                "level": 1,
                "order": order,
                **reference,
                "sublist": {"listItems": entries},
            }
        )
    return {"name": "Tables and their analyses", "contentsList": {"listItems": items}}


def _condition(dataset: str, variable: str, value: str) -> Json:
    """Condition that a variable has a value; an empty one for the group NOT_RECORDED."""
    held = "" if value == NOT_RECORDED else value
    return {"dataset": dataset, "variable": variable, "comparator": "EQ", "value": [held]}


def _set(name: str, order: int) -> Json:
    flag, label = _SETS[name]
    condition = _condition("ADSL", flag, "Y")
    return {"id": name, "name": label, "level": 1, "order": order, "condition": condition}


def _subsets(analyses: list[Analysis]) -> Iterator[Json]:
    codes = {a.subset: a.endpoint.code for a in analyses if a.endpoint}
    for order, (identifier, code) in enumerate(codes.items(), start=1):
        yield {
            "id": identifier,
            "name": f"ADTTE, parameter {code}",
            "level": 1,
            "order": order,
            "condition": _condition("ADTTE", "PARAMCD", code),
        }


def _groupings(rows: list[Row], plan: Plan) -> Iterator[Json]:
    groups: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["group_by"] != TOTAL[0]:
            groups.setdefault(row["group_by"], {})[row["group"]] = None
    for group_by, names in groups.items():
        variable = plan.groups_by_name[group_by].variable
        yield {
            "id": group_by,
            "name": group_by,
            "dataDriven": False,
            "groupingDataset": "ADSL",
            "groupingVariable": variable,
            "groups": [
                {
                    "id": f"{group_by}/{name}",
                    "name": name,
                    "level": 1,
                    "order": order,
                    "condition": _condition("ADSL", variable, name),
                }
                for order, name in enumerate(names, start=1)
            ],
        }


def _method(output: Output, shown: Sequence[Table], rows: list[Row]) -> Json:
    """How an output is computed: an operation for each statistic, its limits and its note."""
    operations = dict.fromkeys(
        operation
        for row in rows
        if row["output"] == output.name
        for operation, _ in _results_of(row)
    )
    return {
        "id": f"method/{output.name}",
        "name": _title(output, shown),
        "operations": [
            {"id": f"{output.name}/{operation}", "name": operation, "order": order}
            for order, operation in enumerate(operations, start=1)
        ],
    }


def _results_of(row: Row) -> Iterator[tuple[str, str]]:
    """Operations behind a row with what they gave; a value that is empty is not estimable."""
    for cell in _CELLS:
        if cell == "value":
            yield row["statistic"], row[cell]
        elif row[cell]:
            yield f"{row['statistic']} ({cell})", row[cell]


def _analysis(analysis: Analysis, plan: Plan, datasets: Collection[str]) -> Json:
    variant = plan.sensitivity.get(analysis.variant)
    name = (variant.title if variant else None) or analysis.variant
    grouped = analysis.by != TOTAL[0]
    grouping = {"order": 1, "groupingId": analysis.by, "resultsByGroup": True}
    subset = {"dataSubsetId": analysis.subset} if analysis.subset else {}
    return {
        "id": analysis.identifier,
        "name": f"{name}: {analysis.parameter}" if analysis.parameter else name,
        "reason": {"controlledTerm": REASON},
        "purpose": {
            "controlledTerm": purpose(analysis.output, analysis.parameter, analysis.variant)
        },
        "methodId": f"method/{analysis.output}",
        "dataset": output_named(analysis.output).dataset_of(
            split_parameter(analysis.parameter), datasets
        ),
        "analysisSetId": _set_of(analysis),
        **subset,
        "orderedGroupings": [grouping] if grouped else [],
        "results": [result for row in analysis.rows for result in _results(row, grouped)],
    }


def _set_of(analysis: Analysis) -> str:
    if analysis.endpoint:
        population = POPULATIONS[analysis.endpoint.population]
    else:
        population = output_named(analysis.output).analysis_set
    # The infused with samples have no flag of their own.
    return _SET_OF_POPULATION.get(population, "infused")


def _results(row: Row, grouped: bool) -> Iterator[Json]:
    by, name = row["group_by"], row["group"]
    groups = [{"groupingId": by, "groupId": f"{by}/{name}"}] if grouped else []
    for operation, text in _results_of(row):
        value = {"rawValue": text} if text else {"formattedValue": NOT_ESTIMABLE}
        yield {
            "operationId": f"{row['output']}/{operation}",
            "resultGroups": groups,
            **value,
        }


def _output(output: Output, shown: Sequence[Table], plan: Plan) -> Json:
    return {
        "id": output.name,
        "name": _title(output, shown),
        "version": 1,
        "fileSpecifications": [
            {
                "name": f"{table.name}.rtf",
                "fileType": {"controlledTerm": "rtf"},
                "location": f"../tables/{table.name}.rtf",
            }
            for table in shown
        ],
        "displays": [
            {"order": order, "display": _display(table, plan)}
            for order, table in enumerate(shown, start=1)
        ],
    }


def _display(table: Table, plan: Plan) -> Json:
    sections = {
        "Title": (table.heading, *table.subtitles),
        "Header": (page_head(plan).line,),
        "Footnote": table.footnotes,
    }
    return {
        "id": f"display/{table.name}",
        "name": table.name,
        "displayTitle": table.title,
        "displaySections": [_section(table.name, kind, texts) for kind, texts in sections.items()],
    }


def _section(output: str, kind: str, texts: tuple[str, ...]) -> Json:
    return {
        "sectionType": kind,
        "orderedSubSections": [
            {"order": i, "subSection": {"id": f"{output}/{kind}/{i}", "text": text}}
            for i, text in enumerate(texts, start=1)
        ],
    }
