"""The tables of an SDTM package that have a row for each record of a domain."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Recorded
from durable.intake.sdtm.domain import stripped
from durable.intake.sdtm.maker import PlacedColumn, TableMaker, clock_time, without_time
from durable.intake.sdtm.results import report_contradicted
from durable.language import _
from durable.plan.sdtm import principal_domain

_NUMBER = r"^0*([0-9]+)(?:\.0+)?$"


class Records(TableMaker):
    """A table with a row for each record of a domain."""

    def make_table(self) -> Recorded:
        """The native table: a row for each record of the domain that counts and that occurred.

        ``source_row`` holds the numbers of the records.
        """
        principal = self.principal
        self._check_known(self.domains[principal].all_records)
        frame = self._occurred(principal)
        index = pd.RangeIndex(len(frame))
        sources = {**self.places} | {"subject_id": f"{principal}.USUBJID"}
        columns = {
            name: self._column(frame.set_axis(index), frame.index, name, source)
            for name, source in sources.items()
        }
        numbers = pd.Series(frame.index, index=index)
        columns |= self._derived(frame.set_axis(index), columns, numbers)
        return self.native_table(columns, pd.Series(frame.index.astype("int64"), index=index))

    def _derived(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        """Columns that are derived from several variables, by their native names: none here."""
        return {}

    @property
    def principal(self) -> str:
        """Name of the domain whose records are the rows of the table: "AE"."""
        return principal_domain(self.table)

    def _occurred(self, principal: str) -> pd.DataFrame:
        """The records of the domain without those of what did not occur (--OCCUR; reported)."""
        frame, name = self.frame(principal), f"{principal}OCCUR"
        if name not in frame:
            return frame
        not_so = stripped(frame[name]) == "N"
        expected = _("Y or empty; records of what did not occur are not used")
        self.report(principal, frame.index[not_so], "subject_id", "unused_record", expected, name)
        return frame.loc[~not_so]

    def _check_known(self, known: pd.DataFrame) -> None:
        """Report qualifiers and records without record or subject in the principal domain."""
        for domain in (name for name in self.domains if name != self.principal):
            other = self.frame(domain)
            if domain.startswith("SUPP"):
                self._check_qualifiers(domain, other, known)
            else:
                lost = other.index[~other["USUBJID"].isin(known["USUBJID"])]
                expected = _("a subject of {domain}; the record is not used").format(
                    domain=self.principal
                )
                rule = "unused_record"
                self.report(domain, lost, "subject_id", rule, expected, "USUBJID", "error")

    def _check_qualifiers(self, domain: str, other: pd.DataFrame, known: pd.DataFrame) -> None:
        names = {place.split(".")[1]: n for n, place in self.places.items() if domain in place}
        used = other.loc[stripped(other["QNAM"]).isin(names)]
        present = pd.Series(data=False, index=used.index)
        for variable in dict.fromkeys(stripped(used["IDVAR"])):
            if not variable or variable in known:
                keys = _keys(used, variable, "IDVARVAL")
                present |= (stripped(used["IDVAR"]) == variable) & keys.isin(
                    _keys(known, variable, variable)
                )
        for row in used.index[~present]:
            column = names[str(used.loc[row, "QNAM"]).strip()]
            expected = _(
                "a record of {domain} that it qualifies; the qualifier is not used"
            ).format(domain=domain[4:])
            self.report(domain, [row], column, "unused_record", expected, "IDVARVAL", "error")

    def _column(
        self, frame: pd.DataFrame, numbers: pd.Index[int], column: str, source: str
    ) -> PlacedColumn:
        """A column of the table from its source (``DOMAIN.VARIABLE``)."""
        domain, name = source.split(".")
        origin = self.origin(self.principal, numbers, frame.index)
        if domain == self.principal:
            cells = PlacedColumn(frame[name], origin)
        elif domain.startswith("SUPP"):
            cells = self._qualifier(frame, column, source, origin)
        else:
            cells = self._of_subject(frame, column, source, origin)
        if column == "sample_time":
            return PlacedColumn(cells.text.map(clock_time).astype(object), cells.origin)
        if column.endswith("_date"):
            return PlacedColumn(cells.text.map(without_time).astype(object), cells.origin)
        return cells

    def _qualifier(
        self, frame: pd.DataFrame, column: str, source: str, record_origin: pd.DataFrame
    ) -> PlacedColumn:
        """A supplemental qualifier (QNAM), by the record that its IDVAR and IDVARVAL name."""
        domain, name = source.split(".")
        other = self.frame(domain)
        chosen = other.loc[stripped(other["QNAM"]) == name]
        if chosen.empty:
            self.report_empty(column, domain, source)
        record = pd.Series(float("nan"), index=frame.index)
        for variable in dict.fromkeys(stripped(chosen["IDVAR"])):
            if variable and variable not in frame:
                continue
            some = chosen.loc[stripped(chosen["IDVAR"]) == variable]
            keys = _keys(some, variable, "IDVARVAL")
            again = keys.duplicated()
            rule = "duplicate_record"
            self.report(domain, some.index[again], column, rule, _("one record for it"), "QVAL")
            once = pd.Series(some.index[~again], index=keys.loc[~again])
            record = record.fillna(_keys(frame, variable, variable).map(once))
        return self._look_up(domain, record, "QVAL", record_origin)

    def _of_subject(
        self, frame: pd.DataFrame, column: str, source: str, record_origin: pd.DataFrame
    ) -> PlacedColumn:
        """A variable of a domain with one record a subject."""
        domain, name = source.split(".")
        other = self.frame(domain)
        if other.empty:
            self.report_empty(column, domain, source)
        again = other.index[other.duplicated("USUBJID")]
        self.report(domain, again, column, "duplicate_record", _("one record for it"), name)
        numbers = first_record(other, frame["USUBJID"])
        return self._look_up(domain, numbers, name, record_origin)

    def _look_up(
        self, domain: str, numbers: pd.Series[float], name: str, record_origin: pd.DataFrame
    ) -> PlacedColumn:
        """A variable of the records of a domain with these numbers, NaN where there is none.

        There the text is '', and its origin that of the table's record.
        """
        text = numbers.map(self.frame(domain)[name]).fillna("")
        origin = record_origin.copy()
        location = self.domains[domain].locate(numbers.dropna().astype("int64"))
        for key in ("file", "row"):
            origin.loc[numbers.notna(), key] = location[key].to_numpy()
        return PlacedColumn(text.astype(object), origin)


class AdverseEvents(Records):
    """The adverse events, from AE; one without AESPID is identified by AESEQ."""

    def _derived(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        """The number of an event: AESPID, and where it is empty AESEQ; AESEQ itself is checked."""
        if "AESEQ" not in frame:
            return {}
        number = frame["AESEQ"]
        keys = frame["USUBJID"] + "\0" + stripped(number)
        wrong = numbers[keys.duplicated() | (stripped(number) == "")]
        expected = _("a number that no other event of the subject has")
        self.report("AE", wrong, "ae_seq", "duplicate_record", expected, "AESEQ")
        if "ae_id" in columns and self.is_mapped("ae_id"):
            return {}
        origin = columns["subject_id"].origin
        identifier = (
            columns["ae_id"].text if "ae_id" in columns else pd.Series("", index=frame.index)
        )
        return {
            "ae_id": PlacedColumn(
                identifier.mask(stripped(identifier) == "", number).astype(object), origin
            )
        }


class Samples(Records):
    """The samples of PC (table kinetics) or LB (table laboratory)."""

    def _derived(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        """Whether a result is below the limit, and the results without those that say so."""
        if self.places["value"] == "PC.PCSTRESC":
            report_contradicted(self, "PC", self.frame("PC").loc[numbers], "value")
        value = columns["value"]
        result = stripped(value.text)
        words = result.str.startswith("<") | result.isin(self.sdtm.below_lloq)
        if self.is_mapped("below_lloq"):
            flag = columns["below_lloq"]
        else:
            text = pd.Series("N", index=result.index, dtype=object).mask(words, "Y")
            flag = PlacedColumn(text.mask(result == "", ""), value.origin)
        # A word that the flag contradicts stays, for the checks to report.
        blank = words & (stripped(flag.text) == "Y")
        return {"below_lloq": flag, "value": PlacedColumn(value.text.mask(blank, ""), value.origin)}


def first_record(chosen: pd.DataFrame, subject: pd.Series[str]) -> pd.Series[float]:
    """Number of the first record of each USUBJID in `subject` among the chosen; NaN without one."""
    once = chosen.drop_duplicates("USUBJID")
    return subject.map(pd.Series(once.index, index=once["USUBJID"], dtype=float)).astype(float)


def _keys(frame: pd.DataFrame, variable: str, value: str) -> pd.Series[str]:
    """Subject and value of the variable by which a qualifier names its record; 01 and 1.0 are 1."""
    if not variable:
        return frame["USUBJID"]
    return frame["USUBJID"] + "\0" + stripped(frame[value]).str.replace(_NUMBER, r"\1", regex=True)
