"""Command ``compare``: what changed between two analyses, and why.

Between the earlier and the later analysis lie up to three steps, each an analysis of its own where
it cannot be read off: the earlier plan on the later data as of the earlier cut-off (*changed before
the earlier cut-off*), the earlier plan at the later cut-off (*since the earlier cut-off*), and the
later plan (*plan*). A number's causes are the steps in which it moves.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
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
from durable.audit.comparison_page import ABSENT, comparison_page, values
from durable.audit.plans import key_differences
from durable.audit.records import InputChange
from durable.audit.sides import BEFORE, PLAN, UNEXPLAINED, Side, finished_side, steps_between
from durable.audit.statuses import IMPROVEMENT
from durable.errors import UserError
from durable.files import read_json, safe_cell, sha256, write_text
from durable.history.events import append_part
from durable.history.today import changed_sections
from durable.intake.sources import count_records
from durable.language import N_, language
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
    """Compare the configured analysis with another one; write ``compare/OTHER/`` in its results.

    The comparison is recorded as a part of the configured analysis, in its manifest and in the
    history; a sentence with the numbers of changes is printed.

    Parameters
    ----------
    config
        Configuration of the analysis.
    results
        Folder of all results.
    against
        Identifier of the other analysis.
    workflow
        Folder of the workflow.
    cores
        Jobs at a time.
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
    folder, other_folder = results / plan.analysis.id, results / against
    changed = changed_sections(plan, read_manifest(folder / MANIFEST))
    if changed:
        raise UserError(
            f"{config}: {', '.join(changed)}: not as when {folder} was recorded;"
            " start snakemake first"
        )
    target = folder / "compare" / against
    summary = write_comparison(folder, other_folder, target, workflow, cores)
    run_of = Run(plan, config, workflow, code_files(workflow), results=results)
    digests = {
        f"{side.name}/{MANIFEST}": sha256(side / MANIFEST) for side in (folder, other_folder)
    }
    record_part(run_of, COMPARISON, target, digests, FILES, against=against)
    append_part(target, folder, reason)
    print(f"{summary}: {target / 'compare.html'}")


def write_comparison(
    folder: Path, other_folder: Path, target: Path, workflow: Path, cores: int
) -> str:
    """Write the files of a comparison (`FILES`); a sentence with the numbers of changes.

    Parameters
    ----------
    folder, other_folder
        Folders of the results of two analyses. The one with the earlier cut-off is the earlier
        analysis; of equal ones the other.
    target
        Folder that the files go to, and ``steps/``.
    workflow
        Folder of the workflow.
    cores
        Jobs at a time.

    Raises
    ------
    UserError
        Where one of them is not finished or was altered, where input files that a step has to be
        computed from were replaced, or where such a step fails.
    """
    sides = (finished_side(other_folder), finished_side(folder))
    earlier, later = sorted(sides, key=lambda side: side.plan.analysis.data_cutoff)
    steps = steps_between(earlier, later, target / "steps", workflow, cores)
    inputs = changes_of_inputs(steps)
    flips = list(status_changes(earlier, later, steps, inputs))
    results = list(result_changes(earlier, later, steps))
    _write(target, earlier, later, inputs, flips, results)
    unexplained = sum(cell.causes == (UNEXPLAINED,) for cell in results)
    return (
        f"{earlier.name} -> {later.name}: {sum(i.when == BEFORE for i in inputs)} input change(s)"
        f" before the earlier cut-off, {len(flips)} subject statuses and"
        f" {len(results)} results changed, {unexplained} unexplained"
    )


def _plan_rows(earlier: Side, later: Side) -> list[list[str]]:
    rows = [[PLAN, *row] for row in key_differences(earlier.values, later.values)]
    rows += [[N_("records read"), *row] for row in _records_read(earlier, later)]
    files = changed_files(earlier.manifest["code"]["files"], later.manifest["code"]["files"])
    rows += [[N_("code"), file.name, file.expected, file.found] for file in files]
    pins = [load(side.folder / PINNED).pins for side in (earlier, later)]
    values = [pin.model_dump(mode="json", exclude={"code"}) if pin else {} for pin in pins]
    return rows + [[N_("environment"), *row] for row in key_differences(*values)]


def _records_read(earlier: Side, later: Side) -> Iterator[list[str]]:
    """Name, earlier and later number of records, of each table or domain where they differ."""
    sides = [
        {
            count.name: str(count.records)
            for count in count_records(read_json(side.folder / "validated/sources.json"), None)
        }
        for side in (earlier, later)
    ]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        before, after = (side.get(name, ABSENT) for side in sides)
        if before != after:
            yield [name, before, after]


def _difference(cell: ResultChange) -> str:
    if cell.earlier is None or cell.later is None:
        return ""
    difference = cell.later.value - cell.earlier.value
    return "" if isnan(difference) else f"{difference:.6g}"


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
    folder: Path,
    earlier: Side,
    later: Side,
    inputs: Sequence[InputChange],
    flips: Sequence[StatusChange],
    cells: Sequence[ResultChange],
) -> None:
    plan = _plan_rows(earlier, later)
    rows = {
        "plan": plan,
        "inputs": [
            [i.when, i.table, i.subject_id, i.record, i.row, i.action, i.column, i.earlier, i.later]
            for i in inputs
        ],
        "statuses": [
            [
                *(f.subject, f.status, str(f.earlier), str(f.later), "; ".join(f.causes)),
                *(str(f.decided_by), "; ".join(map(str, f.because))),
            ]
            for f in flips
        ],
        "ard": [
            [
                *(*cell.key, *values(cell.earlier), *values(cell.later), _difference(cell)),
                *("; ".join(cell.causes), "; ".join(cell.subjects), status_reasons(cell, flips)),
            ]
            for cell in cells
        ],
    }
    for name, lines in rows.items():
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_COLUMNS[name], *(map(_safe, row) for row in lines)])
        write_text(folder / f"{name}.csv", text.getvalue())
    with language(later.plan.outputs.language):
        page = comparison_page(earlier, later, plan, inputs, flips, cells)
    write_text(folder / "compare.html", page)


def _safe(cell: str) -> str:
    """Text safe in a spreadsheet; a negative number is one."""
    try:
        float(cell)
    except ValueError:
        return safe_cell(cell)
    return cell


def status_reasons(cell: ResultChange, flips: Iterable[StatusChange]) -> str:
    """Status changes behind a result of t_dor or t_improvement, separated by semicolons.

    Those of its endpoint, or of improvement at its visit (BOTH and EITHER: at any visit), of the
    subjects behind it; empty for any other output, and where there is none.
    """
    behind = (flip for flip in flips if _is_of_parameter(flip.status, cell.key[0], cell.key[4]))
    return "; ".join(str(flip) for flip in behind if flip.subject in cell.subjects)


def _is_of_parameter(status: str, output: str, parameter: str) -> bool:
    """Whether a number of an output is made from a status of subjects."""
    if output == "t_improvement" and parameter in ("BOTH", "EITHER"):
        return status.startswith(IMPROVEMENT)
    names = {"t_dor": parameter, "t_improvement": f"{IMPROVEMENT}{parameter}"}
    return status == names.get(output)
