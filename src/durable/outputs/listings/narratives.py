"""``l_narratives``: what the narrative of each serious adverse event and each death needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from durable.contracts.words import shown_outcome
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.datasets import ResultsFolder
from durable.outputs.incidence import fatal_events
from durable.outputs.listings.listing import (
    GROUPS,
    INFUSION,
    STUDY_DAY,
    SUBJECT,
    Column,
    Columns,
    Listing,
    category_label,
    coded_text,
    date,
    imputed_flags,
    number,
    text,
)
from durable.plan import Plan
from durable.vocabulary import translate_coded
from durable.wording import clauses

#: What a narrative is of.
SERIOUS = N_("serious adverse event")
FATAL = N_("fatal adverse event not recorded as serious")
DEATH = N_("death")
#: What stands in place of what a study does not hand over.
NO_THERAPIES, NO_EVENTS = N_("no table of therapies"), N_("no table of adverse events")
_SUBJECT = N_("Subject and infusion")
_EVENT = N_("Event")
_COURSE = N_("Therapies, response and outcome")
#: Variables of ADAE that a narrative gives as they are.
_OF_EVENTS = (
    *("AEID", "AETERM", "AEDECOD", "AEBODSYS", "ASTDT", "ASTDTF", "ASTDY", "AENDT", "AENDTF"),
    *("ADURN", "AETOXGR", "ASTCTGR", "AESER", "AEREL", "AEDLT", "AESI", "AEOUT", "ONGOFL"),
    *("APHASE", "TRTEMFL"),
)
_OF_SUBJECTS = (
    *("SUBJID", "PART", "DOSELVL", "AGE", "SEX", "CELLSKG", "TRTSDT"),
    *("LSTALVDT", "EOSDT", "DCSREAS", "DTHDT", "DTHDY"),
)
_IMPUTED = imputed_flags("LSTALVDT", "EOSDT", "DTHDT")
_TRACE = ["SRCDOM", "SRCVAR", "SRCSEQ"]
_OF_THERAPIES = ("therapy", "start_date", "end_date")
#: Columns that only a study with visits has.
_OF_ASSESSMENTS = ("BESTSCOR", "BESTDT", "BESTLVL", "REMSTAT", "REMSTDT")


def _records(folder: ResultsFolder, _plan: Plan) -> pd.DataFrame:
    adsl = folder.dataset("adsl")
    cases = _cases(folder, adsl.loc[adsl["DTHFL"] == "Y"])
    variables = [*_OF_SUBJECTS, *(flag.name for flag in _IMPUTED if flag.name in adsl)]
    cases = cases.merge(adsl[["USUBJID", *variables]], on="USUBJID", how="left", validate="m:1")
    event = cases["AEID"].notna()
    cases["ADT"] = pd.to_datetime(cases["ASTDT"].where(event, cases["DTHDT"]))
    cases["ADY"] = cases["ASTDY"].where(event, cases["DTHDY"]).astype("Int64")
    cases = cases.sort_values(["USUBJID", "ADT", "KIND", "SRCSEQ"], ignore_index=True)
    return cases.assign(
        **_therapies(cases, folder.input_table("therapies")),
        **(_response(cases, folder) if "adrs" in folder.names else {}),
        OTHSAE=_other_events(cases) if "adae" in folder.names else _(NO_EVENTS),
    )


def _cases(folder: ResultsFolder, died: pd.DataFrame) -> pd.DataFrame:
    """A row for each event that is serious or fatal, then one without an event for each death."""
    columns = ["USUBJID", *_OF_EVENTS, *_TRACE]
    events = pd.DataFrame(columns=columns, dtype=object)
    if "adae" in folder.names:
        adae = folder.dataset("adae")
        events = adae.loc[(adae["AESER"] == "Y") | fatal_events(adae), columns]
    n = len(events)
    cases = events.reset_index(drop=True).reindex(range(n + len(died)))
    deaths = died.assign(SRCVAR="death_date")
    for name in ("USUBJID", *_TRACE):
        cases.loc[n:, name] = deaths[name].to_numpy()
    kind = cases["AESER"].eq("Y").map({True: SERIOUS, False: FATAL})
    return cases.assign(KIND=kind.where(cases["AEID"].notna(), DEATH))


def _therapies(cases: pd.DataFrame, therapies: pd.DataFrame | None) -> dict[str, Any]:
    """Therapies on the day of onset or death, and new systemic ones since the infusion."""
    if therapies is None:
        return dict.fromkeys(("THERAPY", "NEWTHER"), _(NO_THERAPIES))
    of_cases = (
        cases[["SUBJID", "ADT", "TRTSDT"]]
        .reset_index()
        .merge(therapies, left_on="SUBJID", right_on="subject_id")
    )
    of_cases = of_cases.sort_values(["index", "start_date", "therapy"])
    of_cases["text"] = [
        _therapy(*therapy) for therapy in zip(*map(of_cases.get, _OF_THERAPIES), strict=True)
    ]
    start, end = of_cases["start_date"], of_cases["end_date"]
    on_the_day = (start <= of_cases["ADT"]) & ~(end < of_cases["ADT"])
    new = (of_cases["new_systemic"] == "Y") & (start >= of_cases["TRTSDT"])
    return {
        "THERAPY": _case_texts(of_cases.loc[on_the_day], cases),
        "NEWTHER": _case_texts(of_cases.loc[new], cases),
    }


def _therapy(name: str, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """A therapy with its dates."""
    if pd.isna(end):
        return _("{therapy} ({start:%Y-%m-%d}, ongoing)").format(therapy=name, start=start)
    form = _("{therapy} ({start:%Y-%m-%d} to {end:%Y-%m-%d})")
    return form.format(therapy=name, start=start, end=end)


def _response(cases: pd.DataFrame, folder: ResultsFolder) -> dict[str, pd.Series[Any]]:
    """Best score and last known status of remission, up to the day of onset or death."""
    columns = ["USUBJID", "PARAMCD", "ADT", "AVAL", "AVALC"]
    adrs = folder.records("adrs", columns, {"PARAMCD": [SCORE.paramcd, "REMIS"]})
    adrs = adrs.astype({"USUBJID": object, "PARAMCD": object, "AVALC": object})
    seen = (
        cases[["USUBJID", "ADT"]]
        .reset_index()
        .merge(adrs.rename(columns={"ADT": "SEEN"}), on="USUBJID")
    )
    seen = seen.loc[seen["SEEN"] <= seen["ADT"]]
    scored = seen.loc[(seen["PARAMCD"] == SCORE.paramcd) & seen["AVAL"].notna()]
    best = scored.sort_values(["AVAL", "SEEN"], ascending=[False, True])
    best = best.drop_duplicates("index").set_index("index").reindex(cases.index)
    last = seen.loc[seen["PARAMCD"] == "REMIS"].sort_values("SEEN")
    last = last.drop_duplicates("index", keep="last").set_index("index").reindex(cases.index)
    return {
        "BESTSCOR": best["AVAL"],
        "BESTDT": best["SEEN"],
        "BESTLVL": best["AVALC"],
        "REMSTAT": last["AVALC"],
        "REMSTDT": last["SEEN"],
    }


def _other_events(cases: pd.DataFrame) -> pd.Series[Any]:
    """The other serious or fatal events of the subject, each with the study day of its onset."""
    events = cases.loc[cases["AEID"].notna(), ["USUBJID", "AEDECOD", "ASTDY"]].reset_index()
    events["text"] = [*map(_other_event, events["AEDECOD"], events["ASTDY"])]
    pairs = cases[["USUBJID"]].reset_index().merge(events, on="USUBJID", suffixes=("", "_other"))
    return _case_texts(pairs.loc[pairs["index"] != pairs["index_other"]], cases)


def _other_event(term: str, day: float) -> str:
    return term if pd.isna(day) else _("{term} (day {day:.0f})").format(term=term, day=day)


def _case_texts(texts: pd.DataFrame, cases: pd.DataFrame) -> pd.Series[Any]:
    """The texts of each case in one; missing where it has none."""
    of_cases = texts.groupby("index", sort=False)["text"]
    joined = of_cases.agg(lambda of_case: clauses([*of_case])).astype(object)
    return joined.reindex(cases.index)


def _not_recorded(record: Mapping[str, str]) -> str:
    return _("not recorded") if record["AEID"] else ""


def _empty_text(nothing: str) -> Callable[[Mapping[str, str]], str]:
    """What is shown where there is no value, of a column that only the infused have."""
    return lambda record: _(nothing) if record["TRTSDT"] else _("not infused")


def _event_column(name: str, label: str) -> Column:
    """A column of what is recorded of an event, which says so where nothing is."""
    return Column(name, label, empty=_not_recorded, shown=translate_coded)


def _part_columns(part: str, *columns: Column) -> Columns:
    return tuple(replace(column, part=part) for column in columns)


def _columns(_plan: Plan) -> Columns:
    return (
        SUBJECT,
        Column("KIND", N_("Narrative of"), shown=lambda kind: _(kind)),
        text("AEDECOD", N_("Preferred term")),
        date("ADT", N_("Onset, or death")),
        STUDY_DAY,
        *_part_columns(
            _SUBJECT,
            *GROUPS,
            number("AGE", N_("Age (years)")),
            text("SEX", N_("Sex")),
            number("CELLSKG", N_("Cells per kg")),
            INFUSION,
        ),
        *_part_columns(
            _EVENT,
            text("AEID", N_("Event")),
            text("AETERM", N_("Term as reported")),
            text("AEBODSYS", N_("System organ class")),
            text("ASTDTF", N_("Onset imputed")),
            date("AENDT", N_("End")),
            text("AENDTF", N_("End imputed")),
            number("ADURN", N_("Duration (days)")),
            Column("AETOXGR", N_("CTCAE grade"), "number", empty=_not_recorded),
            number("ASTCTGR", N_("ASTCT grade")),
            _event_column("AESER", N_("Serious")),
            _event_column("AEREL", N_("Related")),
            _event_column("AEDLT", "DLT"),
            text("AESI", "AESI"),
            Column("AEOUT", N_("Outcome"), empty=_not_recorded, shown=shown_outcome),
            coded_text("ONGOFL", N_("Ongoing")),
            coded_text("APHASE", N_("Phase")),
            coded_text("TRTEMFL", N_("Treatment-emergent")),
        ),
        *_part_columns(_COURSE, *_course_columns()),
    )


def _course_columns() -> Columns:
    """Treatment and response up to the event, and what became of the subject."""
    return (
        Column("THERAPY", N_("Therapies on that day"), empty=N_("none recorded")),
        Column(
            "NEWTHER",
            N_("New systemic therapies since infusion"),
            empty=_empty_text(N_("none recorded")),
        ),
        number("BESTSCOR", _("Best {score} by then").format(score=SCORE.paramcd)),
        date("BESTDT", _("Date of best {score}").format(score=SCORE.paramcd)),
        coded_text("BESTLVL", category_label()),
        Column(
            "REMSTAT",
            N_("In remission at last assessment by then"),
            empty=_empty_text(N_("not assessed")),
            shown=translate_coded,
        ),
        date("REMSTDT", N_("Date of that assessment")),
        Column("OTHSAE", N_("Other serious or fatal events"), empty=N_("none")),
        date("LSTALVDT", N_("Last known alive")),
        date("EOSDT", N_("Withdrawal")),
        text("DCSREAS", N_("Reason for withdrawal")),
        date("DTHDT", N_("Death")),
        number("DTHDY", N_("Study day of death")),
    )


_EVENTS = (
    N_(
        "One record for each adverse event that is recorded as serious or is fatal (grade 5 or"
        " fatal outcome), whenever it began, and one for each death. Imputed: D day, M month and"
        " day, Y the complete date. Study day: day 1 is the day of infusion."
    ),
    N_(
        "Therapies on that day: those that had begun and not ended on the day of onset or death."
        " New systemic therapies: as recorded, begun on or after the day of infusion."
    ),
)
_ABBREVIATIONS = N_(
    "AESI: adverse event of special interest; ASTCT: American Society for Transplantation and"
    " Cellular Therapy; CTCAE: Common Terminology Criteria for Adverse Events; DLT: dose-limiting"
    " toxicity."
)


def _notes(_plan: Plan) -> tuple[str, ...]:
    return (
        *map(_, _EVENTS),
        _(
            "By then: on or before the day of onset or death. Best {code}: the highest, the"
            " earliest of equal ones, also after new systemic therapy. In remission: status of the"
            " last assessment (Y, N; U: unknown). {code}: {score}."
        ).format(code=SCORE.paramcd, score=_(SCORE.label)),
        _(_ABBREVIATIONS),
    )


LISTING = Listing(
    name="narratives",
    title=N_("Serious adverse events and deaths: data for narratives"),
    source="ADSL, ADAE, ADRS, therapies",
    variables=_columns,
    notes=_notes,
    imputed=_part_columns(_COURSE, *_IMPUTED),
    of_assessments=_OF_ASSESSMENTS,
    without_assessments=lambda _plan: (*map(_, _EVENTS), _(_ABBREVIATIONS)),
    records=_records,
    by=(SUBJECT.name, "KIND", "AEDECOD"),
    blocks=True,
)
