"""The tables of an SDTM package that have a row for each record of a domain."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Recorded
from durable.intake.sdtm.domain import strip_texts
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
        frame = self._occurred_records(principal)
        index = pd.RangeIndex(len(frame))
        sources = {**self.places} | {"subject_id": f"{principal}.USUBJID"}
        columns = {
            name: self._column(frame.set_axis(index), frame.index, name, source)
            for name, source in sources.items()
        }
        numbers = pd.Series(frame.index, index=index)
        columns |= self._derived_columns(frame.set_axis(index), columns, numbers)
        return self.native_table(columns, pd.Series(frame.index.astype("int64"), index=index))

    def _derived_columns(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        """Columns that are derived from several variables, by their native names: none here."""
        return {}

    @property
    def principal(self) -> str:
        """Name of the domain whose records are the rows of the table: "AE"."""
        return principal_domain(self.table)

    def _occurred_records(self, principal: str) -> pd.DataFrame:
        """The records of the domain without those of what did not occur (--OCCUR; reported)."""
        frame, name = self.frame(principal), f"{principal}OCCUR"
        if name not in frame:
            return frame
        not_so = strip_texts(frame[name]) == "N"
        expected = _("Y or empty; records of what did not occur are not used")
        self.report(principal, frame.index[not_so], "subject_id", "unused_record", expected, name)
        return frame.loc[~not_so]

    def _check_known(self, known: pd.DataFrame) -> None:
        """Report qualifiers and records without record or subject in the principal domain."""
        for domain in (name for name in self.domains if name != self.principal):
            records = self.frame(domain)
            if domain.startswith("SUPP"):
                self._check_qualifiers(domain, records, known)
            else:
                lost = records.index[~records["USUBJID"].isin(known["USUBJID"])]
                expected = _("a subject of {domain}; the record is not used").format(
                    domain=self.principal
                )
                rule = "unused_record"
                self.report(domain, lost, "subject_id", rule, expected, "USUBJID", "error")

    def _check_qualifiers(self, domain: str, qualifiers: pd.DataFrame, known: pd.DataFrame) -> None:
        names = {place.split(".")[1]: n for n, place in self.places.items() if domain in place}
        used = qualifiers.loc[strip_texts(qualifiers["QNAM"]).isin(names)]
        present = pd.Series(data=False, index=used.index)
        for variable in dict.fromkeys(strip_texts(used["IDVAR"])):
            if not variable or variable in known:
                keys = _keys(used, variable, "IDVARVAL")
                present |= (strip_texts(used["IDVAR"]) == variable) & keys.isin(
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
            cells = self._subject_variable(frame, column, source, origin)
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
        qualifiers = self.frame(domain)
        chosen = qualifiers.loc[strip_texts(qualifiers["QNAM"]) == name]
        if chosen.empty:
            self.report_empty(column, domain, source)
        record = pd.Series(float("nan"), index=frame.index)
        for variable in dict.fromkeys(strip_texts(chosen["IDVAR"])):
            if variable and variable not in frame:
                continue
            same_idvar = chosen.loc[strip_texts(chosen["IDVAR"]) == variable]
            keys = _keys(same_idvar, variable, "IDVARVAL")
            is_repeat = keys.duplicated()
            rule = "duplicate_record"
            self.report(
                domain, same_idvar.index[is_repeat], column, rule, _("one record for it"), "QVAL"
            )
            once = pd.Series(same_idvar.index[~is_repeat], index=keys.loc[~is_repeat])
            record = record.fillna(_keys(frame, variable, variable).map(once))
        return self._look_up(domain, record, "QVAL", record_origin)

    def _subject_variable(
        self, frame: pd.DataFrame, column: str, source: str, record_origin: pd.DataFrame
    ) -> PlacedColumn:
        """A variable of a domain with one record a subject."""
        domain, name = source.split(".")
        records = self.frame(domain)
        if records.empty:
            self.report_empty(column, domain, source)
        again = records.index[records.duplicated("USUBJID")]
        self.report(domain, again, column, "duplicate_record", _("one record for it"), name)
        numbers = first_record(records, frame["USUBJID"])
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

    def _derived_columns(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        """The number of an event: AESPID, and where it is empty AESEQ; AESEQ itself is checked."""
        if "AESEQ" not in frame:
            return {}
        number = frame["AESEQ"]
        keys = frame["USUBJID"] + "\0" + strip_texts(number)
        wrong = numbers[keys.duplicated() | (strip_texts(number) == "")]
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
                identifier.mask(strip_texts(identifier) == "", number).astype(object), origin
            )
        }


class Samples(Records):
    """The samples of PC (table kinetics) or LB (table laboratory)."""

    def _derived_columns(
        self, frame: pd.DataFrame, columns: dict[str, PlacedColumn], numbers: pd.Series[int]
    ) -> dict[str, PlacedColumn]:
        """Whether a result is below the limit, and the results without those that say so."""
        if self.places["value"] == "PC.PCSTRESC":
            report_contradicted(self, "PC", self.frame("PC").loc[numbers], "value")
        value = columns["value"]
        result = strip_texts(value.text)
        words = result.str.startswith("<") | result.isin(self.sdtm.below_lloq)
        if self.is_mapped("below_lloq"):
            flag = columns["below_lloq"]
        else:
            text = pd.Series("N", index=result.index, dtype=object).mask(words, "Y")
            flag = PlacedColumn(text.mask(result == "", ""), value.origin)
        # A word that the flag contradicts stays, for the checks to report.
        blank = words & (strip_texts(flag.text) == "Y")
        return {"below_lloq": flag, "value": PlacedColumn(value.text.mask(blank, ""), value.origin)}


def first_record(chosen: pd.DataFrame, subject: pd.Series[str]) -> pd.Series[float]:
    """Number of the first record of each USUBJID in `subject` among the chosen; NaN without one."""
    once = chosen.drop_duplicates("USUBJID")
    return subject.map(pd.Series(once.index, index=once["USUBJID"], dtype=float)).astype(float)


def _keys(frame: pd.DataFrame, variable: str, value: str) -> pd.Series[str]:
    """Subject and value of the variable by which a qualifier names its record; 01 and 1.0 are 1."""
    if not variable:
        return frame["USUBJID"]
    return (
        frame["USUBJID"] + "\0" + strip_texts(frame[value]).str.replace(_NUMBER, r"\1", regex=True)
    )
