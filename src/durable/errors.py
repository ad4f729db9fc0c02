"""Mistakes of a user: told as a message, without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """A mistake of the user, or a situation that is theirs to mend."""

    status = 1
    """Exit status of the command that meets it."""


class UseError(UserError):
    """Options of a command that it cannot take."""

    status = 2


class DataError(UserError):
    """Errors in the data: their number, where the listing is, and where the first ones are."""
