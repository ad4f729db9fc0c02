"""The demo study derived again, in plain Python from the CSV files.

Nothing of the package is imported. Every number read is a `Fraction` of the decimal as written, so
that no cut point is decided by rounding; days are whole numbers. Each rule is quoted from
docs/derivation.md ("derivation"), config/README.md ("config") or data/demo/README.md.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
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
ENDPOINTS = ("DOR", "EFS", "TTREM", "TTIMP", "OS")
MISSED = "MISSED OR INADEQUATE ASSESSMENTS"


@dataclass(frozen=True)
class Rules:
    """The definitions of config/config.yaml, with the defaults of config/README.md."""

    cutoff: date
    remission: str = "modified_printo"
    confirmation: bool = False
    held_days: int = 0
    deadline: str = "M6"
    confirmed_loss: bool = True
    consecutive: int = 2
    worsening: bool = False
    early_flare_days: int = 30
    new_therapy: str = "composite"
    missed: int | None = 2
    missed_dated: bool = False
    drug_free: bool = False
    missing: str = "non_improved"
    enzyme: str = "scored"


# The sensitivity analyses of the configuration: what differs.
VARIANTS: dict[str, dict[str, object]] = {
    "primary": {},
    "remission_printo": {"remission": "printo"},
    "remission_confirmed": {"confirmation": True},
    "remission_drug_free": {"drug_free": True},
    "remission_investigator": {"remission": "investigator"},
    "recurrence_unconfirmed": {"consecutive": 1},
    "recurrence_investigator": {"confirmed_loss": False},
    "worsening": {"worsening": True},
    "new_therapy_censored": {"new_therapy": "hypothetical"},
    "new_therapy_ignored": {"new_therapy": "treatment_policy"},
    "registry_literal": {
        "consecutive": 1,
        "worsening": True,
        "new_therapy": "treatment_policy",
    },
    "missed_ignored": {"missed": None},
    "missed_fda": {"missed_dated": True},
    "observed_case": {"missing": "observed"},
    "best_case": {"missing": "improved"},
    "chq_phs_zero": {"enzyme": "zero"},
    "chq_phs_maximum": {"enzyme": "maximum"},
    "interval_censored": {},
    "infused_and_eligible": {},
    "remission_clinical": {"remission": "clinical"},
    "remission_held": {"held_days": 183, "deadline": "M12"},
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
    glucocorticoid: Fraction | None = None
    immunosuppressant: str = ""


@dataclass(frozen=True)
class Therapy:
    line: int
    start: date
    recorded: tuple[str, str] = ("therapies", "start_date")
    """Table and column; a second infusion counts as new therapy (config: as_new_therapy)."""

    @property
    def source(self) -> tuple[str, str, int]:
        return (*self.recorded, self.line)


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
    reinfusion: date | None = None
    second_cells: Fraction | None = None

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
                number(v["glucocorticoid_mg_kg"]),
                v["immunosuppressant"],
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
        again = until(cutoff, row["reinfusion_date"])
        if again:
            line = int(row["line"])
            therapies.append(Therapy(line, again, ("subjects", "reinfusion_date")))
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
                tuple(sorted(therapies, key=lambda t: (t.start, t.recorded[0], t.line))),
                again,
                number(row["reinfusion_cells_per_kg"]) if again else None,
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
    """One subject at one visit: score, or the reason why there is none or it does not count."""

    visit: Visit | None
    score: Score | None
    reason: str | None
    strategy: str

    @property
    def improved(self) -> bool | None:
        """ "After new systemic therapy: composite, not improved; hypothetical, not observed.\""""
        known = self.score.total if self.score else None
        if known is None:
            return None
        if self.reason == "NEW SYSTEMIC THERAPY":
            return False if self.strategy == "composite" else None
        return level(known) != "none"

    @property
    def failed(self) -> bool:
        """ "The dead, and by the composite strategy those given new systemic therapy.\""""
        rescued = self.reason == "NEW SYSTEMIC THERAPY" and self.strategy == "composite"
        return self.improved is None and (self.reason == "DIED" or rescued)


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
    began = first_therapy(subject)
    ignored = rule.new_therapy == "treatment_policy"
    if visit and scored and scored.total is not None:
        if began and visit.date > began and not ignored:
            return Improvement(visit, scored, "NEW SYSTEMIC THERAPY", rule.new_therapy)
        return Improvement(visit, scored, "PARTIAL" if scored.partial else None, rule.new_therapy)
    # "Otherwise REASON says why, in this order: DIED, NEW SYSTEMIC THERAPY or WITHDRAWN on or
    # before the last day of the window; PENDING, the window still open at the data cut-off; NOT
    # CALCULABLE; NOT ASSESSED."
    last = target + window
    if subject.death and subject.since(subject.death) <= last:
        reason = "DIED"
    elif began and subject.since(began) <= last and not ignored:
        reason = "NEW SYSTEMIC THERAPY"
    elif subject.withdrawal and subject.since(subject.withdrawal) <= last:
        reason = "WITHDRAWN"
    elif subject.since(rule.cutoff) < last:
        reason = "PENDING"
    else:
        reason = "NOT CALCULABLE" if visit else "NOT ASSESSED"
    return Improvement(visit, scored, reason, rule.new_therapy)


