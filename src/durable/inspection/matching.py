"""Which native column each column of a file may be, by name, label and content."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from durable.contracts.input_table import ColumnSpec
from durable.contracts.tables import INPUT_TABLES
from durable.inspection.contents import Contents, suits
from durable.inspection.names import heading, letters_and_digits, likeness, words
from durable.inspection.synonyms import TABLE_NAMES, specs, synonyms, value_words
from durable.inspection.visit_labels import are_labels

#: Least score of a proposal, and that of one which needs no second look.
LEAST, SURE, LIKELY = 0.5, 0.85, 0.65
_HINT = 1.5
PER_KG = "mg/kg"
_SHORT_PREFIX = 4
#: A study may end by completion (EOSDT), a nominal time is one in hours (NFRLT), and a parameter is
#: more than the name of a test.
_OTHERWISE_IN_ADAM = frozenset(("EOSDT", "NFRLT", "PARAMCD", "PARCAT1", "PARCAT2"))
_ASCII_PART = re.compile(r"[!-~]+(?:\s+[!-~]+)*")


@dataclass(frozen=True)
class Match:
    """A native column and the column of the file that it may be made from."""

    column: str
    """The native column."""
    foreign: str
    """The column of the file; '' where the column is made from none, as a number of the row."""
    score: float
    """How well the two go together, at least `LEAST` (0.5) and at most 1."""
    how: str
    """By what they match: name, SDTM name, ADaM name, synonym, label or content."""
    rival: str = ""
    """Another column of the file with at least this score, and no native column; '' where none."""

    @property
    def sureness(self) -> str:
        """``sure`` (a score of 0.85 or more), ``likely`` (0.65 or more) or ``please check``.

        A match with a rival is one to check, whatever its score.
        """
        if self.rival:
            return "please check"
        if self.score >= SURE:
            return "sure"
        return "likely" if self.score >= LIKELY else "please check"


@dataclass(frozen=True)
class TableMatch:
    """A table and the columns of a file that it could be made from."""

    table: str
    matches: Mapping[str, Match] = field(default_factory=dict)
    """By native column, in the order of the table; columns without a match are left out."""
    score: float = 0.0
    """How well the file makes the table: above all the sum of the scores of the columns."""

    def foreign(self, column: str) -> str | None:
        """The column of the file that matches a native column; None where none does."""
        match = self.matches.get(column)
        return None if match is None else match.foreign


def match_table(
    table: str,
    contents: Mapping[str, Contents],
    labels: Mapping[str, str],
    hint: str = "",
    subject: str | None = None,
) -> TableMatch:
    """Match the columns of a file with those of a table, each once, the best scores first.

    Parameters
    ----------
    contents
        What each column of the file holds, by its name.
    labels
        Labels of columns by their names, where the file has them.
    hint
        Name of the file, the sheet or the form.
    subject
        The column that is known to hold the subject; None where it is not known.
    """
    prefix = common_prefix(contents)
    candidates = [
        match
        for column in specs(table)
        for foreign in contents
        if (match := _match(table, column, foreign, contents[foreign], labels, prefix))
    ]
    order = {column.name: number for number, column in enumerate(specs(table))}
    candidates.sort(key=lambda m: (-m.score, order[m.column]))
    chosen: dict[str, Match] = {}
    if subject is not None:
        chosen["subject_id"] = next(
            (m for m in candidates if (m.column, m.foreign) == ("subject_id", subject)),
            Match("subject_id", subject, 0.8, "values"),
        )
    used_columns = {match.foreign for match in chosen.values()}
    for match in candidates:
        if match.column not in chosen and match.foreign not in used_columns:
            chosen[match.column] = match
            used_columns.add(match.foreign)
    for rival in candidates:
        match = chosen.get(rival.column)
        if (
            match
            and not match.rival
            and rival.score >= match.score
            and rival.foreign not in used_columns
        ):
            chosen[rival.column] = replace(match, rival=rival.foreign)
    matches = {name: chosen[name] for name in order if name in chosen}
    return TableMatch(table, matches, _table_score(table, matches, contents, hint))


def _table_score(
    table: str, matches: Mapping[str, Match], contents: Mapping[str, Contents], hint: str
) -> float:
    score = sum(match.score for name, match in matches.items() if name != "subject_id")
    score += _HINT * max(likeness(hint, word) for word in TABLE_NAMES[table])
    subject = matches.get("subject_id")
    if subject is None:
        return 0.5 * score
    counts = contents[subject.foreign].counts
    records = sum(counts.values())
    if table == "subjects" and records > 1.2 * len(counts):
        return 0.3 * score
    key = INPUT_TABLES[table].date
    return score if table == "subjects" or key in matches else 0.6 * score


def common_prefix(contents: Mapping[str, Contents]) -> str:
    """The first word that columns share, such as ``ae`` of ae_start_date; '' where there is none.

    At least half of the columns and two must begin so, and it has four letters at most.
    """
    firsts = Counter(words(name)[0] for name in contents if len(words(name)) > 1)
    prefix, number = next(iter(firsts.most_common(1)), ("", 0))
    most = number >= max(2, 0.5 * len(contents))
    return prefix if most and len(prefix) <= _SHORT_PREFIX else ""


def _match(
    table: str,
    column: ColumnSpec,
    foreign: str,
    contents: Contents,
    labels: Mapping[str, str],
    prefix: str,
) -> Match | None:
    score, how = name_score(table, column, foreign, prefix)
    label = labels.get(foreign, "")
    if label and label != foreign:
        by_label = 0.97 * name_score(table, column, label, "")[0]
        if by_label > score:
            score, how = by_label, "label"
    if column.unit == PER_KG and "kg" not in f"{column.name} {letters_and_digits(foreign + label)}":
        # The dose of a list of medicines is one of each in its own unit.
        score = score if foreign == column.name else 0.0
    score *= suits(contents, column)
    by_content = _content_score(table, column, contents)
    if by_content > score:
        score, how = by_content, "content"
    return Match(column.name, foreign, score, how) if score >= LEAST else None


def name_score(table: str, column: ColumnSpec, foreign: str, prefix: str) -> tuple[float, str]:
    """How well a column's name goes with a native column, from 0 to 1, and by what (`Match.how`).

    Parameters
    ----------
    prefix
        First word that the columns of the file share (`common_prefix`); '' where there is none.
    """
    if foreign == column.name:
        return 1.0, "name"
    if foreign.casefold() == column.name:
        return 0.98, "name"
    variable = column.sdtm.place.split(".")[-1]
    if variable and foreign.upper() == variable:
        return 0.95, "SDTM name"
    if foreign.upper() in {name.split(".")[-1] for name in column.adam} - _OTHERWISE_IN_ADAM:
        return 0.93, "ADaM name"
    scores = (
        (weight * _best(table, column, variant), how)
        for variant, weight, how in _variants(foreign, prefix)
    )
    return max(scores)


def _variants(name: str, prefix: str) -> Iterator[tuple[str, float, str]]:
    """What a name may mean: as it is, without its unit or prefix, and each of its languages."""
    yield name, 1.0, "synonym"
    bare = heading(name).name
    if bare != name:
        yield bare, 1.0, "synonym"
    first, _, rest = bare.replace(" ", "_").partition("_")
    if prefix and first.casefold() == prefix and rest:
        yield rest, 1.0, "name without its prefix"
    latin = " ".join(_ASCII_PART.findall(unicodedata.normalize("NFKC", bare))).strip("/|-() ")
    if latin and not bare.isascii():
        yield latin, 0.98, "synonym"
        yield _ASCII_PART.sub("", bare).strip(), 0.98, "synonym"


@cache
def _best(table: str, column: ColumnSpec, name: str) -> float:
    known = (column.name, *synonyms(table, column))
    return max(likeness(name, synonym) for synonym in known) if name else 0.0


def _content_score(table: str, column: ColumnSpec, contents: Contents) -> float:
    """How well the values alone go with a column."""
    if not contents.texts:
        return 0.0
    if (table, column.name) == ("visits", "visit") and are_labels(contents.texts):
        repeated = sum(contents.texts.values()) > len(contents.texts)
        return 0.6 if repeated else 0.0
    if column.name == "sex":
        known_words = set(value_words(column))
        if {text.casefold() for text in contents.texts} <= known_words and len(contents.texts) == 2:
            return 0.6
    return 0.0
