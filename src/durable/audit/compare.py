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
    rows = [[PLAN, *row] for row in key_differences(earlier.values, later.values)]
    rows += [[N_("records read"), *row] for row in _records_read(earlier, later)]
    files = changed_files(earlier.manifest["code"]["files"], later.manifest["code"]["files"])
    rows += [[N_("code"), file.name, file.expected, file.found] for file in files]
    pins = [load(side.folder / PINNED).pins for side in (earlier, later)]
    values = [pin.model_dump(mode="json", exclude={"code"}) if pin else {} for pin in pins]
    return rows + [[N_("environment"), *row] for row in key_differences(*values)]


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
    place: Path,
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
    with language(later.plan.outputs.language):
        page = comparison_page(earlier, later, plan, inputs, flips, cells)
    write_text(place / "compare.html", page)


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
    wanted = {"t_dor": parameter, "t_improvement": f"{IMPROVEMENT}{over_visits}"}.get(output)
    return "; ".join(
        str(flip)
        for flip in flips
        if wanted and flip.status.startswith(wanted) and flip.subject in cell.subjects
    )
