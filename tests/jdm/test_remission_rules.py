"""What a remission rule is made into: a rule added to the registry is everywhere at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from durable.installation import PACKAGE
from durable.jdm.remission import REMISSION_RULES, Remission
from durable.plan import schema
from durable.plan.reference import keys

pytestmark = pytest.mark.requirement("DOR-01")

RULE = """
        RemissionRule(
            name="strength",
            summary="muscle testing at least its limit, whatever the skin shows",
            keys=("strength_min",),
            columns=("mmt8",),
            evaluate=lambda assessments, remission: at_least(
                assessments["mmt8"], remission.strength_min
            ),
            describe=lambda remission: f"MMT8 of at least {remission.strength_min:g}",
        ),
"""
KEY = '''
    strength_min: NotNegative = 80.0
    """MMT8 of the strength rule, at least."""
'''
#: Run with the copy of the package: prints what it makes of the new rule.
PROGRAM = """
import json
import pandas as pd
from durable.jdm.reference import remission_section
from durable.jdm.wording import remission
from durable.intake.needs import needs
from durable.plan import parse, schema
from durable.plan.reference import keys

def plan(rule):
    return parse({
        "analysis": {"id": "a", "data_cutoff": "2024-06-30"}, "study": {"id": "S"},
        "inputs": {"subjects": {"path": "s.csv"}, "visits": {"path": "v.csv"}},
        "response": {"remission": {"rule": rule, "strength_min": 76.5}},
    })

new = plan("strength")
frame = pd.DataFrame({"mmt8": [76.5, 76.0, None]})
status = new.response.remission.evaluate(frame)
print(json.dumps({
    "schema": schema()["$defs"]["Remission"]["properties"]["rule"]["enum"],
    "reference": [key.meaning for key in keys() if key.path == "response.remission.rule"],
    "needed": {
        name: why for name, why in needs(new).columns["visits"].items() if "rule" in why
    },
    "status": [None if value != value else value for value in status],
    "footnote": next(remission(new.response)),
    "page": remission_section(),
}))
"""


def _before(text: str, mark: str, addition: str) -> str:
    assert text.count(mark) == 1
    return text.replace(mark, addition.removeprefix("\n") + mark)


def _run(folder: Path, rule: str, key: str, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with a copy of the package that has a further rule."""
    shutil.copytree(PACKAGE, folder / "durable", ignore=shutil.ignore_patterns("suite"))
    module = folder / "durable" / "jdm" / "remission.py"
    text = module.read_text(encoding="utf-8")
    text = _before(text, '        RemissionRule(\n            name="investigator"', rule)
    text = _before(text, "    tis_min: Score", key)
    module.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the package makes of a rule that is added to jdm/remission.py and nowhere else."""
    run = _run(tmp_path_factory.mktemp("package"), RULE, KEY, PROGRAM)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    ("rule", "key", "message"),
    [
        (RULE, "", "remission rule strength: keys that the section does not have"),
        (RULE.replace('"strength"', '"printo"'), KEY, "two remission rules of one name"),
    ],
    ids=["a limit without a key", "two rules of one name"],
)
def test_a_rule_that_cannot_work_is_refused_at_import(tmp_path, rule, key, message):
    run = _run(tmp_path, rule, key, "import durable.jdm.remission")
    assert run.returncode == 1
    assert message in run.stderr


def test_a_new_rule_is_a_value_of_the_plan_with_its_description(made):
    assert "strength" in made["schema"]
    assert "strength: muscle testing at least its limit" in made["reference"][0]


def test_the_columns_of_a_new_rule_are_needed(made):
    reason = "response.remission.rule (strength)"
    assert made["needed"] == {"mmt8": reason}


def test_a_new_rule_decides_the_status(made):
    assert made["status"] == [1.0, 0.0, None]


def test_a_new_rule_is_in_the_footnotes(made):
    assert ": MMT8 of at least 76.5." in made["footnote"]


def test_a_new_rule_is_in_the_documentation_of_the_derivation(made):
    row = "| `strength` | muscle testing at least its limit, whatever the skin shows |"
    assert f"{row} `strength_min` | `mmt8` |" in made["page"]


def test_the_values_of_the_plan_are_the_rules():
    values = schema()["$defs"]["Remission"]["properties"]["rule"]["enum"]
    assert values == list(REMISSION_RULES)


@pytest.mark.parametrize("rule", REMISSION_RULES.values(), ids=list(REMISSION_RULES))
def test_each_rule_is_described_with_every_limit_of_its_own(rule):
    """A limit that is changed changes the footnote."""
    for key in rule.keys:
        if key == "criteria":
            continue
        one, other = (Remission.model_validate({"rule": rule.name, key: x}) for x in (1.5, 3.5))
        assert one.describe() != other.describe()
        assert "1.5" in one.describe()


def test_the_reference_explains_each_rule():
    meaning = next(key.meaning for key in keys() if key.path == "response.remission.rule")
    for rule in REMISSION_RULES.values():
        assert f"{rule.name}: {rule.summary}" in meaning
