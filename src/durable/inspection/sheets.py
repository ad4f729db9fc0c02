"""Files of any format as sheets: a table of texts, and the keys of a plan by which it is read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import ValidationError

from durable.characters import NO_CHARACTERS, UNSEEN
from durable.inspection.contents import Contents
from durable.inspection.layout import Layout, find_layout, separator
from durable.intake.findings import Findings
from durable.intake.readers.cells import File
from durable.intake.reading import open_file, read_cells
from durable.intake.rules import RULES
from durable.plan import FileForm, Format
from durable.plan.source_files import SUFFIXES

#: Rows of a text file that are looked at for its layout.
_FIRST_ROWS = 400
_ENCODINGS: tuple[Literal["gb18030", "windows-1252"], ...] = ("gb18030", "windows-1252")
_HIDDEN = re.compile(f"[{UNSEEN}{NO_CHARACTERS}]")
_TEXT_SUFFIXES = (".txt", ".dat")


@dataclass(frozen=True)
class Sheet:
    """A file, or a sheet of a workbook, as a table of texts."""

    form: FileForm
    text: pd.DataFrame
    """Texts without outer blanks, columns by their name, rows from 0; empty rows are left out."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels by name of the column, of a row below the header; empty where there is no such row."""
    layout: Layout = field(default_factory=Layout)
    questions: tuple[str, ...] = ()
    """What a person must look at before the sheet can be trusted."""

    @property
    def title(self) -> str:
        """Name of the file, and of the sheet where there are several: "labs.xlsx, sheet CBC"."""
        name = Path(self.form.path or "").name
        return name if self.form.sheet is None else f"{name}, sheet {self.form.sheet}"

    @property
    def short_name(self) -> str:
        """Name of the sheet where there are several, else of the file without its suffix."""
        return self.form.sheet or Path(self.form.path or "").stem

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of the plan by which the file is read; those with their default are left out."""
        return self.form.model_dump(exclude_defaults=True)

    @cached_property
    def contents(self) -> dict[str, Contents]:
        """What each column holds, by its name."""
        return {str(n): Contents.from_texts(self.text[n].tolist()) for n in self.text.columns}


@dataclass
class Reading:
    """The sheets that could be read, and in words what is wrong with files, read or not."""

    sheets: list[Sheet] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def read_sheets(paths: list[Path]) -> Reading:
    """Read files, and the files of folders that may be tables, as sheets; nothing is written.

    A file that cannot be read raises nothing: the reason is among the `Reading.troubles`.
    """
    reading = Reading()
    for path in _files(paths):
        findings = Findings()
        try:
            reading.sheets += _sheets(path, findings)
        except (ValidationError, OSError) as error:
            reading.troubles.append(f"{path.name}: {str(error).splitlines()[0]}")
        reading.troubles += findings_in_words(findings)
    return reading


def _files(paths: list[Path]) -> Iterator[Path]:
    """Files as they are named, and those of folders that may be tables."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for inner in sorted(path.iterdir()):
            known = inner.suffix.lower() in (*SUFFIXES, *_TEXT_SUFFIXES)
            if known and inner.is_file() and not inner.name.startswith((".", "~$")):
                yield inner


def findings_in_words(findings: Findings) -> list[str]:
    """The findings in sentences with file, row and rule, each once, and without values of cells."""
    sentences: dict[str, None] = {}
    frame = findings.frame()
    for file, row, rule in zip(frame["file"], frame["row"], frame["rule"], strict=True):
        location = str(file) if pd.isna(row) else f"{file}, row {row}"
        sentences.setdefault(f"{location}: {RULES[str(rule)].found} ({rule})")
    return list(sentences)


def _sheets(path: Path, findings: Findings) -> Iterator[Sheet]:
    suffix = path.suffix.lower()
    if suffix in (".xls", ".ods", ".xlsb", ".xlsm"):
        raise OSError(f"a workbook of another kind ({suffix}): save it as .xlsx")
    if suffix not in SUFFIXES and not path.exists():
        raise OSError("no such file or folder")
    if suffix not in SUFFIXES and suffix not in _TEXT_SUFFIXES:
        raise OSError(f"an unknown kind of file; expected {', '.join(SUFFIXES)}")
    kind: Format = SUFFIXES.get(suffix, "csv")
    file = open_file("", FileForm(path=str(path), format=kind), findings)
    if file is None:
        return
    if kind in ("csv", "tsv"):
        yield from _delimited_sheets(path, kind, file)
    elif kind == "xlsx":
        yield from _workbook_sheets(path, file)
    else:
        yield from _read(FileForm(path=str(path)), Layout(), file)


