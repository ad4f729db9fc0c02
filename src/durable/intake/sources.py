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
    """The number of records of a file, and that of the earlier delivery."""

    name: str
    """Table, part of a table (``visits.files[1]``) or domain of an SDTM package."""
    file: str
    records: int
    earlier: int | None
    """Number of records in the earlier delivery; None where there is none, or it lacks the file."""

    @property
    def earlier_text(self) -> str:
        """The earlier number; '' where there is none."""
        return "" if self.earlier is None else str(self.earlier)

    @property
    def change(self) -> str:
        """The difference with its sign: "+3", "-1" or "0"; '' without an earlier number."""
        change = self.records - (self.earlier or 0)
        return "" if self.earlier is None else f"{change:+d}" if change else "0"


def file_provenance(
    digests: Mapping[str, str], names: Mapping[str, str], records: Mapping[str, int]
) -> dict[str, Any]:
    """Entries of ``checked/sources.json`` for a table that is made of several files.

    Parameters
    ----------
    digests, names, records
        By the name of each file in the manifest (``visits.files[1]``, domain ``QS``) its SHA-256,
        its file name, and the number of its records; a query has none.

    Returns
    -------
    dict
        ``files``, ``names`` and ``records`` are these three; ``sha256`` is that of a text with a
        line ``DIGEST  NAME`` for each file.
    """
    lines = [f"{digest}  {names[name]}\n" for name, digest in digests.items()]
    digest_of_list = hashlib.sha256("".join(lines).encode()).hexdigest()
    return {"sha256": digest_of_list, "files": digests, "names": names, "records": records}


def read_digests(sources: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of the files that were read, by name in the manifest: table, part of it, or domain.

    Parameters
    ----------
    sources
        ``checked/sources.json``, by table.
    """
    digests: dict[str, str] = {}
    for name in (name for name in TABLES if name in sources):
        digests |= sources[name].get("files", {name: sources[name]["sha256"]})
    return digests


def count_records(sources: Mapping[str, Any], earlier: str | None) -> list[RecordCount]:
    """The files of a study with their numbers of records, each file once.

    Parameters
    ----------
    sources
        ``checked/sources.json``, by table.
    earlier
        Path of the same file of an earlier analysis; None where there is none.
    """
    before = _counts_by_file({} if earlier is None else read_json(Path(earlier)))
    return [
        RecordCount(name, file, records, before.get(name, ("", None))[1])
        for name, (file, records) in _counts_by_file(sources).items()
    ]


def with_earlier(counts: list[RecordCount], earlier: Mapping[str, int]) -> list[RecordCount]:
    """The counts with the numbers of an earlier delivery, None for a file that it lacks.

    Parameters
    ----------
    earlier
        Number of records by `RecordCount.name`.
    """
    return [replace(count, earlier=earlier.get(count.name)) for count in counts]


def _counts_by_file(sources: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """File and number of records by table, or by domain where a table is made of several files."""
    counts: dict[str, tuple[str, int]] = {}
    for table in (name for name in TABLES if name in sources):
        source = sources[table]
        if "files" not in source:
            counts[table] = source["file"], source["rows"]
        for name, number in source.get("records", {}).items():
            # Results of an earlier version do not tell the names of a package's files apart.
            counts[name] = source.get("names", {}).get(name, source["file"]), number
    return counts


def report_fewer(counts: list[RecordCount], findings: Findings) -> None:
    """Report files with fewer records than in the earlier delivery, where that number is known."""
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
