"""ADIE, one record per subject, screening attempt and criterion; and the eligibility of subjects.

The criteria are evaluated in three-valued logic (`durable.criterion`); the answer of the site
stands beside. Rules in words: docs/eligibility.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from durable.contracts.adam.adie import ADIE
from durable.contracts.partial_dates import partial_column
from durable.contracts.tables import INPUT_TABLES
from durable.criterion import MET, NOT_APPLICABLE, NOT_MET, UNKNOWN, Criterion
from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.screening import ScreeningAttempts, Tables, screening_attempts
from durable.derive.variables import mark
from durable.eligibility import CRITERIA, CRITERION_BY_ID
from durable.files import write_parquet
from durable.plan import Plan
from durable.plan.eligibility import Eligibility
from durable.vocabulary import (
    AGREE,
    DATA_ONLY_FULFILLED,
    NOT_ANSWERED,
    SITE_ONLY_FULFILLED,
    UNKNOWN_BY_DATA,
)
from durable.windows import Days, days_recorded

_KEY = ["subject_id", "attempt", "criterion"]
_READ = ("subjects", "visits", "therapies", "screening", "eligibility")


def evaluate(
    tables: Tables, not_in_file: Mapping[str, Collection[str]], rules: Eligibility
) -> pd.DataFrame:
    """Every criterion of every screening attempt.

    Parameters
    ----------
    tables, not_in_file, rules
        As of `screening.screening_attempts`.

    Returns
    -------
    DataFrame
        By subject, attempt and criterion: ``subject_id``, ``attempt``, ``screening_date``,
        ``screening_row``, ``criterion``; ``computed`` by the data and ``recorded`` by the site (Y
        met, N not met, U unknown, NA not applicable); ``waiver``, ``answer_row``, missing like
        ``recorded`` without an answer; ``agreement``; ``answer`` that counts; flags ``violated``
        and ``counts``, of the attempt that counts; and ``basis``, the values that decided with
        their rows. An answer of an attempt that `screening_attempts` leaves out is in no row.
    """
    attempts = screening_attempts(tables, not_in_file, rules)
    texts = _value_texts(attempts)
    parts = [_evaluate_criterion(criterion, attempts, texts, rules) for criterion in CRITERIA]
    frame = pd.concat(parts, ignore_index=True).merge(_site_answers(tables), on=_KEY, how="left")
    frame = frame.sort_values(["number"], kind="stable", ignore_index=True).drop(columns="number")
    return _with_answers(frame, rules)


def _evaluate_criterion(
    criterion: Criterion, attempts: ScreeningAttempts, texts: pd.DataFrame, rules: Eligibility
) -> pd.DataFrame:
    """One criterion at every attempt."""
    frame = attempts.frame
    computed = criterion.answer(frame, rules)
    return pd.DataFrame(
        {
            "number": frame.index,
            "subject_id": frame["subject_id"],
            "attempt": frame["attempt"].astype("int64"),
            "screening_date": frame["screening_date"],
            "screening_row": frame["source_row"].astype("Int64"),
            "criterion": criterion.id,
            "computed": computed,
            "counts": _attempt_counts(frame, rules),
            "basis": _basis(criterion, texts, computed == UNKNOWN),
        }
    )


def _attempt_counts(frame: pd.DataFrame, rules: Eligibility) -> pd.Series[bool]:
    """The attempt of each subject that counts: of those that began by the day of infusion."""
    began = ~(frame["screening_date"] > frame["infusion_date"])
    numbers = frame["attempt"].where(began).groupby(frame["subject_id"])
    return began & (
        frame["attempt"] == numbers.transform("max" if rules.attempt == "last" else "min")
    )


def _site_answers(tables: Tables) -> pd.DataFrame:
    """The answers of the site."""
    names = {"answer": "recorded", "waiver": "waiver", "source_row": "answer_row"}
    if "eligibility" not in tables:
        return pd.DataFrame(columns=[*_KEY, *names.values()], dtype=object).astype(
            {"attempt": "int64"}
        )
    answers = tables["eligibility"].drop_duplicates(_KEY)[[*_KEY, *names]].rename(columns=names)
    kinds = dict.fromkeys(["subject_id", "criterion", "recorded", "waiver"], object)
    return answers.astype(kinds | {"attempt": "int64"})


def _with_answers(frame: pd.DataFrame, rules: Eligibility) -> pd.DataFrame:
    """The frame with agreement, the answer that counts, and whether it is a violation."""
    fulfilled = frame["criterion"].map(
        {name: c.eligible_answer for name, c in CRITERION_BY_ID.items()}
    )
    computed, recorded = frame["computed"], frame["recorded"]
    by_data = (computed == fulfilled) | (computed == NOT_APPLICABLE)
    by_site = (recorded == fulfilled) | (recorded == NOT_APPLICABLE)
    agreement = np.select(
        [computed == UNKNOWN, recorded.isna(), by_data == by_site, by_site],
        [UNKNOWN_BY_DATA, NOT_ANSWERED, AGREE, SITE_ONLY_FULFILLED],
        DATA_ONLY_FULFILLED,
    )
    answer = computed
    if rules.undetermined == "recorded":
        answer = computed.where((computed != UNKNOWN) | recorded.isna(), recorded)
    violated = ~answer.isin([UNKNOWN, NOT_APPLICABLE]) & (answer != fulfilled)
    if rules.waived == "accepted":
        violated &= ~(frame["waiver"] == "Y")
    return frame.assign(agreement=agreement, answer=answer, violated=violated)


def _value_texts(attempts: ScreeningAttempts) -> pd.DataFrame:
    """Every value that a criterion reads, as text: ``number``, ``column``, ``text``, ``place``.

    The text is missing where nothing is recorded; ``place`` is the table with the row.
    """
    frame, sources = attempts.frame, attempts.sources
    if frame.empty:
        return pd.DataFrame(columns=["number", "column", "text", "place"], dtype=object)
    names = list(dict.fromkeys(name for criterion in CRITERIA for name in criterion.reads))
    parts = [
        pd.DataFrame({"number": frame.index, "column": name, "text": _as_recorded(frame, name)})
        for name in names
    ]
    rows = sources.assign(row=sources["row"].astype("Int64").astype(str))
    by_value = rows.groupby(["attempt", "column", "table"], sort=False)["row"].agg(", ".join)
    elsewhere = by_value.reset_index().rename(columns={"attempt": "number"})
    texts = pd.concat(parts, ignore_index=True).merge(
        elsewhere.astype({"number": "int64"}), on=["number", "column"], how="left"
    )
    screening_row = texts["number"].map(frame["source_row"].astype("Int64").astype(str))
    of_screening = texts["column"].isin([*INPUT_TABLES["screening"].by_name])
    location = (texts["table"] + " row " + texts["row"]).fillna("screening row " + screening_row)
    # A count of therapies that is 0 stands in no row.
    location = location.mask(texts["table"].isna() & ~of_screening, "therapies")
    return texts.assign(place=location)[["number", "column", "text", "place"]]


def _as_recorded(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    """The values of a column as they are recorded; missing where there is none."""
    values = frame[name]
    if values.dtype.kind == "M":
        in_part = frame.get(partial_column(name), pd.Series(None, index=frame.index, dtype=object))
        text = _day_text(values).where(values.notna(), in_part.astype(object))
        return text.where(text.notna(), _days_text(days_recorded(frame, name)))
    if values.dtype.kind == "f":
        return values.map("{:.12g}".format, na_action="ignore").astype(object)
    return values.astype(object)


def _day_text(days: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    text: pd.Series[str] = days.dt.strftime("%Y-%m-%d").astype(object)
    return text


def _days_text(days: Days) -> pd.Series[str]:
    """The day, or the first and the last day, that each date can mean; missing without a day."""
    first, last = _day_text(days.first), _day_text(days.last)
    return first.where(days.first == days.last, first + " to " + last)


def _basis(criterion: Criterion, texts: pd.DataFrame, unknown: pd.Series[bool]) -> pd.Series[str]:
    """The values that decided a criterion, by the row in which they stand; what is missing."""
    read = texts.loc[texts["column"].isin(criterion.reads)].set_index("number")
    recorded = read.loc[read["text"].notna()]
    missing = read.loc[read["text"].isna() & unknown.reindex(read.index), "column"]
    parts = []
    if len(recorded):
        value = recorded["column"] + " " + recorded["text"].astype(str)
        by_place = value.groupby([recorded.index, recorded["place"]], sort=False).agg(", ".join)
        lines = by_place.index.get_level_values("place").astype(object) + ": " + by_place
        parts.append(lines.droplevel("place"))
    if len(missing):
        parts.append("not recorded: " + missing.groupby(level="number").agg(", ".join))
    if not parts:
        return pd.Series(None, index=unknown.index, dtype=object)
    return pd.concat(parts).groupby(level="number").agg("; ".join).reindex(unknown.index)


def eligibility_of_subjects(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Eligibility by subject, of the attempt that counts; subjects without one are left out.

    Returns
    -------
    DataFrame
        By ``subject_id``: ``eligible`` (Y; N with a violation; U with an unknown criterion and
        none violated) and ``violations``, the criteria violated ("I04, E11"), NaN for none.
    """
    counted = evaluated.loc[evaluated["counts"]]
    subject = counted["subject_id"]
    violated = counted["violated"].groupby(subject).any()
    unknown = (counted["answer"] == UNKNOWN).groupby(subject).any()
    names = counted.loc[counted["violated"]].groupby("subject_id")["criterion"].agg(", ".join)
    eligible = np.select([violated, unknown], [NOT_MET, UNKNOWN], MET)
    return pd.DataFrame(
        {"eligible": eligible, "violations": names.reindex(violated.index)}, index=violated.index
    )


