"""Stage ``adae``: ADAE, one record per adverse event.

Treatment-emergent is an event that began on or after the day of infusion; times are not recorded,
so the day of infusion counts. An event that worsens after infusion is recorded as a new event and
emerges by its own start date. Rules in words: docs/safety.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.adam.adae import RARELY_RECORDED, adae_schema
from durable.contracts.partial_dates import possible_days
from durable.contracts.words import outcome_class
from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.variables import mark, study_day
from durable.files import write_parquet
from durable.plan import Plan, Safety
from durable.vocabulary import (
    AFTER_INFUSION,
    BEFORE_INFUSION,
    BEFORE_LYMPHODEPLETION,
    LYMPHODEPLETION,
    PERIOD,
    window_flag,
)

_FORM = r"(?:[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?)?"


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``validated/adverse_events``; write ``adam/adae``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    events = pd.read_parquet(folder / "validated" / "adverse_events.parquet")
    events = with_usubjid(events, unique_identifiers(folder, plan.study.id))
    dataset = derive(adsl, events, plan.safety)
    schema = adae_schema(plan.safety.windows_days, list(map(str, dataset)))
    write_parquet(folder / "adam" / "adae.parquet", schema.validate(dataset))


def derive(adsl: pd.DataFrame, events: pd.DataFrame, rule: Safety) -> pd.DataFrame:
    """ADAE (`contracts.adam.adae`): one record per event, by USUBJID, ASTDT and row of the file.

    Parameters
    ----------
    adsl
        Subject-level dataset; events of subjects neither enrolled nor infused are left out.
    events
        Validated table after the data cut-off. Dates recorded in part may be given as text in
        ``start_date_partial`` and ``end_date_partial`` (`impute_start`, `impute_end`). An event
        that is left without a start date counts as before the infusion.
    rule
        Windows and the definition of prolonged cytopenia.
    """
    study = adsl.loc[(adsl["ENRLFL"] == "Y") | (adsl["SAFFL"] == "Y")].set_index("USUBJID")
    rows = events.loc[events["subject_id"].isin(study.index)].reset_index(drop=True)
    subjects = study.loc[rows["subject_id"]].reset_index(drop=True)
    records = pd.concat([_recorded_variables(rows, subjects), _dates(rows, subjects)], axis=1)
    infusion = subjects["TRTSDT"]
    records["ASTDY"] = study_day(records["ASTDT"], infusion)
    records["AENDY"] = study_day(records["AENDT"], infusion)
    records["ADAY"] = (records["ASTDT"] - infusion).dt.days.astype("Int64")
    records["ADURN"] = (records["AENDT"] - records["ASTDT"]).dt.days.astype(float) + 1
    records["ADURU"] = records["ADURN"].notna().map({True: "DAYS", False: None})
    emergent = records["ASTDT"] >= infusion
    records["TRTEMFL"] = mark(emergent)
    records["PREFL"] = mark(~emergent)
    records["ONGOFL"] = mark(
        records["AENDT"].isna() & ~records["AOUT"].isin(("RECOVERED", "FATAL"))
    )
    records["APHASE"] = _phase(records["ASTDT"], subjects)
    if "TR02SDT" in subjects:
        after_reinfusion = records["ASTDT"] >= subjects["TR02SDT"]
        records[PERIOD] = after_reinfusion.astype("Int64").add(1).where(emergent)
    records["PROLCYFL"] = mark(emergent & _prolonged_cytopenia(records, subjects, rule))
    for days in rule.windows_days:
        records[window_flag(days)] = mark(emergent & (records["ADAY"] <= days).fillna(False))
    records = records.sort_values(["USUBJID", "ASTDT", "SRCSEQ"], ignore_index=True)
    records["AESEQ"] = _sequence(records)
    columns = adae_schema(rule.windows_days, list(map(str, records))).columns
    return records.assign(**_occurrences(records))[list(columns)]


def _sequence(records: pd.DataFrame) -> pd.Series[int]:
    """AESEQ as delivered, where every event has one of its own; else numbered in their order."""
    delivered = records["delivered"]
    if delivered.notna().all() and not records.duplicated(["USUBJID", "delivered"]).any():
        return delivered.astype("int64")
    return records.groupby("USUBJID").cumcount().astype("int64") + 1


def impute_start(
    partial: pd.Series[str], infusion: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp]
) -> pd.DataFrame:
    """Start dates recorded in part, imputed so that an event that may be treatment-emergent is.

    Where the event can have begun on or after the day of infusion, by what is recorded and by its
    end, the later of that day and the first possible day; else the first possible day. With nothing
    recorded, and no infusion that the event could follow, its end date. (The imputation of
    pharmaverse/admiral, ``derive_vars_dt(date_imputation = "first", min_dates)``.)

    Parameters
    ----------
    partial
        ``YYYY-MM``, ``YYYY`` or '' (nothing recorded).
    infusion, end
        Date of infusion and last possible day of the end; NaT where there is none.

    Returns
    -------
    DataFrame
        ``date``, NaT where there is none of these, and ``flag``: D (the day was imputed), M (month
        and day), Y (all), None without a date. Indexed as `partial`.

    Raises
    ------
    ValueError
        For text of another form.
    """
    first, last, imputed = _possible(partial)
    may_follow = infusion.notna() & ~(last < infusion) & ~(end < infusion)
    earliest = pd.concat([first, infusion], axis=1).max(axis=1)
    date = first.fillna(end).mask(may_follow, earliest).astype("datetime64[ns]")
    return pd.DataFrame({"date": date, "flag": imputed.mask(date.isna(), None)})


def impute_end(
    partial: pd.Series[str], cutoff: pd.Series[pd.Timestamp], death: pd.Series[pd.Timestamp]
) -> pd.DataFrame:
    """End dates recorded in part: the last possible day, not after the data cut-off or death.

    Parameters
    ----------
    partial
        ``YYYY-MM``, ``YYYY`` or '' (nothing recorded).
    cutoff, death
        Data cut-off and date of death, NaT where there is none.

    Returns
    -------
    DataFrame
        ``date`` and ``flag`` as `impute_start`; NaT and None where nothing is recorded, or where
        the event can only have ended after the data cut-off: it is ongoing.

    Raises
    ------
    ValueError
        For text of another form.
    """
    first, last, imputed = _possible(partial)
    latest = pd.concat([last, cutoff, death], axis=1).min(axis=1)
    date = latest.where(last.notna() & ~(first > cutoff)).astype("datetime64[ns]")
    return pd.DataFrame({"date": date, "flag": imputed.mask(date.isna(), None)})


def _possible(
    partial: pd.Series[str],
) -> tuple[pd.Series[pd.Timestamp], pd.Series[pd.Timestamp], pd.Series[Any]]:
    """First and last day a partial date can mean, and what of it is not known."""
    text = partial.astype("string").astype(object)
    if not text.astype(str).str.fullmatch(_FORM).all():
        raise ValueError("a partial date is none of YYYY-MM, YYYY and empty")
    imputed = text.str.len().map({7: "D", 4: "M", 0: "Y"}).astype(object)
    return *possible_days(text), imputed


def _recorded_variables(rows: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """What the event's record and its subject say as they stand."""
    return pd.DataFrame(
        {
            "STUDYID": subjects["STUDYID"],
            "USUBJID": rows["subject_id"],
            "SUBJID": subjects["SUBJID"],
            "SAFFL": subjects["SAFFL"],
            "TRTP": subjects["TRT01P"],
            "TRTA": subjects["TRT01A"],
            "AEID": rows["ae_id"],
            "PART": subjects["PART"],
            "DOSELVL": subjects["DOSELVL"],
            "AETERM": rows["term"],
            "AEDECOD": rows["preferred_term"],
            "AEBODSYS": rows["system_organ_class"],
            **_rarely_recorded(rows),
            "AETOXGR": rows["ctcae_grade"].astype("Int64"),
            "ASTCTGR": rows["astct_grade"].astype("Int64"),
            "AESER": rows["serious"],
            "AEREL": rows["related"],
            "AEDLT": rows["dlt"],
            "AESI": rows["aesi"],
            "AEOUT": rows["outcome"],
            "AOUT": rows["outcome"].map(outcome_class, na_action="ignore").astype(object),
            "SRCDOM": "adverse_events",
            "SRCVAR": "start_date",
            "SRCSEQ": rows["source_row"].astype("Int64"),
            "delivered": rows.get("ae_seq", pd.Series(np.nan, index=rows.index)),
        }
    )


