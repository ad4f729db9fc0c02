"""The stages of an analysis: which module does each, and which parts of the plan it may read.

The workflow takes the declared parts and a digest of the code into the parameters of the rule, so
that a changed definition or function re-runs exactly what depends on it; the command line hands a
stage a plan that holds the declared parts only, so that a declaration cannot be too small.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from dis import get_instructions
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

_PACKAGE = Path(__file__).parent
_LIBRARIES = (
    *("jinja2", "lifelines", "matplotlib", "numpy", "odmlib", "pandas", "pandera", "pyarrow"),
    *("pypdf", "pyreadstat", "python-docx", "reportlab", "scipy"),
)

_SURVIVAL = tuple(
    f"statistics.{key}"
    for key in (
        "conf_level",
        "km_ci",
        "quantile_rule",
        "landmarks_months",
        "landmark_tolerance_days",
        "rmst_months",
        "days_per_month",
    )
)
#: Not outputs.locked: to call an analysis final changes none of its outputs.
_HEADINGS = (
    *("analysis", "study", "groups"),
    *("outputs.percent_decimals", "outputs.month_decimals"),
)
_SIMULATED = (
    *("schedule", "response", "statistics", "sensitivity"),
    *(f"simulation.{key}" for key in ("trials", "seed", "chunks", "definitions", "scenarios")),
)
_FIGURES = (*_HEADINGS, "schedule", "response", "statistics", "sensitivity")
_TABLES = (*_FIGURES, "safety", "kinetics")
#: Not simulation.chunks, on which no result depends: its digest is printed.
_SCENARIOS = tuple(
    f"simulation.{key}" for key in ("trials", "seed", "definitions", "scenarios", "decisions")
)


@dataclass(frozen=True)
class Stage:
    """A command of ``python -m durable`` that one rule runs."""

    module: str
    """Module with ``run(plan, folder)``."""
    plan: tuple[str, ...]
    """Dotted paths of the plan that the stage reads."""
    about: str
    """What the stage does, for the help text."""
    folder: str = ""
    """Folder in the results that it works in; its module's ``run`` is handed that one."""
    chunked: bool = False
    """Whether it is one of many jobs: ``run(plan, folder, chunk)``."""
    cores: bool = False
    """Whether it can use several: ``run(plan, folder, cores=cores)``."""
    late: tuple[str, ...] = ()
    """Modules that it imports only when it needs them, and in most runs does."""


