"""Checks that every table has: duplicates, spellings, and records against their subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.input_table import ColumnSpec, named_object
from durable.contracts.spelling import expected_spelling, fold
from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Findings, places, row_in_words
from durable.intake.study import Study
from durable.intake.tables import (
    StudyTable,
    earliest_day,
    has_known_subject,
    latest_day,
    look_up,
    subject_value,
)
from durable.intake.texts import Phrase, codes_and_values
from durable.language import _


def check_duplicates(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report records with the same key as an earlier one."""
    add_duplicates(table, table.frame, findings)


def add_duplicates(table: StudyTable, frame: pd.DataFrame, findings: Findings) -> pd.Series[bool]:
    """Report the rows of `frame` that repeat the key of an earlier one; which rows they are.

    `frame` holds rows of the table under its index; the flags returned are those of all its rows. A
    record without a required column of the key repeats none.
    """
    spec = INPUT_TABLES[table.recorded.table]
    recorded = bool(spec.sequence) and spec.sequence not in table.recorded.absent
    keys = [*spec.key, *([spec.sequence] if recorded else [])]
    filled = [frame[name].notna() for name in keys if spec.by_name[name].required]
    is_repeat = frame.duplicated(keys) & pd.Series(np.logical_and.reduce(filled), index=frame.index)
    is_repeat = is_repeat.reindex(table.frame.index, fill_value=False)
    expected = Phrase(
        _("one record per {keys}; {place} has the same values"),
        {"keys": ", ".join(keys), "place": _first_places(table, frame, keys, is_repeat)},
    )
    findings.add(table.recorded, is_repeat, spec.key[-1], "duplicate_record", expected)
    return is_repeat


def _first_places(
    table: StudyTable, frame: pd.DataFrame, keys: list[str], is_repeat: pd.Series[bool]
) -> pd.Series[str]:
    """In words where the first record with the key of each repeat is; '' for any other record."""
    words = np.full(len(is_repeat), "", dtype=object)
    repeats = np.flatnonzero(is_repeat)
    if not len(repeats):
        return pd.Series(words)
    alike = frame[keys].loc[frame.duplicated(keys, keep=False)]
    position = pd.Series(table.frame.index.get_indexer(alike.index), index=alike.index)
    groups = position.groupby([alike[name] for name in keys], dropna=False, observed=True)
    first = groups.transform("min").loc[is_repeat.index[repeats]].to_numpy(np.intp)
    column = table.recorded.spec.key[-1]
    files, _row = places(table.recorded, column, repeats)
    words[repeats] = list(map(row_in_words, *places(table.recorded, column, first), files))
    return pd.Series(words)


def check_spellings(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report values that are another spelling of a more frequent one, or of a word of the plan."""
    for column in table.recorded.spec.columns:
        if column.counted:
            words = named_object(column.words)(study.plan) if column.words else {}
            _check_spelling(table, column, words, findings)


def _check_spelling(
    table: StudyTable, column: ColumnSpec, words: dict[str, str], findings: Findings
) -> None:
    """Check one column; `words` of the plan, by where they are, are the usual spellings."""
    value = table.frame[column.name]
    same: Callable[[str], Any] = named_object(column.same) if column.same else fold
    distinct = pd.Series([*dict.fromkeys([*codes_and_values(value)[1], *words])], dtype=object)
    forms = distinct.map(same)
    alike = forms.duplicated(keep=False)
    if not alike.any():
        return
    count = value.loc[value.isin(distinct[alike])].value_counts()
    texts = pd.DataFrame({"text": distinct, "same": forms}).loc[alike]
    texts["count"] = texts["text"].map(count.rename(index=str)).astype(float)
    texts.loc[texts["text"].isin([*words]), "count"] = np.inf
    texts = texts.sort_values(["count", "text"], ascending=[False, True])
    usual = texts.groupby("same")["text"].transform("first").set_axis(texts["text"])
    variants = usual.loc[(usual != usual.index) & ~usual.index.isin([*words])]
    messages = {
        text: expected_spelling(str(text), as_usual, words.get(as_usual, _("elsewhere")))
        for text, as_usual in variants.items()
    }
    expected = Phrase("{words}", {"words": look_up(value, pd.Series(messages, dtype=object))})
    where = value.isin(variants.index)
    findings.add(table.recorded, where, column.name, "spelling_varies", expected)


def check_known_subjects(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report records of subjects who are not in the subjects table."""
    known = study.subjects
    subject = table.frame["subject_id"]
    unknown = subject.notna() & ~has_known_subject(table.frame, known)
    if not unknown.any():
        return
    names = known.index.dropna()
    by_fold = {fold(name): name for name in names}
    by_number = pd.Series(names, index=names.str.lstrip("0"))
    by_number = by_number.loc[~by_number.index.duplicated(keep=False)]
    expected = {}
    for text in subject.loc[unknown].unique():
        usual = by_fold.get(fold(text))
        if usual is None and text.isdecimal():
            # A spreadsheet takes 001 for the number 1.
            usual = by_number.get(text.lstrip("0"))
        expected[text] = (
            _("a subject of the subjects table")
            if usual is None
            else expected_spelling(text, usual, _("in the subjects table"))
        )
    phrase = Phrase("{words}", {"words": look_up(subject, pd.Series(expected, dtype=object))})
    findings.add(table.recorded, unknown, "subject_id", "unknown_subject", phrase)


def check_dates(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report records before consent, or after death, withdrawal or last contact of their subject.

    Consent and withdrawal are compared only where the table has a rule for it (`InputTable`). A
    date that is reported as after death or withdrawal is not reported as after the last contact.
    """
    spec = INPUT_TABLES[table.recorded.table]
    # A date recorded in part is wrong only where every day it can mean is.
    first, last = earliest_day(table.frame, spec.date), latest_day(table.frame, spec.date)
    for limit_name, rule, side in (
        ("consent_date", spec.before_consent, "before"),
        ("death_date", "after_death", "after"),
        ("withdrawal_date", spec.after_withdrawal, "after"),
        ("last_contact_date", "after_last_contact", "after"),
    ):
        if not rule:
            continue
        limit = subject_value(table.frame, study.subjects, limit_name)
        wrong = last < limit if side == "before" else first > limit
        if rule == "after_last_contact":  # reported once: after death or withdrawal says more
            reported = ["death_date", *(["withdrawal_date"] if spec.after_withdrawal else [])]
            for name in reported:
                wrong &= ~(first > subject_value(table.frame, study.subjects, name))
        words = _("a date not after the subject's {limit} ({date})")
        if side == "before":
            words = _("a date not before the subject's {limit} ({date})")
        expected = Phrase(words, {"limit": limit_name, "date": limit})
        findings.add(table.recorded, wrong, spec.date, rule, expected)
