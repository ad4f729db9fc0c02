"""The records of each listing: joins and pivots of datasets, in the order of the datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from durable.contracts.parameters import PLACES
from durable.display.listings import STATUSES

_ASSESSMENT = ["USUBJID", "SRCSEQ"]
#: Records per visit of the improvement rate, not per assessment.
_IMPROVED = "IMPR"
_GRADE_OF_DEATH = 5
#: Parameters of an assessment that are numbers and listed.
_MEASURED = [
    *(f"{code}{kind}" for code, _ in PLACES.values() for kind in ("", "PC", "SC")),
    *("TIS", "TISBEST"),
]


def records(name: str, folder: Path, days_per_month: float) -> pd.DataFrame | None:
    """The records of a listing; None where the study does not have its dataset.

    Parameters
    ----------
    name
        Name in `listings.LISTINGS`.
    folder
        Results of the analysis.
    days_per_month
        Unit of the durations shown in months.

    Returns
    -------
    DataFrame or None
        Columns of the listing among others; whole numbers without a decimal point.
    """
    path = folder / "adam" / f"{_OPTIONAL[name]}.parquet" if name in _OPTIONAL else folder
    if not path.exists():
        return None
    frame = _RECORDS[name](folder)
    if name == "duration":
        frame["AVALM"] = frame["AVAL"] / days_per_month
    return _whole_numbers(frame)


_OPTIONAL = {
    "adverse_events": "adae",
    "kinetics": "adpc",
    "kinetics_parameters": "adpp",
}


def _whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that hold whole numbers only, as such: 7 instead of 7.0."""
    numbers = frame.select_dtypes("float")
    whole = numbers.columns[(numbers.isna() | (numbers % 1 == 0)).all()]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _dataset(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "adam" / f"{name}.parquet")


def _with_subject(folder: Path, frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The records with variables of their subject."""
    adsl = _dataset(folder, "adsl")[["USUBJID", *columns]]
    return frame.merge(adsl, on="USUBJID", how="left", validate="many_to_one")


def _subjects(folder: Path) -> pd.DataFrame:
    return _dataset(folder, "adsl")


def _durations(folder: Path) -> pd.DataFrame:
    adtte = _dataset(folder, "adtte")
    return _with_subject(folder, adtte, "PART", "DOSELVL", "TRTSDT")


def _assessments(folder: Path) -> pd.DataFrame:
    """One row per assessment: values, changes, scores and statuses side by side."""
    adrs = _dataset(folder, "adrs")
    adrs = adrs.loc[adrs["PARAMCD"] != _IMPROVED]
    shown = adrs["AVAL"].astype(object).where(~adrs["PARAMCD"].isin(STATUSES), adrs["AVALC"])
    keys = [*_ASSESSMENT, "PARAMCD"]
    wide = adrs.assign(shown=shown).set_index(keys)["shown"].unstack()  # noqa: PD010
    # A study may have no assessment after infusion, or none at all.
    wide = wide.reindex(columns=[*_MEASURED, *STATUSES])
    wide = wide.astype(dict.fromkeys(_MEASURED, "float64"))
    score = adrs.loc[adrs["PARAMCD"] == "TIS"].set_index(_ASSESSMENT)
    wide = wide.assign(LEVEL=score["AVALC"], REASON=score["REASON"]).reset_index()
    identity = ["VISIT", "AVISIT", "ADT", "ADY", "AWTDIFF", "ABLFL", "ANL01FL", "SRCDOM"]
    first = adrs.drop_duplicates(_ASSESSMENT)[[*_ASSESSMENT, *identity]]
    return first.assign(SRCVAR="visit_date").merge(wide, on=_ASSESSMENT, validate="one_to_one")


def _improvement(folder: Path) -> pd.DataFrame:
    adrs = _dataset(folder, "adrs")
    score = adrs.loc[adrs["PARAMCD"] == "TIS", [*_ASSESSMENT, "AVAL", "AVALC"]]
    score = score.set_axis([*_ASSESSMENT, "TIS", "LEVEL"], axis=1)
    visits = adrs.loc[adrs["PARAMCD"] == _IMPROVED]
    joined = visits.merge(score, on=_ASSESSMENT, how="left", validate="many_to_one")
    order = ["USUBJID", "AWTARGET"]
    return _with_subject(folder, joined, "PART", "DOSELVL").sort_values(order, kind="stable")


def _flares(folder: Path) -> pd.DataFrame:
    frame = _assessments(folder)
    return _with_subject(folder, frame.loc[frame["FLARE"] == "Y"], "TRTSDT", "REMSDT")


def _adverse_events(folder: Path) -> pd.DataFrame:
    return _dataset(folder, "adae")


def _deaths(folder: Path) -> pd.DataFrame:
    """Subjects who died, and what that ended."""
    adsl = _dataset(folder, "adsl")
    died = adsl.loc[adsl["DTHFL"] == "Y"]
    fatal = _fatal(folder)
    ended = {name: died["USUBJID"].map(_ended(folder, name)) for name in ("DOR", "EFS")}
    return died.assign(FATALAE=died["USUBJID"].map(fatal), SRCVAR="death_date", **ended)


def _ended(folder: Path, parameter: str) -> pd.Series[str]:
    """What ended a duration, by subject."""
    adtte = _dataset(folder, "adtte")
    return adtte.loc[adtte["PARAMCD"] == parameter].set_index("USUBJID")["EVNTDESC"]


def _fatal(folder: Path) -> pd.Series[str]:
    """Terms of the events that are fatal, by grade or outcome, by subject."""
    if not (folder / "adam" / "adae.parquet").exists():
        return pd.Series(dtype=object)
    adae = _dataset(folder, "adae")
    by_grade = (adae["AETOXGR"] == _GRADE_OF_DEATH).fillna(False).astype(bool)
    fatal = adae.loc[by_grade | (adae["AOUT"] == "FATAL")]
    return fatal.groupby("USUBJID")["AEDECOD"].agg("; ".join)


def _kinetics(folder: Path) -> pd.DataFrame:
    return _dataset(folder, "adpc")


def _kinetics_parameters(folder: Path) -> pd.DataFrame:
    return _dataset(folder, "adpp")


def _queries(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "queries.csv", dtype=str, keep_default_na=False)


_RECORDS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "subjects": _subjects,
    "duration": _durations,
    "improvement": _improvement,
    "assessments": _assessments,
    "flares": _flares,
    "adverse_events": _adverse_events,
    "deaths": _deaths,
    "kinetics": _kinetics,
    "kinetics_parameters": _kinetics_parameters,
    "queries": _queries,
}
