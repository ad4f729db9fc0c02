"""The record of a finished analysis: where it lies, and how it is read and pinned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from durable.errors import UserError
from durable.plan import Pins

#: Written when a run begins: the stages and their files, and the code (`durable.runs.guard`).
STARTED = ".started.json"
MANIFEST = Path("audit/manifest.json")
PINNED = Path("audit/pinned.yaml")
RUN = Path("audit/run.json")


def read_started(folder: Path) -> dict[str, Any]:
    """What a run wrote down when it began (`STARTED`); empty without the file, or if damaged.

    Its keys are those of `durable.runs.guard`: ``time``, ``reason``, ``rules``, ``other_inputs``,
    ``code``, ``libraries``, ``lock``, ``commit``, ``dirty``, ``keep_pinned``.
    """
    try:
        begun = json.loads((folder / STARTED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return begun if isinstance(begun, dict) else {}


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a finished analysis, as the JSON in the file has it.

    Raises
    ------
    UserError
        Where there is none, or it cannot be read.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not the JSON of a manifest"
        raise UserError(f"{path}: {reason}; expected the manifest of a finished analysis") from None
    return manifest


def pinned_yaml(values: Mapping[str, Any], pins: Pins | None) -> str:
    """YAML of a plan's values, and of pins unless they are None."""
    import yaml

    plan = {**values, **({"pins": pins.model_dump(mode="json")} if pins else {})}
    text: str = yaml.safe_dump(plan, sort_keys=False, allow_unicode=True, width=100)
    return text
