"""Keys that say how a file is read, and how its rows become those of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from durable.contracts.input_table import PartialRule
from durable.sections import FromOne, ListOf, NonEmptyUniqueList, Section, Sha256, Text, UniqueList

Format = Literal["csv", "tsv", "xlsx", "parquet", "xpt", "sas7bdat", "dataset-json"]
#: Format by the suffix of the file, in small letters.
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".xpt": "xpt",
    ".sas7bdat": "sas7bdat",
    ".json": "dataset-json",
    ".ndjson": "dataset-json",
}
#: Formats that do not say themselves how their text is encoded.
ENCODED: tuple[Format, ...] = ("csv", "tsv", "xpt", "sas7bdat")
#: Formats whose rows people write by hand, so that a header may stand anywhere.
_BY_HAND: tuple[Format, ...] = ("csv", "tsv", "xlsx")
#: The keys of a file that hold for each file of a list, where it does not have its own.
_SHARED = ("format", "encoding", "sheet", "range", "delimiter", "header_row", "skip_rows")
#: Keys of a table that say something of its one file, and those of any file.
_OF_ONE_FILE = ("sha256", "records")
_OF_FILES = (*_OF_ONE_FILE, *_SHARED, "where", "where_not", "join", "stack", "long")
_RANGE = r"^[A-Z]{1,3}[1-9][0-9]{0,6}:[A-Z]{1,3}[1-9][0-9]{0,6}$"
#: A place in a pattern of column names.
_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


def as_list(value: object) -> object:
    """A list or tuple as it is; any other value as the one entry of a list."""
    return value if isinstance(value, list | tuple) else [value]


def as_section(value: object) -> object:
    """``{"path": value}`` of a text, which is the path alone; any other value as it is."""
    return {"path": value} if isinstance(value, str) else value


#: One text, or a list of them.
OneOrMore = Annotated[NonEmptyUniqueList[str], BeforeValidator(as_list)]


class FileForm(Section):
    """A file, and how it is read."""

    path: Text | None = None
    """File, relative to the folder in which snakemake is run, or absolute."""
    sha256: Sha256 | None = None
    """Expected SHA-256 of the file; a file that differs is refused."""
    records: Annotated[int, Field(ge=0)] | None = None
    """Expected number of records, as the vendor states it; a file with another number is
    refused."""
    format: Format | None = None
    """Format of the file; from its suffix when not given (.json, .ndjson: dataset-json)."""
    encoding: Literal["utf-8", "utf-16", "gb18030", "windows-1252"] | None = None
    """Encoding of the text in csv, tsv, xpt and sas7bdat files; when not given, what the file
    declares, else UTF-8. Nothing is guessed."""
    sheet: Text | None = None
    """Sheet of an xlsx file; when not given, the only one, or the one named as the table (of
    inputs.sources: as the file there)."""
    range: Annotated[str, Field(pattern=_RANGE)] | None = None
    """Cells of the sheet that hold the table with its header, such as B3:K40; all when not
    given."""
    delimiter: Literal[",", ";", "|", "\t"] | None = None
    """Character between the columns of a csv file; a comma when not given, in tsv a tab."""
    header_row: FromOne = 1
    """Row of a csv, tsv or xlsx file that holds the names of the columns; those before it are
    left out."""
    skip_rows: UniqueList[FromOne] = ()
    """Rows below the header that are no records, such as a second header with labels."""

    @property
    def kind(self) -> Format:
        """The format of the file, stated or by its suffix.

        Only of a section with a `path` or a stated format; else there is a KeyError.
        """
        return self.format or SUFFIXES[PurePath(self.path or "").suffix.lower()]

    @model_validator(mode="after")
    def _format_is_known(self) -> FileForm:
        if self.path is None:
            return self
        if self.format is None and PurePath(self.path).suffix.lower() not in SUFFIXES:
            raise ValueError(f"a file ending in {', '.join(SUFFIXES)}, or its format")
        if self.encoding is not None and self.kind not in ENCODED:
            raise ValueError(f"encoding only with {', '.join(ENCODED)}: the others declare theirs")
        for name in ("sheet", "range"):
            if getattr(self, name) is not None and self.kind != "xlsx":
                raise ValueError(f"{name} only with xlsx")
        if self.delimiter is not None and self.kind != "csv":
            raise ValueError("delimiter only with csv")
        moved = self.header_row != 1 or self.skip_rows
        if moved and self.kind not in _BY_HAND:
            raise ValueError(f"header_row and skip_rows only with {', '.join(_BY_HAND)}")
        if any(row <= self.header_row for row in self.skip_rows):
            raise ValueError("skip_rows below the header_row; those above it are left out")
        return self


class SourceFile(FileForm):
    """A file that a table is made from."""

    path: Text
    """File, relative to the folder in which snakemake is run, or absolute."""


class PartFile(SourceFile):
    """One of several files that a table is made from."""

    constant: dict[str, str] = {}
    """Columns that have one value in the rows of this file, such as the visit or the subject that
    its name alone says: the native name, then the value ('' of a column that this file lacks). Also
    a column with units (unit_columns, long.unit), where the file does not say its own."""


class SqlFile(Section):
    """A query, and its expected content."""

    path: Text
    """File of the query."""
    sha256: Sha256 | None = None
    """Expected SHA-256 of the file; a file that differs is refused."""


class Selection(Section):
    """Which rows of a file count."""

    where: dict[str, OneOrMore] = {}
    """Records that count: by column of the file the text, or the texts, of which a record has one
    ('' is an empty cell); every column has to agree. The others are left out, and counted."""
    where_not: dict[str, OneOrMore] = {}
    """Records that do not count: by column the texts of which a record has none."""


def _pattern_or_named(value: object) -> object:
    """A pattern, or columns by name; said here, as neither kind alone says what is expected."""
    named = isinstance(value, Mapping) and all(
        isinstance(new, Mapping) and new and all(map(_is_text, (name, *new, *new.values())))
        for name, new in value.items()
    )
    if not (_is_text(value) or (named and value)):
        raise ValueError(
            "a pattern, or each column with the texts of the new ones, such as {HGB: {test: HGB,"
            ' unit: g/L}} or {D7: {nominal_day: "7"}}'
        )
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def column_pattern(columns: str) -> re.Pattern[str]:
    """A pattern of column names with places (``{NAME}``) as a regular expression with groups.

    ``{test}_{visit}`` fits ``HGB_D7``, with the groups test and visit. A place takes as much as it
    can: of ``HGB_X_D7`` the test is ``HGB_X``.
    """
    first, *rest = _PLACE.split(columns)
    body = re.escape(first)
    for name, sign in zip(rest[::2], rest[1::2], strict=True):
        body += f"(?P<{name}>.+){re.escape(sign)}"
    return re.compile(body)


class Stack(Section):
    """Columns that become rows: a row for each of them that holds something."""

    columns: Annotated[Text | dict[str, dict[str, Text]], BeforeValidator(_pattern_or_named)]
    """Names of the columns, as a pattern or one by one. What stands in the place of {NAME} of a
    pattern becomes the value of a new column NAME: '{test}_{visit}', or '{day}' for dates as names;
    columns that are read by name stay. One by one, each with the values of the new columns in its
    rows: 'HGB (g/dL)': {test: HGB, unit: g/dL}."""
    value: Text
    """Name of the new column that holds the cells."""

    @property
    def named_columns(self) -> tuple[str, ...]:
        """Columns that are named one by one; () with a pattern."""
        return () if isinstance(self.columns, str) else tuple(self.columns)

    @property
    def new(self) -> tuple[str, ...]:
        """Names of the new columns, but for the one that holds the cells (`value`)."""
        if isinstance(self.columns, str):
            return tuple(_PLACE.findall(self.columns))
        return tuple(next(iter(self.columns.values())))

    @model_validator(mode="after")
    def _has_places(self) -> Stack:
        new = self.new
        if isinstance(self.columns, str):
            if not new or len(set(new)) < len(new) or self.value in new:
                raise ValueError(
                    "a pattern with at least one {NAME}, each name once, and another value"
                )
        elif self.value in new or any(set(values) != set(new) for values in self.columns.values()):
            raise ValueError("the same new columns for each column, none of them the value")
        return self

    def new_values(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Values of the new columns, by the column of the file that becomes rows.

        ``{"HGB_D7": {"test": "HGB", "visit": "D7"}}`` with the pattern ``{test}_{visit}``.

        Parameters
        ----------
        names
            Columns of the file, of which a pattern takes those that fit it. Columns that are named
            one by one are in the result whether the file has them or not.
        """
        if not isinstance(self.columns, str):
            return {name: dict(values) for name, values in self.columns.items()}
        pattern = column_pattern(self.columns)
        matches = {name: pattern.fullmatch(name) for name in names}
        return {name: match.groupdict() for name, match in matches.items() if match}


