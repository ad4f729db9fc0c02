"""``t_exposure``: from consent to infusion, and the dose received against the dose planned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import Statistic
from durable.derive.doses import percent_of_planned, within_tolerance
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent_or_0, pair, summary_lines, value
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import ENROLLED_SET, ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import DoseExposure, Plan
from durable.sections import required
from durable.wording import percent as percent_text

#: Intervals in days, with their labels: from one date of ADSL to another.
_INTERVALS = {
    "CONSENT_TO_LD": (N_("Consent to lymphodepletion"), "RFICDT", "LDDT"),
    "LD_TO_INFUSION": (N_("Lymphodepletion to infusion"), "LDDT", "TRTSDT"),
    "CONSENT_TO_INFUSION": (N_("Consent to infusion"), "RFICDT", "TRTSDT"),
}
#: Millions of cells: doses are shown in them.
_MILLION = -6


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    for group in groups(datasets.adsl, plan.group_variables, "ENRLFL"):
        yield group, _estimates(group.select(datasets.adsl), required(plan.exposure, "exposure"))


def _estimates(adsl: pd.DataFrame, section: DoseExposure) -> Estimates:
    """Attrition of the enrolled, days between the steps, and doses of the infused."""
    prepared, infused = adsl["LDFL"] == "Y", adsl["SAFFL"] == "Y"
    yield ("CONSENTED",), Statistic("n", len(adsl))
    for name, subjects, total in (
        ("LYMPHODEPLETED", prepared, len(adsl)),
        ("LOST_BEFORE_LD", ~prepared & ~infused, len(adsl)),
        ("INFUSED", infused, len(adsl)),
        ("LOST_AFTER_LD", prepared & ~infused, int(prepared.sum())),
    ):
        yield from of_parameter((name,), count_with_percent(int(subjects.sum()), total))
    for name, (_label, first, last) in _INTERVALS.items():
        days = (adsl[last] - adsl[first]).dt.days
        yield from of_parameter((name,), summary(days.to_numpy(float)))
    yield from _doses(adsl.loc[infused], section)


def _doses(infused: pd.DataFrame, section: DoseExposure) -> Estimates:
    """Cells per kg received, and in percent of the planned ones."""
    received = infused["CELLSKG"].to_numpy(float)
    planned = infused["DOSELVL"].map(section.planned).to_numpy(float)
    percent = percent_of_planned(received, planned)
    known = ~np.isnan(percent)
    within = within_tolerance(percent[known], section.tolerance)
    yield from of_parameter(("RECEIVED",), summary(received))
    yield ("RECEIVED",), Statistic("n_not_recorded", int(np.isnan(received).sum()))
    yield from of_parameter(("OF_PLANNED",), summary(percent))
    yield ("OF_PLANNED",), Statistic("n_unknown", int((~known).sum()))
    counts = count_with_percent(int(within.sum()), int(known.sum()))
    yield from of_parameter(("AS_PLANNED",), counts)


def _table(results: TableResults, plan: Plan) -> Rows:
    """How far the enrolled came, how long it took, and what they received."""
    tolerance = percent_text(required(plan.exposure, "exposure").tolerance)
    for name, label, indent in (
        ("LYMPHODEPLETED", _("Lymphodepleted, n (%)"), 0),
        ("LOST_BEFORE_LD", _("Not lymphodepleted, not infused, n (%)"), 1),
        ("INFUSED", _("Infused, n (%)"), 0),
        ("LOST_AFTER_LD", _("Lymphodepleted, not infused, n (% of lymphodepleted)"), 1),
    ):
        yield from results.rows((name,), Line(label, n_percent_or_0, indent))
    yield Row(_("Days between"))
    for name, (text, _first, _last) in _INTERVALS.items():
        yield from results.rows(
            (name,),
            Line(_("{interval}, median").format(interval=_(text)), value("median", 1)),
            Line(_("min, max"), pair("min", "max", "{}, {}", 0), 2),
        )
    yield Row(_("Dose received (10^6 cells/kg)"))
    missing = Line(_("not recorded"), count("n_not_recorded"), optional=True)
    yield from results.rows(("RECEIVED",), *summary_lines(2, power=_MILLION), missing)
    yield Row(_("Dose received, % of the planned dose"))
    unknown = Line(_("dose or planned dose not known"), count("n_unknown"), optional=True)
    yield from results.rows(
        ("OF_PLANNED",),
        Line(_("Median"), value("median", 1)),
        Line(_("Min, max"), pair("min", "max", "{}, {}", 1)),
        unknown,
    )
    label = _("Within {tolerance} of the planned dose, n (%)").format(tolerance=tolerance)
    yield from results.rows(("AS_PLANNED",), Line(label, n_percent_or_0))


def _footnotes(plan: Plan) -> Iterator[str]:
    """Denominators, and what the planned dose is."""
    if plan.exposure is None:
        return
    yield _(
        "Percentages are of the enrolled subjects; of the doses, of the infused subjects whose"
        " received and planned dose are known. Not infused: also subjects still waiting at the"
        " data cut-off."
    )
    yield _(
        "Planned dose: that of the dose level, in cells per kg of body weight. Lymphodepletion:"
        " its first day; doses of its medicines are not in this table."
    )


OUTPUT = Output(
    name="t_exposure",
    analysis_set=ENROLLED_SET,
    datasets="ADSL",
    results=_results,
    dates=("RFICDT", "LDDT", "TRTSDT"),
    tables=(
        OutputTable(
            name="t_exposure",
            heading=N_("Exposure: attrition up to infusion and cell dose"),
            size=Size(("CONSENTED",), "n"),
            rows=_table,
            footnotes=_footnotes,
        ),
    ),
)
