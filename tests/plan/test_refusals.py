"""Each kind of mistake in a configuration is refused by its key path, found and expected."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml

from durable.plan import PlanError, load, parse
from durable.plan.yaml_reading import read_yaml

pytestmark = pytest.mark.requirement("PLN-02")

SMALLEST: dict[str, Any] = {
    "analysis": {"id": "a1", "data_cutoff": "2024-06-30"},
    "study": {"id": "S-1"},
    "inputs": {"subjects": {"path": "subjects.csv"}, "visits": {"path": "visits.csv"}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The smallest configuration with one key set."""
    raw = copy.deepcopy(SMALLEST)
    *sections, last = path.split(".")
    at = raw
    for section in sections:
        at = at.setdefault(section, {})
    at[last] = value
    return raw


def without(path: str) -> dict[str, Any]:
    raw = copy.deepcopy(SMALLEST)
    *sections, last = path.split(".")
    at = raw
    for section in sections:
        at = at[section]
    del at[last]
    return raw


def findings(raw: object) -> list[str]:
    with pytest.raises(PlanError) as refusal:
        parse(raw)
    return [str(finding) for finding in refusal.value.findings]


def schedule(*visits: tuple[str, int, float]) -> list[dict[str, object]]:
    return [{"visit": visit, "day": day, "window": window} for visit, day, window in visits]


