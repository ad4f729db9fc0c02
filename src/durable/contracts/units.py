"""Units in which a study may record a column, with the exact factor to the unit of the tables."""

from __future__ import annotations

from fractions import Fraction

from durable.jdm.measures import ENZYMES

_VAS = {"mm": Fraction(1, 10)}
#: The katal is 1 mol/s, the enzyme unit 1 umol/min: 1 ukat is 60 U.
_CATALYSIS = {"ukat/L": Fraction(60), "nkat/L": Fraction(60, 1000)}

#: Factor by table, column and recorded unit.
UNITS: dict[str, dict[str, dict[str, Fraction]]] = {
    "subjects": {
        "age_years": {"months": Fraction(1, 12)},
        "cells_per_kg": {"10^6/kg": Fraction(10**6)},
    },
    "visits": {
        **dict.fromkeys(("physician_global", "parent_global", "extramuscular"), _VAS),
        "mmt8": {"0-150": Fraction(80, 150)},
        **{name: _CATALYSIS for e in ENZYMES for name in (e, f"{e}_uln")},
    },
}
