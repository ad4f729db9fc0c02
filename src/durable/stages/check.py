"""Stage ``check``: reads and checks the input tables, and lists every finding."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read the input files; write ``queries.csv``, ``.html``, ``.xlsx`` and ``checked/``.

    Errors do not stop this stage but ``derive``, so that the listing is there to be read and the
    results of earlier, good data stay as they are.
    """
    from durable.intake import check

    check.run(plan, folder)
