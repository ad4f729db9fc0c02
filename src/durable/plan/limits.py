"""The section ``inputs.limits``: how large a file may be before it is refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from durable.sections import Section

AtLeastOne = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Limits(Section):
    """What a file may ask of the machine; beyond a limit it is refused, with the key to change."""

    file_mb: AtLeastOne = 4000
    """Size of a file, in megabytes (a million bytes); of one that is compressed within (parquet,
    sas7bdat) also when unpacked."""
    unpacked_mb: AtLeastOne = 200
    """Size of all parts of a workbook when unpacked, in megabytes; reading takes some twenty times
    as much memory."""
    ratio: AtLeastOne = 100
    """Unpacked size of a workbook by its size in the file; usual are 5 to 15."""
    merged_cells: AtLeastOne = 100_000
    """Cells of a workbook within merged areas and within areas with a link, in all its sheets."""
    styles: AtLeastOne = 65_490
    """Cell formats of a workbook; Excel itself has no more."""
    columns: AtLeastOne = 2000
    """Columns of a file, whether they are used or not."""
    cells: AtLeastOne = 200_000_000
    """Records times columns that a compressed file (parquet, sas7bdat) says it holds, or that a
    query gives."""
    line_bytes: AtLeastOne = 1_048_576
    """Bytes of a row of a csv or tsv file, line breaks within quotes among them."""
    findings: AtLeastOne = 10_000
    """Findings of a kind (table, column and rule) that the listing holds; one more line has the
    number of the others (not_listed)."""


#: Those of a plan that says nothing.
LIMITS = Limits()
