"""What a listing consists of, and the columns that several have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.datasets import ResultsFolder
from durable.outputs.formats import trimmed_number
from durable.plan import Plan
from durable.vocabulary import IMPUTATION_FLAGS, PERIOD, translate_coded
from durable.wording import short_dose_level

Kind = Literal["text", "number", "date"]


@dataclass(frozen=True)
class Column:
    """A column of a listing: its variable in the CSV, and how a reader sees it.

    Headings are marked for translation, and translated where they are shown.
    """

    name: str
    label: str
    kind: Kind = "text"
    decimals: int | None = None
    """Decimals shown; as recorded when None. The CSV has full precision."""
    trimmed: bool = False
    """Without trailing zeros, in a column whose numbers have little in common."""
    spanning_heading: str = ""
    """Heading over neighbouring columns that belong together."""
    part: str = ""
    """Part of the listing that shows the column; every part when empty."""
    empty: str | Callable[[Mapping[str, str]], str] = ""
    """What is shown where there is no value: a marked text, or a function of the record's texts."""
    shown: Callable[[str], str] | None = None
    """Function from a recorded value to what a reader sees; the value itself when None."""


Columns = tuple[Column, ...]


@dataclass(frozen=True)
class Listing:
    """A listing: its file, its heading, its columns, its records and its footnotes."""

    name: str
    title: str
    """Marked for translation."""
    source: str
    """Datasets or file that the records come from."""
    variables: Callable[[Plan], Columns]
    """The columns ahead of those that name the source."""
    notes: Callable[[Plan], Iterable[str]]
    """The footnotes in the language in force, but for the one on the source."""
    records: Callable[[ResultsFolder, Plan], pd.DataFrame] | None = None
    """Function that makes the records, with at least the columns; None: the dataset `source`."""
    traced: bool = True
    """Whether each record names the row of the input table that determines it."""
    names_rows: bool = False
    """Whether a column in words names tables and rows: those of the source are in the CSV alone."""
    imputed: Columns = ()
    """Columns that flag imputed dates, where the plan imputes them."""
    of_assessments: tuple[str, ...] = ()
    """Columns that only a study with visits has."""
    without_assessments: Callable[[Plan], Iterable[str]] = lambda _: ()
    """The footnotes where those columns are left out."""
    by: tuple[str, ...] = ()
    """Columns that neighbouring records share: documents give them in a line above the records."""
    keys: tuple[str, ...] = ()
    """Columns by which a reader knows a record again: documents repeat them where the columns do
    not fit side by side."""
    blocks: bool = False
    """Whether documents give each record as a block, its columns under one another by part."""

    @property
    def file(self) -> str:
        """Name of the CSV, ``l_NAME.csv``, without its folder."""
        return f"l_{self.name}.csv"

    def columns(self, plan: Plan, *, assessed: bool = True, flags: Collection[str] = ()) -> Columns:
        """The columns of the CSV in their order, those that name the source last.

        Parameters
        ----------
        plan
            The analysis plan.
        assessed
            Whether the study has visits: without, the columns `of_assessments` are left out.
        flags
            Variables that ADSL has: of the columns `imputed`, those among them are listed.
        """
        left_out = () if assessed else self.of_assessments
        variables = (column for column in self.variables(plan) if column.name not in left_out)
        imputed = (column for column in self.imputed if column.name in flags)
        return (*variables, *imputed, *(_SOURCE if self.traced else ()))

    def shown_columns(
        self, plan: Plan, *, assessed: bool = True, flags: Collection[str] = ()
    ) -> Columns:
        """Those of `columns` that a document shows: not those on the source if `names_rows`."""
        columns = self.columns(plan, assessed=assessed, flags=flags)
        return tuple(c for c in columns if c not in _SOURCE) if self.names_rows else columns

    def footnotes(self, plan: Plan, *, assessed: bool = True) -> tuple[str, ...]:
        """The footnotes of the listing, a paragraph each, that on the source last."""
        notes = self.notes if assessed or not self.of_assessments else self.without_assessments
        traced = self.traced and not self.names_rows
        return (*notes(plan), *((_(_TRACED),) if traced else ()))

    def table(self, folder: ResultsFolder, plan: Plan) -> pd.DataFrame:
        """The records with the columns of the CSV; a column of whole numbers alone as Int64."""
        assessed = not self.of_assessments or "adrs" in folder.names
        flags = folder.variables("adsl") if self.imputed else ()
        columns = self.columns(plan, assessed=assessed, flags=flags)
        names = [column.name for column in columns]
        if self.records is None:
            return _whole_numbers(folder.dataset(self.source.lower(), names))
        return _whole_numbers(self.records(folder, plan)[names])


