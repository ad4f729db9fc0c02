"""Command ``further``: the analysis of a plan at another data cut-off, as a run of its own.

It is what ``snakemake --configfile`` makes of the plan with that cut-off: its folder, its lock, its
record and its pinned configuration are its own, and it is audited and compared as any other.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

from durable.audit.manifest import pinned
from durable.config import Plan, load
from durable.config.series import identifier
from durable.errors import UserError
from durable.files import write_text

#: Sections of a plan that are of the analysis they stand in, not of the one at another cut-off.
_OWN = {"pins", "series", "simulation"}


def run(config: Path, results: Path, workflow: Path, cutoff: dt.date, *, cores: int) -> None:
    """Bring the analysis at a cut-off up to date and copy its results to ``series/``.

    Writes ``series/plans/DATE.yaml`` and, once the run has ended well, ``series/ard/DATE.csv`` and
    ``series/sources/DATE.json`` in the folder of the analysis whose series it is.

    Parameters
    ----------
    config
        Configuration with the series.
    results
        Folder of all results, relative to the folder of the run.
    workflow
        Folder of the Snakefile.
    cutoff
        The further data cut-off.
    cores
        Jobs at a time.

    Raises
    ------
    UserError
        Where the run failed; what it says has gone to standard output and error.
    """
    plan = load(config)
    series = results / plan.analysis.id / "series"
    given = series / "plans" / f"{cutoff}.yaml"
    write_text(given, at(plan, cutoff))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(workflow / "Snakefile")]
    command += ["--configfile", str(given), "--cores", str(cores)]
    # Not where and how the run was started that this one is a job of.
    command += ["--profile", "none", "--executor", "local"]
    done = subprocess.run(command, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"the analysis at the cut-off {cutoff} did not finish: {given}")
    made = results / identifier(plan, cutoff)
    for file, copy in (("ard.csv", "ard"), ("validated/sources.json", "sources")):
        target = series / copy / f"{cutoff}{Path(file).suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made / file, target)


def at(plan: Plan, cutoff: dt.date) -> str:
    """YAML of the plan at another data cut-off: the keys that it states, and no other."""
    values = plan.model_dump(mode="json", exclude_unset=True, exclude=_OWN)
    values["analysis"] |= {"id": identifier(plan, cutoff), "data_cutoff": str(cutoff)}
    return pinned(values, None)
