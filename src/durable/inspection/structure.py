"""Which sheets make which table, and how: by name, one below the other, or joined by a key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.inspection.contents import Contents
from durable.inspection.matching import LIKELY, Match, TableMatch, match_table, name_score
from durable.inspection.names import heading
from durable.inspection.shapes import EVENT, LongShape, Part, StackShape, match_tests
from durable.inspection.synonyms import CELLS, TABLE_NAMES, names_one, specs
from durable.inspection.values import values_text
from durable.inspection.visit_labels import are_labels
from durable.inspection.wide import NamedStack
from durable.intake.findings import UNSCHEDULED

#: Score below which a sheet is no table.
_LEAST_SCORE = 0.8
_OVERLAP = 0.5
#: What a row with a column for each test or assay says of all of them.
_OF_ROWS = ("subject_id", "sample_date", "sample_time", "nominal_day")
_NOT_CODED = "Not coded"
#: What a draft of some rows of a file leaves out, by table.
_LEFT_OUT = {
    "laboratory": "tests that laboratory.tests does not declare",
    "lymphodepletion": "treatments that are neither the infusion nor the lymphodepletion",
}


@dataclass
class TableDraft:
    """The draft of a section ``inputs.TABLE``, and the parts of files that it is made from."""

    table: str
    parts: list[Part]
    source: dict[str, Any]
    """The keys of the section, without those that say how values are read (`ValueDraft.keys`)."""
    matches: dict[str, Match] = field(default_factory=dict)
    """By native column the column of the file that it is made from, with the reason."""
    absent: list[str] = field(default_factory=list)
    """Native columns that no file seems to have, those that few studies record left out."""
    questions: list[str] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, str | None]:
        """The key ``columns``: by native column that of the file, None where it is not recorded."""
        columns: dict[str, str | None] = self.source.setdefault("columns", {})
        return columns


@dataclass(frozen=True)
class _Candidate:
    """A part and the table that it makes best."""

    part: Part
    match: TableMatch
    subject: str | None
    number: int
    """Its place among the parts."""

    @property
    def table(self) -> str:
        """Name of the table that the part makes best."""
        return self.match.table


@dataclass(frozen=True)
class Structure:
    """The drafts of tables by their names, and the parts of files that are in none of them."""

    drafts: dict[str, TableDraft]
    unused: list[Part]


def find_structure(parts: list[Part]) -> Structure:
    """Draft the tables that the parts of files can make; parts that are in none are `unused`."""
    best = [_best_match(part) for part in parts]
    subjects = _subject_columns(parts, best)
    candidates = [
        _Candidate(part, _best_match(part, subjects.get(number)), subjects.get(number), number)
        for number, part in enumerate(parts)
    ]
    candidates = list(_without_copies(candidates))
    drafts: dict[str, TableDraft] = {}
    for table in TABLES:
        mine = [one for one in candidates if one.table == table and _is_table(one)]
        if mine:
            known = _subjects(drafts.get("subjects"))
            drafts[table] = _table_draft(table, sorted(mine, key=_order), known)
    used = {id(part) for draft in drafts.values() for part in draft.parts}
    return Structure(drafts, [part for part in parts if id(part) not in used])


def _is_table(candidate: _Candidate) -> bool:
    part = candidate.part
    if part.results is not None:
        # One row a subject is no series of samples: its dates are others.
        once = candidate.subject and part.sheet.contents[candidate.subject].is_unique
        return "sample_date" in candidate.match.matches and not once
    return bool(part.long or part.stack) or candidate.match.score >= _LEAST_SCORE


def _without_copies(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Leave out a sheet as it is where its columns are results, and none measures of visits."""
    candidates = list(candidates)
    stacked: dict[int, frozenset[str]] = {}
    for candidate in candidates:
        if candidate.part.results is not None and _is_table(candidate):
            sheet = id(candidate.part.sheet)
            stacked[sheet] = stacked.get(sheet, frozenset()) | candidate.part.results.columns
    for candidate in candidates:
        results = stacked.get(id(candidate.part.sheet))
        foreign = [match.foreign for match in candidate.match.matches.values()]
        rest = [heading(name).name for name in foreign if results and name not in results]
        if results is None or candidate.part.stack is not None or match_tests(rest):
            yield candidate


