"""Whether a SAS file is whole: the bytes that it has against those that its headers speak of.

The library reads as many whole records as there are, and says nothing of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Transport files are made of records of so many bytes (SAS technical note TS-140).
RECORD = 80
_TRANSPORT = b"HEADER RECORD*******LIB"
_HEADER = b"HEADER RECORD*******%-8sHEADER RECORD!!!!!!!"
#: The header of a dataset: where it begins, behind that of the library, and how long it is.
_MEMBER, _NAMES = 3 * RECORD, 8 * RECORD
_SAS7BDAT = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")


@dataclass(frozen=True)
class Layout:
    """What the headers of a transport file say of its records."""

    start: int
    """Byte at which the records begin."""
    length: int
    """Bytes of a record."""
    stated: bytes
    """Number of records as it is written; empty in version 5, which has no place for it."""


def transport_fault(data: bytes) -> tuple[str, str] | None:
    """What shows that a transport file is not whole, and what is expected; None where nothing does.

    A file of version 5 that was cut where a record ends at a multiple of 80 bytes is whole by all
    that it says.
    """
    if not data.startswith(_TRANSPORT):
        return None  # no transport file: the library says so
    if len(data) % RECORD:
        return f"{len(data)} bytes", f"a multiple of {RECORD}: the last block is cut or added to"
    try:
        layout = transport_layout(data)
    except ValueError:
        return "headers without the number of variables", "those of XPT version 5 or 8"
    if layout is None:
        return f"{len(data)} bytes, which end within the headers", "the header of the records"
    if layout.stated and not layout.stated.isdigit():
        return f"{layout.stated!r} as the number of records", "a whole number"
    held, length = len(data) - layout.start, layout.length
    records = int(layout.stated) if layout.stated else held // max(length, 1)
    used = records * length
    if not 0 <= held - used < RECORD:
        blocks = -(-used // RECORD) * RECORD
        about = f"{records} records of {length} bytes, "
        about += "as the header says" if layout.stated else "and blanks to the end of a block"
        return f"{held} bytes after the headers", f"{blocks}: {about}"
    if data[layout.start + used :].strip(b" "):
        return f"a part of a record after {records} records of {length} bytes", "blanks"
    return None


def transport_layout(data: bytes) -> Layout | None:
    """Where the records begin, and how long they are; None where the file has no place for them.

    Raises
    ------
    ValueError
        Where the headers are damaged.
    """
    if len(data) < _NAMES:
        return None
    name_size = int(data[_MEMBER + 74 : _MEMBER + 78])
    variables = int(data[_NAMES - RECORD + 53 : _NAMES - RECORD + 58])
    names = [data[_NAMES + i * name_size :][:name_size] for i in range(variables)]
    length = sum(int.from_bytes(name[4:6], "big") for name in names)
    position = -(-(_NAMES + variables * name_size) // RECORD) * RECORD
    while position < len(data):
        record = data[position : position + RECORD]
        position += RECORD
        if record.startswith(_HEADER % b"OBS"):
            return Layout(position, length, b"")
        if record.startswith(_HEADER % b"OBSV8"):
            stated = record[48:].strip()
            # A program that leaves the number out writes zeros, as version 5 has them there.
            return Layout(position, length, b"" if stated == b"0" * 30 else stated)
    return None


def sas7bdat_fault(data: bytes) -> tuple[str, str] | None:
    """What shows that a SAS7BDAT file is not whole, and what is expected; None where nothing does.

    The library itself compares the number of records with that of the header.
    """
    if not data.startswith(_SAS7BDAT) or len(data) < 288:
        return None
    place, wide = 196 + (4 if data[35] == 0x33 else 0), data[32] == 0x33
    header, page, pages = (
        int.from_bytes(data[start : start + width], "little" if data[37] == 1 else "big")
        for start, width in ((place, 4), (place + 4, 4), (place + 8, 8 if wide else 4))
    )
    whole = header + pages * page
    if len(data) == whole:
        return None
    return f"{len(data)} bytes", f"{whole}: {pages} pages of {page} bytes, as the header says"
