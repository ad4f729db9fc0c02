"""Stage ``series_results``: the results of one plan at several data cut-offs, side by side."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

from durable.contracts.results import SERIES, TOTAL, Result, read_csv, to_csv
from durable.errors import UserError
from durable.figures import forest
from durable.files import sha256, write_csv, write_text
from durable.plan import Plan
from durable.plan.cutoffs import analysis_ids

#: Name of the plan's own analysis in the figure, which stands out there.
_OWN = "primary"
_GROUP = "data_cutoff"


def run(plan: Plan, folder: Path) -> None:
    """Read the results at each cut-off; write ``ard.csv``, ``analyses.csv``, the figure's points.

    Parameters
    ----------
    folder
        ``series/`` in the results of the plan; those at the further cut-offs lie beside it.

    Raises
    ------
    UserError
        Where the analyses are not all of the same input files.
    """
    cutoffs = analysis_ids(plan)
    places = {cutoff: folder.parent.with_name(name) for cutoff, name in cutoffs.items()}
    ards = {cutoff: place / "ard.csv" for cutoff, place in places.items()}
    sources = {cutoff: place / "validated" / "sources.json" for cutoff, place in places.items()}
    _refuse_other_inputs(sources)
    results = [row for cutoff, path in ards.items() for row in _totals(path, cutoff)]
    write_text(folder / "ard.csv", to_csv(results))
    write_text(folder / "analyses.csv", _listing(cutoffs, ards))
    write_csv(
        folder / "figures" / "f_series.csv", forest.forest_points(list(_shown(results, plan)))
    )


def _refuse_other_inputs(sources: dict[dt.date, Path]) -> None:
    texts = {path.read_bytes() for path in sources.values()}
    if len(texts) > 1:
        raise UserError("the input files were changed during the series: start snakemake again")


def _totals(path: Path, cutoff: dt.date) -> Iterator[Result]:
    """Primary results over all subjects, the cut-off as their group."""
    for row in read_csv(path):
        total = (row.group_by, row.group) == TOTAL
        if total and row.output in SERIES and row.analysis == "primary":
            yield replace(row, group_by=_GROUP, group=str(cutoff))


def _listing(cutoffs: dict[dt.date, str], ards: dict[dt.date, Path]) -> str:
    """Which analysis is which: its cut-off, its folder and the SHA-256 of its results."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["data_cutoff", "analysis_id", "ard_sha256"])
    writer.writerows([cutoff, name, sha256(ards[cutoff])] for cutoff, name in cutoffs.items())
    return text.getvalue()


def _shown(results: list[Result], plan: Plan) -> Iterator[forest.Row]:
    """Rates of the improvement visits, and duration of response as in the sensitivity analyses."""
    own = str(plan.analysis.data_cutoff)
    visits = {(visit,) for visit in plan.response.improvement.visits}
    landmarks = {f"landmark_M{m:g}" for m in plan.statistics.sensitivity_landmarks_months}
    for row in results:
        panel = forest.panel_title(row)
        if panel is not None and (
            row.parameter in visits or row.statistic in {"median", *landmarks}
        ):
            yield _OWN if row.group == own else row.group, row.group, panel, row