def _order(candidate: _Candidate) -> tuple[bool, float]:
    long = candidate.part.long
    return long is not None, -(candidate.match.score if long is None else len(long.tests))


def _best_match(part: Part, subject: str | None = None) -> TableMatch:
    contents = dict(part.contents)
    if part.long is not None:
        long = part.long
        for name in (long.test, long.value, long.unit, long.limit):
            contents.pop(name, None)
    tables = part.kinds or tuple(TABLE_NAMES)
    labels = part.sheet.labels
    matches = [match_table(table, contents, labels, part.hint, subject) for table in tables]
    best = max(matches, key=lambda match: match.score)
    if part.results is not None:
        # A limit in a column of its own would be that of every test.
        new = part.results.new
        kept = {n: m for n, m in best.matches.items() if n in _OF_ROWS or m.foreign in new}
        return replace(best, matches=kept)
    return best


# --- The column of the subject -------------------------------------------------------------------


def _subject_columns(parts: list[Part], best: list[TableMatch]) -> dict[int, str]:
    """The column of the subject in each part, by name and by the values that parts share."""
    candidates = [_candidates(part, match.table) for part, match in zip(parts, best, strict=True)]
    subject_parts = [n for n, match in enumerate(best) if match.table == "subjects"]
    if not subject_parts:
        return {n: max(c, key=lambda name: c[name]) for n, c in enumerate(candidates) if c}
    main = max(subject_parts, key=lambda number: best[number].score)
    keys = {
        name: score + sum(_best_overlap(held, parts[n]) for n in range(len(parts)) if n != main)
        for name, score in candidates[main].items()
        if (held := parts[main].contents[name]).is_unique
    }
    if not keys:
        return {n: max(c, key=lambda name: c[name]) for n, c in enumerate(candidates) if c}
    # Of two that go alike, a number is that of the data base rather than that of the subject.
    key = max(keys, key=lambda name: (keys[name], not parts[main].contents[name].is_numeric))
    known = parts[main].contents[key]
    chosen = {main: key}
    for number, part in enumerate(parts):
        if number == main:
            continue
        scores = dict(candidates[number])
        for name, held in part.contents.items():
            shared = _overlap(known, held)
            if shared >= _OVERLAP and not held.is_dated and (name in scores or not held.is_numeric):
                scores[name] = scores.get(name, 0.0) + 2 * shared
        if scores:
            chosen[number] = max(scores, key=lambda name: scores[name])
    return chosen


def _candidates(part: Part, table: str) -> dict[str, float]:
    """Columns that may be the subject by their name."""
    column = INPUT_TABLES[table].by_name["subject_id"]
    scores = {name: name_score(table, column, name, "")[0] for name in part.contents}
    labels = part.sheet.labels
    for name in scores:
        if labels.get(name):
            by_label = 0.97 * name_score(table, column, labels[name], "")[0]
            scores[name] = max(scores[name], by_label)
    return {
        name: score
        for name, score in scores.items()
        if score >= LIKELY and not part.contents[name].is_dated
    }


def _overlap(known: Contents, column: Contents) -> float:
    """Share of the values of a column that another has."""
    values = column.counts
    return sum(text in known.counts for text in values) / len(values) if values else 0.0


def _best_overlap(known: Contents, part: Part) -> float:
    return max((_overlap(known, held) for held in part.contents.values()), default=0.0)


def _subjects(draft: TableDraft | None) -> Collection[str]:
    """Identifiers of the table of subjects."""
    match = None if draft is None else draft.matches.get("subject_id")
    return () if draft is None or match is None else draft.parts[0].contents[match.foreign].counts


def _table_draft(table: str, candidates: list[_Candidate], subjects: Collection[str]) -> TableDraft:
    """The draft of a table from the parts that may make it, the likeliest first."""
    first, *other_candidates = candidates
    draft = TableDraft(table, [first.part], _source(first.part))
    _take(draft, first, first.match.matches)
    if table in _LEFT_OUT:
        _tell_left_out(draft, first.part)
    alike = [one for one in other_candidates if _same_columns(one, first)]
    if alike:
        _add_files(draft, sorted([first, *alike], key=lambda one: one.number), subjects)
    for other in other_candidates:
        if other not in alike:
            _add_part(draft, first, other)
    _fall_back(draft)
    return draft


