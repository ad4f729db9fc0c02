"""Where a run of the demo spends CPU: each stage alone and its imports, and Snakemake by itself.

`python -m benchmarks.profile OUTPUT`, with PYTHONPATH naming another version of the package and
`--snakefile` its Snakefile, to compare.
"""

from __future__ import annotations

import argparse
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from benchmarks.everyday import LEFT_OUT, ROOT, measured

from durable.stage import STAGES

REPEATS = 2
FUNCTIONS = 45


def main() -> None:
    """Run the demo, then every stage and Snakemake again; write what they cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--snakefile", type=Path, default=ROOT / "Snakefile")
    options = parser.parse_args()
    snakemake = str(Path(sys.executable).parent / "snakemake")
    command = [snakemake, "--snakefile", str(options.snakefile.absolute())]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for given in ("config", "data"):
            shutil.copytree(ROOT / given, folder / given)
        whole = cpu(command, folder)
        lines = [f"{whole:6.2f}  fresh run", f"{least(command, folder):6.2f}  nothing to do", ""]
        profiled = [sys.executable, "-m", "cProfile", "-o", "profile", *command]
        cpu(profiled, folder)
        functions = text_of(folder / "profile")
        lines += stages(folder)
    options.output.write_text("\n".join(["CPU seconds", "", *lines, "", functions]))


def stages(folder: Path) -> list[str]:
    """Least CPU seconds of each stage, and of importing what it needs."""
    lines = [" whole imports  stage"]
    sums = [0.0, 0.0]
    for name, stage in STAGES.items():
        if name in LEFT_OUT or getattr(stage, "folder", ""):
            continue
        run = [sys.executable, "-m", "durable", name, "--config", "config/config.yaml"]
        imports = [sys.executable, "-c", f"import durable.plan, {stage.module}"]
        pair = [least(run, folder), least(imports, folder)]
        sums = [a + b for a, b in zip(sums, pair, strict=True)]
        lines.append(f"{pair[0]:6.2f} {pair[1]:7.2f}  {name}")
    return [*lines, f"{sums[0]:6.2f} {sums[1]:7.2f}  together"]


def least(command: list[str], folder: Path) -> float:
    """CPU seconds of a command: the least of some runs, which other work disturbed least."""
    return min(cpu(command, folder) for _ in range(REPEATS))


def cpu(command: list[str], folder: Path) -> float:
    run = measured(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))
    return run[0]


def text_of(profile: Path) -> str:
    """The functions that take longest with what they call, of a run with nothing to do."""
    stream = StringIO()
    pstats.Stats(str(profile), stream=stream).sort_stats("cumulative").print_stats(FUNCTIONS)
    table = stream.getvalue().split("ncalls", 1)[1].rstrip()
    # Folders of this machine are of no use to another reader.
    kept = r"site-packages/|python3|src/durable/|workflow/|Snakefile|bin/snakemake"
    table = re.sub(rf"/\S*/(?={kept})", "", table)
    return f"Snakemake with nothing to do, profiled (slower by it):\n   ncalls{table}\n"


if __name__ == "__main__":
    main()
