"""The compiled modules of the package: of the source as it is, whatever times and sizes say.

Python keeps the compiled form of a module beside it and takes it for as long as time and size of
the source are those that it remembers. A source that was put back or unpacked with the time of
another one of the same length is then not read: the numbers are of code that no digest is of.
"""

from __future__ import annotations

import importlib.util
import os
import py_compile
from contextlib import suppress
from pathlib import Path

from durable.installation import PACKAGE

#: A compiled module begins with a number of its Python and these flags: Python compares the digest
#: of the source, which follows, with the source (PEP 552).
_CHECKED = (0b11).to_bytes(4, "little")


def keep_compiled_to_source(package: Path = PACKAGE) -> None:
    """Have Python compare each compiled module of a package with the content of its source.

    An installation that the user may not write to stays as its installer left it: whether its
    source is as listed there is asked when an analysis is recorded (`runs.libraries`).
    """
    if not os.access(package, os.W_OK):
        return
    for source in package.rglob("*.py"):
        compiled = Path(importlib.util.cache_from_source(str(source)))
        if compiled.is_file() and not _is_checked(compiled, source.read_bytes()):
            # Where it cannot be written, Python has not written it either.
            with suppress(OSError):
                py_compile.compile(
                    str(source),
                    str(compiled),
                    invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
                )


def _is_checked(compiled: Path, source: bytes) -> bool:
    with compiled.open("rb") as file:
        header = file.read(16)
    return header == importlib.util.MAGIC_NUMBER + _CHECKED + importlib.util.source_hash(source)
