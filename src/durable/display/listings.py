"""Stage ``listings``: what each table summarises, record by record, as CSV (docs/report.md).

A listing has joins, pivots and labels of datasets. The one unit it changes is that of a duration,
from days to months.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from durable.contracts.parameters import PLACES
from durable.jdm import wording
from durable.jdm.measures import core_set_measure
from durable.outputs import definitions
from durable.plan import Plan
from durable.wording import listed

Kind = Literal["text", "number", "date"]


@dataclass(frozen=True)
class Column:
    """A column of a listing: its variable in the CSV, and how a reader sees it."""

    name: str
    label: str
    kind: Kind = "text"
    decimals: int | None = None
    """Decimals shown; as recorded when None. The CSV has full precision."""
    trimmed: bool = False
    """Without trailing zeros, in a column whose numbers have little in common."""
    over: str = ""
    """Heading over neighbouring columns that belong together."""
    part: str = ""
    """Part of the listing that shows the column; every part when empty."""
    empty: str | Callable[[Mapping[str, str]], str] = ""
    """What is shown where there is no value; by the record where it depends on it."""


Columns = tuple[Column, ...]


@dataclass(frozen=True)
class Listing:
    """A listing: its file, its heading, its columns and what is said of it."""

    name: str
    title: str
    source: str
    """Datasets or file that the records come from."""
    columns: Callable[[Plan], Columns]
    notes: Callable[[Plan], Iterator[str]]
    needs: str = ""
    """Input table without which there is no such listing."""

    @property
    def file(self) -> str:
        """Name of the CSV."""
        return f"l_{self.name}.csv"


def _text(name: str, label: str, over: str = "", part: str = "") -> Column:
    return Column(name, label, over=over, part=part)


def _number(name: str, label: str, decimals: int | None = None) -> Column:
    return Column(name, label, "number", decimals)


def _date(name: str, label: str) -> Column:
    return Column(name, label, "date")


SUBJECT = _text("USUBJID", "Subject")
GROUPS = (_text("PART", "Part"), _text("DOSELVL", "Dose level"))
SOURCE = (
    _text("SRCDOM", "Table", over="Source"),
    _text("SRCVAR", "Column", over="Source"),
    Column("SRCSEQ", "Row", "number", over="Source"),
)
_INFUSED = _date("TRTSDT", "Infusion")
_DAY = _number("ADY", "Study day")
_REMISSION = (
    ("REMCK", "CK"),
    ("REMCMAS", "CMAS"),
    ("REMMMT8", "MMT8"),
    ("REMPHYS", "Physician global"),
)
_STATUS = (
    ("REMIS", "Remission"),
    ("RECLOSS", "Confirmed loss"),
    ("PROGWRS", "Confirmed worsening"),
    ("RECINV", "Recurrence by investigator"),
    ("FLARE", "Early flare"),
)
#: Statuses of an assessment: Y, N, and U where it is unknown.
STATUSES = [code for code, _ in (*_REMISSION, *_STATUS)]
SCORES, STATUS = "Core set measures and score", "Remission and recurrence"


def _subjects(_: Plan) -> Columns:
    return (
        SUBJECT,
        *GROUPS,
        _text("SEX", "Sex"),
        _number("AGE", "Age, years"),
        _date("RFICDT", "Consent"),
        _date("LDDT", "Lymphodepletion"),
        _INFUSED,
        _number("CELLSKG", "Cells per kg"),
        _text("BLREMFL", "In remission at baseline"),
        _number("MAXTIS", "Maximum attainable TIS"),
        _text("BLENZ", "Enzyme followed"),
        _number("BLENZULN", "Enzyme at baseline, x ULN", 2),
        _date("REMSDT", "First remission"),
        _date("NSTDT", "First new systemic therapy"),
        _text("NSTPREFL", "New therapy before remission"),
        _date("LSTALVDT", "Last known alive"),
        _date("EOSDT", "Withdrawal"),
        _text("DCSREAS", "Reason for withdrawal"),
        _date("DTHDT", "Death"),
        *SOURCE,
    )


def _duration(plan: Plan) -> Columns:
    return (
        SUBJECT,
        *GROUPS,
        _text("PARAMCD", "Parameter"),
        _INFUSED,
        _date("STARTDT", "Start"),
        _date("ADT", "End"),
        _number("AVAL", "Days"),
        _number("AVALM", "Months", plan.outputs.month_decimals),
        _number("CNSR", "CNSR"),
        _text("EVNTDESC", "Event, or reason for censoring"),
        _text("CNSDTDSC", "Date of censoring is"),
        _date("LOWDT", "Last known free of the event"),
        *SOURCE,
    )


def _improvement(_: Plan) -> Columns:
    return (
        SUBJECT,
        *GROUPS,
        _text("AVISIT", "Visit"),
        _date("ADT", "Assessed"),
        _DAY,
        _number("AWTARGET", "Target, days after infusion"),
        _number("AWTDIFF", "Days from target"),
        _number("TIS", "TIS"),
        _text("LEVEL", "Level"),
        _text("AVALC", "Improved"),
        _text("REASON", "Reason"),
        *SOURCE,
    )


def _assessments(plan: Plan) -> Columns:
    return (
        SUBJECT,
        _text("VISIT", "Visit recorded"),
        _text("AVISIT", "Analysis visit"),
        _date("ADT", "Date"),
        _DAY,
        _number("AWTDIFF", "Days from target"),
        _text("ABLFL", "Baseline"),
        _text("ANL01FL", "Analysed at visit"),
        *(column for place in PLACES for column in _component(plan, place)),
        Column("TIS", "TIS", "number", part=SCORES),
        Column("TISBEST", "TIS at best", "number", part=SCORES),
        _text("LEVEL", "Level", part=SCORES),
        _text("REASON", "Score is", part=SCORES),
        *(_text(code, label, "Remission items", STATUS) for code, label in _REMISSION),
        *(_text(code, label, part=STATUS) for code, label in _STATUS),
        *SOURCE,
    )


def _measure(plan: Plan, place: str) -> str:
    name = core_set_measure(plan.response.measures[place]).label
    return name[0].upper() + name[1:]


def _value(plan: Plan, place: str) -> Column:
    code, _ = PLACES[place]
    # A multiple of the upper limit of normal is a quotient; the other measures are as recorded.
    decimals = 2 if plan.response.measures[place] == "enzyme" else None
    return Column(code, _measure(plan, place), "number", decimals)


def _component(plan: Plan, place: str) -> Columns:
    code, _ = PLACES[place]
    over = _measure(plan, place)
    value = _value(plan, place)
    return (
        Column(code, "value", "number", value.decimals, over=over, part=SCORES),
        Column(f"{code}PC", "change, %", "number", 1, over=over, part=SCORES),
        Column(f"{code}SC", "score", "number", over=over, part=SCORES),
    )


def _flares(plan: Plan) -> Columns:
    return (
        SUBJECT,
        _INFUSED,
        _date("REMSDT", "First remission"),
        _text("VISIT", "Visit recorded"),
        _date("ADT", "Date"),
        _DAY,
        *(_value(plan, place) for place in PLACES),
        *(_text(code, label, "Remission items") for code, label in _REMISSION),
        _text("REMIS", "Remission"),
        *SOURCE,
    )


def _adverse_events(plan: Plan) -> Columns:
    return (
        SUBJECT,
        *GROUPS,
        _text("AEID", "Event"),
        _text("AETERM", "Term as reported"),
        _text("AEDECOD", "Preferred term"),
        _text("AEBODSYS", "System organ class"),
        _date("ASTDT", "Start"),
        _text("ASTDTF", "Start imputed"),
        _date("AENDT", "End"),
        _text("AENDTF", "End imputed"),
        _number("ASTDY", "Study day"),
        _number("ADURN", "Duration, days"),
        Column("AETOXGR", "CTCAE grade", "number", empty="missing"),
        _number("ASTCTGR", "ASTCT grade"),
        _text("AESER", "Serious"),
        _text("AEREL", "Related"),
        _text("AEDLT", "DLT"),
        _text("AESI", "AESI"),
        _text("AEOUT", "Outcome"),
        _text("ONGOFL", "Ongoing"),
        _text("APHASE", "Phase"),
        _text("TRTEMFL", "All", over="Treatment-emergent"),
        *(
            _text(f"W{days}FL", f"{days} days", over="Treatment-emergent")
            for days in plan.safety.windows_days
        ),
        _text("PROLCYFL", "Prolonged cytopenia"),
        _text("AOCCPIFL", "Worst of the term"),
        *SOURCE,
    )


def _deaths(_: Plan) -> Columns:
    return (
        SUBJECT,
        *GROUPS,
        _INFUSED,
        _date("DTHDT", "Death"),
        _number("DTHDY", "Study day"),
        _text("DOR", "Duration of response ended by"),
        _text("EFS", "Event-free survival ended by"),
        _text("FATALAE", "Fatal adverse events"),
        *SOURCE,
    )


def _no_concentration(record: Mapping[str, str]) -> str:
    return "below LLOQ" if record["BLQFL"] == "Y" else "no result"


def _kinetics(_: Plan) -> Columns:
    return (
        SUBJECT,
        _text("PARCAT1", "Assay"),
        _date("ADT", "Date"),
        _text("ATM", "Time"),
        _number("NFRLT", "Nominal day"),
        _number("AFRLT", "Days after infusion"),
        Column("AVAL", "Concentration", "number", 6, trimmed=True, empty=_no_concentration),
        _text("AVALU", "Unit"),
        _text("BLQFL", "Below LLOQ"),
        Column("LLOQ", "LLOQ", "number", 6, trimmed=True),
        _text("ANL01FL", "Used"),
        *SOURCE,
    )


def _kinetics_parameters(_: Plan) -> Columns:
    return (
        SUBJECT,
        _text("PARCAT1", "Assay"),
        _text("PARAMCD", "Code"),
        _text("PARAM", "Parameter"),
        Column("AVAL", "Value", "number", 2, trimmed=True, empty="NC"),
        _text("AVALU", "Unit"),
        _text("FLAG", "Flag"),
        _text("REASON", "Reason"),
    )


def _queries(_: Plan) -> Columns:
    return (
        _text("severity", "Severity"),
        _text("table", "Table"),
        _text("subject_id", "Subject"),
        _text("visit", "Visit"),
        _number("row", "Row"),
        _text("column", "Column"),
        _text("value", "Value"),
        _text("rule", "Rule"),
        _text("message", "Message"),
    )


_TRACED = (
    "Source: input table, column and row of the file that decide the record (the header is row 1)."
)


def _of_subjects(plan: Plan) -> Iterator[str]:
    yield from wording.remission(plan.response)
    yield (
        "In remission at baseline: U is unknown. Last known alive: at the data cut-off at the"
        " latest. TIS: Total Improvement Score; ULN: upper limit of normal."
    )
    yield _TRACED


def _of_durations(plan: Plan) -> Iterator[str]:
    yield from definitions.duration(plan)
    yield (
        "DOR: duration of response, subjects with remission. EFS: event-free survival, all infused."
        " CNSR: 0 is an event, 1 or more a reason for censoring. Months of"
        f" {plan.statistics.days_per_month:g} days."
    )
    yield _TRACED


def _of_improvement(plan: Plan) -> Iterator[str]:
    yield from wording.improvement(plan.response)
    yield from definitions.windows(plan)
    yield (
        "Improved is empty where there is no score; how such a subject counts is said above."
        " PARTIAL: the score lacks a light measure. TIS: Total Improvement Score."
    )
    yield _TRACED


def _of_assessments(plan: Plan) -> Iterator[str]:
    yield from wording.core_set(plan.response)
    yield from wording.remission(plan.response)
    yield from wording.recurrence(plan.response)
    yield (
        "Change: absolute percent change from baseline, of the range, better is positive. TIS:"
        " Total Improvement Score, the sum of the scores. TIS at best: missing light measures at"
        " their maximum. U: unknown, as items are missing. Changes and scores are of assessments"
        " after infusion."
    )
    yield wording.ABBREVIATIONS
    yield _TRACED


def _of_flares(plan: Plan) -> Iterator[str]:
    yield (
        "Loss of remission or worsening up to day"
        f" {plan.response.recurrence.early_flare_days} after infusion that the investigator did not"
        " record as recurrence or progression. For adjudication: no event of the analyses."
    )
    yield from wording.recurrence(plan.response)
    yield _TRACED


def _of_events(plan: Plan) -> Iterator[str]:
    rule = plan.safety
    yield (
        "Treatment-emergent: onset on or after the day of infusion. Imputed: D the day, M month and"
        " day, Y the whole date. Ongoing: without an end, neither recovered nor fatal."
    )
    yield (
        f"A missing CTCAE grade counts as {rule.missing_grade} in the sensitivity row only."
        f" ASTCT grades (Lee 2019): {rule.crs}, {rule.icans}. Prolonged cytopenia: grade"
        f" {rule.prolonged_cytopenia_grade} or more beyond day {rule.prolonged_cytopenia_day}."
        " Worst of the term: first event of the subject's worst grade in it."
    )
    yield "AESI: adverse event of special interest; DLT: dose-limiting toxicity."
    yield _TRACED


def _of_deaths(plan: Plan) -> Iterator[str]:
    yield from definitions.duration(plan)
    yield _TRACED


def _of_samples(plan: Plan) -> Iterator[str]:
    yield (
        "LLOQ: lower limit of quantification; below it: marked so, a value of 0, or one below the"
        f" limit. Used: of the parameters, every result up to day {plan.kinetics.last_day}."
    )
    yield definitions.elapsed_days()
    yield _TRACED


def _of_kinetics(plan: Plan) -> Iterator[str]:
    rule = plan.kinetics
    yield (
        f"Non-compartmental, {rule.method} trapezoids, of the samples in the listing of"
        " concentrations, by subject and assay. NC: not calculable."
    )
    spans = listed(
        [f"day {area.day}: at most {area.extrapolation_days} days before" for area in rule.auc]
    )
    yield f"Extrapolated where the last sample is quantifiable and late enough ({spans})."


def _of_queries(_: Plan) -> Iterator[str]:
    yield "Findings of the checks of the input tables, before the data cut-off. Row: of the file."


#: In the order of their numbers, which do not change when a listing is absent.
LISTINGS = (
    Listing("subjects", "Subjects", "ADSL", _subjects, _of_subjects),
    Listing(
        "duration",
        "Duration of response and event-free survival",
        "ADTTE",
        _duration,
        _of_durations,
    ),
    Listing("improvement", "Improvement at each visit", "ADRS", _improvement, _of_improvement),
    Listing("assessments", "Assessments", "ADRS", _assessments, _of_assessments),
    Listing("flares", "Early flares, for adjudication", "ADRS", _flares, _of_flares),
    Listing(
        "adverse_events",
        "Adverse events",
        "ADAE",
        _adverse_events,
        _of_events,
        "adverse_events",
    ),
    Listing("deaths", "Deaths", "ADSL, ADTTE, ADAE", _deaths, _of_deaths),
    Listing("kinetics", "Concentrations of the cells", "ADPC", _kinetics, _of_samples, "kinetics"),
    Listing(
        "kinetics_parameters",
        "Parameters of cellular kinetics",
        "ADPP",
        _kinetics_parameters,
        _of_kinetics,
        "kinetics",
    ),
    Listing("queries", "Findings in the data", "queries.csv", _queries, _of_queries),
)


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/`` and ``queries.csv``; write ``listings/``."""
    from durable.display.listings_records import records
    from durable.files import write_csv

    for listing in LISTINGS:
        frame = records(listing.name, folder, plan.statistics.days_per_month)
        if frame is not None:
            names = [column.name for column in listing.columns(plan)]
            write_csv(folder / "listings" / listing.file, frame[names])
