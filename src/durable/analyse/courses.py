"""Stage ``courses``: each subject's course, as the figures show it (see docs/figures.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from durable.analyse.groups import read_adrs
from durable.config.model import Plan
from durable.contracts.parameters import PLACES, QUANTILES
from durable.files import write_csv

#: From this many subjects on, scores and measures over time are shown by their quantiles.
MANY = 500
_EVENTS = {
    "RECURRENCE": "recurrence",
    "PROGRESSION": "progression",
}


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``; write the data of the swimmer, spider, waterfall and measures figures."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    many = len(infused) >= MANY
    shown = ["IMPR", "TIS", *(code for code, _ in PLACES.values())]
    columns = ["USUBJID", "PARAMCD", "AVISIT", "ADY", "AVAL", "AVALC", "ABLFL"]
    # Quantiles are of visits; what else is drawn, of every assessment.
    columns += ["AWTARGET", "ANL01FL"] if many else ["REASON"]
    adrs = read_adrs(folder, columns, {"PARAMCD": shown})
    adtte = pd.read_parquet(folder / "adam" / "adtte.parquet")
    group = infused["DOSELVL"].fillna("")
    data = {
        "swimmer": swimmer(infused, adrs, adtte, group),
        "tis": spider_quantiles(adrs) if many else spider(adrs),
        "waterfall": waterfall(adrs, group),
        "csm": measures(adrs, plan, many=many),
    }
    for name, frame in data.items():
        write_csv(folder / "figures" / f"f_{name}.csv", frame)


def swimmer(
    infused: pd.DataFrame, adrs: pd.DataFrame, adtte: pd.DataFrame, group: pd.Series[str]
) -> pd.DataFrame:
    """Bars and marks by subject; days since infusion, longest follow-up first.

    A bar ends at death, else at withdrawal, else at the last contact.
    """
    until = infused["DTHDT"].fillna(infused["EOSDT"]).fillna(infused["LSTALVDT"])
    end = (until - infused["TRTSDT"]).dt.days
    left = (infused["EOSDT"] - infused["TRTSDT"]).dt.days.dropna()
    therapy = (infused["NSTDT"] - infused["TRTSDT"]).dt.days.dropna()
    dor = adtte.loc[adtte["PARAMCD"] == "DOR"].set_index("USUBJID")
    start = (infused["REMSDT"] - infused["TRTSDT"]).dt.days
    finish = (dor["ADT"] - infused["TRTSDT"].reindex(dor.index)).dt.days
    improved = _plain(adrs.loc[(adrs["PARAMCD"] == "IMPR") & (adrs["AVAL"] == 1)])
    improved = improved.set_index("USUBJID")
    improved_day = _days(improved)
    ongoing = infused["DTHDT"].isna() & infused["EOSDT"].isna()
    parts = [
        _marks("bar", 0, end),
        _marks("remission", start.loc[dor.index], finish),
        _marks("improvement", improved_day, improved_day, improved["AVISIT"]),
        _marks("remission_start", start.loc[dor.index], start.loc[dor.index]),
        *(
            _marks(kind, finish.loc[chosen], finish.loc[chosen])
            for what, kind in _EVENTS.items()
            if (chosen := dor.index[(dor["CNSR"] == 0) & (dor["EVNTDESC"] == what)]) is not None
        ),
        _marks("new_therapy", therapy, therapy),
        _marks("death", end[infused["DTHFL"] == "Y"], end[infused["DTHFL"] == "Y"]),
        _marks("withdrawal", left, left),
        _marks("ongoing", end[ongoing], end[ongoing]),
    ]
    marks = pd.concat(parts, ignore_index=True)
    marks["group"] = marks["subject"].map(group)
    rank = end.sort_index().rank(ascending=False, method="first")
    marks["rank"] = marks["subject"].map(rank)
    marks = marks.sort_values("rank", kind="stable")
    return marks[["subject", "group", "kind", "start_day", "end_day", "label"]]


def _marks(
    kind: str, start: pd.Series[int] | int, end: pd.Series[int], label: pd.Series[str] | str = ""
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": end.index,
            "kind": kind,
            "start_day": np.asarray(start),
            "end_day": end.to_numpy(),
            "label": np.asarray(label),
        }
    )


def _plain(records: pd.DataFrame) -> pd.DataFrame:
    """Records with their text as text, however it was read."""
    return records.astype(dict.fromkeys(records.select_dtypes("category"), object))


def _days(records: pd.DataFrame) -> pd.Series[int]:
    """Days since infusion of records, from their CDISC study day."""
    return records["ADY"].astype(int) - (records["ADY"] > 0).astype(int)


def spider(adrs: pd.DataFrame) -> pd.DataFrame:
    """Score over time by subject, 0 at the infusion; empty where it cannot be calculated."""
    score = _plain(adrs.loc[adrs["PARAMCD"] == "TIS"])
    origin = score[["USUBJID"]].drop_duplicates().assign(day=0, visit="", tis=0.0, partial="N")
    points = pd.DataFrame(
        {
            "USUBJID": score["USUBJID"],
            "day": _days(score),
            "visit": score["AVISIT"].fillna("UNS"),
            "tis": score["AVAL"],
            "partial": np.where(score["REASON"] == "PARTIAL", "Y", "N"),
        }
    )
    both = pd.concat([origin, points]).sort_values(["USUBJID", "day"], kind="stable")
    return both.rename(columns={"USUBJID": "subject"})


def quantiles(records: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of a parameter over the subjects at the baseline (day 0) and each analysis visit.

    Linear between order statistics (type 7 of Hyndman and Fan, Am Stat 1996;50:361), of the records
    that stand for the visit, at its target day.

    Returns
    -------
    DataFrame
        subject (name of the quantile), day, visit, value; quantiles in their order, then by day.
    """
    at_baseline = records["ABLFL"] == "Y"
    used = (at_baseline | (records["ANL01FL"] == "Y")) & records["AVAL"].notna()
    day = records["AWTARGET"].astype("Float64").mask(at_baseline, 0.0)
    frame = pd.DataFrame({"day": day, "visit": records["AVISIT"], "value": records["AVAL"]})
    by_visit = frame.loc[used].groupby(["day", "visit"], observed=True)["value"]
    found = by_visit.quantile(np.array(list(QUANTILES.values()))).unstack()  # noqa: PD010
    by_name = {name: found[p] for name, p in QUANTILES.items()}
    points: pd.DataFrame = _plain(pd.concat(by_name, names=["subject"]).reset_index(name="value"))
    return points


