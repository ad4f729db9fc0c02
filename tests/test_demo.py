"""The demo study holds the stories its README tells, judged by plain Python on the CSV files.

Nothing of the package's derivations is used here: the rules are written out again, in the simplest
form that decides these subjects.
"""

import csv
import datetime as dt
import itertools
import re
from fractions import Fraction
from pathlib import Path

import pytest

from data.demo.stories import FINAL_CUTOFF, INTERIM_CUTOFF, SEED
from data.demo.write_demo import write_demo
from durable.contracts.tables import INPUT_TABLES, NATIVE_COLUMNS

COMMITTED = Path(__file__).parents[1] / "data" / "demo"
INFUSED = [f"CQ-{n:03d}" for n in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12)]
SCHEDULE = [  # label, target day, window: the defaults of the plan, and day 14 of the demo protocol
    ("D14", 14, 3),
    ("D28", 28, 3),
    ("M2", 60, 14),
    ("M3", 90, 14),
    ("M6", 180, 14),
    ("M9", 270, 14),
    ("M12", 365, 30),
    ("M18", 548, 30),
    ("M24", 730, 30),
]

# Duration of response: start, end, days = end - start + 1, how it ends.
EXPECTED_FINAL = {
    "CQ-001": ("2023-05-12", "2023-11-09", 182, "recurrence"),
    "CQ-002": ("2023-05-15", "2025-04-04", 691, "ongoing"),
    "CQ-005": ("2023-07-08", "2024-04-13", 281, "death"),
    "CQ-007": ("2024-02-13", "2025-03-10", 392, "recurrence"),
    "CQ-009": ("2024-01-11", "2024-06-16", 158, "new therapy"),
    "CQ-010": ("2024-03-11", "2024-07-11", 123, "missed assessments"),
    "CQ-011": ("2024-05-27", "2024-08-28", 94, "withdrawn"),
    "CQ-012": ("2024-06-09", "2026-03-23", 653, "ongoing"),
}
EXPECTED_INTERIM = EXPECTED_FINAL | {
    "CQ-002": ("2023-05-15", "2024-03-22", 313, "ongoing"),
    "CQ-007": ("2024-02-13", "2024-05-16", 94, "ongoing"),
    "CQ-010": ("2024-03-11", "2024-04-12", 33, "ongoing"),
    "CQ-011": ("2024-05-27", "2024-05-27", 1, "next assessment not yet due"),
    "CQ-012": ("2024-06-09", "2024-06-09", 1, "next assessment not yet due"),
}


def read(folder):
    tables = {}
    for name in NATIVE_COLUMNS:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    return tables


@pytest.fixture(scope="module")
def demo():
    return read(COMMITTED)


@pytest.fixture(scope="module", params=[SEED, 1, 2, 3, 20230214])
def any_demo(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, request.param)
    return read(folder)


def date(text):
    return dt.date.fromisoformat(text) if text else None


def subject(tables, name):
    return next(row for row in tables["subjects"] if row["subject_id"] == name)


def rows(tables, table, name):
    return [row for row in tables[table] if row["subject_id"] == name]


def visit(tables, name, label):
    return next((row for row in rows(tables, "visits", name) if row["visit"] == label), None)


def day(tables, name, text):
    return (date(text) - date(subject(tables, name)["infusion_date"])).days


def infused_subjects(tables):
    return [row["subject_id"] for row in tables["subjects"] if row["infusion_date"]]


# --- the rules, written out -----------------------------------------------------------------------

CUT_POINTS, MUSCLE_CUTS = (5, 15, 25, 40), (2, 10, 20, 30)
PRINTO = (  # measure, range, better, cut points, score of the levels; heavy ones must be present
    ("physician_global", 10, -1, CUT_POINTS, (0, 7.5, 15, 17.5, 20)),
    ("parent_global", 10, -1, CUT_POINTS, (0, 2.5, 5, 7.5, 10)),
    ("cmas", 52, 1, MUSCLE_CUTS, (0, 10, 20, 27.5, 32.5)),
    ("chaq", 3, -1, CUT_POINTS, (0, 5, 7.5, 7.5, 10)),
    ("chq_phs", 40, 1, CUT_POINTS, (0, 2.5, 5, 7.5, 7.5)),
    ("das", 20, -1, CUT_POINTS, (0, 7.5, 12.5, 15, 20)),
)
HEAVY = {"physician_global", "cmas", "das"}


