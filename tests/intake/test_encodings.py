"""The text of a file: declared or proved, else refused with what it could mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.intake.findings import Findings
from durable.intake.readers.cells import File
from durable.intake.readers.encoding import decode_to_utf8
from durable.plan import Input


def read(data: bytes, encoding: Any = None) -> tuple[bytes | None, list[str]]:
    """What a file is in UTF-8, and the messages about it."""
    findings = Findings()
    file = File("visits", "v.csv", data, findings)
    text = decode_to_utf8(file, Input(path="v.csv", encoding=encoding))
    return text, findings.frame()["message"].tolist()


NAME = "\u76ae\u808c\u708e"  # dermatomyositis


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (NAME.encode(), None),
        (NAME.encode("utf-8-sig"), None),
        (NAME.encode("utf-16"), None),
        (b"\xfe\xff" + NAME.encode("utf-16-be"), None),
        (NAME.encode("utf-16"), "utf-16"),
        (NAME.encode("gb18030"), "gb18030"),
    ],
)
def test_what_is_declared_is_read(data: bytes, encoding: str | None) -> None:
    assert read(data, encoding) == (NAME.encode(), [])


def test_bytes_that_declare_nothing_are_shown_in_every_encoding_that_could_be_meant() -> None:
    text, messages = read(b"visit,site\r\nM2," + NAME.encode("gb18030") + b"\r\n")
    assert text is None
    assert messages == [
        "v.csv, row 2: byte 0xbc is not UTF-8; expected UTF-8 (the cell would be "
        f"{NAME} in gb18030, \u00c6\u00a4\u00bc\u00a1\u00d1\u00d7 in windows-1252:"
        " inputs.visits.encoding)"
    ]


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=30))
def test_no_text_is_read_as_another(text: str) -> None:
    for encoding in ("utf-8", "gb18030", "cp1252"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        found, messages = read(data)
        # Two-byte sequences of UTF-8 are all that other text can be taken for.
        assert found == text.encode() or messages or max(data.decode()) <= "\u07ff"
