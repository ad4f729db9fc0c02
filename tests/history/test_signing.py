"""Who may sign what, what a signature says, and which are needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from durable.errors import UserError
from durable.history.contents import SIGNATURES
from durable.history.events import current_user
from durable.history.signing import Declaration, sign_results, stamp_results
from durable.history.states import State
from durable.history.verification import verify_results
from durable.plan import PlanError, parse
from tests.history.conftest import Person, digest, entries, make_results, new_person
from tests.plan.test_refusals import changed
from tests.programs import needs

BOTH = {"approvals": ["reviewed", "approved"], "separate_approver": True}


def checks(folder: Path, kind: str) -> list[str]:
    return [str(check) for check in verify_results(folder).checks if check.kind == kind]


@pytest.fixture
def another_login(monkeypatch: pytest.MonkeyPatch) -> str:
    """From here on, processes are those of somebody whom the system knows by a number."""
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert current_user().login == "54321"
    return "54321"


@pytest.fixture
def folder(tmp_path: Path, people: dict[str, Person]) -> Path:
    """An analysis that needs to be reviewed and approved by others than its author."""
    folder = make_results(tmp_path / "results", governance=BOTH)
    known = "".join(people[name].listed for name in ("jane", "otto"))
    (tmp_path / "results/allowed_signers").write_text(known)
    return folder


def test_a_signature_says_name_meaning_time_and_results_in_the_statement_and_the_history(
    signed: Path,
) -> None:
    paths = sorted((signed / "interim" / SIGNATURES).glob("*.json"), key=lambda path: path.name)
    by_meaning = {json.loads(path.read_text())["meaning"]: path for path in paths}
    path = by_meaning["approved"]
    statement = json.loads(path.read_text())
    told = entries(signed)
    run, reviewed, approved = told[3], told[4], told[5]
    assert statement["signer"] == {"login": current_user().login, "name": "Otto Braun"}
    assert (statement["reason"], statement["analysis"]) == ("as planned", "interim")
    assert (statement["manifest"], statement["run"]) == (run["manifest"], run["run"])
    # The head of the history when it was signed: that of the review.
    line = (signed / "history.jsonl").read_bytes().splitlines(keepends=True)[4]
    assert statement["history"] == {"number": 5, "sha256": digest(line)}
    assert reviewed["event"] == approved["event"] == "signature"
    assert approved["file"] == path.name
    assert approved["statement"] == digest(path.read_bytes())
    assert approved["signature"] == digest(path.with_name(f"{path.name}.sig").read_bytes())
    assert approved["identity"] == "otto@example.org"
    assert approved["meaning"] == "approved"


def test_anybody_can_check_a_signature_with_openssh_alone(
    signed: Path, people: dict[str, Person]
) -> None:
    path = sorted((signed / "interim" / SIGNATURES).glob("*.json"))[0]
    command = ["ssh-keygen", "-Y", "check-novalidate", "-n", "durable", "-s", f"{path}.sig"]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
    assert done.stdout.startswith(b'Good "durable" signature with ED25519 key SHA256:')


@pytest.mark.parametrize("change", ["file", "history", "interrupted"])
def test_results_that_are_not_complete_and_verified_are_not_signed(
    change: str, folder: Path, people: dict[str, Person], another_login: str
) -> None:
    if change == "file":
        (folder / "ard.csv").write_text("output,value\nt_dor,9\n")
    elif change == "history":
        (folder.parent / "history.jsonl").write_bytes(b"")
    else:
        (folder / ".started.json").write_text('{"time": "later"}')
    with pytest.raises(UserError, match="is not complete and verified; nothing was signed:\n  "):
        people["jane"].sign(folder)
    assert not (folder / SIGNATURES).exists()


def test_where_there_is_no_analysis_nothing_is_signed_or_made(
    tmp_path: Path, people: dict[str, Person]
) -> None:
    with pytest.raises(UserError, match="holds no finished analysis"):
        people["jane"].sign(tmp_path / "results/none")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_nobody_knows_does_not_sign(
    folder: Path, people: dict[str, Person], another_login: str
) -> None:
    before = (folder.parent / "history.jsonl").read_bytes()
    with pytest.raises(UserError, match=r"is not listed in .*allowed_signers; nothing was signed"):
        people["mallory"].sign(folder)
    (folder.parent / "allowed_signers").unlink()
    with pytest.raises(UserError, match=r"jane@example\.org ssh-ed25519 AAAA"):
        people["jane"].sign(folder)
    with pytest.raises(UserError, match="ssh-keygen gave no signature"):
        sign_results(folder, Declaration("Jane", "approved", ""), folder / "no key")
    assert not (folder / SIGNATURES).exists()
    assert (folder.parent / "history.jsonl").read_bytes() == before


def test_a_key_holds_in_the_time_that_the_organisation_gave_it(
    folder: Path, people: dict[str, Person], another_login: str
) -> None:
    person = people["jane"]
    who, key = person.listed.split(" ", 1)
    known = folder.parent / "allowed_signers"
    known.write_text(f'{who} namespaces="durable",valid-before="20200101" {key}')
    with pytest.raises(UserError, match="is not listed in"):
        person.sign(folder)
    known.write_text(f'{who} namespaces="git" {key}')
    with pytest.raises(UserError, match="is not listed in"):
        person.sign(folder)
    known.write_text(f'{who} namespaces="durable",valid-before="20990101" {key}')
    person.sign(folder)
    assert "the key is that of jane@example.org" in checks(folder, "signature")[0]
    # Not yet hers when she signed.
    known.write_text(f'{who} namespaces="durable",valid-after="20990101" {key}')
    assert verify_results(folder).state is State.UNVERIFIABLE


def test_an_analysis_without_the_approvals_it_needs_is_incomplete(
    folder: Path, people: dict[str, Person], another_login: str
) -> None:
    assert verify_results(folder).state is State.INCOMPLETE
    assert checks(folder, "approval") == [
        "approval reviewed: incomplete: no valid signature has this meaning",
        "approval approved: incomplete: no valid signature has this meaning",
    ]
    people["jane"].sign(folder, "Reviewed ")
    people["otto"].sign(folder, "note to file")
    assert verify_results(folder).state is State.INCOMPLETE
    people["otto"].sign(folder, "approved")
    assert verify_results(folder).state is State.VERIFIED
    assert checks(folder, "approval") == [
        "approval reviewed: given by Jane Doe",
        "approval approved: given by Otto Braun",
    ]


def test_a_new_run_needs_new_approvals_and_the_earlier_ones_are_kept(
    folder: Path, people: dict[str, Person], another_login: str
) -> None:
    for meaning in BOTH["approvals"]:
        people["jane"].sign(folder, meaning)
    assert verify_results(folder).state is State.VERIFIED
    make_results(folder.parent, governance=BOTH, second=1, reason="correction")
    found = verify_results(folder)
    assert found.state is State.INCOMPLETE
    earlier = [line for line in checks(folder, "signature") if "of a run that entry 4" in line]
    assert len(earlier) == 2
    sorted((folder / SIGNATURES).glob("*.json"))[0].unlink()
    assert verify_results(folder).state is State.CHANGED


def test_who_ran_the_analysis_does_not_approve_it(folder: Path, people: dict[str, Person]) -> None:
    with pytest.raises(UserError, match="another person has to sign that it is approved"):
        people["jane"].sign(folder)
    # Meanings that are not asked for are free to the author too.
    people["jane"].sign(folder, "written by")


def test_nor_under_another_login_with_the_same_key(
    folder: Path, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    author = current_user().login
    people["jane"].sign(folder, "written by")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    with pytest.raises(UserError, match=f"{author} ran the analysis"):
        people["jane"].sign(folder)
    people["otto"].sign(folder, "approved")
    people["otto"].sign(folder, "reviewed")
    assert verify_results(folder).state is State.VERIFIED


def test_an_approval_by_the_author_counts_once_the_policy_asks_for_no_other_person(
    folder: Path, people: dict[str, Person]
) -> None:
    """Signed as policy allowed; the policy was then made stricter by a new run."""
    lenient = {"approvals": ["approved"]}
    make_results(folder.parent, governance=lenient, second=1)
    people["jane"].sign(folder)
    assert verify_results(folder).state is State.VERIFIED
    manifest = folder / "audit/manifest.json"
    manifest.write_text(manifest.read_text().replace('approver": false', 'approver": true'))
    assert f"signed only by {current_user().login}, who ran the analysis" in "".join(
        checks(folder, "approval")
    )
    assert verify_results(folder).state is State.CHANGED


def test_a_policy_that_separates_without_a_meaning_is_no_policy() -> None:
    with pytest.raises(PlanError, match="separate_approver"):
        parse(changed("governance.separate_approver", True))
    with pytest.raises(PlanError, match="each entry once"):
        parse(changed("governance.approvals", ["approved", "approved"]))


def test_keys_other_than_ed25519_sign_too(folder: Path, tmp_path: Path, another_login: str) -> None:
    key = tmp_path / "ecdsa"
    command = ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(command, check=True)
    person = Person("Ecdsa Curve", key)
    (folder.parent / "allowed_signers").write_text(person.listed)
    person.sign(folder)
    assert (
        "the key is that of ecdsa@example.org (ECDSA key SHA256:" in checks(folder, "signature")[0]
    )


def test_a_file_of_signers_of_the_organisation_is_used_wherever_it_lies(
    tmp_path: Path, people: dict[str, Person]
) -> None:
    for place in ("keys/signers", str(tmp_path / "outside")):
        results = tmp_path / place.replace("/", "_") / "results"
        (results.parent / place).parent.mkdir(parents=True, exist_ok=True)
        (results.parent / place).write_text(people["jane"].listed)
        folder = make_results(results, governance={"allowed_signers": place})
        people["jane"].sign(folder)
        assert verify_results(folder).state is State.VERIFIED


TSA = """\
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
[extensions]
extendedKeyUsage = critical, timeStamping
"""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an authority for time stamps: its certificate and key."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(TSA.format(folder=folder))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"]
    command += ["-subj", "/CN=Time", "-addext", "extendedKeyUsage=critical,timeStamping"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def time_stamp(authority: Path, path: Path, algorithm: str = "-sha256") -> Path:
    """The response of the authority for a file."""
    query, response = authority / "q.tsq", path.parents[3] / "given.tsr"
    asked = ["openssl", "ts", "-query", "-data", str(path), algorithm, "-cert", "-out", str(query)]
    subprocess.run(asked, check=True, capture_output=True)
    given = ["openssl", "ts", "-reply", "-config", str(authority / "tsa.cnf"), "-section", "here"]
    given += ["-queryfile", str(query), "-out", str(response)]
    given += ["-signer", str(authority / "ca.pem"), "-inkey", str(authority / "key.pem")]
    subprocess.run(given, check=True, capture_output=True)
    return response


@needs("openssl")
@pytest.mark.parametrize("algorithm", ["-sha256", "-sha512"])
def test_a_time_stamp_of_a_signature_is_kept_and_verified_by_the_authority(
    algorithm: str, tmp_path: Path, people: dict[str, Person], authority: Path
) -> None:
    policy = {"timestamp_ca": str(authority / "ca.pem")}
    folder = make_results(tmp_path / "results", governance=policy)
    (tmp_path / "results/allowed_signers").write_text(people["jane"].listed)
    signature = f"{people['jane'].sign(folder)}.sig"
    response = time_stamp(authority, Path(signature), algorithm)
    assert str(stamp_results(folder, response)) == signature
    (line,) = checks(folder, "timestamp")
    assert re.search(r"\.json\.sig: given at 20\d\d-.*\+00:00, verified by .*ca\.pem$", line)
    told = entries(folder.parent)[-1]
    assert (told["event"], told["sha256"]) == ("timestamp", digest(response.read_bytes()))
    with pytest.raises(UserError, match="this time stamp is kept already"):
        stamp_results(folder, response)
    (kept,) = (folder / SIGNATURES).glob("*.tsr")
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0")
    assert verify_results(folder).state is State.CHANGED


@needs("openssl")
def test_a_time_stamp_of_another_file_or_authority_is_refused(
    tmp_path: Path, authority: Path
) -> None:
    policy = {"timestamp_ca": str(authority / "ca.pem")}
    folder = make_results(tmp_path / "results", governance=policy)
    response = time_stamp(authority, folder / "tables/t_dor.csv")
    with pytest.raises(UserError, match="the time stamp is of none of these files"):
        stamp_results(folder, response)
    response = time_stamp(authority, folder / "audit/manifest.json")
    response.write_bytes(response.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(UserError, match="openssl does not verify it by"):
        stamp_results(folder, response)
    (tmp_path / "text").write_bytes(
        bytes.fromhex(digest((folder / "audit/manifest.json").read_bytes()))
    )
    with pytest.raises(UserError, match="no time stamp can be read from it"):
        stamp_results(folder, tmp_path / "text")
    with pytest.raises(UserError, match="expected a time stamp response"):
        stamp_results(folder, tmp_path / "none.tsr")
    assert not (folder / SIGNATURES).exists()


@needs("openssl")
def test_a_time_stamp_without_certificates_is_kept_and_shown_as_not_checked(
    tmp_path: Path, authority: Path
) -> None:
    folder = make_results(tmp_path / "results")
    stamp_results(folder, time_stamp(authority, folder / "audit/manifest.json"))
    found = verify_results(folder)
    assert found.state is State.VERIFIED
    assert "not checked (governance.timestamp_ca names no certificates)" in str(found.checks[-1])
    # The certificates of whoever verifies.
    checked = verify_results(folder, authority=authority / "ca.pem")
    assert ", verified by " in str(checked.checks[-1])
    missing = verify_results(folder, authority=authority / "none.pem")
    assert missing.state is State.UNVERIFIABLE
    make_results(tmp_path / "results", second=1, files={"ard.csv": "another number\n"})
    (line,) = checks(folder, "timestamp")
    assert line.endswith(": of an earlier audit/manifest.json; not checked")


def test_a_person_is_only_who_the_organisation_says(
    tmp_path: Path, people: dict[str, Person]
) -> None:
    """A printed name is a claim; the key and its line in allowed_signers stand beside it."""
    folder = make_results(tmp_path / "results")
    (tmp_path / "results/allowed_signers").write_text(people["mallory"].listed)
    sign_results(folder, Declaration("Jane Doe", "approved", ""), people["mallory"].key)
    (line,) = checks(folder, "signature")
    assert "approved, by Jane Doe at " in line
    assert "the key is that of mallory@example.org" in line
    assert new_person(tmp_path, "Zoe X").listed.startswith("zoe@example.org ssh-ed25519 ")
