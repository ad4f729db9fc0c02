"""The score's two functions under the name by which other programs import them."""

from durable.jdm.tis import percent_change, total_improvement_score

__all__ = ["percent_change", "total_improvement_score"]
