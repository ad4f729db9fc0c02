"""Analysis results metadata of define.xml (ARM 1.0): each table, its datasets and its program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from re import fullmatch
from typing import Any

from odmlib.arm_1_0 import model as arm
from odmlib.define_2_1 import model as define

from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.export import identity
from durable.export.datasets import Dataset
from durable.export.purposes import REASON, purpose
from durable.outputs import entry_of_table
from durable.outputs.table import Table

#: Variables that a table is made of, as regular expressions, by the name of their dataset.
Variables = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ResultsMetadata:
    """The result displays of a define.xml, and the files that they refer to."""

    displays: Any
    """An odmlib AnalysisResultDisplays."""
    leaves: tuple[Any, ...]
    """An odmlib leaf for each table: the RTF file of the table."""


def results_metadata(
    tables: Sequence[Table], datasets: Sequence[Dataset], clauses: Iterable[str]
) -> ResultsMetadata:
    """The tables as result displays of a define.xml, with one analysis result each.

    Parameters
    ----------
    tables
        The tables as they are shown.
    datasets
        The datasets as they are written. A table names only those datasets and variables that are
        among them.
    clauses
        Identifiers of the where clauses that the define.xml has.
    """
    known = {dataset.name: {v.name for v in dataset.variables} for dataset in datasets}
    every = set(clauses)
    displays = [_display(table, known, every) for table in tables]
    leaves = tuple(file_leaf(table.name, f"../tables/{table.name}.rtf") for table in tables)
    return ResultsMetadata(arm.AnalysisResultDisplays(ResultDisplay=displays), leaves)


def file_leaf(name: str, file: str) -> Any:
    """The odmlib leaf ``LF.<name>`` of a file, given by its path from the define.xml."""
    title = define.title(_content=file.rpartition("/")[2])
    return define.leaf(ID=f"LF.{name}", href=file, title=title)


def _display(table: Table, known: Mapping[str, set[str]], clauses: set[str]) -> Any:
    return arm.ResultDisplay(
        OID=f"RD.{table.name}",
        Name=f"Table {table.number}",
        Description=_description(table.title),
        DocumentRef=[arm.DocumentRef(leafID=f"LF.{table.name}")],
        AnalysisResult=[_result(table, known, clauses)],
    )


def _result(table: Table, known: Mapping[str, set[str]], clauses: set[str]) -> Any:
    entry = entry_of_table(table.name)
    endpoint = _endpoint(table.name)
    code = endpoint.code if endpoint else ""
    parameter = {"ParameterOID": identity.item_oid("ADTTE", "PARAMCD")} if code else {}
    return arm.AnalysisResult(
        OID=f"AR.{table.name}",
        **parameter,
        AnalysisReason=REASON,
        AnalysisPurpose=purpose(entry.name, code),
        Description=_description(f"{table.title}. {' '.join(table.subtitles)}".strip()),
        AnalysisDatasets=arm.AnalysisDatasets(
            AnalysisDataset=[*_datasets(entry.load().variables, code, known, clauses)]
        ),
        Documentation=arm.Documentation(Description=_description(" ".join(table.footnotes))),
        ProgrammingCode=arm.ProgrammingCode(
            Context=f"Python, {identity.SYSTEM} {identity.version()}",
            Code=arm.Code(_content=entry.load().program),
        ),
    )


def _endpoint(table: str) -> Endpoint | None:
    """The endpoint that a table is of; None where it is of none."""
    return next((one for one in EVERY_ENDPOINT if table.removesuffix("_s") == one.table), None)


def _datasets(
    variables_by_dataset: Variables, code: str, known: Mapping[str, set[str]], clauses: set[str]
) -> Iterator[Any]:
    for name, variables in variables_by_dataset.items():
        known_names = sorted(known.get(name, ()))
        known_variables = [
            one for variable in variables for one in known_names if fullmatch(variable, one)
        ]
        if not known_variables:
            continue
        clause = f"WC.{name}.{identity.escaped_code(code)}" if code else ""
        where = {"WhereClauseRef": arm.WhereClauseRef(WhereClauseOID=clause)}
        yield arm.AnalysisDataset(
            ItemGroupOID=identity.group_oid(name),
            **(where if clause in clauses else {}),
            AnalysisVariable=[
                arm.AnalysisVariable(ItemOID=identity.item_oid(name, variable))
                for variable in known_variables
            ],
        )


def _description(text: str) -> Any:
    return arm.Description(TranslatedText=[arm.TranslatedText(lang="en", _content=text)])
