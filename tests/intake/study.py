"""A copy of the demo study to spoil, and its intake run as the two rules run it."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pandas as pd
import yaml

from durable.contracts.tables import TABLES
from durable.errors import UserError
from durable.intake import check, cutoff, reading
from durable.intake.findings import COLUMNS, Findings
from durable.intake.readers.cells import Cells
from durable.plan import Input, Plan, parse
from durable.stage import STAGES

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "data" / "demo"


class Found(NamedTuple):
    """A line of the listing: what a data manager looks for."""

    severity: str
    table: str
    row: int | None
    column: str
    value: str
    rule: str


@dataclass
class Study:
    """The demo study as bytes by table, and the plan as plain values."""

    folder: Path
    files: dict[str, bytes] = field(default_factory=lambda: dict(_demo()[0]))
    raw: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(_demo()[1]))
    parsed: Plan | None = None
    suffix: str = "csv"

    def cells(self, table: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.files[table].decode(), newline="")))

    def write(self, table: str, rows: Iterable[list[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.files[table] = text.getvalue().encode()

    def plan(self) -> Plan:
        """The plan, its inputs in the folder of the study."""
        if self.parsed is not None:
            return self.parsed
        for table in TABLES if "sdtm" not in self.raw["inputs"] else ():
            if table not in self.raw["inputs"]:
                continue
            if "sql" in self.raw["inputs"][table]:
                continue
            path = self.folder / f"{table}.{self.suffix}"
            if table in self.files:
                path.write_bytes(self.files[table])
            self.raw["inputs"][table]["path"] = str(path)
        self.parsed = parse(self.raw)
        return self.parsed

    def leave_out_the_unconcerned(self) -> None:
        """Drop optional tables as they are in the demo, unless the subjects changed.

        Every rule looks at one table, or at one and the subjects: the others have the same
        findings as ever.
        """
        demo = _demo()[0]
        # First doses and doses too late are found by the dates of the subjects, which many cases
        # change.
        if self.files.get("lymphodepletion") == demo["lymphodepletion"]:
            self.raw["inputs"].pop("lymphodepletion", None)
        # The criteria read other tables too, and their findings change with these.
        of_criteria = ("screening", "eligibility")
        if any(self.files.get(name) != demo[name] for name in of_criteria):
            return
        for name in of_criteria:
            self.raw["inputs"].pop(name, None)
        if self.files["subjects"] == demo["subjects"]:
            for name in ("therapies", "adverse_events", "laboratory", "kinetics"):
                given = self.raw["inputs"].get(name, {})
                if self.files.get(name) == demo[name] and len(given) == 1:
                    del self.raw["inputs"][name]

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def examine(self) -> list[Found]:
        """What the stage finds, before anything is written."""
        queries = check.examine(self.plan().restrict_to(STAGES["check"].sections)).queries
        names = list(Found._fields)
        return [
            Found(*line[:2], None if pd.isna(line[2]) else int(line[2]), *line[3:])
            for line in queries[names].itertuples(index=False, name=None)
        ]

    def check(self) -> list[Found]:
        """Run the stage as its rule does, and read the listing with the standard library."""
        check.run(self.plan().restrict_to(STAGES["check"].sections), self.results)
        with (self.results / "queries.csv").open(encoding="utf-8", newline="") as file:
            # A cell that a spreadsheet would take for a formula has an apostrophe before it.
            return [
                Found(
                    line["severity"],
                    line["table"],
                    int(line["row"]) if line["row"] else None,
                    line["column"],
                    line["value"].removeprefix("'"),
                    line["rule"],
                )
                for line in csv.DictReader(file)
            ]

    def cut(self) -> None:
        cutoff.run(self.plan().restrict_to(STAGES["derive"].sections), self.results)

    def refused(self) -> UserError | None:
        """The message with which the stage ``cut`` stops, if it does."""
        try:
            self.cut()
        except UserError as error:
            return error
        return None


def file_cells(
    source: Input, findings: Findings | None = None, table: str = "visits"
) -> Cells | None:
    """What the readers make of a file, before anything is made of it."""
    file = reading.open_file(table, source, findings or Findings())
    return None if file is None else reading.read_cells(file, source)


@cache
def _demo() -> tuple[dict[str, bytes], dict[str, Any]]:
    files = {name: (DEMO / f"{name}.csv").read_bytes() for name in TABLES}
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    del raw["sensitivity"]  # the data are checked for the primary analysis
    return files, raw


Edit = Callable[[Study], None]


def cell(table: str, row: int, column: str, value: str) -> Edit:
    """Another value in one cell; rows as a spreadsheet counts them, the header is row 1."""

    def edit(study: Study) -> None:
        rows = study.cells(table)
        place = rows[0].index(column)
        assert rows[row - 1][place] != value, "the edit changes nothing"
        rows[row - 1][place] = value
        study.write(table, rows)

    return edit


def column(table: str, name: str, value: str) -> Edit:
    """The same value in every row of a column."""

    def edit(study: Study) -> None:
        rows = study.cells(table)
        place = rows[0].index(name)
        study.write(table, [rows[0], *([*r[:place], value, *r[place + 1 :]] for r in rows[1:])])

    return edit


def further_column(table: str, name: str, cells: Mapping[int, str]) -> Edit:
    """A column more, empty but in some rows."""

    def edit(study: Study) -> None:
        header, *rows = study.cells(table)
        held = ([*row, cells.get(number, "")] for number, row in enumerate(rows, start=2))
        study.write(table, [[*header, name], *held])

    return edit


def again(table: str, row: int, **changed: str) -> Edit:
    """A copy of a row at the end of the file, with other values in some columns."""

    def edit(study: Study) -> None:
        rows = study.cells(table)
        copied = dict(zip(rows[0], rows[row - 1], strict=True)) | changed
        study.write(table, [*rows, list(copied.values())])

    return edit


def without(table: str, *numbers: int) -> Edit:
    """Rows taken out."""

    def edit(study: Study) -> None:
        rows = study.cells(table)
        study.write(table, [r for n, r in enumerate(rows, start=1) if n not in numbers])

    return edit


def text(table: str, old: str, new: str) -> Edit:
    """Another text in the file; `old` occurs once."""

    def edit(study: Study) -> None:
        data = study.files[table]
        assert data.count(old.encode()) == 1, old
        study.files[table] = data.replace(old.encode(), new.encode())

    return edit


def data(table: str, change: Callable[[bytes], bytes]) -> Edit:
    """Other bytes of the file."""

    def edit(study: Study) -> None:
        changed = change(study.files[table])
        assert changed != study.files[table]
        study.files[table] = changed

    return edit


def absent(table: str) -> Edit:
    """No file where the plan names one."""

    def edit(study: Study) -> None:
        del study.files[table]

    return edit


def planned(path: str, value: Any) -> Edit:
    """Another value in the plan."""

    def edit(study: Study) -> None:
        place = study.raw
        *above, last = path.split(".")
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value

    return edit


def joined(table: str, content: str) -> Edit:
    """Columns from a file with this content, by the subject."""

    def edit(study: Study) -> None:
        path = study.folder / "joined.csv"
        path.write_text(content)
        by = {"subject_id": "subject_id"}
        study.raw["inputs"][table]["join"] = [{"path": str(path), "by": by}]

    return edit


def long_therapies(*results: str, end: str = "") -> Edit:
    """The therapies as one row a measurement, all of one therapy, the last with another end."""

    def edit(study: Study) -> None:
        ends = ["2023-07-14"] * len(results)
        ends[-1] = end or ends[-1]
        rows = [
            f"CQ-001,prednisolone,2021-03-01,{day},{result}\n"
            for day, result in zip(ends, results, strict=True)
        ]
        header = "subject_id,therapy,start_date,end_date,TEST,RESULT\n"
        study.files["therapies"] = (header + "".join(rows)).encode()
        tests = {"NEW": "new_systemic", "WHY": "reason"}
        given = {"test": "TEST", "value": "RESULT", "tests": tests}
        study.raw["inputs"]["therapies"]["long"] = given

    return edit


def queried(table: str, sql: str) -> Edit:
    """A table by a query over its own file."""

    def edit(study: Study) -> None:
        (study.folder / "query.sql").write_text(sql)
        source = study.folder / f"source.{study.suffix}"
        source.write_bytes(study.files[table])
        study.files[table] += b"\n"  # the table is concerned
        study.raw["inputs"]["sources"] = {"given": {"path": str(source)}}
        study.raw["inputs"][table] = {"sql": str(study.folder / "query.sql")}

    return edit


def vendor_list(*tables: str, more: str = "") -> Edit:
    """A list of checksums of these tables, with another line."""

    def edit(study: Study) -> None:
        lines = [f"{sha256(study.files[name]).hexdigest()}  {name}.csv\n" for name in tables]
        (study.folder / "SHA256SUMS").write_text("".join(lines) + more)
        study.raw["inputs"]["checksums"] = str(study.folder / "SHA256SUMS")

    return edit


def earlier_delivery(**records: int) -> Edit:
    """An earlier check, without a finding, of files with these numbers of records."""

    def edit(study: Study) -> None:
        folder = study.folder / "earlier"
        (folder / "checked").mkdir(parents=True)
        (folder / "queries.csv").write_text(",".join(COLUMNS) + "\n")
        sources = {name: {"file": f"{name}.csv", "rows": n} for name, n in records.items()}
        (folder / "checked" / "sources.json").write_text(json.dumps(sources))
        study.raw["outputs"] = {"queries_since": str(folder / "queries.csv")}

    return edit


def returned_workbook(change: Callable[[Any], None]) -> Edit:
    """The workbook of queries of the unspoilt study, come back with a change to their sheet."""

    def edit(study: Study) -> None:
        earlier = Study(study.folder / "sent")
        earlier.folder.mkdir()
        earlier.check()
        book = openpyxl.load_workbook(earlier.results / "queries.xlsx")
        change(book["Queries"])
        path = study.folder / "returned.xlsx"
        book.save(path)
        study.raw["outputs"] = {"queries_since": str(path)}

    return edit


def beyond(found: list[Found], usual: list[Found]) -> list[Found]:
    """Findings that the unspoilt demo does not have, in a stable order."""
    return sorted((Counter(found) - Counter(usual)).elements(), key=repr)