def component(change, cuts, scores):
    return scores[sum(change > cut for cut in cuts)]


def tis(baseline, at):
    """The score; None where a heavy measure is missing. A missing light one scores 0."""
    total = 0
    for measure, width, better, cuts, scores in PRINTO:
        if at[measure] == "":
            if measure in HEAVY:
                return None
            continue
        gain = (Fraction(at[measure]) - Fraction(baseline[measure])) * better
        total += component(100 * gain / width, cuts, scores)
    return total


def items(row):
    """Items of inactive disease: True, False, or None where not recorded."""
    rules = (
        ("ck", lambda value: value <= 150),
        ("cmas", lambda value: value >= 48),
        ("mmt8", lambda value: value >= 78),
        ("physician_global", lambda value: value <= Fraction("0.2")),
    )
    return {name: rule(Fraction(row[name])) if row[name] else None for name, rule in rules}


def in_remission(row):
    """Modified PRINTO inactive disease: True, False or None (unknown)."""
    found = items(row)
    physician, met = found["physician_global"], list(found.values())
    if physician is False or met.count(False) >= 2:
        return False
    return True if physician and met.count(True) >= 3 else None


def missed_in_a_row(tables, name, after, before):
    """Most consecutive scheduled assessments missed with windows wholly between two days."""
    attended = {row["visit"] for row in rows(tables, "visits", name)}
    run = longest = 0
    for label, target, window in SCHEDULE:
        if target - window > after and target + window < before:
            run = 0 if label in attended else run + 1
            longest = max(longest, run)
    return longest


def response(tables, name, cutoff):
    """Start, end, days and kind of end of the response; None without remission."""
    infusion = date(subject(tables, name)["infusion_date"])
    seen = [
        (date(row["visit_date"]), in_remission(row), row["investigator_assessment"])
        for row in rows(tables, "visits", name)
        if infusion < date(row["visit_date"]) <= cutoff
    ]
    known = [(when, status) for when, status, _ in seen if status is not None]
    start = next((when for when, status in known if status), None)
    if start is None:
        return None
    later = [(when, status) for when, status in known if when > start]
    losses = [
        first
        for (first, status), (_, following) in itertools.pairwise(later)
        if not status and not following and (first - infusion).days > 30
    ]
    said = [
        when for when, _, word in seen if when > start and word in ("recurrence", "progression")
    ]
    therapies = [
        date(row["start_date"])
        for row in rows(tables, "therapies", name)
        if row["new_systemic"] == "Y" and start < date(row["start_date"]) <= cutoff
    ]
    death = date(subject(tables, name)["death_date"])
    events = [(when, "recurrence") for when in (*losses, *said)]
    events += [(when, "new therapy") for when in therapies]
    events += [(death, "death")] if death and death <= cutoff else []
    if events:
        end, kind = min(events)
        last = max(when for when, _ in known if when < end)
        gap = missed_in_a_row(tables, name, (last - infusion).days, (end - infusion).days)
        if gap >= 2 and kind not in ("death", "new therapy"):
            end, kind = last, "missed assessments"
    else:
        end = known[-1][0]
        withdrawal = date(subject(tables, name)["withdrawal_date"])
        if withdrawal and withdrawal <= cutoff:
            kind = "withdrawn"
        else:
            kind = "ongoing" if end > start else "next assessment not yet due"
            until = (cutoff - infusion).days + 1
            if end == start and missed_in_a_row(tables, name, (end - infusion).days, until):
                kind = "no assessment after remission"
    return start.isoformat(), end.isoformat(), (end - start).days + 1, kind


def responses(tables, cutoff):
    found = {name: response(tables, name, cutoff) for name in INFUSED}
    return {name: result for name, result in found.items() if result is not None}


# --- the files ------------------------------------------------------------------------------------


def test_the_committed_files_are_what_the_committed_seed_writes(tmp_path):
    write_demo(tmp_path, SEED)
    assert SEED == 6569472
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.csv" for name in NATIVE_COLUMNS}
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name


def test_two_seeds_write_different_scatter(tmp_path):
    write_demo(tmp_path / "a", 1)
    write_demo(tmp_path / "b", 2)
    for name in ("subjects", "visits", "laboratory", "kinetics"):
        first = (tmp_path / "a" / f"{name}.csv").read_bytes()
        assert first != (tmp_path / "b" / f"{name}.csv").read_bytes()


