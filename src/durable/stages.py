"""The stages of an analysis: which module does each, and which parts of the plan it may read.

The workflow takes the declared parts and a digest of the code into the parameters of the rule, so
that a changed definition or function re-runs exactly what depends on it; the command line hands a
stage a plan that holds the declared parts only, so that a declaration cannot be too small.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

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


STAGES: dict[str, Stage] = {
    "check": Stage(
        "durable.intake.check",
        (
            *("analysis.id", "study.id", "inputs", "schedule", "outputs.queries_since"),
            *("response.ranges", "response.core_set", "response.hybrid"),
        ),
        "read and check the input tables; list every finding in queries.csv",
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
    ),
    "variants": Stage(
        "durable.derive.variants",
        ("study.id", "analysis.data_cutoff", "schedule", "response", "sensitivity"),
        "derive the datasets of the sensitivity analyses",
    ),
    "improvement": Stage(
        "durable.analyse.improvement",
        ("response.improvement", "statistics.conf_level", "statistics.beta_prior", "groups"),
        "analyse the disease improvement rate",
    ),
    "durability": Stage(
        "durable.analyse.durability",
        (*_SURVIVAL, "groups"),
        "analyse duration of response and event-free survival",
    ),
    "sensitivity": Stage(
        "durable.analyse.sensitivity",
        ("response", "statistics", "sensitivity"),
        "analyse the primary and the sensitivity analyses side by side",
    ),
    "subjects": Stage(
        "durable.analyse.subjects",
        ("groups", "statistics.days_per_month"),
        "analyse disposition and baseline",
    ),
    "courses": Stage(
        "durable.analyse.courses",
        ("response.core_set", "response.hybrid"),
        "write the data of the figures of each subject's course",
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
    "tables": Stage(
        "durable.display.tables",
        _TABLES,
        "write the tables",
    ),
    "figures": Stage(
        "durable.display.figures",
        _FIGURES,
        "draw the figures",
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
}


def code_digest(module: str) -> str:
    """SHA-256 over a module of this package, all it imports from it and the templates they name."""
    digest = hashlib.sha256()
    reached = _reached(module)
    for path in sorted(reached.union(*map(_templates, reached))):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def packages() -> str:
    """Python and the libraries that results depend on, with their versions."""
    python = ".".join(map(str, sys.version_info[:2]))
    return ", ".join([f"python {python}", *(f"{name} {version(name)}" for name in _LIBRARIES)])


def _reached(module: str) -> set[Path]:
    reached: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop())
        if path is not None and path not in reached:
            reached.add(path)
            waiting += _imports(path)
    return reached


def _file(module: str) -> Path | None:
    """Source file of a module of this package; None for a name that is no module of it."""
    base = _PACKAGE.parent.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


@cache
def _templates(path: Path) -> frozenset[Path]:
    """Files of the folder ``templates`` beside a source file that it names."""
    folder = path.parent / "templates"
    names = {file.name: file for file in folder.glob("*")}
    texts = (node.value for node in ast.walk(_parsed(path)) if isinstance(node, ast.Constant))
    return frozenset(names[text] for text in texts if isinstance(text, str) and text in names)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Names of this package that a source file imports, at the top or inside a function."""
    names: list[str] = []
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from durable.stats import survival` may name a module or something inside one.
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.split(".")[0] == _PACKAGE.name)
