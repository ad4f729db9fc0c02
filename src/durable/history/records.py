"""What verification asks of a manifest, and whom it believes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from durable.plan import Governance
from durable.runs.manifest import MANIFEST


@dataclass(frozen=True)
class Record:
    """The manifest of an analysis, and the values of the recorded plan that verification needs."""

    manifest: dict[str, Any]
    """The JSON of the manifest."""
    analysis: str
    """Identifier of the analysis in the recorded plan."""
    governance: Governance
    """Its section of the recorded plan."""
    locked: bool
    """Whether the results are final by the recorded plan."""


@dataclass(frozen=True)
class Trust:
    """The files that say whose keys and which authorities a verification trusts."""

    signers: Path
    """The allowed_signers file."""
    authority: Path | None
    """Certificates of the authority for time stamps."""


def read_record(folder: Path) -> Record | None:
    """The manifest of the results in a folder; None where it is missing or damaged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        plan = manifest["plan"]["value"]
        if not all(
            isinstance(e[key], str) for e in manifest["outputs"] for key in ("id", "sha256")
        ):
            return None
        governance = Governance.model_validate(plan.get("governance", {}))
        locked = bool(plan["outputs"]["locked"])
        return Record(manifest, str(plan["analysis"]["id"]), governance, locked)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None


def trust_of(
    record: Record, folder: Path, signers: Path | None = None, authority: Path | None = None
) -> Trust:
    """The files to trust: `signers` and `authority`, else those that the recorded plan names.

    Where the plan names no allowed_signers file it is ``allowed_signers`` in the folder of all
    results; where it names no certificates there are none. Whether the files exist is not checked.

    Parameters
    ----------
    folder
        Results of the analysis. Paths of the plan are relative to the folder two above it, that of
        the study.
    """
    study, governance = folder.parent.parent, record.governance
    named = governance.allowed_signers
    listed = folder.parent / "allowed_signers" if named is None else study / named
    ca = governance.timestamp_ca
    return Trust(signers or listed, authority or (None if ca is None else study / ca))
