"""Tables, figures and page of a simulation (docs/simulation.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from durable.display.report_plan import variants
from durable.display.tables import write_table
from durable.figures.points import read_points
from durable.figures.saving import save
from durable.figures.spec import Caption, DrawnFigure
from durable.figures.style import settings
from durable.figures.typefaces import type_families
from durable.files import write_text
from durable.jdm.wording import improvement, recurrence, remission
from durable.language import _
from durable.outputs import definitions
from durable.outputs.interim import describe_decision
from durable.outputs.page_head import page_head
from durable.outputs.table import Table
from durable.pages import render_page
from durable.plan import Plan
from durable.simulate import wording
from durable.simulate.figures import FIGURES, SimulationFigure
from durable.simulate.summary import agreement, summary
from durable.simulate.tables import DECISIONS, tables


def write_report(plan: Plan, folder: Path) -> None:
    """Read the results in `folder`; write tables, figures and ``simulation.html`` there."""
    written = list(tables(plan, folder))
    for table in written:
        write_table(table, folder, page_head(plan, wording.study(plan)))
    drawn = []
    with type_families(plan) as families, settings(families):
        for number, spec in enumerate(FIGURES, start=1):
            figure = DrawnFigure(f"f_{spec.name}", _caption(spec, number, plan), folder / "figures")
            points = read_points(figure.file("csv"), spec.columns)
            stem = figure.folder / figure.name
            save([spec.draw(points, plan, figure.caption)], stem, figure.caption)
            drawn.append(figure)
    write_text(folder / "simulation.html", _page(plan, folder, written, drawn))


def _caption(spec: SimulationFigure, number: int, plan: Plan) -> Caption:
    digest = wording.plan_digest(plan)[:12]
    source = _("Source: points in {file}. Plan {digest}.").format(
        file=f"simulation/figures/f_{spec.name}.csv", digest=digest
    )
    return Caption(
        _("Figure {number}").format(number=number),
        _(spec.title),
        wording.population(plan),
        wording.study(plan),
        (*map(_, spec.notes), source),
    )


def _page(plan: Plan, folder: Path, written: list[Table], drawn: list[DrawnFigure]) -> str:
    """The page as the text of an HTML file: what the design can show, then how it was found."""
    simulation = plan.require_simulation()
    stopping = next(table for table in written if table.name == f"t_{DECISIONS}")
    return render_page(
        "simulation.html.jinja",
        plan=plan,
        summary=summary(plan, folder),
        agreement=agreement(folder),
        stopping=stopping,
        tables=[table for table in written if table is not stopping],
        figures=drawn,
        population=wording.population(plan),
        scenarios=[
            (name, list(wording.describe_scenario(s))) for name, s in simulation.scenarios.items()
        ],
        decisions=[(name, describe_decision(r, plan)) for name, r in simulation.decisions.items()],
        definitions=list(_definitions(plan)),
        variants=[variant for variant in variants(plan) if variant[0] in plan.simulated_variants],
        digest=wording.plan_digest(plan),
    )


def _definitions(plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The primary definitions, by what they define."""
    rules = plan.response
    windows = definitions.windows(plan, rules.improvement.visits)
    yield _("Disease improvement"), (*improvement(rules), *windows)
    yield _("Remission"), tuple(remission(rules))
    yield _("Recurrence"), tuple(recurrence(rules))
    yield _("Duration"), tuple(definitions.duration(plan))
    yield (
        _("Estimates"),
        (*definitions.survival(plan.statistics), *definitions.proportions(plan.statistics)),
    )
