"""The demo study derived again, in plain Python from the CSV files.

Nothing of the package is imported. Every number read is a `Fraction` of the decimal as written, so
that no cut point is decided by rounding; days are whole numbers. Each rule is quoted from
docs/derivation.md ("derivation"), config/README.md ("config") or data/demo/README.md.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "demo"
CUTOFFS = {"demo-interim": date(2024, 6, 30), "demo-final": date(2026, 5, 31)}

# config: schedule. Visit: target day after infusion, days before and after.
SCHEDULE = {
    "D14": (14, 3), "D28": (28, 3), "M2": (60, 14), "M3": (90, 14), "M6": (180, 14),
    "M9": (270, 14), "M12": (365, 30), "M18": (548, 30), "M24": (730, 30),
}  # fmt: skip

# Rider 2017: upper cut points of the levels in percent, and the score of each level. PRINTO set:
# CMAS, CHAQ, CHQ-PhS, DAS. "Intervals are open below and closed above" (derivation).
OTHER_CUTS = (5, 15, 25, 40)
CORE_SET = {
    "physician_global": ("physician_global", OTHER_CUTS, ("0", "7.5", "15", "17.5", "20")),
    "parent_global": ("parent_global", OTHER_CUTS, ("0", "2.5", "5", "7.5", "10")),
    "muscle": ("cmas", (2, 10, 20, 30), ("0", "10", "20", "27.5", "32.5")),
    "function": ("chaq", OTHER_CUTS, ("0", "5", "7.5", "7.5", "10")),
    "enzyme": ("chq_phs", OTHER_CUTS, ("0", "2.5", "5", "7.5", "7.5")),
    "extramuscular": ("das", OTHER_CUTS, ("0", "7.5", "12.5", "15", "20")),
}  # fmt: skip
HEAVY = ("physician_global", "muscle", "extramuscular")
# config: response.ranges. Width of the scale, and its best value.
SCALE = {
    "physician_global": (10, 0), "parent_global": (10, 0), "cmas": (52, 52), "mmt8": (80, 80),
    "chaq": (3, 0), "chq_phs": (40, 100), "das": (20, 0), "extramuscular": (10, 0),
}  # fmt: skip
HIGHER_IS_BETTER = {"cmas", "mmt8", "chq_phs"}


@dataclass(frozen=True)
class Rules:
    """The definitions of config/config.yaml, with the defaults of config/README.md."""

    cutoff: date
    remission: str = "modified_printo"
    confirmation: bool = False
    confirmed_loss: bool = True
    consecutive: int = 2
    worsening: bool = False
    early_flare_days: int = 30
    new_therapy: str = "composite"
    missed: int | None = 2
    missed_death: bool = False
    missing: str = "non_improved"
    enzyme: str = "scored"


# The sensitivity analyses of the configuration: what differs.
VARIANTS: dict[str, dict[str, object]] = {
    "primary": {},
    "remission_printo": {"remission": "printo"},
    "remission_confirmed": {"confirmation": True},
    "remission_investigator": {"remission": "investigator"},
    "recurrence_unconfirmed": {"consecutive": 1},
    "recurrence_investigator": {"confirmed_loss": False},
    "worsening": {"worsening": True},
    "new_therapy_event": {"new_therapy": "composite"},
    "new_therapy_censored": {"new_therapy": "hypothetical"},
    "new_therapy_ignored": {"new_therapy": "treatment_policy"},
    "missed_ignored": {"missed": None},
    "missed_also_death": {"missed_death": True},
    "observed_case": {"missing": "observed"},
    "best_case": {"missing": "improved"},
    "worst_case": {"missing": "non_improved"},
    "chq_phs_zero": {"enzyme": "zero"},
    "chq_phs_maximum": {"enzyme": "maximum"},
    "interval_censored": {},
}


def rules(cutoff: date, variant: str = "primary") -> Rules:
    return replace(Rules(cutoff), **VARIANTS[variant])  # type: ignore[arg-type]


# --- the files ------------------------------------------------------------------------------------


def rows(table: str) -> list[dict[str, str]]:
    """Rows of a file; `line` counts as a spreadsheet does, the header being line 1."""
    with (DATA / f"{table}.csv").open(newline="") as file:
        return [{**row, "line": str(n)} for n, row in enumerate(csv.DictReader(file), start=2)]


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def number(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def until(cutoff: date, text: str) -> date | None:
    """A date, unless it lies after the data cut-off: then it is not known."""
    found = day(text)
    return found if found and found <= cutoff else None


@dataclass(frozen=True)
class Visit:
    line: int
    label: str
    date: date
    values: dict[str, Fraction | None]
    investigator: str


@dataclass(frozen=True)
class Therapy:
    line: int
    start: date


@dataclass(frozen=True)
class Subject:
    line: int
    id: str
    part: str
    dose: str
    sex: str
    age: Fraction
    consent: date | None
    lymphodepletion: date | None
    infusion: date | None
    cells: Fraction | None
    last_contact: date
    death: date | None
    withdrawal: date | None
    withdrawal_reason: str
    visits: tuple[Visit, ...] = field(repr=False)
    new_therapies: tuple[Therapy, ...] = field(repr=False)

    def since(self, when: date) -> int:
        """Days after infusion; the day of infusion is day 0."""
        assert self.infusion
        return (when - self.infusion).days


MEASURES = ("physician_global", "parent_global", "cmas", "mmt8", "chaq", "chq_phs", "das",
            "extramuscular", "ck")  # fmt: skip


def subjects(cutoff: date) -> list[Subject]:
    """The study as it stood at the data cut-off: nothing dated after it is known."""
    found = []
    for row in rows("subjects"):
        visits = [
            Visit(
                int(v["line"]),
                v["visit"],
                date.fromisoformat(v["visit_date"]),
                {name: number(v[name]) for name in MEASURES},
                v["investigator_assessment"],
            )
            for v in rows("visits")
            if v["subject_id"] == row["subject_id"] and until(cutoff, v["visit_date"])
        ]
        therapies = [
            Therapy(int(t["line"]), date.fromisoformat(t["start_date"]))
            for t in rows("therapies")
            if t["subject_id"] == row["subject_id"]
            and t["new_systemic"] == "Y"
            and until(cutoff, t["start_date"])
        ]
        found.append(
            Subject(
                int(row["line"]),
                row["subject_id"],
                row["part"],
                row["dose_level"],
                row["sex"],
                Fraction(row["age_years"]),
                until(cutoff, row["consent_date"]),
                until(cutoff, row["lymphodepletion_date"]),
                until(cutoff, row["infusion_date"]),
                number(row["cells_per_kg"]),
                min(date.fromisoformat(row["last_contact_date"]), cutoff),
                until(cutoff, row["death_date"]),
                until(cutoff, row["withdrawal_date"]),
                row["withdrawal_reason"],
                tuple(sorted(visits, key=lambda v: (v.date, v.line))),
                tuple(sorted(therapies, key=lambda t: (t.start, t.line))),
            )
        )
    return found


# --- assessments and the Total Improvement Score --------------------------------------------------


def baseline(subject: Subject) -> Visit | None:
    """The last assessment on or before lymphodepletion; without one, on or before infusion."""
    for limit in (subject.lymphodepletion, subject.infusion):
        before = [v for v in subject.visits if limit and v.date <= limit]
        if before:
            return before[-1]
    return None


def after_infusion(subject: Subject) -> list[Visit]:
    """ "After infusion means a later date than the infusion.\""""
    return [v for v in subject.visits if subject.infusion and v.date > subject.infusion]


