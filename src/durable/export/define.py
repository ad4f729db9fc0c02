"""Delivery ``define``: define.xml 2.1, with labels, types, codes, origins and derivations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from odmlib.arm_1_0 import model as arm
from odmlib.define_2_1 import model as define

from durable.contracts.adam.description import Origin
from durable.contracts.adam.terminology import PACKAGE, Terminology, terminology
from durable.export import identity
from durable.export.datasets import Dataset, Variable
from durable.export.results_metadata import file_leaf, results_metadata
from durable.files import write_text
from durable.outputs.table import Table
from durable.pages import template_text
from durable.plan import Plan

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

_TYPES = {"text": "text", "integer": "integer", "float": "float", "date": "integer"}
_STANDARD, _TERMS = "STD.ADAMIG", "STD.CT.SDTM"
_STYLESHEET = "define.xsl"
#: Variables whose values are described by parameter.
_VALUES = ("AVAL", "AVALC")


@dataclass
class _Parts:
    """Definitions that a MetaDataVersion lists beside its datasets, each in its order."""

    items: list[Any] = field(default_factory=list)
    methods: list[Any] = field(default_factory=list)
    codes: list[Any] = field(default_factory=list)
    lists: list[Any] = field(default_factory=list)
    clauses: list[Any] = field(default_factory=list)


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/define.xml``, its stylesheet ``define.xsl`` and the page ``define.html``.

    It describes the transport files where they are delivered, else the Dataset-JSON files.
    """
    plan = analysis.plan
    if analysis.delivers("xpt"):
        datasets = [dataset for dataset, _ in analysis.transport]
        files = "xpt/{}.xpt"
    else:
        datasets, files = analysis.datasets, "dataset-json/{}.json"
    guide = "adrg.docx" if analysis.delivers("adrg") else ""
    text = to_xml(datasets, plan, files, analysis.tables, guide)
    folder = analysis.folder / "export"
    write_text(folder / "define.xml", text)
    write_text(folder / _STYLESHEET, template_text(_STYLESHEET))
    write_text(folder / "define.html", to_html(text))


def to_html(text: str) -> str:
    """HTML of a define.xml (its text), as the stylesheet ``define.xsl`` makes it."""
    from lxml import etree

    shown = etree.XSLT(etree.fromstring(template_text(_STYLESHEET).encode()))
    return f"{shown(etree.fromstring(text.encode()))}\n"


def to_xml(
    datasets: Sequence[Dataset],
    plan: Plan,
    files: str,
    tables: Sequence[Table] = (),
    guide: str = "",
) -> str:
    """Text of the define.xml, a tag a line.

    Parameters
    ----------
    datasets
        The datasets as they are written.
    plan
        The plan; the values of it that a method follows are printed with the method.
    files
        Path of the file of a dataset relative to the define.xml, with ``{}`` for the name of the
        dataset in lower case.
    tables
        The tables that analysis results metadata describe; empty: no such metadata.
    guide
        Path of the reviewer's guide relative to the define.xml; empty where there is none.
    """
    document = arm.ODM(
        FileType="Snapshot",
        FileOID=f"{identity.file_oid(plan)}.define",
        CreationDateTime=identity.moment(plan),
        AsOfDateTime=identity.moment(plan),
        ODMVersion="1.3.2",
        SourceSystem=identity.SYSTEM,
        SourceSystemVersion=identity.version(),
        Context="Other",
        Study=arm.Study(
            OID=identity.study_oid(plan),
            GlobalVariables=define.GlobalVariables(
                StudyName=define.StudyName(_content=plan.study.id),
                StudyDescription=define.StudyDescription(
                    _content=plan.study.title or plan.study.id
                ),
                ProtocolName=define.ProtocolName(_content=plan.study.id),
            ),
            MetaDataVersion=_metadata_version(datasets, plan, files, tables, guide),
        ),
    )
    # A tag a line, for those who compare two of them; within text < and > are escaped.
    text = document.to_xml_string(xml_declaration=True).replace("><", ">\n<") + "\n"
    declaration, _, rest = text.partition("\n")
    return f'{declaration}\n<?xml-stylesheet type="text/xsl" href="{_STYLESHEET}"?>\n{rest}'


