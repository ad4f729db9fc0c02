"""Contract of ADAE, the adverse event dataset: its columns depend on the configured windows."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

from durable.contracts.adam import _count, _date, _flag, _number, _source, _text

#: How much of a date was imputed (CDISC date imputation flag): the day, month and day, all of it.
IMPUTED = ["D", "M", "Y"]
#: What an outcome says, by its word (`contracts.words`).
OUTCOME_CLASSES = ["RECOVERED", "NOT RECOVERED", "FATAL", "UNKNOWN"]
BEFORE_LYMPHODEPLETION = "BEFORE LYMPHODEPLETION"
#: From the day of lymphodepletion to the day before the infusion.
LYMPHODEPLETION = "LYMPHODEPLETION"
#: Before the infusion of a subject whose lymphodepletion has no date.
BEFORE_INFUSION = "BEFORE INFUSION"
AFTER_INFUSION = "AFTER INFUSION"
PHASES = [BEFORE_LYMPHODEPLETION, LYMPHODEPLETION, BEFORE_INFUSION, AFTER_INFUSION]


def window_flag(days: int) -> str:
    """Name of the flag of a window: ``W28FL``."""
    return f"W{days}FL"


def _grade(label: str) -> Any:
    return _count(label, pa.Check.in_range(1, 5), null=True)


def _occurrence(label: str) -> Any:
    return _text(label, null=True, isin=["Y"])


def _given_flag(label: str) -> Any:
    return _text(label, null=True, isin=["Y", "N"])


def _only_where(flag: str, of: str) -> Any:
    return pa.Check(
        lambda frame: (frame[flag] != "Y") | (frame[of] == "Y"),
        error=f"{flag} is Y only where {of} is",
    )


def adae(windows: tuple[int, ...]) -> pa.DataFrameSchema:
    """The contract, with a flag for each window (days after infusion)."""
    flags = [window_flag(days) for days in windows]
    return pa.DataFrameSchema(
        {
            "STUDYID": _text("Study identifier"),
            "USUBJID": _text("Unique subject identifier"),
            "AESEQ": _count("Sequence number within the subject", pa.Check.ge(1)),
            "AEID": _text("Identifier of the event as recorded"),
            "PART": _text("Part of the study", null=True),
            "DOSELVL": _text("Dose level", null=True),
            "AETERM": _text("Event as reported", null=True),
            "AEDECOD": _text("Preferred term"),
            "AEBODSYS": _text("System organ class"),
            "ASTDT": _date("Start date"),
            "ASTDTF": _text("Start date imputed: day, month, year", null=True, isin=IMPUTED),
            "AENDT": _date("End date; missing = ongoing or unknown"),
            "AENDTF": _text("End date imputed: day, month, year", null=True, isin=IMPUTED),
            "ASTDY": _count("Study day of the start", pa.Check.ne(0), null=True),
            "AENDY": _count("Study day of the end", pa.Check.ne(0), null=True),
            "ADAY": _count("Days from infusion to the start", null=True),
            "ADURN": _number("Duration in days: AENDT - ASTDT + 1", pa.Check.ge(1)),
            "AETOXGR": _grade("CTCAE grade"),
            "ASTCTGR": _grade("ASTCT grade (CRS, ICANS)"),
            "AESER": _given_flag("Serious"),
            "AEREL": _given_flag("Related to the treatment"),
            "AEDLT": _given_flag("Dose-limiting toxicity"),
            "AESI": _text("Adverse event of special interest", null=True),
            "AEOUT": _text("Outcome", null=True),
            "AOUT": _text("Outcome, class of the recorded word", null=True, isin=OUTCOME_CLASSES),
            "ONGOFL": _flag("Ongoing at data cut-off or death"),
            "APHASE": _text("Phase of the onset", null=True, isin=PHASES),
            "TRTEMFL": _flag("Treatment-emergent"),
            "PRETRTFL": _flag("Onset before infusion, or never infused"),
            "PROLCYFL": _flag("Prolonged cytopenia"),
            **{
                flag: _flag(f"Treatment-emergent to day {days}")
                for flag, days in zip(flags, windows, strict=True)
            },
            "AOCCIFL": _occurrence("First worst grade of the subject"),
            "AOCCSIFL": _occurrence("First worst grade in the SOC"),
            "AOCCPIFL": _occurrence("First worst grade of the preferred term"),
            **_source(["adverse_events"]),
        },
        checks=[
            _only_where(flag, "TRTEMFL")
            for flag in (*flags, "PROLCYFL", "AOCCIFL", "AOCCSIFL", "AOCCPIFL")
        ],
        title="Adverse event analysis dataset",
        unique=["USUBJID", "AESEQ"],
        strict=True,
        ordered=True,
    )
