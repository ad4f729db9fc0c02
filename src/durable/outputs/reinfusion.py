"""``t_reinfusion``: subjects infused a second time, and what came before and after it.

Descriptive, of the re-infused: nothing in it depends on how the plan counts a second infusion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from durable.contracts.results import WHOLE_COLUMN, Parameter, Statistic
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent_or_0, pair, value
from durable.outputs.datasets import AnalysisDatasets, select_records
from durable.outputs.groups import Estimates, Group, groups, of_parameter
from durable.outputs.kinetics import (
    concentration_decimals,
    note_of_assay,
    parameters_by_assay,
    shown_assay,
)
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.vocabulary import PERIOD

_REMISSION = "REMIS"
_RECORDS = ({"PARAMCD": [SCORE.paramcd, _REMISSION]},)
#: Millions of cells: doses are shown in them.
_MILLION = -6
_PEAK = "CMAX"


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    subjects = _subjects(datasets, plan)
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, _estimates(group, group.select(subjects), datasets)


def _subjects(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """The re-infused subjects with what was seen before and after their second infusion.

    Returns
    -------
    DataFrame
        ``USUBJID``; ``days`` from the first infusion; ``cells`` per kg; where there are
        assessments, ``before``, the status of remission at the last assessment up to that day (1,
        0; NaN unknown), and ``improved`` and ``remission`` at any later one (1, 0; NaN where none
        is known); where there are adverse events, ``crs`` and ``grade``, whether cytokine release
        began on that day or later, and its worst grade (NaN: not recorded).
    """
    adsl = datasets.adsl.loc[datasets.adsl["TR02SDT"].notna()]
    days = (adsl["TR02SDT"] - adsl["TRTSDT"]).dt.days
    subjects = pd.DataFrame(
        {
            "USUBJID": adsl["USUBJID"].astype(object),
            "days": days.astype(float),
            "cells": adsl["CELLSKG2"].astype(float),
        }
    ).reset_index(drop=True)
    if datasets.adrs is not None:
        records = select_records(datasets.adrs, _RECORDS)
        subjects = subjects.assign(**_response_status(subjects, records, plan))
    if datasets.adae is not None:
        subjects = subjects.assign(**_cytokine_release(subjects["USUBJID"], datasets.adae, plan))
    return subjects


def _response_status(
    subjects: pd.DataFrame, records: pd.DataFrame, plan: Plan
) -> dict[str, pd.Series[float]]:
    """Status of remission before, and the best of what was seen after, by subject."""
    records = records.astype({"USUBJID": object, "PARAMCD": object})
    # Study day 1 is the day of the first infusion: day n + 1 is n days after it.
    day = records["USUBJID"].map(subjects.set_index("USUBJID")["days"]) + 1
    status = records["PARAMCD"] == _REMISSION
    up_to = records.loc[status & (records["ADY"].astype(float) <= day)]
    last = up_to.sort_values("ADY", kind="stable").drop_duplicates("USUBJID", keep="last")
    later = records.loc[(records["ADY"].astype(float) > day) & records["AVAL"].notna()]
    best = later.groupby(["PARAMCD", "USUBJID"])["AVAL"].max()
    score, remission = (
        best.loc[best.index.get_level_values(0) == code].droplevel(0)
        for code in (SCORE.paramcd, _REMISSION)
    )
    least = plan.response.improvement.least_score
    improved = (score >= least).astype(float)
    subject = subjects["USUBJID"]
    return {
        "before": subject.map(last.set_index("USUBJID")["AVAL"]).astype(float),
        "improved": subject.map(improved).astype(float),
        "remission": subject.map(remission).astype(float),
    }


def _cytokine_release(
    subjects: pd.Series[str], adae: pd.DataFrame, plan: Plan
) -> dict[str, pd.Series[float]]:
    """Whether it began in the second period, and the worst ASTCT grade that is recorded."""
    events = adae.loc[((adae[PERIOD] == 2) & (adae["AESI"] == plan.safety.crs)).fillna(False)]
    worst = events.astype({"ASTCTGR": float}).groupby("USUBJID")["ASTCTGR"].max()
    return {
        "crs": subjects.isin(events["USUBJID"]).astype(float),
        "grade": subjects.map(worst).astype(float),
    }


def _estimates(group: Group, subjects: pd.DataFrame, datasets: AnalysisDatasets) -> Estimates:
    """Statistics of one column."""
    infused, n = len(group.subjects), len(subjects)
    yield WHOLE_COLUMN, Statistic("n_infused", infused)
    yield from of_parameter(("REINFUSED",), count_with_percent(n, infused))
    yield from of_parameter(("DAYS",), summary(subjects["days"].to_numpy(float)))
    cells = subjects["cells"].to_numpy(float)
    yield from of_parameter(("DOSE",), summary(cells))
    yield ("DOSE",), Statistic("n_not_recorded", int(np.isnan(cells).sum()))
    if "before" in subjects:
        yield from _response_estimates(subjects)
    if "crs" in subjects:
        crs = subjects["crs"] == 1
        yield from of_parameter(("CRS",), count_with_percent(int(crs.sum()), n))
        severe = int((subjects["grade"] >= 3).sum())
        yield from of_parameter(("CRS_GRADE_3_5",), count_with_percent(severe, n))
        missing = int((crs & subjects["grade"].isna()).sum())
        yield ("CRS_GRADE_3_5",), Statistic("n_grade_missing", missing)
    if datasets.adpp is not None:
        yield from _peaks(subjects["USUBJID"], datasets.adpp)


def _response_estimates(subjects: pd.DataFrame) -> Estimates:
    """Remission before; improvement and remission after, of those of whom it is known."""
    n = len(subjects)
    for name, status in (("BEFORE_REMISSION", 1), ("BEFORE_NO_REMISSION", 0)):
        number = int((subjects["before"] == status).sum())
        yield from of_parameter((name,), count_with_percent(number, n))
    unknown = int(subjects["before"].isna().sum())
    yield from of_parameter(("BEFORE_UNKNOWN",), count_with_percent(unknown, n))
    for name in ("improved", "remission"):
        known = int(subjects[name].notna().sum())
        parameter = (f"AFTER_{name.upper()}",)
        yield parameter, Statistic("n_assessed", known)
        yes = int((subjects[name] == 1).sum())
        yield from of_parameter(parameter, count_with_percent(yes, known))


def _peaks(subjects: pd.Series[str], adpp: pd.DataFrame) -> Estimates:
    """Highest concentration after each infusion, of the re-infused."""
    of_subjects = adpp["USUBJID"].isin(subjects)
    for (code, assay, unit), parameter in parameters_by_assay(adpp).items():
        if code != _PEAK:
            continue
        records = adpp.loc[
            of_subjects
            & (adpp["PARCAT3"] == code)
            & (adpp["PARCAT1"] == assay)
            & (adpp["PARCAT2"] == unit)
        ]
        for period in (1, 2):
            values = records.loc[records[PERIOD] == period, "AVAL"].to_numpy(float)
            n, *others = summary(values)
            n = replace(n, note=note_of_assay(parameter, assay, unit))
            yield from of_parameter(_period_parameter(parameter, period), (n, *others))


def _period_parameter(parameter: Parameter, period: int) -> Parameter:
    """The parameter with its period, behind the assay where there are several."""
    return (*parameter, f"PERIOD_{period}")


def _table(results: TableResults, plan: Plan) -> Rows:
    """How many, when and how much; what was seen before and after."""
    del plan
    yield from results.rows(("REINFUSED",), Line(_("Re-infused, n (%)"), n_percent_or_0, 0))
    yield Row(_("Days from the first infusion"))
    yield from results.rows(
        ("DAYS",),
        Line(_("Median"), value("median", 1)),
        Line(_("Min, max"), pair("min", "max", "{}, {}", 0)),
    )
    yield Row(_("Dose of the second infusion (10^6 cells/kg)"))
    yield from results.rows(
        ("DOSE",),
        Line(_("Median"), value("median", 2, _MILLION)),
        Line(_("Min, max"), pair("min", "max", "{}, {}", 2, _MILLION)),
        Line(_("not recorded"), count("n_not_recorded"), optional=True),
    )
    for heading, lines in _blocks():
        shown_lines = [line for line in lines if (line[0],) in results.parameters]
        if shown_lines and heading:
            yield Row(heading)
        for name, label, of_severe in shown_lines:
            yield from results.rows((name,), Line(label, n_percent_or_0, 1))
            if of_severe:
                missing = Line(_("grade not recorded"), count("n_grade_missing"), 2, optional=True)
                yield from results.rows((name,), missing)
    yield from _peak_rows(results)


def _blocks() -> Iterator[tuple[str, tuple[tuple[str, str, bool], ...]]]:
    """Headings, each with the parameters under it: name, label, whether of severe events."""
    yield (
        _("Last assessment before it, n (% of the re-infused)"),
        (
            ("BEFORE_REMISSION", _("In remission"), False),
            ("BEFORE_NO_REMISSION", _("Not in remission"), False),
            ("BEFORE_UNKNOWN", _("Remission unknown"), False),
        ),
    )
    yield (
        _("Best assessment after it, n (% of those of whom it is known)"),
        (
            ("AFTER_IMPROVED", _("Improved"), False),
            ("AFTER_REMISSION", _("In remission"), False),
        ),
    )
    yield (
        _("Cytokine release syndrome after it, n (% of the re-infused)"),
        (
            ("CRS", _("Any"), False),
            ("CRS_GRADE_3_5", _("ASTCT grade >=3"), True),
        ),
    )


def _peak_rows(results: TableResults) -> Rows:
    """The highest concentrations of both periods, side by side of the re-infused."""
    first, second = "PERIOD_1", "PERIOD_2"
    for parameter in results.parameters:
        if parameter[0] != _PEAK or parameter[-1] != first:
            continue
        assay = "".join(parameter[1:-1]) or shown_assay(results, parameter, "n")
        periods = [(*parameter[:-1], period) for period in (first, second)]
        decimals = concentration_decimals(results, periods, 2)
        yield Row(_("Cmax of the re-infused, {assay}").format(assay=assay))
        labels = (_("First infusion"), _("Second infusion"))
        for peak, label in zip(periods, labels, strict=True):
            yield Row(label, indent=1)
            yield from results.rows(
                peak,
                Line("n", count("n"), 2),
                Line(_("Median"), value("median", decimals), 2),
                Line(_("Min, max"), pair("min", "max", "{}, {}", decimals), 2),
            )


def _footnotes(plan: Plan) -> Iterator[str]:
    """What is meant by before and after, and that the numbers describe."""
    yield _(
        "Descriptive, whatever the strategy for a second infusion. An assessment of its day was"
        " made before it. Improved: {score} of at least {least:g} against the baseline before the"
        " first infusion; in remission: by the rule in force; at any assessment after it."
    ).format(score=_(SCORE.label), least=plan.response.improvement.least_score)
    yield _(
        "Cytokine release syndrome: onset on the day of the second infusion or later; a start"
        " recorded in part is imputed in the first period where it can lie there."
    )


OUTPUT = Output(
    name="t_reinfusion",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS, ADAE, ADPP",
    variables={
        "ADSL": ("SAFFL", "TRTSDT", "TR02SDT", "CELLSKG2"),
        "ADRS": ("PARAMCD", "ADY", "AVAL"),
        "ADAE": ("APERIOD", "AESI", "ASTCTGR"),
        "ADPP": ("APERIOD", "PARCAT1", "PARCAT2", "PARCAT3", "AVAL"),
    },
    results=_results,
    records=lambda _plan: _RECORDS,
    tables=(
        OutputTable(
            name="t_reinfusion",
            heading=N_("Re-infusion: the second period"),
            size=INFUSED,
            rows=_table,
            footnotes=_footnotes,
            defined=("Re-infusion",),
        ),
    ),
)
