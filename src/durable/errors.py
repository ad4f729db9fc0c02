"""Mistakes in data or configuration: told to the user in words, with an exit status."""

from __future__ import annotations


class UserError(Exception):
    """A message for the user; no traceback is shown for it."""

    status = 1
