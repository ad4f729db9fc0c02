"""ADDV of small studies, for the tests of the deviations from the protocol."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from durable.contracts.adam.addv import ADDV
from durable.derive.adsl import describe_subjects, without_assessments
from durable.derive.datasets import nan_text_to_none
from durable.derive.deviation_records import StudyRecords
from durable.derive.deviations import derive
from durable.derive.new_therapy import begun_since, first_of_each, new_systemic
from durable.derive.trial import Trial
from tests.derive.build import INFUSION, plan, table

Rows = list[dict[str, Any]]


def adsl_of(subjects: Rows, therapies: Rows | None = None, cutoff: int = 1000) -> pd.DataFrame:
    """ADSL without what is made from assessments, at a cut-off so many days after the infusion."""
    people = table("subjects", subjects)
    given = None if therapies is None else table("therapies", therapies)
    infusion = people.set_index("subject_id")["infusion_date"]
    starts = first_of_each(begun_since(new_systemic(given), infusion)).set_index("subject_id")
    trial = Trial("NCT", (INFUSION + dt.timedelta(days=cutoff)).date(), plan().schedule)
    return nan_text_to_none(without_assessments(describe_subjects(trial, people, starts)))


def addv_of(
    subjects: Rows,
    visits: Rows | None = None,
    therapies: Rows | None = None,
    *,
    cutoff: int = 1000,
    doses: Rows | None = None,
    adie: pd.DataFrame | None = None,
    not_in_file: Mapping[str, Collection[str]] | None = None,
    sections: Mapping[str, Any] | None = None,
    **deviations: Any,
) -> pd.DataFrame:
    """ADDV by the categories given; that of eligibility only where it is one of them.

    A table is None where the study has none.
    """
    the_plan = plan(deviations={"eligibility": False} | deviations, **(sections or {}))
    given = {"visits": visits, "therapies": therapies, "lymphodepletion": doses}
    tables = {name: table(name, rows) for name, rows in given.items() if rows is not None}
    adsl = adsl_of(subjects, therapies, cutoff)
    study = StudyRecords.of_tables(adsl, tables, adie, not_in_file)
    addv: pd.DataFrame = ADDV.validate(derive(study, the_plan))
    return addv


def deviating(addv: pd.DataFrame) -> list[str]:
    """Subjects of the deviations."""
    return addv.loc[addv["DVSTAT"] == "DEVIATION", "USUBJID"].tolist()


def unjudged(addv: pd.DataFrame) -> list[str]:
    """Subjects of what is not assessable."""
    return addv.loc[addv["DVSTAT"] == "NOT ASSESSABLE", "USUBJID"].tolist()
