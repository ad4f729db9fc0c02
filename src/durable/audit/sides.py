"""The analyses that a comparison lies between, and the steps from one to the other."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Mapping
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
from durable.plan import Plan, parse
from durable.plan.input_files import place_of, study_files
from durable.plan.sdtm import for_tables
from durable.runs.analysis import start_analysis
from durable.runs.files import OTHER_INPUTS
from durable.runs.manifest import MANIFEST, pinned, read_manifest

BEFORE = N_("changed before the earlier cut-off")
SINCE = N_("since the earlier cut-off")
PLAN = N_("plan")
CODE = N_("code or environment")
UNEXPLAINED = N_("unexplained")
#: Sections and keys of the plan that change no number at a given cut-off.
_NAMES = ("analysis.", "study.", "outputs.", "inputs.checksums", "inputs.limits.")
_FILES = (".path", ".sha256", ".folder", ".records")


@dataclass(frozen=True)
class Side:
    """A finished analysis, or one computed for the comparison."""

    name: str
    plan: Plan
    folder: Path
    manifest: Mapping[str, Any]

    @cached_property
    def datasets(self) -> Datasets:
        """Its ADaM datasets."""
        groups = self.plan.groups_by_name.values()
        return Datasets(self.folder, {group.name: group.variable for group in groups})

    @cached_property
    def results(self) -> dict[tuple[str, ...], Result]:
        """Its analysis results, by their key."""
        return {row.text_key: row for row in read_csv(self.folder / "ard.csv")}

    @cached_property
    def values(self) -> dict[str, Any]:
        """Its plan as plain values."""
        values: dict[str, Any] = self.manifest["plan"]["value"]
        return values


@dataclass(frozen=True)
class Step:
    """Two analyses between which one thing differs."""

    cause: str
    before: Side
    after: Side


def finished_side(folder: Path) -> Side:
    """An analysis whose results are the recorded ones."""
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
    earlier: Side, later: Side, place: Path, workflow: Path, cores: int
) -> list[Step]:
    """The steps from the earlier to the later analysis that are not empty."""
    if place.exists():
        shutil.rmtree(place)
    same_data = input_digests(earlier) == input_digests(later)
    same_plan = not list(differing_keys(earlier, later))
    cutoffs = [side.plan.analysis.data_cutoff for side in (earlier, later)]
    same_cutoff = cutoffs[0] == cutoffs[1]
    if not ((same_data and (same_plan or same_cutoff)) or (same_plan and same_cutoff)):
        refuse_replaced(later)

    def computed(number: int, name: str) -> Side:
        return _computed(earlier, later, str(cutoffs[number]), place / name, workflow, cores)

    corrected = followed = later
    if same_data:
        corrected = earlier
    elif not (same_plan and same_cutoff):
        corrected = computed(0, "as-of-earlier")
    if not same_plan:
        followed = corrected if same_cutoff else computed(1, "earlier-plan")
    chain = [
        Step(BEFORE, earlier, corrected),
        Step(SINCE, corrected, followed),
        Step(PLAN, followed, later),
    ]
    return [step for step in chain if step.before is not step.after]


def input_digests(side: Side) -> dict[str, str]:
    """Digests of the study's files, of those alone that a number is made from."""
    given = {entity["id"]: entity["sha256"] for entity in side.manifest["inputs"]}
    other = {f"#input-{name}" for name in OTHER_INPUTS}
    return {name: value for name, value in given.items() if name not in other}


def differing_keys(earlier: Side, later: Side) -> Iterator[tuple[str, str, str]]:
    """Keys of the plan that can move a number."""
    for key, was, now in key_differences(earlier.values, later.values):
        file = key.startswith("inputs.") and (
            key.endswith(_FILES) or ".sha256." in key or ".records." in key
        )
        if not key.startswith(_NAMES) and not file:
            yield key, was, now


def refuse_replaced(side: Side) -> None:
    """Refuse to compute from input files that are no longer those of an analysis.

    Raises
    ------
    UserError
        With every such file.
    """
    other = []
    for entity in side.manifest["inputs"]:
        if entity["id"] not in input_digests(side):
            continue
        path = Path(entity["path"])
        found = sha256(path) if path.is_file() else "no file"
        if found != entity["sha256"]:
            other.append(f"{path}: found {found}; expected {entity['sha256']}")
    if other:
        files = "\n  ".join(other)
        raise UserError(f"not the input files of {side.name}; run it again first:\n  {files}")


def _computed(
    earlier: Side, later: Side, cutoff: str, place: Path, workflow: Path, cores: int
) -> Side:
    """The earlier plan on the later files, as of a cut-off: its numbers, without outputs."""
    values: dict[str, Any] = {**earlier.values, "outputs": {}}
    values["analysis"] = {**values["analysis"], "data_cutoff": cutoff}
    values["inputs"] = _later_files(earlier, later)
    config = place / "analysis.yaml"
    write_text(config, pinned(values, None))
    log = place / "analysis.log"
    status = start_analysis(
        config, place / "results", log, until="analyse", workflow=workflow, cores=cores
    )
    if status != 0:
        raise UserError(f"the analysis between {earlier.name} and {later.name} failed: see {log}")
    return replace(earlier, folder=place / "results" / earlier.name, plan=parse(values))


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
        same = old[table] and _files_of(earlier, table) == _files_of(later, table)
        inputs[table] = copy.deepcopy(old[table] if same else new[table])
    if any(inputs[table].get("sql") for table in inputs if table in TABLES):
        inputs["sources"] = copy.deepcopy(new["sources"])
    for file in study_files(later.plan.inputs):
        if file.key[0] in inputs:
            place_of(inputs, file)["path"] = str(Path(file.path).absolute())
    if new["sdtm"]:
        same = old["sdtm"] and _files_of(earlier, "sdtm") == _files_of(later, "sdtm")
        tables = [table for table in new["sdtm"]["tables"] if table in had]
        folder = str(Path(new["sdtm"]["folder"]).absolute())
        inputs["sdtm"] = for_tables(old["sdtm"] if same else new["sdtm"], tables)
        inputs["sdtm"]["folder"] = folder
    return inputs


def _files_of(side: Side, section: str) -> dict[str, str]:
    """Digests of the input files of a table, a query's sources among them, or of the domains."""
    given = {name.removeprefix("#input-"): value for name, value in input_digests(side).items()}
    sections = [section]
    if section in TABLES and side.values["inputs"][section].get("sql"):
        sections.append("sources")
    return {name: digest for name, digest in given.items() if _section_of(name) in sections}


def _section_of(name: str) -> str:
    """Section of the inputs that a file is of: a table, what queries read, or a package."""
    first = name.split(".")[0]
    return first if first in (*TABLES, "sources") else "sdtm"