def first_therapy(subject: Subject) -> date | None:
    """Start of the first new systemic therapy on or after the infusion."""
    since = [t.start for t in subject.new_therapies if t.start >= (subject.infusion or t.start)]
    return min(since, default=None)


# --- remission, recurrence ------------------------------------------------------------------------


def in_remission(visit: Visit, rule: str) -> bool | None:
    """True, False or None (unknown).

    "With items missing, three met is yes, two failed is no, anything else is unknown. The modified
    PRINTO rule needs the physician global among the three."
    """
    if rule == "investigator":
        return visit.investigator == "remission" if visit.investigator else None
    v = visit.values
    if rule == "clinical":  # "CMAS of 52 and a physician global of 0"
        best = [
            None if (cmas := v["cmas"]) is None else cmas >= 52,
            None if (physician := v["physician_global"]) is None else physician <= 0,
        ]
        return False if False in best else None if None in best else True
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


def remission(visit: Visit, rule: Rules) -> bool | None:
    """The status by the rule; drug-free: and no glucocorticoid, and no immunosuppressant."""
    states = [in_remission(visit, rule.remission)]
    if rule.drug_free:
        dose, given = visit.glucocorticoid, visit.immunosuppressant
        states.append(None if dose is None else dose == 0)
        states.append({"Y": False, "N": True}.get(given))
    return False if False in states else None if None in states else True


def last_of_day(states: list[tuple[Visit, bool]]) -> list[tuple[Visit, bool]]:
    """ "Two forms of one day are one assessment: the later row stands for the day.\""""
    return list({visit.date: (visit, state) for visit, state in states}.values())


def adequate(subject: Subject, rule: Rules) -> list[tuple[Visit, bool]]:
    """ "An assessment is adequate when its remission status is known.\""""
    return last_of_day(
        [
            (visit, status)
            for visit in after_infusion(subject)
            if (status := remission(visit, rule)) is not None
        ]
    )


def remission_start(subject: Subject, rule: Rules) -> Visit | None:
    """The first yes; with confirmation it must be yes at the next known assessment too.

    "Assessments after new systemic therapy neither start a remission nor confirm one."
    """
    known, began = adequate(subject, rule), first_therapy(subject)
    if began and rule.new_therapy != "treatment_policy":
        known = [(visit, status) for visit, status in known if visit.date <= began]
    for i, (visit, status) in enumerate(known):
        lost = [k for k in range(i) if not known[k][1]]
        since = known[lost[-1] + 1 if lost else 0][0].date
        if (visit.date - since).days < rule.held_days:
            continue
        if status and (not rule.confirmation or (i + 1 < len(known) and known[i + 1][1])):
            return visit
    return None


