"""Efficacy and duration-of-response analysis of a single-arm cell-therapy trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable.api import Analysis, run
    from durable.errors import DataError, UserError
    from durable.installation import SNAKEFILE
    from durable.plan import PlanError

__all__ = ["SNAKEFILE", "Analysis", "DataError", "PlanError", "UserError", "run"]

_MODULES = {
    "Analysis": "durable.api",
    "run": "durable.api",
    "DataError": "durable.errors",
    "UserError": "durable.errors",
    "PlanError": "durable.plan",
    "SNAKEFILE": "durable.installation",
}


def __getattr__(name: str) -> object:
    """The names of `__all__`, imported when they are used: a job needs few of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if _MODULES[name] == "durable.api":
        # Before it loads NumPy: the digits are to be those of a run of Snakemake.
        import_module("durable.runs.environment").load_libraries()
    return getattr(import_module(_MODULES[name]), name)
