"""The parts of a workbook before its library reads them: whole, and within the plan's limits.

The library makes a cell object for every cell of a merged area, and looks at no limit.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from typing import IO
from xml.parsers import expat

from openpyxl.utils.cell import range_boundaries

from durable.intake.readers.cells import MEGABYTE, File
from durable.language import _

#: The record at the end of an archive, without its comment.
_END, _END_SIZE = b"PK\5\6", 22
#: How a compound file begins: Excel writes one with a password, and wrote them until 2003.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: What unpacking a damaged archive raises.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError),  # another compression, a password
)
#: Bytes that are unpacked at a time.
_PIECE = 2**20
_XML = (".xml", ".rels", ".vml")


def has_sound_parts(file: File) -> bool:
    """Whether a workbook is a whole archive and within ``inputs.limits``; reported where not.

    Every part is unpacked once, whether it is read afterwards or not, and its CRC compared. A part
    that occurs twice, or that repeats a row or a cell, is refused as well.
    """
    fault = _fault_of_end(file.data)
    scan = _Scan()
    try:
        if not fault:
            with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
                # No part is longer when unpacked than the archive says.
                unpacked = sum(member.file_size for member in archive.infolist())
                ratio = unpacked // max(len(file.data), 1)
                if file.exceeds("unpacked_mb", -(-unpacked // MEGABYTE), _("MB when unpacked")):
                    return False
                if file.exceeds("ratio", ratio, _("times its size when unpacked")):
                    return False
                fault = _fault_of_parts(archive.infolist())
                for member in archive.infolist():
                    with archive.open(member) as part:
                        scan.read(member.filename, part)
    except _BROKEN as error:
        fault = str(error) or _("its parts are cut")
    if fault:
        file.report(
            "unreadable_file",
            _("{reason}; expected an Excel workbook (.xlsx)").format(reason=fault[:200]),
        )
        return False
    many = file.exceeds("merged_cells", scan.cells, _("cells in merged areas and links"))
    return not (file.exceeds("styles", scan.styles, _("cell formats")) or many)


def _fault_of_end(data: bytes) -> str:
    """What is wrong with the end of an archive; '' where it is its directory."""
    if data.startswith(_COMPOUND):
        return _("a workbook with a password, or one of Excel 97 (.xls)")
    end = data.rfind(_END)
    if end < 0:
        return _("no directory at the end of the archive")
    after = len(data) - end - _END_SIZE - int.from_bytes(data[end + 20 : end + 22], "little")
    return _("{number} bytes after the end of the archive").format(number=after) if after else ""


def _fault_of_parts(parts: list[zipfile.ZipInfo]) -> str:
    """What could be read in two ways; '' where nothing can."""
    before = min((part.header_offset for part in parts), default=0)
    if before:
        return _("{number} bytes before the archive, which may be another one").format(
            number=before
        )
    names = Counter(part.filename.lower() for part in parts)
    return next(
        (
            _("the part {part} {number} times").format(part=name, number=n)
            for name, n in names.items()
            if n > 1
        ),
        "",
    )


class _Scan:
    """Counts what the library would make objects of; refuses cells of which it would keep one."""

    def __init__(self) -> None:
        self.cells = 0
        """Cells of areas that are merged or have a link."""
        self.styles = 0
        """Cell formats."""
        self._rows: set[str] = set()
        self._row: set[str] = set()

    def read(self, name: str, part: IO[bytes]) -> None:
        """Unpack a part, and count its elements where it is XML (by the suffix of its name).

        Raises
        ------
        ValueError
            Where it has a document type (ECMA-376 forbids one), an area that is none, or a row or
            a cell twice.
        """
        self._rows = set()
        parser: expat.XMLParserType | None = None
        if name.lower().endswith(_XML):
            parser = expat.ParserCreate()
            parser.StartElementHandler = self._element
            parser.StartDoctypeDeclHandler = self._document_type
        while piece := part.read(_PIECE):
            if parser is None:
                continue
            try:
                parser.Parse(piece)
            except expat.ExpatError:
                parser = None  # the library reports it, if it reads the part at all

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "mergeCell" | "hyperlink" if "ref" in attributes:
                left, top, right, bottom = range_boundaries(attributes["ref"])
                self.cells += (right - left + 1) * (bottom - top + 1)
            case "row" if "r" in attributes:
                self._row = set()
                _add_once(self._rows, attributes["r"], _("the row {place} a second time"))
            case "c" if "r" in attributes:
                _add_once(self._row, attributes["r"], _("the cell {place} a second time"))
            case "xf" | "cellStyle":
                self.styles += 1

    def _document_type(self, *_declared: object) -> None:
        raise ValueError(_("a document type in a part"))


def _add_once(references: set[str], reference: str, message: str) -> None:
    if reference in references:
        raise ValueError(message.format(place=reference))
    references.add(reference)
