"""Stage ``record``: what an analysis was computed from, by what, and what came of it.

`manifest.json` is JSON-LD with the terms of W3C PROV-O and schema.org, so that other tools can ask
it which output was derived from which input. `run.json` holds what may vary between two runs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from durable.errors import UserError
from durable.files import sha256, write_text
from durable.fonts import font_records
from durable.history.events import record_run
from durable.intake.sources import read_digests
from durable.plan import Pins, Plan, parse
from durable.plan.input_files import file_section, input_paths, study_files
from durable.runs import libraries
from durable.runs.files import other_inputs
from durable.runs.manifest import MANIFEST, PINNED, RUN, pinned_yaml, read_started
from durable.runs.pins import digest
from durable.runs.state import StageRecord, digests_of, read_record

_LINK = {"@type": "@id"}
_CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "@base": "../",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "durable": "urn:durable:",
    "id": "@id",
    "type": "@type",
    "title": "schema:name",
    "path": "schema:contentUrl",
    "sha256": "schema:sha256",
    "bytes": "schema:contentSize",
    "commit": "schema:version",
    "dirty": "durable:dirty",
    "data_cutoff": "schema:temporalCoverage",
    "value": {"@id": "prov:value", "@type": "@json"},
    "files": {"@id": "durable:files", "@type": "@json"},
    "digests": {"@id": "durable:digests", "@type": "@json"},
    "plan": "durable:plan",
    "code": "durable:code",
    "lock": "durable:lock",
    "inputs": "durable:inputs",
    "rules": "durable:rules",
    "outputs": "prov:hadMember",
    "used": {"@id": "prov:used", **_LINK},
    "run_by": {"@id": "prov:wasAssociatedWith", **_LINK},
    "made_by": {"@id": "prov:wasGeneratedBy", **_LINK},
    "derived_from": {"@id": "prov:wasDerivedFrom", **_LINK},
}
_PINNED_HEADER = """\
# The analysis as it was run, with every default written out. Repeat and verify it with
#   snakemake audit --configfile {file}
"""


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Write ``audit/manifest.json``, ``pinned.yaml`` and ``run.json`` of finished results.

    A pinned configuration by which the run itself is configured is not written again.

    Parameters
    ----------
    cores
        Installed libraries compared at a time.

    Raises
    ------
    UserError
        Where an input is not the one that was read, a result not the one that its stage made, a
        stage was done by another plan or code, or an installed library was altered.
    """
    started = read_started(folder)
    packages = libraries.versions()
    records = _stage_records(started, folder)
    _refuse_altered(libraries.altered_files(packages, cores=cores))
    sources = _read_inputs(folder)
    refuse_replaced(plan, sources, started["other_inputs"])
    values = plan_values(plan, sources)
    manifest = _manifest(values, _names(plan, started, folder), started, records)
    write_text(folder / MANIFEST, _json(manifest))
    pins = Pins(
        code=manifest["code"]["sha256"],
        lock=started["lock"],
        python=platform.python_version(),
        packages=packages,
        libraries=libraries.digests(packages),
        fonts=font_records(plan),
        listing=started["other_inputs"].get("queries_since"),
    )
    if not started["keep_pinned"]:
        header = _PINNED_HEADER.format(file=(folder / PINNED).as_posix())
        write_text(folder / PINNED, header + pinned_yaml(values, pins))
    write_text(folder / RUN, _json(_circumstances(started, pins, folder)))


def finish(folder: Path) -> None:
    """Append the run to the history of the study; without that it is not recorded."""
    record_run(folder, read_started(folder).get("reason", ""))


def _stage_records(started: Mapping[str, Any], folder: Path) -> dict[str, StageRecord]:
    """The records of the stages, each by what the run began with, of results as they are."""
    if "rules" not in started:
        raise UserError(f"{folder}: no run has begun here; start snakemake")
    records, faults = {}, []
    for name, rule in started["rules"].items():
        record = read_record(folder, name)
        if record is None or record.digests != rule["digests"]:
            faults.append(f"stage {name}: not done by the plan, code and libraries of this run")
            continue
        records[name] = record
        faults += [
            f"{folder / file}: not as the stage {name} left it"
            for file, digest in record.outputs.items()
            if digests_of([folder / file]) != {str(folder / file): digest}
        ]
    if faults:
        lines = "\n  ".join(faults)
        raise UserError(f"a mixture is not recorded; start snakemake again:\n  {lines}")
    return records


def _refuse_altered(files: Sequence[str]) -> None:
    if files:
        named = "\n  ".join(files)
        raise UserError(
            f"installed libraries were altered; install them again (make clean):\n  {named}"
        )


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _read_inputs(folder: Path) -> dict[str, str]:
    """SHA-256 of the files that were read, by table, or by domain of an SDTM package."""
    return read_digests(json.loads((folder / "checked" / "sources.json").read_text("utf-8")))


def refuse_replaced(
    plan: Plan, digests: Mapping[str, str], other_digests: Mapping[str, str]
) -> None:
    """Refuse to record inputs that were replaced after they were read.

    Parameters
    ----------
    digests
        SHA-256 of each file of the study as it was read, by its name (`input_paths`).
    other_digests
        Those of the files beside them (`other_inputs`), by name, when the run began.

    Raises
    ------
    UserError
        With every such file.
    """
    replaced = []
    paths = input_paths(plan.inputs) | other_inputs(plan)
    for name, digest_read in {**digests, **other_digests}.items():
        path = Path(paths[name])
        current = sha256(path) if path.is_file() else "no file"
        if current != digest_read:
            replaced.append(f"{path}: found {current}; read was {digest_read}")
    if replaced:
        files = "\n  ".join(replaced)
        raise UserError(f"changed during the run; start snakemake again:\n  {files}")


