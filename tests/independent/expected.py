"""Every row of ard.csv for the demo, calculated without the package.

`key -> (value, lower, upper, note)`, key = output, analysis, group_by, group, parameter, statistic.
Names of parameters and statistics are those of docs/architecture.md; None = not estimable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from fractions import Fraction

from tests.independent import concentrations, estimates
from tests.independent.estimates import KaplanMeier, clopper_pearson, percent, summary
from tests.independent.events import MISSING_GRADE, WINDOWS, Event, events, observed_to
from tests.independent.study import (
    CORE_SET,
    VARIANTS,
    Duration,
    Improvement,
    Subject,
    baseline,
    best_attainable,
    columns,
    durations,
    improvement,
    in_remission,
    level,
    remission_start,
    rules,
    subjects,
)

MISSING = {
    "died": "DIED",
    "new_therapy": "NEW SYSTEMIC THERAPY",
    "withdrawn": "WITHDRAWN",
    "not_calculable": "NOT CALCULABLE",
    "not_assessed": "NOT ASSESSED",
}
Key = tuple[str, str, str, str, str, str]
Value = tuple[float | None, float | None, float | None, str]
Row = tuple[str, float | tuple[float | None, ...] | None, str]
MONTH = Fraction("30.4375")
LANDMARKS = (3, 6, 9, 12, 18, 24)
VISITS = ("M2", "M3")


def as_value(number: float | tuple[float | None, ...] | None, note: str = "") -> Value:
    value, lower, upper = number if isinstance(number, tuple) else (number, None, None)
    return value, lower, upper, note


class Ard:
    """Rows collected by key; a key given twice is a mistake."""

    def __init__(self) -> None:
        self.rows: dict[Key, Value] = {}

    def add(self, head: tuple[str, str, str, str, str], found: Iterable[Row]) -> None:
        for statistic, number, note in found:
            key = (*head, statistic)
            assert key not in self.rows, key
            self.rows[key] = as_value(number, note)


def plain(found: dict[str, float | None]) -> Iterator[Row]:
    for statistic, number in found.items():
        yield statistic, number, ""


def counted(name: str, count: int, n: int) -> Iterator[Row]:
    yield f"n_{name}", count, ""
    yield f"percent_{name}", percent(count, n), ""


def everything(cutoff: date) -> dict[Key, Value]:
    """All outputs at a data cut-off."""
    study = subjects(cutoff)
    infused = [s for s in study if s.infusion]
    groups = columns(infused)
    ard = Ard()
    for (by, group), members in groups.items():

        def add(
            output: str, parameter: str, found: Iterable[Row], by: str = by, group: str = group
        ) -> None:
            ard.add((output, "primary", by, group, parameter), found)

        improvements(members, cutoff, add)
        ended = durations(members, rules(cutoff))
        for parameter, records in ended.items():
            add("t_dor", parameter, durability(list(records.values()), parameter))
        for parameter in ("DOR", "TTREM"):
            inactive = [
                s for s in members if s.id in ended[parameter] and (start := baseline(s))
                and in_remission(start, "modified_printo")
            ]  # fmt: skip
            n = len(ended[parameter])
            add("t_dor", parameter, counted("baseline_remission", len(inactive), n))
        consented = [s for s in study if in_group(s, by, group)]
        disposition(consented, cutoff, add)
        at_baseline(members, add)
        kinetics(infused, members, cutoff, add)
    for variant in VARIANTS:
        some = infused
        if variant == "infused_and_eligible":
            some = [s for s in infused if s.id in eligible_subjects(cutoff)]
        sensitivity(some, cutoff, variant, ard)
    return ard.rows


def in_group(subject: Subject, by: str, group: str) -> bool:
    return by == "total" or group == (subject.dose if by == "dose_level" else subject.part)


def eligible_subjects(cutoff: date) -> set[str]:
    """The eligible, by the independent calculation of the criteria."""
    from tests.independent.eligibility import of_demo, status

    found = of_demo(cutoff)
    counted = {(s, c): ((s, a, c), v) for (s, a, c), v in found.items() if v[3]}
    return {name for name, _ in counted if status(name, counted) == "Y"}


Add = Callable[[str, str, Iterable[Row]], None]


# --- t_improvement --------------------------------------------------------------------------------


def improvements(members: list[Subject], cutoff: date, add: Add) -> None:
    rule = rules(cutoff)
    at = {v: [improvement(s, v, rule) for s in members] for v in VISITS}
    for visit, found in at.items():
        add("t_improvement", visit, at_visit(found))
        for name in ("zero", "maximum"):
            other = rules(cutoff, f"chq_phs_{name}")
            shifted = [improvement(s, visit, other) for s in members]
            add(
                "t_improvement",
                visit,
                rate(shifted, "non_improved", f"_enzyme_{name}", denominator=False),
            )
    together = list(zip(*at.values(), strict=True))
    for name, holds in (("BOTH", all), ("EITHER", any)):
        count = sum(holds(record.improved for record in both) for both in together)
        add("t_improvement", name, descriptive(count, len(members)))


def descriptive(count: int, n: int) -> Iterator[Row]:
    yield "n_infused", n, ""
    yield from counted("improved", count, n)
    yield "rate", count / n if n else None, ""


def at_visit(found: list[Improvement]) -> Iterator[Row]:
    n = len(found)
    known = [r for r in found if r.improved is not None]
    scores = [r.score.total for r in known if r.score and r.score.total is not None]
    pending = sum(r.reason == "PENDING" for r in found)
    improved = sum(r.improved is True for r in found)
    yield "n_infused", n, ""
    yield from counted("assessed", len(known), n)
    yield from counted("not_improved", sum(r.improved is False for r in found), n)
    yield from counted("missing", n - len(known) - pending, n)
    yield from counted("pending", pending, n)
    yield from counted("partial", sum(r.reason == "PARTIAL" for r in found), n)
    rescued = [r for r in found if r.reason == "NEW SYSTEMIC THERAPY"]
    yield from counted("new_therapy", sum(r in known for r in rescued), n)
    without = [r.reason for r in found if r.improved is None]
    for name, reason in MISSING.items():
        yield from counted(f"missing_{name}", without.count(reason), n)
    # All infused are the denominator; a missing assessment is non-improved (domain rule 6).
    yield "n_denominator", n, ""
    yield from counted("improved", improved, n)
    yield "rate", clopper_pearson(improved, n), ""
    yield "rate_wilson", estimates.wilson(improved, n), ""
    yield "rate_jeffreys", estimates.jeffreys(improved, n), ""
    yield "posterior_mean", estimates.posterior(improved, n), ""
    yield "n_opportunity", n - pending, ""
    yield "n_improved_opportunity", improved, ""
    yield "rate_opportunity", clopper_pearson(improved, n - pending), ""
    for name, missing in (
        ("observed", "observed"), ("worst", "non_improved"), ("best", "improved")
    ):  # fmt: skip
        yield from rate(found, missing, f"_{name}")
    # A level reached after new systemic therapy is not credited.
    levels = [
        "none" if r in rescued else level(r.score.total)
        for r in known
        if r.score and r.score.total is not None
    ]
    for name in ("none", "minimal", "moderate", "major"):
        yield from counted(name, levels.count(name), n)
    changes = [r.score.changes for r in known if r.score]
    for component in CORE_SET:
        worse = sum((c[component] or 0) < 0 for c in changes)
        yield from counted(f"worsened_{component}", worse, len(known))
    any_worse = sum(any((x or 0) < 0 for x in c.values()) for c in changes)
    yield from counted("worsened_any", any_worse, len(known))
    of_scores = summary(scores)
    yield "n_tis", of_scores.pop("n"), ""
    yield from plain({f"tis_{name}": number for name, number in of_scores.items()})


def rate(
    found: list[Improvement], missing: str, suffix: str, denominator: bool = True
) -> Iterator[Row]:
    """Rate with the missing counted as non-improved, left out, or improved."""
    states = [r.improved for r in found]
    # "The dead and, by the composite strategy, those given new therapy are no missing values."
    unknown = states.count(None) - sum(r.failed for r in found)
    improved = states.count(True) + (unknown if missing == "improved" else 0)
    n = len(states) - (unknown if missing == "observed" else 0)
    yield f"n_improved{suffix}", improved, ""
    if denominator:
        yield f"n_denominator{suffix}", n, ""
    yield f"rate{suffix}", clopper_pearson(improved, n), ""


# --- t_dor ----------------------------------------------------------------------------------------

EVENTS = {
    "recurrence": "RECURRENCE",
    "progression": "PROGRESSION",
    "death": "DEATH",
    "new_therapy": "NEW SYSTEMIC THERAPY",
}
CENSORED = {
    "ongoing": "ONGOING AT DATA CUT-OFF",
    "missed_assessments": "MISSED OR INADEQUATE ASSESSMENTS",
    "new_therapy": "NEW SYSTEMIC THERAPY",
    "withdrawn": "WITHDRAWN",
    "no_assessment": "NO ASSESSMENT AFTER REMISSION",
    "unconfirmed_loss": "UNCONFIRMED LOSS",
    "not_yet_due": "NEXT ASSESSMENT NOT YET DUE",
}
#: Of event-free survival alone.
CENSORED_EARLY = {
    "remission_not_yet_due": "REMISSION NOT YET DUE",
    "not_followed": "NOT FOLLOWED TO REMISSION DEADLINE",
}
FAILED = {"not_in_remission": "NOT IN REMISSION BY M6"}
#: What ends a time to remission, and what censors it.
REMITTED = {"remission": "REMISSION"}
NOT_REMITTED = {
    **{k: CENSORED[k] for k in ("ongoing", "missed_assessments", "new_therapy", "withdrawn")},
    "not_yet_due": CENSORED["not_yet_due"],
    "death": "DEATH",
    "not_seen": "NO ASSESSMENT AFTER INFUSION",
}
#: The time to improvement has the same reasons.
IMPROVED = {"improvement": "IMPROVEMENT"}
DIED = {"death": "DEATH"}
LIVING = {"withdrawn": "WITHDRAWN", "alive": "ALIVE AT LAST CONTACT"}
KINDS = {
    "DOR": EVENTS,
    "EFS": EVENTS | FAILED,
    "TTREM": REMITTED,
    "TTIMP": IMPROVED,
    "OS": DIED,
}
REASONS = {
    "DOR": CENSORED,
    "EFS": CENSORED | CENSORED_EARLY,
    "TTREM": NOT_REMITTED,
    "TTIMP": NOT_REMITTED,
    "OS": LIVING,
}


def durability(
    records: list[Duration],
    parameter: str,
    kinds: dict[str, str] | None = None,
    reasons: dict[str, str] | None = None,
) -> Iterator[Row]:
    n = len(records)
    happened = [r.end.what for r in records if r.end.event]
    censored = [r.end.what for r in records if not r.end.event]
    yield "n_subjects", n, ""
    yield from counted("event", len(happened), n)
    for name, what in (kinds or KINDS[parameter]).items():
        yield from counted(name, happened.count(what), n)
    yield from counted("censored", len(censored), n)
    for name, what in (reasons or REASONS[parameter]).items():
        yield from counted(f"censored_{name}", censored.count(what), n)
    if parameter == "EFS":
        yield from counted("pending", censored.count("REMISSION NOT YET DUE"), n)
    km = KaplanMeier([(r.days, r.end.event) for r in records])
    for name, p in (("q25", Fraction(1, 4)), ("median", Fraction(1, 2)), ("q75", Fraction(3, 4))):
        yield name, *quantile(km, p)
    # The note tells whether the extreme is a censored time.
    for name, pick in (("min", min), ("max", max)):
        extreme = pick((r.days for r in records), default=None)
        ended = any(r.end.event for r in records if r.days == extreme)
        note = "" if ended or extreme is None else "censored"
        yield name, None if extreme is None else float(extreme / MONTH), note
    for month in LANDMARKS:
        yield f"landmark_M{month}", *landmark(km, month)
        yield f"at_risk_M{month}", km.at_risk(month * MONTH), ""
    # Reverse Kaplan-Meier: event and censoring exchanged.
    reverse = KaplanMeier([(r.days, not r.end.event) for r in records])
    yield "follow_up", *quantile(reverse, Fraction(1, 2))
    mean = km.restricted_mean(24 * MONTH)
    yield "rmst_M24", tuple(None if x is None else x / float(MONTH) for x in mean), ""


def quantile(km: KaplanMeier, p: Fraction) -> tuple[tuple[float | None, ...], str]:
    return tuple(None if day is None else float(day / MONTH) for day in km.quantile(p)), ""


def landmark(km: KaplanMeier, month: int) -> tuple[tuple[float | None, ...], str]:
    when, notes = month * MONTH, []
    # As of the last observed time, where the landmark lies at most 30 days after it.
    if km.last is not None and km.last < when <= km.last + 30:
        notes.append(f"as of day {km.last}, the last observed time, within landmark_tolerance_days")
        when = Fraction(km.last)
    found = km.at(when)
    if found[0] is None and km.steps:
        notes.append("after the last observed time")
    if found[0] == 1:
        notes.append("no event before: no interval")
    return found, "; ".join(notes)


# --- t_sensitivity --------------------------------------------------------------------------------


def sensitivity(infused: list[Subject], cutoff: date, variant: str, ard: Ard) -> None:
    rule = rules(cutoff, variant)

    def add(parameter: str, found: Iterable[Row]) -> None:
        ard.add(("t_sensitivity", variant, "total", "Total", parameter), found)

    for parameter, by_subject in durations(infused, rule).items():
        records = list(by_subject.values())
        add(parameter, [("n_subjects", len(records), "")])
        add(parameter, [("n_event", sum(r.end.event for r in records), "")])
        if variant == "interval_censored":
            add(parameter, between_visits(records))
            continue
        km = KaplanMeier([(r.days, r.end.event) for r in records])
        add(parameter, [("median", *quantile(km, Fraction(1, 2)))])
        add(parameter, [(f"landmark_M{m}", *landmark(km, m)) for m in (6, 12)])
    for visit in VISITS:
        found = [improvement(s, visit, rule) for s in infused]
        rows = list(rate(found, rule.missing, ""))
        improved, n = rows[0][1], rows[1][1]
        assert isinstance(improved, int)
        assert isinstance(n, int)
        add(visit, [("n_infused", len(infused), ""), *rows])
        add(visit, [("percent_improved", percent(improved, n), "")])


def between_visits(records: list[Duration]) -> Iterator[Row]:
    """Turnbull: what is seen at visits lies after the adequate assessment before.

    The value dates the event late, as Kaplan-Meier does. Limits come from a seeded bootstrap and
    are not repeated here (the test leaves them out).
    """
    bounds = []
    for r in records:
        low = min((r.end.low - r.start).days + 1, r.days)
        bounds.append((low, r.days if r.end.event else None))
    regions = estimates.turnbull(bounds)
    last = max(t for pair in bounds for t in pair if t is not None)
    finite = [r for r in regions if r.right is not None]

    def late(end: Callable[[estimates.Region], int]) -> Fraction | None:
        died = 0.0
        for i, region in enumerate(finite):
            died += region.mass
            if abs(died - 0.5) < 1e-6:  # flat at one half: midpoint, as for Kaplan-Meier
                following = end(finite[i + 1]) if i + 1 < len(finite) else last
                return Fraction(end(region) + following, 2)
            if died > 0.5:
                return Fraction(end(region))
        return None

    ends = [late(lambda r: r.left), late(lambda r: r.right or 0)]
    first, latest = (None if t is None else float(t / MONTH) for t in ends)
    ranged = first is not None and latest is not None and first < latest
    yield "median", latest, f"between {first:.3f} and {latest:.3f} months" if ranged else ""
    for month in (6, 12):
        when = month * MONTH
        if when > last:
            yield f"landmark_M{month}", None, ""
            continue
        over = sum(r.mass for r in finite if (r.right or 0) <= when)
        open_ = sum(r.mass for r in finite if r.left < when < (r.right or 0))
        note = f"between {1 - over - open_:.3f} and {1 - over:.3f}" if open_ else ""
        if not over + open_:  # "nobody has had the event"
            note = "no event before: no interval"
        yield f"landmark_M{month}", 1 - over, note


# --- t_disposition, t_baseline --------------------------------------------------------------------


def disposition(consented: list[Subject], cutoff: date, add: Add) -> None:
    infused = [s for s in consented if s.infusion]
    sets = {
        "LYMPHODEPLETED": [s for s in consented if s.lymphodepletion],
        "INFUSED": infused,
        "NOT_INFUSED": [s for s in consented if not s.infusion],
    }
    add("t_disposition", "CONSENTED", [("n", len(consented), "")])
    for name, members in sets.items():
        add("t_disposition", name, n_percent(len(members), len(consented)))
    rule = rules(cutoff)
    of_infused = {
        "REMISSION": [s for s in infused if remission_start(s, rule)],
        "DIED": [s for s in infused if s.death],
        "WITHDRAWN": [s for s in infused if s.withdrawal],
        "ONGOING": [s for s in infused if not s.death and not s.withdrawal],
    }
    for reason in {s.withdrawal_reason for s in of_infused["WITHDRAWN"]}:
        of_infused[f"WITHDRAWN|{reason}"] = [
            s for s in of_infused["WITHDRAWN"] if s.withdrawal_reason == reason
        ]
    for visit in VISITS:
        of_infused[f"ASSESSED|{visit}"] = [
            s for s in infused if improvement(s, visit, rule).improved is not None
        ]
    for name, members in of_infused.items():
        add("t_disposition", name, n_percent(len(members), len(infused)))
    months = [(s.since(left(s)) + 1) / MONTH for s in infused]
    add("t_disposition", "FOLLOW_UP", plain(summary(months)))


def left(subject: Subject) -> date:
    """End of follow-up: the death, else withdrawal or last contact."""
    if subject.death:
        return subject.death
    return min(subject.withdrawal or subject.last_contact, subject.last_contact)


def n_percent(count: int, n: int) -> Iterator[Row]:
    yield "n", count, ""
    yield "percent", percent(count, n), ""


def at_baseline(infused: list[Subject], add: Add) -> None:
    starts = [b for b in map(baseline, infused) if b]
    numbers: dict[str, list[Fraction | None]] = {
        "AGE": [s.age for s in infused],
        "CELLSKG": [s.cells for s in infused],
        "MAXTIS": [best_attainable(b) for b in starts],
    }
    codes = zip(("PHYS", "PAR", "MUS", "FUN", "ENZ", "EXTR"), CORE_SET.values(), strict=True)
    for code, (measure, _, _) in codes:
        numbers[code] = [b.values[measure] for b in starts]
    for name, values in numbers.items():
        add("t_baseline", name, plain(summary([v for v in values if v is not None])))
    inactive = [in_remission(b, "modified_printo") for b in starts]
    for name, state in (("Y", True), ("N", False), ("U", None)):
        add("t_baseline", f"BLREMFL|{name}", n_percent(inactive.count(state), len(infused)))
    for sex in ("F", "M"):
        count = sum(s.sex == sex for s in infused)
        add("t_baseline", f"SEX|{sex}", n_percent(count, len(infused)))


# --- t_kinetics -----------------------------------------------------------------------------------


def kinetics(infused: list[Subject], members: list[Subject], cutoff: date, add: Add) -> None:
    assays = concentrations.profiles(infused, cutoff)
    ids = {s.id for s in members}
    for (assay, unit), by_subject in assays.items():
        found = {name: concentrations.parameters(profile) for name, profile in by_subject.items()}
        for code in next(iter(found.values())):
            records = [parameters[code] for name, parameters in found.items() if name in ids]
            # No assay of the studies has a bar or backslash in its name.
            of = f"|{assay} ({unit})" if len(assays) > 1 else ""
            add("t_kinetics", f"{code}{of}", of_parameter(code, records, len(members)))


def of_parameter(code: str, records: list[concentrations.Parameter], infused: int) -> Iterator[Row]:
    values = [r.value for r in records if r.value is not None]
    yield "n_infused", infused, ""
    yield "n_no_sample", infused - len(records), ""
    yield "n_not_calculable", len(records) - len(values), ""
    yield "n_not_detected", sum(r.flag == "NOT DETECTED" for r in records), ""
    yield "n_extrapolated", sum(r.flag == "EXTRAPOLATED" for r in records), ""
    if code.startswith("PERS"):
        yield "n", len(values), ""
        yield "n_quantifiable", int(sum(values)), ""
        yield "percent_quantifiable", percent(int(sum(values)), len(values)), ""
        return
    of_values = summary([concentrations.fraction(v) for v in values])
    yield from plain(of_values)
    mean, sd = of_values["mean"], of_values["sd"]
    yield "cv", 100 * sd / mean if mean and sd is not None else None, ""
    flags = [r.flag for r in records if r.value == 0]
    without = flags.count("NOT DETECTED")
    said = [f"{without} not detected"] * (without > 0)
    said += [f"{len(flags) - without} measured as 0"] * (len(flags) > without)
    note = f"{', '.join(said)}: no logarithm" if said else ""
    geo_mean, geo_cv = estimates.geometric(values)
    yield "geo_mean", geo_mean, note
    yield "geo_cv", geo_cv, note
    detected = [r.value for r in records if r.value is not None and r.flag != "NOT DETECTED"]
    geo_mean, geo_cv = estimates.geometric(detected)
    yield "n_detected", len(detected), ""
    yield "geo_mean_detected", geo_mean, ""
    yield "geo_cv_detected", geo_cv, ""


# --- safety ---------------------------------------------------------------------------------------

GRADES = (None, 1, 2, 3, 4, 5)
BOUND = "one-sided 95% upper confidence limit, no events"
NOT_DATED = "a fatal event, and no date of death: in no count of deaths until the date is given"


def safety(cutoff: date) -> dict[Key, Value]:
    """Rows of the safety tables, as docs/safety.md says what each counts."""
    study = subjects(cutoff)
    seen = events(study, cutoff)
    infused = [s for s in study if s.infusion]
    not_dated = {s.id for s in infused if not s.death} & {e.subject for e in seen if e.fatal}
    ard = Ard()
    for (by, group), members in columns(infused).items():
        ids = {s.id for s in members}
        mine = [e for e in seen if e.subject in ids]
        n = len(members)

        def add(
            output: str, parameter: str, found: Iterable[Row], by: str = by, group: str = group
        ) -> None:
            ard.add((output, "primary", by, group, parameter), found)

        for output in ("t_ae_overview", "t_ae_soc_pt", "t_ae_crs", "t_aesi", "t_deaths"):
            add(output, "", [("n_infused", n, "")])
            if output != "t_deaths":  # the bound of every row of the column with 0
                add(output, "", [("upper", estimates.none_observed(n), BOUND)])
        for name, part in overview(mine).items():
            sensitive = "MISSING_AS" in name
            add("t_ae_overview", name, counts(part, n, missing=3 if sensitive else None))
            if name.endswith("|RELATED"):
                whole = within(mine, name.split("|")[0])
                unknown = sum(e.related == "" for e in whole)
                note = "counted as related" if unknown else ""
                add("t_ae_overview", name, [("n_events_missing", unknown, note)])
        stayed = {s.id for s in members if followed(s, 28, cutoff)}
        for name, part in overview([e for e in mine if e.subject in stayed]).items():
            window, category = name.split("|")
            if window == "D28":
                missing = 3 if "MISSING_AS" in category else None
                head = f"D28_FOLLOWED|{category}"
                add("t_ae_overview", head, [("n_denominator", len(stayed), "")])
                add("t_ae_overview", head, counts(part, len(stayed), missing=missing))
        # The terms that occur in a window anywhere are rows in every column.
        for name in overall_terms([e for e in seen if e.day is not None]):
            window, organ_class, term = name.split("|")
            part = [
                e
                for e in within(mine, window)
                if e.organ_class == organ_class and term in ("", e.term)
            ]
            add("t_ae_soc_pt", name, counts(part, n))
        emergent = [e for e in mine if e.emergent]
        for name in sorted({"CRS", "ICANS", "CYTOPENIA"} | interests(seen)):
            add("t_aesi", name, counts([e for e in emergent if e.interest == name], n))
        long = [e for e in mine if e.prolonged_cytopenia]
        add("t_aesi", "DERIVED|PROLONGED_CYTOPENIA", counts(long, n))
        undated = {
            e.subject for e in mine if e.severe_cytopenia and e.outcome == "recovered" and not e.end
        } - {e.subject for e in long}
        add("t_aesi", "DERIVED|PROLONGED_CYTOPENIA", [("n_end_unknown", len(undated), "")])
        for name in ("CRS", "ICANS"):
            part = [e for e in emergent if e.interest == name]
            add("t_ae_crs", name, counts(part, n, astct=True))
            add("t_ae_crs", name, course(part))
        died = [s.since(s.death) for s in members if s.death]
        for window in (*WINDOWS, None):
            count = sum(window is None or day <= window for day in died)
            name = f"D{window}" if window else "ALL"
            add("t_deaths", name, [("n_deaths", count, ""), ("percent", percent(count, n), "")])
            if not count:
                add("t_deaths", name, [("upper", estimates.none_observed(n), BOUND)])
        if not_dated:
            add("t_deaths", "ALL", [("n_fatal_undated", len(not_dated & ids), NOT_DATED)])
        add("t_dlt", "ALL", limiting(members, seen))
    left_out = [s.id for s in study if s.consent and not s.infusion]
    part = [e for e in seen if e.subject in left_out]
    head = ("t_ae_overview", "primary", "total", "Total", "NOT_INFUSED|ANY")
    ard.add(head, [("n_denominator", len(left_out), ""), *counts(part, len(left_out))])
    escalating = [s for s in infused if s.part == "A"]
    for (by, group), members in columns(escalating).items():
        if by == "dose_level":
            found = list(limiting(members, seen))
            head = ("t_dlt", "primary", by, group, "A")
            ard.add(head, [*found, ("next", None, next_step({r[0]: r[1] for r in found}))])
    return ard.rows


def within(seen: list[Event], window: str) -> list[Event]:
    """Treatment-emergent, and begun within so many days of infusion."""
    last = None if window == "ALL" else int(window[1:])
    return [e for e in seen if e.emergent and (last is None or (e.day or 0) <= last)]


def overview(mine: list[Event]) -> dict[str, list[Event]]:
    found = {}
    for window in (*(f"D{days}" for days in WINDOWS), "ALL"):
        part = within(mine, window)
        severe = [e for e in part if (e.grade or 0) >= 3]
        found |= {
            f"{window}|ANY": part,
            f"{window}|RELATED": [e for e in part if e.counts_as_related],
            f"{window}|SERIOUS": [e for e in part if e.serious],
            f"{window}|GRADE3": severe,
            f"{window}|RELATED_GRADE3": [e for e in severe if e.counts_as_related],
            f"{window}|FATAL": [e for e in part if e.fatal],
            f"{window}|DLT": [e for e in part if e.limiting == "Y"],
            f"{window}|AESI": [e for e in part if e.interest],
            # "A missing grade is shown as worst case grade 3 in a sensitivity row."
            f"{window}|GRADE3_MISSING_AS_{MISSING_GRADE}": [
                e for e in part if (e.grade or MISSING_GRADE) >= 3
            ],
        }
    before = [e for e in mine if not e.emergent]
    found["PRE|ANY"] = before
    for phase in ("BEFORE_LYMPHODEPLETION", "LYMPHODEPLETION", "LYMPHODEPLETION_UNKNOWN"):
        found[f"PRE|{phase}"] = [e for e in before if e.phase == phase]
    return found


def followed(subject: Subject, days: int, cutoff: date) -> bool:
    """The window had closed, and the subject was observed to its last day, or died in it."""
    closed = subject.since(cutoff) >= days
    died = subject.death is not None and subject.since(subject.death) <= days
    return closed and (died or subject.since(observed_to(subject)) >= days)


def overall_terms(seen: list[Event]) -> set[str]:
    return {
        f"{window}|{e.organ_class}|{term}"
        for window in (*(f"D{days}" for days in WINDOWS), "ALL")
        for e in within(seen, window)
        for term in ("", e.term)
    }


def interests(seen: list[Event]) -> set[str]:
    return {e.interest for e in seen if e.interest}


def counts(
    part: list[Event], n: int, astct: bool = False, missing: int | None = None
) -> Iterator[Row]:
    """Subjects once, at the worst known grade; events; the bound where there is none."""
    worst: dict[str, int | None] = {}
    for event in part:
        grade = event.astct if astct else (event.grade or missing)
        before = worst.setdefault(event.subject, grade)
        if grade is not None and (before is None or grade > before):
            worst[event.subject] = grade
    yield "n_subjects", len(worst), ""
    yield "percent", percent(len(worst), n), ""
    yield "n_events", len(part), ""
    for grade in GRADES:
        name = f"grade_{'missing' if grade is None else grade}"
        yield from counted(name, list(worst.values()).count(grade), n)
    for first, last in ((1, 2), (3, 5)):
        between = sum(grade is not None and first <= grade <= last for grade in worst.values())
        yield from counted(f"grade_{first}_{last}", between, n)
    if not worst:
        yield "upper", estimates.none_observed(n), BOUND


def course(part: list[Event]) -> Iterator[Row]:
    """Day of each subject's first onset; days from first to last day of events with an end.

    Fatal events are counted apart: they end neither resolved nor ongoing.
    """
    onset: dict[str, int] = {}
    for event in part:
        assert event.day is not None
        onset[event.subject] = min(event.day, onset.get(event.subject, event.day))
    survived = [e for e in part if not e.fatal]
    lasted = [(e.end - e.start).days + 1 for e in survived if e.end]
    for name, days in (("onset", list(onset.values())), ("duration", lasted)):
        found = summary([Fraction(d) for d in days])
        for of in ("median", "min", "max"):
            yield f"{name}_{of}", found[of], ""
        yield f"n_{name}_imputed", 0, ""  # every date of these studies is recorded whole
    yield "n_ongoing", sum(e.ongoing for e in survived), ""
    yield "n_end_unknown", sum(e.end is None and not e.ongoing for e in survived), ""
    yield "n_fatal", len(part) - len(survived), ""


def limiting(members: list[Subject], seen: list[Event]) -> Iterator[Row]:
    """Followed for 28 days, or with a dose-limiting toxicity or a death not assessed in them."""
    evaluable, toxic, unassessed, spared = 0, 0, 0, 0
    for subject in members:
        mine = [e for e in seen if e.subject == subject.id]
        recorded = any(e.emergent and e.limiting == "Y" and (e.day or 0) <= 28 for e in mine)
        fatal = [e.limiting for e in mine if e.fatal]
        died = subject.death is not None and subject.since(subject.death) <= 28
        recorded |= died and "Y" in fatal
        doubtful = died and not recorded and (not fatal or "" in fatal)
        unassessed += doubtful
        toxic += recorded or doubtful
        spared += died and not recorded and not doubtful
        evaluable += recorded or doubtful or subject.since(observed_to(subject)) >= 28
    yield "n_infused", len(members), ""
    yield "n_evaluable", evaluable, ""
    yield "n_dlt", toxic, ""
    yield "percent", percent(toxic, evaluable), ""
    yield "n_dlt_unassessed_death", unassessed, ""
    yield "n_death_not_limiting", spared, ""
    if not toxic:
        yield "upper", estimates.none_observed(evaluable), BOUND


def next_step(found: dict[str, object]) -> str:
    """3+3: none of 3 escalates; one of 3 expands to 6; two stop (Storer 1989)."""
    evaluable, toxic = found["n_evaluable"], found["n_dlt"]
    assert isinstance(evaluable, int)
    assert isinstance(toxic, int)
    seen = f"{toxic} of {evaluable} evaluable with a dose-limiting toxicity"
    if found["n_dlt_unassessed_death"]:
        count = found["n_dlt_unassessed_death"]
        deaths = f"{count} death{'s' if count != 1 else ''}"
        counted_so = (
            f"{deaths} within 28 days without a recorded assessment, counted as dose-limiting"
        )
        seen += f": adjudicate first ({counted_so})"
        if toxic >= 2:
            return f"{seen}; as counted, stop, the maximum tolerated dose is exceeded"
        if evaluable < 3:
            return f"{seen}; as counted, treat or follow more subjects until 3 are evaluable"
        if evaluable < 6:
            return f"{seen}; as counted, expand the dose level to 6 evaluable"
        return seen
    if toxic >= 2:
        return f"{seen}: stop, the maximum tolerated dose is exceeded"
    if evaluable < 3:
        return f"{seen}: treat or follow more subjects until 3 are evaluable"
    return (
        f"{seen}: expand the dose level to 6 evaluable"
        if toxic == 1 and evaluable < 6
        else (f"{seen}: escalate")
    )
