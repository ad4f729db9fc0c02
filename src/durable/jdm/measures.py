"""The measures of the disease, by the names of their columns in the visits table."""

from __future__ import annotations

from typing import Literal, get_args

Enzyme = Literal["ck", "aldolase", "alt", "ast", "ldh"]

ENZYMES: tuple[Enzyme, ...] = get_args(Enzyme)
#: The six places of a core set, in the order of the score card.
COMPONENTS = (
    "physician_global",
    "parent_global",
    "muscle",
    "function",
    "enzyme",
    "extramuscular",
)
