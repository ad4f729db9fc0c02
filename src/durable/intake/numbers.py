"""Numbers as files write them: signs of decimals and thousands, results beyond a limit, units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from durable.intake.readers.cells import plain_decimal

#: A number of a table. ASCII digits only: full-width digits and thousands separators are not
#: guessed at. With an exponent (9.61e+06, 9.61E+006) programs write what they have as a number.
NUMBER = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
#: What stands for a sign between groups of three digits: spreadsheets write a blank that does not
#: break the line, which looks like any other, and a curved apostrophe.
_ALIKE = {" ": " \u00a0\u202f", "'": "'\u2019"}
_LIMITED = re.compile(r"(<=|>=|[<>≤≥])\s*(.+)")


@dataclass(frozen=True)
class NumberForm:
    """The signs with which numbers are written: that of decimals, and that of thousands or ''."""

    decimal: str = "."
    thousands: str = ""

    @property
    def is_declared(self) -> bool:
        """Whether the signs differ from those of the tables: a point, and none for thousands."""
        return (self.decimal, self.thousands) != (".", "")

    @property
    def example(self) -> str:
        """A number in this form: 1.234,5 with a comma for decimals and a point for thousands."""
        return f"1{self.thousands}234{self.decimal}5"

    def plain(self, text: str) -> str | None:
        """The number with a point and without signs of thousands: "1.234,5" gives "1234.5".

        An exponent is kept. None where the text is no number in this form; blanks, a plus sign and
        thousands that are not grouped by three are none.
        """
        decimal, signs = re.escape(self.decimal), _ALIKE.get(self.thousands, self.thousands)
        group = f"[{re.escape(signs)}]" if signs else ""
        whole_number = f"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
        match = re.fullmatch(
            f"(-?)({whole_number})?(?:{decimal}([0-9]+))?([eE][+-]?[0-9]{{1,3}})?", text, re.ASCII
        )
        if match is None or (match[2] is None and match[3] is None):
            return None
        digits = re.sub(group, "", match[2] or "0") if group else match[2] or "0"
        return f"{match[1]}{digits}" + (f".{match[3]}" if match[3] else "") + (match[4] or "")


@dataclass(frozen=True)
class Limited:
    """A result of which only a limit is known, such as <5."""

    sign: str
    """<, <=, ≤, >, >= or ≥."""
    number: str
    """The limit as it is written, with its own signs of decimals and thousands."""

    @classmethod
    def read(cls, text: str, form: NumberForm | None = None) -> Limited | None:
        """The sign and the limit of a text such as "< 5"; None where it is no such result.

        Parameters
        ----------
        form
            How the limit is written; with a point and without signs of thousands when not given.
        """
        match = _LIMITED.fullmatch(text)
        if match is None or (form or NumberForm()).plain(match[2]) is None:
            return None
        return cls(match[1], match[2])

    @property
    def is_below(self) -> bool:
        """Whether the result lies below the limit."""
        return self.sign in ("<", "<=", "≤")

    def value_by_rule(self, rule_below: str, rule_above: str) -> str | None:
        """What the result is read as by the rules of its column; None where that has no rule.

        `limit` gives the limit itself, `half` half of it ("<5" gives "2.5"), `missing` and
        `below_lloq` give ''.

        Parameters
        ----------
        rule_below, rule_above
            Rules for results below and above a limit (``plan.source_files.Numbers``), or ''. By
            `half` the limit must be written with a point.
        """
        match rule_below if self.is_below else rule_above:
            case "limit":
                return self.number
            case "half":
                return plain_decimal(Decimal(self.number) / 2)
            case "missing" | "below_lloq":
                return ""
        return None


def product_text(factor: Fraction, text: str) -> str | None:
    """A number times an exact factor, in the fewest decimals that mean the nearest double.

    "1.1" times 3 gives "3.3". None where the text is no `NUMBER`, or the product is no finite
    double, or so small that its double is 0.
    """
    if not NUMBER.fullmatch(text):
        return None
    product = Fraction(Decimal(text)) * factor
    try:
        nearest = float(product)
    except OverflowError:
        return None
    return None if product and not nearest else plain_decimal(nearest)
