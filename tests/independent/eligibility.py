"""Eligibility of the demo and of invented children, in plain Python from rows of text.

Nothing of the package is imported. An unknown value is a half between no (0) and yes (1): "and" is
the least, "or" the greatest (Kleene). A date recorded in part is the list of all its days, and a
window is asked of each of them. The rules are those of docs/eligibility.md with the keys of
config/config.yaml: one immunosuppressant, AST and ALT not judged where CK is above its limit.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction

from tests.independent.estimates import percent
from tests.independent.expected import Ard, Key, Value
from tests.independent.study import columns, rows, subjects

Record = dict[str, str]
HALF = Fraction(1, 2)
YES, NO = Fraction(1), Fraction(0)
ENZYMES = ("ck", "aldolase", "alt", "ast", "ldh")
ANTIBODIES = ("mda5", "nxp2", "tif1g", "mi2", "sae", "ro52", "jo1", "other_msa", "srp", "hmgcr")
FEATURES = (
    "rapid_progression", "organ_lung", "organ_heart", "organ_gi", "calcinosis",
    "recurrent_rash", "skin_ulcer",
)  # fmt: skip
INCLUSION = [f"I0{n}" for n in range(1, 10)]
EXCLUSION = [f"E{n:02d}" for n in range(1, 16)]


def truth(holds: bool) -> Fraction:
    return YES if holds else NO


def is_(row: Record, name: str, word: str) -> Fraction:
    return truth(row[name] == word) if row.get(name) else HALF


def at_least_of(items: Iterable[Fraction], k: int) -> Fraction:
    """So many of the items: the k-th greatest."""
    return sorted(items, reverse=True)[k - 1]


def compared(row: Record, test: Callable[..., bool], *names: str) -> Fraction:
    """A test of numbers, a half where one is missing."""
    values = [row.get(name, "") for name in names]
    return truth(test(*map(Fraction, values))) if all(values) else HALF


def days(text: str) -> list[date]:
    """Every day that a date can mean; none where nothing is recorded."""
    if not text:
        return []
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return [date(*parts)]
    months = [parts[1]] if len(parts) == 2 else range(1, 13)
    return [date(parts[0], m, d + 1) for m in months for d in range(monthrange(parts[0], m)[1])]


def of_all(answers: list[bool]) -> Fraction:
    """What is true of all is true, what is true of none is false."""
    if not answers:
        return HALF
    return YES if all(answers) else NO if not any(answers) else HALF


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def event(text: str, start: date | None, end: date | None) -> Fraction:
    """An event in a window, the first and last day within; an empty date says there was none."""
    if not text:
        return NO
    if start is None or end is None:
        return HALF
    return of_all([start <= day <= end for day in days(text)])


def birthdays(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def ages(row: Record, subject: Record, day: date) -> list[Fraction]:
    if row.get("birth_date"):
        return [Fraction(birthdays(born, day)) for born in days(row["birth_date"])]
    return [Fraction(subject["age_years"])] if subject["age_years"] else []


def answers(
    row: Record, subject: Record, therapies: list[Record], laboratory: Record, least: int = 1
) -> dict[str, str]:
    """Y, N, U or NA for every criterion."""
    day = date.fromisoformat(row["screening_date"])
    # Of an enzyme and its limit, both are of the assessment where it has the enzyme.
    lab = dict(row)
    for enzyme in ENZYMES:
        if laboratory.get(enzyme):
            lab |= {name: laboratory.get(name, "") for name in (enzyme, f"{enzyme}_uln")}
    met = {
        "I01": of_all([5 <= age < 17 for age in ages(row, subject, day)]),
        "I02": disease(row, lab),
        "I03": refractory(row, therapies, day, least),
        "I04": max(is_(row, name, "POS") for name in ANTIBODIES),
        "I05": min(max(is_(row, "srp", "POS"), is_(row, "hmgcr", "POS")), is_(row, "imnm", "Y")),
        "I06": organs(row, lab),
        "I07": min(is_(row, "venous_access", "Y"), is_(row, "apheresis_contraindication", "N")),
        "I08": contraception(row, subject, day),
        "I09": consent(row, subject, day),
        **exclusions(row, day),
    }
    letters = {YES: "Y", NO: "N", HALF: "U"}
    found = {name: letters[value] for name, value in met.items()}
    without = min(met[name] for name in ("I02", "I03", "I04"))
    for name in ("I02", "I03", "I04"):
        if met["I05"] == YES:
            found[name] = "NA"
        elif met["I05"] == HALF and found[name] == "N":
            found[name] = "U"
    if met["I05"] == NO or (met["I05"] == HALF and without == YES):
        found["I05"] = "NA"
    childbearing = is_(row, "childbearing", "Y")
    for name, applies, fine in (
        ("I08", childbearing, "Y"),
        ("E12", max(childbearing, truth(bool(row.get("blood_hcg")))), "N"),
    ):
        if applies == NO:
            found[name] = "NA"
        elif applies == HALF and found[name] != fine:
            found[name] = "U"
    return found


def disease(row: Record, lab: Record) -> Fraction:
    return at_least_of(
        [
            is_(row, "weakness_proximal", "Y"),
            min(is_(row, "skin_heliotrope", "Y"), is_(row, "skin_gottron", "Y")),
            max(compared(lab, lambda v, u: v > u, e, f"{e}_uln") for e in ENZYMES),
            max(is_(row, name, "POS") for name in ANTIBODIES),
            is_(row, "emg_myopathic", "Y"),
            is_(row, "biopsy_positive", "Y"),
        ],
        4,
    )


def refractory(row: Record, therapies: list[Record], day: date, least: int) -> Fraction:
    began = [(t, of_all([d <= day for d in days(t["start_date"])])) for t in therapies]
    began = [(t, b) for t, b in began if b != NO]
    by_name: dict[str, Fraction] = {}
    for therapy, taken in began:
        words = ("immunosuppressant", "biologic", "jak")
        suppresses = truth(therapy["class"] in words) if therapy["class"] else HALF
        useless = truth(therapy["outcome"] in ("inadequate", "intolerant"))
        failed = min(taken, suppresses, useless if therapy["outcome"] else HALF)
        name = therapy["therapy"].lower()
        by_name[name] = max(failed, by_name.get(name, NO))
    counted = [*by_name.values(), *[NO] * least]
    long, high = steroids(row, [(t, b) for t, b in began if t["class"] == "gc"], day)
    bad = truth(row["gc_outcome"] in ("intolerant", "unresponsive")) if row["gc_outcome"] else HALF
    features = max(is_(row, name, "Y") for name in FEATURES)
    return min(bad, high, long, at_least_of(counted, least), features)


def steroids(
    row: Record, courses: list[tuple[Record, Fraction]], day: date
) -> tuple[Fraction, Fraction]:
    """Six months of glucocorticoids, and a dose of 1 mg/kg: asked of everything that can be true.

    A course that perhaps began is once in and once out; one without a dose has a low one or a high
    one.
    """
    recorded = row["gc_start"], row["gc_end"], row["gc_max_mg_kg"]
    sure = [t for t, b in courses if b == YES]
    long, high = [], []
    for some in (sure, [t for t, _ in courses]) if sure else ([],):
        begins = [days(t["start_date"]) for t in some]
        ends = [days(t["end_date"]) or [day] for t in some]
        start, end = days(recorded[0]), days(recorded[1]) or [day]
        if not recorded[0]:
            start = [min(b[k] for b in begins) for k in (0, -1)] if some else []
        if not recorded[0] and not recorded[1] and some:
            end = [max(e[k] for e in ends) for k in (0, -1)]
        long += [s <= months_before_end(min(e, day), s, 6) for s in start for e in end]
        doses = [[Fraction(t["dose"])] if t["dose"] else [NO, Fraction(99)] for t in some]
        if recorded[2]:
            doses = [[Fraction(recorded[2])]]
        high += [max(d[k] for d in doses) >= 1 for k in (0, -1) if doses]
    return of_all(long), of_all(high)


def months_before_end(end: date, start: date, months: int) -> date:
    """`start` where so many months from it on have passed by the end, else a day before it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    after = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    return start if after <= end else start - timedelta(1)


