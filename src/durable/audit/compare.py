"""Command ``compare``: what changed between two analyses, and why.

Between the earlier and the later analysis lie up to three steps, each an analysis of its own where
it cannot be read off: the earlier plan on the later data as of the earlier cut-off (*changed before
the earlier cut-off*), the earlier plan at the later cut-off (*since the earlier cut-off*), and the
later plan (*plan*). A number's causes are the steps in which it moves.
"""

from __future__ import annotations

import csv
import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from io import StringIO
from math import isnan
from pathlib import Path
from typing import Any

from durable.audit.curves import overlay, read_curve
from durable.audit.pages import Section, page
from durable.audit.plans import key_differences
from durable.audit.records import InputChange, input_changes
from durable.audit.statuses import Datasets, differing
from durable.contracts.results import Result, read_csv
from durable.contracts.tables import TABLES
from durable.errors import UserError
from durable.files import safe_cell, sha256, write_text
from durable.plan import Plan, load, parse
from durable.runs.analysis import start_analysis
from durable.runs.manifest import MANIFEST, PINNED, pinned, read_manifest
from durable.runs.pins import changed_files

BEFORE = "changed before the earlier cut-off"
SINCE = "since the earlier cut-off"
PLAN = "plan"
CODE = "code or environment"
UNEXPLAINED = "unexplained"
#: Sections and keys of the plan that change no number at a given cut-off.
_NAMES = ("analysis.", "study.", "outputs.")
_FILES = (".path", ".sha256", ".folder")


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
        return Datasets(self.folder)

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


@dataclass(frozen=True)
class Cell:
    """A row of the analysis results that moved."""

    key: tuple[str, ...]
    earlier: Result | None
    later: Result | None
    causes: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Flip:
    """A status of a subject that is another one in the later analysis."""

    subject: str
    status: str
    earlier: str
    later: str
    causes: tuple[str, ...]
    decided_by: str
    because: str


def run(config: Path, results: Path, against: str, *, workflow: Path, cores: int = 1) -> None:
    """Compare the configured analysis with another one; write ``compare/OTHER/``.

    Raises
    ------
    UserError
        Where one of them is not finished or was altered, or the other is no analysis.
    """
    plan = load(config)
    if not against or against == plan.analysis.id or Path(against).name != against:
        raise UserError(
            f"--config against={against}: expected the id of another analysis in {results}"
        )
    own, other = (_finished(results / name) for name in (plan.analysis.id, against))
    earlier, later = sorted((other, own), key=lambda side: side.plan.analysis.data_cutoff)
    place = own.folder / "compare" / against
    steps = _steps(earlier, later, place / "steps", workflow, cores)
    inputs = _inputs(steps)
    flips = list(_flips(earlier, later, steps, inputs))
    cells = list(_cells(earlier, later, steps))
    _write(place, earlier, later, inputs, flips, cells)
    unexplained = sum(cell.causes == (UNEXPLAINED,) for cell in cells)
    print(
        f"{earlier.name} -> {later.name}: {sum(i.when == BEFORE for i in inputs)} input change(s)"
        f" before the earlier cut-off, {len(flips)} status(es) flipped, {len(cells)} number(s)"
        f" moved, {unexplained} unexplained: {place / 'compare.html'}"
    )


def _finished(folder: Path) -> Side:
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


def _steps(earlier: Side, later: Side, place: Path, workflow: Path, cores: int) -> list[Step]:
    """The steps from the earlier to the later analysis that are not empty."""
    if place.exists():
        shutil.rmtree(place)
    same_data = _digests(earlier) == _digests(later)
    same_plan = not list(_plan_keys(earlier, later))
    cutoffs = [side.plan.analysis.data_cutoff for side in (earlier, later)]
    same_cutoff = cutoffs[0] == cutoffs[1]
    if not ((same_data and (same_plan or same_cutoff)) or (same_plan and same_cutoff)):
        refuse_replaced(later)

    def computed(number: int, name: str) -> Side:
        return _computed(earlier, later, str(cutoffs[number]), place / name, workflow, cores)

    retold = followed = later
    if same_data:
        retold = earlier
    elif not (same_plan and same_cutoff):
        retold = computed(0, "as-of-earlier")
    if not same_plan:
        followed = retold if same_cutoff else computed(1, "earlier-plan")
    chain = [
        Step(BEFORE, earlier, retold),
        Step(SINCE, retold, followed),
        Step(PLAN, followed, later),
    ]
    return [step for step in chain if step.before is not step.after]


