"""The form in which an input table is declared: one object holds all that is particular to it.

The plan's section `inputs`, the schema of the typed table, the checks, the mapping from SDTM, the
data cut-off and docs/inputs.md are made from these objects. Light to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from typing import Any, Literal, assert_never, get_args

from durable.language import N_, _
from durable.sections import FIRST_YEAR, LAST_YEAR

ValueKind = Literal["text", "number", "integer", "date", "time"]
#: How the plan may read a date recorded in part: as a day, or not at all.
PartialRule = Literal["earliest", "middle", "latest", "left_out"]
AtCutoff = Literal["kept", "emptied", "set to the cut-off"]

#: Rules that read a date as one of the days that it can mean.
IMPUTED_DAY: tuple[PartialRule, ...] = ("earliest", "middle", "latest")
YES_NO = ("Y", "N")


def named_object(name: str) -> Any:
    """The function or class of ``module:name``, imported now."""
    module, _colon, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


@dataclass(frozen=True)
class RecordedUnit:
    """A unit in which a study may record a column, in place of the unit of the table."""

    name: str
    """Name in the plan; '' is the unit of the table itself."""
    factor: Fraction = Fraction(1)
    """Exact factor to the unit of the table."""
    sdtm: tuple[str, ...] = ()
    """Spellings in an SDTM package, in lower case."""


@dataclass(frozen=True)
class SelectedRecord:
    """Which records of an SDTM domain with several records a subject are meant."""

    domain: str
    variable: str
    key: str
    """Key of ``inputs.sdtm`` that lists the values of the variable."""


@dataclass(frozen=True)
class SdtmSource:
    """Where a column is in an SDTM package, unless the plan says otherwise."""

    place: str = ""
    """DOMAIN.VARIABLE; in a supplemental domain the QNAM; for an assessment DOMAIN.TESTCD."""
    optional: bool = False
    """Whether the domain may lack the variable."""
    selected: SelectedRecord | None = None
    evaluators: tuple[str, ...] = ()
    """Evaluators (--EVAL) whose results count; INVESTIGATOR where none is named."""
    instead: str = ""
    """What is read where the plan names no place, for a column that must have one."""


@dataclass(frozen=True)
class ColumnSpec:
    """One column of an input table: what a cell may hold, and what the column is used for."""

    name: str
    label: str
    kind: ValueKind = "text"
    required: bool = False
    """Whether every cell must be filled."""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above: float | None = None
    scale: str = ""
    """Key of ``response.ranges`` that holds the scale of a measure: its lowest and highest value
    take the place of `low` and `high`."""
    partial: bool = False
    """Whether a date may lack its day, or its month and day: a rule imputes it."""
    any_day: bool = False
    """Whether such a date is not imputed: it stands for every day that it can mean."""
    partial_rules: tuple[PartialRule, ...] = ()
    """Rules of which the plan may name one (``partial_dates``), for a date that is otherwise whole;
    ``left_out``: its record is not analysed."""
    not_before: tuple[str, ...] = ()
    """Dates that bound a day imputed by such a rule: columns of the record, or TABLE.COLUMN for the
    last of the subject's records."""
    not_after: tuple[str, ...] = ()
    """Likewise; of TABLE.COLUMN the first."""
    unit: str = ""
    units: tuple[RecordedUnit, ...] = ()
    absent: bool = False
    """Whether a file may lack the column without a word in the plan where no definition in force
    needs it."""
    nullable: bool = True
    """Whether the plan may say that the study does not record the column; never of one that is
    `required`."""
    result: bool = False
    """Whether the column is a result of the assessment: a visit without any is a finding."""
    limit_of: str = ""
    """The measure of which this is the upper limit of normal."""
    rare: bool = False
    """Whether few studies record the column: its absence is not reported."""
    needed_by: tuple[str, ...] = ()
    """Keys of the plan that need the column where they list it, are not ``none``, or are a section
    that there is."""
    counted: bool = False
    """Whether values are counted by their text, so that a second spelling is a finding."""
    same: str = ""
    """Function ``module:name``: texts with the same result are one; `spelling.fold` when empty."""
    words: str = ""
    """Function ``module:name`` that returns the words that the plan itself has for the column."""
    patterns: bool = False
    """Whether a value map of the column may name many texts by a pattern with ``*``."""
    answers: tuple[str, ...] = ()
    """Words for *not known* that are an answer in this column (terms of a CDISC codelist)."""
    at_cutoff: AtCutoff | None = None
    """What happens to a date after the data cut-off in a record that is kept; None of the date of
    the table, which decides whether the record is, and of what is no date."""
    emptied_with: tuple[str, ...] = ()
    """Columns that are emptied together with the date."""
    sdtm: SdtmSource = field(default_factory=SdtmSource)
    adam: tuple[str, ...] = ()
    """Variables of the ADaM datasets that hold the column as recorded: DATASET.VARIABLE."""

    @property
    def essential(self) -> bool:
        """Whether every study has to record the column: the plan cannot say that it does not."""
        return self.required or not self.nullable

    @property
    def allowed_in_words(self) -> str:
        """What a cell may hold, in a message to the site: ``a number from 0 to 10``."""
        if self.allowed:
            return _("one of {labels}").format(labels=", ".join(self.allowed))
        match self.kind:
            case "date":
                words = _("a date as YYYY-MM-DD, from {first} to {last}")
                if self.partial:
                    words = _(
                        "a date as YYYY-MM-DD (YYYY-MM or YYYY where no more is known), from"
                        " {first} to {last}"
                    )
                return words.format(first=FIRST_YEAR, last=LAST_YEAR)
            case "time":
                return _("a time as HH:MM")
            case "text":
                return _("text")
            case "integer" | "number":
                return self._number()
        assert_never(self.kind)

    def _number(self) -> str:
        """Words for a number within the limits."""
        integer = self.kind == "integer"
        if self.above is not None:
            words = (
                _("a whole number above {above:g}") if integer else _("a number above {above:g}")
            )
        elif self.low is not None and self.high is not None:
            words = _("a number from {low:g} to {high:g}")
            words = _("a whole number from {low:g} to {high:g}") if integer else words
        elif self.low is not None:
            words = _("a number of at least {low:g}")
            words = _("a whole number of at least {low:g}") if integer else words
        else:
            words = _("a whole number") if integer else _("a number")
        return words.format(above=self.above, low=self.low, high=self.high)

    @property
    def factors(self) -> dict[str, Fraction]:
        """Exact factor to the unit of the table, by name of the units that a study may record.

        The unit of the table itself is left out.
        """
        return {unit.name: unit.factor for unit in self.units if unit.name}


