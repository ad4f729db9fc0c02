"""The virtual trials put together: operating characteristics, tables, figures and page."""

from __future__ import annotations

from pathlib import Path

from durable.files import write_csv
from durable.plan import Plan
from durable.simulate import operating, report
from durable.simulate.truth import true_values


def run(plan: Plan, folder: Path) -> None:
    """Read ``chunks/``; write everything that the simulation shows.

    Parameters
    ----------
    plan
        The analysis plan, with its section ``simulation``.
    folder
        Folder of the simulation.
    """
    write_csv(folder / "truth.csv", true_values(plan))
    operating.write_operating(plan, folder)
    report.write_report(plan, folder)
