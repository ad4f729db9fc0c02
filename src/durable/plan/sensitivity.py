"""The section ``sensitivity``: what each sensitivity analysis changes."""

from __future__ import annotations

from typing import Any

from durable.sections import Line, Section


class Variant(Section):
    """A sensitivity analysis: what it changes of the primary definitions."""

    title: Line | None = None
    """Line shown in the tables; the name when not given."""
    response: dict[str, Any] = {}
    """Keys of response that differ."""
    statistics: dict[str, Any] = {}
    """Keys of statistics that differ."""
