"""``l_narratives``: what the narrative of each serious adverse event and each death needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from durable.jdm.parameters import SCORE
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
    date,
    imputed_flags,
    number,
    text,
)
from durable.plan import Plan

#: What a narrative is of.
SERIOUS, FATAL = "serious adverse event", "fatal adverse event not recorded as serious"
DEATH = "death"
#: What stands in place of what a study does not hand over.
NO_THERAPIES, NO_EVENTS = "no table of therapies", "no table of adverse events"
_SUBJECT = "Subject and infusion"
_EVENT = "Event"
_COURSE = "Therapies, response and outcome"
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
#: Columns that only a study with visits has.
_OF_ASSESSMENTS = ("BESTSCOR", "BESTDT", "BESTLVL", "REMSTAT", "REMSTDT")


def _records(folder: ResultsFolder, _: Plan) -> pd.DataFrame:
    adsl = folder.dataset("adsl")
    cases = _cases(folder, adsl.loc[adsl["DTHFL"] == "Y"])
    there = [*_OF_SUBJECTS, *(flag.name for flag in _IMPUTED if flag.name in adsl)]
    cases = cases.merge(adsl[["USUBJID", *there]], on="USUBJID", how="left", validate="m:1")
    event = cases["AEID"].notna()
    cases["ADT"] = pd.to_datetime(cases["ASTDT"].where(event, cases["DTHDT"]))
    cases["ADY"] = cases["ASTDY"].where(event, cases["DTHDY"]).astype("Int64")
    cases = cases.sort_values(["USUBJID", "ADT", "KIND", "SRCSEQ"], ignore_index=True)
    return cases.assign(
        **_therapies(cases, folder.input_table("therapies")),
        **(_response(cases, folder) if "adrs" in folder.names else {}),
        OTHSAE=_other_events(cases) if "adae" in folder.names else NO_EVENTS,
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
        return {"THERAPY": NO_THERAPIES, "NEWTHER": NO_THERAPIES}
    given = (
        cases[["SUBJID", "ADT", "TRTSDT"]]
        .reset_index()
        .merge(therapies, left_on="SUBJID", right_on="subject_id")
    )
    given = given.sort_values(["index", "start_date", "therapy"])
    starts, ends = given["start_date"].dt.strftime("%Y-%m-%d"), given["end_date"]
    until = ends.dt.strftime(" to %Y-%m-%d").fillna(", ongoing")
    given["text"] = given["therapy"] + " (" + starts + until + ")"
    on_the_day = (given["start_date"] <= given["ADT"]) & ~(ends < given["ADT"])
    new = (given["new_systemic"] == "Y") & (given["start_date"] >= given["TRTSDT"])
    return {
        "THERAPY": _joined(given.loc[on_the_day], cases),
        "NEWTHER": _joined(given.loc[new], cases),
    }


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
    day = events["ASTDY"].map(lambda day: "" if pd.isna(day) else f" (day {day:.0f})")
    events["text"] = events["AEDECOD"] + day
    pairs = cases[["USUBJID"]].reset_index().merge(events, on="USUBJID", suffixes=("", "_other"))
    return _joined(pairs.loc[pairs["index"] != pairs["index_other"]], cases)


def _joined(texts: pd.DataFrame, cases: pd.DataFrame) -> pd.Series[Any]:
    """The texts of each case in one; missing where it has none."""
    joined = texts.groupby("index", sort=False)["text"].agg("; ".join).astype(object)
    return joined.reindex(cases.index)


def _not_recorded(record: Mapping[str, str]) -> str:
    return "not recorded" if record["AEID"] else ""


def _of_infused(nothing: str) -> Callable[[Mapping[str, str]], str]:
    """What is shown where there is no value, of a column that only the infused have."""
    return lambda record: nothing if record["TRTSDT"] else "not infused"


def _recorded(name: str, label: str) -> Column:
    """A column of what is recorded of an event, which says so where nothing is."""
    return Column(name, label, empty=_not_recorded)


def _in_part(part: str, *columns: Column) -> Columns:
    return tuple(replace(column, part=part) for column in columns)


def _columns(_: Plan) -> Columns:
    return (
        SUBJECT,
        text("KIND", "Narrative of"),
        text("AEDECOD", "Preferred term"),
        date("ADT", "Onset, or death"),
        STUDY_DAY,
        *_in_part(
            _SUBJECT,
            *GROUPS,
            number("AGE", "Age (years)"),
            text("SEX", "Sex"),
            number("CELLSKG", "Cells per kg"),
            INFUSION,
        ),
        *_in_part(
            _EVENT,
            text("AEID", "Event"),
            text("AETERM", "Term as reported"),
            text("AEBODSYS", "System organ class"),
            text("ASTDTF", "Onset imputed"),
            date("AENDT", "End"),
            text("AENDTF", "End imputed"),
            number("ADURN", "Duration (days)"),
            Column("AETOXGR", "CTCAE grade", "number", empty=_not_recorded),
            number("ASTCTGR", "ASTCT grade"),
            _recorded("AESER", "Serious"),
            _recorded("AEREL", "Related"),
            _recorded("AEDLT", "DLT"),
            text("AESI", "AESI"),
            _recorded("AEOUT", "Outcome"),
            text("ONGOFL", "Ongoing"),
            text("APHASE", "Phase"),
            text("TRTEMFL", "Treatment-emergent"),
        ),
        *_in_part(_COURSE, *_course_columns()),
    )


def _course_columns() -> Columns:
    """Treatment and response up to the event, and what became of the subject."""
    return (
        Column("THERAPY", "Therapies on that day", empty="none recorded"),
        Column(
            "NEWTHER",
            "New systemic therapies since infusion",
            empty=_of_infused("none recorded"),
        ),
        number("BESTSCOR", f"Best {SCORE.paramcd} by then"),
        date("BESTDT", f"Date of best {SCORE.paramcd}"),
        text("BESTLVL", f"{SCORE.paramcd} response category"),
        Column(
            "REMSTAT",
            "In remission at last assessment by then",
            empty=_of_infused("not assessed"),
        ),
        date("REMSTDT", "Date of that assessment"),
        Column("OTHSAE", "Other serious or fatal events", empty="none"),
        date("LSTALVDT", "Last known alive"),
        date("EOSDT", "Withdrawal"),
        text("DCSREAS", "Reason for withdrawal"),
        date("DTHDT", "Death"),
        number("DTHDY", "Study day of death"),
    )


_EVENTS = (
    "One record for each adverse event that is recorded as serious or is fatal (grade 5 or fatal"
    " outcome), whenever it began, and one for each death. Imputed: D day, M month and day, Y the"
    " complete date. Study day: day 1 is the day of infusion.",
    "Therapies on that day: those that had begun and not ended on the day of onset or death."
    " New systemic therapies: as recorded, begun on or after the day of infusion.",
)
_ABBREVIATIONS = (
    "AESI: adverse event of special interest; ASTCT: American Society for Transplantation and"
    " Cellular Therapy; CTCAE: Common Terminology Criteria for Adverse Events; DLT: dose-limiting"
    " toxicity."
)


def _notes(_: Plan) -> tuple[str, ...]:
    return (
        *_EVENTS,
        f"By then: on or before the day of onset or death. Best {SCORE.paramcd}: the highest, the"
        " earliest of equal ones, also after new systemic therapy. In remission: status of the last"
        f" assessment (Y, N; U: unknown). {SCORE.paramcd}: {SCORE.label}.",
        _ABBREVIATIONS,
    )


LISTING = Listing(
    name="narratives",
    title="Serious adverse events and deaths: data for narratives",
    source="ADSL, ADAE, ADRS, therapies",
    variables=_columns,
    notes=_notes,
    imputed=_in_part(_COURSE, *_IMPUTED),
    of_assessments=_OF_ASSESSMENTS,
    without_assessments=lambda _: (*_EVENTS, _ABBREVIATIONS),
    records=_records,
    by=(SUBJECT.name, "KIND", "AEDECOD"),
    blocks=True,
)
