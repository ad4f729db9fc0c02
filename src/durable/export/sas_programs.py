"""Delivery ``sas-programs``: SAS programs that compute the main tables again (docs/exports.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from durable.deliveries import programs_of
from durable.export.programs import MARK, SAS, Scalar, Setting, heading, settings_of
from durable.files import write_text
from durable.plan import Plan

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

_RULER = "-" * 94
#: Variables of the datasets of parameters, for an INPUT statement.
_NAME, _TEXT, _NUMBER, _ENDPOINT = "name :$40.", "item :$200.", "item", "paramcd :$8."


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/sas/*.sas``: ``compare.sas``, and a program for each main table."""
    folder = analysis.folder / "export" / SAS.folder
    write_text(folder / SAS.file("compare"), SAS.template("compare"))
    for table in programs_of(analysis.dataset_names):
        write_text(folder / SAS.file(table), program(table, analysis.plan))


def program(table: str, plan: Plan) -> str:
    """Text of the SAS program of a table, with the parameters of the plan.

    It has the code that finds the folder it lies in.

    Raises
    ------
    FileNotFoundError
        For a table without a program.
    """
    text = SAS.template(table).replace(f"/* {MARK} */\n", parameters(table, plan))
    return text.replace("/* @FOLDER@ */\n", SAS.template("folder"))


def parameters(table: str, plan: Plan) -> str:
    """Text of the parameters of the SAS program of a table, each with a comment.

    A scalar is a macro variable, all else a small dataset.

    Raises
    ------
    KeyError
        For a table without a program.
    """
    # What a comment holds must not end it.
    analysis = heading(plan).replace("*/", "* /")
    lines = [f"/* {_RULER}", f"   Parameters of the plan: {analysis} */", ""]
    for setting in settings_of(table, plan):
        lines += [f"/* {setting.about} */", *_definition(setting), ""]
    return "\n".join([*lines, f"/* {_RULER} */", ""])


def _definition(setting: Setting) -> list[str]:
    name, value = setting.name, setting.value
    if isinstance(value, tuple):
        kind = _TEXT if all(isinstance(item, str) for item in value) else _NUMBER
        return _dataset(name, [kind], [[_scalar(item)] for item in value])
    if not isinstance(value, Mapping):
        return [f"%let {name} = {_scalar(value)};"]
    rows: list[list[str]] = []
    nested = False
    for key, entry in value.items():
        if isinstance(entry, Mapping):
            nested = True
            rows += [[key, *item] for item in entry.items()]
        else:
            rows.append([key, entry])
    return _dataset(name, [_ENDPOINT, _NAME, _TEXT] if nested else [_NAME, _TEXT], rows)


def _dataset(name: str, variables: list[str], rows: Iterable[list[str]]) -> list[str]:
    return [
        f"data {name};",
        "  infile datalines dsd dlm='|' truncover;",
        f"  input {' '.join(variables)};",
        "  datalines;",
        *("|".join(row) for row in rows),
        ";",
    ]


def _scalar(value: Scalar) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"