def _metadata_version(
    datasets: Sequence[Dataset], plan: Plan, files: str, tables: Sequence[Table], guide: str
) -> Any:
    """The datasets with all that they refer to, and the tables made from them."""
    parts = _Parts()
    groups = [_group(dataset, plan, files, parts) for dataset in datasets]
    more: dict[str, Any] = {}
    leaves: list[Any] = []
    if guide:
        leaves.append(file_leaf("ADRG", guide))
        reference = define.DocumentRef(leafID="LF.ADRG")
        more["SupplementalDoc"] = define.SupplementalDoc(DocumentRef=[reference])
    if tables:
        metadata = results_metadata(tables, datasets, [clause.OID for clause in parts.clauses])
        more["AnalysisResultDisplays"] = metadata.displays
        leaves += metadata.leaves
    if leaves:
        more["leaf"] = leaves
    return arm.MetaDataVersion(
        OID=identity.metadata_oid(plan),
        Name=f"{plan.study.id}, {plan.analysis.title}",
        Description=f"Analysis datasets of {plan.analysis.id}, data cut-off"
        f" {plan.analysis.data_cutoff}",
        DefineVersion="2.1.0",
        Standards=define.Standards(
            Standard=[
                define.Standard(
                    OID=_STANDARD, Name="ADaMIG", Type="IG", Version="1.3", Status="Final"
                ),
                define.Standard(
                    OID=_TERMS,
                    Name="CDISC/NCI",
                    Type="CT",
                    PublishingSet="SDTM",
                    Version=PACKAGE,
                    Status="Final",
                ),
            ]
        ),
        ValueListDef=parts.lists,
        WhereClauseDef=parts.clauses,
        ItemGroupDef=groups,
        ItemDef=parts.items,
        CodeList=parts.codes,
        MethodDef=parts.methods,
        **more,
    )


def _group(dataset: Dataset, plan: Plan, files: str, parts: _Parts) -> Any:
    file = files.format(dataset.name.lower())
    references = [
        _reference(dataset, variable, number, plan, parts)
        for number, variable in enumerate(dataset.variables, start=1)
    ]
    subclass = dataset.metadata.subclass
    return define.ItemGroupDef(
        OID=identity.group_oid(dataset.name),
        Name=dataset.name,
        SASDatasetName=dataset.name,
        Repeating="No" if dataset.metadata.keys == ("USUBJID",) else "Yes",
        IsReferenceData="No",
        Purpose="Analysis",
        Structure=dataset.metadata.structure,
        StandardOID=_STANDARD,
        ArchiveLocationID=f"LF.{dataset.name}",
        Description=_description(dataset.label),
        ItemRef=references,
        Class=define.Class(
            Name=dataset.metadata.class_name,
            SubClass=[define.SubClass(Name=subclass)] if subclass else [],
        ),
        leaf=file_leaf(dataset.name, file),
    )


def _reference(dataset: Dataset, variable: Variable, number: int, plan: Plan, parts: _Parts) -> Any:
    """Reference to a variable in its dataset; defines the variable and what it refers to."""
    oid = identity.item_oid(dataset.name, variable.name)
    codes = _code_list(dataset, variable, parts) if variable.codes else {}
    values = _value_list(dataset, variable, plan, parts)
    parts.items.append(_item(oid, variable, **codes, **values))
    keys = dataset.metadata.keys
    key = {"KeySequence": keys.index(variable.name) + 1} if variable.name in keys else {}
    name = f"Derivation of {dataset.name}.{variable.name}"
    method = _method(oid, name, variable.origin, plan, parts)
    missing = _is_missing(dataset.frame[variable.name]).any()
    return define.ItemRef(
        ItemOID=oid, OrderNumber=number, Mandatory="No" if missing else "Yes", **key, **method
    )


def _is_missing(values: pd.Series[Any]) -> pd.Series[bool]:
    missing = values.isna()
    return missing | (values == "") if values.dtype == object else missing


def _item(oid: str, variable: Variable, **more: Any) -> Any:
    form = {"DisplayFormat": "DATE9."} if variable.type == "date" else {}
    digits = {"SignificantDigits": variable.decimals} if variable.type == "float" else {}
    return define.ItemDef(
        OID=oid,
        Name=variable.name,
        SASFieldName=variable.name,
        DataType=_TYPES[variable.type],
        Length=variable.length,
        **digits,
        **form,
        Description=_description(variable.label),
        Origin=[_origin(variable.origin)],
        **more,
    )


def _origin(origin: Origin) -> Any:
    if origin.column:
        return define.Origin(Type="Predecessor", Description=_description(origin.column))
    return define.Origin(Type="Derived", Source="Sponsor")


