"""Stage ``courses``: each subject's course, as the figures show it (see docs/figures.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.analyse.groups import read_several
from durable.contracts.parameters import PLACES, QUANTILES
from durable.cores import each
from durable.files import write_csv
from durable.plan import Plan

#: From this many subjects on, scores and measures over time are shown by their quantiles.
MANY = 500
#: Columns of ADRS that quantiles over the subjects do not need.
_OF_SUBJECTS = ("USUBJID", "ADY", "AVALC")
#: Columns of ADTTE that are drawn.
_OF_ADTTE = ["USUBJID", "PARAMCD", "ADT", "CNSR", "EVNTDESC"]
_EVENTS = {
    "RECURRENCE": "recurrence",
    "PROGRESSION": "progression",
}


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/``; write the data of the swimmer, spider, waterfall and measures figures.

    Parameters
    ----------
    cores
        Figures whose data are made at a time.
    """
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    many = len(infused) >= MANY
    columns = ["USUBJID", "PARAMCD", "AVISIT", "ADY", "AVAL", "AVALC", "ABLFL"]
    # Quantiles are of visits; what else is drawn, of every assessment.
    columns += ["AWTARGET", "ANL01FL"] if many else ["REASON"]
    of_measures = [name for name in columns if not many or name not in _OF_SUBJECTS]
    codes = [code for code, _ in PLACES.values()]
    adrs, values = read_several(
        folder,
        [(columns, [{"PARAMCD": ["IMPR", "TIS"]}]), (of_measures, [{"PARAMCD": codes}])],
        cores,
    )
    adtte = pd.read_parquet(folder / "adam" / "adtte.parquet", columns=_OF_ADTTE)
    group = infused["DOSELVL"].fillna("")

    def data(name: str) -> pd.DataFrame:
        match name:
            case "swimmer":
                return swimmer(infused, adrs, adtte, group)
            case "tis":
                return spider_quantiles(adrs) if many else spider(adrs)
            case "waterfall":
                return waterfall(adrs, group)
            case _:
                return measures(values, plan, many=many)

    def write(name: str) -> None:
        write_csv(folder / "figures" / f"f_{name}.csv", data(name))

    # Those that take longest first. Of few subjects none takes long enough to be made beside them.
    each(write, ("swimmer", "csm", "waterfall", "tis"), cores if many else 1)


def swimmer(
    infused: pd.DataFrame, adrs: pd.DataFrame, adtte: pd.DataFrame, group: pd.Series[str]
) -> pd.DataFrame:
    """Bars and marks by subject; days since infusion, longest follow-up first.

    A bar ends at death, else at withdrawal, else at the last contact.
    """
    until = infused["DTHDT"].fillna(infused["EOSDT"]).fillna(infused["LSTALVDT"])
    end = (until - infused["TRTSDT"]).dt.days
    left = (infused["EOSDT"] - infused["TRTSDT"]).dt.days
    therapy = (infused["NSTDT"] - infused["TRTSDT"]).dt.days
    start = (infused["REMSDT"] - infused["TRTSDT"]).dt.days
    dor = adtte.loc[adtte["PARAMCD"] == "DOR"]
    responder = infused.index.get_indexer(pd.Index(dor["USUBJID"]))
    finish = (dor["ADT"].to_numpy() - infused["TRTSDT"].iloc[responder]).dt.days
    improved = adrs.loc[(adrs["PARAMCD"] == "IMPR") & (adrs["AVAL"] == 1)]
    improved_day = _days(improved)
    ongoing = infused["DTHDT"].isna() & infused["EOSDT"].isna()
    died = infused["DTHFL"] == "Y"

    def of(kind: str, where: pd.Series[bool], day: pd.Series[int]) -> pd.DataFrame:
        return _marks(kind, np.flatnonzero(where), day[where], day[where])

    parts = [
        _marks("bar", np.arange(len(infused)), 0, end),
        _marks("remission", responder, start.iloc[responder], finish),
        _marks(
            "improvement",
            _places(infused, improved),
            improved_day,
            improved_day,
            improved["AVISIT"].astype(object),
        ),
        _marks("remission_start", responder, start.iloc[responder], start.iloc[responder]),
        *(
            _marks(kind, responder[chosen], finish[chosen], finish[chosen])
            for what, kind in _EVENTS.items()
            for chosen in [((dor["CNSR"] == 0) & (dor["EVNTDESC"] == what)).to_numpy()]
        ),
        of("new_therapy", therapy.notna(), therapy),
        of("death", died, end),
        of("withdrawal", left.notna(), left),
        of("ongoing", ongoing, end),
    ]
    marks = pd.concat(parts, ignore_index=True)
    place = marks["place"].to_numpy()
    rank = end.sort_index().rank(ascending=False, method="first").reindex(end.index).to_numpy()
    order = np.argsort(rank[place], kind="stable")
    place, marks = place[order], marks.take(order)
    return pd.DataFrame(
        {
            "subject": infused.index.to_numpy()[place],
            "group": group.to_numpy()[place],
            **{name: marks[name].array for name in ("kind", "start_day", "end_day", "label")},
        },
        index=marks.index,
        copy=False,
    )


def _marks(
    kind: str,
    place: npt.NDArray[np.intp],
    start: pd.Series[int] | int,
    end: pd.Series[int],
    label: pd.Series[str] | str = "",
) -> pd.DataFrame:
    """Marks of one kind; `place` of their subject among the infused."""
    return pd.DataFrame(
        {
            "place": place,
            "kind": kind,
            "start_day": np.asarray(start),
            "end_day": end.to_numpy(),
            "label": np.asarray(label),
        }
    )


def _places(infused: pd.DataFrame, records: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Where the subject of each record stands among the infused."""
    codes, names = pd.factorize(records["USUBJID"])
    return infused.index.get_indexer(pd.Index(names, dtype=object))[codes]


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
    at_baseline = (records["ABLFL"] == "Y").to_numpy()
    used = (at_baseline | (records["ANL01FL"] == "Y")) & records["AVAL"].notna()
    target = records["AWTARGET"].to_numpy(float, na_value=np.nan)
    frame = pd.DataFrame(
        {
            "day": np.where(at_baseline, 0.0, target)[used],
            "visit": records["AVISIT"].array[used],
            "value": records["AVAL"].to_numpy()[used],
        },
        copy=False,
    )
    by_visit = frame.groupby(["day", "visit"], observed=True)["value"]
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
    order = np.argsort(-score["AVAL"].to_numpy(), kind="stable")
    subject = pd.factorize(score["USUBJID"])[0][order]
    best = _plain(score.take(order[~pd.Series(subject).duplicated()]))
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
