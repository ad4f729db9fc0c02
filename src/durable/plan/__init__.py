"""The analysis plan: one YAML file, read once and checked as a whole."""

from durable.plan.analysis import Analysis, Pins, Study
from durable.plan.deviations import Deviations
from durable.plan.exposure import CellsOutcome, DoseExposure
from durable.plan.findings import Finding, PlanError
from durable.plan.governance import Governance
from durable.plan.inputs import Inputs, Sdtm
from durable.plan.json_schema import schema
from durable.plan.kinetics import Exposure, Kinetics, Persistence
from durable.plan.laboratory import BCells, Icaht, Laboratory, LaboratoryTest
from durable.plan.load import load, parse
from durable.plan.monitoring import (
    EscalationRules,
    ImprovementMonitoring,
    Monitoring,
    SafetyBoundary,
)
from durable.plan.outputs import Outputs
from durable.plan.over_time import OverTime
from durable.plan.plan import NO_ANALYSIS, Plan
from durable.plan.safety import Safety
from durable.plan.sensitivity import Variant
from durable.plan.series import Series
from durable.plan.simulation import Decision, Scenario, Simulation
from durable.plan.source_files import FileForm, Format, Input
from durable.plan.statistics import BetaPrior, Statistics

__all__ = [
    "NO_ANALYSIS",
    "Analysis",
    "BCells",
    "BetaPrior",
    "CellsOutcome",
    "Decision",
    "Deviations",
    "DoseExposure",
    "EscalationRules",
    "Exposure",
    "FileForm",
    "Finding",
    "Format",
    "Governance",
    "Icaht",
    "ImprovementMonitoring",
    "Input",
    "Inputs",
    "Kinetics",
    "Laboratory",
    "LaboratoryTest",
    "Monitoring",
    "Outputs",
    "OverTime",
    "Persistence",
    "Pins",
    "Plan",
    "PlanError",
    "Safety",
    "SafetyBoundary",
    "Scenario",
    "Sdtm",
    "Series",
    "Simulation",
    "Statistics",
    "Study",
    "Variant",
    "load",
    "parse",
    "schema",
]
