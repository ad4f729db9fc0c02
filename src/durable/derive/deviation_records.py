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

#: Columns of the records of a category, beside ``USUBJID``.
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
        """The records of the infused among those of ADSL, of the tables, and of ADIE.

        Of `tables`, by name, visits, therapies and lymphodepletion are read.
        """
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
        missing_columns = not_in_file or {}
        visits, therapies = of_infused("visits"), of_infused("therapies")
        doses = of_infused("lymphodepletion")
        return cls(infused, visits, therapies, criteria, missing_columns, doses)

    def of_subject(self, variable: str, subjects: pd.Series[str]) -> pd.Series[Any]:
        """A variable of ADSL for the subject of each record; NaN where it was not infused."""
        values: pd.Series[Any] = subjects.astype(object).map(
            self.infused.set_index("USUBJID")[variable]
        )
        return values


def found_records(subjects: pd.Series[str], status: str, **columns: Any) -> pd.DataFrame:
    """Records of a category, one for each of the subjects, all of one status.

    Parameters
    ----------
    subjects
        USUBJID of each record.
    status
        DEVIATION or NOT_ASSESSABLE.
    columns
        One value or one per record: planned, found, date, table, column and row must be there;
        without visit it is None.
    """
    frame = pd.DataFrame({"USUBJID": subjects.astype(object), "status": status, "visit": None})
    return frame.assign(**columns)[["USUBJID", *_COLUMNS]]


def of_infusion(
    rows: pd.DataFrame, status: str, column: str, planned: Any, finding: Any
) -> pd.DataFrame:
    """Records of subjects of ADSL, dated at their infusion: one for each of the rows.

    `planned` and `finding` are DVPLAN and DVTERM: one text or one per row.
    """
    dated = {"date": rows["TRTSDT"], "row": rows["SRCSEQ"]}
    source = {"table": "subjects", "column": column}
    return found_records(rows["USUBJID"], status, planned=planned, found=finding, **dated, **source)


def no_table(study: StudyRecords, table: str, planned: str) -> pd.DataFrame:
    """Records of all infused subjects as not assessable, for want of an input table."""
    finding = texts.NO_TABLE.format(table=table)
    return of_infusion(study.infused, NOT_ASSESSABLE, "infusion_date", planned, finding)


def days_after_infusion(study: StudyRecords, visits: pd.DataFrame) -> pd.Series[int]:
    """Days from the infusion of its subject to each assessment; the day of infusion is 0."""
    infusion = study.of_subject("TRTSDT", visits["subject_id"]).astype("datetime64[ns]")
    return (visits["visit_date"] - infusion).dt.days.astype("int64")


def fold_texts(values: pd.Series[str]) -> pd.Series[str]:
    """Texts in one spelling each (`contracts.spelling.fold`), to be compared; '' where missing."""
    codes, distinct = pd.factorize(values.astype(object))
    spellings = np.array([*map(fold, distinct), ""], dtype=object)
    return pd.Series(spellings[codes], index=values.index, dtype=object)
