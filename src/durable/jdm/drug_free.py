"""The section ``response.drug_free``: glucocorticoids over time, and freedom from them.

Light to import: the workflow reads the plan with it.
"""

from __future__ import annotations

from durable.sections import NotNegative, Section


class DrugFree(Section):
    """Glucocorticoids over time."""

    glucocorticoid_max_mg_kg: NotNegative = 0.0
    """Highest dose, mg/kg of prednisone equivalent, at which an assessment counts as
    glucocorticoid-free. 0: none at all."""
