"""Delivery ``r-programs``: R programs that compute the main tables again (docs/exports.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from durable.deliveries import programs_of
from durable.export.programs import MARK, R, Scalar, Setting, Value, heading, settings_of
from durable.files import write_text
from durable.plan import Plan

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

_RULER = "# ".ljust(100, "-")


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/r/*.R``: ``compare.R``, and a program for each main table of the analysis."""
    folder = analysis.folder / "export" / R.folder
    write_text(folder / R.file("compare"), R.template("compare"))
    for table in programs_of(analysis.dataset_names):
        write_text(folder / R.file(table), program(table, analysis.plan))


def program(table: str, plan: Plan) -> str:
    """Text of the R program of a table, with the parameters of the plan.

    Raises
    ------
    FileNotFoundError
        For a table without a program.
    """
    return R.template(table).replace(f"# {MARK}\n", parameters(table, plan))


def parameters(table: str, plan: Plan) -> str:
    """Text of the parameters of the R program of a table: an assignment each, with a comment.

    Raises
    ------
    KeyError
        For a table without a program.
    """
    lines = [_RULER, f"# Parameters of the plan: {heading(plan)}", ""]
    for setting in settings_of(table, plan):
        lines += _assignment(setting)
    return "\n".join([*lines, _RULER, ""])


def _assignment(setting: Setting) -> list[str]:
    return [f"# {setting.about}", f"{setting.name.upper()} <- {_literal(setting.value)}", ""]


def _literal(value: Value, indent: int = 2) -> str:
    """A value as R writes it."""
    if isinstance(value, tuple):
        return f"c({', '.join(map(_scalar, value))})"
    if not isinstance(value, Mapping):
        return _scalar(value)
    nested = any(isinstance(entry, Mapping) for entry in value.values())
    # In quotes, because a name may be a word of the language (function).
    entries = [f"{_scalar(name)} = {_literal(v, indent + 2)}" for name, v in value.items()]
    space = " " * indent
    inside = f",\n{space}".join(entries)
    # Without an entry c() is NULL, which has no names: nothing is done for it.
    return f"{'list' if nested else 'c'}(\n{space}{inside})" if entries else "c()"


def _scalar(value: Scalar) -> str:
    # Text of ASCII in double quotes is written alike in JSON and in R.
    return json.dumps(value) if isinstance(value, str) else f"{value:.15g}"
