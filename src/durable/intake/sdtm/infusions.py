"""The infusion of a subject whose exposure is in several records, and doses by body weight."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from durable.intake.findings import place_in_words
from durable.intake.numbers import NUMBER, product_text
from durable.intake.readers.cells import plain_decimal
from durable.intake.sdtm.domain import strip_texts
from durable.intake.sdtm.maker import TableMaker, without_time
from durable.intake.tables import days_between
from durable.language import _
from durable.plan.sdtm import recorded_units

_RULE = "several_infusions"
#: Body weights in kg that can be one.
_LIGHTEST, _HEAVIEST = Decimal(1), Decimal(300)


@dataclass(frozen=True)
class Infusions:
    """Numbers of the records of each subject's infusion, by ``inputs.sdtm.infusions``."""

    first: pd.Series[int]
    """By USUBJID the record that counts: the first."""
    added: dict[str, list[int]] = field(default_factory=dict)
    """By USUBJID the records whose doses are added up, where there are several."""


def infusions(maker: TableMaker, chosen: pd.DataFrame, column: str, variable: str) -> Infusions:
    """The records of each subject's infusion, by the plan's rule for several; others are reported.

    With "single" the first in the file counts, with "first" and "total" the first by date. Of
    several records one without a whole date is reported, and taken only where no other has one.

    Parameters
    ----------
    chosen
        The records of the infusion.
    column
        Column that the findings are on.
    variable
        Variable by which the records were chosen.
    """
    has_several = chosen["USUBJID"].duplicated(keep=False)
    if maker.sdtm.infusions == "single" or not has_several.any():
        later = chosen.index[chosen.duplicated("USUBJID")]
        expected = _("one infusion (inputs.sdtm.infusions)")
        maker.report("EX", later, column, "duplicate_record", expected, variable)
        return Infusions(_first_records(chosen))
    day = chosen["EXSTDTC"].map(without_time).str.strip()
    undated = has_several & ~day.map(_is_day).astype(bool)
    expected = _("a whole date: another infusion is recorded, and which is the first is unknown")
    maker.report("EX", chosen.index[undated], column, _RULE, expected, "EXSTDTC")
    ordered = chosen.assign(day=day).loc[~undated]
    # The time of day after the date; where nobody noted it the order of the file.
    ordered = ordered.assign(EXSTDTC=strip_texts(ordered["EXSTDTC"]))
    ordered = ordered.sort_values(["USUBJID", "EXSTDTC"], kind="stable")
    added: dict[str, list[int]] = {}
    for subject, records in ordered.groupby("USUBJID", sort=False):
        if len(records) == 1:
            continue
        if maker.sdtm.infusions == "first":
            _report_others(maker, records, column, variable)
        else:
            added[str(subject)] = _near(maker, records, column)
    # A subject without a dated record has a finding; any of them stands for it.
    return Infusions(_first_records(pd.concat([ordered, chosen.loc[undated]])), added)


def _first_records(chosen: pd.DataFrame) -> pd.Series[int]:
    once = chosen.drop_duplicates("USUBJID")
    return pd.Series(once.index, index=once["USUBJID"], dtype="int64")


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _report_others(maker: TableMaker, records: pd.DataFrame, column: str, variable: str) -> None:
    """Report records after the first; an error where they are of its day and not told apart."""
    first, *others = records.index
    for number in others:
        start = str(records.loc[number, "EXSTDTC"])
        alike = records.loc[number, "day"] == records.loc[first, "day"]
        timed = "T" in start and "T" in str(records.loc[first, "EXSTDTC"])
        if alike and (not timed or start == records.loc[first, "EXSTDTC"]):
            expected = _("one infusion on the first day, or infusions: total (inputs.sdtm)")
            maker.report("EX", [number], column, _RULE, expected, "EXSTDTC")
        else:
            expected = _("{treatment} once: the first infusion alone is used").format(
                treatment=records.loc[first, variable]
            )
            maker.report("EX", [number], column, "unused_record", expected, variable)


def _near(maker: TableMaker, records: pd.DataFrame, column: str) -> list[int]:
    """Records within the days of the plan after the first; later ones are reported."""
    days = pd.to_datetime(records["day"])
    first = pd.Series(days.iloc[0], index=days.index)
    late = days_between(days, first) > (maker.sdtm.infusion_days or 0)
    expected = _(
        "an infusion up to {days} day(s) after the first, {first}"
        " (inputs.sdtm.infusion_days); the record is not used"
    ).format(days=maker.sdtm.infusion_days, first=records["day"].iloc[0])
    maker.report("EX", records.index[late], column, _RULE, expected, "EXSTDTC")
    return [int(number) for number in records.index[~late]]


def total_doses(
    maker: TableMaker, text: pd.Series[str], subject: pd.Series[str], exposure: Infusions, name: str
) -> pd.Series[str]:
    """The dose of each subject as text; of several infusions that are added up, all their doses.

    Such a text is "1e6 (ex.xpt, row 3) + 2e6 (ex.xpt, row 4)", and ``maker.readings`` has its sum.
    It is '' (reported) where one of the doses is no number.

    Parameters
    ----------
    text
        Dose of the first infusion of each subject.
    subject
        USUBJID, indexed as `text`.
    name
        Variable of the dose.
    """
    doses = [
        _total(maker, first, exposure.added.get(str(who), []), name)
        for first, who in zip(text, subject, strict=True)
    ]
    return pd.Series(doses, index=text.index, dtype=object)


