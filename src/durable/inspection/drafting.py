"""The draft of a configuration: tables, values, schedule, and the questions that remain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import ValidationError

from durable.contracts.tables import INPUT_TABLES
from durable.inspection.matching import Match
from durable.inspection.schedule import Seen, draft_schedule, read_dates
from durable.inspection.sdtm import draft_package, is_package
from durable.inspection.shapes import Part, StackShape, find_parts
from durable.inspection.sheets import Reading
from durable.inspection.structure import Structure, TableDraft, find_structure
from durable.inspection.usage import unused_columns, unused_dates
from durable.inspection.values import ValueDraft, draft_values
from durable.inspection.wide import NamedStack, day_columns, is_date
from durable.intake.findings import Findings, Recorded
from durable.intake.rules import RULES
from durable.intake.shaping.table import SourceReader
from durable.jdm.needs import columns_needed
from durable.jdm.response import CoreSet, Response
from durable.plan import Input, Plan, PlanError, Sdtm, parse
from durable.plan.limits import LIMITS

#: Keys of the configuration from the outermost; of an entry of a list its position from 0.
KeyPath = tuple[str | int, ...]
_ID = "draft"
_NO_FILE = "to-be-named"
_MOST_NAMED = 12
#: Errors that no other reading of a file mends, but a key of the plan.
_OF_DEFINITIONS = ("reinfusion_undefined",)
#: Sets of measures that a study may record, the usual one first.
_CORE_SETS: tuple[CoreSet, ...] = get_args(CoreSet)[:2]


@dataclass
class StudyDraft:
    """The draft of a configuration, with remarks on its keys and questions to a person."""

    plan: dict[str, Any]
    """The configuration as plain values, by section."""
    remarks: dict[KeyPath, str] = field(default_factory=dict)
    """By path of a key what it was drafted from; '' or no entry where nothing is to be said."""
    questions: list[str] = field(default_factory=list)
    loads: bool = True
    """Whether the configuration can be read as a plan as it stands."""
    checked: str = ""
    """What a check of the data with this draft finds, in a sentence; '' if it was not checked."""


@dataclass(frozen=True)
class ReadTable:
    """A drafted table: its structure, how its values are written, and its texts as recorded."""

    draft: TableDraft
    values: ValueDraft
    recorded: Recorded


def draft_study(reading: Reading) -> StudyDraft:
    """The draft of a study, checked against the data, from the sheets of its files.

    As an SDTM package where the sheets are one (`sdtm.is_package`), else as single tables.
    """
    return _draft_package(reading) if is_package(reading.sheets) else _draft_tables(reading)


def _draft_package(reading: Reading) -> StudyDraft:
    """The draft of a study that is an SDTM package."""
    draft = draft_package(reading.sheets)
    study = StudyDraft({"analysis": {}, "study": {"id": _ID}, "inputs": {"sdtm": draft.section}})
    study.remarks["inputs", "sdtm"] = f"domains: {', '.join(sorted(draft.domains))}"
    study.questions += draft.questions
    tables = {
        name: table
        for name in draft.section["tables"]
        if (table := _package_table(name, draft.section))
    }
    _add_schedule(study, tables)
    _add_definitions(study, tables)
    study.plan["analysis"] = {"id": _ID, "data_cutoff": _last_date(tables)}
    study.remarks["analysis", "data_cutoff"] = "the last date in the files: put yours"
    return check_draft(study)


def _package_table(name: str, section: dict[str, Any]) -> ReadTable | None:
    """A table of a package as the draft makes it; None where it cannot be made."""
    from durable.intake.sdtm.package import Package

    try:
        package = Package(Sdtm.model_validate(section), Findings(), LIMITS)
        recorded, _ = package.table(name)
    except ValidationError:
        return None
    if not recorded.readable:
        return None
    values = ValueDraft({"values": section.get("values", {}).get(name, {})})
    return ReadTable(TableDraft(name, [], {}), values, recorded)


def _draft_tables(reading: Reading) -> StudyDraft:
    """The draft of a study that is any other set of files."""
    parts = [part for sheet in reading.sheets for part in find_parts(sheet)]
    structure = find_structure(parts)
    tables = {name: _read(name, draft) for name, draft in structure.drafts.items()}
    study = StudyDraft({"analysis": {}, "study": {"id": _ID}, "inputs": {}})
    for sheet in reading.sheets:
        study.questions += sheet.questions
    for name, table in tables.items():
        _add_table(study, name, table)
    _ask_for_tables(study, structure)
    _add_schedule(study, tables)
    _add_definitions(study, tables)
    _ask_of_unused(study, structure, parts)
    _ask_of_days(study, parts)
    study.plan["analysis"] = {"id": _ID, "data_cutoff": _last_date(tables)}
    study.remarks["analysis", "data_cutoff"] = "the last date in the files: put yours"
    return check_draft(study)


def _read(name: str, draft: TableDraft) -> ReadTable:
    """The table by the drafted structure, and how its values are written."""
    reader = SourceReader(Findings())
    source = {key: value for key, value in draft.source.items() if value not in ({}, [])}
    recorded, _ = reader.table(name, Input.model_validate(source))
    return ReadTable(draft, draft_values(name, recorded, draft.matches), recorded)


# --- Tables --------------------------------------------------------------------------------------


def _add_table(study: StudyDraft, name: str, table: ReadTable) -> None:
    draft, values = table.draft, table.values
    section = {key: value for key, value in draft.source.items() if value not in ({}, [])}
    for spec in INPUT_TABLES[name].columns:
        pair = {spec.name, spec.limit_of}
        if spec.limit_of and len(pair.intersection(values.keys.get("units", {}))) == 1:
            # A unit of one of them alone is refused unless the other is not recorded.
            (other,) = pair.difference(values.keys["units"])
            section["columns"] = section.get("columns", {}) | {other: None}
    study.plan["inputs"][name] = section | values.keys
    names = INPUT_TABLES[name].names
    same_names = [n for n in names if n in draft.matches and _is_own(draft, n, draft.matches[n])]
    titles = ", ".join(dict.fromkeys(part.sheet.title for part in draft.parts))
    remark = f"{titles}: {len(table.recorded.text)} records"
    if same_names:
        remark += f"; by their own names: {', '.join(same_names)}"
    study.remarks["inputs", name] = remark
    for column, foreign in draft.columns.items():
        study.remarks["inputs", name, "columns", column] = _reason(draft.matches, column, foreign)
    for key, note in values.notes.items():
        study.remarks["inputs", name, key] = note
    _remark_shapes(study, name, draft)
    study.questions += [*draft.questions, *values.questions, *_absences(name, table)]


def _is_own(draft: TableDraft, name: str, match: Match) -> bool:
    return match.foreign == name and name not in draft.columns and match.how == "name"


def _reason(matches: Mapping[str, Match], column: str, foreign: str | None) -> str:
    if foreign is None:
        return "not found: null says that it is not recorded, or name its column"
    match = matches.get(column)
    if match is None:
        return ""
    rival = f"; {match.rival} goes as well" if match.rival else ""
    return f"{match.sureness} ({match.how}{rival})"


_STACKED = {"laboratory": "a column for each test", "kinetics": "a column for each assay"}


def _remark_shapes(study: StudyDraft, name: str, draft: TableDraft) -> None:
    for part in draft.parts:
        if part.long is not None and part.long.others:
            rest = part.long.others
            named = ", ".join(list(rest)[:_MOST_NAMED])
            more = "" if len(rest) <= _MOST_NAMED else f" and {len(rest) - _MOST_NAMED} more"
            study.questions.append(
                f"{part.sheet.title}: measurements that are no column of {name}, and not used:"
                f" {named}{more}."
            )
        if part.long is not None and part.long.empty:
            named = ", ".join(part.long.tests[test] for test in part.long.empty)
            study.questions.append(
                f"{part.sheet.title}: column {part.long.value} holds nothing for {named}: is it in"
                " another column? A query (sql) can take both."
            )
        if isinstance(part.stack, NamedStack) and part.stack.left_out:
            named = ", ".join(part.stack.left_out)
            study.questions.append(
                f"{part.sheet.title}: {named} not used: the heading has no unit, or another column"
                f" is of the same (inputs.{name}.stack.columns)."
            )
        if isinstance(part.stack, NamedStack) and "unit" in draft.absent:
            study.questions.append(
                f"{part.sheet.title}: no heading has a unit: put that of each column beside it, as"
                f" {{test: HGB, unit: g/L}} (inputs.{name}.stack.columns)."
            )
        if isinstance(part.stack, StackShape) and part.stack.others:
            named = ", ".join(part.stack.others[:_MOST_NAMED])
            study.questions.append(
                f"{part.sheet.title}: items that are no column of {name}: {named}."
            )
    for key, word in (
        ("long", "one row a measurement"),
        ("stack", _STACKED.get(name, "a column for each visit")),
        ("where", "records that hold these columns"),
        ("join", "columns from another file"),
    ):
        if key in draft.source:
            study.remarks["inputs", name, key] = word


def _absences(name: str, table_read: ReadTable) -> list[str]:
    """Questions for columns that were not found, essential ones each by itself."""
    table, draft = INPUT_TABLES[name], table_read.draft
    marked = table_read.values.keys.get("numbers", {}).get("below", {}).values()
    missing = [n for n in draft.absent if n not in marked]
    essential = [n for n in missing if table.by_name[n].essential]
    null = [n for n in missing if n in draft.columns]
    questions = [
        f"{name}.{n} ({table.by_name[n].label}) was not found, and there is no analysis without"
        f" it: name its column as inputs.{name}.columns.{n}."
        for n in essential
    ]
    if null:
        questions.append(
            f"{name}: {', '.join(null)} not found. They stand as null (not recorded): name their"
            " columns where the files have them."
        )
    dated = [n for part in draft.parts for n in unused_dates(draft, part)]
    if dated and any(table.by_name[n].kind == "date" for n in missing):
        questions.append(f"{name}: columns of dates that are not used: {', '.join(dated)}.")
    rest = [n for n in missing if n not in essential and n not in null]
    if rest:
        questions.append(f"{name}: no column was found for {', '.join(rest)}.")
    return questions


def _ask_for_tables(study: StudyDraft, structure: Structure) -> None:
    for name, table in INPUT_TABLES.items():
        if name in structure.drafts:
            continue
        if table.required:
            study.plan["inputs"][name] = {"path": f"{_NO_FILE}/{name}.csv"}
            study.remarks["inputs", name, "path"] = "no file was found: put its path"
            study.questions.append(
                f"No file was found for {name} ({table.description.rstrip('.')}): there is no"
                f" analysis without it (inputs.{name})."
            )
        else:
            study.questions.append(f"No file was found for {name}: its analyses are left out.")


def _ask_of_unused(study: StudyDraft, structure: Structure, parts: list[Any]) -> None:
    for title, rest in unused_columns(structure, parts).items():
        named = [f"{column} ({number} distinct)" for column, number in rest[:_MOST_NAMED]]
        more = "" if len(rest) <= _MOST_NAMED else f" and {len(rest) - _MOST_NAMED} more"
        study.questions.append(f"{title}: columns not used: {', '.join(named)}{more}.")
    used_sheets = {id(part.sheet) for draft in structure.drafts.values() for part in draft.parts}
    for part in structure.unused:
        # The sheet as it is stands beside its columns as rows.
        if id(part.sheet) not in used_sheets and not isinstance(part.stack, NamedStack):
            names = _names_in_words(part.text.columns)
            study.questions.append(f"{part.sheet.title} is not used. Its columns: {names}.")


def _names_in_words(columns: Iterable[Any]) -> str:
    """Names of columns; of dates, which are those of a subject, their number."""
    names = list(map(str, columns))
    others = [name for name in names if not is_date(name)]
    dates = len(names) - len(others)
    return ", ".join([*others[:_MOST_NAMED], *([f"{dates} dates"] if dates else [])])


def _ask_of_days(study: StudyDraft, parts: list[Part]) -> None:
    """Ask of sheets with a column for each day after infusion."""
    for title, sheet in {part.sheet.title: part.sheet for part in parts}.items():
        days = day_columns(sheet)
        if days:
            study.questions.append(
                f"{title} has a column for each day ({', '.join(days[:3])}, ...) and no date of a"
                " sample: a query (sql) can take the day after infusion for it (docs/inputs.md,"
                " SQL)."
            )


# --- Schedule and definitions --------------------------------------------------------------------


def _add_schedule(study: StudyDraft, tables: Mapping[str, ReadTable]) -> None:
    if "visits" not in tables or "visit" in tables["visits"].recorded.absent:
        return
    visits = tables["visits"]
    texts = visits.recorded.text
    mapped = visits.values.keys.get("values", {}).get("visit", {})
    labels = [mapped.get(t.strip(), t.strip()) for t in texts["visit"].astype(object)]
    subjects = [text.strip() for text in texts["subject_id"].astype(object)]
    dates = read_dates(visits.recorded, "visit_date", visits.values.keys)
    draft = draft_schedule(labels, subjects, dates, _infusions(tables))
    study.questions += draft.questions
    if draft.seen:
        study.remarks["schedule",] = "visits seen: " + ", ".join(map(_visit_text, draft.seen))
    if not draft.visits:
        return
    study.plan["schedule"] = draft.visits
    study.questions.append("Days and windows of the schedule are usual ones: put the protocol's.")
    names = [visit["visit"] for visit in draft.visits]
    usual = Response().improvement.visits
    if not set(usual) <= set(names):
        by_day = sorted(draft.visits, key=lambda visit: abs(visit["day"] - 75))
        near = sorted(by_day[:2], key=lambda visit: visit["day"])
        chosen = [visit["visit"] for visit in near]
        study.plan.setdefault("response", {})["improvement"] = {"visits": chosen}
        study.questions.append(
            f"The improvement rate is usually that of {', '.join(usual)}, which were not seen:"
            f" drafted at {', '.join(chosen)} (response.improvement.visits)."
        )


def _visit_text(seen: Seen) -> str:
    day = "" if seen.day is None else f" about day {seen.day}"
    return f"{seen.label} {seen.number}x{day}"


def _infusions(tables: Mapping[str, ReadTable]) -> dict[str, dt.date | None]:
    if "subjects" not in tables:
        return {}
    subjects = tables["subjects"]
    names = [text.strip() for text in subjects.recorded.text["subject_id"].astype(object)]
    dates = read_dates(subjects.recorded, "infusion_date", subjects.values.keys)
    return dict(zip(names, dates, strict=True))


def _add_definitions(study: StudyDraft, tables: Mapping[str, ReadTable]) -> None:
    """What the definitions must leave out, because no file has it."""
    if "subjects" in tables:
        absent = tables["subjects"].recorded.absent
        groups = [name for name in ("dose_level", "part") if name not in absent]
        if len(groups) < 2:
            study.plan["groups"] = groups
            study.plan["safety"] = {"escalation": "none"}
            study.questions.append(
                "Without part and dose level there are no columns by them, and no rule of"
                " escalation (groups, safety.escalation)."
            )
    if "visits" not in tables:
        return
    not_recorded = set(tables["visits"].recorded.absent)
    for core_set in _CORE_SETS:
        measures = columns_needed(Response(core_set=core_set))
        if not_recorded.isdisjoint(name for name, key in measures if "core_set" in key):
            if core_set != Response().core_set:
                study.plan.setdefault("response", {})["core_set"] = core_set
                study.questions.append(
                    f"The measures are those of the core set {core_set} (response.core_set)."
                )
            return


def _last_date(tables: Mapping[str, ReadTable]) -> str:
    dates = [
        date
        for name, table in tables.items()
        for column in INPUT_TABLES[name].columns
        if column.kind == "date" and column.name not in table.recorded.absent
        for date in read_dates(table.recorded, column.name, table.values.keys)
        if date is not None
    ]
    return str(max(dates, default=dt.date(2000, 1, 1)))


# --- The draft as a plan -------------------------------------------------------------------------


def check_draft(study: StudyDraft) -> StudyDraft:
    """The same draft with the questions that a check of the data with it raises.

    Where it is no plan yet, with what the plan expects instead, and `loads` false. Values of cells
    are not shown.
    """
    try:
        plan = parse(study.plan)
    except PlanError as error:
        study.loads = False
        study.questions += [f"{one.key}: {one.expected}." for one in error.findings]
        return study
    study.questions += _check_questions(plan, study)
    return study


def _check_questions(plan: Plan, study: StudyDraft) -> list[str]:
    from durable.intake.check import examine
    from durable.stage import STAGES

    queries = examine(plan.restrict_to(STAGES["check"].sections)).queries
    errors = queries.loc[queries["severity"] == "error"]
    warnings = len(queries) - len(errors)
    study.checked = f"durable check finds {len(errors)} error(s) and {warnings} warning(s) with it"
    questions = []
    needed: dict[str, dict[str, list[str]]] = {}
    for (table, column, rule), lines in errors.groupby(["table", "column", "rule"], sort=False):
        if str(study.plan["inputs"].get(table, {}).get("path", "")).startswith(_NO_FILE):
            continue
        location = f"{table}.{column}" if column else str(table or lines["file"].iloc[0])
        asked = any(text.startswith((f"{location}:", f"{location} (")) for text in study.questions)
        if asked and rule not in _OF_DEFINITIONS:
            continue
        why = str(lines["message"].iloc[0]).partition("needed by ")[2].partition("; ")[0]
        if rule == "missing_column" and why:
            needed.setdefault(str(table), {}).setdefault(why, []).append(str(column))
        else:
            questions.append(f"{location}: {len(lines)} error(s) {rule}. {RULES[str(rule)].found}")
    for table, reasons in needed.items():
        listed = "; ".join(f"{', '.join(names)} by {why}" for why, names in reasons.items())
        questions.append(
            f"{table}: columns that definitions in force need were not found: {listed}."
        )
    return questions
