"""The analysis plan: one YAML file, read once and checked as a whole."""

from durable.plan.load import Finding, PlanError, load, parse, schema
from durable.plan.model import Plan

__all__ = ["Finding", "Plan", "PlanError", "load", "parse", "schema"]
