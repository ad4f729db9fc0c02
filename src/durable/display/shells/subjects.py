"""Disposition and baseline."""

from __future__ import annotations

from functools import partial

from durable.contracts.parameters import PLACES
from durable.contracts.results import split_parameter
from durable.display.shell import Ard, Line, Row, Rows
from durable.display.shells.cells import count, plain_n_percent, summary
from durable.jdm.measures import core_set_measure
from durable.plan import Plan


def disposition(ard: Ard, plan: Plan) -> Rows:
    """Where the subjects are at the data cut-off."""
    output, p, m = "t_disposition", plan.outputs.percent_decimals, plan.outputs.month_decimals
    labels = {
        "CONSENTED": ("Consented", 0),
        "LYMPHODEPLETED": ("Lymphodepleted", 0),
        "NOT_INFUSED": ("Not infused", 0),
        "INFUSED": ("Infused (all-infused set)", 0),
        "REMISSION": ("In remission at least once (remission set)", 1),
        "ONGOING": ("Ongoing", 1),
        "DIED": ("Died", 1),
        "WITHDRAWN": ("Withdrawn", 1),
        "ASSESSED": ("Assessed at", 1),
    }
    cell = partial(plain_n_percent, decimals=p)
    order = list(labels)
    parts = {parameter: split_parameter(parameter) for parameter in ard.parameters(output)}
    known = [parameter for parameter, (name, *_) in parts.items() if name in labels]
    for parameter in sorted(known, key=lambda parameter: order.index(parts[parameter][0])):
        name, detail = parts[parameter][0], "".join(parts[parameter][1:])
        label, indent = labels[name]
        if detail:
            label = f"{label} {detail}" if name == "ASSESSED" else detail
            indent += name != "ASSESSED"
        yield from ard.lines(output, parameter, [Line(label, cell, indent)])
        if name == "INFUSED":
            evaluable = Line("Evaluable for dose-limiting toxicity", count("n_evaluable"), 1, True)
            yield from ard.lines(output, "ALL", [evaluable], of="t_dlt")
    yield Row("Follow-up from infusion, months")
    yield from ard.lines(output, "FOLLOW_UP", summary(m))


def baseline(ard: Ard, plan: Plan) -> Rows:
    """Demographics and disease at baseline."""
    output, p = "t_baseline", plan.outputs.percent_decimals
    cell = partial(plain_n_percent, decimals=p)
    continuous = {
        "AGE": ("Age, years", summary(1)),
        "CELLSKG": ("Cells infused, millions per kg", summary(2, power=-6)),
        "MAXTIS": ("Maximum attainable Total Improvement Score", summary(1)),
    }
    for place, measure in plan.response.measures.items():
        name, lines = core_set_measure(measure).label, summary(core_set_measure(measure).decimals)
        continuous[PLACES[place][0]] = (name[0].upper() + name[1:], lines)
    shown: set[str] = set()
    categories = {"SEX": "Sex", "BLREMFL": "Already in remission", "BLENZ": "Enzyme followed"}
    words = {"F": "female", "M": "male", "Y": "yes", "N": "no", "U": "unknown"}
    for parameter in ard.parameters(output):
        name, *details = split_parameter(parameter)
        detail = "".join(details)
        if name in categories:
            if name not in shown:
                yield Row(f"{categories[name]}, n (%)")
                shown.add(name)
            detail = "".join(details)
            yield from ard.lines(output, parameter, [Line(words.get(detail, detail.upper()), cell)])
        elif parameter in continuous:
            heading, lines = continuous[parameter]
            yield Row(heading)
            yield from ard.lines(output, parameter, lines)
