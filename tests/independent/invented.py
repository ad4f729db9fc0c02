"""Invented studies, at random from a seed: what the demo's ten subjects leave undecided.

Values lie near every limit (CK 149 to 151, physician global 0.1 to 0.3), windows are missed by a
day, measures are missing, remission comes and goes, therapies, deaths and withdrawals fall where
they will. The tables are valid: the intake finds no error in them.
"""

from __future__ import annotations

import csv
import math
from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.independent.study import DATA, SCHEDULE

Rows = dict[str, list[dict[str, object]]]
ENZYMES = ("aldolase", "aldolase_uln", "ast", "ast_uln", "alt", "alt_uln", "ldh", "ldh_uln")


def write_study(folder: Path, seed: int, n: int, *, reinfused: bool = False) -> None:
    """CSV files of `n` consented subjects, with the columns of the demo's.

    Half of the infused who are followed so long are infused again, where `reinfused` says so.
    """
    random = Random(seed)
    tables: Rows = {path.stem: [] for path in sorted(DATA.glob("*.csv"))}
    for i in range(n):
        one_subject(random, f"S{i:03d}", tables)
        if reinfused:
            second_infusion(Random(f"{seed} {i}"), tables)
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        header = (DATA / f"{name}.csv").read_text().splitlines()[0].split(",")
        columns = [*header, *(["exclusion_reason"] if name == "kinetics" else [])]
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def one_subject(random: Random, name: str, tables: Rows) -> None:
    consent = date(2023, 1, 1) + timedelta(random.randrange(400))
    depleted = consent + timedelta(random.randrange(20, 40)) if random.random() > 0.05 else None
    infused = (
        depleted + timedelta(random.randrange(3, 7))
        if depleted and random.random() > 0.05
        else None
    )
    long = random.random() < 0.6
    days = random.randrange(300, 900) if long else random.randrange(5, 400)
    end = (infused or depleted or consent) + timedelta(days)
    leaves = random.choice(["dies", "dies", "withdraws", *7 * ["stays"]]) if infused else "stays"
    subject = {
        "subject_id": name, "part": random.choice("AB"),
        "dose_level": random.choice(["1e7", "3e7"]), "sex": random.choice("FM"),
        "age_years": random.randrange(5, 17), "consent_date": consent,
        "lymphodepletion_date": depleted, "infusion_date": infused, "last_contact_date": end,
        "cells_per_kg": random.randrange(9_000_000, 31_000_000) if infused else "",
        "death_date": end if leaves == "dies" else "",
        "withdrawal_date": end if leaves == "withdraws" else "",
        "withdrawal_reason": f"reason {random.randrange(2)}" if leaves == "withdraws" else "",
    }  # fmt: skip
    own = Random(f"{name} {consent}")
    if depleted:
        subject["apheresis_date"] = consent + timedelta(own.randrange(20))
        tables["lymphodepletion"] += doses(own, name, depleted, infused)
    tables["subjects"].append(subject)
    last_visit = end - timedelta(leaves == "dies")
    tables["visits"] += assessments(random, name, consent, depleted, infused, last_visit)
    if infused:
        tables["therapies"] += therapies(random, name, infused, end)
        tables["adverse_events"] += adverse_events(random, name, infused, end)
        tables["kinetics"] += concentrations(random, name, infused, end)


def doses(
    random: Random, name: str, depleted: date, infused: date | None
) -> list[dict[str, object]]:
    """Up to three medicines in two spellings: days left out, doses not recorded or too late."""
    found: list[dict[str, object]] = []
    usual = {
        "fludarabine": (30, "mg/m2"),
        "cyclophosphamide": (300, "mg/m2"),
        "ATG": (2.5, "mg/kg"),
    }
    for medicine, (dose, unit) in usual.items():
        days = sorted(random.sample(range(5), random.randrange(4)))
        if infused and random.random() < 0.1:
            days.append((infused - depleted).days + random.randrange(2))
        for day in dict.fromkeys(days):
            share = random.choice([1, 1, 1, 0.75, 0.8, 1.2])
            found.append(
                {
                    "subject_id": name, "administration_date": depleted + timedelta(day),
                    "medicine": random.choice([medicine, medicine, medicine.title()]),
                    "dose": random.choice([dose * share] * 9 + [""]), "unit": unit,
                }
            )  # fmt: skip
    return found