def first_confirmed(
    seen: list[tuple[Visit, bool]], subject: Subject, rule: Rules, acted: Sequence[date] = ()
) -> Visit | None:
    """First of `consecutive` in a row; none up to the early-flare day can be the first.

    "A loss that is followed by new systemic therapy or death before the next adequate assessment is
    confirmed by it": `acted` are those dates.
    """
    for i, (visit, _) in enumerate(seen):
        early = subject.since(visit.date) <= rule.early_flare_days
        if early and not has_b_cells(subject, visit.date):
            continue
        for k in range(i, len(seen)):
            if not seen[k][1]:
                break
            following = seen[k + 1][0].date if k + 1 < len(seen) else date.max
            confirmed = any(seen[k][0].date <= day < following for day in acted)
            if k - i + 1 == rule.consecutive or confirmed:
                return visit
    return None


def has_b_cells(subject: Subject, day: date) -> bool:
    """Whether the last result of B cells since the infusion, up to a day, is not in aplasia."""
    from tests.independent.laboratory import results

    drawn = [r for r in results([subject], day) if r.test == "BCELL" and r.after]
    return bool(drawn) and not drawn[-1].aplastic


def at_least(states: Sequence[bool | None], needed: int) -> bool | None:
    """So many true, whatever the unknown ones turn out to be."""
    if states.count(True) >= needed:
        return True
    return False if len(states) - states.count(False) < needed else None


def worse(visit: Visit, earlier: list[Visit]) -> bool | None:
    """Worsening limbs (config: recurrence.worsening), against the best value of days before."""

    def reaches(measure: str, limit: int, *, percent: bool = False) -> bool | None:
        past = [v.values[measure] for v in earlier if v.date < visit.date]
        known = [value for value in past if value is not None]
        now = visit.values[measure]
        if not known or now is None:
            return None
        higher = measure in HIGHER_IS_BETTER
        amount = max(known) - now if higher else now - min(known)
        return (100 * amount / SCALE[measure][0] if percent else amount) >= limit

    others = ("physician_global", "parent_global", "cmas", "chaq", "das")
    both = at_least([reaches("physician_global", 2), reaches("mmt8", 20, percent=True)], 2)
    several = at_least([reaches(measure, 30, percent=True) for measure in others], 3)
    return at_least([both, reaches("extramuscular", 2), several], 1)


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
    acted = [t.start for t in subject.new_therapies] + ([subject.death] if subject.death else [])
    if rule.confirmed_loss and (lost := first_confirmed(after, subject, rule, acted)):
        seen.append(("RECURRENCE", lost, "visit_date"))
    for visit in assessed:
        if visit.date > start.date and visit.investigator in ("recurrence", "progression"):
            seen.append((visit.investigator.upper(), visit, "investigator_assessment"))
    if rule.worsening:
        judged = [(v, worse(v, assessed[:i])) for i, v in enumerate(assessed)]
        # "A visit in remission between two worsenings interrupts them."
        judged = [
            (v, False if state is None and remission(v, rule) else state) for v, state in judged
        ]
        states = last_of_day([(v, s) for v, s in judged if s is not None and v.date > start.date])
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
                when, line = therapy.start, therapy.source
                ends.append(Ended("NEW SYSTEMIC THERAPY", True, when, when, line))
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
    states = adequate(subject, rule)
    known = [visit for visit, _ in states]
    # "A loss that nothing confirmed is no time in remission."
    held = [visit for visit, status in states if status or not rule.confirmed_loss]

    def censored(what: str, limit: date) -> Ended:
        last = [v for v in held if v.date <= limit][-1]
        return Ended(what, False, last.date, last.date, of_visit(last))

    happened = events(subject, start, rule)
    event = happened[0] if happened else None
    if rule.new_therapy == "hypothetical":
        therapy = [t.start for t in subject.new_therapies if t.start >= start.date]
        if therapy and not (event and event.date <= therapy[0]):
            return censored("NEW SYSTEMIC THERAPY", therapy[0])
    last = known[-1]
    if event:
        # "Missed assessments ... between the last adequate assessment and the event. Death and new
        # therapy are dated exactly and exempt, unless applies_to_..."
        # An assessment on the day of a therapy or death ends the gap; the one that shows the
        # recurrence is the event itself.
        at_visit = event.source[0] == "visits"
        before = [v for v in known if v.date < event.date]
        same_day = [v for v in known if v.date == event.date and not at_visit]
        last = [*before, *same_day][-1]
        missed = windows_missed(subject, last.date, event.date)
        exempt = event.what in ("DEATH", "NEW SYSTEMIC THERAPY") and not rule.missed_dated
        if rule.missed is not None and missed >= rule.missed and not exempt:
            return censored(MISSED, last.date)
        return event
    # "As many windows missed before the cut-off": a window that ends on its day is over, as it is
    # for PENDING.
    missed = windows_missed(subject, last.date, rule.cutoff + timedelta(days=1))
    if held[-1].date < last.date:
        return censored("UNCONFIRMED LOSS", last.date)
    if subject.withdrawal:
        return censored("WITHDRAWN", last.date)
    if last.date == start.date and missed:
        return censored("NO ASSESSMENT AFTER REMISSION", last.date)
    scheduled = [target - window for target, window in SCHEDULE.values()]
    if last.date == start.date and max(scheduled) > subject.since(last.date):
        return censored("NEXT ASSESSMENT NOT YET DUE", last.date)
    if rule.missed is not None and missed >= rule.missed:
        return censored(MISSED, last.date)
    return censored("ONGOING AT DATA CUT-OFF", last.date)


