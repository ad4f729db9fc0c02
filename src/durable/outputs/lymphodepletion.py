"""Rows of ``t_exposure`` on the medicines of lymphodepletion: who received them, and how much."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import Parameter, Statistic
from durable.contracts.spelling import fold
from durable.derive.doses import percent_of_planned, within_tolerance
from durable.language import _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, median_range, n_percent_or_0
from durable.outputs.groups import Estimates, of_parameter
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import DoseExposure
from durable.wording import clauses
from durable.wording import percent as percent_text

_RECEIVED, _TOTAL, _DAYS = "LD_RECEIVED", "LD_TOTAL", "LD_DAYS"
_OF_PLANNED, _AS_PLANNED = "LD_OF_PLANNED", "LD_AS_PLANNED"
#: The dataset of each of them.
DATASETS = dict.fromkeys((_RECEIVED, _TOTAL, _DAYS, _OF_PLANNED, _AS_PLANNED), "ADEX")


def estimates(adex: pd.DataFrame, subjects: pd.DataFrame, section: DoseExposure) -> Estimates:
    """Of each medicine those who received it, their total dose and their days of administration.

    Parameters of the results are ``(LD_RECEIVED, medicine)`` and the like (`DATASETS`). Those
    against the planned total dose are there only of a medicine that the plan has one of.

    Parameters
    ----------
    adex
        Doses of lymphodepletion of the study: its medicines have rows in every group.
    subjects
        The enrolled subjects of a group, from ADSL.
    section
        Planned total doses and their tolerance.
    """
    doses = adex.loc[adex["USUBJID"].isin(subjects["USUBJID"])]
    for medicine, label in _medicines(adex, section).items():
        records = doses.loc[doses["EXTRT"].map(fold) == medicine]
        received = count_with_percent(len(records), len(subjects))
        yield from of_parameter((_RECEIVED, label), received)
        total = records["AVAL"].to_numpy(float)
        yield from of_parameter((_TOTAL, label), summary(total))
        yield (_TOTAL, label), Statistic("n_not_recorded", int(np.isnan(total).sum()))
        yield from of_parameter((_DAYS, label), summary(records["NDAYS"].to_numpy(float)))
        planned = section.planned_total(medicine)
        if not np.isnan(planned):
            yield from _against_plan(label, percent_of_planned(total, np.array(planned)), section)


def _against_plan(label: str, percent: np.ndarray, section: DoseExposure) -> Estimates:
    """The total doses of those who received a medicine, in percent of the planned one."""
    known = percent[~np.isnan(percent)]
    within = within_tolerance(known, section.tolerance)
    yield from of_parameter((_OF_PLANNED, label), summary(percent))
    counts = count_with_percent(int(within.sum()), len(known))
    yield from of_parameter((_AS_PLANNED, label), counts)


def _medicines(adex: pd.DataFrame, section: DoseExposure) -> dict[str, str]:
    """Medicines with their unit, where it is known, by their folded names.

    Those with a planned dose in the order of the plan, then others in that of ADEX.
    """
    recorded = adex.sort_values("PARAMCD", kind="stable").drop_duplicates("PARAMCD")
    labels = {
        fold(name): f"{name} ({unit})"
        for name, unit in recorded[["EXTRT", "AVALU"]].itertuples(index=False)
    }
    planned = {fold(name): name for name in section.planned_lymphodepletion}
    return {same: labels.get(same, planned.get(same, "")) for same in (*planned, *labels)}


def rows(results: TableResults, section: DoseExposure) -> Rows:
    """Rows of a block for each medicine; none where the study records no doses."""
    received = [one for one in results.parameters if one[0] == _RECEIVED]
    if received:
        yield Row(_("Lymphodepletion by medicine; median (min, max)"))
    for _name, label in received:
        yield Row(label, indent=1)
        yield from results.rows((_RECEIVED, label), Line(_("Received, n (%)"), n_percent_or_0, 2))
        missing = Line(_("not recorded"), count("n_not_recorded"), 3, optional=True)
        total = Line(_("Total dose"), median_range(1), 2)
        yield from results.rows((_TOTAL, label), total, missing)
        days = Line(_("Days of administration"), median_range(0), 2)
        yield from results.rows((_DAYS, label), days)
        yield from _planned_rows(results, label, section)


def _planned_rows(results: TableResults, label: str, section: DoseExposure) -> Rows:
    """Total doses of a medicine against the planned one, where the plan has one."""
    of_planned: Parameter = (_OF_PLANNED, label)
    if of_planned not in results.parameters:
        return
    share = Line(_("% of the planned dose"), median_range(0), 2)
    yield from results.rows(of_planned, share)
    text = _("Within {tolerance} of it, n (%)")
    line = Line(text.format(tolerance=percent_text(section.tolerance)), n_percent_or_0, 2)
    yield from results.rows((_AS_PLANNED, label), line)


def footnotes(section: DoseExposure) -> Iterator[str]:
    """Footnotes on the doses of the medicines and, where the plan has any, the planned doses."""
    yield _(
        "Medicines of lymphodepletion: received, of the enrolled; doses and days before the"
        " infusion, of those who received the medicine."
    )
    if section.planned_lymphodepletion:
        doses = [f"{name} {dose:.10g}" for name, dose in section.planned_lymphodepletion.items()]
        yield _("Planned total dose, in the unit recorded: {doses}.").format(doses=clauses(doses))
