"""Where the parts of an installation lie: in the repository, or in the package of a wheel.

A wheel holds the workflow, the lock file and the tests within the package, `tools/wheel.py`; in the
repository they lie beside ``src``.
"""

from __future__ import annotations

from pathlib import Path

#: Folder of the package.
PACKAGE = Path(__file__).parent
#: What a wheel adds to the package; in the repository neither is there.
ADDED_BY_WHEEL = (PACKAGE / "workflow", PACKAGE / "uv.lock", PACKAGE / "suite")
_HOME = PACKAGE if ADDED_BY_WHEEL[0].is_dir() else PACKAGE.parents[1]
#: Folder of the workflow.
WORKFLOW = _HOME / "workflow"
#: The workflow that `durable run` hands to Snakemake.
SNAKEFILE = WORKFLOW / "Snakefile"
#: Folder of the tests, the demo study and the requirements that `durable qualify` runs.
SUITE = PACKAGE / "suite" if ADDED_BY_WHEEL[2].is_dir() else _HOME
