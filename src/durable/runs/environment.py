"""The environment of jobs: one that does not depend on the user's, on any machine the same.

The only module that reads or sets environment variables.
"""

from __future__ import annotations

import hashlib
import os
import platform
import site
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from importlib import import_module
from pathlib import Path

from durable.errors import UserError
from durable.plan import Plan
from durable.runs import libraries
from durable.runs.pins import digest

#: By these variables a job knows the code, the libraries and the plan that its run began with.
RUN = "DURABLE_RUN"
LIBRARIES = "DURABLE_LIBRARIES"
PLAN = "DURABLE_PLAN"
#: No library starts threads: what it computes is then the same on any machine.
_THREADS = (
    *("OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
)
#: Instructions that NumPy does without, by their names since version 2.4 and before: logarithms and
#: exponentials computed with AVX-512 differ in the last digit from those computed with AVX2.
_AVX_512 = ("X86_V4", "AVX512_ICL", "AVX512_SPR", "AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_CLX")
#: What changes what Python, its libraries, the loader of programs or a shell do in a job.
_FOREIGN = (
    *("PYTHON", "LD_", "DYLD_", "GLIBC_", "MALLOC_", "BASH", "SHELLOPTS", "PROMPT_COMMAND"),
    *("OPENBLAS_", "MKL_", "OMP_", "KMP_", "GOTO_", "NUMEXPR_", "NPY_", "NUMPY_", "PANDAS_"),
    *("ARROW_", "PYARROW_", "MPL", "MATPLOTLIB", "PANDERA_", "PYDANTIC_", "SOURCE_DATE_EPOCH"),
)
_FOREIGN_NAMES = frozenset({"ENV", "CDPATH", "GLOBIGNORE", "IFS", "PS4", "TZDIR", "LOCPATH"})


def needed_libraries() -> Iterable[str]:
    """Names of this package and of all that it needs, directly or through others.

    A job is told them by its run; to find them takes as long as some jobs.
    """
    named = os.environ.get(LIBRARIES)
    return named.split(",") if named else libraries.versions()


def libraries_digest(packages: Iterable[str] | None = None) -> str:
    """SHA-256 over Python's version and the files of packages: by default `needed_libraries`."""
    packages = needed_libraries() if packages is None else packages
    return digest({"python": platform.python_version(), **libraries.digests(packages)})


def set_job_environment(environment: MutableMapping[str, str], python: Path) -> None:
    """Give the jobs, which inherit it, an environment that does not depend on the user's.

    What a user has set for Python, the libraries, the loader or the shell (``PYTHONPATH``,
    ``LD_PRELOAD``, ``BASH_ENV``) does not reach them: it could exchange code unseen.

    Parameters
    ----------
    environment
        ``os.environ`` of the Snakemake process.
    python
        The interpreter of Snakemake: jobs find it also where its environment is not activated.
    """
    for name in [name for name in environment if _is_foreign(name)]:
        del environment[name]
    path = environment.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != str(python.parent):
        environment["PATH"] = f"{python.parent}{os.pathsep}{path}"
    environment["MPLCONFIGDIR"] = str(Path(".snakemake/matplotlib").absolute())
    # A file in the study's folder must not stand for a library of its name.
    environment.update(PYTHONSAFEPATH="1", PYTHONNOUSERSITE="1", PYTHONHASHSEED="0")
    environment.update(LC_ALL="C.UTF-8", TZ="UTC")
    # No plugin of another package has a say in what a plan means, and none is looked for.
    environment["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    environment.update(_library_settings())


def leave_foreign_folders(path: list[str], environment: Mapping[str, str]) -> None:
    """Take from ``sys.path`` the folders of the user's that no job looks into.

    What a run finds out about its libraries is then what its jobs find.

    Parameters
    ----------
    path
        ``sys.path``, which is changed in place.
    environment
        ``os.environ`` as the user has set it: the folders are those of ``PYTHONPATH``.
    """
    added = environment.get("PYTHONPATH", "").split(os.pathsep)
    foreign = {str(Path(entry).absolute()) for entry in added if entry}
    foreign.add(site.getusersitepackages())
    path[:] = [entry for entry in path if str(Path(entry).absolute()) not in foreign]


def _is_foreign(name: str) -> bool:
    return name.startswith(_FOREIGN) or name in _FOREIGN_NAMES


def job_environment() -> dict[str, str]:
    """The environment of a job, for a process that no run of Snakemake starts."""
    environment = dict(os.environ)
    set_job_environment(environment, Path(sys.executable))
    return environment


def without_compiled_modules(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a job that reads no compiled modules, and leaves none."""
    return {**environment, "PYTHONPYCACHEPREFIX": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}


def _library_settings() -> dict[str, str]:
    """Variables by which numerical libraries give the same bytes on any processor with AVX2."""
    settings = dict.fromkeys(_THREADS, "1")
    processor = Path("/proc/cpuinfo")
    if processor.exists() and " avx2 " in processor.read_text(encoding="utf-8"):
        settings["NPY_DISABLE_CPU_FEATURES"] = " ".join(_AVX_512)
        settings["OPENBLAS_CORETYPE"] = "Haswell"
    return settings


def set_libraries() -> None:
    """Have the libraries of this process, before they are imported, compute as those of a job.

    They read their settings once: where NumPy is imported already, this has no effect.
    """
    os.environ.update(_library_settings())


def load_libraries() -> None:
    """Load NumPy and SciPy as a job has them; the environment of the process stays as it is.

    Where they are loaded already, they go on as they were: last digits of logarithms and slopes can
    then be others than those of a job.
    """
    settings = _library_settings()
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    import_module("numpy")
    import_module("scipy.linalg")
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def run_environment() -> dict[str, str]:
    """The environment of Snakemake itself, which keeps its caches in the folder of the study."""
    return {**os.environ, "XDG_CACHE_HOME": str(Path(".snakemake/cache").absolute())}


def restrict_mode(mode: str) -> int:
    """Give files of this process, and of those it starts, no permission that `mode` does not give.

    What the user's umask takes away stays taken away.

    Parameters
    ----------
    mode
        Octal, ``outputs.file_mode`` of the plan.

    Returns
    -------
    int
        The umask before.
    """
    permissions = int(mode, 8)
    before = os.umask(0o077)
    # A folder that may be read may be entered.
    os.umask(before | (0o777 & ~(permissions | (permissions & 0o444) >> 2)))
    return before


def is_within_run() -> bool:
    """Whether this process is a job of a run, or one that was started as such.

    Nothing that a user has set is in it (`set_job_environment`), and nothing was done before.
    """
    return RUN in os.environ


def begin_jobs(environment: MutableMapping[str, str], plan: Plan, program: str) -> None:
    """Have the jobs of a run know what it began with, for `refuse_changed_run`.

    Parameters
    ----------
    environment
        ``os.environ``, which jobs inherit, or that of a job. On another machine of a cluster that
        does not pass it on, a run begins anew.
    program
        Digest of the code.
    """
    packages = libraries.versions()
    environment[LIBRARIES] = ",".join(packages)
    environment[RUN] = digest({"code": program, "libraries": libraries_digest(packages)})
    environment[PLAN] = _plan_digest(plan)


def environment_of_job(plan: Plan, program: str) -> dict[str, str]:
    """The environment of a job that a command typed by hand starts; as of `begin_jobs`."""
    leave_foreign_folders(sys.path, os.environ)
    environment = job_environment()
    begin_jobs(environment, plan, program)
    return environment


def refuse_changed_plan(environment: Mapping[str, str], plan: Plan) -> None:
    """Keep a job on another machine to the plan that its run began with.

    Such a job reads the configuration and the Snakefile again, perhaps hours after the run began,
    and would make its part of the results from what it finds then.

    Raises
    ------
    UserError
        Where the configuration is not the one that the run began with.
    """
    if environment.get(PLAN, current := _plan_digest(plan)) != current:
        raise UserError(
            "the configuration is not the one that the run began with; start snakemake again"
        )


def refuse_changed_run(program: str, library_digest: str) -> None:
    """Keep a job to the code and the libraries that its run began with.

    Parameters
    ----------
    program
        Digest of the code as it is now.
    library_digest
        That of the libraries (`libraries_digest`).

    Raises
    ------
    UserError
        In a job of a run, where either is not as the run began with it.
    """
    current = digest({"code": program, "libraries": library_digest})
    if os.environ.get(RUN, current) != current:
        raise UserError(
            "the code or a library was changed during the run, so that its results would be a"
            " mixture; start snakemake again"
        )


def refuse_foreign_modules() -> None:
    """Refuse what a job has made with code that is neither the package's nor its libraries'.

    Raises
    ------
    UserError
        In a job of a run, with each such file. Another process may import what it likes: a run
        does not take over what it made (`durable.runs.guard.Run.digests`).
    """
    foreign = libraries.foreign_modules(needed_libraries()) if is_within_run() else []
    if foreign:
        files = "\n  ".join(foreign)
        raise UserError(
            "code was imported that is of none of the libraries that the analysis needs; install"
            f" them again (make clean):\n  {files}"
        )


def _plan_digest(plan: Plan) -> str:
    return hashlib.sha256(plan.model_dump_json().encode()).hexdigest()