def second_infusion(random: Random, tables: Rows) -> None:
    """A second infusion of the last subject, with cytokine release and samples after it."""
    subject = tables["subjects"][-1]
    first, end, name = (subject[n] for n in ("infusion_date", "last_contact_date", "subject_id"))
    if not isinstance(first, date) or not isinstance(end, date) or random.random() < 0.5:
        return
    # Early ones too: within the windows of improvement, and before the last day of an area.
    again = first + timedelta(random.choice([random.randrange(20, 120), random.randrange(20, 400)]))
    if again > end:
        return
    subject["reinfusion_date"] = again
    subject["reinfusion_cells_per_kg"] = random.choice(
        ["", random.randrange(9_000_000, 31_000_000)]
    )
    released = again + timedelta(random.randrange(0, 12))
    if released <= end and random.random() < 0.6:
        tables["adverse_events"].append(
            {
                "subject_id": name, "ae_id": "AE-again", "term": "cytokine release",
                "preferred_term": "Term 1", "system_organ_class": "Class 0",
                "start_date": released, "end_date": "", "ctcae_grade": "3",
                "astct_grade": random.choice(["", "1", "3", "4"]), "serious": "N",
                "related": "Y", "dlt": "N", "aesi": "CRS", "outcome": "not recovered",
            }
        )  # fmt: skip
    taken = {r["sample_date"] for r in tables["kinetics"] if r["subject_id"] == name}
    for day in (0, 4, 10, 16, 28, 60, 90):
        when = again + timedelta(day)
        if when > end or when in taken or random.random() < 0.15:
            continue
        for assay, unit, lloq in (("flow", "cells/uL", 0.1), ("qPCR", "copies/ug DNA", 50)):
            value = random.choice([0.5, 3, 200, 700]) * lloq * math.exp(-abs(day - 10) / 12)
            below = value < lloq
            tables["kinetics"].append(
                {
                    "subject_id": name, "sample_date": when, "nominal_day": day, "assay": assay,
                    "unit": unit, "lloq": lloq, "value": "" if below else round(value, 3),
                    "below_lloq": "NY"[below],
                }
            )  # fmt: skip


def assessments(
    random: Random, name: str, consent: date, depleted: date | None, infused: date | None, end: date
) -> list[dict[str, object]]:
    found = [assessment(random, name, "SCREENING", consent, False)]
    if depleted and random.random() < 0.9:
        found.append(assessment(random, name, "BASELINE", depleted - timedelta(2), False))
    planned = {random.randrange(1, 760): "UNS" for _ in range(random.randrange(4))}
    for visit, (target, window) in SCHEDULE.items():
        if random.random() < 0.8:
            planned[target + random.randrange(-window - 3, window + 4)] = visit
    well = False
    for day, visit in sorted(planned.items()):
        if infused and infused + timedelta(day) <= end:
            well = random.random() < (0.85 if well else 0.4)
            found.append(assessment(random, name, visit, infused + timedelta(day), well))
    return found


def assessment(random: Random, name: str, visit: str, when: date, well: bool) -> dict[str, object]:
    near = {
        "physician_global": ["0.0", "0.1", "0.2", "0.2", "0.3"],
        "parent_global": ["0", "0.5", "2"],
        "cmas": range(47, 53),
        "mmt8": range(77, 81),
        "chaq": ["0", "0.125", "0.25"],
        "chq_phs": ["48.0", "50.1"],
        "das": range(3),
        "extramuscular": ["0.0", "0.2"],
        "ck": [80, 149, 150, 151],
    }
    far = {
        "physician_global": [f"{k / 10}" for k in range(1, 100)],
        "parent_global": [f"{k / 10}" for k in range(100)],
        "cmas": range(10, 53),
        "mmt8": range(40, 81),
        "chaq": [f"{k / 8}" for k in range(25)],
        "chq_phs": [f"{k / 10}" for k in range(150, 550)],
        "das": range(21),
        "extramuscular": [f"{k / 10}" for k in range(100)],
        "ck": range(50, 3000),
    }
    said = ["remission", "remission", "stable", ""] if well else [
        "stable", "stable", "improved", "improved", "", "recurrence", "progression"
    ]  # fmt: skip
    before = visit in ("SCREENING", "BASELINE")
    values = {
        measure: random.choice(choice) if random.random() > 0.06 else ""
        for measure, choice in (near if well else far).items()
    }
    return {
        "subject_id": name, "visit": visit, "visit_date": when, **values, "ck_uln": 170,
        "glucocorticoid_mg_kg": "0.1", "immunosuppressant": "N",
        "investigator_assessment": "" if before else random.choice(said),
    }  # fmt: skip


