"""ADBC: when B cells were gone, and when they were back, of each infused subject.

Both are times to event from the infusion, on the results of one test of ADLB. A result below the
limit of quantification is in aplasia where that limit is not above the limit of aplasia; otherwise
it is neither in aplasia nor recovered. The rules are in docs/laboratory.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.adam.adbc import ADBC
from durable.contracts.b_cells import (
    APLASIA,
    DIED,
    EVENTS,
    NO_RESULT,
    NOT_BY_LAST,
    PARAMETERS,
    REASONS,
    RECOVERY,
    REINFUSED,
    UNCONFIRMED,
)
from durable.derive.laboratory_results import in_aplasia
from durable.plan import BCells

_LAST, _BEFORE_UNCONFIRMED, _DAY_ONE = (
    *("LAST B-CELL RESULT", "LAST B-CELL RESULT BEFORE THE UNCONFIRMED RECOVERY"),
    "DAY OF INFUSION",
)


def derive(adsl: pd.DataFrame, adlb: pd.DataFrame, rule: BCells) -> pd.DataFrame:
    """ADBC (`contracts.adam.adbc`), by USUBJID and PARAMCD.

    Time to aplasia of every infused subject, and time to recovery of those with aplasia.

    Parameters
    ----------
    adsl, adlb
        Subjects, and their laboratory results. Those of other tests, without a result, up to the
        day of infusion and after the day of a second infusion are not used.
    rule
        The test, the limits and how a recovery is confirmed.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    results = _after_infusion(_of_first_infusion(adlb, infused), rule)
    aplasia = _records(APLASIA, infused, results, results["aplastic"])
    start = aplasia.loc[aplasia["CNSR"] == 0].set_index("USUBJID")["ADT"]
    later = results.loc[results["ADT"] > results["USUBJID"].map(start)]
    confirmed, tail = _confirmed_recoveries(later, rule.recovery_consecutive)
    in_aplasia = results.loc[results["USUBJID"].isin(start.index)]
    # A recovery that the results end with, and that is not confirmed, is no follow-up.
    in_aplasia = in_aplasia.loc[~in_aplasia.index.isin(tail)]
    event = in_aplasia.index.isin(confirmed)
    recovery = _records(
        RECOVERY, infused.loc[start.index], in_aplasia, pd.Series(event, in_aplasia.index)
    )
    unconfirmed = recovery["USUBJID"].isin(later.loc[tail, "USUBJID"]) & (recovery["CNSR"] > 0)
    recovery = _censor_records(recovery, unconfirmed, UNCONFIRMED, _BEFORE_UNCONFIRMED)
    frame = pd.concat([aplasia, recovery]).sort_values(["USUBJID", "PARAMCD"], ignore_index=True)
    return _dataset(frame, infused)


def _of_first_infusion(adlb: pd.DataFrame, infused: pd.DataFrame) -> pd.DataFrame:
    """The results up to the day of a second infusion, on which a sample is taken before it."""
    if "TR02SDT" not in infused:
        return adlb
    second_infusion = adlb["USUBJID"].map(infused["TR02SDT"])
    return adlb.loc[~(adlb["ADT"] > second_infusion)]


def _after_infusion(adlb: pd.DataFrame, rule: BCells) -> pd.DataFrame:
    """The results after the day of infusion, and what each says of the B cells."""
    columns = ["USUBJID", "ADT", "AVAL", "BLQFL", "LLOQ", "SRCSEQ"]
    rows = adlb.loc[
        (adlb["PARAMCD"] == rule.test) & adlb["BLQFL"].notna() & (adlb["ADY"] > 1), columns
    ].reset_index(drop=True)
    below = rows["BLQFL"] == "Y"
    aplastic = in_aplasia(rows["AVAL"], below, rows["LLOQ"], rule)
    recovered = ~below & (rows["AVAL"] >= rule.recovery_at_least)
    return rows.assign(aplastic=aplastic, recovered=recovered)


