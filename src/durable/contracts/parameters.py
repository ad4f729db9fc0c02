"""Parameter codes that more than one stage names. Light to import."""

from __future__ import annotations

#: Code and name of each component's parameters.
PLACES = {
    "physician_global": ("PHYS", "physician global"),
    "parent_global": ("PAR", "parent global"),
    "muscle": ("MUS", "muscle strength"),
    "function": ("FUN", "physical function (CHAQ)"),
    "enzyme": ("ENZ", "enzyme or CHQ-PhS"),
    "extramuscular": ("EXTR", "extramuscular activity"),
}
