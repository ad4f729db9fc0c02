"""Checks that take two cells, two rows or two tables to see: the entry, and what tables share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from durable.contracts.inputs import KEYS, columns_needed
from durable.contracts.spelling import fold, spelled
from durable.intake import events, samples, subjects, visits
from durable.intake.doses import dose_of
from durable.intake.findings import UNSCHEDULED, Findings
from durable.intake.tables import Table, date_of, first_day, last_day, looked_up, of_known, repeated
from durable.intake.texts import Phrase, coded
from durable.intake.values import Typed
from durable.schedule import Visit

#: Columns whose values are counted by their text.
_SPELLED = {
    "subjects": ("subject_id", "dose_level", "withdrawal_reason"),
    "visits": ("visit",),
    "therapies": ("therapy",),
    "adverse_events": ("preferred_term", "system_organ_class", "aesi", "outcome"),
    "kinetics": ("assay", "unit"),
}


@dataclass(frozen=True)
class Needs:
    """What the checks take from the plan."""

    schedule: tuple[Visit, ...]
    measures: tuple[str, ...]
    """Columns of visits that the analysis uses, or ``enzyme``."""
    crs: str
    icans: str
    cytopenia: str
    """Values of aesi that have tables of their own."""
    last_day: int
    """Last day of the samples that the parameters of kinetics are of."""
    dlt_window_days: int

    def words(self, column: str) -> dict[str, str]:
        """Words that the plan has for a column, and where they are."""
        if column == "visit":
            return dict.fromkeys(_labels(self.schedule), "in section schedule of the plan")
        if column == "aesi":
            given = (self.crs, self.icans, self.cytopenia)
            return dict.fromkeys(given, "elsewhere or in section safety of the plan")
        return {}


def _labels(schedule: tuple[Visit, ...]) -> list[str]:
    return [*(visit.visit for visit in schedule), UNSCHEDULED]


#: Adds to the findings what it finds.
Check = Callable[[Findings], None]


def checks(tables: dict[str, Table], needs: Needs) -> Iterator[Check]:
    """All checks across columns, rows and tables; a table without a record is not there.

    None depends on what another has found.
    """
    for table in tables.values():
        yield partial(_duplicates, table)
        yield partial(_spelling, table, needs)
    if "subjects" in tables:
        yield from _with_subjects(tables, needs)
    if "visits" in tables:
        yield partial(visits.alone, tables["visits"], needs.measures)
    for name in ("therapies", "adverse_events"):
        if name in tables:
            yield partial(events.ends, tables[name])
    if "adverse_events" in tables:
        yield partial(events.adverse, tables["adverse_events"], needs.crs, needs.icans)
    if "kinetics" in tables:
        yield partial(samples.alone, tables["kinetics"])


def _with_subjects(tables: dict[str, Table], needs: Needs) -> Iterator[Check]:
    table = tables["subjects"]
    yield partial(subjects.alone, table)
    once = table.frame.to_frame().drop_duplicates("subject_id").astype({"subject_id": object})
    known = once.set_index("subject_id")
    for name, other in tables.items():
        if name != "subjects":
            other.frame.places("subject_id", known.index)  # for all checks of the table
            yield partial(_unknown, other, known)
            yield partial(_dates, other, known)
    if "visits" in tables:
        yield partial(visits.windows, tables["visits"], known, needs.schedule)
        yield partial(subjects.baselines, table, tables["visits"])
    yield partial(
        events.deaths_not_assessed,
        table,
        known,
        tables.get("adverse_events"),
        needs.dlt_window_days,
    )
    if "therapies" in tables:
        yield partial(events.therapies, tables["therapies"], known)
    if "adverse_events" in tables:
        yield partial(events.adverse_of_subjects, tables["adverse_events"], table, known)
    if "kinetics" in tables:
        yield partial(samples.of_subjects, tables["kinetics"], known, needs.last_day)


def _duplicates(table: Table, findings: Findings) -> None:
    recorded = table.recorded
    frame = samples.results_by_time(table) if recorded.table == "kinetics" else table.frame
    keys = list(KEYS[recorded.table])
    needed = [name for name in keys if name in columns_needed(recorded.table)]
    again = repeated(frame, keys) & _filled(frame, needed)
    first = _first(frame, keys, again).reindex(table.frame.index, fill_value=0)
    again = again.reindex(table.frame.index, fill_value=False)
    expected = Phrase(f"one record for {', '.join(keys)}; row {{}} has the same", (first,))
    findings.add(recorded, again, keys[-1], "duplicate_record", expected)
    if recorded.table == "visits":
        visits.twice(table, again, findings)


def _filled(frame: pd.DataFrame | Typed, names: list[str]) -> pd.Series[bool]:
    filled = [frame[name].notna() for name in names]
    return pd.Series(np.logical_and.reduce(filled), index=frame.index)


def _first(frame: pd.DataFrame | Typed, keys: list[str], again: pd.Series[bool]) -> pd.Series[int]:
    """Row of the first record with the same keys as one that is there `again`."""
    if not again.any():
        return frame["source_row"]
    alike = frame[[*keys, "source_row"]].loc[repeated(frame, keys, keep=False)]
    groups = alike.groupby(keys, dropna=False, observed=True)["source_row"]
    return groups.transform("min").reindex(frame.index, fill_value=0)


def _spelling(table: Table, needs: Needs, findings: Findings) -> None:
    """Values that are two spellings of one; a word of the plan is the usual one."""
    for name in _SPELLED.get(table.recorded.table, ()):
        value, given = table.frame[name], needs.words(name)
        distinct = pd.Series([*dict.fromkeys([*coded(value)[1], *given])], dtype=object)
        same = distinct.map(_dose_or_fold if name == "dose_level" else fold)
        alike = same.duplicated(keep=False)
        if not alike.any():
            continue
        count = value.loc[value.isin(distinct[alike])].value_counts()
        texts = pd.DataFrame({"text": distinct, "same": same}).loc[alike]
        texts["count"] = texts["text"].map(count.rename(index=str)).astype(float)
        texts.loc[texts["text"].isin([*given]), "count"] = np.inf
        texts = texts.sort_values(["count", "text"], ascending=[False, True])
        usual = texts.groupby("same")["text"].transform("first").set_axis(texts["text"])
        other = usual.loc[(usual != usual.index) & ~usual.index.isin([*given])]
        words = {
            text: spelled(str(text), as_usual, given.get(as_usual, "elsewhere"))
            for text, as_usual in other.items()
        }
        expected = Phrase("{}", (looked_up(value, pd.Series(words, dtype=object)),))
        where = value.isin(other.index)
        findings.add(table.recorded, where, name, "spelling_varies", expected)


def _dose_or_fold(text: str) -> str | float:
    """What two dose levels share: the dose where they are doses (1e7, 1x10^7), else the fold."""
    dose = dose_of(text)
    return fold(text) if dose != dose else dose


def _unknown(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    subject = table.frame["subject_id"]
    unknown = subject.notna() & ~of_known(table.frame, known)
    if not unknown.any():
        return
    by_fold = {fold(name): name for name in known.index.dropna()}
    subjects_table = "the subjects table"
    expected = {
        text: spelled(text, by_fold[fold(text)], f"in {subjects_table}")
        if fold(text) in by_fold
        else f"a subject of {subjects_table}"
        for text in subject.loc[unknown].unique()
    }
    phrase = Phrase("{}", (looked_up(subject, pd.Series(expected, dtype=object)),))
    findings.add(table.recorded, unknown, "subject_id", "unknown_subject", phrase)


#: By table: the date of a record, and the rule for one before consent or after withdrawal. The
#: study may do nothing to a subject then; it may still learn of a therapy or an event.
_DATED: dict[str, tuple[str, str | None, str]] = {
    "visits": ("visit_date", "before_consent", "after_withdrawal"),
    "therapies": ("start_date", None, "learned_after_withdrawal"),
    "adverse_events": ("start_date", "event_before_consent", "learned_after_withdrawal"),
    "kinetics": ("sample_date", "before_consent", "after_withdrawal"),
}


def _dates(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    """Records against the dates of their subject."""
    column, before_consent, after_withdrawal = _DATED[table.recorded.table]
    # A date recorded in part is wrong only where every day it can mean is.
    first, last = first_day(table.frame, column), last_day(table.frame, column)
    for limit_name, rule, word in (
        ("consent_date", before_consent, "before"),
        ("death_date", "after_death", "after"),
        ("withdrawal_date", after_withdrawal, "after"),
        ("last_contact_date", "after_last_contact", "after"),
    ):
        if rule is None:
            continue
        limit = date_of(table.frame, known, limit_name)
        wrong = last < limit if word == "before" else first > limit
        if rule == "after_last_contact":  # told once: after death or withdrawal says more
            for told in ("death_date", "withdrawal_date"):
                wrong &= ~(first > date_of(table.frame, known, told))
        expected = Phrase(f"a date not {word} the subject's {limit_name} ({{}})", (limit,))
        findings.add(table.recorded, wrong, column, rule, expected)
