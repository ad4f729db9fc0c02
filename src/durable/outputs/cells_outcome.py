"""``t_cells_outcome``: cellular kinetics against response, B cells and cytokine release."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import NO_SAMPLES, Parameter, Statistic
from durable.derive.laboratory_results import in_aplasia
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import ci, count, estimate, value
from durable.outputs.datasets import (
    AnalysisDatasets,
    RecordFilter,
    first_infusion_records,
    select_records,
)
from durable.outputs.groups import Estimates, groups, not_made, of_parameter
from durable.outputs.improvement import improved_by_subject
from durable.outputs.kinetics import (
    concentration_decimals,
    exposure_labels,
    note_of_assay,
    parameters_by_assay,
    shown_assay,
)
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.sections import require_section
from durable.stats.rank_correlation import spearman
from durable.wording import percent, sentences

#: Outcomes by which the cells are ranked, and the groups of subjects that they are summarised in.
_RANKED = ("SCORE", "BCELL", "CRS")
_GROUPS = ("IMPROVED", "NOT_IMPROVED", "APLASIA", "NO_APLASIA", "CRS_NONE", "CRS_ANY")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adrs = datasets.adrs
    if adrs is None or datasets.adpp is None:
        return
    adpp = first_infusion_records(datasets.adpp)
    if adpp.empty:
        yield from not_made(groups(datasets.adsl, plan.group_variables), NO_SAMPLES)
        return
    outcomes = _outcomes(datasets.adsl, select_records(adrs, _records(plan)), plan)
    if datasets.adae is not None:
        outcomes = outcomes.assign(CRS=_worst_grade(outcomes["USUBJID"], datasets.adae, plan))
    if datasets.adlb is not None:
        outcomes = outcomes.assign(**_b_cells(outcomes["USUBJID"], datasets.adlb, plan))
    wanted = require_section(plan.cells_outcome, "cells_outcome").parameters
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, _estimates(adpp, group.select(outcomes), wanted, plan.statistics.conf_level)


def _outcomes(adsl: pd.DataFrame, status: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Response of each infused subject; NaN where it is not known.

    Returns
    -------
    DataFrame
        ``USUBJID``; ``SCORE`` at the visit; ``IMPROVED``, 1 or 0.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y", ["USUBJID"]]
    status = status.astype({"USUBJID": object})
    score = status.loc[status["PARAMCD"] == SCORE.paramcd].set_index("USUBJID")["AVAL"]
    known = status.loc[(status["PARAMCD"] == "IMPR") & (status["REASON"] != "PENDING")]
    yes, counted = improved_by_subject(known, plan.response)
    improved = pd.Series(np.where(counted == 1, yes, np.nan), index=known["USUBJID"])
    subjects = infused["USUBJID"]
    return infused.assign(
        SCORE=subjects.map(score).to_numpy(float),
        IMPROVED=subjects.map(improved).to_numpy(float),
    )


def _b_cells(
    subjects: pd.Series[str], adlb: pd.DataFrame, plan: Plan
) -> dict[str, pd.Series[float]]:
    """B cells of each subject at the visit, and whether they are in aplasia; NaN if not known."""
    rule = plan.laboratory.b_cells
    chosen = (adlb["PARAMCD"] == rule.test) & (adlb["ANL01FL"] == "Y")
    chosen &= (
        adlb["AVISIT"] == require_section(plan.cells_outcome, "cells_outcome").visit_of_b_cells
    )
    results = adlb.loc[chosen].set_index("USUBJID")
    below = results["BLQFL"] == "Y"
    aplasia = in_aplasia(results["AVAL"], below, results["LLOQ"], rule).astype(float)
    count = results["AVAL"].mask(below, 0.0)
    return {"BCELL": subjects.map(count), "APLASIA": subjects.map(aplasia)}


def _worst_grade(subjects: pd.Series[str], adae: pd.DataFrame, plan: Plan) -> pd.Series[float]:
    """Worst ASTCT grade of cytokine release: 0 without any, NaN where no grade is recorded."""
    adae = first_infusion_records(adae)
    window = require_section(plan.cells_outcome, "cells_outcome").crs_window_days
    counts = (adae["TRTEMFL"] == "Y") & (adae["AESI"] == plan.safety.crs)
    if window is not None:
        counts &= (adae["ADAY"] <= window).fillna(False).astype(bool)
    grades = adae.loc[counts].astype({"ASTCTGR": float}).groupby("USUBJID")["ASTCTGR"].max()
    return subjects.map(grades).where(subjects.isin(grades.index), 0.0)


def _estimates(
    adpp: pd.DataFrame, outcomes: pd.DataFrame, wanted: tuple[str, ...], level: float
) -> Estimates:
    """Of each parameter and assay the rank correlations, and summaries by outcome."""
    for (code, assay, unit), parameter in parameters_by_assay(adpp).items():
        if code not in wanted:
            continue
        records = adpp.loc[
            (adpp["PARCAT3"] == code) & (adpp["PARCAT1"] == assay) & (adpp["PARCAT2"] == unit)
        ]
        values = records.astype({"USUBJID": object}).set_index("USUBJID")["AVAL"]
        cells = outcomes["USUBJID"].map(values).to_numpy(float)
        known = int((~np.isnan(cells)).sum())
        yield parameter, Statistic("n", known, note=note_of_assay(parameter, assay, unit))
        yield from _rank_correlations(parameter, cells, outcomes, level)
        for name, part in _parts(outcomes).items():
            yield from of_parameter((*parameter, name), summary(cells[part.to_numpy()]))


def _parts(outcomes: pd.DataFrame) -> dict[str, pd.Series[bool]]:
    """The groups of subjects that the cells are summarised in, by the outcomes that are known."""
    parts = {"IMPROVED": outcomes["IMPROVED"] == 1, "NOT_IMPROVED": outcomes["IMPROVED"] == 0}
    if "APLASIA" in outcomes:
        parts |= {"APLASIA": outcomes["APLASIA"] == 1, "NO_APLASIA": outcomes["APLASIA"] == 0}
    if "CRS" in outcomes:
        grade = outcomes["CRS"]
        parts |= {"CRS_NONE": grade == 0, "CRS_ANY": (grade > 0) | grade.isna()}
    return parts


def _rank_correlations(
    parameter: Parameter, cells: np.ndarray[tuple[int], np.dtype[np.float64]],
    outcomes: pd.DataFrame, level: float,
) -> Estimates:  # fmt: skip
    for name in [name for name in _RANKED if name in outcomes]:
        ranked = spearman(cells, outcomes[name].to_numpy(float), level)
        yield (*parameter, name), Statistic("n", ranked.n)
        yield (*parameter, name), Statistic("rho", ranked.rho, ranked.lower, ranked.upper)


def _main_rows(results: TableResults, plan: Plan) -> Rows:
    """The rank correlations, by assay and parameter."""
    section = require_section(plan.cells_outcome, "cells_outcome")
    labels = {
        "SCORE": _("{score} at {visit}").format(score=SCORE.paramcd, visit=section.visit),
        "BCELL": _("B cells at {visit}").format(visit=section.visit_of_b_cells),
        "CRS": _("Worst ASTCT grade of CRS (0: none)"),
    }
    level = percent(plan.statistics.conf_level)
    for parameter, heading in _headings(results, plan):
        yield Row(heading)
        for name, label in labels.items():
            if (*parameter, name) not in results.parameters:
                continue
            yield Row(label, indent=1)
            yield from results.rows(
                (*parameter, name),
                Line(_("Subjects"), count("n"), 2),
                Line(_("Spearman's rho"), estimate("rho", 2), 2),
                Line(_("{level} CI").format(level=level), ci("rho", 2), 2),
            )


def _further_rows(results: TableResults, plan: Plan) -> Rows:
    """The parameters by outcome."""
    section = require_section(plan.cells_outcome, "cells_outcome")
    visit, depletion = section.visit, section.visit_of_b_cells
    labels = (
        _("Improved at {visit}").format(visit=visit),
        _("Not improved"),
        _("B-cell aplasia at {visit}").format(visit=depletion),
        _("No B-cell aplasia at {visit}").format(visit=depletion),
        _("Without CRS"),
        _("With CRS"),
    )
    for parameter, heading in _headings(results, plan):
        yield Row(heading)
        decimals = concentration_decimals(results, [(*parameter, name) for name in _GROUPS])
        for name, label in zip(_GROUPS, labels, strict=True):
            if (*parameter, name) not in results.parameters:
                continue
            yield Row(label, indent=1)
            yield from results.rows(
                (*parameter, name),
                Line("n", count("n"), 2),
                Line(_("Median"), value("median", decimals), 2),
                Line(_("Minimum"), value("min", decimals), 2),
                Line(_("Maximum"), value("max", decimals), 2),
            )


def _headings(results: TableResults, plan: Plan) -> Iterator[tuple[Parameter, str]]:
    """Each parameter of an assay, with its heading."""
    named = (*_RANKED, *_GROUPS)
    for parameter in results.parameters:
        if parameter[-1] not in named:
            assay = "".join(parameter[1:]) or shown_assay(results, parameter, "n")
            label = exposure_labels(plan, assay)[parameter[0]]
            yield parameter, _("{parameter}, {assay}").format(parameter=label, assay=assay)


def _footnotes(plan: Plan) -> Iterator[str]:
    """What is correlated, and how the interval is made."""
    if plan.cells_outcome is None:
        return
    yield _(
        "Descriptive: no test, no adjustment for dose or multiplicity. Spearman's rank correlation"
        " of the subjects with both values; interval by Fisher's z with the variance of Bonett and"
        " Wright (2000); NE: not estimable."
    )
    yield _(
        "Score as assessed at {visit}, whatever the therapy; improved: as in the improvement rate,"
        " without the pending; cells never detected: 0."
    ).format(visit=plan.cells_outcome.visit)


def _outcome_footnotes(results: TableResults, plan: Plan) -> Iterator[str]:
    """What B cells and cytokine release are, where the study records them."""
    if plan.cells_outcome is None:
        return
    outcomes = {parameter[-1] for parameter in results.parameters}
    if "BCELL" in outcomes:
        form = _("B cells: result at {visit}, 0 below quantification; aplasia: below {limit:g}.")
        limit = plan.laboratory.b_cells.aplasia_below
        yield form.format(visit=plan.cells_outcome.visit_of_b_cells, limit=limit)
    second_infusion = plan.response.reinfusion is not None
    if "CRS" in outcomes:
        yield sentences(
            _crs_footnote(plan.cells_outcome.crs_window_days),
            _("After a second infusion neither cells nor CRS count.") if second_infusion else "",
        )
    elif second_infusion:
        yield _("After a second infusion cells do not count.")


def _crs_footnote(window: int | None) -> str:
    if window is None:
        return _(
            "CRS: treatment-emergent, entire follow-up; without a grade it is in no correlation."
        )
    return _(
        "CRS: treatment-emergent, within {days} days; without a grade it is in no correlation."
    ).format(days=window)


def _records(plan: Plan) -> tuple[RecordFilter, ...]:
    if plan.cells_outcome is None:
        return ()
    codes = ["IMPR", SCORE.paramcd]
    return ({"PARAMCD": codes, "AVISIT": [plan.cells_outcome.visit], "ANL01FL": ["Y"]},)


OUTPUT = Output(
    name="t_cells_outcome",
    analysis_set=SAFETY_SET,
    datasets="ADRS, ADAE, ADLB, ADPP",
    variables={
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON", "ANL01FL"),
        "ADAE": ("TRTEMFL", "AESI", "ASTCTGR", "ADAY"),
        "ADLB": ("PARAMCD", "AVISIT", "ANL01FL", "AVAL", "BLQFL", "LLOQ"),
        "ADPP": ("PARCAT1", "PARCAT2", "PARCAT3", "AVAL"),
    },
    results=_results,
    records=_records,
    tables=(
        OutputTable(
            name="t_cells_outcome",
            heading=N_("Cellular kinetics against response, B cells and cytokine release syndrome"),
            rows=_main_rows,
            footnotes=_footnotes,
            footnotes_on_results=_outcome_footnotes,
            defined=("Cellular kinetics", "Disease improvement"),
        ),
        OutputTable(
            name="t_cells_outcome_s",
            heading=N_("Cellular kinetics by response, B cells and cytokine release syndrome"),
            rows=_further_rows,
            footnotes=_footnotes,
            footnotes_on_results=_outcome_footnotes,
            defined=("Cellular kinetics", "Disease improvement"),
        ),
    ),
)
