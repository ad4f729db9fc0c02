"""The section ``outputs``: how results are shown and handed over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from durable.contents import NUMBERS
from durable.deliveries import READERS_OF_XPT, key_description, names
from durable.language import ENGLISH, LANGUAGES
from durable.sections import (
    Date,
    Line,
    ListOf,
    NonEmptyUniqueList,
    Positive,
    Section,
    Text,
    UniqueList,
    unique_by,
)

if TYPE_CHECKING:
    DocumentName = str
    DatasetName = str
    OutputName = str
    Language = str
else:
    DocumentName = Literal[names("documents")]
    DatasetName = Literal[names("datasets")]
    OutputName = Literal[tuple(NUMBERS)]
    Language = Literal[LANGUAGES]


class Shell(Section):
    """A table, figure or listing that is shown, with what the plan says of it."""

    output: OutputName
    """Its name: ``durable shells`` lists all."""
    number: Line | None = None
    """Its number; that of the list when empty."""
    title: Line | None = None
    """Its title; that of the list when empty."""
    footnotes: ListOf[Line] = ()
    """Footnotes after its own."""

    @property
    def shown_number(self) -> str:
        """Number of the output: the plan's, or that of the list (`durable.contents.NUMBERS`)."""
        return self.number or NUMBERS[self.output]


class Outputs(Section):
    """How results are shown; ard.csv always holds full precision."""

    language: Language = ENGLISH
    """Language of the tables, figures, listings, pages and queries: en English, zh Simplified
    Chinese. Datasets, ard.csv and what is handed over beside them are English in any language, and
    so are words of the data and of the plan itself."""
    font: Text | None = None
    """Font of signs that DejaVu Sans, the type of figures and PDF, lacks: an installed family, or a
    font file. When empty, the first installed one of the language (docs/languages.md)."""
    percent_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of percentages in tables."""
    month_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of months in tables."""
    documents: UniqueList[DocumentName] = Field((), description=key_description("documents"))
    datasets: UniqueList[DatasetName] = Field((), description=key_description("datasets"))
    shells: Annotated[ListOf[Shell], unique_by("output")] = ()
    """The tables, figures and listings that are shown, in their order, with numbers, titles and
    footnotes of one's own; empty: all. ard.csv holds the results of all in any case."""
    landmarks_months: NonEmptyUniqueList[Positive] | None = None
    """Months of statistics.landmarks_months whose rates stand in the main tables; the supplementary
    tables have all. When empty: months 6 and 12 where the statistics have them, otherwise all."""
    estimands: bool = False
    """Whether there is a table of the intercurrent events with their strategies (ICH E9(R1)), made
    from the definitions in force."""
    patient_profiles: Annotated[int, Field(ge=0, le=500)] = 40
    """Infused subjects up to whom each has a patient profile, a page in the report and in
    documents/patient_profiles.pdf; with more there is none. 0: never."""
    xpt_text: Literal["ascii", "utf-8"] = "ascii"
    """Text in SAS transport files. ascii: accents are dropped and other characters written as their
    code point, <U+7EA2>; utf-8: as it is. Every change is listed."""
    locked: bool = False
    """Final: the results are write-protected, and a run that would change them stops. Only an
    explicit false gives them up again."""
    file_mode: Annotated[str, Field(pattern="^0[0-7]{3}$")] = "0640"
    """Permissions of the files that a run writes, in quotes. What the user's umask takes away stays
    taken away."""
    queries_since: Text | None = None
    """queries.csv of an earlier analysis, or its queries.xlsx as the site returned it: the new
    listing then says which findings are new, still open, and resolved since, and keeps the site's
    answers."""
    queries_date: Date | None = None
    """Day on which the queries of this run are raised, for those that the earlier listing does not
    have; empty: the data cut-off."""

    def select(self, outputs: Iterable[str]) -> list[str]:
        """Those of these outputs that are shown, each once.

        In the order of `shells`, which leaves out all others; without `shells` in that of
        `durable.contents.NUMBERS`.

        Parameters
        ----------
        outputs
            Names of tables, figures or listings of the analysis; their order does not matter.
        """
        existing = set(outputs)
        order = [shell.output for shell in self.shells] or NUMBERS
        return [name for name in order if name in existing]

    def shell(self, output: str) -> Shell:
        """What the plan says of an output; an empty section where it says nothing."""
        named = (shell for shell in self.shells if shell.output == output)
        return next(named, None) or Shell.model_construct(output=output)

    @model_validator(mode="after")
    def _programs_have_their_datasets(self) -> Outputs:
        if set(self.datasets) & READERS_OF_XPT and "xpt" not in self.datasets:
            programs = " or ".join(sorted(READERS_OF_XPT))
            raise ValueError(f"xpt in datasets beside {programs}: the programs read the xpt files")
        return self

    @property
    def records_since(self) -> str | None:
        """Path of the file with the numbers of records of the earlier analysis, by its listing.

        None without an earlier listing, and of a returned workbook, which holds them itself.
        """
        if self.queries_since is None or self.workbook_returned:
            return None
        return str(Path(self.queries_since).parent / "checked" / "sources.json")

    @property
    def workbook_returned(self) -> bool:
        """Whether the earlier listing (`queries_since`) is a workbook that the site returned."""
        return (self.queries_since or "").lower().endswith(".xlsx")
