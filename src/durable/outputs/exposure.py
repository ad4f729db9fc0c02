"""``t_exposure``: from consent to infusion, and the doses received against the doses planned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import Statistic
from durable.derive.doses import percent_of_planned, within_tolerance
from durable.language import N_, _
from durable.outputs import lymphodepletion
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, median_range, n_percent_or_0, summary_lines
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import ENROLLED_SET, ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import DoseExposure, Plan
from durable.sections import require_section
from durable.wording import clauses, dose_level
from durable.wording import percent as percent_text

#: Intervals in days, with their labels: from one date of ADSL to another.
_INTERVALS = {
    "CONSENT_TO_APHERESIS": (N_("Consent to apheresis"), "RFICDT", "APHDT"),
    "APHERESIS_TO_LD": (N_("Apheresis to lymphodepletion"), "APHDT", "LDDT"),
    "CONSENT_TO_LD": (N_("Consent to lymphodepletion"), "RFICDT", "LDDT"),
    "LD_TO_INFUSION": (N_("Lymphodepletion to infusion"), "LDDT", "TRTSDT"),
    "CONSENT_TO_INFUSION": (N_("Consent to infusion"), "RFICDT", "TRTSDT"),
}
#: Millions of cells: doses are shown in them.
_MILLION = -6


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    for group in groups(datasets.adsl, plan.group_variables, "ENRLFL"):
        subjects = group.select(datasets.adsl)
        yield group, _estimates(subjects, datasets.adex, require_section(plan.exposure, "exposure"))


def _estimates(adsl: pd.DataFrame, adex: pd.DataFrame | None, section: DoseExposure) -> Estimates:
    """Attrition of the enrolled, days between the steps, and doses.

    Parameters
    ----------
    adsl
        The enrolled subjects of a group.
    adex
        Doses of lymphodepletion of the study; None where it records none.
    """
    prepared, infused = adsl["LDFL"] == "Y", adsl["SAFFL"] == "Y"
    yield ("CONSENTED",), Statistic("n", len(adsl))
    if "APHDT" in adsl:
        counts = count_with_percent(int(adsl["APHDT"].notna().sum()), len(adsl))
        yield from of_parameter(("APHERESED",), counts)
    for name, subjects, total in (
        ("LYMPHODEPLETED", prepared, len(adsl)),
        ("LOST_BEFORE_LD", ~prepared & ~infused, len(adsl)),
        ("INFUSED", infused, len(adsl)),
        ("LOST_AFTER_LD", prepared & ~infused, int(prepared.sum())),
    ):
        yield from of_parameter((name,), count_with_percent(int(subjects.sum()), total))
    for name, (_label, first, last) in _INTERVALS.items():
        if {first, last} <= {*adsl}:
            days = (adsl[last] - adsl[first]).dt.days
            yield from of_parameter((name,), summary(days.to_numpy(float)))
    if adex is not None:
        yield from lymphodepletion.estimates(adex, adsl, section)
    yield from _doses(adsl.loc[infused], section)


def _doses(infused: pd.DataFrame, section: DoseExposure) -> Estimates:
    """Cells per kg received, and in percent of the planned ones."""
    received = infused["CELLSKG"].to_numpy(float)
    planned = infused["DOSELVL"].map(section.planned_cells).to_numpy(float)
    percent = percent_of_planned(received, planned)
    known = ~np.isnan(percent)
    is_within = within_tolerance(percent[known], section.tolerance)
    yield from of_parameter(("RECEIVED",), summary(received))
    yield ("RECEIVED",), Statistic("n_not_recorded", int(np.isnan(received).sum()))
    yield from of_parameter(("OF_PLANNED",), summary(percent))
    yield ("OF_PLANNED",), Statistic("n_unknown", int((~known).sum()))
    counts = count_with_percent(int(is_within.sum()), int(known.sum()))
    yield from of_parameter(("AS_PLANNED",), counts)


def _table(results: TableResults, plan: Plan) -> Rows:
    """How far the enrolled came, how long it took, and what they received."""
    section = require_section(plan.exposure, "exposure")
    yield from _attrition(results)
    yield Row(_("Days between; median (min, max)"))
    for name, (text, _first, _last) in _INTERVALS.items():
        if (name,) in results.parameters:
            yield from results.rows((name,), Line(_(text), median_range(0)))
    yield from lymphodepletion.rows(results, section)
    yield from _dose_rows(results, percent_text(section.tolerance))


def _attrition(results: TableResults) -> Rows:
    """How far the enrolled came."""
    for name, label, indent in (
        ("APHERESED", _("Apheresis, n (%)"), 0),
        ("LYMPHODEPLETED", _("Lymphodepleted, n (%)"), 0),
        ("LOST_BEFORE_LD", _("Not lymphodepleted, not infused, n (%)"), 1),
        ("INFUSED", _("Infused, n (%)"), 0),
        ("LOST_AFTER_LD", _("Lymphodepleted, not infused, n (% of lymphodepleted)"), 1),
    ):
        if (name,) in results.parameters:
            yield from results.rows((name,), Line(label, n_percent_or_0, indent))


def _dose_rows(results: TableResults, tolerance: str) -> Rows:
    """Cells received, and in percent of the planned ones."""
    yield Row(_("Dose received (10^6 cells/kg)"))
    missing = Line(_("not recorded"), count("n_not_recorded"), optional=True)
    yield from results.rows(("RECEIVED",), *summary_lines(2, power=_MILLION), missing)
    yield Row(_("Dose received, % of the planned dose"))
    unknown = Line(_("dose or planned dose not known"), count("n_unknown"), optional=True)
    yield from results.rows(
        ("OF_PLANNED",),
        Line(_("Median (min, max)"), median_range(1)),
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
        "Planned dose: that of the dose level, in cells per kg of body weight. Days between: to the"
        " first day of lymphodepletion, and from it."
    )
    planned = plan.exposure.planned_cells_per_kg
    if planned:
        doses = [
            _("{level}: {dose}").format(level=dose_level(level), dose=f"{dose / 1e6:.10g}")
            for level, dose in planned.items()
        ]
        yield _("Planned dose (10^6 cells/kg): {doses}.").format(doses=clauses(doses))
    yield from lymphodepletion.footnotes(plan.exposure)


OUTPUT = Output(
    name="t_exposure",
    analysis_set=ENROLLED_SET,
    datasets="ADEX, ADSL",
    variables={
        "ADSL": (
            *("ENRLFL", "LDFL", "SAFFL", "RFICDT", "APHDT", "LDDT", "TRTSDT", "DOSELVL"),
            "CELLSKG",
        ),
        "ADEX": ("EXTRT", "AVAL", "AVALU", "NDAYS"),
    },
    results=_results,
    dates=("RFICDT", "LDDT", "TRTSDT"),
    other_datasets=lymphodepletion.DATASETS,
    tables=(
        OutputTable(
            name="t_exposure",
            heading=N_("Exposure: attrition up to infusion and doses"),
            size=Size(("CONSENTED",), "n"),
            rows=_table,
            footnotes=_footnotes,
        ),
    ),
)
