"""The study as the checks of its records see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from durable.intake.tables import StudyTable
from durable.plan import Plan


@dataclass(frozen=True)
class Study:
    """The tables that can be checked, by name, and the plan.

    These are the tables with a record and with every required column.
    """

    tables: dict[str, StudyTable]
    plan: Plan

    @cached_property
    def subjects(self) -> pd.DataFrame:
        """The first row of each subject in the table ``subjects``, indexed by subject_id.

        KeyError where the study has no such table.
        """
        frame = self.tables["subjects"].frame
        once = frame.drop_duplicates("subject_id").astype({"subject_id": object})
        return once.set_index("subject_id")