class Long(Section):
    """One row a measurement becomes one row a record."""

    test: Text
    """Column with the name of the measurement."""
    value: Text
    """Column with the result."""
    unit: Text | None = None
    """Column with the unit of each result."""
    limit: Text | None = None
    """Column with the upper limit of normal of each result, in the same unit."""
    tests: Annotated[dict[str, Text], Field(min_length=1)]
    """Native column of each measurement, by its name in the file. Others are not used, and
    listed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the file that are read: test, value, and unit and limit where named."""
        return tuple(n for n in (self.test, self.value, self.unit, self.limit) if n)


class Join(Selection, SourceFile):
    """Columns from another file, by a key that is there once."""

    by: Annotated[dict[str, Text], Field(min_length=1)]
    """Columns of the key: the name in the table, then the name in the other file."""
    columns: UniqueList[Text] = ()
    """Columns to take; all but the key when not given, and none beside the measurements of long."""
    long: Long | None = None
    """One row a measurement in the other file, one row a key for the table."""


class Numbers(Section):
    """How the file writes numbers."""

    decimal: Literal[".", ","] = "."
    """Sign before the decimals."""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    """Sign between groups of three digits."""
    below: dict[str, Literal["limit", "half", "missing", "below_lloq"]] = {}
    """By native column, what a result below a limit (<5) is read as: the limit itself, half of it,
    missing; or, for a value of kinetics or laboratory, below the limit of quantification."""
    below_lloq: UniqueList[Text] = ()
    """Words for a value of kinetics or laboratory below the limit of quantification (BLQ), beside
    results below a limit; with `below: {value: below_lloq}`."""
    above: dict[str, Literal["limit", "missing"]] = {}
    """By native column, what a result above a limit (>100) is read as."""

    @model_validator(mode="after")
    def _signs_differ(self) -> Numbers:
        if self.decimal == self.thousands:
            raise ValueError("two signs, one for decimals and one for thousands")
        return self

    @property
    def marks_below(self) -> bool:
        """Whether results below a limit fill the columns below_lloq and lloq."""
        return self.below.get("value") == "below_lloq"

    @model_validator(mode="after")
    def _words_have_their_rule(self) -> Numbers:
        if self.below_lloq and not self.marks_below:
            raise ValueError("below_lloq with below: {value: below_lloq}")
        return self


