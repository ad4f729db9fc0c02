"""CSVs of the figures for a made-up study of n subjects, as the analysis would write them."""

from __future__ import annotations

from random import Random

VISITS = {"D28": 28, "M2": 60, "M3": 90, "M6": 180, "M9": 270, "M12": 365, "M18": 548, "M24": 730}


def _csv(header: str, rows: list[tuple[object, ...]]) -> str:
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    return "\n".join([header, *lines]) + "\n"


def subjects(n: int) -> list[str]:
    return [f"CQ-{i:03d}" for i in range(1, n + 1)]


def group(index: int) -> str:
    """Dose level of a subject."""
    return "1e7" if index % 3 else "3e7"


def swimmer(n: int) -> str:
    rows: list[tuple[object, ...]] = []
    for i, name in enumerate(subjects(n)):
        end = 760 - (i * 37) % 700
        dose = group(i)
        rows.append((name, dose, "bar", 0, end, ""))
        if end > 120 and i % 10 != 9:
            rows.append((name, dose, "remission", 60 + i % 30, end if i % 3 else end - 40, ""))
            rows.append((name, dose, "remission_start", 60 + i % 30, None, ""))
            rows.append((name, dose, "improvement", 60 + i % 30, None, "M2"))
        # A recurrence, its therapy and a death on one day must stay apart.
        late = ("recurrence", "new_therapy") if i % 6 == 0 else ("progression",) * (i % 6 == 3)
        rows += [(name, dose, kind, end - 40, None, "") for kind in late]
        last = {5: "death", 6: "withdrawal"}.get(i % 7, "ongoing")
        rows.append((name, dose, last, end, None, ""))
    return _csv("subject,group,kind,start_day,end_day,label", rows)


def tis(n: int) -> str:
    random = Random(2)
    rows: list[tuple[object, ...]] = []
    for i, name in enumerate(subjects(n)):
        score = 30.0
        for visit, day in list(VISITS.items())[: 3 + i % 6]:
            score = min(100, max(0, score + random.choice((-10, 0, 7.5, 15, 20))))
            if (i, visit) == (1, "M3"):
                rows.append((name, group(i), day, visit, None, ""))
            else:
                partial = "Y" if day == 90 + i else ""
                rows.append((name, group(i), day + i % 9 - 4, visit, score, partial))
    return _csv("subject,group,day,visit,tis,partial", rows)


def waterfall(n: int) -> str:
    scores = [round(40 * (100 - 100 * i / n) / 100) * 2.5 for i in range(n)]
    rows: list[tuple[object, ...]] = []
    for i, (name, score) in enumerate(zip(subjects(n), scores, strict=True)):
        level = ("none", "minimal", "moderate", "major")[
            (score >= 30) + (score >= 45) + (score >= 70)
        ]
        rows.append((name, group(i), score, "M6", level))
    rows[-1] = (f"CQ-{n:03d}", "3e7", None, "", "none")
    return _csv("subject,group,best_tis,visit,level", rows)


def csm(n: int) -> str:
    random = Random(3)
    measures = {
        "Physician global assessment": ("VAS", 10, 0),
        "Parent global assessment": ("VAS", 10, 0),
        "CMAS": ("", 20, 52),
        "CHAQ": ("", 3, 0),
        "CHQ-PhS": ("", 25, 60),
        "DAS": ("", 20, 0),
        "Muscle enzyme": ("x ULN", 14, 0.5),
    }
    rows: list[tuple[object, ...]] = []
    for measure, (unit, start, end) in measures.items():
        for i, name in enumerate(subjects(n)):
            for day in [-10, *VISITS.values()][: 4 + i % 6]:
                share = max(0, 1 - day / 200) * random.uniform(0.5, 1)
                value = round(end + (start - end) * share, 2)
                rows.append((measure, unit, name, group(i), day, value))
    return _csv("measure,unit,subject,group,day,value", rows)


def kinetics(n: int) -> str:
    random = Random(4)
    rows: list[tuple[object, ...]] = []
    shape = {0: 0, 4: 1.5, 7: 32, 10: 20, 14: 8, 21: 3, 28: 1, 60: 0.2, 90: 0}
    for assay, unit, times, lloq in (
        ("Flow cytometry", "cells/µL", 1, 0.1),
        ("qPCR", "copies/µg DNA", 900, 50),
    ):
        for i, name in enumerate(subjects(n)):
            for day, height in shape.items():
                value = round(height * times * random.uniform(0.3, 3), 3)
                below = value < lloq
                cell = None if below else value
                rows.append((assay, unit, name, group(i), day, cell, "Y" if below else "N", lloq,
                             "individual"))  # fmt: skip
        for day, height in shape.items():
            rows.append((assay, unit, "", "Total", day, height * times or None, "", "", "geo_mean"))
    return _csv("assay,unit,subject,group,day,value,below_lloq,lloq,kind", rows)


def bcells(n: int) -> str:
    """Counts that fall below the limit of quantification, and return in every second subject."""
    rows: list[tuple[object, ...]] = []
    course = {-7: 240, 7: 15, 14: 4, 28: None, 60: None, 90: None, 180: 20, 365: 180}
    assay = ("B cells (CD19+)", "cells/uL")
    for i, name in enumerate(subjects(n)):
        for day, count in course.items():
            value = None if count is None or (i % 2 and day > 28) else count + i % 7
            below = "Y" if value is None else "N"
            rows.append((*assay, name, group(i), day + i % 5, value, below, 1, "individual"))
    rows.append((*assay, "", "", 0, 50, "N", "", "limit"))
    return _csv("assay,unit,subject,group,day,value,below_lloq,lloq,kind", rows)