#: Optional columns that the demo study records.
OPTIONAL = {
    *("site", "race", "ethnicity", "class", "outcome", "dose"),
    *("tocilizumab", "corticosteroid", "icu", "apheresis_date"),
    *("reinfusion_date", "reinfusion_cells_per_kg"),
}


def test_files_have_the_native_columns_utf8_and_line_feeds():
    for name, columns in NATIVE_COLUMNS.items():
        content = (COMMITTED / f"{name}.csv").read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        header = content.decode("utf-8").splitlines()[0].split(",")
        optional = INPUT_TABLES[name].rare - OPTIONAL
        assert header == [column for column in columns if column not in optional]


def test_the_readme_tells_every_subject_and_both_cutoffs(demo):
    text = (COMMITTED / "README.md").read_text(encoding="utf-8")
    told = [row["subject_id"] for row in demo["subjects"]] + [
        str(INTERIM_CUTOFF),
        str(FINAL_CUTOFF),
    ]
    told += [value for expected in EXPECTED_FINAL.values() for value in expected[:2]]
    assert [item for item in told if item not in text] == []


# --- clean data -----------------------------------------------------------------------------------

FORMATS = {
    "physician_global": (r"\d+\.\d", 0, 10),
    "parent_global": (r"\d+\.\d", 0, 10),
    "cmas": (r"\d+", 0, 52),
    "mmt8": (r"\d+", 0, 80),
    "chaq": (r"[0-3]\.(000|125|250|375|500|625|750|875)", 0, 3),
    "chq_phs": (r"\d+\.\d", 0, 100),
    "das": (r"\d+", 0, 20),
    "extramuscular": (r"\d+\.\d", 0, 10),
    "ck": (r"\d+", 20, 10_000),
    "aldolase": (r"\d+\.\d", 1, 40),
    "ast": (r"\d+", 5, 400),
    "alt": (r"\d+", 5, 400),
    "ldh": (r"\d+", 100, 1500),
    "glucocorticoid_mg_kg": (r"\d\.\d\d", 0, 2),
}


def test_measures_are_within_their_scales_and_written_as_recorded(any_demo):
    for row in any_demo["visits"]:
        for measure, (pattern, low, high) in FORMATS.items():
            if row[measure]:
                assert re.fullmatch(pattern, row[measure]), (row["subject_id"], measure)
                assert low <= Fraction(row[measure]) <= high, (row["subject_id"], measure)
        for enzyme in ("ck", "aldolase", "ast", "alt", "ldh"):
            assert bool(row[enzyme]) == bool(row[f"{enzyme}_uln"])


def test_keys_are_unique_and_rows_in_order(any_demo):
    keys = {
        "subjects": ("subject_id",),
        "visits": ("subject_id", "visit_date"),
        "therapies": ("subject_id", "start_date", "therapy"),
        "adverse_events": ("subject_id", "ae_id"),
        "laboratory": ("subject_id", "sample_date", "test"),
        "kinetics": ("subject_id", "sample_date", "assay"),
    }
    for table, columns in keys.items():
        found = [tuple(row[column] for column in columns) for row in any_demo[table]]
        assert len(set(found)) == len(found), table
        if table in ("adverse_events", "kinetics"):
            date_column = "start_date" if table == "adverse_events" else "sample_date"
            first = of_first_infusion(any_demo, table, date_column)
            assert any_demo[table][: len(first)] == first
            found = [tuple(row[column] for column in columns) for row in first]
        assert found == sorted(found), table


def test_dates_are_in_the_order_of_the_protocol(any_demo):
    for row in any_demo["subjects"]:
        name = row["subject_id"]
        steps = [row["consent_date"], visit(any_demo, name, "SCREENING")["visit_date"]]
        steps.append(row["apheresis_date"])
        if row["lymphodepletion_date"]:
            baseline = visit(any_demo, name, "BASELINE")["visit_date"]
            before = (date(row["lymphodepletion_date"]) - date(baseline)).days
            assert 1 <= before <= 7
            steps += [baseline, row["lymphodepletion_date"], row["infusion_date"]]
        steps += [item["visit_date"] for item in rows(any_demo, "visits", name)[2:]]
        steps += [row["last_contact_date"], str(FINAL_CUTOFF)]
        assert [step for step in steps if step] == sorted(step for step in steps if step)


