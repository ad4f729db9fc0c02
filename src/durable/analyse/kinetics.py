"""Stage ``kinetics``: cellular kinetics by assay and unit."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd

from durable.analyse.groups import groups
from durable.contracts.results import NO_SAMPLES, Result, join_parameter, to_csv
from durable.files import write_text
from durable.plan import Plan
from durable.stats.summaries import geometric, summarise

OUTPUT = "t_kinetics"
#: Variables of ADPP that tell a parameter: its code for whichever assay, the assay, its unit.
PARAMETER = ["PARCAT3", "PARCAT1", "PARCAT2"]
Row = tuple[str, float, float, float, str]


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``; write ``ard/kinetics.csv``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    adpp = pd.read_parquet(folder / "adam" / "adpp.parquet")
    results = []
    for group in groups(adsl, plan.groups):
        infused = len(group.subjects)
        if adpp.empty:
            key = (OUTPUT, "primary", group.group_by, group.group, "", "n_infused")
            results.append(Result(*key, infused, note=NO_SAMPLES))
        members = dict(list(group.of(adpp).groupby(PARAMETER, sort=False)))
        for (code, assay, unit), name in parameter_names(adpp).items():
            records = members.get((code, assay, unit), adpp.iloc[:0])
            results += [
                Result(OUTPUT, "primary", group.group_by, group.group, name, *row)
                for row in analyse(code, records, infused)
            ]
    write_text(folder / "ard" / "kinetics.csv", to_csv(results))


def parameter_names(adpp: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Parameter in ard.csv by code, assay and unit: the assay is named where there are several."""
    parameters = adpp[PARAMETER].drop_duplicates()
    several = len(parameters[PARAMETER[1:]].drop_duplicates()) > 1
    return {
        (code, assay, unit): join_parameter(code, f"{assay} ({unit})") if several else code
        for code, assay, unit in parameters.itertuples(index=False)
    }


def analyse(code: str, records: pd.DataFrame, infused: int) -> Iterator[Row]:
    """Summary of one parameter; persistence is a proportion of the subjects sampled.

    n, n_not_calculable and n_no_sample add up to n_infused.
    """
    values = records["AVAL"].to_numpy(float)
    flag = records["FLAG"].fillna("")
    counts = {
        "infused": infused,
        "no_sample": infused - len(records),
        "not_calculable": int(np.isnan(values).sum()),
        "not_detected": int((flag == "NOT DETECTED").sum()),
        "extrapolated": int((flag == "EXTRAPOLATED").sum()),
    }
    for name, number in counts.items():
        yield f"n_{name}", number, nan, nan, ""
    if code.startswith("PERS"):
        known = values[~np.isnan(values)]
        yield "n", len(known), nan, nan, ""
        yield "n_quantifiable", int(known.sum()), nan, nan, ""
        percent = 100 * known.mean() if len(known) else nan
        yield "percent_quantifiable", percent, nan, nan, ""
        return
    yield from _summary(values)


def _summary(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Iterator[Row]:
    found = summarise(values)
    for name in ("n", "mean", "sd", "median", "q1", "q3", "min", "max"):
        yield name, getattr(found, name), nan, nan, ""
    yield "cv", 100 * found.sd / found.mean if found.mean else nan, nan, nan, ""
    everyone = geometric(values)
    undetected = int((values == 0).sum())
    note = f"{undetected} not detected: no logarithm" if undetected else ""
    yield "geo_mean", everyone.geo_mean, nan, nan, note
    yield "geo_cv", everyone.geo_cv, nan, nan, note
    detected = geometric(values[values > 0])
    yield "n_detected", detected.n, nan, nan, ""
    yield "geo_mean_detected", detected.geo_mean, nan, nan, ""
    yield "geo_cv_detected", detected.geo_cv, nan, nan, ""