def glucocorticoid(n: int) -> str:
    rows: list[tuple[object, ...]] = []
    for i, name in enumerate(subjects(n)):
        for day in [-10, *VISITS.values()][: 4 + i % 6]:
            dose = round(max(0, 1 - day / 200) * (0.4 + i % 4 / 10), 2)
            rows.append((name, group(i), day, dose))
    return _csv("subject,group,day,dose", rows)


def cuminc(n: int) -> str:
    """A curve of each of three causes, with as many subjects at risk as make wide counts."""
    rows: list[tuple[object, ...]] = []
    causes = ("RECURRENCE", "DEATH", "NEW_THERAPY")
    for place, cause in enumerate(causes):
        steps = [(0, 0.0), (2.4 + place, 0.11), (7.7 + place, 0.2), (15.5, 0.29)]
        rows += [("curve", cause, time, share, "", "", n, 1) for time, share in steps]
    for place, cause in enumerate(causes):
        for tick in (0, 3, 6, 9, 12, 18, 24):
            left = round(n * (1 - tick / 30))
            rows.append(("risk", cause, tick, "", "", "", left, (n - left) // (2 + place)))
    return _csv("kind,cause,time,incidence,lower,upper,n_risk,n_event", rows)


def inresponse(n: int) -> str:
    """The probability rises, falls, and cannot be estimated after month 20."""
    rows: list[tuple[object, ...]] = []
    for time, share in ((0, 0.0), (1.9, 0.4), (5, 0.8), (9.5, 0.6), (20, 0.45)):
        limits = (max(0, share - 0.25), min(1, share + 0.2)) if time else ("", "")
        rows.append(("curve", time, share, *limits, round(n * share), n - round(n * share)))
    for tick in (0, 3, 6, 9, 12, 18, 24):
        rows.append(("risk", tick, "", "", "", round(n * tick / 30), n - round(n * tick / 30)))
    return _csv("kind,time,probability,lower,upper,n_in_response,n_waiting", rows)


def monitoring(n: int) -> str:
    """Improvement after each evaluable subject, and the boundaries of a safety event."""
    rows: list[tuple[object, ...]] = []
    for number in range(1, n + 1):
        share = (number % 5) / 5
        rows.append(("t_monitoring", "M3", "probability_above", number, share))
        rows.append(("t_monitoring", "M3", "predictive_probability", number, 1 - share))
        rows.append(("t_safety_boundary", "dlt", "n_event", number, number // 6))
    for number in range(3, 2 * n + 4):
        for series, first in (("beta_binomial", 2), ("pocock", 3)):
            rows.append(("t_safety_boundary", "dlt", series, number, first + number // 5))
    return _csv("output,panel,series,n,value", rows)


SENSITIVITY = {
    "primary": "Primary analysis",
    "confirmed": "Remission confirmed at the next assessment",
    "jdmai1": "Remission by JDMAI1",
    "hypothetical": "New systemic therapy censored (hypothetical)",
    "policy": "New systemic therapy ignored (treatment policy)",
    "fda_death": "Missed-assessment censoring also for death",
    "observed": "Observed case",
    "best_case": "Missing as improved (best case)",
    "enzyme_zero": "CHQ-PhS scored 0",
    "enzyme_max": "CHQ-PhS at its maximum",
    "turnbull": "Interval-censored (Turnbull)",
}
PARAMETERS = ("DOR, median (months)", "DOR, event-free at month 12 (%)",
              "Improved at M2 (%)", "Improved at M3 (%)")  # fmt: skip


def sensitivity() -> str:
    rows: list[tuple[object, ...]] = []
    for i, (name, title) in enumerate(SENSITIVITY.items()):
        for j, parameter in enumerate(PARAMETERS):
            middle: float | None = 11.5 + i % 4 if j == 0 else 50.0 + 3 * (i % 5) + 5 * j
            low: float | None = 2.3 if j == 0 else 18.5
            high: float | None = 91.5 if j else (None if i % 3 == 0 else 19.9)
            if (i, j) == (4, 0):
                middle = high = None
            if (i, j) == (5, 0):
                middle = low = high = None
            cells = ["NE" if cell is None else f"{cell:.1f}" for cell in (middle, low, high)]
            text = f'"{cells[0]} ({cells[1]}, {cells[2]})"' if cells != ["NE"] * 3 else "NE"
            rows.append((name, title, f'"{parameter}"', middle, low, high, text))
    return _csv("analysis,title,parameter,estimate,lower,upper,text", rows)


def study(n: int) -> dict[str, str]:
    """The CSV of each figure of subjects, and of the forest."""
    return {
        "swimmer": swimmer(n),
        "tis": tis(n),
        "waterfall": waterfall(n),
        "csm": csm(n),
        "kinetics": kinetics(n),
        "bcells": bcells(n),
        "glucocorticoid": glucocorticoid(n),
        "cuminc": cuminc(n),
        "inresponse": inresponse(n),
        "monitoring": monitoring(n),
        "sensitivity": sensitivity(),
    }