def percent_change(measure: str, start: Fraction | None, now: Fraction | None) -> Fraction | None:
    """100 x improvement / range; positive is better."""
    if start is None or now is None:
        return None
    better = now - start if measure in HIGHER_IS_BETTER else start - now
    return 100 * better / SCALE[measure][0]


def component_score(component: str, change: Fraction) -> Fraction:
    """Score of the level: as many levels as cut points are exceeded; exactly on one is below."""
    _, cuts, scores = CORE_SET[component]
    return Fraction(scores[sum(change > cut for cut in cuts)])


@dataclass(frozen=True)
class Score:
    """Percent changes, total (None: not calculable), whether a lighter measure is missing."""

    changes: dict[str, Fraction | None]
    total: Fraction | None
    partial: bool


def score(start: Visit, now: dict[str, Fraction | None], enzyme: str = "scored") -> Score:
    changes = {
        component: percent_change(measure, start.values[measure], now[measure])
        for component, (measure, _, _) in CORE_SET.items()
    }
    # "No score without physician global, muscle measure or extramuscular measure."
    if any(changes[component] is None for component in HEAVY):
        return Score(changes, None, False)
    # "A missing lighter one scores 0, the record is marked PARTIAL."
    scores = {
        component: Fraction(0) if change is None else component_score(component, change)
        for component, change in changes.items()
    }
    if enzyme != "scored":  # config: 0 or its maximum for everyone
        scores["enzyme"] = Fraction(0) if enzyme == "zero" else Fraction("7.5")
    return Score(changes, sum(scores.values(), Fraction(0)), None in changes.values())