def read_evaluated(plan: Plan, folder: Path) -> pd.DataFrame | None:
    """The criteria (`evaluate`) by the tables in ``validated/``, with USUBJID as ``subject_id``.

    None in a study with neither of the tables screening and eligibility.
    """
    validated = folder / "validated"
    if not any((validated / f"{name}.parquet").exists() for name in ("screening", "eligibility")):
        return None
    sources = json.loads((validated / "sources.json").read_text("utf-8"))
    tables = {
        name: pd.read_parquet(validated / f"{name}.parquet") for name in _READ if name in sources
    }
    absent = {name: sources[name].get("not_recorded", ()) for name in tables}
    evaluated = evaluate(tables, absent, plan.eligibility)
    return with_usubjid(evaluated, unique_identifiers(folder, plan.study.id))


def with_eligibility(adsl: pd.DataFrame, evaluated: pd.DataFrame | None) -> pd.DataFrame:
    """ADSL with ELIGFL and DVELIG after SAFFL; as it is where `evaluated` is None.

    ELIGFL is Y, N, or None where eligibility is unknown or no attempt counts; DVELIG holds the
    criteria violated ("I04, E11"), or None.
    """
    if evaluated is None:
        return adsl
    by_subject = eligibility_of_subjects(evaluated)
    names = adsl["USUBJID"]
    eligible = names.map(by_subject["eligible"]).astype(object)
    violations = names.map(by_subject["violations"]).astype(object)
    columns = {
        # A flag of ADaM is Y, N or empty.
        "ELIGFL": eligible.mask(~eligible.isin([MET, NOT_MET]), None),
        "DVELIG": violations.mask(violations.isna(), None),
    }
    dataset = adsl.assign(**columns)
    order = [name for name in adsl if name not in columns]
    position = order.index("SAFFL") + 1
    return dataset[[*order[:position], *columns, *order[position:]]]


