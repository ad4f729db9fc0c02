"""Tables, figures and page of a simulation (docs/simulation.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from durable.display.report_plan import variants
from durable.display.tables import write_table
from durable.figures.points import Points, read_points
from durable.figures.spec import Caption, DrawnFigure
from durable.figures.style import save, settings
from durable.files import write_text
from durable.jdm import wording
from durable.outputs import definitions
from durable.pages import render_page
from durable.plan import Plan
from durable.simulate import figures
from durable.simulate import wording as simulation_wording
from durable.simulate.tables import tables


@dataclass(frozen=True)
class SimulationFigure:
    """A figure of the simulation."""

    name: str
    title: str
    columns: tuple[str, ...]
    draw: Callable[[Points, Plan, Caption], Figure]
    notes: tuple[str, ...]


_BARS = "Bars: 95% interval of the Monte Carlo error (1.96 standard errors)."
FIGURES = (
    SimulationFigure(
        "coverage",
        "Coverage of the exact interval of the improvement rate",
        figures.COVERAGE,
        figures.coverage,
        (
            "Line: exact coverage in closed form over the true rate (Clopper & Pearson 1934; Brown,"
            " Cai & DasGupta 2001). Points: scenarios without missing assessments, at every visit"
            " of the improvement rate; and binomial samples at 10 subjects.",
            _BARS,
        ),
    ),
    SimulationFigure(
        "spacing",
        "Bias of median duration of response by the spacing of visits",
        figures.SPACING,
        figures.spacing,
        (
            "Scenarios of one colour are alike but for the spacing. Bias: minus the true median of"
            " the latent duration of remission. Filled: mean over the trials whose median is"
            " estimable; open: median over all trials, one not reached counting as the longest.",
            _BARS + " Between visits the median moves in steps, so its error may be 0.",
        ),
    ),
    SimulationFigure(
        "definitions",
        "Bias and coverage under each definition",
        figures.DEFINITIONS,
        figures.definitions,
        (
            "Against the true value of the scenario. Bias of median DOR: mean over the trials whose"
            " median is estimable. Coverage: an open upper limit covers. Dashed: no bias, nominal"
            " coverage. Other estimates: in the CSV and the table.",
            _BARS,
        ),
    ),
)


def write_report(plan: Plan, folder: Path) -> None:
    """Read the operating characteristics; write tables, figures and ``simulation.html``."""
    for table in tables(plan, folder):
        write_table(table, folder, simulation_wording.study(plan))
    with settings():
        for spec, drawn in _figures(plan, folder):
            points = read_points(drawn.file("csv"), spec.columns)
            figure = spec.draw(points, plan, drawn.caption)
            save(figure, folder / "figures" / drawn.name, drawn.caption)
    write_text(folder / "simulation.html", page(plan, folder))


def _figures(plan: Plan, folder: Path) -> Iterator[tuple[SimulationFigure, DrawnFigure]]:
    digest = simulation_wording.plan_digest(plan)[:12]
    for number, spec in enumerate(FIGURES, start=1):
        source = f"Source: points in simulation/figures/f_{spec.name}.csv. Plan {digest}."
        caption = Caption(
            f"Figure {number}",
            spec.title,
            simulation_wording.population(plan),
            simulation_wording.study(plan),
            (*spec.notes, source),
        )
        yield spec, DrawnFigure(f"f_{spec.name}", caption, folder / "figures")


def page(plan: Plan, folder: Path) -> str:
    """The page as the text of an HTML file."""
    simulation = plan.require_simulation()
    simulated = {"primary", *plan.simulated}
    return render_page(
        "simulation.html.jinja",
        plan=plan,
        tables=list(tables(plan, folder)),
        figures=[drawn for _, drawn in _figures(plan, folder)],
        population=simulation_wording.population(plan),
        scenarios=[
            (name, list(simulation_wording.scenario(truth)))
            for name, truth in simulation.scenarios.items()
        ],
        decisions=[
            (name, simulation_wording.rule(rule, plan))
            for name, rule in simulation.decisions.items()
        ],
        definitions=list(_definitions(plan)),
        variants=[variant for variant in variants(plan) if variant[0] in simulated],
        digest=simulation_wording.plan_digest(plan),
    )


def _definitions(plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The primary definitions, by what they define."""
    rules = plan.response
    yield "Disease improvement", (*wording.improvement(rules), *definitions.windows(plan))
    yield "Remission", tuple(wording.remission(rules))
    yield "Recurrence", tuple(wording.recurrence(rules))
    yield "Duration", tuple(definitions.duration(plan))
    yield (
        "Estimates",
        (*definitions.survival(plan.statistics), *definitions.proportions(plan.statistics)),
    )
