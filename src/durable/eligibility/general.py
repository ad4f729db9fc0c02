"""Criteria of eligibility that are not about one disease: one object each.

The registered text is that of NCT06569472. What it leaves open is a key of the section
`eligibility`, and docs/eligibility.md says how each was read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from durable.criterion import Criterion
from durable.jdm.three_valued import all_met, any_met, at_least, equal_to
from durable.language import N_, _
from durable.windows import (
    Days,
    add_months,
    at_or_after,
    at_or_before,
    completed_years,
    days_recorded,
    in_window,
)

if TYPE_CHECKING:
    import pandas as pd

    from durable.plan.eligibility import Eligibility
    from durable.windows import MonthRule

    #: By attempt 1 (met), 0 (not met) or NaN (unknown).
    Status = pd.Series[float]

_CARDIAC = (
    *("congenital_heart", "arrhythmia_severe", "pericardial_effusion_large"),
    *("myocarditis_severe", "vasopressor"),
)
_INFECTIONS = ("serious_infection", "tb_active", "tb_latent", "hepatitis_active")


def _yes(attempts: pd.DataFrame, *names: str) -> Status:
    """Whether any of some columns is Y."""
    return any_met([equal_to(attempts[name], "Y") for name in names])


def _positive(attempts: pd.DataFrame, *names: str) -> Status:
    return any_met([equal_to(attempts[name], "POS") for name in names])


def _not(status: Status) -> Status:
    return 1.0 - status


def _event_within(
    attempts: pd.DataFrame, column: str, start: Days, end: Days, rules: Eligibility
) -> Status:
    """Whether an event that may never have been lies in a window."""
    status = in_window(days_recorded(attempts, column), start, end, rules.boundary)
    if rules.empty_date == "unknown":
        return status
    return status.mask(attempts[f"{column}_left_empty"], 0.0)


def _months_before(end: Days, months: int, rule: MonthRule) -> Days:
    return Days(add_months(end.first, -months, rule), add_months(end.last, -months, rule))


def _days_before(end: Days, days: int) -> Days:
    import pandas as pd

    span = pd.Timedelta(days=days)
    return Days(end.first - span, end.last - span)


def _age_at(attempts: pd.DataFrame, day: str) -> tuple[pd.Series[float], pd.Series[float]]:
    """Least and greatest age on a day; that of the subjects table without a date of birth."""
    least, greatest = completed_years(
        days_recorded(attempts, "birth_date"), days_recorded(attempts, day)
    )
    recorded = attempts["age_years"].where(days_recorded(attempts, "birth_date").first.isna())
    return least.fillna(recorded), greatest.fillna(recorded)


def _old_enough(ages: tuple[pd.Series[float], pd.Series[float]], years: int) -> Status:
    least, greatest = ages
    known = (least >= years) | (greatest < years)
    return (least >= years).astype(float).where(known)


def _age(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    ages = _age_at(attempts, rules.age_at)
    return all_met([_old_enough(ages, rules.age_from), _not(_old_enough(ages, rules.age_below))])


def _apheresis(attempts: pd.DataFrame, _rules: Eligibility) -> Status:
    contraindicated = equal_to(attempts["apheresis_contraindication"], "Y")
    return all_met([_yes(attempts, "venous_access"), _not(contraindicated)])


def _childbearing(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """Whether a subject is of childbearing potential."""
    recorded = equal_to(attempts["childbearing"], "Y")
    if rules.childbearing_from is None:
        return recorded
    girl = equal_to(attempts["sex"], "F")
    old = _old_enough(_age_at(attempts, "anchor"), rules.childbearing_from)
    return recorded.fillna(all_met([girl, old]))


def _pregnancy_possible(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """Whether a blood test matters: of childbearing potential, or tested."""
    tested = attempts["blood_hcg"].notna().astype(float)
    return any_met([_childbearing(attempts, rules), tested])


def _contraception(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    negative = equal_to(attempts["urine_hcg"], "NEG")
    items = [negative, _yes(attempts, "contraception_agreed")]
    if rules.pregnancy_test == "dated":
        tested = days_recorded(attempts, "urine_hcg_date")
        items.append(at_or_after(tested, days_recorded(attempts, "anchor")))
        treated = days_recorded(attempts, "treatment")
        before = at_or_before(tested, treated)
        items.append(before.mask(treated.first.isna() & tested.first.notna(), 1.0))
    return all_met(items)


def _consent(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    screening = days_recorded(attempts, "screening_date")
    guardian = at_or_before(days_recorded(attempts, "consent_guardian_date"), screening)
    assent = at_or_before(days_recorded(attempts, "assent_date"), screening)
    old = _old_enough(_age_at(attempts, "screening_date"), rules.assent_from)
    return all_met([guardian, any_met([_not(old), assent])])


def _cardiac(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    anchor = days_recorded(attempts, "anchor")
    start = _months_before(anchor, rules.infarction_months, rules.month)
    infarction = _event_within(attempts, "ami_date", start, anchor, rules)
    return any_met([_yes(attempts, *_CARDIAC), infarction])


def _infection(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    anchor = days_recorded(attempts, "anchor")
    start = _days_before(anchor, rules.infection_days)
    column = "infection_systemic_last_date"
    recent = _event_within(attempts, column, start, anchor, rules)
    uncontrolled = equal_to(attempts["infection_controlled"], "N")
    if rules.infection == "recent":
        return recent
    if rules.infection == "uncontrolled":
        return uncontrolled
    return all_met([recent, uncontrolled])


def _transplant(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    anchor = days_recorded(attempts, "anchor")
    months = _months_before(anchor, rules.transplant_months, rules.month)
    transplant = _event_within(attempts, "sot_hsct_date", months, anchor, rules)
    days = _days_before(anchor, rules.gvhd_days)
    disease = _event_within(attempts, "agvhd_date", days, anchor, rules)
    severe = at_least(attempts["agvhd_grade"], rules.gvhd_grade)
    return any_met([transplant, all_met([disease, severe])])


def _viral_load(attempts: pd.DataFrame, load: str) -> Status:
    """Whether a viral load is above its limit."""
    excess = attempts[load] - attempts[f"{load}_limit"]
    return (excess > 0).astype(float).where(excess.notna())


def _infectious_markers(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    hepatitis_b = _positive(attempts, "hbsag", "hbcab")
    if rules.hepatitis_b == "antibody_and_dna":
        hepatitis_b = all_met([hepatitis_b, _viral_load(attempts, "hbv_dna")])
    hepatitis_c = _positive(attempts, "hcv_ab")
    if rules.hepatitis_c == "antibody_and_rna":
        hepatitis_c = all_met([hepatitis_c, _viral_load(attempts, "hcv_rna")])
    others = _positive(attempts, "hiv_ab", "syphilis", "cmv_dna")
    return any_met([hepatitis_b, hepatitis_c, others])


def _vaccine(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    anchor = days_recorded(attempts, "anchor")
    start = _days_before(anchor, rules.vaccine_days)
    return _event_within(attempts, "live_vaccine_date", start, anchor, rules)


def _other_trial(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    enrolment = days_recorded(attempts, "enrolment")
    start = _months_before(enrolment, rules.trial_months, rules.month)
    return _event_within(attempts, "other_trial_last_date", start, enrolment, rules)


def _malignancy(attempts: pd.DataFrame, rules: Eligibility, criterion: str) -> Status:
    malignancy = _yes(attempts, "malignancy")
    if criterion not in rules.cured_carcinoma:
        return malignancy
    return all_met([malignancy, _not(equal_to(attempts["malignancy_bcc_cured"], "Y"))])


def _describe_window(number: int, unit: str, rules: Eligibility) -> str:
    """A window before the day that the plan names, in words."""
    start = _("included") if rules.boundary == "closed" else _("excluded")
    if unit == "days":
        return _("{number} days before, the first day {start}").format(number=number, start=start)
    months = _("calendar months") if rules.month == "calendar" else _("months of 30 days")
    return _("{number} {months} before, the first day {start}").format(
        number=number, months=months, start=start
    )


def _describe_age(rules: Eligibility) -> str:
    by_setting = {
        "screening": _("screening"),
        "consent": _("consent"),
        "infusion": _("infusion"),
    }
    return _("{low} to below {high} completed years on the day of {day}").format(
        low=rules.age_from, high=rules.age_below, day=by_setting[rules.age_at]
    )


def _describe_cardiac(rules: Eligibility) -> str:
    window = _describe_window(rules.infarction_months, "months", rules)
    return _("infarction: {window}").format(window=window)


def _describe_infection(rules: Eligibility) -> str:
    by_setting = {
        "recent_and_uncontrolled": _("recent and not controlled"),
        "recent": _("recent"),
        "uncontrolled": _("not controlled"),
    }
    window = _describe_window(rules.infection_days, "days", rules)
    return _("{which}; recent: {window}").format(which=by_setting[rules.infection], window=window)


def _describe_transplant(rules: Eligibility) -> str:
    return _(
        "transplantation: {months}; graft-versus-host disease of grade {grade} or more ({scale}):"
        " {days}"
    ).format(
        months=_describe_window(rules.transplant_months, "months", rules),
        grade=rules.gvhd_grade,
        scale=rules.gvhd_scale,
        days=_describe_window(rules.gvhd_days, "days", rules),
    )


def _describe_markers(rules: Eligibility) -> str:
    hepatitis_b = (
        _("HBsAg or HBcAb with HBV DNA above its limit")
        if rules.hepatitis_b == "antibody_and_dna"
        else _("HBsAg or HBcAb")
    )
    hepatitis_c = (
        _("HCV antibody with HCV RNA above its limit")
        if rules.hepatitis_c == "antibody_and_rna"
        else _("HCV antibody")
    )
    return _("{hepatitis_b}; {hepatitis_c}; HIV antibody; syphilis; CMV DNA").format(
        hepatitis_b=hepatitis_b, hepatitis_c=hepatitis_c
    )


def _describe_trial(rules: Eligibility) -> str:
    window = _describe_window(rules.trial_months, "months", rules)
    by_setting = {
        "enrolment_date": _("counted from the date of enrolment"),
        "consent": _("counted from consent"),
        "lymphodepletion": _("counted from lymphodepletion"),
        "infusion": _("counted from the infusion"),
    }
    return _("{window}; {day}").format(window=window, day=by_setting[rules.enrolment])


def _describe_contraception(rules: Eligibility) -> str:
    if rules.pregnancy_test == "dated":
        return _("urine test dated from the anchor to lymphodepletion or infusion")
    return _("urine test of any date")


def _describe_consent(rules: Eligibility) -> str:
    return _("by the date of screening; assent from {years} years on").format(
        years=rules.assent_from
    )


def _describe_carcinoma(criterion: str) -> Callable[[Eligibility], str]:
    def describe(rules: Eligibility) -> str:
        if criterion in rules.cured_carcinoma:
            return _("a cured basal cell carcinoma does not count")
        return _("a cured basal cell carcinoma counts")

    return describe


def _any_flag_criterion(id: str, text: str, *columns: str) -> Criterion:
    """A criterion that is met where any of some columns is Y."""
    return Criterion(id, text, columns, lambda attempts, _rules: _yes(attempts, *columns))


_WINDOW_KEYS = ("anchor", "boundary", "empty_date")

AGE = Criterion(
    id="I01",
    text=N_("Age from 5 to below 17 years"),
    reads=("birth_date", "age_years"),
    evaluate=_age,
    keys=("age_at", "age_from", "age_below", "anchor"),
    describe=_describe_age,
)
PROCEDURES = (
    Criterion(
        id="I07",
        text=N_("Venous access, and no contraindication to apheresis"),
        reads=("venous_access", "apheresis_contraindication"),
        evaluate=_apheresis,
    ),
    Criterion(
        id="I08",
        text=N_("Of childbearing potential: negative urine test, and contraception"),
        reads=("childbearing", "urine_hcg", "urine_hcg_date", "contraception_agreed"),
        evaluate=_contraception,
        keys=("pregnancy_test", "childbearing_from", "anchor"),
        describe=_describe_contraception,
        applies=_childbearing,
    ),
    Criterion(
        id="I09",
        text=N_("Informed consent of a guardian, and assent of the child"),
        reads=("consent_guardian_date", "assent_date", "birth_date", "age_years"),
        evaluate=_consent,
        keys=("assent_from",),
        describe=_describe_consent,
    ),
)
EXCLUSIONS = (
    _any_flag_criterion("E01", N_("Earlier CAR-T cells"), "prior_cart"),
    _any_flag_criterion("E02", N_("Another autoimmune disease"), "other_autoimmune"),
    _any_flag_criterion(
        "E03", N_("Primary, or uncorrected secondary, immunodeficiency"), "pid", "sid_uncorrected"
    ),
    _any_flag_criterion(
        "E04", N_("Serious infection, tuberculosis or active hepatitis"), *_INFECTIONS
    ),
    Criterion(
        id="E05",
        text=N_("Malignancy"),
        reads=("malignancy", "malignancy_bcc_cured"),
        evaluate=lambda attempts, rules: _malignancy(attempts, rules, "E05"),
        keys=("cured_carcinoma",),
        describe=_describe_carcinoma("E05"),
    ),
    Criterion(
        id="E06",
        text=N_("Severe heart disease"),
        reads=("ami_date", *_CARDIAC),
        evaluate=_cardiac,
        keys=("infarction_months", "month", *_WINDOW_KEYS),
        describe=_describe_cardiac,
    ),
    _any_flag_criterion(
        "E07",
        N_("Another disease that needs glucocorticoids or immunosuppressants"),
        "other_disease_gc_is",
    ),
    Criterion(
        id="E08",
        text=N_("Active or uncontrolled infection with systemic treatment"),
        reads=("infection_systemic_last_date", "infection_controlled"),
        evaluate=_infection,
        keys=("infection_days", "infection", *_WINDOW_KEYS),
        describe=_describe_infection,
    ),
    Criterion(
        id="E09",
        text=N_("Transplantation, or acute graft-versus-host disease"),
        reads=("sot_hsct_date", "agvhd_date", "agvhd_grade"),
        evaluate=_transplant,
        keys=(
            *("transplant_months", "gvhd_days", "gvhd_grade", "gvhd_scale", "month"),
            *_WINDOW_KEYS,
        ),
        describe=_describe_transplant,
    ),
    Criterion(
        id="E10",
        text=N_("Hepatitis B or C, HIV, syphilis or cytomegalovirus"),
        reads=(
            *("hbsag", "hbcab", "hbv_dna", "hbv_dna_limit", "hcv_ab", "hcv_rna", "hcv_rna_limit"),
            *("hiv_ab", "syphilis", "cmv_dna"),
        ),
        evaluate=_infectious_markers,
        keys=("hepatitis_b", "hepatitis_c"),
        describe=_describe_markers,
    ),
    Criterion(
        id="E11",
        text=N_("Live vaccine before screening"),
        reads=("live_vaccine_date",),
        evaluate=_vaccine,
        keys=("vaccine_days", *_WINDOW_KEYS),
        describe=lambda rules: _describe_window(rules.vaccine_days, "days", rules),
    ),
    Criterion(
        id="E12",
        text=N_("Pregnancy by blood test"),
        reads=("blood_hcg", "childbearing"),
        evaluate=lambda attempts, _rules: _positive(attempts, "blood_hcg"),
        keys=("childbearing_from",),
        applies=_pregnancy_possible,
    ),
    Criterion(
        id="E13",
        text=N_("Malignant tumour"),
        reads=("malignancy", "malignancy_bcc_cured"),
        evaluate=lambda attempts, rules: _malignancy(attempts, rules, "E13"),
        keys=("cured_carcinoma",),
        describe=_describe_carcinoma("E13"),
    ),
    Criterion(
        id="E14",
        text=N_("Another clinical trial"),
        reads=("other_trial_last_date", "enrolment_date"),
        evaluate=_other_trial,
        keys=("enrolment", "trial_months", "month", "boundary", "empty_date"),
        describe=_describe_trial,
    ),
    _any_flag_criterion(
        "E15", N_("Judged unsuitable by the investigator"), "investigator_exclusion"
    ),
)