def _tell_left_out(draft: TableDraft, part: Part) -> None:
    """Tests or treatments of the file of which the draft makes nothing."""
    for name, known in part.where.items():
        texts = part.sheet.contents[name].texts
        # The infusion is a part of its own.
        infused = draft.table == "lymphodepletion"
        left_out = {
            text: number
            for text, number in texts.items()
            if text not in known and not (infused and names_one(text, CELLS))
        }
        if left_out:
            title, what = part.sheet.title, _LEFT_OUT[draft.table]
            draft.questions.append(f"{title}: {what} are left out: {values_text(left_out)}.")


def _source(part: Part) -> dict[str, Any]:
    source: dict[str, Any] = dict(part.sheet.keys)
    if part.where:
        source["where"] = {name: list(texts) for name, texts in part.where.items()}
    if part.stack is not None:
        source |= part.stack.keys()
    if part.long is not None:
        source["long"] = part.long.keys()
    return source


def _take(draft: TableDraft, candidate: _Candidate, matches: Mapping[str, Match]) -> None:
    """Take the columns of the table's own file."""
    part = candidate.part
    measured = _made_columns(part)
    draft.matches |= measured
    draft.matches |= {name: match for name, match in matches.items() if name not in measured}
    if isinstance(part.stack, StackShape):
        draft.matches["visit"] = Match("visit", "visit", 0.9, "names of the columns")
    kept = {n: m for n, m in draft.matches.items() if n not in measured}
    order = [column.name for column in specs(draft.table)]
    for name in sorted(kept, key=order.index):
        if kept[name].foreign != name:
            draft.columns[name] = kept[name].foreign


def _made_columns(part: Part) -> dict[str, Match]:
    """Columns that measurements make."""
    shape = part.long or part.stack
    tests = {} if shape is None or isinstance(shape, NamedStack) else shape.tests
    matches = {name: Match(name, test, 0.9, "measurement") for test, name in tests.items()}
    if part.long is not None and part.long.limit:
        limits = {c.limit_of: c.name for c in specs("visits") if c.limit_of}
        for name in [n for n in matches if n in limits]:
            matches[limits[name]] = Match(limits[name], part.long.limit, 0.9, "limit")
    return matches


def _same_columns(first: _Candidate, second: _Candidate) -> bool:
    """Whether two parts are the same form, of another site or another time."""
    if first.part.sheet is second.part.sheet or bool(first.part.long) != bool(second.part.long):
        return False
    names, second_names = set(first.part.text.columns), set(second.part.text.columns)
    tested = {m.foreign for m in second.match.matches.values()}
    return len(names & second_names) >= 0.9 * len(names | second_names) and tested <= names


def _add_files(draft: TableDraft, alike: list[_Candidate], subjects: Collection[str]) -> None:
    """Several files with the same columns in place of one."""
    forms = [candidate.part.sheet.keys for candidate in alike]
    for form in forms:
        for key in form:
            draft.source.pop(key, None)
    draft.parts = [candidate.part for candidate in alike]
    _name_by_sheet(draft, forms, subjects)
    draft.source = {"files": forms, **draft.source}
    titles = ", ".join(candidate.part.sheet.title for candidate in alike)
    draft.questions.append(f"{titles} have the same columns and stand one below the other (files).")


def _name_by_sheet(
    draft: TableDraft, forms: list[dict[str, Any]], subjects: Collection[str]
) -> None:
    """The visit or the subject that the name of each sheet alone says, as its constant."""
    names = [part.sheet.short_name for part in draft.parts]
    labels = draft.table == "visits" and are_labels(names)
    column = "visit" if labels else "subject_id"
    are_subjects = sum(name in subjects for name in names) > len(names) / 2
    if column in draft.matches or not (labels or are_subjects):
        return
    for form, name in zip(forms, names, strict=True):
        form["constant"] = {column: name}
    draft.matches[column] = Match(column, "", 0.6, "names of the sheets")
    draft.questions.append(
        f"{draft.table}: no column holds {column}. The name of each sheet stands for it"
        " (files.constant): please check."
    )


