"""Units of single results, by their spelling."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from durable.contracts.input_table import ColumnSpec
from durable.language import _


def factor_of(spec: ColumnSpec, unit: str, names: Mapping[str, str]) -> Fraction | None:
    """Exact factor from a unit to that of the table; None where the unit is not known.

    Parameters
    ----------
    spec
        The column. One that has no unit takes any, and one that can have no other none too.
    unit
        As it is spelt.
    names
        Spellings of the study, by which a unit of the table is meant.
    """
    if not (spec.unit or spec.units) or not (unit or spec.units):
        return Fraction(1)
    return spellings(spec).get(names.get(unit, unit).casefold())


def spellings(spec: ColumnSpec) -> dict[str, Fraction]:
    """Factor of each spelling of a column's units, in small letters."""
    found = {spec.unit.casefold(): Fraction(1)} if spec.unit else {}
    for recorded in spec.units:
        written = [recorded.name] if recorded.name else []
        found |= {text.casefold(): recorded.factor for text in (*written, *recorded.sdtm)}
    return found


def units_expected(spec: ColumnSpec) -> str:
    """Words for the units of a column that are known."""
    names = [spec.unit] if spec.unit else []
    names += [unit.name for unit in spec.units if unit.name]
    return _("a result in {units}").format(units=_(" or ").join(names))
