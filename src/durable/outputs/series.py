"""The results of one plan at several data cut-offs, side by side."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

from durable.contracts.results import PRIMARY, SERIES, TOTAL, Result, read_csv, to_csv
from durable.errors import UserError
from durable.files import sha256, write_text
from durable.plan import Plan
from durable.plan.cutoffs import analysis_ids


def run(plan: Plan, folder: Path) -> None:
    """Read the results at each cut-off; write ``ard.csv`` and ``analyses.csv`` into `folder`.

    Parameters
    ----------
    plan
        The analysis plan with its further cut-offs.
    folder
        ``series/`` in the folder of results of the plan, beside which those of the further cut-offs
        lie.

    Raises
    ------
    UserError
        Where the analyses are not all of the same input files.
    """
    analyses = analysis_ids(plan)
    folders = {cutoff: folder.parent.with_name(name) for cutoff, name in analyses.items()}
    _refuse_other_inputs(folders)
    results = [row for cutoff, path in folders.items() for row in _totals(path, cutoff)]
    write_text(folder / "ard.csv", to_csv(results))
    write_text(folder / "analyses.csv", _list_analyses(analyses, folders))


def _refuse_other_inputs(folders: dict[dt.date, Path]) -> None:
    texts = {(path / "validated" / "sources.json").read_bytes() for path in folders.values()}
    if len(texts) > 1:
        raise UserError("the input files were changed during the series: start snakemake again")


def _totals(folder: Path, cutoff: dt.date) -> Iterator[Result]:
    """Primary results over all subjects, the cut-off as their group."""
    for row in read_csv(folder / "ard.csv"):
        total = (row.group_by, row.group) == TOTAL
        if total and row.output in SERIES and row.analysis == PRIMARY:
            yield replace(row, group_by="data_cutoff", group=str(cutoff))


def _list_analyses(analyses: dict[dt.date, str], folders: dict[dt.date, Path]) -> str:
    """Which analysis is which: its cut-off, its folder and the SHA-256 of its results."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["data_cutoff", "analysis_id", "ard_sha256"])
    for cutoff, name in analyses.items():
        writer.writerow([cutoff, name, sha256(folders[cutoff] / "ard.csv")])
    return text.getvalue()
