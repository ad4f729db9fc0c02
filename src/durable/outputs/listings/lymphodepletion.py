"""``l_lymphodepletion``: every dose of the medicines of lymphodepletion."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.variables import mark, study_day
from durable.language import N_, _
from durable.outputs.datasets import ResultsFolder
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    STUDY_DAY,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Column,
    Listing,
    coded_text,
    date,
    text,
)
from durable.plan import Plan

_OF_SUBJECTS = ("SUBJID", "PART", "DOSELVL", "TRTSDT")


def _no_dose(_record: Mapping[str, str]) -> str:
    return _("not recorded")


def _records(folder: ResultsFolder, plan: Plan) -> pd.DataFrame:
    """The records of the validated table, by subject, medicine and date."""
    doses = folder.input_table("lymphodepletion")
    if doses is None:
        raise ValueError("there is no table lymphodepletion")
    doses = with_usubjid(doses, unique_identifiers(folder.path, plan.study.id))
    doses = folder.with_subject(doses.rename(columns={"subject_id": "USUBJID"}), *_OF_SUBJECTS)
    order = ["USUBJID", "medicine", "administration_date", "source_row"]
    doses = doses.astype({"medicine": object}).sort_values(order, ignore_index=True)
    day, infusion = doses["administration_date"], doses["TRTSDT"]
    return doses.assign(
        EXTRT=doses["medicine"],
        ADT=day,
        ADY=study_day(day, infusion),
        DOSE=doses["dose"],
        UNIT=doses["unit"].astype(object),
        ANL01FL=mark(~(day >= infusion)),
        SRCDOM="lymphodepletion",
        SRCVAR="dose",
        SRCSEQ=doses["source_row"],
    )


LISTING = Listing(
    name="lymphodepletion",
    title=N_("Doses of lymphodepletion"),
    source="ADSL, lymphodepletion",
    variables=lambda _plan: (
        SUBJECT,
        *GROUPS,
        INFUSION,
        text("EXTRT", N_("Medicine")),
        date("ADT", N_("Date")),
        STUDY_DAY,
        Column("DOSE", N_("Dose"), "number", 4, trimmed=True, empty=_no_dose),
        text("UNIT", N_("Unit")),
        coded_text("ANL01FL", N_("Counted")),
    ),
    notes=lambda _plan: (
        _(
            "Study day 1 is the day of infusion; there is no day 0. Counted: a dose before the"
            " infusion; the total dose of a medicine is that of the doses counted."
        ),
    ),
    records=_records,
    by=(*SUBJECT_AND_GROUPS, INFUSION.name),
    keys=("EXTRT",),
)