def _add_part(draft: TableDraft, first: _Candidate, candidate: _Candidate) -> None:
    """Columns of another part, joined by the subject, and the visit."""
    measured = _made_columns(candidate.part)
    new = {
        name: match
        for name, match in candidate.match.matches.items()
        if name not in draft.matches and match.foreign != candidate.subject
    }
    named = new | {name: match for name, match in measured.items() if name not in draft.matches}
    title = candidate.part.sheet.title
    if not named:
        text = f"{title} looks like {draft.table} too and is not used: it adds no column."
        draft.questions.append(text)
        return
    if first.part.sheet is candidate.part.sheet:
        _add_event(draft, candidate, new)
        return
    if _are_stacked(first.part.long, candidate.part.long):
        _add_measurements(draft, first, candidate, named)
        return
    key = _key(first, candidate)
    clash = {m.foreign for m in new.values()} & set(first.part.text.columns)
    if draft.table not in ("subjects", "visits") or key is None or clash or candidate.part.stack:
        names = ", ".join(named)
        draft.questions.append(
            f"{title} seems to have {names} of {draft.table}, and cannot be joined by a key that"
            " stands once: a query (sql) can put it together."
        )
        return
    join: dict[str, Any] = {**candidate.part.sheet.keys, "by": key}
    if candidate.part.where:
        join["where"] = {name: list(texts) for name, texts in candidate.part.where.items()}
    if candidate.part.long is not None:
        join["long"] = candidate.part.long.keys()
    if new:
        join["columns"] = [match.foreign for match in new.values()]
    draft.source.setdefault("join", []).append(join)
    draft.parts.append(candidate.part)
    draft.matches |= named
    for name, match in new.items():
        if match.foreign != name:
            draft.columns[name] = match.foreign


def _are_stacked(mine: LongShape | None, theirs: LongShape | None) -> bool:
    """Whether measurements stand below others; those with units are joined to those without."""
    return mine is not None and theirs is not None and bool(mine.unit) == bool(theirs.unit)


def _add_measurements(
    draft: TableDraft, first: _Candidate, candidate: _Candidate, named: Mapping[str, Match]
) -> None:
    """Measurements of another file with the same columns, one below the other."""
    mine, theirs = first.part.long, candidate.part.long
    keys = INPUT_TABLES[draft.table].key
    same = all(first.match.foreign(n) == candidate.match.foreign(n) for n in keys)
    title = candidate.part.sheet.title
    if mine is None or theirs is None or not same or first.subject != candidate.subject:
        draft.questions.append(f"{title} holds measurements too: a query (sql) can add them.")
        return
    units = {mine.unit, theirs.unit} - {""}
    limits = {mine.limit, theirs.limit} - {""}
    if (mine.test, mine.value) != (theirs.test, theirs.value) or len(units) + len(limits) > 2:
        draft.questions.append(f"{title} names the columns of its measurements otherwise (sql).")
        return
    columns = {"unit": "".join(sorted(units)[:1]), "limit": "".join(sorted(limits)[:1])}
    tests = dict(theirs.tests) | draft.source["long"]["tests"]
    draft.source["long"] |= {key: name for key, name in columns.items() if name}
    draft.source["long"]["tests"] = draft.source["long"].pop("tests") | tests
    form = first.part.sheet.keys
    files = draft.source.pop("files", None) or [form]
    for key in form:
        draft.source.pop(key, None)
    draft.source = {"files": [*files, candidate.part.sheet.keys], **draft.source}
    draft.parts.append(candidate.part)
    draft.matches |= named
    draft.questions.append(f"{title} holds measurements too, and stands below (files).")


