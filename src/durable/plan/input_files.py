"""The files of the study that a plan names: tables, parts of tables, queries, domains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable.contracts.tables import TABLES
from durable.plan.inputs import Inputs, Sdtm
from durable.plan.sdtm import delivered, domain_files
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
        """The table that has the file for its own; '' of a domain, and of a file for queries."""
        return self.tables[0] if self.name.split(".")[0] in TABLES else ""

    @property
    def is_domain(self) -> bool:
        """Whether it is one of an SDTM package, whose folder the plan names."""
        return self.key == ("sdtm",)

    @property
    def path_key(self) -> str:
        """Key of the plan that names the file."""
        return "inputs.sdtm.folder" if self.is_domain else f"inputs.{self.name}.path"


def study_files(inputs: Inputs) -> list[InputFile]:
    """Every file of the study that the plan names, each name once: domains, then tables' files."""
    domains = [] if inputs.sdtm is None else list(_domains(inputs.sdtm))
    tables = {name: getattr(inputs, name) for name in TABLES}
    given = {name: table for name, table in tables.items() if table is not None}
    found = domains + [file for name, table in given.items() for file in _of_table(name, table)]
    querying = tuple(name for name, table in given.items() if table.sql is not None)
    for name, source in inputs.sources.items():
        key = ("sources", name)
        found.append(InputFile(f"sources.{name}", source.path, source.sha256, key, querying))
    return found


def shown_names(inputs: Inputs) -> dict[str, str]:
    """By path the name of each file in findings: its own, or the path where another has it too."""
    paths = dict.fromkeys(file.path for file in study_files(inputs))
    resolved: dict[str, set[Path]] = {}
    for path in paths:
        resolved.setdefault(Path(path).name, set()).add(Path(path).resolve())
    return {
        path: Path(path).name if len(resolved[Path(path).name]) == 1 else path for path in paths
    }


def place_of(values: dict[str, Any], file: InputFile) -> dict[str, Any]:
    """The keys of a file in the section ``inputs`` as plain values."""
    found: Any = values
    for key in file.key:
        found = found[key]
    place: dict[str, Any] = found
    return place


def input_paths(inputs: Inputs) -> dict[str, str]:
    """Paths of the study's files by their names."""
    return {file.name: file.path for file in study_files(inputs)}


def _of_table(name: str, table: Input) -> Iterator[InputFile]:
    sections: list[tuple[str, tuple[str | int, ...], Any]] = []
    if table.path is not None:
        sections.append((name, (name,), table))
    for place, file in enumerate(table.files):
        sections.append((f"{name}.files[{place}]", (name, "files", place), file))
    for place, joined in enumerate(table.join):
        sections.append((f"{name}.join[{place}]", (name, "join", place), joined))
    if table.sql is not None:
        sections.append((f"{name}.sql", (name, "sql"), table.sql))
    for full_name, key, section in sections:
        yield InputFile(full_name, section.path, section.sha256, key, (name,))


def _domains(sdtm: Sdtm) -> Iterator[InputFile]:
    of_tables = {table: delivered(table, sdtm) for table in TABLES if table in sdtm.tables}
    for domain in sorted({domain for names in of_tables.values() for domain in names}):
        tables = tuple(table for table, names in of_tables.items() if domain in names)
        for name, path in domain_files(domain, sdtm).items():
            yield InputFile(name, path, sdtm.sha256.get(name), ("sdtm",), tables)
