"""The subjects of an SDTM package."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from durable.intake.rules import Severity
from durable.intake.sdtm.domain import strip_texts
from durable.intake.sdtm.infusions import Infusions, doses_by_weight, infusions, total_doses
from durable.intake.sdtm.maker import PlacedColumn, without_time
from durable.intake.sdtm.records import Records, first_record
from durable.language import _

_ERROR: Severity = "error"
_WARNING: Severity = "warning"
#: Dispositions that are no withdrawal.
_STAYED = ("INFORMED CONSENT OBTAINED", "COMPLETED", "DEATH", "ENROLLED", "RANDOMIZED")


@dataclass
class Subjects(Records):
    """The subjects: DM, with the records of EX and DS that the plan selects."""

    _infusions: Infusions | None = None

    def _derived_columns(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        places = self.places
        if places.get("age_years") == "DM.AGE" and "AGEU" in frame:
            domain = self.frame("DM")
            self.check_unit("DM", domain.loc[domain["AGE"] != ""], "AGEU", "age_years")
        if "DTHFL" in frame:
            undated = strip_texts(frame["DTHFL"]) == "Y"
            if "death_date" in columns:
                undated &= strip_texts(columns["death_date"].text) == ""
            expected = _("the date of death (death_date)")
            self.report("DM", numbers[undated], "death_date", "missing_value", expected, "DTHFL")
        self._check_deaths(frame["USUBJID"], columns)
        self._check_treatments()
        self._check_dispositions()
        if "infusion_date" in columns:
            self._check_infusions(frame["USUBJID"], columns["infusion_date"].text, numbers)
        derived = {"study_subject_id": _study_identifiers(frame["USUBJID"], columns)}
        if self.sdtm.weight is None or "cells_per_kg" not in columns:
            return derived
        dose = columns["cells_per_kg"]
        infused = columns["infusion_date"].text
        cells = doses_by_weight(self, dose.text, frame["USUBJID"], infused)
        return derived | {"cells_per_kg": PlacedColumn(cells.astype(object), dose.origin)}

    def _subject_variable(
        self, frame: pd.DataFrame, column: str, source: str, record_origin: pd.DataFrame
    ) -> PlacedColumn:
        domain, name = source.split(".")
        selected = self.spec(column).sdtm.selected
        if selected is None or selected.domain != domain:
            return super()._subject_variable(frame, column, source, record_origin)
        variable, key = selected.variable, selected.key
        wanted = getattr(self.sdtm, key)
        chosen = self.frame(domain)
        chosen = chosen.loc[strip_texts(chosen[variable]).isin(wanted)]
        if key == "lymphodepletion":
            # What has no date is not the first.
            dated = strip_texts(chosen[name]) != ""
            chosen = pd.concat(
                [chosen.loc[dated].sort_values(name, kind="stable"), chosen.loc[~dated]]
            )
        elif key == "infusion":
            return self._infusion_variable(frame, column, source, record_origin, chosen)
        elif column == self._reported_column(domain, key):
            again = chosen.index[chosen.duplicated("USUBJID")]
            expected = _("one {key}").format(key=key)
            self.report(domain, again, column, "duplicate_record", expected, variable)
            if key == "withdrawal":
                self._check_withdrawals(chosen)
        if chosen.empty and key != "withdrawal" and column == self._reported_column(domain, key):
            what = f"{variable} {_(' or ').join(wanted)} (inputs.sdtm.{key})"
            self.report_empty(column, domain, what)
        numbers = first_record(chosen, frame["USUBJID"])
        return self._look_up(domain, numbers, name, record_origin)

    def _infusion_variable(
        self,
        frame: pd.DataFrame,
        column: str,
        source: str,
        record_origin: pd.DataFrame,
        chosen: pd.DataFrame,
    ) -> PlacedColumn:
        """A variable of the infusion, by the rule of the plan for several."""
        name = source.split(".")[1]
        if self._infusions is None:
            first_column = self._reported_column("EX", "infusion")
            self._infusions = infusions(self, chosen, first_column, "EXTRT")
            if chosen.empty:
                what = f"EXTRT {_(' or ').join(self.sdtm.infusion)} (inputs.sdtm.infusion)"
                severity = _ERROR if first_column == "infusion_date" else None
                self.report_empty(first_column, "EX", what, severity)
        numbers = frame["USUBJID"].map(self._infusions.first).astype(float)
        cells = self._look_up("EX", numbers, name, record_origin)
        if column != "cells_per_kg":
            return cells
        self.check_unit("EX", chosen.loc[strip_texts(chosen[name]) != ""], "EXDOSU", column)
        doses = total_doses(self, cells.text, frame["USUBJID"], self._infusions, name)
        return PlacedColumn(doses.astype(object), cells.origin)

    def _reported_column(self, domain: str, key: str) -> str:
        """The column that findings on the records that a key of the plan selects are on.

        The date of the infusion or withdrawal where it is one of them, else the first.
        """
        in_domain = [n for n, source in self.places.items() if source.startswith(f"{domain}.")]
        columns = [name for name in in_domain if self._selecting_key(name) == key]
        return next((c for c in ("infusion_date", "withdrawal_date") if c in columns), columns[0])

    def _selecting_key(self, column: str) -> str:
        selected = self.spec(column).sdtm.selected
        return "" if selected is None else selected.key

    def _check_infusions(
        self, subject: pd.Series[str], date: pd.Series[str], numbers: pd.Series[int]
    ) -> None:
        """Report dates of infusion from elsewhere that are not those of the infusion in EX."""
        domain, name = self.places["infusion_date"].split(".")
        if self._infusions is None or domain == "EX" or "EXSTDTC" not in self.frame("EX"):
            return
        starts = self.frame("EX")["EXSTDTC"].map(without_time).str.strip()
        start = subject.map(self._infusions.first.map(starts)).fillna("")
        date, shown = strip_texts(date), name if domain == "DM" else "USUBJID"
        for day in dict.fromkeys(start[(start != "") & (start != date)]):
            words = _("{day}, the date of the infusion in EX").format(day=day)
            for wrong, severity in ((date != "", _WARNING), (date == "", _ERROR)):
                rows = numbers[(start == day) & (date != day) & wrong]
                self.report("DM", rows, "infusion_date", "infusion_differs", words, shown, severity)

    def _check_deaths(self, subject: pd.Series[str], columns: dict[str, PlacedColumn]) -> None:
        """Report deaths of DS without a date of death, or with another one."""
        if not {"DSDECOD", "DSSTDTC"} <= {*(self.frame("DS") if "DS" in self.domains else ())}:
            return
        frame = self.frame("DS")
        deaths = frame.loc[strip_texts(frame["DSDECOD"]).str.upper() == "DEATH"]
        nowhere = pd.Series("", index=subject.index)
        dates = columns["death_date"].text if "death_date" in columns else nowhere
        by_subject = strip_texts(dates).set_axis(subject)
        recorded = deaths["USUBJID"].map(by_subject.loc[~by_subject.index.duplicated()])
        undated = deaths.index[recorded == ""]
        expected = _("the date of death (death_date)")
        self.report("DS", undated, "death_date", "missing_value", expected, "DSDECOD")
        day = strip_texts(deaths["DSSTDTC"].map(without_time))
        for index in deaths.index[recorded.fillna("") != ""].tolist():
            known, here = recorded.loc[index], day.loc[index]
            # A date in part may be the same day.
            if known.startswith(here) or here.startswith(known):
                continue
            words = _("{day}, the date of death").format(day=known)
            self.report("DS", [index], "death_date", "death_differs", words, "DSSTDTC")

    def _check_treatments(self) -> None:
        """Report treatments that are neither infusion nor lymphodepletion."""
        if "EX" not in self.domains:
            return
        known = (*self.sdtm.infusion, *self.sdtm.lymphodepletion)
        expected = _("{treatments}; the treatment is not used").format(
            treatments=_(" or ").join(known)
        )
        self._report_unused("EX", "EXTRT", known, "infusion_date", expected)

    def _check_dispositions(self) -> None:
        """Report dispositions that may be withdrawals, and are not among those of the plan."""
        columns = [c for c, p in self.places.items() if p.startswith("DS.")]
        if "withdrawal_date" not in columns:
            return
        known = (*self.sdtm.withdrawal, *self.sdtm.consent, *_STAYED)
        expected = _("a value of inputs.sdtm.withdrawal if it is a withdrawal; it is not used")
        self._report_unused("DS", "DSDECOD", known, "withdrawal_date", expected)

    def _check_withdrawals(self, chosen: pd.DataFrame) -> None:
        """Report withdrawals that CDISC calls one of the treatment, unless the plan chooses."""
        name, sdtm = "DSSCAT", self.sdtm
        selecting = {**sdtm.where.get("DS", {}), **sdtm.where_not.get("DS", {})}
        if name not in chosen or name in selecting:
            return
        of_treatment = chosen.index[strip_texts(chosen[name]).str.upper() == "STUDY TREATMENT"]
        expected = _("{text}, or those that count ({key})").format(
            text="STUDY PARTICIPATION", key=f"inputs.sdtm.where.DS.{name}"
        )
        self.report("DS", of_treatment, "withdrawal_date", "mixed_qualifiers", expected, name)

    def _report_unused(
        self, domain: str, name: str, known: tuple[str, ...], column: str, expected: str
    ) -> None:
        """Each other value once, at its first record."""
        frame = self.frame(domain)
        others = frame.loc[~strip_texts(frame[name]).isin(known)]
        rows = others.index[~strip_texts(others[name]).duplicated()]
        self.report(domain, rows, column, "unused_record", expected, name)


def _study_identifiers(unique: pd.Series[str], columns: dict[str, PlacedColumn]) -> PlacedColumn:
    """SUBJID, and USUBJID where there is none: that the column is filled says which is which."""
    origin = columns["subject_id"].origin
    if "study_subject_id" not in columns:
        return PlacedColumn(unique.astype(object), origin)
    within = columns["study_subject_id"]
    return PlacedColumn(within.text.mask(strip_texts(within.text) == "", unique), within.origin)
