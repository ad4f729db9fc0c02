"""Contracts of the ADaM datasets: type, label and rule of every variable (CDISC ADaM names)."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

from durable.jdm.parameters import ATTAINABLE_SCORE, ENZYME_AT_BASELINE, ENZYME_FOLLOWED

DATE = "datetime64[ns]"
TRACE = "Source of the record: "


def _text(label: str, *, null: bool = False, isin: list[str] | None = None) -> Any:
    checks = [pa.Check.isin(isin)] if isin else None
    return pa.Column(object, checks, nullable=null, title=label)


def _flag(label: str) -> Any:
    return _text(label, isin=["Y", "N"])


def _unknown_flag(label: str) -> Any:
    return _text(label, isin=["Y", "N", "U"])


def _date(label: str, *, null: bool = True) -> Any:
    return pa.Column(DATE, nullable=null, title=label)


def _number(label: str, *checks: Any, null: bool = True) -> Any:
    return pa.Column("float64", list(checks), nullable=null, title=label)


def _count(label: str, *checks: Any, null: bool = False) -> Any:
    return pa.Column("Int64" if null else "int64", list(checks), nullable=null, title=label)


def _source(domain: list[str]) -> dict[str, Any]:
    return {
        "SRCDOM": _text(TRACE + "input table", null=True, isin=domain),
        "SRCVAR": _text(TRACE + "column", null=True),
        "SRCSEQ": _count(TRACE + "row of the file", null=True),
    }


ADSL = pa.DataFrameSchema(
    {
        "STUDYID": _text("Study identifier"),
        "USUBJID": _text("Unique subject identifier"),
        "SUBJID": _text("Subject identifier"),
        "PART": _text("Part of the study", null=True),
        "DOSELVL": _text("Dose level", null=True),
        "CELLSKG": _number("Cells infused per kg"),
        "SEX": _text("Sex", null=True),
        "AGE": _number("Age (years)"),
        "RFICDT": _date("Date of informed consent"),
        "LDDT": _date("Date of lymphodepletion"),
        "TRTSDT": _date("Date of infusion"),
        "LSTALVDT": _date("Date last known alive"),
        "DTHDT": _date("Date of death"),
        "EOSDT": _date("Date of withdrawal"),
        "DCSREAS": _text("Reason for withdrawal", null=True),
        "CUTDT": _date("Data cut-off", null=False),
        "CUTDY": _count("Study day of the data cut-off", null=True),
        "DTHDY": _count("Study day of death", null=True),
        "ENRLFL": _flag("Consented"),
        "LDFL": _flag("Lymphodepleted"),
        "SAFFL": _flag("Infused: all-infused set"),
        "REMFL": _flag("Remission set: in remission once"),
        "DTHFL": _flag("Died"),
        "BLDT": _date("Date of the baseline assessment"),
        ENZYME_FOLLOWED.name: _text(ENZYME_FOLLOWED.label, null=True),
        ENZYME_AT_BASELINE.name: _number(ENZYME_AT_BASELINE.label),
        ATTAINABLE_SCORE.name: _number(ATTAINABLE_SCORE.label, pa.Check.in_range(0, 100)),
        "BLREMFL": _unknown_flag("Already in remission at baseline"),
        "REMSDT": _date("Date of first remission"),
        "NSTDT": _date("Date of first new systemic therapy"),
        "NSTPREFL": _flag("New therapy before first remission"),
        **_source(["subjects"]),
    },
    title="Subject-level analysis dataset",
    unique=["USUBJID"],
    strict=True,
    ordered=True,
)

ADRS = pa.DataFrameSchema(
    {
        "STUDYID": _text("Study identifier"),
        "USUBJID": _text("Unique subject identifier"),
        "ASEQ": _count("Sequence number within the subject", pa.Check.ge(1)),
        "PARAMCD": _text("Parameter code"),
        "PARAM": _text("Parameter"),
        "VISIT": _text("Visit as recorded", null=True),
        "AVISIT": _text("Analysis visit", null=True),
        "ADT": _date("Date of the assessment"),
        "ADY": _count("Study day of the assessment", null=True),
        "AWTARGET": _count("Target day of the analysis visit", null=True),
        "AWTDIFF": _count("Days between assessment and target", null=True),
        "AVAL": _number("Analysis value"),
        "AVALC": _text("Analysis value, text", null=True),
        "BASE": _number("Baseline of the measure"),
        "ABLFL": _text("Baseline assessment", null=True, isin=["Y"]),
        "ANL01FL": _text("Record used for the analysis visit", null=True, isin=["Y"]),
        "REASON": _text("Why no value, or what is special", null=True),
        **_source(["visits"]),
    },
    title="Response analysis dataset",
    unique=["USUBJID", "ASEQ"],
    strict=True,
    ordered=True,
)


def with_categories(contract: Any) -> Any:
    """The contract of the same dataset with its text as categories."""
    text = [name for name, column in contract.columns.items() if str(column.dtype) == "object"]
    return contract.update_columns({name: {"dtype": "category"} for name in text})


ADTTE = pa.DataFrameSchema(
    {
        "STUDYID": _text("Study identifier"),
        "USUBJID": _text("Unique subject identifier"),
        "PARAMCD": _text("Parameter code", isin=["DOR", "EFS"]),
        "PARAM": _text("Parameter"),
        "STARTDT": _date("Origin of the duration", null=False),
        "ADT": _date("Date of event or censoring", null=False),
        "AVAL": _number("Duration in days: ADT - STARTDT + 1", pa.Check.ge(1), null=False),
        "AVALU": _text("Unit of AVAL", isin=["DAYS"]),
        "CNSR": _count("Censor (0 = event)", pa.Check.in_range(0, 9)),
        "EVNTDESC": _text("Event or reason for censoring"),
        "CNSDTDSC": _text("What the date of censoring is", null=True),
        "LOWDT": _date("Last date known free of the event"),
        **_source(["visits", "subjects", "therapies"]),
    },
    checks=[
        pa.Check(
            lambda frame: (frame["ADT"] - frame["STARTDT"]).dt.days + 1 == frame["AVAL"],
            error="AVAL is ADT - STARTDT + 1",
        ),
        pa.Check(
            lambda frame: frame["CNSDTDSC"].isna() == (frame["CNSR"] == 0),
            error="CNSDTDSC is given exactly for censored records",
        ),
    ],
    title="Time-to-event analysis dataset",
    unique=["USUBJID", "PARAMCD"],
    strict=True,
    ordered=True,
)


def of_analyses(contract: Any) -> Any:
    """The contract of such a dataset of several analyses, one under the other, ANALYSIS first."""
    return pa.DataFrameSchema(
        {"ANALYSIS": _text("Analysis"), **contract.columns},
        checks=contract.checks,
        title=contract.title,
        unique=["ANALYSIS", *contract.unique],
        strict=True,
        ordered=True,
    )
