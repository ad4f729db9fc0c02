"""What the terminal shows of a run: a line a stage, and of a failure the message of the stage."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path

#: Lines of the log of a job that failed.
_LAST_LINES = 10
#: Rules whose output goes to the terminal as they write it.
_SHOW_THEIR_OWN = ("audit", "compare")
#: What Snakemake says of a failure beside its reason: the stage has said it.
_ECHOES = (
    *("RuleException", "CalledProcessError", "Shutting down", "Exiting because a job"),
    *(
        "WorkflowError:\nAt least one job did not complete",
        "Cannot restore",
        "Restored previous version",
    ),
)


#: What it says of a job that is sent again, as on a cluster after a node has failed.
_RESTART = "Trying to restart job"


class StageLines(logging.Filter):
    """Shows a line a job, the reason of a failure, and nothing else but errors and warnings.

    Parameters
    ----------
    lines
        The line of each rule, by its name.
    up_to_date
        What is said where nothing is to be done.
    """

    def __init__(self, lines: Mapping[str, str], up_to_date: str) -> None:
        super().__init__()
        self._lines = lines
        self._up_to_date = up_to_date

    def filter(self, record: logging.LogRecord) -> bool:
        """Print the line of a job or its failure; whether Snakemake's own line is shown too."""
        event = getattr(getattr(record, "event", None), "name", "")
        if event == "JOB_INFO":
            self._show_job(record)
        elif event == "JOB_ERROR" and getattr(record, "rule_name", "") not in _SHOW_THEIR_OWN:
            _show_failure(record)
        elif record.getMessage().startswith("Nothing to be done"):
            print(self._up_to_date, file=sys.stderr)
        elif record.getMessage().startswith(_RESTART):
            return True
        return (
            event in ("", "ERROR")
            and record.levelno >= logging.WARNING
            and not record.getMessage().startswith(_ECHOES)
        )

    def _show_job(self, record: logging.LogRecord) -> None:
        name = str(getattr(record, "rule_name", ""))
        if line := getattr(record, "rule_msg", None) or self._lines.get(name):
            print(line, file=sys.stderr)


def _show_failure(record: logging.LogRecord) -> None:
    """The end of the log of a job that failed: its own, or where that is empty the cluster's."""
    for log in map(Path, getattr(record, "log", None) or ()):
        lines = log.read_text("utf-8", errors="replace").splitlines() if log.is_file() else []
        if not lines:
            continue
        if len(lines) > _LAST_LINES:
            print(f"{log}, its last lines:", file=sys.stderr)
        print(*lines[-_LAST_LINES:], sep="\n", file=sys.stderr)
        return


def show_stage_lines(logger: logging.Logger, lines: Mapping[str, str], up_to_date: str) -> None:
    """Have the terminal show `StageLines`; the log file of Snakemake keeps everything."""
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(StageLines(lines, up_to_date))