def best_attainable(start: Visit) -> Fraction | None:
    """MAXTIS: "every measure at its best possible value"."""
    return score(start, {name: Fraction(best) for name, (_, best) in SCALE.items()}).total


def level(total: Fraction) -> str:
    """Rider 2017 for JDM: 30 / 45 / 70."""
    for name, least in (("major", 70), ("moderate", 45), ("minimal", 30)):
        if total >= least:
            return name
    return "none"


@dataclass(frozen=True)
class Improvement:
    """One subject at one visit: score, or the reason why there is none."""

    visit: Visit | None
    score: Score | None
    reason: str | None

    @property
    def improved(self) -> bool | None:
        known = self.score.total if self.score else None
        return None if known is None else level(known) != "none"


def improvement(subject: Subject, name: str, rule: Rules) -> Improvement:
    """Disease improvement at a scheduled visit.

    "The visit whose window holds the date; the label does not decide. Of several the one nearest to
    the target day, of two as near the earlier; those whose score can be calculated come first.
    Assessments labelled UNS are not used."
    """
    start = baseline(subject)
    assert start
    assert subject.infusion
    target, window = SCHEDULE[name]
    inside = [
        (visit, score(start, visit.values, rule.enzyme))
        for visit in after_infusion(subject)
        if abs(subject.since(visit.date) - target) <= window and visit.label != "UNS"
    ]
    inside.sort(
        key=lambda found: (
            found[1].total is None,
            abs(subject.since(found[0].date) - target),
            found[0].date,
        )
    )
    visit, scored = inside[0] if inside else (None, None)
    if scored and scored.total is not None:
        return Improvement(visit, scored, "PARTIAL" if scored.partial else None)
    # "Otherwise REASON says why, in this order: DIED or WITHDRAWN on or before the last day of
    # the window; PENDING, the window still open at the data cut-off; NOT CALCULABLE; NOT ASSESSED."
    last = target + window
    if subject.death and subject.since(subject.death) <= last:
        reason = "DIED"
    elif subject.withdrawal and subject.since(subject.withdrawal) <= last:
        reason = "WITHDRAWN"
    elif subject.since(rule.cutoff) < last:
        reason = "PENDING"
    else:
        reason = "NOT CALCULABLE" if visit else "NOT ASSESSED"
    return Improvement(visit, scored, reason)


# --- remission, recurrence ------------------------------------------------------------------------


def in_remission(visit: Visit, rule: str) -> bool | None:
    """True, False or None (unknown).

    "With items missing, three met is yes, two failed is no, anything else is unknown. The modified
    PRINTO rule needs the physician global among the three."
    """
    if rule == "investigator":
        return visit.investigator == "remission" if visit.investigator else None
    v = visit.values
    ck, cmas, mmt8, physician = v["ck"], v["cmas"], v["mmt8"], v["physician_global"]
    items = [
        None if ck is None else ck <= 150,
        None if cmas is None else cmas >= 48,
        None if mmt8 is None else mmt8 >= 78,
        None if physician is None else physician <= Fraction("0.2"),
    ]
    modified = rule == "modified_printo"
    if items.count(False) >= 2 or (modified and items[3] is False):
        return False
    if items.count(True) >= 3 and (items[3] or not modified):
        return True
    return None


