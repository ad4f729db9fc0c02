"""The text of a file, by what it declares or what the plan says. Nothing is guessed.

Of the bytes of a few names many encodings make some text: GB18030 reads almost any Western
European file as Chinese characters, and Windows-1252 almost any Chinese one as accented letters. So
only what proves itself is taken without being named: a byte order mark, and UTF-8, whose rules
other text breaks. For all else the listing shows what each encoding would make of the first such
cell.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator

from durable.intake.readers.cells import File
from durable.language import _
from durable.plan import FileForm

#: Encodings that a plan can name for bytes that are not UTF-8; Python's names are the same.
_NAMED = ("gb18030", "windows-1252")
#: Bytes that are decoded at a time.
_BLOCK = 2**24
_LINE_END = re.compile(rb"\r\n|\r|\n")
_CELL = re.compile(rb"[^,;\t|\r\n\"]*")
_HIGH_RUN = re.compile(rb"[\xb0-\xf7][\xa1-\xfe](?:[\xb0-\xf7][\xa1-\xfe])+")


def decode_to_utf8(file: File, source: FileForm) -> bytes | None:
    """The file as UTF-8 without a byte order mark; None (reported) where it cannot be decoded.

    The encoding is that of its byte order mark, else that of the plan, else UTF-8. A file whose
    bytes contradict the encoding that the plan names is refused too.
    """
    data, mark = file.data, _mark(file.data)
    key = file.key("encoding")
    if mark is not None and source.encoding not in (None, mark):
        message = _("a byte order mark of {mark}; expected {encoding} ({key})").format(
            mark=mark, encoding=source.encoding, key=key
        )
        file.report("wrong_encoding", message, row=1)
        return None
    encoding = mark or source.encoding or "utf-8"
    if encoding == "utf-16" and mark is None:
        message = _("no byte order mark; expected one in UTF-16 ({key})").format(key=key)
        file.report("wrong_encoding", message, row=1)
        return None
    body = data.removeprefix(codecs.BOM_UTF8) if mark == "utf-8" else data
    text = io.BytesIO()
    try:
        for part in _decoded_parts(body, encoding):
            if encoding != "utf-8":
                text.write(part.encode())
    except UnicodeDecodeError as error:
        _report_bytes(
            file, body, error, encoding, f"{encoding} ({key})" if source.encoding else "", key
        )
        return None
    if encoding == "utf-8":
        return body
    wrong = _other_reading(body, encoding)
    if wrong:
        file.report(
            "wrong_encoding",
            _("{wrong}; expected {encoding} ({key})").format(
                wrong=wrong, encoding=encoding, key=key
            ),
        )
        return None
    return text.getvalue()


def _decoded_parts(data: bytes, encoding: str) -> Iterator[str]:
    """The text of the bytes, some at a time.

    Raises
    ------
    UnicodeDecodeError
        As decoding all of them does.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _BLOCK):
            end = start + _BLOCK
            yield decoder.decode(data[start:end], final=end >= len(data))
    except UnicodeDecodeError:
        data.decode(encoding)  # raises with the position within the whole file
        raise


def _mark(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start of the file names."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _report_bytes(
    file: File, data: bytes, error: UnicodeDecodeError, encoding: str, expected: str, key: str
) -> None:
    if encoding == "utf-16":
        file.report(
            "wrong_encoding",
            _("bytes that are not UTF-16 ({reason}); expected UTF-16").format(reason=error.reason),
        )
        return
    row = sum(1 for _ in _LINE_END.finditer(data, 0, error.start)) + 1
    byte, shown = data[error.start], "UTF-8" if encoding == "utf-8" else encoding
    if expected:
        message = _("byte 0x{byte:02x} is not {encoding}; expected {expected}")
        message = message.format(byte=byte, encoding=shown, expected=expected)
        file.report("wrong_encoding", message, row=row)
        return
    readings = ", ".join(
        _("{text} in {encoding}").format(text=text, encoding=name)
        for name, text in _readings(data, error.start)
    )
    message = _("byte 0x{byte:02x} is not {encoding}; expected UTF-8")
    if readings:
        message = _(
            "byte 0x{byte:02x} is not {encoding}; expected UTF-8 (the cell would be {readings}:"
            " {key})"
        )
    message = message.format(byte=byte, encoding=shown, readings=readings, key=key)
    file.report("not_utf8", message, row=row)


def _readings(data: bytes, offset: int) -> list[tuple[str, str]]:
    """Name of each encoding that can read the whole file, and its text of the cell at a byte."""
    first = max(0, offset - 200)
    start = max(data.rfind(sign, first, offset) for sign in (b",", b";", b"\t", b"\n", b'"'))
    match = _CELL.match(data, start + 1, offset + 200)
    cell = match[0] if match else b""
    readings = []
    for name in _NAMED:
        try:
            data.decode(name)
            readings.append((name, cell.decode(name)[:40]))
        except UnicodeDecodeError:
            continue
    return readings


def _other_reading(data: bytes, encoding: str) -> str:
    """Why the bytes are something else than the named encoding, although it can read them."""
    if encoding in _NAMED and not data.isascii():
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        # Two bytes of UTF-8 can be a Chinese character; sound sequences of three cannot be chance.
        if text and (encoding == "windows-1252" or max(text) > "\u07ff"):
            return _("the file is UTF-8")
    if encoding == "windows-1252":
        for run in _HIGH_RUN.finditer(data):
            try:
                return _("{text} in {encoding}").format(
                    text=run[0].decode("gb2312")[:40], encoding="gb18030"
                )
            except UnicodeDecodeError:
                continue
    return ""
