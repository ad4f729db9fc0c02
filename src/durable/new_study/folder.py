"""Writes the folder of a new study."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from durable.contracts.reference import dictionary, tables_section
from durable.contracts.tables import INPUT_TABLES
from durable.errors import UserError
from durable.files import write_text
from durable.installation import WORKFLOW
from durable.new_study.configuration import configuration_text
from durable.pages import template_text

_SNAKEFILE = """\
from durable import SNAKEFILE
workflow.include(SNAKEFILE, overwrite_default_target=True)
"""
_IGNORED = """\
/.snakemake/
/results/
# Data of subjects: to be kept where only those may read them who may.
# /data/*.csv
"""
_DATA = """\
# Input tables

Each file of this folder is the template of a table: fill in one row for each record. CSV, UTF-8,
dates as YYYY-MM-DD, an empty cell for what is missing. `dictionary.csv` holds this list too.

"""


class _OccupiedError(UserError):
    """A folder that holds something."""

    status = 2


def make_folder(folder: Path, *, study: str | None, analysis: str, cutoff: str | None) -> list[str]:
    """Make the folder of a new study with its files; return what to do next, line by line.

    Parameters
    ----------
    folder
        Not there yet, or empty.
    study, analysis, cutoff
        Identifiers and day of the cut-off, or None, as `configuration_text` takes them.

    Raises
    ------
    UserError
        Where the folder is a file or holds something, or an identifier or the cut-off is not as
        the plan expects it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _OccupiedError(f"{folder} is there already; expected a new folder, or an empty one")
    files = {
        "config/config.yaml": configuration_text(study, analysis, cutoff),
        "data/README.md": _DATA + tables_section(),
        "data/dictionary.csv": _csv(dictionary()),
        **{f"data/{name}.csv": f"{_header(name)}\n" for name in INPUT_TABLES},
        "README.md": Template(template_text("study/README.md")).substitute(
            title=study or "The study", analysis=analysis
        ),
        "Snakefile": _SNAKEFILE,
        "profiles/default/config.yaml": (WORKFLOW / "profiles/default/config.yaml").read_text(),
        ".gitignore": _IGNORED,
    }
    for name, text in files.items():
        write_text(folder / name, text)
    return [f"{folder}: the folder of a new study", *_next_steps(study, cutoff)]


def _next_steps(study: str | None, cutoff: str | None) -> list[str]:
    missing = [
        key for key, value in (("study.id", study), ("analysis.data_cutoff", cutoff)) if not value
    ]
    settle = "config/config.yaml: settle each definition"
    return [
        "  data/*.csv: fill in the tables (data/README.md)",
        f"  {settle}; fill in {', '.join(missing)}" if missing else f"  {settle}",
        "  then, in that folder: durable check, durable run (README.md)",
    ]


def _header(table: str) -> str:
    """The names of the columns that a file of the table usually has."""
    return ",".join(column.name for column in INPUT_TABLES[table].columns if not column.rare)


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