def adequate(subject: Subject, rule: Rules) -> list[tuple[Visit, bool]]:
    """ "An assessment is adequate when its remission status is known.\""""
    return [
        (visit, status)
        for visit in after_infusion(subject)
        if (status := in_remission(visit, rule.remission)) is not None
    ]


def remission_start(subject: Subject, rule: Rules) -> Visit | None:
    """The first yes; with confirmation it must be yes at the next known assessment too."""
    known = adequate(subject, rule)
    for i, (visit, status) in enumerate(known):
        if status and (not rule.confirmation or (i + 1 < len(known) and known[i + 1][1])):
            return visit
    return None


def first_confirmed(seen: list[tuple[Visit, bool]], subject: Subject, rule: Rules) -> Visit | None:
    """First of `consecutive` in a row; none up to the early-flare day can be the first."""
    for i, (visit, _) in enumerate(seen):
        run = [state for _, state in seen[i : i + rule.consecutive]]
        if run == [True] * rule.consecutive and subject.since(visit.date) > rule.early_flare_days:
            return visit
    return None


def worse(visit: Visit, earlier: list[Visit]) -> bool:
    """Worsening limbs (config: recurrence.worsening), against the best value since infusion."""

    def by(measure: str) -> Fraction:
        past = [v.values[measure] for v in earlier if v.values[measure] is not None]
        now = visit.values[measure]
        if not past or now is None:
            return Fraction(0)
        best = max(past) if measure in HIGHER_IS_BETTER else min(past)  # type: ignore[type-var]
        return best - now if measure in HIGHER_IS_BETTER else now - best  # type: ignore[operator]

    def percent(measure: str) -> Fraction:
        return 100 * by(measure) / SCALE[measure][0]

    others = ("physician_global", "parent_global", "cmas", "chaq", "das")
    return (
        (by("physician_global") >= 2 and percent("mmt8") >= 20)
        or by("extramuscular") >= 2
        or sum(percent(measure) >= 30 for measure in others) >= 3
    )


# --- duration of response and event-free survival -------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """End of a response: what, when, and the line of the file that says so."""

    what: str
    event: bool
    date: date
    low: date
    """Last date known to be free of the event."""
    source: tuple[str, str, int]


def of_visit(visit: Visit, column: str = "visit_date") -> tuple[str, str, int]:
    return "visits", column, visit.line


def events(subject: Subject, start: Visit, rule: Rules) -> list[Ended]:
    """Every event after the first remission, earliest first.

    "Same day: in that order": recurrence, progression, death, new systemic therapy.
    """
    known = adequate(subject, rule)
    assessed = after_infusion(subject)
    after = [(v, not status) for v, status in known if v.date > start.date]
    seen = []
    if rule.confirmed_loss and (lost := first_confirmed(after, subject, rule)):
        seen.append(("RECURRENCE", lost, "visit_date"))
    for visit in assessed:
        if visit.date > start.date and visit.investigator in ("recurrence", "progression"):
            seen.append((visit.investigator.upper(), visit, "investigator_assessment"))
    if rule.worsening:
        states = [
            (v, worse(v, assessed[:i])) for i, v in enumerate(assessed) if v.date > start.date
        ]
        if found := first_confirmed(states, subject, rule):
            seen.append(("PROGRESSION", found, "visit_date"))

    def before(when: date) -> date:
        return max(v.date for v, _ in known if v.date < when)

    ends = [Ended(what, True, v.date, before(v.date), of_visit(v, by)) for what, v, by in seen]
    if subject.death:
        line = ("subjects", "death_date", subject.line)
        ends.append(Ended("DEATH", True, subject.death, subject.death, line))
    if rule.new_therapy == "composite":
        for therapy in subject.new_therapies:
            if therapy.start >= start.date:
                line = ("therapies", "start_date", therapy.line)
                ends.append(Ended("NEW SYSTEMIC THERAPY", True, therapy.start, therapy.start, line))
    order = ["RECURRENCE", "PROGRESSION", "DEATH", "NEW SYSTEMIC THERAPY"]
    return sorted(ends, key=lambda end: (end.date, order.index(end.what)))


