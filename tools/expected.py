"""Writes what the demo study gives, for `durable qualify`: `make expected`.

To be done after a change of the outputs that is meant; the changelog says which. On another kind of
processor (with AVX-512, or without) `python tools/expected.py --add` then adds what differs there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from durable.qualification.performance import demo_digests, expected_digests

EXPECTED = Path(__file__).parents[1] / "tests/reference/demo-final.sha256"

if __name__ == "__main__":
    found = demo_digests()
    known = expected_digests() if "--add" in sys.argv else {}
    EXPECTED.write_text(
        "".join(
            f"{digest}  {name}\n"
            for name in sorted(found)
            for digest in dict.fromkeys((*known.get(name, ()), found[name]))
        )
    )
    print(f"{len(found)} files: {EXPECTED}")