def _rarely_recorded(rows: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Levels of MedDRA, codes and treatments of which any event has one."""
    recorded = {v: rows[name] for name, v in RARELY_RECORDED.items() if name in rows}
    return {
        name: values.astype("Int64") if name.endswith("CD") else values.astype(object)
        for name, values in recorded.items()
        if values.notna().any()
    }


def _dates(rows: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Start and end of every event, with the flags of those that were imputed."""
    ends = impute_end(_partial(rows, "end_date"), subjects["CUTDT"], subjects["DTHDT"])
    end = rows["end_date"].fillna(ends["date"])
    starts = impute_start(_partial(rows, "start_date"), subjects["TRTSDT"], end)
    complete_start = rows["start_date"].notna()
    return pd.DataFrame(
        {
            "ASTDT": rows["start_date"].fillna(starts["date"]),
            "ASTDTF": starts["flag"].mask(complete_start, None),
            "AENDT": end,
            "AENDTF": ends["flag"].mask(rows["end_date"].notna(), None),
        }
    )


def _phase(start: pd.Series[pd.Timestamp], subjects: pd.DataFrame) -> pd.Series[str]:
    """Where the onset lies between lymphodepletion and infusion; each day begins its phase.

    Missing for an event without any date.
    """
    phase: pd.Series[str] = pd.Series(BEFORE_INFUSION, index=start.index, dtype=object)
    phase = phase.mask(start < subjects["LDDT"], BEFORE_LYMPHODEPLETION)
    phase = phase.mask(start >= subjects["LDDT"], LYMPHODEPLETION)
    phase = phase.mask(start >= subjects["TRTSDT"], AFTER_INFUSION)
    return phase.where(start.notna())


def _partial(rows: pd.DataFrame, column: str) -> pd.Series[str]:
    """Text of the dates recorded in part; '' where there is none."""
    if f"{column}_partial" not in rows:
        return pd.Series("", index=rows.index, dtype=object)
    return rows[f"{column}_partial"].fillna("")


def _prolonged_cytopenia(
    records: pd.DataFrame, subjects: pd.DataFrame, rule: Safety
) -> pd.Series[bool]:
    """Cytopenia of at least the configured grade, present after the configured day.

    An event that is not ended is present as long as the subject is followed, and not withdrawn. One
    that has recovered on a day not recorded is not known to have been present then
    (`analyse.safety` counts it).
    """
    alive = subjects["DTHDT"].fillna(subjects["LSTALVDT"])
    followed = pd.concat([alive, subjects["EOSDT"]], axis=1).min(axis=1)
    open_until = followed.where(records["AOUT"] != "RECOVERED")
    until = (records["AENDT"].fillna(open_until) - subjects["TRTSDT"]).dt.days
    severe = (records["AETOXGR"] >= rule.prolonged_cytopenia_grade).fillna(False).astype(bool)
    return (records["AESI"] == rule.cytopenia) & severe & (until > rule.prolonged_cytopenia_day)


def _occurrences(records: pd.DataFrame) -> dict[str, npt.NDArray[np.object_]]:
    """First record of the worst known grade of each subject, SOC and preferred term.

    Among treatment-emergent events; where no grade is known, the first record.
    """
    order = (
        records.loc[records["TRTEMFL"] == "Y"]
        .assign(worst=lambda frame: frame["AETOXGR"].fillna(0))
        .sort_values(["worst", "ASTDT", "AESEQ"], ascending=[False, True, True])
    )
    levels = {
        "AOCCIFL": ["USUBJID"],
        "AOCCSIFL": ["USUBJID", "AEBODSYS"],
        "AOCCPIFL": ["USUBJID", "AEBODSYS", "AEDECOD"],
    }
    marks = np.array([None, "Y"], dtype=object)
    return {
        name: marks.take(records.index.isin(order.drop_duplicates(keys).index).astype(int))
        for name, keys in levels.items()
    }