def test_nothing_happens_after_death_withdrawal_or_last_contact(any_demo):
    for row in any_demo["subjects"]:
        last = row["last_contact_date"]
        assert last == (row["death_date"] or row["withdrawal_date"] or last)
        tables = ("visits", "therapies", "adverse_events", "laboratory", "kinetics")
        for table in (*tables, "lymphodepletion"):
            for record in rows(any_demo, table, row["subject_id"]):
                for column in (
                    *("visit_date", "start_date", "end_date", "sample_date"),
                    "administration_date",
                ):
                    assert record.get(column, "") <= last, (table, record)


def test_scheduled_assessments_are_in_their_windows_but_for_two_planned_ones(any_demo):
    windows = {label: (target, window) for label, target, window in SCHEDULE}
    outside = set()
    for row in any_demo["visits"]:
        if row["visit"] in windows:
            target, window = windows[row["visit"]]
            if abs(day(any_demo, row["subject_id"], row["visit_date"]) - target) > window:
                outside.add((row["subject_id"], row["visit"]))
    assert outside == {("CQ-004", "D28"), ("CQ-006", "M6")}


def test_immunosuppressant_flag_and_glucocorticoid_dose_agree_with_the_therapies(any_demo):
    suppressants = {"methotrexate", "mycophenolate mofetil", "ciclosporin", "tofacitinib"}
    for row in any_demo["visits"]:
        running = {
            item["therapy"]
            for item in rows(any_demo, "therapies", row["subject_id"])
            if item["start_date"] <= row["visit_date"] <= (item["end_date"] or "9999")
        }
        assert (row["immunosuppressant"] == "Y") == bool(running & suppressants)
        if row["glucocorticoid_mg_kg"] != "0.00":
            assert "prednisolone" in running


def test_one_subject_has_another_laboratory(demo):
    limits = {(row["subject_id"], row["ck_uln"]) for row in demo["visits"] if row["ck"]}
    assert {name for name, limit in limits if limit == "145"} == {"CQ-007"}
    assert {limit for name, limit in limits if name != "CQ-007"} == {"170"}


# --- stories: populations and improvement ---------------------------------------------------------


def test_twelve_consented_eleven_lymphodepleted_ten_infused(demo):
    assert len(demo["subjects"]) == 12
    assert all(5 <= int(row["age_years"]) <= 16 for row in demo["subjects"])
    assert [row["subject_id"] for row in demo["subjects"] if not row["lymphodepletion_date"]] == [
        "CQ-003"
    ]
    assert infused_subjects(demo) == INFUSED
    withdrawn = subject(demo, "CQ-008")
    assert withdrawn["lymphodepletion_date"] < withdrawn["withdrawal_date"]
    assert withdrawn["withdrawal_reason"].startswith("withdrawal of consent")
    cohorts = [(row["part"], row["dose_level"]) for row in demo["subjects"] if row["infusion_date"]]
    assert [cohorts.count(key) for key in (("A", "1e7"), ("A", "3e7"), ("B", "3e7"))] == [3, 3, 4]
    for row in demo["subjects"]:
        if row["infusion_date"]:
            assert 0.95 <= int(row["cells_per_kg"]) / float(row["dose_level"]) <= 1.05


def test_lymphodepletion_is_three_days_of_both_medicines_but_for_two_stories(any_demo):
    """CQ-008 has the first day alone, CQ-010 20 mg/m2 of fludarabine."""
    for row in any_demo["subjects"]:
        name, first = row["subject_id"], row["lymphodepletion_date"]
        assert bool(row["apheresis_date"]) == bool(first)
        doses = rows(any_demo, "lymphodepletion", name)
        days = 0 if not first else 1 if name == "CQ-008" else 3
        assert len(doses) == 2 * days
        assert not doses or min(dose["administration_date"] for dose in doses) == first
        planned = {"fludarabine": "20" if name == "CQ-010" else "30", "cyclophosphamide": "300"}
        assert all(dose["dose"] == planned[dose["medicine"]] for dose in doses)


