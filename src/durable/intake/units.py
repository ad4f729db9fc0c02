"""Units of single results, by their spelling."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from durable.contracts.input_table import ColumnSpec
from durable.language import _


def factor_of(spec: ColumnSpec, unit: str, names: Mapping[str, str]) -> Fraction | None:
    """Exact factor from a recorded unit to the unit of the table; None where it is not known.

    The factor is 1 for any unit of a column that has none, and for a missing unit ('') of a column
    that can have no other than that of the table.

    Parameters
    ----------
    spec
        The column.
    unit
        The unit as recorded; '' where none is. Case does not matter.
    names
        Units of the plan by the study's own spellings (``unit_names``).
    """
    if not (spec.unit or spec.units) or not (unit or spec.units):
        return Fraction(1)
    return spellings(spec).get(names.get(unit, unit).casefold())


def spellings(spec: ColumnSpec) -> dict[str, Fraction]:
    """Exact factor to the unit of the table by each spelling of a column's units, in lower case."""
    factors = {spec.unit.casefold(): Fraction(1)} if spec.unit else {}
    for recorded in spec.units:
        names = [recorded.name] if recorded.name else []
        factors |= {text.casefold(): recorded.factor for text in (*names, *recorded.sdtm)}
    return factors


def units_expected(spec: ColumnSpec) -> str:
    """What is expected of a unit, in words: "a result in mg/L or g/L"."""
    names = [spec.unit] if spec.unit else []
    names += [unit.name for unit in spec.units if unit.name]
    return _("a result in {units}").format(units=_(" or ").join(names))
