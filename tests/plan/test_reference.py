"""The schema, the list of keys and the shipped configurations are in step with the plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from data.demo import stories as demo
from durable.contracts.reference import needs_section
from durable.display.report_plan import key_meanings
from durable.installation import WORKFLOW
from durable.jdm.needs import columns_needed
from durable.jdm.reference import needs_of_definitions
from durable.jdm.remission import REMISSION_RULES
from durable.jdm.response import Response
from durable.language import Text, language, translate_marked
from durable.plan import PlanError, load, parse, schema
from durable.plan.json_schema import meanings
from durable.plan.reference import DERIVATION, INPUTS, README, keys, reference, write_reference
from durable.wording import options
from tests.plan.test_refusals import SMALLEST, changed

pytestmark = pytest.mark.requirement("PLN-01")

ROOT = Path(__file__).parents[2]
DEMO = ["config/config.yaml", "config/final.yaml"]
SHIPPED = [*DEMO, "config/simulation.yaml"]


@pytest.mark.parametrize("path", reference(ROOT), ids=str)
def test_generated_file_is_in_step(path: Path) -> None:
    # A wheel has the workflow beside the tests.
    home = WORKFLOW.parent if path.is_relative_to("workflow") else ROOT
    assert (home / path).read_text(encoding="utf-8") == reference(ROOT)[path], (
        f"{path} is not what the configuration model says: run `make reference`"
    )


def test_writing_the_reference_twice_changes_nothing(tmp_path: Path) -> None:
    for page in (README, INPUTS, DERIVATION):
        (tmp_path / page).parent.mkdir(exist_ok=True)
        (tmp_path / page).write_bytes((ROOT / page).read_bytes())
    write_reference(tmp_path)
    first = {path: (tmp_path / path).read_bytes() for path in reference(tmp_path)}
    write_reference(tmp_path)
    assert first == {path: (tmp_path / path).read_bytes() for path in first}


@pytest.mark.parametrize(
    "response",
    [
        *({"remission": {"rule": rule}} for rule in REMISSION_RULES),
        {"core_set": "imacs", "recurrence": {"worsening": {"enabled": True}}},
        {"remission": {"glucocorticoid_max_mg_kg": 0, "immunosuppressant_free": True}},
    ],
    ids=str,
)
def test_every_column_that_a_definition_needs_is_listed_under_its_key(
    response: dict[str, Any],
) -> None:
    for column, key in columns_needed(Response.model_validate(response)):
        name, _, value = key.rstrip(")").partition(" (")
        columns = [
            listed
            for listed, by in needs_of_definitions()
            if by.startswith(f"`response.{name}`") and value in by
        ]
        shown = "one muscle enzyme" if column == "enzyme" else f"`{column}`"
        assert any(shown in listed for listed in columns), (column, key)


def test_columns_that_no_definition_needs_are_named() -> None:
    assert (
        needs_section()
        .replace("\n", " ")
        .endswith(
            "No definition needs `study_subject_id`, `site`, `planned_arm`, `sex`, `age_years`,"
            " `race`, `ethnicity`, `apheresis_date`, `reinfusion_cells_per_kg`,"
            " `withdrawal_reason`, `reason`, `class`, `outcome`, `dose`, `therapy_seq`, `term`,"
            " `lowest_level_term`, `lowest_level_term_code`, `preferred_term_code`,"
            " `high_level_term`, `high_level_term_code`, `high_level_group_term`,"
            " `high_level_group_term_code`, `system_organ_class_code`, `primary_soc`,"
            " `primary_soc_code`, `tocilizumab`, `corticosteroid`, `icu`, `ae_seq`, `sample_time`,"
            " `below_lloq`, `lloq`, `lower_limit`, `upper_limit`, `nominal_day` and"
            " `exclusion_reason`. "
        )
    )


def test_the_list_names_each_key_once_with_its_values_default_and_meaning() -> None:
    by_path = {key.path: key for key in keys()}
    assert len(by_path) == len(keys())
    level = by_path["response.improvement.level"]
    assert level.values == "`minimal`, `moderate`, `major`"
    assert level.default == "`minimal`"
    assert by_path["analysis.data_cutoff"].default == "required"
    assert by_path["statistics.conf_level"].values == "number > 0 and < 1"
    assert by_path["schedule[].window"].values == "whole number >= 0 and <= 36500"
    assert by_path["response.ranges.chq_phs"].default == "`{range: 40, min: 0, max: 100}`"
    assert by_path["inputs.visits"].values == "section, as `inputs.subjects`"
    assert all(key.meaning for key in keys())


def test_the_report_tells_of_each_key_what_the_list_of_keys_does() -> None:
    told = dict(meanings())
    for key in keys():
        path = key.path.replace("[]", "").replace(".NAME", "")
        assert told[path] == key.meaning


def test_a_new_entry_of_a_registry_leaves_the_others_their_translation() -> None:
    """A key that lists deliveries or rules is translated entry by entry, not as one text."""
    listed = options({"xpt": "SAS transport files, version 5", "new": "a form of delivery"})
    assert listed == "xpt: SAS transport files, version 5; new: a form of delivery"
    with language("zh"):
        assert "SAS\u4f20\u8f93\u6587\u4ef6" in translate_marked(listed)
        assert "new" in translate_marked(listed)
    told = dict(meanings())
    for key in ("outputs.documents", "outputs.datasets", "response.remission.rule"):
        assert told[key].count("; ") == told[key].count(": ") - 1
        assert isinstance(told[key], Text)
        assert told[key] not in key_meanings()


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped_configuration_passes_both_the_plan_and_the_schema(path: str) -> None:
    load(ROOT / path)
    raw = yaml.safe_load((ROOT / path).read_text())
    jsonschema.validate(json.loads(json.dumps(raw, default=str)), schema())


def test_the_shipped_cut_offs_are_those_of_the_demo_study() -> None:
    cutoffs = [load(ROOT / path).analysis.data_cutoff for path in DEMO]
    assert cutoffs == [demo.INTERIM_CUTOFF, demo.FINAL_CUTOFF]


def test_the_final_configuration_differs_in_its_identity_and_in_what_it_hands_over() -> None:
    interim, final = (load(ROOT / path) for path in DEMO)
    handed_over = {name: getattr(final.outputs, name) for name in ("documents", "datasets")}
    outputs = interim.outputs.model_copy(update=handed_over)
    own = {"analysis": final.analysis, "outputs": outputs, "series": None}
    assert interim.model_copy(update=own) == final


def test_the_schema_accepts_what_the_plan_accepts() -> None:
    jsonschema.validate(SMALLEST, schema())
    jsonschema.validate(changed("response.ranges.cmas", 26), schema())
    jsonschema.validate(changed("response.remission.glucocorticoid_max_mg_kg", None), schema())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("respnse", {}),
        ("statistics.conf_level", 95),
        ("response.improvement.level", "good"),
        ("response.improvement.visits", []),
        ("response.ranges.cmas", 0),
        ("analysis.id", "../../x"),
    ],
)
def test_the_schema_refuses_what_the_plan_refuses(key: str, value: object) -> None:
    raw = changed(key, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, schema())
    with pytest.raises(PlanError):
        parse(raw)
