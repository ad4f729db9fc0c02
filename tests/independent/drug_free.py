"""Glucocorticoids over time, freedom from medicines and sustained remission in the demo.

All from the input files; the rules are quoted from docs/drug-free.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from tests.independent.estimates import percent, summary
from tests.independent.expected import (
    NOT_REMITTED,
    Ard,
    Key,
    Row,
    Value,
    counted,
    durability,
    plain,
)
from tests.independent.study import (
    MISSED,
    SCHEDULE,
    Duration,
    Ended,
    Rules,
    Subject,
    Visit,
    after_infusion,
    baseline,
    columns,
    first_therapy,
    improvement,
    last_of_day,
    of_visit,
    remission,
    rules,
    subjects,
    windows_missed,
)

#: What the event of each endpoint is, and its name in the statistics.
STATES = {
    "TTGCFREE": "GLUCOCORTICOID-FREE",
    "TTISFREE": "IMMUNOSUPPRESSANT-FREE",
    "TTDFREM": "DRUG-FREE REMISSION",
    "TTSREM": "SUSTAINED REMISSION",
}
NAMES = {
    "TTGCFREE": "glucocorticoid_free",
    "TTISFREE": "immunosuppressant_free",
    "TTDFREM": "drug_free_remission",
    "TTSREM": "sustained_remission",
}
UNCONFIRMED = {"not_confirmed": "NOT YET CONFIRMED"}


def drug_free(cutoff: date) -> dict[Key, Value]:
    """``t_glucocorticoid``, the tables of the endpoints, and the counts of ``t_estimands``."""
    ard, rule = Ard(), rules(cutoff)
    infused = [s for s in subjects(cutoff) if s.infusion]
    for (by, group), members in columns(infused).items():
        head = ("t_glucocorticoid", "primary", by, group)
        ard.add((*head, "BASELINE"), doses([(s, baseline(s)) for s in members], change=False))
        for visit in SCHEDULE:
            at_visit = [(s, improvement(s, visit, rule).visit) for s in members]
            ard.add((*head, visit), doses(at_visit, change=True))
        for code, records in times(members, rule).items():
            key = (f"t_{code.lower()}", "primary", by, group, code)
            reasons = NOT_REMITTED | (UNCONFIRMED if code != "TTSREM" else {})
            kinds = {NAMES[code]: STATES[code]}
            ard.add(key, durability(list(records.values()), code, kinds, reasons))
    n = len(infused)
    had = {
        "NEW_THERAPY": [s for s in infused if first_therapy(s)],
        "DEATH": [s for s in infused if s.death],
        "REINFUSION": [s for s in infused if s.reinfusion],
        "GLUCOCORTICOID_INCREASE": [s for s in infused if increased(s)],
    }
    ard.add(("t_estimands", "primary", "total", "Total", ""), [("n_infused", n, "")])
    for event, members in had.items():
        head = ("t_estimands", "primary", "total", "Total", event)
        count = len(members)
        ard.add(head, [("n", count, ""), ("percent", percent(count, n), "")])
    return ard.rows


def increased(who: Subject) -> bool:
    """ "At least 0.1 mg/kg above the lowest dose recorded since the baseline", after infusion."""
    start = baseline(who)
    counted = [v for v in [start, *after_infusion(who)] if v and v.glucocorticoid is not None]
    doses = [v.glucocorticoid for v in counted if v.glucocorticoid is not None]
    return any(doses[i] - min(doses[:i]) >= Fraction("0.1") for i in range(1, len(doses)))


def times(study: list[Subject], rule: Rules) -> dict[str, dict[str, Duration]]:
    """The time to each state of every infused subject, by subject."""
    return {
        code: {
            s.id: Duration(s.id, s.infusion, time_to_state(s, code, rule))
            for s in study
            if s.infusion
        }
        for code in STATES
    }


def state(code: str, rule: Rules) -> Callable[[Visit], bool | None]:
    """The state at an assessment: true, false, None (unknown)."""

    def dose(visit: Visit) -> bool | None:
        return None if visit.glucocorticoid is None else visit.glucocorticoid == 0

    def off(visit: Visit) -> bool | None:
        return {"N": True, "Y": False}.get(visit.immunosuppressant)

    def inactive(visit: Visit) -> bool | None:
        return remission(visit, rule)

    def drug_free(visit: Visit) -> bool | None:
        return remission(visit, replace(rule, drug_free=True))

    return {"TTGCFREE": dose, "TTISFREE": off, "TTDFREM": drug_free, "TTSREM": inactive}[code]


def reached(seen: list[tuple[Visit, bool]], code: str) -> Visit | None:
    """The assessment that dates the event.

    "At 2 consecutive assessments, the first of which dates the event"; of sustained remission "the
    assessment by which every assessment has shown it for at least 183 days".
    """
    for i, (visit, met) in enumerate(seen):
        if not met:
            continue
        if code != "TTSREM" and i + 1 < len(seen) and seen[i + 1][1]:
            return visit
        if code == "TTSREM":
            lost = [v.date for v, status in seen[:i] if not status]
            shown = [v.date for v, _ in seen if v.date > max(lost, default=date.min)]
            if visit.date - min(shown) >= timedelta(days=183):
                return visit
    return None


def time_to_state(who: Subject, code: str, rule: Rules) -> Ended:
    """End of the time from the infusion to a state."""
    assert who.infusion
    judge = state(code, rule)
    judged = [(v, status) for v in after_infusion(who) if (status := judge(v)) is not None]
    known, therapy = last_of_day(judged), first_therapy(who)
    credited = rule.new_therapy == "treatment_policy"
    counted = [(v, s) for v, s in known if credited or not therapy or v.date <= therapy]
    event = reached(counted, code)
    if event:
        low = max([who.infusion, *(v.date for v, _ in known if v.date < event.date)])
        return Ended(STATES[code], True, event.date, low, of_visit(event))
    if therapy and not credited and not (who.death and who.death <= therapy):
        source = next(t.source for t in who.new_therapies if t.start == therapy)
        return Ended("NEW SYSTEMIC THERAPY", False, therapy, therapy, source)
    if who.death:
        source = ("subjects", "death_date", who.line)
        return Ended("DEATH", False, who.death, who.death, source)
    return followed(who, known, code, rule)


def followed(who: Subject, known: list[tuple[Visit, bool]], code: str, rule: Rules) -> Ended:
    """Censoring of a subject without state, new therapy and death."""
    assert who.infusion

    def at(what: str, visits: list[Visit]) -> Ended:
        assert who.infusion
        if not visits:
            line = ("subjects", "infusion_date", who.line)
            return Ended(what, False, who.infusion, who.infusion, line)
        return Ended(what, False, visits[-1].date, visits[-1].date, of_visit(visits[-1]))

    visits = [v for v, _ in known]
    if code != "TTSREM" and known and known[-1][1]:
        # "Shown only at the last of follow-up, the subject is censored before them."
        return at("NOT YET CONFIRMED", visits[:-1])
    last = visits[-1].date if visits else who.infusion
    missed = windows_missed(who, last, rule.cutoff + timedelta(days=1))
    if who.withdrawal:
        return at("WITHDRAWN", visits)
    if not visits:
        return at("NO ASSESSMENT AFTER INFUSION" if missed else "NEXT ASSESSMENT NOT YET DUE", [])
    if rule.missed is not None and missed >= rule.missed:
        return at(MISSED, visits)
    return at("ONGOING AT DATA CUT-OFF", visits)


def doses(assessed: list[tuple[Subject, Visit | None]], *, change: bool) -> Iterator[Row]:
    """The dose at the assessment that stands for a visit, none of it, and the change."""
    known = [(s, v.glucocorticoid) for s, v in assessed if v and v.glucocorticoid is not None]
    values = [dose for _, dose in known]
    yield from plain(summary(values))
    yield from counted("free", values.count(0), len(values))  # type: ignore[arg-type]
    if change:
        before = {s.id: start.glucocorticoid for s, _ in known if (start := baseline(s))}
        changes = [dose - first for s, dose in known if (first := before.get(s.id)) is not None]
        for name, number in summary(changes).items():
            yield ("n_change" if name == "n" else f"change_{name}"), number, ""