def test_all_are_infused_before_the_interim_and_followed_two_years_by_the_final(demo):
    last = max(date(row["infusion_date"]) for row in demo["subjects"] if row["infusion_date"])
    assert (INTERIM_CUTOFF - last).days == 82
    assert last + dt.timedelta(days=730 + 30) <= FINAL_CUTOFF


def improved(tables, label):
    found = {}
    for name in INFUSED:
        at = visit(tables, name, label)
        score = tis(visit(tables, name, "BASELINE"), at) if at else None
        found[name] = None if score is None else score >= 30
    return found


def test_nine_improve_at_month_2_and_seven_at_month_3(any_demo):
    month2, month3 = improved(any_demo, "M2"), improved(any_demo, "M3")
    assert {name for name, result in month2.items() if not result} == {"CQ-006"}
    assert month2["CQ-006"] is False
    assert [name for name, result in month3.items() if result is False] == ["CQ-006"]
    assert [name for name, result in month3.items() if result is None] == ["CQ-004", "CQ-009"]
    assert sum(result is True for result in month3.values()) == 7


def test_one_score_is_partial_and_one_not_calculable(any_demo):
    missing = {
        (row["subject_id"], row["visit"], measure)
        for row in any_demo["visits"]
        for measure in ("physician_global", "parent_global", "cmas", "chaq", "chq_phs", "das")
        if not row[measure]
    }
    assert missing == {("CQ-002", "M2", "chaq"), ("CQ-009", "M3", "das")}
    assert visit(any_demo, "CQ-004", "M3") is None


def test_month_3_of_the_last_subject_is_pending_at_the_interim(any_demo):
    assert date(visit(any_demo, "CQ-012", "M2")["visit_date"]) <= INTERIM_CUTOFF
    assert date(visit(any_demo, "CQ-012", "M3")["visit_date"]) > INTERIM_CUTOFF
    assert 76 <= day(any_demo, "CQ-012", str(INTERIM_CUTOFF)) <= 104
    others = [name for name in INFUSED if name not in ("CQ-012", "CQ-004")]
    assert all(date(visit(any_demo, name, "M3")["visit_date"]) <= INTERIM_CUTOFF for name in others)


def test_the_skin_subject_can_reach_at_most_47_5_under_the_imacs_set(any_demo):
    baseline = visit(any_demo, "CQ-006", "BASELINE")
    enzymes = {
        name: Fraction(baseline[name]) / Fraction(baseline[f"{name}_uln"])
        for name in ("ck", "aldolase", "ast", "alt", "ldh")
    }
    assert max(enzymes, key=enzymes.get) == "ck"
    assert max(enzymes.values()) < 1
    best = (
        component(100 * Fraction(baseline["physician_global"]) / 10, *PRINTO[0][3:]),
        component(100 * Fraction(baseline["parent_global"]) / 10, *PRINTO[1][3:]),
        component(100 * (80 - Fraction(baseline["mmt8"])) / 80, *PRINTO[2][3:]),
        component(100 * Fraction(baseline["chaq"]) / 3, *PRINTO[3][3:]),
        component(100 * enzymes["ck"] / 15, *PRINTO[4][3:]),
        component(100 * Fraction(baseline["extramuscular"]) / 10, *PRINTO[5][3:]),
    )
    assert best == (20, 7.5, 0, 0, 0, 20)
    assert sum(best) == 47.5


def test_activity_flares_at_day_14_and_has_fallen_by_month_2(any_demo):
    for name in INFUSED:
        baseline, early, later = (visit(any_demo, name, at) for at in ("BASELINE", "D14", "M2"))
        assert Fraction(early["physician_global"]) > Fraction(baseline["physician_global"])
        for lower in ("physician_global", "parent_global", "das", "ck", "glucocorticoid_mg_kg"):
            assert Fraction(later[lower]) < Fraction(baseline[lower]), (name, lower)
        assert Fraction(later["chq_phs"]) > Fraction(baseline["chq_phs"])
        if name != "CQ-006":
            assert Fraction(later["cmas"]) > Fraction(baseline["cmas"])
            assert Fraction(later["chaq"] or 0) < Fraction(baseline["chaq"])


# --- stories: remission and duration of response --------------------------------------------------