def spider_quantiles(adrs: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of the score at each analysis visit, 0 at the infusion."""
    points = quantiles(adrs.loc[adrs["PARAMCD"] == "TIS"]).rename(columns={"value": "tis"})
    origin = pd.DataFrame({"subject": list(QUANTILES), "day": 0.0, "visit": "", "tis": 0.0})
    both = pd.concat([origin, points]).assign(partial="N")
    place = both["subject"].map({name: i for i, name in enumerate(QUANTILES)})
    both = both.assign(place=place).sort_values(["place", "day"], kind="stable")
    return both.drop(columns="place").astype({"day": int})


def waterfall(adrs: pd.DataFrame, group: pd.Series[str]) -> pd.DataFrame:
    """Best score of each infused subject, highest first; the first visit that reached it.

    A subject without a score has an empty one, and stands last.
    """
    score = adrs.loc[(adrs["PARAMCD"] == "TIS") & adrs["AVAL"].notna()]
    best = score.sort_values("AVAL", ascending=False, kind="stable").drop_duplicates("USUBJID")
    best = _plain(best)
    best = best.assign(AVISIT=best["AVISIT"].fillna("UNS")).set_index("USUBJID")
    best = best.reindex(group.index)
    frame = pd.DataFrame(
        {
            "subject": group.index,
            "group": group.to_numpy(),
            "best_tis": best["AVAL"].to_numpy(float),
            "visit": best["AVISIT"].fillna("").to_numpy(),
            "level": best["AVALC"].fillna("").str.lower().to_numpy(),
        }
    )
    return frame.sort_values(["best_tis", "subject"], ascending=[False, True])


def measures(adrs: pd.DataFrame, plan: Plan, *, many: bool = False) -> pd.DataFrame:
    """Each core set measure over time by subject; of `many`, its quantiles."""
    names = {"enzyme": "Muscle enzyme", "chq_phs": "CHQ-PhS"}
    units = {"enzyme": "x ULN", "physician_global": "VAS", "parent_global": "VAS"}
    parts = []
    for component, measure in plan.response.measures.items():
        code, _ = PLACES[component]
        records = adrs.loc[(adrs["PARAMCD"] == code) & adrs["AVAL"].notna()]
        label = names.get(measure, measure.replace("_", " "))
        if many:
            shown = quantiles(records)
        else:
            records = _plain(records)
            named = {"subject": records["USUBJID"], "day": _days(records), "value": records["AVAL"]}
            shown = pd.DataFrame(named)
        parts.append(
            pd.DataFrame(
                {
                    "measure": label if label != label.lower() else _title(label),
                    "unit": units.get(measure, "points"),
                    **{name: shown[name] for name in ("subject", "day", "value")},
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _title(name: str) -> str:
    return name.upper() if len(name) <= 4 else name.capitalize()
