"""The section ``outputs``: how results are shown and handed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from durable.deliveries import described, names
from durable.sections import Section, Text, UniqueList

if TYPE_CHECKING:
    DocumentName = str
    DatasetName = str
else:
    DocumentName = Literal[names("documents")]
    DatasetName = Literal[names("datasets")]


class Outputs(Section):
    """How results are shown; ard.csv always holds full precision."""

    percent_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of percentages in tables."""
    month_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of months in tables."""
    documents: UniqueList[DocumentName] = Field(
        (),
        description=f"Documents beside the tables and figures. {described('documents')}. Each table"
        " is written as RTF in any case.",
    )
    datasets: UniqueList[DatasetName] = Field(
        (),
        description="Forms in which datasets and results are handed over."
        f" {described('datasets')}.",
    )
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
    """queries.csv of an earlier analysis: queries.html and queries.xlsx then say which findings are
    new, still open, and resolved since."""

    @property
    def records_since(self) -> str | None:
        """The numbers of records of the earlier analysis, beside its listing of findings."""
        if self.queries_since is None:
            return None
        return str(Path(self.queries_since).parent / "checked" / "sources.json")
