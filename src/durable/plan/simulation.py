"""The part of the plan that a simulation rests on."""

from __future__ import annotations

from durable.errors import UserError
from durable.plan.model import Plan, Simulation


def section(plan: Plan) -> Simulation:
    """The section ``simulation`` of the plan.

    Raises
    ------
    UserError
        Where the plan has none.
    """
    if plan.simulation is None:
        raise UserError("simulation: not in the configuration; nothing to simulate")
    return plan.simulation