def plan_values(plan: Plan, digests: Mapping[str, str]) -> dict[str, Any]:
    """Every key of the plan but ``pins`` as plain values, the inputs with their digests.

    Paths below the folder of the run are relative to it, so that they hold in another clone.

    Parameters
    ----------
    digests
        SHA-256 of each file of the study, by its name (`input_paths`).
    """
    values = plan.model_dump(mode="json", exclude={"pins"})
    since = values["outputs"]["queries_since"]
    values["outputs"]["queries_since"] = since and _portable(since)
    checksums = values["inputs"]["checksums"]
    values["inputs"]["checksums"] = checksums and _portable(checksums)
    files = study_files(plan.inputs)
    sdtm = values["inputs"]["sdtm"]
    if sdtm is not None:
        domains = {file.name: digests[file.name] for file in files if file.is_domain}
        sdtm |= {"folder": _portable(sdtm["folder"]), "sha256": domains}
    for file in (file for file in files if not file.is_domain):
        section = file_section(values["inputs"], file)
        section |= {"path": _portable(file.path), "sha256": digests[file.name]}
    return values


def _portable(file: str) -> str:
    path = Path(file)
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def _manifest(
    values: dict[str, Any],
    names: Mapping[str, str],
    started: Mapping[str, Any],
    records: Mapping[str, StageRecord],
) -> dict[str, Any]:
    """The manifest, every file by its name there (`_names`)."""
    rules: dict[str, dict[str, list[str]]] = {
        name: {
            "used": sorted({names.get(file, "#plan") for file in rule["input"]}),
            "made": sorted(names[file] for file in rule["output"]),
        }
        for name, rule in started["rules"].items()
    }
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return {
        "@context": _CONTEXT,
        "id": "#analysis",
        "type": ["prov:Collection", "schema:Dataset"],
        "title": values["analysis"]["title"],
        "data_cutoff": values["analysis"]["data_cutoff"],
        "plan": {
            "id": "#plan",
            "type": ["prov:Entity", "prov:Plan"],
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "value": values,
        },
        "code": {
            "id": "#code",
            "type": ["prov:Entity", "prov:SoftwareAgent"],
            "sha256": digest(started["code"]),
            "commit": started["commit"],
            "dirty": started["dirty"],
            "files": started["code"],
        },
        "lock": {
            "id": "#lock",
            "type": "prov:Entity",
            "path": "uv.lock",
            "sha256": started["lock"],
        },
        "inputs": [
            {"id": f"#input-{name}", "type": "prov:Entity", "path": path, "sha256": digest_read}
            for name, path, digest_read in _inputs(values, started["other_inputs"])
        ],
        "rules": [
            {
                "id": f"#rule-{name}",
                "type": "prov:Activity",
                "used": rule["used"],
                "run_by": "#code",
                "digests": started["rules"][name]["digests"],
            }
            for name, rule in sorted(rules.items())
        ],
        "outputs": _outputs(rules, records),
    }


def _outputs(
    rules: Mapping[str, Mapping[str, list[str]]], records: Mapping[str, StageRecord]
) -> list[dict[str, Any]]:
    """Every result with its digest, as its stage left it, and where it comes from."""
    maker = {output: name for name, rule in rules.items() for output in rule["made"]}
    return [
        {
            "id": output,
            "type": "prov:Entity",
            "sha256": records[maker[output]].outputs[output],
            "made_by": f"#rule-{maker[output]}",
            "derived_from": sorted(_origins(output, rules, maker)),
        }
        for output in sorted(maker)
    ]


def _inputs(
    values: Mapping[str, Any], other_digests: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Name, path and SHA-256 of every file that was read."""
    plan = parse(values)
    for file in study_files(plan.inputs):
        yield file.name, file.path, str(file.sha256)
    for name, digest_read in other_digests.items():
        yield name, other_inputs(plan)[name], digest_read


def _names(plan: Plan, started: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Names in the manifest of the files of the rules: inputs by table, results by their path."""
    paths = input_paths(plan.inputs) | other_inputs(plan)
    names = {path: f"#input-{name}" for name, path in paths.items()}
    for rule in started["rules"].values():
        for file in rule["output"]:
            names[file] = Path(file).relative_to(folder).as_posix()
    return names


def _origins(
    output: str, rules: Mapping[str, Mapping[str, list[str]]], maker: Mapping[str, str]
) -> set[str]:
    """Inputs of the study that a result goes back to."""
    origins: set[str] = set()
    seen: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.startswith("#input-"):
            origins.add(name)
        elif name in maker:
            waiting += rules[maker[name]]["used"]
    return origins


def _circumstances(started: Mapping[str, Any], pins: Pins, folder: Path) -> dict[str, Any]:
    """What may vary: when and where it was run, with what, and how long it took."""
    begun = dt.datetime.fromisoformat(started["time"])
    recorded = dt.datetime.now(dt.UTC)
    seconds = sorted((folder / "logs").glob("*.seconds"))
    return {
        "started": started["time"],
        "recorded": recorded.isoformat(timespec="seconds"),
        "seconds": round((recorded - begun).total_seconds(), 1),
        "seconds_of_stages": {path.stem: float(path.read_text("utf-8")) for path in seconds},
        "host": {
            "system": platform.system(),
            "machine": platform.machine(),
            "libc": " ".join(platform.libc_ver()),
            "processors": os.cpu_count(),
        },
        "python": pins.python,
        "packages": pins.packages,
        "fonts": pins.fonts,
    }
