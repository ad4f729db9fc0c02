"""What a finished run records, read by this project and by others' tools."""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from importlib.metadata import version

import pytest
import rdflib

from durable.plan import load
from durable.stage import STAGES
from tests.audit.conftest import PINNED
from tests.workflow.conftest import RESULTS, ROOT, Study

PREFIXES = """
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX schema: <https://schema.org/>
PREFIX here: <file:///results/>
"""


@pytest.fixture(scope="session")
def manifest(finished: Study) -> dict:
    return json.loads((finished.folder / RESULTS / "audit/manifest.json").read_text())


def test_every_result_is_listed_with_its_digest(finished: Study, manifest: dict) -> None:
    listed = {output["id"]: output["sha256"] for output in manifest["outputs"]}
    found = finished.digests()
    of_audit = {name for name in found if name.startswith("audit/")}
    stages = ("check", "derive", "analyse", "figures", "display")
    assert of_audit == {
        *("audit/manifest.json", "audit/pinned.yaml"),
        *(f"audit/stages/{stage}.json" for stage in stages),
    }
    assert listed == {name: found[name] for name in found if name not in of_audit}


def test_inputs_code_and_lock_file_are_those_of_the_repository(
    finished: Study, manifest: dict
) -> None:
    for given in manifest["inputs"]:
        data = (finished.folder / given["path"]).read_bytes()
        assert given["sha256"] == sha256(data).hexdigest()
    assert [given["path"] for given in manifest["inputs"]][:2] == [
        "data/demo/subjects.csv",
        "data/demo/visits.csv",
    ]
    assert manifest["lock"]["sha256"] == sha256((ROOT / "uv.lock").read_bytes()).hexdigest()
    files = manifest["code"]["files"]
    for name in ("workflow/Snakefile", "workflow/rules/audit.smk", "src/durable/stats/survival.py"):
        assert files[name] == sha256((ROOT / name).read_bytes()).hexdigest()


def test_another_tool_finds_the_way_from_an_output_to_the_inputs(finished: Study) -> None:
    graph = rdflib.Graph()
    path = finished.folder / RESULTS / "audit/manifest.json"
    graph.parse(path, format="json-ld", publicID="file:///results/audit/manifest.json")
    derived = graph.query(
        PREFIXES
        + "SELECT ?path WHERE { here:ard.csv prov:wasDerivedFrom ?i . ?i schema:contentUrl ?path }"
    )
    tables = (
        *("adverse_events", "eligibility", "kinetics", "laboratory", "lymphodepletion"),
        *("screening", "subjects", "therapies", "visits"),
    )
    assert sorted(str(row.path) for row in derived) == [f"data/demo/{t}.csv" for t in tables]
    walked = graph.query(
        PREFIXES
        + "ASK { <file:///results/tables/t_dor.html> (prov:wasGeneratedBy/prov:used)+ ?d ."
        + " <file:///results/adam/adtte.parquet> prov:wasGeneratedBy ?rule ."
        + " ?rule prov:wasAssociatedWith ?code . ?code a prov:SoftwareAgent ."
        + " FILTER (?d = <file:///results/adam/adtte.parquet>) }"
    )
    assert walked.askAnswer
    made = graph.query(
        PREFIXES + "SELECT ?rule WHERE { <file:///results/adam/adtte.parquet>"
        " prov:wasGeneratedBy ?rule }"
    )
    assert [str(row.rule) for row in made] == ["file:///results/#rule-derive"]


def test_the_pinned_configuration_is_the_same_plan_with_everything_written_out(
    finished: Study,
) -> None:
    given = load(finished.folder / "config/config.yaml")
    pinned = load(finished.folder / PINNED)
    for name, stage in STAGES.items():
        # A series is no part of the analysis that it looks at beside others.
        if {"inputs", "series"}.isdisjoint(stage.sections):
            assert pinned.digest(stage.sections) == given.digest(stage.sections), name
    for name in given.sensitivity:
        assert pinned.response_of(name) == given.response_of(name)
        assert pinned.statistics_of(name) == given.statistics_of(name)
    assert pinned.inputs.visits.path == "data/demo/visits.csv"
    assert pinned.inputs.visits.sha256 is not None
    assert pinned.pins is not None
    assert pinned.pins.packages["numpy"] == version("numpy")
    assert pinned.pins.packages["pillow"] == version("pillow")


def test_what_may_vary_stands_in_one_file_and_names_no_host(finished: Study) -> None:
    run = json.loads((finished.folder / RESULTS / "audit/run.json").read_text())
    assert set(run["seconds_of_stages"]) >= {"check", "derive", "figures"}
    assert all(seconds >= 0 for seconds in run["seconds_of_stages"].values())
    assert run["python"] == platform.python_version()
    assert run["packages"]["lifelines"] == version("lifelines")
    assert platform.node() not in json.dumps(run["host"])