REFUSED = [
    (
        "an unknown section, with the one that was meant",
        changed("respnse", {}),
        "respnse: found an unknown key; expected one of analysis, inputs, study, schedule, "
        "response, statistics, groups, subgroups, sensitivity, safety, laboratory, kinetics, "
        "over_time, exposure, cells_outcome, monitoring, eligibility, deviations, outputs, "
        "governance, simulation, series, pins (did you mean response?)",
    ),
    (
        "an unknown key deep inside",
        changed("response.remission.criteria.cmas", 48),
        "response.remission.criteria.cmas: found an unknown key; expected one of ck_max, cmas_min, "
        "mmt8_min, physician_global_max, at_least (did you mean cmas_min?)",
    ),
    (
        "an unknown key of a visit in the schedule",
        changed("schedule", [{"visit": "M2", "day": 60, "window": 14, "windw": 3}]),
        "schedule[0].windw: found an unknown key; expected one of visit, day, window "
        "(did you mean window?)",
    ),
    (
        "a required key that is missing",
        without("analysis.data_cutoff"),
        "analysis.data_cutoff: found nothing; expected a value: the key is required",
    ),
    (
        "a study without its number",
        without("study.id"),
        "study.id: found nothing; expected a value: the key is required",
    ),
    (
        "a plan that does not name its study",
        without("study"),
        "study.id: found nothing; expected a value: the key is required",
    ),
    (
        "a study without text for its number",
        changed("study.id", " "),
        "study.id: found ' '; expected text that is not empty",
    ),
    (
        "a number for the number of a study, which may have zeros before it",
        changed("study.id", 12345),
        "study.id: found 12345; expected text",
    ),
    (
        "a required section that is missing",
        without("inputs"),
        "inputs: found nothing; expected a value: the key is required",
    ),
    (
        "a required table that is missing",
        without("inputs.subjects"),
        "inputs.subjects: found nothing; expected a value: the key is required",
    ),
    (
        "a value that is none of the choices",
        changed("response.improvement.level", "good"),
        "response.improvement.level: found 'good'; expected 'minimal', 'moderate' or 'major'",
    ),
    (
        "text where a number is due",
        changed("statistics.conf_level", "0.95"),
        "statistics.conf_level: found '0.95'; expected a number",
    ),
    (
        "a percentage where a proportion is due",
        changed("statistics.conf_level", 95),
        "statistics.conf_level: found 95; expected less than 1",
    ),
    (
        "a number where true or false is due",
        changed("response.recurrence.investigator", 1),
        "response.recurrence.investigator: found 1; expected true or false",
    ),
    (
        "a threshold of the score above 100",
        changed("response.improvement.thresholds.major", 101),
        "response.improvement.thresholds.major: found 101; expected less than or equal to 100",
    ),
    (
        "an infinite value",
        changed("statistics.rmst_months", float("inf")),
        "statistics.rmst_months: found inf; expected a finite number",
    ),
    (
        "a value that is not a number",
        changed("statistics.days_per_month", float("nan")),
        "statistics.days_per_month: found nan; expected greater than 0",
    ),
    (
        "a day that does not exist",
        changed("analysis.data_cutoff", "2024-02-30"),
        "analysis.data_cutoff: found '2024-02-30'; expected a date as YYYY-MM-DD",
    ),
    (
        "a date in another order",
        changed("analysis.data_cutoff", "30.06.2024"),
        "analysis.data_cutoff: found '30.06.2024'; expected a date as YYYY-MM-DD",
    ),
    (
        "an empty title",
        changed("analysis.title", "  "),
        "analysis.title: found '  '; expected text that is not empty",
    ),
    (
        "nothing in place of a section",
        changed("response.improvement", None),
        "response.improvement: found nothing; expected a section of keys and values",
    ),
    (
        "an id that leaves the results folder",
        changed("analysis.id", "../../x"),
        "analysis.id: found '../../x'; expected text like ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    ),
    (
        "a list that names a visit twice",
        changed("response.improvement.visits", ["M2", "M2"]),
        "response.improvement.visits: found ['M2', 'M2']; expected each entry once",
    ),
    (
        "an empty list",
        changed("response.improvement.visits", []),
        "response.improvement.visits: found []; expected at least one entry",
    ),
    (
        "a list that lacks an entry",
        changed("laboratory", {"icaht": {"severe_days": [7]}}),
        "laboratory.icaht.severe_days: found [7]; expected at least 2 entries",
    ),
    (
        "a list with an entry too many",
        changed("laboratory", {"icaht": {"late_limits": [5, 4, 3, 2, 1]}}),
        "laboratory.icaht.late_limits: found [5, 4, 3, 2, 1]; expected at most 4 entries",
    ),
    (
        "a rule of B cells on a test that the plan does not declare",
        changed("laboratory", {"b_cells": {"test": "CD19"}}),
        "laboratory.b_cells.test: found 'CD19'; expected a test of laboratory.tests: one of NEUT, "
        "LYM, WBC, HGB, PLAT, BCELL, IGG, IGM, IGA, FERRITIN, CRP, IL6",
    ),
    (
        "a rule of neutrophils on a test that the plan does not declare",
        changed("laboratory", {"icaht": {"test": "NEUTS"}}),
        "laboratory.icaht.test: found 'NEUTS'; expected a test of laboratory.tests: one of NEUT, "
        "LYM, WBC, HGB, PLAT, BCELL, IGG, IGM, IGA, FERRITIN, CRP, IL6 (did you mean NEUT?)",
    ),
    (
        "a boundary that begins after its last subject, and so never applies",
        changed(
            "monitoring.safety",
            {
                "crs": {
                    "event": "crs",
                    "acceptable_rate": 0.1,
                    "unacceptable_rate": 0.4,
                    "maximum_subjects": 20,
                    "from_subjects": 25,
                }
            },
        ),
        "from_subjects up to maximum_subjects, 20",
    ),
    (
        "a label that is too long",
        changed("subgroups", {"sex": {"column": "sex", "label": "x" * 28}}),
        f"subgroups.sex.label: found '{'x' * 28}'; expected at most 27 characters",
    ),
    (
        "one value where a list is due",
        changed("groups", "part"),
        "groups: found 'part'; expected a list",
    ),
    (
        "half a day in the schedule",
        changed("schedule", schedule(("M2", 60, 14), ("M3", 90, 14.5))),
        "schedule[1].window: found 14.5; expected a whole number",
    ),
    (
        "a hybrid core set that is not spelled out",
        changed("response.core_set", "hybrid"),
        "hybrid: given exactly when core_set is hybrid",
    ),
    (
        "thresholds out of order",
        changed("response.improvement.thresholds.minimal", 50),
        "minimal < moderate < major",
    ),
    (
        "a scale whose minimum is its maximum",
        changed("response.ranges.cmas", {"range": 52, "min": 52, "max": 52}),
        "min below max",
    ),
    (
        "an MMT8 of 150 judged by the item of the scale of 80",
        changed("response.ranges.mmt8", 150),
        "remission.criteria.mmt8_min stated for another scale of mmt8 than 0 to 80",
    ),
    (
        "a physician global in millimetres judged by the item of the scale of 10",
        changed("response.ranges.physician_global", 100),
        "remission.criteria.physician_global_max stated for another scale of physician_global",
    ),
    (
        "clinical remission by the best CMAS of another scale",
        changed(
            "response",
            {
                "ranges": {"cmas": 40},
                "remission": {"rule": "clinical_remission", "criteria": {"cmas_min": 37}},
            },
        ),
        "remission.clinical_cmas_min stated for another scale of cmas than 0 to 52",
    ),
    (
        "windows that overlap, by one shared day",
        changed("schedule", schedule(("M2", 60, 14), ("M3", 88, 14))),
        "schedule[1].window: found days 74 to 102; expected no overlap with M2, days 46 to 74",
    ),
    (
        "a visit that is scheduled twice",
        changed("schedule", schedule(("M2", 60, 1), ("M3", 90, 1), ("M2", 120, 1))),
        "schedule[2].visit: found 'M2'; expected each visit once",
    ),
    (
        "an improvement visit that is not scheduled",
        changed("response.improvement.visits", ["M2", "M4"]),
        "response.improvement.visits[1]: found 'M4'; expected one of D28, M2, M3, M6, M9, M12, "
        "M18, M24",
    ),
    (
        "a deadline of remission that is not scheduled",
        changed("response.remission_deadline", "M5"),
        "response.remission_deadline: found 'M5'; expected one of D28, M2, M3, M6, M9, M12, M18, "
        "M24",
    ),
    (
        "remission that cannot have held by its deadline",
        changed("response.remission", {"held_days": 194}),
        "response.remission.held_days: found 194; expected fewer days than until M6"
        " (remission_deadline), day 194",
    ),
    (
        "a deadline of a variant that is not scheduled",
        changed("sensitivity", {"v": {"response": {"remission_deadline": "W26"}}}),
        "sensitivity.v.response.remission_deadline: found 'W26'; expected one of",
    ),
    (
        "a strategy that is none",
        changed("response.new_therapy.duration", "ignore"),
        "response.new_therapy.duration: found 'ignore'; expected",
    ),
    (
        "a column that the table does not have",
        changed("inputs.visits.columns", {"visitdate": "VISDT"}),
        "inputs.visits.columns.visitdate: found an unknown column; expected one of",
    ),
    (
        "a checksum that is none",
        changed("inputs.visits.sha256", "abc"),
        "inputs.visits.sha256: found 'abc'; expected",
    ),
    (
        "a variant that changes nothing",
        changed("sensitivity", {"v": {"title": "V"}}),
        "sensitivity.v: found nothing that differs; expected keys of response or statistics",
    ),
    (
        "a variant with the name of the primary analysis",
        changed("sensitivity", {"primary": {"response": {"new_therapy": "composite"}}}),
        "sensitivity.primary: found the reserved name primary; expected another name",
    ),
    (
        "a variant whose name is a path",
        changed("sensitivity", {"../v": {"response": {"new_therapy": "composite"}}}),
        "sensitivity.../v",
    ),
    (
        "an unknown key in a variant",
        changed("sensitivity", {"v": {"response": {"new_therpy": "composite"}}}),
        "sensitivity.v.response.new_therpy: found an unknown key",
    ),
    (
        "a variant whose visit is not scheduled",
        changed("sensitivity", {"v": {"response": {"improvement": {"visits": ["M1"]}}}}),
        "sensitivity.v.response.improvement.visits[0]: found 'M1'; expected one of",
    ),
    (
        "a wrong value in a variant",
        changed("sensitivity", {"v": {"statistics": {"km_ci": "loglog"}}}),
        "sensitivity.v.statistics.km_ci: found 'loglog'",
    ),
    (
        "a group that no table has",
        changed("groups", ["site"]),
        "groups[0]: found 'site'; expected one of dose_level, part, sex",
    ),
    (
        "a cut-off in another millennium",
        changed("analysis.data_cutoff", "2924-06-30"),
        "analysis.data_cutoff: found '2924-06-30'; expected a date from 1900 to 2099",
    ),
    (
        "a date as Python reads it, but nobody else",
        changed("analysis.data_cutoff", "20240630"),
        "analysis.data_cutoff: found '20240630'; expected a date as YYYY-MM-DD",
    ),
    (
        "a title with a control character, which define.xml could not hold",
        changed("study.title", "a\x07b"),
        "study.title: found 'a\\x07b'; expected text of one line, without control characters",
    ),
    (
        "a title of two lines",
        changed("analysis.title", "Interim\nanalysis"),
        "analysis.title: found 'Interim\\nanalysis'; expected text of one line",
    ),
    (
        "time points of persistence with one label",
        changed(
            "kinetics.persistence",
            [{"label": "D28", "day": day, "window": 3} for day in (14, 28)],
        ),
        "expected each entry once",
    ),
    (
        "one label for CRS and ICANS, which would count as both",
        changed("safety", {"crs": "TOX", "icans": "TOX"}),
        "expected crs, icans and cytopenia with a label each",
    ),
    ("a list in place of sections", ["analysis"], "(file): found ['analysis']; expected sections"),
    (
        "an output that no analysis has, with the names of all",
        changed("outputs.shells", [{"output": "t_dorr"}]),
        "outputs.shells[0].output: found 't_dorr'; expected 't_disposition', 't_baseline', "
        "'t_eligibility', 't_eligibility_s', ",
    ),
    (
        "an output that is shown twice",
        changed("outputs.shells", [{"output": "t_dor"}, {"output": "t_dor", "number": "2"}]),
        "expected each entry once",
    ),
    (
        "a shell that names no output",
        changed("outputs.shells", [{"number": "14.2.1"}]),
        "outputs.shells[0].output: found nothing; expected a value: the key is required",
    ),
    (
        "a number that two tables would have; a figure may have it too",
        changed(
            "outputs.shells",
            [
                {"output": "t_dor", "number": "14.2.1"},
                {"output": "f_km_dor", "number": "14.2.1"},
                {"output": "t_improvement"},
            ],
        ),
        "outputs.shells[2].number: found '14.2.1'; expected a number that no table above has",
    ),
    (
        "a title of a shell over two lines",
        changed("outputs.shells", [{"output": "t_dor", "title": "a\nb"}]),
        "outputs.shells[0].title: found 'a\\nb'; expected text of one line",
    ),
    (
        "a month of the main tables that the statistics do not have",
        changed("outputs.landmarks_months", [6, 7]),
        "outputs.landmarks_months[1]: found 7; expected one of 3, 6, 9, 12, 18, 24",
    ),
    (
        "a month of the main tables twice",
        changed("outputs.landmarks_months", [6, 6]),
        "outputs.landmarks_months: found [6, 6]; expected each entry once",
    ),
    (
        "main tables without a month",
        changed("outputs.landmarks_months", []),
        "outputs.landmarks_months: found []; expected",
    ),
    (
        "a status that is none of an analysis",
        changed("analysis.status", "Final"),
        "analysis.status: found 'Final'; expected 'draft', 'interim' or 'final'",
    ),
]


@pytest.mark.parametrize(("raw", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refuses(raw: object, message: str) -> None:
    found = findings(raw)
    assert len(found) == 1
    assert message in found[0]


def test_tells_every_mistake_at_once() -> None:
    raw = changed("statistics.conf_level", 95)
    raw["analysis"]["id"] = "/etc"
    raw["extra"] = 1
    raw["response"] = {"improvement": {"level": "good", "visits": ["M4"]}}
    keys = [finding.partition(":")[0] for finding in findings(raw)]
    assert keys == [
        "analysis.id",
        "response.improvement.level",
        "statistics.conf_level",
        "extra",
        "response.improvement.visits[0]",
    ]


def test_a_refusal_reads_as_a_list_with_the_file_first() -> None:
    with pytest.raises(PlanError) as refusal:
        parse(changed("groups", ["site"]), "study.yaml")
    assert str(refusal.value).splitlines() == [
        "study.yaml: 1 problem(s) in the configuration",
        "  groups[0]: found 'site'; expected one of dose_level, part, sex",
    ]
    assert refusal.value.status == 2


TEXTS = {
    "a key given twice": (
        b"analysis:\n  id: a\n  id: b\n",
        "line 3, column 3: found the key 'id' a second time; expected valid YAML",
    ),
    "a tab before a value": (b"analysis:\t{}\n", "line 1, column 10: found character"),
    "too many brackets": (
        b"[" * 5000,
        "line 1, column 50: found more than 50 levels; expected at most 50",
    ),
    "a bracket left open": (b"analysis: [1,\n", "expected valid YAML"),
    "a tab": (b"analysis:\n\tid: a\n", "line 2, column 1"),
    "a tag that would run code": (
        b'analysis: !!python/object/apply:os.system ["true"]\n',
        "line 1, column 11: found the tag !!python/object/apply:os.system; expected values without",
    ),
    "a tag that is harmless": (
        b"analysis: {id: !!str 1}\n",
        "line 1, column 16: found the tag !!str",
    ),
    "bytes that are not UTF-8": (b"caf\xe9: 1\n", "(file): found bytes that are not UTF-8"),
    "an empty file": (b"", "(file): found nothing; expected sections"),
}


#: Numbers that versions of YAML, or YAML and a person, read differently.
NUMBERS = ("014", "-014", "00", "0x1F", "0b11", "1_000", "1_0.5", "1:1:1", "1:30", "190:20:30.15")
TEXTS |= {
    f"the number {number}": (
        f"safety: {{dlt_window_days: {number}}}\n".encode(),
        f"line 1, column 27: found {number}; expected a number in plain decimals, or text in",
    )
    for number in NUMBERS
}
TEXTS |= {
    "a merge key": (
        b"analysis: &a {id: a}\nstudy:\n  <<: *a\n",
        'line 3, column 3: found the merge key <<; expected keys that are written out, or "<<" in',
    ),
    "an alias within itself": (
        b"analysis: &a {id: *a}\n",
        "line 1, column 19: found *a within itself; expected an alias of what is complete",
    ),
    "aliases that stand for a million values": (
        b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % before] * 10))
            for before, name in itertools.pairwise(b"abcdef")
        ),
        "found more than 100000 values, aliases followed; expected at most 100000",
    ),
    "aliases that are nested too deep": (
        b"a0: &a0 [1]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (i, i, i - 1) for i in range(1, 60)),
        "found more than 50 levels; expected at most 50",
    ),
    "more characters than any plan": (
        b"a: 1\n" * 400_001,
        "(file): found 2000001 characters; expected at most 2000000",
    ),
    "half a surrogate pair": (
        b'study: {id: "S\\ud83d"}\n',
        "line 1, column 13: found the character \\ud83d; expected text",
    ),
    **{
        f"the noncharacter U+{number:04X}, {way}": (
            f"study: {{id: S}}\nanalysis: {{title: {text}}}\n".encode(),
            "line 2, column ",
        )
        for number in (0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF)
        for way, text in (("as it is", chr(number)), ("as an escape", f'"\\U{number:08x}"'))
    },
    **{
        f"{name} as an escape": (
            f"analysis:\n  title: {text}\n".encode(),
            f"line 2, column 10: found the character {shown}; expected text",
        )
        for name, text, shown in (
            ("a vertical tab", '"a\\x0bb"', "\\x0b"),
            ("a NUL", '"a\\0"', "\\x00"),
            ("a delete", '"a\\x7f"', "\\x7f"),
            ("a control character of Latin-1", '"a\\x85"', "\\x85"),
            ("a sign that turns the order", '"a\\u202e"', "\\u202e"),
            ("a soft hyphen", '"a\\u00ad"', "\\xad"),
            ("a blank without width", '"a\\u200b"', "\\u200b"),
            ("a byte order mark", '"a\\ufeff"', "\\ufeff"),
            ("a replacement", '"a\\ufffd"', "\\ufffd"),
        )
    },
    **{
        f"U+{number:04X} in a comment": (
            f"# a note{chr(number)}outputs: {{locked: false}}\n".encode(),
            f"line 1, column 9: found the character U+{number:04X}; expected text",
        )
        for number in (0x85, 0xAD, 0x200B, 0x2028, 0x2029, 0x202E, 0x2066, 0xFEFF, 0xFFFD)
    },
    "a control character": (b"study: {id: S}\nx: a\x07\n", "line 2, column 5: found the character"),
}


