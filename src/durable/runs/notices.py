"""What a user is told before and after a run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from durable.intake.refusal import severities
from durable.plan import Plan
from durable.runs.files import SERIES, SIMULATION
from durable.stage import STAGES

#: Free bytes of a disk that is as good as full.
DISK_FULL_BYTES = 1_000_000


#: Stages that are done by a rule of another name.
RULES = {"check": "queries", "simulate": "simulate_chunk", "series": "series_page"}


def rule_lines() -> dict[str, str]:
    """The line that the terminal shows of each rule, by its name: ``STAGE: what it does``."""
    return {RULES.get(name, name): f"{name}: {stage.about}" for name, stage in STAGES.items()}


def caption_values(plan: Plan) -> dict[str, Any]:
    """The values of the plan for the captions of Snakemake's own report.

    Texts of the sections ``analysis`` and ``study`` are escaped: captions are reStructuredText, in
    which a title could hold a link that runs a script.
    """
    values = plan.model_dump(mode="json")
    for section in ("analysis", "study"):
        for key, value in values[section].items():
            if isinstance(value, str):
                values[section][key] = re.sub(r"([^\w\s])", r"\\\1", value)
    return values


def up_to_date_notice(folder: Path, simulated: bool) -> str:
    """What a user is told where nothing is to be done: where to read, and the findings.

    Parameters
    ----------
    folder
        Results of the analysis.
    simulated
        Whether the run was asked for virtual trials: then their page, and no findings.
    """
    shown = "gather" if simulated else "display"
    return "\n".join(["Up to date: nothing to be done.", results_notice(folder, {shown})])


def results_notice(folder: Path, jobs: Collection[str]) -> str:
    """What a user is told after a run of these rules: pages to read, and findings in the data.

    Empty after rules that make neither.
    """
    lines = []
    if "gather" in jobs:
        lines.append(f"Simulation: {folder / SIMULATION / 'simulation.html'}")
    if "series_page" in jobs:
        lines.append(f"Series: {folder / SERIES / 'series.html'}")
    if "display" in jobs:
        lines.append(f"Report: {folder / 'report.html'}")
    if not {"check", "queries", "display"}.isdisjoint(jobs):
        lines.append(findings_notice(folder))
    return "\n".join(lines)


def findings_notice(folder: Path) -> str:
    """Number of errors and of warnings in the data, and their page; empty where none is there."""
    queries = folder / "queries.csv"
    if not queries.is_file():
        return ""
    count = severities(queries)
    found = f"{count['error']} error(s), {count['warning']} warning(s)"
    return f"Findings in the data: {found}, {queries.with_suffix('.html')}"


def disk_notice(folder: Path) -> str:
    """What a user is told after a failure on a disk that is all but full; else empty.

    Full is a disk with less than `DISK_FULL_BYTES` free. The error itself would stand in the log of
    the job, which lies on the same disk.
    """
    free = shutil.disk_usage(folder).free if folder.is_dir() else DISK_FULL_BYTES
    if free >= DISK_FULL_BYTES:
        return ""
    return (
        f"No space left on device: {free // 1000} kB are free for {folder}."
        " Make room and start snakemake again; it goes on where it stopped."
    )