def _method(oid: str, name: str, origin: Origin, plan: Plan, parts: _Parts) -> dict[str, str]:
    """Reference to the method of a derived item, which it defines; nothing for another."""
    if not origin.method:
        return {}
    method = oid.replace("IT.", "MT.", 1)
    parts.methods.append(
        define.MethodDef(
            OID=method,
            Name=name,
            Type="Computation",
            Description=_description(_in_force(origin, plan)),
        )
    )
    return {"MethodOID": method}


def _in_force(origin: Origin, plan: Plan) -> str:
    """A method with the values of the plan that it follows."""
    values = plan.slice(origin.plan)
    texts = [f"{path} = {json.dumps(value, ensure_ascii=False)}" for path, value in values.items()]
    return f"{origin.method} In force: {'; '.join(texts)}." if texts else origin.method


def _code_list(dataset: Dataset, variable: Variable, parts: _Parts) -> dict[str, Any]:
    """Reference to the codes of a variable, which it defines, with those of NCI where known."""
    oid = f"CL.{dataset.name}.{variable.name}"
    published = terminology(variable.name, [code for code, _ in variable.codes])
    coded: dict[str, Any]
    if any(meaning for _, meaning in variable.codes):
        coded = {
            "CodeListItem": [_code_list_item(code, meaning) for code, meaning in variable.codes]
        }
    else:
        coded = {
            "EnumeratedItem": [_enumerated_item(code, published) for code, _ in variable.codes]
        }
    origin = {"IsNonStandard": "Yes"} if published is None else {"StandardOID": _TERMS}
    alias = {} if published is None else {"Alias": [_alias(published.code)]}
    name = f"{variable.label} ({dataset.name})"
    parts.codes.append(
        define.CodeList(OID=oid, Name=name, DataType="text", **origin, **coded, **alias)
    )
    return {"CodeListRef": define.CodeListRef(CodeListOID=oid)}


def _enumerated_item(code: str, published: Terminology | None) -> Any:
    if published is None:
        return define.EnumeratedItem(CodedValue=code)
    return define.EnumeratedItem(CodedValue=code, Alias=[_alias(published.terms[code])])


def _alias(code: str) -> Any:
    return define.Alias(Context="nci:ExtCodeID", Name=code)


def _code_list_item(code: str, meaning: str) -> Any:
    return define.CodeListItem(
        CodedValue=code, Decode=define.Decode(TranslatedText=[_text(meaning)])
    )


# The value level: a method by parameter


def _value_list(dataset: Dataset, variable: Variable, plan: Plan, parts: _Parts) -> dict[str, Any]:
    if variable.name not in _VALUES or not dataset.metadata.parameters:
        return {}
    references = [
        _value(dataset, variable, code, number, plan, parts)
        for number, code in enumerate(_parameters(dataset, variable.name), start=1)
    ]
    if not references:
        return {}
    oid = f"VL.{dataset.name}.{variable.name}"
    parts.lists.append(define.ValueListDef(OID=oid, ItemRef=references))
    return {"ValueListRef": define.ValueListRef(ValueListOID=oid)}


def _parameters(dataset: Dataset, variable: str) -> Iterator[str]:
    """Codes of the parameters that have values of a variable, in the order of the dataset."""
    frame = dataset.frame
    known = frame.loc[~_is_missing(frame[variable]), "PARAMCD"]
    yield from dict.fromkeys(known)


def _value(
    dataset: Dataset, variable: Variable, code: str, number: int, plan: Plan, parts: _Parts
) -> Any:
    oid = identity.item_oid(dataset.name, variable.name, code)
    origin = dataset.metadata.parameter(code)
    item = _item(oid, variable)
    item.Origin = [_origin(origin)]
    parts.items.append(item)
    clause = f"WC.{dataset.name}.{identity.escaped_code(code)}"
    if clause not in {known.OID for known in parts.clauses}:
        check = define.RangeCheck(
            Comparator="EQ",
            SoftHard="Soft",
            ItemOID=identity.item_oid(dataset.name, "PARAMCD"),
            CheckValue=[define.CheckValue(_content=code)],
        )
        parts.clauses.append(define.WhereClauseDef(OID=clause, RangeCheck=[check]))
    name = f"Derivation of {dataset.name}.{variable.name} for {code}"
    return define.ItemRef(
        ItemOID=oid,
        OrderNumber=number,
        Mandatory="No",
        WhereClauseRef=[define.WhereClauseRef(WhereClauseOID=clause)],
        **_method(oid, name, origin, plan, parts),
    )


def _description(text: str) -> Any:
    return define.Description(TranslatedText=[_text(text)])


def _text(text: str) -> Any:
    return define.TranslatedText(lang="en", _content=text)
