"""What changed between two analyses of the demo, and why."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import pytest

from durable.audit import compare
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.errors import UserError
from tests.audit.conftest import SHORT, change_digit
from tests.workflow.conftest import Study, made_once, new_study

pytestmark = [pytest.mark.slow, pytest.mark.requirement("AUD-04")]

SINCE = "since the earlier cut-off"
BEFORE = "changed before the earlier cut-off"
SUBJECTS_FILES = "{files: [data/subjects_1.csv, data/subjects_2.csv]}"
THERAPIES_BY_QUERY = """{sql: data/therapies.sql}
  sources:
    medication: {path: data/demo/therapies.csv}"""
THERAPIES_QUERY = """\
SELECT subject_id, therapy, start_date, end_date, new_systemic, reason, source_row
FROM medication ORDER BY source_row
"""


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def repeat_visit(path: Path, subject: str, visit: str, date: str) -> None:
    """Record a visit of the table of visits a second time, on another day."""
    rows = read(path)
    (row,) = (r for r in rows if (r["subject_id"], r["visit"]) == (subject, visit))
    again = ",".join((row | {"visit_date": date}).values())
    path.write_text(f"{path.read_text()}{again}\n")


def ard(path: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Value, limits and note by key, read as plainly as possible."""
    return {tuple(row.values())[:6]: tuple(row.values())[6:] for row in read(path)}


