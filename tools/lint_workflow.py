"""`snakemake --lint`, without its advice to name an environment or a container for each rule.

Jobs run in the environment of Snakemake itself, which the lock file describes: a container named
beside it would not hold the product.
"""

from __future__ import annotations

import re
import subprocess
import sys

_ADVICE = "Specify a conda environment or container for each rule."
_PLACE = re.compile(r"^Lints for ", re.MULTILINE)
_LINT = re.compile(r"^ {4}\* ", re.MULTILINE)


def main() -> int:
    """Print what Snakemake has to say otherwise; the status is 1 where there is something."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    before, *parts = _PLACE.split(printed)
    lints = [(part.splitlines()[0], lint) for part in parts for lint in _LINT.split(part)[1:]]
    other = [(rule, lint) for rule, lint in lints if not lint.startswith(_ADVICE)]
    for rule, lint in other:
        print(f"{rule}\n    * {lint}")
    if done.returncode and not lints:
        print(before)
    return 1 if other or (done.returncode and not lints) else 0


if __name__ == "__main__":
    sys.exit(main())
