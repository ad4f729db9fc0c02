"""Measures what the goals are about, and writes results.md: `make bench`.

`python -m benchmarks [SECTION ...]` measures some sections only; of the others the last figures
stay (results/measured.json). Exit status 1 where a budget of CPU time is overspent, which would be
a change for the worse; a goal that was never reached is only reported.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEASURED = HERE / "results" / "measured.json"
#: Modules with ``measure``, and what it is given.
SECTIONS: dict[str, tuple[Any, ...]] = {
    "everyday": (),
    "simulation": (),
    "registry": (100_000,),
    "large_file": (10**9,),
    "load": (500, 1_000, 5_000),
}
LIBRARIES = ("snakemake", "numpy", "pandas", "lifelines", "pandera", "matplotlib")

Values = Mapping[str, float]


@dataclass(frozen=True)
class Goal:
    """A figure, and the bound that it should keep."""

    issue: int
    what: str
    section: str
    key: str
    bound: float
    at_least: bool = False

    def row(self, measured: Mapping[str, Values]) -> str:
        """The row of the table, as Markdown, from what was measured by section and key."""
        sign = ">=" if self.at_least else "<="
        value = measured.get(self.section, {}).get(self.key)
        if value is None:
            return f"| {self.issue} | {self.what} | {sign} {self.bound:,g} | | not measured |"
        kept = value >= self.bound if self.at_least else value <= self.bound
        verdict = "met" if kept else "**missed**"
        cells = f"{sign} {self.bound:,g} | {shown(value)} | {verdict}"
        return f"| {self.issue} | {self.what} | {cells} |"


GOALS = (
    Goal(15, "the plan of peer_r / the same in R, wall", "everyday", "peer_ratio", 0.75),
    Goal(15, "the plan of peer_r / the same in R, CPU", "everyday", "peer_cpu_ratio", 0.9),
    Goal(15, "fresh demo / all its stages in one process, CPU", "everyday", "single_ratio", 3),
    Goal(15, "audit of the demo / fresh demo, wall", "everyday", "audit_ratio", 1.2),
    Goal(
        15,
        "each further cut-off of a series / the first analysis, wall",
        "everyday",
        "series_ratio",
        0.6,
    ),
    Goal(
        7,
        "nothing to do / (1.3 x `snakemake --version` + 1 s), wall",
        "everyday",
        "nothing_ratio",
        1,
    ),
    Goal(6, "check of a 1 GB visits file, peak memory, GB", "large_file", "check_peak_gb", 4),
    Goal(6, "derivation of a 1 GB visits file, peak memory, GB", "large_file", "derive_peak_gb", 4),
    Goal(
        7,
        "100,000 subjects: validate, derive, analyse / pandas reading and sorting, wall",
        "registry",
        "wall_ratio",
        6,
    ),
    Goal(16, "5,000 subjects: datasets for submission, s, wall", "load", "export_5000_wall", 40),
    Goal(16, "5,000 subjects: datasets for submission, s, CPU", "load", "export_5000_cpu", 40),
    # 12.8 before there were outputs over time, times 1.5.
    Goal(15, "100,000 subjects: the same, with all outputs", "registry", "wall_ratio", 19.2),
    Goal(15, "100,000 subjects: peak memory, GB", "registry", "peak_gb_ratio", 8),
    Goal(
        15, "virtual trials of ten a minute, two cores", "simulation", "per_minute", 150_000, True
    ),
)


def main() -> int:
    """Measure and write; the status is 1 where CPU time of the demo is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    chosen = parser.parse_args().sections or list(SECTIONS)
    measured = json.loads(MEASURED.read_text()) if MEASURED.is_file() else {}
    for section in chosen:
        measure = measure_of(section)
        if measure is not None:
            print(f"measuring {section}", flush=True)
            measured[section] = dict(measure(*SECTIONS[section]))
            if section == "registry":
                measured[section] |= registry_ratios(measured[section])
            MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
    text = report(measured)
    print(text)
    (HERE / "results.md").write_text(text)
    return int(measured.get("everyday", {}).get("single_ratio", 0) > 3)


def measure_of(section: str) -> Callable[..., Values] | None:
    """The function ``measure`` of the module of a section; None where there is none."""
    name = f"benchmarks.{section}"
    if importlib.util.find_spec(name) is None:
        return None
    measure: Callable[..., Values] | None = getattr(importlib.import_module(name), "measure", None)
    return measure


def registry_ratios(large: dict[str, float]) -> Values:
    """Ratios of a large registry (``wall_ratio``), and the ``exponent`` of time in the assessments.

    The exponent is that of the CPU time of all stages, from a registry a tenth of its size on. Its
    figures are kept, with those of one a hundredth of its size, for the table of growth.
    """
    from benchmarks import registry

    sizes = [registry.measure(int(large["subjects"]) // part) for part in (100, 10)]
    sizes.append(dict(large))
    for costs in sizes:
        registry.keep(costs)
        costs["stages_cpu"] = sum(costs[f"{stage}_cpu"] for stage in registry.STAGES)
    ratios = {f"{key}_ratio": value for key, value in registry.ratios(large).items()}
    return ratios | {"exponent": registry.exponent(sizes[1:], "stages_cpu")}


def report(measured: Mapping[str, Values]) -> str:
    """The page, as Markdown, from what was measured by section and key."""
    lines = [
        "# Measured goals",
        "",
        "Written by `make bench`. Each ratio compares what was run one after the other on one",
        "machine; seconds say only what kind of machine it was.",
        "",
        *machine(),
        "",
        "| issue | | goal | measured | |",
        "|---|---|---|---|---|",
        *(goal.row(measured) for goal in GOALS),
        "",
    ]
    for section in SECTIONS:
        lines += [
            f"## {section.replace('_', ' ').capitalize()}",
            "",
            *figures(measured.get(section)),
        ]
        if section == "registry":
            from benchmarks import registry

            lines += [
                *("### By number of subjects", "", *registry.growth()),
            ]
    survival = (HERE / "results" / "survival.md").read_text().split("\n", 1)[1]
    lines += ["## Survival estimates", survival.rstrip(), ""]
    return "\n".join(lines)


def machine() -> list[str]:
    """Class of the machine and versions, without its name, as two lines of Markdown."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    model = names[0].split(":")[1].strip() if names else platform.machine()
    load = os.getloadavg()[2]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"- {cores} cores, {memory:.0f} GB, {model}; load {load:.1f} over the last 15 minutes",
        f"- Python {platform.python_version()}, {libraries}; {r_version()}",
    ]


def r_version() -> str:
    """Version of R and of the packages that the analysis in R uses; "no R" without them."""
    code = (
        "cat('R', as.character(getRversion()), 'with survival',"
        " as.character(packageVersion('survival')), 'and dplyr',"
        " as.character(packageVersion('dplyr')))"
    )
    try:
        done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "no R"
    return done.stdout


def figures(values: Values | None) -> list[str]:
    """Every figure of a section, as lines of Markdown."""
    if not values:
        return ["Not measured.", ""]
    rows = [f"| {key.replace('_', ' ')} | {shown(value)} |" for key, value in values.items()]
    return ["| | |", "|---|---|", *rows, ""]


def shown(value: float) -> str:
    """A figure with three digits; from 1,000 on without decimals."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