def _delimited_sheets(path: Path, kind: Format, file: File) -> Iterator[Sheet]:
    from durable.intake.readers.delimited import first_rows

    format_key: dict[str, Any] = {} if path.suffix.lower() in SUFFIXES else {"format": kind}
    form = FileForm(path=str(path), **format_key)
    questions: list[str] = []
    tried = Findings()
    rows = first_rows(_with_findings(file, tried), form, _FIRST_ROWS)
    for encoding in _ENCODINGS if rows is None else ():
        form = FileForm(path=str(path), encoding=encoding, **format_key)
        rows = first_rows(_with_findings(file, Findings()), form, _FIRST_ROWS)
        if rows is not None:
            questions.append(
                f"{path.name} is not UTF-8. It is read as {encoding}, in which its bytes are text;"
                " please look at names with accents or in Chinese."
            )
            break
    if rows is None:
        file.findings.add_about_file("", file.name, "not_utf8", "bytes; expected text")
        return
    sign = separator(rows)
    layout = find_layout(dict(enumerate(rows[sign], 1)))
    if len(rows[sign]) == _FIRST_ROWS:
        layout = Layout(layout.header, layout.labels, layout.blank)
    kept = form.model_dump(exclude_defaults=True, exclude={"format"})
    form = FileForm(**kept, **_separator_keys(sign, SUFFIXES.get(path.suffix.lower())))
    yield from _read(_with_layout(form, layout), layout, file, tuple(questions))


def _separator_keys(sign: str, by_suffix: Format | None) -> dict[str, Any]:
    """What a plan says of the format of a file with this separator and suffix."""
    kind: Format = "tsv" if sign == "\t" else "csv"
    keys = {} if kind == by_suffix else {"format": kind}
    return keys if sign in ",\t" else keys | {"delimiter": sign}


def _with_findings(file: File, findings: Findings) -> File:
    return File(file.table, file.name, file.data, findings, file.limits)


def _workbook_sheets(path: Path, file: File) -> Iterator[Sheet]:
    from durable.intake.readers.workbook import sheet_texts

    texts = sheet_texts(file)
    if texts is None:
        return
    filled = {name: cells for name, cells in texts.items() if cells}
    for name, cells in filled.items():
        sheet = None if len(texts) == 1 else name
        layout = find_layout(_grid(cells))
        yield from _read(_with_layout(FileForm(path=str(path), sheet=sheet), layout), layout, file)


def _grid(cells: Mapping[tuple[int, int], str]) -> dict[int, list[str]]:
    wide = max(column for _, column in cells)
    rows: dict[int, list[str]] = {}
    # A cell far away does not make all before it be looked at.
    for row, column in sorted(cells):
        rows.setdefault(row, [""] * min(wide, 2000))
        if column <= 2000:
            rows[row][column - 1] = cells[row, column]
    return rows


def _with_layout(form: FileForm, layout: Layout) -> FileForm:
    keys = {"header_row": layout.header, "skip_rows": tuple(layout.skipped_rows)}
    return FileForm(**(form.model_dump(exclude_defaults=True) | keys))


def _read(
    form: FileForm, layout: Layout, file: File, questions: tuple[str, ...] = ()
) -> Iterator[Sheet]:
    """The sheet as the reader of its format gives it, if it does."""
    cells = read_cells(file, form)
    if cells is None:
        return
    text = cells.text.astype(object).map(str.strip).reset_index(drop=True)
    # A name that nobody sees in full cannot stand in a plan.
    hidden = [bool(_HIDDEN.search(name)) for name in cells.header]
    named = [bool(name) and not bad for name, bad in zip(cells.header, hidden, strict=True)]
    text = text.set_axis(cells.header, axis=1).loc[:, named]
    labels = _label_texts(form, layout, file)
    if any(hidden):
        unseen = f"{Path(form.path or '').name}: {sum(hidden)} column(s) with hidden characters in"
        questions = (*questions, f"{unseen} their names are left out: please rename them.")
    text = text.loc[(text != "").any(axis=1)].reset_index(drop=True)
    yield Sheet(form, text, labels, layout, (*questions, *_layout_questions(layout, form)))


def _label_texts(form: FileForm, layout: Layout, file: File) -> dict[str, str]:
    """Labels by the name of their column."""
    if not layout.labels:
        return {}
    plain = FileForm(**(form.model_dump(exclude_defaults=True) | {"skip_rows": ()}))
    all_cells = read_cells(_with_findings(file, Findings()), plain)
    if all_cells is None or layout.labels[0] not in all_cells.text.index:
        return {}
    row = [str(cell).strip() for cell in all_cells.text.loc[layout.labels[0]]]
    return {name: cell for name, cell in zip(all_cells.header, row, strict=True) if name and cell}


def _layout_questions(layout: Layout, form: FileForm) -> Iterator[str]:
    name = Path(form.path or "").name
    if layout.notes:
        rows = ", ".join(map(str, layout.notes))
        yield f"{name}: row {rows} holds one text alone and is left out (skip_rows): is it a note?"
    if layout.totals:
        rows = ", ".join(map(str, layout.totals))
        yield f"{name}: row {rows} holds a total and is left out (skip_rows)."
    if layout.blank:
        rows = ", ".join(map(str, itertools.islice(layout.blank, 12)))
        yield f"{name}: row {rows} is empty and is left out (skip_rows)."
