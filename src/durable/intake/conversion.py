"""From recorded values, forms and units to those of the tables, as the plan declares it.

What was recorded stays beside what is read: findings show it, and ``checked/conversions.csv`` lists
every cell that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from durable.contracts.input_table import ColumnSpec
from durable.dates import DateForm
from durable.intake.findings import Findings, Recorded, visible_text
from durable.intake.numbers import NUMBER, Limited, NumberForm, product_text
from durable.intake.parsing import day_number_advice, is_native
from durable.intake.texts import categorical, codes_and_pairs
from durable.intake.units import factor_of, units_expected
from durable.intake.value_maps import ValueMap
from durable.language import _
from durable.plan import Input
from durable.plan.source_files import EVERY

#: Columns of ``checked/conversions.csv``, a row for each cell that is read as something else.
COLUMNS = ["table", "subject_id", "row", "column", "recorded", "unit", "read_as"]


#: Last year of a date in a table, and years after the data cut-off in which no date of two digits
#: can lie: records of a later delivery do, an adult's date of birth does not.
_LAST_YEAR, _YEARS_AFTER = 2099, 10
#: The forms of the tables, which are read beside those of the plan, by the length of a text.
_NATIVE = {len(form): DateForm(form) for form in ("YYYY-MM-DD", "YYYY-MM", "YYYY", "hh:mm")}


class _UnclearError(ValueError):
    """A text that cannot be read; the message is what was expected."""


def convert(
    recorded: Recorded, source: Input, findings: Findings, cutoff_year: int = _LAST_YEAR
) -> tuple[Recorded, pd.DataFrame]:
    """Convert the texts of a table to native values, forms and units, as the plan declares them.

    Parameters
    ----------
    recorded
        The table as recorded.
    source
        Its value maps, applied first, to the text without blanks around it; its words for missing;
        the forms of its dates and numbers; and its units.
    findings
        A finding is added for each result whose unit is missing or not known, and for each below a
        limit of quantification that is marked as not below it.
    cutoff_year
        Year of the data cut-off. A date with two digits of the year that would lie more than
        `_YEARS_AFTER` years after it is not read: it may be of another century.

    Returns
    -------
    Recorded, DataFrame
        The table with the recorded texts in `converted`, and what was expected of the cells that
        cannot be read in `unclear`, which stay as recorded in `text`; and for each cell that
        differs table, subject, row, column, recorded text, recorded unit ('' where none applied)
        and the text read instead (`COLUMNS`; no rows where nothing differs).
    """
    text = recorded.text.copy(deep=False)
    recorded_texts: dict[str, pd.Series[str]] = {}
    unclear: dict[str, pd.Series[str]] = {}
    changes = [pd.DataFrame(columns=COLUMNS)]
    for name, spec in recorded.spec.by_name.items():
        reading = _Reading.from_input(spec, source, cutoff_year + _YEARS_AFTER)
        units = recorded.units.get(name)
        if name in recorded.absent or (units is None and not reading.changes):
            continue
        if units is not None:
            _report_units(recorded, spec, source, units, findings)
        read_texts, expected = _read_column(text[name], units, reading)
        if expected is not None:
            unclear[name] = expected
        recorded_texts[name], text[name] = text[name], read_texts
        changes.append(
            _changed_cells(recorded, name, recorded_texts[name], read_texts, units, reading.unit)
        )
    converted = replace(recorded, text=text, converted=recorded_texts, unclear=unclear)
    converted, marked = _with_marks(converted, source, findings)
    return converted, pd.concat([*changes, *marked], ignore_index=True)


@dataclass(frozen=True)
class _Reading:
    """How the texts of a column are read."""

    spec: ColumnSpec
    values: ValueMap
    missing: frozenset[str]
    forms: tuple[DateForm, ...]
    numbers: NumberForm
    below: str
    above: str
    unit: str
    """Unit of the whole column; '' is that of the table, or of each row."""
    unit_names: Mapping[str, str] = field(default_factory=dict)
    below_lloq: tuple[str, ...] = ()
    """Words for a result below the limit of quantification."""
    last_year: int = _LAST_YEAR
    """Last year that two digits can mean."""

    @classmethod
    def from_input(cls, spec: ColumnSpec, source: Input, last_year: int) -> _Reading:
        """How a column is read by the keys of its table in the plan; as recorded without any."""
        name, numbers = spec.name, source.numbers
        missing = (*source.missing.get(EVERY, ()), *source.missing.get(name, ()))
        dates = source.dates.get(name, source.dates.get(EVERY, ()))
        return cls(
            spec,
            ValueMap(spec, source.values.get(name, {})),  # noqa: PD011  (a key of the plan)
            frozenset(missing),
            tuple(map(DateForm, dates)) if spec.kind in ("date", "time") else (),
            NumberForm(numbers.decimal, numbers.thousands),
            numbers.below.get(name, ""),
            numbers.above.get(name, ""),
            source.units.get(name, ""),
            source.unit_names,
            numbers.below_lloq if numbers.below.get(name) == "below_lloq" else (),
            last_year,
        )

    @property
    def changes(self) -> bool:
        """Whether the plan declares anything for the column that could change a text of it."""
        number = self._is_number and (self.numbers.is_declared or self.below or self.above)
        return bool(self.values.texts or self.missing or self.forms or number or self.unit)

    @property
    def _is_number(self) -> bool:
        return self.spec.kind in ("number", "integer")

    def read(self, text: str, unit: str) -> str:
        """The text in the form and unit of the table; '' for a word for missing.

        A result beyond a limit (<5) stays as it is where the plan has no rule for it, and so does a
        text that is no number or has a unit that is not known: the checks report them.

        Parameters
        ----------
        text
            As recorded, without blanks around it.
        unit
            Unit of the row; that of the column when ''.

        Raises
        ------
        _UnclearError
            Where two patterns of the value map match, where the text is in none of the
            declared forms, where two of them read it as different dates, or where the number is
            beyond double precision in the unit of the table. The message is what was expected.
        """
        value = self.values.value(text)
        if value is not None:
            text = value
        elif text in self.missing or text in self.below_lloq:
            return ""
        elif len(self.values.matching(text)) > 1:
            raise _UnclearError(
                _("one pattern: {patterns} match it").format(
                    patterns=_(" and ").join(self.values.matching(text))
                )
            )
        if self.forms and text:
            return self._date(text)
        if not self._is_number or not text:
            return text
        if self.numbers.is_declared and not (value is not None and NUMBER.fullmatch(text)):
            text = self._number(text)
        limited = Limited.read(text)
        if limited is not None:
            value_by_rule = limited.value_by_rule(self.below, self.above)
            text = text if value_by_rule is None else value_by_rule
        factor = factor_of(self.spec, unit or self.unit, self.unit_names)
        if factor in (None, 1) or not NUMBER.fullmatch(text):
            return text
        changed = product_text(factor, text)
        if changed is None:
            raise _UnclearError(self.spec.allowed_in_words)
        return changed

    def _number(self, text: str) -> str:
        """The number with a point; a text that is none in the declared form is refused."""
        limited = Limited.read(text, self.numbers)
        plain = self.numbers.plain(text if limited is None else limited.number)
        if plain is None:
            raise _UnclearError(
                _("{expected}, written {example}").format(
                    expected=self.spec.allowed_in_words, example=self.numbers.example
                )
            )
        return plain if limited is None else f"{limited.sign}{plain}"

    def _date(self, text: str) -> str:
        part: Literal["date", "time"] = "time" if self.spec.kind == "time" else "date"
        native = is_native(text, part)
        possible = (_NATIVE[len(text)], *self.forms) if native else self.forms
        readings = {form.text: form.read(text) for form in possible}
        dates = {f: getattr(m, part) for f, m in readings.items() if m is not None}
        if part == "date":
            # A time alone is no date; a date alone is one without its time.
            dates = {form: date for form, date in dates.items() if date}
        if native and not dates:
            return text  # there is no such day: the checks report it
        if not dates and part == "date" and (stored := day_number_advice(self.spec, text)):
            raise _UnclearError(stored)
        if not dates:
            forms = _(" or ").join(readings)
            raise _UnclearError(
                _("{expected}, or written {forms}").format(
                    expected=self.spec.allowed_in_words, forms=forms
                )
            )
        for form, date in dates.items():
            if DateForm(form).guesses_century and int(date[:4] or 0) > self.last_year:
                raise _UnclearError(
                    _(
                        "a year in four digits, or a value map that gives the date: by {form} it is"
                        " {date}, years after the data cut-off"
                    ).format(form=form, date=date)
                )
        if len(set(dates.values())) > 1:
            dates_by_form = _(" and ").join(
                _("{date} as {form}").format(date=date, form=form) for form, date in dates.items()
            )
            raise _UnclearError(_("one form: it is {readings}").format(readings=dates_by_form))
        return str(next(iter(dates.values())))


def _read_column(
    column: pd.Series[str], units: pd.Series[str] | None, reading: _Reading
) -> tuple[pd.Series[str], pd.Series[str] | None]:
    """The texts as read, and what was expected of those that cannot be; None where all can.

    By cell, because what is read for one text may be another text as recorded: with a comma for
    decimals, "0,1" is read as "0.1", and "0.1" cannot be read.
    """
    no_unit = pd.Series(categorical([""]).take(np.zeros(len(column), int)), index=column.index)
    places, pairs = codes_and_pairs(column, no_unit if units is None else units)
    read_texts, unclear = [], []
    for text, unit in pairs:

        def read(bare: str, unit: str = unit.strip()) -> str:
            return reading.read(bare, unit)

        try:
            read_texts.append(_kept_blanks(text, read))
            unclear.append("")
        except _UnclearError as error:
            read_texts.append(text)
            unclear.append(str(error))
    as_read, expected = (
        pd.Series(categorical(texts).take(places), index=column.index)
        for texts in (read_texts, unclear)
    )
    return as_read, expected if any(unclear) else None


def _kept_blanks(text: str, change: Callable[[str], str]) -> str:
    """The new value within the blanks around the old one, which have their own finding."""
    bare = text.strip()
    new = change(bare)
    start = text.index(bare)
    return text[:start] + new + text[start + len(bare) :]


def _changed_cells(
    recorded: Recorded,
    name: str,
    recorded_texts: pd.Series[str],
    read_texts: pd.Series[str],
    units: pd.Series[str] | None,
    unit: str,
) -> pd.DataFrame:
    """The cells of a column that are read as something else."""
    old, new = recorded_texts.astype(object), read_texts.astype(object)
    changed = old != new
    text = recorded.text.loc[changed]
    return pd.DataFrame(
        {
            "table": recorded.table,
            "subject_id": text["subject_id"].astype(object).map(visible_text),
            "row": text["source_row"],
            "column": name,
            "recorded": old.loc[changed].map(visible_text),
            "unit": unit if units is None else units.loc[changed].astype(object).str.strip(),
            "read_as": new.loc[changed],
        }
    )


def _report_units(
    recorded: Recorded,
    spec: ColumnSpec,
    source: Input,
    units: pd.Series[str],
    findings: Findings,
) -> None:
    """Report results whose row has no unit, or one that is not known."""
    known = {
        unit: factor_of(spec, unit.strip(), source.unit_names) is not None
        for unit in units.cat.categories
    }
    filled = recorded.text[spec.name].astype(object).str.strip() != ""
    wrong = ~units.astype(object).map(known).astype(bool) & filled
    for unit, rows in units.loc[wrong].astype(object).groupby(units.loc[wrong].astype(object)):
        where = pd.Series(False, index=units.index)
        where.loc[rows.index] = True
        words = _("{expected}; the unit is {unit}")
        if recorded.section and str(unit).strip():
            words = _(
                "{expected}; the unit is {unit} ({section}.unit_names, if that is a spelling of one"
                " of them)"
            )
        expected = words.format(
            expected=units_expected(spec),
            unit=visible_text(str(unit)) or _("empty"),
            section=recorded.section,
        )
        findings.add(recorded, where, spec.name, "other_unit", expected)


def _with_marks(
    recorded: Recorded, source: Input, findings: Findings
) -> tuple[Recorded, list[pd.DataFrame]]:
    """Results below a limit of quantification as the mark and the limit of their rows.

    A mark that says otherwise (N) is reported.
    """
    if not source.numbers.marks_below or "value" in recorded.absent:
        return recorded, []
    form = NumberForm(source.numbers.decimal, source.numbers.thousands)
    results = recorded.converted["value"].astype(object).str.strip()
    limits = {text: Limited.read(text, form) for text in results.unique()}
    limit_numbers = {
        t: form.plain(limit.number) for t, limit in limits.items() if limit and limit.is_below
    }
    number = results.map(limit_numbers)
    has_limit = number.notna()
    is_below = has_limit | results.isin(source.numbers.below_lloq)
    marks = recorded.text["below_lloq"].astype(object).str.strip()
    expected = _("Y or an empty cell: the result is below the limit of quantification")
    findings.add(
        recorded, is_below & (marks == "N"), "below_lloq", "below_lloq_contradicted", expected
    )
    text, converted = recorded.text.copy(deep=False), dict(recorded.converted)
    changes = []
    for name, where, value in (("below_lloq", is_below, "Y"), ("lloq", has_limit, number)):
        old = text[name].astype(object)
        new = old.mask(where & (old.str.strip() == ""), value)
        converted.setdefault(name, text[name])
        text[name] = pd.Series(categorical(new.to_numpy()), index=text.index)
        recorded_texts = pd.Series(categorical(old.to_numpy()), index=text.index)
        changes.append(_changed_cells(recorded, name, recorded_texts, text[name], None, ""))
    filled = {
        name for name, where in (("below_lloq", is_below), ("lloq", has_limit)) if where.any()
    }
    absent = tuple(name for name in recorded.absent if name not in filled)
    return replace(recorded, text=text, converted=converted, absent=absent), changes
