"""Stage ``gather``: what the design and its definitions show over the virtual trials."""

from __future__ import annotations

from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``simulation/chunks/``; write its results, tables, figures and ``simulation.html``."""
    from durable.files import write_csv
    from durable.language import ENGLISH, language
    from durable.simulate.operating import write_operating
    from durable.simulate.report import write_report
    from durable.simulate.truth import true_values

    with language(ENGLISH):
        truth = true_values(plan)
        write_csv(folder / "truth.csv", truth)
        write_operating(plan, folder, truth)
    write_report(plan, folder)
