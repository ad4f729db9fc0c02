"""Writes what the demo study gives, for `durable qualify`: `make expected`.

To be done after a change of the outputs that is meant; the changelog says which.
"""

from __future__ import annotations

from pathlib import Path

from durable.qualification.performance import demo_digests

EXPECTED = Path(__file__).parents[1] / "tests/reference/demo-final.sha256"

if __name__ == "__main__":
    digests = demo_digests()
    EXPECTED.write_text("".join(f"{digests[name]}  {name}\n" for name in sorted(digests)))
    print(f"{len(digests)} files: {EXPECTED}")