@pytest.mark.parametrize("mistake", TEXTS)
def test_refuses_a_file_with(mistake: str, tmp_path: Path) -> None:
    text, message = TEXTS[mistake]
    path = tmp_path / "config.yaml"
    path.write_bytes(text)
    with pytest.raises(PlanError) as refusal:
        load(path)
    assert message in str(refusal.value)
    assert len(refusal.value.findings) == 1


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(PlanError, match=r"nowhere.yaml: 1 problem.*\n.*No such file"):
        load("nowhere.yaml")


def test_a_byte_order_mark_at_the_beginning_is_none_of_the_text(tmp_path: Path) -> None:
    marked, plain = tmp_path / "marked.yaml", tmp_path / "plain.yaml"
    text = yaml.safe_dump(SMALLEST)
    marked.write_text(f"\ufeff{text}", encoding="utf-8")
    plain.write_text(text, encoding="utf-8")
    assert load(marked) == load(plain)


def test_an_unquoted_date_is_the_same_as_a_quoted_one(tmp_path: Path) -> None:
    quoted, unquoted = tmp_path / "quoted.yaml", tmp_path / "unquoted.yaml"
    text = yaml.safe_dump(SMALLEST)
    assert "'2024-06-30'" in text
    quoted.write_text(text)
    unquoted.write_text(text.replace("'", ""))
    assert load(quoted) == load(unquoted)


