"""`durable doctor`: which optional programs, plugins and fonts are there, and what each is for."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from durable.fonts import FAMILIES, NoFontError, fallback_font
from durable.installation import SNAKEFILE

#: Seconds that a program may take to say its version.
_PATIENCE = 10


@dataclass(frozen=True)
class Optional:
    """Something that a task needs, and an analysis without that task does not."""

    name: str
    purpose: str
    asked: tuple[str, ...] = ("--version",)
    """Arguments by which a program says its version."""


_PROGRAMS = (
    Optional("git", "the commit of the code in audit/run.json, where it runs from a repository"),
    Optional("ssh-keygen", "signatures: durable sign, durable verify", ("-V",)),
    Optional("openssl", "time stamps (RFC 3161): durable sign --timestamp", ("version",)),
    Optional("Rscript", "the R programs that are handed over (outputs.datasets: r-programs)"),
    Optional("sbatch", "a Slurm cluster: --workflow-profile slurm"),
    Optional("dot", "a picture of the workflow: durable run --dag | dot -Tsvg", ("-V",)),
    Optional("apptainer", "the container: --software-deployment-method apptainer"),
    Optional("libreoffice", "documents (RTF, DOCX) as pages, where Word is not at hand"),
)
_PLUGINS = (
    Optional("snakemake-executor-plugin-slurm", "jobs on a Slurm cluster"),
    Optional("snakemake-storage-plugin-http", "input files behind https://"),
    Optional("snakemake-storage-plugin-s3", "input files behind s3://"),
)


def report() -> str:
    """Versions of durable and Snakemake, and what is there of the rest, as text for a terminal."""
    lines = [
        f"durable {version('durable')}, Python {platform.python_version()},"
        f" Snakemake {version('snakemake')}, {platform.system()} {platform.machine()}",
        f"workflow: {SNAKEFILE}",
    ]
    sections: dict[str, list[tuple[Optional, str | None]]] = {
        "programs": [(program, _program_version(program)) for program in _PROGRAMS],
        "plugins of Snakemake": [(plugin, _installed_version(plugin.name)) for plugin in _PLUGINS],
        "fonts": [
            (
                Optional(f"signs of {name}", f"figures and PDF, outputs.language: {name}"),
                _font(name),
            )
            for name in FAMILIES
        ],
    }
    for title, entries in sections.items():
        lines += ["", f"{title}, none needed for tables, figures and report in English:"]
        lines += _table(entries)
    return "\n".join(lines)


def _table(entries: Sequence[tuple[Optional, str | None]]) -> Iterator[str]:
    widths = [max(len(text) for text in column) for column in zip(*_cells(entries), strict=True)]
    for cells in _cells(entries):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield ("  " + "  ".join(padded)).rstrip()


def _cells(entries: Sequence[tuple[Optional, str | None]]) -> list[tuple[str, str, str]]:
    return [(entry.name, state or "not there", entry.purpose) for entry, state in entries]


def _program_version(program: Optional) -> str | None:
    """The version that a program says, *there* where it says none, None where it is not there."""
    path = shutil.which(program.name)
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603
            [path, *program.asked],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "there"
    words = (done.stdout + done.stderr).replace(",", " ").split()
    numbers = (word for word in words if word[0].isdigit() and "." in word)
    return next(numbers, "there")


def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _font(language: str) -> str | None:
    """The font that signs of a language are drawn with."""
    try:
        font = fallback_font(language, None)
    except NoFontError:
        return None
    return font.regular.name if font else None
