"""Results of an SDTM package that its own variables contradict."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from durable.contracts.words import is_missing_word
from durable.intake.numbers import NUMBER
from durable.intake.sdtm.domain import strip_texts
from durable.intake.sdtm.maker import TableMaker
from durable.language import _

_RULE = "contradicted_result"
#: Digits of a text from which on it may be a rounded number.
_ROUNDED = 3


def report_contradicted(maker: TableMaker, domain: str, records: pd.DataFrame, column: str) -> None:
    """Report results that other variables of their record contradict.

    These are a standard result as text and as number that differ (--STRESC, --STRESN), one of a
    test that was not done (--STAT), and an original result (--ORRES) without a standard one.

    Parameters
    ----------
    records
        Records of the domain, among them those of the measure without a result.
    column
        Native column that holds the results.
    """
    standard = f"{domain}STRESC"
    if standard not in records:
        return
    text = strip_texts(records[standard])
    number = _variable(records, f"{domain}STRESN")
    both = (text != "") & (number != "") & (text != number)
    for index in records.index[both].tolist():
        if not same_number(text.loc[index], number.loc[index]):
            expected = _("{value}, as {variable}").format(value=text.loc[index], variable=standard)
            maker.report(domain, [index], column, _RULE, expected, f"{domain}STRESN")
    result = text.mask(text == "", number)
    not_done = (_variable(records, f"{domain}STAT").str.upper() == "NOT DONE") & (result != "")
    expected = _("no result of a test that was not done, or an empty {variable}").format(
        variable=f"{domain}STAT"
    )
    maker.report(domain, records.index[not_done], column, _RULE, expected, f"{domain}STAT")
    original = _variable(records, f"{domain}ORRES")
    lost = (original != "") & ~original.map(is_missing_word).astype(bool) & (result == "")
    expected = _("its standard result in {variable}; without one it is not used").format(
        variable=standard
    )
    maker.report(domain, records.index[lost], column, _RULE, expected, f"{domain}ORRES")


def _variable(records: pd.DataFrame, name: str) -> pd.Series[str]:
    """A variable without blanks around its texts; '' throughout where there is none."""
    if name not in records:
        return pd.Series("", index=records.index, dtype=object)
    return strip_texts(records[name])


def same_number(text: str, number: str) -> bool:
    """Whether a result as text and one as number may be the same.

    They are where one of them is no number ("<0.1", "POSITIVE"), where they are equal as decimals,
    and where the text is the number rounded to three or more digits: "1.33" of 1.3333.
    """
    if not NUMBER.fullmatch(text) or not NUMBER.fullmatch(number):
        return True
    as_text, exact = Decimal(text), Decimal(number)
    _sign, digits, exponent = as_text.as_tuple()
    if len(digits) < _ROUNDED or not isinstance(exponent, int):
        return as_text == exact
    return abs(as_text - exact) <= Decimal(5).scaleb(exponent - 1)