@dataclass(frozen=True)
class SdtmTable:
    """How a table is made from an SDTM package."""

    maker: str
    """Class ``module:name`` that makes the table."""
    domain: str = ""
    """Domain whose records are those of the table; '' where it is put together from several."""
    when_named: bool = False
    """Whether it is made only where `inputs.sdtm.tables` names it."""


@dataclass(frozen=True)
class TableCheck:
    """A check of a table's records: a function, and the other tables that it needs."""

    function: str
    """``module:name``; called with the table, the study and the findings, when the check runs."""
    tables: tuple[str, ...] = ()
    """The check runs only where these tables have records too."""


@dataclass(frozen=True)
class InputTable:
    """One input table of the study."""

    name: str
    description: str
    """What a row is: the description of the key ``inputs.NAME``."""
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    """Columns that identify a record."""
    date: str
    """Date of a record: it decides whether the record was known at the data cut-off."""
    sequence: str = ""
    """Column that keeps records with the same key apart, where it is recorded."""
    required: bool = False
    """Whether no analysis is possible without the table."""
    never_empty: bool = False
    """Whether a table that is given must have a record: without any, the analysis would take
    everybody for missing."""
    unknown_without: str = ""
    """What the documentation says of a column that the file may lack and does; '' where the plan
    says what needs a column."""
    not_provided: str = N_("Input table {table} not provided.")
    """What the report says of a study without the table, marked for translation."""
    absent_note: str = ""
    """What outputs that need the table say where the study does not have it."""
    duplicates: str = "durable.intake.checks.records:check_duplicates"
    """Function ``module:name`` that finds records with the same key."""
    checks: tuple[TableCheck, ...] = ()
    """Checks beside those that every table has: duplicates, spellings, subjects and dates."""
    not_analysed: str = ""
    """Function ``module:name`` of the table as recorded and the plan: by column which cells no
    analysis reads. They have no findings."""
    before_consent: str = ""
    """Rule that a record dated before consent breaks; '' where that is no finding."""
    after_withdrawal: str = ""
    """Rule that a record dated after withdrawal breaks."""
    cut: str = ""
    """Function ``module:name`` for what the cut-off changes beside dates of the columns."""
    sdtm: SdtmTable | None = None

    def __post_init__(self) -> None:
        """Refuse names that are no columns, and a date that does not say what the cut-off does."""
        names = [column.name for column in self.columns]
        beside = [name for column in self.columns for name in column.emptied_with]
        sequence = (self.sequence,) if self.sequence else ()
        for name in (*self.key, *sequence, self.date, *beside):
            if names.count(name) != 1:
                raise ValueError(f"{self.name}: {name} is {names.count(name)} columns")
        for column in self.columns:
            inner_date = column.kind == "date" and column.name != self.date
            if inner_date != (column.at_cutoff is not None):
                expected = "one of " + ", ".join(get_args(AtCutoff)) if inner_date else "none"
                raise ValueError(
                    f"{self.name}.{column.name}: at_cutoff is {column.at_cutoff}, expected"
                    f" {expected}: every date but that of the table says what the cut-off does"
                )

    def with_columns(self, columns: tuple[ColumnSpec, ...]) -> InputTable:
        """The table with further columns, which stand last; itself where there are none."""
        return replace(self, columns=(*self.columns, *columns)) if columns else self

    @cached_property
    def by_name(self) -> Mapping[str, ColumnSpec]:
        """The columns by name, in their order."""
        return {column.name: column for column in self.columns}

    @property
    def rare(self) -> frozenset[str]:
        """Names of the columns that few studies record."""
        return frozenset(column.name for column in self.columns if column.rare)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in their order."""
        return tuple(column.name for column in self.columns)
