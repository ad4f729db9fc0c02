"""What is recorded of what lies beside an analysis: its simulation, its series, its comparisons.

Each has a manifest of its own, so that it can be verified and audited as the analysis is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from durable.files import sha256, write_text
from durable.plan import Pins
from durable.runs import libraries
from durable.runs.guard import Run
from durable.runs.manifest import MANIFEST, PINNED, pinned_yaml
from durable.runs.manifest import RUN as RUN_FILE
from durable.runs.pins import commit, lock_digest

#: What is recorded when a stage has ended, by the stage.
PARTS = {"gather": "simulation", "series": "series"}
COMPARISON = "comparison"
_HEADER = """\
# The plan of this {part}, with every default written out. Repeat and verify it with
#   snakemake audit --configfile {file}
"""


def record_part(
    run: Run,
    part: str,
    folder: Path,
    inputs: Mapping[str, str],
    outputs: Iterable[str],
    **more: str,
) -> None:
    """Write ``audit/manifest.json``, ``pinned.yaml`` and ``run.json`` of a part.

    Parameters
    ----------
    part
        ``simulation``, ``series`` or ``comparison``.
    folder
        Where it lies.
    inputs
        SHA-256 of each result that it was made from, by its path in the folder of all results.
    outputs
        Its files, by their path in `folder`.
    more
        What else decides it: ``against``, the other analysis of a comparison.
    """
    values = run.plan.model_dump(mode="json", exclude={"pins"})
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    packages = libraries.versions()
    manifest: dict[str, Any] = {
        "part": part,
        **more,
        "title": values["analysis"]["title"],
        "data_cutoff": values["analysis"]["data_cutoff"],
        "plan": {"sha256": hashlib.sha256(text.encode()).hexdigest(), "value": values},
        "code": {"sha256": run.program, **commit(run.workflow), "files": dict(run.code)},
        "libraries": run.libraries,
        "inputs": [{"id": name, "sha256": value} for name, value in sorted(inputs.items())],
        "outputs": [{"id": name, "sha256": sha256(folder / name)} for name in sorted(outputs)],
    }
    pins = Pins(
        code=run.program,
        lock=lock_digest(run.workflow),
        python=platform.python_version(),
        packages=packages,
        libraries=libraries.digests(packages),
        fonts=run.fonts,
    )
    header = _HEADER.format(part=part, file=(folder / PINNED).as_posix())
    varying = {
        "recorded": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": packages,
        "fonts": run.fonts,
        "manifest": hashlib.sha256(_json(manifest).encode()).hexdigest(),
    }
    write_text(folder / MANIFEST, _json(manifest))
    write_text(folder / PINNED, header + pinned_yaml(values, pins))
    write_text(folder / RUN_FILE, _json(varying))


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
