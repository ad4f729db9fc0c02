"""The sections ``analysis``, ``study`` and ``pins``: which analysis of which study this is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from durable.sections import Date, Line, Section, Sha256, Text

LONGEST_ID = 64
Status = Literal["draft", "interim", "final"]
AnalysisId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_ID - 1}}}$")]


class Analysis(Section):
    """Which analysis this is."""

    id: AnalysisId
    """Name of the analysis and of its folder below results/."""
    data_cutoff: Date
    """Last day whose records are analysed."""
    title: Line = "Efficacy and duration of response"
    """Title line of every output."""
    status: Status = "draft"
    """Status at the head of every page: draft, interim or final. Pages of a draft have a
    watermark."""
    run_date: Date | None = None
    """Date in the footer of every page, where the outputs are to bear one: no clock is read."""


class Study(Section):
    """Which study this is, as the outputs name it: results belong to one study."""

    id: Line
    """Registry or protocol number."""
    sponsor: Line | None = None
    """Sponsor, at the head of every page."""
    protocol: Line | None = None
    """Protocol number, at the head of every page; when empty, the number of the study."""
    protocol_version: Line | None = None
    """Version of the protocol, behind its number."""
    title: Line | None = None
    """Short title of the study; when empty, its number stands for it."""
    treatment: Line | None = None
    """Name of the study treatment."""


class Pins(Section):
    """What a repetition must find again; written by a run into audit/pinned.yaml."""

    code: Sha256
    """SHA-256 over the files of the package and of the workflow."""
    lock: Sha256 | None = None
    """SHA-256 of the lock file."""
    python: Text
    """Version of Python."""
    packages: dict[str, Text]
    """Installed packages and their versions."""
    libraries: dict[str, Text] = {}
    """SHA-256 over the list of files of each package, and of what else Python runs at its start."""
    fonts: dict[str, Text] = {}
    """Version and SHA-256 of each font of the machine that figures and PDF are set in."""
    listing: Sha256 | None = None
    """SHA-256 of the earlier listing of findings (outputs.queries_since)."""
