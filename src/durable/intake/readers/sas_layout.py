"""Whether a SAS file is whole: the bytes that it has against those that its headers speak of.

The library reads as many whole records as there are, and says nothing of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from durable.language import _

#: Transport files are made of records of so many bytes (SAS technical note TS-140).
RECORD = 80
_TRANSPORT = b"HEADER RECORD*******LIB"
_HEADER = b"HEADER RECORD*******%-8sHEADER RECORD!!!!!!!"
#: The header of a dataset: where it begins, behind that of the library, and how long it is.
_MEMBER, _NAMES = 3 * RECORD, 8 * RECORD
#: Type of a variable that is text.
_TEXT = 2
_SAS7BDAT = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")


@dataclass(frozen=True)
class Layout:
    """Position and length of the records of a transport file, by its headers."""

    start: int
    """Byte at which the records begin."""
    length: int
    """Bytes of a record."""
    stated: bytes
    """Number of records as it is written; empty in version 5, which has no place for it."""
    texts: dict[int, slice]
    """Variables that are text by their number, from 0, and their bytes within a record."""

    def records(self, data: bytes) -> npt.NDArray[np.uint8]:
        """The bytes of the whole records: an array with a row a record and `length` columns."""
        number = (len(data) - self.start) // max(self.length, 1)
        held = np.frombuffer(data, np.uint8, number * self.length, self.start)
        return held.reshape(number, self.length)


def transport_fault(data: bytes) -> str:
    """What shows that a transport file is not whole, in words; '' where nothing does.

    Nothing shows in a file of version 5 that was cut where a record ends at a multiple of 80 bytes.
    A file that does not begin as a transport file gives '' too: the library reports it.
    """
    if not data.startswith(_TRANSPORT):
        return ""  # no transport file: the library reports it
    if len(data) % RECORD:
        return _(
            "{number} bytes; expected a multiple of {block}: the last block is cut or added to"
        ).format(number=len(data), block=RECORD)
    try:
        layout = transport_layout(data)
    except ValueError:
        return _("headers without the number of variables; expected those of XPT version 5 or 8")
    if layout is None:
        return _(
            "{number} bytes, which end within the headers; expected the header of the records"
        ).format(number=len(data))
    if layout.stated and not layout.stated.isdigit():
        return _("{stated!r} as the number of records; expected a whole number").format(
            stated=layout.stated
        )
    held, length = len(data) - layout.start, layout.length
    records = int(layout.stated) if layout.stated else held // max(length, 1)
    used = records * length
    if not 0 <= held - used < RECORD:
        blocks = -(-used // RECORD) * RECORD
        words = _(
            "{held} bytes after the headers; expected {blocks}: {records} records of {length}"
            " bytes, and blanks to the end of a block"
        )
        if layout.stated:
            words = _(
                "{held} bytes after the headers; expected {blocks}: {records} records of {length}"
                " bytes, as the header says"
            )
        return words.format(held=held, blocks=blocks, records=records, length=length)
    if data[layout.start + used :].strip(b" "):
        return _(
            "a part of a record after {records} records of {length} bytes; expected blanks"
        ).format(records=records, length=length)
    return ""


def transport_layout(data: bytes) -> Layout | None:
    """The layout of a transport file, by its headers; None where the file ends within them.

    Raises
    ------
    ValueError
        Where a number in the headers cannot be read.
    """
    if len(data) < _NAMES:
        return None
    name_size = int(data[_MEMBER + 74 : _MEMBER + 78])
    variables = int(data[_NAMES - RECORD + 53 : _NAMES - RECORD + 58])
    names = [data[_NAMES + i * name_size :][:name_size] for i in range(variables)]
    lengths = [int.from_bytes(name[4:6], "big") for name in names]
    ends = list(accumulate(lengths))
    texts = {
        number: slice(ends[number] - lengths[number], ends[number])
        for number, name in enumerate(names)
        if int.from_bytes(name[:2], "big") == _TEXT
    }
    length = sum(lengths)
    position = -(-(_NAMES + variables * name_size) // RECORD) * RECORD
    while position < len(data):
        record = data[position : position + RECORD]
        position += RECORD
        if record.startswith(_HEADER % b"OBS"):
            return Layout(position, length, b"", texts)
        if record.startswith(_HEADER % b"OBSV8"):
            stated = record[48:].strip()
            # A program that leaves the number out writes zeros, as version 5 has them there.
            return Layout(position, length, b"" if stated == b"0" * 30 else stated, texts)
    return None


def texts_with_nul(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Texts of a transport file that go on behind a NUL, which the library takes for their end.

    Yields
    ------
    int, int, bytes
        The record, from 1, the number of the variable, from 0, and the text with its NUL and
        blanks at the end.
    """
    layout = transport_layout(data)
    if layout is None or b"\0" not in data[layout.start :]:
        return
    records = layout.records(data)
    for variable, within in layout.texts.items():
        texts = records[:, within]
        after = np.logical_or.accumulate(texts == 0, axis=1)
        goes_on = (after & (texts != 0) & (texts != ord(" "))).any(axis=1)
        for row in np.flatnonzero(goes_on).tolist():
            yield row + 1, variable, texts[row].tobytes()


def sas7bdat_fault(data: bytes) -> str:
    """What shows that a SAS7BDAT file is not whole, in words; '' where nothing does.

    Compared is its size with that in its header; the library itself compares the number of records.
    A file that does not begin as SAS7BDAT gives '' too: the library reports it.
    """
    if not data.startswith(_SAS7BDAT) or len(data) < 288:
        return ""
    offset, wide = 196 + (4 if data[35] == 0x33 else 0), data[32] == 0x33
    header, page, pages = (
        int.from_bytes(data[start : start + width], "little" if data[37] == 1 else "big")
        for start, width in ((offset, 4), (offset + 4, 4), (offset + 8, 8 if wide else 4))
    )
    stated_size = header + pages * page
    if len(data) == stated_size:
        return ""
    return _(
        "{number} bytes; expected {whole}: {pages} pages of {page} bytes, as the header says"
    ).format(number=len(data), whole=stated_size, pages=pages, page=page)
