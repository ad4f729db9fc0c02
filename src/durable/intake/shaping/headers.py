"""Names of the columns of source files."""

from __future__ import annotations

from durable.intake.readers.cells import Cells, File
from durable.language import _


def has_names(file: File, cells: Cells) -> bool:
    """Whether at most half of the columns have values but no name; those without are reported."""
    nameless = [str(i) for i, name in enumerate(cells.header) if not name.strip()]
    held = {i: cells.text.loc[cells.text[i] != "", i].astype(object) for i in nameless}
    filled = {i: texts for i, texts in held.items() if not texts.empty}
    if len(filled) > len(cells.header) / 2:
        key = file.key("header_row")
        message = _(
            "{number} columns with values have no name; expected the names here ({key})"
        ).format(number=len(filled), key=key)
        file.report("nameless_column", message, value=", ".join(filter(None, cells.header)))
        return False
    for i in nameless:
        if i not in filled:
            file.report(
                "unused_column",
                _("column {number} has neither a name nor values").format(number=int(i) + 1),
            )
            continue
        texts = filled[i]
        message = _("{number} value(s) from here on in column {column}, which has no name").format(
            number=len(texts), column=int(i) + 1
        )
        row = int(texts.index[0])
        file.report("nameless_column", message, row=row, value=texts.iloc[0])
    return True