def _digests(side: Side) -> dict[str, str]:
    """Digests of the study's files; an earlier listing moves no number."""
    given = {entity["id"]: entity["sha256"] for entity in side.manifest["inputs"]}
    return {name: value for name, value in given.items() if name != "#input-queries_since"}


def _plan_keys(earlier: Side, later: Side) -> Iterator[tuple[str, str, str]]:
    """Keys of the plan that can move a number."""
    for key, was, now in key_differences(earlier.values, later.values):
        file = key.startswith("inputs.") and (key.endswith(_FILES) or ".sha256." in key)
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
        if entity["id"] not in _digests(side):
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
    kept = {name for name, _ in _digests(earlier).items() & _digests(later).items()}
    inputs: dict[str, Any] = {}
    for table in TABLES:
        if new[table] and (old[table] or old["sdtm"]):
            way = old[table] if old[table] and f"#input-{table}" in kept else new[table]
            inputs[table] = {**way, "path": str(Path(new[table]["path"]).absolute())}
    if new["sdtm"]:
        had = old["sdtm"]["tables"] if old["sdtm"] else [name for name in TABLES if old[name]]
        way = old["sdtm"] if old["sdtm"] and _digests(earlier) == _digests(later) else new["sdtm"]
        tables = [table for table in new["sdtm"]["tables"] if table in had]
        maps = {
            key: {table: names for table, names in way[key].items() if table in tables}
            for key in ("variables", "values", "units")
        }
        folder = str(Path(new["sdtm"]["folder"]).absolute())
        inputs["sdtm"] = {**way, **maps, "folder": folder, "tables": tables}
    return inputs


def _inputs(steps: Iterable[Step]) -> list[InputChange]:
    """Changes of input records, those before the earlier cut-off first."""
    return [
        change
        for step in steps
        if step.cause in (BEFORE, SINCE)
        for change in input_changes(
            step.before.folder / "validated", step.after.folder / "validated", step.cause
        )
    ]


def _flips(
    earlier: Side, later: Side, steps: Sequence[Step], inputs: Iterable[InputChange]
) -> Iterator[Flip]:
    old, new = earlier.datasets.statuses(), later.datasets.statuses()
    sources = later.datasets.sources()
    changed: dict[tuple[str, str], list[str]] = {}
    for change in inputs:
        if change.table in ("subjects", "visits", "therapies"):
            changed.setdefault((change.when, change.subject_id), []).append(str(change))
    keys = [f"{key}: {was} -> {now}" for key, was, now in _plan_keys(earlier, later)]
    cutoffs = [str(side.plan.analysis.data_cutoff) for side in (earlier, later)]
    for subject, status in sorted({*old, *new}):
        was, now = (said.get((subject, status), "none") for said in (old, new))
        if was == now:
            continue
        because: list[str] = []
        causes = []
        for step in steps:
            before, after = (
                side.datasets.statuses().get((subject, status), "none")
                for side in (step.before, step.after)
            )
            if before == after:
                continue
            causes.append(step.cause)
            found = keys if step.cause == PLAN else changed.get((step.cause, subject), [])
            moved = [f"data cut-off {' -> '.join(cutoffs)}"] if step.cause == SINCE else []
            because += found or moved
        decided = sources.get((subject, status), "")
        yield Flip(subject, status, was, now, tuple(causes), decided, "; ".join(because))


