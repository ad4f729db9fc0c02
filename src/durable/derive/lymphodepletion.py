"""Stage ``lymphodepletion``: ADEX, the doses of lymphodepletion by subject and medicine.

Doses are added up over the days before the infusion; one of the day of infusion or later is found
by the checks and not counted. The rules are in docs/exposure.md.
"""

from __future__ import annotations

from math import fsum
from pathlib import Path

import pandas as pd

from durable.contracts.adam.adex import ADEX
from durable.contracts.spelling import fold
from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.variables import study_day
from durable.files import write_parquet
from durable.plan import Plan

_MEDICINE = ["subject_id", "same"]


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``validated/lymphodepletion``; write ``adam/adex``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    doses = pd.read_parquet(folder / "validated" / "lymphodepletion.parquet")
    doses = with_usubjid(doses, unique_identifiers(folder, plan.study.id))
    write_parquet(folder / "adam" / "adex.parquet", ADEX.validate(derive(adsl, doses)))


def derive(adsl: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """ADEX: total dose before the infusion, by subject and medicine; NaN if one is not recorded.

    Doses of the day of infusion or later are left out, and those of subjects that ADSL lacks. All
    doses of a subject who was not infused count, and one without a date.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    doses
        Validated table after the data cut-off, with USUBJID as ``subject_id``; a medicine has one
        unit, which the checks see to.
    """
    subjects = adsl.set_index("USUBJID")
    rows = _doses_before_infusion(doses, subjects)
    codes = {
        same: f"LD{position:02d}" for position, same in enumerate(sorted({*rows["same"]}), start=1)
    }
    names = _usual_names(rows)
    totals = rows.groupby(_MEDICINE, sort=True, as_index=False).agg(
        first=("administration_date", "min"),
        last=("administration_date", "max"),
        days=("administration_date", "nunique"),
        total=("dose", fsum),
        unit=("unit", "first"),
        row=("source_row", "first"),
    )
    subject_variables = subjects.reindex(totals["subject_id"]).reset_index(names="USUBJID")
    medicine, unit = totals["same"].map(names).astype(object), totals["unit"].astype(object)
    dataset = pd.DataFrame(
        {
            **{name: subject_variables[name] for name in ("STUDYID", "USUBJID", "SUBJID")},
            "TRTP": subject_variables["TRT01P"],
            "TRTA": subject_variables["TRT01A"],
            **{name: subject_variables[name] for name in ("PART", "DOSELVL")},
            "ASEQ": totals.groupby("subject_id").cumcount().astype("int64") + 1,
            "PARAM": "Total dose of " + medicine + " (" + unit + ")",
            "PARAMCD": totals["same"].map(codes),
            "EXTRT": medicine,
            "ASTDT": totals["first"].astype("datetime64[ns]"),
            "AENDT": totals["last"].astype("datetime64[ns]"),
            "ASTDY": study_day(totals["first"], subject_variables["TRTSDT"]),
            "AENDY": study_day(totals["last"], subject_variables["TRTSDT"]),
            "NDAYS": totals["days"].astype("int64"),
            "AVAL": totals["total"].astype("float64"),
            "AVALU": unit,
            "SRCDOM": "lymphodepletion",
            "SRCVAR": "dose",
            "SRCSEQ": totals["row"].astype("int64"),
        }
    )
    # Without a record nothing says that these are text.
    text = [name for name, column in ADEX.columns.items() if str(column.dtype) == "object"]
    frame = dataset.astype(dict.fromkeys(text, object))
    return frame.assign(**{name: frame[name].mask(frame[name].isna(), None) for name in text})


def _doses_before_infusion(doses: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """The records before the infusion by date, each with its medicine in one spelling."""
    rows = doses.astype(dict.fromkeys(("subject_id", "medicine", "unit"), object))
    infusion = rows["subject_id"].map(subjects["TRTSDT"]).astype("datetime64[ns]")
    before = ~(rows["administration_date"] >= infusion) & rows["subject_id"].isin(subjects.index)
    rows = rows.loc[before].sort_values(["administration_date", "source_row"], ignore_index=True)
    return rows.assign(same=rows["medicine"].map(fold).astype(object))


def _usual_names(rows: pd.DataFrame) -> dict[str, str]:
    """The most frequent spelling of each medicine; of equally frequent ones the first row's."""
    counts = rows.groupby(["same", "medicine"])["source_row"].agg(["count", "min"]).reset_index()
    usual = counts.sort_values(["count", "min"], ascending=[False, True]).drop_duplicates("same")
    return dict(zip(usual["same"], usual["medicine"], strict=True))
