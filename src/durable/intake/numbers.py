"""Numbers as files write them: signs of decimals and thousands, results beyond a limit, units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from durable.intake.readers.cells import plain_decimal

_PLAIN = re.compile(r"-?([0-9]{1,300}(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
_LIMITED = re.compile(r"(<=|>=|[<>≤≥])\s*(.+)")


@dataclass(frozen=True)
class NumberForm:
    """The signs with which numbers are written."""

    decimal: str = "."
    thousands: str = ""

    @property
    def is_declared(self) -> bool:
        """Whether they are other than those of the tables."""
        return (self.decimal, self.thousands) != (".", "")

    @property
    def example(self) -> str:
        """A number in this form."""
        return f"1{self.thousands}234{self.decimal}5"

    def plain(self, text: str) -> str | None:
        """The number with a point and without signs of thousands; None where it is none."""
        decimal, group = re.escape(self.decimal), re.escape(self.thousands)
        whole = f"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
        found = re.fullmatch(
            f"(-?)({whole})?(?:{decimal}([0-9]+))?([eE][+-]?[0-9]{{1,3}})?", text, re.ASCII
        )
        if found is None or (found[2] is None and found[3] is None):
            return None
        digits = (found[2] or "0").replace(self.thousands, "") if group else found[2] or "0"
        return f"{found[1]}{digits}" + (f".{found[3]}" if found[3] else "") + (found[4] or "")


@dataclass(frozen=True)
class Limited:
    """A result of which only a limit is known, such as <5."""

    sign: str
    number: str
    """The limit as it is written."""

    @classmethod
    def read(cls, text: str, form: NumberForm | None = None) -> Limited | None:
        """The limit in a text; None where it is none, in `form` or with a point."""
        found = _LIMITED.fullmatch(text)
        if found is None or (form or NumberForm()).plain(found[2]) is None:
            return None
        return cls(found[1], found[2])

    @property
    def is_below(self) -> bool:
        """Whether the result lies below the limit."""
        return self.sign in ("<", "<=", "≤")

    def by_rule(self, below: str, above: str) -> str | None:
        """What the result is read as by the rules of its column; None where there is none.

        Parameters
        ----------
        below, above
            Rules for results below and above a limit (``plan.source_files.Numbers``), or ''.
        """
        match below if self.is_below else above:
            case "limit":
                return self.number
            case "half":
                return plain_decimal(Decimal(self.number) / 2)
            case "missing" | "below_lloq":
                return ""
        return None


def scaled(factor: Fraction, text: str) -> str | None:
    """A number times an exact factor; where that has no end in decimals, the nearest double.

    None where the text is no number.
    """
    if not _PLAIN.fullmatch(text):
        return None
    return plain_decimal(Decimal(repr(float(Fraction(Decimal(text)) * factor))))