def organs(row: Record, lab: Record) -> Fraction:
    rate = compared(row, lambda v: v >= 30, "egfr")
    if not row["egfr"]:
        schwartz = Fraction("0.413")
        rate = compared(row, lambda h, c: schwartz * h / c >= 30, "height_cm", "creatinine")
    low = min(compared(lab, lambda v, u: v <= 3 * u, e, f"{e}_uln") for e in ("ast", "alt"))
    active = compared(lab, lambda v, u: v > u, "ck", "ck_uln")
    return min(
        compared(row, lambda v: v >= 55, "lvef"),
        is_(row, "ecg_cs", "N"),
        rate,
        max(low, active),
        compared(row, lambda v, u: v <= 2 * u, "tbil", "tbil_uln"),
        compared(row, lambda v: v >= 92, "spo2"),
        is_(row, "lung_normal", "Y"),
    )


def contraception(row: Record, subject: Record, day: date) -> Fraction:
    treated = subject["lymphodepletion_date"] or subject["infusion_date"]
    last = date.fromisoformat(treated) if treated else date.max
    dated = of_all([day <= tested <= last for tested in days(row["urine_hcg_date"])])
    return min(is_(row, "urine_hcg", "NEG"), is_(row, "contraception_agreed", "Y"), dated)


def consent(row: Record, subject: Record, day: date) -> Fraction:
    guardian = of_all([d <= day for d in days(row["consent_guardian_date"])])
    assent = of_all([d <= day for d in days(row["assent_date"])])
    young = of_all([age < 8 for age in ages(row, subject, day)])
    return min(guardian, max(young, assent))