def test_every_status_is_decided_by_a_wide_margin(any_demo):
    for row in any_demo["visits"]:
        status = in_remission(row)
        if status:
            assert int(row["ck"]) <= 130
            assert int(row["cmas"]) >= 50
            assert int(row["mmt8"]) >= 79
        elif status is False:
            assert Fraction(row["physician_global"]) >= 1
            if row["subject_id"] != "CQ-006":
                assert int(row["cmas"]) <= 47
                assert int(row["mmt8"]) <= 76


def test_final_duration_of_response_is_as_told(demo):
    assert responses(demo, FINAL_CUTOFF) == EXPECTED_FINAL


def test_interim_duration_of_response_is_as_told(demo):
    assert responses(demo, INTERIM_CUTOFF) == EXPECTED_INTERIM


def test_no_seed_changes_how_a_response_ends(any_demo):
    for cutoff, expected in ((FINAL_CUTOFF, EXPECTED_FINAL), (INTERIM_CUTOFF, EXPECTED_INTERIM)):
        found = {name: result[-1] for name, result in responses(any_demo, cutoff).items()}
        assert found == {name: result[-1] for name, result in expected.items()}


def test_remission_starts_between_day_28_and_month_6_in_eight_of_ten(any_demo):
    starts = {
        name: day(any_demo, name, result[0])
        for name, result in responses(any_demo, FINAL_CUTOFF).items()
    }
    assert len(starts) == 8
    assert min(starts.values()) == starts["CQ-005"] == 25
    assert max(starts, key=starts.get) == "CQ-007"
    assert 166 <= starts["CQ-007"] <= 194


def test_one_recurrence_is_also_recorded_by_the_investigator_later_than_the_loss(any_demo):
    said = {
        (row["subject_id"], row["visit"])
        for row in any_demo["visits"]
        if row["investigator_assessment"] in ("recurrence", "progression")
    }
    assert said == {("CQ-001", "UNS"), ("CQ-001", "M12")}
    assert (
        response(any_demo, "CQ-001", FINAL_CUTOFF)[1]
        == visit(any_demo, "CQ-001", "M9")["visit_date"]
    )
    assert (
        response(any_demo, "CQ-007", FINAL_CUTOFF)[1]
        == visit(any_demo, "CQ-007", "M18")["visit_date"]
    )


def statuses(tables, name):
    return {
        row["visit"]: in_remission(row)
        for row in rows(tables, "visits", name)
        if row["visit"] != "UNS"
    }


def test_a_single_assessment_out_of_remission_is_no_recurrence(any_demo):
    found = statuses(any_demo, "CQ-002")
    assert [found[label] for label in ("M6", "M9", "M12", "M18")] == [True, False, True, True]


def test_status_is_unknown_exactly_once_for_missing_items(any_demo):
    unknown = [row for row in any_demo["visits"] if in_remission(row) is None]
    assert [(row["subject_id"], row["visit"]) for row in unknown] == [("CQ-007", "M12")]
    assert items(unknown[0]) == {"ck": None, "cmas": True, "mmt8": None, "physician_global": True}


def test_an_early_flare_on_two_assessments_ends_by_day_30(any_demo):
    flare = [row for row in rows(any_demo, "visits", "CQ-005") if row["visit"] == "UNS"]
    assert [day(any_demo, "CQ-005", row["visit_date"]) for row in flare] == [27, 30]
    assert [in_remission(row) for row in flare] == [False, False]
    found = statuses(any_demo, "CQ-005")
    assert (found["D28"], found["M2"]) == (True, True)


def test_new_therapy_begins_in_remission_and_a_recurrence_follows_it(any_demo):
    (rescue,) = (row for row in rows(any_demo, "therapies", "CQ-009") if row["new_systemic"] == "Y")
    assert day(any_demo, "CQ-009", rescue["start_date"]) == 215
    found = statuses(any_demo, "CQ-009")
    assert [found[label] for label in ("M6", "M9", "M12", "M18")] == [True, True, False, False]


def test_only_a_recurrence_or_the_rescue_brings_new_systemic_therapy(any_demo):
    new = [
        (row["subject_id"], row["therapy"])
        for row in any_demo["therapies"]
        if row["new_systemic"] == "Y"
    ]
    assert new == [
        ("CQ-001", "methotrexate"),
        ("CQ-001", "prednisolone"),
        ("CQ-009", "tofacitinib"),
    ]


