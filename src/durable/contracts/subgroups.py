"""Variables by whose levels subjects are shown apart: in columns of tables, or as subgroups.

Light to import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from durable.contracts.input_table import ColumnSpec
from durable.contracts.tables import INPUT_TABLES
from durable.wording import dose_level

#: Columns of subjects that tell subjects apart and make no group of them.
_IDENTIFIERS = ("subject_id", "study_subject_id")
#: Kinds of the columns of subjects that can make a group.
_GROUPING = ("text", "number", "integer")


@dataclass(frozen=True)
class GroupVariable:
    """A variable of ADSL by whose levels subjects are shown apart."""

    name: str
    """Name in the plan, ``group_by`` in ``ard.csv``."""
    variable: str
    """Its name in ADSL."""
    label: str = ""
    levels: tuple[str, ...] = ()
    """In their order; as recorded and sorted when empty."""


@dataclass(frozen=True)
class Subgroup(GroupVariable):
    """A group that the plan declares from a column of subjects.

    Its levels are bands of a number, the texts that the plan names, or the texts as recorded.
    """

    column: str = ""
    """Column of subjects."""
    limits: tuple[float, ...] = ()
    """Lower limits of the bands but the first, each within its band."""
    texts: Mapping[str, str] | None = None
    """Level by recorded text; None where levels are the texts as recorded."""
    extra: ColumnSpec | None = None
    """The column, where the table does not have it by itself."""
    recorded_variable: str = ""
    """Variable of ADSL that holds such a column as recorded."""

    @property
    def number(self) -> str:
        """Variable of ADSL that numbers the levels from 1 (``AGEGR1N``); '' without `levels`."""
        return f"{self.variable}N" if self.levels else ""

    @cached_property
    def bands(self) -> tuple[str, ...]:
        """The bands in words: ``< 12 years``, ``>= 12 years``; () without limits."""
        return band_texts(self.limits, column_spec(self.column).unit)

    def level_label(self, level: str) -> str:
        """A level as readers see it: a named band ``Child (< 12 years)``, a dose level as a dose.

        Any other level is shown as it is.
        """
        if self.column == DOSE_LEVEL.name and not self.levels:
            return dose_level(level)
        limits = dict(zip(self.levels, self.bands, strict=False)).get(level, level)
        return level if limits == level else f"{level} ({limits})"

    def level_of(self, value: str | float | None) -> str | None:
        """The level of a recorded value; None of a missing one, and of a text not in `texts`."""
        if value is None or value != value:
            return None
        if isinstance(value, str):
            return value if self.texts is None else self.texts.get(value)
        return self.levels[sum(value >= limit for limit in self.limits)]


DOSE_LEVEL = GroupVariable("dose_level", "DOSELVL")
#: Groups that every plan may name.
NATIVE_GROUPS = {
    group.name: group
    for group in (DOSE_LEVEL, GroupVariable("part", "PART"), GroupVariable("sex", "SEX"))
}


def column_spec(name: str) -> ColumnSpec:
    """The column of subjects of this name; a plain column of text where the table has none."""
    return INPUT_TABLES["subjects"].by_name.get(name) or ColumnSpec(name, name)


def is_extra(column: str) -> bool:
    """Whether a column is not one that the table subjects has in any study."""
    return column not in INPUT_TABLES["subjects"].names


def grouping_columns() -> tuple[str, ...]:
    """Names of the columns of subjects of any study that can make a group: texts and numbers.

    Identifiers and dates make none.
    """
    columns = INPUT_TABLES["subjects"].columns
    return tuple(c.name for c in columns if c.kind in _GROUPING and c.name not in _IDENTIFIERS)


def band_texts(limits: Sequence[float], unit: str) -> tuple[str, ...]:
    """Bands of a number in words.

    Parameters
    ----------
    limits
        Lower limits of the bands but the first, ascending; each is within its band.
    unit
        Of the number; '' without one.

    Returns
    -------
    tuple of str
        One more than limits; empty without a limit.

    Examples
    --------
    >>> band_texts([12, 15], "years")
    ('< 12 years', '>= 12, < 15 years', '>= 15 years')
    """
    if not limits:
        return ()
    # Whole numbers in plain digits: 10000000, not 1e+07.
    shown = [f"{limit:.15g}" for limit in limits]
    between = (f">= {low}, < {high}" for low, high in pairwise(shown))
    texts = (f"< {shown[0]}", *between, f">= {shown[-1]}")
    return tuple(f"{text} {unit}".rstrip() for text in texts)