@pytest.fixture(scope="session")
def both(finished: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the demo's two analyses; the comparison lies with the final one."""
    made = made_once(tmp_path_factory, "both", lambda folder: compare_both(finished.copy(folder)))
    return made / "results"


def compare_both(study: Study) -> None:
    final = ("--configfile", str(study.folder / "config/final.yaml"))
    done = study.run(*final)
    assert done.returncode == 0, done.stdout
    done = study.run("compare", *final, "--config", "against=demo-interim")
    assert done.returncode == 0, done.stdout
    assert "demo-interim -> demo-final: 0 input change(s) before the earlier cut-off" in done.stdout


def test_every_changed_number_of_improvement_and_duration_is_explained(both: Path) -> None:
    old, new = (ard(both / name / "ard.csv") for name in ("demo-interim", "demo-final"))
    changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    rows = read(both / "demo-final/compare/demo-interim/ard.csv")
    told = {tuple(row.values())[:6]: row for row in rows}
    assert set(told) == changed
    endpoints = [row for key, row in told.items() if key[0] in ("t_improvement", "t_dor")]
    assert len(endpoints) > 250
    for row in endpoints:
        assert row["cause"] == SINCE, row
        assert row["subjects"], row
        assert row["because"] or row["statistic"].startswith(("tis_", "n_worsened")), row
    # The registered rate at month 3: 6 of 10, then 7 of 10, by CQ-012 alone.
    rate = told["t_improvement", "primary", "total", "Total", "M3", "rate"]
    assert (rate["earlier"], rate["later"], rate["difference"]) == ("0.6", "0.7", "0.1")
    assert rate["subjects"] == "CQ-012"
    assert rate["because"] == "CQ-012 Improvement M3 pending -> improved"
    events = told["t_dor", "primary", "total", "Total", "DOR", "n_event"]
    assert (events["earlier"], events["later"]) == ("3", "4")
    assert (
        "CQ-007 DOR censored: ongoing at data cut-off 2024-05-16, 94 days -> event:"
        in (events["because"])
    )
    assert not [row for row in rows if row["cause"] == "unexplained"]


def test_flipped_statuses_name_the_records_behind_them(both: Path) -> None:
    rows = read(both / "demo-final/compare/demo-interim/statuses.csv")
    by = {(row["subject_id"], row["status"]): row for row in rows}
    # The table in data/demo/README.md.
    assert {subject for subject, status in by if status == "DOR"} == {
        "CQ-002",
        "CQ-007",
        "CQ-010",
        "CQ-011",
        "CQ-012",
    }
    flipped = by["CQ-007", "DOR"]
    assert flipped["later"] == "event: recurrence 2025-03-10, 392 days"
    assert flipped["decided_by"] == "visits.visit_date row 66"
    assert "visits row 66 (M18 2025-03-10) added" in flipped["because"]
    withdrawn = by["CQ-011", "DOR"]
    assert "withdrawal_date empty -> 2024-10-24" in withdrawn["because"]


def page_of(both: Path) -> str:
    return (both / "demo-final/compare/demo-interim/compare.html").read_text()


def text_of(markup: str) -> str:
    """What a reader sees of a part of the page, in one line."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", markup)).split())


def test_the_page_is_one_file_with_the_primary_results_first_and_the_curves(both: Path) -> None:
    page = page_of(both)
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings == [
        "Primary results",
        "Records on or before the earlier data cut-off that changed",
        "Subject statuses that changed",
        "Results that changed",
        "Plan, records read, code and environment",
        "Records since the earlier data cut-off",
    ]
    assert page.count("<svg ") == len(STANDARD_ENDPOINTS) == 5
    assert "http" not in page.replace("http-equiv", "")


def test_the_primary_results_are_those_of_the_tables(both: Path) -> None:
    rows = page_of(both).split("<h2>Primary results</h2>")[1].split("</table>")[0]
    found = [text_of(row) for row in re.findall("<tr>.*?</tr>", rows, re.DOTALL)]
    assert (
        "Disease improvement at M3, n/N (%), exact 95% CI 6/10 (60.0) (26.2, 87.8)"
        " 7/10 (70.0) (34.8, 93.3) +10.0 points since the earlier cut-off (1 subject)"
    ) in found
    assert (
        "Median duration of response, months, 95% CI 7.6 (5.2, NE) 11.1 (5.2, NE)"
        " +3.4 months since the earlier cut-off (5 subjects)"
    ) in found
    assert "Deaths, entire follow-up, n (%) 1 (10.0) 1 (10.0) unchanged" in found
    assert (
        "Subjects with a grade >=3 TEAE, entire follow-up, n (%) 9 (90.0) 9 (90.0) unchanged"
    ) in found
    assert "Grade >=3 TEAEs, entire follow-up 14 14 unchanged" in found


def test_every_changed_result_stands_under_its_output_and_its_cells_as_the_table_has_them(
    both: Path,
) -> None:
    page = page_of(both)
    place = both / "demo-final/compare/demo-interim"
    by_output = page.split("<h3>By output</h3>")[1].split("<h3>By cause</h3>")[0]
    exact = re.findall(r'aria-label="[^"]*, at full precision">.*?</table>', page, re.DOTALL)
    listed = sum(part.count("<tr>") - 1 for part in exact)
    assert listed == len(read(place / "ard.csv"))
    # The median as its table has it; over it, and in ard.csv, what the two analyses computed.
    key = ("t_dor", "primary", "total", "Total", "DOR", "median")
    (median,) = (row for row in read(place / "ard.csv") if tuple(row.values())[:6] == key)
    assert median["later"].startswith("11.")
    assert len(median["later"]) > 10
    exactly = f"-> {median['later']} ({median['later_lower']}, NE)"
    rows = re.findall(r"<tr>(?:(?!</tr>).)*</tr>", by_output, re.DOTALL)
    shown = [text_of(row) for row in rows if exactly in html.unescape(row)]
    with (both / "demo-final/tables/t_dor.csv").open(newline="") as file:
        cells = {
            cell.strip("\u2007\u2008 ") for line in csv.DictReader(file) for cell in line.values()
        }
    assert "11.1" in cells
    assert any(row.startswith("Median Total 7.6 11.1 since the earlier") for row in shown)


def test_changes_are_grouped_by_cause_and_by_size(both: Path) -> None:
    page = page_of(both)
    parts = page.split("<h3>By ")
    counts = {
        part.split("</h3>")[0]: [int(n) for n in re.findall(r'class="count">(\d+) cells?<', part)]
        for part in parts[1:]
    }
    assert list(counts) == ["output", "cause", "size of the change"]
    # Each cell stands once in each of the three.
    assert len({sum(numbers) for numbers in counts.values()}) == 1
    sized = parts[3].split("<details>")
    (there,) = (part for part in sized if "Estimable, or there, in one" in part)
    assert "NE" in there
    # All folded: what a reader looks for stands above.
    assert " open>" not in "".join(parts[1:]).split("<h2>")[0]


def test_the_plan_of_the_later_analysis_differs_by_its_keys(both: Path) -> None:
    plan = read(both / "demo-final/compare/demo-interim/plan.csv")
    differs = {row["key"]: row["later"] for row in plan if row["kind"] == "plan"}
    assert {key: value for key, value in differs.items() if not key.startswith("outputs.")} == {
        "analysis.id": '"demo-final"',
        "analysis.data_cutoff": '"2026-05-31"',
        "analysis.status": '"final"',
        "analysis.title": '"Final analysis"',
    }


def test_data_changed_before_the_cutoff_and_a_changed_rule_are_told_apart(tmp_path: Path) -> None:
    """A correction, later data and another rule between two analyses: each number its causes.

    The subjects are in two files, and the therapies come by a query.
    """
    study = new_study(tmp_path / "study")
    header, *subjects = (study.folder / "data/demo/subjects.csv").read_text().splitlines()
    for part, rows in (("1", subjects[:6]), ("2", subjects[6:])):
        text = "\n".join([header, *rows, ""])
        (study.folder / f"data/subjects_{part}.csv").write_text(text)
    (study.folder / "data/therapies.sql").write_text(THERAPIES_QUERY)
    plan = SHORT.replace("{path: data/demo/subjects.csv}", SUBJECTS_FILES)
    plan = plan.replace("{path: data/demo/therapies.csv}", THERAPIES_BY_QUERY)
    first = study.folder / "config/first.yaml"
    first.write_text(plan.replace("demo-interim", "first"))
    second = study.folder / "config/second.yaml"
    second.write_text(
        plan.replace("demo-interim", "second").replace("2024-06-30", "2024-08-31")
        + "statistics: {km_ci: log}\n"
    )
    assert study.run("--configfile", str(first)).returncode == 0
    # CQ-002 fails to improve at month 2 by a correction long after the interim.
    for column, value in (("physician_global", "9.9"), ("cmas", "10"), ("das", "19")):
        change_digit(study, "CQ-002", "M2", column, value)
    with (study.folder / "data/demo/therapies.csv").open("a") as file:
        file.write("CQ-012,cholecalciferol,2024-08-01,,N,vitamin D deficiency,,,\n")
    assert study.run("--configfile", str(second)).returncode == 0
    done = study.run("compare", "--configfile", str(second), "--config", "against=first")
    assert done.returncode == 0, done.stdout
    assert "0 unexplained" in done.stdout
    place = study.folder / "results/second/compare/first"

    inputs = read(place / "inputs.csv")
    assert [(r["when"], r["subject_id"], r["record"][:2], r["column"]) for r in inputs[:3]] == [
        (BEFORE, "CQ-002", "M2", column) for column in ("physician_global", "cmas", "das")
    ]
    assert inputs[0]["later"] == "9.9"
    assert {row["when"] for row in inputs[3:]} == {SINCE}
    flips = {(r["subject_id"], r["status"]): r for r in read(place / "statuses.csv")}
    assert flips["CQ-002", "Improvement M2"]["cause"] == BEFORE
    assert flips["CQ-012", "Improvement M3"]["cause"] == SINCE
    cells = {tuple(row.values())[:6]: row for row in read(place / "ard.csv")}
    total = ("primary", "total", "Total")
    assert cells["t_improvement", *total, "M2", "n_improved"]["cause"] == BEFORE
    assert cells["t_improvement", *total, "M2", "n_improved"]["subjects"] == "CQ-002"
    # Its limits move with the transformation only.
    assert cells["t_dor", *total, "DOR", "landmark_M6"]["cause"].endswith("plan")
    plan = {row["key"]: (row["earlier"], row["later"]) for row in read(place / "plan.csv")}
    assert plan["statistics.km_ci"] == ('"log-log"', '"log"')
    # By file, where another number of records was read.
    assert plan["sources.medication"] == ("36", "37")
    assert "visits" not in plan


def test_what_either_plan_lowers_to_a_warning_stops_no_step(tmp_path: Path) -> None:
    """CQ-001 has month 3 twice in both deliveries, CQ-003 the screening in the later one."""
    study = new_study(tmp_path / "study")
    visits = study.folder / "data/demo/visits.csv"
    first, second = (study.folder / f"config/{name}.yaml" for name in ("first", "second"))
    plan = SHORT.replace("response:", "  severity: [{lowered}]\nresponse:")
    rule = "{{rule: duplicate_visit, table: visits, subject: {}, reason: Both are valid.}}"
    rules = [rule.format(subject) for subject in ("CQ-001", "CQ-003")]
    first.write_text(plan.replace("demo-interim", "first").replace("{lowered}", rules[0]))
    repeat_visit(visits, "CQ-001", "M3", "2023-05-15")
    assert study.run("--configfile", str(first)).returncode == 0
    later = plan.replace("demo-interim", "second").replace("{lowered}", ", ".join(rules))
    second.write_text(f"{later.replace('2024-06-30', '2024-08-31')}statistics: {{km_ci: log}}\n")
    repeat_visit(visits, "CQ-003", "SCREENING", "2023-03-10")
    assert study.run("--configfile", str(second)).returncode == 0
    done = study.run("compare", "--configfile", str(second), "--config", "against=first")
    assert done.returncode == 0, done.stdout
    assert "0 unexplained" in done.stdout
    rows = read(study.folder / "results/second/compare/first/plan.csv")
    keys = {row["key"] for row in rows if row["kind"] == "plan"}
    assert "inputs.severity[1].subject" in keys


@pytest.mark.parametrize("against", ["demo-interim", "none", "../demo-interim", ""])
def test_another_finished_analysis_is_needed(against: str, finished: Study) -> None:
    done = finished.run("compare", "--config", f"against={against}")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "expected the id of another analysis" in done.stdout or (
        "results/none/audit/manifest.json: No such file" in done.stdout
    )


def test_an_analysis_whose_plan_has_changed_since_is_not_compared(
    both: Path, tmp_path: Path
) -> None:
    plan = (both.parent / "config/final.yaml").read_text()
    config = tmp_path / "final.yaml"
    config.write_text(plan.replace("conf_level: 0.95", "conf_level: 0.9"))
    said = re.escape(f"final.yaml: statistics: not as when {both / 'demo-final'} was recorded")
    with pytest.raises(UserError, match=said):
        compare.run(config, both, "demo-interim", workflow=both.parent)
