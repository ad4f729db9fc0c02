"""The score's two functions under the name by which other programs import them."""

from durable.jdm.percent_change import percent_change
from durable.jdm.tis import total_improvement_score

__all__ = ["percent_change", "total_improvement_score"]
