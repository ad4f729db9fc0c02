"""Analysis results metadata of define.xml (ARM 1.0): each table, its datasets and its program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from re import fullmatch
from typing import Any

from odmlib.arm_1_0 import model as arm
from odmlib.define_2_1 import model as define

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.derive.endpoint import Endpoint
from durable.derive.endpoint_registry import EVERY_ENDPOINT
from durable.export import identity
from durable.export.datasets import Dataset
from durable.export.purposes import REASON, purpose
from durable.outputs import entry_of_table
from durable.outputs.table import Table

Variables = Mapping[str, tuple[str, ...]]

#: Variables of the groups that a plan declares.
_GROUPING = "[A-Z0-9]{1,4}GR[1-9]"
#: Variables that decide the numbers of an output, by dataset; a name may be a pattern.
READ: Mapping[str, Variables] = {
    "t_disposition": {
        "ADSL": ("ENRLFL", "LDFL", "SAFFL", "DTHFL", "EOSDT", "DCSREAS", "LSTALVDT"),
    },
    "t_baseline": {
        "ADSL": ("SAFFL", "AGE", "SEX", "CELLSKG", "BLREMFL", "BLENZ", "MAXTIS"),
        "ADRS": ("PARAMCD", "AVAL", "ABLFL"),
    },
    "t_eligibility": {
        "ADSL": ("ENRLFL", "SAFFL", "ELIGFL"),
        "ADIE": ("IETESTCD", "IECAT", "IEORRES", "AGREE", "ANSWER", "VIOLFL", "ANL01FL"),
    },
    "t_exposure": {
        "ADSL": (
            *("ENRLFL", "LDFL", "SAFFL", "RFICDT", "APHDT", "LDDT", "TRTSDT", "DOSELVL"),
            "CELLSKG",
        ),
        "ADEX": ("EXTRT", "AVAL", "AVALU", "NDAYS"),
    },
    "t_deviations": {
        "ADSL": ("SAFFL",),
        "ADDV": ("DVDECOD", "DVSTAT", "DVIMPFL"),
    },
    "t_reinfusion": {
        "ADSL": ("SAFFL", "TRTSDT", "TR02SDT", "CELLSKG2"),
        "ADRS": ("PARAMCD", "ADY", "AVAL"),
        "ADAE": ("APERIOD", "AESI", "ASTCTGR"),
        "ADPP": ("APERIOD", "PARCAT1", "PARCAT2", "PARCAT3", "AVAL"),
    },
    "t_improvement": {
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "AVALC", "ANL01FL", "REASON"),
    },
    "t_dor": {
        "ADSL": ("SAFFL", "BLREMFL"),
        "ADTTE": ("AVAL", "CNSR", "EVNTDESC"),
    },
    "t_sensitivity": {
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON"),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC", "LOWDT"),
    },
    "t_subgroups": {
        "ADSL": ("SAFFL", _GROUPING),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON"),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
    },
    "t_response_visits": {
        "ADSL": ("SAFFL", "TRTSDT", "NSTDT"),
        "ADRS": ("PARAMCD", "AVISIT", "ADY", "AVAL", "ABLFL", "ANL01FL"),
    },
    "t_glucocorticoid": {
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "ABLFL", "ANL01FL"),
    },
    "t_monitoring": {
        "ADSL": ("SAFFL", "TRTSDT"),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON"),
    },
    **{
        endpoint.table: {"ADSL": ("SAFFL",), "ADTTE": ("AVAL", "CNSR", "EVNTDESC")}
        for endpoint in DRUG_FREE_ENDPOINTS
    },
    "t_estimands": {"ADSL": ("SAFFL", "NSTDT", "DTHDT"), "ADRS": ("PARAMCD", "AVAL")},
    "t_cuminc": {
        "ADSL": ("SAFFL",),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
    },
    "t_inresponse": {
        "ADSL": ("SAFFL",),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
    },
    "t_ae_overview": {
        "ADSL": ("SAFFL", "TRTSDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "PREFL", "APHASE", "AETOXGR", "AESER", "AEREL", "AESI", "AOUT"),
    },
    "t_ae_soc_pt": {
        "ADSL": ("SAFFL",),
        "ADAE": ("TRTEMFL", "AEBODSYS", "AEDECOD", "AETOXGR"),
    },
    "t_ae_crs": {
        "ADSL": ("SAFFL",),
        "ADAE": ("TRTEMFL", "AESI", "ASTCTGR", "ASTDT", "AENDT", "ADURN", "ONGOFL"),
    },
    "t_aesi": {
        "ADSL": ("SAFFL",),
        "ADAE": ("TRTEMFL", "AESI", "AETOXGR", "PROLCYFL"),
    },
    "t_dlt": {
        "ADSL": ("SAFFL", "TRTSDT", "DTHDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "AEDLT", "ADAY"),
    },
    "t_escalation": {
        "ADSL": ("SAFFL", "PART", "DOSELVL", "TRTSDT", "DTHDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "AEDLT", "ADAY"),
    },
    "t_safety_boundary": {
        "ADSL": ("SAFFL", "TRTSDT", "DTHDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "AEDLT", "AESI", "ASTCTGR", "ADAY"),
    },
    "t_deaths": {
        "ADSL": ("SAFFL", "DTHDT", "DTHDY"),
        "ADAE": ("AETOXGR", "AOUT", "AEDECOD"),
    },
    "t_cells_outcome": {
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON", "ANL01FL"),
        "ADAE": ("TRTEMFL", "AESI", "ASTCTGR", "ADAY"),
        "ADLB": ("PARAMCD", "AVISIT", "ANL01FL", "AVAL", "BLQFL", "LLOQ"),
        "ADPP": ("PARCAT1", "PARCAT2", "PARCAT3", "AVAL"),
    },
    "t_laboratory": {
        "ADSL": ("SAFFL",),
        "ADLB": ("PARAMCD", "AVISIT", "ANL01FL", "AVAL", "CHG", "BLQFL"),
    },
    "t_lab_shift": {
        "ADSL": ("SAFFL",),
        "ADLB": ("PARAMCD", "ADY", "ABLFL", "ATOXGR"),
    },
    "t_bcells": {
        "ADSL": ("SAFFL",),
        "ADBC": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
        "ADLB": ("PARAMCD", "ABLFL", "AVAL", "ANRLO"),
        "ADAE": ("TRTEMFL", "AESI", "ASTDT", "AETOXGR"),
    },
    "t_icaht": {
        "ADSL": ("SAFFL", "TRTSDT", "DTHDT"),
        "ADLB": ("PARAMCD", "ADY", "AVAL"),
    },
    "t_kinetics": {
        "ADSL": ("SAFFL",),
        "ADPP": ("PARCAT1", "PARCAT2", "PARCAT3", "AVAL", "FLAG"),
    },
}


@dataclass(frozen=True)
class ResultsMetadata:
    """The displays with the files that they refer to."""

    displays: Any
    leaves: tuple[Any, ...]


def results_metadata(
    tables: Sequence[Table], datasets: Sequence[Dataset], clauses: Iterable[str]
) -> ResultsMetadata:
    """The tables as result displays.

    Parameters
    ----------
    tables
        As they are shown.
    datasets
        As they are written; those that the study does not have are left out of a table's.
    clauses
        Identifiers of the where clauses that there are.
    """
    known = {dataset.name: {v.name for v in dataset.variables} for dataset in datasets}
    every = set(clauses)
    displays = [_display(table, known, every) for table in tables]
    leaves = tuple(file_leaf(table.name, f"../tables/{table.name}.rtf") for table in tables)
    return ResultsMetadata(arm.AnalysisResultDisplays(ResultDisplay=displays), leaves)


def file_leaf(name: str, file: str) -> Any:
    """A file that define.xml refers to as ``LF.NAME``."""
    title = define.title(_content=file.rpartition("/")[2])
    return define.leaf(ID=f"LF.{name}", href=file, title=title)


def _display(table: Table, known: Mapping[str, set[str]], clauses: set[str]) -> Any:
    return arm.ResultDisplay(
        OID=f"RD.{table.name}",
        Name=f"Table {table.number}",
        Description=_described(table.title),
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
        Description=_described(f"{table.title}. {' '.join(table.subtitles)}".strip()),
        AnalysisDatasets=arm.AnalysisDatasets(
            AnalysisDataset=[*_datasets(READ[entry.name], code, known, clauses)]
        ),
        Documentation=arm.Documentation(Description=_described(" ".join(table.footnotes))),
        ProgrammingCode=arm.ProgrammingCode(
            Context=f"Python, {identity.SYSTEM} {identity.version()}",
            Code=arm.Code(_content=entry.load().program),
        ),
    )


def _endpoint(table: str) -> Endpoint | None:
    """The endpoint that a table is of."""
    return next((one for one in EVERY_ENDPOINT if table.removesuffix("_s") == one.table), None)


def _datasets(
    read: Variables, code: str, known: Mapping[str, set[str]], clauses: set[str]
) -> Iterator[Any]:
    for name, variables in read.items():
        known_names = sorted(known.get(name, ()))
        there = [one for variable in variables for one in known_names if fullmatch(variable, one)]
        if not there:
            continue
        clause = f"WC.{name}.{identity.coded(code)}" if code else ""
        where = {"WhereClauseRef": arm.WhereClauseRef(WhereClauseOID=clause)}
        yield arm.AnalysisDataset(
            ItemGroupOID=identity.group_oid(name),
            **(where if clause in clauses else {}),
            AnalysisVariable=[
                arm.AnalysisVariable(ItemOID=identity.item_oid(name, variable))
                for variable in there
            ],
        )


def _described(text: str) -> Any:
    return arm.Description(TranslatedText=[arm.TranslatedText(lang="en", _content=text)])