def exclusions(row: Record, day: date) -> dict[str, Fraction]:
    def any_yes(*names: str) -> Fraction:
        return max(is_(row, name, "Y") for name in names)

    def load(name: str) -> Fraction:
        return compared(row, lambda v, limit: v > limit, name, f"{name}_limit")

    enrolled = date.fromisoformat(row["enrolment_date"]) if row["enrolment_date"] else None
    malignancy = is_(row, "malignancy", "Y")
    grade = compared(row, lambda g: g >= 2, "agvhd_grade")
    hearts = (
        "congenital_heart", "arrhythmia_severe", "pericardial_effusion_large",
        "myocarditis_severe", "vasopressor",
    )  # fmt: skip
    return {
        "E01": any_yes("prior_cart"),
        "E02": any_yes("other_autoimmune"),
        "E03": any_yes("pid", "sid_uncorrected"),
        "E04": any_yes("serious_infection", "tb_active", "tb_latent", "hepatitis_active"),
        "E05": min(malignancy, 1 - is_(row, "malignancy_bcc_cured", "Y")),
        "E06": max(any_yes(*hearts), event(row["ami_date"], months_before(day, 6), day)),
        "E07": any_yes("other_disease_gc_is"),
        "E08": min(
            event(row["infection_systemic_last_date"], day - timedelta(7), day),
            is_(row, "infection_controlled", "N"),
        ),
        "E09": max(
            event(row["sot_hsct_date"], months_before(day, 3), day),
            min(event(row["agvhd_date"], day - timedelta(14), day), grade),
        ),
        "E10": max(
            min(max(is_(row, "hbsag", "POS"), is_(row, "hbcab", "POS")), load("hbv_dna")),
            min(is_(row, "hcv_ab", "POS"), load("hcv_rna")),
            *(is_(row, name, "POS") for name in ("hiv_ab", "syphilis", "cmv_dna")),
        ),
        "E11": event(row["live_vaccine_date"], day - timedelta(28), day),
        "E12": is_(row, "blood_hcg", "POS"),
        "E13": malignancy,
        "E14": event(
            row["other_trial_last_date"],
            months_before(enrolled, 3) if enrolled else None,
            enrolled,
        ),
        "E15": any_yes("investigator_exclusion"),
    }


