"""The command line: what is offered (`parser`), its pages (`pages`), and who does it."""

from __future__ import annotations

from durable.cli.program import main

__all__ = ["main"]
