"""The section ``series``: the same plan at further data cut-offs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from durable.sections import Date, Section, unique


class Series(Section):
    """The same plan at further data cut-offs (snakemake series)."""

    cutoffs: Annotated[tuple[Date, ...], Strict(False), Field(min_length=1), AfterValidator(unique)]
    """Further data cut-offs; each is an analysis of its own, in results/ID-DATE."""
