"""Checks of the tables `screening` and `eligibility`: the criteria, by the data and by the site."""

from __future__ import annotations

import pandas as pd

from durable.criterion import NOT_APPLICABLE, UNKNOWN
from durable.derive.eligibility import evaluate
from durable.eligibility import CRITERION_BY_ID
from durable.eligibility.wording import basis_in_words
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import (
    StudyTable,
    days_between,
    earliest_day,
    latest_day,
    subject_value,
)
from durable.intake.texts import Phrase
from durable.language import _
from durable.vocabulary import DATA_ONLY_FULFILLED, SITE_ONLY_FULFILLED

_ATTEMPT = ["subject_id", "attempt"]
_DAYS_OF_A_YEAR = 365.25
#: Years by which an age in whole years may differ from the exact one, and some days of leap years.
_ROUNDING = 1.01


def check_screening(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report criteria that the data violate or leave open, and contradictions at screening.

    Where there is a table `eligibility`, also answers of the site that differ from the data, that
    call an infused subject not eligible, or whose screening attempt is not recorded.
    """
    _check_birth(table, study, findings)
    _check_contradictions(table, study, findings)
    evaluated = _evaluate_criteria(study)
    _check_criteria(table, evaluated, findings)
    if "eligibility" in study.tables:
        answers = study.tables["eligibility"]
        _check_agreement(answers, evaluated, findings)
        _check_not_eligible(answers, study, evaluated, findings)
        screened = pd.Series(
            _keys(answers.frame).isin(_keys(table.frame)), index=answers.frame.index
        )
        expected = _("an attempt of the screening table; without it the answer is not analysed")
        findings.add(answers.recorded, ~screened, "attempt", "answer_without_screening", expected)


def check_answers(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report infused subjects whom the site calls not eligible, if there is no screening table."""
    if "screening" not in study.tables:
        _check_not_eligible(table, study, _evaluate_criteria(study), findings)


def _evaluate_criteria(study: Study) -> pd.DataFrame:
    """Every criterion, with whether the subject was infused."""
    tables = {name: table.frame for name, table in study.tables.items()}
    # A row that does not say which attempt or criterion it is of has a finding of its own.
    for name, key in (("screening", _ATTEMPT), ("eligibility", [*_ATTEMPT, "criterion"])):
        if name in tables:
            tables[name] = tables[name].dropna(subset=key)
    absent = {name: table.recorded.absent for name, table in study.tables.items()}
    evaluated = evaluate(tables, absent, study.plan.eligibility)
    infusion = subject_value(evaluated, study.subjects, "infusion_date")
    return evaluated.assign(infused=infusion.notna())


def _keys(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[_ATTEMPT].astype({"subject_id": object}).astype(object))


def _criterion_names(table: StudyTable, records: pd.DataFrame) -> pd.Series[str]:
    """The criteria of some records, at the row of each attempt; missing where there is none."""
    names = records.groupby(_ATTEMPT)["criterion"].agg(", ".join)
    by_attempt = names.reindex(_keys(table.frame))
    return pd.Series(by_attempt.to_numpy(object), index=table.frame.index)


def _check_criteria(table: StudyTable, evaluated: pd.DataFrame, findings: Findings) -> None:
    counted = evaluated.loc[evaluated["counts"]]
    fulfilled = counted["criterion"].map({n: c.eligible_answer for n, c in CRITERION_BY_ID.items()})
    unknown = counted["computed"] == UNKNOWN
    violated = ~unknown & (counted["computed"] != NOT_APPLICABLE)
    violated &= counted["computed"] != fulfilled
    names = _criterion_names(table, counted.loc[violated & counted["infused"]])
    expected = Phrase(
        _("a subject who fulfils the criteria; by the data not fulfilled: {criteria}"),
        {"criteria": names},
    )
    rule = "eligibility_violated"
    findings.add(table.recorded, names.notna(), "screening_date", rule, expected)
    failed = violated.groupby(counted["subject_id"]).transform("any")
    names = _criterion_names(table, counted.loc[unknown & ~failed])
    expected = Phrase(
        _("data that decide the criteria; not decided: {criteria}"), {"criteria": names}
    )
    rule = "eligibility_unknown"
    findings.add(table.recorded, names.notna(), "screening_date", rule, expected)


def _values_at_answers(table: StudyTable, evaluated: pd.DataFrame, column: str) -> pd.Series[str]:
    """A column of the evaluation at the row of each answer."""
    by_row = evaluated.dropna(subset=["answer_row"]).set_index("answer_row")[column]
    values = by_row.reindex(table.frame["source_row"]).to_numpy(object)
    return pd.Series(values, index=table.frame.index)


def _check_agreement(table: StudyTable, evaluated: pd.DataFrame, findings: Findings) -> None:
    agreement = _values_at_answers(table, evaluated, "agreement")
    differs = agreement.isin([SITE_ONLY_FULFILLED, DATA_ONLY_FULFILLED])
    expected = Phrase(
        _("the answer of the data, {answer} ({basis})"),
        {
            "answer": _values_at_answers(table, evaluated, "computed"),
            "basis": _values_at_answers(table, evaluated, "basis").map(
                basis_in_words, na_action="ignore"
            ),
        },
    )
    findings.add(table.recorded, differs, "answer", "eligibility_disagrees", expected)


def _check_not_eligible(
    table: StudyTable, study: Study, evaluated: pd.DataFrame, findings: Findings
) -> None:
    """Infused subjects for whom the site itself answers that a criterion is not fulfilled."""
    infused = subject_value(table.frame, study.subjects, "infusion_date").notna()
    fulfilled = (
        table.frame["criterion"]
        .astype(object)
        .map({name: criterion.eligible_answer for name, criterion in CRITERION_BY_ID.items()})
    )
    answer = table.frame["answer"].astype(object)
    failed = answer.notna() & (answer != NOT_APPLICABLE) & (answer != fulfilled)
    counts = _values_at_answers(table, evaluated, "counts").eq(True)
    expected = Phrase(_("{answer}: the subject was infused"), {"answer": fulfilled})
    findings.add(
        table.recorded, failed & infused & counts, "answer", "not_eligible_infused", expected
    )


def _check_birth(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report dates of birth after the screening, or by which the subject has another age."""
    frame, known = table.frame, study.subjects
    first, last = earliest_day(frame, "birth_date"), latest_day(frame, "birth_date")
    screened = frame["screening_date"]
    unborn = first > screened
    expected = Phrase(
        _("a date not after {late} ({date})"), {"late": "screening_date", "date": screened}
    )
    findings.add(table.recorded, unborn, "birth_date", "born_after_screening", expected)
    age = subject_value(frame, known, "age_years")
    consent = subject_value(frame, known, "consent_date").fillna(screened)
    youngest, oldest = (days_between(consent, day) / _DAYS_OF_A_YEAR for day in (last, first))
    # An age in whole years is up to a year less, one that is rounded half a year more.
    differs = ~unborn & ((age < youngest - _ROUNDING) | (age > oldest + _ROUNDING))
    expected = Phrase(
        _("a date of birth by which the subject is {age} years old at consent, as age_years says"),
        {"age": age},
    )
    findings.add(table.recorded, differs, "birth_date", "age_differs", expected)


def _check_contradictions(table: StudyTable, study: Study, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    urine, blood = frame["urine_hcg"], frame["blood_hcg"]
    differs = ((urine == "NEG") & (blood == "POS")) | ((urine == "POS") & (blood == "NEG"))
    in_urine = Phrase(_("the result in urine ({result})"), {"result": urine.astype(object)})
    findings.add(recorded, differs, "blood_hcg", "hcg_differs", in_urine)
    viral = (frame["hbv_dna"] > frame["hbv_dna_limit"]) | (
        frame["hcv_rna"] > frame["hcv_rna_limit"]
    )
    expected = _("Y: a viral load of hepatitis B or C is above its limit")
    inactive = frame["hepatitis_active"] == "N"
    findings.add(recorded, viral & inactive, "hepatitis_active", "hepatitis_differs", expected)
    infusion = subject_value(frame, study.subjects, "infusion_date")
    first = earliest_day(frame, "live_vaccine_date")
    vaccinated = (latest_day(frame, "live_vaccine_date") > frame["screening_date"]) & (
        first <= infusion
    )
    no_vaccine = Phrase(
        _("no live vaccine between screening and the infusion ({date})"), {"date": infusion}
    )
    rule = "vaccine_before_infusion"
    findings.add(recorded, vaccinated, "live_vaccine_date", rule, no_vaccine)