def test_words_are_text_and_no_truth_values(tmp_path: Path) -> None:
    """As in YAML 1.2; where true or false is expected they are refused."""
    path = tmp_path / "config.yaml"
    inputs = {**SMALLEST["inputs"], "kinetics": {"path": "k.csv", "values": {"unit": {}}}}
    text = yaml.safe_dump(SMALLEST | {"inputs": inputs})
    words = "yes: NO, on: off, y: n, 08: 0o14, 1e5: =, 1.2.3: 12:xx"
    path.write_text(text.replace("unit: {}", f"unit: {{{words}}}"))
    assert load(path).inputs.kinetics.values == {
        "unit": {"yes": "NO", "on": "off", "y": "n", "08": "0o14", "1e5": "=", "1.2.3": "12:xx"}
    }
    for word in ("yes", "no", "on", "off", "Yes", "OFF"):
        path.write_text(f"{text}outputs: {{locked: {word}}}\n")
        with pytest.raises(PlanError) as refusal:
            load(path)
        assert str(refusal.value.findings[0]) == (
            f"outputs.locked: found '{word}'; expected true or false"
        )
    for word, read in (("true", True), ("False", False)):
        path.write_text(f"{text}outputs: {{locked: {word}}}\n")
        assert load(path).outputs.locked is read


def test_an_octal_number_of_yaml_1_2_is_text_and_no_number() -> None:
    raw = read_yaml("safety: {dlt_window_days: 0o14}", "plan")
    with pytest.raises(PlanError, match=r"dlt_window_days: found '0o14'; expected a whole number"):
        parse(SMALLEST | raw)


@pytest.mark.parametrize("number", ["0", "7", "+7", "-7", "2.50", ".5", "5.", "1.0e+7", "007.5"])
def test_a_plain_number_is_read_as_it_looks(number: str) -> None:
    assert read_yaml(f"a: {number}", "plan") == {"a": float(number)}


def test_a_pinned_plan_is_read_as_it_was_written() -> None:
    """What looks like a number, a truth value or a merge key is written in quotes."""
    odd = ["014", "1:1:1", "yes", "NO", "<<", "=", "0o14", "1e7", "~", "true", "2024-01-01", "8 "]
    values = {word: word for word in odd}
    assert read_yaml(yaml.safe_dump(values), "plan") == values
