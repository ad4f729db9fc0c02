"""What every section of the plan is made of: the base class and the types of its keys.

Light to import, and a leaf: nothing of the package is imported here.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

#: Years that a date of a study can have: beyond them it is a slip of the keyboard.
FIRST_YEAR, LAST_YEAR = 1900, 2099


def _iso_date(value: object) -> object:
    if isinstance(value, str):
        try:
            date = dt.date.fromisoformat(value)
        except ValueError:
            date = None
        # Python reads 20240630 and 2024-W26-7 too.
        if date is None or date.isoformat() != value:
            raise ValueError("a date as YYYY-MM-DD")
        return date
    if isinstance(value, dt.datetime):
        raise ValueError("a date as YYYY-MM-DD, without a time")
    return value


def _check_year(value: dt.date) -> dt.date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a date from {FIRST_YEAR} to {LAST_YEAR}")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("text that is not empty")
    return value


def _one_line(value: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise ValueError("text of one line, without control characters")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values; those with an entry twice are refused (ValueError)."""
    if len(set(values)) != len(values):
        raise ValueError("each entry once")
    return values


def unique_by(key: str) -> AfterValidator:
    """Return the validator of a list of sections that refuses two of the same `key`."""

    def check(sections: tuple[Any, ...]) -> tuple[Any, ...]:
        unique(tuple(getattr(section, key) for section in sections))
        return sections

    return AfterValidator(check)


Text = Annotated[str, AfterValidator(_not_blank)]
#: Text that stands on the outputs. Files of XML cannot hold a control character.
Line = Annotated[Text, AfterValidator(_one_line)]
Number = Annotated[float, AfterValidator(_finite)]
Positive = Annotated[float, Field(gt=0), AfterValidator(_finite)]
NotNegative = Annotated[float, Field(ge=0), AfterValidator(_finite)]
Days = Annotated[int, Field(ge=0, le=36500)]
FromOne = Annotated[int, Field(ge=1)]
Score = Annotated[float, Field(ge=0, le=100)]
Date = Annotated[dt.date, BeforeValidator(_iso_date), AfterValidator(_check_year)]
#: Names that become file or folder names: never a path.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

Entry = TypeVar("Entry")
ListOf = Annotated[tuple[Entry, ...], Strict(False)]
NonEmptyList = Annotated[ListOf[Entry], Field(min_length=1)]
#: Each entry once.
UniqueList = Annotated[ListOf[Entry], AfterValidator(unique)]
NonEmptyUniqueList = Annotated[NonEmptyList[Entry], AfterValidator(unique)]


class Section(BaseModel):
    """Common behaviour of every part of the plan: frozen, strict, unknown keys refused."""

    # Not use_attribute_docstrings: pydantic would read this source anew for every job. The texts
    # under the keys are read where they are shown (`durable.plan.json_schema`).
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def restrict_to(self, paths: Iterable[str]) -> Self:
        """The same section with just these parts (dotted paths); reading another part fails.

        A stage is handed only what it declares, so that a declaration cannot be too small.
        """
        return _project(self, [path.split(".") for path in paths])


SectionT = TypeVar("SectionT", bound=Section)


def require_section(section: SectionT | None, key: str) -> SectionT:
    """An optional section of the plan, where there is one.

    Raises
    ------
    ValueError
        Where there is none; it says the key.
    """
    if section is None:
        raise ValueError(f"{key}: not in the plan")
    return section


def _project(section: SectionT, paths: list[list[str]]) -> SectionT:
    if [] in paths:
        return section
    kept: dict[str, Any] = {}
    for name in dict.fromkeys(path[0] for path in paths):
        below = [path[1:] for path in paths if path[0] == name]
        value = getattr(section, name)
        kept[name] = _project(value, below) if isinstance(value, Section) else value
    part: SectionT = section.model_construct(_fields_set=set(kept), **kept)  # type: ignore[assignment]
    # model_construct fills defaults in; what was not asked for has to be absent.
    for name in set(part.__dict__) - set(kept):
        del part.__dict__[name]
    return part


def merge_values(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it, as a new dict; mappings are merged key by key."""
    result = dict(base)
    for key, new in change.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            result[key] = merge_values(old, new)
        else:
            result[key] = new
    return result