def _add_event(draft: TableDraft, candidate: _Candidate, new: Mapping[str, Match]) -> None:
    """Columns of the same file that other events hold."""
    events = candidate.part.where.get(EVENT, ())
    if draft.table != "visits" or EVENT not in draft.source.get("where", {EVENT: ()}):
        names = ", ".join(new)
        draft.questions.append(
            f"{candidate.part.sheet.title} has {names} of {draft.table} in other records (event"
            f" {', '.join(events)}): a query (sql) can bring them together."
        )
        return
    if EVENT in draft.source.get("where", {}):
        chosen = draft.source["where"][EVENT]
        chosen += [event for event in events if event not in chosen]
    draft.parts.append(candidate.part)
    draft.matches |= new
    draft.columns.update({n: m.foreign for n, m in new.items() if m.foreign != n})


def _key(first: _Candidate, candidate: _Candidate) -> dict[str, str] | None:
    """Columns of the key by which another part is joined; None where it does not stand once."""
    if first.subject is None or candidate.subject is None:
        return None
    key = {first.subject: candidate.subject}
    for name in ("visit", "visit_date") if first.table == "visits" else ():
        mine, theirs = first.match.foreign(name), candidate.match.foreign(name)
        if mine is None or theirs is None:
            continue
        ours, held = first.part.contents[mine], candidate.part.contents[theirs]
        if _overlap(ours, held) >= LIKELY:
            key[mine] = theirs
    text = candidate.part.text
    names = list(key.values())
    if candidate.part.long is not None:
        names.append(candidate.part.long.test)
    return None if text.duplicated(names).any() else key


def _fall_back(draft: TableDraft) -> None:
    """What stands for columns that were not found, and the question that goes with it."""
    table = INPUT_TABLES[draft.table]
    has = draft.matches
    if draft.table == "adverse_events":
        if "ae_id" not in has and "ae_seq" in has:
            number = has["ae_seq"].foreign
            draft.columns.update({"ae_id": number, "ae_seq": number})
            has["ae_id"] = Match("ae_id", number, 0.6, "number within the subject")
        elif "ae_id" not in has:
            draft.source["row_number"] = "ae_id"
            has["ae_id"] = Match("ae_id", "", 0.5, "number of the row")
            draft.questions.append(
                "No number of the event was found: that of its row stands for it (row_number). With"
                " rows put in or taken out it is that of another event."
            )
        if "preferred_term" not in has and "term" in has:
            term = has["term"]
            draft.columns.update({"term": term.foreign, "preferred_term": term.foreign})
            has["preferred_term"] = Match("preferred_term", term.foreign, 0.6, "term as reported")
            draft.questions.append("The terms are taken as reported for the preferred terms.")
        if "system_organ_class" not in has:
            draft.source["constant"] = {"system_organ_class": _NOT_CODED}
            draft.questions.append("No system organ class was found: a constant stands for it.")
    if draft.table in ("screening", "eligibility") and "attempt" not in has:
        draft.source["constant"] = {"attempt": "1"}
        draft.questions.append(
            f"No number of the screening attempt was found in {draft.table}: each is taken as the"
            " first. A subject screened twice needs it."
        )
    if draft.table == "visits" and "visit" not in has and "visit_date" in has:
        draft.source["constant"] = {"visit": UNSCHEDULED}
        draft.questions.append(
            "No label of a visit was found: UNS stands for each. Analysis visits go by the date"
            " (schedule)."
        )
    if draft.table == "kinetics" and "value" in has:
        _name_assay(draft)
    constant = draft.source.get("constant", {})
    missing = [n for n in table.names if n not in has and n not in constant]
    draft.absent = [n for n in missing if not table.by_name[n].rare]
    for name in missing:
        column = table.by_name[name]
        # One that no definition needs may be absent without a word.
        there = any(name in part.sheet.text for part in draft.parts)
        if not (column.absent or column.essential or column.limit_of or there):
            draft.columns[name] = None


def _name_assay(draft: TableDraft) -> None:
    """The assay and the unit by the heading of the value, where no column has them."""
    value = heading(draft.matches["value"].foreign)
    constant = {}
    if "assay" not in draft.matches:
        constant["assay"] = value.name
    if "unit" not in draft.matches and value.unit:
        constant["unit"] = value.unit
    if constant:
        draft.source["constant"] = draft.source.get("constant", {}) | constant
        draft.questions.append(f"The heading of the value says {' and '.join(constant)} for all.")