def _whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that hold whole numbers only, as such: 7 instead of 7.0."""
    whole_numbers = {
        str(name): column.astype("Int64")
        for name, column in frame.select_dtypes("float").items()
        if (column.isna() | (column % 1 == 0)).all()
    }
    return frame.assign(**whole_numbers)


def text(name: str, label: str, spanning_heading: str = "", part: str = "") -> Column:
    """A column of text, shown as it is recorded."""
    return Column(name, label, spanning_heading=spanning_heading, part=part)


def coded_text(name: str, label: str, spanning_heading: str = "", part: str = "") -> Column:
    """A column of coded texts, shown in the language in force; in the CSV as in the dataset."""
    return Column(name, label, spanning_heading=spanning_heading, part=part, shown=translate_coded)


def number(name: str, label: str, decimals: int | None = None) -> Column:
    """A column of numbers, with so many decimals; as recorded when None."""
    return Column(name, label, "number", decimals)


def concentration(
    name: str, label: str, decimals: int, empty: str | Callable[[Mapping[str, str]], str] = ""
) -> Column:
    """A column of concentrations or areas: so many decimals, trimmed, more below 1.

    A value between 0 and 1 is shown with three significant digits at least, never as 0.
    """
    return Column(
        name, label, "number", empty=empty, shown=lambda text: trimmed_number(float(text), decimals)
    )


def date(name: str, label: str) -> Column:
    """A column of dates."""
    return Column(name, label, "date")


def period(plan: Plan, *more: Column) -> Columns:
    """The column of the period, and more; none where the plan has no ``response.reinfusion``."""
    if plan.response.reinfusion is None:
        return ()
    return (number(PERIOD, N_("Period")), *more)


def category_label() -> str:
    """Heading of the categories of the score: its PARAMCD with ``response category``."""
    return _("{score} response category").format(score=SCORE.paramcd)


_IMPUTED = {
    "RFICDT": N_("RFICDT imputed (D day, M month)"),
    "NSTDT": N_("NSTDT imputed (D day, M month)"),
    "LSTALVDT": N_("LSTALVDT imputed (D day, M month)"),
    "EOSDT": N_("EOSDT imputed (D day, M month)"),
    "DTHDT": N_("DTHDT imputed (D day, M month)"),
}


def imputed_flags(*dates: str) -> Columns:
    """The columns of the imputation flags of these dates of ADSL, ``DTHDTF`` of ``DTHDT``."""
    labels = {date: name for name, (date, _, _) in IMPUTATION_FLAGS.items()}
    return tuple(text(labels[date], _IMPUTED[date]) for date in dates)


SUBJECT = text("SUBJID", N_("Subject"))
GROUPS = (
    text("PART", N_("Part")),
    Column("DOSELVL", N_("Dose level"), shown=short_dose_level),
)
#: What the records of a subject share, in a listing that has all of these.
SUBJECT_AND_GROUPS = (SUBJECT.name, *(column.name for column in GROUPS))
INFUSION = date("TRTSDT", N_("Infusion"))
STUDY_DAY = number("ADY", N_("Study day"))
_SOURCE = (
    text("SRCDOM", N_("Table"), spanning_heading=N_("Source")),
    text("SRCVAR", N_("Column"), spanning_heading=N_("Source")),
    Column("SRCSEQ", N_("Row"), "number", spanning_heading=N_("Source")),
)
_TRACED = N_("Source: input table, column and row (the header is row 1) that determine the record.")
