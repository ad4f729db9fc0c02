"""The environment of jobs: one that does not depend on the user's, on any machine the same.

The only module that reads or sets environment variables.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import MutableMapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from durable.errors import UserError
from durable.plan import Plan

#: By this variable a job on another machine knows what its run began with.
RUN = "DURABLE_RUN"
#: No library starts threads: what it computes is then the same on any machine.
THREADS = (
    *("OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
)
_LIBRARIES = (
    *("jinja2", "lifelines", "matplotlib", "numpy", "odmlib", "pandas", "pandera", "pyarrow"),
    *("pypdf", "pyreadstat", "python-docx", "reportlab", "scipy"),
)


@cache
def library_versions() -> str:
    """Python and the libraries that results depend on, with their versions."""
    python = ".".join(map(str, sys.version_info[:2]))
    return ", ".join([f"python {python}", *(f"{name} {version(name)}" for name in _LIBRARIES)])


def set_job_environment(environment: MutableMapping[str, str], python: Path) -> None:
    """Give the jobs, which inherit it, an environment that does not depend on the user's.

    Parameters
    ----------
    environment
        ``os.environ`` of the Snakemake process.
    python
        The interpreter of Snakemake: jobs find it also where its environment is not activated.
    """
    path = environment.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != str(python.parent):
        environment["PATH"] = f"{python.parent}{os.pathsep}{path}"
    environment["MPLCONFIGDIR"] = str(Path(".snakemake/matplotlib").absolute())
    # A file in the study's folder must not stand for a library of its name.
    environment["PYTHONSAFEPATH"] = "1"
    environment.update(PYTHONHASHSEED="0", LC_ALL="C.UTF-8", TZ="UTC")
    environment.update(dict.fromkeys(THREADS, "1"))
    # Each job would otherwise compile the package again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)


def job_environment() -> dict[str, str]:
    """The environment of a job, for a process that no run of Snakemake starts."""
    environment = dict(os.environ)
    set_job_environment(environment, Path(sys.executable))
    return environment


def use_one_thread() -> None:
    """Keep the libraries of this process, before they are imported, from starting threads."""
    os.environ.update(dict.fromkeys(THREADS, "1"))


def is_within_run() -> bool:
    """Whether this process is a job of a run, not a command typed by hand."""
    return RUN in os.environ


def refuse_changed_run(
    environment: MutableMapping[str, str], plan: Plan, program: str, *, sent: bool
) -> None:
    """Keep a job on another machine to the plan, code and packages that its run began with.

    Such a job reads the configuration and the Snakefile again, perhaps hours after the run began,
    and would make its part of the results from what it finds then.

    Parameters
    ----------
    environment
        ``os.environ``, which jobs inherit. Where a cluster does not pass it on, nothing is checked.
    program
        Digest of the code.
    sent
        Whether this process is such a job, not the run itself.

    Raises
    ------
    UserError
        In a job, where anything is not as the run began with it.
    """
    begun = "\n".join([plan.model_dump_json(), program, library_versions()])
    found = hashlib.sha256(begun.encode()).hexdigest()
    if not sent:
        environment[RUN] = found
    elif environment.get(RUN, found) != found:
        raise UserError(
            "configuration, code or packages are not those that the run began with;"
            " start snakemake again"
        )
