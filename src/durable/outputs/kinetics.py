"""``t_kinetics``: cellular kinetics by assay and unit."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import NO_SAMPLES, WHOLE_COLUMN, Parameter, Statistic
from durable.outputs import definitions, formats
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, median_with_range, pair, value
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import ColumnEstimates, Output
from durable.outputs.quantities import percent, summary
from durable.outputs.table import Line, Lookup, Row, Rows
from durable.plan import Kinetics, Outputs, Plan
from durable.stats.summaries import geometric

#: Variables of ADPP that tell a parameter: its code for whichever assay, the assay, its unit.
PARAMETER = ["PARCAT3", "PARCAT1", "PARCAT2"]


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adpp = datasets.adpp
    if adpp is None:
        return
    for group in groups(datasets.adsl, plan.groups):
        yield group, _estimates(adpp, group.select(adpp), len(group.subjects))


def _estimates(adpp: pd.DataFrame, records: pd.DataFrame, infused: int) -> Estimates:
    """Statistics of the records of a group, for every parameter of the study."""
    if adpp.empty:
        yield WHOLE_COLUMN, Statistic("n_infused", infused, note=NO_SAMPLES)
    members = dict(list(records.groupby(PARAMETER, sort=False)))
    for key, parameter in _parameters(adpp).items():
        statistics = kinetics_statistics(key[0], members.get(key, adpp.iloc[:0]), infused)
        yield from of_parameter(parameter, statistics)


def _parameters(adpp: pd.DataFrame) -> dict[tuple[str, str, str], Parameter]:
    """Parameter by code, assay and unit: the assay is named where there are several."""
    keys = adpp[PARAMETER].drop_duplicates()
    several = len(keys[PARAMETER[1:]].drop_duplicates()) > 1
    return {
        (code, assay, unit): (code, f"{assay} ({unit})") if several else (code,)
        for code, assay, unit in keys.itertuples(index=False)
    }


def kinetics_statistics(code: str, records: pd.DataFrame, infused: int) -> Iterator[Statistic]:
    """Summary of one parameter; persistence is a proportion of the subjects sampled.

    n, n_not_calculable and n_no_sample add up to n_infused.

    Parameters
    ----------
    code
        Of the parameter, for whichever assay.
    records
        Its records in ADPP, one a subject.
    infused
        Number of subjects infused, sampled or not.
    """
    values = records["AVAL"].to_numpy(float)
    flag = records["FLAG"].fillna("")
    yield Statistic("n_infused", infused)
    yield Statistic("n_no_sample", infused - len(records))
    yield Statistic("n_not_calculable", int(np.isnan(values).sum()))
    yield Statistic("n_not_detected", int((flag == "NOT DETECTED").sum()))
    yield Statistic("n_extrapolated", int((flag == "EXTRAPOLATED").sum()))
    yield from _persistence(values) if code.startswith("PERS") else _exposure(values)


def _persistence(values: npt.NDArray[np.float64]) -> Iterator[Statistic]:
    known = values[~np.isnan(values)]
    quantifiable = int(known.sum())
    yield Statistic("n", len(known))
    yield Statistic("n_quantifiable", quantifiable)
    yield Statistic("percent_quantifiable", 100 * known.mean() if len(known) else nan)


def _exposure(values: npt.NDArray[np.float64]) -> Iterator[Statistic]:
    found = {statistic.name: statistic for statistic in summary(values)}
    yield from found.values()
    mean, sd = found["mean"].value, found["sd"].value
    yield Statistic("cv", percent(sd, mean))
    everyone = geometric(values)
    undetected = int((values == 0).sum())
    note = f"{undetected} not detected: no logarithm" if undetected else ""
    yield Statistic("geo_mean", everyone.geo_mean, note=note)
    yield Statistic("geo_cv", everyone.geo_cv, note=note)
    detected = geometric(values[values > 0])
    yield Statistic("n_detected", detected.n)
    yield Statistic("geo_mean_detected", detected.geo_mean)
    yield Statistic("geo_cv_detected", detected.geo_cv)


def _table(results: TableResults, plan: Plan) -> Rows:
    """A block per assay and unit."""
    areas = {f"AUC0_{area.day}": f"AUC from day 0 to {area.day}" for area in plan.kinetics.auc}
    exposure = _EXPOSURE | areas
    persistence = {f"PERS{point.label}": point.label for point in plan.kinetics.persistence}
    assays: dict[str, list[Parameter]] = {}
    for parameter in results.parameters:
        assays.setdefault("".join(parameter[1:]), []).append(parameter)
    for assay, parameters in assays.items():
        yield Row(assay or "All samples")
        no_sample = Line("Infused, without a sample", count("n_no_sample"))
        yield from results.rows(parameters[0], no_sample)
        for parameter in parameters:
            code = parameter[0]
            if code in exposure:
                yield Row(exposure[code], indent=1)
                yield from results.rows(parameter, *_exposure_lines(code))
            elif code in persistence:
                label = f"Quantifiable at {persistence[code]}, n/N (%)"
                yield from results.rows(parameter, Line(label, _quantifiable))


_EXPOSURE = {
    "CMAX": "Cmax",
    "TMAX": "Tmax (days)",
    "TLAST": "Tlast (days)",
    "AUCLAST": "AUC to Tlast",
}


def _quantifiable(find: Lookup, outputs: Outputs) -> str:
    n, x = find("n"), find("n_quantifiable")
    if n is None or x is None:
        return ""
    percentage = formats.number(find("percent_quantifiable"), outputs.percent_decimals)
    return f"{formats.count(x)}/{formats.count(n)} ({percentage})"


def _exposure_lines(code: str) -> Iterator[Line]:
    yield Line("n", count("n"), 2)
    yield Line("not calculable", count("n_not_calculable"), 2)
    if code in ("TMAX", "TLAST"):
        yield Line("Median (min, max)", median_with_range(), 2)
        return
    yield Line("not detected", count("n_not_detected"), 2)
    if code.startswith("AUC0_"):
        yield Line("extrapolated", count("n_extrapolated"), 2)
    spread = "{} ({})"
    yield Line("Mean (SD)", pair("mean", "sd", spread), 2)
    yield Line("CV (%)", value("cv"), 2)
    yield Line("Median (min, max)", median_with_range(), 2)
    yield Line("Geometric mean (geometric CV, %)", pair("geo_mean", "geo_cv", spread), 2)
    detected = pair("geo_mean_detected", "geo_cv_detected", spread)
    yield Line("among subjects with detectable cells", detected, 2)


def _method(rule: Kinetics) -> Iterator[str]:
    ends = "; ".join(f"day {a.day}: {a.extrapolation_days} days" for a in rule.auc)
    yield (
        f"Non-compartmental analysis, {rule.method} trapezoidal rule, samples up to day"
        f" {rule.last_day}; later samples contribute to persistence only. Results below the limit"
        " of quantification are 0 before the first and after the last quantifiable sample and"
        " missing in between. A profile still quantifiable at its last sample is extrapolated on"
        f" its terminal slope if that sample is close to the end of the area ({ends})."
    )
    yield (
        "Samples without a result are excluded. Not quantifiable: recorded as below the limit, a"
        " value of 0, or a value below its limit. Not calculable: also subjects without a result"
        " after the day of infusion. Never detected: Cmax and AUC are 0, Tmax and Tlast not"
        " calculable."
    )
    yield definitions.elapsed_days()
    spans = [f"{p.label} day {p.day} +/- {p.window}" for p in rule.persistence]
    if spans:
        yield (
            "Persistence: the result closest to the target day within the window"
            f" ({'; '.join(spans)}); if equidistant, the earlier. N: subjects with such a result."
        )
    yield (
        "Geometric CV: 100 sqrt(exp(s^2) - 1). NE: not estimable (a geometric mean including a"
        " subject in whom cells were never detected)."
    )


OUTPUT = Output(
    name="t_kinetics",
    title="Cellular kinetics",
    population="Infused subjects with samples",
    datasets="ADPC, ADPP",
    results=_results,
    table=_table,
    footnotes=lambda plan: _method(plan.kinetics),
)
