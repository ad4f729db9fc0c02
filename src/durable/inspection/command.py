"""``durable inspect``: looks at files and prints the draft of a configuration."""

from __future__ import annotations

from pathlib import Path

from durable.errors import UserError
from durable.files import write_text
from durable.inspection.drafting import draft_study
from durable.inspection.sheets import read_sheets
from durable.inspection.writing import write_draft


class UsageError(UserError):
    """A request that the command refuses, with exit status 2."""

    status = 2


def inspect(paths: list[Path], output: Path | None = None) -> None:
    """Print the draft of a configuration for files and folders, or write it to a new file.

    Raises
    ------
    UserError
        Where no file could be read as a table, with the reason of each.
    UsageError
        Where the file to write is there already, or its folder is not.
    """
    if output is not None and (output.exists() or output.is_symlink()):
        raise UsageError(f"{output} is there already: a draft is written to a new file only")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"{output.parent}: no such folder")
    reading = read_sheets(paths)
    if not reading.sheets:
        troubles = reading.troubles or ["no file of a known kind"]
        raise UserError("\n".join(["nothing could be read as a table:", *troubles]))
    text = write_draft(draft_study(reading), reading.troubles)
    if output is None:
        print(text, end="")
        return
    write_text(output, text)
    print(f"draft written to {output}")
