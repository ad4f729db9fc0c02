"""``l_eligibility``: every criterion of every screening attempt, by the site and by the data."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.eligibility.wording import basis_in_words
from durable.language import N_, _
from durable.outputs.datasets import ResultsFolder
from durable.outputs.eligibility_definitions import eligibility_conventions
from durable.outputs.listings.listing import (
    GROUPS,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Column,
    Listing,
    coded_text,
    date,
    number,
    text,
)
from durable.plan import Plan


def _records(folder: ResultsFolder, _plan: Plan) -> pd.DataFrame:
    return folder.dataset("adie")


def _notes(plan: Plan) -> Iterator[str]:
    yield _(
        "Met: Y yes, N no, U unknown, NA not applicable; an exclusion criterion that is met"
        " excludes. By the data: in three-valued logic, from the values that are listed."
    )
    yield eligibility_conventions(plan.eligibility)


LISTING = Listing(
    name="eligibility",
    title=N_("Criteria of eligibility"),
    source="ADIE",
    variables=lambda _plan: (
        SUBJECT,
        *GROUPS,
        number("ATTEMPT", N_("Attempt")),
        date("SCRNDT", N_("Screening")),
        text("IETESTCD", N_("Criterion")),
        Column("IETEST", N_("Text"), shown=_),
        coded_text("IEORRES", N_("By the site"), spanning_heading=N_("Met")),
        coded_text("AVALC", N_("By the data"), spanning_heading=N_("Met")),
        coded_text("AGREE", N_("Agreement")),
        coded_text("IEWAIVER", N_("Waived")),
        coded_text("VIOLFL", N_("Violated")),
        Column("BASIS", N_("Values and rows of the data"), shown=basis_in_words),
    ),
    notes=_notes,
    records=_records,
    names_rows=True,
    by=(*SUBJECT_AND_GROUPS, "ATTEMPT", "SCRNDT"),
    keys=("IETESTCD",),
)