def _cells(earlier: Side, later: Side, steps: Sequence[Step]) -> Iterator[Cell]:
    """Rows of the analysis results that moved, those before the earlier cut-off first."""
    code = _other_code(earlier, later)
    moved = []
    for key in dict.fromkeys((*earlier.results, *later.results)):
        was, now = earlier.results.get(key), later.results.get(key)
        if _same(was, now):
            continue
        causes: list[str] = []
        subjects: set[str] = set()
        for step in steps:
            if _same(step.before.results.get(key), step.after.results.get(key)):
                continue
            behind = _subjects(step, key)
            if step.cause == PLAN or behind:
                causes.append(step.cause)
                subjects |= behind
        if code:
            causes.append(CODE)
        who = tuple(sorted(subjects))
        moved.append(Cell(key, was, now, tuple(causes) or (UNEXPLAINED,), who))
    return iter(sorted(moved, key=lambda cell: BEFORE not in cell.causes))


def _same(was: Result | None, now: Result | None) -> bool:
    if was is None or now is None:
        return was is now
    return repr(was) == repr(now)  # NaN equals itself here


def _subjects(step: Step, key: tuple[str, ...]) -> set[str]:
    """Subjects of the group whose records behind a number differ, or who joined or left it."""
    output, _, group_by, group, parameter, _ = key
    before, after = step.before.datasets, step.after.datasets
    groups = before.members(group_by, group), after.members(group_by, group)
    differ = differing(before, after, output, parameter) & (groups[0] | groups[1])
    return differ | (groups[0] ^ groups[1])


def _other_code(earlier: Side, later: Side) -> bool:
    """Whether a rule that both have computed with other code or packages."""
    digests = [{r["id"]: r["digests"] for r in side.manifest["rules"]} for side in (earlier, later)]
    return any(
        digests[0][rule][kind] != digests[1][rule][kind]
        for rule in digests[0].keys() & digests[1].keys()
        for kind in ("code", "packages")
    )


def _plan_rows(earlier: Side, later: Side) -> list[list[str]]:
    rows = [["plan", *row] for row in key_differences(earlier.values, later.values)]
    files = changed_files(earlier.manifest["code"]["files"], later.manifest["code"]["files"])
    rows += [["code", file.name, file.expected, file.found] for file in files]
    pins = [load(side.folder / PINNED).pins for side in (earlier, later)]
    values = [pin.model_dump(mode="json", exclude={"code"}) if pin else {} for pin in pins]
    return rows + [["environment", *row] for row in key_differences(*values)]


def _difference(cell: Cell) -> str:
    if cell.earlier is None or cell.later is None:
        return ""
    moved = cell.later.value - cell.earlier.value
    return "" if isnan(moved) else f"{moved:.6g}"


def _shown(result: Result | None) -> list[str]:
    if result is None:
        return ["absent", "", ""]
    value = "NE" if isnan(result.value) else f"{result.value:.6g}"
    return [value, *("" if isnan(v) else f"{v:.6g}" for v in (result.lower, result.upper))]


_ARD = ["output", "analysis", "group_by", "group", "parameter", "statistic"]
_COLUMNS = {
    "plan": ["kind", "key", "earlier", "later"],
    "inputs": [
        *("when", "table", "subject_id", "record", "row", "action", "column", "earlier", "later"),
    ],
    "statuses": ["subject_id", "status", "earlier", "later", "cause", "decided_by", "because"],
    "ard": [
        *_ARD,
        *("earlier", "earlier_lower", "earlier_upper", "later", "later_lower", "later_upper"),
        *("difference", "cause", "subjects", "because"),
    ],
}