def of_eligible(records: pd.DataFrame, evaluated: pd.DataFrame | None) -> pd.DataFrame:
    """The records of eligible subjects, of whom no criterion is violated or unknown.

    No record where `evaluated` is None.
    """
    if evaluated is None:
        return records.iloc[:0]
    by_subject = eligibility_of_subjects(evaluated)
    eligible = by_subject.index[by_subject["eligible"] == MET]
    return records.loc[records["USUBJID"].isin(eligible)]


def run(folder: Path, evaluated: pd.DataFrame) -> None:
    """Read ``adam/adsl``; write ``adam/adie``.

    Parameters
    ----------
    evaluated
        The criteria, as `read_evaluated` returns them.
    """
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    write_parquet(folder / "adam" / "adie.parquet", ADIE.validate(derive(adsl, evaluated)))


def derive(adsl: pd.DataFrame, evaluated: pd.DataFrame) -> pd.DataFrame:
    """ADIE (`contracts.adam.adie`): a record for each row of `evaluated`, in its order."""
    subjects = (
        adsl.set_index("USUBJID").reindex(evaluated["subject_id"]).reset_index(names="USUBJID")
    )
    criteria = evaluated["criterion"].map(CRITERION_BY_ID)
    screened = evaluated["screening_row"].notna()
    dataset = pd.DataFrame(
        {
            **{name: subjects[name] for name in ("STUDYID", "USUBJID", "SUBJID", "SAFFL")},
            "TRTP": subjects["TRT01P"],
            "TRTA": subjects["TRT01A"],
            **{name: subjects[name] for name in ("PART", "DOSELVL")},
            "ATTEMPT": evaluated["attempt"],
            "SCRNDT": evaluated["screening_date"],
            "IETESTCD": evaluated["criterion"],
            "IETEST": criteria.map(lambda criterion: criterion.text),
            "IECAT": criteria.map(lambda criterion: criterion.category),
            "IEORRES": evaluated["recorded"],
            "IEWAIVER": evaluated["waiver"],
            "AVALC": evaluated["computed"],
            "AGREE": evaluated["agreement"],
            "ANSWER": evaluated["answer"],
            "VIOLFL": mark(evaluated["violated"]),
            "ANL01FL": mark(evaluated["counts"]),
            "BASIS": evaluated["basis"],
            "SRCDOM": np.where(screened, "screening", "eligibility"),
            "SRCVAR": np.where(
                screened, criteria.map(lambda criterion: criterion.reads[0]), "answer"
            ),
            "SRCSEQ": evaluated["screening_row"].fillna(evaluated["answer_row"]).astype("Int64"),
        }
    )
    texts = dataset.select_dtypes("object")
    return dataset.assign(**{str(n): texts[n].mask(texts[n].isna(), None) for n in texts})
