"""The analyses that a comparison lies between, and the steps from one to the other."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from durable.audit.plans import key_differences
from durable.audit.statuses import Datasets
from durable.contracts.results import Result, read_csv
from durable.contracts.tables import TABLES
from durable.errors import UserError
from durable.files import sha256, write_text
from durable.language import N_
from durable.plan import NO_ANALYSIS, Plan, parse
from durable.plan.input_files import file_section, study_files
from durable.plan.sdtm import reduce_to_tables
from durable.runs.analysis import start_analysis
from durable.runs.files import OTHER_INPUTS
from durable.runs.manifest import MANIFEST, pinned_yaml, read_manifest

BEFORE = N_("changed before the earlier cut-off")
SINCE = N_("since the earlier cut-off")
PLAN = N_("plan")
CODE = N_("code or environment")
UNEXPLAINED = N_("unexplained")
#: Sections of the plan, keys of its inputs and ends of such keys that change no number at a given
#: cut-off.
_SECTIONS = {"analysis", "study", "outputs", "governance", *NO_ANALYSIS}
_INPUTS = {"checksums", "limits", "severity"}
_FILES = (".path", ".sha256", ".folder", ".records")


@dataclass(frozen=True)
class Side:
    """A finished analysis, or one computed for the comparison."""

    name: str
    """Identifier of the analysis; of a computed one that of the earlier analysis."""
    plan: Plan
    folder: Path
    """Folder of the results."""
    manifest: Mapping[str, Any]
    """Manifest of the finished analysis; a computed one keeps that of the earlier analysis."""

    @cached_property
    def datasets(self) -> Datasets:
        """The ADaM datasets of the analysis."""
        groups = self.plan.groups_by_name.values()
        return Datasets(self.folder, {group.name: group.variable for group in groups})

    @cached_property
    def results(self) -> dict[tuple[str, ...], Result]:
        """The analysis results of ``ard.csv`` by their key as text (`Result.text_key`)."""
        return {row.text_key: row for row in read_csv(self.folder / "ard.csv")}

    @cached_property
    def values(self) -> dict[str, Any]:
        """The plan in the manifest, as values of JSON."""
        values: dict[str, Any] = self.manifest["plan"]["value"]
        return values


@dataclass(frozen=True)
class Step:
    """Two analyses between which one thing differs."""

    cause: str
    """BEFORE, SINCE or PLAN; of the only step CODE or UNEXPLAINED."""
    before: Side
    after: Side


def finished_side(folder: Path) -> Side:
    """The finished analysis in a folder of results.

    Raises
    ------
    UserError
        Where it has no manifest, or an output was altered or removed since.
    """
    manifest = read_manifest(folder / MANIFEST)
    altered = [
        entity["id"]
        for entity in manifest["outputs"]
        if not (folder / entity["id"]).is_file()
        or sha256(folder / entity["id"]) != entity["sha256"]
    ]
    if altered:
        files = "\n  ".join(altered)
        raise UserError(f"{folder}: not the files of its manifest:\n  {files}")
    plan = parse(manifest["plan"]["value"], str(folder / MANIFEST))
    return Side(folder.name, plan, folder, manifest)


def steps_between(
    earlier: Side, later: Side, folder: Path, workflow: Path, cores: int
) -> list[Step]:
    """The steps from the earlier to the later analysis: BEFORE, SINCE, PLAN, those that are needed.

    BEFORE where the input files differ, SINCE where the cut-offs do, PLAN where keys of the plan
    differ that can move a number (`differing_keys`); where all agree one step alone, CODE or, with
    the same code, UNEXPLAINED. Analyses between the two are computed.

    Parameters
    ----------
    folder
        Folder for the computed analyses; what is there is removed.
    workflow
        Folder of the workflow.
    cores
        Jobs at a time.

    Raises
    ------
    UserError
        Where something has to be computed and input files of the later analysis were replaced
        (`refuse_replaced`), or where it fails.
    """
    if folder.exists():
        shutil.rmtree(folder)
    same_data = input_digests(earlier) == input_digests(later)
    same_plan = not list(differing_keys(earlier, later))
    cutoffs = [side.plan.analysis.data_cutoff for side in (earlier, later)]
    same_cutoff = cutoffs[0] == cutoffs[1]
    if same_data and same_plan and same_cutoff:
        cause = CODE if has_other_code(earlier, later) else UNEXPLAINED
        return [Step(cause, earlier, later)]
    if not ((same_data and (same_plan or same_cutoff)) or (same_plan and same_cutoff)):
        refuse_replaced(later)

    def compute_side(number: int, name: str) -> Side:
        return _run_between(earlier, later, str(cutoffs[number]), folder / name, workflow, cores)

    as_of_earlier = under_earlier_plan = later
    if same_data:
        as_of_earlier = earlier
    elif not (same_plan and same_cutoff):
        as_of_earlier = compute_side(0, "as-of-earlier")
    if not same_plan:
        under_earlier_plan = as_of_earlier if same_cutoff else compute_side(1, "earlier-plan")
    chain = [
        Step(BEFORE, earlier, as_of_earlier),
        Step(SINCE, as_of_earlier, under_earlier_plan),
        Step(PLAN, under_earlier_plan, later),
    ]
    return [step for step in chain if step.before is not step.after]


def input_digests(side: Side) -> dict[str, str]:
    """SHA-256 of the input files of the study by their identifier in the manifest.

    Identifiers are as ``#input-visits``; files that no number is made from (`OTHER_INPUTS`) are
    left out.
    """
    digests = {entity["id"]: entity["sha256"] for entity in side.manifest["inputs"]}
    other = {f"#input-{name}" for name in OTHER_INPUTS}
    return {name: value for name, value in digests.items() if name not in other}


def has_other_code(earlier: Side, later: Side) -> bool:
    """Whether a rule that both analyses have ran with other code or other packages."""
    digests = [{r["id"]: r["digests"] for r in side.manifest["rules"]} for side in (earlier, later)]
    return any(
        digests[0][rule].get(kind) != digests[1][rule].get(kind)
        for rule in digests[0].keys() & digests[1].keys()
        for kind in ("code", "libraries")
    )


def differing_keys(earlier: Side, later: Side) -> Iterator[tuple[str, str, str]]:
    """Key, earlier and later value of the plan, as JSON, where they differ and can move a number.

    Titles, outputs, reasons and signatures, sections that no analysis is made from, limits of the
    input, findings that are lowered, paths and digests are left out; so is the cut-off.
    """
    for key, old, new in key_differences(earlier.values, later.values):
        section, *below = re.split(r"[.\[]", key)
        other_input = section == "inputs" and (
            below[0] in _INPUTS or key.endswith(_FILES) or ".sha256." in key or ".records." in key
        )
        if section not in _SECTIONS and not other_input:
            yield key, old, new


def refuse_replaced(side: Side) -> None:
    """Refuse to compute from input files that are no longer those of an analysis.

    Raises
    ------
    UserError
        With every such file, among them those that are not there.
    """
    replaced_files = []
    for entity in side.manifest["inputs"]:
        if entity["id"] not in input_digests(side):
            continue
        path = Path(entity["path"])
        digest = sha256(path) if path.is_file() else "no file"
        if digest != entity["sha256"]:
            replaced_files.append(f"{path}: found {digest}; expected {entity['sha256']}")
    if replaced_files:
        files = "\n  ".join(replaced_files)
        raise UserError(f"not the input files of {side.name}; run it again first:\n  {files}")


def _run_between(
    earlier: Side, later: Side, cutoff: str, folder: Path, workflow: Path, cores: int
) -> Side:
    """The earlier plan on the later files, as of a cut-off: its numbers, without outputs."""
    values: dict[str, Any] = {**earlier.values, "outputs": {}}
    values["analysis"] = {**values["analysis"], "data_cutoff": cutoff}
    values["inputs"] = _later_files(earlier, later)
    config = folder / "analysis.yaml"
    write_text(config, pinned_yaml(values, None))
    log = folder / "analysis.log"
    status = start_analysis(
        config, folder / "results", log, until="analyse", workflow=workflow, cores=cores
    )
    if status != 0:
        raise UserError(f"the analysis between {earlier.name} and {later.name} failed: see {log}")
    return replace(earlier, folder=folder / "results" / earlier.name, plan=parse(values))


def _later_files(earlier: Side, later: Side) -> dict[str, Any]:
    """The later files for the tables of the earlier plan.

    The same files are read as the earlier plan says, so that another way of reading is a matter of
    the plan; other files may need another way.
    """
    old, new = earlier.values["inputs"], later.values["inputs"]
    of_package = old["sdtm"]["tables"] if old["sdtm"] else []
    had = [name for name in TABLES if old[name] or name in of_package]
    inputs: dict[str, Any] = {"limits": new["limits"]}
    for table in (name for name in TABLES if new[name] and name in had):
        unchanged = old[table] and _files_of(earlier, table) == _files_of(later, table)
        inputs[table] = copy.deepcopy(old[table] if unchanged else new[table])
    if any(inputs[table].get("sql") for table in inputs if table in TABLES):
        inputs["sources"] = copy.deepcopy(new["sources"])
    for file in study_files(later.plan.inputs):
        if file.key[0] in inputs:
            file_section(inputs, file)["path"] = str(Path(file.path).absolute())
    if new["sdtm"]:
        unchanged = old["sdtm"] and _files_of(earlier, "sdtm") == _files_of(later, "sdtm")
        tables = [table for table in new["sdtm"]["tables"] if table in had]
        folder = str(Path(new["sdtm"]["folder"]).absolute())
        inputs["sdtm"] = reduce_to_tables(old["sdtm"] if unchanged else new["sdtm"], tables)
        inputs["sdtm"]["folder"] = folder
    read = {*inputs, *(inputs["sdtm"]["tables"] if new["sdtm"] else ())}
    inputs["severity"] = _lowered_rules(earlier, later, read)
    return inputs


def _lowered_rules(earlier: Side, later: Side, tables: Collection[str]) -> list[dict[str, Any]]:
    """What either plan lowers to warnings, of the tables that are read.

    What the later plan lowers too: its files are read. No number depends on it
    (`durable.contracts.lowering`).
    """
    rules = [rule for side in (earlier, later) for rule in side.plan.inputs.severity]
    return [rule.model_dump() for rule in dict.fromkeys(rules) if rule.table in tables]


def _files_of(side: Side, section: str) -> dict[str, str]:
    """Digests of the input files of a table, a query's sources among them, or of the domains."""
    digests = {name.removeprefix("#input-"): value for name, value in input_digests(side).items()}
    sections = [section]
    if section in TABLES and side.values["inputs"][section].get("sql"):
        sections.append("sources")
    return {name: digest for name, digest in digests.items() if _section_of(name) in sections}


def _section_of(name: str) -> str:
    """Section of the inputs that a file is of: a table, ``sources`` of queries, or ``sdtm``."""
    first = name.split(".")[0]
    return first if first in (*TABLES, "sources") else "sdtm"
