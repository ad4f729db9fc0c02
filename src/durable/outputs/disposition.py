"""``t_disposition``: how far the subjects who consented came, and their follow-up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from durable.contracts.results import Parameter, Result, Statistic
from durable.jdm import wording
from durable.outputs import definitions
from durable.outputs.ard import Ard
from durable.outputs.cells import count, count_with_percent_or_0, summary_lines
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.follow_up import end_of_follow_up
from durable.outputs.groups import Estimates, groups
from durable.outputs.output import ENROLLED_SET, Output, Size
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan

NAME = "t_disposition"
#: Label and indent of each parameter, in the order of the rows.
_LABELS = {
    "CONSENTED": ("Enrolled (consented)", 0),
    "LYMPHODEPLETED": ("Lymphodepleted", 0),
    "NOT_INFUSED": ("Not infused", 0),
    "INFUSED": ("Infused (Safety Analysis Set)", 0),
    "REMISSION": ("In remission at least once (Remission Set)", 1),
    "ONGOING": ("Ongoing", 1),
    "DIED": ("Died", 1),
    "WITHDRAWN": ("Withdrawn", 1),
    "ASSESSED": ("Assessed at", 1),
}


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    status = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "IMPR"]
    for group in groups(datasets.adsl, plan.groups, "ENRLFL"):
        estimates = disposition_statistics(
            group.select(datasets.adsl), group.select(status), plan.statistics.days_per_month
        )
        yield from group.results(NAME, estimates)


def disposition_statistics(
    adsl: pd.DataFrame, status: pd.DataFrame, days_per_month: float
) -> Estimates:
    """Where the subjects are: percentages are of the infused, before infusion of the consented.

    Follow-up runs from the infusion to death, whatever the last contact says; else to withdrawal or
    the last contact, whichever is earlier; in months.

    Parameters
    ----------
    adsl
        Subject-level dataset of the consented.
    status
        Records of ADRS that say whether a subject has improved at a visit.
    days_per_month
        Days of a month of follow-up.
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
        ("REMISSION",): int((infused["REMFL"] == "Y").sum()),
        ("ONGOING",): int((~died & ~left).sum()),
        ("DIED",): int(died.sum()),
        ("WITHDRAWN",): len(withdrawn),
        **_withdrawn_by_reason(withdrawn),
        **_assessed_by_visit(status),
    }
    yield ("CONSENTED",), Statistic("n", len(adsl))
    for counts, total in ((consented, len(adsl)), (treated, len(infused))):
        for parameter, subjects in counts.items():
            for statistic in count_with_percent(subjects, total):
                yield parameter, statistic
    months = ((end_of_follow_up(infused) - infused["TRTSDT"]).dt.days + 1) / days_per_month
    for statistic in summary(months.to_numpy(float)):
        yield ("FOLLOW_UP",), statistic


def _withdrawn_by_reason(withdrawn: pd.DataFrame) -> dict[Parameter, int]:
    reasons = withdrawn["DCSREAS"].fillna("not given").value_counts().sort_index()
    return {("WITHDRAWN", str(reason)): int(subjects) for reason, subjects in reasons.items()}


def _assessed_by_visit(status: pd.DataFrame) -> dict[Parameter, int]:
    visits = status["AVISIT"].drop_duplicates()
    assessed = {visit: status.loc[status["AVISIT"] == visit, "AVAL"].notna() for visit in visits}
    return {("ASSESSED", visit): int(known.sum()) for visit, known in assessed.items()}


def _table(ard: Ard, plan: Plan) -> Rows:
    cell = partial(count_with_percent_or_0, decimals=plan.outputs.percent_decimals)
    order = list(_LABELS)
    known = [parameter for parameter in ard.parameters(NAME) if parameter[0] in _LABELS]
    for parameter in sorted(known, key=lambda parameter: order.index(parameter[0])):
        label, indent = _label(parameter)
        yield from ard.lines(NAME, parameter, [Line(label, cell, indent)])
        if parameter == ("INFUSED",):
            evaluable = Line("Evaluable for dose-limiting toxicity", count("n_evaluable"), 1, True)
            yield from ard.lines(NAME, ("ALL",), [evaluable], source="t_dlt")
    yield Row("Follow-up from infusion (months)")
    yield from ard.lines(NAME, ("FOLLOW_UP",), summary_lines(plan.outputs.month_decimals))


def _label(parameter: Parameter) -> tuple[str, int]:
    name, *detail = parameter
    label, indent = _LABELS[name]
    if not detail:
        return label, indent
    # A reason stands alone under the withdrawn, a visit beside the word.
    return (f"{label} {detail[0]}", indent) if name == "ASSESSED" else (detail[0], indent + 1)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield (
        "Percentages are of the enrolled subjects up to infusion, of the infused subjects below it."
        " Follow-up: from infusion to death; for others to withdrawal or last contact, whichever is"
        " earlier."
    )
    yield from wording.remission(plan.response)
    yield from definitions.windows(plan)


def _records(_: Plan) -> tuple[RecordFilter, ...]:
    return ({"PARAMCD": ["IMPR"]},)


OUTPUT = Output(
    name=NAME,
    title="Disposition of subjects",
    population=ENROLLED_SET,
    datasets="ADSL, ADRS",
    results=(_results,),
    table=_table,
    footnotes=_footnotes,
    records=_records,
    size=Size(NAME, ("CONSENTED",), "n"),
)
