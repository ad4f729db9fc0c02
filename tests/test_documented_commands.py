"""Every command of the documentation: executed here, or by the test that is named beside it.

A new command in a fenced block fails `test_every_command_is_accounted_for` until it is one or the
other. Those in running text are parsed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from durable.cli.parser import STARTS_SNAKEMAKE, parser

ROOT = Path(__file__).parents[1]
PAGES = (
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "config/README.md", "results/README.md"),
    *("data/demo/README.md", "benchmarks/peer_r/README.md"),
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")),
)
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
OF_COMMANDS = ("", "bash", "console", "sh")
#: What a command begins with; a variable of the environment may stand before it.
PROGRAM = re.compile(
    r"(\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(durable|snakemake|make|python|python3|pip|pipx|uv"
    r"|podman|openssl|curl|Rscript|git|cp|cd|sed) "
)
INLINE = re.compile(r"`(durable [a-z][^`]*)`")

#: A study: its commands in this order, as they stand in the documentation. `#` is a step between.
WALK = """
durable new my-study --study NCT00000000 --cutoff 2026-03-31
cd my-study
# cp "$ROOT"/data/demo/*.csv data/ && rm -r config && mkdir config && cp "$CONFIG" config/config.yaml
durable inspect data/ --output config/study.yaml
durable check
durable run
durable stage figures --config config/config.yaml --cores 2
durable stage display --config config/config.yaml
snakemake
# sed -e 's/interim-1/final/' -e 's/2024-06-30/2024-12-31/' config/config.yaml > final.yaml
# cp config/config.yaml study.yaml
snakemake check --configfile study.yaml
snakemake audit --configfile results/interim-1/audit/pinned.yaml
# snakemake --configfile final.yaml
snakemake compare --configfile final.yaml --config against=interim-1
cp config/config.yaml config/interim-2.yaml
# sed -i -e 's/interim-1/interim-2/' -e 's/2024-06-30/2024-09-30/' config/interim-2.yaml
durable run --configfile config/interim-2.yaml --reason "second interim"
durable compare --configfile config/interim-2.yaml --against interim-1
# mkdir -p ~/.ssh && ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519
# echo "jane@example.org $(cat ~/.ssh/id_ed25519.pub)" > results/allowed_signers
durable run --reason "first interim, protocol 2.1"
durable sign --meaning approved --reason "as planned" --key ~/.ssh/id_ed25519
durable sign --configfile final.yaml --meaning approved --reason "as planned" --name "Jane Doe" --key ~/.ssh/id_ed25519
durable verify
durable doctor
"""  # noqa: E501
#: The outputs of the study, so that its runs are short.
OUTPUTS = ("t_improvement", "t_dor", "f_waterfall", "l_duration")

_SLURM = "tests/slurm/test_slurm.py"
_STAMPS = "tests/history/test_signing.py::test_a_time_stamp_of_a_signature_is_kept"
_PARTS = "tests/audit/test_parts.py::test_a_{}_is_recorded_and_repeated"
#: Who else executes a command: a test, or why none can.
ELSEWHERE = {
    "make run": "tests/workflow/test_runs.py::test_the_profile_makes_a_bare_snakemake_work",
    ".venv/bin/snakemake": "tests/workflow/test_runs.py::test_a_bare_run_makes_every_output",
    ".venv/bin/snakemake --configfile config/final.yaml": "tests/test_demo.py",
    ".venv/bin/snakemake -n": "tests/audit/test_ownership.py::test_",
    ".venv/bin/snakemake check": "tests/workflow/test_check.py",
    ".venv/bin/snakemake audit --configfile results/demo-interim/audit/pinned.yaml": (
        "tests/audit/test_repetition.py"
    ),
    ".venv/bin/snakemake compare --configfile config/final.yaml --config against=demo-interim": (
        "tests/audit/test_compare.py"
    ),
    ".venv/bin/snakemake series": "tests/workflow/test_series.py",
    ".venv/bin/snakemake simulate --configfile config/simulation.yaml": "tests/audit/test_parts.py",
    "make test": "continuous integration, which runs these tests by it",
    "python -m data.demo.write_demo --seed 6569472": "tests/test_demo.py",
    "snakemake audit --configfile results/ID/simulation/audit/pinned.yaml": _PARTS.format(
        "simulation"
    ),
    "snakemake audit --configfile results/ID/series/audit/pinned.yaml": _PARTS.format("series"),
    "snakemake audit --configfile results/ID/compare/OTHER/audit/pinned.yaml": _PARTS.format(
        "comparison"
    ),
    "openssl ts -query -data results/ID/audit/signatures/NAME.json.sig -sha256 -cert"
    " -out ask.tsq": _STAMPS,
    'curl -H "Content-Type: application/timestamp-query" --data-binary @ask.tsq URL > given.tsr': (
        "none: it asks an authority on the network; the tests have one of their own without HTTP"
    ),
    "durable sign --configfile final.yaml --timestamp given.tsr": _STAMPS,
    "make slurm": "none: it downloads; the tests have its plug-in installed by the lock file",
    ".venv/bin/snakemake --workflow-profile slurm": _SLURM,
    ".venv/bin/snakemake --workflow-profile slurm --configfile final.yaml": _SLURM,
    ".venv/bin/snakemake --workflow-profile slurm series": _SLURM,
    ".venv/bin/snakemake --workflow-profile slurm simulate --configfile config/simulation.yaml": (
        _SLURM
    ),
    "snakemake --configfile config/final.yaml": "tests/audit/test_compare.py",
    "durable stage export --config config/final.yaml": "tests/export/test_deliveries.py",
    "Rscript results/demo-final/export/r/t_dor.R": "tests/export/test_programs.py",
    "uv tool install durable-*.whl": "none: it downloads; the wheel itself: tests/tool/conftest.py",
    "pipx install durable-*.whl": "none: it downloads; the wheel itself: tests/tool/conftest.py",
    "pip install durable-*.whl": "tests/tool/conftest.py",
    "make wheelhouse PYTHON=python3.12": "none: it downloads every library",
    "pip install --no-index --find-links wheelhouse durable": "none: it needs the wheelhouse",
    "uv tool install --offline --no-index --find-links wheelhouse durable": (
        "none: it needs the wheelhouse"
    ),
    "pipx install --pip-args='--no-index --find-links wheelhouse' durable": (
        "none: it needs the wheelhouse"
    ),
    "podman build --tag durable .": "none: it needs a container engine",
    'podman run --rm --volume "$PWD":/study durable run': "none: it needs a container engine",
    "durable completion bash > ~/.local/share/bash-completion/completions/durable": (
        "tests/tool/test_commands.py::test_the_script_of_a_shell_offers_the_commands"
    ),
    "durable completion zsh > ~/.zfunc/_durable": (
        "tests/tool/test_commands.py::test_the_script_of_a_shell_offers_the_commands"
    ),
    "snakemake --snakefile fetch.smk --cores 1": (
        "tests/tool/test_snakemake.py::test_tables_behind_an_address_are_fetched"
    ),
}
#: Begins of commands that nothing here can run, whatever follows.
CLUSTER = "snakemake simulate --configfile config/simulation.yaml --executor kubernetes"


def documented() -> dict[str, str]:
    """Each command of the fenced blocks, with the first page that has it; not of the tutorial."""
    found: dict[str, str] = {}
    for page in PAGES:
        if page == "docs/tutorial.md":  # tests/tool/test_study_folder.py executes all of it
            continue
        text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
        for indent, language, block in BLOCK.findall(text):
            for line in block.splitlines() if language in OF_COMMANDS else ():
                command = line.removeprefix(indent).strip()
                if not PROGRAM.match(f"{command} "):
                    continue
                command = " ".join(command.removeprefix("$ ").split(" # ")[0].split())
                found.setdefault(command, page)
    return found


def walk() -> list[str]:
    """The commands of the walk."""
    return [line for line in WALK.strip().splitlines() if not line.startswith("# ")]


def test_every_command_is_accounted_for() -> None:
    known = {*walk(), *ELSEWHERE}
    unknown = {
        command: page
        for command, page in documented().items()
        if command not in known and not command.startswith(CLUSTER)
    }
    assert not unknown
    gone = known - set(documented())
    assert not gone


@pytest.mark.parametrize("place", sorted(set(ELSEWHERE.values())))
def test_the_test_that_is_named_is_there(place: str) -> None:
    if place.startswith("tests/"):
        file, _, name = place.partition("::")
        assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8")


def test_commands_in_running_text_are_commands() -> None:
    commands = next(a.choices for a in parser()._actions if a.dest == "command")
    assert isinstance(commands, dict)
    wrong = []
    for page in PAGES:
        for text in INLINE.findall((ROOT / page).read_text(encoding="utf-8")):
            _, name, *words = " ".join(text.split()).replace("|", " ").split(" ")
            known = commands.get(name)
            if known is None:
                wrong.append(f"{page}: {text}")
                continue
            options = {o for action in known._actions for o in action.option_strings}
            named = {word.partition("=")[0] for word in words if word.startswith("--")}
            if named - options and name not in STARTS_SNAKEMAKE and name != "stage":
                wrong.append(f"{page}: {text}")
    assert not wrong


@pytest.mark.slow
def test_a_study_is_walked_by_the_commands_as_they_stand(tmp_path: Path) -> None:
    plan = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    plan["analysis"] |= {"id": "interim-1", "data_cutoff": "2024-06-30"}
    plan["inputs"] = {name: {"path": f"data/{name}.csv"} for name in ("subjects", "visits")}
    plan["outputs"] = {"shells": [{"output": name} for name in OUTPUTS], "patient_profiles": 0}
    for section in ("series", "simulation", "sensitivity"):
        plan.pop(section, None)
    config = tmp_path / "plan.yaml"
    config.write_text(yaml.safe_dump(plan), encoding="utf-8")
    steps = [line.removeprefix("# ") for line in WALK.strip().splitlines()]
    script = "set -eu\n" + "\n".join(f"echo {shlex.quote('@ ' + step)}\n{step}" for step in steps)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "ROOT": str(ROOT),
            "CONFIG": str(config),
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    study = tmp_path / "my-study"
    results = study / "results"
    assert (results / "interim-1/audit/verdict.html").exists()
    assert (results / "final/compare/interim-1/compare.html").exists()
    assert (results / "interim-2/compare/interim-1/compare.html").exists()
    assert len(list(results.glob("*/audit/signatures/*.sig"))) == 2
    assert "subjects:" in (study / "config/study.yaml").read_text(encoding="utf-8")
    shutil.rmtree(study)
