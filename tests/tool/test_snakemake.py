"""What docs/workflow.md says of Snakemake's features."""

from __future__ import annotations

import functools
import http.server
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable.cli import main
from tests.environments import python_finding
from tests.tool.conftest import UV, demo_data
from tests.workflow.conftest import PYTHON, ROOT

SHORT = """\
analysis: {id: a, data_cutoff: 2024-06-30}
study: {id: NCT1}
inputs:
  subjects: {path: data/subjects.csv}
  visits: {path: data/visits.csv}
response: {reinfusion: {as_new_therapy: true}}
"""


def snakemake(
    folder: Path, *options: str, python: Path = PYTHON
) -> subprocess.CompletedProcess[str]:
    """Snakemake in a folder, its environment not activated."""
    return subprocess.run(
        [str(python), "-m", "snakemake", *options],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
        check=False,
    )


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A short study in a folder of its own."""
    folder = tmp_path / "Studie 研究"
    assert main(["new", str(folder), "--study", "NCT1", "--cutoff", "2024-06-30"]) == 0
    demo_data(folder)
    (folder / "config/config.yaml").write_text(SHORT)
    return folder


def test_use_as_a_module_is_refused_with_the_reason(study: Path) -> None:
    (study / "Snakefile").write_text(
        "from durable import SNAKEFILE\n"
        "module durable:\n    snakefile: SNAKEFILE\n    config: {'study': 'other'}\n"
        "use rule * from durable as other_*\n"
    )
    done = snakemake(study, "-n", "--cores", "1")
    assert done.returncode == 1
    assert "durable is no module: Snakemake does not run the handlers of a module" in done.stdout
    assert not (study / "results").exists()


def test_a_rule_of_another_workflow_starts_the_study(study: Path) -> None:
    """The example of docs/workflow.md: dry, for what it would do."""
    (study.parent / "Snakefile").write_text(
        "rule durable:\n"
        f"    input: '{study.name}/config/config.yaml'\n"
        "    output: touch('durable.done')\n"
        f"    shell: \"{sys.executable} -m durable run -d '{study.name}' --cores 1 -n\"\n"
    )
    done = snakemake(study.parent, "--cores", "1")
    assert done.returncode == 0, done.stdout
    assert "This was a dry-run" in done.stdout
    assert (study.parent / "durable.done").exists()


@pytest.mark.slow
def test_without_a_profile_from_another_folder_by_absolute_and_relative_paths(study: Path) -> None:
    name = study.name
    where = ["--snakefile", f"{name}/Snakefile", "--directory", name, "--workflow-profile", "none"]
    relative = ["--configfile", f"{name}/config/config.yaml"]
    done = snakemake(study.parent, *where, *relative, "--cores", "2")
    assert done.returncode == 0, done.stdout
    logs = {path.name for path in (study / "results/a/logs").glob("*.benchmark.tsv")}
    stages = ("check", "derive", "analyse", "figures", "display", "record")
    assert logs == {f"{stage}.benchmark.tsv" for stage in stages}
    absolute = ["--configfile", str(study / "config/config.yaml")]
    for options in ([*where, *absolute, "--cores", "2"], [*where[:4], *absolute]):
        again = snakemake(study.parent, *options, "-n")
        assert "Nothing to be done" in again.stdout, again.stdout
    report = study / "report.zip"
    assert snakemake(study, "--report", str(report)).returncode == 0
    assert report.is_file()


@pytest.mark.slow
def test_the_small_analysis_of_the_repository_runs_where_it_lies(tmp_path: Path) -> None:
    config = (ROOT / ".test/config/config.yaml").read_text()
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text(config.replace("../", f"{ROOT}/"))
    where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path)]
    done = snakemake(ROOT, *where, "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "results/test/audit/manifest.json").is_file()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate of this machine, signed by itself; its key lies beside it."""
    certificate = tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    request += ["-subj", "/CN=durable test", "-addext", "subjectAltName=IP:127.0.0.1"]
    request += ["-keyout", str(certificate.with_name("key.pem")), "-out", str(certificate)]
    subprocess.run(request, check=True, capture_output=True)
    return certificate


@pytest.fixture
def served(authority: Path) -> Iterator[str]:
    """The demo's tables behind an address of this machine, by https."""
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(ROOT / "data/demo")
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, authority.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.slow
def test_tables_behind_an_address_are_fetched_by_the_storage_plugin(
    study: Path,
    served: str,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugin = tmp_path / "plugin"
    install = [str(UV), "pip", "install", "--quiet", "--target", str(plugin)]
    subprocess.run([*install, "snakemake-storage-plugin-http>=0.3,<1"], check=True, timeout=300)
    python = python_finding(Path(), tmp_path / "environment")
    (packages,) = (tmp_path / "environment").glob("lib/python*/site-packages")
    # Last: what the tests have installed comes first.
    (packages / "plugin.pth").write_text(f"{plugin}\n")
    visits = study / "data/visits.csv"
    visits.unlink()
    (study / "fetch.smk").write_text(
        "rule fetch:\n"
        f"    input: storage.http('{served}/visits.csv')\n"
        "    output: 'data/visits.csv'\n"
        "    shell: 'cp {input:q} {output:q}'\n"
    )
    options = ("--snakefile", "fetch.smk", "--cores", "1", "--workflow-profile", "none")
    # Nobody vouches for the server.
    refused = snakemake(study, *options, python=python)
    assert refused.returncode != 0
    assert "certificate verify failed" in refused.stdout
    assert not visits.exists()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    done = snakemake(study, *options, python=python)
    assert done.returncode == 0, done.stdout
    assert visits.read_bytes() == (ROOT / "data/demo/visits.csv").read_bytes()
