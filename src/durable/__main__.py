"""Command line: has the server of the run do a stage, or else does the command itself."""

from __future__ import annotations

import os
import sys

from durable.client import THREADS, ask


def main() -> int:
    """Do the command of the command line; the exit status is 0, 1 (data) or 2 (configuration)."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    # Nothing else is imported before: of a stage that is served, this process only waits for it.
    status = ask(sys.argv[1:])
    if status is not None:
        return status
    from durable import commands

    # Where it is installed, for the tests, pandera would load it to make up data by a contract.
    sys.modules.setdefault("hypothesis", None)  # type: ignore[arg-type]
    return commands.main()


if __name__ == "__main__":
    sys.exit(main())