def _total(maker: TableMaker, first: str, numbers: list[int], name: str) -> str:
    """The doses of some records, each with its file and row; their sum is what is read for it."""
    if len(numbers) < 2:
        return first
    doses = [_mapped_dose(maker, str(maker.frame("EX").loc[number, name])) for number in numbers]
    values = [_number(dose) for dose in doses]
    wrong = [number for number, value in zip(numbers, values, strict=True) if value is None]
    maker.report("EX", wrong, "cells_per_kg", _RULE, _("a dose: it is one of several"), name)
    if wrong:
        return ""
    locations = maker.domains["EX"].locate(numbers)
    parts = zip(doses, locations["file"], locations["row"], strict=True)
    recorded = " + ".join(f"{dose} ({place_in_words(file, str(row))})" for dose, file, row in parts)
    total = plain_decimal(sum((value for value in values if value is not None), Decimal(0)))
    maker.readings.setdefault("cells_per_kg", {})[recorded] = total
    return recorded


def doses_by_weight(
    maker: TableMaker, dose: pd.Series[str], subject: pd.Series[str], infused: pd.Series[str]
) -> pd.Series[str]:
    """The dose of each subject with the last body weight up to the day of infusion, as text.

    Such a text is "1e8 cells / 20 kg (vs.xpt, row 7)", and ``maker.readings`` has the cells per kg.
    A dose is '' where weight (reported) or day is not known; one that is no number stays.

    Parameters
    ----------
    dose
        As recorded, or as `total_doses` gives it.
    subject, infused
        USUBJID and date of infusion, indexed as `dose`.
    """
    readings = maker.readings.setdefault("cells_per_kg", {})
    unit = recorded_units(maker.spec("cells_per_kg"))[maker.sdtm.units["subjects"]["cells_per_kg"]]
    texts = []
    for recorded, who, day in zip(dose, subject, infused.str.strip(), strict=True):
        text = readings.get(recorded, _mapped_dose(maker, recorded))
        weight = _weight(maker, who, day) if _number(text) is not None and _is_day(day) else None
        if weight is None:
            # Without a weight the dose is not known in cells per kg. What is no number stays.
            texts.append("" if _number(text) is not None else recorded)
            continue
        texts.append(f"{recorded} {unit.name} / {weight.text} kg ({weight.place})")
        readings[texts[-1]] = product_text(unit.factor / Fraction(weight.value), text) or ""
    return pd.Series(texts, index=dose.index, dtype=object)


@dataclass(frozen=True)
class _Weight:
    text: str
    value: Decimal
    place: str


def _weight(maker: TableMaker, subject: str, day: str) -> _Weight | None:
    """The last body weight of a subject up to a day; None (reported) where it is not known."""
    assert maker.sdtm.weight is not None  # noqa: S101  (asked by the caller)
    name, code = maker.sdtm.weight.split(".")
    frame, column, result = maker.frame(name), "cells_per_kg", f"{name}STRESC"
    mine = frame.loc[(strip_texts(frame[f"{name}TESTCD"]) == code) & (frame["USUBJID"] == subject)]
    mine = mine.assign(day=mine[f"{name}DTC"].map(without_time).str.strip())
    filled = (strip_texts(mine[result]) != "") & mine["day"].map(_is_day).astype(bool)
    mine = mine.loc[filled & (mine["day"] <= day)]
    mine = mine.loc[mine["day"] == mine["day"].max()]
    if mine.empty:
        people = maker.frame("DM")
        number = people.index[people["USUBJID"] == subject][:1]
        expected = _("a {weight} up to {day}: cells per kg are not known without").format(
            weight=maker.sdtm.weight, day=day
        )
        maker.report("DM", number, column, "weight_missing", expected, "USUBJID")
        return None
    first, text = int(mine.index[0]), str(mine[result].iloc[0]).strip()
    weight = _number(text)
    if len(set(strip_texts(mine[result]))) > 1:
        expected = _("one body weight on the last day up to the infusion")
        maker.report(name, mine.index[1:], column, "duplicate_record", expected, result)
    elif str(mine[f"{name}STRESU"].iloc[0]).strip().casefold() != "kg":
        maker.report(name, [first], column, "other_unit", "kg", f"{name}STRESU")
    elif weight is None or not _LIGHTEST <= weight <= _HEAVIEST:
        expected = _("a body weight from {lightest} to {heaviest} kg").format(
            lightest=_LIGHTEST, heaviest=_HEAVIEST
        )
        maker.report(name, [first], column, "out_of_range", expected, result)
    else:
        ((file, row),) = maker.domains[name].locate([first]).itertuples(index=False, name=None)
        return _Weight(text, weight, place_in_words(file, str(row)))
    return None


def _mapped_dose(maker: TableMaker, text: str) -> str:
    """A dose by the value map of the plan."""
    values = maker.sdtm.values.get("subjects", {}).get("cells_per_kg", {})  # noqa: PD011
    return values.get(text.strip(), text.strip())


def _number(text: str) -> Decimal | None:
    """The number that a text is, None where it is no `NUMBER`."""
    return Decimal(text) if NUMBER.fullmatch(text) else None