def _write(
    place: Path,
    earlier: Side,
    later: Side,
    inputs: Sequence[InputChange],
    flips: Sequence[Flip],
    cells: Sequence[Cell],
) -> None:
    rows = {
        "plan": _plan_rows(earlier, later),
        "inputs": [
            [i.when, i.table, i.subject_id, i.record, i.row, i.action, i.column, i.earlier, i.later]
            for i in inputs
        ],
        "statuses": [
            [f.subject, f.status, f.earlier, f.later, "; ".join(f.causes), f.decided_by, f.because]
            for f in flips
        ],
        "ard": [
            [
                *(*cell.key, *_shown(cell.earlier), *_shown(cell.later), _difference(cell)),
                *("; ".join(cell.causes), "; ".join(cell.subjects), _because(cell, flips)),
            ]
            for cell in cells
        ],
    }
    for name, of in rows.items():
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_COLUMNS[name], *(map(_safe, row) for row in of)])
        write_text(place / f"{name}.csv", text.getvalue())
    write_text(place / "compare.html", _page(earlier, later, rows))


def _safe(cell: str) -> str:
    """Text safe in a spreadsheet; a negative number is one."""
    try:
        float(cell)
    except ValueError:
        return safe_cell(cell)
    return cell


def _because(cell: Cell, flips: Iterable[Flip]) -> str:
    """Statuses behind a number that flipped: of its parameter in t_dor and t_improvement."""
    output, parameter = cell.key[0], cell.key[4]
    over_visits = "" if parameter in ("BOTH", "EITHER") else parameter
    wanted = {"t_dor": parameter, "t_improvement": f"Improvement {over_visits}"}.get(output)
    return "; ".join(
        f"{flip.subject} {flip.status} {flip.earlier} -> {flip.later}"
        for flip in flips
        if wanted and flip.status.startswith(wanted) and flip.subject in cell.subjects
    )


def _page(earlier: Side, later: Side, rows: Mapping[str, list[list[str]]]) -> str:
    first = [row for row in rows["inputs"] if row[0] == BEFORE]
    since = itertools.groupby(
        sorted((row[1], row[2], row[5]) for row in rows["inputs"] if row[0] == SINCE)
    )
    named = {side.name: f"{side.plan.analysis.data_cutoff}" for side in (earlier, later)}
    unexplained = [i for i, row in enumerate(rows["ard"]) if row[-3] == UNEXPLAINED]
    at_cutoff = f"Records on or before {named[earlier.name]} that the later files tell otherwise."
    curves = [
        Section(
            f"Kaplan-Meier, {parameter.upper()}",
            figure=overlay(
                f"{parameter.upper()}, months",
                [
                    (side.name, read_curve(side.folder / f"figures/f_km_{parameter}.csv"))
                    for side in (earlier, later)
                ],
            ),
        )
        for parameter in ("dor", "efs")
    ]
    sections = [
        Section(
            "Changed before the earlier cut-off",
            _COLUMNS["inputs"][1:],
            [row[1:] for row in first],
            note=at_cutoff,
        ),
        Section("Plan, code and environment", _COLUMNS["plan"], rows["plan"]),
        Section("Statuses that flipped", _COLUMNS["statuses"], rows["statuses"]),
        *curves,
        Section(
            "Numbers that moved",
            _COLUMNS["ard"][:-1],
            [row[:-1] for row in rows["ard"]],
            note="NE: not estimable. What became of each subject stands above; at full precision:"
            " the ard.csv of each analysis.",
            bad=unexplained,
        ),
        Section(
            "Records since the earlier cut-off",
            ["table", "subject_id", "action", "number"],
            [[*key, str(len(list(of)))] for key, of in since],
            note="Every record: inputs.csv.",
        ),
    ]
    verdict = (
        f"{len(first)} input change(s) before the earlier cut-off;"
        f" {len(rows['statuses'])} status(es) flipped; {len(rows['ard'])} number(s) moved,"
        f" {len(unexplained)} unexplained"
    )
    facts = {
        name: f"data cut-off {named[name]}, plan {side.manifest['plan']['sha256'][:12]}"
        f", code {side.manifest['code']['sha256'][:12]}"
        for name, side in ((earlier.name, earlier), (later.name, later))
    }
    title = f"{earlier.name} and {later.name}"
    return page(title, verdict, facts, sections, good=not first and not unexplained)
