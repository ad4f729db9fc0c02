"""The subjects of an SDTM package."""

from __future__ import annotations

import pandas as pd

from durable.intake.sdtm.domain import stripped
from durable.intake.sdtm.maker import PlacedColumn
from durable.intake.sdtm.records import Records, first_record

#: Dispositions that are no withdrawal.
_STAYED = ("INFORMED CONSENT OBTAINED", "COMPLETED", "DEATH", "ENROLLED", "RANDOMIZED")


class Subjects(Records):
    """The subjects: DM, with the records of exposure and disposition that are meant."""

    def _derived(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        places = self.places
        if places.get("age_years") == "DM.AGE" and "AGEU" in frame:
            domain = self.frame("DM")
            self.check_unit("DM", domain.loc[domain["AGE"] != ""], "AGEU", "age_years")
        if "DTHFL" in frame:
            undated = stripped(frame["DTHFL"]) == "Y"
            if "death_date" in columns:
                undated &= stripped(columns["death_date"].text) == ""
            expected = "the date of death (death_date)"
            self.report("DM", numbers[undated], "death_date", "missing_value", expected, "DTHFL")
        self._check_treatments()
        self._check_dispositions()
        return {}

    def _of_subject(
        self, frame: pd.DataFrame, column: str, place: str, own: pd.DataFrame
    ) -> PlacedColumn:
        domain, name = place.split(".")
        selected = self.spec(column).sdtm.selected
        if selected is None or selected.domain != domain:
            return super()._of_subject(frame, column, place, own)
        by, key = selected.variable, selected.key
        wanted = getattr(self.sdtm, key)
        chosen = self.frame(domain)
        chosen = chosen.loc[stripped(chosen[by]).isin(wanted)]
        if key == "lymphodepletion":
            chosen = chosen.sort_values(name, kind="stable")
        elif column == self._first_of(domain, key):
            again = chosen.index[chosen.duplicated("USUBJID")]
            word = "infusion" if key == "infusion" else key
            self.report(domain, again, column, "duplicate_record", f"one {word}", by)
        if place == "EX.EXDOSE" and column == "cells_per_kg" and "EXDOSU" in chosen:
            self.check_unit("EX", chosen.loc[chosen["EXDOSE"] != ""], "EXDOSU", column)
        if chosen.empty and key != "withdrawal" and column == self._first_of(domain, key):
            what = f"{by} {' or '.join(wanted)} (inputs.sdtm.{key})"
            self.report_empty(column, domain, what, "error" if column == "infusion_date" else None)
        return self._looked_up(domain, first_record(chosen, frame["USUBJID"]), name, own)

    def _first_of(self, domain: str, key: str) -> str:
        """The first column that is read from the records that a key of the plan selects."""
        read = [name for name, place in self.places.items() if place.startswith(f"{domain}.")]
        columns = [name for name in read if self._selecting_key(name) == key]
        return next((c for c in ("infusion_date", "withdrawal_date") if c in columns), columns[0])

    def _selecting_key(self, column: str) -> str:
        selected = self.spec(column).sdtm.selected
        return "" if selected is None else selected.key

    def _check_treatments(self) -> None:
        """Report treatments that are neither infusion nor lymphodepletion."""
        if "EX" not in self.domains:
            return
        known = (*self.sdtm.infusion, *self.sdtm.lymphodepletion)
        expected = f"{' or '.join(known)}; the treatment is not used"
        self._report_unused("EX", "EXTRT", known, "infusion_date", expected)

    def _check_dispositions(self) -> None:
        """Report dispositions that may be withdrawals, and are not among those of the plan."""
        columns = [c for c, p in self.places.items() if p.startswith("DS.")]
        if "withdrawal_date" not in columns:
            return
        known = (*self.sdtm.withdrawal, *self.sdtm.consent, *_STAYED)
        expected = "a value of inputs.sdtm.withdrawal if it is a withdrawal; it is not used"
        self._report_unused("DS", "DSDECOD", known, "withdrawal_date", expected)

    def _report_unused(
        self, domain: str, name: str, known: tuple[str, ...], column: str, expected: str
    ) -> None:
        """Each other value once, at its first record."""
        frame = self.frame(domain)
        others = frame.loc[~stripped(frame[name]).isin(known)]
        rows = others.index[~stripped(others[name]).duplicated()]
        self.report(domain, rows, column, "unused_record", expected, name)