def free_of_events(subject: Subject, start: Visit | None, rule: Rules) -> Ended:
    """End of event-free survival; the deadline for remission is the last day of M6 or another."""
    assert subject.infusion
    target, window = SCHEDULE[rule.deadline]
    deadline = subject.infusion + timedelta(days=target + window)
    day_one = ("subjects", "infusion_date", subject.line)

    def on_day_one(what: str, event: bool = False) -> Ended:
        assert subject.infusion
        return Ended(what, event, subject.infusion, subject.infusion, day_one)

    began, in_time = first_therapy(subject), start is not None and start.date <= deadline
    therapy = next((t for t in subject.new_therapies if t.start == began), None)
    before = start.date if start and in_time else deadline + timedelta(days=1)
    died = subject.death if subject.death and subject.death < before else None
    rescued = therapy if therapy and therapy.start < before else None
    if rescued and rule.new_therapy != "treatment_policy" and not (died and died <= rescued.start):
        if rule.new_therapy == "hypothetical":
            return on_day_one("NEW SYSTEMIC THERAPY")
        when = rescued.start
        return Ended("NEW SYSTEMIC THERAPY", True, when, when, rescued.source)
    if died:
        return Ended("DEATH", True, died, died, ("subjects", "death_date", subject.line))
    if start and in_time:
        return response_end(subject, start, rule)
    if subject.withdrawal and subject.withdrawal <= deadline:
        return on_day_one("WITHDRAWN")
    if rule.cutoff < deadline:
        return on_day_one("REMISSION NOT YET DUE")
    seen = [subject.last_contact, *(v.date for v in subject.visits)]
    seen += [subject.death] if subject.death else []
    if max(seen) < deadline:
        return on_day_one("NOT FOLLOWED TO REMISSION DEADLINE")
    return on_day_one(f"NOT IN REMISSION BY {rule.deadline}", event=True)