def windows_missed(subject: Subject, last: date, end: date) -> int:
    """Scheduled windows that lie wholly between two dates."""
    first, until_day = subject.since(last), subject.since(end)
    return sum(
        first < target - window and target + window < until_day
        for target, window in SCHEDULE.values()
    )


def response_end(subject: Subject, start: Visit, rule: Rules) -> Ended:
    """End of the response that begins at `start` (derivation: Duration of response, 1 to 4)."""
    known = [visit for visit, _ in adequate(subject, rule)]

    def censored(what: str, limit: date) -> Ended:
        last = [v for v in known if v.date <= limit][-1]
        return Ended(what, False, last.date, last.date, of_visit(last))

    happened = events(subject, start, rule)
    event = happened[0] if happened else None
    if rule.new_therapy == "hypothetical":
        therapy = [t.start for t in subject.new_therapies if t.start >= start.date]
        if therapy and not (event and event.date <= therapy[0]):
            return censored("NEW SYSTEMIC THERAPY", therapy[0])
    last = known[-1]
    if event:
        # "Missed assessments ... between the last adequate assessment and the event ... Death is
        # exempt unless applies_to_death."
        # An assessment on the day of a therapy or death ends the gap; the one that shows the
        # recurrence is the event itself.
        at_visit = event.source[0] == "visits"
        before = [v for v in known if v.date < event.date]
        same_day = [v for v in known if v.date == event.date and not at_visit]
        last = [*before, *same_day][-1]
        missed = windows_missed(subject, last.date, event.date)
        exempt = event.what == "DEATH" and not rule.missed_death
        if rule.missed is not None and missed >= rule.missed and not exempt:
            return censored("MISSED ASSESSMENTS", last.date)
        return event
    # "As many windows missed before the cut-off": a window that ends on its day is over, as it is
    # for PENDING.
    missed = windows_missed(subject, last.date, rule.cutoff + timedelta(days=1))
    if subject.withdrawal:
        return censored("WITHDRAWN", last.date)
    if last.date == start.date:
        return censored("NO ASSESSMENT AFTER REMISSION", last.date)
    if rule.missed is not None and missed >= rule.missed:
        return censored("MISSED ASSESSMENTS", last.date)
    return censored("ONGOING AT DATA CUT-OFF", last.date)


@dataclass(frozen=True)
class Duration:
    subject: str
    start: date
    end: Ended

    @property
    def days(self) -> int:
        """ "ADT - STARTDT + 1\""""
        return (self.end.date - self.start).days + 1


def durations(study: list[Subject], rule: Rules) -> dict[str, dict[str, Duration]]:
    """DOR and EFS of every infused subject, by subject."""
    found: dict[str, dict[str, Duration]] = {"DOR": {}, "EFS": {}}
    for subject in study:
        if not subject.infusion:
            continue
        start = remission_start(subject, rule)
        if start:
            end = response_end(subject, start, rule)
            found["DOR"][subject.id] = Duration(subject.id, start.date, end)
        else:
            # "A subject never in remission has an event at day 1."
            line = ("subjects", "infusion_date", subject.line)
            end = Ended("NEVER IN REMISSION", True, subject.infusion, subject.infusion, line)
        found["EFS"][subject.id] = Duration(subject.id, subject.infusion, end)
    return found


# --- columns of the tables ------------------------------------------------------------------------


def columns(study: list[Subject]) -> dict[tuple[str, str], list[Subject]]:
    """Dose levels (as numbers), parts, then all."""
    found: dict[tuple[str, str], list[Subject]] = {}
    for dose in sorted({s.dose for s in study}, key=float):
        found["dose_level", dose] = [s for s in study if s.dose == dose]
    for part in sorted({s.part for s in study}):
        found["part", part] = [s for s in study if s.part == part]
    found["total", "Total"] = study
    return found
