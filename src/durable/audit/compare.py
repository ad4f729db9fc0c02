"""Command ``compare``: what changed between two analyses, and why.

Between the earlier and the later analysis lie up to three steps, each an analysis of its own where
it cannot be read off: the earlier plan on the later data as of the earlier cut-off (*changed before
the earlier cut-off*), the earlier plan at the later cut-off (*since the earlier cut-off*), and the
later plan (*plan*). A number's causes are the steps in which it moves.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from math import isnan
from pathlib import Path

from durable.audit.causes import (
    ResultChange,
    StatusChange,
    changes_of_inputs,
    result_changes,
    status_changes,
)
from durable.audit.curves import overlay, read_curve
from durable.audit.pages import Section, page
from durable.audit.plans import key_differences
from durable.audit.records import InputChange
from durable.audit.sides import BEFORE, SINCE, UNEXPLAINED, Side, finished_side, steps_between
from durable.contracts.results import Result
from durable.derive.endpoints import ENDPOINTS
from durable.errors import UserError
from durable.files import read_json, safe_cell, sha256, write_text
from durable.history.events import append_part
from durable.history.today import changed_sections
from durable.intake.sources import count_records
from durable.plan import load
from durable.runs.guard import Run
from durable.runs.manifest import MANIFEST, PINNED, read_manifest
from durable.runs.parts import COMPARISON, record_part
from durable.runs.pins import changed_files, code_files

#: Files of a comparison.
FILES = ("plan.csv", "inputs.csv", "statuses.csv", "ard.csv", "compare.html")


def run(
    config: Path,
    results: Path,
    against: str,
    *,
    workflow: Path,
    cores: int = 1,
    reason: str = "",
) -> None:
    """Compare the configured analysis with another one; write ``compare/OTHER/``.

    Parameters
    ----------
    reason
        Why they are compared, for the history.

    Raises
    ------
    UserError
        Where one of them is not finished or was altered, where the plan has changed since the
        analysis was recorded, or where the other is no analysis.
    """
    plan = load(config)
    if not against or against == plan.analysis.id or Path(against).name != against:
        raise UserError(
            f"--config against={against}: expected the id of another analysis in {results}"
        )
    own, other = results / plan.analysis.id, results / against
    changed = changed_sections(plan, read_manifest(own / MANIFEST))
    if changed:
        raise UserError(
            f"{config}: {', '.join(changed)}: not as when {own} was recorded; start snakemake first"
        )
    place = own / "compare" / against
    said = write_comparison(own, other, place, workflow, cores)
    run_of = Run(plan, config, workflow, code_files(workflow), results=results)
    read = {f"{side.name}/{MANIFEST}": sha256(side / MANIFEST) for side in (own, other)}
    record_part(run_of, COMPARISON, place, read, FILES, against=against)
    append_part(place, own, reason)
    print(f"{said}: {place / 'compare.html'}")


def write_comparison(own: Path, other: Path, place: Path, workflow: Path, cores: int) -> str:
    """Write the files of a comparison; what it found, in a sentence.

    Parameters
    ----------
    own, other
        Folders of the results of two analyses; the one with the earlier cut-off is the earlier.
    place
        Where the files go, and ``steps/``.

    Raises
    ------
    UserError
        Where one of them is not finished or was altered.
    """
    sides = (finished_side(other), finished_side(own))
    earlier, later = sorted(sides, key=lambda side: side.plan.analysis.data_cutoff)
    steps = steps_between(earlier, later, place / "steps", workflow, cores)
    inputs = changes_of_inputs(steps)
    flips = list(status_changes(earlier, later, steps, inputs))
    cells = list(result_changes(earlier, later, steps))
    _write(place, earlier, later, inputs, flips, cells)
    unexplained = sum(cell.causes == (UNEXPLAINED,) for cell in cells)
    return (
        f"{earlier.name} -> {later.name}: {sum(i.when == BEFORE for i in inputs)} input change(s)"
        f" before the earlier cut-off, {len(flips)} subject statuses and"
        f" {len(cells)} results changed, {unexplained} unexplained"
    )


def _plan_rows(earlier: Side, later: Side) -> list[list[str]]:
    rows = [["plan", *row] for row in key_differences(earlier.values, later.values)]
    rows += [["records read", *row] for row in _records_read(earlier, later)]
    files = changed_files(earlier.manifest["code"]["files"], later.manifest["code"]["files"])
    rows += [["code", file.name, file.expected, file.found] for file in files]
    pins = [load(side.folder / PINNED).pins for side in (earlier, later)]
    values = [pin.model_dump(mode="json", exclude={"code"}) if pin else {} for pin in pins]
    return rows + [["environment", *row] for row in key_differences(*values)]


def _records_read(earlier: Side, later: Side) -> Iterator[list[str]]:
    """Tables or domains of which another number of records was read, with both numbers."""
    sides = [
        {
            count.name: str(count.records)
            for count in count_records(read_json(side.folder / "validated/sources.json"), None)
        }
        for side in (earlier, later)
    ]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        before, after = (side.get(name, "absent") for side in sides)
        if before != after:
            yield [name, before, after]


def _difference(cell: ResultChange) -> str:
    if cell.earlier is None or cell.later is None:
        return ""
    difference = cell.later.value - cell.earlier.value
    return "" if isnan(difference) else f"{difference:.6g}"


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
    flips: Sequence[StatusChange],
    cells: Sequence[ResultChange],
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


def _because(cell: ResultChange, flips: Iterable[StatusChange]) -> str:
    """Status changes behind a result: of its parameter in t_dor and t_improvement."""
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
    at_cutoff = f"Records on or before {named[earlier.name]} that differ in the later files."
    curves = [
        Section(
            f"Kaplan-Meier, {endpoint.title}",
            figure=overlay(
                f"{endpoint.title}, months",
                [
                    (side.name, read_curve(side.folder / f"figures/f_{endpoint.figure}.csv"))
                    for side in (earlier, later)
                ],
            ),
        )
        for endpoint in ENDPOINTS
        if endpoint.figure is not None
    ]
    sections = [
        Section(
            "Changed before the earlier cut-off",
            _COLUMNS["inputs"][1:],
            [row[1:] for row in first],
            note=at_cutoff,
        ),
        Section("Plan, records read, code and environment", _COLUMNS["plan"], rows["plan"]),
        Section("Subject statuses that changed", _COLUMNS["statuses"], rows["statuses"]),
        *curves,
        Section(
            "Results that changed",
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
        f" {len(rows['statuses'])} subject statuses and {len(rows['ard'])} results changed,"
        f" {len(unexplained)} unexplained"
    )
    facts = {
        name: f"data cut-off {named[name]}, plan {side.manifest['plan']['sha256'][:12]}"
        f", code {side.manifest['code']['sha256'][:12]}"
        for name, side in ((earlier.name, earlier), (later.name, later))
    }
    title = f"{earlier.name} and {later.name}"
    return page(title, verdict, facts, sections, good=not first and not unexplained)
