"""``durable``: does one command, and tells a mistake of the user without a traceback."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence

from durable.cli.parser import STARTS_SNAKEMAKE, parser
from durable.errors import UserError

#: Errors of the disk, not of the program: told without a traceback.
_DISK_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one command; its exit status.

    0, 1 (data, results or disk), 2 (configuration or use), 130 (Ctrl-C), 141 (who reads the output
    has closed it), or that of Snakemake. Options that are not offered end the process (SystemExit).

    Parameters
    ----------
    arguments
        Those of the process where None.
    """
    command_line = list(sys.argv[1:] if arguments is None else arguments)
    commands = parser()
    options, further = commands.parse_known_args(command_line)
    if further and options.command not in STARTS_SNAKEMAKE:
        commands.error(f"unrecognized arguments: {' '.join(further)}")
    options.further, options.arguments = further, command_line
    try:
        return int(options.do(options) or 0)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Who reads the output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"{where}{os.strerror(error.errno)}", file=sys.stderr)
        return 1