def unseen(subject: Subject, known: list[Visit], rule: Rules, strategy: str) -> Ended:
    """Censoring of the time to what was never seen at an assessment that could show it."""
    assert subject.infusion
    therapy = first_therapy(subject) if strategy != "treatment_policy" else None
    if therapy and not (subject.death and subject.death <= therapy):
        source = next(t.source for t in subject.new_therapies if t.start == therapy)
        return Ended("NEW SYSTEMIC THERAPY", False, therapy, therapy, source)
    if subject.death:
        line = ("subjects", "death_date", subject.line)
        return Ended("DEATH", False, subject.death, subject.death, line)
    last = known[-1].date if known else subject.infusion
    line = of_visit(known[-1]) if known else ("subjects", "infusion_date", subject.line)
    missed = windows_missed(subject, last, rule.cutoff + timedelta(days=1))
    if subject.withdrawal:
        what = "WITHDRAWN"
    elif not known:
        what = "NO ASSESSMENT AFTER INFUSION" if missed else "NEXT ASSESSMENT NOT YET DUE"
    elif rule.missed is not None and missed >= rule.missed:
        what = MISSED
    else:
        what = "ONGOING AT DATA CUT-OFF"
    return Ended(what, False, last, last, line)


def time_to_improvement(subject: Subject, rule: Rules) -> Ended:
    """End of the time from infusion to the first assessment with the score of an improvement."""
    assert subject.infusion
    start, began = baseline(subject), first_therapy(subject)
    assert start
    scored = [
        (visit, total)
        for visit in after_infusion(subject)
        if (total := score(start, visit.values, rule.enzyme).total) is not None
    ]
    for place, (visit, total) in enumerate(scored):
        credited = rule.new_therapy == "treatment_policy" or not (began and visit.date > began)
        if level(total) != "none" and credited:
            before = scored[place - 1][0].date if place else subject.infusion
            return Ended("IMPROVEMENT", True, visit.date, before, of_visit(visit))
    return unseen(subject, [visit for visit, _ in scored], rule, rule.new_therapy)


def survival(subject: Subject) -> Ended:
    """End of overall survival: the death, else the latest of infusion, assessments and contact."""
    assert subject.infusion
    if subject.death:
        line = ("subjects", "death_date", subject.line)
        return Ended("DEATH", True, subject.death, subject.death, line)
    last, line = subject.infusion, ("subjects", "infusion_date", subject.line)
    if subject.last_contact > last:
        last, line = subject.last_contact, ("subjects", "last_contact_date", subject.line)
    if subject.visits and subject.visits[-1].date > last:
        last, line = subject.visits[-1].date, of_visit(subject.visits[-1])
    what = "WITHDRAWN" if subject.withdrawal else "ALIVE AT LAST CONTACT"
    return Ended(what, False, last, last, line)


def time_to_remission(subject: Subject, start: Visit | None, rule: Rules) -> Ended:
    """End of the time from infusion to the first remission (derivation: Time to remission)."""
    assert subject.infusion
    known = [visit for visit, _ in adequate(subject, rule)]
    if start:
        before = [v.date for v in known if v.date < start.date]
        return Ended(
            "REMISSION", True, start.date, max([subject.infusion, *before]), of_visit(start)
        )
    return unseen(subject, known, rule, rule.new_therapy)


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
    """The endpoints of every infused subject, by subject."""
    found: dict[str, dict[str, Duration]] = {code: {} for code in ENDPOINTS}
    for subject in study:
        if not subject.infusion:
            continue
        start = remission_start(subject, rule)
        if start:
            end = response_end(subject, start, rule)
            found["DOR"][subject.id] = Duration(subject.id, start.date, end)
        end = free_of_events(subject, start, rule)
        found["EFS"][subject.id] = Duration(subject.id, subject.infusion, end)
        end = time_to_remission(subject, start, rule)
        found["TTREM"][subject.id] = Duration(subject.id, subject.infusion, end)
        end = time_to_improvement(subject, rule)
        found["TTIMP"][subject.id] = Duration(subject.id, subject.infusion, end)
        found["OS"][subject.id] = Duration(subject.id, subject.infusion, survival(subject))
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
