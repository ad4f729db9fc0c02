"""``python -m durable``: the command line."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Do the command of the command line; its exit status."""
    from durable.runs.environment import set_libraries

    set_libraries()
    # Little of what a job makes is circular: to look for it as often as Python does by default
    # takes a tenth of the time.
    gc.set_threshold(500_000)
    # Where it is installed, for the tests, pandera would load it to make up data by a contract.
    sys.modules.setdefault("hypothesis", None)  # type: ignore[arg-type]
    from durable.cli import main as do_command

    status = do_command()
    # The end of the process frees everything: Python need not look for circular garbage again.
    gc.freeze()
    return status


if __name__ == "__main__":
    sys.exit(main())
