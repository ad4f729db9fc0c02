"""From a number back to the line of the input: table cell, ARD, ADaM record, validated row, line.

A reader does this by hand with the columns SRCDOM, SRCVAR and SRCSEQ; here it is done for every
record, and what the line says must explain the record.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from html import unescape
from typing import Any

import pytest

from tests.independent import study
from tests.independent.conftest import Results
from tests.independent.drug_free import STATES, times
from tests.independent.events import events
from tests.independent.expected import (
    CENSORED_EARLY,
    EVENTS,
    FAILED,
    KINDS,
    REASONS,
    VISITS,
    eligible_subjects,
)

pytestmark = pytest.mark.requirement("OUT-02")

Record = dict[str, Any]
#: CDISC: 0 is an event, 1 and more say why censored.
NAMES = {"physician_global": "PHYS", "parent_global": "PAR", "muscle": "MUS", "function": "FUN",
         "enzyme": "ENZ", "extramuscular": "EXTR"}  # fmt: skip


@cache
def line(table: str, number: int) -> dict[str, str]:
    """A line of the file as a text editor counts it; the header is line 1."""
    lines = (study.DATA / f"{table}.csv").read_text().splitlines()
    header, cells = csv.reader([lines[0], lines[number - 1]])
    return dict(zip(header, cells, strict=True))


def walked(results: Results, record: Record) -> dict[str, str]:
    """The input line of a record, after the validated row has been compared with it."""
    table, column, number = record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"]
    rows = [r for r in results.records(f"validated/{table}") if r["source_row"] == number]
    assert len(rows) == 1, record
    found = line(table, int(number))
    validated = rows[0]
    assert found["subject_id"] == validated["subject_id"] == record["SUBJID"]
    text = found[column]
    value = validated[column]
    if isinstance(value, date):
        assert known_by(results, column, text) == value
    elif isinstance(value, float):
        assert float(text) == value
    else:
        assert text == (value or "")
    return found


def known_by(results: Results, column: str, text: str) -> date:
    """A date of the file as the analysis has it: of a later contact, that the subject lived."""
    found = date.fromisoformat(text)
    return min(found, cutoff(results)) if column == "last_contact_date" else found


def cutoff(results: Results) -> date:
    return study.CUTOFFS[results.id]


def subject(results: Results, name: str) -> study.Subject:
    return next(s for s in study.subjects(cutoff(results)) if s.id == name)


# --- duration of response and event-free survival -------------------------------------------------


def test_every_duration_is_explained_by_the_line_of_its_source(results: Results) -> None:
    records = results.records("adam/adtte")
    assert Counter(r["PARAMCD"] for r in records) == {
        "DOR": 8,
        "EFS": 10,
        "TTREM": 10,
        "TTIMP": 10,
        "OS": 10,
        **dict.fromkeys(STATES, 10),
    }
    for record in records:
        found = walked(results, record)
        assert known_by(results, record["SRCVAR"], found[record["SRCVAR"]]) == record["ADT"]
        assert record["AVAL"] == (record["ADT"] - record["STARTDT"]).days + 1
        explains(results, record, found)


def explains(results: Results, record: Record, found: dict[str, str]) -> None:
    """What must be seen in the line for this event or censoring, by eye."""
    what, who = record["EVNTDESC"], subject(results, record["SUBJID"])
    rule = study.rules(cutoff(results))
    known = {visit.line: status for visit, status in study.adequate(who, rule)}
    if record["PARAMCD"] in STATES:
        explains_state(who, record, found)
        return
    if record["PARAMCD"] in ("TTREM", "TTIMP", "OS"):
        match record["PARAMCD"]:
            case "TTREM":
                explains_remission(record, known)
            case "TTIMP":
                explains_improvement(record, who)
            case "OS":
                explains_survival(record, who)
        starts(who, record, known)
        return
    if what == "DEATH":
        assert record["SRCVAR"] == "death_date"
    elif what == "NEW SYSTEMIC THERAPY":
        assert (record["SRCVAR"], found["new_systemic"]) == ("start_date", "Y")
    elif what in FAILED.values():
        assert record["SRCVAR"] == "infusion_date"
        assert True not in known.values()
    elif record["CNSDTDSC"] == "DAY OF INFUSION":
        assert (record["SRCVAR"], record["AVAL"]) == ("infusion_date", 1)
        assert what in CENSORED_EARLY.values()
    elif what == "RECURRENCE":
        lost = not known[record["SRCSEQ"]]
        assert lost or found["investigator_assessment"] == "recurrence"
    else:
        assert record["CNSR"] >= 1
        assert record["SRCSEQ"] in known
        assert known[record["SRCSEQ"]]
        gap = what == study.MISSED
        lost = what == "UNCONFIRMED LOSS"
        last = "LAST ASSESSMENT IN REMISSION" if lost else "LAST ADEQUATE ASSESSMENT"
        assert record["CNSDTDSC"] == last + (" BEFORE MISSED ASSESSMENTS" if gap else "")
        if gap:
            assert windows_missed_after(who, record["ADT"], known) >= 2
        elif lost:
            assert not known[max(known)]
        else:
            assert record["SRCSEQ"] == max(known)
    assert (record["CNSR"] == 0) == (what in {*EVENTS.values(), *FAILED.values()})
    starts(who, record, known)


def explains_remission(record: Record, known: dict[int, bool]) -> None:
    """The event is the first assessment in remission; without one the last adequate one is shown.

    No subject of the demo died or had new therapy before a remission.
    """
    assert (record["CNSR"] == 0) == (record["EVNTDESC"] == "REMISSION") == (True in known.values())
    if record["CNSR"] == 0:
        assert record["SRCSEQ"] == min(number for number, status in known.items() if status)
    else:
        assert record["SRCSEQ"] == max(known)
        assert record["CNSDTDSC"] == "LAST ADEQUATE ASSESSMENT"


def explains_improvement(record: Record, who: study.Subject) -> None:
    """The first assessment with a score of at least 30; every subject of the demo reaches it."""
    start = study.baseline(who)
    assert start
    assert record["EVNTDESC"] == "IMPROVEMENT"
    reached = [
        visit.line
        for visit in study.after_infusion(who)
        if (study.score(start, visit.values).total or 0) >= 30
    ]
    assert record["SRCSEQ"] == reached[0]


def explains_survival(record: Record, who: study.Subject) -> None:
    """The death, else nothing is known of the subject after the date."""
    assert (record["CNSR"] == 0) == (record["EVNTDESC"] == "DEATH") == bool(who.death)
    if who.death:
        assert record["ADT"] == who.death
    else:
        assert record["CNSDTDSC"] == "LAST DATE KNOWN ALIVE"
        assert record["ADT"] == max([who.last_contact, *(v.date for v in who.visits)])


def explains_state(who: study.Subject, record: Record, found: dict[str, str]) -> None:
    """The line of an event shows what it is, that of a censoring has its date."""
    assert record["STARTDT"] == who.infusion
    if record["CNSR"] > 0:
        assert record["CNSDTDSC"]
    elif record["PARAMCD"] == "TTGCFREE":
        assert float(found["glucocorticoid_mg_kg"]) == 0
    elif record["PARAMCD"] in ("TTISFREE", "TTDFREM"):
        assert found["immunosuppressant"] == "N"


def windows_missed_after(who: study.Subject, last: date, known: dict[int, bool]) -> int:
    """Scheduled windows between the last adequate assessment and the next one."""
    later = [v.date for v in who.visits if v.line in known and v.date > last]
    return study.windows_missed(who, last, min(later))


def starts(who: study.Subject, record: Record, known: dict[int, bool]) -> None:
    """DOR starts at the first assessment in remission, the others at infusion."""
    if record["PARAMCD"] != "DOR":
        assert record["STARTDT"] == who.infusion
        return
    first = min(number for number, status in known.items() if status)
    assert line("visits", first)["visit_date"] == record["STARTDT"].isoformat()


@pytest.mark.parametrize("variant", study.VARIANTS)
def test_every_record_of_every_variant_is_the_independent_one(
    results: Results, variant: str
) -> None:
    """Start, end, what happened, LOWDT and source; primary and sensitivity analyses."""
    dataset = "adam/adtte" if variant == "primary" else "adam/sensitivity/adtte"
    records = [r for r in results.records(dataset) if r.get("ANALYSIS", "primary") == variant]
    day = cutoff(results)
    members = study.subjects(day)
    if variant == "infused_and_eligible":
        eligible = eligible_subjects(day)
        members = [who for who in members if who.id in eligible]
    own = study.durations(members, study.rules(day, variant))
    if variant == "primary":
        own |= times(study.subjects(day), study.rules(day))
    assert len(records) == sum(map(len, own.values()))
    for record in records:
        mine = own[record["PARAMCD"]][record["SUBJID"]]
        assert record["STARTDT"] == mine.start
        assert record["ADT"] == mine.end.date
        assert record["AVAL"] == mine.days
        assert (record["CNSR"] == 0) == mine.end.event
        assert record["EVNTDESC"] == mine.end.what
        assert record["LOWDT"] == mine.end.low
        source = (record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"])
        assert source == mine.end.source


def test_counts_of_the_ard_are_counts_of_records(results: Results) -> None:
    members = of_group(results)
    records = results.records("adam/adtte")
    for (by, group), ids in members.items():
        for parameter in study.ENDPOINTS:
            mine = [r for r in records if r["PARAMCD"] == parameter and r["SUBJID"] in ids]
            happened = Counter(r["EVNTDESC"] for r in mine if r["CNSR"] == 0)
            censored = Counter(r["EVNTDESC"] for r in mine if r["CNSR"] > 0)
            counts = {"subjects": len(mine), "event": happened.total()}
            counts |= {name: happened[what] for name, what in KINDS[parameter].items()}
            counts |= {"censored": censored.total()}
            reasons = REASONS[parameter].items()
            counts |= {f"censored_{name}": censored[what] for name, what in reasons}
            for name, count in counts.items():
                key = ("t_dor", "primary", by, group, parameter, f"n_{name}")
                assert results.ard[key][0] == count, key


def of_group(results: Results) -> dict[tuple[str, str], set[str]]:
    infused = [r for r in results.records("adam/adsl") if r["SAFFL"] == "Y"]
    found = {("total", "Total"): {r["SUBJID"] for r in infused}}
    for by, variable in (("dose_level", "DOSELVL"), ("part", "PART")):
        for r in infused:
            found.setdefault((by, r[variable]), set()).add(r["SUBJID"])
    return found


# --- improvement and scores -----------------------------------------------------------------------


def test_every_improvement_record_is_explained_by_its_assessment(results: Results) -> None:
    records = [r for r in results.records("adam/adrs") if r["PARAMCD"] == "IMPR"]
    assert len(records) == 20
    rule = study.rules(cutoff(results))
    for record in records:
        who = subject(results, record["SUBJID"])
        mine = study.improvement(who, record["AVISIT"], rule)
        state = {True: "Y", False: "N", None: None}[mine.improved]
        assert (record["AVALC"], record["REASON"]) == (state, mine.reason)
        assert record["ANL01FL"] == "Y"
        target, window = study.SCHEDULE[record["AVISIT"]]
        if mine.visit is None:
            assert record["SRCSEQ"] is None
            continue
        found = walked(results, record)
        assert int(record["SRCSEQ"]) == mine.visit.line
        assert found["visit_date"] == record["ADT"].isoformat()
        distance = who.since(date.fromisoformat(found["visit_date"])) - target
        assert abs(distance) <= window


def test_every_measure_score_and_remission_status_stems_from_its_line(results: Results) -> None:
    records = results.records("adam/adrs")
    measures = {NAMES[c]: measure for c, (measure, _, _) in study.CORE_SET.items()}
    seen: Counter[str] = Counter()
    for record in records:
        if record["SRCSEQ"] is None:
            continue
        found = line(record["SRCDOM"], int(record["SRCSEQ"]))
        assert found["subject_id"] == record["SUBJID"]
        assert found["visit_date"] == record["ADT"].isoformat()
        own = own_value(results, record, measures)
        if own is not ...:
            seen[record["PARAMCD"]] += 1
            value = record["AVAL"]
            assert (value is None) == (own is None), record
            assert value is None or abs(value - float(own)) <= 1e-9 * max(1, abs(value)), record
    codes = [f"{name}{suffix}" for name in measures for suffix in ("", "PC", "SC")]
    assert set(seen) == {*codes, "TIS", "TISENZ0", "TISENZMX", "REMIS"}
    after = sum(len(study.after_infusion(s)) for s in study.subjects(cutoff(results)))
    assert seen["TIS"] == after


def own_value(results: Results, record: Record, measures: dict[str, str]) -> Any:
    """The independent value of an ADRS record; ... for parameters not recalculated here."""
    code = record["PARAMCD"]
    who = subject_cached(results.id, record["SUBJID"])
    visit = next(v for v in who.visits if v.line == record["SRCSEQ"])
    if code in measures:
        text = line("visits", visit.line)[measures[code]]
        return Fraction(text) if text else None
    if code == "REMIS":
        status = study.in_remission(visit, "modified_printo")
        return None if status is None else int(status)
    start = study.baseline(who)
    assert start
    variant = {"TIS": "scored", "TISENZ0": "zero", "TISENZMX": "maximum"}.get(code)
    if variant:
        return study.score(start, visit.values, variant).total
    if code[:-2] in measures:
        component = next(c for c, name in NAMES.items() if name == code[:-2])
        change = study.score(start, visit.values).changes[component]
        if code.endswith("PC"):
            return change
        return None if change is None else study.component_score(component, change)
    return ...


@cache
def subject_cached(analysis: str, name: str) -> study.Subject:
    return next(s for s in study.subjects(study.CUTOFFS[analysis]) if s.id == name)


# --- adverse events, concentrations ---------------------------------------------------------------


def test_every_adverse_event_stems_from_its_line(results: Results) -> None:
    own = {e.line: e for e in events(study.subjects(cutoff(results)), cutoff(results))}
    records = results.records("adam/adae")
    assert sorted(r["SRCSEQ"] for r in records) == sorted(own)
    for record in records:
        found, mine = walked(results, record), own[record["SRCSEQ"]]
        assert found["start_date"] == record["ASTDT"].isoformat()
        assert record["AENDT"] == mine.end
        assert (record["AETERM"], record["AEDECOD"]) == (found["term"], found["preferred_term"])
        assert str(record["AETOXGR"] or "") == found["ctcae_grade"]
        assert str(record["ASTCTGR"] or "") == found["astct_grade"]
        assert record["ADAY"] == mine.day
        for name, window in (("TRTEMFL", None), ("W28FL", 28), ("W90FL", 90)):
            inside = mine.emergent and (window is None or (mine.day or 0) <= window)
            assert record[name] == ("Y" if inside else None)
        assert record["PROLCYFL"] == ("Y" if mine.prolonged_cytopenia else None)


def test_every_concentration_stems_from_its_line(results: Results) -> None:
    records = results.records("adam/adpc")
    expected = [
        int(row["line"])
        for row in study.rows("kinetics")
        if date.fromisoformat(row["sample_date"]) <= cutoff(results)
    ]
    assert sorted(r["SRCSEQ"] for r in records) == expected
    for record in records:
        found = walked(results, record)
        assert (record["PARCAT1"], record["AVALU"]) == (found["assay"], found["unit"])
        assert record["BLQFL"] == found["below_lloq"]
        assert record["AVAL"] == (float(found["value"]) if found["value"] else None)
        who = subject_cached(results.id, record["SUBJID"])
        assert record["AFRLT"] == who.since(date.fromisoformat(found["sample_date"]))


# --- the table on paper ---------------------------------------------------------------------------


def html_rows(page: str) -> Iterator[list[str]]:
    """Cells of each row of the table: what stands between the tags, row label first."""
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        # The spaces that align numbers are no part of them.
        yield [re.sub("^[\u2007\u2008]+", "", unescape(re.sub(r"<[^>]+>", "", c))) for c in cells]


@pytest.mark.parametrize("table", ["t_improvement", "t_dor", "t_efs_s"])
def test_the_page_shows_the_cells_of_the_csv(results: Results, table: str) -> None:
    page = (results.folder / f"tables/{table}.html").read_text()
    shown = [cells for cells in html_rows(page) if len(cells) > 1]
    rows = results.csv(f"tables/{table}.csv")
    assert shown[0][1:] == list(rows[0])[2:]
    assert shown[1:] == [list(row.values())[1:] for row in rows]


def test_subjects_of_a_cell_can_be_listed(results: Results) -> None:
    """The number in 'Subjects with remission' is the number of DOR records with that column."""
    records = results.records("adam/adtte")
    for table, parameter, label in (
        ("t_dor", "DOR", "Subjects with remission"),
        ("t_efs", "EFS", "All infused"),
    ):
        rows = results.csv(f"tables/{table}.csv")
        for column, ids in zip(list(rows[0])[2:], column_members(results), strict=True):
            (cell,) = (row[column] for row in rows if row["row"] == label)
            own = [r for r in records if r["PARAMCD"] == parameter and r["SUBJID"] in ids]
            assert cell == str(len(own))
            assert f"(N = {len(own)})" in column
            assert parameter == "DOR" or len(own) == len(ids)
    assert VISITS == ("M2", "M3")


def column_members(results: Results) -> list[set[str]]:
    """Members of each column, in the order of the tables: dose levels, parts, total."""
    members = of_group(results)
    order = [("dose_level", "1e7"), ("dose_level", "3e7"), ("part", "A"), ("part", "B")]
    return [members[key] for key in [*order, ("total", "Total")]]
