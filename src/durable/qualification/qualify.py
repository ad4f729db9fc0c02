"""All parts of a qualification, one after another."""

from __future__ import annotations

import datetime as dt
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import version
from typing import TypeVar

from durable.installation import PACKAGE
from durable.qualification import installation, operation, performance
from durable.qualification.findings import Qualification
from durable.qualification.requirements import chosen_requirements, trace

Found = TypeVar("Found")


def qualify(chosen: Sequence[str] = ()) -> Qualification:
    """Check this installation, run the tests of the requirements, and analyse the demo study.

    Parameters
    ----------
    chosen
        Identifiers of requirements, to qualify a part alone; all when empty.

    Raises
    ------
    UserError
        Where a part could not be done.
    """
    required, tests = chosen_requirements(chosen), partial(operation.run_tests, chosen)
    return Qualification(
        subject={
            "Extent": f"a part: {', '.join(chosen)}" if chosen else "all requirements",
            "Program": f"durable {version('durable')}",
            "Installed in": str(PACKAGE),
            "Python": f"{platform.python_version()} ({sys.executable})",
            "System": f"{platform.platform()}, {platform.node()}",
            "Date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        },
        installation=list(_run_part("installation: code and libraries", installation.checks)),
        operation=trace(required, list(_run_part("operation: tests of the requirements", tests))),
        performance=list(_run_part("performance: the demo study", performance.checks)),
    )


def _run_part(part: str, task: Callable[[], Iterable[Found]]) -> Iterable[Found]:
    """What a part finds, after a line that says what is being done."""
    print(part, file=sys.stderr, flush=True)
    return task()
