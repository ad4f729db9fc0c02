"""The section ``outputs``: how results are shown and handed over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from durable.sections import Section, Text, unique


class Outputs(Section):
    """How results are shown; ard.csv always holds full precision."""

    percent_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of percentages in tables."""
    month_decimals: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of months in tables."""
    documents: Annotated[
        tuple[Literal["rtf", "docx", "pdf"], ...], Strict(False), AfterValidator(unique)
    ] = ()
    """Documents beside the tables and figures. rtf: all of them in one file; pdf: all of them in
    one file, and each figure; docx: each table. Each table is written as RTF in any case."""
    datasets: Annotated[
        tuple[Literal["xpt", "dataset-json", "define", "ars"], ...],
        Strict(False),
        AfterValidator(unique),
    ] = ()
    """Forms in which datasets and results are handed over: xpt: SAS transport, version 5;
    dataset-json: CDISC Dataset-JSON 1.1; define: CDISC define.xml 2.1 of those datasets; ars: the
    results by the CDISC Analysis Results Standard 1.0."""
    xpt_text: Literal["ascii", "utf-8"] = "ascii"
    """Text in SAS transport files. ascii: accents are dropped and other signs written as their code
    point, <U+7EA2>; utf-8: as it is. Every change is listed."""
    locked: bool = False
    """Final: the results are write-protected, and a run that would change them stops. Only an
    explicit false gives them up again."""
    queries_since: Text | None = None
    """queries.csv of an earlier analysis: queries.html and queries.xlsx then say which findings are
    new, still open, and resolved since."""
