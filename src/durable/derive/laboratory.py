"""Stage ``laboratory``: ADLB, the results of the declared laboratory tests.

Values and limits are converted to the unit of the test, graded by CTCAE where the plan has limits,
and given to the scheduled visits. The rules are in docs/laboratory.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from durable.contracts.adam.adbc import ADBC
from durable.contracts.adam.adlb import ADLB
from durable.contracts.times_of_day import seconds_of_day
from durable.derive import b_cells
from durable.derive.assessments import analysis_visit
from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.laboratory_results import converted_results
from durable.derive.variables import mark, study_day
from durable.files import write_parquet
from durable.jdm.response import Baseline
from durable.plan import Laboratory, Plan
from durable.schedule import Visit
from durable.stats.toxicity import decrease_grade, decrease_grade_below
from durable.vocabulary import BASELINE

_SERIES = ["subject_id", "test"]


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``validated/laboratory``; write ``adam/adlb`` and ``adbc``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    samples = pd.read_parquet(folder / "validated" / "laboratory.parquet")
    samples = with_usubjid(samples, unique_identifiers(folder, plan.study.id))
    adlb = derive(adsl, samples, plan.laboratory, plan.schedule, plan.response.baseline)
    write_parquet(folder / "adam" / "adlb.parquet", ADLB.validate(adlb))
    adbc = b_cells.derive(adsl, adlb, plan.laboratory.b_cells)
    write_parquet(folder / "adam" / "adbc.parquet", ADBC.validate(adbc))


def derive(
    adsl: pd.DataFrame,
    samples: pd.DataFrame,
    laboratory: Laboratory,
    schedule: tuple[Visit, ...],
    baseline: Baseline,
) -> pd.DataFrame:
    """ADLB (`contracts.adam.adlb`): every record of a declared test, by subject, test and time.

    Subjects who were not infused are left out. A record without a result has no AVAL.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    samples
        Validated table after the data cut-off.
    laboratory, schedule, baseline
        Tests, visits after infusion, and which result is the baseline.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    rows = _sort_results(samples, infused, laboratory)
    rows = rows.assign(**converted_results(rows, laboratory))
    rows["grade"] = _grades(rows, laboratory)
    rows["baseline"] = _is_baseline(rows, baseline)
    first = rows.loc[rows["baseline"], [*_SERIES, "aval", "grade"]]
    first = first.set_axis([*_SERIES, "base", "base_grade"], axis=1)
    rows = rows.merge(first, on=_SERIES, how="left", validate="many_to_one")
    avisit, target = analysis_visit(rows["day"].to_numpy(float), schedule)
    rows = rows.assign(avisit=np.where(rows["baseline"], BASELINE, avisit), target=target)
    frame = _dataset(rows, infused, laboratory)
    # Without a record nothing says that these are text.
    text = [name for name, column in ADLB.columns.items() if str(column.dtype) == "object"]
    return frame.astype(dict.fromkeys(text, object))


def _sort_results(
    samples: pd.DataFrame, infused: pd.DataFrame, laboratory: Laboratory
) -> pd.DataFrame:
    """The records that are analysed in their order, with the dates of their subject."""
    codes = {code: position for position, code in enumerate(laboratory.by_code)}
    used = samples["subject_id"].isin(infused.index) & samples["test"].isin([*codes])
    rows = samples.loc[used].astype({"subject_id": object, "test": object, "unit": object})
    rows = rows.assign(
        place=rows["test"].map(codes),
        seconds=seconds_of_day(rows["sample_time"]).fillna(0),
        infusion=rows["subject_id"].map(infused["TRTSDT"]),
        lymphodepletion=rows["subject_id"].map(infused["LDDT"]),
    )
    order = ["subject_id", "place", "sample_date", "seconds", "source_row"]
    rows = rows.sort_values(order, ignore_index=True)
    return rows.assign(day=(rows["sample_date"] - rows["infusion"]).dt.days)


def _grades(rows: pd.DataFrame, laboratory: Laboratory) -> pd.Series[float]:
    """CTCAE grade of each result; missing for a test without limits."""
    grade = np.full(len(rows), np.nan)
    value, low = rows["aval"].to_numpy(float), rows["low"].to_numpy(float)
    lloq, below = rows["lloq"].to_numpy(float), rows["below"].to_numpy(bool)
    for test in laboratory.tests:
        if test.low_grades:
            of_test = (rows["test"] == test.code).to_numpy(bool)
            grades = decrease_grade(value, low, test.low_grades)
            unquantified = decrease_grade_below(lloq, low, test.low_grades)
            grade = np.where(of_test, np.where(below, unquantified, grades), grade)
    return pd.Series(grade, index=rows.index)