def _confirmed_recoveries(
    results: pd.DataFrame, consecutive: int
) -> tuple[pd.Index[int], pd.Index[int]]:
    """Results at which a confirmed recovery begins, and those of an unconfirmed one at the end.

    A run is a series of results of a subject that are all of at least the limit. The first run that
    is long enough is the recovery.
    """
    recovered = results["recovered"]
    subject = results["USUBJID"]
    run = ((recovered != recovered.shift()) | (subject != subject.shift())).cumsum()
    length = recovered.groupby(run).transform("size")
    first = ~run.duplicated()
    enough = recovered & (length >= consecutive)
    last_run = run == run.groupby(subject).transform("max")
    tail = results.index[recovered & ~enough & last_run]
    return results.index[first & enough], tail


def _records(
    code: str, infused: pd.DataFrame, results: pd.DataFrame, event: pd.Series[bool]
) -> pd.DataFrame:
    """A record of each subject: the first result that is the event, else the last one."""
    first = results.loc[event].drop_duplicates("USUBJID").set_index("USUBJID")
    last = results.drop_duplicates("USUBJID", keep="last").set_index("USUBJID")
    names = infused.index
    happened = names.isin(first.index)
    seen = names.isin(last.index)
    start = infused["TRTSDT"]
    date = first["ADT"].reindex(names).fillna(last["ADT"].reindex(names)).fillna(start)
    died = infused["DTHDT"].notna().to_numpy()
    nobody = np.zeros(len(names), dtype=np.bool_)
    reinfused = infused["TR02SDT"].notna().to_numpy() if "TR02SDT" in infused else nobody
    reason = np.select([~seen, reinfused, died], [NO_RESULT, REINFUSED, DIED], NOT_BY_LAST)
    source = first["SRCSEQ"].reindex(names).fillna(last["SRCSEQ"].reindex(names))
    frame = pd.DataFrame(
        {
            "USUBJID": names,
            "PARAMCD": code,
            "STARTDT": start.to_numpy(),
            "ADT": date.to_numpy(),
            "CNSR": 0,
            "EVNTDESC": EVENTS[code],
            "CNSDTDSC": None,
            "SRCSEQ": source.astype("Int64").to_numpy(),
        }
    )
    for text in (NOT_BY_LAST, DIED, NO_RESULT, REINFUSED):
        described = _DAY_ONE if text == NO_RESULT else _LAST
        chosen = pd.Series(~happened & (reason == text), index=frame.index)
        frame = _censor_records(frame, chosen, text, described)
    return frame


def _censor_records(
    frame: pd.DataFrame, chosen: pd.Series[bool], reason: str, described: str
) -> pd.DataFrame:
    """The records, those chosen censored for a reason."""
    return frame.assign(
        CNSR=frame["CNSR"].mask(chosen, 1 + REASONS.index(reason)),
        EVNTDESC=frame["EVNTDESC"].mask(chosen, reason),
        CNSDTDSC=frame["CNSDTDSC"].astype(object).mask(chosen, described),
    )


def _dataset(frame: pd.DataFrame, infused: pd.DataFrame) -> pd.DataFrame:
    """The variables of ADBC in their order."""
    subject = frame["USUBJID"]
    traced = frame["SRCSEQ"].notna()
    variables: dict[str, Any] = {
        "STUDYID": subject.map(infused["STUDYID"]),
        "USUBJID": subject,
        "SUBJID": subject.map(infused["SUBJID"]),
        "TRTP": subject.map(infused["TRT01P"]),
        "TRTA": subject.map(infused["TRT01A"]),
        "ASEQ": frame.groupby("USUBJID").cumcount().astype("int64") + 1,
        "PARAM": frame["PARAMCD"].map(PARAMETERS),
        "PARAMCD": frame["PARAMCD"],
        "STARTDT": frame["STARTDT"],
        "ADT": frame["ADT"],
        "AVAL": (frame["ADT"] - frame["STARTDT"]).dt.days.astype(float) + 1,
        "AVALU": "DAYS",
        "CNSR": frame["CNSR"].astype("int64"),
        "EVNTDESC": frame["EVNTDESC"],
        "CNSDTDSC": frame["CNSDTDSC"],
        "SRCDOM": traced.map({True: "laboratory", False: None}),
        "SRCVAR": traced.map({True: "value", False: None}),
        "SRCSEQ": frame["SRCSEQ"].astype("Int64"),
    }
    dataset = pd.DataFrame(variables)
    text = [name for name, column in ADBC.columns.items() if str(column.dtype) == "object"]
    return dataset.astype(dict.fromkeys(text, object))
