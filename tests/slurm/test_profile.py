"""What can be said of the profile and of sent jobs without a cluster."""

import re

import pytest
import yaml

from durable.errors import UserError
from durable.plan import load
from durable.runs.environment import (
    begin_jobs,
    libraries_digest,
    refuse_changed_plan,
    refuse_changed_run,
)
from tests.workflow.conftest import ROOT

INTERIM = ROOT / "config/config.yaml"
#: Rules that are jobs of their own, run where snakemake runs, or only name files.
APART = {"simulate_chunk", "further", "audit", "check", "compare", "simulate", "series"}


def test_every_rule_has_its_place_in_the_profile():
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    grouped = dict(entry.split("=") for entry in profile["groups"])
    rules = {
        name
        for file in (ROOT / "workflow/rules").glob("*.smk")
        for name in re.findall(r"^ *rule (\w+):", file.read_text(), re.MULTILINE)
    }
    assert len(rules) > 10
    assert grouped.keys() == rules - APART
    assert set(grouped.values()) == {"analysis", "gathering"}


def test_the_profile_keeps_what_a_bare_run_does():
    folder = ROOT / "workflow/profiles"
    slurm, default = (
        yaml.safe_load((folder / name / "config.yaml").read_text()) for name in ("slurm", "default")
    )
    assert {key for key in default if default[key] != slurm.get(key)} == {"cores"}


@pytest.fixture
def environment(monkeypatch):
    """What a run of the interim analysis gives its jobs."""
    given = {}
    begin_jobs(given, load(INTERIM), "code")
    assert list(given) == ["DURABLE_LIBRARIES", "DURABLE_RUN", "DURABLE_PLAN"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


def test_a_job_works_for_the_plan_and_code_of_its_run(environment):
    refuse_changed_plan(environment, load(INTERIM))
    refuse_changed_run("code", libraries_digest())


def test_a_job_refuses_what_was_edited_meanwhile(environment):
    with pytest.raises(UserError, match="not the one that the run began with"):
        refuse_changed_plan(environment, load(ROOT / "config/final.yaml"))
    with pytest.raises(UserError, match="code or a library was changed during the run"):
        refuse_changed_run("other code", libraries_digest())


def test_a_job_refuses_other_libraries_and_another_start_of_python(
    environment, monkeypatch, tmp_path
):
    (tmp_path / "sitecustomize.py").write_text("import math\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserError, match="code or a library was changed during the run"):
        refuse_changed_run("code", libraries_digest())
