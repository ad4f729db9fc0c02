"""``t_disposition``: how far the subjects who consented came, and their follow-up."""

from __future__ import annotations

import pandas as pd

from durable.contracts.results import NO_VISITS_TABLE, Parameter, Statistic
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent_or_0, summary_lines
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.follow_up import end_of_follow_up
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import ENROLLED_SET, ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.vocabulary import IMPUTATION_FLAGS

#: A withdrawal without a reason; any other is a word of the data.
_NOT_GIVEN = N_("not given")
#: Label and indent of each parameter, in the order of the rows.
_LABELS = {
    "CONSENTED": (N_("Enrolled (consented)"), 0),
    "LYMPHODEPLETED": (N_("Lymphodepleted"), 0),
    "NOT_INFUSED": (N_("Not infused"), 0),
    "INFUSED": (N_("Infused (Safety Analysis Set)"), 0),
    "REMISSION": (N_("In remission at least once (Remission Set)"), 1),
    "ONGOING": (N_("Ongoing"), 1),
    "DIED": (N_("Died"), 1),
    "WITHDRAWN": (N_("Withdrawn"), 1),
    "ASSESSED": (N_("Assessed at {visit}"), 1),
}


def _percentages(plan: Plan) -> str:
    """Footnote on the denominators, and on how follow-up is counted."""
    return _(
        "Percentages are of the enrolled subjects up to infusion, of the infused subjects below it."
        " Follow-up: from infusion to death; for others to withdrawal or last contact, whichever is"
        " earlier. One month is {days:g} days."
    ).format(days=plan.statistics.days_per_month)


_ASSESSED = N_("Assessed: with a score at an assessment in the window of the visit.")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adrs = datasets.adrs
    status = None if adrs is None else adrs.loc[adrs["PARAMCD"] == "IMPR"]
    for group in groups(datasets.adsl, plan.group_variables, "ENRLFL"):
        members = group.select(datasets.adsl)
        seen = None if status is None else group.select(status)
        yield group, disposition_statistics(members, seen, plan.statistics.days_per_month)


def disposition_statistics(
    adsl: pd.DataFrame, status: pd.DataFrame | None, days_per_month: float
) -> Estimates:
    """Counts of subjects by the step of the study that they reached, and their follow-up.

    Follow-up runs from the infusion to death, whatever the last contact says; else to withdrawal or
    the last contact, whichever is earlier; in months, both days counted.

    Parameters
    ----------
    adsl
        Subject-level dataset of the consented.
    status
        Records of ADRS that say whether a subject has improved at a visit; None without ADRS.
    days_per_month
        Days of a month of follow-up.

    Yields
    ------
    parameter, Statistic
        Of CONSENTED and of each imputed date, ``("IMPUTED", date)``: n. Of LYMPHODEPLETED, INFUSED
        and NOT_INFUSED: n, and percent of the consented. Of ONGOING, DIED, WITHDRAWN (not those who
        died) with each reason, and with ADRS REMISSION and ASSESSED at each visit: n, and percent
        of the infused. Percentages are NaN without a subject. Of FOLLOW_UP: `summary`, of the
        infused.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    died, left = infused["DTHFL"] == "Y", infused["EOSDT"].notna()
    withdrawn = infused.loc[left & ~died]
    consented = {
        ("LYMPHODEPLETED",): int((adsl["LDFL"] == "Y").sum()),
        ("INFUSED",): len(infused),
        ("NOT_INFUSED",): len(adsl) - len(infused),
    }
    treated = {
        **({} if status is None else _remission_count(infused)),
        ("ONGOING",): int((~died & ~left).sum()),
        ("DIED",): int(died.sum()),
        ("WITHDRAWN",): len(withdrawn),
        **_withdrawn_by_reason(withdrawn),
        **({} if status is None else _assessed_by_visit(status)),
    }
    yield ("CONSENTED",), Statistic("n", len(adsl))
    for counts, total in ((consented, len(adsl)), (treated, len(infused))):
        for parameter, subjects in counts.items():
            yield from of_parameter(parameter, count_with_percent(subjects, total))
    for name, (date, _table_name, _column) in IMPUTATION_FLAGS.items():
        if name in adsl:
            yield ("IMPUTED", date), Statistic("n", int(adsl[name].notna().sum()))
    months = ((end_of_follow_up(infused) - infused["TRTSDT"]).dt.days + 1) / days_per_month
    yield from of_parameter(("FOLLOW_UP",), summary(months.to_numpy(float)))


def _remission_count(infused: pd.DataFrame) -> dict[Parameter, int]:
    return {("REMISSION",): int((infused["REMFL"] == "Y").sum())}


def _withdrawn_by_reason(withdrawn: pd.DataFrame) -> dict[Parameter, int]:
    reasons = withdrawn["DCSREAS"].fillna(_NOT_GIVEN).value_counts().sort_index()
    return {("WITHDRAWN", str(reason)): int(subjects) for reason, subjects in reasons.items()}


def _assessed_by_visit(status: pd.DataFrame) -> dict[Parameter, int]:
    visits = status["AVISIT"].drop_duplicates()
    assessed = {visit: status.loc[status["AVISIT"] == visit, "AVAL"].notna() for visit in visits}
    return {("ASSESSED", visit): int(known.sum()) for visit, known in assessed.items()}


def _table(results: TableResults, _plan: Plan) -> Rows:
    for name, (label, indent) in _LABELS.items():
        for parameter in results.parameters:
            if parameter[0] == name:
                yield from results.rows(parameter, _line(parameter, label, indent))
        if name == "INFUSED":
            label = _("Evaluable for dose-limiting toxicity")
            evaluable = Line(label, count("n_evaluable"), 1, True)
            yield from results.rows(("ALL",), evaluable, source="t_dlt")
    yield Row(_("Follow-up from infusion (months)"))
    yield from results.rows(("FOLLOW_UP",), *summary_lines("month"))


def _line(parameter: Parameter, label: str, indent: int) -> Line:
    match parameter:
        case "ASSESSED", visit:
            return Line(_(label).format(visit=visit), n_percent_or_0, indent)
        case "WITHDRAWN", reason:
            return Line(_(reason) if reason == _NOT_GIVEN else reason, n_percent_or_0, indent + 1)
        case _:
            return Line(_(label), n_percent_or_0, indent)


OUTPUT = Output(
    name="t_disposition",
    analysis_set=ENROLLED_SET,
    datasets="ADSL, ADRS",
    variables={
        "ADSL": ("ENRLFL", "LDFL", "SAFFL", "DTHFL", "EOSDT", "DCSREAS", "LSTALVDT"),
    },
    results=_results,
    records=lambda _: ({"PARAMCD": ["IMPR"]},),
    dates=tuple(date for date, _, _ in IMPUTATION_FLAGS.values()),
    tables=(
        OutputTable(
            name="t_disposition",
            heading=N_("Disposition of subjects"),
            size=Size(("CONSENTED",), "n"),
            rows=_table,
            footnotes=lambda plan: (_percentages(plan), _(_ASSESSED)),
            defined=("Remission", "Visit windows"),
            without_assessments=lambda plan: (
                _percentages(plan),
                _("Remission: {reason}.").format(reason=_(NO_VISITS_TABLE)),
            ),
        ),
    ),
)