STAGES: dict[str, Stage] = {
    "check": Stage(
        "durable.intake.check",
        (
            *("analysis.id", "study.id", "inputs", "schedule", "outputs.queries_since"),
            *("response.core_set", "response.hybrid", "response.ranges", "response.baseline"),
            *("response.remission", "response.recurrence", "response.improvement.thresholds"),
            *("response.improvement.light_missing", "response.improvement.enzyme_component"),
            *("sensitivity", "groups", "kinetics.last_day", "safety.dlt_window_days"),
            *("safety.crs", "safety.icans", "safety.cytopenia", "safety.escalation"),
        ),
        "read and check the input tables; list every finding in queries.csv",
        cores=True,
        late=("durable.intake.readers.delimited", "xlsxwriter"),
    ),
    "cut": Stage(
        "durable.intake.cutoff",
        ("analysis.data_cutoff",),
        "stop on errors; remove what lies after the data cut-off",
    ),
    "derive": Stage(
        "durable.derive.datasets",
        ("study.id", "analysis.data_cutoff", "schedule", "response"),
        "derive ADSL, ADRS and ADTTE",
        cores=True,
        late=("pyarrow.dataset",),
    ),
    "variants": Stage(
        "durable.derive.variants",
        ("study.id", "analysis.data_cutoff", "schedule", "response", "sensitivity"),
        "derive the datasets of the sensitivity analyses",
    ),
    "improvement": Stage(
        "durable.analyse.improvement",
        (
            *("response.improvement", "response.new_therapy.improvement"),
            *("statistics.conf_level", "statistics.beta_prior", "groups"),
        ),
        "analyse the disease improvement rate",
        cores=True,
        late=("scipy.special",),
    ),
    "durability": Stage(
        "durable.analyse.durability",
        (*_SURVIVAL, "response.remission_deadline", "schedule", "groups"),
        "analyse duration of response and event-free survival",
        cores=True,
        late=("lifelines.utils",),
    ),
    "sensitivity": Stage(
        "durable.analyse.sensitivity",
        ("response", "statistics", "sensitivity"),
        "analyse the primary and the sensitivity analyses side by side",
        late=("durable.stats.interval_censored",),
    ),
    "subjects": Stage(
        "durable.analyse.subjects",
        ("groups", "statistics.days_per_month"),
        "analyse disposition and baseline",
        cores=True,
    ),
    "events": Stage(
        "durable.derive.adae",
        ("safety",),
        "derive ADAE",
    ),
    "safety": Stage(
        "durable.analyse.safety",
        ("safety", "groups", "statistics.conf_level"),
        "analyse adverse events, deaths and dose-limiting toxicities",
    ),
    "kinetics_datasets": Stage(
        "durable.derive.kinetics",
        ("kinetics",),
        "derive ADPC and ADPP",
    ),
    "kinetics": Stage(
        "durable.analyse.kinetics",
        ("groups",),
        "analyse cellular kinetics",
    ),
    "results": Stage(
        "durable.analyse.results",
        (),
        "collect the analysis results dataset, ard.csv",
    ),
    "points": Stage(
        "durable.figures.point_files",
        ("response", "statistics", "sensitivity"),
        "write the points of the figures",
        late=("lifelines.utils",),
    ),
    "tables": Stage(
        "durable.display.tables",
        _TABLES,
        "write the tables",
    ),
    "figures": Stage(
        "durable.figures.drawings",
        _FIGURES,
        "draw the figures",
        cores=True,
        late=("matplotlib.backends.backend_svg", "matplotlib.pyplot"),
    ),
    "listings": Stage(
        "durable.display.listings",
        (
            "response.core_set",
            "response.hybrid",
            "safety.windows_days",
            "statistics.days_per_month",
            "outputs.month_decimals",
        ),
        "list what the tables summarise, record by record",
        late=("durable.display.listings_records",),
    ),
    "report": Stage(
        "durable.display.report",
        _TABLES,
        "put every output into one page, report.html",
    ),
    "figure_pages": Stage(
        "durable.display.documents.figure_pages",
        _FIGURES,
        "draw the figures as PDF",
    ),
    "documents": Stage(
        "durable.display.documents.bind",
        (*_TABLES, "outputs.documents"),
        "bind tables and figures in documents",
    ),
    "submission": Stage(
        "durable.export.submission",
        (
            *("analysis", "study", "schedule", "response", "safety", "kinetics"),
            *("outputs.datasets", "outputs.xpt_text"),
        ),
        "write the datasets as SAS transport files, Dataset-JSON and define.xml",
    ),
    "ars": Stage(
        "durable.display.ars",
        _TABLES,
        "write the results by the CDISC Analysis Results Standard",
    ),
    "record": Stage(
        "durable.audit.manifest",
        (
            *("analysis", "study", "inputs", "schedule", "response", "statistics", "groups"),
            *("sensitivity", "safety", "kinetics", "outputs"),
        ),
        "write the manifest and the pinned configuration",
    ),
    "series_results": Stage(
        "durable.analyse.series",
        (
            *("analysis", "series", "response.improvement.visits"),
            "statistics.sensitivity_landmarks_months",
        ),
        "put the results at the cut-offs of the series side by side",
        folder="series",
    ),
    "series_report": Stage(
        "durable.display.series",
        (*_TABLES, "series"),
        "write the tables, the figure and the page of the series",
        folder="series",
    ),
    "simulate": Stage(
        "durable.simulate.chunk",
        _SIMULATED,
        "simulate one chunk of the virtual trials",
        folder="simulation",
        chunked=True,
    ),
    "simulation_truth": Stage(
        "durable.simulate.truth",
        ("simulation.scenarios", "statistics.days_per_month", "statistics.landmarks_months"),
        "write the true values of the scenarios",
        folder="simulation",
    ),
    "operating": Stage(
        "durable.simulate.operating",
        (*_SCENARIOS, "simulation.chunks", "schedule", "statistics", "sensitivity"),
        "gather the virtual trials into operating characteristics",
        folder="simulation",
    ),
    "simulation_report": Stage(
        "durable.display.simulation",
        (*_FIGURES, *_SCENARIOS),
        "write the tables, figures and page of the simulation",
        folder="simulation",
    ),
}

