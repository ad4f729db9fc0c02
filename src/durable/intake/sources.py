"""What was read (``checked/sources.json``): digests and numbers of records by file.

Light to import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.contracts.tables import TABLES
from durable.files import read_json
from durable.language import _

if TYPE_CHECKING:
    from durable.intake.findings import Findings


@dataclass(frozen=True)
class RecordCount:
    """The number of records of a file."""

    name: str
    """Table, or domain of an SDTM package."""
    file: str
    records: int
    earlier: int | None
    """Of the earlier delivery, where there is one that had it."""

    @property
    def earlier_text(self) -> str:
        """The earlier number; empty where there is none."""
        return "" if self.earlier is None else str(self.earlier)

    @property
    def change(self) -> str:
        """The difference with its sign; empty without an earlier number."""
        change = self.records - (self.earlier or 0)
        return "" if self.earlier is None else f"{change:+d}" if change else "0"


def about_files(
    digests: Mapping[str, str], names: Mapping[str, str], records: Mapping[str, int]
) -> dict[str, Any]:
    """What ``checked/sources.json`` says of a table that is made of several files.

    Parameters
    ----------
    digests, names, records
        By the name of each file in the manifest its SHA-256, its own name, and how many records it
        has, where it is one of records.

    Returns
    -------
    dict
        These, and one ``sha256`` over the list of them.
    """
    lines = [f"{digest}  {names[name]}\n" for name, digest in digests.items()]
    whole = hashlib.sha256("".join(lines).encode()).hexdigest()
    return {"sha256": whole, "files": digests, "names": names, "records": records}


def read_digests(sources: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of the files that were read, by table, or by domain of an SDTM package."""
    digests: dict[str, str] = {}
    for name in (name for name in TABLES if name in sources):
        digests |= sources[name].get("files", {name: sources[name]["sha256"]})
    return digests


def count_records(sources: Mapping[str, Any], earlier: str | None) -> list[RecordCount]:
    """The files of a study with their numbers of records, each file once.

    Parameters
    ----------
    sources
        What was read by table, as ``checked/sources.json`` holds it.
    earlier
        That file of an earlier analysis, where there is one.
    """
    before = _by_file({} if earlier is None else read_json(Path(earlier)))
    return [
        RecordCount(name, file, records, before.get(name, ("", None))[1])
        for name, (file, records) in _by_file(sources).items()
    ]


def with_earlier(counts: list[RecordCount], earlier: Mapping[str, int]) -> list[RecordCount]:
    """The numbers of records beside those of the earlier delivery, by table or domain."""
    return [replace(count, earlier=earlier.get(count.name)) for count in counts]


def _by_file(sources: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """File and number of records by table, or by domain where a table is made of several files."""
    found: dict[str, tuple[str, int]] = {}
    for table in (name for name in TABLES if name in sources):
        source = sources[table]
        if "files" not in source:
            found[table] = source["file"], source["rows"]
        for name, number in source.get("records", {}).items():
            # Results of an earlier version do not tell the names of a package's files apart.
            found[name] = source.get("names", {}).get(name, source["file"]), number
    return found


def report_fewer(counts: list[RecordCount], findings: Findings) -> None:
    """Report files that have fewer records than before: a delivery may have lost some."""
    for count in counts:
        if count.earlier is not None and count.records < count.earlier:
            message = _(
                "{records} records; expected at least the {earlier} of the earlier"
                " delivery (outputs.queries_since)"
            ).format(records=count.records, earlier=count.earlier)
            table = count.name if count.name in TABLES else ""
            findings.add_about_file(
                table, count.file, "fewer_records", message, value=str(count.records)
            )