def therapies(random: Random, name: str, infused: date, end: date) -> list[dict[str, object]]:
    starts = [infused + timedelta(random.randrange(-300, 760)) for _ in range(random.randrange(3))]
    return [
        {
            "subject_id": name, "therapy": f"drug {k}", "start_date": start,
            "new_systemic": random.choice("YN") if start > infused else "N",
        }
        for k, start in enumerate(starts)
        if start <= end
    ]  # fmt: skip


def adverse_events(random: Random, name: str, infused: date, end: date) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for k in range(random.randrange(6)):
        start = infused + timedelta(
            random.choice([random.randrange(-8, 40), random.randrange(400)])
        )
        stop = start + timedelta(random.randrange(60))
        ended = stop <= end and random.random() < 0.8
        interest = random.choice(["", "", "CRS", "ICANS", "CYTOPENIA", "INFECTION"])
        term = random.randrange(5)
        event: dict[str, object] = {
            "subject_id": name, "ae_id": f"AE-{k}", "term": f"event {k}",
            "preferred_term": f"Term {term}", "system_organ_class": f"Class {term // 2}",
            "start_date": start, "end_date": stop if ended else "",
            "ctcae_grade": random.choice(["", "1", "2", "3", "4"]),
            "astct_grade": random.choice(["1", "2", ""]) if interest in ("CRS", "ICANS") else "",
            "serious": random.choice("YN"), "related": random.choice("YN")[: bool(term)],
            "dlt": random.choice("NNNY"), "aesi": interest,
            "outcome": "recovered" if ended else "not recovered",
        }  # fmt: skip
        if start <= end:
            found.append(event)
    return found


def concentrations(random: Random, name: str, infused: date, end: date) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for assay, unit, lloq in (("flow", "cells/uL", 0.1), ("qPCR", "copies/ug DNA", 50)):
        peak = random.uniform(0, 1000) * lloq
        days = {nominal: nominal + random.randrange(-2, 3) for nominal in (4, 10, 16, 22, 28)}
        days |= {nominal: nominal + random.randrange(-14, 15) for nominal in (60, 90)} | {0: 0}
        for nominal, day in sorted(days.items()):
            value = peak * math.exp(-abs(day - 10) / random.uniform(6, 15))
            below = day == 0 or value < lloq or random.random() < 0.05
            if infused + timedelta(day) <= end and random.random() > 0.1:
                found.append(
                    {
                        "subject_id": name, "sample_date": infused + timedelta(day),
                        "nominal_day": nominal, "assay": assay, "unit": unit, "lloq": lloq,
                        "value": "" if below else round(value, 3), "below_lloq": "NY"[below],
                    }
                )  # fmt: skip
    return with_oddities(Random(f"{name} {infused}"), found, infused, end)


def with_oddities(
    random: Random, samples: list[dict[str, object]], infused: date, end: date
) -> list[dict[str, object]]:
    """Draws without result, zeros, values below their limit, several a day, late ones, none."""
    if random.random() < 0.15:  # none, or of the day of infusion alone
        return [s for s in samples if s["nominal_day"] == 0 and random.random() < 0.5]
    found: list[dict[str, object]] = []
    for sample in samples:
        mark = random.choice("YN ").strip()
        odds = ["missing", "zero", "below", "repeat", "untimed", "excluded"]
        odd = random.choice([*odds, *15 * [""]])
        if odd == "missing":
            sample |= {"value": "", "below_lloq": random.choice(["", "N"])}
        if odd == "zero":
            sample |= {"value": 0, "below_lloq": mark, "lloq": random.choice([sample["lloq"], ""])}
        if odd == "below":
            sample |= {"value": 0.04, "below_lloq": mark}
        if odd == "excluded":  # a high one, so that it would be seen
            sample |= {"value": 90_000, "below_lloq": "N", "exclusion_reason": "clotted"}
        found.append(sample)
        if odd in ("repeat", "untimed"):
            sample |= {"sample_time": "" if odd == "untimed" else "07:30"}
            again = {"value": random.choice([0.2, 60, 900, ""]), "below_lloq": "N"}
            found.append(sample | {"sample_time": "15:05"} | again)
    for day in (104, 105, random.randrange(106, 300)):
        if samples and infused + timedelta(day) <= end and random.random() < 0.3:
            date_ = infused + timedelta(day)
            if all(one["sample_date"] != date_ for one in found):
                late = {"sample_date": date_, "nominal_day": day, "value": 800, "below_lloq": "N"}
                found.append(samples[0] | late)
    return found
