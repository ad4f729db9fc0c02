"""Records of a package that count by the plan: those left out are counted and reported."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd

from durable.contracts.spelling import other_spellings
from durable.intake.findings import (
    Findings,
    spelling_message,
    texts_in_words,
    visible_text,
)
from durable.intake.sdtm.domain import Domain, has_one_of, strip_texts
from durable.language import _
from durable.plan import Sdtm


@dataclass(frozen=True)
class Selecting:
    """Selects the records of a domain that count by the plan, and reports on the others."""

    table: str
    """Native table that the findings are on."""
    name: str
    """Domain, or ``DOMAIN.TESTCD`` of results, as findings name the records."""
    sdtm: Sdtm
    findings: Findings

    def select(self, domain: Domain, strangers: frozenset[str]) -> Domain | None:
        """The domain with the records that count; None (reported) where a variable is absent.

        Parameters
        ----------
        domain
            With all its records.
        strangers
            Subjects that the plan leaves out of DM.
        """
        where, where_not = (
            by_domain.get(self.name, {}) for by_domain in (self.sdtm.where, self.sdtm.where_not)
        )
        absent = [name for name in {**where, **where_not} if name not in domain.frame]
        for name in absent:
            message = _("no variable {name}; expected it for inputs.sdtm.where.{table}").format(
                name=name, table=self.name
            )
            self._add(domain.file, "missing_column", message, column=name)
        if absent:
            return None
        if strangers and "USUBJID" in domain.frame:
            domain = domain.select(~strip_texts(domain.frame["USUBJID"]).isin(strangers))
        for key, conditions in (("where", where), ("where_not", where_not)):
            for name, texts in conditions.items():
                plan_key = f"inputs.sdtm.{key}.{self.name}.{name}"
                self.report_unknown(domain, domain.all_records[name], texts, plan_key, name)
                if key == "where_not":
                    self._report_spellings(domain, texts, plan_key, name)
                has = has_one_of(domain.frame, {name: texts})
                kept = has if key == "where" else ~has
                words = (
                    texts_in_words(texts)
                    if key == "where"
                    else _("other than {texts}").format(texts=texts_in_words(texts))
                )
                self.report_left_out(domain, domain.frame.index[~kept], name, words, plan_key)
                domain = domain.select(kept)
        return domain

    def report_left_out(
        self,
        domain: Domain,
        numbers: pd.Index[int],
        variable: str,
        words: str,
        key: str,
        column: str = "",
    ) -> None:
        """Report how many records are left out, at the first of them; without any nothing.

        Parameters
        ----------
        numbers
            Numbers of the records.
        variable
            Variable by which they are left out, whose value is shown.
        words
            What is expected, in words.
        key
            Key of the plan.
        column
            Native column that the finding is on.
        """
        if not len(numbers):
            return
        ((file, row),) = domain.locate(numbers[:1]).itertuples(index=False, name=None)
        value = str(domain.frame.loc[numbers[0], variable])
        message = _(
            "{variable}: found {value}; {number} record(s) of {name} left out, the first here;"
            " expected {words} ({key})"
        ).format(
            variable=variable,
            value=visible_text(value) or _("empty"),
            number=len(numbers),
            name=self.name,
            words=words,
            key=key,
        )
        self._add(file, "unused_record", message, column=column, value=value, row=int(row))

    def report_unknown(
        self, domain: Domain, column: pd.Series[str], texts: Iterable[str], key: str, name: str
    ) -> None:
        """Report texts of a condition that no record has: they may be misspelt.

        `column` holds the texts of all records, and `name` is their variable; the text '' (empty)
        is not asked for. `key` is that of the plan.
        """
        there = set(strip_texts(column))
        for text in (text for text in texts if text not in there and text):
            message = _("no record has {text!r} ({key}); expected one at least").format(
                text=visible_text(text), key=key
            )
            self._add(domain.file, "no_such_value", message, column=name, value=text)

    def _report_spellings(
        self, domain: Domain, texts: Collection[str], key: str, name: str
    ) -> None:
        """Report records that count though their text is a spelling of one that leaves out."""
        column = strip_texts(domain.frame[name])
        for text, usual in other_spellings(column.unique(), texts).items():
            numbers = column.index[column == text]
            ((file, row),) = domain.locate(numbers[:1]).itertuples(index=False, name=None)
            message = spelling_message(name, text, len(numbers), usual, key)
            self._add(file, "spelling_varies", message, value=text, row=int(row))

    def _add(self, file: str, rule: str, message: str, **location: str | int) -> None:
        self.findings.add_about_file(self.table, file, rule, message, **location)  # type: ignore[arg-type]
