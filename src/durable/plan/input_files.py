"""The files of the study that a plan names: tables, parts of tables, queries, domains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable.contracts.tables import TABLES
from durable.plan.inputs import Inputs, Sdtm
from durable.plan.sdtm import delivered_domains, domain_files
from durable.plan.source_files import Input


@dataclass(frozen=True)
class InputFile:
    """A file that the intake reads."""

    name: str
    """Its name in the manifest and in messages: the table (``visits``), or what of it
    (``visits.files[1]``, ``visits.join[0]``, ``visits.sql``, ``sources.labs``), or the domain, or
    the file of a split one (QSPH)."""
    path: str
    sha256: str | None
    """The expected one, where the plan has it."""
    key: tuple[str | int, ...]
    """Keys below ``inputs`` of the section of the file; of a domain that of the package."""
    tables: tuple[str, ...]
    """Tables that are made from it."""

    @property
    def table(self) -> str:
        """The table whose section names the file; '' of a domain, and of a file for queries."""
        return self.tables[0] if self.name.split(".")[0] in TABLES else ""

    @property
    def is_domain(self) -> bool:
        """Whether the file is one of an SDTM package, whose folder the plan names."""
        return self.key == ("sdtm",)

    @property
    def path_key(self) -> str:
        """Key of the plan that names the file, of a domain its folder: ``inputs.visits.path``."""
        return "inputs.sdtm.folder" if self.is_domain else f"inputs.{self.name}.path"


def study_files(inputs: Inputs) -> list[InputFile]:
    """Every file of the study that the plan names: domains, files of tables, files for queries.

    A domain that may be absent is left out where the package does not have it.
    """
    domains = [] if inputs.sdtm is None else list(_domains(inputs.sdtm))
    tables = {name: getattr(inputs, name) for name in TABLES}
    named = {name: table for name, table in tables.items() if table is not None}
    files = domains + [file for name, table in named.items() for file in _table_files(name, table)]
    querying = tuple(name for name, table in named.items() if table.sql is not None)
    for name, source in inputs.sources.items():
        key = ("sources", name)
        files.append(InputFile(f"sources.{name}", source.path, source.sha256, key, querying))
    return files


def shown_names(inputs: Inputs) -> dict[str, str]:
    """By path, as in `study_files`, the name of a file in findings.

    The base name; the path itself where another file has the same base name. Two paths to one file
    both have its base name.
    """
    paths = dict.fromkeys(file.path for file in study_files(inputs))
    resolved: dict[str, set[Path]] = {}
    for path in paths:
        resolved.setdefault(Path(path).name, set()).add(Path(path).resolve())
    return {
        path: Path(path).name if len(resolved[Path(path).name]) == 1 else path for path in paths
    }


def file_section(values: dict[str, Any], file: InputFile) -> dict[str, Any]:
    """The section of a file within ``inputs`` as plain values; of a domain that of the package.

    It is the part of `values` itself, not a copy.
    """
    part: Any = values
    for key in file.key:
        part = part[key]
    section: dict[str, Any] = part
    return section


def input_paths(inputs: Inputs) -> dict[str, str]:
    """Path of each of the study's files, by its name in the manifest."""
    return {file.name: file.path for file in study_files(inputs)}


def _table_files(name: str, table: Input) -> Iterator[InputFile]:
    sections: list[tuple[str, tuple[str | int, ...], Any]] = []
    if table.path is not None:
        sections.append((name, (name,), table))
    for index, file in enumerate(table.files):
        sections.append((f"{name}.files[{index}]", (name, "files", index), file))
    for index, joined in enumerate(table.join):
        sections.append((f"{name}.join[{index}]", (name, "join", index), joined))
    if table.sql is not None:
        sections.append((f"{name}.sql", (name, "sql"), table.sql))
    for full_name, key, section in sections:
        yield InputFile(full_name, section.path, section.sha256, key, (name,))


def _domains(sdtm: Sdtm) -> Iterator[InputFile]:
    by_table = {table: delivered_domains(table, sdtm) for table in TABLES if table in sdtm.tables}
    for domain in sorted({domain for names in by_table.values() for domain in names}):
        tables = tuple(table for table, names in by_table.items() if domain in names)
        for name, path in domain_files(domain, sdtm).items():
            yield InputFile(name, path, sdtm.sha256.get(name), ("sdtm",), tables)
