"""The stages of an analysis: which parts of the plan each may read, and what it does.

A stage, its rule and its module bear one name. Each module holds ``run(plan, folder)``, which reads
and writes the files of `durable.runs.files`. A stage is handed the sections it declares and no
others, so that a declaration cannot be too small; a changed section runs again what declares it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from durable.language import ENGLISH, language

if TYPE_CHECKING:
    from pathlib import Path

    from durable.plan import Plan

#: Not outputs.locked: to call an analysis final changes none of its outputs.
_SHOWN = (
    *("analysis", "study", "groups", "subgroups"),
    *("outputs.percent_decimals", "outputs.month_decimals"),
    *("outputs.shells", "outputs.landmarks_months", "outputs.patient_profiles"),
    *("outputs.estimands", "outputs.language"),
)
_DEFINITIONS = ("schedule", "response", "statistics", "sensitivity")
#: What the tables depend on: each prints its digest.
OF_TABLES = (
    *(*_SHOWN, *_DEFINITIONS, "safety", "kinetics", "over_time", "monitoring"),
    *("laboratory", "eligibility", "exposure", "cells_outcome", "deviations"),
)
#: Not simulation.chunks, on which no result depends: its digest is printed.
_SCENARIOS = tuple(
    f"simulation.{key}" for key in ("trials", "seed", "definitions", "scenarios", "decisions")
)


@dataclass(frozen=True)
class Stage:
    """A step of an analysis: the module ``durable.stages.NAME``, done by the rule of that name."""

    name: str
    sections: tuple[str, ...]
    """Dotted paths of the plan that the stage reads."""
    about: str
    """What the stage does, for the terminal and the help text."""
    folder: str = ""
    """Folder in the results that it works in; ``run`` is handed that one."""
    chunked: bool = False
    """Whether it is one of many jobs: ``run(plan, folder, chunk)``."""
    cores: bool = False
    """Whether it can use several: ``run(plan, folder, cores=cores)``."""
    english: bool = False
    """Whether what it writes is English in any language of the outputs."""
    draws: bool = False
    """Whether it draws, with the font of the plan: no definition that it prints depends on it."""
    finishes: bool = False
    """Whether it has ``finish(folder)``, done once nothing is found to have changed meanwhile."""

    @property
    def module(self) -> str:
        """Name of its module."""
        return f"durable.stages.{self.name}"

    def part_of(self, plan: Plan) -> Plan:
        """The plan with nothing but `sections`, and the font where the stage draws."""
        font = ("outputs.font",) if self.draws else ()
        return plan.restrict_to((*self.sections, *font))

    def run(self, plan: Plan, folder: Path, *chunk: int, **several: int) -> None:
        """Do the stage by its part of the plan (`part_of`), in the language of the outputs.

        Parameters
        ----------
        plan
            The whole plan.
        folder
            Folder of the results of the analysis, or the one in it that the stage works in.
        chunk
            Number of the chunk, from 0, of a stage that is ``chunked``.
        several
            ``cores`` of a stage that can use several.
        """
        module = import_module(self.module)
        with language(ENGLISH if self.english else plan.outputs.language):
            module.run(self.part_of(plan), folder, *chunk, **several)


_STAGES = (
    Stage(
        "check",
        (
            *("analysis.id", "analysis.data_cutoff", "study.id", "inputs", "schedule", "response"),
            *("sensitivity", "groups", "subgroups", "kinetics", "safety", "laboratory"),
            "eligibility",
            *("outputs.queries_since", "outputs.queries_date", "outputs.language"),
        ),
        "read and check the input tables; list every finding in queries.csv",
    ),
    Stage(
        "derive",
        (
            *("study.id", "study.treatment", "analysis.data_cutoff"),
            *("schedule", "response", "sensitivity", "subgroups"),
            *("safety", "laboratory", "kinetics", "eligibility", "exposure", "deviations"),
        ),
        "stop on errors, apply the data cut-off, derive the analysis datasets",
        cores=True,
        english=True,
    ),
    Stage(
        "analyse",
        (
            *(*_DEFINITIONS, "groups", "subgroups", "safety", "kinetics", "over_time"),
            *("monitoring", "laboratory", "exposure", "cells_outcome", "deviations"),
            *("outputs.patient_profiles", "outputs.landmarks_months", "outputs.estimands"),
            *("outputs.percent_decimals", "outputs.month_decimals"),
        ),
        "compute the analysis results, ard.csv, and the points of the figures",
        cores=True,
        english=True,
    ),
    Stage(
        "figures",
        (*_SHOWN, *_DEFINITIONS, "safety", "monitoring", "laboratory"),
        "draw the figures",
        cores=True,
        draws=True,
    ),
    Stage(
        "display",
        (*OF_TABLES, "outputs.documents", "outputs.datasets"),
        "write the tables, the listings and the report",
        cores=True,
    ),
    Stage(
        "export",
        (*OF_TABLES, "outputs.documents", "outputs.datasets", "outputs.xpt_text"),
        "write the documents and datasets that are handed over",
        draws=True,
    ),
    Stage(
        "record",
        (*OF_TABLES, "inputs", "outputs", "governance"),
        "write the manifest and the pinned configuration",
        cores=True,
        finishes=True,
    ),
    Stage(
        "series",
        (*OF_TABLES, "series"),
        "show the results at the cut-offs of the series side by side",
        folder="series",
        draws=True,
    ),
    Stage(
        "simulate",
        (
            *_DEFINITIONS,
            *(f"simulation.{k}" for k in ("trials", "seed", "chunks", "definitions", "scenarios")),
        ),
        "simulate one chunk of the virtual trials",
        folder="simulation",
        chunked=True,
        english=True,
    ),
    Stage(
        "gather",
        (*_SHOWN, *_DEFINITIONS, *_SCENARIOS, "simulation.chunks"),
        "gather the virtual trials into operating characteristics, and show them",
        folder="simulation",
        draws=True,
    ),
)
STAGES: dict[str, Stage] = {stage.name: stage for stage in _STAGES}
#: Those that make an analysis, in their order.
OF_ANALYSIS = ("check", "derive", "analyse", "figures", "display", "export", "record")
