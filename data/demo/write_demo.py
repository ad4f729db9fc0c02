"""Writes the synthetic demo study: ``python -m data.demo.write_demo --seed 6569472``."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.demo.drawing import Draw
from data.demo.laboratory import laboratory_rows
from data.demo.lymphodepletion import apheresis_day, lymphodepletion_rows
from data.demo.screening import CLASSES, HIGHEST_DOSE, answer_rows, screening_rows
from data.demo.stories import (
    ASSAYS,
    BASELINES,
    CELLS,
    COURSES,
    ETHNICITY,
    EVENTS,
    EXPANSIONS,
    IMMUNOSUPPRESSANTS,
    MEASURES,
    OTHER_ULN,
    PROFILES,
    RACE,
    REINFUSIONS,
    RESTART,
    SAMPLED_AT,
    SITE,
    SOC,
    SUBJECTS,
    TAPER,
    TAPER_END,
    TARGETS,
    THERAPIES,
    ULN,
    At,
    Event,
    Measure,
    Row,
    Subject,
    Therapy,
)
from durable.contracts.tables import INPUT_TABLES, NATIVE_COLUMNS
from durable.files import write_text


def write_demo(folder: Path, seed: int) -> None:
    """Write the tables of the demo study.

    Parameters
    ----------
    folder
        Receives ``subjects.csv``, ``visits.csv``, ``therapies.csv``, ``adverse_events.csv``,
        ``laboratory.csv``, ``kinetics.csv``, ``screening.csv``, ``eligibility.csv`` and
        ``lymphodepletion.csv`` (UTF-8, LF, ISO 8601 dates, missing = empty).
    seed
        Decides the scatter, not the stories. Same seed, same bytes.
    """
    tables: dict[str, list[Row]] = {name: [] for name in NATIVE_COLUMNS}
    for number, subject in enumerate(SUBJECTS):
        # A sequence for each subject: a change to one story leaves the others as they are.
        _add_subject(tables, subject, Draw(seed * 100 + number))
        # And one of its own for the laboratory, which the other tables do not depend on.
        _add_laboratory(tables, subject, Draw(seed * 100 + 50 + number))
    for number, subject in enumerate(SUBJECTS):
        if subject.subject_id in REINFUSIONS:
            # Likewise; its records stand last, so that no row of the others moves.
            _add_reinfusion(tables, subject, Draw(seed * 100 + 80 + number))
    for name, rows in tables.items():
        write_text(folder / f"{name}.csv", _csv(name, rows))


def _csv(table: str, rows: Iterable[Row]) -> str:
    rows = [*rows]
    absent = INPUT_TABLES[table].rare - {name for row in rows for name in row}
    columns = [column for column in NATIVE_COLUMNS[table] if column not in absent]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _add_subject(tables: Mapping[str, list[Row]], subject: Subject, draw: Draw) -> None:
    dates = _preparation(subject, draw)
    therapies = _therapies(subject, draw)
    visits = _visits(subject, dates, therapies, draw)
    tables["subjects"].append(_subject_row(subject, dates, visits[-1]["visit_date"], draw))
    tables["visits"].extend(visits)
    tables["therapies"].extend(_therapy_row(subject, therapy) for therapy in therapies)
    tables["adverse_events"].extend(_event_rows(subject, EVENTS.get(subject.subject_id, ())))
    consent, screening = (
        subject.origin + dt.timedelta(days=dates[name]) for name in ("consent", "SCREENING")
    )
    tables["screening"].extend(screening_rows(subject, consent, screening))
    tables["eligibility"].extend(answer_rows(subject))
    if "lymphodepletion" in dates:
        rows = lymphodepletion_rows(subject, dates["lymphodepletion"])
        tables["lymphodepletion"].extend(rows)
    if subject.subject_id in EXPANSIONS:
        days = {row["visit"]: row["visit_date"] for row in visits}
        tables["kinetics"].extend(_kinetics_rows(subject, days, draw))


def _add_laboratory(tables: Mapping[str, list[Row]], subject: Subject, draw: Draw) -> None:
    if subject.reached != "infusion":
        return
    days = {
        row["visit"]: (dt.date.fromisoformat(row["visit_date"]) - subject.origin).days
        for row in tables["visits"]
        if row["subject_id"] == subject.subject_id
    }
    rows = laboratory_rows(subject, days, draw)
    tables["laboratory"].extend(sorted(rows, key=lambda row: (row["sample_date"], row["test"])))


def _add_reinfusion(tables: Mapping[str, list[Row]], subject: Subject, draw: Draw) -> None:
    again = REINFUSIONS[subject.subject_id]
    (row,) = (row for row in tables["subjects"] if row["subject_id"] == subject.subject_id)
    row["reinfusion_date"] = _date(subject.origin, again.day)
    row["reinfusion_cells_per_kg"] = str(again.cells_per_kg)
    first = len(EVENTS[subject.subject_id]) + 1
    tables["adverse_events"].extend(_event_rows(subject, again.events, first))
    shares = PROFILES[again.expansion.peak_day]
    for day in again.sampled:
        sample = {
            "subject_id": subject.subject_id,
            "sample_date": _date(subject.origin, again.day + day),
            "sample_time": "",
            "nominal_day": str(day),
        }
        cells = again.expansion.peak * shares.get(day, 0.0)
        for assay in ASSAYS:
            tables["kinetics"].append({**sample, **_reading(assay, cells, draw)})


def _date(origin: dt.date, day: int | None) -> str:
    return "" if day is None else (origin + dt.timedelta(days=day)).isoformat()


def _yes_no(value: bool) -> str:
    return "Y" if value else "N"


def _preparation(subject: Subject, draw: Draw) -> dict[str, int]:
    """Days of the steps before infusion that the subject reached."""
    if subject.reached == "consent":
        return {"consent": 0, "SCREENING": draw.between(0, 4)}
    consent = -draw.between(35, 38)
    lymphodepletion = -5 if subject.reached == "infusion" else 0
    return {
        "consent": consent,
        "SCREENING": consent + draw.between(0, 4),
        "BASELINE": lymphodepletion - draw.between(1, 7),
        "lymphodepletion": lymphodepletion,
    }


def _subject_row(subject: Subject, dates: Mapping[str, int], last_visit: str, draw: Draw) -> Row:
    origin = subject.origin
    infused = subject.reached == "infusion"
    death = _date(origin, subject.death_day)
    withdrawal = _date(origin, subject.withdrawal_day)
    per_mille = draw.between(950, 1050)
    later = _date(dt.date.fromisoformat(last_visit), draw.between(0, 14))
    return {
        "subject_id": subject.subject_id,
        "site": SITE,
        "part": subject.part,
        "dose_level": subject.dose_level,
        "sex": subject.sex,
        "age_years": str(subject.age_years),
        "race": RACE,
        "ethnicity": ETHNICITY,
        "consent_date": _date(origin, dates["consent"]),
        "apheresis_date": _date(origin, apheresis_day(subject, dates["consent"])),
        "lymphodepletion_date": _date(origin, dates.get("lymphodepletion")),
        "infusion_date": _date(origin, 0) if infused else "",
        "cells_per_kg": str(CELLS[subject.dose_level] // 1000 * per_mille) if infused else "",
        "last_contact_date": death or withdrawal or later,
        "death_date": death,
        "withdrawal_date": withdrawal,
        "withdrawal_reason": subject.withdrawal_reason,
    }


def _visits(
    subject: Subject, dates: Mapping[str, int], therapies: list[Therapy], draw: Draw
) -> list[Row]:
    planned = [
        (At(visit, 1, says=""), dates[visit])
        for visit in ("SCREENING", "BASELINE")
        if visit in dates
    ]
    for at in COURSES.get(subject.subject_id, ()):
        target, scatter = TARGETS.get(at.visit, (0, 0))
        day = target + draw.between(-scatter, scatter) if at.day is None else at.day
        planned.append((at, day))
    return [
        {
            "subject_id": subject.subject_id,
            "visit": at.visit,
            "visit_date": _date(subject.origin, day),
            **_measurements(subject.subject_id, at, draw),
            "glucocorticoid_mg_kg": f"{_glucocorticoid(subject, day):.2f}",
            "immunosuppressant": _yes_no(any(_suppresses(item, day) for item in therapies)),
            "investigator_assessment": _assessment(at),
        }
        for at, day in planned
    ]


def _measurements(name: str, at: At, draw: Draw) -> Row:
    row: Row = {}
    for measure, baseline in zip(MEASURES, BASELINES[name], strict=True):
        if baseline is None or measure.name in at.blank:
            continue
        row[measure.name] = measure.text(_steps(measure, baseline, at, draw))
        if measure.enzyme:
            row[f"{measure.name}_uln"] = OTHER_ULN.get(name, ULN)[measure.name]
    return row


def _steps(measure: Measure, baseline: float, at: At, draw: Draw) -> int:
    start = round(baseline * measure.steps)
    if at.visit == "BASELINE":
        return start
    if at.activity == 0:
        return draw.between(*measure.remission)
    share = at.activity * at.activity if measure.enzyme and at.activity < 1 else at.activity
    value = measure.healthy + (start - measure.healthy) * (share + draw.between(-4, 4) / 100)
    return min(max(round(value), 0), measure.top)


def _assessment(at: At) -> str:
    if at.says is not None:
        return at.says
    if at.activity == 0:
        return "remission"
    return "improved" if at.activity <= 0.6 else "stable"


def _glucocorticoid(subject: Subject, day: int) -> float:
    restart, dose = RESTART.get(subject.subject_id, (None, 0.0))
    if restart is not None and day >= restart:
        return dose
    share = next((share for last, share in TAPER if day <= last), 0.0)
    return subject.glucocorticoid * max(share, subject.taper_floor)


def _suppresses(item: Therapy, day: int) -> bool:
    running = item.start <= day and (item.end is None or day <= item.end)
    return running and item.therapy in IMMUNOSUPPRESSANTS


def _therapies(subject: Subject, draw: Draw) -> list[Therapy]:
    tapered = subject.reached == "infusion" and subject.taper_floor == 0
    stopped = None if subject.reached == "consent" else -draw.between(15, 20)
    everyone = (
        Therapy("prednisolone", -draw.between(540, 900), TAPER_END if tapered else None),
        Therapy("methotrexate", -draw.between(400, 530), stopped),
    )
    own = THERAPIES.get(subject.subject_id, ())
    return sorted([*everyone, *own], key=lambda item: (item.start, item.therapy))


def _therapy_row(subject: Subject, item: Therapy) -> Row:
    return {
        "subject_id": subject.subject_id,
        "therapy": item.therapy,
        "start_date": _date(subject.origin, item.start),
        "end_date": _date(subject.origin, item.end),
        "new_systemic": _yes_no(item.new_systemic),
        "reason": item.reason,
        "class": CLASSES[item.therapy],
        "outcome": "" if item.new_systemic or item.start > 0 else "inadequate",
        "dose": HIGHEST_DOSE if item.therapy == "prednisolone" and not item.new_systemic else "",
    }


def _event_rows(subject: Subject, events: Iterable[Event], first: int = 1) -> list[Row]:
    """Rows of some events of a subject, numbered in the order of their starts."""
    ordered = sorted(events, key=lambda event: event.start)
    return [
        {
            "subject_id": subject.subject_id,
            "ae_id": f"AE-{number:02d}",
            "term": event.term,
            "preferred_term": event.preferred_term,
            "system_organ_class": SOC[event.preferred_term],
            "start_date": _date(subject.origin, event.start),
            "end_date": _date(subject.origin, event.end),
            "ctcae_grade": event.ctcae,
            "astct_grade": event.astct,
            "serious": _yes_no(event.serious),
            "related": _yes_no(event.related),
            "dlt": _yes_no(event.dlt),
            "aesi": event.aesi,
            "outcome": event.outcome,
            **_treatment(event),
        }
        for number, event in enumerate(ordered, start=first)
    ]


def _treatment(event: Event) -> Row:
    """Tocilizumab for CRS of ASTCT grade 2, a corticosteroid for ICANS and CRS that is serious."""
    if event.aesi not in ("CRS", "ICANS"):
        return {"tocilizumab": "", "corticosteroid": "", "icu": ""}
    severe_release = event.aesi == "CRS" and event.astct == "2"
    return {
        "tocilizumab": _yes_no(severe_release),
        "corticosteroid": _yes_no(event.aesi == "ICANS" or event.serious),
        "icu": _yes_no(event.serious),
    }


def _kinetics_rows(subject: Subject, visits: Mapping[str, str], draw: Draw) -> list[Row]:
    plan = EXPANSIONS[subject.subject_id]
    rows: list[Row] = []
    for nominal, share in ((0, 0.0), *PROFILES[plan.peak_day].items()):
        scatter = draw.between(-1, 1) if nominal else 0
        time = f"{draw.between(8, 11):02d}:{draw.between(0, 11) * 5:02d}"
        date = _date(subject.origin, nominal + scatter)
        if nominal in SAMPLED_AT:
            date = visits.get(SAMPLED_AT[nominal], "")
        if not date or nominal in plan.not_sampled:
            continue
        sample = {
            "subject_id": subject.subject_id,
            "sample_date": date,
            "sample_time": time if draw.between(0, 1) else "",
            "nominal_day": str(nominal),
        }
        cells = plan.peak * share
        by_flow = dict(plan.flow_instead).get(nominal, cells if plan.flow_detected else 0.0)
        rows.append({**sample, **_reading("flow", by_flow, draw)})
        rows.append({**sample, **_reading("qPCR", cells, draw)})
    return rows


def _reading(assay: str, cells: float, draw: Draw) -> Row:
    unit, lloq, decimals, signal = ASSAYS[assay]
    value = round(cells * signal * draw.between(88, 112) / 100, decimals)
    below = value < float(lloq)
    return {
        "assay": assay,
        "unit": unit,
        "value": "" if below else f"{value:.{decimals}f}",
        "below_lloq": _yes_no(below),
        "lloq": lloq,
    }


def main() -> None:
    """Write the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder (this one)")
    options = parser.parse_args()
    write_demo(options.out, options.seed)


if __name__ == "__main__":
    main()
