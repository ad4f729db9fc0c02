"""A native table from the files that the plan names for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.input_table import InputTable
from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Findings, Recorded, sheet_in_words, visible_text
from durable.intake.needs import Needs, always_needed
from durable.intake.readers.cells import Cells, File
from durable.intake.reading import (
    open_file,
    read_cells,
    report_incomplete,
    report_other,
    unreadable_table,
)
from durable.intake.shaping.declared import declared_readings
from durable.intake.shaping.headers import has_names
from durable.intake.shaping.joining import join
from durable.intake.shaping.native import native_table, wanted_columns
from durable.intake.shaping.pivoting import pivot
from durable.intake.shaping.rows import Report, Rows, concatenate, spelling_hint, without_blank
from durable.intake.shaping.selecting import select
from durable.intake.shaping.several import report_empty, report_left_out
from durable.intake.shaping.stacking import stack
from durable.intake.sources import file_provenance
from durable.intake.texts import categorical
from durable.language import _
from durable.plan import FileForm, Format, Input
from durable.plan.limits import LIMITS, Limits
from durable.plan.source_files import Join, SqlFile

#: Formats whose column names have no case: the reader gives them in small letters.
_SAS: tuple[Format, ...] = ("xpt", "sas7bdat")


@dataclass
class _Used:
    """A file with the columns that tables take from it."""

    file: File
    header: list[str]
    names: set[str] = field(default_factory=set)


@dataclass
class SourceReader:
    """Reads the files of a study, each once however many tables are made from it."""

    findings: Findings
    limits: Limits = LIMITS
    sources: Mapping[str, FileForm] = field(default_factory=dict)
    """Files that queries read, by name."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of files in findings, by path, where that is not the name of the file itself."""
    _files: dict[str, File | None] = field(default_factory=dict)
    """By full path; None where it could not be opened."""
    _titles: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Titles of the sheets of each workbook, and whether they are visible, by full path."""
    _sheets: dict[str, str | None] = field(default_factory=dict)
    """The sheet that each section of the plan reads of a workbook; None where it has no such."""
    _cells: dict[FileForm, Cells | None] = field(default_factory=dict)
    """By what is read (`_read_form`); None where it is no table."""
    _used: dict[FileForm, _Used] = field(default_factory=dict)
    _compared: set[str] = field(default_factory=set)

    def table(
        self, name: str, source: Input, needs: Needs | None = None
    ) -> tuple[Recorded, dict[str, Any]]:
        """A native table, and what ``checked/sources.json`` says of its files.

        Parameters
        ----------
        name
            Native name of the table.
        source
            The input as the plan describes it.
        needs
            Columns that the table must have; those of `always_needed` when not given.

        Returns
        -------
        Recorded, dict
            The table: native columns as text ('' where empty) and ``source_row``. That is the row
            of the file as users of its format count (in text and workbooks as a spreadsheet shows
            it, in datasets the number of the record); of a table that is made of several files or
            rows the number of the record, whose cells have an ``origin``. Not ``readable`` where
            there is no table. The dict has ``sha256`` ('' where the file could not be opened); of
            a table of several files or rows that of `file_provenance`. ``declared`` in it lists,
            where there are some, the choices of the plan in words (`declared_readings`).
        """
        needed = needs or always_needed()
        spec = INPUT_TABLES[name].with_columns(needed.extra.get(name, ()))
        making = _Making(self, spec, source, needed)
        rows = making.rows()
        provenance = making.provenance()
        names = making.names()
        if rows is None:
            return unreadable_table(name, ", ".join(names)), provenance
        report = Report(name, self.findings)
        recorded = native_table(rows, source, needed, report, names)
        return recorded, provenance

    def rows(
        self,
        table: str,
        source: FileForm,
        section: str,
        names: set[str] | None = None,
        decimal: str = ".",
    ) -> Rows | None:
        """The rows of a file; None (reported) where it is no table.

        All columns that have a name are in it.

        Parameters
        ----------
        table
            Native table that the findings are on.
        section
            Section of the plan that describes the file, below ``inputs``.
        names
            Columns that are looked for: they count as used (`report_unused`), and in a SAS file
            bear these names whatever their case. All when not given.
        decimal
            Sign before the decimals by the plan, with which numbers of the file are written too
            (`Cells.with_decimal`).
        """
        file_and_cells = self._read(table, source, section)
        if file_and_cells is None:
            return None
        file, cells = file_and_cells
        names = set(cells.header) if names is None else names
        spelt = {name.lower(): name for name in names} if source.kind in _SAS else {}
        header = [spelt.get(name, name) for name in cells.header]
        used = self._used.setdefault(self._read_form(section, source), _Used(file, cells.header))
        used.names |= {old for old, name in zip(cells.header, header, strict=True) if name in names}
        texts = cells.with_decimal(decimal).text
        text = texts.set_axis(header, axis=1).loc[:, [bool(name) for name in header]]
        place = pd.DataFrame(
            {"file": categorical([file.name]).repeat(len(text)), "row": text.index}
        )
        return Rows(text.reset_index(drop=True), place.astype({"row": "int64"}))

    def _read(self, table: str, source: FileForm, section: str) -> tuple[File, Cells] | None:
        """A file and its cells, read once, and compared with what each section expects of it."""
        file = self._open_file(table, source, section)
        if file is None:
            return None
        is_new = section not in self._compared
        self._compared.add(section)
        if is_new:
            report_other(file, source)
        if source.kind == "xlsx" and self._choose_sheet(file, source, section) is None:
            return None
        form = self._read_form(section, source)
        file = replace(file, name=self.file_name(section, source))
        if form not in self._cells:
            cells = read_cells(file, form)
            named = cells is not None and has_names(file, cells)
            self._cells[form] = cells if named else None
        cells = self._cells[form]
        if cells is not None and is_new:
            report_incomplete(file, source, cells)
        return None if cells is None else (file, cells)

    def _open_file(self, table: str, source: FileForm, section: str) -> File | None:
        """The file of a section, whose bytes are read once; None (reported) where it has none."""
        path = _full_path(source)
        if path not in self._files:
            name, form = self.file_name(section, source), source.model_copy(update={"sha256": None})
            file = open_file(table, form, self.findings, self.limits, section=section, name=name)
            self._files[path] = file
        opened = self._files[path]
        return None if opened is None else replace(opened, table=table, section=section)

    def _choose_sheet(self, file: File, source: FileForm, section: str) -> str | None:
        """The sheet of a workbook that a section reads; None (reported) where there is none."""
        from durable.intake.readers.workbook import choose_sheet, sheet_titles

        path = _full_path(source)
        if path not in self._titles:
            self._titles[path] = sheet_titles(file)
        titles = self._titles[path]
        # A table is in the sheet of its name, and so is a file for queries.
        usual = section.removeprefix("sources.").partition(".")[0]
        chosen = choose_sheet(file, titles, source.sheet, usual) if titles else None
        self._sheets[section] = chosen
        return chosen

    def _read_form(self, section: str, source: FileForm) -> FileForm:
        """What a section reads of a file: full path and sheet, without what is expected of it."""
        sheet = self._sheets.get(section)
        update = {"path": _full_path(source), "sheet": sheet, "sha256": None, "records": None}
        return source.model_copy(update=update)

    def file_name(self, section: str, source: FileForm) -> str:
        """Name of a file in findings: that of the file itself, or another by `names`.

        Once it is read, a workbook of several sheets has that of the section: ``visits.xlsx (M2)``,
        so that a row is that of one sheet.
        """
        path, sheet = source.path or "", self._sheets.get(section)
        name = self.names.get(path, Path(path).name)
        several = len(self._titles.get(_full_path(source), [])) > 1
        return sheet_in_words(name, sheet) if sheet and several else name

    def use(self, section: str, source: FileForm, names: Collection[str]) -> None:
        """Count columns of a file that was read as used, so that none of them is reported."""
        self._used[self._read_form(section, source)].names |= set(names)

    def digest(self, source: FileForm) -> str:
        """SHA-256 of a file that was read, in hexadecimal; '' where it could not be opened."""
        file = self._files.get(_full_path(source))
        return "" if file is None else file.sha256

    def records(self, section: str, source: FileForm) -> int:
        """Number of records of a file that was read; 0 where it could not be, or is no table."""
        cells = self._cells.get(self._read_form(section, source))
        return 0 if cells is None else cells.records

    def report_unused(self) -> None:
        """Report named columns of the files that no table made so far uses."""
        for used in self._used.values():
            for name in sorted({name for name in used.header if name} - used.names):
                message = _("column {name} is not used").format(name=visible_text(name))
                used.file.report("unused_column", message, column=name)


@dataclass
class _Making:
    """The making of a table, step by step."""

    reader: SourceReader
    spec: InputTable
    source: Input
    needs: Needs
    counted: str = ""
    """How many of the records count, in words; '' where all do."""
    query_digest: str = ""
    """SHA-256 of the query that was run, where there is one."""

    @property
    def table(self) -> str:
        """Native name of the table."""
        return self.spec.name

    @property
    def report(self) -> Report:
        """Takes the findings on the files of the table."""
        return Report(self.table, self.reader.findings)

    def files(self) -> Iterator[tuple[str, FileForm]]:
        """Each file of the table after the section of the plan (below ``inputs``) for it."""
        source, table = self.source, self.table
        if source.sql is not None:
            yield from ((f"sources.{name}", file) for name, file in self.reader.sources.items())
            return
        for number, file in enumerate(source.sources):
            yield (f"{table}.files[{number}]" if source.files else table), _form(file)
        for number, other in enumerate(source.join):
            yield f"{table}.join[{number}]", _form(other)

    def names(self) -> tuple[str, ...]:
        """Names of the files in findings, each once; that of a query comes first."""
        names = [self.reader.file_name(section, file) for section, file in self.files()]
        if self.source.sql is not None:
            names.insert(0, Path(self.source.sql.path).name)
        return tuple(dict.fromkeys(names))

    def own_files(self) -> list[tuple[str, FileForm]]:
        """The `files` whose rows stand one below the other: without those that are joined."""
        return [pair for pair in self.files() if ".join[" not in pair[0]]

    @property
    def own_name(self) -> str:
        """Name of the query or of the table's own file; of several their names with commas."""
        if self.source.sql is not None:
            return Path(self.source.sql.path).name
        names = (self.reader.file_name(section, file) for section, file in self.own_files())
        return ", ".join(dict.fromkeys(names))

    def provenance(self) -> dict[str, Any]:
        """What ``checked/sources.json`` says of the files (`SourceReader.table`); after `rows`."""
        reader, files = self.reader, dict(self.files())
        lines = [line for line in (self.counted, *declared_readings(self.source)) if line]
        declared = {"declared": lines} if lines else {}
        if not self.source.is_reshaped:
            return {"sha256": reader.digest(files[self.table])} | declared
        digests = {section: reader.digest(file) for section, file in files.items()}
        names = {section: reader.file_name(section, file) for section, file in files.items()}
        records = {section: reader.records(section, file) for section, file in files.items()}
        if self.source.sql is not None:
            digests[f"{self.table}.sql"] = self.query_digest
            names[f"{self.table}.sql"] = Path(self.source.sql.path).name
        return file_provenance(digests, names, records) | declared

    def rows(self) -> Rows | None:
        """The rows of the table before `native_table`; None (reported) where there is no table."""
        if self.source.sql is not None:
            return self._query_rows(self.source.sql)
        constants = [file.constant for file in self.source.files] or [{}]
        parts = [
            self._file_rows(section, file, constant)
            for (section, file), constant in zip(self.own_files(), constants, strict=True)
        ]
        readable = [part for part in parts if part is not None]
        if len(readable) < len(parts):
            return None
        self._report_lacking(readable)
        report_empty(
            readable, [self.reader.file_name(*pair) for pair in self.own_files()], self.report
        )
        rows: Rows | None = concatenate(readable)
        for step in (self._select_rows, self._join_files, self._stack_columns, self._pivot_tests):
            rows = None if rows is None else step(rows)
        return rows

    def _file_rows(self, section: str, file: FileForm, constant: Mapping[str, str]) -> Rows | None:
        """The rows of a file, with the columns that have one value in it."""
        rows = self._read(file, section, self._columns_by_name())
        if rows is None:
            return None
        wanted = wanted_columns(self.spec, self.source)
        constants = {wanted.get(name, name): text for name, text in constant.items()}
        shared = [name for name in constants if name in rows.text]
        for name in shared:
            message = _("column {name} is in the file; expected it there or in {key}").format(
                name=visible_text(name), key=f"inputs.{section}.constant"
            )
            file_name = self.reader.file_name(section, file)
            self.report("shared_column", message, file=file_name, column=name)
        columns = {n: categorical([text]).repeat(len(rows.text)) for n, text in constants.items()}
        return None if shared else rows.with_columns(columns)

    def _read(self, file: FileForm, section: str, names: set[str] | None = None) -> Rows | None:
        """The rows of a file, whose numbers are written as the plan says."""
        return self.reader.rows(self.table, file, section, names, self.source.numbers.decimal)

    def _report_lacking(self, parts: list[Rows]) -> None:
        """Report needed columns that some of several files have and others lack.

        They would be empty in the rows of these, such as the deaths of a site.
        """
        wanted = wanted_columns(self.spec, self.source)
        somewhere = {name for part in parts for name in part.names}
        for (section, file), part in zip(self.own_files(), parts, strict=True):
            lacking = somewhere.difference(part.names)
            present = {name for name, foreign in wanted.items() if foreign not in lacking}
            needed = self.needs.missing(self.table, present)
            for name in (n for n, foreign in wanted.items() if n in needed and foreign in lacking):
                message = _(
                    "no column {foreign}, which other files of the table have; expected in the"
                    " header{alike}, or '' as inputs.{section}.constant.{name} if it is not"
                    " recorded there"
                ).format(
                    foreign=wanted[name],
                    alike=spelling_hint(wanted[name], part.names),
                    section=section,
                    name=name,
                )
                file_name = self.reader.file_name(section, file)
                self.report("missing_column", message, file=file_name, column=name)

    def _query_rows(self, sql: SqlFile) -> Rows | None:
        from durable.intake.shaping.query import query

        section, limits = f"{self.table}.sql", self.reader.limits
        # Read once: the digest is that of the query that is run.
        form = FileForm(path=sql.path, format="csv", sha256=sql.sha256)
        file = open_file(self.table, form, self.reader.findings, limits, section=section)
        self.query_digest = "" if file is None else file.sha256
        sources = {
            section.removeprefix("sources."): self._read(source, section)
            for section, source in self.files()
        }
        tables = {name: rows for name, rows in sources.items() if rows is not None}
        if file is None or len(tables) < len(sources):
            return None
        decimal = self.source.numbers.decimal
        return query(file, tables, self.report, f"inputs.{section}", limits.cells, decimal)

    def _columns_by_name(self) -> set[str]:
        """Columns of the table's own files that are read by name."""
        source = self.source
        names = {*wanted_columns(self.spec, source).values(), *source.unit_columns.values()}
        names |= {*source.where, *source.where_not, *(n for other in source.join for n in other.by)}
        if source.long is not None:
            names |= set(source.long.columns)
        if source.stack is not None:
            names |= set(source.stack.named_columns)
        return names

    def _select_rows(self, rows: Rows) -> Rows | None:
        key = f"inputs.{self.table}"
        selected = select(rows, self.source, self.report, key, self.own_name)
        if selected is not None and self.source.selects:
            report_left_out(rows, selected, self.report)
            self.counted = _("{number} of {all} records count").format(
                number=len(selected.text), all=len(rows.text)
            )
        return selected

    def _join_files(self, rows: Rows) -> Rows | None:
        joined: Rows | None = rows
        for number, join_spec in enumerate(self.source.join):
            joined = None if joined is None else self._with_join(joined, join_spec, number)
        return joined

    def _with_join(self, rows: Rows, join_spec: Join, number: int) -> Rows | None:
        """The rows with the columns of one other file, `number` in the list of the plan from 0."""
        section, long = f"{self.table}.join[{number}]", join_spec.long
        columns = join_spec.columns
        names = {*join_spec.by.values(), *columns, *join_spec.where, *join_spec.where_not}
        if long is not None:
            names |= set(long.columns)
        elif not columns:
            # All columns are taken: those of the table are then used.
            names |= self._columns_by_name()
        right = self._read(_form(join_spec), section, names)
        name = self.reader.file_name(section, join_spec)
        key = f"inputs.{section}"
        right = None if right is None else select(right, join_spec, self.report, key, name)
        right = None if right is None else without_blank(right, self.report)
        if right is not None and long is not None:
            keys = list(join_spec.by.values())
            right = pivot(right, long, keys, columns, self.report, f"{key}.long", name)
        if right is None:
            return None
        return join(rows, right, join_spec, self.report, key, (self.own_name, name))

    def _stack_columns(self, rows: Rows) -> Rows | None:
        if self.source.stack is None:
            return rows
        key = f"inputs.{self.table}.stack"
        kept = self._columns_by_name()
        stacked = stack(rows, self.source.stack, kept, self.report, key, self.own_name)
        if stacked is not None:
            used = set(rows.names).difference(stacked.names)
            for section, file in self.files():
                self.reader.use(section, file, used)
        return stacked

    def _pivot_tests(self, rows: Rows) -> Rows | None:
        source, spec, long = self.source, self.spec, self.source.long
        if long is None:
            return rows
        wanted = wanted_columns(spec, source)
        # A part of the key that a study does not record, such as the time of a sample, is none.
        needed = {n for n in spec.key if n in source.columns or spec.by_name[n].essential}
        keys = [
            wanted[name]
            for name in spec.key
            if name in wanted and (name in needed or wanted[name] in rows.text)
        ]
        sequence = wanted.get(spec.sequence)
        if sequence is not None and sequence in rows.text:
            keys.append(sequence)
        # What the name of a column said, such as the day of a sample, tells records apart too.
        stacked = () if source.stack is None else source.stack.new
        known = {*wanted.values()}.difference(long.columns, keys)
        keys += [name for name in stacked if name in known]
        # Measurements of joined files bear their native names already.
        measurements = long.tests.values()
        joined = [n for n in rows.elsewhere if n not in {*wanted.values(), *measurements}]
        record_columns = [
            *(wanted[n] for n in wanted if wanted[n] not in keys),
            *self.source.unit_columns.values(),
            *joined,
        ]
        key = f"inputs.{self.table}.long"
        return pivot(rows, long, keys, record_columns, self.report, key, self.own_name)


def _form(file: FileForm) -> FileForm:
    """How a file is read, without what a table makes of it."""
    return FileForm(**{name: getattr(file, name) for name in FileForm.model_fields})


def _full_path(source: FileForm) -> str:
    return str(Path(source.path or "").resolve())