def test_two_assessments_are_missed_before_the_loss_that_is_censored(any_demo):
    attended = list(statuses(any_demo, "CQ-010"))
    assert attended[-3:] == ["M6", "M18", "M24"]
    assert [statuses(any_demo, "CQ-010")[label] for label in ("M18", "M24")] == [False, False]


def test_the_skin_subject_is_inactive_by_printo_but_never_by_the_modified_rule(any_demo):
    for row in rows(any_demo, "visits", "CQ-006"):
        found = items(row)
        assert found == {"ck": True, "cmas": True, "mmt8": True, "physician_global": False}


# --- stories: safety ------------------------------------------------------------------------------


def of_first_infusion(tables, table, column):
    """Records of a table without those that a second infusion adds, which stand last."""
    again = {row["subject_id"]: row["reinfusion_date"] for row in tables["subjects"]}
    return [
        row
        for row in tables[table]
        if not again[row["subject_id"]] or row[column] < again[row["subject_id"]]
    ]


def terms(tables, **wanted):
    return [
        row
        for row in of_first_infusion(tables, "adverse_events", "start_date")
        if all(row[column] == value for column, value in wanted.items())
    ]


def test_one_subject_is_infused_again_after_the_end_of_its_response(any_demo):
    (row,) = (row for row in any_demo["subjects"] if row["reinfusion_date"])
    name = row["subject_id"]
    assert (name, day(any_demo, name, row["reinfusion_date"])) == ("CQ-001", 420)
    assert row["reinfusion_date"] < str(INTERIM_CUTOFF)
    first = of_first_infusion(any_demo, "adverse_events", "start_date")
    (event,) = any_demo["adverse_events"][len(first) :]
    assert (event["subject_id"], event["aesi"], event["astct_grade"]) == (name, "CRS", "1")
    assert day(any_demo, name, event["start_date"]) == 427
    samples = [
        (day(any_demo, name, row["sample_date"]) - 420, row["nominal_day"], row["value"])
        for row in any_demo["kinetics"][
            len(of_first_infusion(any_demo, "kinetics", "sample_date")) :
        ]
        if row["assay"] == "flow"
    ]
    assert [(since, int(nominal)) for since, nominal, _ in samples] == [
        (0, 0), (7, 7), (10, 10), (14, 14), (28, 28)
    ]  # fmt: skip
    assert samples[0][2] == ""
    assert max(samples, key=lambda one: float(one[2] or 0))[0] == 10


def test_crs_and_icans_begin_by_day_10_and_carry_astct_grades(demo):
    for row in terms(demo, aesi="CRS") + terms(demo, aesi="ICANS"):
        assert 1 <= day(demo, row["subject_id"], row["start_date"]) <= 10
        assert row["astct_grade"] in ("1", "2")
    assert len(terms(demo, aesi="CRS")) == 8
    assert [(row["subject_id"], row["astct_grade"]) for row in terms(demo, aesi="ICANS")] == [
        ("CQ-005", "1")
    ]
    differ = [row for row in terms(demo, aesi="CRS") if row["ctcae_grade"] != row["astct_grade"]]
    assert [(row["subject_id"], row["ctcae_grade"]) for row in differ] == [("CQ-002", "2")]
    assert not [row for row in demo["adverse_events"] if row["astct_grade"] and not row["aesi"]]


def test_one_death_one_dlt_one_missing_grade_and_one_subject_without_events(demo):
    (fatal,) = terms(demo, outcome="fatal")
    assert (fatal["subject_id"], fatal["ctcae_grade"], fatal["serious"]) == ("CQ-005", "5", "Y")
    assert fatal["end_date"] == subject(demo, "CQ-005")["death_date"]
    (dlt,) = terms(demo, dlt="Y")
    assert (dlt["subject_id"], dlt["preferred_term"]) == ("CQ-011", "Neutropenia")
    assert [row["subject_id"] for row in terms(demo, ctcae_grade="")] == ["CQ-002"]
    assert set(INFUSED) - {row["subject_id"] for row in demo["adverse_events"]} == {"CQ-004"}
    assert [row["subject_id"] for row in terms(demo, serious="Y")] == ["CQ-005", "CQ-008", "CQ-009"]


