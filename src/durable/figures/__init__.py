"""The figures: a module each, with its points, its drawing and its footnotes.

`FIGURES` lists them in the order of their numbers. It is light to import: a figure's module is
loaded when the figure is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from durable.contents import require_numbers
from durable.derive.endpoints import EVERY_ENDPOINT, asks_for_endpoint
from durable.jdm.parameters import SCORE
from durable.registry import Entry

if TYPE_CHECKING:
    from durable.derive.endpoint import Endpoint
    from durable.figures.spec import FigureSpec
    from durable.plan import Plan


def _wants_profiles(plan: Plan) -> bool:
    return plan.outputs.patient_profiles > 0


def _wants_doses(plan: Plan) -> bool:
    return plan.response.asks_for("dose")


def _monitors(plan: Plan) -> bool:
    monitoring = plan.monitoring
    return monitoring is not None and bool(monitoring.improvement or monitoring.safety)


@dataclass(frozen=True)
class FigureEntry(Entry):
    """A figure in the registry: its files are ``figures/f_NAME.csv``, ``.svg`` and ``.png``.

    Its module holds it among its `FIGURES`.
    """

    appendix: bool = False
    """Whether it has so many pages that it is a document of its own, and has no PNG."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Endings of the files that the figure is drawn as, without the point."""
        return ("svg",) if self.appendix else ("svg", "png")

    def load(self) -> FigureSpec:
        """The `FigureSpec` of this name in the module, which is imported now."""
        module = import_module(f"{__name__}.{self.module}")
        (spec,) = (spec for spec in module.FIGURES if spec.name == self.name)
        return spec  # type: ignore[no-any-return]


def _curve(endpoint: Endpoint, name: str) -> FigureEntry:
    return FigureEntry(
        *(name, "kaplan_meier", ("adsl", "adtte")),
        asked=partial(asks_for_endpoint, endpoint.code),
    )


#: In the order of their numbers, which do not change when a figure is absent.
FIGURES = (
    *(_curve(endpoint, endpoint.figure) for endpoint in EVERY_ENDPOINT if endpoint.figure),
    FigureEntry("cuminc", "cuminc", ("adsl", "adtte")),
    FigureEntry("inresponse", "inresponse", ("adsl", "adtte")),
    FigureEntry("swimmer", "swimmer", ("adsl", "adrs", "adtte")),
    FigureEntry(SCORE.column, "spider", ("adsl", "adrs")),
    FigureEntry("waterfall", "waterfall", ("adsl", "adrs")),
    FigureEntry("csm", "core_set", ("adsl", "adrs")),
    FigureEntry("kinetics", "kinetics", ("adsl", "adpc")),
    FigureEntry("bcells", "b_cells", ("adsl", "adlb")),
    FigureEntry("sensitivity", "sensitivity", ("adrs", "adtte"), of_sensitivity=True),
    FigureEntry("subgroups", "subgroups", ("adsl", "adrs", "adtte"), of_subgroups=True),
    FigureEntry("glucocorticoid", "glucocorticoid", ("adsl", "adrs"), asked=_wants_doses),
    FigureEntry("monitoring", "monitoring", asked=_monitors),
    FigureEntry(
        "profiles",
        "profiles",
        ("adsl", "adrs", "adtte"),
        appendix=True,
        asked=_wants_profiles,
    ),
)
require_numbers(f"f_{entry.name}" for entry in FIGURES)


def figures_of(plan: Plan, available: Collection[str]) -> list[FigureEntry]:
    """The figures of an analysis, in the order of their numbers.

    Also those that the plan does not show. `available` has the names of the datasets, in lower
    case, and of the input tables of the analysis.
    """
    return [entry for entry in FIGURES if entry.exists(plan, available)]