#: Commands of a run that are no stages, and what each imports, first what it begins with.
RUNS = {"further": ("snakemake.cli", "snakemake.report", "smart_open")}
#: What is done before any of these: of data with errors nothing is analysed.
_FIRST = ("check", "cut")
#: Commands of a run, in the order in which they are asked for.
COMMANDS = (*_FIRST, *RUNS, *(name for name in STAGES if name not in _FIRST))


def imported(command: str) -> tuple[str, ...]:
    """Modules that a command of a run imports, first the one that it cannot begin without."""
    if command in RUNS:
        return RUNS[command]
    return (STAGES[command].module, *STAGES[command].late)


def code_digest(module: str) -> str:
    """SHA-256 over a module of this package, all it imports from it and the templates they name."""
    digest = hashlib.sha256()
    reached = _reached(module)
    for path in sorted(reached.union(*map(_templates, reached))):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def packages() -> str:
    """Python and the libraries that results depend on, with their versions."""
    python = ".".join(map(str, sys.version_info[:2]))
    return ", ".join([f"python {python}", *(f"{name} {version(name)}" for name in _LIBRARIES)])


def _reached(module: str) -> set[Path]:
    reached: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _modules().get(waiting.pop())
        if path is not None and path not in reached:
            reached.add(path)
            waiting += _parsed(path).imports
    return reached


@cache
def _modules() -> dict[str, Path]:
    """Source file of each module of this package."""
    files = {path.relative_to(_PACKAGE.parent): path for path in _PACKAGE.rglob("*.py")}
    parts = {path: file.with_suffix("").parts for file, path in files.items()}
    return {
        ".".join(names[:-1] if names[-1] == "__init__" else names): path
        for path, names in parts.items()
    }


@cache
def _templates(path: Path) -> frozenset[Path]:
    """Files of the folder ``templates`` beside a source file that it names."""
    named = _parsed(path).texts
    return frozenset(file for file in _files(path.parent / "templates") if file.name in named)


@cache
def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(folder.glob("*"))


@dataclass(frozen=True)
class _Source:
    """What a source file says that its result may depend on."""

    imports: tuple[str, ...]
    """Names of this package that it imports, at the top or inside a function."""
    texts: frozenset[str]
    """Its strings."""


@cache
def _parsed(path: Path) -> _Source:
    """A source file, from its compiled form: Python keeps that, a syntax tree is made anew."""
    imports: list[str] = []
    texts: set[str] = set()
    waiting: list[object] = [SourceFileLoader(path.stem, str(path)).get_code(path.stem)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, tuple | frozenset):
            waiting += value
        elif isinstance(value, CodeType):
            imports += _imports(value)
            waiting += value.co_consts
    return _Source(tuple(imports), frozenset(texts))


def _imports(code: CodeType) -> Iterator[str]:
    """Names of this package that a compiled function or module itself imports."""
    if not any(name.split(".")[0] == _PACKAGE.name for name in code.co_names):
        return
    listed: Any = None
    for instruction in get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            module = instruction.argval
            yield module
            # `from durable.stats import survival` may name a module or something inside one.
            yield from (f"{module}.{name}" for name in listed or ())
        elif instruction.opname == "LOAD_CONST":
            listed = instruction.argval
