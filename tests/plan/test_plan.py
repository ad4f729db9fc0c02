"""Defaults, variants, parts and digests of a plan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from durable.plan import Plan, parse
from durable.plan.yaml_reading import QuickLoader, StrictLoader, load_with
from durable.stage import STAGES
from tests.plan.test_refusals import SMALLEST, changed

ROOT = Path(__file__).parents[2]


def plan(**sections: Any) -> Plan:
    return parse({**SMALLEST, **sections})


def test_the_smallest_configuration_has_the_documented_defaults() -> None:
    smallest = plan()
    assert smallest.analysis.data_cutoff == dt.date(2024, 6, 30)
    assert [(v.visit, v.day, v.window) for v in smallest.schedule][1:3] == [
        ("M2", 60, 14),
        ("M3", 90, 14),
    ]
    assert smallest.response.measures == {
        "physician_global": "physician_global",
        "parent_global": "parent_global",
        "muscle": "cmas",
        "function": "chaq",
        "enzyme": "chq_phs",
        "extramuscular": "das",
    }
    assert smallest.response.improvement.thresholds.minimal == 30
    assert smallest.response.remission.rule == "modified_printo"
    assert smallest.statistics.days_per_month == 30.4375


def test_the_plan_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        plan().analysis.id = "b"


def test_a_bare_number_is_a_scale_from_0_to_it() -> None:
    scale = parse(changed("response.ranges.das", 26)).response.ranges.das
    assert (scale.range, scale.min, scale.max) == (26, 0, 26)


def test_a_window_never_begins_before_the_day_after_infusion() -> None:
    visit = plan(schedule=[{"visit": "D5", "day": 5, "window": 30}], **_visits("D5")).schedule[0]
    assert (visit.first_day, visit.last_day) == (1, 35)


def _visits(*visits: str) -> dict[str, Any]:
    return {"response": {"improvement": {"visits": list(visits)}}}


VARIANTS = {
    "both": {
        "response": {"remission": {"criteria": {"cmas_min": 46}}},
        "statistics": {"km_ci": "log"},
    },
    "one": {"response": {"improvement": {"missing": "observed"}}},
}


def test_a_variant_changes_what_it_names_and_keeps_the_rest() -> None:
    base = plan(
        response={"remission": {"criteria": {"at_least": 4}}, "new_therapy": "hypothetical"},
        sensitivity=VARIANTS,
    )
    both = base.response_of("both")
    assert both.remission.criteria.cmas_min == 46
    assert both.remission.criteria.at_least == 4
    assert both.new_therapy.duration == "hypothetical"
    assert base.statistics_of("both").km_ci == "log"
    assert base.statistics_of("one") == base.statistics
    assert base.response.remission.criteria.cmas_min == 48


def test_a_variant_that_changes_nothing_is_redundant() -> None:
    base = plan(
        sensitivity={
            "composite": {"response": {"new_therapy": "composite"}},
            "each_composite": {"response": {"new_therapy": {"duration": "composite"}}},
            "worst": {"response": {"improvement": {"missing": "non_improved"}}},
            "sas": {"statistics": {"quantile_rule": "sas"}},
            "r": {"statistics": {"quantile_rule": "r"}},
            "ignored": {"response": {"new_therapy": {"duration": "treatment_policy"}}},
        }
    )
    assert base.redundant == ("composite", "each_composite", "worst", "sas")


def test_a_variant_of_a_limit_that_is_not_in_force_is_redundant() -> None:
    """The primary rule is modified_printo, without worsening: its limits alone are read. Posterior
    means, restricted means and these months are of the primary analysis."""
    base = plan(
        sensitivity={
            "score_60": {"response": {"remission": {"tis_min": 60}}},
            "three_measures": {"response": {"recurrence": {"worsening": {"csm_count": 2}}}},
            "prior": {"statistics": {"beta_prior": {"a": 5, "b": 5}}},
            "months": {"statistics": {"landmarks_months": [36], "rmst_months": 36}},
            "by_score": {"response": {"remission": {"rule": "tis", "tis_min": 60}}},
            "cmas_50": {"response": {"remission": {"criteria": {"cmas_min": 50}}}},
            "worsening": {"response": {"recurrence": {"worsening": {"enabled": True}}}},
            "death": {"response": {"missed_assessments": {"applies_to_death": True}}},
        }
    )
    assert base.redundant == ("score_60", "three_measures", "prior", "months")


def test_a_plan_that_states_its_defaults_is_the_same_plan() -> None:
    """As a pinned one does, also where a default names what this plan does not have."""
    visits = [visit.model_dump() for visit in plan().schedule if visit.visit != "M6"]
    tests = [{"code": "CD19", "label": "CD19", "unit": "/uL", "group": "immunology"}]
    base = plan(schedule=visits, laboratory={"tests": tests, "main_tests": ["CD19"]})
    assert parse(base.model_dump(mode="json", exclude={"pins"})) == base


def test_one_strategy_for_new_therapy_or_a_key_for_each_endpoint() -> None:
    every = plan(response={"new_therapy": "treatment_policy"}).response.new_therapy
    assert (every.improvement, every.remission, every.duration) == ("treatment_policy",) * 3
    one = plan(response={"new_therapy": {"remission": "treatment_policy"}}).response.new_therapy
    assert (one.improvement, one.remission, one.duration) == (
        *("composite", "treatment_policy", "composite"),
    )


def test_a_list_in_a_variant_replaces_the_list() -> None:
    base = plan(sensitivity={"m3": {"response": {"improvement": {"visits": ["M3"]}}}})
    assert base.response_of("m3").improvement.visits == ("M3",)


def test_a_part_holds_what_was_asked_for_and_nothing_else() -> None:
    part = plan().restrict_to(["response.improvement", "statistics.conf_level"])
    assert part.response.improvement == plan().response.improvement
    assert part.statistics.conf_level == 0.95
    for read in (
        lambda: part.analysis,
        lambda: part.response.remission,
        lambda: part.statistics.km_ci,
    ):
        with pytest.raises(AttributeError):
            read()


def test_the_digest_of_a_part_changes_with_the_part_only() -> None:
    base, log = plan(), plan(statistics={"km_ci": "log"})
    assert base.digest(["statistics.km_ci"]) != log.digest(["statistics.km_ci"])
    assert base.digest(["statistics.conf_level"]) == log.digest(["statistics.conf_level"])


def test_a_default_written_out_changes_no_digest() -> None:
    written = plan(
        response={"improvement": {"visits": ["M2", "M3"], "thresholds": {"minimal": 30}}},
        statistics={"landmarks_months": [3, 6, 9, 12, 18, 24], "rmst_months": 24},
        schedule=[visit.model_dump() for visit in plan().schedule],
        groups=["dose_level", "part"],
    )
    for stage in STAGES.values():
        assert written.digest(stage.sections) == plan().digest(stage.sections)


def test_every_stage_declares_parts_that_exist() -> None:
    for stage in STAGES.values():
        plan().restrict_to(stage.sections)
        plan().digest(stage.sections)


#: Plans, and texts by which readers of YAML could part.
YAML = (
    *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "config").glob("*.yaml"))),
    *("a: 2024-06-31", "a: 012", "a: 1_000", "a: 1e5", "a: 1:30", "a: yes", "a: ~", "a: .inf"),
    *("a: 0o14", "a: 0x1F", "a: 1:30.5", "on: no", "a: =", "a: 08", 'a: "\\ud800"', "&a [*a]"),
    *("a: 'it''s'", 'a: "\\u00e9\\t"', "a: |\n  b\n  c\n", "a: >\n  b\n  c\n", "a: é", "a: \ud55c"),
    *("a: &x [1]\nb: *x", "<<: {a: 1}\nb: 2", "a: 1\na: 2", "a: {b: 1, b: 2}", "? [a]\n: 1"),
    *("a: b: c", "a: [1", "- a\nb: 1", "a: !!python/name:os.system", "!x 1", "", "#"),
    *("--- 1\n--- 2", "a: @b", "a: %b", "a: 'b", "a\x00", "\ufeffa: 1", "a: b #c", "a: b#c"),
)


@pytest.mark.parametrize("text", YAML)
def test_both_readers_of_yaml_read_the_same(text: str) -> None:
    """The quick one is libyaml's; the other one says what is wrong, of what neither reads."""
    quick, slow = (_read(text, loader) for loader in (QuickLoader, StrictLoader))
    assert quick == slow


def _read(text: str, loader: Any) -> object:
    try:
        return load_with(loader, text)
    except (yaml.YAMLError, ValueError):
        return "refused"
