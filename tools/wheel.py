"""What a wheel holds beside the package: the workflow, the lock file and the tests.

`durable` runs the workflow in a study's own folder. An editable installation holds neither: it
finds those of the repository.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_HELD = {
    "workflow": "durable/workflow",
    "uv.lock": "durable/uv.lock",
    # What `durable qualify` runs, as it lies in the repository.
    **{
        name: f"durable/suite/{name}"
        for name in ("tests", "data", "config", "docs", "pyproject.toml")
    },
}


class WorkflowInWheel(BuildHookInterface):  # type: ignore[misc]  # hatchling is there to build only
    """Adds the workflow and the lock file to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files, by their place in the repository and in the wheel."""
        if version == "standard":
            build_data["force_include"].update(_HELD)