#: Stands for every column of a table in ``missing`` and ``dates``.
EVERY = "*"


def _key_by_column(value: object) -> object:
    return {EVERY: value} if isinstance(value, list | tuple) else value


def _date_form(form: str) -> str:
    from durable.dates import DateForm

    return DateForm(form).text


#: Texts of every column, or by column.
ByColumn = Annotated[dict[str, NonEmptyUniqueList[str]], BeforeValidator(_key_by_column)]
_Forms = NonEmptyUniqueList[Annotated[str, AfterValidator(_date_form)]]
Forms = Annotated[dict[str, _Forms], BeforeValidator(_key_by_column)]


class Input(Selection, FileForm):
    """One input table: from a file, from several, or from a query."""

    files: ListOf[Annotated[PartFile, BeforeValidator(as_section)]] = ()
    """Several files with the same columns in place of path, one below the other."""
    sql: Annotated[SqlFile, BeforeValidator(as_section)] | None = None
    """A query over inputs.sources in place of path (docs/inputs.md)."""
    join: ListOf[Join] = ()
    """Columns from other files."""
    stack: Stack | None = None
    """Columns that become rows."""
    long: Long | None = None
    """One row a measurement in the file, one row a record in the table."""
    columns: dict[str, Text | None] = {}
    """Foreign column names: the native name, then the name in the file. Nothing (null): the study
    does not record the column."""
    constant: dict[str, str] = {}
    """Columns that have one value throughout: the native name, then the value."""
    row_number: Text | None = None
    """Native column that the number of the row identifies, such as ae_id where events have no
    number of their own; of several files or rows put together, that of the record."""
    missing: ByColumn = {}
    """Texts that mean missing (NA, UNK, ND), of the whole table as a list, or by native column."""
    values: dict[str, dict[str, str]] = {}
    """Foreign values by native column: the value in the file, then ours ('' is missing)."""
    dates: Forms = {}
    """Forms of dates and times beside YYYY-MM-DD and HH:MM, such as DD-MMM-YYYY, MM/DD/YYYY or
    YYYY年M月D日 hh:mm (docs/inputs.md), of the whole table as a list, or by native column."""
    partial_dates: dict[str, PartialRule] = {}
    """By native column: how a date without its day or month is read (docs/inputs.md)."""
    numbers: Numbers = Numbers()
    """How the file writes numbers."""
    units: dict[str, Text] = {}
    """Recorded units by native column (docs/inputs.md), converted by exact factors."""
    unit_columns: dict[str, Text] = {}
    """Columns of the file with the unit of each row, by native column."""
    unit_names: dict[str, Text] = {}
    """Other spellings of units in the file: the spelling, then the unit of docs/inputs.md."""

    @property
    def sources(self) -> tuple[FileForm, ...]:
        """The files of the table, each with all that is said of how it is read; () of a query."""
        if self.files:
            return tuple(
                SourceFile(**file.model_dump(exclude={"constant"}, exclude_unset=True))
                for file in self.files
            )
        return () if self.path is None else (self,)

    @property
    def measurements(self) -> tuple[str, ...]:
        """Native columns that are made from one row a measurement, of this file or a joined one."""
        longs = (self.long, *(joined.long for joined in self.join))
        return tuple(name for long in longs if long for name in long.tests.values())

    @property
    def columns_of_units(self) -> tuple[str, ...]:
        """Columns of the file with the unit of each row."""
        of_long = (self.long.unit,) if self.long is not None and self.long.unit else ()
        return tuple(dict.fromkeys((*self.unit_columns.values(), *of_long)))

    @property
    def constant_in_files(self) -> dict[str, None]:
        """Native columns that some of several files have as a constant, as keys without values."""
        return dict.fromkeys(name for file in self.files for name in file.constant)

    @property
    def is_reshaped(self) -> bool:
        """Whether a row of the table is not simply a row of its one file."""
        parts = (self.files, self.sql, self.join, self.stack, self.long)
        return any(part not in (None, ()) for part in parts)

    @property
    def selects(self) -> bool:
        """Whether some records of the files may not count: by where, where_not or a query."""
        return bool(self.where or self.where_not or self.sql)

    @field_validator("files", mode="after")
    @classmethod
    def _with_keys_of_the_table(
        cls, files: tuple[PartFile, ...], info: ValidationInfo
    ) -> tuple[PartFile, ...]:
        """Each file with the table's `_SHARED` keys that it does not state itself."""
        shared = {name: info.data[name] for name in _SHARED if name in info.data}
        return tuple(PartFile(**shared | file.model_dump(exclude_unset=True)) for file in files)

    @model_validator(mode="after")
    def _number_alone(self) -> Input:
        others = {*self.columns, *self.constant, *self.constant_in_files, *self.measurements}
        if self.row_number in others:
            raise ValueError(f"{self.row_number} as row_number alone")
        return self

    @model_validator(mode="after")
    def _one_origin(self) -> Input:
        forms = [name for name in ("path", "files", "sql") if getattr(self, name) not in (None, ())]
        if len(forms) != 1:
            raise ValueError("one of path, files and sql")
        if forms == ["path"]:
            return self
        refused = _OF_ONE_FILE if self.files else _OF_FILES
        usual = {name: field.default for name, field in type(self).model_fields.items()}
        stated = [name for name in refused if getattr(self, name) != usual[name]]
        if stated:
            where = "for each of files" if self.files else "in inputs.sources or in the query"
            raise ValueError(f"{', '.join(stated)} {where}")
        return self

    @model_validator(mode="after")
    def _tests_are_read_once(self) -> Input:
        tests = self.measurements
        if len(set(tests)) < len(tests):
            raise ValueError("a column for each of long.tests")
        twice = set(tests) & {*self.columns, *self.constant, *self.constant_in_files}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} in long.tests alone")
        return self