def of_demo(cutoff: date) -> dict[tuple[str, str, str], tuple[str, str, bool, bool]]:
    """By subject, attempt and criterion: by the data, as analysed, violated, whether it counts."""
    found = {}
    site = {(a["subject_id"], a["attempt"], a["criterion"]): a for a in rows("eligibility")}
    people = {s["subject_id"]: s for s in rows("subjects")}
    screenings = [r for r in rows("screening") if r["screening_date"] <= cutoff.isoformat()]
    last = {r["subject_id"]: r["attempt"] for r in screenings}
    for row in screenings:
        name, attempt = row["subject_id"], row["attempt"]
        if people[name]["consent_date"] > cutoff.isoformat():
            continue
        known = dict(row)
        if known["enrolment_date"] > cutoff.isoformat():
            known["enrolment_date"] = ""
        known = {"height_cm": "", "creatinine": "", **known}
        therapies = [t for t in rows("therapies") if t["subject_id"] == name]
        visit = next(
            v for v in rows("visits") if v["subject_id"] == name and v["visit"] == "SCREENING"
        )
        for criterion, answer in answers(known, people[name], therapies, visit).items():
            given = site.get((name, attempt, criterion), {}).get("answer", "")
            analysed = given if answer == "U" and given else answer
            bad = "N" if criterion in INCLUSION else "Y"
            counts = attempt == last[name]
            found[name, attempt, criterion] = (answer, analysed, analysed == bad, counts)
    return found


def eligibility(cutoff: date) -> dict[Key, Value]:
    """``t_eligibility``."""
    ard, found = Ard(), of_demo(cutoff)
    site = {(a["subject_id"], a["attempt"], a["criterion"]): a for a in rows("eligibility")}
    people = subjects(cutoff)
    counted = {(s, c): (key, v) for key, v in found.items() for s, _, c in [key] if v[3]}
    everybody = [s for s in people if s.consent]
    for (by, group), members in columns(everybody).items():
        head = ("t_eligibility", "primary", by, group)

        def add(
            parameter: str,
            number: int,
            total: int,
            head: tuple[str, str, str, str] = head,
        ) -> None:
            ard.add(
                (*head, parameter), [("n", number, ""), ("percent", percent(number, total), "")]
            )

        screened = [s for s in members if (s.id, "I01") in counted]
        infused = [s for s in members if s.infusion]
        of = {s.id: status(s.id, counted) for s in members}
        for name, some in (("SCREENED", screened), ("INFUSED", infused)):
            ard.add((*head, name), [("n", len(some), "")])
        for name, some in (("ELIGIBILITY", screened), ("INFUSED", infused)):
            for letter in "YNU":
                add(f"{name}|{letter}", sum(of[s.id] == letter for s in some), len(some))
        left_open = [
            s for s in screened
            if of[s.id] == "Y"
            and any(counted[s.id, c][1][0] == "U" for c in INCLUSION + EXCLUSION)
        ]  # fmt: skip
        add("BY_SITE", len(left_open), len(screened))
        waived = [
            s for s in screened
            if any(site.get(counted[s.id, c][0], {}).get("waiver") == "Y"
                   for c in INCLUSION + EXCLUSION)
        ]  # fmt: skip
        add("WAIVED", len(waived), len(screened))
        for criterion in INCLUSION + EXCLUSION:
            ones = [counted[s.id, criterion] for s in screened]
            given = [(site.get(key, {}).get("answer", ""), value[0]) for key, value in ones]
            good = ("Y", "NA") if criterion in INCLUSION else ("N", "NA")
            numbers = {
                "VIOLATED": sum(value[2] for _, value in ones),
                "UNKNOWN": sum(data == "U" for _, data in given),
                "DISAGREES": sum(
                    data != "U" and bool(said) and (said in good) != (data in good)
                    for said, data in given
                ),
                "NOT_ANSWERED": sum(data != "U" and not said for said, data in given),
            }
            for name, number in numbers.items():
                add(f"{name}|{criterion}", number, len(screened))
    return ard.rows


def status(
    name: str, counted: dict[tuple[str, str], tuple[object, tuple[str, str, bool, bool]]]
) -> str:
    """Whether a subject is eligible."""
    values = [value for (subject, _), (_, value) in counted.items() if subject == name]
    if any(violated for _, _, violated, _ in values):
        return "N"
    return "U" if not values or any(analysed == "U" for _, analysed, _, _ in values) else "Y"