def _is_baseline(rows: pd.DataFrame, baseline: Baseline) -> pd.Series[bool]:
    """The last result before lymphodepletion; for a subject without one, before infusion."""
    before_infusion = _last_before(rows, "infusion", baseline)
    if baseline.before == "infusion":
        return before_infusion
    earlier = _last_before(rows, "lymphodepletion", baseline)
    has_earlier = earlier.groupby([rows[name] for name in _SERIES]).transform("any")
    return earlier | (before_infusion & ~has_earlier)


def _last_before(rows: pd.DataFrame, column: str, baseline: Baseline) -> pd.Series[bool]:
    """The last result of each subject and test before a date of the subject."""
    date, limit = rows["sample_date"], rows[column]
    early = (
        rows["known"]
        & rows["aval"].notna()
        & ((date < limit) | (baseline.same_day & (date == limit)))
    )
    return early & ~rows.loc[early, _SERIES].duplicated(keep="last").reindex(
        rows.index, fill_value=True
    )


def _is_of_visit(rows: pd.DataFrame) -> pd.Series[bool]:
    """The result closest to the target day of each visit; if equidistant, the earlier.

    Of one day the later: that of its last time, or of the later row.
    """
    candidates = rows.loc[rows["aval"].notna() & rows["target"].notna() & ~rows["baseline"]]
    distance = (candidates["day"] - candidates["target"]).abs()
    ordered = candidates.assign(distance=distance, later=-candidates.index)
    ordered = ordered.sort_values(["distance", "day", "later"])
    chosen = ordered.drop_duplicates([*_SERIES, "avisit"]).index
    return pd.Series(rows.index.isin(chosen), index=rows.index) | rows["baseline"]


def _dataset(rows: pd.DataFrame, infused: pd.DataFrame, laboratory: Laboratory) -> pd.DataFrame:
    """The variables of ADLB in their order."""
    subject = rows["subject_id"]
    tests = laboratory.by_code
    names = {code: f"{test.label} ({test.unit})" for code, test in tests.items()}
    known = rows["known"].to_numpy(bool)
    after = rows["day"] >= 1
    return pd.DataFrame(
        {
            "STUDYID": subject.map(infused["STUDYID"]),
            "USUBJID": subject,
            "SUBJID": subject.map(infused["SUBJID"]),
            "TRTP": subject.map(infused["TRT01P"]),
            "TRTA": subject.map(infused["TRT01A"]),
            "PART": subject.map(infused["PART"]),
            "DOSELVL": subject.map(infused["DOSELVL"]),
            "ASEQ": rows.groupby("subject_id").cumcount().astype("int64") + 1,
            "PARCAT1": rows["test"].map({c: test.group.upper() for c, test in tests.items()}),
            "PARAM": rows["test"].map(names),
            "PARAMCD": rows["test"],
            "ADT": rows["sample_date"],
            "ATM": rows["sample_time"],
            "ADY": study_day(rows["sample_date"], rows["infusion"]).astype("int64"),
            "AVISIT": rows["avisit"],
            "AWTARGET": rows["target"].mask(rows["baseline"]),
            "AVAL": rows["aval"],
            "AVALU": rows["test"].map({code: test.unit for code, test in tests.items()}),
            "BLQFL": np.array([None, "N", "Y"], dtype=object)[known.astype(int) + rows["below"]],
            "LLOQ": rows["lloq"],
            "ANRLO": rows["low"],
            "ANRHI": rows["high"],
            "ABLFL": mark(rows["baseline"]),
            "BASE": rows["base"],
            "CHG": (rows["aval"] - rows["base"]).where(after),
            "ATOXGR": rows["grade"].astype("Int64"),
            "BTOXGR": rows["base_grade"].astype("Int64"),
            "ANL01FL": mark(_is_of_visit(rows)),
            "SRCDOM": "laboratory",
            "SRCVAR": "value",
            "SRCSEQ": rows["source_row"].astype("int64"),
        }
    )