def test_cytopenias_begin_by_day_28_and_only_the_dlt_lasts_beyond(demo):
    found = terms(demo, aesi="CYTOPENIA")
    assert {row["ctcae_grade"] for row in found} == {"3", "4"}
    assert all(1 <= day(demo, row["subject_id"], row["start_date"]) <= 28 for row in found)
    beyond = [row for row in found if day(demo, row["subject_id"], row["end_date"]) > 28]
    assert [(row["subject_id"], row["dlt"]) for row in beyond] == [("CQ-011", "Y")]


def test_events_before_infusion_and_on_its_day(demo):
    before = [
        (row["subject_id"], row["preferred_term"])
        for row in demo["adverse_events"]
        if row["subject_id"] in INFUSED and day(demo, row["subject_id"], row["start_date"]) < 0
    ]
    assert before == [("CQ-001", "Hypocalcaemia"), ("CQ-007", "Nausea")]
    same_day = [
        row["subject_id"]
        for row in demo["adverse_events"]
        if row["start_date"] == subject(demo, row["subject_id"])["infusion_date"]
    ]
    assert same_day == ["CQ-006"]
    assert [row["preferred_term"] for row in rows(demo, "adverse_events", "CQ-008")] == [
        "Febrile neutropenia"
    ]


def test_every_listed_special_interest_occurs(demo):
    assert {row["aesi"] for row in demo["adverse_events"]} == {
        "",
        "CRS",
        "ICANS",
        "CYTOPENIA",
        "INFECTION",
        "HYPOGAMMAGLOBULINAEMIA",
        "B-CELL APLASIA",
        "LICATS",
    }


# --- stories: kinetics ----------------------------------------------------------------------------


def curve(tables, name, assay):
    return {
        int(row["nominal_day"]): (
            day(tables, name, row["sample_date"]),
            float(row["value"]) if row["value"] else None,
        )
        for row in of_first_infusion(tables, "kinetics", "sample_date")
        if row["subject_id"] == name and row["assay"] == assay
    }


def test_values_below_the_limit_are_empty_and_others_at_or_above_it(any_demo):
    for row in any_demo["kinetics"]:
        assert (row["below_lloq"] == "Y") == (row["value"] == "")
        if row["value"]:
            assert float(row["value"]) >= float(row["lloq"])
    units = {(row["assay"], row["unit"], row["lloq"]) for row in any_demo["kinetics"]}
    assert units == {("flow", "cells/uL", "0.10"), ("qPCR", "copies/ug DNA", "50")}
    assert {row["sample_time"] == "" for row in any_demo["kinetics"]} == {True, False}


def test_cells_peak_between_day_6_and_16_and_decline(any_demo):
    for name in INFUSED:
        found = curve(any_demo, name, "qPCR")
        assert found[0] == (0, None)
        peak = max((value or 0, actual) for actual, value in found.values())
        assert 6 <= peak[1] <= 16
        tail = [value or 0 for nominal, (_, value) in found.items() if nominal >= 14]
        assert tail == sorted(tail, reverse=True)


def test_one_subject_is_never_detected_by_flow_but_by_qpcr(any_demo):
    never = [
        name
        for name in INFUSED
        if all(value is None for _, value in curve(any_demo, name, "flow").values())
    ]
    assert never == ["CQ-004"]
    assert any(value for _, value in curve(any_demo, "CQ-004", "qPCR").values())
    # No month 3 sample, still quantifiable at month 2: AUC0-90 by qPCR is not calculable.
    assert max(curve(any_demo, "CQ-004", "qPCR")) == 60
    assert curve(any_demo, "CQ-004", "qPCR")[60][1] is not None


def test_one_flow_curve_ends_quantifiable_before_day_90(any_demo):
    early = [
        name
        for name in INFUSED
        for actual, value in [list(curve(any_demo, name, "flow").values())[-1]]
        if value is not None and actual < 90
    ]
    assert early == ["CQ-005"]
    assert curve(any_demo, "CQ-005", "flow")[90][0] == 85
    assert curve(any_demo, "CQ-011", "flow")[90][0] == 90


def test_the_peak_sample_of_one_subject_is_missing(any_demo):
    without = [name for name in INFUSED if 10 not in curve(any_demo, name, "flow")]
    assert without == ["CQ-010"]
    assert 10 not in curve(any_demo, "CQ-010", "qPCR")


def test_one_blq_lies_between_quantifiable_samples(any_demo):
    found = curve(any_demo, "CQ-006", "flow")
    assert [found[nominal][1] is None for nominal in (28, 60, 90)] == [False, True, False]
