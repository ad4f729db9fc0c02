"""A folder of SDTM domains: the draft of ``inputs.sdtm``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.input_table import ColumnSpec, InputTable
from durable.contracts.spelling import fold
from durable.contracts.tables import INPUT_TABLES
from durable.inspection.contents import Contents
from durable.inspection.shapes import match_tests
from durable.inspection.sheets import Sheet
from durable.inspection.synonyms import CELLS, LYMPHODEPLETION, names_one, value_words
from durable.inspection.values import values_text
from durable.inspection.visit_labels import label_map
from durable.plan import Sdtm
from durable.plan.sdtm import evaluators, places

_FORMATS = {".xpt": "xpt", ".csv": "csv", ".json": "dataset-json"}
_DOMAIN = re.compile(r"(?:[a-z]{2}|supp[a-z]{2})")
_CONSENT = re.compile("consent|\u77e5\u60c5", re.IGNORECASE)
_WITHDRAWAL = re.compile(r"withdr|lost to|physician decision|drop|\u9000\u51fa", re.IGNORECASE)


@dataclass
class SdtmDraft:
    """The draft of the section ``inputs.sdtm``."""

    section: dict[str, Any]
    domains: Mapping[str, pd.DataFrame]
    """By domain in capitals its records, all text, with variables in capitals."""
    questions: list[str] = field(default_factory=list)

    def add(self, key: str, table: str, column: str, value: Any) -> None:
        """Set what a key of the section says of a column of a table."""
        self.section.setdefault(key, {}).setdefault(table, {})[column] = value

    def has(self, source: str) -> bool:
        """Whether the package has a value of DOMAIN.VARIABLE; of SUPPxx.QNAM, a record of it."""
        domain, _, name = source.partition(".")
        frame = self.domains.get(domain)
        if frame is None:
            return False
        if domain.startswith("SUPP"):
            return "QNAM" in frame and bool((frame["QNAM"] == name).any())
        return name in frame and bool((frame[name] != "").any())

    def values(self, source: str) -> dict[str, int]:
        """Number of records by value of DOMAIN.VARIABLE; empty where the package lacks it."""
        domain, _, name = source.partition(".")
        return dict(_counts(self.domains.get(domain, pd.DataFrame()), name))


def is_package(sheets: list[Sheet]) -> bool:
    """Whether the files are an SDTM package: one is DM and has USUBJID or DOMAIN."""
    return any(
        sheet.short_name.casefold() == "dm"
        and {"USUBJID", "DOMAIN"} & {str(name).upper() for name in sheet.text.columns}
        and _form(sheet)
        for sheet in sheets
    )


def _form(sheet: Sheet) -> str:
    return _FORMATS.get(Path(sheet.form.path or "").suffix.lower(), "")


def draft_package(sheets: list[Sheet]) -> SdtmDraft:
    """The draft of an SDTM package from its sheets, one of which is DM, with its questions.

    Domains are the files in the folder and format of DM that have the name of one.
    """
    (main,) = [sheet for sheet in sheets if sheet.short_name.casefold() == "dm"][:1]
    folder = Path(main.form.path or "").parent
    domains = {}
    questions = []
    for sheet in sheets:
        name = sheet.short_name.casefold()
        same = Path(sheet.form.path or "").parent == folder and _form(sheet) == _form(main)
        if same and _DOMAIN.fullmatch(name):
            frame = sheet.text.set_axis([str(n).upper() for n in sheet.text.columns], axis=1)
            domains[name.upper()] = frame
        else:
            questions.append(f"{sheet.title} is no domain of the package, and not used.")
    section: dict[str, Any] = {"folder": str(folder)}
    if _form(main) != "xpt":
        section["format"] = _form(main)
    draft = SdtmDraft(section, domains, questions)
    tables = [
        name
        for name, table in INPUT_TABLES.items()
        if table.sdtm is not None
        and not table.sdtm.when_named
        and (not table.sdtm.domain or table.sdtm.domain in domains)
    ]
    section["tables"] = tables
    _draft_treatments(draft)
    _draft_subjects(draft)
    _draft_visits(draft)
    for name in (name for name in tables if name not in ("subjects", "visits")):
        _draft_records(draft, INPUT_TABLES[name])
    _draft_units(draft, tables)
    return draft


def _draft_treatments(draft: SdtmDraft) -> None:
    """Which treatments of EX are the infusion, and which the lymphodepletion."""
    treatments = draft.values("EX.EXTRT")
    lymphodepletion = [t for t in treatments if names_one(t, LYMPHODEPLETION)]
    other_treatments = [t for t in treatments if t not in lymphodepletion]
    infusion = [t for t in other_treatments if names_one(t, CELLS)] or other_treatments[:1]
    usual = Sdtm(folder="x")
    if infusion and not set(infusion) <= set(usual.infusion):
        draft.section["infusion"] = infusion
    if lymphodepletion and not set(lymphodepletion) <= set(usual.lymphodepletion):
        draft.section["lymphodepletion"] = lymphodepletion
    if len(other_treatments) > 1 or (
        other_treatments and not names_one(other_treatments[0], CELLS)
    ):
        shown = values_text({text: treatments[text] for text in other_treatments})
        draft.questions.append(f"EXTRT: which is the infusion? {shown} (inputs.sdtm.infusion)")


def _draft_subjects(draft: SdtmDraft) -> None:
    table = INPUT_TABLES["subjects"]
    usual = places("subjects", Sdtm(folder="x"))
    infused = bool(draft.section.get("infusion")) or any(
        name in draft.values("EX.EXTRT") for name in Sdtm(folder="x").infusion
    )
    for column, source in usual.items():
        if column == "subject_id" or _has_source(draft, column, source, infused=infused):
            continue
        if table.by_name[column].sdtm.optional:
            continue
        other_source = _other_source(draft, column)
        draft.add("variables", "subjects", column, other_source)
        if other_source:
            draft.questions.append(
                f"subjects.{column}: there is no {source}; drafted from {other_source}. Is it so?"
            )
        elif not table.by_name[column].absent:
            draft.questions.append(
                f"subjects.{column}: there is no {source}: it stands as not recorded"
                f" (inputs.sdtm.variables.subjects.{column})."
            )
    consents = [text for text in draft.values("DS.DSDECOD") if _CONSENT.search(text)]
    consent_source = draft.section.get("variables", {}).get("subjects", {}).get("consent_date", "")
    if consent_source.startswith("DS.") and consents != list(Sdtm(folder="x").consent):
        draft.section["consent"] = consents
    leaving = {t: n for t, n in draft.values("DS.DSDECOD").items() if _WITHDRAWAL.search(t)}
    known = Sdtm(folder="x").withdrawal
    if set(leaving) - set(known):
        draft.section["withdrawal"] = [*leaving]
        draft.questions.append(f"DSDECOD taken for withdrawals: {values_text(leaving)}.")


def _has_source(draft: SdtmDraft, column: str, source: str, *, infused: bool) -> bool:
    domain, _, name = source.partition(".")
    if column == "lymphodepletion_date":
        treatments = [t for t in draft.values("EX.EXTRT") if fold(t) in map(fold, LYMPHODEPLETION)]
        return bool(treatments)
    if domain == "EX":
        return infused and draft.has(source)
    if domain == "DS":
        # A withdrawal may have happened to nobody.
        return domain in draft.domains and name in draft.domains[domain]
    if column == "death_date":
        return domain in draft.domains and name in draft.domains[domain]
    return draft.has(source)


def _other_source(draft: SdtmDraft, column: str) -> str:
    """Where else a column may be; '' where nowhere."""
    consents = [text for text in draft.values("DS.DSDECOD") if _CONSENT.search(text)]
    options = {
        "infusion_date": ("DM.RFXSTDTC",),
        "consent_date": ("DS.DSSTDTC",) if consents else (),
        "dose_level": ("DM.ARMCD", "DM.ARM"),
        "last_contact_date": ("DM.RFENDTC",),
    }
    return next((source for source in options.get(column, ()) if draft.has(source)), "")


def _draft_visits(draft: SdtmDraft) -> None:
    """Measures by the codes and names of the tests, and labels of visits."""
    usual = places("visits", Sdtm(folder="x"))
    tests = {
        f"{domain}.{code}": _names_of(frame, domain, code)
        for domain, frame in draft.domains.items()
        if f"{domain}TESTCD" in frame and domain != "PC"
        for code in dict.fromkeys(frame[f"{domain}TESTCD"])
        if re.fullmatch(r"[A-Z][A-Z0-9_]{0,7}", code)
    }
    test_by_column = {column: test for column, test in usual.items() if test in tests}
    rest = {test: names for test, names in tests.items() if test not in test_by_column.values()}
    for number in (0, 1):
        by_name = {names[number]: test for test, names in rest.items() if len(names) > number}
        for name, column in match_tests(by_name).items():
            test = by_name[name]
            if column not in test_by_column and test not in test_by_column.values():
                test_by_column[column] = test
                draft.add("variables", "visits", column, test)
                draft.questions.append(f"visits.{column}: drafted from {test} by its name.")
    for column in (column for column in usual if column not in test_by_column):
        draft.add("variables", "visits", column, "")
    absent = [column for column in usual if column not in test_by_column]
    if absent and test_by_column:
        draft.questions.append(
            f"visits: no test was found for {', '.join(absent)}: they stand as not recorded."
        )
    unused = [test for test in tests if test not in test_by_column.values()]
    if unused:
        draft.questions.append(f"Tests that are not used: {', '.join(unused[:20])}.")
    if any(test.startswith("LB.") for test in unused):
        draft.questions.append(
            "Results of LB beside the enzymes: where they are to be analysed, add laboratory to"
            " inputs.sdtm.tables, and declare their tests and units in laboratory.tests."
        )
    if not test_by_column:
        draft.questions.append("No test of any measure was found: there are no visits.")
        draft.section["tables"].remove("visits")
        draft.section["variables"].pop("visits")
    _draft_labels(draft, test_by_column)
    _ask_evaluators(draft, test_by_column)


def _names_of(frame: pd.DataFrame, domain: str, code: str) -> list[str]:
    """The code of a test, and its name."""
    return [code, *_counts(frame.loc[frame[f"{domain}TESTCD"] == code], f"{domain}TEST")][:2]


def _draft_labels(draft: SdtmDraft, test_by_column: Mapping[str, str]) -> None:
    domains = dict.fromkeys(test.split(".")[0] for test in test_by_column.values())
    labels = label_map(dict.fromkeys(t for d in domains for t in draft.values(f"{d}.VISIT")))
    if labels:
        draft.add("values", "visits", "visit", labels)
    for column in INPUT_TABLES["visits"].columns:
        test = test_by_column.get(column.name, "")
        if not column.allowed or not test:
            continue
        domain, code = test.split(".")
        frame = draft.domains[domain]
        rows = frame.loc[frame[f"{domain}TESTCD"] == code]
        _draft_map(draft, "visits", column, _counts(rows, f"{domain}STRESC"))


def _ask_evaluators(draft: SdtmDraft, test_by_column: Mapping[str, str]) -> None:
    usual = Sdtm(folder="x")
    for column, test in test_by_column.items():
        domain, code = test.split(".")
        frame = draft.domains[domain]
        if f"{domain}EVAL" not in frame:
            continue
        rows = frame.loc[frame[f"{domain}TESTCD"] == code, f"{domain}EVAL"]
        counts = Contents.from_texts(rows).counts
        known = evaluators("visits", column, usual)
        other = {text: n for text, n in counts.items() if text.upper() not in known}
        if other:
            draft.questions.append(
                f"visits.{column}: results of these evaluators do not count: {values_text(other)}"
                f" (inputs.sdtm.evaluators.{column})."
            )


def _draft_records(draft: SdtmDraft, table: InputTable) -> None:
    """Columns of a table with a row for each record, where a variable is not there."""
    for column in table.columns:
        source = column.sdtm.place
        if not source or column.sdtm.optional or column.name == "subject_id":
            continue
        domain, _, name = source.partition(".")
        frame = draft.domains.get(domain)
        is_present = (
            draft.has(source) if domain.startswith("SUPP") else frame is not None and name in frame
        )
        if is_present:
            continue
        key = f"inputs.sdtm.variables.{table.name}.{column.name}"
        if column.required:
            draft.questions.append(
                f"{table.name}.{column.name}: there is no {source}, and every record must have it"
                f" ({key})."
            )
        else:
            draft.add("variables", table.name, column.name, "")
            draft.questions.append(f"{table.name}.{column.name}: there is no {source} ({key}).")
    for column in table.columns:
        if column.allowed and column.sdtm.place and draft.has(column.sdtm.place):
            _draft_map(draft, table.name, column, draft.values(column.sdtm.place))


def _draft_map(draft: SdtmDraft, table: str, column: ColumnSpec, counts: Mapping[str, int]) -> None:
    """The value map of a column, of the values whose meaning is known."""
    words = value_words(column)
    known = {text: words[fold(text)] for text in counts if fold(text) in words}
    changed = {text: value for text, value in known.items() if text != value}
    if changed:
        draft.add("values", table, column.name, changed)


def _draft_units(draft: SdtmDraft, tables: list[str]) -> None:
    """Units of the records where they are others of the table."""
    variables = draft.section.get("variables", {})
    for name in tables:
        sources = places(name, Sdtm(folder="x")) | variables.get(name, {})
        for column in INPUT_TABLES[name].columns:
            counts = _units_seen(draft, column.name, sources.get(column.name, ""))
            if not any(unit.sdtm for unit in column.units) or not counts:
                continue
            seen = {text.casefold() for text in counts}
            fitting = [unit for unit in column.units if seen <= set(unit.sdtm)]
            if not fitting:
                draft.questions.append(
                    f"{name}.{column.name}: the package has the unit {values_text(counts)}; known"
                    f" are {', '.join(unit.name or column.unit for unit in column.units)}."
                )
            elif fitting[0].name:
                draft.add("units", name, column.name, fitting[0].name)


def _units_seen(draft: SdtmDraft, column: str, source: str) -> Mapping[str, int]:
    """Units of the records of a column, by their number."""
    domain, _, code = source.partition(".")
    frame = draft.domains.get(domain, pd.DataFrame())
    if domain == "EX" and "EXTRT" in frame:
        infusion = draft.section.get("infusion", Sdtm(folder="x").infusion)
        frame = frame.loc[frame["EXTRT"].isin(infusion)]
    if f"{domain}TESTCD" in frame:
        frame = frame.loc[frame[f"{domain}TESTCD"] == code]
    variable = {"age_years": "AGEU", "cells_per_kg": "EXDOSU"}.get(column, f"{domain}STRESU")
    return _counts(frame, variable)


def _counts(frame: pd.DataFrame, variable: str) -> Mapping[str, int]:
    """Values of a variable by their number; none where it is not there."""
    return Contents.from_texts(frame[variable].tolist() if variable in frame else []).counts
