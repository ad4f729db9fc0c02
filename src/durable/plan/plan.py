"""The analysis plan as a typed, frozen object: a section of the configuration a module.

Every clinical definition, window, convention and threshold is a key here with a documented default.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from durable.contracts.subgroups import NATIVE_GROUPS, GroupVariable, Subgroup
from durable.errors import UserError
from durable.jdm.response import Response
from durable.plan.analysis import Analysis, Pins, Study
from durable.plan.deviations import Deviations
from durable.plan.eligibility import Eligibility
from durable.plan.exposure import CellsOutcome, DoseExposure
from durable.plan.governance import Governance
from durable.plan.inputs import Inputs
from durable.plan.kinetics import Kinetics
from durable.plan.laboratory import Laboratory
from durable.plan.monitoring import Monitoring
from durable.plan.outputs import Outputs
from durable.plan.over_time import OverTime
from durable.plan.safety import Safety
from durable.plan.sensitivity import NOT_VARIED_RESPONSE, NOT_VARIED_STATISTICS, Variant
from durable.plan.series import Series
from durable.plan.simulation import Simulation
from durable.plan.statistics import Statistics
from durable.plan.subgroups import Subgroups, declared_subgroups
from durable.schedule import DEFAULT_SCHEDULE, Visit
from durable.sections import Name, NonEmptyList, Section, UniqueList, merge_values

#: Sections of a plan that no analysis is made from.
NO_ANALYSIS = {"pins", "series", "simulation"}


class Plan(Section):
    """The whole analysis plan."""

    analysis: Analysis
    """Identity of the analysis."""
    inputs: Inputs
    """Input tables."""
    study: Study
    """Identity of the study."""
    schedule: NonEmptyList[Visit] = DEFAULT_SCHEDULE
    """Scheduled assessments after infusion."""
    response: Response = Response()
    """Definitions of response."""
    statistics: Statistics = Statistics()
    """Statistical conventions."""
    groups: UniqueList[Name] = (
        "dose_level",
        "part",
    )
    """Columns of the tables beside Total: dose_level, part, sex, and names of subgroups."""
    subgroups: Subgroups = {}
    """Groups of the study's own, by name, which the table of subgroups and its forest plot show."""
    sensitivity: dict[Name, Variant] = {}
    """Named variants of response and statistics."""
    safety: Safety = Safety()
    """Adverse events."""
    laboratory: Laboratory = Laboratory()
    """Laboratory tests: blood counts, B cells, immunoglobulins, markers of inflammation."""
    kinetics: Kinetics = Kinetics()
    """Cellular kinetics."""
    over_time: OverTime = OverTime()
    """Response over time."""
    exposure: DoseExposure | None = None
    """Dose received and attrition up to infusion; empty: no such output."""
    cells_outcome: CellsOutcome | None = None
    """Kinetics against response and cytokine release; empty: no such output."""
    monitoring: Monitoring | None = None
    """Interim rules applied to the data at hand; empty: no such output."""
    eligibility: Eligibility = Eligibility()
    """Criteria of eligibility; only with a table screening or eligibility."""
    deviations: Deviations | None = None
    """Deviations from the protocol; empty: no such output."""
    outputs: Outputs = Outputs()
    """Presentation."""
    governance: Governance = Governance()
    """Reasons and signatures."""
    simulation: Simulation | None = None
    """Virtual trials of this design; only for snakemake simulate."""
    series: Series | None = None
    """Further data cut-offs; only for snakemake series."""
    pins: Pins | None = None
    """Code and environment that a run must find; in pinned configurations only."""

    def response_of(self, name: str) -> Response:
        """Definitions of response of a sensitivity analysis: the primary ones, with its changes.

        KeyError for a name that the section sensitivity does not have, ``primary`` among them.
        """
        base = self.response.model_dump(exclude_unset=True)
        return Response.model_validate(merge_values(base, self.sensitivity[name].response))

    def statistics_of(self, name: str) -> Statistics:
        """Statistical conventions of a sensitivity analysis, as `response_of` its definitions."""
        base = self.statistics.model_dump(exclude_unset=True)
        return Statistics.model_validate(merge_values(base, self.sensitivity[name].statistics))

    @property
    def subgroup_variables(self) -> tuple[Subgroup, ...]:
        """The groups that the plan declares, with their variables of ADSL."""
        return declared_subgroups(self.subgroups)

    @property
    def groups_by_name(self) -> dict[str, GroupVariable]:
        """Every group that the plan may use: those of any study, and those that it declares."""
        return NATIVE_GROUPS | {group.name: group for group in self.subgroup_variables}

    @property
    def group_variables(self) -> tuple[GroupVariable, ...]:
        """The groups that are columns of the tables (``groups``)."""
        return tuple(self.groups_by_name[name] for name in self.groups)

    @property
    def redundant(self) -> tuple[str, ...]:
        """Names of the sensitivity analyses whose definitions and subjects are the primary ones.

        A limit of a rule that is not in force makes no other definition, nor does a key that the
        primary analysis alone reads.
        """
        primary = _definitions_read(self.response, self.statistics)
        return tuple(
            name
            for name, variant in self.sensitivity.items()
            if _definitions_read(self.response_of(name), self.statistics_of(name)) == primary
            and variant.population == "infused"
        )

    @property
    def simulated_variants(self) -> tuple[str, ...]:
        """Names of the sensitivity analyses that are simulated beside the primary one.

        Those of ``simulation.definitions``; where that is not given, all that estimate the duration
        of response by Kaplan-Meier. Empty without a section ``simulation``.
        """
        if self.simulation is None:
            return ()
        if self.simulation.definitions is not None:
            return self.simulation.definitions
        return tuple(
            name
            for name, variant in self.sensitivity.items()
            if self.statistics_of(name).dor_estimator == "kaplan_meier"
            and variant.population == "infused"
        )

    @property
    def main_landmarks(self) -> tuple[float, ...]:
        """Months whose rates stand in the main tables: ``outputs.landmarks_months``.

        Where that is empty, 6 and 12 as far as the statistics have them; with neither, all.
        """
        months = self.statistics.landmarks_months
        if self.outputs.landmarks_months is not None:
            return self.outputs.landmarks_months
        return tuple(month for month in (6, 12) if month in months) or months

    def require_simulation(self) -> Simulation:
        """Return the section ``simulation``.

        Raises
        ------
        UserError
            Where the plan has none.
        """
        if self.simulation is None:
            raise UserError("simulation: not in the configuration; nothing to simulate")
        return self.simulation

    def slice(self, paths: Iterable[str]) -> dict[str, Any]:
        """The values at dotted paths, by path, as plain JSON values.

        None below a section that the plan does not have. KeyError for a path that no plan has.
        """
        values = self.model_dump(mode="json")
        return {path: _value_at_path(values, path.split(".")) for path in paths}

    def digest(self, paths: Iterable[str], *, ordered: bool = False) -> str:
        """SHA-256, in hexadecimal digits, of the values at dotted paths.

        Parameters
        ----------
        ordered
            Whether named entries, such as sensitivity analyses, are others in another order: that
            is the order in which they are shown.
        """
        text = json.dumps(self.slice(paths), sort_keys=not ordered, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _value_at_path(value: Any, path: list[str]) -> Any:
    for key in path:
        value = None if value is None else value[key]
    return value


def _definitions_read(response: Response, statistics: Statistics) -> tuple[Response, Statistics]:
    """The definitions without what no row of a sensitivity analysis depends on."""
    return (
        response.without_unread.model_copy(update=dict.fromkeys(NOT_VARIED_RESPONSE)),
        statistics.model_copy(update=dict.fromkeys(NOT_VARIED_STATISTICS)),
    )
