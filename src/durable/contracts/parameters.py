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

#: What figures of many subjects show in place of each, and the proportion of subjects below it.
QUANTILES = {
    "95th percentile": 0.95,
    "upper quartile": 0.75,
    "median": 0.5,
    "lower quartile": 0.25,
    "5th percentile": 0.05,
}
