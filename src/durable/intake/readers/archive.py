"""Whether a zip archive, such as a workbook, is whole; it is unpacked piece by piece."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib

#: The record at the end of an archive, without its comment.
_END, _END_SIZE = b"PK\5\6", 22
#: What unpacking a damaged archive raises.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError),  # another compression, a password
)
#: Bytes that are unpacked at a time.
_PIECE = 2**20


def archive_fault(data: bytes) -> str:
    """What is wrong with an archive; '' where it is whole.

    Every member is unpacked once, whether it is read afterwards or not, and its CRC compared.
    """
    end = data.rfind(_END)
    if end < 0:
        return "no directory at its end"
    after = len(data) - end - _END_SIZE - int.from_bytes(data[end + 20 : end + 22], "little")
    if after:
        return f"{after} bytes after the end of the archive"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                with archive.open(member) as opened:
                    while opened.read(_PIECE):
                        pass
    except _BROKEN as error:
        return str(error) or "its parts are cut"
    return ""
