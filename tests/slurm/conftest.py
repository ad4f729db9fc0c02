"""A Slurm of its own for each test, and the plugin by which snakemake speaks to it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments import python_finding
from tests.slurm.cluster import Cluster, missing, running
from tests.workflow.conftest import ROOT, Study

PLUGIN = "snakemake-executor-plugin-slurm"
#: Seconds a run may take before it counts as hung.
PATIENCE = 500


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin that uv.lock names, beside the environment: it slows every start of snakemake."""
    folder = tmp_path_factory.mktemp("plugin")
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    requirements = [
        f"{package['name']}=={package['version']} --hash={package['wheels'][0]['hash']}\n"
        for package in locked
        if package["name"] in (PLUGIN, f"{PLUGIN}-jobstep")
    ]
    (folder / "requirements.txt").write_text("".join(requirements))
    uv = [ROOT / ".tools/bin/uv", "pip", "install", "--quiet", "--python", sys.executable]
    what = ["--no-deps", "--require-hashes", "-r", folder / "requirements.txt"]
    subprocess.run([*uv, "--target", folder, *what], check=True, timeout=120)
    _look_often(folder / PLUGIN.replace("-", "_") / "__init__.py")
    return folder


def _look_often(source: Path) -> None:
    """The plugin looks at its jobs after 1, 11, 21 ... seconds; tests have no time for that."""
    text = source.read_text()
    longer = "self.next_seconds_between_status_checks + 10,"
    assert text.count(longer) == 1
    # Not written in place: the file may be one with that of uv's cache.
    source.unlink()
    source.write_text(text.replace(longer, "self.next_seconds_between_status_checks,"))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A running Slurm that is gone after the test."""
    if lacking := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"not installed: {', '.join(lacking)}")
        pytest.skip(f"needs {', '.join(lacking)}")
    with running() as started:
        yield started
    assert started.processes() == []


class Site:
    """A study on a cluster: runs of snakemake that send their jobs to Slurm."""

    def __init__(self, study: Study, cluster: Cluster, plugin: Path) -> None:
        self.study = study
        self.cluster = cluster
        self.environment = study.environment(**cluster.environment)
        self.python = python_finding(plugin, study.folder.parent / "environment")

    def start(self, log: Path, *options: str) -> subprocess.Popen[str]:
        """A run in the background, its output in a file. Jobs are looked at as soon as can be."""
        profile = ["--workflow-profile", "slurm", "--slurm-init-seconds-before-status-checks", "1"]
        with log.open("w") as file:
            return subprocess.Popen(
                [*self.study.command(*profile, python=self.python), *options],
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def states(self) -> list[str]:
        """The state of every job there was, in the order of their numbers."""
        listing = self.cluster.ask("squeue", "--states=all", "-h", "-o", "%i %T")
        jobs = [line.split() for line in listing.splitlines()]
        return [state for _, state in sorted(jobs, key=lambda job: int(job[0]))]
