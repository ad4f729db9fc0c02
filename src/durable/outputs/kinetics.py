"""``t_kinetics``: cellular kinetics by assay and unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import NO_SAMPLES, TOTAL, WHOLE_COLUMN, Parameter, Statistic
from durable.language import N_, _
from durable.outputs import formats
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, pair, value
from durable.outputs.datasets import AnalysisDatasets, first_infusion_records
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import percent, summary
from durable.outputs.table import Line, Lookup, Row, Rows
from durable.plan import Outputs, Plan
from durable.stats.summaries import geometric
from durable.vocabulary import TIMES_DAYS

#: Variables of ADPP that tell a parameter: its code for whichever assay, the assay, its unit.
PARAMETER = ["PARCAT3", "PARCAT1", "PARCAT2"]
_DAYS = ("TMAX", "TLAST")
#: Statistics in the unit of the parameter, as the tables show them; the SD tells no size.
_LOCATIONS = ("min", "median", "mean", "max", "geo_mean", "geo_mean_detected")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    if datasets.adpp is None:
        return
    adpp = first_infusion_records(datasets.adpp)
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, _estimates(adpp, group.select(adpp), len(group.subjects))


def _estimates(adpp: pd.DataFrame, records: pd.DataFrame, infused: int) -> Estimates:
    """Statistics of the records of a group, for every parameter of the study."""
    if adpp.empty:
        yield WHOLE_COLUMN, Statistic("n_infused", infused, note=NO_SAMPLES)
    members = dict(list(records.groupby(PARAMETER, sort=False)))
    for key, parameter in parameters_by_assay(adpp).items():
        records_of_key = members.get(key, adpp.iloc[:0])
        note = note_of_assay(parameter, *key[1:])
        statistics = kinetics_statistics(key[0], records_of_key, infused, note)
        yield from of_parameter(parameter, statistics)


def parameters_by_assay(adpp: pd.DataFrame) -> dict[tuple[str, str, str], Parameter]:
    """Parameter of the results by code, assay and unit of ADPP, in the order of the records.

    ``("CMAX",)``; with ``"assay (unit)"`` as second part where there are several assays or units.
    """
    keys = adpp[PARAMETER].drop_duplicates()
    several = len(keys[PARAMETER[1:]].drop_duplicates()) > 1
    return {
        (code, assay, unit): (code, f"{assay} ({unit})") if several else (code,)
        for code, assay, unit in keys.itertuples(index=False)
    }


def note_of_assay(parameter: Parameter, assay: str, unit: str) -> str:
    """``"assay (unit)"`` for the note of a result whose parameter does not name it; else empty."""
    return "" if len(parameter) > 1 else f"{assay} ({unit})"


def unit_of_assay(assay: str) -> str:
    """Unit of an assay that is named ``"assay (unit)"``: what its last brackets hold."""
    depth = 0
    for place in range(len(assay) - 1, -1, -1):
        depth += (assay[place] == ")") - (assay[place] == "(")
        if depth == 0:
            return assay[place + 1 : -1]
    return assay


def shown_assay(results: TableResults, parameter: Parameter, statistic: str) -> str:
    """Assay and unit of a parameter that names none: the note (`note_of_assay`) of a statistic."""
    result = results.lookup(parameter, TOTAL)(statistic)
    return result.note if result else ""


def kinetics_statistics(
    code: str, records: pd.DataFrame, infused: int, assay: str = ""
) -> Iterator[Statistic]:
    """Summary of one parameter: how many subjects have a value, and why the others have none.

    n, n_not_calculable and n_no_sample add up to n_infused. Persistence: n_quantifiable, also in
    percent of n. Others: `SUMMARY`, CV, geometric mean and CV (NaN where a value is 0), and these
    of the subjects with cells (``_detected``). NaN where too few values are known.

    Parameters
    ----------
    code
        PARCAT3 of the parameter, the same for every assay.
    records
        Its records in ADPP, one a subject.
    infused
        Number of subjects infused, sampled or not.
    assay
        Note of their number: assay and unit, where the parameter does not name them.
    """
    values = records["AVAL"].to_numpy(float)
    flag = records["FLAG"].fillna("")
    yield Statistic("n_infused", infused, note=assay)
    yield Statistic("n_no_sample", infused - len(records))
    yield Statistic("n_not_calculable", int(np.isnan(values).sum()))
    undetected = (flag == "NOT DETECTED").to_numpy(bool)
    yield Statistic("n_not_detected", int(undetected.sum()))
    yield Statistic("n_extrapolated", int((flag == "EXTRAPOLATED").sum()))
    if code.startswith("PERS"):
        yield from _persistence(values)
    else:
        yield from _exposure(values, undetected)


def _persistence(values: npt.NDArray[np.float64]) -> Iterator[Statistic]:
    known = values[~np.isnan(values)]
    quantifiable = int(known.sum())
    yield Statistic("n", len(known))
    yield Statistic("n_quantifiable", quantifiable)
    yield Statistic("percent_quantifiable", 100 * known.mean() if len(known) else nan)


def _exposure(
    values: npt.NDArray[np.float64], undetected: npt.NDArray[np.bool_]
) -> Iterator[Statistic]:
    statistics = {statistic.name: statistic for statistic in summary(values)}
    yield from statistics.values()
    mean, sd = statistics["mean"].value, statistics["sd"].value
    yield Statistic("cv", percent(sd, mean))
    everyone = geometric(values)
    # With cells too: an area or a time is 0 where the only result that counts is of day 0.
    zeros = {
        "not detected": int((undetected & (values == 0)).sum()),
        "measured as 0": int((~undetected & (values == 0)).sum()),
    }
    parts = [f"{n} {words}" for words, n in zeros.items() if n]
    note = f"{', '.join(parts)}: no logarithm" if parts else ""
    yield Statistic("geo_mean", everyone.geo_mean, note=note)
    yield Statistic("geo_cv", everyone.geo_cv, note=note)
    detected = geometric(values[~undetected])
    yield Statistic("n_detected", detected.n)
    yield Statistic("geo_mean_detected", detected.geo_mean)
    yield Statistic("geo_cv_detected", detected.geo_cv)


def _main_rows(results: TableResults, plan: Plan) -> Rows:
    """The peak, the first area, its time, and persistence, by assay and unit."""
    area = plan.kinetics.auc[0] if plan.kinetics.auc else None
    shown = ("CMAX", f"AUC0_{area.day}" if area else "AUCLAST", "TMAX")
    yield from _rows(results, plan, shown, _main_lines, persistence=True)


def _further_rows(results: TableResults, plan: Plan) -> Rows:
    """Every parameter with all its statistics."""
    areas = (f"AUC0_{area.day}" for area in plan.kinetics.auc)
    shown = (*_EXPOSURE, "AUCLAST", *areas)
    yield from _rows(results, plan, shown, _further_lines, persistence=False)


def _rows(
    results: TableResults,
    plan: Plan,
    shown: tuple[str, ...],
    lines: Callable[[str, int], Iterator[Line]],
    *,
    persistence: bool,
) -> Rows:
    """A block per assay and unit."""
    points = {f"PERS{point.label}": point.label for point in plan.kinetics.persistence}
    assays: dict[str, list[Parameter]] = {}
    for parameter in results.parameters:
        assay = "".join(parameter[1:]) or shown_assay(results, parameter, "n_infused")
        assays.setdefault(assay, []).append(parameter)
    for assay, parameters in assays.items():
        labels = exposure_labels(plan, assay)
        yield Row(assay)
        no_sample = Line(_("Infused, without a sample"), count("n_no_sample"))
        yield from results.rows(parameters[0], no_sample)
        by_code = {parameter[0]: parameter for parameter in parameters}
        for code in filter(by_code.__contains__, shown):
            yield Row(labels[code], indent=1)
            decimals = concentration_decimals(results, (by_code[code],))
            yield from results.rows(by_code[code], *lines(code, decimals))
        for code in filter(by_code.__contains__, points if persistence else ()):
            label = _("Quantifiable at {visit}, n/N (%)").format(visit=points[code])
            yield from results.rows(by_code[code], Line(label, _quantifiable))


def concentration_decimals(
    results: TableResults, parameters: Iterable[Parameter], decimals: int | None = None
) -> int:
    """Decimals of a concentration or an area, the same in every column of a table.

    As many as the smallest above 0 of its minima, medians, means and maxima needs, so that it has
    three significant digits (`formats.decimals_for`); days have `decimals`.

    Parameters
    ----------
    results
        Results of the output.
    parameters
        Those that stand together, of one code, assay and unit.
    decimals
        The least; that of percentages by default.
    """
    least = results.decimals.percent_decimals if decimals is None else decimals
    finds = [results.lookup(p, c) for p in parameters if p[0] not in _DAYS for c in results.columns]
    found = [result for find in finds for result in map(find, _LOCATIONS) if result is not None]
    smallest = min((result.value for result in found if result.value > 0), default=nan)
    return formats.decimals_for(smallest, least)


def exposure_labels(plan: Plan, assay: str) -> dict[str, str]:
    """Label of each parameter of exposure by its code (PARCAT3), in the order of the table.

    `assay` names assay and unit: an area is in that unit times days.
    """
    unit = _(TIMES_DAYS).format(unit=unit_of_assay(assay))
    areas = {"AUCLAST": _("AUC to Tlast")}
    areas |= {
        f"AUC0_{a.day}": _("AUC from day 0 to {day}").format(day=a.day) for a in plan.kinetics.auc
    }
    form = _("{parameter} ({unit})")
    return {code: _(label) for code, label in _EXPOSURE.items()} | {
        code: form.format(parameter=label, unit=unit) for code, label in areas.items()
    }


_EXPOSURE = {
    "CMAX": N_("Cmax"),
    "TMAX": N_("Tmax (days)"),
    "TLAST": N_("Tlast (days)"),
}


def _quantifiable(find: Lookup, outputs: Outputs) -> str:
    n, x = find("n"), find("n_quantifiable")
    if n is None or x is None:
        return ""
    percentage = formats.number(find("percent_quantifiable"), outputs.percent_decimals)
    return f"{formats.count(x)}/{formats.count(n)} ({percentage})"


def _main_lines(code: str, decimals: int) -> Iterator[Line]:
    yield Line("n", count("n"), 2)
    if code not in _DAYS:
        yield Line(_("Geometric mean"), value("geo_mean", decimals), 2)
        yield Line(_("Geometric CV (%)"), value("geo_cv"), 2)
    yield from _median_lines(decimals)


def _median_lines(decimals: int) -> Iterator[Line]:
    yield Line(_("Median"), value("median", decimals), 2)
    yield Line(_("Minimum"), value("min", decimals), 2)
    yield Line(_("Maximum"), value("max", decimals), 2)


def _further_lines(code: str, decimals: int) -> Iterator[Line]:
    yield Line("n", count("n"), 2)
    yield Line(_("not calculable"), count("n_not_calculable"), 2)
    if code in _DAYS:
        yield from _median_lines(decimals)
        return
    yield Line(_("not detected"), count("n_not_detected"), 2)
    if code.startswith("AUC0_"):
        yield Line(_("extrapolated"), count("n_extrapolated"), 2)
    yield Line(_("Mean (SD)"), pair("mean", "sd", "{} ({})", decimals), 2)
    yield Line(_("CV (%)"), value("cv"), 2)
    yield from _median_lines(decimals)
    means = (("", _("Geometric mean")), ("_detected", _("among subjects with cells")))
    for name, label in means:
        yield Line(label, value(f"geo_mean{name}", decimals), 2)
        yield Line(_("geometric CV (%)"), value(f"geo_cv{name}"), 3)


_BRIEF = N_(
    "Geometric mean and CV are NE where cells were never detected in a subject. Quantifiable: of"
    " the subjects with a result in the window of the visit."
)
OUTPUT = Output(
    name="t_kinetics",
    analysis_set=SAFETY_SET,
    datasets="ADPC, ADPP",
    variables={
        "ADSL": ("SAFFL",),
        "ADPP": ("PARCAT1", "PARCAT2", "PARCAT3", "AVAL", "FLAG"),
    },
    results=_results,
    tables=(
        OutputTable(
            name="t_kinetics",
            heading=N_("Cellular kinetics"),
            rows=_main_rows,
            footnotes=lambda _plan: (_(_BRIEF),),
            defined=("Cellular kinetics", "Abbreviations"),
        ),
        OutputTable(
            name="t_kinetics_s",
            heading=N_("Cellular kinetics: all parameters"),
            rows=_further_rows,
            footnotes=lambda _plan: (_(_BRIEF),),
            defined=("Cellular kinetics", "Abbreviations"),
        ),
    ),
)
