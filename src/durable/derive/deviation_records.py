"""What deviations from the protocol are judged from, and what their records hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.spelling import fold
from durable.derive import deviation_texts as texts
from durable.vocabulary import NOT_ASSESSABLE

#: Columns of what a category finds, beside ``USUBJID``.
_COLUMNS = ("status", "planned", "found", "date", "visit", "table", "column", "row")


@dataclass(frozen=True)
class StudyRecords:
    """What the categories are judged from, of the infused subjects alone.

    Attributes
    ----------
    infused
        Their records of ADSL, numbered from 0; the row of subjects is SRCSEQ.
    visits, therapies, doses
        Validated tables after the data cut-off, with USUBJID as ``subject_id``; None where the
        study has none. Doses are those of lymphodepletion.
    criteria
        ADIE, of the attempt that counts; None where the study has none.
    not_in_file
        Columns that the file of a table lacks, by table.
    """

    infused: pd.DataFrame
    visits: pd.DataFrame | None
    therapies: pd.DataFrame | None
    criteria: pd.DataFrame | None
    not_in_file: Mapping[str, Collection[str]]
    doses: pd.DataFrame | None = None

    @classmethod
    def of_tables(
        cls,
        adsl: pd.DataFrame,
        tables: Mapping[str, pd.DataFrame],
        adie: pd.DataFrame | None = None,
        not_in_file: Mapping[str, Collection[str]] | None = None,
    ) -> StudyRecords:
        """The records of the infused among those of ADSL, of the tables, and of ADIE."""
        infused = adsl.loc[adsl["SAFFL"] == "Y"].reset_index(drop=True)

        def of_infused(name: str) -> pd.DataFrame | None:
            if name not in tables:
                return None
            table = tables[name]
            records = table.loc[table["subject_id"].isin(infused["USUBJID"])]
            return records.sort_values("source_row", ignore_index=True)

        criteria = None
        if adie is not None:
            counted = (adie["ANL01FL"] == "Y") & adie["USUBJID"].isin(infused["USUBJID"])
            criteria = adie.loc[counted].reset_index(drop=True)
        given = not_in_file or {}
        visits, therapies = of_infused("visits"), of_infused("therapies")
        doses = of_infused("lymphodepletion")
        return cls(infused, visits, therapies, criteria, given, doses)

    def of_subject(self, variable: str, subjects: pd.Series[str]) -> pd.Series[Any]:
        """A variable of ADSL at records of these subjects."""
        values: pd.Series[Any] = subjects.astype(object).map(
            self.infused.set_index("USUBJID")[variable]
        )
        return values


def found_records(subjects: pd.Series[str], status: str, **columns: Any) -> pd.DataFrame:
    """Records of a category, one for each of the subjects; all of one status."""
    frame = pd.DataFrame({"USUBJID": subjects.astype(object), "status": status, "visit": None})
    return frame.assign(**columns)[["USUBJID", *_COLUMNS]]


def of_infusion(
    rows: pd.DataFrame, status: str, column: str, planned: Any, found: Any
) -> pd.DataFrame:
    """Records of subjects of ADSL that are dated at their infusion."""
    given = {"date": rows["TRTSDT"], "row": rows["SRCSEQ"]}
    source = {"table": "subjects", "column": column}
    return found_records(rows["USUBJID"], status, planned=planned, found=found, **given, **source)


def no_table(study: StudyRecords, table: str, planned: str) -> pd.DataFrame:
    """Nobody can be judged without a table."""
    found = texts.NO_TABLE.format(table=table)
    return of_infusion(study.infused, NOT_ASSESSABLE, "infusion_date", planned, found)


def days_after_infusion(study: StudyRecords, visits: pd.DataFrame) -> pd.Series[int]:
    """Days from the infusion of its subject to each assessment; the infusion is day 0."""
    infusion = study.of_subject("TRTSDT", visits["subject_id"]).astype("datetime64[ns]")
    return (visits["visit_date"] - infusion).dt.days.astype("int64")


def folded(values: pd.Series[str]) -> pd.Series[str]:
    """Texts without the accidents of their spelling, each distinct one folded once; '' of none."""
    codes, distinct = pd.factorize(values.astype(object))
    folded = np.array([*map(fold, distinct), ""], dtype=object)
    return pd.Series(folded[codes], index=values.index, dtype=object)
