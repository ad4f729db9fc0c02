"""The section ``series``: the same plan at further data cut-offs."""

from __future__ import annotations

from durable.sections import Date, NonEmptyUniqueList, Section


class Series(Section):
    """The same plan at further data cut-offs (snakemake series)."""

    cutoffs: NonEmptyUniqueList[Date]
    """Further data cut-offs; each is an analysis of its own, in results/ID-DATE."""
