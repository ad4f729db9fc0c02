"""Cellular kinetics."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from durable.contracts.results import split_parameter
from durable.display import formats as f
from durable.display.shell import Ard, Line, Lookup, Row, Rows
from durable.display.shells.cells import count, joined, three, value
from durable.plan import Plan


def kinetics(ard: Ard, plan: Plan) -> Rows:
    """Cellular kinetics, a block per assay and unit."""
    output, p = "t_kinetics", plan.outputs.percent_decimals
    names = {
        "CMAX": "Cmax",
        "TMAX": "Tmax, days",
        "TLAST": "Tlast, days",
        "AUCLAST": "AUC to Tlast",
        **{f"AUC0_{a.day}": f"AUC from day 0 to {a.day}" for a in plan.kinetics.auc},
    }
    persistence = {f"PERS{point.label}": point.label for point in plan.kinetics.persistence}
    assays: dict[str, list[tuple[str, str]]] = {}
    for parameter in ard.parameters(output):
        code, *name = split_parameter(parameter)
        assays.setdefault("".join(name), []).append((code, parameter))
    for assay, parameters in assays.items():
        yield Row(assay or "All samples")
        _, first = parameters[0]
        yield from ard.lines(output, first, [Line("Infused, no sample", count("n_no_sample"))])
        for code, parameter in parameters:
            if code in names:
                yield Row(names[code], indent=1)
                yield from ard.lines(output, parameter, _kinetic_lines(code, p))
            elif code in persistence:
                cell = partial(_persistence, p=p)
                line = Line(f"Quantifiable at {persistence[code]}, n/N (%)", cell)
                yield from ard.lines(output, parameter, [line])


def _persistence(find: Lookup, p: int) -> str:
    n, x = find("n"), find("n_quantifiable")
    if n is None or x is None:
        return ""
    return f"{f.count(x)}/{f.count(n)} ({f.number(find('percent_quantifiable'), p)})"


def _kinetic_lines(code: str, p: int) -> Iterator[Line]:
    yield Line("n", count("n"), 2)
    yield Line("not calculable", count("n_not_calculable"), 2)
    if code in ("TMAX", "TLAST"):
        yield Line("Median (min, max)", three("median", "min", "max", p), 2)
        return
    yield Line("not detected", count("n_not_detected"), 2)
    if code.startswith("AUC0_"):
        yield Line("extrapolated", count("n_extrapolated"), 2)
    yield Line("Mean (SD)", joined("mean", "sd", p, "{} ({})"), 2)
    yield Line("CV, %", value("cv", p), 2)
    yield Line("Median (min, max)", three("median", "min", "max", p), 2)
    yield Line("Geometric mean (geometric CV, %)", joined("geo_mean", "geo_cv", p, "{} ({})"), 2)
    detected = joined("geo_mean_detected", "geo_cv_detected", p, "{} ({})")
    yield Line("of those detected", detected, 2)
